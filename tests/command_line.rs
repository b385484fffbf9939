//! The words of the program without an exchange: help, JSON, exit codes, and what it says when
//! something is wrong.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "command_line/check.rs"]
mod check;
#[path = "command_line/configuration.rs"]
mod configuration;
#[path = "command_line/help.rs"]
mod help;
#[path = "command_line/project.rs"]
mod project;
#[path = "command_line/records.rs"]
mod records;
#[path = "command_line/stories.rs"]
mod stories;
#[path = "command_line/users.rs"]
mod users;
