//! The call, as host/daemon/protocol.ts reads it.
use crate::buffer::Buffer;
use crate::connection::Connection;
use crate::environment::Environment;
use crate::sandbox::Sandbox;
use crate::sys::{self, EAGAIN, O_CLOEXEC, POLLOUT, Slice};

pub const MAGIC: u32 = 0x314b_4c42;
const ATTACHED: u32 = 1;
const MISSING: u32 = 2;
/// Milliseconds for a daemon that does not read.
const PATIENCE: i64 = 30_000;

/// Sends it. Where that fails, there is no answer either.
pub fn send(
    connection: &Connection,
    began: u64,
    kind: &[u8],
    environment: &Environment,
    sandbox: &Sandbox,
    stdin: &Buffer,
) {
    let mut head = Buffer::new();
    let variables: usize = environment.entries().map(|entry| entry.len() + 1).sum();
    let flags = match sandbox {
        Sandbox::None => 0,
        Sandbox::Missing => MISSING,
        Sandbox::Open(_) => ATTACHED,
    };
    for number in [MAGIC, flags, kind.len() as u32, variables as u32, stdin.bytes().len() as u32, 0]
    {
        head.push(&number.to_le_bytes());
    }
    for number in [began, sys::inode(c"/proc/self/ns/mnt"), sys::inode(c"/proc/self/ns/user")] {
        head.push(&number.to_le_bytes());
    }
    head.push(kind);
    for entry in environment.entries() {
        head.push(entry);
        head.push(b"\0");
    }
    let Ok(own) = sys::open(c"/proc/self/ns/net".as_ptr().cast(), O_CLOEXEC) else {
        return;
    };
    match sandbox {
        Sandbox::Open(fd) => send_all(connection.fd, [head.bytes(), stdin.bytes()], &[own, *fd]),
        _ => send_all(connection.fd, [head.bytes(), stdin.bytes()], &[own]),
    }
}

fn send_all(fd: i32, mut parts: [&[u8]; 2], mut descriptors: &[i32]) {
    while parts.iter().any(|part| !part.is_empty()) {
        let slices = parts.map(|part| Slice { base: part.as_ptr(), length: part.len() });
        match sys::send(fd, &slices, descriptors) {
            Ok(sent) => {
                let first = sent.min(parts[0].len());
                parts = [&parts[0][first..], &parts[1][sent - first..]];
                descriptors = &[];
            }
            Err(EAGAIN) if sys::wait(fd, POLLOUT, PATIENCE) => {}
            Err(_) => return,
        }
    }
}
