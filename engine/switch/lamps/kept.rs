//! Lamps outlive a restart: what phones watch is in the records, and they are told on in the same
//! dialog. Over connections, which end with the exchange, they are asked to subscribe again.

use std::time::Instant;

use call::TenantId;
use serde::{Deserialize, Serialize};
use sip::{NameAddr, SavedSubscription, SubscriptionId, Termination, Transport};
use store::WatcherRow;

use super::mailboxes::BETWEEN;
use super::{LAST_WORDS, Subject, VERSION_GAP, Watcher};
use crate::switch::Switch;
use crate::switch::written_dialog::WrittenDialog;

/// A watcher as the records have it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    user: String,
    /// Of whom the calls are watched; else it is this lamp, or this mailbox.
    calls: Option<String>,
    #[serde(default)]
    lamp: Option<String>,
    mailbox: Option<String>,
    version: u32,
    event: String,
    resource: String,
    #[serde(flatten)]
    dialog: WrittenDialog,
}

impl Switch {
    /// Writes down what a phone watches: when that begins, and when it is refreshed.
    pub(super) fn keep_watcher(&mut self, now: Instant, subscription: SubscriptionId) {
        if let Some(row) = self.watcher_row(now, subscription) {
            // One that is not on disk subscribes again after a restart.
            self.parts.store.save_watcher(row).forget();
        }
    }

    /// A watcher for the records; `None` when it would not outlive a restart.
    fn watcher_row(&mut self, now: Instant, subscription: SubscriptionId) -> Option<WatcherRow> {
        let wall = self.parts.clock.unix_micros();
        let saved = (self.endpoint).save_subscription(now, millis(wall), subscription);
        let saved = saved?;
        let watcher = self.lamps.watchers.get_mut(&subscription)?;
        let name = NameAddr::parse(&*saved.dialog.local)?.tag()?.to_string();
        watcher.kept = Some(name.clone());
        Some(WatcherRow {
            tenant: watcher.subject.tenant().to_string(),
            name,
            expires_at: i64::try_from(saved.expires_unix_ms).unwrap_or(i64::MAX / 1_000) * 1_000,
            state: serde_json::to_value(kept(watcher, saved)).unwrap_or_default(),
        })
    }

    pub(super) fn forget_watcher(&self, watcher: &Watcher) {
        if let Some(name) = &watcher.kept {
            let tenant = watcher.subject.tenant();
            self.parts.store.delete_watcher(&tenant.0, name).forget();
        }
    }

    /// Takes back what phones watched before a restart, and has them told what is now: a few at a
    /// time, however many there are.
    pub(in crate::switch) fn restore_watchers(&mut self, now: Instant) {
        let wall = self.parts.clock.unix_micros();
        let (mut rows, mut at) = (Vec::new(), now);
        for row in std::mem::take(&mut self.parts.watchers) {
            let expires = millis(row.expires_at);
            let Ok(kept) = serde_json::from_value::<Kept>(row.state) else {
                continue;
            };
            let mut listening = self.parts.signalling.listening().iter();
            let own = (Transport::Udp, kept.dialog.listener);
            if !listening.any(|listener| *listener == own) {
                continue;
            }
            let tenant = TenantId::from(&*row.tenant);
            let account = format!("{tenant}/{}", kept.user);
            let (mut watcher, saved) = taken_back(kept, tenant, row.name, expires);
            watcher.lamp = self.lamp_behind(&watcher.subject, &watcher.user);
            let back = (self.endpoint).restore_subscription(now, millis(wall), &saved, &account);
            let Some(subscription) = back else { continue };
            match &watcher.subject {
                Subject::Mailbox(tenant, mailbox) => {
                    at += BETWEEN;
                    self.lamps.mailboxes.want(at, tenant, mailbox);
                }
                Subject::Calls(..) | Subject::Set(..) => {}
            }
            self.lamps.add(subscription, watcher);
            self.lamps.queue(subscription);
            // Its numbers have grown.
            rows.extend(self.watcher_row(now, subscription));
        }
        self.forget_unknown_watchers(now);
        if rows.is_empty() {
            return;
        }
        tracing::info!(restored = rows.len(), "lamps are back");
        let store = self.parts.store.clone();
        tokio::spawn(async move {
            for row in rows {
                if let Err(error) = store.save_watcher(row).await {
                    tracing::warn!(%error, "a lamp will not outlive the next restart");
                }
            }
        });
    }

    /// The exchange stops: phones are told how the last calls ended. Those who would not be told
    /// any more are asked to subscribe again.
    pub(in crate::switch) async fn part_with_watchers(&mut self) {
        let now = Instant::now();
        let lost = self
            .lamps
            .watchers
            .iter()
            .filter(|(_, watcher)| watcher.kept.is_none());
        let lost: Vec<SubscriptionId> = lost.map(|(id, _)| *id).collect();
        for subscription in lost {
            let again = Termination::Deactivated;
            (self.endpoint).end_subscription(now, subscription, again, None);
        }
        self.pump(now);
        let give_up = now + LAST_WORDS;
        let mut batch = Vec::new();
        // The last NOTIFY to a phone waits for its answer to the one before.
        let is_busy = |switch: &Self| {
            let parting = switch.endpoint.counters().subscriptions > switch.lamps.watchers.len();
            parting || switch.lamps.has_news()
        };
        while is_busy(self) && Instant::now() < give_up {
            let due = self.lamps.poll_timeout(now).unwrap_or(give_up).min(give_up);
            tokio::select! {
                () = self.parts.signalling.receive(&mut batch) => {}
                () = tokio::time::sleep_until(due.into()) => {}
            }
            for received in batch.drain(..) {
                self.handle_received(Instant::now(), received);
            }
            self.light_lamps(Instant::now());
            self.pump(Instant::now());
        }
    }
}

fn kept(watcher: &Watcher, saved: SavedSubscription) -> Kept {
    let named = |name: &String| Some(name.clone());
    let (calls, lamp, mailbox) = match &watcher.subject {
        Subject::Calls(_, user) => (named(user), None, None),
        Subject::Set(_, name) => (None, named(name), None),
        Subject::Mailbox(_, mailbox) => (None, None, named(mailbox)),
    };
    Kept {
        user: watcher.user.clone(),
        calls,
        lamp,
        mailbox,
        version: watcher.version,
        event: saved.event,
        resource: saved.resource,
        dialog: saved.dialog.into(),
    }
}

fn taken_back(
    kept: Kept,
    tenant: TenantId,
    name: String,
    expires_unix_ms: u64,
) -> (Watcher, SavedSubscription) {
    let subject = match (kept.calls, kept.lamp) {
        (Some(user), _) => Subject::Calls(tenant, user),
        (None, Some(name)) => Subject::Set(tenant, name),
        (None, None) => Subject::Mailbox(tenant, kept.mailbox.unwrap_or_default()),
    };
    let watcher = Watcher {
        subject,
        lamp: String::new(),
        user: kept.user,
        remote: kept.dialog.source,
        version: kept.version.saturating_add(VERSION_GAP),
        has_turn: false,
        is_asked: false,
        told: None,
        kept: Some(name),
    };
    let saved = SavedSubscription {
        event: kept.event,
        resource: kept.resource,
        dialog: kept.dialog.into(),
        expires_unix_ms,
    };
    (watcher, saved)
}

fn millis(micros: i64) -> u64 {
    u64::try_from(micros / 1_000).unwrap_or(0)
}
