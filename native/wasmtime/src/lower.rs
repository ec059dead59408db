//! Values of JavaScript on their way to a guest. `lower.ts` has checked them against their types, and written them.

use crate::exchange::Inbox;
use crate::plan::Plan;
use crate::shape::Shape;
use crate::state::State;
use wasmtime::component::{ResourceAny, ResourceDynamic, Val};
use wasmtime::{Error, Result, StoreContextMut};

/// Reads the value; the store keeps what is lent until the call is over.
pub fn lower(
    store: &mut StoreContextMut<'_, State>,
    plan: &Plan,
    shape: &Shape,
    from: &mut Inbox,
) -> Result<Val> {
    Lowering { plan, store, from }.value(shape)
}

struct Lowering<'a, 'b> {
    plan: &'a Plan,
    store: &'a mut StoreContextMut<'b, State>,
    from: &'a mut Inbox,
}

impl Lowering<'_, '_> {
    fn value(&mut self, shape: &Shape) -> Result<Val> {
        Ok(match shape {
            Shape::Bool => Val::Bool(self.number()? != 0.0),
            Shape::S8 => Val::S8(self.number()? as i8),
            Shape::U8 => Val::U8(self.number()? as u8),
            Shape::S16 => Val::S16(self.number()? as i16),
            Shape::U16 => Val::U16(self.number()? as u16),
            Shape::S32 => Val::S32(self.number()? as i32),
            Shape::U32 => Val::U32(self.number()? as u32),
            Shape::S64 => Val::S64(self.integer()? as i64),
            Shape::U64 => Val::U64(self.integer()?),
            Shape::F32 => Val::Float32(self.number()? as f32),
            Shape::F64 => Val::Float64(self.number()?),
            Shape::Char => {
                let letter = char::from_u32(self.number()? as u32);
                Val::Char(letter.ok_or_else(unreadable)?)
            }
            Shape::String => {
                let bytes = self.from.bytes().ok_or_else(unreadable)?;
                // What JavaScript writes is UTF-8.
                Val::String(String::from_utf8_lossy(bytes).into_owned())
            }
            Shape::Bytes => {
                let bytes = self.from.bytes().ok_or_else(unreadable)?;
                Val::List(bytes.iter().copied().map(Val::U8).collect())
            }
            Shape::List(element) => {
                let length = self.length()?;
                Val::List((0..length).map(|_| self.value(element)).collect::<Result<_>>()?)
            }
            Shape::Record(fields) => {
                let fields = fields.iter();
                let values =
                    fields.map(|field| Ok((field.name.clone(), self.value(&field.shape)?)));
                Val::Record(values.collect::<Result<_>>()?)
            }
            Shape::Tuple(items) => {
                Val::Tuple(items.iter().map(|shape| self.value(shape)).collect::<Result<_>>()?)
            }
            Shape::Variant(cases) => {
                let case = cases.get(self.length()?).ok_or_else(unreadable)?;
                Val::Variant(case.name.clone(), self.payload(case.shape.as_ref())?)
            }
            Shape::Enum(names) => {
                Val::Enum(names.get(self.length()?).ok_or_else(unreadable)?.clone())
            }
            Shape::Option { some } => {
                let is_some = self.number()? != 0.0;
                Val::Option(if is_some { self.payload(Some(some))? } else { None })
            }
            Shape::Result { ok, error } => {
                let is_ok = self.number()? == 0.0;
                Val::Result(if is_ok {
                    Ok(self.payload(ok.as_deref())?)
                } else {
                    Err(self.payload(error.as_deref())?)
                })
            }
            Shape::Flags(names) => {
                let mut set = Vec::new();
                for name in names {
                    if self.number()? != 0.0 {
                        set.push(name.clone());
                    }
                }
                Val::Flags(set)
            }
            Shape::Own(resource) => Val::Resource(self.resource(*resource, true)?),
            Shape::Borrow(resource) => Val::Resource(self.resource(*resource, false)?),
        })
    }

    fn payload(&mut self, shape: Option<&Shape>) -> Result<Option<Box<Val>>> {
        shape.map(|shape| self.value(shape).map(Box::new)).transpose()
    }

    fn number(&mut self) -> Result<f64> {
        self.from.number().ok_or_else(unreadable)
    }

    fn integer(&mut self) -> Result<u64> {
        self.from.integer().ok_or_else(unreadable)
    }

    fn length(&mut self) -> Result<usize> {
        self.from.length().ok_or_else(unreadable)
    }

    fn resource(&mut self, position: usize, own: bool) -> Result<ResourceAny> {
        let number = self.length()?;
        if !self.plan.resource(position).imported {
            return self.guest_resource(number, own);
        }
        // A borrowed handle can be made only within a call of the guest. An own one lowers to a borrow just as well; it is
        // taken back when the call is over.
        let handle = ResourceDynamic::new_own(number as u32, position as u32)
            .try_into_resource_any(&mut *self.store)?;
        if !own {
            self.store.data_mut().loans.push(handle);
        }
        Ok(handle)
    }

    /// A resource of the guest's own, which it gave to the host before.
    fn guest_resource(&mut self, number: usize, own: bool) -> Result<ResourceAny> {
        let place = self.store.data_mut().given.get_mut(number);
        let found = place.and_then(|place| if own { place.take() } else { *place });
        found.ok_or_else(unreadable)
    }
}

/// A fault of `lower.ts`.
fn unreadable() -> Error {
    Error::msg("what JavaScript wrote is not of its type")
}
