//! One execution of a program, from before it is spawned until its end is known.
use std::ffi::CString;
use std::io;
use std::time::Instant;

use serde_json::{Value, json};

use crate::memory_file::MemoryFile;
use crate::namespace;
use crate::process::{self, Ended};

pub struct Call {
    program: CString,
    environment: Vec<CString>,
    /// Of the network namespace in which it is executed: the node's.
    namespace: Option<String>,
    stdin: String,
}

pub struct Measured {
    pub began: Instant,
    pub ended: Instant,
    process: Ended,
    stdout: String,
    stderr: String,
}

impl Call {
    pub fn parse(call: &Value) -> io::Result<Call> {
        let text = |key: &str| call[key].as_str().unwrap_or_default().to_string();
        let variables = call["environment"].as_object().into_iter().flatten();
        Ok(Call {
            program: CString::new(text("program"))?,
            environment: variables
                .map(|(name, value)| {
                    CString::new(format!("{name}={}", value.as_str().unwrap_or_default()))
                })
                .collect::<Result<_, _>>()?,
            namespace: call["namespace"].as_str().map(str::to_string),
            stdin: text("stdin"),
        })
    }

    /// What it reads, and what it writes to, are files in memory: nobody has to wait for a pipe's other end.
    pub fn run(&self) -> io::Result<Measured> {
        if let Some(path) = &self.namespace {
            namespace::enter(path)?;
        }
        let stdin = MemoryFile::holding(&self.stdin)?;
        let (stdout, stderr) = (MemoryFile::holding("")?, MemoryFile::holding("")?);
        let prepared =
            process::Prepared::new(&self.program, &self.environment, [&stdin, &stdout, &stderr])?;
        let began = Instant::now();
        let process = prepared.run()?;
        let ended = Instant::now();
        Ok(Measured {
            began,
            ended,
            process,
            stdout: stdout.contents()?,
            stderr: stderr.contents()?,
        })
    }
}

impl Measured {
    pub fn to_json(&self) -> Value {
        json!({
            "nanoseconds": self.ended.duration_since(self.began).as_nanos() as u64,
            "cpuNanoseconds": self.process.cpu_nanoseconds,
            "residentKilobytes": self.process.resident_kilobytes,
            "status": self.process.status,
            "stdout": self.stdout,
            "stderr": self.stderr,
        })
    }
}
