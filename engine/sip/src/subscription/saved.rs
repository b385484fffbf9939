//! Subscriptions that outlive a restart: their phones notice nothing of it.

use std::time::{Duration, Instant};

use super::notifier::Notifier;
use super::standalone::{Role, Subscription};
use crate::dialog::Dialog;
use crate::dialog::saved::SavedDialog;
use crate::endpoint::wire::Wire;
use crate::header::EventPackage;
use crate::transaction::timer::Wake;
use crate::{Encode, Text};

/// A subscription outside of calls for the record, with a time that survives a restart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SavedSubscription {
    /// The package, and which of several: `dialog;id=7`.
    pub event: String,
    /// What was asked for: the Request-URI.
    pub resource: String,
    /// Its dialog.
    pub dialog: SavedDialog,
    /// When it ends, in milliseconds since 1970 UTC.
    pub expires_unix_ms: u64,
}

impl Subscription {
    /// Returns an accepted subscription for the record; `unix_ms` is the wall clock at `now`.
    pub(crate) fn save(&self, now: Instant, unix_ms: u64) -> Option<SavedSubscription> {
        let Role::Notifier {
            dialog,
            notifier,
            resource,
        } = &self.role
        else {
            return None;
        };
        let left = notifier.until()?.saturating_duration_since(now);
        let mut event = bytes::BytesMut::new();
        notifier.event().encode(&mut event);
        Some(SavedSubscription {
            event: Text::from(event).to_string(),
            resource: resource.to_string(),
            dialog: dialog.save()?,
            expires_unix_ms: unix_ms.saturating_add(left.as_millis() as u64),
        })
    }

    /// Takes back what was recorded; `None` when it has expired or cannot be read.
    pub(crate) fn restore(
        now: Instant,
        unix_ms: u64,
        wire: &mut Wire,
        saved: &SavedSubscription,
    ) -> Option<Self> {
        let left = Duration::from_millis(saved.expires_unix_ms.saturating_sub(unix_ms));
        // A clock that jumped must not make it immortal.
        let left = left.min(wire.config.max_expires);
        if left.is_zero() {
            return None;
        }
        let event = EventPackage::parse(&Text::from(&*saved.event)).ok()?;
        let dialog = Dialog::restore(&saved.dialog)?;
        let tag = dialog.local_tag()?;
        let id = wire.next_subscription(None);
        Some(Self {
            id,
            dialog_key: wire.dialog_key(dialog.call_id(), tag.as_bytes()),
            role: Role::Notifier {
                notifier: Box::new(Notifier::restored(id, event, now + left)),
                resource: Text::from(&*saved.resource),
                dialog: Box::new(dialog),
            },
            wake: Wake::default(),
        })
    }
}
