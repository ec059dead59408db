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
    run(config, environment, None)
}

/// The same after stdin was read.
pub fn execute_with(config: &Config, environment: &Environment, stdin: &Buffer) -> ! {
    replace_stdin(config, stdin);
    run(config, environment, None)
}

/// The same for a call that a daemon may have answered, so that the answer was lost: by `began`, the host knows it again.
pub fn execute_again(config: &Config, environment: &Environment, stdin: &Buffer, began: u64) -> ! {
    replace_stdin(config, stdin);
    let mut digits = [0; DIGITS + 1];
    run(config, environment, Some(decimal(began, &mut digits)))
}

fn replace_stdin(config: &Config, stdin: &Buffer) {
    if !sys::replace_stdin(stdin.bytes()) {
        crate::finish(config.failure(), &[], 1);
    }
}

fn run(config: &Config, environment: &Environment, call: Option<*const u8>) -> ! {
    let mut arguments = [null(); MOST + 2];
    let mut count = 0;
    for argument in config.host().take(MOST).chain(call) {
        arguments[count] = argument;
        count += 1;
    }
    sys::execute(arguments[0], arguments.as_ptr(), environment.as_ptr());
    crate::finish(config.failure(), &[], 1)
}

/// Of `u64::MAX`.
const DIGITS: usize = 20;

/// Ended by zero, at the end of `digits`.
fn decimal(number: u64, digits: &mut [u8; DIGITS + 1]) -> *const u8 {
    let mut left = number;
    let mut at = DIGITS;
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            return digits[at..].as_ptr();
        }
    }
}
