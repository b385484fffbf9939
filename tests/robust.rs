//! What must hold when something breaks: scripts, files, phones, the process itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

#[path = "robust/agents.rs"]
mod agents;
#[path = "robust/bad_plugins.rs"]
mod bad_plugins;
#[path = "robust/broken_scripts.rs"]
mod broken_scripts;
#[path = "robust/circles.rs"]
mod circles;
#[path = "robust/disk.rs"]
mod disk;
#[path = "robust/floods.rs"]
mod floods;
#[path = "robust/killed.rs"]
mod killed;
#[path = "robust/limits.rs"]
mod limits;
#[path = "robust/neighbours.rs"]
mod neighbours;
#[path = "robust/plugins.rs"]
mod plugins;
#[path = "robust/queues.rs"]
mod queues;
#[path = "robust/receiver.rs"]
mod receiver;
#[path = "robust/reconciled.rs"]
mod reconciled;
#[path = "robust/reload.rs"]
mod reload;
#[path = "robust/runaway.rs"]
mod runaway;
#[path = "robust/strangers.rs"]
mod strangers;
#[path = "robust/text_messages.rs"]
mod text_messages;
#[path = "robust/texts.rs"]
mod texts;
#[path = "robust/voicemail.rs"]
mod voicemail;
