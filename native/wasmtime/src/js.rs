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

pub fn number(env: Env, value: f64) -> Value {
    make!(napi_create_double(env, value))
}

pub fn bigint_u64(env: Env, value: u64) -> Value {
    make!(napi_create_bigint_uint64(env, value))
}

pub fn bigint_i64(env: Env, value: i64) -> Value {
    make!(napi_create_bigint_int64(env, value))
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
        set_element(env, array, i, item);
    }
    array
}

pub fn empty_array(env: Env, length: usize) -> Value {
    make!(napi_create_array_with_length(env, length))
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

pub fn set_element(env: Env, array: Value, index: usize, value: Value) {
    unsafe { sys::napi_set_element(env, array, index as u32, value) };
}

/// None where a getter or a proxy threw: the exception is pending.
pub fn get(env: Env, object: Value, name: &CStr) -> Option<Value> {
    let mut value = ptr::null_mut();
    let status = unsafe { sys::napi_get_named_property(env, object, name.as_ptr(), &mut value) };
    (status == sys::Status::napi_ok).then_some(value)
}

/// None where a proxy threw: the exception is pending.
pub fn element(env: Env, array: Value, index: usize) -> Option<Value> {
    let mut value = ptr::null_mut();
    let status = unsafe { sys::napi_get_element(env, array, index as u32, &mut value) };
    (status == sys::Status::napi_ok).then_some(value)
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Symbol,
    Object,
    Function,
    BigInt,
    External,
}

pub fn kind(env: Env, value: Value) -> Kind {
    let mut found = 0;
    unsafe { sys::napi_typeof(env, value, &mut found) };
    match found {
        sys::ValueType::napi_null => Kind::Null,
        sys::ValueType::napi_boolean => Kind::Boolean,
        sys::ValueType::napi_number => Kind::Number,
        sys::ValueType::napi_string => Kind::String,
        sys::ValueType::napi_symbol => Kind::Symbol,
        sys::ValueType::napi_object => Kind::Object,
        sys::ValueType::napi_function => Kind::Function,
        sys::ValueType::napi_bigint => Kind::BigInt,
        sys::ValueType::napi_external => Kind::External,
        _ => Kind::Undefined,
    }
}

pub fn is_array(env: Env, value: Value) -> bool {
    let mut is = false;
    unsafe { sys::napi_is_array(env, value, &mut is) };
    is
}

/// Length of an array, or of a view of numbers; None for all else.
pub fn length(env: Env, value: Value) -> Option<usize> {
    if is_array(env, value) {
        let mut length = 0;
        unsafe { sys::napi_get_array_length(env, value, &mut length) };
        return Some(length as usize);
    }
    view(env, value).map(|view| view.length)
}

/// A typed array, with what it shows.
pub struct View {
    kind: i32,
    pub length: usize,
    data: *const u8,
}

impl View {
    /// The bytes of a Uint8Array. They are gone when JavaScript runs.
    pub fn bytes(&self) -> Option<&[u8]> {
        if self.kind != sys::TypedarrayType::uint8_array {
            return None;
        }
        if self.length == 0 {
            return Some(&[]);
        }
        Some(unsafe { std::slice::from_raw_parts(self.data, self.length) })
    }
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
    let view = View { kind, length, data: data.cast_const().cast() };
    (status == sys::Status::napi_ok).then_some(view)
}

pub fn as_f64(env: Env, value: Value) -> Option<f64> {
    let mut number = 0.0;
    let status = unsafe { sys::napi_get_value_double(env, value, &mut number) };
    (status == sys::Status::napi_ok).then_some(number)
}

pub fn as_bool(env: Env, value: Value) -> Option<bool> {
    let mut truth = false;
    let status = unsafe { sys::napi_get_value_bool(env, value, &mut truth) };
    (status == sys::Status::napi_ok).then_some(truth)
}

/// None for what is no bigint, and for one that has no such value.
pub fn as_u64(env: Env, value: Value) -> Option<u64> {
    let (mut number, mut lossless) = (0, false);
    unsafe { sys::napi_get_value_bigint_uint64(env, value, &mut number, &mut lossless) };
    lossless.then_some(number)
}

/// None for what is no bigint, and for one that has no such value.
pub fn as_i64(env: Env, value: Value) -> Option<i64> {
    let (mut number, mut lossless) = (0, false);
    unsafe { sys::napi_get_value_bigint_int64(env, value, &mut number, &mut lossless) };
    lossless.then_some(number)
}

/// UTF-16 units of a string; None for what is none.
pub fn utf16_length(env: Env, value: Value) -> Option<usize> {
    let mut length = 0;
    let status =
        unsafe { sys::napi_get_value_string_utf16(env, value, ptr::null_mut(), 0, &mut length) };
    (status == sys::Status::napi_ok).then_some(length)
}

/// The first UTF-16 units of a string.
pub fn utf16(env: Env, value: Value, most: usize) -> Vec<u16> {
    let mut units = vec![0u16; most + 1];
    let mut length = 0;
    unsafe {
        sys::napi_get_value_string_utf16(env, value, units.as_mut_ptr(), units.len(), &mut length)
    };
    units.truncate(length);
    units
}

/// A string of JavaScript; lone surrogates become U+FFFD. None for what is no string.
pub fn as_string(env: Env, value: Value) -> Option<String> {
    // Node-API ends what it writes with a zero, and writes no part of a character.
    let mut short = [0u8; 128];
    let room = short.len();
    let mut length = 0;
    let into = short.as_mut_ptr().cast();
    let status = unsafe { sys::napi_get_value_string_utf8(env, value, into, room, &mut length) };
    if status != sys::Status::napi_ok {
        return None;
    }
    if length + 4 < room {
        return Some(String::from_utf8_lossy(&short[..length]).into_owned());
    }
    unsafe { sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &mut length) };
    let mut long = vec![0u8; length + 1];
    let into = long.as_mut_ptr().cast();
    unsafe { sys::napi_get_value_string_utf8(env, value, into, long.len(), &mut length) };
    long.truncate(length);
    Some(
        String::from_utf8(long)
            .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()),
    )
}

/// `String(value)`; empty where that threw.
pub fn display(env: Env, value: Value) -> String {
    let text = make!(napi_coerce_to_string(env, value));
    if text.is_null() {
        take_exception(env);
        return String::new();
    }
    as_string(env, text).unwrap_or_default()
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

/// What `instanceof` says; false where that threw.
pub fn is_instance(env: Env, value: Value, class: Value) -> bool {
    let mut is = false;
    if unsafe { sys::napi_instanceof(env, value, class, &mut is) } != sys::Status::napi_ok {
        take_exception(env);
        return false;
    }
    is
}

pub fn is_error(env: Env, value: Value) -> bool {
    let mut is = false;
    unsafe { sys::napi_is_error(env, value, &mut is) };
    is
}

pub fn is_promise(env: Env, value: Value) -> bool {
    let mut is = false;
    unsafe { sys::napi_is_promise(env, value, &mut is) };
    is
}

/// Whether the object has the property, by itself or by its prototypes; false where a proxy threw.
pub fn has(env: Env, object: Value, name: &CStr) -> bool {
    let mut has = false;
    let status = unsafe { sys::napi_has_named_property(env, object, name.as_ptr(), &mut has) };
    if status != sys::Status::napi_ok {
        take_exception(env);
    }
    has
}
