//! A new plan changes what is written, and no lives.

use super::{Floor, QueuePlan, plan, s};
use crate::acd::{Act, Enter, Outcome, Output, Reason, Snapshot, State, Strategy, Ties, Wants};

#[test]
fn states_places_and_offers_survive_a_new_plan() {
    let mut floor = Floor::staffed(&["1049", "1050", "1051"], |_| {});
    floor.act("1051", Act::Busy(3)).unwrap();
    floor.calls();
    floor.answers("1049");
    let rings = floor.calls();
    let waits = floor.calls();
    floor.take();

    let mut queue = QueuePlan::new("it", &["1051", "1050", "1049", "1052", "1050"]);
    queue.offering.strategy = Strategy::Linear;
    floor.acd.handle_plan(floor.now, plan(vec![queue]));
    floor.drain();

    assert_eq!(floor.take(), []);
    assert_eq!(floor.state("1049"), State::Talking);
    assert_eq!(floor.rings[&"1050".into()].1, rings);
    assert_eq!(floor.state("1051"), State::Busy(Reason::Code(3)));
    assert_eq!(floor.state("1052"), State::LoggedOut);
    assert_eq!(floor.acd.position(waits), Some(2));
    floor.act("1051", Act::Idle).unwrap();
    assert_eq!(floor.rings[&"1051".into()].1, waits);
}

#[test]
fn a_queue_that_is_gone_takes_no_new_callers_and_serves_those_who_wait() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    let call = floor.calls();

    let other = QueuePlan::new("hotline", &["1050"]);
    floor.take();
    floor.acd.handle_plan(floor.now, plan(vec![other.clone()]));
    floor.drain();
    let it = || "it".into();
    let gone = Output::QueueGone {
        queue: it(),
        waiting: 1,
    };
    assert_eq!(floor.take(), [gone]);
    let shown = floor.acd.queue(floor.now, &it()).unwrap();
    assert!(shown.is_gone && shown.waiting.len() == 1);
    let names: Vec<_> = floor.acd.queues().map(ToString::to_string).collect();
    assert_eq!(names, ["hotline", "it"]);
    let status = floor.acd.status(floor.now, &"1049".into()).unwrap();
    assert_eq!(status.queues, [it()], "its agents are still to be seen");
    // Another reload says nothing new.
    floor.acd.handle_plan(floor.now, plan(vec![other]));
    floor.drain();
    assert_eq!(floor.take(), []);
    let enter = Enter {
        call: crate::CallId(uuid::Uuid::from_u128(99)),
        queue: "it".into(),
        priority: 0,
        max_wait: None,
        wants: Wants::default(),
        again: None,
        from: None,
        callback: None,
    };
    assert!(floor.acd.handle_enter(floor.now, enter).is_err());
    floor.act("1049", Act::Idle).unwrap();
    floor.answers("1049");
    assert!(floor.take().contains(&Output::QueueClosed { queue: it() }));
    assert_eq!(floor.acd.queues().count(), 1);
    assert_eq!(floor.state("1049"), State::Talking);
    floor.parts("1049", call);

    assert_eq!(
        floor.acd.status(floor.now, &"1049".into()),
        None,
        "an agent of no queue"
    );
    let agents: Vec<String> = floor.acd.agents().map(ToString::to_string).collect();
    assert_eq!(agents, ["1050"]);
}

#[test]
fn a_queue_that_comes_back_takes_callers_again() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    let first = floor.calls();
    let queue = QueuePlan::new("it", &["1049"]);

    floor.acd.handle_plan(floor.now, plan(vec![]));
    floor.acd.handle_plan(floor.now, plan(vec![queue]));
    floor.drain();
    let second = floor.calls();

    assert_eq!(floor.acd.position(first), Some(1));
    assert_eq!(floor.acd.position(second), Some(2));
}

#[test]
fn an_agent_who_is_listed_twice_is_one_member() {
    let floor = Floor::staffed(&["1049", "1050", "1049"], |_| {});

    let queue = floor.acd.queue(floor.now, &"it".into()).unwrap();

    assert_eq!(queue.members, ["1049".into(), "1050".into()]);
    assert_eq!(queue.plan.members.len(), 2);
}

#[test]
fn a_member_who_is_removed_is_offered_nothing_more() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});

    let queue = QueuePlan::new("it", &["1050"]);
    floor.acd.handle_plan(floor.now, plan(vec![queue]));
    floor.drain();
    floor.calls();

    assert_eq!(floor.ringing(), ["1050"]);
    assert_eq!(floor.acd.status(floor.now, &"1049".into()), None);
}

#[test]
fn new_limits_hold_at_once_for_those_who_wait() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    floor.calls();
    floor.wait(s(30));
    floor.take();

    let mut queue = QueuePlan::new("it", &["1049"]);
    queue.limits.max_wait = Some(s(20));
    floor.acd.handle_plan(floor.now, plan(vec![queue]));
    floor.drain();

    let episode = floor.take_episodes().remove(0);
    assert_eq!(episode.outcome, Outcome::Timeout);
}

#[test]
fn agents_survive_a_restart_with_their_places_and_counters() {
    let queues = || {
        let mut queue = QueuePlan::new("it", &["1049", "1050", "1051"]);
        queue.offering.strategy = Strategy::FewestCalls {
            window: s(3600),
            ties: Ties::Idle,
        };
        queue.offering.wrap_up = Some(s(0));
        plan(vec![queue])
    };
    let mut floor = Floor::new(queues());
    for agent in ["1049", "1050", "1051"] {
        floor.ready(agent);
        floor.wait(s(600));
    }
    for agent in ["1049", "1050"] {
        let call = floor.calls();
        floor.answers(agent);
        floor.parts(agent, call);
    }
    floor.act("1051", Act::Busy(4)).unwrap();

    let stored = serde_json::to_string(&floor.acd.snapshot(floor.now)).unwrap();
    let mut next = Floor::new(queues());
    let snapshot = serde_json::from_str(&stored).unwrap();
    next.acd.restore(next.now, snapshot, s(2));
    for agent in ["1049", "1050", "1051"] {
        next.reach(agent, true);
    }

    assert_eq!(next.state("1051"), State::Busy(Reason::Code(4)));
    let call = next.calls();
    assert_eq!(next.ringing(), ["1049"], "the same places");
    next.hangs_up(call);
    next.wait(s(1));
    next.act("1051", Act::Idle).unwrap();
    next.calls();
    assert_eq!(next.ringing(), ["1051"], "no calls are fewer than one");
    let leave = |it: &Output| matches!(it, Output::Leave { .. });
    assert!(next.take().iter().any(leave));
}

#[test]
fn what_was_stored_agent_by_agent_goes_on_counting_over_two_restarts() {
    let queues = || plan(vec![QueuePlan::new("it", &["1049", "1050"])]);
    let mut floor = Floor::new(queues());
    floor.ready("1049");
    floor.act("1049", Act::Busy(2)).unwrap();
    floor.wait(s(30));
    let stored = floor.acd.snapshot_of(floor.now, &"1049".into()).unwrap();
    assert_eq!(floor.acd.snapshot_of(floor.now, &"1050".into()), None);

    // The first life goes on for a minute and dies; so does the second, which stores nothing.
    let mut last = None;
    for down in [s(60), s(100)] {
        let mut next = Floor::new(queues());
        next.now += s(1_000);
        let snapshot = Snapshot {
            agents: vec![stored.clone().aged(down)],
            last_offered: Vec::new(),
        };
        next.acd.restore(next.now, snapshot, s(0));
        next.drain();
        last = Some(next);
    }

    let mut next = last.unwrap();
    let told = next.take();
    assert_eq!(told, [], "nothing has changed but the exchange");
    let status = next.acd.status(next.now, &"1049".into()).unwrap();
    assert_eq!(status.state, State::Busy(Reason::Code(2)));
    assert_eq!(status.lasted, s(130));
    next.reach("1049", true);
    assert_eq!(
        next.acd.status(next.now, &"1049".into()).unwrap().lasted,
        s(130)
    );
}

#[test]
fn a_queue_tells_who_waits_how_long_and_for_whom_it_rings() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let rings = floor.calls();
    floor.wait(s(3));
    let waits = floor.calls();
    floor.wait(s(2));

    let queue = floor.acd.queue(floor.now, &"it".into()).unwrap();

    let seen: Vec<_> = queue
        .waiting
        .iter()
        .map(|it| (it.call, it.position, it.waited, it.is_offered))
        .collect();
    assert_eq!(seen, [(rings, 1, s(5), true), (waits, 2, s(2), false)]);
    assert_eq!(queue.members, ["1049".into()]);
    assert_eq!(floor.acd.queues().collect::<Vec<_>>(), [&"it".into()]);
    assert_eq!(floor.acd.queue(floor.now, &"sales".into()), None);
}
