//! HTTP: health, readiness and metrics, and the API for programs. Knows nothing of Lua.
//!
//! [`serve`] answers on a listener. What it tells comes from the store, from the running exchange
//! behind [`Exchange`], and from the [`Events`] that are published there; what scripts answer stands
//! behind [`Doors`].

mod api;
mod doors;
mod events;
mod exchange;
mod figures;
mod floor;
mod health;
mod proxies;
mod server;
mod time;
mod token;

pub use api::{Api, hash_desk_password, weakness_of_desk_password};
pub use doors::{Door, Doors, Guard, Guest, OpenDoor, Unwelcome, Visit, Welcome};
pub use events::{Events, News};
pub use exchange::{
    Allowed, Asked, CallWanted, Deletion, DeskUser, Exchange, KeptGeneration, LeftOut, LiveCall,
    NoCall, NoRole, OldGeneration, Plugin, RefusedGeneration, Registration, Reloaded, RoleWanted,
    ScriptFailure, Scripts, TransferWanted, Trunk, TrunkHost, User, VoicemailChange, WentBack,
    Wrong,
};
pub use figures::{
    AgentFigures, Alert, BoardAgent, BoardQueue, NumberFigures, QueueFigures, Wallboard, Yardstick,
};
pub use floor::{
    Agent, AgentCounts, AgentSettings, AwaitedCallback, CallbackTaken, CallbackWanted, ItemWanted,
    Performed, Queue, QueueDetails, QueueSwitch, Verdict, WaitingCaller, WhyWaiting,
};
pub use health::Health;
pub use proxies::Proxies;
pub use server::serve;
pub use token::{RANDOM, Scope, Token};
