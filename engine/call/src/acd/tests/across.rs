//! Several queues want one agent: weights, priorities, and what nobody may do to a caller.

use super::{Floor, QueuePlan, plan, s};
use crate::CallId;
use crate::acd::{Across, Act, Plan, Wants};

/// Two queues that 1049 serves, `a` and `b`, changed by `with`.
fn two(with: impl FnOnce(&mut Plan)) -> Floor {
    let queues = ["a", "b"].map(|name| {
        let mut queue = QueuePlan::new(name, &["1049"]);
        queue.offering.wrap_up = Some(s(0));
        queue
    });
    let mut plan = plan(queues.to_vec());
    with(&mut plan);
    let mut floor = Floor::new(plan);
    floor.ready("1049");
    floor.act("1049", Act::Busy(0)).unwrap();
    floor
}

/// In which order 1049 is offered the calls that wait.
fn served(floor: &mut Floor, count: usize) -> Vec<CallId> {
    let mut served = Vec::new();
    for _ in 0..count {
        floor.act("1049", Act::Idle).unwrap();
        let (_, call) = floor.rings[&"1049".into()];
        floor.answers("1049");
        floor.act("1049", Act::Busy(0)).unwrap();
        floor.parts("1049", call);
        floor.wait(s(1));
        served.push(call);
    }
    served
}

#[test]
fn the_heavier_queue_goes_first_whoever_came_first() {
    let mut floor = two(|plan| plan.queues[1].weight = 5);
    let early = floor.enters("a", 600, None);
    floor.wait(s(5));
    let late = floor.enters("b", 0, None);

    assert_eq!(served(&mut floor, 2), [late, early]);
}

#[test]
fn the_longest_waiting_caller_may_go_first_whatever_weights_and_head_starts_say() {
    for (across, expected) in [
        (Across::Weight, [2, 1, 0]),
        (Across::Longest, [0, 1, 2]),
        (Across::Priority, [1, 0, 2]),
    ] {
        let mut floor = two(|plan| {
            plan.queues[1].weight = 5;
            plan.rules.across = across;
        });
        let mut calls = vec![floor.enters("a", 0, None)];
        floor.wait(s(1));
        if across == Across::Longest {
            // Within one queue a head start counts all the same.
            calls.push(floor.enters("b", 600, None));
        } else {
            calls.push(floor.enters("a", 600, None));
        }
        floor.wait(s(1));
        calls.push(floor.enters("b", 0, None));

        let expected: Vec<CallId> = expected.iter().map(|at| calls[*at]).collect();
        assert_eq!(served(&mut floor, 3), expected, "{across:?}");
    }
}

#[test]
fn an_agent_serves_the_queue_first_that_is_most_theirs() {
    let mut queues = ["a", "b"].map(|name| QueuePlan::new(name, &["1049", "1050"]));
    queues[1].members[0].priority = 2;
    queues[0].members[1].priority = 1;
    let mut floor = Floor::new(plan(queues.to_vec()));
    for agent in ["1049", "1050"] {
        floor.ready(agent);
        floor.act(agent, Act::Busy(0)).unwrap();
    }
    let first = floor.enters("a", 0, None);
    let second = floor.enters("a", 0, None);
    let late = floor.enters("b", 0, None);

    floor.act("1049", Act::Idle).unwrap();
    let offered = |floor: &Floor, agent: &str| floor.rings[&agent.into()].1;
    assert_eq!(offered(&floor, "1049"), late);
    let offer = floor.decisions.iter().rev();
    let mut offers = offer.filter(|it| matches!(it.what, crate::acd::Decided::Offer(_)));
    assert_eq!(*offers.next().unwrap().queue.0, *"b");
    floor.act("1050", Act::Idle).unwrap();
    assert_eq!(offered(&floor, "1050"), first);
    floor.hangs_up(late);

    floor.wait(s(1));
    assert_eq!(offered(&floor, "1049"), second, "and then the other");
}

#[test]
fn whom_an_agent_is_kept_for_is_said() {
    let mut queues = ["a", "b"].map(|name| QueuePlan::new(name, &["1049"]));
    queues[1].members[0].priority = 1;
    queues[1].offering.strategy = crate::acd::Strategy::LongestIdle;
    let mut floor = Floor::new(plan(queues.to_vec()));
    floor.ready("1049");
    floor.act("1049", Act::Busy(0)).unwrap();
    let here = floor.enters("a", 0, None);
    let there = floor.enters("b", 0, None);

    floor.act("1049", Act::Idle).unwrap();

    assert_eq!(floor.rings[&"1049".into()].1, there);
    let why = floor.acd.explain(here).unwrap();
    assert_eq!(why.candidates[0].because.to_string(), "offered a call");
}

#[test]
fn a_vip_goes_before_all_others_and_nobody_overtakes_who_has_waited_too_long() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.offering.wrap_up = Some(s(0));
        queue.guard = Some(s(60));
    });
    floor.act("1049", Act::Busy(0)).unwrap();
    let usual = floor.calls();
    floor.wait(s(1));
    let headed = floor.enters("it", 3600, None);
    let vip = Wants {
        vip: true,
        ..Wants::default()
    };
    let first = floor.wants("it", vip.clone());
    let place = |floor: &Floor, call| floor.acd.position(call).unwrap();
    assert_eq!(
        [first, headed, usual].map(|call| place(&floor, call)),
        [1, 2, 3]
    );

    floor.wait(s(59));
    assert_eq!(
        [usual, first, headed].map(|call| place(&floor, call)),
        [1, 2, 3]
    );
    let next = floor.wants("it", vip);

    assert_eq!(place(&floor, next), 3, "behind the VIP of before");
    assert_eq!(served(&mut floor, 4), [usual, headed, first, next]);
}
