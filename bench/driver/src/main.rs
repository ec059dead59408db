//! The meter of `npm run bench`: reads batches of calls from standard input, one JSON object a line, and answers each with what it
//! measured, again one line. It is compiled, and small, so that what it measures is the calls.
//!
//!     {"atOnce": 16, "calls": [{"program": "/opt/cni/bin/bridge", "namespace": "/run/netns/host", "environment": {"CNI_COMMAND": "ADD"}, "stdin": "{}"}]}
//!     {"nanoseconds": 9e6, "calls": [{"nanoseconds": 1e6, "cpuNanoseconds": 4e5, "residentKilobytes": 2800, "status": 0, "stdout": "", "stderr": ""}]}
mod batch;
mod call;
mod memory_file;
mod namespace;
mod process;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench driver: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let mut answers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let measured = batch::Batch::parse(&line?)?.run()?;
        writeln!(answers, "{measured}")?;
        answers.flush()?;
    }
    Ok(())
}
