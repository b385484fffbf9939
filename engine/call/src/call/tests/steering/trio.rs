//! Three in a conversation, and what becomes of it when one leaves.

use super::{CUSTOMER, connect, music, steers};
use crate::call::tests::{Bench, s};
use crate::record::SegmentKind;
use crate::{Event, LegId, Newcomer, Output, RecordingId, Steer};

/// A colleague comes in beside the two.
fn joins(bench: &mut Bench, user: &str) -> LegId {
    let leg = bench.call.next_leg();
    assert!(bench.call.takes_third());
    bench.event(Event::Joined {
        newcomer: Newcomer {
            leg,
            target: None,
            user: Some(user.to_owned()),
            number: Some(user.to_owned()),
            name: None,
            trunk: None,
            invited: s(3),
            answered: s(1),
            is_held: false,
        },
        instead_of: None,
        by: Some("1049".to_owned()),
        beside: true,
    });
    leg
}

/// The customer, 1049, and 1050 whom they have asked first.
fn trio(record: bool) -> (Bench, LegId, LegId, Option<RecordingId>) {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    let recording = record.then(|| {
        steers(&mut bench, agent, Steer::Record(Some(true)));
        bench.recording()
    });
    steers(&mut bench, agent, Steer::Away);
    bench.take();
    let colleague = joins(&mut bench, "1050");
    (bench, agent, colleague, recording)
}

fn kinds(bench: &Bench) -> Vec<SegmentKind> {
    let segments = bench.record().segments;
    segments.iter().map(|segment| segment.kind).collect()
}

#[test]
fn whoever_comes_in_beside_two_makes_three_who_hear_each_other() {
    let (mut bench, agent, colleague, recording) = trio(true);
    let recording = recording.unwrap();

    let outputs = bench.take();

    let entered = [CUSTOMER, agent, colleague].map(|leg| Output::EnterTrio { leg });
    let place = outputs.iter().position(|it| *it == entered[0]).unwrap();
    assert_eq!(outputs[place..place + 3], entered);
    assert!(outputs[..place].contains(&Output::Quiet { leg: CUSTOMER }));
    let on_tape = Output::RecordRoom {
        recording,
        leg: CUSTOMER,
    };
    assert_eq!(
        outputs.last(),
        Some(&on_tape),
        "all that the customer hears"
    );
    assert_eq!(bench.call.state(), "conference");
    assert_eq!(bench.call.pair(), None);
    assert!(!bench.call.takes_third(), "three and no more");
    // A phone that holds says nothing, and nobody is put on hold for it.
    bench.event(Event::Held {
        leg: agent,
        held: true,
    });
    assert_eq!(bench.take(), []);
}

#[test]
fn when_either_agent_leaves_the_others_are_two_who_can_hold_and_transfer() {
    for first in [true, false] {
        let (mut bench, agent, colleague, recording) = trio(true);
        bench.take();
        let (goes, stays) = match first {
            true => (agent, colleague),
            false => (colleague, agent),
        };
        bench.wait(s(5));

        bench.hangs_up(goes);

        let outputs = bench.take();
        assert!(outputs.contains(&connect(CUSTOMER, stays)), "{outputs:?}");
        let on_tape = Output::MoveRecording {
            recording: recording.unwrap(),
            left: Some(CUSTOMER),
            right: Some(stays),
        };
        assert_eq!(outputs.last(), Some(&on_tape));
        assert_eq!(bench.call.pair(), Some([CUSTOMER, stays]));
        steers(&mut bench, stays, Steer::Hold);
        assert!(bench.take().contains(&music(CUSTOMER)));
        steers(&mut bench, stays, Steer::Retrieve);
        bench.wait(s(5));
        bench.hangs_up(stays);
        assert!(
            !bench.call.is_ended(),
            "the script goes on with the customer"
        );
    }
}

#[test]
fn when_the_customer_leaves_the_agents_stay_and_what_they_say_is_not_recorded() {
    let (mut bench, agent, colleague, recording) = trio(true);
    bench.wait(s(5));
    bench.take();

    bench.hangs_up(CUSTOMER);

    let outputs = bench.take();
    let stop = Output::StopRecording {
        recording: recording.unwrap(),
        discard: false,
    };
    assert!(outputs.contains(&stop));
    assert!(outputs.contains(&connect(agent, colleague)), "{outputs:?}");
    assert!(!bench.call.is_ended());
    assert_eq!(bench.call.state(), "talking");
    bench.closed(recording.unwrap(), 5);
    bench.wait(s(7));
    bench.hangs_up(agent);
    bench.wait(s(1));
    let segments = bench.record().segments;
    let internal = segments.last().unwrap();
    assert_eq!(internal.kind, SegmentKind::Internal);
    assert_eq!(internal.to - internal.from, 7_000_000);
    assert_eq!(internal.recording, None);
    assert!(kinds(&bench).contains(&SegmentKind::Conference));
}

#[test]
fn an_agent_who_had_called_the_customer_leaves_and_the_call_serves_the_customer() {
    let mut bench = Bench::with(
        crate::Setup {
            user: Some("1049".to_owned()).into(),
            trunk: None,
            ..crate::call::tests::setup()
        },
        crate::Options::default(),
    );
    let customer = {
        let target = crate::Target::Trunk {
            trunk: "carrier".to_owned(),
            number: "13800138000".to_owned(),
        };
        bench.ask(crate::Command::Bridge(crate::Bridge {
            targets: vec![target],
            ..crate::call::tests::bridge(&[])
        }));
        let leg = LegId(1);
        bench.answers(leg);
        leg
    };
    let colleague = joins(&mut bench, "1050");
    bench.take();

    bench.hangs_up(LegId::CALLER);

    assert!(bench.take().contains(&connect(customer, colleague)));
    assert_eq!(bench.call.front(), customer);
    assert_eq!(bench.call.pair(), Some([customer, colleague]));
}

/// A leader who comes in the place of this leg.
fn takes_over(bench: &mut Bench, leg: LegId) -> LegId {
    assert!(bench.call.takes(Some(leg)));
    let new = bench.call.next_leg();
    bench.event(Event::Joined {
        newcomer: Newcomer {
            leg: new,
            target: None,
            user: Some("1001".to_owned()),
            number: Some("1001".to_owned()),
            name: None,
            trunk: None,
            invited: s(3),
            answered: s(1),
            is_held: false,
        },
        instead_of: Some(leg),
        by: None,
        beside: false,
    });
    new
}

#[test]
fn a_leader_who_takes_over_is_one_of_three_in_either_agents_place() {
    for first in [true, false] {
        let (mut bench, agent, colleague, recording) = trio(true);
        bench.take();
        let (goes, stays) = match first {
            true => (agent, colleague),
            false => (colleague, agent),
        };

        let leader = takes_over(&mut bench, goes);

        let outputs = bench.take();
        assert!(
            outputs.contains(&Output::LeaveTrio { leg: goes }),
            "{outputs:?}"
        );
        assert!(outputs.contains(&Output::EnterTrio { leg: leader }));
        assert_eq!(bench.call.state(), "conference");
        let mut talking = bench.call.talking();
        talking.sort();
        let mut three = [CUSTOMER, stays, leader];
        three.sort();
        assert_eq!(talking, three);
        let on_tape = Output::RecordRoom {
            recording: recording.unwrap(),
            leg: CUSTOMER,
        };
        assert_eq!(
            outputs.last(),
            Some(&on_tape),
            "all that the customer hears"
        );
        bench.hangs_up(stays);
        assert!(bench.take().contains(&connect(CUSTOMER, leader)));
        assert_eq!(bench.call.pair(), Some([CUSTOMER, leader]));
    }
}
