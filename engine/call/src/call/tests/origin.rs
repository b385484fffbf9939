//! Calls that the exchange makes itself: who is rung first is their caller.

use super::replay::live_again;
use super::{Bench, bridge, s, setup};
use crate::record::{CallRecord, Outcome};
use crate::{Cause, Command, Ended, Event, LegId, LegState, Options, Origin, Output, Target};

fn to_1049() -> Bench {
    let options = Options {
        origin: Some(Origin {
            target: Target::User("1049".to_owned()),
            timeout: s(20),
            returns_to: None,
            shown: Some("13800138000".to_owned()),
            supervises: None,
        }),
        ..Options::default()
    };
    let mut setup = setup();
    setup.to = "13800138000".to_owned();
    setup.user = Some("1049".to_owned()).into();
    setup.trunk = None;
    Bench::with(setup, options)
}

fn record(outputs: Vec<Output>) -> CallRecord {
    let records = outputs.into_iter().find_map(|output| match output {
        Output::Ended(record) => Some(*record),
        _ => None,
    });
    records.expect("a record")
}

#[test]
fn who_is_rung_first_answers_and_is_the_caller_of_the_number() {
    let mut bench = to_1049();
    let invite = Output::Invite {
        leg: LegId::CALLER,
        target: Target::User("1049".to_owned()),
        caller_id: Some("13800138000".to_owned()),
        caller_name: None,
    };
    assert_eq!(bench.take(), [invite]);
    assert_eq!(bench.call.state(), "ringing");

    bench.rings(LegId::CALLER);
    assert!(bench.take().is_empty(), "nothing runs before the answer");
    bench.wait(s(3));
    bench.event(Event::Answered {
        leg: LegId::CALLER,
        user: Some("1049".to_owned()),
    });

    let (context, to) = (setup().context, "13800138000".to_owned());
    assert_eq!(bench.take(), [Output::Route { context, to }]);
    assert_eq!(bench.call.legs()[0].state(), LegState::Up);
    bench.ask(Command::Bridge(bridge(&["1050"])));
    let called = bench.invited("1050");
    bench.answers(called);
    bench.wait(s(9));
    bench.hangs_up(called);
    bench.script_ends(Ended::Returned);

    let record = record(bench.take());
    assert_eq!(record.result, Outcome::Answered);
    let caller = &record.legs[0];
    assert_eq!((&*caller.kind, &*caller.peer), ("user", "1049"));
    assert_eq!(caller.up_at.unwrap() - caller.invited_at, 3_000_000);
    assert_eq!(record.answered_at, caller.up_at);
    let (entries, _) = live_again(bench.birth, &bench.entries);
    assert_eq!(entries, bench.entries, "it is lived again from its journal");
}

#[test]
fn a_number_that_is_not_there_is_told_to_who_has_answered() {
    let mut bench = to_1049();
    bench.answers(LegId::CALLER);
    bench.take();

    bench.script_ends(Ended::NoRoute {
        to: "13800138000".to_owned(),
    });

    let outputs = bench.take();
    assert!(
        matches!(outputs.as_slice(), [Output::Play { .. }]),
        "{outputs:?}"
    );
}

#[test]
fn who_does_not_come_ends_the_call_and_its_record_says_why() {
    for (cause, result, by) in [
        (Cause::Busy, Outcome::Refused, "agent:1049"),
        (Cause::Rejected, Outcome::Refused, "agent:1049"),
        (
            Cause::Unavailable,
            Outcome::Unreachable,
            "system:unavailable",
        ),
        (Cause::Congestion, Outcome::NoCapacity, "system:congestion"),
    ] {
        let mut bench = to_1049();
        bench.rings(LegId::CALLER);

        bench.refuses(LegId::CALLER, cause);

        let record = record(bench.take());
        assert_eq!((record.result, record.cause), (result, cause));
        assert_eq!(record.ended_by, by);
        assert_eq!(record.answered_at, None);
    }
}

#[test]
fn who_rings_for_too_long_is_let_go_and_sent_away_when_they_answer_too_late() {
    let mut bench = to_1049();
    bench.rings(LegId::CALLER);
    bench.take();

    bench.wait(s(20));

    let outputs = bench.take();
    let release = Output::Release {
        leg: LegId::CALLER,
        cause: Cause::NoAnswer,
        elsewhere: false,
    };
    assert_eq!(outputs.first(), Some(&release));
    let record = record(outputs);
    assert_eq!(
        (record.result, &*record.ended_by),
        (Outcome::RangOut, "system:no_answer")
    );
    bench.answers(LegId::CALLER);
    assert!(bench.take().is_empty(), "a call that is over does nothing");
}

#[test]
fn a_call_that_is_given_up_while_it_rings_rings_no_longer() {
    let mut bench = to_1049();
    bench.rings(LegId::CALLER);
    bench.take();

    let now = bench.now;
    bench.call.handle_hang_up(now, "api:desk".to_owned());
    bench.drain();

    let outputs = bench.take();
    assert!(
        matches!(
            outputs[0],
            Output::Release {
                leg: LegId::CALLER,
                ..
            }
        ),
        "{outputs:?}"
    );
    let record = record(outputs);
    assert_eq!(record.result, Outcome::AbandonedRinging);
    assert_eq!(record.ended_by, "api:desk");
}
