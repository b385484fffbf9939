//! Agents who ring: what the floor is told of them, who is connected and who is let go.

use super::{connect, offer, queue, withdraw};
use crate::acd::{Announcement, Greet, LeaseId, News, Withdrawn};
use crate::call::tests::{Bench, bridge, s};
use crate::record::SegmentKind;
use crate::{Cause, Command, Event, FromFloor, LegId, Output, Queue, Reply, Target, TransferId};

#[test]
fn d4_the_answer_cuts_an_announcement_and_connects_in_the_same_breath() {
    let mut bench = Bench::new();
    let request = bench.waits(queue());
    let agent = bench.offered(1, "1049");
    bench.rings(agent);
    bench.floor(FromFloor::Announce(vec![Announcement::Position {
        ahead: 0,
        more: false,
    }]));
    let (play, _) = bench.playing();

    bench.answers(agent);
    assert_eq!(bench.told(), [offer(1, News::Answered)]);
    bench.floor(FromFloor::Hush);
    bench.floor(connect(1));

    let stop = Output::StopPlay {
        leg: LegId::CALLER,
        play,
    };
    let joined = Output::Connect {
        a: LegId::CALLER,
        b: agent,
    };
    let connected = Output::Floor(offer(1, News::Connected));
    let quiet = Output::Quiet { leg: LegId::CALLER };
    assert_eq!(bench.take(), [stop, quiet, joined, connected]);
    assert_eq!(bench.call.state(), "talking");

    bench.wait(s(40));
    bench.event(Event::HungUp {
        leg: agent,
        cause: Cause::Normal,
    });
    let Some(Reply::Leg(Ok(parted))) = bench.reply(request) else {
        panic!("they have parted");
    };
    assert_eq!(
        (parted.user.as_deref(), parted.talked),
        (Some("1049"), s(40))
    );
}

#[test]
fn the_phone_shows_the_queue_and_who_calls() {
    let mut bench = Bench::new();
    bench.waits(queue());

    bench.offered(1, "1049");

    let shown = bench.take().into_iter().find_map(|output| match output {
        Output::Invite {
            target,
            caller_id,
            caller_name,
            ..
        } => Some((target, caller_id, caller_name)),
        _ => None,
    });
    let (target, number, name) = shown.unwrap();
    assert_eq!(target, Target::User("1049".to_owned()));
    assert_eq!(number.as_deref(), Some("+8613800138000"));
    assert_eq!(name.as_deref(), Some("[it 3s] Wang"));
}

#[test]
fn the_floor_is_told_what_becomes_of_every_offer() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let legs: Vec<LegId> = [(1, "1049"), (2, "1050"), (3, "1051")]
        .map(|(lease, agent)| bench.offered(lease, agent))
        .to_vec();
    bench.take();

    bench.refuses(legs[0], Cause::Rejected);
    bench.answers(legs[1]);
    bench.hangs_up(legs[1]);
    bench.hangs_up(legs[2]);

    let told = [
        offer(1, News::Refused(Cause::Rejected)),
        offer(2, News::Answered),
        offer(2, News::Gone),
        offer(3, News::Refused(Cause::Normal)),
    ];
    assert_eq!(bench.told(), told);
}

#[test]
fn busy_after_ringing_is_a_reject_key_and_busy_without_is_a_busy_phone() {
    for (rang, cause, told) in [
        (true, Cause::Busy, Cause::Rejected),
        (true, Cause::Unavailable, Cause::Unavailable),
        (false, Cause::Busy, Cause::Busy),
        (false, Cause::Rejected, Cause::Rejected),
    ] {
        let mut bench = Bench::new();
        bench.waits(queue());
        let agent = bench.offered(1, "1049");
        if rang {
            bench.rings(agent);
        }
        bench.take();

        bench.refuses(agent, cause);

        assert_eq!(bench.told(), [offer(1, News::Refused(told))]);
        bench.hangs_up(LegId::CALLER);
        assert_eq!(bench.record().legs[1].cause, cause, "as the phone said it");
    }
}

#[test]
fn an_offer_that_is_taken_back_is_released_with_the_reason_that_its_phone_is_to_show() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let reasons = [
        (Withdrawn::Elsewhere, Cause::Cancelled, true),
        (Withdrawn::Stale, Cause::Cancelled, true),
        (Withdrawn::RangOut, Cause::NoAnswer, false),
        (Withdrawn::AgentGone, Cause::Cancelled, false),
    ];

    for (lease, (why, cause, elsewhere)) in (1..).zip(reasons) {
        let leg = bench.offered(lease, "1049");
        bench.take();

        bench.floor(withdraw(lease, why));

        let release = Output::Release {
            leg,
            cause,
            elsewhere,
        };
        assert_eq!(bench.take(), [release], "{why:?}");
    }
}

#[test]
fn rivals_ring_on_until_the_floor_takes_their_offers_back_and_stop_while_the_two_talk() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let (winner, rival) = (bench.offered(1, "1049"), bench.offered(2, "1050"));
    bench.take();
    bench.answers(winner);
    bench.floor(FromFloor::Hush);

    bench.floor(connect(1));
    let rung_on = bench.take();
    bench.floor(withdraw(2, Withdrawn::Elsewhere));

    let is_release = |output: &Output| matches!(output, Output::Release { .. });
    assert!(!rung_on.iter().any(is_release));
    let release = Output::Release {
        leg: rival,
        cause: Cause::Cancelled,
        elsewhere: true,
    };
    assert_eq!(bench.take(), [release]);
}

#[test]
fn a_conversation_is_recorded_when_the_queue_or_the_script_says_so() {
    for (by_script, by_queue) in [(true, false), (false, true)] {
        let mut bench = Bench::new();
        bench.waits(Queue {
            record: by_script,
            ..queue()
        });
        let agent = bench.offered(1, "1049");
        bench.answers(agent);
        bench.take();

        bench.floor(FromFloor::Connect {
            lease: LeaseId(1),
            record: by_queue,
            greet: Greet::default(),
        });

        bench.recording();
    }
}

#[test]
fn a_connection_to_somebody_who_has_hung_up_meanwhile_is_none() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let agent = bench.offered(1, "1049");
    bench.answers(agent);
    bench.hangs_up(agent);
    bench.take();

    bench.floor(connect(1));

    assert_eq!(bench.told(), [offer(1, News::Gone)]);
    assert_eq!(bench.call.state(), "queue");
}

#[test]
fn an_agent_who_has_answered_for_a_queue_transfers_the_call_and_rivals_stop_ringing() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let agent = bench.offered(1, "1049");
    let rival = bench.offered(2, "1051");
    bench.answers(agent);
    bench.floor(connect(1));
    bench.wait(s(10));
    bench.take();

    bench.event(Event::Referred {
        transfer: TransferId(7),
        leg: agent,
        by: "1049".to_owned(),
        to: "1050".to_owned(),
        context: "internal".to_owned(),
    });

    let released = Output::Release {
        leg: rival,
        cause: Cause::Cancelled,
        elsewhere: true,
    };
    assert!(bench.take().contains(&released));
    bench.floor(withdraw(2, Withdrawn::Elsewhere));
    assert_eq!(bench.take(), []);
    bench.ask(Command::Bridge(bridge(&["1050"])));
    bench.answers(bench.invited("1050"));
    let transferred = Output::Transferred {
        by: "1049".to_owned(),
        to: "1050".to_owned(),
        attended: false,
        queue: Some("it".to_owned()),
    };
    assert!(bench.take().contains(&transferred));
    bench.wait(s(5));
    bench.hangs_up(LegId::CALLER);
    let talks: Vec<_> = bench
        .record()
        .segments
        .into_iter()
        .filter(|segment| segment.kind == SegmentKind::Talk)
        .map(|segment| (segment.agent.unwrap(), segment.queue))
        .collect();
    assert_eq!(
        talks,
        [
            ("1049".to_owned(), Some("it".to_owned())),
            ("1050".to_owned(), None)
        ]
    );
}
