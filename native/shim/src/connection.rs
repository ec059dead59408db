//! The daemon's socket.
use crate::sys::{self, EAGAIN};

/// Milliseconds that a call waits for a place among those that wait.
const PATIENCE: u64 = 30_000;
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
        let end = sys::monotonic() + PATIENCE * 1_000_000;
        loop {
            match sys::connect(path) {
                Ok(fd) => {
                    return if is_trusted(fd) {
                        Ok(Connection { fd })
                    } else {
                        Err(Refused::Absent)
                    };
                }
                Err(EAGAIN) if sys::monotonic() < end => {
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
