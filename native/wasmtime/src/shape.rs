//! The types of a component as a plain tree, made once and used by all threads.

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
    Option {
        some: Box<Shape>,
    },
    Result {
        ok: Option<Box<Shape>>,
        error: Option<Box<Shape>>,
    },
    Flags(Vec<String>),
    /// By position among the component's resources.
    Own(usize),
    Borrow(usize),
}

pub struct Field {
    pub name: String,
    pub shape: Shape,
}

pub struct Case {
    pub name: String,
    pub shape: Option<Shape>,
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
                    .map(|field| Ok(Field { name: field.name.into(), shape: of(&field.ty)? }));
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
            Type::Option(option) => Shape::Option { some: Box::new(of(&option.ty())?) },
            Type::Result(result) => {
                Shape::Result { ok: boxed(result.ok())?, error: boxed(result.err())? }
            }
            Type::Flags(flags) => Shape::Flags(flags.names().map(Into::into).collect()),
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
