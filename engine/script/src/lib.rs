//! Lua: configuration, dialplans, generations, budgets. The only crate that knows mlua.

mod api;
mod budget;
pub mod config;
mod convert;
mod exchange;
mod fault;
mod generation;
mod host;
mod inbox;
mod literals;
mod load;
mod metered;
mod pins;
mod pulse;
mod require;
mod sandbox;
pub mod schema;
mod scripts;
mod serve;
mod simulate;
mod snapshot;
mod status;
pub mod suggest;
mod surroundings;
mod tokens;
mod vm;
mod watch;
mod watchdog;

pub use exchange::{CallNews, Clock, Exchange, Fault, Place, ScriptEnd, Sounds};
pub use generation::{Outcome, ReloadReport};
pub use scripts::{Checked, Refused, Report, Scripts, ScriptsOptions, StartError};
pub use simulate::{CallPlan, CallStory, Offline, StoryLine, TestResult, Tested, Who};
pub use status::{Failure, Old, Refusal, Status, TenantStatus};
