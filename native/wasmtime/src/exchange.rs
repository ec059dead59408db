//! Memory that JavaScript and this side both see, where values cross: numbers in one part, one for each scalar, length and case;
//! the bytes of texts and byte lists in the other. Each side reads what the other one wrote from its start on, before it writes
//! again. Making objects is left to JavaScript, whose machine code does that many times faster than Node-API.

use crate::fault::Fault;
use crate::js::{self, Env, Js};
use crate::reference::Ref;
use crate::state::State;
use crate::status;
use napi_derive::napi;
use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::{ptr, slice};

struct Exchange {
    numbers: *mut u64,
    most_numbers: usize,
    bytes: *mut u8,
    most_bytes: usize,
    /// Keeps both arrays. Left behind when the thread ends: by then there is no JavaScript to give them back to.
    arrays: Option<ManuallyDrop<[Ref; 2]>>,
    /// The function behind all imports: `(position) => status`; what it is asked to do is in `host_call`.
    dispatch: Option<&'static Ref>,
    /// Makes room for so many numbers and bytes, and shares that.
    grow: Option<&'static Ref>,
}

thread_local!(static EXCHANGE: RefCell<Exchange> = const { RefCell::new(Exchange {
    numbers: ptr::null_mut(),
    most_numbers: 0,
    bytes: ptr::null_mut(),
    most_bytes: 0,
    arrays: None,
    dispatch: None,
    grow: None,
}) });

/// Shares a Float64Array and a Uint8Array, which are kept until others are shared. Answers whether they are.
#[napi]
pub fn share(env: napi::Env, numbers: Js, bytes: Js) -> Js {
    let env = env.raw();
    let views = (js::view(env, numbers.0), js::view(env, bytes.0));
    let (Some(numbers_view), Some(bytes_view)) = views else {
        return Js(js::boolean(env, false));
    };
    let arrays = ManuallyDrop::new([numbers.0, bytes.0].map(|array| Ref::new(env, array)));
    let before = EXCHANGE.with_borrow_mut(|exchange| {
        exchange.numbers = numbers_view.data.cast();
        exchange.most_numbers = numbers_view.length;
        exchange.bytes = bytes_view.data;
        exchange.most_bytes = bytes_view.length;
        exchange.arrays.replace(arrays)
    });
    drop(before.map(ManuallyDrop::into_inner));
    Js(js::boolean(env, true))
}

/// The functions of this thread: what calls the host, and what makes room. Answers with its status byte; with undefined where the
/// thread has such functions, which it keeps: the instances that it runs are theirs.
#[napi]
pub fn attach(env: napi::Env, dispatch: Js, grow: Js) -> Js {
    let env = env.raw();
    if EXCHANGE.with_borrow(|exchange| exchange.dispatch.is_some()) {
        return Js(js::undefined(env));
    }
    EXCHANGE.with_borrow_mut(|exchange| {
        // Kept for as long as the thread runs JavaScript, which ends before the thread does.
        exchange.dispatch = Some(Box::leak(Box::new(Ref::new(env, dispatch.0))));
        exchange.grow = Some(Box::leak(Box::new(Ref::new(env, grow.0))));
    });
    Js(status::status_array(env))
}

/// Has JavaScript carry out what the number says. None where it threw, or may not run any more.
pub fn dispatch(env: Env, what: i32) -> Option<i32> {
    let function = EXCHANGE.with_borrow(|exchange| exchange.dispatch.map(Ref::get))?;
    let answer = js::call(env, function, &[js::integer(env, what)])?;
    Some(js::as_f64(env, answer).map_or(-1, |status| status as i32))
}

/// What is on its way to JavaScript. Gathered here, and moved when it is whole.
#[derive(Default)]
pub struct Outbox {
    numbers: Vec<u64>,
    bytes: Vec<u8>,
}

impl Outbox {
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.bytes.clear();
    }

    pub fn number(&mut self, number: impl Into<f64>) {
        self.numbers.push(number.into().to_bits());
    }

    pub fn length(&mut self, length: usize) {
        self.number(length as f64);
    }

    /// The 64 bits of an integer.
    pub fn integer(&mut self, bits: u64) {
        self.numbers.push(bits);
    }

    /// Their number, and they.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Moves it to where JavaScript reads it. A fault where that threw, may not run any more, or made no room.
    pub fn deliver(&self, state: &mut State) -> Result<(), Fault> {
        if self.copy() {
            return Ok(());
        }
        self.make_room(state.env).ok_or_else(|| state.caught())?;
        if self.copy() { Ok(()) } else { Err(Fault::Room) }
    }

    /// None where JavaScript threw, or may not run any more.
    fn make_room(&self, env: Env) -> Option<()> {
        let grow = EXCHANGE.with_borrow(|exchange| exchange.grow.map(Ref::get));
        let wanted = [self.numbers.len(), self.bytes.len()];
        let wanted = wanted.map(|length| js::number(env, length as f64));
        grow.map_or(Some(()), |grow| js::call(env, grow, &wanted).map(|_| ()))
    }

    /// Whether there was room for it.
    fn copy(&self) -> bool {
        EXCHANGE.with_borrow(|exchange| {
            let (numbers, bytes) = (&self.numbers, &self.bytes);
            if numbers.len() > exchange.most_numbers || bytes.len() > exchange.most_bytes {
                return false;
            }
            unsafe {
                ptr::copy_nonoverlapping(numbers.as_ptr(), exchange.numbers, numbers.len());
                ptr::copy_nonoverlapping(bytes.as_ptr(), exchange.bytes, bytes.len());
            }
            true
        })
    }
}

/// What JavaScript wrote. It says nothing that is not there: what is missing reads as None.
pub struct Inbox {
    numbers: &'static [u64],
    bytes: &'static [u8],
}

impl Inbox {
    /// From its start. JavaScript must not run until it is read.
    pub fn open() -> Inbox {
        EXCHANGE.with_borrow(|exchange| {
            if exchange.numbers.is_null() || exchange.bytes.is_null() {
                return Inbox { numbers: &[], bytes: &[] };
            }
            unsafe {
                Inbox {
                    numbers: slice::from_raw_parts(exchange.numbers, exchange.most_numbers),
                    bytes: slice::from_raw_parts(exchange.bytes, exchange.most_bytes),
                }
            }
        })
    }

    pub fn integer(&mut self) -> Option<u64> {
        let (first, rest) = self.numbers.split_first()?;
        self.numbers = rest;
        Some(*first)
    }

    pub fn number(&mut self) -> Option<f64> {
        self.integer().map(f64::from_bits)
    }

    pub fn length(&mut self) -> Option<usize> {
        self.number().map(|length| length as usize)
    }

    pub fn bytes(&mut self) -> Option<&'static [u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(bytes)
    }
}
