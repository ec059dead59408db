//! An engine: one configuration of wasmtime, the components compiled for it, and the thread that watches deadlines.

use crate::component::{Compiled, Component};
use crate::fault::Failure;
use crate::js::{Env, Js};
use crate::plan::Plan;
use crate::shape::Unsupported;
use crate::status::answer;
use crate::watchdog::{Watch, Watchdog};
use napi::bindgen_prelude::{ToNapiValue, Uint8Array};
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;
use wasmtime::component::Component as Code;
use wasmtime::{
    Config, InstanceAllocationStrategy, ModuleVersionStrategy, PoolingAllocationConfig,
    WasmFeatures,
};

/// What all threads that use an engine share.
pub struct Shared {
    // Before the engine: its thread ends with it.
    watchdog: Watchdog,
    engine: wasmtime::Engine,
    stack: usize,
    components: Mutex<HashMap<String, Weak<Compiled>>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Options {
    /// Instances that there is room for at once; 0 for room that is made as it is needed.
    pub instances: u32,
    /// Bytes of native stack that a guest may use.
    pub stack: u32,
}

#[napi]
pub struct Engine {
    shared: Arc<Shared>,
}

/// Engines of this process by their options: threads that ask for the same get the same.
static ENGINES: Mutex<Option<HashMap<Options, Weak<Shared>>>> = Mutex::new(None);

#[napi]
impl Engine {
    /// The engine of this process with those options.
    #[napi(catch_unwind)]
    pub fn open(env: napi::Env, instances: u32, stack: u32) -> napi::Result<Js> {
        let raw = env.raw();
        Ok(match Shared::open(Options { instances, stack }) {
            Ok(shared) => {
                let engine = Engine { shared };
                answer(raw, Ok(unsafe { ToNapiValue::to_napi_value(raw, engine) }?))
            }
            Err(error) => answer(raw, Err(Failure::new(raw, "engine", &format!("{error:#}")))),
        })
    }

    /// What was compiled or deserialized under that key and is still in use by some thread; else null.
    #[napi]
    pub fn find(&self, key: String) -> Option<Component> {
        let compiled = self.shared.components().get(&key).and_then(Weak::upgrade)?;
        Some(Component::new(self.shared.clone(), compiled))
    }

    #[napi(catch_unwind)]
    pub fn compile(&self, env: napi::Env, bytes: Uint8Array, key: String) -> napi::Result<Js> {
        self.load(env.raw(), key, |engine| Code::from_binary(engine, &bytes))
    }

    /// What `serialize` gave. It is machine code, and run as it is: wasmtime checks that it is of the same version and
    /// configuration, nothing else.
    #[napi(catch_unwind)]
    pub fn deserialize(&self, env: napi::Env, bytes: Uint8Array, key: String) -> napi::Result<Js> {
        self.load(env.raw(), key, |engine| unsafe { Code::deserialize(engine, &bytes) })
    }

    fn load(
        &self,
        env: Env,
        key: String,
        make: impl FnOnce(&wasmtime::Engine) -> wasmtime::Result<Code>,
    ) -> napi::Result<Js> {
        Ok(match self.shared.load(key, make) {
            Ok(compiled) => {
                let component = Component::new(self.shared.clone(), compiled);
                answer(env, Ok(unsafe { ToNapiValue::to_napi_value(env, component) }?))
            }
            Err(message) => answer(env, Err(Failure::new(env, "invalid-component", &message))),
        })
    }
}

impl Shared {
    pub fn open(options: Options) -> wasmtime::Result<Arc<Shared>> {
        let mut engines = lock(&ENGINES);
        let engines = engines.get_or_insert_default();
        if let Some(shared) = engines.get(&options).and_then(Weak::upgrade) {
            return Ok(shared);
        }
        let shared = Arc::new(Shared::new(options)?);
        engines.insert(options, Arc::downgrade(&shared));
        Ok(shared)
    }

    fn new(options: Options) -> wasmtime::Result<Shared> {
        let engine = wasmtime::Engine::new(&configuration(options)?)?;
        let watchdog = Watchdog::start(&engine)?;
        let stack = options.stack as usize;
        Ok(Shared { watchdog, engine, stack, components: Mutex::default() })
    }

    pub fn engine(&self) -> &wasmtime::Engine {
        &self.engine
    }

    pub fn stack(&self) -> usize {
        self.stack
    }

    pub fn watch(&self, at: Instant) -> Watch {
        self.watchdog.watch(at)
    }

    fn components(&self) -> MutexGuard<'_, HashMap<String, Weak<Compiled>>> {
        lock(&self.components)
    }

    /// Made by the first thread that asks; the others wait for it.
    fn load(
        &self,
        key: String,
        make: impl FnOnce(&wasmtime::Engine) -> wasmtime::Result<Code>,
    ) -> Result<Arc<Compiled>, String> {
        let mut components = self.components();
        if let Some(compiled) = components.get(&key).and_then(Weak::upgrade) {
            return Ok(compiled);
        }
        let component = make(&self.engine).map_err(|error| format!("{error:#}"))?;
        let plan = Plan::new(&component)
            .map_err(|Unsupported(what)| format!("{what} is not supported"))?;
        let compiled = Arc::new(Compiled { component, plan: Arc::new(plan) });
        components.retain(|_, known| known.strong_count() > 0);
        components.insert(key, Arc::downgrade(&compiled));
        Ok(compiled)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// WebAssembly 2.0 with tail calls: no threads, no second memory, no exceptions that could catch the host's, no garbage
/// collector.
fn features() -> WasmFeatures {
    WasmFeatures::FLOATS
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::COMPONENT_MODEL
}

fn configuration(options: Options) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    // By itself wasmtime takes code of any patch release, also of one whose compiler had a fault.
    config.module_version(ModuleVersionStrategy::Custom(env!("WASMTIME_VERSION").into()))?;
    config
        .wasm_features(WasmFeatures::all() - features(), false)
        .wasm_features(features(), true)
        .epoch_interruption(true)
        .max_wasm_stack(options.stack as usize);
    if options.instances > 0 {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options.instances)));
    }
    Ok(config)
}

/// Core instances of one component; what wit-component makes has four.
const CORE_INSTANCES: u32 = 32;
/// Of an instance's memory, what is cleared rather than given back to the kernel: most guests never use more.
const RESIDENT: usize = 1 << 20;

fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * CORE_INSTANCES)
        .total_memories(instances)
        .total_tables(instances * CORE_INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_tables_per_component(CORE_INSTANCES)
        .max_memories_per_component(1)
        .table_elements(65_536)
        .max_unused_warm_slots(instances)
        .linear_memory_keep_resident(RESIDENT)
        .table_keep_resident(64 << 10);
    pool
}
