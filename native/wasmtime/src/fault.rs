//! Why a guest did not come to an ordinary end, and how JavaScript is told.

use crate::js::{self, Env, Value};
use crate::state::State;
use std::fmt;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

/// Ends found on this side of the boundary; they travel through wasmtime's own errors.
#[derive(Debug)]
pub enum Fault {
    Limit {
        limit: &'static str,
        message: String,
    },
    /// A function of the host's did not end well. JavaScript knows why, unless it threw out of turn: that is in the state.
    Host,
    /// JavaScript made no room for what the guest gave, and threw nothing.
    Room,
    /// This thread may run no JavaScript any more.
    Terminated,
}

impl Fault {
    pub fn limit(limit: &'static str, message: impl Into<String>) -> Fault {
        Fault::Limit { limit, message: message.into() }
    }

    pub fn stack() -> Fault {
        Fault::limit("stack", "the guest used up the stack")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Limit { message, .. } => out.write_str(message),
            Fault::Host => out.write_str("a host function failed"),
            Fault::Room => out.write_str("there is no room for what the guest gave the host"),
            Fault::Terminated => out.write_str("this thread is being terminated"),
        }
    }
}

impl std::error::Error for Fault {}

/// What a function of the addon answers besides an ordinary value; the glue makes exceptions of these. They are not
/// thrown here: with an exception pending every call of Node-API fails, and a thread that is being terminated refuses it.
pub enum Failure {
    /// An exported function returned the err case of its `result`, of which the payload was delivered.
    Guest,
    /// `{ code, message, limit, trap, frames, cause }`
    Fault(Value),
    Terminated,
}

impl Failure {
    pub fn new(env: Env, code: &str, message: &str) -> Failure {
        Failure::Fault(fault_object(env, code, message))
    }
}

fn fault_object(env: Env, code: &str, message: &str) -> Value {
    let object = js::object(env);
    js::set(env, object, c"code", js::string(env, code));
    js::set(env, object, c"message", js::string(env, message));
    object
}

/// The failure that an error of wasmtime stands for.
pub fn failure(env: Env, state: &mut State, error: &wasmtime::Error) -> Failure {
    let object = match error.downcast_ref::<Fault>() {
        Some(Fault::Terminated) => return Failure::Terminated,
        Some(Fault::Limit { limit, message }) => limit_object(env, limit, message),
        Some(fault @ (Fault::Host | Fault::Room)) => {
            fault_object(env, "host-failure", &fault.to_string())
        }
        None => of_wasmtime(env, state, error),
    };
    if let Some(thrown) = state.thrown.take() {
        js::set(env, object, c"cause", thrown.get());
    }
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        let frames = backtrace.frames().iter().map(|frame| js::string(env, &frame_name(frame)));
        js::set(env, object, c"frames", js::array(env, frames));
    }
    Failure::Fault(object)
}

fn of_wasmtime(env: Env, state: &State, error: &wasmtime::Error) -> Value {
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return fault_object(env, "busy", &format!("there is no room for an instance: {error}"));
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => limit_object(env, "time", &state.time_message()),
        Some(Trap::StackOverflow) => limit_object(env, "stack", &Fault::stack().to_string()),
        Some(trap) => {
            let object = fault_object(env, "trap", &format!("the guest trapped: {trap}"));
            js::set(env, object, c"trap", js::string(env, &format!("{trap:?}")));
            object
        }
        None => {
            let why = error.root_cause().to_string();
            // wasmtime keeps the type of this error to itself.
            if why.contains("fuel allocated for hostcalls has been exhausted") {
                let message = "the guest gave the host more in one call than fits in its memory";
                return limit_object(env, "memory", message);
            }
            fault_object(env, "trap", &format!("the guest trapped: {why}"))
        }
    }
}

fn limit_object(env: Env, limit: &str, message: &str) -> Value {
    let object = fault_object(env, "limit", message);
    js::set(env, object, c"limit", js::string(env, limit));
    object
}

/// `name+0x1f`, with the offset in the function; `func[7]` where the guest keeps no names.
fn frame_name(frame: &wasmtime::FrameInfo) -> String {
    let offset = frame.func_offset().unwrap_or_default();
    match frame.func_name() {
        Some(name) => format!("{name}+0x{offset:x}"),
        None => format!("func[{}]+0x{offset:x}", frame.func_index()),
    }
}
