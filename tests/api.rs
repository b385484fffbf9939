//! The API of a whole exchange: what it tells of real calls, their sound, and what it has done.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

#[path = "api/agents.rs"]
mod agents;
#[path = "api/calls.rs"]
mod calls;
#[path = "api/events.rs"]
mod events;
#[path = "api/history.rs"]
mod history;
#[path = "api/items.rs"]
mod items;
#[path = "api/originate.rs"]
mod originate;
#[path = "api/program.rs"]
mod program;
#[path = "api/provisioned.rs"]
mod provisioned;
#[path = "api/queues.rs"]
mod queues;
#[path = "api/routes.rs"]
mod routes;
#[path = "api/shifts.rs"]
mod shifts;
#[path = "api/state.rs"]
mod state;
#[path = "api/statistics.rs"]
mod statistics;
#[path = "api/transfers.rs"]
mod transfers;
#[path = "api/voicemails.rs"]
mod voicemails;
#[path = "api/work.rs"]
mod work;
