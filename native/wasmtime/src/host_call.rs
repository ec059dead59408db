//! Calls of the guest to the host: on the guest's thread, and over when they return.

use crate::fault::Fault;
use crate::js::{self, Env, Value};
use crate::lift::lift;
use crate::lower::lower;
use crate::plan::{Function, Plan};
use crate::reference::Scope;
use crate::refusal::Refusal;
use crate::shape::Shape;
use crate::state::State;
use wasmtime::component::Val;
use wasmtime::{Error, Result, StoreContextMut};

type Store<'a, 'b> = &'a mut StoreContextMut<'b, State>;

/// Calls the host's function for the import at that position.
pub fn call_host(store: Store, position: usize, given: &[Val], results: &mut [Val]) -> Result<()> {
    store.data_mut().assert_may_call()?;
    store.data_mut().count_host_call()?;
    let (env, plan) = (store.data().env, store.data().plan.clone());
    let function = &plan.imports[position];
    let _scope = Scope::open(env);
    let arguments = lift_arguments(store, &plan, function, given)?;
    let answer = js::call(env, store.data().host_function(position), &arguments);
    let outcome = match answer {
        Some(value) => Ok(value),
        None => Err(store.data_mut().caught()),
    };
    store.data().assert_in_time()?;
    let lowered = match outcome {
        Ok(value) => lower_answer(store, &plan, function, value),
        Err(fault) => lower_error(store, &plan, function, fault),
    }?;
    if let (Some(place), Some(value)) = (results.first_mut(), lowered) {
        *place = value;
    }
    Ok(())
}

/// Closes an object of the host's: the guest has dropped the handle that it owned.
pub fn drop_resource(store: Store, representation: u32) -> Result<()> {
    store.data_mut().assert_may_call()?;
    let env = store.data().env;
    let _scope = Scope::open(env);
    let Some(object) = store.data_mut().handles.take(representation) else { return Ok(()) };
    let closed = js::call(env, store.data().closer(), &[object]);
    let outcome = if closed.is_some() { Ok(()) } else { Err(store.data_mut().caught()) };
    store.data().assert_in_time()?;
    Ok(outcome?)
}

fn lift_arguments(
    store: Store,
    plan: &Plan,
    function: &Function,
    given: &[Val],
) -> Result<Vec<Value>> {
    let parameters = function.parameters.iter().zip(given);
    let lifted = parameters.map(|((name, shape), value)| {
        lift(store, plan, shape, value)
            .map_err(|refusal| refusal.into_error(&format!("{}: {name}", function.label)))
    });
    lifted.collect()
}

fn lower_answer(
    store: Store,
    plan: &Plan,
    function: &Function,
    value: Value,
) -> Result<Option<Val>> {
    match &function.result {
        None => assert_over(store.data().env, function, value).map(|()| None),
        Some(Shape::Result { ok, .. }) => {
            if ok.is_none() {
                assert_over(store.data().env, function, value)?;
            }
            let payload = lower_payload(store, plan, function, ok, value, ".ok")?;
            Ok(Some(Val::Result(Ok(payload))))
        }
        Some(shape) => {
            let lowered = lower(store, plan, shape, value);
            lowered.map(Some).map_err(|refusal| within_result(function, "", refusal))
        }
    }
}

/// What a function without a value returns is left, but a promise would be something that goes on.
fn assert_over(env: Env, function: &Function, value: Value) -> Result<()> {
    if !js::is_promise(env, value) {
        return Ok(());
    }
    let refusal = Refusal::plain("expected nothing, got a promise".into());
    Err(within_result(function, "", refusal))
}

/// The err case of a function's `result` is thrown, as an Error that has its payload. All else ends the guest.
fn lower_error(
    store: Store,
    plan: &Plan,
    function: &Function,
    fault: Fault,
) -> Result<Option<Val>> {
    let env = store.data().env;
    let (Fault::HostThrew, Some(Shape::Result { error, .. })) = (&fault, &function.result) else {
        return Err(Error::new(fault));
    };
    let Some(payload) = thrown_payload(env, store.data_mut()) else {
        return Err(Error::new(fault));
    };
    let payload = lower_payload(store, plan, function, error, payload, ".err")?;
    Ok(Some(Val::Result(Err(payload))))
}

fn thrown_payload(env: Env, state: &mut State) -> Option<Value> {
    let thrown = state.thrown.as_ref()?.get();
    if !js::is_error(env, thrown) || !js::has(env, thrown, c"payload") {
        return None;
    }
    let payload = js::get(env, thrown, c"payload");
    state.thrown = None;
    if payload.is_none() {
        // A getter threw: what it threw counts.
        state.caught();
    }
    payload
}

fn lower_payload(
    store: Store,
    plan: &Plan,
    function: &Function,
    shape: &Option<Box<Shape>>,
    value: Value,
    case: &str,
) -> Result<Option<Box<Val>>> {
    let Some(shape) = shape else { return Ok(None) };
    let lowered = lower(store, plan, shape, value);
    let lowered = lowered.map_err(|refusal| within_result(function, case, refusal))?;
    Ok(Some(Box::new(lowered)))
}

fn within_result(function: &Function, case: &str, refusal: Refusal) -> Error {
    refusal.within(case).into_error(&format!("{} returned", function.label))
}
