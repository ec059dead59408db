//! Calls that are measured together: so many at once, by as many threads.
use std::io;
use std::sync::Barrier;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::call::{Call, Measured};

pub struct Batch {
    at_once: usize,
    calls: Vec<Call>,
}

impl Batch {
    pub fn parse(line: &str) -> io::Result<Batch> {
        let batch: Value = serde_json::from_str(line)?;
        let calls =
            batch["calls"].as_array().ok_or_else(|| io::Error::other("a batch without calls"))?;
        let at_once = batch["atOnce"].as_u64().unwrap_or(1).max(1) as usize;
        Ok(Batch { at_once, calls: calls.iter().map(Call::parse).collect::<io::Result<_>>()? })
    }

    /// The batch's own time is from the start of its first call to the end of its last: threads are made before it.
    pub fn run(&self) -> io::Result<Value> {
        let threads = self.at_once.min(self.calls.len()).max(1);
        let ready = Barrier::new(threads);
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::with_capacity(self.calls.len()));
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    ready.wait();
                    while let Some((index, call)) = self.take(&next) {
                        let measured = call.run();
                        results.lock().expect("no thread panics").push((index, measured));
                    }
                });
            }
        });
        let results = results.into_inner().expect("no thread panics");
        let mut measured = results
            .into_iter()
            .map(|(index, result)| Ok((index, result?)))
            .collect::<io::Result<Vec<(usize, Measured)>>>()?;
        measured.sort_by_key(|(index, _)| *index);
        let calls: Vec<Measured> = measured.into_iter().map(|(_, measured)| measured).collect();
        Ok(json!({
            "nanoseconds": span(&calls),
            "calls": calls.iter().map(Measured::to_json).collect::<Vec<Value>>(),
        }))
    }

    fn take(&self, next: &AtomicUsize) -> Option<(usize, &Call)> {
        let index = next.fetch_add(1, Ordering::Relaxed);
        self.calls.get(index).map(|call| (index, call))
    }
}

fn span(calls: &[Measured]) -> u64 {
    let began: Option<Instant> = calls.iter().map(|call| call.began).min();
    let ended: Option<Instant> = calls.iter().map(|call| call.ended).max();
    match (began, ended) {
        (Some(began), Some(ended)) => ended.duration_since(began).as_nanos() as u64,
        _ => 0,
    }
}
