//! How a function of the addon says whether its value is one. A byte that JavaScript sees too: reading it costs nothing, and it
//! works where nothing can be thrown any more.

use crate::fault::Failure;
use crate::js::{self, Env, Js, Value};
use crate::reference::Ref;
use std::cell::Cell;
use std::ptr;

const VALUE: u8 = 0;
/// The payload of an err case was delivered.
const GUEST_ERROR: u8 = 1;
/// The value is a fault.
const FAULT: u8 = 2;
/// There is none: the thread has to end.
const TERMINATED: u8 = 3;

thread_local!(static STATUS: Cell<*mut u8> = const { Cell::new(ptr::null_mut()) });

/// A Uint8Array of one byte, which is this thread's from then on.
pub fn status_array(env: Env) -> Value {
    let (array, byte) = js::bytes(env, 1);
    STATUS.set(byte);
    // Kept for as long as the thread runs JavaScript.
    std::mem::forget(Ref::new(env, array));
    array
}

pub fn answer(env: Env, result: Result<Value, Failure>) -> Js {
    let (status, value) = match result {
        Ok(value) => (VALUE, value),
        Err(Failure::Guest) => (GUEST_ERROR, js::undefined(env)),
        Err(Failure::Fault(fault)) => (FAULT, fault),
        Err(Failure::Terminated) => (TERMINATED, js::undefined(env)),
    };
    let byte = STATUS.get();
    if !byte.is_null() {
        unsafe { *byte = status };
    }
    Js(value)
}
