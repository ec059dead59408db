//! Node bindings of wasmtime's component model: synchronous, strict, for a host that trusts no guest.
//!
//! No code is made per world. The types of a component are read once into a [`plan::Plan`], which all threads share;
//! values are written and read along them, in memory that JavaScript sees too ([`exchange`]). The JavaScript beside this crate
//! (`wasmtime.ts`) is the interface to use: it checks values and makes objects of them, calls the functions of the host, and
//! turns what fails here into exceptions.
//!
//! Bytes → [`engine::Engine`] → [`component::Component`] → [`instance`], and within a call
//! [`lower`] → guest → [`host_call`] → [`lift`].

mod component;
mod describe;
mod engine;
mod exchange;
mod fault;
mod host_call;
mod instance;
mod js;
mod lift;
mod limits;
mod lower;
mod plan;
mod reference;
mod shape;
mod stack;
mod state;
mod status;
mod watchdog;
