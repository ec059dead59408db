//! The daemon's socket.
use crate::deadline::Deadline;
use crate::sys::{self, EAGAIN};

/// Seconds that a call waits for a place among those that wait.
const PATIENCE: u64 = 30;
/// Milliseconds between two attempts.
const STEP: i64 = 10;

pub struct Connection {
    pub fd: i32,
}

pub enum Refused {
    /// Nobody listens, or somebody who is neither root nor the caller.
    Absent,
    TooMany,
}

impl Connection {
    pub fn open(path: &[u8]) -> Result<Self, Refused> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            match sys::connect(path) {
                Ok(fd) => {
                    return if is_trusted(fd) {
                        Ok(Connection { fd })
                    } else {
                        Err(Refused::Absent)
                    };
                }
                Err(EAGAIN) if deadline.left() > 0 => {
                    sys::wait(-1, 0, STEP);
                }
                Err(EAGAIN) => return Err(Refused::TooMany),
                Err(_) => return Err(Refused::Absent),
            }
        }
    }
}

fn is_trusted(fd: i32) -> bool {
    matches!(sys::peer(fd), Ok(user) if user == 0 || user == sys::geteuid())
}
