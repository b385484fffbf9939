//! The simulated store's mailboxes: messages, greetings, PINs.

use std::collections::BTreeMap;
use std::time::Duration;

use call::{
    Event, MOST_WRONG_PINS, Mailbox, MailboxChange, MailboxMessage, MessageId, Pin, PinVerdict,
};
use store::MessageRow;

use crate::config;

/// The mailboxes of one simulated exchange.
#[derive(Debug, Default)]
pub(super) struct Mailboxes {
    boxes: BTreeMap<String, Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    mailbox: Mailbox,
    pin: Option<Pin>,
    wrong: u32,
}

impl Mailboxes {
    /// Those of a tenant as it is configured, all empty.
    pub(super) fn new(tenant: &config::Tenant) -> Self {
        let shared = tenant
            .mailboxes
            .iter()
            .map(|(number, settings)| (number.clone(), settings.pin.clone()));
        let own = tenant.users.keys().map(|user| (user.clone(), None));
        let boxes = own
            .chain(shared)
            .map(|(number, pin)| {
                let mailbox = Mailbox {
                    has_pin: pin.is_some(),
                    ..Mailbox::default()
                };
                let pin = pin.map(Pin::new);
                let kept = Kept {
                    mailbox,
                    pin,
                    wrong: 0,
                };
                (number, kept)
            })
            .collect();
        Self { boxes }
    }

    /// What a call is told of a mailbox.
    pub(super) fn open(&self, mailbox: &str) -> Option<Mailbox> {
        self.boxes.get(mailbox).map(|kept| kept.mailbox.clone())
    }

    /// Judges a PIN.
    pub(super) fn check_pin(&mut self, mailbox: &str, pin: &Pin) -> PinVerdict {
        let Some(kept) = self.boxes.get_mut(mailbox) else {
            return PinVerdict::Wrong;
        };
        kept.wrong += 1;
        if kept.wrong > MOST_WRONG_PINS {
            PinVerdict::Locked
        } else if kept.pin.as_ref() == Some(pin) {
            kept.wrong = 0;
            PinVerdict::Right
        } else {
            PinVerdict::Wrong
        }
    }

    /// Takes a new PIN if it is fit for one.
    pub(super) fn choose_pin(&mut self, mailbox: &str, pin: Pin, again: &Pin) -> PinVerdict {
        let verdict = pin.judge_new(again, mailbox);
        if verdict == PinVerdict::Right
            && let Some(kept) = self.boxes.get_mut(mailbox)
        {
            kept.mailbox.has_pin = true;
            kept.pin = Some(pin);
        }
        verdict
    }

    /// Makes a change, and says so; `now` is in microseconds since 1970.
    pub(super) fn change(&mut self, change: MailboxChange, now: i64) -> Event {
        match &change {
            MailboxChange::Leave {
                message,
                mailbox,
                from,
                duration,
                urgent,
                ..
            } => {
                let message = *message;
                self.box_of(mailbox).messages.push(MailboxMessage {
                    id: message,
                    from: from.clone(),
                    at: now.div_euclid(1_000_000),
                    duration: *duration,
                    urgent: *urgent,
                    heard: false,
                });
                return Event::MessageKept {
                    message,
                    kept: true,
                };
            }
            MailboxChange::Heard { message } => {
                for one in self.messages().filter(|one| one.id == *message) {
                    one.heard = true;
                }
            }
            MailboxChange::Delete { message } => {
                for kept in self.boxes.values_mut() {
                    kept.mailbox.messages.retain(|one| one.id != *message);
                }
            }
            // Who sees to it stands in the records.
            MailboxChange::Assign { .. } => {}
            MailboxChange::Greeting {
                mailbox,
                kind,
                recording,
            } => {
                let greetings = &mut self.box_of(mailbox).greetings;
                match *recording {
                    Some(recording) => greetings.insert(*kind, recording),
                    None => greetings.remove(kind),
                };
            }
        }
        Event::MailboxChanged { change, kept: true }
    }

    /// Holds a message as the records have it: it may be heard, gone, or back.
    pub(super) fn take(&mut self, row: &MessageRow) {
        let messages = &mut self.box_of(&row.mailbox).messages;
        messages.retain(|one| one.id.0 != row.id);
        if row.deleted_at.is_some() {
            return;
        }
        let at = row.left_at.div_euclid(1_000_000);
        let place = messages.partition_point(|one| one.at <= at);
        let message = MailboxMessage {
            id: MessageId(row.id),
            from: row.from.clone(),
            at,
            duration: Duration::from_micros(u64::try_from(row.duration).unwrap_or(0)),
            urgent: row.urgent,
            heard: row.heard_at.is_some(),
        };
        messages.insert(place, message);
    }

    fn messages(&mut self) -> impl Iterator<Item = &mut MailboxMessage> {
        self.boxes
            .values_mut()
            .flat_map(|kept| kept.mailbox.messages.iter_mut())
    }

    /// As in the store, a message makes its mailbox.
    fn box_of(&mut self, mailbox: &str) -> &mut Mailbox {
        &mut self.boxes.entry(mailbox.to_owned()).or_default().mailbox
    }
}
