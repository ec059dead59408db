//! Values of a guest on their way to JavaScript. wasmtime has checked them against their types.

use crate::fault::Fault;
use crate::js::{self, Env, Value};
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::shape::Shape;
use crate::state::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{ResourceAny, Val};

type Lifted = Result<Value, Refusal>;

struct Lifting<'a, 'b> {
    env: Env,
    plan: &'a Plan,
    store: &'a mut StoreContextMut<'b, State>,
}

pub fn lift(
    store: &mut StoreContextMut<'_, State>,
    plan: &Plan,
    shape: &Shape,
    value: &Val,
) -> Lifted {
    Lifting { env: store.data().env, plan, store }.value(shape, value)
}

impl Lifting<'_, '_> {
    fn value(&mut self, shape: &Shape, value: &Val) -> Lifted {
        let env = self.env;
        Ok(match (shape, value) {
            (_, Val::Bool(truth)) => js::boolean(env, *truth),
            (_, Val::S8(number)) => js::number(env, (*number).into()),
            (_, Val::U8(number)) => js::number(env, (*number).into()),
            (_, Val::S16(number)) => js::number(env, (*number).into()),
            (_, Val::U16(number)) => js::number(env, (*number).into()),
            (_, Val::S32(number)) => js::number(env, (*number).into()),
            (_, Val::U32(number)) => js::number(env, (*number).into()),
            (_, Val::S64(number)) => js::bigint_i64(env, *number),
            (_, Val::U64(number)) => js::bigint_u64(env, *number),
            (_, Val::Float32(number)) => js::number(env, (*number).into()),
            (_, Val::Float64(number)) => js::number(env, *number),
            (_, Val::Char(letter)) => js::string(env, letter.encode_utf8(&mut [0; 4])),
            (_, Val::Enum(name)) => js::string(env, name),
            (_, Val::String(text)) => self.string(text)?,
            (Shape::Bytes, Val::List(items)) => js::bytes_from(env, items.iter().map(byte)),
            (Shape::List(element), Val::List(items)) => {
                self.items(items.iter().map(|item| (&**element, item)))?
            }
            (Shape::Tuple(shapes), Val::Tuple(items)) => {
                self.items(shapes.iter().zip(items.iter()))?
            }
            (Shape::Record(fields), Val::Record(values)) => {
                let object = js::object(env);
                for (field, (_, value)) in fields.iter().zip(values) {
                    let within = |refusal: Refusal| refusal.within(field.name.js()).within(".");
                    // A field that has no value is left out.
                    if matches!(
                        (&field.shape, value),
                        (Shape::Option { nested: false, .. }, Val::Option(None))
                    ) {
                        continue;
                    }
                    let lifted = self.value(&field.shape, value).map_err(within)?;
                    js::set(env, object, &field.name.js, lifted);
                }
                object
            }
            (Shape::Variant(cases), Val::Variant(tag, payload)) => {
                let case = cases.iter().find(|case| case.name == *tag);
                let shape = case.and_then(|case| case.shape.as_ref());
                self.tagged(tag, shape, payload.as_deref())?
            }
            (Shape::Option { nested: false, .. }, Val::Option(None)) => js::undefined(env),
            (Shape::Option { some, nested: false }, Val::Option(Some(value))) => {
                self.value(some, value)?
            }
            (Shape::Option { .. }, Val::Option(None)) => self.tagged("none", None, None)?,
            (Shape::Option { some, .. }, Val::Option(Some(value))) => {
                self.tagged("some", Some(some), Some(value))?
            }
            (Shape::Result { ok, .. }, Val::Result(Ok(payload))) => {
                self.tagged("ok", ok.as_deref(), payload.as_deref())?
            }
            (Shape::Result { error, .. }, Val::Result(Err(payload))) => {
                self.tagged("err", error.as_deref(), payload.as_deref())?
            }
            (Shape::Flags(names), Val::Flags(set)) => {
                let object = js::object(env);
                for name in names {
                    js::set(env, object, &name.js, js::boolean(env, set.contains(&name.wit)));
                }
                object
            }
            (Shape::Own(resource) | Shape::Borrow(resource), Val::Resource(handle)) => {
                self.resource(*resource, *handle)?
            }
            _ => return Err(wasmtime::Error::msg("a value is not of its type").into()),
        })
    }

    fn string(&mut self, text: &str) -> Lifted {
        let limit = self.store.data().limits.string;
        // No text has more units in UTF-16 than bytes in UTF-8.
        if text.len() as f64 > limit {
            let units = text.encode_utf16().count();
            if units as f64 > limit {
                return Err(Refusal::too_long(units, limit as usize));
            }
        }
        Ok(js::string(self.env, text))
    }

    fn items<'v>(&mut self, items: impl ExactSizeIterator<Item = (&'v Shape, &'v Val)>) -> Lifted {
        let array = js::empty_array(self.env, items.len());
        for (i, (shape, item)) in items.enumerate() {
            let within = |refusal: Refusal| refusal.within(&format!("[{i}]"));
            let lifted = self.value(shape, item).map_err(within)?;
            js::set_element(self.env, array, i, lifted);
        }
        Ok(array)
    }

    /// `{ tag, val }`, without `val` where the case has none.
    fn tagged(&mut self, tag: &str, shape: Option<&Shape>, payload: Option<&Val>) -> Lifted {
        let object = js::object(self.env);
        js::set(self.env, object, c"tag", js::string(self.env, tag));
        if let (Some(shape), Some(payload)) = (shape, payload) {
            let within = |refusal: Refusal| refusal.within(tag).within(".");
            let lifted = self.value(shape, payload).map_err(within)?;
            js::set(self.env, object, c"val", lifted);
        }
        Ok(object)
    }

    fn resource(&mut self, position: usize, handle: ResourceAny) -> Lifted {
        let resource = self.plan.resource(position);
        if !resource.imported {
            let state = self.store.data_mut();
            state.given.push(Some(handle));
            let object = js::object(self.env);
            let number = |n: usize| js::number(self.env, n as f64);
            js::set(self.env, object, c"resource", js::string(self.env, &resource.name));
            js::set(self.env, object, c"owner", number(state.id as usize));
            js::set(self.env, object, c"handle", number(state.given.len() - 1));
            return Ok(object);
        }
        let owned = handle.owned();
        let representation = handle.try_into_resource_dynamic(&mut *self.store)?.rep();
        let handles = &mut self.store.data_mut().handles;
        let object = if owned { handles.take(representation) } else { handles.get(representation) };
        let missing = || Fault::HostValue(format!("there is no such {}", resource.name));
        Ok(object.ok_or_else(missing)?)
    }
}

fn byte(value: &Val) -> u8 {
    match value {
        Val::U8(byte) => *byte,
        _ => 0,
    }
}
