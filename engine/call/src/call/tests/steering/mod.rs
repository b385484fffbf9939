//! What is done for a party by other means than its phone; three in a conversation; codes.

mod codes;
mod trio;

use crate::call::tests::{Bench, bridge, named, play, s, setup};
use crate::record::SegmentKind;
use crate::{
    Cause, Command, Event, LegId, Options, Output, Setup, Sound, StartRecording, Steer, Tone,
};

const CUSTOMER: LegId = LegId::CALLER;

fn steers(bench: &mut Bench, leg: LegId, what: Steer) {
    bench.event(Event::Steered { leg, what });
}

fn music(leg: LegId) -> Output {
    Output::Music { leg, name: None }
}

fn connect(a: LegId, b: LegId) -> Output {
    Output::Connect { a, b }
}

fn disconnect(a: LegId, b: LegId) -> Output {
    Output::Disconnect { a, b }
}

fn plays(outputs: &[Output]) -> Vec<(LegId, Sound)> {
    let played = outputs.iter().filter_map(|output| match output {
        Output::Play { leg, sounds, .. } => Some((*leg, sounds[0].clone())),
        _ => None,
    });
    played.collect()
}

fn patient() -> Options {
    Options {
        hold_reminder: s(60),
        ..Options::default()
    }
}

#[test]
fn fifty_holds_and_retrievals_by_program_leave_the_two_connected_and_one_stretch_each() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);

    for _ in 0..50 {
        steers(&mut bench, agent, Steer::Hold);
        assert_eq!(
            bench.take(),
            [disconnect(CUSTOMER, agent), music(CUSTOMER)],
            "the agent hears nothing, the customer music"
        );
        assert_eq!(bench.call.state(), "held");
        bench.wait(s(1));
        steers(&mut bench, agent, Steer::Retrieve);
        assert_eq!(bench.take(), [connect(CUSTOMER, agent)]);
        bench.wait(s(1));
    }

    bench.hangs_up(CUSTOMER);
    let kinds: Vec<SegmentKind> = bench.record().segments.iter().map(|it| it.kind).collect();
    let count = |kind| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!(
        (count(SegmentKind::Talk), count(SegmentKind::Hold)),
        (50, 50)
    );
}

#[test]
fn who_holds_is_reminded_each_minute_and_who_waits_hears_nothing_of_it() {
    let mut bench = Bench::with(setup(), patient());
    let (_, agent) = bench.talk(false);
    bench.event(Event::Held {
        leg: agent,
        held: true,
    });
    bench.take();

    bench.wait(s(59));
    assert_eq!(bench.take(), []);
    for waited in [60, 120] {
        bench.wait(s(if waited == 60 { 1 } else { 60 }));
        let outputs = bench.take();
        assert_eq!(plays(&outputs), [(agent, Sound::Tone(Tone::Beep))]);
        let reminded = Output::HoldReminded {
            leg: agent,
            waited: s(waited),
        };
        assert!(outputs.contains(&reminded), "{outputs:?}");
    }

    bench.event(Event::Held {
        leg: agent,
        held: false,
    });
    bench.take();
    bench.wait(s(300));
    assert_eq!(bench.take(), []);
}

#[test]
fn while_the_agent_is_away_the_customer_has_music_and_the_agents_ear_is_left_alone() {
    let mut bench = Bench::with(setup(), patient());
    let (_, agent) = bench.talk(false);

    steers(&mut bench, agent, Steer::Away);

    assert_eq!(bench.take(), [disconnect(CUSTOMER, agent), music(CUSTOMER)]);
    bench.wait(s(180));
    assert_eq!(bench.take(), [], "no reminder of who is asking somebody");
    // The customer's own phone holds and takes back meanwhile.
    for held in [true, false] {
        bench.event(Event::Held {
            leg: CUSTOMER,
            held,
        });
        let touched = bench.take().into_iter().any(|output| {
            let of_agent = [music(agent), Output::Quiet { leg: agent }];
            of_agent.contains(&output) || output == connect(CUSTOMER, agent)
        });
        assert!(!touched);
    }

    steers(&mut bench, agent, Steer::Back { failed: false });
    assert_eq!(bench.take(), [connect(CUSTOMER, agent)]);
}

#[test]
fn with_nobody_there_the_agent_hears_a_tone_and_has_the_customer_back_after_two_seconds() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    steers(&mut bench, agent, Steer::Away);
    bench.take();

    steers(&mut bench, agent, Steer::Back { failed: true });

    assert_eq!(plays(&bench.take()), [(agent, Sound::Tone(Tone::Busy))]);
    bench.wait(s(1));
    assert_eq!(bench.take(), []);
    bench.wait(s(1));
    let outputs = bench.take();
    assert!(matches!(outputs[0], Output::StopPlay { leg, .. } if leg == agent));
    assert_eq!(outputs[1..], [connect(CUSTOMER, agent)]);
    // Who is not away is not given back.
    steers(&mut bench, agent, Steer::Back { failed: true });
    assert_eq!(bench.take(), []);
}

#[test]
fn the_customer_can_be_had_back_at_once_and_where_it_is_so_set_up_only_by_hand() {
    let options = Options {
        auto_retrieve: s(0),
        ..Options::default()
    };
    let mut bench = Bench::with(setup(), options);
    let (_, agent) = bench.talk(false);
    steers(&mut bench, agent, Steer::Away);
    steers(&mut bench, agent, Steer::Back { failed: true });
    bench.take();
    bench.wait(s(600));
    assert_eq!(bench.take(), []);

    steers(&mut bench, agent, Steer::Back { failed: false });

    let outputs = bench.take();
    assert!(matches!(outputs[0], Output::StopPlay { leg, .. } if leg == agent));
    assert_eq!(outputs[1..], [connect(CUSTOMER, agent)]);
}

#[test]
fn recording_is_turned_on_and_off_and_masked_without_losing_time() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    steers(&mut bench, agent, Steer::Mask(None));
    assert_eq!(bench.call.recorded(), (false, false), "nothing to mask");

    steers(&mut bench, agent, Steer::Record(None));
    let outputs = bench.take();
    let recording = outputs.iter().find_map(|output| match output {
        Output::StartRecording {
            recording,
            left,
            right,
            ..
        } => {
            assert_eq!((*left, *right), (Some(CUSTOMER), Some(agent)));
            Some(*recording)
        }
        _ => None,
    });
    let recording = recording.unwrap();
    assert_eq!(plays(&outputs).len(), 2, "both hear a beep");
    let moved = |left, right| Output::MoveRecording {
        recording,
        left,
        right,
    };

    steers(&mut bench, agent, Steer::Mask(Some(true)));
    assert_eq!(bench.take(), [moved(None, None)]);
    assert_eq!(bench.call.recorded(), (true, true));
    // It stays masked, whoever comes and goes.
    steers(&mut bench, agent, Steer::Mask(Some(true)));
    steers(&mut bench, agent, Steer::Hold);
    steers(&mut bench, agent, Steer::Retrieve);
    let moves = bench.take().into_iter();
    let mut moves = moves.filter(|it| matches!(it, Output::MoveRecording { .. }));
    assert!(moves.all(|it| it == moved(None, None)));
    steers(&mut bench, agent, Steer::Mask(None));
    assert_eq!(bench.take(), [moved(Some(CUSTOMER), Some(agent))]);

    steers(&mut bench, agent, Steer::Record(Some(false)));
    let stop = Output::StopRecording {
        recording,
        discard: false,
    };
    assert_eq!(bench.take(), [stop]);
}

#[test]
fn what_the_agent_says_elsewhere_or_on_hold_is_not_in_the_customers_recording() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(true);
    let both = |bench: &mut Bench| {
        bench.take().into_iter().find_map(|output| match output {
            Output::MoveRecording { left, right, .. } => Some([left, right]),
            _ => None,
        })
    };
    for (off, on) in [
        (Steer::Hold, Steer::Retrieve),
        (Steer::Away, Steer::Back { failed: false }),
    ] {
        steers(&mut bench, agent, off);
        assert_eq!(both(&mut bench), Some([Some(CUSTOMER), None]));
        steers(&mut bench, agent, on);
        assert_eq!(both(&mut bench), Some([Some(CUSTOMER), Some(agent)]));
    }
    steers(&mut bench, agent, Steer::Away);
    steers(&mut bench, agent, Steer::Back { failed: true });
    bench.take();
    bench.wait(s(2));
    assert_eq!(both(&mut bench), Some([Some(CUSTOMER), Some(agent)]));
}

#[test]
fn what_is_told_to_one_is_heard_by_that_one_alone() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);

    steers(&mut bench, agent, Steer::Tell(Sound::Tone(Tone::Confirm)));

    assert_eq!(plays(&bench.take()), [(agent, Sound::Tone(Tone::Confirm))]);
    assert_eq!(bench.call.state(), "talking");
}

/// A call that 1049 makes beside another, over the same line.
fn aside() -> Bench {
    let setup = Setup {
        user: Some("1049".to_owned()).into(),
        from: Some("1049".to_owned()),
        trunk: None,
        to: "1050".to_owned(),
        ..setup()
    };
    let options = Options {
        aside: true,
        ..Options::default()
    };
    Bench::with(setup, options)
}

#[test]
fn a_call_beside_another_has_its_caller_from_the_start_and_rings_as_any() {
    let mut bench = aside();
    bench.ask(Command::Bridge(bridge(&["1050"])));
    let colleague = bench.invited("1050");
    bench.rings(colleague);
    let outputs = bench.take();
    assert_eq!(
        plays(&outputs),
        [(LegId::CALLER, Sound::Tone(Tone::Ringback))]
    );
    assert!(!outputs.contains(&Output::Answer));

    bench.answers(colleague);

    assert!(bench.take().contains(&connect(LegId::CALLER, colleague)));
}

#[test]
fn a_call_beside_another_that_finds_nobody_is_over_and_plays_no_excuses() {
    let mut bench = aside();
    bench.ask(Command::Bridge(bridge(&["1050"])));
    bench.refuses(bench.invited("1050"), Cause::Busy);
    // Somebody else is worth a try.
    bench.ask(Command::Bridge(bridge(&["1051"])));
    bench.refuses(bench.invited("1051"), Cause::Busy);
    bench.take();

    bench.ask(play("call/busy"));

    let record = bench.record();
    assert_eq!(record.cause, Cause::Busy);
    assert_eq!(plays(&bench.take()), []);
}

#[test]
fn steering_those_who_are_gone_or_talk_with_nobody_changes_nothing() {
    let mut bench = Bench::answered();
    for what in [
        Steer::Hold,
        Steer::Retrieve,
        Steer::Away,
        Steer::Back { failed: true },
        Steer::Record(None),
        Steer::Mask(None),
    ] {
        steers(&mut bench, LegId(7), what.clone());
        steers(&mut bench, CUSTOMER, what);
    }
    assert_eq!(bench.take(), []);
    bench.ask(Command::StartRecording(StartRecording::default()));
    bench.ask(Command::Play {
        sounds: vec![named("menu/main")],
        interrupt_on: crate::Keys::None,
        times: 1,
    });
    assert_eq!(bench.call.state(), "play");
}
