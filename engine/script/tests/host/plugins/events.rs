//! Events that are told in any case: stored with the call's record, told until a handler returns.

use ::store::{
    CallBegin, CallEnd, Direction, FinishedCall, JobState, Store, Subscriber, event_job,
};
use script::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;

use super::jobs::{advance, jobs, until_waits_after};
use super::{kept, manifest, plugin, refused, reload, until_kept, with};
use crate::support::{Project, Setting, until};

const MAY: &str = "events = { \"call.ended\", \"trunk.down\" }, store = true, jobs = true";

/// Fails until it is told that it may not, and notes what it was told.
const HANDLER: &str = "local out = plugin.store(\"out\")
    on(\"call.ended\", { durable = true }, function(call, event)
      out:incr(\"attempts\")
      if out:get(\"up\") == nil then error(\"not yet\") end
      out:set(\"told\", { call.id, call.outcome, event.id, event.attempt })
      out:incr(\"done\")
    end)";

/// A call that rang out.
pub(super) fn ended(project: &Project) -> FinishedCall {
    let call = missed(Uuid::now_v7());
    project.store.finish_call(call.clone()).wait().unwrap();
    call
}

pub(super) fn missed(id: Uuid) -> FinishedCall {
    let at = 1_800_000_000_000_000;
    FinishedCall {
        begin: CallBegin {
            id,
            tenant: "8001".to_owned(),
            node: "test".to_owned(),
            direction: Direction::Inbound,
            from_raw: "13800138000".to_owned(),
            from_number: Some("+8613800138000".to_owned()),
            from_name: None,
            to: "4001234567".to_owned(),
            context: "inbound".to_owned(),
            user: None,
            trunk_in: Some("carrier".to_owned()),
            generation: None,
            started_at: at - 20_000_000,
        },
        end: CallEnd {
            answered_at: None,
            ended_at: at,
            ended_by: "customer".to_owned(),
            result: "rang_out".to_owned(),
            cause: "no_answer".to_owned(),
            sip_status: 480,
            q850: 19,
            trunk_out: None,
            mos_min: None,
            vars: Value::Null,
            script_error: None,
        },
        legs: Vec::new(),
        segments: Vec::new(),
    }
}

fn comes_up(project: &Project) {
    let up = ::store::KvKey {
        tenant: "8001".into(),
        scope: "a/out".into(),
        key: "up".into(),
    };
    project.store.kv_set(up, json!(true), None).wait().unwrap();
}

#[test]
fn an_event_is_told_until_its_handler_returns_and_its_id_stays_the_same() {
    let project = plugin(MAY, HANDLER, "");

    let call = ended(&project);
    let first = until_waits_after(&project, 1);
    assert_eq!(
        first.last_error.as_deref(),
        Some("plugins/a/init.lua:4: not yet")
    );
    comes_up(&project);
    advance(&project, 10);

    until_kept(&project, "done", &json!(1));
    let id = first.job.id.to_string();
    let told = json!([call.begin.id.to_string(), "rang_out", id, 2]);
    assert_eq!(kept(&project, "told"), Some(told));
    // The record is stored once more, as after a crash: that is no second event.
    until(|| jobs(&project, JobState::Done).len() == 1);
    project.store.finish_call(call).wait().unwrap();
    assert_eq!(project.store.jobs("8001", None).wait().unwrap(), []);
    let faults = project.scripts.status().tenants[0].plugins[0].faults;
    assert_eq!(faults, 0, "an error asks for another try");
}

#[test]
fn what_happened_while_no_script_ran_is_told_at_the_next_start() {
    let manifest = manifest("a", MAY, "");
    let files = [
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", HANDLER),
        ("scripts/8001/init.lua", &super::dialplan("")),
    ];
    let before = |store: &::store::Sqlite| {
        let subscriber = Subscriber {
            event: "call.ended".to_owned(),
            owner: "a".to_owned(),
        };
        store
            .set_subscribers("8001", vec![subscriber])
            .wait()
            .unwrap();
        store.finish_call(missed(Uuid::now_v7())).wait().unwrap();
        // It was being told when the exchange was killed.
        let name = event_job("call.ended");
        let claimed = store.claim_jobs("8001", ("a", &name), "test", i64::MAX, 1);
        assert_eq!(claimed.wait().unwrap().len(), 1);
    };

    let project = Project::new(
        &files,
        Setting {
            before: Some(Box::new(before)),
            ..with(vec![("a", json!({}))])
        },
    );
    // The attempt that was cut counts.
    until_waits_after(&project, 2);
    comes_up(&project);
    advance(&project, 30);

    until_kept(&project, "done", &json!(1));
}

#[test]
fn events_are_kept_while_a_generation_is_refused_and_not_for_who_no_longer_wants_them() {
    let project = plugin(MAY, HANDLER, "");

    project.folder.write("plugins/a/init.lua", "oops oops");
    assert!(matches!(reload(&project), Outcome::Refused { .. }));
    comes_up(&project);
    ended(&project);
    until_kept(&project, "done", &json!(1));

    project
        .folder
        .write("plugins/a/init.lua", "-- Hears nothing.");
    assert!(matches!(reload(&project), Outcome::Published { .. }));
    ended(&project);
    assert_eq!(project.store.jobs("8001", None).wait().unwrap(), []);
}

#[test]
fn only_what_is_in_the_records_can_be_told_in_any_case_and_by_one_handler() {
    for (init, why) in [
        (
            "on(\"trunk.down\", { durable = true }, print)",
            "on: durable: 'trunk.down' is not in the records: only call.ended, voicemail.recorded",
        ),
        (
            "on(\"call.ended\", { attempts = 3 }, print)",
            "on: attempts: is for durable = true",
        ),
        (
            "on(\"call.ended\", { durable = true }, print) on(\"call.ended\", { durable = true }, print)",
            "on: there is a handler for 'call.ended' already",
        ),
        (
            "jobs.handle(\"on call.ended\", {}, print)",
            "jobs.handle: 'on call.ended' is told by the exchange: write on(",
        ),
        (
            "on(\"call.ended\", { durable = 1 }, print)",
            "true or false",
        ),
        (
            "on(\"call.ended\", { durabel = true }, print)",
            "did you mean 'durable'?",
        ),
    ] {
        let errors = refused(&plugin(MAY, init, ""));
        assert!(errors[0].contains(why), "{init}: {errors:?}");
    }
}
