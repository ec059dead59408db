//! What keeps values of JavaScript, and what gives them up.

use crate::js::{Env, Value, get, make, object, set, undefined};
use napi::sys;

/// Keeps a value from being collected. Belongs to the thread that made it, and is given up there.
pub struct Ref {
    env: Env,
    raw: sys::napi_ref,
}

impl Ref {
    /// Of an object or a function.
    pub fn new(env: Env, value: Value) -> Ref {
        Ref { env, raw: make!(napi_create_reference(env, value, 1)) }
    }

    pub fn get(&self) -> Value {
        make!(napi_get_reference_value(self.env, self.raw))
    }
}

impl Drop for Ref {
    fn drop(&mut self) {
        unsafe { sys::napi_delete_reference(self.env, self.raw) };
    }
}

/// Of any value: references of Node-API are for objects only, and what JavaScript throws is anything.
pub struct Boxed(Ref);

impl Boxed {
    pub fn new(env: Env, value: Value) -> Boxed {
        let inside = object(env);
        set(env, inside, c"value", value);
        Boxed(Ref::new(env, inside))
    }

    pub fn get(&self) -> Value {
        get(self.0.env, self.0.get(), c"value").unwrap_or_else(|| undefined(self.0.env))
    }
}

/// Values made while it is open are given up with it.
pub struct Scope {
    env: Env,
    raw: sys::napi_handle_scope,
}

impl Scope {
    pub fn open(env: Env) -> Scope {
        Scope { env, raw: make!(napi_open_handle_scope(env)) }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        unsafe { sys::napi_close_handle_scope(self.env, self.raw) };
    }
}
