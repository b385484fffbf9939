//! Leaving a message.

use super::{Bench, named, s};
use crate::record::{Outcome, SegmentKind};
use crate::{
    Command, Ended, Event, Greeting, Left, LegId, Mailbox, MailboxChange, Output, Purpose,
    RecordingId, Reply, RequestId, Sound, Tone, Voicemail,
};

pub(super) const BEEP: Sound = Sound::Tone(Tone::Beep);

pub(super) fn deposit() -> Voicemail {
    Voicemail {
        mailbox: "1049".to_owned(),
        greeting: Greeting::Unavailable,
        max_duration: s(120),
        min_duration: s(2),
        silence: s(5),
        beep: true,
        review: false,
    }
}

/// Asks for a message, and lets the store answer.
pub(super) fn open(bench: &mut Bench, wanted: Voicemail, found: Mailbox) -> RequestId {
    let request = bench.ask(Command::Voicemail(wanted));
    let open = Output::OpenMailbox {
        mailbox: "1049".to_owned(),
    };
    assert!(bench.take().contains(&open));
    bench.mailbox("1049", Some(found));
    request
}

/// A call in which a message is being recorded.
pub(super) fn recording(wanted: Voicemail) -> (Bench, RequestId, RecordingId) {
    let mut bench = Bench::new();
    let request = open(&mut bench, wanted, Mailbox::default());
    bench.hears(&[named("vm/leave")]);
    bench.hears(&[BEEP]);
    let recording = bench.recording();
    (bench, request, recording)
}

fn left(bench: &Bench) -> Option<(RecordingId, u64)> {
    bench.outputs.iter().find_map(|output| match output {
        Output::Mailbox(MailboxChange::Leave {
            mailbox,
            recording,
            from,
            duration,
            ..
        }) => {
            assert_eq!(mailbox, "1049");
            assert_eq!(from.as_deref(), Some("+8613800138000"));
            Some((*recording, duration.as_secs()))
        }
        _ => None,
    })
}

fn stop(recording: RecordingId, discard: bool) -> Output {
    Output::StopRecording { recording, discard }
}

#[test]
fn a_message_is_greeted_recorded_saved_and_thanked_for() {
    let (mut bench, request, recording) = recording(deposit());

    bench.wait(s(10));
    bench.keys("#");
    assert_eq!(bench.take(), [stop(recording, false)]);
    bench.closed(recording, 10);
    assert_eq!(left(&bench), Some((recording, 10)));
    assert!(bench.reply(request).is_none(), "it is not on disk");
    bench.kept(true);
    bench.hears(&[named("vm/saved")]);

    let Some(Reply::Message(Some(Left {
        mailbox, duration, ..
    }))) = bench.reply(request)
    else {
        panic!("a message was left");
    };
    assert_eq!((mailbox.as_str(), duration), ("1049", s(10)));
}

#[test]
fn a_message_that_could_not_be_stored_is_not_called_saved() {
    let (mut bench, request, recording) = recording(deposit());
    bench.wait(s(10));
    bench.keys("#");
    bench.closed(recording, 10);

    bench.kept(false);

    bench.hears(&[named("sys/error")]);
    assert_eq!(bench.reply(request), Some(Reply::Message(None)));
    bench.hangs_up(LegId::CALLER);
    assert_eq!(bench.record().result, Outcome::EndedInMenu);
}

#[test]
fn a_slow_disk_keeps_nobody_waiting_and_is_not_called_saved() {
    let (mut bench, request, recording) = recording(deposit());
    bench.wait(s(10));
    bench.keys("#");
    bench.closed(recording, 10);

    bench.wait(s(3));

    bench.hears(&[named("bye/thanks")]);
    assert!(matches!(
        bench.reply(request),
        Some(Reply::Message(Some(_)))
    ));
}

#[test]
fn a_message_is_recorded_alone_and_with_its_silence_noticed() {
    let mut bench = Bench::new();
    open(&mut bench, deposit(), Mailbox::default());
    bench.hears(&[named("vm/leave")]);
    bench.hears(&[BEEP]);

    let [
        Output::StartRecording {
            left,
            right,
            stereo,
            silence,
            purpose,
            ..
        },
    ] = bench.outputs.as_slice()
    else {
        panic!("it is recorded");
    };

    assert_eq!((*left, *right), (Some(LegId::CALLER), None));
    assert_eq!((*stereo, *silence), (false, s(5)));
    assert_eq!(*purpose, Purpose::Message);
}

#[test]
fn greetings_are_as_asked_for() {
    let greeted = |greeting| {
        let mut bench = Bench::new();
        let wanted = Voicemail {
            greeting,
            ..deposit()
        };
        open(&mut bench, wanted, Mailbox::default());
        bench.playing().1
    };

    let busy = [named("call/busy"), named("vm/leave")];
    assert_eq!(greeted(Greeting::Busy), busy);
    assert_eq!(greeted(Greeting::Sound(named("off"))), [named("off")]);
    assert_eq!(greeted(Greeting::None), [BEEP]);
}

#[test]
fn a_greeting_that_is_missing_is_the_standard_one() {
    let mut bench = Bench::new();
    let wanted = Voicemail {
        greeting: Greeting::Sound(named("off")),
        ..deposit()
    };
    open(&mut bench, wanted, Mailbox::default());
    let (play, _) = bench.playing();

    bench.event(Event::PlayFailed {
        play,
        why: "sound 'off' not found".to_owned(),
    });

    bench.hears(&[named("vm/leave")]);
    bench.hears(&[BEEP]);
    assert!(bench.decided("sound 'off' not found"));
}

#[test]
fn who_knows_the_greeting_skips_it() {
    let mut bench = Bench::new();
    open(&mut bench, deposit(), Mailbox::default());
    bench.take();

    bench.keys("#");

    bench.hears(&[BEEP]);
}

#[test]
fn an_unknown_mailbox_is_a_mistake() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::Voicemail(deposit()));

    bench.mailbox("1049", None);

    let mistake = Reply::Mistake("no mailbox '1049'".to_owned());
    assert_eq!(bench.reply(request), Some(mistake));
}

#[test]
fn a_store_that_does_not_answer_costs_no_message() {
    let mut bench = Bench::new();
    bench.ask(Command::Voicemail(deposit()));
    bench.take();

    bench.wait(s(3));

    bench.hears(&[named("vm/leave")]);
    bench.hears(&[BEEP]);
    bench.recording();
}

#[test]
fn silence_ends_a_message() {
    let (mut bench, _, recording) = recording(deposit());
    bench.wait(s(12));

    bench.event(Event::Silent { recording });

    assert_eq!(bench.take(), [stop(recording, false)]);
}

#[test]
fn the_longest_message_ends_by_itself() {
    let (mut bench, _, recording) = recording(deposit());

    bench.wait(s(120));

    assert_eq!(bench.take(), [stop(recording, false)]);
}

#[test]
fn a_message_that_is_too_short_is_asked_for_again_and_given_up_the_third_time() {
    let (mut bench, request, mut recording) = recording(deposit());

    for attempt in 0..3 {
        bench.wait(s(1));
        bench.keys("#");
        assert!(bench.outputs.contains(&stop(recording, true)));
        if attempt < 2 {
            bench.hears(&[named("vm/too-short")]);
            bench.hears(&[BEEP]);
            recording = bench.recording();
        }
    }

    assert_eq!(bench.reply(request), Some(Reply::Message(None)));
}

#[test]
fn a_message_of_nothing_but_silence_is_too_short() {
    let (mut bench, _, recording) = recording(deposit());
    bench.wait(s(5));

    bench.event(Event::Silent { recording });

    assert!(bench.outputs.contains(&stop(recording, true)));
    bench.hears(&[named("vm/too-short")]);
}

#[test]
fn a_message_can_be_heard_recorded_again_and_saved() {
    let (mut bench, request, first) = recording(Voicemail {
        review: true,
        ..deposit()
    });
    bench.wait(s(4));
    bench.keys("#");
    bench.closed(first, 4);

    bench.keys("1");
    bench.take();
    bench.keys("1");
    bench.hears(&[Sound::Recording(first)]);
    bench.take();
    bench.keys("3");
    assert!(bench.outputs.contains(&stop(first, true)), "thrown away");
    bench.hears(&[BEEP]);
    let second = bench.recording();
    bench.wait(s(6));
    bench.keys("#");
    bench.closed(second, 6);
    bench.take();
    bench.keys("2");

    assert_eq!(left(&bench), Some((second, 6)));
    bench.kept(true);
    bench.hears(&[named("vm/saved")]);
    assert!(matches!(
        bench.reply(request),
        Some(Reply::Message(Some(_)))
    ));
}

#[test]
fn a_message_can_be_taken_back() {
    for listens in [false, true] {
        let (mut bench, request, recording) = recording(Voicemail {
            review: true,
            ..deposit()
        });
        bench.wait(s(4));
        bench.keys("#");
        bench.closed(recording, 4);
        bench.keys(if listens { "1*" } else { "*" });

        assert_eq!(left(&bench), None);
        assert!(bench.outputs.contains(&stop(recording, true)));
        assert_eq!(bench.reply(request), Some(Reply::Message(None)));
    }
}

#[test]
fn who_decides_nothing_in_the_review_has_left_the_message() {
    let (mut bench, _, recording) = recording(Voicemail {
        review: true,
        ..deposit()
    });
    bench.wait(s(4));
    bench.keys("#");
    bench.take();
    bench.closed(recording, 4);

    for _ in 0..3 {
        bench.hears(&[named("vm/review"), named("vm/mark-urgent")]);
        bench.wait(s(5));
    }

    assert_eq!(left(&bench), Some((recording, 4)));
}

#[test]
fn who_hangs_up_in_the_review_has_left_the_message_and_the_record_says_so() {
    let (mut bench, _, recording) = recording(Voicemail {
        review: true,
        ..deposit()
    });
    bench.wait(s(4));
    bench.keys("#");
    bench.take();
    bench.closed(recording, 4);

    bench.hangs_up(LegId::CALLER);

    assert_eq!(left(&bench), Some((recording, 4)));
    assert_eq!(bench.record().result, Outcome::LeftMessage);
}

#[test]
fn who_hangs_up_while_recording_has_left_the_message() {
    let (mut bench, _, recording) = recording(deposit());
    bench.wait(s(8));

    bench.hangs_up(LegId::CALLER);
    assert!(bench.take().contains(&stop(recording, false)));
    assert!(!bench.call.is_ended(), "it is not on disk");
    bench.closed(recording, 8);

    assert_eq!(left(&bench), Some((recording, 8)));
    let record = bench.record();
    assert_eq!(record.result, Outcome::LeftMessage);
    assert_eq!(record.ended_by, "customer");
    let voicemail = record.segments.last().unwrap();
    assert_eq!(voicemail.kind, SegmentKind::Voicemail);
    assert_eq!(voicemail.recording, Some(recording));
}

#[test]
fn a_message_survives_a_recorder_that_does_not_report() {
    let (mut bench, _, recording) = recording(deposit());
    bench.wait(s(8));
    bench.hangs_up(LegId::CALLER);

    bench.wait(s(5));

    assert_eq!(left(&bench), Some((recording, 8)));
    assert!(bench.call.is_ended());
}

#[test]
fn who_hangs_up_after_a_word_has_left_none() {
    let (mut bench, _, recording) = recording(deposit());
    bench.wait(s(1));

    bench.hangs_up(LegId::CALLER);

    assert_eq!(left(&bench), None);
    assert!(bench.outputs.contains(&stop(recording, true)));
    assert_eq!(bench.record().result, Outcome::EndedInMenu);
}

#[test]
fn the_caller_may_hang_up_at_every_point() {
    for moment in 0..9 {
        let mut bench = Bench::new();
        bench.ask(Command::Voicemail(Voicemail {
            review: true,
            ..deposit()
        }));
        let mut recording = None;
        for step in 0..moment {
            match step {
                0 => bench.mailbox("1049", Some(Mailbox::default())),
                1 => bench.hears(&[named("vm/leave")]),
                2 => {
                    bench.hears(&[BEEP]);
                    recording = Some(bench.recording());
                }
                3 => bench.wait(s(3)),
                4 => bench.keys("#"),
                5 => bench.closed(recording.unwrap(), 3),
                6 => bench.keys("1"),
                _ => bench.keys("2"),
            }
        }
        let before = left(&bench).is_some();

        bench.hangs_up(LegId::CALLER);
        bench.wait(s(5));

        assert!(bench.call.is_ended(), "moment {moment}");
        let after = left(&bench).is_some();
        assert_eq!(after, moment >= 4, "moment {moment}");
        assert_eq!(before, moment >= 8, "moment {moment}");
        let count = bench
            .outputs
            .iter()
            .filter(|output| matches!(output, Output::Mailbox(MailboxChange::Leave { .. })));
        assert!(count.count() <= 1, "a message is left once");
    }
}

#[test]
fn a_message_is_taken_to_its_end_though_the_script_has_failed() {
    let (mut bench, _, recording) = recording(deposit());
    bench.script_ends(Ended::Failed {
        message: "gone".to_owned(),
    });

    bench.wait(s(5));
    bench.keys("#");
    bench.take();
    bench.closed(recording, 5);
    assert_eq!(left(&bench), Some((recording, 5)));
    bench.kept(true);
    bench.hears(&[named("vm/saved")]);

    assert!(bench.call.is_ended());
}

#[test]
fn recording_the_caller_replies_with_the_recording_or_with_silence() {
    let wanted = crate::Record {
        max_duration: s(60),
        silence: s(3),
        beep: false,
        finish_on: crate::Keys::Any,
    };
    let mut bench = Bench::new();
    let request = bench.ask(Command::Record(wanted.clone()));
    let recording = bench.recording();
    bench.wait(s(9));
    bench.keys("5");
    bench.closed(recording, 9);
    let mut silent = Bench::new();
    let nothing = silent.ask(Command::Record(wanted));
    let empty = silent.recording();
    silent.wait(s(3));
    silent.event(Event::Silent { recording: empty });

    let recorded = crate::Recorded {
        id: recording,
        duration: s(9),
    };
    assert_eq!(bench.reply(request), Some(Reply::Recording(Ok(recorded))));
    let why = Err(crate::Why::Silence);
    assert_eq!(silent.reply(nothing), Some(Reply::Recording(why)));
}
