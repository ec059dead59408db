//! CNI_NETNS, opened by whoever was called: a path means to the daemon what it means to it.
use crate::sys::{self, ENOENT, O_CLOEXEC, O_NOCTTY, O_NONBLOCK};

/// linux/magic.h
const NSFS_MAGIC: u64 = 0x6e73_6673;

pub enum Sandbox {
    /// The call names none, or has no use for one.
    None,
    /// There is nothing at that path; a DEL is to succeed all the same.
    Missing,
    Open(i32),
}

impl Sandbox {
    /// `path` is followed by a zero. None where something is wrong with it. What is no namespace is not opened: it may be a device.
    pub fn open(command: &[u8], path: &[u8]) -> Option<Self> {
        let isolated = [&b"ADD"[..], b"CHECK", b"DEL"].contains(&command);
        if !isolated || path.is_empty() {
            return Some(Sandbox::None);
        }
        match sys::file_system(path.as_ptr()) {
            Ok(NSFS_MAGIC) => {}
            Err(ENOENT) if command == b"DEL" => return Some(Sandbox::Missing),
            _ => return None,
        }
        sys::open(path.as_ptr(), O_NONBLOCK | O_NOCTTY | O_CLOEXEC).ok().map(Sandbox::Open)
    }
}
