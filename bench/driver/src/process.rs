//! posix_spawn(3) and wait4(2). The C library's spawn shares memory with its caller until the program runs: the cheapest start there is.
use std::ffi::{CStr, CString, c_char};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use crate::memory_file::MemoryFile;

pub struct Ended {
    /// What it exited with; negative, the signal that ended it.
    pub status: i32,
    /// Its own, and of those that it waited for; in user and in system mode.
    pub cpu_nanoseconds: u64,
    pub resident_kilobytes: u64,
}

/// A start of which all is ready but the start itself.
pub struct Prepared<'a> {
    program: &'a CStr,
    arguments: [*mut c_char; 2],
    environment: Vec<*mut c_char>,
    actions: libc::posix_spawn_file_actions_t,
    attributes: libc::posix_spawnattr_t,
}

impl<'a> Prepared<'a> {
    pub fn new(
        program: &'a CStr,
        environment: &'a [CString],
        streams: [&'a MemoryFile; 3],
    ) -> io::Result<Prepared<'a>> {
        let mut variables: Vec<*mut c_char> =
            environment.iter().map(|one| one.as_ptr().cast_mut()).collect();
        variables.push(ptr::null_mut());
        Ok(Prepared {
            program,
            arguments: [program.as_ptr().cast_mut(), ptr::null_mut()],
            environment: variables,
            actions: redirections(streams)?,
            attributes: as_from_a_shell()?,
        })
    }

    pub fn run(&self) -> io::Result<Ended> {
        let mut pid = 0;
        fallible(unsafe {
            libc::posix_spawn(
                &mut pid,
                self.program.as_ptr(),
                &self.actions,
                &self.attributes,
                self.arguments.as_ptr(),
                self.environment.as_ptr(),
            )
        })
        .map_err(|error| io::Error::new(error.kind(), format!("{:?}: {error}", self.program)))?;
        wait_for(pid)
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        unsafe {
            libc::posix_spawn_file_actions_destroy(&mut self.actions);
            libc::posix_spawnattr_destroy(&mut self.attributes);
        }
    }
}

fn redirections(streams: [&MemoryFile; 3]) -> io::Result<libc::posix_spawn_file_actions_t> {
    let mut actions = MaybeUninit::uninit();
    fallible(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
    let mut actions = unsafe { actions.assume_init() };
    for (stream, file) in (0..).zip(streams) {
        fallible(unsafe {
            libc::posix_spawn_file_actions_adddup2(&mut actions, file.descriptor(), stream)
        })?;
    }
    Ok(actions)
}

/// Rust's start-up code has SIGPIPE ignored, which would be inherited.
fn as_from_a_shell() -> io::Result<libc::posix_spawnattr_t> {
    let mut attributes = MaybeUninit::uninit();
    let mut signals = MaybeUninit::uninit();
    unsafe {
        fallible(libc::posix_spawnattr_init(attributes.as_mut_ptr()))?;
        libc::sigemptyset(signals.as_mut_ptr());
        libc::sigaddset(signals.as_mut_ptr(), libc::SIGPIPE);
        fallible(libc::posix_spawnattr_setsigdefault(attributes.as_mut_ptr(), signals.as_ptr()))?;
        fallible(libc::posix_spawnattr_setflags(
            attributes.as_mut_ptr(),
            libc::POSIX_SPAWN_SETSIGDEF as _,
        ))?;
        Ok(attributes.assume_init())
    }
}

fn wait_for(pid: libc::pid_t) -> io::Result<Ended> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    while unsafe { libc::wait4(pid, &mut status, 0, usage.as_mut_ptr()) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let usage = unsafe { usage.assume_init() };
    let nanoseconds =
        |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1_000;
    Ok(Ended {
        status: if libc::WIFEXITED(status) {
            libc::WEXITSTATUS(status)
        } else {
            -libc::WTERMSIG(status)
        },
        cpu_nanoseconds: nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
        resident_kilobytes: usage.ru_maxrss as u64,
    })
}

/// Functions of posix_spawn return their error.
fn fallible(error: i32) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}
