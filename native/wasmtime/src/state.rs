//! What belongs to one store. The host that its guest calls, and the objects that it has of it, are known to JavaScript.

use crate::exchange::Outbox;
use crate::fault::Fault;
use crate::js::{self, Env};
use crate::limits::{Limits, MemoryLimiter};
use crate::plan::Plan;
use crate::reference::Boxed;
use crate::stack;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::ResourceAny;

pub struct State {
    /// Of the thread that made the store, which is the only one that uses it.
    pub env: Env,
    pub plan: Arc<Plan>,
    pub limits: Limits,
    pub memory: MemoryLimiter,
    /// Resources of the guest's own that the host has.
    pub given: Vec<Option<ResourceAny>>,
    /// Handles to give back when the call is over.
    pub loans: Vec<ResourceAny>,
    pub thrown: Option<Boxed>,
    pub deadline: Option<Instant>,
    pub outbox: Outbox,
    host_calls: f64,
}

impl State {
    pub fn new(env: Env, plan: Arc<Plan>, limits: Limits, memory: f64) -> State {
        State {
            env,
            plan,
            limits,
            memory: MemoryLimiter::new(memory),
            given: Vec::new(),
            loans: Vec::new(),
            thrown: None,
            deadline: None,
            outbox: Outbox::default(),
            host_calls: 0.0,
        }
    }

    /// From here on the guest has a host, and may use up so much of it.
    pub fn begin(&mut self, limits: Limits) {
        self.limits = limits;
        self.host_calls = 0.0;
    }

    /// Before each call of the host.
    pub fn assert_may_call(&mut self) -> Result<(), Fault> {
        if !stack::may_call_javascript() {
            return Err(Fault::stack());
        }
        Ok(())
    }

    pub fn count_host_call(&mut self) -> Result<(), Fault> {
        self.host_calls += 1.0;
        let most = self.limits.host_calls;
        if self.host_calls > most {
            let message = format!("the guest made more than {most} calls to the host");
            return Err(Fault::limit("hostCalls", message));
        }
        Ok(())
    }

    /// After each call of the host, which nothing can end but itself.
    pub fn assert_in_time(&self) -> Result<(), Fault> {
        match self.deadline {
            Some(at) if Instant::now() >= at => Err(Fault::limit("time", self.time_message())),
            _ => Ok(()),
        }
    }

    pub fn time_message(&self) -> String {
        match self.limits.time {
            Some(time) => format!("the guest did not end within {} ms", time.as_secs_f64() * 1e3),
            None => "the guest did not end within the time of the call around it".into(),
        }
    }

    /// Keeps what JavaScript threw, and is the fault that says so.
    pub fn caught(&mut self) -> Fault {
        match js::take_exception(self.env) {
            None => Fault::Terminated,
            Some(exception) => {
                self.thrown = Some(Boxed::new(self.env, exception));
                Fault::Host
            }
        }
    }
}
