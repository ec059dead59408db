//! What follows from a component alone: its functions with their types, and how it is linked. Made once, shared by all
//! threads: linking needs nothing of the host, since each import is a way to "function n of the host of this store".

use crate::host_call::{call_host, drop_resource};
use crate::shape::{Resource, Shape, Unsupported};
use crate::state::State;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, ResourceType};

pub struct Plan {
    /// Imported ones first.
    pub resources: Vec<Resource>,
    pub imports: Vec<Function>,
    pub exports: Vec<Export>,
    pub pre: InstancePre<State>,
}

pub struct Function {
    /// Empty for one of the world itself.
    pub interface: String,
    /// As the component model spells it: `[method]lease.renew`.
    pub name: String,
    pub names: Vec<String>,
    pub parameters: Vec<Shape>,
    pub result: Option<Shape>,
}

pub struct Export {
    pub function: Function,
    pub index: ComponentExportIndex,
}

impl Plan {
    pub fn new(component: &Component) -> Result<Plan, Unsupported> {
        let resources = resources_of(component);
        let imports = imports_of(component, &resources)?;
        let exports = exports_of(component, &resources)?;
        let pre = link(component, &resources, &imports)
            .map_err(|error| Unsupported(format!("{error:#}")))?;
        Ok(Plan { resources, imports, exports, pre })
    }

    pub fn resource(&self, position: usize) -> &Resource {
        &self.resources[position]
    }
}

fn resources_of(component: &Component) -> Vec<Resource> {
    let engine = component.engine();
    let ty = component.component_type();
    let mut resources: Vec<Resource> = Vec::new();
    let mut add = |interface: &str, name: &str, ty: ResourceType, imported: bool| {
        if resources.iter().all(|known| known.ty != ty) {
            resources.push(Resource {
                interface: interface.into(),
                name: name.into(),
                ty,
                imported,
            });
        }
    };
    let imports = ty.imports(engine).map(|(name, item)| (true, name, item));
    let exports = ty.exports(engine).map(|(name, item)| (false, name, item));
    for (imported, name, item) in imports.chain(exports) {
        match item.ty {
            ComponentItem::Resource(ty) => add("", name, ty, imported),
            ComponentItem::ComponentInstance(instance) => {
                for (inner, item) in instance.exports(engine) {
                    if let ComponentItem::Resource(ty) = item.ty {
                        add(name, inner, ty, imported);
                    }
                }
            }
            _ => {}
        }
    }
    resources
}

fn imports_of(component: &Component, resources: &[Resource]) -> Result<Vec<Function>, Unsupported> {
    let engine = component.engine();
    let mut functions = Vec::new();
    for (name, item) in component.component_type().imports(engine) {
        match &item.ty {
            ComponentItem::ComponentFunc(ty) => {
                functions.push(Function::new("", name, ty, resources)?);
            }
            ComponentItem::ComponentInstance(instance) => {
                for (inner, item) in instance.exports(engine) {
                    match &item.ty {
                        ComponentItem::ComponentFunc(ty) => {
                            functions.push(Function::new(name, inner, ty, resources)?);
                        }
                        ComponentItem::Resource(_) | ComponentItem::Type(_) => {}
                        _ => return Err(Unsupported(format!("import {name} {inner}"))),
                    }
                }
            }
            ComponentItem::Resource(_) | ComponentItem::Type(_) => {}
            _ => return Err(Unsupported(format!("import {name}"))),
        }
    }
    Ok(functions)
}

fn exports_of(component: &Component, resources: &[Resource]) -> Result<Vec<Export>, Unsupported> {
    let engine = component.engine();
    let mut exports = Vec::new();
    for (name, item) in component.component_type().exports(engine) {
        let Some(index) = component.get_export_index(None, name) else { continue };
        match &item.ty {
            ComponentItem::ComponentFunc(ty) => {
                let function = Function::new("", name, ty, resources)?;
                exports.push(Export { function, index });
            }
            ComponentItem::ComponentInstance(instance) => {
                for (inner, item) in instance.exports(engine) {
                    let ComponentItem::ComponentFunc(ty) = &item.ty else { continue };
                    let function = Function::new(name, inner, ty, resources)?;
                    if let Some(index) = component.get_export_index(Some(&index), inner) {
                        exports.push(Export { function, index });
                    }
                }
            }
            _ => {}
        }
    }
    Ok(exports)
}

impl Function {
    fn new(
        interface: &str,
        name: &str,
        ty: &ComponentFunc,
        resources: &[Resource],
    ) -> Result<Function, Unsupported> {
        let within = |what: &str, Unsupported(why): Unsupported| {
            Unsupported(format!("{interface} {name}: {what}: {why}"))
        };
        if ty.async_() {
            return Err(within("function", Unsupported("async".into())));
        }
        let parameters = ty
            .params()
            .map(|(parameter, ty)| Shape::of(&ty, resources).map_err(|why| within(parameter, why)));
        let result = ty.results().next().map(|ty| Shape::of(&ty, resources)).transpose();
        Ok(Function {
            names: ty.params().map(|(parameter, _)| parameter.into()).collect(),
            parameters: parameters.collect::<Result<_, _>>()?,
            result: result.map_err(|why| within("result", why))?,
            interface: interface.into(),
            name: name.into(),
        })
    }
}

fn link(
    component: &Component,
    resources: &[Resource],
    imports: &[Function],
) -> wasmtime::Result<InstancePre<State>> {
    let mut linker = Linker::<State>::new(component.engine());
    for (position, resource) in resources.iter().enumerate().filter(|(_, one)| one.imported) {
        let ty = ResourceType::host_dynamic(position as u32);
        instance(&mut linker, &resource.interface)?.resource(
            &resource.name,
            ty,
            |mut cx, number| drop_resource(&mut cx, number),
        )?;
    }
    for (position, function) in imports.iter().enumerate() {
        instance(&mut linker, &function.interface)?
            .func_new(&function.name, move |mut cx, _, given, results| {
                call_host(&mut cx, position, given, results)
            })?;
    }
    linker.instantiate_pre(component)
}

fn instance<'a>(
    linker: &'a mut Linker<State>,
    interface: &str,
) -> wasmtime::Result<wasmtime::component::LinkerInstance<'a, State>> {
    if interface.is_empty() { Ok(linker.root()) } else { linker.instance(interface) }
}
