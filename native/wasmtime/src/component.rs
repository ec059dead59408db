//! A component that is compiled and ready to be instantiated.

use crate::describe::{describe_function, describe_resource};
use crate::engine::Shared;
use crate::fault::Failure;
use crate::instance;
use crate::js::{self, Js};
use crate::limits::Limits;
use crate::plan::Plan;
use crate::status::answer;
use napi_derive::napi;
use std::sync::Arc;

/// The same for all threads; gone when the last of them gives it up.
pub struct Compiled {
    pub component: wasmtime::component::Component,
    pub plan: Arc<Plan>,
}

#[napi]
pub struct Component {
    engine: Arc<Shared>,
    compiled: Arc<Compiled>,
}

#[napi]
impl Component {
    /// Machine code, for `Engine.deserialize` of this build of the addon on a machine like this.
    #[napi(catch_unwind)]
    pub fn serialize(&self, env: napi::Env) -> Js {
        let env = env.raw();
        let serialized = self.compiled.component.serialize();
        answer(
            env,
            serialized
                .map(|bytes| js::bytes_from(env, bytes.into_iter()))
                .map_err(|error| Failure::new(env, "invalid-component", &format!("{error:#}"))),
        )
    }

    #[napi]
    pub fn imports(&self, env: napi::Env) -> Js {
        let (env, plan) = (env.raw(), &self.compiled.plan);
        let functions = plan.imports.iter().map(|one| describe_function(env, plan, one));
        Js(js::array(env, functions))
    }

    #[napi]
    pub fn exports(&self, env: napi::Env) -> Js {
        let (env, plan) = (env.raw(), &self.compiled.plan);
        let functions = plan.exports.iter().map(|one| describe_function(env, plan, &one.function));
        Js(js::array(env, functions))
    }

    #[napi]
    pub fn resources(&self, env: napi::Env) -> Js {
        let env = env.raw();
        let resources = self.compiled.plan.resources.iter();
        Js(js::array(env, resources.map(|one| describe_resource(env, one))))
    }

    /// Makes an instance, and answers with its number. Limits are infinite for none; time is in milliseconds, memory in bytes.
    #[napi(catch_unwind)]
    pub fn instantiate(
        &self,
        env: napi::Env,
        memory: f64,
        time: f64,
        host_calls: f64,
        string: f64,
    ) -> Js {
        let env = env.raw();
        let limits = Limits::new(time, host_calls, string);
        let instance = instance::open(env, &self.engine, &self.compiled.plan, limits, memory);
        answer(env, instance.map(|number| js::number(env, number.into())))
    }
}

impl Component {
    pub fn new(engine: Arc<Shared>, compiled: Arc<Compiled>) -> Component {
        Component { engine, compiled }
    }
}
