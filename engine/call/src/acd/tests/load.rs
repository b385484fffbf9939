//! A decision is quick at 500 agents and 5,000 callers (D1), with skills and levels too, also in a build
//! that is not optimised.

use std::time::{Duration, Instant};

use super::widening::{requires, skills};
use super::{Floor, QueuePlan, ms, plan, s};
use crate::acd::{Change, News, Output, PenaltyRule, Ring, Strategy, Tiers, Wants, Without};

#[test]
fn d1_decisions_are_quick_at_500_agents_and_5000_waiting() {
    decisions_are_quick(|_| {}, |_| Wants::default(), ms(20));
}

/// Half of the agents cannot what a third of the callers need; two levels; penalties that widen; and one
/// agent is free all the time, whom nobody who waits may be offered to.
#[test]
fn d1_decisions_are_quick_with_skills_and_levels_too() {
    let english = |queue: &mut QueuePlan| {
        for (at, member) in queue.members.iter_mut().enumerate() {
            let much = u8::try_from(at % 10).unwrap() + 1;
            member.skills = skills(&[("english", much), ("billing", 11 - much)]);
            member.level = 1 + u32::from(at % 5 == 4);
            member.penalty = u32::from(at % 7 == 0);
        }
        queue.offering.strategy = Strategy::SkillBest;
        queue.widening.tiers = Some(Tiers {
            wait: s(600),
            by_level: true,
        });
        queue.widening.penalties = vec![PenaltyRule {
            after: s(60),
            max: Some(Change::To(9)),
            ..PenaltyRule::default()
        }];
        queue.widening.rings = vec![Ring {
            after: s(90),
            without: Without::All,
            lower: 0,
        }];
    };
    decisions_are_quick(
        english,
        |number| match number % 3 {
            0 => requires(&[("english", 1 + u8::try_from(number % 5).unwrap())]),
            1 => requires(&[("billing", 3), ("english", 2)]),
            _ => Wants::default(),
        },
        ms(200),
    );
}

/// The mark is 20 ms; this build is some ten times slower than what is shipped, which `acd_rate` measures.
fn decisions_are_quick(
    with: impl FnOnce(&mut QueuePlan),
    wants: impl Fn(usize) -> Wants,
    most: Duration,
) {
    let names: Vec<String> = (0..500)
        .map(|number| format!("{}", 1000 + number))
        .collect();
    let agents: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut queue = QueuePlan::new("it", &agents);
    queue.offering.wrap_up = Some(s(5));
    queue.announce.position = true;
    queue.announce.every = Some(s(45));
    queue.limits.max_wait = None;
    with(&mut queue);
    let mut floor = Floor::new(plan(vec![queue]));
    for agent in &agents {
        floor.ready(agent);
    }
    for number in 0..5500 {
        floor.wants("it", wants(number));
        floor.take();
        floor.decisions.clear();
    }
    assert_eq!(floor.acd.waiting(&"it".into()), Some(5500));

    // Every agent answers, talks and is offered the next; a new caller comes for each.
    let mut took = Vec::new();
    for agent in &agents {
        let Some(&(lease, call)) = floor.rings.get(&(*agent).into()) else {
            continue;
        };
        for step in 0..4 {
            let began = clock();
            match step {
                0 => floor.acd.handle_offer(floor.now, lease, News::Answered),
                1 => floor.acd.handle_offer(floor.now, lease, News::Connected),
                2 => {
                    let over = super::DialogNews::Ended;
                    floor
                        .acd
                        .handle_dialog(floor.now, &(*agent).into(), call, over);
                }
                _ => {
                    let act = super::Act::EndWrapUp;
                    let by = super::By::Agent;
                    floor
                        .acd
                        .handle_agent(floor.now, &(*agent).into(), act, by)
                        .unwrap();
                }
            }
            took.push(began.elapsed());
            floor.drain();
        }
        let began = clock();
        floor.calls();
        took.push(began.elapsed());
        let offered = |it: &Output| matches!(it, Output::Offer { .. });
        assert!(
            floor.take().iter().any(offered),
            "{agent} is offered the next"
        );
        floor.decisions.clear();
    }

    assert!(took.len() >= 1900, "most agents are at work");
    took.sort_unstable();
    let p99 = took[took.len() * 99 / 100];
    assert!(p99 < most, "{p99:?}");
}

fn clock() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "this test measures the machine itself"
    )]
    let now = Instant::now();
    now
}
