//! Calls of the guest to the host: on the guest's thread, and over when they return.

use crate::exchange::{self, Inbox, Outbox};
use crate::fault::Fault;
use crate::lift::lift;
use crate::lower::lower;
use crate::plan::{Function, Plan};
use crate::reference::Scope;
use crate::shape::Shape;
use crate::state::State;
use wasmtime::component::Val;
use wasmtime::{Error, Result, StoreContextMut};

type Store<'a, 'b> = &'a mut StoreContextMut<'b, State>;

/// How JavaScript says that a function returned, or threw the err case of its `result`. With any other number it did not end well,
/// and JavaScript knows why.
const VALUE: i32 = 0;
const ERROR: i32 = 1;

/// Calls the host's function for the import at that position.
pub fn call_host(store: Store, position: usize, given: &[Val], results: &mut [Val]) -> Result<()> {
    store.data_mut().assert_may_call()?;
    store.data_mut().count_host_call()?;
    let (env, plan) = (store.data().env, store.data().plan.clone());
    let function = &plan.imports[position];
    let _scope = Scope::open(env);
    lift_arguments(store, &plan, function, given)?;
    let status = dispatch(store, position as i32);
    store.data().assert_in_time()?;
    let lowered = lower_answer(store, &plan, function, status?)?;
    if let (Some(place), Some(value)) = (results.first_mut(), lowered) {
        *place = value;
    }
    Ok(())
}

/// Closes an object of the host's: the guest has dropped the handle that it owned.
pub fn drop_resource(store: Store, number: u32) -> Result<()> {
    store.data_mut().assert_may_call()?;
    let _scope = Scope::open(store.data().env);
    let status = dispatch(store, -1 - number as i32);
    store.data().assert_in_time()?;
    if status? == VALUE { Ok(()) } else { Err(Error::new(Fault::Host)) }
}

fn dispatch(store: Store, what: i32) -> Result<i32, Fault> {
    let answer = exchange::dispatch(store.data().env, what);
    answer.ok_or_else(|| store.data_mut().caught())
}

fn lift_arguments(store: Store, plan: &Plan, function: &Function, given: &[Val]) -> Result<()> {
    if given.is_empty() {
        return Ok(());
    }
    let mut outbox = std::mem::take(&mut store.data_mut().outbox);
    outbox.clear();
    let lifted = lift_all(store, plan, function, given, &mut outbox);
    store.data_mut().outbox = outbox;
    lifted
}

fn lift_all(
    store: Store,
    plan: &Plan,
    function: &Function,
    given: &[Val],
    outbox: &mut Outbox,
) -> Result<()> {
    for (shape, value) in function.parameters.iter().zip(given) {
        lift(store, plan, shape, value, outbox)?;
    }
    Ok(outbox.deliver(store.data_mut())?)
}

fn lower_answer(
    store: Store,
    plan: &Plan,
    function: &Function,
    status: i32,
) -> Result<Option<Val>> {
    let mut inbox = Inbox::open();
    let mut payload = |shape: &Option<Box<Shape>>| -> Result<Option<Box<Val>>> {
        let Some(shape) = shape else { return Ok(None) };
        Ok(Some(Box::new(lower(store, plan, shape, &mut inbox)?)))
    };
    match (status, &function.result) {
        (VALUE, None) => Ok(None),
        (VALUE, Some(Shape::Result { ok, .. })) => Ok(Some(Val::Result(Ok(payload(ok)?)))),
        (VALUE, Some(shape)) => lower(store, plan, shape, &mut inbox).map(Some),
        (ERROR, Some(Shape::Result { error, .. })) => Ok(Some(Val::Result(Err(payload(error)?)))),
        _ => Err(Error::new(Fault::Host)),
    }
}
