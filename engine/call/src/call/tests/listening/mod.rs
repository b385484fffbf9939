//! The listening menu.

mod messages;
mod pins;

use uuid::Uuid;

use crate::call::tests::{Bench, named, s};
use crate::{
    Command, Mailbox, MailboxChange, MailboxMessage, MessageId, Output, Pin, PinVerdict, RequestId,
    Say, Sound,
};

fn message(number: u128, heard: bool) -> MailboxMessage {
    MailboxMessage {
        id: MessageId(Uuid::from_u128(number)),
        from: Some("+8613800138000".to_owned()),
        at: 1_800_000_000,
        duration: s(9),
        urgent: false,
        heard,
    }
}

fn mailbox(messages: Vec<MailboxMessage>) -> Mailbox {
    Mailbox {
        has_pin: true,
        messages,
        ..Mailbox::default()
    }
}

/// A call in the menu of 1049's mailbox, the PIN given.
fn entered(messages: Vec<MailboxMessage>) -> (Bench, RequestId) {
    entered_in(Bench::new(), messages)
}

/// The same, in this call.
fn entered_in(mut bench: Bench, messages: Vec<MailboxMessage>) -> (Bench, RequestId) {
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(mailbox(messages)));
    bench.take();
    bench.keys("2580#");
    bench.take();
    bench.pin("1049", PinVerdict::Right);
    (bench, request)
}

fn check(mailbox: &str, pin: &str) -> Output {
    Output::CheckPin {
        mailbox: mailbox.to_owned(),
        pin: Pin::new(pin),
    }
}

fn choose(pin: &str, again: &str) -> Output {
    Output::ChoosePin {
        mailbox: "1049".to_owned(),
        pin: Pin::new(pin),
        again: Pin::new(again),
    }
}

/// A call that is asked for the first PIN of 1049's mailbox.
fn first_pin() -> (Bench, RequestId) {
    let mut bench = Bench::new();
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(Mailbox::default()));
    bench.take();
    (bench, request)
}

fn count(new: i64) -> [Sound; 3] {
    [
        named("vm/you-have"),
        Sound::Say(Say::Number(new)),
        named("vm/new"),
    ]
}

fn envelope(number: u128) -> [Sound; 3] {
    let message = message(number, false);
    [
        Sound::Say(Say::Date(message.at)),
        Sound::Say(Say::Time(message.at)),
        Sound::Message(message.id),
    ]
}

fn changes(bench: &Bench) -> Vec<MailboxChange> {
    let outputs = bench.outputs.iter();
    let changes = outputs.filter_map(|output| match output {
        Output::Mailbox(change) => Some(change.clone()),
        _ => None,
    });
    changes.collect()
}

fn heard(number: u128) -> MailboxChange {
    MailboxChange::Heard {
        message: MessageId(Uuid::from_u128(number)),
    }
}
