//! Types and functions as JavaScript objects, for whoever wants to know what a component imports and exports.

use crate::js::{self, Env, Value};
use crate::plan::{Function, Plan};
use crate::shape::{Resource, Shape};

/// `{ interface, name, parameters: [{ name, type }], result }`; the interface is undefined for a function of the world.
pub fn describe_function(env: Env, plan: &Plan, function: &Function) -> Value {
    let object = js::object(env);
    let interface = &function.interface;
    if !interface.is_empty() {
        js::set(env, object, c"interface", js::string(env, interface));
    }
    js::set(env, object, c"name", js::string(env, &function.name));
    let parameters = function.names.iter().zip(&function.parameters);
    let parameters = parameters.map(|(name, shape)| field(env, plan, name, Some(shape)));
    js::set(env, object, c"parameters", js::array(env, parameters));
    if let Some(shape) = &function.result {
        js::set(env, object, c"result", describe(env, plan, shape));
    }
    object
}

/// `{ interface, name, imported }`
pub fn describe_resource(env: Env, resource: &Resource) -> Value {
    let object = js::object(env);
    if !resource.interface.is_empty() {
        js::set(env, object, c"interface", js::string(env, &resource.interface));
    }
    js::set(env, object, c"name", js::string(env, &resource.name));
    js::set(env, object, c"imported", js::boolean(env, resource.imported));
    object
}

fn field(env: Env, plan: &Plan, name: &str, shape: Option<&Shape>) -> Value {
    let object = js::object(env);
    js::set(env, object, c"name", js::string(env, name));
    if let Some(shape) = shape {
        js::set(env, object, c"type", describe(env, plan, shape));
    }
    object
}

/// A union by `kind`, as `types.ts` says it.
fn describe(env: Env, plan: &Plan, shape: &Shape) -> Value {
    let object = js::object(env);
    js::set(env, object, c"kind", js::string(env, kind(shape)));
    let of = |shape: &Shape| describe(env, plan, shape);
    match shape {
        Shape::Bytes => js::set(env, object, c"element", of(&Shape::U8)),
        Shape::List(element) => js::set(env, object, c"element", of(element)),
        Shape::Record(fields) => {
            let fields = fields.iter().map(|one| field(env, plan, &one.name, Some(&one.shape)));
            js::set(env, object, c"fields", js::array(env, fields));
        }
        Shape::Tuple(items) => {
            js::set(env, object, c"items", js::array(env, items.iter().map(of)));
        }
        Shape::Variant(cases) => {
            let cases = cases.iter().map(|one| field(env, plan, &one.name, one.shape.as_ref()));
            js::set(env, object, c"cases", js::array(env, cases));
        }
        Shape::Enum(names) | Shape::Flags(names) => {
            let names = names.iter().map(|name| js::string(env, name));
            js::set(env, object, c"names", js::array(env, names));
        }
        Shape::Option { some } => js::set(env, object, c"some", of(some)),
        Shape::Result { ok, error } => {
            for (name, shape) in [(c"ok", ok), (c"error", error)] {
                if let Some(shape) = shape {
                    js::set(env, object, name, of(shape));
                }
            }
        }
        Shape::Own(position) | Shape::Borrow(position) => {
            let resource = describe_resource(env, plan.resource(*position));
            js::set(env, object, c"resource", resource);
        }
        _ => {}
    }
    object
}

fn kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "bool",
        Shape::S8 => "s8",
        Shape::U8 => "u8",
        Shape::S16 => "s16",
        Shape::U16 => "u16",
        Shape::S32 => "s32",
        Shape::U32 => "u32",
        Shape::S64 => "s64",
        Shape::U64 => "u64",
        Shape::F32 => "f32",
        Shape::F64 => "f64",
        Shape::Char => "char",
        Shape::String => "string",
        Shape::Bytes | Shape::List(_) => "list",
        Shape::Record(_) => "record",
        Shape::Tuple(_) => "tuple",
        Shape::Variant(_) => "variant",
        Shape::Enum(_) => "enum",
        Shape::Option { .. } => "option",
        Shape::Result { .. } => "result",
        Shape::Flags(_) => "flags",
        Shape::Own(_) => "own",
        Shape::Borrow(_) => "borrow",
    }
}
