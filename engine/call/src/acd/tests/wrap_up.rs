//! 事后 at its edges: after which calls it comes, how long it lasts where calls overlap, and what
//! follows.

use uuid::Uuid;

use super::{Floor, QueuePlan, plan, s};
use crate::CallId;
use crate::acd::{Act, AfterWrapUp, DialogNews, Reason, State};

/// Calls that no offer made.
const OWN: [CallId; 2] = [
    CallId(Uuid::from_u128(1_001)),
    CallId(Uuid::from_u128(1_002)),
];

/// One agent; 事后 is 20 s after calls of the queue and 5 s after others.
fn floor() -> Floor {
    floor_with(AfterWrapUp::Back)
}

fn floor_with(after_wrap_up: AfterWrapUp) -> Floor {
    let mut queue = QueuePlan::new("it", &["1049"]);
    queue.offering.wrap_up = Some(s(20));
    let mut plan = plan(vec![queue]);
    plan.rules.wrap_up = Some(s(5));
    plan.rules.after_wrap_up = after_wrap_up;
    let mut floor = Floor::new(plan);
    floor.ready("1049");
    floor
}

fn began(floor: &mut Floor, call: CallId, customer: bool) {
    let queue = None;
    floor.dialog("1049", call, DialogNews::Began { customer, queue });
}

/// A call of the agent's own that is answered.
fn talks(floor: &mut Floor, call: CallId, customer: bool) {
    began(floor, call, customer);
    floor.dialog("1049", call, DialogNews::Confirmed);
}

/// How long 事后 lasts from now on, by waiting for its end.
fn lasts(floor: &mut Floor) -> u64 {
    let waited = (0..100).find(|_| {
        let over = floor.state("1049") != State::WrapUp;
        if !over {
            floor.wait(s(1));
        }
        over
    });
    waited.expect("it comes to an end")
}

#[test]
fn a_customer_who_never_answered_leaves_none() {
    let mut floor = floor();

    began(&mut floor, OWN[0], true);
    floor.parts("1049", OWN[0]);

    assert_eq!(floor.state("1049"), State::Idle);
}

#[test]
fn a_colleague_leaves_none_and_whoever_turns_out_to_be_a_customer_does() {
    let mut floor = floor();

    talks(&mut floor, OWN[0], false);
    floor.parts("1049", OWN[0]);
    assert_eq!(floor.state("1049"), State::Idle);

    talks(&mut floor, OWN[0], false);
    began(&mut floor, OWN[0], true);
    floor.parts("1049", OWN[0]);
    assert_eq!(floor.state("1049"), State::WrapUp);
}

#[test]
fn of_two_calls_at_once_the_longer_one_counts_from_the_end_of_the_last() {
    for queues_first in [true, false] {
        let mut floor = floor();
        let queued = floor.calls();
        floor.answers("1049");
        talks(&mut floor, OWN[0], true);
        let (first, last) = match queues_first {
            true => (queued, OWN[0]),
            false => (OWN[0], queued),
        };

        floor.parts("1049", first);
        assert_eq!(floor.state("1049"), State::Talking);
        floor.wait(s(15));
        floor.parts("1049", last);

        assert_eq!(lasts(&mut floor), 20);
    }
}

#[test]
fn a_short_one_does_not_end_the_long_one_that_runs() {
    let mut floor = floor();
    let call = floor.calls();
    floor.answers("1049");
    floor.parts("1049", call);

    floor.wait(s(3));
    talks(&mut floor, OWN[0], true);
    floor.parts("1049", OWN[0]);

    assert_eq!(lasts(&mut floor), 17);
}

#[test]
fn one_that_only_the_agent_ends_is_not_ended_by_a_short_one() {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.offering.wrap_up = None);
    let call = floor.calls();
    floor.answers("1049");
    floor.parts("1049", call);

    let short = DialogNews::Began {
        customer: true,
        queue: Some("it".into()),
    };
    let mut queue = QueuePlan::new("it", &["1049"]);
    queue.offering.wrap_up = Some(s(5));
    floor.acd.handle_plan(floor.now, plan(vec![queue]));
    floor.dialog("1049", OWN[0], short);
    floor.dialog("1049", OWN[0], DialogNews::Confirmed);
    floor.parts("1049", OWN[0]);
    floor.wait(s(600));

    assert_eq!(floor.state("1049"), State::WrapUp);
}

#[test]
fn it_is_extended_for_an_hour_from_now_at_most() {
    let mut floor = floor();
    let call = floor.calls();
    floor.answers("1049");
    floor.parts("1049", call);

    floor.act("1049", Act::ExtendWrapUp(s(2 * 3_600))).unwrap();

    let status = floor.acd.status(floor.now, &"1049".into()).unwrap();
    assert_eq!(status.wrap_up_left, Some(s(3_600)));
}

#[test]
fn a_call_while_logged_out_is_not_followed_by_it_after_a_later_call() {
    let mut floor = floor();
    floor.act("1049", Act::LogOut).unwrap();
    talks(&mut floor, OWN[0], true);
    floor.parts("1049", OWN[0]);

    floor.act("1049", Act::LogIn).unwrap();
    floor.act("1049", Act::Idle).unwrap();
    talks(&mut floor, OWN[1], false);
    floor.parts("1049", OWN[1]);

    assert_eq!(floor.state("1049"), State::Idle);
}

#[test]
fn what_was_pressed_during_the_offer_or_the_call_goes_before_the_tenants_rule() {
    for press_at_offer in [true, false] {
        for (act, expected) in [(Act::Busy(3), Reason::Code(3)), (Act::Reset, Reason::Reset)] {
            let mut floor = floor_with(AfterWrapUp::Idle);
            let call = floor.calls();
            let early = press_at_offer && act != Act::Reset;
            if early {
                floor.act("1049", act).unwrap();
            }
            floor.answers("1049");
            if !early {
                floor.act("1049", act).unwrap();
            }
            floor.parts("1049", call);

            lasts(&mut floor);

            assert_eq!(floor.state("1049"), State::Busy(expected));
        }
    }
}
