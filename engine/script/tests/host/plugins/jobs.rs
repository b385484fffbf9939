//! Jobs: done when they are due, again when they fail, listed when they are given up, never lost.

use std::sync::atomic::Ordering::Relaxed;

use ::store::{JobRow, JobState, NewJob, Store};
use serde_json::json;
use uuid::Uuid;

use super::{kept, manifest, plugin, until_kept, why, with};
use crate::support::{Project, STUCK, Setting, until};

const MAY: &str = "jobs = true, store = true";

/// Fails until its data says otherwise, and counts its attempts.
const HANDLER: &str = "local out = plugin.store(\"out\")
    jobs.handle(\"open\", { attempts = 3 }, function(data, job)
      out:incr(\"attempts\")
      out:set(\"about\", { id = job.id, attempt = job.attempt, key = job.key })
      if out:get(\"up\") == nil then error(\"answered 500\") end
      out:incr(\"done\")
    end)
    return { open = function(key) return jobs.add(\"open\", { n = 1 }, { key = key }) end }";

const OPENS: &str = "call:play(tostring(require(\"plugins.a\").open(call.to)))";

pub(super) fn jobs(project: &Project, state: JobState) -> Vec<JobRow> {
    project.store.jobs("8001", Some(state)).wait().unwrap()
}

/// Waits until the only job waits after this attempt.
pub(super) fn until_waits_after(project: &Project, attempt: u32) -> JobRow {
    until(|| {
        jobs(project, JobState::Waiting)
            .iter()
            .any(|row| row.attempts == attempt)
    });
    jobs(project, JobState::Waiting).remove(0)
}

pub(super) fn advance(project: &Project, seconds: i64) {
    project.clock.0.fetch_add(seconds * 1_000_000, Relaxed);
}

#[test]
fn a_job_that_fails_is_done_again_with_the_same_id_and_given_up_in_the_end() {
    let project = plugin(MAY, HANDLER, OPENS);
    let call = project.call("100");
    project.exchange.plays(call, "true");

    let first = until_waits_after(&project, 1);
    assert_eq!(
        first.last_error.as_deref(),
        Some("plugins/a/init.lua:5: answered 500")
    );
    assert_eq!(first.job.due_at - first.job.added_at, 10_000_000, "10 s");
    advance(&project, 10);
    let second = until_waits_after(&project, 2);
    assert_eq!(second.job.due_at - first.job.due_at, 30_000_000, "30 s");
    advance(&project, 30);
    until(|| jobs(&project, JobState::Failed).len() == 1);
    let failed = jobs(&project, JobState::Failed).remove(0);
    assert_eq!((failed.attempts, failed.job.id), (3, first.job.id));

    // A person mends it, and runs it again.
    let up = ::store::KvKey {
        tenant: "8001".into(),
        scope: "a/out".into(),
        key: "up".into(),
    };
    project.store.kv_set(up, json!(true), None).wait().unwrap();
    let now = project.clock.0.load(Relaxed);
    assert!(
        project
            .store
            .retry_job("8001", failed.job.id, now)
            .wait()
            .unwrap()
    );

    until_kept(&project, "done", &json!(1));
    assert_eq!(kept(&project, "attempts"), Some(json!(4)));
    let about = json!({ "id": first.job.id.to_string(), "attempt": 1, "key": "100" });
    assert_eq!(kept(&project, "about"), Some(about));
    until(|| jobs(&project, JobState::Done).len() == 1);
    assert_eq!(
        project.scripts.status().tenants[0].failures,
        0,
        "jobs have their own list"
    );
}

#[test]
fn of_two_jobs_with_one_key_the_second_is_not_added() {
    let project = plugin(MAY, HANDLER, OPENS);

    let call = project.call("100");
    project.exchange.plays(call, "true");
    let call = project.call("100");
    project.exchange.plays(call, "false");
}

#[test]
fn what_was_running_when_the_exchange_was_killed_is_done_after_the_next_start() {
    let job = NewJob {
        tenant: "8001".into(),
        id: Uuid::now_v7(),
        owner: "a".into(),
        name: "open".into(),
        key: None,
        data: json!({}),
        added_at: 0,
        due_at: 0,
    };
    let manifest = manifest("a", MAY, "");
    let done = "local out = plugin.store(\"out\")
        jobs.handle(\"open\", nil, function(_, job) out:set(\"did\", { job.id, job.attempt }) end)";
    let files = [
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", done),
        ("scripts/8001/init.lua", &super::dialplan("")),
    ];
    let (id, before) = (job.id, move |store: &::store::Sqlite| {
        store.add_job(job.clone()).wait().unwrap();
        let claimed = store.claim_jobs("8001", ("a", "open"), "test", 1, 1);
        assert_eq!(claimed.wait().unwrap().len(), 1);
    });

    let project = Project::new(
        &files,
        Setting {
            before: Some(Box::new(before)),
            ..with(vec![("a", json!({}))])
        },
    );

    until_kept(&project, "did", &json!([id.to_string(), 2]));
    until(|| project.store.jobs("8001", None).wait().unwrap().is_empty());
}

#[test]
fn a_job_that_gets_stuck_in_a_library_function_fails_and_its_plugin_is_left_out() {
    let stuck = format!(
        "jobs.handle(\"open\", nil, function() {STUCK} end)
         return {{ open = function() return jobs.add(\"open\") end }}"
    );
    let project = plugin(MAY, &stuck, OPENS);
    // The job may get the thread before its call goes on, which is lost then.
    project.call("100");

    let waiting = until_waits_after(&project, 1);

    assert!(waiting.last_error.unwrap().contains("given up"));
    until(|| {
        project.scripts.status().tenants[0].plugins[0]
            .left_out
            .is_some()
    });
    let shut = project.scripts.status().tenants[0].plugins[0]
        .left_out
        .clone()
        .unwrap();
    assert!(
        shut.why.contains("stuck in a library function"),
        "{}",
        shut.why
    );
    advance(&project, 3_600);
    let call = project.call("100");
    project.exchange.plays(call, "true");
    assert_eq!(
        jobs(&project, JobState::Running),
        [],
        "its jobs wait until it is mended"
    );
}

#[test]
fn a_job_that_nothing_handles_and_one_that_is_handled_twice_are_mistakes() {
    let handler = "local ok, why = pcall(require(\"plugins.a\").open) call.vars.why = why";
    let init = "jobs.handle(\"open\", nil, function() end)
        return { open = function() jobs.add(\"opne\") end }";
    let project = plugin(MAY, init, handler);
    let sentence = why(&project);
    let wanted = "jobs.add: nothing handles 'opne' (did you mean 'open'?)";
    assert!(sentence.contains(wanted), "{sentence}");

    let twice = "jobs.handle(\"open\", {}, print)\njobs.handle(\"open\", { attempts = 1 }, print)";
    assert_eq!(
        super::refused(&plugin(MAY, twice, "")),
        ["plugins/a/init.lua:2: jobs.handle: there is a handler for 'open' already"]
    );
    let late = "return { open = function() jobs.handle(\"late\", {}, print) end }";
    let project = plugin(MAY, late, handler);
    let sentence = why(&project);
    let wanted = "jobs.handle cannot be used in a call (only while files load)";
    assert!(sentence.contains(wanted), "{sentence}");
}

#[test]
fn a_dialplan_has_jobs_of_its_own() {
    let plan = "local out = store(\"out\")
        jobs.handle(\"note\", { retry = { \"5s\" } }, function(data) out:set(\"n\", data.n) end)
        context \"internal\" { [\"100\"] = function(call) jobs.add(\"note\", { n = 7 }) end }";
    let project = Project::of(plan);

    project.call("100");

    let key = ::store::KvKey {
        tenant: "8001".into(),
        scope: "script/out".into(),
        key: "n".into(),
    };
    until(|| project.store.kv_get(key.clone(), 0).wait().unwrap() == Some(json!(7)));
}

#[test]
fn a_job_that_is_put_off_waits_without_an_attempt_and_has_failed_after_a_week() {
    let handler = "jobs.handle(\"open\", { attempts = 2 }, function()
          jobs.later(\"2d\", \"the provider rests\")
        end)
        return { open = function() return jobs.add(\"open\") end }";
    let project = plugin(MAY, handler, OPENS);
    let call = project.call("100");
    project.exchange.plays(call, "true");

    let is_put_off = |days: i64| {
        until(|| {
            let waiting = jobs(&project, JobState::Waiting);
            waiting.iter().any(|row| {
                row.attempts == 0 && row.job.due_at - row.job.added_at == days * 86_400_000_000
            })
        });
    };
    for days in [2, 4, 6] {
        is_put_off(days);
        advance(&project, 2 * 86_400);
    }

    let failed = until_waits_after(&project, 1);
    assert_eq!(failed.last_error.as_deref(), Some("the provider rests"));
    assert_eq!(project.scripts.status().tenants[0].plugins[0].faults, 0);
}
