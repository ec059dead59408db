//! The host's objects that a guest has handles of.

use crate::js::{Env, Value};
use crate::reference::Ref;

#[derive(Default)]
pub struct Handles {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    owned: usize,
    serial: u64,
}

struct Entry {
    object: Ref,
    /// For the time of a call only.
    lent: bool,
    serial: u64,
}

impl Handles {
    /// Returns what stands for the object in the guest's table.
    pub fn add(&mut self, env: Env, object: Value, lent: bool) -> u32 {
        self.serial += 1;
        self.owned += usize::from(!lent);
        let entry = Some(Entry { object: Ref::new(env, object), lent, serial: self.serial });
        match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = entry;
                place
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        }
    }

    /// How many the guest owns.
    pub fn owned(&self) -> usize {
        self.owned
    }

    pub fn get(&self, representation: u32) -> Option<Value> {
        let entry = self.entries.get(representation as usize)?.as_ref()?;
        Some(entry.object.get())
    }

    /// The guest has it no more.
    pub fn take(&mut self, representation: u32) -> Option<Value> {
        let entry = self.entries.get_mut(representation as usize)?.take()?;
        self.owned -= usize::from(!entry.lent);
        self.free.push(representation);
        Some(entry.object.get())
    }

    /// The call is over: what was lent for it is the guest's no more.
    pub fn end_loans(&mut self) {
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if entry.as_ref().is_some_and(|entry| entry.lent) {
                *entry = None;
                self.free.push(place as u32);
            }
        }
    }

    /// All that the guest owns, in the order in which it came by them.
    pub fn take_all(&mut self) -> Vec<Value> {
        let mut open: Vec<Entry> = self.entries.drain(..).flatten().collect();
        open.retain(|entry| !entry.lent);
        open.sort_by_key(|entry| entry.serial);
        self.free.clear();
        self.owned = 0;
        open.iter().map(|entry| entry.object.get()).collect()
    }
}
