//! Lua: configuration, dialplans, generations, budgets. The only crate that knows mlua.

pub mod config;
mod exchange;

pub use exchange::{CallNews, Clock, Exchange, Fault, Place, ScriptEnd};
