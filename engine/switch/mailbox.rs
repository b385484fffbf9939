//! Mailboxes: what the store knows, as a call needs it, and what a call changes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use call::{
    CallId, Event, LOCKED_FOR, MOST_WRONG_PINS, Mailbox, MailboxChange, MailboxMessage, MessageId,
    Pin, PinVerdict, RecordingId,
};
use store::{KvKey, MailboxRow, MessageRow, Secret};

use super::live::Live;
use super::{Input, Switch};

/// The sound behind the messages and greetings that a call has been told of.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    messages: HashMap<MessageId, RecordingId>,
    greetings: HashMap<String, RecordingId>,
}

impl Opened {
    pub(crate) fn audio(&self, message: MessageId) -> Option<RecordingId> {
        self.messages.get(&message).copied()
    }

    pub(crate) fn greeting(&self, mailbox: &str) -> Option<RecordingId> {
        self.greetings.get(mailbox).copied()
    }
}

impl Switch {
    pub(super) fn open_mailbox(&self, live: &Live, mailbox: String) {
        let (call, tenant) = (live.id(), live.setup.tenant.clone());
        let first_pin = live
            .tenant
            .mailboxes
            .get(&mailbox)
            .and_then(|settings| settings.pin.clone());
        let known = live.tenant.mailboxes.contains_key(&mailbox)
            || live.tenant.users.contains_key(&mailbox)
            || self.accounts.user(&tenant, &mailbox).is_some();
        let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
        tokio::spawn(async move {
            if known {
                let made = store
                    .put_mailbox(&tenant.0, &mailbox, first_pin.map(Secret::new))
                    .await;
                if let Err(error) = made {
                    tracing::warn!(%call, %error, mailbox, "mailbox");
                }
            }
            // A store that fails must not leave the caller in silence: without the mailbox's
            // data the call still takes the message.
            let found = match store.mailbox(&tenant.0, &mailbox).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::error!(%call, %error, mailbox, "mailbox cannot be read");
                    known.then(|| MailboxRow {
                        tenant: tenant.to_string(),
                        mailbox: mailbox.clone(),
                        pin: None,
                        greeting: None,
                        messages: Vec::new(),
                    })
                }
            };
            entrance
                .put(Input::Mailbox {
                    call,
                    mailbox,
                    found,
                })
                .await;
        });
    }

    pub(super) fn handle_mailbox(
        &mut self,
        now: Instant,
        call: CallId,
        mailbox: String,
        found: Option<MailboxRow>,
    ) {
        self.with_call(now, call, |_, live| {
            if let Some(row) = &found {
                for message in &row.messages {
                    let recording = RecordingId(message.recording);
                    live.mailbox
                        .messages
                        .insert(MessageId(message.id), recording);
                }
                if let Some(greeting) = row.greeting {
                    live.mailbox
                        .greetings
                        .insert(mailbox.clone(), RecordingId(greeting));
                }
            }
            let found = found.map(|row| Mailbox {
                has_pin: row.pin.is_some(),
                has_greeting: row.greeting.is_some(),
                messages: row.messages.iter().map(message).collect(),
            });
            live.echoes.push_back(Event::Mailbox { mailbox, found });
        });
    }

    /// Judges a PIN. Each try is counted before it is judged, so that many calls at once have no
    /// more of them than one; the right PIN forgets the wrong ones before it.
    pub(super) fn check_pin(&self, live: &Live, mailbox: String, pin: Pin) {
        let (call, tenant) = (live.id(), live.setup.tenant.clone());
        let now = self.parts.clock.unix_micros();
        let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
        tokio::spawn(async move {
            let tries = KvKey {
                tenant: tenant.to_string(),
                scope: "mailbox/pin-tries".to_owned(),
                key: mailbox.clone(),
            };
            let until = now.saturating_add(LOCKED_FOR.as_micros() as i64);
            let tried = store.kv_incr(tries.clone(), 1, Some(until), now).await;
            let tried = tried.unwrap_or_else(|error| {
                tracing::warn!(%call, %error, mailbox, "tries of a PIN cannot be counted");
                1
            });
            let verdict = if tried > i64::from(MOST_WRONG_PINS) {
                PinVerdict::Locked
            } else {
                match store.mailbox(&tenant.0, &mailbox).await {
                    Ok(row) if is_right(row.as_ref(), &pin) => PinVerdict::Right,
                    Ok(_) => PinVerdict::Wrong,
                    Err(error) => {
                        // The machine refuses who is not judged in time.
                        tracing::error!(%call, %error, mailbox, "a PIN cannot be checked");
                        return;
                    }
                }
            };
            match verdict {
                PinVerdict::Right => {
                    let _ = store.kv_delete(tries, now).await;
                }
                _ => tracing::warn!(
                    target: "security", event = "wrong_pin", %call, %tenant, mailbox,
                    locked = verdict == PinVerdict::Locked, "wrong PIN"
                ),
            }
            let event = Event::Pin { mailbox, verdict };
            entrance.put(Input::Told { call, event }).await;
        });
    }

    pub(super) fn choose_pin(&self, live: &Live, mailbox: String, pin: Pin, again: &Pin) {
        let (call, tenant) = (live.id(), live.setup.tenant.clone());
        let verdict = pin.judge_new(again, &mailbox);
        let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
        tokio::spawn(async move {
            if verdict == PinVerdict::Right {
                let secret = Secret::new(pin.reveal());
                if let Err(error) = store.set_pin(&tenant.0, &mailbox, secret).await {
                    tracing::error!(%call, %error, mailbox, "a PIN cannot be stored");
                    return;
                }
            }
            let event = Event::Pin { mailbox, verdict };
            entrance.put(Input::Told { call, event }).await;
        });
    }

    pub(super) fn change_mailbox(&self, live: &mut Live, change: MailboxChange) {
        let tenant = &*live.setup.tenant.0;
        let now = self.parts.clock.unix_micros();
        let store = &self.parts.store;
        match change {
            MailboxChange::Leave {
                message,
                mailbox,
                recording,
                from,
                duration,
            } => {
                tracing::info!(mailbox, "a message was left");
                let stored = store.leave_message(MessageRow {
                    id: message.0,
                    tenant: tenant.to_owned(),
                    mailbox: mailbox.clone(),
                    call_id: Some(live.setup.id.0),
                    recording: recording.0,
                    from,
                    left_at: now,
                    duration: duration.as_micros() as i64,
                    heard_at: None,
                    deleted_at: None,
                });
                let call = live.id();
                let is_lost = live
                    .recordings
                    .iter()
                    .any(|one| one.id == recording && one.is_lost());
                let entrance = self.parts.entrance.clone();
                tokio::spawn(async move {
                    let stored = stored.await;
                    if let Err(error) = &stored {
                        tracing::error!(%call, %error, "a message could not be stored");
                    }
                    let kept = stored.is_ok() && !is_lost;
                    let event = Event::MessageKept { message, kept };
                    entrance.put(Input::Told { call, event }).await;
                });
                live.mailbox.messages.insert(message, recording);
                let payload = serde_json::json!({
                    "id": message.to_string(),
                    "call": live.setup.id.to_string(),
                    "mailbox": mailbox,
                    "from": live.setup.from,
                    "seconds": duration.as_secs_f64(),
                });
                self.parts
                    .scripts
                    .event(&live.setup.tenant, "voicemail.recorded", payload);
            }
            MailboxChange::Heard { message } => store.mark_heard(tenant, message.0, now).forget(),
            MailboxChange::Delete { message } => {
                store.delete_message(tenant, message.0, now).forget();
            }
            MailboxChange::Greeting { mailbox, recording } => {
                store
                    .set_greeting(tenant, &mailbox, Some(recording.0))
                    .forget();
                live.mailbox.greetings.insert(mailbox, recording);
            }
        }
    }
}

fn is_right(row: Option<&MailboxRow>, typed: &Pin) -> bool {
    row.and_then(|row| row.pin.as_ref())
        .is_some_and(|pin| pin.reveal() == typed.reveal())
}

fn message(row: &MessageRow) -> MailboxMessage {
    MailboxMessage {
        id: MessageId(row.id),
        from: row.from.clone(),
        at: row.left_at / 1_000_000,
        duration: Duration::from_micros(row.duration.unsigned_abs()),
        heard: row.heard_at.is_some(),
    }
}
