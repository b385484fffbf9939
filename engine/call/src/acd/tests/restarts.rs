//! What of the agents outlives a restart.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Floor, QueuePlan, plan, s};
use crate::Cause;
use crate::acd::{Act, AgentSnapshot, Plan, Reason, Snapshot, State, Strategy};

/// The exchange stops, and starts again after a while.
fn restarted(floor: &Floor, plan: Plan, down: u64) -> Floor {
    let stored = serde_json::to_string(&floor.acd.snapshot(floor.now)).unwrap();
    let mut next = Floor::new(plan);
    next.now += s(1_000);
    let snapshot = serde_json::from_str(&stored).unwrap();
    next.acd.restore(next.now, snapshot, s(down));
    next.drain();
    next
}

/// Two agents; who declines rests for a minute, and 事后 lasts for 20 s.
fn queues() -> Plan {
    let mut queue = QueuePlan::new("it", &["1049", "1050"]);
    queue.offering.delays.rejected = s(60);
    queue.offering.wrap_up = Some(s(20));
    plan(vec![queue])
}

fn floor() -> Floor {
    let mut floor = Floor::new(queues());
    floor.ready("1049");
    floor
}

/// An agent as their stored state says, after the shortest of restarts.
fn read(stored: Value) -> Floor {
    let snapshot = Snapshot {
        agents: vec![serde_json::from_value(stored).unwrap()],
        last_offered: Vec::new(),
    };
    let mut floor = Floor::new(queues());
    floor.now += s(1_000);
    floor.acd.restore(floor.now, snapshot, Duration::ZERO);
    floor.drain();
    floor.reach("1049", true);
    floor
}

#[test]
fn a_rest_after_a_failed_offer_goes_on_and_the_time_without_the_exchange_counts() {
    let mut first = floor();
    first.calls();
    first.refuses("1049", Cause::Rejected);
    first.wait(s(10));

    let mut next = restarted(&first, queues(), 20);
    next.reach("1049", true);
    next.calls();

    next.wait(s(29));
    assert_eq!(next.ringing(), [""; 0]);
    next.wait(s(1));
    assert_eq!(next.ringing(), ["1049"]);
}

#[test]
fn a_rest_that_was_stored_long_ago_is_over() {
    let mut first = floor();
    first.calls();
    first.refuses("1049", Cause::Rejected);
    let stored = first.acd.snapshot_of(first.now, &"1049".into()).unwrap();

    let mut next = read(serde_json::to_value(stored.aged(s(50))).unwrap());
    next.calls();

    next.wait(s(9));
    assert_eq!(next.ringing(), [""; 0]);
    next.wait(s(1));
    assert_eq!(next.ringing(), ["1049"]);
}

#[test]
fn wrap_up_ends_when_it_would_have_ended() {
    let mut first = floor();
    let call = first.calls();
    first.answers("1049");
    first.parts("1049", call);
    first.wait(s(5));

    let mut next = restarted(&first, queues(), 10);
    next.reach("1049", true);

    next.wait(s(5) - Duration::from_millis(1));
    assert_eq!(next.state("1049"), State::WrapUp);
    next.wait(Duration::from_millis(1));
    assert_eq!(next.state("1049"), State::Idle);
}

#[test]
fn what_was_pressed_during_an_offer_outlives_the_exchange_and_the_offer_does_not() {
    let mut first = floor();
    first.calls();
    first.act("1049", Act::Busy(4)).unwrap();
    assert_eq!(first.state("1049"), State::Offered);

    let next = restarted(&first, queues(), 1);

    assert_eq!(next.state("1049"), State::Busy(Reason::Code(4)));
}

#[test]
fn a_round_goes_on_where_it_was() {
    let queues = || {
        let mut queue = QueuePlan::new("it", &["1049", "1050"]);
        queue.offering.strategy = Strategy::RoundRobin;
        plan(vec![queue])
    };
    let mut first = Floor::new(queues());
    first.ready("1049");
    first.ready("1050");
    let call = first.calls();
    assert_eq!(first.ringing(), ["1049"]);
    first.hangs_up(call);

    let mut next = restarted(&first, queues(), 1);
    next.reach("1049", true);
    next.reach("1050", true);
    next.calls();

    assert_eq!(next.ringing(), ["1050"]);
}

#[test]
fn a_stored_state_carries_its_version() {
    let stored = floor().acd.snapshot(super::start());

    let stored = serde_json::to_value(stored).unwrap();

    assert_eq!(stored["agents"][0]["version"], 1);
    assert_eq!(stored["agents"][0]["duty"], json!({ "rest": "idle" }));
}

#[test]
fn what_was_stored_before_there_were_versions_is_read() {
    let secs = |secs: u64| json!({ "secs": secs, "nanos": 500_000_000 });
    let old = |shown: Value, duty: Value| {
        json!({
            "agent": "1049", "shown": shown, "shown_for": secs(30), "duty": duty,
            "idle_for": secs(90), "answered": [60_500, 1_000], "rests_for": secs(3),
            "setbacks": { "no_answer": 1, "rejected": 2, "busy": 0, "unreachable": 0 },
        })
    };
    for (shown, duty, state) in [
        (json!("idle"), json!({ "Rest": "Idle" }), State::Idle),
        (
            json!({ "busy": { "code": 3 } }),
            json!({ "Rest": { "Busy": { "code": 3 } } }),
            State::Busy(Reason::Code(3)),
        ),
        (
            json!("wrap_up"),
            json!({ "WrapUp": { "left": secs(7), "then": { "Busy": "login" } } }),
            State::WrapUp,
        ),
        (
            json!("wrap_up"),
            json!({ "WrapUp": { "left": null, "then": "Idle" } }),
            State::WrapUp,
        ),
    ] {
        let floor = read(old(shown, duty));

        let status = floor.acd.status(floor.now, &"1049".into()).unwrap();
        assert_eq!(status.state, state);
        assert_eq!(status.lasted, Duration::from_millis(30_500));
        let record = &floor.acd.agents[0].record;
        let age = |at: std::time::Instant| (floor.now - at).as_millis();
        assert_eq!(age(record.idle_since), 90_500);
        assert_eq!(
            record.answered.iter().map(|it| age(it.at)).max(),
            Some(60_500)
        );
        assert_eq!(
            (record.setbacks.no_answer, record.setbacks.rejected),
            (1, 2)
        );
        assert_eq!(
            record.not_before,
            Some(floor.now + Duration::from_millis(3_500))
        );
    }
    let wrap_up = json!({ "WrapUp": { "left": secs(7), "then": { "Busy": "login" } } });
    let mut floor = read(old(json!("wrap_up"), wrap_up));
    floor.wait(Duration::from_millis(7_500));
    assert_eq!(floor.state("1049"), State::Busy(Reason::Login));
}

#[test]
fn fields_of_another_version_are_ignored_and_missing_ones_are_as_they_usually_are() {
    for (stored, state) in [
        (
            json!({ "version": 1, "agent": "1049", "duty": { "rest": "idle" } }),
            State::Idle,
        ),
        // A later version: what it says more means nothing here.
        (
            json!({
                "version": 7, "agent": "1049", "shown": "dancing", "mood": ["good"],
                "setbacks": { "no_answer": 2, "asleep": 1 }, "idle_for_ms": "long",
                "duty": { "wrap_up": { "left_ms": 20_000, "then": "tea", "why": 3 } },
            }),
            State::WrapUp,
        ),
        // Without a word of what they are there for: what was shown, and nothing is offered to whom
        // nothing is known of.
        (
            json!({ "agent": "1049", "shown": { "busy": "reset" } }),
            State::Busy(Reason::Reset),
        ),
        (
            json!({ "agent": "1049", "shown": "talking" }),
            State::WrapUp,
        ),
        (json!({ "agent": "1049" }), State::Busy(Reason::Login)),
    ] {
        assert_eq!(read(stored.clone()).state("1049"), state, "{stored}");
    }
    let later = json!({ "agent": "1049", "setbacks": { "no_answer": 2, "asleep": 1 } });
    assert_eq!(read(later).acd.agents[0].record.setbacks.no_answer, 2);
}

#[test]
fn a_state_of_which_nothing_can_be_made_is_refused_with_the_reason() {
    let refused = |stored: Value| {
        let read = serde_json::from_value::<AgentSnapshot>(stored);
        read.unwrap_err().to_string()
    };

    assert!(refused(json!("idle")).contains("no object"));
    assert!(refused(json!({ "duty": { "rest": "idle" } })).contains("names no agent"));
    let unknown = json!({ "version": 7, "agent": "1049", "duty": { "shift": "night" } });
    let why = refused(unknown);
    assert!(
        why.contains("\"shift\"") && why.contains("version 7"),
        "{why}"
    );
}
