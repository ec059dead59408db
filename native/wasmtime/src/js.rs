//! Node-API, as thin as it gets. A `Value` lives in the innermost open scope; nothing here leaves an
//! exception pending unless it says so.

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue};
use napi::sys;
use std::ffi::CStr;
use std::ptr;

pub use napi::sys::{napi_env as Env, napi_value as Value};

/// Any JavaScript value, as a parameter or result of a `#[napi]` function.
pub struct Js(pub Value);

impl FromNapiValue for Js {
    unsafe fn from_napi_value(_: Env, value: Value) -> napi::Result<Self> {
        Ok(Js(value))
    }
}

impl ToNapiValue for Js {
    unsafe fn to_napi_value(_: Env, value: Self) -> napi::Result<Value> {
        Ok(value.0)
    }
}

impl TypeName for Js {
    fn type_name() -> &'static str {
        "any"
    }

    fn value_type() -> napi::ValueType {
        napi::ValueType::Unknown
    }
}

impl ValidateNapiValue for Js {}

/// Calls a Node-API function whose last parameter is where it puts its value. That stays null where it fails.
macro_rules! make {
    ($function:ident($env:expr $(, $argument:expr)*)) => {{
        let mut made = ::std::ptr::null_mut();
        unsafe { ::napi::sys::$function($env $(, $argument)*, &mut made) };
        made
    }};
}

pub(crate) use make;

pub fn undefined(env: Env) -> Value {
    make!(napi_get_undefined(env))
}

pub fn boolean(env: Env, value: bool) -> Value {
    make!(napi_get_boolean(env, value))
}

pub fn integer(env: Env, value: i32) -> Value {
    make!(napi_create_int32(env, value))
}

pub fn number(env: Env, value: f64) -> Value {
    make!(napi_create_double(env, value))
}

pub fn string(env: Env, text: &str) -> Value {
    make!(napi_create_string_utf8(env, text.as_ptr().cast(), text.len() as isize))
}

pub fn object(env: Env) -> Value {
    make!(napi_create_object(env))
}

pub fn array(env: Env, items: impl ExactSizeIterator<Item = Value>) -> Value {
    let array = make!(napi_create_array_with_length(env, items.len()));
    for (i, item) in items.enumerate() {
        unsafe { sys::napi_set_element(env, array, i as u32, item) };
    }
    array
}

/// A Uint8Array of that many bytes, and where they are.
pub fn bytes(env: Env, length: usize) -> (Value, *mut u8) {
    let mut data = ptr::null_mut();
    let mut buffer = ptr::null_mut();
    unsafe { sys::napi_create_arraybuffer(env, length, &mut data, &mut buffer) };
    let kind = sys::TypedarrayType::uint8_array;
    let array = make!(napi_create_typedarray(env, kind, length, buffer, 0));
    (array, data.cast())
}

pub fn bytes_from(env: Env, from: impl ExactSizeIterator<Item = u8>) -> Value {
    let length = from.len();
    let (array, data) = bytes(env, length);
    if length > 0 && !data.is_null() {
        let target = unsafe { std::slice::from_raw_parts_mut(data, length) };
        for (to, byte) in target.iter_mut().zip(from) {
            *to = byte;
        }
    }
    array
}

pub fn set(env: Env, object: Value, name: &CStr, value: Value) {
    unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), value) };
}

/// None where a getter or a proxy threw: the exception is pending.
pub fn get(env: Env, object: Value, name: &CStr) -> Option<Value> {
    let mut value = ptr::null_mut();
    let status = unsafe { sys::napi_get_named_property(env, object, name.as_ptr(), &mut value) };
    (status == sys::Status::napi_ok).then_some(value)
}

/// A typed array, with what it shows.
pub struct View {
    /// Of its elements.
    pub length: usize,
    pub data: *mut u8,
}

pub fn view(env: Env, value: Value) -> Option<View> {
    let mut is = false;
    unsafe { sys::napi_is_typedarray(env, value, &mut is) };
    if !is {
        return None;
    }
    let (mut kind, mut length, mut data) = (0, 0, ptr::null_mut());
    let (mut buffer, mut offset) = (ptr::null_mut(), 0);
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut kind,
            &mut length,
            &mut data,
            &mut buffer,
            &mut offset,
        )
    };
    let view = View { length, data: data.cast() };
    (status == sys::Status::napi_ok).then_some(view)
}

pub fn as_f64(env: Env, value: Value) -> Option<f64> {
    let mut number = 0.0;
    let status = unsafe { sys::napi_get_value_double(env, value, &mut number) };
    (status == sys::Status::napi_ok).then_some(number)
}

/// Calls a function without `this`. None where it threw (the exception is pending), or where the thread may run no JavaScript any more.
pub fn call(env: Env, function: Value, arguments: &[Value]) -> Option<Value> {
    let mut value = ptr::null_mut();
    let this = undefined(env);
    let status = unsafe {
        sys::napi_call_function(
            env,
            this,
            function,
            arguments.len(),
            arguments.as_ptr(),
            &mut value,
        )
    };
    (status == sys::Status::napi_ok).then_some(value)
}

/// The pending exception, which is cleared. None where there is none: then the thread is being terminated.
pub fn take_exception(env: Env) -> Option<Value> {
    let mut pending = false;
    unsafe { sys::napi_is_exception_pending(env, &mut pending) };
    let exception =
        if pending { make!(napi_get_and_clear_last_exception(env)) } else { ptr::null_mut() };
    (!exception.is_null()).then_some(exception)
}
