//! Calls of phones that others have written: baresip, linphone and SIPp.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

#[path = "phones/baresip.rs"]
mod baresip;
#[path = "phones/by_itself.rs"]
mod by_itself;
#[path = "phones/codes.rs"]
mod codes;
#[path = "phones/command_line.rs"]
mod command_line;
#[path = "phones/declined.rs"]
mod declined;
#[path = "phones/floor.rs"]
mod floor;
#[path = "phones/lamps.rs"]
mod lamps;
#[path = "phones/leader.rs"]
mod leader;
#[path = "phones/linphone.rs"]
mod linphone;
#[path = "phones/queue.rs"]
mod queue;
#[path = "phones/same.rs"]
mod same;
#[path = "phones/shift.rs"]
mod shift;
#[path = "phones/thousand_calls.rs"]
mod thousand_calls;
#[path = "phones/timers.rs"]
mod timers;
#[path = "phones/told.rs"]
mod told;
#[path = "phones/tour.rs"]
mod tour;
#[path = "phones/transfers.rs"]
mod transfers;
#[path = "phones/trunks.rs"]
mod trunks;
