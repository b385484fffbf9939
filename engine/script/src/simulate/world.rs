//! What all calls of a simulated exchange share.

use std::sync::Arc;

use call::{Ended, Setup};
use store::MessageRow;
use uuid::Uuid;

use super::clock::VirtualClock;
use super::floor::Floor;
use super::mailboxes::Mailboxes;
use super::others::Standing;
use super::phones::Phones;
use super::records::Records;
use super::scene::Scene;
use super::several::Several;
use super::wire::Shelf;
use crate::host::Host;
use crate::inbox::Message;
use crate::pins::Pins;
use crate::suggest::did_you_mean;
use crate::{Clock, MessageChange, Place, config};

/// What all calls of a simulated exchange share.
pub(super) struct World {
    pub(super) clock: VirtualClock,
    pub(super) tenant: Arc<config::Tenant>,
    pub(super) host: Arc<Host>,
    pub(super) pins: Arc<Pins>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) phones: Phones,
    pub(super) floor: Floor,
    pub(super) several: Several,
    /// Calls beside those of the test.
    pub(super) standing: Standing,
    pub(super) mailboxes: Mailboxes,
    pub(super) records: Records,
}

impl World {
    /// Runs the handler of a call's number, in place of the one that it has.
    pub(super) fn start_script(&self, setup: Setup) -> Result<(), Ended> {
        let found = self
            .host
            .routing()
            .and_then(|routing| routing.find(&setup.context, &setup.to));
        if found.is_none() {
            return Err(Ended::NoRoute { to: setup.to });
        }
        if self.pins.host(setup.id).is_none() {
            self.pins.put(setup.id, &self.host);
        }
        self.host.inbox.push(Message::Start(Box::new(setup)));
        Ok(())
    }

    /// Where the route is written that a number takes.
    pub(super) fn route(&self, context: &str, to: &str) -> Option<Place> {
        let routing = self.host.routing()?;
        let handler = routing.find(context, to)?.handler;
        routing.places.get(context)?.get(handler).cloned()
    }

    /// What can be dialled instead of a number that leads nowhere.
    pub(super) fn no_route(&self, context: &str, to: &str) -> String {
        let routes = self
            .host
            .routing()
            .and_then(|routing| routing.contexts.get(context));
        let Some(routes) = routes else {
            return format!("there is no context '{context}'");
        };
        let known: Vec<String> = routes
            .iter()
            .map(|route| route.pattern.to_string())
            .collect();
        let hint = did_you_mean(to, known.iter().map(String::as_str));
        let more = match known.len().saturating_sub(MOST_NUMBERS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let shown = known[..known.len().min(MOST_NUMBERS)].join(", ");
        format!("context '{context}' has no number {to}{hint}; it has {shown}{more}")
    }

    pub(super) fn stop_script(&self, scene: &Scene) {
        if self.pins.take(scene.setup.id).is_some() {
            self.host.inbox.push(Message::HangUp(scene.setup.id));
        }
    }

    pub(super) fn event(&self, name: &str, payload: serde_json::Value) {
        self.host
            .inbox
            .push(Message::Event(name.to_owned(), payload));
    }

    /// A script changes a message outside of a call; the message as it is then.
    pub(super) fn change_message(
        &mut self,
        id: Uuid,
        change: &MessageChange,
    ) -> Result<Option<MessageRow>, store::Error> {
        let now = self.clock.unix_micros();
        let changed = self.records.change_message(id, change, now)?;
        if let Some(row) = &changed {
            self.mailboxes.take(row);
            for (event, at) in [
                ("voicemail.heard", row.heard_at),
                ("voicemail.deleted", row.deleted_at),
            ] {
                if at == Some(now) {
                    self.event(event, row.told());
                }
            }
        }
        Ok(changed)
    }
}

/// Numbers of a context that are named.
const MOST_NUMBERS: usize = 8;
