//! The strategies of app_queue and mod_callcenter, by their names: five agents, thirty calls, each third
//! declined by whoever is offered it first. The orders come from a model of those programs' own
//! metrics, with one difference: an agent who has never had a call counts from their login, not from 0.

use super::{Floor, QueuePlan, s};
use crate::Cause;
use crate::acd::{Member, Strategy};

const FIVE: [&str; 5] = ["1049", "1050", "1051", "1052", "1053"];

/// Two have a penalty.
fn penalties(queue: &mut QueuePlan) {
    for at in [0, 4] {
        queue.members[at].penalty = 1;
    }
}

/// Two levels, and positions that are not those of the list.
fn levels(queue: &mut QueuePlan) {
    let levels = [(2, 1), (1, 2), (1, 1), (2, 2), (1, 2)];
    for (member, (level, position)) in queue.members.iter_mut().zip(levels) {
        *member = Member {
            level,
            position: Some(position),
            ..member.clone()
        };
    }
}

/// The last digits of who is offered the calls, in order; `!` after who declines.
fn thirty(strategy: &str, with: fn(&mut QueuePlan)) -> String {
    // How long each agent's calls last; a call comes every other second.
    let lasts = [9, 5, 3, 6, 4];
    let mut floor = Floor::staffed(&FIVE, |queue| {
        queue.offering.strategy = Strategy::from_word(strategy).unwrap();
        queue.offering.wrap_up = Some(s(0));
        queue.offering.delays.rejected = s(3);
        with(queue);
    });
    let (mut order, mut talks) = (String::new(), Vec::new());
    for second in 0..60 {
        talks.retain(|(agent, call, until): &(String, _, u64)| {
            let goes_on = *until > second;
            if !goes_on {
                floor.parts(agent, *call);
            }
            goes_on
        });
        if second % 2 == 1 {
            floor.wait(s(1));
            continue;
        }
        let call = floor.calls();
        if second % 6 == 4 {
            let agent = floor.ringing().remove(0);
            order.push_str(&agent[3..]);
            order.push('!');
            floor.refuses(&agent, Cause::Rejected);
        }
        let agent = floor.ringing().remove(0);
        order.push_str(&agent[3..]);
        let index = FIVE.iter().position(|it| *it == agent).unwrap();
        floor.answers(&agent);
        talks.push((agent, call, second + lasts[index]));
        floor.wait(s(1));
    }
    order
}

#[test]
fn each_strategy_of_a_peer_offers_calls_in_the_peers_order() {
    type With = fn(&mut QueuePlan);
    let (penalties, levels): (With, With) = (penalties, levels);
    for (strategy, with, expected) in [
        (
            "leastrecent",
            penalties,
            "012!9021!3012!9021!3012!9021!3012!9021!3012!9021!3",
        ),
        (
            "fewestcalls",
            penalties,
            "012!9021!3012!9120!1320!1902!1320!1902!1320!1902!1",
        ),
        (
            "rrmemory",
            penalties,
            "012!3012!3012!3012!3012!3012!3012!3012!3012!3012!3",
        ),
        (
            "rrordered",
            penalties,
            "012!3012!3012!3012!3012!3012!3012!3012!3012!3012!3",
        ),
        (
            "linear",
            penalties,
            "012!3012!3012!3012!3012!3012!3012!3012!3012!3012!3",
        ),
        (
            "longest-idle-agent",
            levels,
            "013!9130!1301!3210!3103!1931!0310!3103!1231!0310!3",
        ),
        (
            "round-robin",
            levels,
            "101!3921!0310!3101!3921!0310!3101!3921!0310!3101!3",
        ),
        (
            "top-down",
            levels,
            "101!3910!2131!0310!9131!0310!9131!0310!9131!0310!9",
        ),
        (
            "agent-with-least-talk-time",
            levels,
            "103!1930!1303!1230!1301!3210!3101!3901!3210!3101!3",
        ),
        (
            "agent-with-fewest-calls",
            levels,
            "103!1930!1303!1203!1930!1303!1203!1930!1303!1203!1",
        ),
        (
            "sequentially-by-agent-order",
            levels,
            "101!3910!3101!3910!3101!3910!3101!3910!3101!3910!3",
        ),
        (
            "ring-progressively",
            levels,
            "101!3910!3101!3910!3101!3910!3101!3910!3101!3910!3",
        ),
    ] {
        assert_eq!(thirty(strategy, with), expected, "{strategy}");
    }
}

#[test]
fn ringall_rings_the_lowest_penalty_and_ring_all_every_level() {
    let mut floor = Floor::staffed(&FIVE, |queue| {
        queue.offering.strategy = Strategy::from_word("ringall").unwrap();
        penalties(queue);
    });
    floor.calls();
    assert_eq!(floor.ringing(), ["1050", "1051", "1052"]);

    let mut floor = Floor::staffed(&FIVE, |queue| {
        queue.offering.strategy = Strategy::from_word("ring-all").unwrap();
        levels(queue);
    });
    floor.calls();
    assert_eq!(floor.ringing(), FIVE);
}

#[test]
fn ring_progressively_adds_one_agent_after_the_other_and_a_new_round_begins_with_one() {
    let mut floor = Floor::staffed(&FIVE, |queue| {
        queue.offering.strategy = Strategy::from_word("ring-progressively").unwrap();
        queue.offering.ring_timeout = s(60);
    });

    floor.calls();
    let mut ringing = vec![floor.ringing().len()];
    for _ in 0..4 {
        floor.wait(s(10));
        ringing.push(floor.ringing().len());
    }

    assert_eq!(ringing, [1, 2, 3, 4, 5]);
    floor.answers("1051");
    assert_eq!(floor.ringing(), [""; 0], "the others stop");
    floor.wait(s(1));
    floor.calls();
    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn whoever_comes_free_when_one_more_is_due_rings_with_the_others() {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.offering.strategy = Strategy::RingProgressive { every: s(3) };
    });
    floor.act("1050", super::Act::Busy(1)).unwrap();
    floor.calls();
    floor.wait(s(5));
    assert_eq!(floor.ringing(), ["1049"]);

    floor.act("1050", super::Act::Idle).unwrap();

    assert_eq!(floor.ringing(), ["1049", "1050"]);
}

/// How many of 2,000 calls each agent was offered.
fn two_thousand(strategy: Strategy, with: impl FnOnce(&mut QueuePlan)) -> Vec<usize> {
    let mut floor = Floor::staffed(&FIVE[..2], |queue| {
        queue.offering.strategy = strategy;
        with(queue);
    });
    let mut counts = vec![0; 2];
    for _ in 0..2000 {
        let call = floor.calls();
        let agent = floor.ringing().remove(0);
        counts[FIVE.iter().position(|it| *it == agent).unwrap()] += 1;
        floor.hangs_up(call);
        floor.wait(s(1));
    }
    counts
}

#[test]
fn lots_are_fair_and_weights_and_penalties_count_as_much_as_they_say() {
    for (strategy, with, expected) in [
        (
            Strategy::Random,
            Box::new(|_: &mut QueuePlan| {}) as Box<dyn FnOnce(&mut QueuePlan)>,
            1000,
        ),
        (
            Strategy::Weighted,
            Box::new(|queue| queue.members[0].weight = 4),
            1600,
        ),
        // Of 1,000 faces and of 2,000: three times in four the first has the lower one.
        (
            Strategy::RandomByPenalty,
            Box::new(|queue| queue.members[1].penalty = 1),
            1500,
        ),
    ] {
        let counts = two_thousand(strategy, with);

        assert!(
            counts[0].abs_diff(expected) < 80,
            "{strategy:?}: {counts:?}"
        );
    }
}

#[test]
fn who_talked_least_within_the_window_goes_first() {
    let mut floor = Floor::staffed(&FIVE[..3], |queue| {
        queue.offering.strategy = Strategy::from_word("least_talk").unwrap();
        queue.offering.wrap_up = Some(s(0));
    });
    for (agent, talk) in [("1049", 60), ("1050", 10), ("1051", 30)] {
        let call = floor.calls();
        assert_eq!(floor.ringing(), [agent]);
        floor.answers(agent);
        floor.wait(s(talk));
        floor.parts(agent, call);
    }

    let mut order = Vec::new();
    for _ in 0..4 {
        let call = floor.calls();
        let agent = floor.ringing().remove(0);
        floor.answers(&agent);
        floor.wait(s(15));
        floor.parts(&agent, call);
        order.push(agent);
    }
    assert_eq!(order, ["1050", "1050", "1051", "1050"]);

    // Nothing of it counts an hour later: who is idle for longest goes first.
    floor.wait(s(3600));
    floor.calls();
    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn a_newcomer_starts_level_with_who_talked_least() {
    let mut floor = Floor::staffed(&FIVE[..3], |queue| {
        queue.offering.strategy = Strategy::from_word("least_talk").unwrap();
        queue.offering.wrap_up = Some(s(0));
    });
    floor.act("1051", super::Act::LogOut).unwrap();
    for _ in 0..2 {
        let call = floor.calls();
        let agent = floor.ringing().remove(0);
        floor.answers(&agent);
        floor.wait(s(60));
        floor.parts(&agent, call);
    }

    floor.ready("1051");
    let mut newcomer = 0;
    for _ in 0..6 {
        let call = floor.calls();
        let agent = floor.ringing().remove(0);
        newcomer += usize::from(agent == "1051");
        floor.answers(&agent);
        floor.wait(s(60));
        floor.parts(&agent, call);
    }
    assert_eq!(newcomer, 2);
}
