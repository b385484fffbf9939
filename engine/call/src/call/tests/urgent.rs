//! Messages that their callers call urgent.

use uuid::Uuid;

use super::voicemail::{BEEP, deposit, recording};
use super::{Bench, named, s};
use crate::{
    Command, LegId, Mailbox, MailboxChange, MailboxMessage, MessageId, Output, PinVerdict,
    RecordingId, Reply, RequestId, Say, Sound, Voicemail,
};

/// A caller who has spoken for four seconds and is asked what to do with it.
fn reviewing() -> (Bench, RequestId, RecordingId) {
    let (mut bench, request, recording) = recording(Voicemail {
        review: true,
        ..deposit()
    });
    bench.wait(s(4));
    bench.keys("#");
    bench.closed(recording, 4);
    let asked = [named("vm/review"), named("vm/mark-urgent")];
    assert_eq!(bench.playing().1, asked);
    (bench, request, recording)
}

/// Whether the message that was left is urgent.
fn left(bench: &Bench) -> Option<bool> {
    bench.outputs.iter().find_map(|output| match output {
        Output::Mailbox(MailboxChange::Leave { urgent, .. }) => Some(*urgent),
        _ => None,
    })
}

#[test]
fn key_4_marks_a_message_as_urgent_and_the_script_is_told() {
    let (mut bench, request, _) = reviewing();

    bench.keys("4");
    bench.hears(&[named("vm/urgent-on"), named("vm/review")]);
    bench.keys("2");

    assert_eq!(left(&bench), Some(true));
    bench.kept(true);
    bench.hears(&[named("vm/saved")]);
    let Some(Reply::Message(Some(left))) = bench.reply(request) else {
        panic!("a message was left");
    };
    assert!(left.urgent);
}

#[test]
fn key_4_again_takes_it_back() {
    let (mut bench, ..) = reviewing();
    bench.keys("4");
    bench.take();

    bench.keys("4");
    let asked = [
        named("vm/urgent-off"),
        named("vm/review"),
        named("vm/mark-urgent"),
    ];
    bench.hears(&asked);
    bench.keys("2");

    assert_eq!(left(&bench), Some(false));
}

#[test]
fn a_message_is_marked_while_it_is_heard() {
    let (mut bench, _, recording) = reviewing();
    bench.keys("1");
    assert_eq!(bench.playing().1, [Sound::Recording(recording)]);

    bench.keys("42");

    assert_eq!(left(&bench), Some(true));
}

#[test]
fn who_marks_a_message_and_hangs_up_has_left_an_urgent_one() {
    let (mut bench, ..) = reviewing();
    bench.keys("4");

    bench.hangs_up(LegId::CALLER);

    assert_eq!(left(&bench), Some(true));
}

#[test]
fn a_message_stays_urgent_when_it_is_recorded_again() {
    for hangs_up in [false, true] {
        let (mut bench, ..) = reviewing();
        bench.keys("4");
        bench.take();
        bench.keys("3");
        bench.hears(&[BEEP]);
        let second = bench.recording();
        bench.wait(s(5));

        match hangs_up {
            true => bench.hangs_up(LegId::CALLER),
            false => bench.keys("#"),
        }
        bench.closed(second, 5);
        bench.keys("2");

        assert_eq!(left(&bench), Some(true), "hangs up: {hangs_up}");
    }
}

#[test]
fn a_message_is_not_urgent_by_itself() {
    let (mut bench, ..) = recording(deposit());
    bench.wait(s(8));

    bench.hangs_up(LegId::CALLER);
    bench.wait(s(5));

    assert_eq!(left(&bench), Some(false));
}

#[test]
fn urgent_messages_are_counted_announced_and_read_first() {
    let message = |number: u128, urgent, heard| MailboxMessage {
        id: MessageId(Uuid::from_u128(number)),
        from: None,
        at: 1_800_000_000,
        duration: s(9),
        urgent,
        heard,
    };
    let envelope = |number| {
        [
            Sound::Say(Say::Date(1_800_000_000)),
            Sound::Say(Say::Time(1_800_000_000)),
            Sound::Message(MessageId(Uuid::from_u128(number))),
        ]
    };
    let urgent = |number| [&[named("vm/urgent-message")], &envelope(number)[..]].concat();
    let mut bench = Bench::new();
    bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    let found = Mailbox {
        has_pin: true,
        messages: vec![
            message(1, true, true),
            message(2, false, false),
            message(3, true, false),
            message(4, false, false),
            message(5, true, false),
        ],
        ..Mailbox::default()
    };
    bench.mailbox("1049", Some(found));
    bench.keys("2580#");
    bench.take();
    bench.pin("1049", PinVerdict::Right);

    bench.hears(&[
        named("vm/you-have"),
        Sound::Say(Say::Number(4)),
        named("vm/new"),
        named("vm/of-them"),
        Sound::Say(Say::Number(2)),
        named("vm/are-urgent"),
    ]);
    bench.hears(&urgent(3));
    for sounds in [
        urgent(5),
        envelope(2).to_vec(),
        envelope(4).to_vec(),
        urgent(1),
    ] {
        bench.keys("6");
        bench.hears(&sounds);
    }
}
