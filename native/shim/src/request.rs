//! The call, as host/daemon/protocol.ts reads it.
use crate::buffer::Buffer;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::environment::Environment;
use crate::sandbox::Sandbox;
use crate::sys::{self, EAGAIN, O_CLOEXEC, POLLOUT, Slice};

pub const MAGIC: u32 = 0x314b_4c42;
const ATTACHED: u32 = 1;
const MISSING: u32 = 2;
const HEADER: usize = 48;

pub struct Request<'a> {
    /// See `sys::monotonic`.
    pub began: u64,
    /// The CNI type.
    pub kind: &'a [u8],
    pub environment: &'a Environment,
    pub sandbox: &'a Sandbox,
    pub stdin: &'a Buffer,
}

impl Request<'_> {
    /// False where it could not be made: there is no memory, or no /proc. A daemon that went away shows in its answer.
    pub fn send(&self, connection: &Connection, deadline: Deadline) -> bool {
        let Some(head) = self.head() else {
            return false;
        };
        let Ok(own) = sys::open(c"/proc/self/ns/net".as_ptr().cast(), O_CLOEXEC) else {
            return false;
        };
        let parts = [head.bytes(), self.stdin.bytes()];
        match self.sandbox {
            Sandbox::Open(fd) => send_all(connection.fd, parts, &[own, *fd], deadline),
            _ => send_all(connection.fd, parts, &[own], deadline),
        }
        true
    }

    /// All that stands before stdin.
    fn head(&self) -> Option<Buffer> {
        let flags = match self.sandbox {
            Sandbox::None => 0,
            Sandbox::Missing => MISSING,
            Sandbox::Open(_) => ATTACHED,
        };
        let variables: usize = self.environment.entries().map(|entry| entry.len() + 1).sum();
        let lengths = [self.kind.len(), variables, self.stdin.bytes().len()];
        let mut head = Buffer::new();
        if !head.make_room(HEADER + self.kind.len() + variables) {
            return None;
        }
        head.push(&MAGIC.to_le_bytes());
        head.push(&flags.to_le_bytes());
        for length in lengths {
            head.push(&(length as u32).to_le_bytes());
        }
        head.push(&0u32.to_le_bytes());
        head.push(&self.began.to_le_bytes());
        for namespace in [c"/proc/self/ns/mnt", c"/proc/self/ns/user"] {
            head.push(&sys::inode(namespace).to_le_bytes());
        }
        head.push(self.kind);
        for entry in self.environment.entries() {
            head.push(entry);
            head.push(b"\0");
        }
        Some(head)
    }
}

fn send_all(fd: i32, mut parts: [&[u8]; 2], mut descriptors: &[i32], deadline: Deadline) {
    while parts.iter().any(|part| !part.is_empty()) {
        let slices = parts.map(|part| Slice { base: part.as_ptr(), length: part.len() });
        match sys::send(fd, &slices, descriptors) {
            Ok(sent) => {
                let first = sent.min(parts[0].len());
                parts = [&parts[0][first..], &parts[1][sent - first..]];
                descriptors = &[];
            }
            Err(EAGAIN) if sys::wait(fd, POLLOUT, deadline.left()) => {}
            Err(_) => return,
        }
    }
}
