//! What remains of a call.

use super::{BIRTH, Bench, bridge, named, play, s, setup};
use crate::record::{Outcome, Segment, SegmentKind};
use crate::{Cause, Command, Ended, Event, LegId, Options, RecordingId, Steer};

fn at(seconds: i64) -> i64 {
    BIRTH + seconds * 1_000_000
}

fn segment(kind: SegmentKind, from: i64, to: i64, agent: Option<&str>) -> Segment {
    Segment {
        kind,
        from: at(from),
        to: at(to),
        agent: agent.map(str::to_owned),
        queue: None,
        recording: None,
    }
}

#[test]
fn a_whole_call_is_legs_and_segments_with_their_times() {
    let mut bench = Bench::new();
    bench.wait(s(1));
    bench.ask(Command::Answer);
    bench.ask(play("greet/welcome"));
    bench.wait(s(3));
    bench.hears(&[named("greet/welcome")]);
    bench.ask(Command::Bridge(bridge(&["1049"])));
    let leg = bench.invited("1049");
    bench.wait(s(1));
    bench.rings(leg);
    bench.wait(s(5));
    bench.answers(leg);
    bench.wait(s(20));
    bench.event(Event::Held { leg, held: true });
    bench.wait(s(10));
    bench.event(Event::Held { leg, held: false });
    bench.wait(s(20));

    bench.hangs_up(LegId::CALLER);

    let record = bench.record();
    let agent = Some("1049");
    assert_eq!(
        record.segments,
        [
            segment(SegmentKind::Ivr, 0, 4, None),
            segment(SegmentKind::Ring, 4, 10, agent),
            segment(SegmentKind::Talk, 10, 30, agent),
            segment(SegmentKind::Hold, 30, 40, agent),
            segment(SegmentKind::Talk, 40, 60, agent),
        ]
    );
    assert_eq!((record.started_at, record.ended_at), (at(0), at(60)));
    assert_eq!(record.answered_at, Some(at(1)));
    assert_eq!(record.ended_by, "customer");
    assert_eq!(record.result, Outcome::Answered);
    let [caller, called] = record.legs.as_slice() else {
        panic!("two legs");
    };
    assert_eq!(
        (caller.kind.as_str(), caller.peer.as_str()),
        ("trunk", "+8613800138000")
    );
    assert_eq!(
        (called.kind.as_str(), called.peer.as_str()),
        ("user", "1049")
    );
    assert_eq!(called.invited_at, at(4));
    assert_eq!(called.ringing_at, Some(at(5)));
    assert_eq!(called.up_at, Some(at(10)));
    assert_eq!(called.ended_at, at(60));
}

#[test]
fn what_an_agent_asks_elsewhere_and_what_the_customer_is_asked_afterwards_are_their_own_stretches()
{
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(bridge(&["1049"])));
    let leg = bench.invited("1049");
    bench.wait(s(1));
    bench.answers(leg);
    bench.wait(s(20));
    for what in [Steer::Away, Steer::Back { failed: false }] {
        bench.event(Event::Steered { leg, what });
        bench.wait(s(10));
    }
    bench.hangs_up(leg);
    let agent = Some("1049");
    bench.ask(Command::AsSurvey {
        agent: agent.map(str::to_owned),
    });
    bench.wait(s(5));
    // Who is put through again is asked no more.
    bench.ask(Command::Bridge(bridge(&["1050"])));
    let next = bench.invited("1050");
    bench.wait(s(1));
    bench.refuses(next, Cause::Busy);
    bench.wait(s(3));

    bench.hangs_up(LegId::CALLER);

    assert_eq!(
        bench.record().segments,
        [
            segment(SegmentKind::Ring, 0, 1, agent),
            segment(SegmentKind::Talk, 1, 21, agent),
            segment(SegmentKind::Consult, 21, 31, agent),
            segment(SegmentKind::Talk, 31, 41, agent),
            segment(SegmentKind::Survey, 41, 46, agent),
            segment(SegmentKind::Ring, 46, 47, Some("1050")),
            segment(SegmentKind::Ivr, 47, 50, None),
        ]
    );
}

#[test]
fn a_leg_tells_when_it_rang_and_when_its_own_sound_began() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(bridge(&["1049"])));
    let leg = bench.invited("1049");
    bench.wait(s(1));
    bench.rings(leg);
    bench.wait(s(2));
    bench.event(Event::Ringing {
        leg,
        early_media: true,
    });
    bench.wait(s(2));
    bench.answers(leg);
    bench.hangs_up(LegId::CALLER);

    let record = bench.record();

    let called = &record.legs[1];
    assert_eq!(called.ringing_at, Some(at(1)));
    assert_eq!(called.early_at, Some(at(3)));
    assert_eq!(called.up_at, Some(at(5)));
    // It is passed on to the caller.
    assert_eq!(record.legs[0].early_at, Some(at(3)));
}

#[test]
fn segments_name_the_recording_that_ran_in_them() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(crate::Bridge {
        record: true,
        ..bridge(&["1049"])
    }));
    bench.wait(s(2));
    let leg = bench.invited("1049");
    bench.answers(leg);
    let recording = bench.recording();
    bench.wait(s(5));
    bench.hangs_up(leg);
    bench.wait(s(1));
    bench.closed(recording, 5);
    bench.wait(s(1));
    bench.hangs_up(LegId::CALLER);

    let recordings: Vec<(SegmentKind, Option<RecordingId>)> = bench
        .record()
        .segments
        .iter()
        .map(|segment| (segment.kind, segment.recording))
        .collect();

    assert_eq!(
        recordings,
        [
            (SegmentKind::Ring, None),
            (SegmentKind::Talk, Some(recording)),
            (SegmentKind::Ivr, None),
        ]
    );
}

#[test]
fn outcomes_are_those_of_the_desk() {
    let outcome = |story: &dyn Fn(&mut Bench)| {
        let mut bench = Bench::new();
        bench.ask(Command::Answer);
        story(&mut bench);
        if !bench.call.is_ended() {
            bench.hangs_up(LegId::CALLER);
        }
        bench.record().result
    };
    let refused = |cause| {
        move |bench: &mut Bench| {
            bench.ask(Command::Bridge(bridge(&["1049"])));
            bench.refuses(bench.invited("1049"), cause);
        }
    };

    assert_eq!(outcome(&|_| {}), Outcome::EndedInMenu);
    let rang_out = |bench: &mut Bench| {
        bench.ask(Command::Bridge(bridge(&["1049"])));
        bench.wait(s(20));
    };
    assert_eq!(outcome(&rang_out), Outcome::RangOut);
    let gave_up = |bench: &mut Bench| {
        bench.ask(Command::Bridge(bridge(&["1049"])));
    };
    assert_eq!(outcome(&gave_up), Outcome::AbandonedRinging);
    assert_eq!(outcome(&refused(Cause::Busy)), Outcome::Refused);
    assert_eq!(outcome(&refused(Cause::Rejected)), Outcome::Refused);
    assert_eq!(outcome(&refused(Cause::Congestion)), Outcome::NoCapacity);
    assert_eq!(outcome(&refused(Cause::Unavailable)), Outcome::Unreachable);
    let talked_after_all = |bench: &mut Bench| {
        refused(Cause::Busy)(bench);
        bench.talk(false);
    };
    assert_eq!(outcome(&talked_after_all), Outcome::Answered);
    let failed = |bench: &mut Bench| {
        bench.script_ends(Ended::Failed {
            message: "gone".to_owned(),
        });
    };
    assert_eq!(outcome(&failed), Outcome::Failed);
}

#[test]
fn who_ended_a_call_is_known() {
    let mut agent_left = Bench::new();
    let (_, leg) = agent_left.talk(false);
    agent_left.hangs_up(leg);
    agent_left.script_ends(Ended::Returned);
    let mut survey = Bench::new();
    let (_, leg) = survey.talk(false);
    survey.hangs_up(leg);
    survey.ask(play("rate/ask"));
    survey.script_ends(Ended::Returned);
    let mut insider = setup();
    insider.user = Some("1050".to_owned()).into();
    let mut internal = Bench::with(insider, Options::default());
    internal.hangs_up(LegId::CALLER);
    let mut script = Bench::answered();
    script.ask(Command::Hangup {
        cause: Cause::Normal,
    });
    let mut lost = Bench::answered();
    lost.event(Event::HungUp {
        leg: LegId::CALLER,
        cause: Cause::Lost,
    });

    assert_eq!(agent_left.record().ended_by, "agent:1049");
    assert_eq!(survey.record().ended_by, "system:script_ended");
    assert_eq!(internal.record().ended_by, "agent:1050");
    assert_eq!(script.record().ended_by, "system:hangup");
    assert_eq!(lost.record().ended_by, "system:lost");
}

#[test]
fn the_record_of_a_cancelled_call_has_no_answer() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(bridge(&["1049"])));
    bench.wait(s(4));

    bench.event(Event::HungUp {
        leg: LegId::CALLER,
        cause: Cause::Cancelled,
    });

    let record = bench.record();
    assert_eq!(record.answered_at, None);
    assert_eq!(record.cause, Cause::Cancelled);
    assert_eq!(
        record.segments,
        [segment(SegmentKind::Ring, 0, 4, Some("1049"))]
    );
}
