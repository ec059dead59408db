//! The network namespace of a thread: what it spawns lives there.
use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

thread_local! {
    static ENTERED: RefCell<String> = const { RefCell::new(String::new()) };
}

pub fn enter(path: &str) -> io::Result<()> {
    if ENTERED.with_borrow(|entered| entered == path) {
        return Ok(());
    }
    let told =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot enter {path}: {error}"));
    let file = File::open(path).map_err(told)?;
    if unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) } != 0 {
        return Err(told(io::Error::last_os_error()));
    }
    ENTERED.set(path.to_string());
    Ok(())
}
