//! The host of scripts through its public face, with an exchange that answers as the test says.
#![allow(clippy::unwrap_used, reason = "tests")]

mod calendars;
mod faults;
mod hang_up;
mod neighbours;
mod plugins;
mod reload;
mod rollback;
mod routes;
mod runaways;
mod sandbox;
mod support;
