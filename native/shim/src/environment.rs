//! Of the environment, the variables of a call: `CNI_*`, and W3C trace context.
use crate::start::length_of;
use core::slice;

const MOST: usize = 64;
const EXACT: [&[u8]; 3] = [b"TRACEPARENT", b"TRACESTATE", b"BAGGAGE"];

pub struct Environment {
    /// Ended by null, as execve(2) wants it.
    entries: [*const u8; MOST + 1],
    count: usize,
}

impl Environment {
    /// The first of each name counts. `vector`: see `main`.
    pub fn of_call(vector: *const usize) -> Self {
        let mut kept = Environment { entries: [core::ptr::null(); MOST + 1], count: 0 };
        let arguments = unsafe { vector.read() };
        let mut at = unsafe { vector.add(arguments + 2) } as *const *const u8;
        loop {
            let entry = unsafe { at.read() };
            if entry.is_null() {
                return kept;
            }
            let (name, _) = split(text(entry));
            if is_kept(name) && kept.find(name).is_none() && kept.count < MOST {
                kept.entries[kept.count] = entry;
                kept.count += 1;
            }
            at = unsafe { at.add(1) };
        }
    }

    /// Empty where there is none of that name.
    pub fn value(&self, name: &[u8]) -> &'static [u8] {
        self.find(name).unwrap_or(&[])
    }

    pub fn entries(&self) -> impl Iterator<Item = &'static [u8]> {
        self.entries[..self.count].iter().map(|entry| text(*entry))
    }

    pub fn as_ptr(&self) -> *const *const u8 {
        self.entries.as_ptr()
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
