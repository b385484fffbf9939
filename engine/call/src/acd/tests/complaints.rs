//! D1 to D5: what users of other exchanges have complained of for years.

use super::{Floor, QueuePlan, ms, plan, s};
use crate::Cause;
use crate::acd::agent::{Duty, Reach};
use crate::acd::{
    Acd, Act, Announcement, DialogNews, Leave, Limits, News, Output, Presence, State, Withdrawn,
};

#[test]
fn d1_who_waits_beside_a_free_agent_is_found_within_a_second_and_it_is_told() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    floor.calls();
    floor.wait(ms(300));

    // A fault of ours: somebody came free, and nobody looked.
    floor.acd.agents[0].duty = Duty::Idle;
    floor.take();
    floor.wait(s(1));

    assert_eq!(floor.ringing(), ["1049"]);
    let alerts = |floor: &mut Floor| {
        let out = floor.take().into_iter();
        out.filter(|it| matches!(it, Output::Alert { .. })).count()
    };
    assert_eq!(alerts(&mut floor), 1);
    floor.wait(s(60));
    assert_eq!(alerts(&mut floor), 0, "and it is not cried twice");
}

#[test]
fn d1_a_timer_that_is_served_late_is_no_fault() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.calls();
    floor.refuses("1049", Cause::NoAnswer);

    floor.now += s(60);
    floor.acd.handle_timeout(floor.now);
    floor.drain();

    assert_eq!(floor.ringing(), ["1049"]);
    assert!(
        !floor
            .take()
            .iter()
            .any(|it| matches!(it, Output::Alert { .. }))
    );
}

#[test]
fn d2_no_agent_stays_reserved_whatever_dies() {
    // Nothing is ever reported of the leg, or it stops at some point.
    for reports in 0..=1 {
        let mut floor = Floor::staffed(&["1049"], |queue| {
            queue.offering.pause_after.no_answer = None;
        });
        let call = floor.calls();
        let lease = floor.lease("1049");
        if reports == 1 {
            floor.wait(s(14));
            floor.news(lease, News::Answered);
        }
        floor.wait(s(15));
        floor.hangs_up(call);
        floor.wait(s(1));

        assert_eq!(floor.acd.leases.len(), 0, "{reports} reports");
        assert_eq!(floor.state("1049"), State::Idle, "{reports} reports");
    }
}

#[test]
fn d2_a_lease_of_an_earlier_life_opens_nothing() {
    let queue = || plan(vec![QueuePlan::new("it", &["1049"])]);
    let mut floor = Floor::new(queue());
    floor.ready("1049");
    floor.calls();
    let old = floor.lease("1049");

    floor.acd = Acd::new(floor.now, 0, 8, queue());
    floor.rings.clear();
    floor.ready("1049");
    floor.calls();
    floor.take();
    floor.news(old, News::Answered);

    let why = Withdrawn::Stale;
    assert_eq!(floor.take(), [Output::Withdraw { lease: old, why }]);
    assert_eq!(floor.state("1049"), State::Offered);
}

#[test]
fn d3_no_agent_answers_into_silence_whenever_the_caller_hangs_up() {
    let ring = s(15);
    for offset in 0..=u64::try_from(ring.as_millis()).unwrap() + 600 {
        let mut floor = Floor::staffed(&["1049"], |_| {});
        let call = floor.calls();
        let lease = floor.lease("1049");
        floor.wait(ms(offset));
        floor.hangs_up(call);
        // Stopped in the same instant, before the phone is even known to ring.
        assert_eq!(floor.ringing(), [""; 0], "{offset} ms");
        let counted = floor.acd.agents[0].record.setbacks.no_answer;
        assert_eq!(
            counted,
            u32::from(offset >= 15_000),
            "not held against them"
        );
        floor.take();

        floor.news(lease, News::Answered);

        let out = floor.take();
        let stale = Output::Withdraw {
            lease,
            why: Withdrawn::Stale,
        };
        assert_eq!(out, [stale], "{offset} ms");
    }
}

#[test]
fn d3_a_caller_gone_between_answer_and_connection_lets_the_agent_go() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let call = floor.calls();
    let lease = floor.lease("1049");
    floor.news(lease, News::Answered);

    floor.hangs_up(call);
    floor.take();
    floor.news(lease, News::Connected);

    let why = Withdrawn::Stale;
    assert_eq!(floor.take(), [Output::Withdraw { lease, why }]);
    assert_eq!(floor.state("1049"), State::Idle, "and no wrap-up");
}

#[test]
fn d4_an_answer_during_an_announcement_connects_in_the_same_instant() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.announce.position = true;
        queue.announce.first = s(3);
        queue.announce.every = Some(s(1));
    });
    let call = floor.calls();
    floor.wait(s(3));
    let what = Announcement::Position {
        ahead: 0,
        more: false,
    };
    let what = vec![what];
    assert!(floor.take().contains(&Output::Announce { call, what }));

    // It goes on for thirty seconds; the agent does not wait for its end.
    let lease = floor.lease("1049");
    floor.news(lease, News::Answered);
    let out = floor.take();
    assert!(matches!(
        out[..],
        [Output::Hush { .. }, Output::Connect { .. }]
    ));
    floor.wait(ms(400));
    floor.news(lease, News::Connected);
    floor.wait(s(60));

    let announced = |it: &Output| matches!(it, Output::Announce { .. });
    assert!(
        !floor.take().iter().any(announced),
        "nothing is said any more"
    );
}

#[test]
fn d5_wrap_up_is_one_truth_for_six_queues() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let queues = names.map(|name| {
        let mut queue = QueuePlan::new(name, &["1049"]);
        queue.offering.wrap_up = Some(s(20));
        queue
    });
    let mut floor = Floor::new(plan(queues.to_vec()));
    floor.ready("1049");
    let talk = floor.enters("a", 0, None);
    floor.answers("1049");
    let waiting = names.map(|name| floor.enters(name, 0, None));

    floor.parts("1049", talk);
    floor.wait(s(20) - ms(1));
    assert_eq!(floor.state("1049"), State::WrapUp);
    assert_eq!(floor.ringing(), [""; 0]);
    floor.wait(ms(1));

    assert_eq!(floor.rings[&"1049".into()].1, waiting[0]);
}

#[test]
fn d5_wrap_up_follows_a_transfer_for_both_agents() {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.offering.wrap_up = Some(s(20));
    });
    let call = floor.calls();
    floor.answers("1049");
    // 1049 consults 1050, puts the caller through, and leaves.
    floor.dialog(
        "1050",
        call,
        DialogNews::Began {
            customer: true,
            queue: Some("it".into()),
        },
    );
    floor.dialog("1050", call, DialogNews::Confirmed);
    floor.wait(s(5));
    floor.parts("1049", call);
    assert_eq!(floor.state("1049"), State::WrapUp);
    floor.wait(s(10));
    floor.parts("1050", call);
    floor.calls();

    assert_eq!(floor.state("1050"), State::WrapUp);
    floor.wait(s(10) - ms(1));
    assert_eq!(floor.ringing(), [""; 0]);
    floor.wait(ms(1));
    assert_eq!(
        floor.ringing(),
        ["1049"],
        "its own twenty seconds, not the other's"
    );
}

#[test]
fn d5_wrap_up_is_not_cut_short_by_a_call_in_the_midst_of_it() {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.offering.wrap_up = Some(s(20)));
    let call = floor.calls();
    floor.answers("1049");
    let colleague = floor.calls();
    floor.hangs_up(colleague);
    floor.parts("1049", call);

    floor.wait(s(5));
    floor.dialog("1049", colleague, DialogNews::Confirmed);
    assert_eq!(floor.state("1049"), State::Internal);
    floor.wait(s(5));
    floor.parts("1049", colleague);
    assert_eq!(floor.state("1049"), State::WrapUp);
    floor.wait(s(10) - ms(1));
    assert_eq!(floor.state("1049"), State::WrapUp);
    floor.wait(ms(1));

    assert_eq!(floor.state("1049"), State::Idle);
}

#[test]
fn d5_wrap_up_survives_a_conference_a_reload_and_a_restart() {
    let queues = |own: u64| {
        let mut queue = QueuePlan::new("it", &["1049", "1050"]);
        queue.offering.wrap_up = Some(s(10));
        let mut plan = plan(vec![queue]);
        plan.rules.wrap_up = Some(s(own));
        plan
    };
    let mut floor = Floor::new(queues(20));
    floor.ready("1049");
    let call = floor.calls();
    floor.answers("1049");
    // A conference: a second customer's leg in the same phone, and only its end is the end.
    let second = floor.calls();
    floor.hangs_up(second);
    let began = DialogNews::Began {
        customer: true,
        queue: None,
    };
    floor.dialog("1049", second, began);
    floor.dialog("1049", second, DialogNews::Confirmed);
    floor.parts("1049", call);
    assert_eq!(floor.state("1049"), State::Talking);
    floor.parts("1049", second);
    let left = |floor: &Floor| {
        let status = floor.acd.status(floor.now, &"1049".into()).unwrap();
        (status.state, status.wrap_up_left)
    };
    assert_eq!(left(&floor), (State::WrapUp, Some(s(20))));

    // A reload in the midst of it, which shortens those to come, begins it anew no more than it ends it.
    floor.wait(s(2));
    floor.acd.handle_plan(floor.now, queues(1));
    floor.drain();
    assert_eq!(left(&floor), (State::WrapUp, Some(s(18))));

    floor.wait(s(3));
    let stored = serde_json::to_string(&floor.acd.snapshot(floor.now)).unwrap();
    let mut next = Floor::new(queues(1));
    next.now = floor.now + s(3);
    let snapshot = serde_json::from_str(&stored).unwrap();
    next.acd.restore(next.now, snapshot, s(3));
    next.drain();
    next.reach("1049", true);
    next.calls();

    assert_eq!(next.state("1049"), State::WrapUp);
    next.wait(s(12) - ms(1));
    assert_eq!(next.ringing(), [""; 0]);
    next.wait(ms(1));
    assert_eq!(next.ringing(), ["1049"], "{:?}", next.take());
}

#[test]
fn d5_a_restart_in_a_call_is_followed_by_wrap_up() {
    let queues = || {
        let mut queue = QueuePlan::new("it", &["1049"]);
        queue.offering.wrap_up = Some(s(20));
        plan(vec![queue])
    };
    let mut floor = Floor::new(queues());
    floor.ready("1049");
    floor.calls();
    floor.answers("1049");

    let snapshot = floor.acd.snapshot(floor.now);
    let mut next = Floor::new(queues());
    next.acd.restore(next.now, snapshot, s(0));
    next.drain();

    assert_eq!(next.state("1049"), State::WrapUp);
    assert!(matches!(next.acd.agents[0].reach, Reach::Lost { .. }));
}

#[test]
fn d5_a_restart_in_a_long_call_leaves_all_of_the_wrap_up() {
    let queues = || {
        let mut queue = QueuePlan::new("it", &["1049"]);
        queue.offering.wrap_up = Some(s(20));
        plan(vec![queue])
    };
    let mut floor = Floor::new(queues());
    floor.ready("1049");
    floor.calls();
    floor.answers("1049");

    let mut snapshot = floor.acd.snapshot(floor.now);
    let noted = std::mem::take(&mut snapshot.agents).into_iter();
    snapshot.agents = noted.map(|agent| agent.aged(s(300))).collect();
    let mut next = Floor::new(queues());
    next.acd.restore(next.now, snapshot, s(0));
    next.drain();

    assert_eq!(next.state("1049"), State::WrapUp);
    next.wait(s(20) - ms(1));
    assert_eq!(next.state("1049"), State::WrapUp);
}

#[test]
fn d7_callers_leave_when_everybody_is_on_a_break_if_the_plan_says_so() {
    let present = Presence::read("reachable and not paused and not logged_out").unwrap();
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.limits = Limits {
            join_if: present.clone(),
            stay_if: present,
            grace: s(10),
            ..Limits::default()
        };
    });
    floor.act("1049", Act::Busy(1)).unwrap();
    let call = floor.calls();
    floor.refuses("1050", Cause::Busy);

    floor.act("1050", Act::Busy(1)).unwrap();
    floor.wait(s(10) - ms(1));
    assert_eq!(floor.acd.position(call), Some(1));
    floor.wait(ms(1));
    assert_eq!(floor.acd.position(call), None);
    floor.take();
    let next = floor.calls();

    let queue = "it".into();
    let why = Leave::Empty;
    assert!(floor.take().contains(&Output::Leave {
        call: next,
        queue,
        why
    }));
}
