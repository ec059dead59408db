//! Without the daemon: the host in this process's place.
use crate::buffer::Buffer;
use crate::config::Config;
use crate::environment::Environment;
use crate::sys;
use core::ptr::null;

/// Arguments that it may have.
pub const MOST: usize = 16;

/// Executes the host, with what is still to be read on stdin.
pub fn execute(config: &Config, environment: &Environment) -> ! {
    let mut arguments = [null(); MOST + 1];
    for (slot, argument) in arguments[..MOST].iter_mut().zip(config.host()) {
        *slot = argument;
    }
    sys::execute(arguments[0], arguments.as_ptr(), environment.as_ptr());
    crate::finish(config.failure(), &[], 1)
}

/// The same after stdin was read.
pub fn execute_with(config: &Config, environment: &Environment, stdin: &Buffer) -> ! {
    if !sys::replace_stdin(stdin.bytes()) {
        crate::finish(config.failure(), &[], 1);
    }
    execute(config, environment)
}
