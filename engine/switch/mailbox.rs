//! Mailboxes: what the store knows, as a call needs it, and what a call changes.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use call::{
    CallId, Event, GreetingKind, Mailbox, MailboxChange, MailboxMessage, MessageId, Pin,
    PinVerdict, RecordingId,
};
use script::rows;
use store::{AuditRow, MailboxRow, MessageRow, RecordingRow, Secret};
use uuid::Uuid;
use web::{News, VoicemailChange};

use super::live::Live;
use super::{Input, Switch, api, cleaning};
use crate::pins::Tries;

/// The sound behind the messages that a call has been told of.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    messages: HashMap<MessageId, RecordingId>,
}

impl Opened {
    pub(crate) fn audio(&self, message: MessageId) -> Option<RecordingId> {
        self.messages.get(&message).copied()
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
                        greetings: BTreeMap::new(),
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
            }
            let found = found.map(|row| Mailbox {
                has_pin: row.pin.is_some(),
                greetings: greetings(&row.greetings),
                messages: row.messages.iter().map(message).collect(),
            });
            live.echoes.push_back(Event::Mailbox { mailbox, found });
        });
    }

    /// Judges a PIN. Each try is counted before it is judged, so that many calls at once have no
    /// more of them than one; the right PIN forgets its caller's wrong ones before it.
    pub(super) fn check_pin(&self, live: &Live, mailbox: String, pin: Pin) {
        let (call, tenant) = (live.id(), live.setup.tenant.clone());
        let tries = Tries::of(&live.setup, &mailbox);
        let now = self.parts.clock.unix_micros();
        let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
        tokio::spawn(async move {
            let is_locked = tries.count(&*store, now).await.unwrap_or_else(|error| {
                tracing::warn!(%call, %error, mailbox, "tries of a PIN cannot be counted");
                false
            });
            let verdict = if is_locked {
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
                    tries.forgive(&*store, now).await;
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
        let mut line = self.pin_line(live, &mailbox, verdict);
        let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
        tokio::spawn(async move {
            if verdict == PinVerdict::Right {
                let secret = Some(Secret::new(pin.reveal()));
                if let Err(error) = store.set_pin(&tenant.0, &mailbox, secret).await {
                    tracing::error!(%call, %error, mailbox, "a PIN cannot be stored");
                    line.outcome = "not_stored".to_owned();
                    store.note_audit(line).forget();
                    return;
                }
            }
            store.note_audit(line).forget();
            let event = Event::Pin { mailbox, verdict };
            entrance.put(Input::Told { call, event }).await;
        });
    }

    /// What the audit log says of a PIN that was chosen; which it is, it does not.
    fn pin_line(&self, live: &Live, mailbox: &str, verdict: PinVerdict) -> AuditRow {
        let outcome = match verdict {
            PinVerdict::Right => "done",
            PinVerdict::Guessable => "guessable",
            PinVerdict::Different => "different",
            PinVerdict::Wrong | PinVerdict::Locked => "not_allowed",
        };
        self.audit_line(live, "command:change_pin", (mailbox, outcome))
    }

    /// What the audit log says of something that was done from a phone.
    fn audit_line(&self, live: &Live, act: &str, (about, outcome): (&str, &str)) -> AuditRow {
        let setup = &live.setup;
        let by = match setup.acting_user() {
            Some(user) => format!("user:{user}"),
            None => setup.from.clone().unwrap_or_else(|| "anonymous".to_owned()),
        };
        AuditRow {
            id: Uuid::now_v7(),
            tenant: setup.tenant.to_string(),
            at: self.parts.clock.unix_micros(),
            by,
            act: act.to_owned(),
            about: about.to_owned(),
            outcome: outcome.to_owned(),
            source: None,
        }
    }

    /// Changes what the store knows. The call is told when it is on disk, and so are scripts:
    /// nothing is called saved that is not.
    pub(super) fn change_mailbox(&self, live: &mut Live, change: MailboxChange) {
        let (call, tenant) = (live.id(), live.setup.tenant.clone());
        let now = self.parts.clock.unix_micros();
        let store = &self.parts.store;
        let (stored, message, news) = match &change {
            MailboxChange::Leave { .. } => return self.leave(live, change),
            MailboxChange::Greeting { .. } => return self.set_greeting(live, change),
            MailboxChange::Heard { message } => {
                let stored = store.mark_heard(&tenant.0, message.0, now);
                (stored, message.0, VoicemailChange::Heard)
            }
            MailboxChange::Delete { message } => {
                let stored = store.delete_message(&tenant.0, message.0, now);
                (stored, message.0, VoicemailChange::Deleted)
            }
            MailboxChange::Assign { message, to } => {
                let stored = store.assign_message(&tenant.0, message.0, Some(to.clone()));
                let news = VoicemailChange::AssignedTo(Some(to.clone()));
                (stored, message.0, news)
            }
        };
        let entrance = self.parts.entrance.clone();
        let (store, events) = (self.parts.store.clone(), self.parts.events.clone());
        let scripts = self.parts.scripts.clone();
        // As the API says it.
        let act = format!("voicemail_{}", news.word());
        let line = self.audit_line(live, &act, (&message.to_string(), "done"));
        tokio::spawn(async move {
            let stored = stored.await;
            match &stored {
                Ok(()) => {
                    store.note_audit(line).forget();
                    let told = api::tell_of_message(
                        &*store, &events, &entrance, &tenant, message, &news, now,
                    );
                    match told.await {
                        Ok(row) => api::tell_scripts_of_message(&scripts, row.as_ref(), now),
                        Err(error) => {
                            tracing::warn!(%call, %error, "a change of a message was not told");
                        }
                    }
                }
                Err(error) => {
                    tracing::error!(%call, %error, ?change, "a message could not be changed");
                }
            }
            let kept = stored.is_ok();
            let event = Event::MailboxChanged { change, kept };
            entrance.put(Input::Told { call, event }).await;
        });
    }

    fn leave(&self, live: &mut Live, change: MailboxChange) {
        let MailboxChange::Leave {
            message, recording, ..
        } = change
        else {
            return;
        };
        let (call, tenant) = (live.id(), live.setup.tenant.clone());
        let now = self.parts.clock.unix_micros();
        let Some(row) = rows::message(&change, &tenant.0, call.0, now) else {
            return;
        };
        tracing::info!(
            mailbox = row.mailbox,
            urgent = row.urgent,
            "a message was left"
        );
        let news = News::VoicemailLeft {
            id: row.id,
            mailbox: row.mailbox.clone(),
            from: row.from.clone(),
            duration_ms: row.duration / 1_000,
            urgent: row.urgent,
        };
        let mailbox = row.mailbox.clone();
        let payload = row.told();
        let stored = self.parts.store.leave_message(row);
        live.mailbox.messages.insert(message, recording);
        let is_lost = is_lost(live, recording);
        let (scripts, entrance) = (self.parts.scripts.clone(), self.parts.entrance.clone());
        let events = self.parts.events.clone();
        tokio::spawn(async move {
            let stored = stored.await;
            match &stored {
                Ok(()) => {
                    scripts.event(&tenant, "voicemail.recorded", payload);
                    events.publish(&tenant.0, now, Some(call.0), news);
                    entrance.mailbox_changed(&tenant, &mailbox).await;
                }
                Err(error) => tracing::error!(%call, %error, "a message could not be stored"),
            }
            let kept = stored.is_ok() && !is_lost;
            let event = Event::MessageKept { message, kept };
            entrance.put(Input::Told { call, event }).await;
        });
    }

    /// A greeting that is replaced goes with its sound.
    fn set_greeting(&self, live: &Live, change: MailboxChange) {
        let call = live.id();
        let MailboxChange::Greeting {
            mailbox,
            kind,
            recording,
        } = &change
        else {
            return;
        };
        // What is not on disk must not take the place of what is.
        let is_lost = recording.is_some_and(|recording| is_lost(live, recording));
        let stored = (!is_lost).then(|| {
            let audio = recording.map(|recording| recording.0);
            let tenant = &live.setup.tenant.0;
            self.parts
                .store
                .set_greeting(tenant, mailbox, kind.word(), audio)
        });
        let (root, entrance) = (self.parts.recordings.clone(), self.parts.entrance.clone());
        tokio::spawn(async move {
            let kept = match stored {
                Some(stored) => match stored.await {
                    Ok(gone) => {
                        let gone: Vec<RecordingRow> = gone.into_iter().collect();
                        let removing = move || cleaning::remove(&root, &gone);
                        let _ = tokio::task::spawn_blocking(removing).await;
                        true
                    }
                    Err(error) => {
                        tracing::error!(%call, %error, "a greeting could not be stored");
                        false
                    }
                },
                None => false,
            };
            let event = Event::MailboxChanged { change, kept };
            entrance.put(Input::Told { call, event }).await;
        });
    }
}

/// Whether the disk has refused a part of it.
fn is_lost(live: &Live, recording: RecordingId) -> bool {
    let mut recordings = live.recordings.iter();
    recordings.any(|one| one.id == recording && one.is_lost())
}

/// Greetings as a call knows them. Words of later versions are left out.
fn greetings(rows: &BTreeMap<String, Uuid>) -> BTreeMap<GreetingKind, RecordingId> {
    rows.iter()
        .filter_map(|(word, recording)| {
            Some((GreetingKind::from_word(word)?, RecordingId(*recording)))
        })
        .collect()
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
        urgent: row.urgent,
        heard: row.heard_at.is_some(),
    }
}
