//! What a guest may use up.

use crate::fault::Fault;
use std::time::Duration;
use wasmtime::ResourceLimiter;

pub struct Limits {
    pub time: Option<Duration>,
    pub host_calls: f64,
    /// UTF-16 units of one text.
    pub string: f64,
}

impl Limits {
    /// Time in milliseconds; infinite for no limit.
    pub fn new(time: f64, host_calls: f64, string: f64) -> Limits {
        let time = Duration::try_from_secs_f64(time.max(0.0) / 1e3).ok();
        Limits { time, host_calls, string }
    }
}

/// More entries than any table of functions has; each costs 8 bytes.
const LARGEST_TABLE: usize = 65_536;

/// Linear memory. A guest that asks for more is ended there and then: most would turn the answer of -1 into a trap that
/// says nothing.
pub struct MemoryLimiter {
    bytes: f64,
    /// Until the instance is made: what it asks for then is what it starts with.
    pub starting: bool,
}

impl MemoryLimiter {
    pub fn new(bytes: f64) -> MemoryLimiter {
        MemoryLimiter { bytes, starting: true }
    }

    fn refusal(&self, current: usize, wanted: usize) -> wasmtime::Error {
        let limit = self.bytes;
        if limit.is_infinite() {
            let message = "the guest asked for more memory than there is";
            return wasmtime::Error::new(Fault::limit("memory", message));
        }
        wasmtime::Error::new(if self.starting && current == 0 {
            let message = format!(
                "the guest starts with {wanted} bytes of memory, more than the limit of {limit}"
            );
            Fault::limit("memory", message)
        } else {
            Fault::limit("memory", format!("the guest asked for more than {limit} bytes of memory"))
        })
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired as f64 > self.bytes { Err(self.refusal(current, desired)) } else { Ok(true) }
    }

    /// Beyond the memory's own maximum, or what the machine has.
    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(self.refusal(1, 0))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired <= LARGEST_TABLE {
            return Ok(true);
        }
        if self.starting && current == 0 { Err(self.refusal(0, desired * 8)) } else { Ok(false) }
    }
}
