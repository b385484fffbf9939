//! What waiting brings, and what it does not while a phone rings.

use uuid::Uuid;

use super::{Floor, QueuePlan, ms, plan, s};
use crate::acd::{Act, Enter, Outcome, Output, Overflow, Step, Waited, Wants, When};
use crate::{CallId, Cause};

fn after(seconds: u64, step: Step) -> Overflow {
    Overflow {
        when: When::Waited(s(seconds)),
        step,
    }
}

#[test]
fn a_step_waits_for_a_phone_that_rings_and_one_in_passing_does_not() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.overflow = vec![
            after(5, Step::Aside("sms:link".to_owned())),
            after(10, Step::Leave("voicemail:it".to_owned())),
        ];
    });
    let call = floor.calls();

    floor.wait(s(5));
    let aside = |it: &Output| matches!(it, Output::Aside { what, .. } if what == "sms:link");
    assert!(floor.take().iter().any(aside));
    floor.wait(s(9));
    assert_eq!(floor.ringing(), ["1049"]);
    assert_eq!(floor.acd.position(call), Some(1));
    floor.wait(s(1));

    assert_eq!(floor.take_episodes()[0].outcome, Outcome::Overflow);
}

#[test]
fn the_longest_wait_of_the_next_queue_begins_there() {
    let mut first = QueuePlan::new("it", &["1049"]);
    first.overflow = vec![after(10, Step::Queue("all".into()))];
    let mut next = QueuePlan::new("all", &["1049"]);
    next.limits.max_wait = Some(s(20));
    let mut floor = Floor::new(plan(vec![first, next]));
    floor.ready("1049");
    floor.act("1049", Act::Busy(1)).unwrap();
    let call = floor.calls();

    floor.wait(s(30) - ms(1));
    assert_eq!(floor.acd.position(call), Some(1));
    floor.wait(ms(1));

    assert_eq!(floor.acd.position(call), None);
    let stays: Vec<_> = floor
        .take_episodes()
        .iter()
        .map(|it| (it.outcome, it.wait_ms, it.waited_before_ms))
        .collect();
    let expected = [
        (Outcome::Overflow, 10_000, 0),
        (Outcome::Timeout, 20_000, 10_000),
    ];
    assert_eq!(stays, expected);
}

#[test]
fn nobody_is_sent_on_to_a_queue_that_is_gone() {
    let mut first = QueuePlan::new("it", &["1049"]);
    first.overflow = vec![after(10, Step::Queue("all".into()))];
    let all = QueuePlan::new("all", &["1049"]);
    let mut floor = Floor::new(plan(vec![first.clone(), all]));
    floor.ready("1049");
    floor.act("1049", Act::Busy(1)).unwrap();
    // Somebody waits there, so that it is served to its end.
    floor.enters("all", 0, None);
    let call = floor.calls();

    floor.acd.handle_plan(floor.now, plan(vec![first]));
    floor.drain();
    floor.wait(s(11));

    let queue = floor.acd.queue(floor.now, &"it".into()).unwrap();
    assert_eq!(queue.waiting[0].call, call);
}

#[test]
fn a_key_is_written_as_a_key_and_a_hang_up_as_giving_up() {
    for (leaves, outcome) in [(true, Outcome::Key), (false, Outcome::Abandoned)] {
        let mut floor = Floor::staffed(&["1049"], |_| {});
        let call = floor.calls();
        match leaves {
            true => floor.acd.handle_leave(floor.now, call),
            false => floor.acd.handle_gone(floor.now, call),
        }
        floor.drain();

        assert_eq!(floor.take_episodes()[0].outcome, outcome);
    }
}

#[test]
fn a_reload_does_not_begin_the_grace_of_an_empty_queue_anew() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let call = floor.calls();
    floor.refuses("1049", Cause::Rejected);
    floor.act("1049", Act::LogOut).unwrap();
    for _ in 0..2 {
        floor.wait(s(10));
        let mut queue = QueuePlan::new("it", &["1049"]);
        queue.music = Some("piano".to_owned());
        floor.acd.handle_plan(floor.now, plan(vec![queue]));
        floor.drain();
    }

    floor.wait(s(10) - ms(1));
    assert_eq!(floor.acd.position(call), Some(1));
    floor.wait(ms(1));

    assert_eq!(floor.take_episodes()[0].outcome, Outcome::NoAgent);
}

#[test]
fn who_stood_in_the_line_of_a_machine_that_is_no_more_stands_there_as_before() {
    let mut queue = QueuePlan::new("it", &["1049"]);
    queue.limits.max_wait = Some(s(4 * 3_600));
    queue.limits.max_callers = Some(2);
    queue.overflow = vec![
        after(10, Step::Aside("sms:link".to_owned())),
        after(7_300, Step::Aside("sms:late".to_owned())),
    ];
    let mut floor = Floor::new(plan(vec![queue]));
    floor.ready("1049");
    floor.act("1049", Act::Busy(1)).unwrap();
    floor.take();
    // Both have waited for longer than any head start; the third has one that is worth less.
    for (call, priority, here, before) in [(2, 0, 7_200, 10), (3, 60, 7_100, 0), (1, 0, 7_000, 300)]
    {
        let enter = Enter {
            call: CallId(Uuid::from_u128(call)),
            queue: "it".into(),
            priority,
            max_wait: None,
            wants: Wants::default(),
            again: Some(Waited {
                here: s(here),
                before: s(before),
            }),
            from: None,
            callback: None,
        };
        floor.acd.handle_enter(floor.now, enter).unwrap();
        floor.drain();
    }

    let shown = floor.acd.queue(floor.now, &"it".into()).unwrap();
    let line: Vec<_> = shown.waiting.iter().map(|it| it.call.0.as_u128()).collect();
    assert_eq!(line, [1, 2, 3]);
    assert_eq!(shown.waiting[0].waited, s(7_300));
    let asides = |floor: &mut Floor| {
        let out = floor.take().into_iter();
        let told = out.filter_map(|it| match it {
            Output::Aside { call, what, .. } => Some((call.0.as_u128(), what)),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(asides(&mut floor), [], "that step was taken before");
    floor.wait(s(100));
    assert_eq!(asides(&mut floor), [(2, "sms:late".to_owned())]);
    let call = CallId(Uuid::from_u128(2));
    floor.hangs_up(call);
    let stay = floor.take_episodes().remove(0);
    assert_eq!((stay.wait_ms, stay.waited_before_ms), (7_300_000, 10_000));
}
