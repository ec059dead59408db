//! Time that passes.
use crate::sys;

#[derive(Clone, Copy)]
pub struct Deadline {
    nanoseconds: u64,
}

impl Deadline {
    pub fn after(seconds: u64) -> Self {
        Deadline { nanoseconds: sys::monotonic() + seconds * 1_000_000_000 }
    }

    /// Milliseconds; 0 when it is over.
    pub fn left(self) -> i64 {
        (self.nanoseconds.saturating_sub(sys::monotonic()) / 1_000_000) as i64
    }
}
