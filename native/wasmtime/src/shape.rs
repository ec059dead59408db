//! The types of a component as a plain tree, made once and used by all threads.

use std::ffi::CString;
use wasmtime::component::ResourceType;
use wasmtime::component::types::Type;

pub enum Shape {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
    /// `list<u8>`: a Uint8Array.
    Bytes,
    List(Box<Shape>),
    Record(Vec<Field>),
    Tuple(Vec<Shape>),
    Variant(Vec<Case>),
    Enum(Vec<String>),
    /// `undefined` is none, except where that is a value of the type inside: then `{ tag, val }`.
    Option {
        some: Box<Shape>,
        nested: bool,
    },
    Result {
        ok: Option<Box<Shape>>,
        error: Option<Box<Shape>>,
    },
    Flags(Vec<Name>),
    /// By position among the component's resources.
    Own(usize),
    Borrow(usize),
}

pub struct Field {
    pub name: Name,
    pub shape: Shape,
}

pub struct Case {
    pub name: String,
    pub shape: Option<Shape>,
}

/// A name of a record's field or of a flag, as WIT and as JavaScript spell it.
pub struct Name {
    pub wit: String,
    pub js: CString,
}

impl Name {
    fn new(wit: &str) -> Name {
        // Names of the component model have no zero in them.
        Name { wit: wit.into(), js: CString::new(camel_case(wit)).unwrap_or_default() }
    }

    pub fn js(&self) -> &str {
        self.js.to_str().unwrap_or_default()
    }
}

/// A resource that a component imports or exports.
pub struct Resource {
    /// Empty for one of the world itself.
    pub interface: String,
    pub name: String,
    pub ty: ResourceType,
    /// Whether the host implements it.
    pub imported: bool,
}

/// What of the component model is not supported here.
pub struct Unsupported(pub String);

impl Shape {
    pub fn of(ty: &Type, resources: &[Resource]) -> Result<Shape, Unsupported> {
        let of = |ty: &Type| Shape::of(ty, resources);
        let boxed = |ty: Option<Type>| ty.map(|ty| of(&ty).map(Box::new)).transpose();
        Ok(match ty {
            Type::Bool => Shape::Bool,
            Type::S8 => Shape::S8,
            Type::U8 => Shape::U8,
            Type::S16 => Shape::S16,
            Type::U16 => Shape::U16,
            Type::S32 => Shape::S32,
            Type::U32 => Shape::U32,
            Type::S64 => Shape::S64,
            Type::U64 => Shape::U64,
            Type::Float32 => Shape::F32,
            Type::Float64 => Shape::F64,
            Type::Char => Shape::Char,
            Type::String => Shape::String,
            Type::List(list) => match list.ty() {
                Type::U8 => Shape::Bytes,
                element => Shape::List(Box::new(of(&element)?)),
            },
            Type::Record(record) => {
                let fields = record
                    .fields()
                    .map(|field| Ok(Field { name: Name::new(field.name), shape: of(&field.ty)? }));
                Shape::Record(fields.collect::<Result<_, _>>()?)
            }
            Type::Tuple(tuple) => {
                Shape::Tuple(tuple.types().map(|ty| of(&ty)).collect::<Result<_, _>>()?)
            }
            Type::Variant(variant) => {
                let cases = variant.cases().map(|case| {
                    let shape = case.ty.map(|ty| of(&ty)).transpose()?;
                    Ok(Case { name: case.name.into(), shape })
                });
                Shape::Variant(cases.collect::<Result<_, _>>()?)
            }
            Type::Enum(names) => Shape::Enum(names.names().map(Into::into).collect()),
            Type::Option(option) => {
                let some = of(&option.ty())?;
                let nested = matches!(some, Shape::Option { .. });
                Shape::Option { some: Box::new(some), nested }
            }
            Type::Result(result) => {
                Shape::Result { ok: boxed(result.ok())?, error: boxed(result.err())? }
            }
            Type::Flags(flags) => Shape::Flags(flags.names().map(Name::new).collect()),
            Type::Own(ty) => Shape::Own(position(ty, resources)?),
            Type::Borrow(ty) => Shape::Borrow(position(ty, resources)?),
            Type::Map(_) => return Err(Unsupported("map".into())),
            Type::Future(_) => return Err(Unsupported("future".into())),
            Type::Stream(_) => return Err(Unsupported("stream".into())),
            Type::ErrorContext => return Err(Unsupported("error-context".into())),
            Type::FixedLengthList(_) => return Err(Unsupported("a list of fixed length".into())),
        })
    }
}

fn position(ty: &ResourceType, resources: &[Resource]) -> Result<usize, Unsupported> {
    let found = resources.iter().position(|resource| resource.ty == *ty);
    found.ok_or_else(|| Unsupported("a resource that is neither imported nor exported".into()))
}

/// `peer-namespace` as JavaScript spells it: `peerNamespace`.
fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next) if letter == '-' && (next.is_ascii_lowercase() || next.is_ascii_digit()) => {
                camel.push(next.to_ascii_uppercase());
                letters.next();
            }
            _ => camel.push(letter),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn names_are_spelled_as_javascript_does() {
        assert_eq!(camel_case("peer-namespace"), "peerNamespace");
        assert_eq!(camel_case("a-1b-c"), "a1bC");
        assert_eq!(camel_case("one"), "one");
    }
}
