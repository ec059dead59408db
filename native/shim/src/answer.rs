//! What the daemon says.
use crate::buffer::Buffer;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::request::MAGIC;
use crate::sys::{self, EAGAIN, POLLIN};

const HEADER: usize = 16;
const MOST: usize = 64 * 1024 * 1024;

pub enum Ending {
    Answered {
        status: u8,
        stdout: &'static [u8],
        stderr: &'static [u8],
    },
    /// It wants no such call, or is gone.
    Lost,
    TimedOut,
}

pub fn receive(connection: &Connection, deadline: Deadline) -> Ending {
    let mut buffer = Buffer::new();
    loop {
        if let Some(ending) = decode(buffer.bytes()) {
            return ending;
        }
        let left = deadline.left();
        if left == 0 {
            return Ending::TimedOut;
        }
        if !buffer.make_room(4096) {
            return Ending::Lost;
        }
        match sys::read(connection.fd, buffer.room()) {
            Ok(0) => return Ending::Lost,
            Ok(read) => buffer.grow(read),
            Err(EAGAIN) => {
                sys::wait(connection.fd, POLLIN, left);
            }
            Err(_) => return Ending::Lost,
        }
    }
}

/// None where it is not all there yet.
fn decode(bytes: &[u8]) -> Option<Ending> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let number = |at: usize| {
        u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let (out, err) = (number(8) as usize, number(12) as usize);
    if number(0) != MAGIC || header[4] != 0 || out + err > MOST {
        return Some(Ending::Lost);
    }
    let (stdout, rest) = rest.split_at_checked(out)?;
    let (stderr, _) = rest.split_at_checked(err)?;
    // The memory stays as long as the process.
    let forever = |text: &[u8]| unsafe { core::slice::from_raw_parts(text.as_ptr(), text.len()) };
    Some(Ending::Answered { status: header[5], stdout: forever(stdout), stderr: forever(stderr) })
}
