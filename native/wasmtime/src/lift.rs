//! Values of a guest on their way to JavaScript, which makes objects of them (`lift.ts`). wasmtime has checked them against their
//! types.

use crate::exchange::Outbox;
use crate::plan::Plan;
use crate::shape::Shape;
use crate::state::State;
use wasmtime::component::{ResourceAny, Val};
use wasmtime::{Error, Result, StoreContextMut};

/// Writes the value.
pub fn lift(
    store: &mut StoreContextMut<'_, State>,
    plan: &Plan,
    shape: &Shape,
    value: &Val,
    to: &mut Outbox,
) -> Result<()> {
    Lifting { plan, store, to }.value(shape, value)
}

struct Lifting<'a, 'b> {
    plan: &'a Plan,
    store: &'a mut StoreContextMut<'b, State>,
    to: &'a mut Outbox,
}

impl Lifting<'_, '_> {
    fn value(&mut self, shape: &Shape, value: &Val) -> Result<()> {
        match (shape, value) {
            (_, Val::Bool(truth)) => self.to.number(u8::from(*truth)),
            (_, Val::S8(number)) => self.to.number(*number),
            (_, Val::U8(number)) => self.to.number(*number),
            (_, Val::S16(number)) => self.to.number(*number),
            (_, Val::U16(number)) => self.to.number(*number),
            (_, Val::S32(number)) => self.to.number(*number),
            (_, Val::U32(number)) => self.to.number(*number),
            (_, Val::S64(number)) => self.to.integer(*number as u64),
            (_, Val::U64(number)) => self.to.integer(*number),
            (_, Val::Float32(number)) => self.to.number(*number),
            (_, Val::Float64(number)) => self.to.number(*number),
            (_, Val::Char(letter)) => self.to.number(u32::from(*letter)),
            (_, Val::String(text)) => self.text(text),
            (Shape::Enum(names), Val::Enum(name)) => self.place(names.iter(), name)?,
            (Shape::Bytes, Val::List(items)) => {
                let bytes: Vec<u8> = items.iter().map(byte).collect();
                self.to.bytes(&bytes);
            }
            (Shape::List(element), Val::List(items)) => {
                self.to.length(items.len());
                for item in items {
                    self.value(element, item)?;
                }
            }
            (Shape::Tuple(shapes), Val::Tuple(items)) => {
                for (shape, item) in shapes.iter().zip(items) {
                    self.value(shape, item)?;
                }
            }
            (Shape::Record(fields), Val::Record(values)) => {
                for (field, (_, value)) in fields.iter().zip(values) {
                    self.value(&field.shape, value)?;
                }
            }
            (Shape::Variant(cases), Val::Variant(tag, payload)) => {
                self.place(cases.iter().map(|case| &case.name), tag)?;
                let case = cases.iter().find(|case| case.name == *tag);
                self.payload(case.and_then(|case| case.shape.as_ref()), payload.as_deref())?;
            }
            (Shape::Option { some }, Val::Option(payload)) => {
                self.to.number(u8::from(payload.is_some()));
                self.payload(Some(some), payload.as_deref())?;
            }
            (Shape::Result { ok, .. }, Val::Result(Ok(payload))) => {
                self.to.number(0);
                self.payload(ok.as_deref(), payload.as_deref())?;
            }
            (Shape::Result { error, .. }, Val::Result(Err(payload))) => {
                self.to.number(1);
                self.payload(error.as_deref(), payload.as_deref())?;
            }
            (Shape::Flags(names), Val::Flags(set)) => {
                for name in names {
                    self.to.number(u8::from(set.contains(name)));
                }
            }
            (Shape::Own(resource) | Shape::Borrow(resource), Val::Resource(handle)) => {
                let number = self.resource(*resource, *handle)?;
                self.to.length(number);
            }
            _ => return Err(Error::msg("a value is not of its type")),
        }
        Ok(())
    }

    fn payload(&mut self, shape: Option<&Shape>, payload: Option<&Val>) -> Result<()> {
        match (shape, payload) {
            (Some(shape), Some(payload)) => self.value(shape, payload),
            _ => Ok(()),
        }
    }

    /// Its bytes; of one that is too long only the number of its UTF-16 units, negated: JavaScript knows what to say of it.
    fn text(&mut self, text: &str) {
        let most = self.store.data().limits.string;
        // It has no more of them than bytes.
        if text.len() as f64 <= most {
            return self.to.bytes(text.as_bytes());
        }
        let units = text.encode_utf16().count() as f64;
        if units <= most { self.to.bytes(text.as_bytes()) } else { self.to.number(-units) }
    }

    /// A case or a name by its position.
    fn place<'n>(&mut self, mut names: impl Iterator<Item = &'n String>, name: &str) -> Result<()> {
        let place = names.position(|one| one == name);
        self.to.length(place.ok_or_else(|| Error::msg("a value is not of its type"))?);
        Ok(())
    }

    /// What stands for it: of the host's, the place of its object; of the guest's own, that among those that the host has.
    fn resource(&mut self, position: usize, handle: ResourceAny) -> Result<usize> {
        if !self.plan.resource(position).imported {
            let given = &mut self.store.data_mut().given;
            given.push(Some(handle));
            return Ok(given.len() - 1);
        }
        Ok(handle.try_into_resource_dynamic(&mut *self.store)?.rep() as usize)
    }
}

fn byte(value: &Val) -> u8 {
    match value {
        Val::U8(byte) => *byte,
        _ => 0,
    }
}
