//! What belongs to one store: the host that its guest calls, and what the guest has of it.

use crate::fault::Fault;
use crate::handles::Handles;
use crate::js::{self, Env, Value};
use crate::limits::{Limits, MemoryLimiter};
use crate::plan::Plan;
use crate::reference::{Boxed, Ref};
use crate::stack;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use wasmtime::component::ResourceAny;

pub struct State {
    /// Of the thread that made the store, which is the only one that uses it.
    pub env: Env,
    pub plan: Arc<Plan>,
    /// An array: the host's functions, as the plan has them; the classes of its resources; how an object is closed. Empty
    /// until there is a host.
    host: Ref,
    pub limits: Limits,
    pub memory: MemoryLimiter,
    pub handles: Handles,
    /// Resources of the guest's own that the host has.
    pub given: Vec<Option<ResourceAny>>,
    /// Handles to give back when the call is over.
    pub loans: Vec<ResourceAny>,
    pub thrown: Option<Boxed>,
    pub deadline: Option<Instant>,
    /// Tells the guest's resources from those of another instance.
    pub id: u32,
    host_calls: f64,
}

static INSTANCES: AtomicU32 = AtomicU32::new(0);

impl State {
    pub fn new(env: Env, plan: Arc<Plan>, host: Value, limits: Limits, memory: f64) -> State {
        State {
            env,
            plan,
            host: Ref::new(env, host),
            limits,
            memory: MemoryLimiter::new(memory),
            handles: Handles::default(),
            given: Vec::new(),
            loans: Vec::new(),
            thrown: None,
            deadline: None,
            id: INSTANCES.fetch_add(1, Ordering::Relaxed),
            host_calls: 0.0,
        }
    }

    /// From here on the guest has that host, and what it may use up of it.
    pub fn begin(&mut self, host: Value, limits: Limits) {
        self.host = Ref::new(self.env, host);
        self.limits = limits;
        self.host_calls = 0.0;
    }

    pub fn host_function(&self, position: usize) -> Value {
        self.host_item(position)
    }

    /// The class of an imported resource.
    pub fn class(&self, resource: usize) -> Value {
        self.host_item(self.plan.imports.len() + resource)
    }

    /// The function that closes an object which the guest has dropped.
    pub fn closer(&self) -> Value {
        self.host_item(self.plan.imports.len() + self.plan.resources.len())
    }

    fn host_item(&self, index: usize) -> Value {
        js::element(self.env, self.host.get(), index).unwrap_or_else(|| js::undefined(self.env))
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
                Fault::HostThrew
            }
        }
    }

    /// An object that the guest is to own.
    pub fn give(&mut self, object: Value) -> Result<u32, Fault> {
        let most = self.limits.handles;
        if self.handles.owned() as f64 >= most {
            let message = format!("the guest holds {most} handles, which is its limit");
            return Err(Fault::limit("handles", message));
        }
        Ok(self.handles.add(self.env, object, false))
    }
}
