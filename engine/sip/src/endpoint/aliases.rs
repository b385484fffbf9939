//! What others may be told of a call that rings, so that they can pick it up (RFC 3891, RFC 4235).
//!
//! Who knows a dialog's Call-ID and both its tags can speak in it. Those who are only to pick it up
//! get an alias: it means something in the Replaces of an INVITE and nowhere else, and nothing at
//! all once the call is answered or over.

use std::collections::HashMap;

use super::Endpoint;
use super::event::SessionId;
use super::wire::Wire;
use crate::transaction::key::{AlreadyHashed, Key};
use crate::{Replaces, Text};

/// The aliases of calls that ring elsewhere; at most one of each.
#[derive(Debug)]
pub(super) struct Aliases {
    names: HashMap<SessionId, Replaces>,
    /// By Call-ID and our tag, both of the alias.
    sessions: HashMap<Key, SessionId, AlreadyHashed>,
}

impl Aliases {
    pub(super) fn new() -> Self {
        Self {
            names: HashMap::new(),
            sessions: HashMap::with_hasher(AlreadyHashed),
        }
    }

    /// Whose alias it is.
    pub(super) fn session_of(&self, wire: &Wire, alias: &Replaces) -> Option<SessionId> {
        let id = *self.sessions.get(&key(wire, alias))?;
        let name = self.names.get(&id)?;
        (name.call_id == alias.call_id
            && name.to_tag == alias.to_tag
            && name.from_tag == alias.from_tag)
            .then_some(id)
    }

    pub(super) fn forget(&mut self, wire: &Wire, id: SessionId) {
        if let Some(name) = self.names.remove(&id) {
            self.sessions.remove(&key(wire, &name));
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.sessions.is_empty()
    }
}

impl Endpoint {
    /// An alias of a call that rings at its far end: what an INVITE's Replaces may name it by until
    /// it is answered or over, and what tells nothing of the dialog itself. It stays the same while
    /// it rings; `None` when it does not, or nothing has been heard of its far end.
    pub fn alias_of(&mut self, session: SessionId) -> Option<Replaces> {
        let known = self.sessions.get(&session)?;
        if !known.rings_elsewhere() || known.name().is_none() {
            return None;
        }
        if let Some(name) = self.aliases.names.get(&session) {
            return Some(name.clone());
        }
        let random = &mut self.wire.random;
        let alias = Replaces {
            call_id: Text::from(format!("{}{}", random.token(), random.token())),
            to_tag: Text::from(random.token()),
            from_tag: Text::from(random.token()),
            early_only: true,
        };
        let key = key(&self.wire, &alias);
        self.aliases.sessions.insert(key, session);
        self.aliases.names.insert(session, alias.clone());
        Some(alias)
    }
}

fn key(wire: &Wire, alias: &Replaces) -> Key {
    wire.dialog_key(&alias.call_id, alias.to_tag.as_bytes())
}
