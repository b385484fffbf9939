//! A mailbox's own greetings: which one is heard, and how they are recorded and taken away.

use uuid::Uuid;

use super::voicemail::{BEEP, deposit, open};
use super::{Bench, named, s};
use crate::{
    Command, Event, Greeting, GreetingKind, LegId, Mailbox, MailboxChange, Output, PinVerdict,
    RecordingId, Sound, Tone, Voicemail,
};

use GreetingKind::{Busy, Name, Temporary, Unavailable};

fn recorded(kind: GreetingKind) -> RecordingId {
    RecordingId(Uuid::from_u128(1 + kind as u128))
}

fn own(kind: GreetingKind) -> Sound {
    Sound::Recording(recorded(kind))
}

fn mailbox(kinds: &[GreetingKind]) -> Mailbox {
    Mailbox {
        has_pin: true,
        greetings: kinds.iter().map(|kind| (*kind, recorded(*kind))).collect(),
        ..Mailbox::default()
    }
}

/// A caller who is to leave a message in a mailbox with these greetings.
fn greeted(greeting: Greeting, kinds: &[GreetingKind]) -> Bench {
    let mut bench = Bench::new();
    let wanted = Voicemail {
        greeting,
        ..deposit()
    };
    open(&mut bench, wanted, mailbox(kinds));
    bench
}

/// An owner in the menu of greetings, with these.
fn menu(kinds: &[GreetingKind]) -> Bench {
    let mut bench = Bench::new();
    bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(mailbox(kinds)));
    bench.keys("2580#");
    bench.pin("1049", PinVerdict::Right);
    bench.take();
    bench.keys("0");
    assert_eq!(bench.playing().1, [named("vm/greetings")]);
    bench
}

/// Records one after its instruction and stops at the review.
fn record(bench: &mut Bench, seconds: u64) -> RecordingId {
    bench.hears(&[named("vm/record-greeting")]);
    bench.hears(&[BEEP]);
    let recording = bench.recording();
    bench.wait(s(seconds));
    bench.keys("#");
    bench.closed(recording, seconds);
    assert_eq!(bench.playing().1, [named("vm/review")], "none is urgent");
    recording
}

fn changes(bench: &Bench) -> Vec<(GreetingKind, Option<RecordingId>)> {
    let outputs = bench.outputs.iter();
    let changes = outputs.filter_map(|output| match output {
        Output::Mailbox(MailboxChange::Greeting {
            mailbox,
            kind,
            recording,
        }) => {
            assert_eq!(mailbox, "1049");
            Some((*kind, *recording))
        }
        _ => None,
    });
    changes.collect()
}

fn thrown_away(bench: &Bench, recording: RecordingId) -> bool {
    bench.outputs.contains(&Output::StopRecording {
        recording,
        discard: true,
    })
}

#[test]
fn each_reason_has_its_own_greeting_and_the_busy_one_may_be_missing() {
    for (greeting, kinds, heard) in [
        (Greeting::Unavailable, [Unavailable, Busy], Unavailable),
        (Greeting::Busy, [Unavailable, Busy], Busy),
        (Greeting::Busy, [Unavailable, Name], Unavailable),
    ] {
        let mut bench = greeted(greeting, &kinds);
        bench.hears(&[own(heard)]);
        bench.hears(&[BEEP]);
    }

    // Who is away is not said to be on another call.
    let mut bench = greeted(Greeting::Unavailable, &[Busy]);
    bench.hears(&[named("vm/leave")]);
}

#[test]
fn the_temporary_greeting_wins_over_all_while_it_is_there() {
    let off_hours = Greeting::Sound(named("hours/closed"));
    for greeting in [Greeting::Unavailable, Greeting::Busy, off_hours.clone()] {
        let mut bench = greeted(greeting, &GreetingKind::ALL);
        bench.hears(&[own(Temporary)]);
        bench.hears(&[BEEP]);
        assert!(bench.decided("it wins over all others"));
    }

    greeted(Greeting::None, &GreetingKind::ALL).hears(&[BEEP]);
    greeted(off_hours, &[Unavailable, Busy, Name]).hears(&[named("hours/closed")]);
}

#[test]
fn the_standard_greetings_say_the_recorded_name() {
    for (greeting, why) in [
        (Greeting::Unavailable, "vm/away"),
        (Greeting::Busy, "vm/busy"),
    ] {
        let mut bench = greeted(greeting, &[Name]);
        bench.hears(&[own(Name), named(why), named("vm/leave")]);
        bench.hears(&[BEEP]);
    }
}

#[test]
fn a_greeting_whose_sound_is_gone_is_the_standard_one() {
    for kind in GreetingKind::ALL {
        let mut bench = greeted(Greeting::Busy, &[kind]);
        let (play, _) = bench.playing();

        bench.event(Event::PlayFailed {
            play,
            why: "the file is gone".to_owned(),
        });

        bench.hears(&[named("vm/leave")]);
        bench.hears(&[BEEP]);
    }
}

#[test]
fn each_greeting_is_recorded_by_its_key_and_called_saved_when_it_is() {
    for (key, kind) in [
        ("1", Unavailable),
        ("2", Busy),
        ("3", Temporary),
        ("4", Name),
    ] {
        let mut bench = menu(&[]);
        bench.keys(key);
        let recording = record(&mut bench, 2);

        bench.keys("2");
        assert_eq!(changes(&bench), [(kind, Some(recording))]);
        assert!(!plays(&bench), "it is not on disk");
        bench.changed(true);

        bench.hears(&[Sound::Tone(Tone::Confirm)]);
        assert_eq!(bench.playing().1, [named("vm/greetings")]);
        // It is known from now on.
        bench.keys(key);
        bench.hears(&[named("vm/greeting-recorded")]);
        bench.keys("1");
        bench.hears(&[Sound::Recording(recording)]);
    }
}

#[test]
fn the_temporary_greeting_is_taken_away_and_can_be_recorded_again() {
    let mut bench = menu(&[Temporary, Name]);
    bench.keys("3");
    assert_eq!(bench.playing().1, [named("vm/greeting-recorded")]);
    bench.keys("7");
    assert_eq!(changes(&bench), [(Temporary, None)]);
    bench.changed(true);
    bench.hears(&[Sound::Tone(Tone::Confirm)]);
    bench.take();

    bench.keys("3");
    record(&mut bench, 5);
    bench.keys("2");
    bench.changed(true);

    bench.hears(&[Sound::Tone(Tone::Confirm)]);
    bench.take();
    // The others are untouched.
    bench.keys("4");
    assert_eq!(bench.playing().1, [named("vm/greeting-recorded")]);
}

#[test]
fn a_greeting_that_is_there_is_heard_and_replaced() {
    let mut bench = menu(&[Unavailable]);
    bench.keys("1");
    bench.take();
    bench.keys("1");
    assert_eq!(bench.playing().1, [own(Unavailable)]);

    bench.keys("3");
    let recording = record(&mut bench, 5);
    bench.keys("2");

    assert_eq!(changes(&bench), [(Unavailable, Some(recording))]);
}

#[test]
fn a_greeting_that_could_not_be_stored_is_not_called_saved_and_the_old_one_stays() {
    let mut bench = menu(&[Unavailable]);
    bench.keys("1");
    bench.take();
    bench.keys("3");
    let recording = record(&mut bench, 5);
    bench.keys("2");

    bench.changed(false);

    assert!(thrown_away(&bench, recording));
    bench.hears(&[named("sys/error")]);
    bench.take();
    bench.keys("1");
    bench.take();
    bench.keys("1");
    bench.hears(&[own(Unavailable)]);
}

#[test]
fn a_slow_disk_is_told_and_what_it_did_in_the_end_counts() {
    let mut bench = menu(&[Temporary]);
    bench.keys("37");
    let [(kind, recording)] = changes(&bench)[..] else {
        panic!("it is to be taken away");
    };
    bench.take();
    bench.wait(s(3));
    bench.hears(&[named("sys/error")]);
    assert!(bench.decided("the store did not answer in time"));

    bench.event(Event::MailboxChanged {
        change: MailboxChange::Greeting {
            mailbox: "1049".to_owned(),
            kind,
            recording,
        },
        kept: true,
    });

    bench.take();
    bench.keys("3");
    bench.hears(&[named("vm/record-greeting")]);
}

#[test]
fn a_greeting_that_nobody_confirmed_is_thrown_away() {
    // By `*` in the review, by saying nothing, by hanging up.
    for way in 0..3 {
        let mut bench = menu(&[]);
        bench.keys("4");
        let recording = record(&mut bench, 1);

        match way {
            0 => bench.keys("*"),
            1 => bench.keys("999"),
            _ => bench.hangs_up(LegId::CALLER),
        }

        assert_eq!(changes(&bench), [], "way {way}");
        assert!(thrown_away(&bench, recording), "way {way}");
    }
}

#[test]
fn who_hangs_up_while_recording_a_greeting_has_changed_nothing() {
    let mut bench = menu(&[]);
    bench.keys("1");
    bench.hears(&[named("vm/record-greeting")]);
    bench.hears(&[BEEP]);
    let recording = bench.recording();
    bench.wait(s(4));

    bench.hangs_up(LegId::CALLER);

    assert_eq!(changes(&bench), []);
    assert!(thrown_away(&bench, recording));
}

#[test]
fn a_greeting_of_one_word_is_too_short_and_a_name_is_not() {
    let mut bench = menu(&[]);
    bench.keys("1");
    bench.hears(&[named("vm/record-greeting")]);
    bench.hears(&[BEEP]);
    bench.recording();
    bench.wait(s(1) / 2);
    bench.keys("#");
    bench.hears(&[named("vm/too-short")]);
    bench.take();

    bench.keys("4");
    bench.hears(&[named("vm/record-greeting")]);
    bench.hears(&[BEEP]);
    let name = bench.recording();
    bench.wait(s(1) / 2);
    bench.keys("#");

    bench.closed(name, 1);
    assert_eq!(bench.playing().1, [named("vm/review")]);
}

#[test]
fn star_leads_back_to_the_messages_and_so_does_silence() {
    let mut bench = menu(&[Busy]);
    bench.keys("2");
    bench.take();
    bench.keys("*");
    assert_eq!(bench.playing().1, [named("vm/greetings")]);
    bench.keys("*");
    bench.keys("*");
    bench.hears(&[named("bye/thanks")]);

    let mut bench = menu(&[]);
    bench.keys("9");
    bench.hears(&[named("menu/invalid"), named("vm/greetings")]);
    bench.wait(s(5));
    bench.hears(&[named("vm/greetings")]);
    bench.wait(s(5));
    assert!(bench.decided("no valid key for a greeting"));
    bench.wait(s(5));
    bench.hears(&[named("bye/thanks")]);
}

fn plays(bench: &Bench) -> bool {
    let mut outputs = bench.outputs.iter();
    outputs.any(|output| matches!(output, Output::Play { .. }))
}
