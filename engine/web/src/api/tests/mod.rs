//! The API over real sockets, before a store on disk and an exchange that is played.

mod bench;
mod commands;
mod doors;
mod events;
mod floor;
mod hearing;
mod lists;
mod once;
#[path = "../../../../../tests/support/openapi.rs"]
mod openapi;
mod people;
mod played;
mod routes;
mod samples;
mod session;
mod sound;
mod visits;
