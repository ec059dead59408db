//! A file that is nowhere but in memory (memfd_create(2)).
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};

pub struct MemoryFile(File);

impl MemoryFile {
    /// At its beginning, as one that was just opened.
    pub fn holding(text: &str) -> io::Result<MemoryFile> {
        let fd = unsafe { libc::memfd_create(c"call".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let mut file = unsafe { File::from_raw_fd(fd) };
        file.write_all(text.as_bytes())?;
        file.rewind()?;
        Ok(MemoryFile(file))
    }

    pub fn contents(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        (&self.0).rewind()?;
        (&self.0).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
