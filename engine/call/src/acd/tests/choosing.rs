//! A script says whom a call is offered to.

use super::{Floor, QueuePlan, ms, plan, s};
use crate::Cause;
use crate::acd::{Act, Ask, Because, Chosen, Decided, Output, Strategy};

fn floor() -> Floor {
    Floor::staffed(&["1049", "1050", "1051"], |queue| {
        queue.offering.strategy = Strategy::Choose;
    })
}

fn asked(floor: &mut Floor) -> Ask {
    let found = floor
        .take()
        .into_iter()
        .rev()
        .find_map(|output| match output {
            Output::Choose { ask, .. } => Some(ask),
            _ => None,
        });
    found.expect("the script is asked")
}

fn answer(floor: &mut Floor, ask: &Ask, names: &[&str]) {
    let order = names.iter().map(|name| (*name).into()).collect();
    floor
        .acd
        .handle_chosen(floor.now, ask.id, Chosen::Order(order));
    floor.drain();
}

#[test]
fn the_script_is_asked_with_what_it_needs_and_its_first_gets_the_call() {
    let mut floor = floor();
    floor.calls();

    let ask = asked(&mut floor);
    let names: Vec<String> = ask
        .candidates
        .iter()
        .map(|it| it.agent.to_string())
        .collect();
    assert_eq!(names, ["1049", "1050", "1051"], "the longest idle first");
    assert_eq!(ask.candidates[0].idle, s(3));
    answer(&mut floor, &ask, &["1051", "1049"]);

    assert_eq!(floor.ringing(), ["1051"]);
    let decision = floor.decisions.last().unwrap();
    assert_eq!(decision.what, Decided::Offer(vec!["1051".into()]));
    assert_eq!(decision.candidates[1].because, Because::NotNamed);
}

#[test]
fn an_agent_who_was_reserved_while_the_script_thought_is_passed_over() {
    let mut floor = floor();
    floor.calls();
    let ask = asked(&mut floor);

    floor.act("1051", Act::Busy(1)).unwrap();
    answer(&mut floor, &ask, &["1051", "1050"]);

    assert_eq!(floor.ringing(), ["1050"]);
}

#[test]
fn a_script_that_is_late_or_fails_is_replaced_by_longest_idle() {
    let mut floor = floor();
    floor.calls();
    let ask = asked(&mut floor);

    floor.wait(ms(5));
    assert_eq!(floor.ringing(), ["1049"]);
    let because = &floor.decisions.last().unwrap().because;
    assert_eq!(because, "choose took longer than 5 ms; by longest_idle");
    assert!(floor.take().contains(&Output::ForgetChoose { ask: ask.id }));
    answer(&mut floor, &ask, &["1051"]);
    assert_eq!(floor.ringing(), ["1049"], "too late");

    floor.calls();
    let ask = asked(&mut floor);
    let failed = Chosen::Failed("reception.lua:3: boom".to_owned());
    floor.acd.handle_chosen(floor.now, ask.id, failed);
    floor.drain();
    assert_eq!(floor.ringing(), ["1049", "1050"]);
    let because = &floor.decisions.last().unwrap().because;
    assert!(because.contains("reception.lua:3: boom"), "{because}");
}

#[test]
fn after_a_refusal_the_script_is_asked_again() {
    let mut floor = floor();
    floor.calls();
    let ask = asked(&mut floor);
    answer(&mut floor, &ask, &["1051"]);

    floor.refuses("1051", Cause::Rejected);

    let ask = asked(&mut floor);
    let names: Vec<String> = ask
        .candidates
        .iter()
        .map(|it| it.agent.to_string())
        .collect();
    assert_eq!(names, ["1049", "1050"]);
}

#[test]
fn who_is_meant_for_nobody_waits_and_others_go_first() {
    let mut floor = floor();
    let first = floor.calls();
    let second = floor.calls();
    let ask = asked(&mut floor);
    answer(&mut floor, &ask, &[]);

    // The second in line is asked about now.
    let ask = asked(&mut floor);
    answer(&mut floor, &ask, &["1049"]);
    assert_eq!(floor.rings[&"1049".into()].1, second);

    floor.wait(s(4));
    assert!(
        !floor
            .take()
            .iter()
            .any(|it| matches!(it, Output::Choose { .. }))
    );
    floor.wait(s(1));
    let ask = asked(&mut floor);
    answer(&mut floor, &ask, &["nobody we know"]);
    floor.act("1051", Act::Busy(1)).unwrap();
    floor.act("1051", Act::Idle).unwrap();
    let ask = asked(&mut floor);
    answer(&mut floor, &ask, &["1051"]);

    assert_eq!(
        floor.rings[&"1051".into()].1,
        first,
        "asked when somebody comes free"
    );
}

#[test]
fn a_caller_who_leaves_while_the_script_thinks_is_forgotten() {
    let mut floor = floor();
    let first = floor.calls();
    let second = floor.calls();
    let ask = asked(&mut floor);

    floor.hangs_up(first);
    let out = floor.take();
    assert!(out.contains(&Output::ForgetChoose { ask: ask.id }));
    floor.out = out;
    let next = asked(&mut floor);
    assert_ne!(next.id, ask.id, "the next is asked about at once");
    answer(&mut floor, &ask, &["1049"]);
    assert_eq!(floor.ringing(), [""; 0]);
    let ask = next;
    answer(&mut floor, &ask, &["1049"]);

    assert_eq!(floor.rings[&"1049".into()].1, second);
}

#[test]
fn who_came_before_with_a_head_start_while_a_late_script_thought_is_offered_first() {
    for fails in [false, true] {
        let mut floor = floor();
        floor.calls();
        let ask = asked(&mut floor);
        let first = floor.enters("it", 30, None);

        if fails {
            let failed = Chosen::Failed("boom".to_owned());
            floor.acd.handle_chosen(floor.now, ask.id, failed);
            floor.drain();
        } else {
            floor.wait(ms(5));
        }

        assert_eq!(floor.rings[&"1049".into()].1, first);
    }
}

#[test]
fn a_plan_without_a_script_offers_at_once_whoever_is_first_and_whom_the_script_passed_over() {
    let mut floor = floor();
    let passed = floor.calls();
    let ask = asked(&mut floor);
    answer(&mut floor, &ask, &[]);
    let thought_about = floor.calls();
    let ask = asked(&mut floor);
    let first = floor.enters("it", 30, None);

    let queue = QueuePlan::new("it", &["1049", "1050", "1051"]);
    floor.acd.handle_plan(floor.now, plan(vec![queue]));
    floor.drain();

    assert!(floor.take().contains(&Output::ForgetChoose { ask: ask.id }));
    let offered = |agent: &str| floor.rings[&agent.into()].1;
    assert_eq!(offered("1049"), first);
    assert_eq!(offered("1050"), passed);
    assert_eq!(offered("1051"), thought_about);
}
