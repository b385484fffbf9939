//! Lua: configuration, dialplans, generations, budgets. The only crate that knows mlua.

mod advice;
mod api;
mod budget;
mod calls;
mod codes;
pub mod config;
mod convert;
mod door;
mod exchange;
mod fault;
mod generation;
mod history;
mod hoard;
mod host;
mod http;
mod inbox;
mod jobs;
mod leash;
mod lines;
mod literals;
mod load;
mod mail;
mod metered;
mod patterns;
mod pins;
pub mod plugin;
mod pulse;
mod read_only;
mod require;
pub mod rows;
mod sandbox;
pub mod schema;
mod scripts;
mod serve;
mod simulate;
mod smpp;
mod snapshot;
mod status;
pub mod suggest;
mod surroundings;
mod tokens;
pub mod told;
mod vm;
mod watch;
mod watchdog;

pub use calls::{CallStatus, NotMade, Originate, WhichCalls};
pub use door::{Answer, Door, Guard, Guest, Route, Unanswered, Visit};
pub use exchange::{
    CallNews, Clock, Exchange, Fault, MessageChange, OfferedItem, Place, ScriptEnd, ScriptNews,
    SentText, Sounds, Undelivered,
};
pub use generation::{Outcome, ReloadReport};
pub use history::{GoneBack, Kept};
pub use plugin::quarantine::Shut;
pub use scripts::{Checked, Refused, Report, Scripts, ScriptsOptions, StartError};
pub use simulate::{CallPlan, CallStory, Offline, StoryLine, TestResult, Tested, Who};
pub use smpp::LineStatus;
pub use status::{ConfigRefusal, Failure, Old, PluginStatus, Refusal, Status, TenantStatus};
