//! Who may wait, how long, and where they go instead.

use super::{Floor, QueuePlan, ms, plan, s};
use crate::CallId;
use crate::acd::{
    Act, Announcement, Decided, Enter, EnterError, Fact, Leave, Outcome, Output, Overflow,
    Presence, Step, Wants, When,
};

fn leave_of(floor: &mut Floor, call: CallId) -> Option<Leave> {
    floor.take().into_iter().find_map(|output| match output {
        Output::Leave { call: it, why, .. } if it == call => Some(why),
        _ => None,
    })
}

fn busy(with: impl FnOnce(&mut QueuePlan)) -> Floor {
    let mut floor = Floor::staffed(&["1049"], with);
    floor.act("1049", Act::Busy(1)).unwrap();
    floor
}

#[test]
fn the_longest_wait_ends_to_the_millisecond() {
    let mut floor = busy(|queue| queue.limits.max_wait = Some(s(60)));
    let call = floor.calls();
    let shorter = floor.enters("it", 0, Some(s(20)));

    floor.wait(s(20));
    assert_eq!(leave_of(&mut floor, shorter), Some(Leave::Timeout));
    floor.wait(s(40) - ms(1));
    assert_eq!(leave_of(&mut floor, call), None);
    floor.wait(ms(1));

    assert_eq!(leave_of(&mut floor, call), Some(Leave::Timeout));
}

#[test]
fn the_longest_wait_does_not_cut_an_offer_that_rings_unless_it_is_hard() {
    for hard in [false, true] {
        let mut floor = Floor::staffed(&["1049"], |queue| {
            queue.limits.max_wait = Some(s(10));
            queue.limits.hard = hard;
        });
        let call = floor.calls();
        floor.wait(s(10));
        assert_eq!(floor.acd.position(call).is_none(), hard);
        assert_eq!(floor.ringing().is_empty(), hard);
        floor.wait(s(5));

        assert_eq!(leave_of(&mut floor, call), Some(Leave::Timeout));
        assert_eq!(floor.ringing(), [""; 0], "not even the next is rung");
    }
}

#[test]
fn no_more_callers_wait_than_may() {
    let mut floor = busy(|queue| queue.limits.max_callers = Some(2));
    floor.calls();
    floor.calls();

    let third = floor.calls();

    assert_eq!(leave_of(&mut floor, third), Some(Leave::Full));
    assert_eq!(floor.acd.waiting(&"it".into()), Some(2));
}

#[test]
fn nobody_joins_a_queue_without_agents() {
    let mut floor = Floor::new(plan(vec![QueuePlan::new("it", &["1049"])]));

    let call = floor.calls();
    assert_eq!(leave_of(&mut floor, call), Some(Leave::Empty));
    floor.reach("1049", true);
    floor.act("1049", Act::LogIn).unwrap();
    let call = floor.calls();
    assert_eq!(leave_of(&mut floor, call), None);
    floor.act("1049", Act::LogOut).unwrap();
    floor.wait(s(30));

    let out = floor.take();
    let why = Leave::Empty;
    let queue = "it".into();
    assert!(out.contains(&Output::Leave { call, queue, why }));
    let outcome = out.iter().find_map(|it| match it {
        Output::Episode(episode) => Some(episode.outcome),
        _ => None,
    });
    assert_eq!(outcome, Some(Outcome::NoAgent));
}

#[test]
fn an_agent_who_comes_back_within_the_grace_keeps_the_callers() {
    let mut floor = busy(|queue| {
        queue.limits.stay_if = Presence::Not(Box::new(Presence::Is(Fact::Paused)));
        queue.limits.join_if = Presence::Always;
        queue.limits.grace = s(10);
    });
    let call = floor.calls();

    floor.wait(s(9));
    floor.act("1049", Act::Idle).unwrap();
    floor.wait(s(9));

    assert_eq!(floor.acd.position(call), Some(1));
}

#[test]
fn who_rings_when_the_queue_runs_empty_may_still_answer() {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.limits.stay_if = Presence::Is(Fact::Idle);
        queue.limits.grace = s(0);
    });
    floor.act("1050", Act::Busy(1)).unwrap();

    let call = floor.calls();
    assert_eq!(floor.ringing(), ["1049"]);
    floor.answers("1049");

    let out = leave_of(&mut floor, call);
    assert_eq!(out, Some(Leave::Answered("1049".into())));
}

#[test]
fn the_place_is_told_again_and_again() {
    let mut floor = busy(|queue| {
        queue.announce.position = true;
        queue.announce.first = s(5);
        queue.announce.every = Some(s(30));
        queue.announce.limit = Some(2);
    });
    let calls: Vec<CallId> = (0..5).map(|_| floor.calls()).collect();
    let said = |floor: &mut Floor| -> Vec<(usize, bool)> {
        let out = floor.take().into_iter();
        out.filter_map(|output| match output {
            Output::Announce { what, .. } => match what[..] {
                [Announcement::Position { ahead, more }] => Some((ahead, more)),
                _ => None,
            },
            _ => None,
        })
        .collect()
    };

    floor.wait(s(5));
    assert_eq!(
        said(&mut floor),
        [(0, false), (1, false), (2, false), (2, true), (2, true)]
    );
    floor.hangs_up(calls[0]);
    floor.wait(s(30));
    assert_eq!(
        said(&mut floor),
        [(0, false), (1, false), (2, false), (2, true)]
    );
}

#[test]
fn a_place_that_has_not_improved_is_not_told_if_the_plan_says_so() {
    let mut floor = busy(|queue| {
        queue.announce.position = true;
        queue.announce.every = Some(s(30));
        queue.announce.only_if_improved = true;
    });
    let first = floor.calls();
    floor.calls();
    floor.wait(s(60));
    floor.take();

    floor.wait(s(30));
    assert_eq!(floor.take(), []);
    floor.hangs_up(first);
    floor.take();
    floor.wait(s(30));

    assert!(matches!(floor.take()[..], [Output::Announce { .. }]));
}

#[test]
fn an_overflow_chain_is_gone_down_step_by_step() {
    let step = |after, step| Overflow {
        when: When::Waited(s(after)),
        step,
    };
    let mut it = QueuePlan::new("it", &["1049"]);
    it.overflow = vec![
        step(10, Step::Aside("sms:link".into())),
        step(20, Step::Queue("nowhere".into())),
        step(30, Step::Queue("all".into())),
    ];
    let mut all = QueuePlan::new("all", &["1050"]);
    all.overflow = vec![
        step(35, Step::Queue("it".into())),
        step(40, Step::Leave("voicemail:it".into())),
    ];
    let mut floor = Floor::new(plan(vec![it, all]));
    for agent in ["1049", "1050"] {
        floor.ready(agent);
        floor.act(agent, Act::Busy(1)).unwrap();
    }
    let call = floor.enters("it", 0, None);
    floor.wait(s(5));
    let other = floor.enters("all", 0, None);
    floor.take();
    floor.decisions.clear();

    floor.wait(s(5));
    let aside = |it: &Output| matches!(it, Output::Aside { what, .. } if what == "sms:link");
    assert!(floor.take().iter().any(aside));
    floor.wait(s(20));
    assert_eq!(
        floor.acd.position(call),
        Some(1),
        "ahead of those who came later"
    );
    assert_eq!(floor.acd.position(other), Some(2));
    floor.wait(s(40));

    let out = floor.take();
    let why = Leave::Overflow("voicemail:it".into());
    let queue = "all".into();
    assert!(out.contains(&Output::Leave { call, queue, why }));
    let stays: Vec<(String, Outcome, u64, u64)> = out
        .into_iter()
        .filter_map(|it| match it {
            Output::Episode(it) if it.call == call => Some((
                it.queue.to_string(),
                it.outcome,
                it.wait_ms,
                it.waited_before_ms,
            )),
            _ => None,
        })
        .collect();
    assert_eq!(
        stays,
        [
            ("it".to_owned(), Outcome::Overflow, 30_000, 0),
            ("all".to_owned(), Outcome::Overflow, 40_000, 30_000),
        ]
    );
    let steps: Vec<String> = floor
        .decisions
        .iter()
        .filter(|it| it.call == call && matches!(it.what, Decided::Overflow(_)))
        .map(|it| format!("{} ({})", it.what, it.because))
        .collect();
    assert_eq!(
        steps,
        [
            "overflow to sms:link (the caller has waited for so long)",
            "overflow to queue:nowhere (left out: there is no queue 'nowhere')",
            "overflow to queue:all (the caller has waited for so long)",
            "overflow to queue:it (left out: the caller has been there)",
            "overflow to voicemail:it (the caller has waited for so long)",
        ]
    );
}

#[test]
fn a_full_or_empty_queue_sends_its_callers_on() {
    let on = |when, to: &str| Overflow {
        when,
        step: Step::Queue(to.into()),
    };
    let mut small = QueuePlan::new("small", &["1049"]);
    small.limits.max_callers = Some(0);
    small.overflow = vec![on(When::Full, "empty")];
    let mut empty = QueuePlan::new("empty", &["1050"]);
    empty.overflow = vec![on(When::Empty, "small"), on(When::Empty, "it")];
    let it = QueuePlan::new("it", &["1049"]);
    let mut floor = Floor::new(plan(vec![small, empty, it]));
    floor.ready("1049");

    let call = floor.enters("small", 0, None);

    assert_eq!(floor.ringing(), ["1049"]);
    assert_eq!(floor.rings[&"1049".into()].1, call);
}

#[test]
fn an_unknown_queue_is_told_with_what_was_likely_meant() {
    let mut floor = busy(|_| {});
    let waits = floor.calls();
    let mut enter = Enter {
        call: waits,
        queue: "itt".into(),
        priority: 0,
        max_wait: None,
        wants: Wants::default(),
        again: None,
        from: None,
        callback: None,
    };

    let twice = floor.acd.handle_enter(floor.now, enter.clone());
    assert_eq!(twice, Err(EnterError::Waiting("it".into())));
    floor.hangs_up(waits);
    let wrong = floor
        .acd
        .handle_enter(floor.now, enter.clone())
        .unwrap_err();
    assert_eq!(wrong.to_string(), "no queue 'itt' (did you mean 'it'?)");
    enter.queue = "it".into();
    assert_eq!(floor.acd.handle_enter(floor.now, enter), Ok(()));
}

#[test]
fn a_head_start_is_no_more_than_that() {
    let mut floor = busy(|queue| {
        queue.limits.max_wait = None;
        queue.guard = None;
    });
    let first = floor.enters("it", 0, None);
    floor.wait(s(59));
    let privileged = floor.enters("it", 60, None);
    assert_eq!(floor.acd.position(privileged), Some(1));
    floor.wait(s(3541));
    let most = floor.enters("it", u32::MAX, None);
    let second = floor.enters("it", 0, None);
    floor.wait(s(1));
    let late = floor.enters("it", u32::MAX, None);

    let line: Vec<CallId> = floor.acd.line(&"it".into()).unwrap().collect();

    assert_eq!(line, [privileged, first, most, late, second]);
}
