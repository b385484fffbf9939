//! What is told and written of a wait when it is over.

use super::{connect, queue};
use crate::acd::{Announcement, Leave};
use crate::call::tests::{Bench, s};
use crate::record::{Outcome, SegmentKind};
use crate::{Cause, Command, Ended, FromFloor, LegId, Output, Reply, ToFloor, Why};

#[test]
fn d3_when_the_caller_hangs_up_the_floor_knows_before_the_phones_stop_ringing() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let agent = bench.offered(1, "1049");
    bench.rings(agent);
    bench.take();

    bench.hangs_up(LegId::CALLER);

    let outputs = bench.take();
    let release = Output::Release {
        leg: agent,
        cause: Cause::Cancelled,
        elsewhere: false,
    };
    assert_eq!(outputs[..2], [Output::Floor(ToFloor::Gone), release]);
    bench.outputs = outputs;
    let record = bench.record();
    assert_eq!(record.result, Outcome::AbandonedInQueue);
    assert_eq!(record.ended_by, "customer");
}

#[test]
fn who_waits_when_somebody_else_ends_the_call_was_in_the_queue_and_in_no_menu() {
    let mut bench = Bench::new();
    bench.waits(queue());

    bench.call.handle_hang_up(bench.now, "api:desk".to_owned());
    bench.drain();

    let record = bench.record();
    assert_eq!(record.result, Outcome::AbandonedInQueue);
    assert_eq!(record.ended_by, "api:desk");

    let mut stopped = Bench::new();
    stopped.waits(queue());
    stopped.call.handle_shutdown(stopped.now);
    stopped.drain();
    assert_eq!(stopped.record().result, Outcome::Failed);
}

#[test]
fn the_record_says_in_which_queue_the_caller_was_and_for_how_long() {
    let mut bench = Bench::new();
    bench.waits(queue());
    bench.wait(s(7));
    let agent = bench.offered(1, "1049");
    bench.answers(agent);
    bench.floor(connect(1));
    bench.wait(s(20));
    bench.hangs_up(LegId::CALLER);

    let segments = bench.record().segments;

    let told: Vec<_> = segments
        .iter()
        .map(|it| {
            let seconds = (it.to - it.from) / 1_000_000;
            (it.kind, seconds, it.queue.as_deref(), it.agent.as_deref())
        })
        .collect();
    let it = Some("it");
    let expected = [
        (SegmentKind::Queue, 7, it, None),
        (SegmentKind::Talk, 20, it, Some("1049")),
    ];
    assert_eq!(told, expected);
}

#[test]
fn why_nobody_came_is_told_to_the_script_and_stands_in_the_record() {
    for (leave, why, outcome) in [
        (Leave::Timeout, Why::Timeout, Outcome::QueueTimeout),
        (Leave::Full, Why::Full, Outcome::NoCapacity),
        (Leave::Empty, Why::Empty, Outcome::Unreachable),
    ] {
        let mut bench = Bench::new();
        let request = bench.waits(queue());

        bench.floor(FromFloor::Left(leave));

        assert_eq!(bench.reply(request), Some(Reply::Leg(Err(why))));
        bench.script_ends(Ended::Returned);
        assert_eq!(bench.record().result, outcome);
    }
}

#[test]
fn a_queue_that_is_not_there_is_a_mistake() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::Queue(queue()));
    let why = "no queue 'it' (did you mean 'its'?)".to_owned();

    bench.floor(FromFloor::Refused { why: why.clone() });

    assert_eq!(bench.reply(request), Some(Reply::Mistake(why)));
}

#[test]
fn who_waits_when_the_script_fails_waits_on_and_talks_to_an_agent() {
    let mut bench = Bench::new();
    bench.waits(queue());

    bench.script_ends(Ended::Failed {
        message: "reception.lua:19: boom".to_owned(),
    });
    let agent = bench.offered(1, "1049");
    bench.answers(agent);
    bench.floor(connect(1));
    assert_eq!(bench.call.state(), "talking");
    bench.hangs_up(agent);

    assert_eq!(bench.record().result, Outcome::Answered);
}

#[test]
fn a_script_that_asks_for_a_queue_again_and_again_is_stopped_at_last() {
    let mut bench = Bench::new();

    let last = (0..400).find_map(|_| {
        let request = bench.ask(Command::Queue(queue()));
        bench.floor(FromFloor::Left(Leave::Empty));
        match bench.reply(request) {
            Some(Reply::Mistake(why)) => Some(why),
            _ => None,
        }
    });

    assert!(last.unwrap().contains("nobody came 300 times"));
}

#[test]
fn a_call_that_waited_can_be_lived_again_from_its_journal() {
    let mut bench = Bench::new();
    bench.waits(queue());
    bench.floor(FromFloor::Announce(vec![Announcement::Position {
        ahead: 2,
        more: false,
    }]));
    let agent = bench.offered(1, "1049");
    bench.answers(agent);
    bench.floor(FromFloor::Hush);
    bench.floor(connect(1));
    bench.wait(s(20));
    bench.hangs_up(LegId::CALLER);

    let (again, _) = crate::call::tests::replay::live_again(bench.birth, &bench.entries);

    assert_eq!(again, bench.entries);
}
