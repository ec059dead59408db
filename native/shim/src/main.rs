//! What stands in `/opt/cni/bin`. A container runtime executes it for each CNI call; it does almost nothing: it hands environment,
//! configuration and namespaces over to the daemon, prints the answer, and exits. Where there is no daemon for it, it executes the host.
//!
//! It has no library, allocates by mmap, and looks at nothing of the environment but the variables of a call.
#![no_std]
#![no_main]

mod answer;
mod buffer;
mod config;
mod connection;
mod deadline;
mod environment;
mod host;
mod machine;
mod request;
mod sandbox;
mod start;
mod sys;

use answer::Ending;
use config::Config;
use connection::{Connection, Refused};
use deadline::Deadline;
use environment::Environment;
use request::Request;
use sandbox::Sandbox;
use sys::{STDERR, STDOUT};

/// Seconds for request and answer: a call may wait for 30 in the daemon, take 30, and be taken back in 10.
const PATIENCE: u64 = 120;

/// As the reference prints it, whatever stands on stdin.
const VERSIONS: &[u8] =
    b"{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n";
const TOO_MANY: &[u8] =
    b"{\n    \"code\": 11,\n    \"msg\": \"bulkhead: the daemon has too many calls waiting; try again later\"\n}";
const TOO_LONG: &[u8] =
    b"{\n    \"code\": 11,\n    \"msg\": \"bulkhead: the daemon did not answer in time; try again later\"\n}";
const UNCONFIGURED: &[u8] =
    b"{\n    \"code\": 999,\n    \"msg\": \"bulkhead: this executable was not installed\"\n}";

/// The whole program. `vector` is what the kernel put on the stack: the count of arguments, they, and the environment.
fn main(vector: *mut usize) -> ! {
    let began = sys::monotonic();
    sys::occupy_standard_streams();
    let Some(config) = Config::get() else {
        finish(UNCONFIGURED, &[], 1);
    };
    let environment = Environment::of_call(vector);
    let command = environment.value(b"CNI_COMMAND");
    if command == b"VERSION" {
        finish(VERSIONS, &[], 0);
    }
    if command.is_empty() {
        host::execute(&config, &environment);
    }
    // What is wrong with a path, the host says in the right words.
    let Some(sandbox) = Sandbox::open(command, environment.value(b"CNI_NETNS")) else {
        host::execute(&config, &environment);
    };
    // Before there is a connection: who writes slowly keeps nobody in the daemon waiting.
    let stdin = buffer::Buffer::read_all(sys::STDIN);
    let connection = match Connection::open(config.socket()) {
        Ok(connection) => connection,
        Err(Refused::TooMany) => finish(TOO_MANY, &[], 1),
        Err(Refused::Absent) => host::execute_with(&config, &environment, &stdin),
    };
    let deadline = Deadline::after(PATIENCE);
    let request = Request {
        began,
        kind: config.kind(),
        environment: &environment,
        sandbox: &sandbox,
        stdin: &stdin,
    };
    if !request.send(&connection, deadline) {
        host::execute_with(&config, &environment, &stdin);
    }
    match answer::receive(&connection, deadline) {
        Ending::Answered { status, stdout, stderr } => finish(stdout, stderr, status),
        Ending::TimedOut => finish(TOO_LONG, &[], 1),
        // It is another one's daemon, or it went away. What it had begun is on record, and is taken
        // back by the host; what it had ended well is answered from there.
        Ending::Lost => host::execute_again(&config, &environment, &stdin, began),
    }
}

fn finish(stdout: &[u8], stderr: &[u8], status: u8) -> ! {
    sys::ignore_broken_pipes();
    sys::write_all(STDERR, stderr);
    sys::write_all(STDOUT, stdout);
    sys::exit(status)
}
