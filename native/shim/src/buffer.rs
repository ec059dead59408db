//! Bytes that grow.
use crate::sys::{self, EAGAIN, POLLIN};
use core::slice;

/// More is no configuration: the host says so.
const MOST: usize = 32 * 1024 * 1024 + 1;
const FIRST: usize = 64 * 1024;

/// Memory from the kernel, never given back: the process ends soon.
pub struct Buffer {
    memory: *mut u8,
    capacity: usize,
    length: usize,
}

impl Buffer {
    pub fn new() -> Self {
        Buffer { memory: sys::map(FIRST), capacity: FIRST, length: 0 }
    }

    /// Everything there is to read, up to one byte more than a configuration can have.
    pub fn read_all(fd: i32) -> Self {
        let mut buffer = Self::new();
        while buffer.length < MOST {
            if !buffer.make_room(4096) {
                break;
            }
            match sys::read(fd, buffer.room()) {
                Ok(0) => break,
                Ok(read) => buffer.length += read,
                Err(EAGAIN) => {
                    sys::wait(fd, POLLIN, -1);
                }
                Err(_) => break,
            }
        }
        buffer.length = buffer.length.min(MOST);
        buffer
    }

    pub fn bytes(&self) -> &[u8] {
        if self.memory.is_null() {
            &[]
        } else {
            unsafe { slice::from_raw_parts(self.memory, self.length) }
        }
    }

    /// Sees to it that at least so many bytes fit behind those that are there. False where there is no memory.
    pub fn make_room(&mut self, wanted: usize) -> bool {
        if self.memory.is_null() {
            return false;
        }
        if self.capacity - self.length >= wanted {
            return true;
        }
        let longer = (self.length + wanted).max(2 * self.capacity).next_multiple_of(FIRST);
        let memory = sys::remap(self.memory, self.capacity, longer);
        if memory.is_null() {
            return false;
        }
        (self.memory, self.capacity) = (memory, longer);
        true
    }

    /// Where the next bytes go; `grow` says how many there are then.
    pub fn room(&mut self) -> &mut [u8] {
        unsafe {
            slice::from_raw_parts_mut(self.memory.add(self.length), self.capacity - self.length)
        }
    }

    pub fn grow(&mut self, by: usize) {
        self.length = (self.length + by).min(self.capacity);
    }

    pub fn push(&mut self, bytes: &[u8]) {
        if self.make_room(bytes.len()) {
            self.room()[..bytes.len()].copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }
}
