//! Instances of components, each in a store of its own. JavaScript knows them by numbers: an object of Node-API for each would cost
//! more than the instance.

use crate::engine::Shared;
use crate::exchange::{Inbox, Outbox};
use crate::fault::{self, Failure};
use crate::js::{self, Env, Js};
use crate::lift::lift;
use crate::limits::Limits;
use crate::lower::lower;
use crate::plan::{Function, Plan};
use crate::reference::Scope;
use crate::shape::Shape;
use crate::stack;
use crate::state::State;
use crate::status::answer;
use crate::watchdog::{Deadline, Watch};
use napi_derive::napi;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use wasmtime::component::{Instance as Guest, Val};
use wasmtime::{AsContextMut, Store, Trap, UpdateDeadline};

/// Ends with its first end that is not ordinary: then the store is gone.
struct Live {
    engine: Arc<Shared>,
    plan: Arc<Plan>,
    store: Store<State>,
    guest: Option<Guest>,
}

#[derive(Default)]
struct Instances {
    /// None while the guest runs.
    live: HashMap<u32, Option<Box<Live>>>,
    last: u32,
}

// Of this thread. What it has left when it ends is freed then.
thread_local!(static INSTANCES: RefCell<Instances> = RefCell::default());

/// For an instance that was made without a host: it has one from here on, with limits as `Component.instantiate` has them.
#[napi(catch_unwind)]
pub fn begin(env: napi::Env, instance: u32, time: f64, host_calls: f64, string: f64) -> Js {
    with(env.raw(), instance, |live| {
        live.store.data_mut().begin(Limits::new(time, host_calls, string));
        Ok(())
    })
}

/// Calls the exported function at that position with what was written, and delivers what it returned.
#[napi(catch_unwind)]
pub fn call(env: napi::Env, instance: u32, function: u32) -> Js {
    with(env.raw(), instance, |live| live.call(function as usize))
}

/// Gives up a resource of the guest's own, which runs its destructor.
#[napi(catch_unwind)]
pub fn drop_resource(env: napi::Env, instance: u32, number: u32) -> Js {
    with(env.raw(), instance, |live| live.drop_resource(number as usize))
}

/// Ends it.
#[napi(catch_unwind)]
pub fn close(env: napi::Env, instance: u32) -> Js {
    let env = env.raw();
    let found = INSTANCES.with_borrow_mut(|instances| match instances.live.get(&instance) {
        Some(None) => Err(running(env)),
        _ => Ok(instances.live.remove(&instance)),
    });
    answer(env, found.map(|_| js::undefined(env)))
}

/// Makes an instance. Returns its number.
pub fn open(
    env: Env,
    engine: &Arc<Shared>,
    plan: &Arc<Plan>,
    limits: Limits,
    memory: f64,
) -> Result<u32, Failure> {
    let mut store = Store::new(engine.engine(), State::new(env, plan.clone(), limits, memory));
    store.limiter(|state| &mut state.memory);
    store.epoch_deadline_callback(|store| match store.data().deadline {
        Some(at) if std::time::Instant::now() >= at => Err(Trap::Interrupt.into()),
        _ => Ok(UpdateDeadline::Continue(1)),
    });
    let mut live =
        Box::new(Live { engine: engine.clone(), plan: plan.clone(), store, guest: None });
    if let Err(error) = live.start() {
        return Err(live.failure(&error));
    }
    Ok(INSTANCES.with_borrow_mut(|instances| {
        instances.last = instances.last.wrapping_add(1);
        instances.live.insert(instances.last, Some(live));
        instances.last
    }))
}

fn with(env: Env, instance: u32, run: impl FnOnce(&mut Live) -> Result<(), End>) -> Js {
    let taken = INSTANCES.with_borrow_mut(|instances| match instances.live.get_mut(&instance) {
        None => Err(Failure::new(env, "ended", "the instance has ended")),
        Some(place) => place.take().ok_or_else(|| running(env)),
    });
    let mut live = match taken {
        Ok(live) => live,
        Err(failure) => return answer(env, Err(failure)),
    };
    let place = Place(instance);
    let result = match run(&mut live) {
        Ok(()) => Ok(js::undefined(env)),
        Err(End::Ordinary(failure)) => Err(failure),
        Err(End::Last(error)) => return answer(env, Err(live.failure(&error))),
    };
    place.put_back(live);
    answer(env, result)
}

/// Where an instance was taken from that runs. If it is not put back, by its end or by a panic, it has ended.
struct Place(u32);

impl Place {
    fn put_back(self, live: Box<Live>) {
        INSTANCES.with_borrow_mut(|instances| instances.live.insert(self.0, Some(live)));
        std::mem::forget(self);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        INSTANCES.with_borrow_mut(|instances| instances.live.remove(&self.0));
    }
}

fn running(env: Env) -> Failure {
    let message = "the instance is running: a host function may not use it again";
    Failure::new(env, "reentrant", message)
}

/// How a call did not end with a value.
enum End {
    /// The instance can be called again.
    Ordinary(Failure),
    Last(wasmtime::Error),
}

impl Live {
    fn start(&mut self) -> wasmtime::Result<()> {
        self.assert_stack()?;
        let _time = self.begin();
        self.guest = Some(self.plan.clone().pre.instantiate(&mut self.store)?);
        self.store.data_mut().memory.starting = false;
        Ok(())
    }

    fn call(&mut self, position: usize) -> Result<(), End> {
        let plan = self.plan.clone();
        let Some(export) = plan.exports.get(position) else {
            let message = format!("there is no exported function {position}");
            return Err(End::Ordinary(Failure::new(self.env(), "missing-export", &message)));
        };
        let function = &export.function;
        self.assert_stack().map_err(End::Last)?;
        let arguments = self.lower_arguments(&plan, function).map_err(End::Last)?;
        let mut results = [Val::Bool(false)];
        let results = &mut results[..usize::from(function.result.is_some())];
        self.run(|live| {
            let guest = live.guest.and_then(|guest| guest.get_func(&mut live.store, export.index));
            let callee = guest.ok_or_else(|| wasmtime::Error::msg("the export is gone"))?;
            callee.call(&mut live.store, &arguments, results)
        })
        .map_err(End::Last)?;
        self.deliver(&plan, function, results)
    }

    fn drop_resource(&mut self, number: usize) -> Result<(), End> {
        let given = self.store.data_mut().given.get_mut(number).and_then(Option::take);
        if let Some(resource) = given {
            self.assert_stack().map_err(End::Last)?;
            self.run(|live| resource.resource_drop(&mut live.store)).map_err(End::Last)?;
        }
        Ok(())
    }

    /// Runs the guest within its time.
    fn run<T>(
        &mut self,
        guest: impl FnOnce(&mut Live) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<T> {
        let time = self.begin();
        let result = guest(self);
        drop(time);
        self.store.data_mut().deadline = None;
        self.end_loans();
        result
    }

    /// The deadline of the call that begins: of the store, then watched.
    fn begin(&mut self) -> (Deadline, Option<Watch>) {
        let deadline = Deadline::enter(self.store.data().limits.time);
        self.store.data_mut().deadline = deadline.at;
        // Each move of the epoch makes the guest look at its deadline.
        self.store.set_epoch_deadline(1);
        let watch = deadline.at.map(|at| self.engine.watch(at));
        (deadline, watch)
    }

    fn lower_arguments(&mut self, plan: &Plan, function: &Function) -> wasmtime::Result<Vec<Val>> {
        let mut store = self.store.as_context_mut();
        let mut inbox = Inbox::open();
        let shapes = function.parameters.iter();
        shapes.map(|shape| lower(&mut store, plan, shape, &mut inbox)).collect()
    }

    /// The value of a call; for a `result`, the payload of either case.
    fn deliver(&mut self, plan: &Plan, function: &Function, results: &[Val]) -> Result<(), End> {
        let (Some(shape), Some(value)) = (&function.result, results.first()) else {
            return Ok(());
        };
        match (shape, value) {
            (Shape::Result { ok, .. }, Val::Result(Ok(value))) => {
                self.deliver_value(plan, ok.as_deref(), value.as_deref()).map_err(End::Last)
            }
            (Shape::Result { error, .. }, Val::Result(Err(value))) => {
                self.deliver_value(plan, error.as_deref(), value.as_deref()).map_err(End::Last)?;
                Err(End::Ordinary(Failure::Guest))
            }
            (shape, value) => self.deliver_value(plan, Some(shape), Some(value)).map_err(End::Last),
        }
    }

    fn deliver_value(
        &mut self,
        plan: &Plan,
        shape: Option<&Shape>,
        value: Option<&Val>,
    ) -> wasmtime::Result<()> {
        let (Some(shape), Some(value)) = (shape, value) else { return Ok(()) };
        let _scope = Scope::open(self.env());
        let mut outbox = Outbox::default();
        lift(&mut self.store.as_context_mut(), plan, shape, value, &mut outbox)?;
        Ok(outbox.deliver(self.store.data_mut())?)
    }

    fn assert_stack(&self) -> wasmtime::Result<()> {
        if stack::may_enter_guest(self.engine.stack()) {
            return Ok(());
        }
        Err(wasmtime::Error::new(fault::Fault::stack()))
    }

    fn end_loans(&mut self) {
        for handle in std::mem::take(&mut self.store.data_mut().loans) {
            // Refused where the guest was ended within a call that had it; the store goes then.
            let _ = handle.resource_drop(&mut self.store);
        }
    }

    fn failure(&mut self, error: &wasmtime::Error) -> Failure {
        let env = self.env();
        fault::failure(env, self.store.data_mut(), error)
    }

    fn env(&self) -> Env {
        self.store.data().env
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Options;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::ptr;
    use wasmtime::component::Component;

    const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn an_instance_that_panics_has_ended() {
        let engine = Shared::open(Options { instances: 0, stack: 512 << 10 }).unwrap();
        let component = Component::from_binary(engine.engine(), EMPTY_COMPONENT).unwrap();
        let plan = Arc::new(Plan::new(&component).ok().unwrap());
        let limits = Limits::new(f64::INFINITY, f64::INFINITY, f64::INFINITY);
        // There is no Node here, and nothing that would ask for it.
        let env = ptr::null_mut();
        let instance = open(env, &engine, &plan, limits, f64::INFINITY).ok().unwrap();
        let panic = || with(env, instance, |_| panic!("on purpose"));
        assert!(catch_unwind(AssertUnwindSafe(panic)).is_err());
        assert!(INSTANCES.with_borrow(|instances| instances.live.is_empty()));
    }
}
