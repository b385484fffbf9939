//! Legs that come from another call, and legs that go there.

use uuid::Uuid;

use super::{Bench, bridge, s, setup};
use crate::record::Outcome;
use crate::{
    Bridge, CallId, Cause, Command, Event, LegId, Newcomer, Options, Output, SegmentKind, Setup,
    Target,
};

/// Somebody of another call, with 1050's phone.
fn newcomer(bench: &Bench) -> Newcomer {
    Newcomer {
        leg: bench.call.next_leg(),
        target: Some(Target::User("1050".to_owned())),
        user: Some("1050".to_owned()),
        number: Some("1050".to_owned()),
        name: None,
        trunk: None,
        invited: s(9),
        answered: s(4),
        is_held: false,
    }
}

/// 1050 comes in the place of a leg.
fn joins(bench: &mut Bench, instead_of: LegId, by: Option<&str>) -> LegId {
    let newcomer = newcomer(bench);
    let leg = newcomer.leg;
    bench.event(Event::Joined {
        newcomer,
        instead_of: Some(instead_of),
        by: by.map(str::to_owned),
        beside: false,
    });
    leg
}

#[test]
fn whom_the_transferor_has_asked_first_stands_in_its_place() {
    let mut bench = Bench::new();
    let (request, agent) = bench.talk(true);
    bench.wait(s(20));
    bench.event(Event::Held {
        leg: agent,
        held: true,
    });
    bench.wait(s(10));
    bench.take();
    assert!(bench.call.takes(Some(agent)));

    let other = joins(&mut bench, agent, Some("1049"));

    let outputs = bench.take();
    let released = Output::Release {
        leg: agent,
        cause: Cause::Normal,
        elsewhere: false,
    };
    let connect = Output::Connect {
        a: LegId::CALLER,
        b: other,
    };
    let news = Output::Transferred {
        by: "1049".to_owned(),
        to: "1050".to_owned(),
        attended: true,
        queue: None,
    };
    let moved = outputs.iter().any(|output| {
        matches!(output, Output::MoveRecording { left: Some(LegId::CALLER), right, .. }
            if *right == Some(other))
    });
    assert!(moved, "{outputs:?}");
    for wanted in [released, connect, news] {
        assert!(outputs.contains(&wanted), "{outputs:?}");
    }
    bench.wait(s(30));
    bench.hangs_up(other);
    assert!(bench.reply(request).is_some(), "the script goes on");
    bench.hangs_up(LegId::CALLER);
    bench.wait(s(6));
    let record = bench.record();
    let agents: Vec<_> = record
        .segments
        .iter()
        .filter(|segment| segment.agent.is_some())
        .map(|segment| {
            let seconds = (segment.to - segment.from) / 1_000_000;
            (segment.kind, segment.agent.clone().unwrap(), seconds)
        })
        .collect();
    assert_eq!(
        agents,
        [
            (SegmentKind::Talk, "1049".to_owned(), 20),
            (SegmentKind::Hold, "1049".to_owned(), 10),
            (SegmentKind::Talk, "1050".to_owned(), 30),
        ]
    );
    let leg = record.legs.last().unwrap();
    assert_eq!((leg.kind.as_str(), leg.peer.as_str()), ("user", "1050"));
    assert_eq!(record.legs.len(), 3);
}

#[test]
fn who_takes_the_callers_place_is_served_from_then_on() {
    let mut bench = Bench::with(
        Setup {
            user: Some("1049".to_owned()).into(),
            from: Some("1049".to_owned()),
            ..setup()
        },
        Options::default(),
    );
    bench.ask(Command::Bridge(bridge(&["1051"])));
    let called = bench.invited("1051");
    bench.answers(called);
    bench.take();

    let other = joins(&mut bench, LegId::CALLER, Some("1049"));

    assert_eq!(bench.call.pair(), Some([other, called]));
    assert_eq!(bench.call.setup().from.as_deref(), Some("1050"));
    assert_eq!(bench.call.setup().calling_user(), Some("1050"));
    bench.take();
    bench.hangs_up(other);
    let record = bench.record();
    assert_eq!(record.ended_by, "agent:1050");
    assert!(record.answered_at.is_some());
}

#[test]
fn a_call_that_rings_is_picked_up_and_the_phones_that_rang_show_none_missed() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(Bridge {
        record: true,
        ..bridge(&["1049", "1051"])
    }));
    let (one, other) = (bench.invited("1049"), bench.invited("1051"));
    bench.rings(one);
    bench.take();
    assert!(bench.call.is_ringing(one) && !bench.call.is_ringing(LegId::CALLER));

    let picker = joins(&mut bench, one, None);

    let outputs = bench.take();
    for leg in [one, other] {
        let released = Output::Release {
            leg,
            cause: Cause::Cancelled,
            elsewhere: true,
        };
        assert!(outputs.contains(&released), "{outputs:?}");
    }
    assert!(outputs.contains(&Output::Answer));
    assert_eq!(bench.call.pair(), Some([LegId::CALLER, picker]));
    assert!(
        !outputs
            .iter()
            .any(|output| matches!(output, Output::Transferred { .. }))
    );
    bench.hangs_up(picker);
    assert_eq!(bench.call.state(), "script");
}

#[test]
fn who_finds_nobody_whose_place_it_could_take_is_let_go() {
    let mut bench = Bench::answered();
    assert!(!bench.call.takes(Some(LegId::CALLER)));
    assert!(!bench.call.takes(None));

    let late = joins(&mut bench, LegId::CALLER, None);

    let released = Output::Release {
        leg: late,
        cause: Cause::Failure,
        elsewhere: false,
    };
    assert_eq!(bench.take(), [released]);
    assert_eq!(bench.call.state(), "script");
}

#[test]
fn a_call_whose_party_goes_on_elsewhere_is_over_and_says_where() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    let to = CallId(Uuid::from_u128(8));
    let leaving = bench.call.leaving(bench.now, agent, LegId(2)).unwrap();
    assert_eq!(leaving.user.as_deref(), Some("1049"));
    bench.wait(s(3));

    bench.event(Event::Moved {
        leg: Some(agent),
        to,
    });

    let outputs = bench.take();
    let disconnect = Output::Disconnect {
        a: agent,
        b: LegId::CALLER,
    };
    let released = Output::Release {
        leg: LegId::CALLER,
        cause: Cause::Normal,
        elsewhere: false,
    };
    assert_eq!(outputs[..3], [disconnect, released, Output::StopScript]);
    let Output::Ended(record) = &outputs[3] else {
        panic!("{outputs:?}");
    };
    assert_eq!(record.result, Outcome::Transferred);
    assert_eq!(record.goes_on_in, Some(to));
}

#[test]
fn who_picks_a_call_up_is_answered_before_it_goes_there() {
    let mut bench = Bench::new();
    let to = CallId(Uuid::from_u128(8));

    bench.event(Event::Moved {
        leg: Some(LegId::CALLER),
        to,
    });

    let outputs = bench.take();
    assert_eq!(outputs[0], Output::Answer);
    assert!(
        !outputs
            .iter()
            .any(|output| matches!(output, Output::Release { .. }))
    );
    assert!(bench.call.is_ended());
}
