//! Whom a caller may be offered to, and how that widens: levels, penalties, skills, and the agent who
//! knows them.

use std::sync::Arc;

use super::{Floor, QueuePlan, s};
use crate::acd::{
    Act, Change, Decided, PenaltyRange, PenaltyRule, Ring, Skills, Strategy, Tiers, Wants, Without,
};
use crate::{CallId, Cause};

pub(super) fn skills(list: &[(&str, u8)]) -> Skills {
    let list = list.iter();
    list.map(|(name, much)| ((*name).into(), *much)).collect()
}

pub(super) fn requires(list: &[(&str, u8)]) -> Wants {
    Wants {
        required: Arc::new(skills(list)),
        ..Wants::default()
    }
}

fn offered(floor: &Floor, agent: &str) -> Option<CallId> {
    floor.rings.get(&agent.into()).map(|(_, call)| *call)
}

/// Why this agent does not get the call, as of the last decision.
fn why(floor: &Floor, call: CallId, agent: &str) -> String {
    let decision = floor.acd.explain(call).unwrap();
    let mut verdicts = decision.candidates.iter();
    let verdict = verdicts.find(|it| *it.agent.0 == *agent).unwrap();
    verdict.because.to_string()
}

fn tiers(wait: u64) -> impl Fn(&mut QueuePlan) {
    move |queue| {
        queue.members[1].level = 2;
        queue.members[2].level = 3;
        queue.widening.tiers = Some(Tiers {
            wait: s(wait),
            by_level: true,
        });
    }
}

#[test]
fn the_next_level_opens_after_the_wait_times_its_number() {
    let mut floor = Floor::staffed(&["1049", "1050", "1051"], tiers(10));
    let first = floor.calls();
    assert_eq!(floor.ringing(), ["1049"]);
    floor.answers("1049");

    let second = floor.calls();
    assert_eq!(floor.ringing(), [""; 0]);
    assert_eq!(why(&floor, second, "1050"), "free, level 2 opens in 20 s");
    floor.wait(s(20));
    assert_eq!(offered(&floor, "1050"), Some(second));
    floor.refuses("1050", Cause::Busy);
    floor.wait(s(9));
    assert_eq!(floor.ringing(), [""; 0]);
    floor.wait(s(1));

    assert_eq!(offered(&floor, "1051"), Some(second));
    floor.parts("1049", first);
}

#[test]
fn a_level_where_everybody_is_on_a_break_holds_nobody_up() {
    let mut floor = Floor::staffed(&["1049", "1050", "1051"], tiers(10));
    let talk = floor.calls();
    floor.answers("1049");
    let waits = floor.calls();
    assert_eq!(floor.ringing(), [""; 0], "1049 is at work");

    // 1049 will be on a break after the call, and is one of those at work until then.
    floor.act("1049", Act::Busy(1)).unwrap();
    assert_eq!(floor.ringing(), [""; 0]);
    floor.parts("1049", talk);
    floor.act("1049", Act::Busy(1)).unwrap();

    assert_eq!(offered(&floor, "1050"), Some(waits));
    let next = floor.calls();
    assert_eq!(why(&floor, next, "1049"), "busy (code 1)");
    assert_eq!(why(&floor, next, "1051"), "free, level 3 opens in 30 s");
    floor.act("1050", Act::LogOut).unwrap();
    assert_eq!(
        offered(&floor, "1051"),
        Some(waits),
        "and so one who went home"
    );
}

#[test]
fn penalty_rules_widen_while_the_caller_keeps_their_place() {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.members[1].penalty = 5;
        queue.widening.penalties = vec![PenaltyRule {
            after: s(30),
            max: Some(Change::By(3)),
            ..PenaltyRule::default()
        }];
    });
    let wants = Wants {
        penalty: PenaltyRange {
            max: 2,
            ..PenaltyRange::default()
        },
        ..Wants::default()
    };
    floor.calls();
    let narrow = floor.wants("it", wants.clone());
    assert_eq!(floor.ringing(), ["1049"]);
    assert_eq!(
        why(&floor, narrow, "1050"),
        "free, penalty 5 is out of range"
    );
    floor.wait(s(1));
    let behind = floor.wants("it", wants);

    floor.answers("1049");
    floor.wait(s(29));

    assert_eq!(offered(&floor, "1050"), Some(narrow));
    assert_eq!(floor.acd.position(behind), Some(2));
}

#[test]
fn a_calls_own_generation_says_which_penalty_rules_hold_for_it() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.members[0].penalty = 5;
        queue.widening.penalties = Vec::new();
    });
    let rule = |after, max| PenaltyRule {
        after: s(after),
        max: Some(Change::To(max)),
        ..PenaltyRule::default()
    };
    let wants = Wants {
        penalty_rules: Some(vec![rule(0, 1), rule(10, 9)]),
        ..Wants::default()
    };

    let older = floor.wants("it", wants);
    assert_eq!(floor.ringing(), [""; 0], "as its generation has it");
    floor.wait(s(10));

    assert_eq!(offered(&floor, "1049"), Some(older));
}

#[test]
fn raised_penalties_are_level_and_few_members_have_none() {
    let raised = Wants {
        penalty: PenaltyRange {
            raise: 3,
            ..PenaltyRange::default()
        },
        ..Wants::default()
    };
    let with = |queue: &mut QueuePlan| queue.members[0].penalty = 3;
    let mut floor = Floor::staffed(&["1049", "1050"], with);
    floor.wants("it", raised);
    assert_eq!(
        floor.ringing(),
        ["1049"],
        "both count as 3, and 1049 is idle for longer"
    );

    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        with(queue);
        queue.widening.few_members = 2;
    });
    floor.calls();
    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn who_lacks_a_skill_is_not_offered_the_call_and_others_go_on_behind() {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.members[0].skills = skills(&[("english", 3)]);
    });

    let first = floor.wants("it", requires(&[("english", 5)]));
    let second = floor.wants("it", requires(&[("english", 2)]));
    let third = floor.calls();

    assert_eq!(offered(&floor, "1049"), Some(second));
    assert_eq!(offered(&floor, "1050"), Some(third));
    assert_eq!(floor.acd.position(first), Some(1), "keeps their place");
    floor.refuses("1050", Cause::Rejected);
    floor.wait(s(10));
    let told = why(&floor, first, "1050");
    assert_eq!(told, "offered a call");
}

#[test]
fn the_verdict_names_the_skill_that_is_lacking() {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.members[0].skills = skills(&[("english", 3)]);
    });

    let call = floor.wants("it", requires(&[("english", 5)]));

    let decision = floor.decisions.last().unwrap();
    assert_eq!(
        decision.to_string(),
        "it: wait (nobody who is free may take the call; 0 ahead); \
         1049: free, lacks english 5 (has 3), 1050: free, lacks english 5"
    );
    assert_eq!(floor.acd.explain(call).as_ref(), Some(decision));
}

#[test]
fn each_ring_of_the_ladder_gives_something_up_and_is_told() {
    let ring = |after, without: &[&str], lower| Ring {
        after: s(after),
        without: match without {
            ["*"] => Without::All,
            these => Without::Skills(these.iter().map(|it| (*it).into()).collect()),
        },
        lower,
    };
    let mut floor = Floor::staffed(&["1049", "1050", "1051"], |queue| {
        queue.members[0].skills = skills(&[("english", 9)]);
        queue.members[1].skills = skills(&[("english", 4)]);
        queue.widening.rings = vec![ring(10, &["vip"], 0), ring(20, &[], 5), ring(30, &["*"], 0)];
    });
    let call = floor.wants("it", requires(&[("english", 9), ("vip", 1)]));
    let mut rung = Vec::new();
    for _ in 0..4 {
        rung.push(floor.ringing());
        for agent in floor.ringing() {
            floor.act(&agent, Act::LogOut).unwrap();
        }
        floor.wait(s(10));
    }

    assert_eq!(rung, [vec![], vec!["1049"], vec!["1050"], vec!["1051"]]);
    let told: Vec<String> = floor
        .decisions
        .iter()
        .filter(|it| matches!(it.what, Decided::Widen { .. }))
        .map(|it| it.what.to_string())
        .collect();
    assert_eq!(
        told,
        [
            "ring 1: english 9 is required still",
            "ring 2: english 4 is required still",
            "ring 3: no skill is required any more"
        ]
    );
    let offer = floor.decisions.iter().rev();
    let mut offers = offer.filter(|it| matches!(it.what, Decided::Offer(_)));
    assert_eq!(offers.next().unwrap().because, "longest_idle, ring 3");
    assert_eq!(floor.acd.position(call), Some(1));
}

#[test]
fn who_has_what_a_call_would_like_goes_first_and_skill_best_takes_the_best() {
    let with = |queue: &mut QueuePlan| {
        queue.members[1].skills = skills(&[("english", 4), ("billing", 2)]);
        queue.members[2].skills = skills(&[("english", 9)]);
    };
    let wants = Wants {
        preferred: Arc::new(skills(&[("english", 3)])),
        ..Wants::default()
    };
    let mut floor = Floor::staffed(&["1049", "1050", "1051"], with);
    floor.wants("it", wants.clone());
    assert_eq!(
        floor.ringing(),
        ["1050"],
        "of those who have it, the longest idle"
    );
    floor.wants("it", wants.clone());
    floor.wants("it", wants);
    assert_eq!(floor.ringing().len(), 3, "and then others");

    let mut floor = Floor::staffed(&["1049", "1050", "1051"], |queue| {
        with(queue);
        queue.offering.strategy = Strategy::SkillBest;
    });
    floor.wants("it", requires(&[("english", 1)]));
    assert_eq!(floor.ringing(), ["1051"]);
    let both = Wants {
        preferred: Arc::new(skills(&[("english", 1), ("billing", 1)])),
        ..requires(&[("english", 1)])
    };
    floor.wants("it", both);
    assert_eq!(floor.ringing(), ["1050", "1051"]);
}

fn knows(agent: &str, seconds: u64) -> Wants {
    Wants {
        agent: Some(agent.into()),
        agent_for: Some(s(seconds)),
        ..Wants::default()
    }
}

#[test]
fn the_agent_who_knows_the_caller_goes_first_and_then_the_choice_widens() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    let talk = floor.calls();
    floor.answers("1049");

    let call = floor.wants("it", knows("1049", 30));
    assert_eq!(floor.ringing(), [""; 0]);
    assert_eq!(
        why(&floor, call, "1050"),
        "free, the caller is kept for 1049 for 30 s more"
    );
    let other = floor.calls();
    assert_eq!(
        offered(&floor, "1050"),
        Some(other),
        "who is kept keeps nobody up"
    );
    floor.hangs_up(other);
    floor.wait(s(30));
    assert_eq!(offered(&floor, "1050"), Some(call));
    floor.hangs_up(call);

    let again = floor.wants("it", knows("1049", 30));
    floor.parts("1049", talk);
    floor.act("1049", Act::EndWrapUp).unwrap();
    assert_eq!(offered(&floor, "1049"), Some(again));
}

#[test]
fn an_agent_who_is_not_there_is_not_waited_for() {
    for away in [Act::Busy(1), Act::LogOut] {
        let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
        let talk = floor.calls();
        floor.answers("1049");
        let call = floor.wants("it", knows("1049", 30));
        assert_eq!(floor.ringing(), [""; 0]);

        floor.parts("1049", talk);
        floor.act("1049", away).unwrap();

        assert_eq!(offered(&floor, "1050"), Some(call));
    }
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    floor.reach("1049", false);
    floor.wants("it", knows("1049", 30));
    assert_eq!(
        floor.ringing(),
        ["1050"],
        "a phone that is lost is not waited for either"
    );
}

#[test]
fn a_caller_for_one_agent_is_offered_to_them_although_they_serve_another_queue() {
    let mut own = QueuePlan::new("it", &["1049"]);
    own.offering.wrap_up = Some(s(0));
    let other = QueuePlan::new("hr", &["1050"]);
    let mut floor = Floor::new(super::plan(vec![own, other]));
    floor.ready("1049");
    floor.ready("1050");
    let talk = floor.enters("hr", 0, None);
    floor.answers("1050");

    let call = floor.wants("it", knows("1050", 20));
    assert_eq!(floor.ringing(), [""; 0]);
    floor.parts("1050", talk);
    floor.act("1050", Act::EndWrapUp).unwrap();
    assert_eq!(offered(&floor, "1050"), Some(call));
    floor.refuses("1050", Cause::Rejected);
    assert_eq!(floor.ringing(), [""; 0]);
    floor.wait(s(10));
    floor.refuses("1050", Cause::Rejected);
    floor.wait(s(10));

    assert_eq!(
        offered(&floor, "1049"),
        Some(call),
        "and then the queue serves them"
    );
}

#[test]
fn who_talked_with_the_caller_last_goes_first_where_they_serve_the_queue() {
    let last = |agent: &str| Wants {
        last_agent: Some(agent.into()),
        ..Wants::default()
    };
    let queues = [
        ("it", vec!["1049", "1050"], Some(s(20))),
        ("hr", vec!["1051"], None),
    ];
    let queues = queues.map(|(name, agents, familiar)| {
        let mut queue = QueuePlan::new(name, &agents);
        queue.widening.familiar = familiar;
        queue
    });
    let mut floor = Floor::new(super::plan(queues.to_vec()));
    for agent in ["1049", "1050", "1051"] {
        floor.ready(agent);
        floor.wait(s(1));
    }

    let knows = floor.wants("it", last("1050"));
    assert_eq!(
        offered(&floor, "1050"),
        Some(knows),
        "1049 is idle for longer"
    );
    let other = floor.wants("it", last("1051"));

    assert_eq!(
        offered(&floor, "1049"),
        Some(other),
        "1051 serves another queue"
    );
}
