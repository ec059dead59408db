//! One instance of a component, in a store of its own.

use crate::engine::Shared;
use crate::fault::{self, Failure};
use crate::js::{self, Env, Js, Value};
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
use std::sync::Arc;
use wasmtime::component::{Instance as Guest, Val};
use wasmtime::{AsContextMut, Store, Trap, UpdateDeadline};

/// Ends with its first end that is not ordinary: then the store is gone, and the failure carries what the guest held.
#[napi]
pub struct Instance {
    /// None when it has ended; borrowed while the guest runs.
    live: RefCell<Option<Live>>,
}

struct Live {
    engine: Arc<Shared>,
    plan: Arc<Plan>,
    store: Store<State>,
    guest: Option<Guest>,
}

#[napi]
impl Instance {
    /// For an instance that was made without a host: gives it one, with limits as `Component.instantiate` has them.
    #[napi(catch_unwind)]
    pub fn begin(
        &self,
        env: napi::Env,
        host: Js,
        time: f64,
        host_calls: f64,
        handles: f64,
        string: f64,
    ) -> Js {
        let limits = Limits::new(time, host_calls, handles, string);
        self.with(env.raw(), |live| {
            live.store.data_mut().begin(host.0, limits);
            Ok(js::undefined(live.env()))
        })
    }

    /// Calls the exported function at that position with an array of arguments.
    #[napi(catch_unwind)]
    pub fn call(&self, env: napi::Env, function: u32, arguments: Js) -> Js {
        self.with(env.raw(), |live| live.call(function as usize, arguments.0))
    }

    /// Gives up a resource of the guest's own, which runs its destructor.
    #[napi(catch_unwind)]
    pub fn drop_resource(&self, env: napi::Env, handle: u32) -> Js {
        self.with(env.raw(), |live| live.drop_resource(handle as usize))
    }

    /// Ends it. Answers with an array of the host's objects that the guest still owns, which are the host's again.
    #[napi(catch_unwind)]
    pub fn close(&self, env: napi::Env) -> Js {
        let env = env.raw();
        let Ok(mut live) = self.live.try_borrow_mut() else {
            return answer(env, Err(running(env)));
        };
        let open = live.take().map(Live::end).unwrap_or_default();
        answer(env, Ok(js::array(env, open.into_iter())))
    }
}

impl Instance {
    /// The host is an array as `State` has it.
    pub fn open(
        env: Env,
        engine: &Arc<Shared>,
        plan: &Arc<Plan>,
        host: Value,
        limits: Limits,
        memory: f64,
    ) -> Result<Instance, Failure> {
        let state = State::new(env, plan.clone(), host, limits, memory);
        let mut store = Store::new(engine.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.epoch_deadline_callback(|store| match store.data().deadline {
            Some(at) if std::time::Instant::now() >= at => Err(Trap::Interrupt.into()),
            _ => Ok(UpdateDeadline::Continue(1)),
        });
        let mut live = Live { engine: engine.clone(), plan: plan.clone(), store, guest: None };
        match live.start() {
            Ok(()) => Ok(Instance { live: RefCell::new(Some(live)) }),
            Err(error) => Err(live.fail(&error)),
        }
    }

    fn with(&self, env: Env, run: impl FnOnce(&mut Live) -> Result<Value, End>) -> Js {
        let Ok(mut place) = self.live.try_borrow_mut() else {
            return answer(env, Err(running(env)));
        };
        // Taken out: where Rust panics, the instance has ended.
        let Some(mut live) = place.take() else {
            return answer(env, Err(Failure::new(env, "ended", "the instance has ended")));
        };
        let result = match run(&mut live) {
            Ok(value) => Ok(value),
            Err(End::Ordinary(failure)) => Err(failure),
            Err(End::Last(error)) => {
                return answer(env, Err(live.fail(&error)));
            }
        };
        *place = Some(live);
        answer(env, result)
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

    fn call(&mut self, position: usize, given: Value) -> Result<Value, End> {
        let plan = self.plan.clone();
        let Some(export) = plan.exports.get(position) else {
            let message = format!("there is no exported function {position}");
            return Err(End::Ordinary(Failure::new(self.env(), "missing-export", &message)));
        };
        let function = &export.function;
        self.assert_stack().map_err(End::Last)?;
        let arguments = self.lower_arguments(&plan, function, given);
        let arguments = match arguments {
            Ok(arguments) => arguments,
            Err(error) => {
                self.end_loans();
                let env = self.env();
                let failure = fault::failure(env, self.store.data_mut(), &error);
                return Err(End::Ordinary(failure));
            }
        };
        let mut results = [Val::Bool(false)];
        let results = &mut results[..usize::from(function.result.is_some())];
        self.run(|live| {
            let guest = live.guest.and_then(|guest| guest.get_func(&mut live.store, export.index));
            let callee = guest.ok_or_else(|| wasmtime::Error::msg("the export is gone"))?;
            callee.call(&mut live.store, &arguments, results)
        })
        .map_err(End::Last)?;
        self.lift_result(&plan, function, results)
    }

    fn drop_resource(&mut self, handle: usize) -> Result<Value, End> {
        let given = self.store.data_mut().given.get_mut(handle).and_then(Option::take);
        if let Some(resource) = given {
            self.assert_stack().map_err(End::Last)?;
            self.run(|live| resource.resource_drop(&mut live.store)).map_err(End::Last)?;
        }
        Ok(js::undefined(self.env()))
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

    fn lower_arguments(
        &mut self,
        plan: &Plan,
        function: &Function,
        given: Value,
    ) -> wasmtime::Result<Vec<Val>> {
        let env = self.env();
        let _scope = Scope::open(env);
        let mut store = self.store.as_context_mut();
        let parameters = function.parameters.iter().enumerate();
        let lowered = parameters.map(|(i, (name, shape))| {
            let value = js::element(env, given, i);
            let lowered = match value {
                Some(value) => lower(&mut store, plan, shape, value),
                None => Err(store.data_mut().caught().into()),
            };
            lowered.map_err(|refusal| refusal.into_error(&format!("{}: {name}", function.label)))
        });
        lowered.collect()
    }

    /// The value of a call; for a `result`, the ok payload.
    fn lift_result(
        &mut self,
        plan: &Plan,
        function: &Function,
        results: &[Val],
    ) -> Result<Value, End> {
        let env = self.env();
        let (Some(shape), Some(value)) = (&function.result, results.first()) else {
            return Ok(js::undefined(env));
        };
        let mut store = self.store.as_context_mut();
        let mut lifted = |shape: Option<&Shape>, value: Option<&Val>, what: &str| {
            let (Some(shape), Some(value)) = (shape, value) else {
                return Ok(js::undefined(env));
            };
            lift(&mut store, plan, shape, value)
                .map_err(|refusal| refusal.into_error(&format!("{} {what}", function.label)))
        };
        match (shape, value) {
            (Shape::Result { ok, .. }, Val::Result(Ok(value))) => {
                lifted(ok.as_deref(), value.as_deref(), "returned").map_err(End::Last)
            }
            (Shape::Result { error, .. }, Val::Result(Err(value))) => {
                let payload = lifted(error.as_deref(), value.as_deref(), "failed with");
                Err(payload.map_or_else(End::Last, |one| End::Ordinary(Failure::Guest(one))))
            }
            (shape, value) => lifted(Some(shape), Some(value), "returned").map_err(End::Last),
        }
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
        self.store.data_mut().handles.end_loans();
    }

    /// The last failure, with what the guest owned.
    fn fail(mut self, error: &wasmtime::Error) -> Failure {
        let env = self.env();
        let failure = fault::failure(env, self.store.data_mut(), error);
        let open = self.end();
        if let Failure::Fault(object) = &failure {
            js::set(env, *object, c"open", js::array(env, open.into_iter()));
        }
        failure
    }

    fn end(mut self) -> Vec<Value> {
        self.store.data_mut().handles.take_all()
    }

    fn env(&self) -> Env {
        self.store.data().env
    }
}
