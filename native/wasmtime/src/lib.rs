//! Node bindings of wasmtime's component model: synchronous, strict, for a host that trusts no guest.
//!
//! No code is made per world. The types of a component are read once into a [`plan::Plan`], which all threads share;
//! values are converted along them. The JavaScript beside this crate (`index.ts`) is the interface to use: it binds
//! the host's functions to imports, and turns what fails here into exceptions.
//!
//! Bytes → [`engine::Engine`] → [`component::Component`] → [`instance::Instance`], and within a call
//! [`lower`] → guest → [`host_call`] → [`lift`].

mod component;
mod describe;
mod engine;
mod fault;
mod handles;
mod host_call;
mod instance;
mod js;
mod lift;
mod limits;
mod lower;
mod plan;
mod reference;
mod refusal;
mod shape;
mod stack;
mod state;
mod status;
mod watchdog;

use js::Js;
use napi_derive::napi;

/// The byte that says what the last answer on this thread was: see [`status`].
#[napi]
pub fn status(env: napi::Env) -> Js {
    Js(status::status_array(env.raw()))
}
