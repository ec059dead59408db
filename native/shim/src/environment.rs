//! Of the environment, the variables of a call: `CNI_*`, and W3C trace context.
use crate::start::length_of;
use core::slice;

const EXACT: [&[u8]; 3] = [b"TRACEPARENT", b"TRACESTATE", b"BAGGAGE"];

/// In the kernel's own array, from which the rest was taken out: there may be any number.
pub struct Environment {
    /// Ended by null, as execve(2) wants it.
    entries: *mut *const u8,
    count: usize,
}

impl Environment {
    /// The first of each name counts. `vector`: see `main`.
    pub fn of_call(vector: *mut usize) -> Self {
        let arguments = unsafe { vector.read() };
        let entries = unsafe { vector.add(arguments + 2) } as *mut *const u8;
        let mut kept = Environment { entries, count: 0 };
        let mut at = 0;
        loop {
            let entry = unsafe { entries.add(at).read() };
            if entry.is_null() {
                break;
            }
            let (name, _) = split(text(entry));
            if is_kept(name) && kept.find(name).is_none() {
                unsafe { entries.add(kept.count).write(entry) };
                kept.count += 1;
            }
            at += 1;
        }
        unsafe { entries.add(kept.count).write(core::ptr::null()) };
        kept
    }

    /// Empty where there is none of that name.
    pub fn value(&self, name: &[u8]) -> &'static [u8] {
        self.find(name).unwrap_or(&[])
    }

    pub fn entries(&self) -> impl Iterator<Item = &'static [u8]> {
        (0..self.count).map(|at| text(unsafe { self.entries.add(at).read() }))
    }

    pub fn as_ptr(&self) -> *const *const u8 {
        self.entries
    }

    fn find(&self, name: &[u8]) -> Option<&'static [u8]> {
        self.entries().map(split).find(|(other, _)| *other == name).map(|(_, value)| value)
    }
}

fn is_kept(name: &[u8]) -> bool {
    name.starts_with(b"CNI_") || EXACT.contains(&name)
}

fn text(entry: *const u8) -> &'static [u8] {
    unsafe { slice::from_raw_parts(entry, length_of(entry)) }
}

fn split(entry: &'static [u8]) -> (&'static [u8], &'static [u8]) {
    match entry.iter().position(|byte| *byte == b'=') {
        Some(at) => (&entry[..at], &entry[at + 1..]),
        None => (entry, &[]),
    }
}
