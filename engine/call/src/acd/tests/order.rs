//! Whom each strategy offers a call: five agents, thirty calls.

use super::{Floor, s};
use crate::Cause;
use crate::acd::{Act, Because, Decided, Member, Strategy, Ties};

const FIVE: [&str; 5] = ["1049", "1050", "1051", "1052", "1053"];

fn fewest(window: std::time::Duration) -> Strategy {
    let ties = Ties::Idle;
    Strategy::FewestCalls { window, ties }
}

fn least_talk() -> Strategy {
    let (window, ties) = (s(3600), Ties::Idle);
    Strategy::LeastTalk { window, ties }
}

/// Thirty calls, one after the other. Each is answered at once and lasts as long as its agent's
/// calls do; the next comes a second later. Returns the last digit of who answered.
fn thirty(strategy: Strategy, lasts: [u64; 5], gap: u64) -> String {
    let mut floor = Floor::staffed(&FIVE, |queue| {
        queue.offering.strategy = strategy;
        queue.offering.wrap_up = Some(s(0));
    });
    let mut order = String::new();
    let mut talks: Vec<(String, crate::CallId, u64)> = Vec::new();
    for second in 0.. {
        talks.retain(|(agent, call, until)| {
            if *until > second {
                return true;
            }
            floor.parts(agent, *call);
            false
        });
        if second % gap == 0 {
            let call = floor.calls();
            let ringing = floor.ringing();
            let agent = ringing.first().cloned().unwrap();
            let index = FIVE.iter().position(|it| *it == agent).unwrap();
            floor.answers(&agent);
            order.push_str(&agent[3..]);
            talks.push((agent, call, second + lasts[index]));
            if order.len() == 30 {
                return order;
            }
        }
        floor.wait(s(1));
    }
    order
}

#[test]
fn each_strategy_offers_thirty_calls_in_its_order() {
    let fewest = fewest(s(3600));
    // How long each agent's calls last, and the seconds from call to call.
    let even = ([3; 5], 1);
    let uneven = ([9, 3, 3, 3, 3], 2);
    let slow = ([1; 5], 2);
    for (strategy, (lasts, gap), expected) in [
        (
            Strategy::LongestIdle,
            even,
            "901239012390123901239012390123",
        ),
        (
            Strategy::LongestIdle,
            uneven,
            "901230192301239012301923012390",
        ),
        (
            Strategy::LongestIdle,
            slow,
            "901239012390123901239012390123",
        ),
        (Strategy::RoundRobin, even, "901239012390123901239012390123"),
        (
            Strategy::RoundRobin,
            uneven,
            "901239012390123901239012390123",
        ),
        (Strategy::RoundRobin, slow, "901239012390123901239012390123"),
        (Strategy::Linear, even, "901901901901901901901901901901"),
        (Strategy::Linear, uneven, "901019010190101901019010190101"),
        (Strategy::Linear, slow, "999999999999999999999999999999"),
        (fewest, even, "901239012390123901239012390123"),
        (fewest, uneven, "901230192301239012390123901239"),
        (fewest, slow, "901239012390123901239012390123"),
        (Strategy::RingAll, slow, "999999999999999999999999999999"),
        (least_talk(), even, "901239012390123901239012390123"),
        (least_talk(), uneven, "901230123012390123012301239012"),
        (
            Strategy::RingProgressive { every: s(10) },
            even,
            "901901901901901901901901901901",
        ),
        (Strategy::SkillBest, even, "901239012390123901239012390123"),
    ] {
        assert_eq!(
            thirty(strategy, lasts, gap),
            expected,
            "{strategy:?} {lasts:?}"
        );
    }
}

#[test]
fn ring_all_rings_everybody_who_is_free_and_whoever_comes_free() {
    let mut floor = Floor::staffed(&FIVE, |queue| queue.offering.strategy = Strategy::RingAll);
    floor.act("1053", Act::Busy(1)).unwrap();

    floor.calls();
    assert_eq!(floor.ringing(), ["1049", "1050", "1051", "1052"]);
    floor.wait(s(2));
    floor.act("1053", Act::Idle).unwrap();

    assert_eq!(floor.ringing(), FIVE);
    floor.refuses("1050", Cause::Rejected);
    floor.wait(s(12));
    assert!(
        !floor.ringing().contains(&"1050".to_owned()),
        "not twice in one round"
    );
}

#[test]
fn linear_goes_on_down_the_list_for_one_caller_and_begins_at_its_head_for_the_next() {
    let mut floor = Floor::staffed(&FIVE, |queue| {
        queue.offering.strategy = Strategy::Linear;
        queue.offering.delays.rejected = s(1);
    });

    let first = floor.calls();
    for agent in ["1049", "1050", "1051"] {
        assert_eq!(floor.ringing(), [agent]);
        floor.refuses(agent, Cause::Rejected);
        floor.wait(s(2));
    }
    floor.hangs_up(first);
    floor.wait(s(2));
    floor.calls();

    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn round_robin_begins_after_whoever_was_offered_last_even_if_they_refused() {
    let mut floor = Floor::staffed(&FIVE, |queue| {
        queue.offering.strategy = Strategy::RoundRobin;
    });

    floor.calls();
    floor.refuses("1049", Cause::Busy);
    assert_eq!(floor.ringing(), ["1050"]);
    floor.calls();

    assert_eq!(floor.ringing(), ["1050", "1051"]);
}

#[test]
fn a_newcomer_is_not_flooded() {
    for strategy in [Strategy::LongestIdle, fewest(s(3600))] {
        let mut floor = Floor::staffed(&FIVE, |queue| {
            queue.offering.strategy = strategy;
            queue.offering.wrap_up = Some(s(0));
        });
        floor.act("1053", Act::LogOut).unwrap();
        for _ in 0..12 {
            let call = floor.calls();
            let agent = floor.ringing().remove(0);
            floor.answers(&agent);
            floor.wait(s(5));
            floor.parts(&agent, call);
            floor.wait(s(1));
        }

        floor.ready("1053");
        let mut order = Vec::new();
        for _ in 0..10 {
            let call = floor.calls();
            let agent = floor.ringing().remove(0);
            floor.answers(&agent);
            floor.wait(s(5));
            floor.parts(&agent, call);
            floor.wait(s(1));
            order.push(agent);
        }

        let newcomer = order.iter().filter(|agent| *agent == "1053").count();
        assert_eq!(newcomer, 2, "{strategy:?}: {order:?}");
        assert_ne!(order[0], "1053", "{strategy:?}");
    }
}

#[test]
fn fewest_calls_forgets_what_lies_before_its_window() {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.offering.strategy = fewest(s(600));
        queue.offering.wrap_up = Some(s(0));
    });
    for _ in 0..3 {
        // 1050 is at lunch; 1049 takes three.
        floor.act("1050", Act::Busy(1)).unwrap();
        let call = floor.calls();
        floor.answers("1049");
        floor.parts("1049", call);
        floor.act("1050", Act::Idle).unwrap();
    }
    floor.wait(s(1));
    let call = floor.calls();
    floor.answers("1050");
    floor.parts("1050", call);
    let call = floor.calls();
    assert_eq!(floor.ringing(), ["1050"], "one call is fewer than three");
    floor.hangs_up(call);

    floor.wait(s(599));
    let call = floor.calls();
    assert_eq!(floor.ringing(), ["1049"], "none is fewer than one");
    floor.hangs_up(call);
}

#[test]
fn a_newcomer_starts_level_with_those_who_are_there_and_loses_no_calls_of_their_own() {
    let mut floor = Floor::staffed(&["1049", "1050", "1051"], |queue| {
        queue.offering.strategy = fewest(s(3600));
        queue.offering.wrap_up = Some(s(0));
    });
    // 1049 takes three; 1050, who has none, goes home, and so does 1051 after two.
    for agent in ["1050", "1051"] {
        floor.act(agent, Act::Busy(1)).unwrap();
    }
    for agent in ["1049", "1049", "1049", "1051", "1051"] {
        for other in ["1049", "1051"] {
            let act = if other == agent {
                Act::Idle
            } else {
                Act::Busy(1)
            };
            floor.act(other, act).unwrap();
        }
        let call = floor.calls();
        floor.answers(agent);
        floor.parts(agent, call);
    }
    let calls = |floor: &Floor, agent: usize| floor.acd.agents[agent].record.answered.len();
    floor.act("1050", Act::LogOut).unwrap();
    floor.act("1051", Act::LogOut).unwrap();

    floor.ready("1051");
    assert_eq!(
        calls(&floor, 2),
        3,
        "as many as 1049, and not as 1050 who is away"
    );
    floor.act("1049", Act::LogOut).unwrap();
    floor.act("1050", Act::LogOut).unwrap();
    floor.ready("1050");
    floor.act("1050", Act::Busy(1)).unwrap();
    let more = floor.calls();
    floor.answers("1051");
    floor.parts("1051", more);
    floor.act("1051", Act::LogOut).unwrap();
    floor.ready("1051");

    assert_eq!(calls(&floor, 2), 4, "no colleague takes calls away");
}

#[test]
fn who_says_again_that_they_are_idle_keeps_their_place() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});

    floor.act("1049", Act::Idle).unwrap();
    floor.calls();

    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn a_penalty_comes_before_everything_else() {
    let mut floor = Floor::staffed(&FIVE, |queue| {
        queue.members[0] = Member {
            penalty: 1,
            ..Member::new("1049")
        };
    });

    floor.calls();
    assert_eq!(floor.ringing(), ["1050"], "1049 is idle for longest");
    for _ in 0..4 {
        floor.calls();
    }
    assert_eq!(floor.ringing(), FIVE);
}

#[test]
fn across_queues_the_one_who_came_first_is_served_first() {
    let queues = vec![
        super::QueuePlan::new("a", &["1049"]),
        super::QueuePlan::new("b", &["1049"]),
    ];
    let mut floor = Floor::new(super::plan(queues));
    floor.ready("1049");
    floor.act("1049", Act::Busy(0)).unwrap();
    let late = |floor: &mut Floor, queue| {
        floor.wait(s(1));
        floor.enters(queue, 0, None)
    };
    let first = late(&mut floor, "b");
    let second = late(&mut floor, "a");
    let privileged = floor.enters("a", 60, None);

    let mut served = Vec::new();
    for _ in 0..3 {
        floor.act("1049", Act::Idle).unwrap();
        served.extend(floor.rings.values().map(|(_, call)| *call));
        floor.answers("1049");
        let call = *served.last().unwrap();
        floor.parts("1049", call);
    }

    assert_eq!(served, [privileged, first, second]);
}

#[test]
fn every_decision_says_why_for_every_candidate() {
    let mut floor = Floor::staffed(&FIVE, |queue| queue.offering.wrap_up = Some(s(30)));
    floor.act("1051", Act::Busy(2)).unwrap();
    floor.reach("1052", false);
    floor.act("1053", Act::LogOut).unwrap();
    floor.calls();
    floor.calls();
    floor.answers("1049");
    floor.decisions.clear();

    let call = floor.calls();

    let [decision] = floor.decisions.as_slice() else {
        panic!("{:?}", floor.decisions);
    };
    assert_eq!(decision.what, Decided::Wait);
    assert_eq!(
        decision.to_string(),
        "it: wait (nobody is free; 1 ahead); 1049: talking, 1050: offered a call, \
         1051: busy (code 2), 1052: phone not reachable, 1053: logged out"
    );
    assert_eq!(floor.acd.explain(call).as_ref(), Some(decision));
    floor.act("1051", Act::Idle).unwrap();
    let offer = floor.decisions.last().unwrap();
    assert_eq!(offer.what, Decided::Offer(vec!["1051".into()]));
    assert_eq!(offer.candidates.len(), 5);
    assert!(matches!(
        offer.candidates[2].because,
        Because::Free { place: 1, .. }
    ));
}
