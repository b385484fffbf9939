//! Two parties: hold, recording, who leaves.

use super::{Bench, bridge, named, play, s, setup};
use crate::{
    Bridge, Cause, Command, Ended, Event, LegId, Options, Output, Parted, Purpose, Recorded, Reply,
    Sound, StartRecording, Target, Tone,
};

fn held(bench: &mut Bench, leg: LegId, held: bool) -> Vec<Output> {
    bench.event(Event::Held { leg, held });
    bench.take()
}

fn music(leg: LegId) -> Output {
    Output::Music { leg, name: None }
}

#[test]
fn the_script_goes_on_after_the_called_has_hung_up() {
    let mut bench = Bench::new();
    let (request, leg) = bench.talk(false);
    bench.wait(s(65));

    bench.hangs_up(leg);

    let parted = Parted {
        leg,
        target: Target::User("1049".to_owned()),
        user: Some("1049".to_owned()),
        talked: s(65),
        cause: Cause::Normal,
    };
    let disconnect = Output::Disconnect {
        a: leg,
        b: LegId::CALLER,
    };
    let reply = Output::Reply {
        request,
        reply: Reply::Leg(Ok(parted)),
    };
    assert_eq!(bench.take(), [disconnect, reply]);
    bench.ask(play("rate/ask"));
    bench.hears(&[named("rate/ask")]);
}

#[test]
fn the_called_is_released_when_the_caller_hangs_up() {
    let mut bench = Bench::new();
    let (request, leg) = bench.talk(false);

    bench.hangs_up(LegId::CALLER);

    assert_eq!(bench.reply(request), None);
    let outputs = bench.take();
    assert_eq!(
        outputs[..3],
        [
            Output::Disconnect {
                a: LegId::CALLER,
                b: leg
            },
            Output::Release {
                leg,
                cause: Cause::Normal,
                elsewhere: false
            },
            Output::StopScript
        ]
    );
    assert!(matches!(outputs[3], Output::Ended(_)));
}

#[test]
fn who_is_put_on_hold_hears_music_until_taken_back() {
    for holder in 0..2 {
        let mut bench = Bench::new();
        let (_, leg) = bench.talk(false);
        let (holds, waits) = [(LegId::CALLER, leg), (leg, LegId::CALLER)][holder];

        let parted = Output::Disconnect {
            a: LegId::CALLER,
            b: leg,
        };
        assert_eq!(held(&mut bench, holds, true), [parted, music(waits)]);
        assert_eq!(bench.call.state(), "held");

        let connect = Output::Connect {
            a: LegId::CALLER,
            b: leg,
        };
        assert_eq!(held(&mut bench, holds, false), [connect]);
        assert_eq!(bench.call.state(), "talking");
    }
}

#[test]
fn when_both_hold_nobody_hears_music_and_both_must_take_back() {
    let mut bench = Bench::new();
    let (_, leg) = bench.talk(false);
    held(&mut bench, leg, true);

    let quiet = Output::Quiet { leg: LegId::CALLER };
    assert_eq!(held(&mut bench, LegId::CALLER, true), [quiet]);
    assert_eq!(held(&mut bench, leg, false), [music(leg)]);
    let connect = Output::Connect {
        a: LegId::CALLER,
        b: leg,
    };
    assert_eq!(held(&mut bench, LegId::CALLER, false), [connect]);
}

#[test]
fn hold_told_twice_is_hold_once() {
    let mut bench = Bench::new();
    let (_, leg) = bench.talk(false);
    held(&mut bench, leg, true);

    assert_eq!(held(&mut bench, leg, true), []);
}

#[test]
fn a_caller_who_holds_while_it_rings_is_connected_when_back() {
    let mut bench = Bench::answered();
    bench.ask(Command::Bridge(bridge(&["1049"])));
    let leg = bench.invited("1049");
    held(&mut bench, LegId::CALLER, true);

    bench.answers(leg);
    let outputs = bench.take();
    assert!(outputs.contains(&music(leg)));
    assert!(
        !outputs
            .iter()
            .any(|it| matches!(it, Output::Connect { .. }))
    );

    let connect = Output::Connect {
        a: LegId::CALLER,
        b: leg,
    };
    assert_eq!(held(&mut bench, LegId::CALLER, false), [connect]);
}

#[test]
fn a_held_caller_hears_the_script_again_when_the_holder_hangs_up() {
    let mut bench = Bench::new();
    let (_, leg) = bench.talk(false);
    held(&mut bench, leg, true);

    bench.hangs_up(leg);

    let quiet = Output::Quiet { leg: LegId::CALLER };
    assert_eq!(bench.take()[0], quiet);
    bench.ask(play("rate/ask"));
    bench.hears(&[named("rate/ask")]);
}

#[test]
fn a_bridge_is_recorded_with_the_customer_left_and_goes_on_through_hold() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(Bridge {
        record: true,
        ..bridge(&["1049"])
    }));
    let leg = bench.invited("1049");
    bench.answers(leg);
    let start = bench.take().into_iter().find_map(|output| match output {
        Output::StartRecording {
            recording,
            left,
            right,
            stereo: true,
            purpose: Purpose::Call,
            ..
        } => Some((recording, left, right)),
        _ => None,
    });
    let (recording, left, right) = start.expect("it is recorded in stereo");
    assert_eq!((left, right), (Some(LegId::CALLER), Some(leg)));

    let on_hold = held(&mut bench, leg, true);
    assert!(
        !on_hold
            .iter()
            .any(|it| matches!(it, Output::StopRecording { .. }))
    );
    bench.hangs_up(leg);

    let stop = Output::StopRecording {
        recording,
        discard: false,
    };
    assert!(bench.take().contains(&stop));
}

#[test]
fn of_a_call_to_the_outside_the_customer_is_left_too() {
    let mut insider = setup();
    insider.user = Some("1049".to_owned()).into();
    insider.trunk = None;
    let mut bench = Bench::with(insider, Options::default());
    bench.ask(Command::Bridge(Bridge {
        targets: vec![Target::Trunk {
            trunk: "carrier".to_owned(),
            number: "13800138000".to_owned(),
        }],
        record: true,
        ..bridge(&[])
    }));

    bench.answers(LegId(1));

    let sides = bench.take().into_iter().find_map(|output| match output {
        Output::StartRecording { left, right, .. } => Some((left, right)),
        _ => None,
    });
    assert_eq!(sides, Some((Some(LegId(1)), Some(LegId::CALLER))));
}

#[test]
fn a_recording_of_the_script_follows_from_one_agent_to_the_next() {
    let mut bench = Bench::answered();
    bench.ask(Command::StartRecording(StartRecording::default()));
    let recording = bench.recording();
    let moved = |right| Output::MoveRecording {
        recording,
        left: Some(LegId::CALLER),
        right,
    };

    bench.ask(Command::Bridge(bridge(&["1049"])));
    let first = bench.invited("1049");
    bench.answers(first);
    assert!(bench.take().contains(&moved(Some(first))));
    bench.hangs_up(first);
    assert!(bench.take().contains(&moved(None)));
    bench.ask(Command::Bridge(bridge(&["1050"])));
    let second = bench.invited("1050");
    bench.answers(second);
    assert!(bench.take().contains(&moved(Some(second))));

    bench.hangs_up(LegId::CALLER);

    let stop = Output::StopRecording {
        recording,
        discard: false,
    };
    assert!(bench.take().contains(&stop));
    assert!(!bench.call.is_ended(), "the recording is not on disk");
    bench.closed(recording, 9);
    assert!(bench.call.is_ended());
}

#[test]
fn a_call_does_not_wait_for_ever_for_its_recording() {
    let mut bench = Bench::answered();
    bench.ask(Command::StartRecording(StartRecording::default()));
    bench.hangs_up(LegId::CALLER);
    assert!(!bench.call.is_ended());

    bench.wait(s(5));

    assert!(bench.call.is_ended());
    assert!(bench.decided("was not reported in time"));
}

#[test]
fn stopping_a_recording_gives_it_to_the_script_when_it_is_on_disk() {
    let mut bench = Bench::answered();
    bench.ask(Command::StartRecording(StartRecording::default()));
    let recording = bench.recording();
    bench.wait(s(7));

    let request = bench.ask(Command::StopRecording);
    assert_eq!(bench.reply(request), None);
    bench.closed(recording, 7);

    let recorded = Recorded {
        id: recording,
        duration: s(7),
    };
    assert_eq!(bench.reply(request), Some(Reply::Recording(Ok(recorded))));
}

#[test]
fn stopping_what_does_not_run_does_nothing() {
    let mut bench = Bench::answered();

    let request = bench.ask(Command::StopRecording);

    assert_eq!(bench.reply(request), Some(Reply::Done));
}

#[test]
fn a_recording_asked_for_before_the_answer_begins_with_it() {
    let mut bench = Bench::new();
    bench.ask(Command::StartRecording(StartRecording::default()));
    assert!(
        !bench
            .take()
            .iter()
            .any(|it| matches!(it, Output::StartRecording { .. }))
    );

    bench.ask(Command::Answer);

    assert!(
        bench
            .take()
            .iter()
            .any(|it| matches!(it, Output::StartRecording { .. }))
    );
}

#[test]
fn the_beep_of_a_recording_does_not_cut_a_prompt() {
    let mut bench = Bench::answered();
    let request = bench.ask(play("greet/welcome"));
    let (welcome, _) = bench.playing();

    bench.ask(Command::StartRecording(StartRecording { beep: true }));

    assert!(
        !bench
            .take()
            .iter()
            .any(|it| matches!(it, Output::Play { .. }))
    );
    bench.played(welcome);
    assert_eq!(bench.reply(request), Some(Reply::Key(None)));
}

#[test]
fn both_hear_the_beep_of_a_recording() {
    let mut bench = Bench::new();
    let (_, leg) = bench.talk(false);

    bench.ask(Command::StartRecording(StartRecording { beep: true }));

    let beeps = bench.take().into_iter().filter_map(|output| match output {
        Output::Play { leg, sounds, .. } if sounds == [Sound::Tone(Tone::Beep)] => Some(leg),
        _ => None,
    });
    assert_eq!(beeps.collect::<Vec<_>>(), [LegId::CALLER, leg]);
}

#[test]
fn a_phone_that_falls_silent_ends_the_conversation_and_not_the_call() {
    let mut bench = Bench::new();
    let (request, leg) = bench.talk(false);

    bench.event(Event::HungUp {
        leg,
        cause: Cause::Lost,
    });

    let Some(Reply::Leg(Ok(parted))) = bench.reply(request) else {
        panic!("they have parted");
    };
    assert_eq!(parted.cause, Cause::Lost);
    assert!(!bench.call.is_ended());
    bench.script_ends(Ended::Returned);
    assert_eq!(bench.record().ended_by, "system:lost");
}

#[test]
fn a_conversation_outlives_its_script() {
    let mut bench = Bench::new();
    let (_, leg) = bench.talk(false);

    bench.script_ends(Ended::Failed {
        message: "the script hangs".to_owned(),
    });
    assert_eq!(bench.take(), [], "they go on talking");
    bench.wait(s(10));
    bench.hangs_up(leg);

    let release = Output::Release {
        leg: LegId::CALLER,
        cause: Cause::Normal,
        elsewhere: false,
    };
    assert!(bench.outputs.contains(&release));
    assert_eq!(bench.record().ended_by, "agent:1049");
}
