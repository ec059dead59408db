//! Values of JavaScript on their way to a guest. Nothing is converted: a value that its type does not have is refused,
//! with the path to it.

use crate::describe::kind;
use crate::js::{self, Env, Kind, Value};
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::shape::{Case, Field, Name, Shape};
use crate::state::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{ResourceDynamic, Val};

type Lowered = Result<Val, Refusal>;

pub struct Lowering<'a, 'b> {
    env: Env,
    plan: &'a Plan,
    store: &'a mut StoreContextMut<'b, State>,
}

/// Lowers the value; the store keeps what is lent until the call is over.
pub fn lower(
    store: &mut StoreContextMut<'_, State>,
    plan: &Plan,
    shape: &Shape,
    value: Value,
) -> Lowered {
    Lowering { env: store.data().env, plan, store }.value(shape, value)
}

impl Lowering<'_, '_> {
    fn value(&mut self, shape: &Shape, value: Value) -> Lowered {
        match shape {
            Shape::String => self.string(value).map(Val::String),
            Shape::Bytes => self.bytes(value),
            Shape::List(element) => self.list(element, value).map(Val::List),
            Shape::Record(fields) => self.record(fields, value),
            Shape::Tuple(items) => self.tuple(items, value),
            Shape::Variant(cases) => self.variant(cases, value),
            Shape::Enum(names) => self.name(names, value),
            Shape::Option { some, nested: false } => {
                if js::kind(self.env, value) == Kind::Undefined {
                    return Ok(Val::Option(None));
                }
                Ok(Val::Option(Some(Box::new(self.value(some, value)?))))
            }
            Shape::Option { some, nested: true } => self.option(some, value),
            Shape::Result { ok, error } => self.result(ok.as_deref(), error.as_deref(), value),
            Shape::Flags(names) => self.flags(names, value),
            Shape::Own(resource) => self.resource(*resource, value, true),
            Shape::Borrow(resource) => self.resource(*resource, value, false),
            primitive => match self.primitive(primitive, value) {
                Some(lowered) => Ok(lowered),
                None => Refusal::wrong(self.env, kind(primitive), value),
            },
        }
    }

    fn primitive(&self, shape: &Shape, value: Value) -> Option<Val> {
        let env = self.env;
        // No type of 32 bits and fewer has a value that is not exact as a double.
        let integer = |least: f64, most: f64| {
            js::as_f64(env, value).filter(|n| n.fract() == 0.0 && (least..=most).contains(n))
        };
        Some(match shape {
            Shape::Bool => Val::Bool(js::as_bool(env, value)?),
            Shape::S8 => Val::S8(integer(i8::MIN.into(), i8::MAX.into())? as i8),
            Shape::U8 => Val::U8(integer(0.0, u8::MAX.into())? as u8),
            Shape::S16 => Val::S16(integer(i16::MIN.into(), i16::MAX.into())? as i16),
            Shape::U16 => Val::U16(integer(0.0, u16::MAX.into())? as u16),
            Shape::S32 => Val::S32(integer(i32::MIN.into(), i32::MAX.into())? as i32),
            Shape::U32 => Val::U32(integer(0.0, u32::MAX.into())? as u32),
            Shape::S64 => Val::S64(js::as_i64(env, value)?),
            Shape::U64 => Val::U64(js::as_u64(env, value)?),
            Shape::F32 => Val::Float32(js::as_f64(env, value)? as f32),
            Shape::F64 => Val::Float64(js::as_f64(env, value)?),
            Shape::Char => Val::Char(self.char(value)?),
            _ => return None,
        })
    }

    /// A string of one code point, which is no lone surrogate.
    fn char(&self, value: Value) -> Option<char> {
        let units = js::utf16_length(self.env, value).filter(|length| (1..=2).contains(length))?;
        let units = js::utf16(self.env, value, units);
        let mut letters = char::decode_utf16(units);
        let letter = letters.next()?.ok()?;
        letters.next().is_none().then_some(letter)
    }

    fn string(&mut self, value: Value) -> Result<String, Refusal> {
        let Some(units) = js::utf16_length(self.env, value) else {
            return Refusal::wrong(self.env, "string", value);
        };
        let limit = self.store.data().limits.string;
        if units as f64 > limit {
            return Err(Refusal::too_long(units, limit as usize));
        }
        Ok(js::as_string(self.env, value).unwrap_or_default())
    }

    fn bytes(&mut self, value: Value) -> Lowered {
        match js::view(self.env, value).as_ref().and_then(js::View::bytes) {
            Some(bytes) => Ok(Val::List(bytes.iter().copied().map(Val::U8).collect())),
            None => self.list(&Shape::U8, value).map(Val::List),
        }
    }

    fn list(&mut self, element: &Shape, value: Value) -> Result<Vec<Val>, Refusal> {
        let Some(length) = js::length(self.env, value) else {
            return Refusal::wrong(self.env, "a list", value);
        };
        (0..length).map(|i| self.element(element, value, i)).collect()
    }

    fn tuple(&mut self, items: &[Shape], value: Value) -> Lowered {
        if js::length(self.env, value) != Some(items.len()) {
            return Refusal::wrong(self.env, &format!("a tuple of {}", items.len()), value);
        }
        let items = items.iter().enumerate().map(|(i, shape)| self.element(shape, value, i));
        Ok(Val::Tuple(items.collect::<Result<_, _>>()?))
    }

    fn element(&mut self, shape: &Shape, list: Value, index: usize) -> Lowered {
        let item = js::element(self.env, list, index).ok_or_else(|| self.threw())?;
        self.value(shape, item).map_err(|refusal| refusal.within(&format!("[{index}]")))
    }

    fn record(&mut self, fields: &[Field], value: Value) -> Lowered {
        if js::kind(self.env, value) != Kind::Object {
            return Refusal::wrong(self.env, "a record", value);
        }
        let fields = fields.iter().map(|Field { name, shape }| {
            let inside = js::get(self.env, value, &name.js).ok_or_else(|| self.threw())?;
            let lowered = self
                .value(shape, inside)
                .map_err(|refusal| refusal.within(name.js()).within("."))?;
            Ok((name.wit.clone(), lowered))
        });
        Ok(Val::Record(fields.collect::<Result<_, Refusal>>()?))
    }

    fn variant(&mut self, cases: &[Case], value: Value) -> Lowered {
        let tag = self.tag(value)?;
        let Some(case) = cases.iter().find(|case| Some(&case.name) == tag.as_ref()) else {
            let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
            return self.no_tag(&names, value);
        };
        let payload = self.payload(&case.name, case.shape.as_ref(), value)?;
        Ok(Val::Variant(case.name.clone(), payload))
    }

    fn option(&mut self, some: &Shape, value: Value) -> Lowered {
        match self.tag(value)?.as_deref() {
            Some("none") => Ok(Val::Option(None)),
            Some("some") => Ok(Val::Option(self.payload("some", Some(some), value)?)),
            _ => self.no_tag(&["none", "some"], value),
        }
    }

    fn result(&mut self, ok: Option<&Shape>, error: Option<&Shape>, value: Value) -> Lowered {
        match self.tag(value)?.as_deref() {
            Some("ok") => Ok(Val::Result(Ok(self.payload("ok", ok, value)?))),
            Some("err") => Ok(Val::Result(Err(self.payload("err", error, value)?))),
            _ => self.no_tag(&["ok", "err"], value),
        }
    }

    /// The tag of `{ tag, val }`; None where that is no text.
    fn tag(&mut self, value: Value) -> Result<Option<String>, Refusal> {
        if js::kind(self.env, value) != Kind::Object {
            return Refusal::wrong(self.env, "a variant { tag, val }", value);
        }
        let tag = js::get(self.env, value, c"tag").ok_or_else(|| self.threw())?;
        Ok(js::as_string(self.env, tag))
    }

    fn no_tag(&self, names: &[&str], value: Value) -> Lowered {
        let expected = format!("a variant with a tag of {}", names.join(", "));
        Refusal::wrong(self.env, &expected, value)
    }

    fn payload(
        &mut self,
        tag: &str,
        shape: Option<&Shape>,
        value: Value,
    ) -> Result<Option<Box<Val>>, Refusal> {
        let Some(shape) = shape else { return Ok(None) };
        let inside = js::get(self.env, value, c"val").ok_or_else(|| self.threw())?;
        let lowered =
            self.value(shape, inside).map_err(|refusal| refusal.within(tag).within("."))?;
        Ok(Some(Box::new(lowered)))
    }

    fn name(&self, names: &[String], value: Value) -> Lowered {
        match js::as_string(self.env, value) {
            Some(name) if names.contains(&name) => Ok(Val::Enum(name)),
            _ => Refusal::wrong(self.env, &format!("one of {}", names.join(", ")), value),
        }
    }

    fn flags(&mut self, names: &[Name], value: Value) -> Lowered {
        if js::kind(self.env, value) != Kind::Object {
            return Refusal::wrong(self.env, "flags", value);
        }
        let mut set = Vec::new();
        for name in names {
            let flag = js::get(self.env, value, &name.js).ok_or_else(|| self.threw())?;
            match js::as_bool(self.env, flag) {
                Some(true) => set.push(name.wit.clone()),
                Some(false) => {}
                None if js::kind(self.env, flag) == Kind::Undefined => {}
                None => {
                    let expected = format!("flags with a boolean for {}", name.js());
                    return Refusal::wrong(self.env, &expected, value);
                }
            }
        }
        Ok(Val::Flags(set))
    }

    fn resource(&mut self, position: usize, value: Value, own: bool) -> Lowered {
        let resource = self.plan.resource(position);
        if !resource.imported {
            return self.guest_resource(&resource.name, value, own);
        }
        if !js::is_instance(self.env, value, self.store.data().class(position)) {
            return Err(Refusal::plain(format!("expected a {}", resource.name)));
        }
        let state = self.store.data_mut();
        let representation =
            if own { state.give(value)? } else { state.handles.add(self.env, value, true) };
        // A borrowed handle can be made only within a call of the guest. An own one lowers to a borrow just as well; it is
        // taken back when the call is over.
        let handle = ResourceDynamic::new_own(representation, position as u32)
            .try_into_resource_any(&mut *self.store)?;
        if !own {
            self.store.data_mut().loans.push(handle);
        }
        Ok(Val::Resource(handle))
    }

    /// A resource of the guest's own, which it gave to the host before.
    fn guest_resource(&mut self, name: &str, value: Value, own: bool) -> Lowered {
        let number = |key| {
            let found = js::get(self.env, value, key)?;
            js::as_f64(self.env, found)
        };
        let is_object = js::kind(self.env, value) == Kind::Object;
        let ids = is_object.then(|| Some((number(c"owner")?, number(c"handle")?))).flatten();
        let state = self.store.data_mut();
        let handle = match ids {
            Some((owner, handle)) if owner == f64::from(state.id) => {
                state.given.get_mut(handle as usize)
            }
            _ => None,
        };
        let found = match handle {
            Some(handle) if own => handle.take(),
            Some(handle) => *handle,
            None => None,
        };
        let missing = || Refusal::plain(format!("expected a {name} of this instance"));
        Ok(Val::Resource(found.ok_or_else(missing)?))
    }

    /// A getter or a proxy of the host's threw.
    fn threw(&mut self) -> Refusal {
        self.store.data_mut().caught().into()
    }
}
