//! Events: stored with their cause, told to each who wants to know, and told once.

use serde_json::json;
use store::{JobRow, JobState, Store, Subscriber, event_job};
use uuid::Uuid;

use super::{calls, tenant, voicemail};

/// The contract of events.
pub(crate) fn run(store: &dyn Store) {
    a_call_that_ends_is_told_of_once_to_each_who_wants_to_know(store);
    what_nobody_wants_to_know_is_not_stored(store);
    a_call_that_was_cut_is_told_of_too(store);
    the_life_of_a_message_is_told_of(store);
    what_is_too_large_is_told_without_what_the_script_has_left(store);
    what_waits_for_nobody_goes_after_a_while(store);
}

fn subscribe(store: &dyn Store, tenant: &str, subscribers: &[(&str, &str)]) {
    let subscribers = subscribers.iter().map(|&(event, owner)| Subscriber {
        event: event.into(),
        owner: owner.into(),
    });
    let set = store.set_subscribers(tenant, subscribers.collect());
    set.wait().unwrap();
}

fn told(store: &dyn Store, tenant: &str) -> Vec<JobRow> {
    store.jobs(tenant, None).wait().unwrap()
}

fn a_call_that_ends_is_told_of_once_to_each_who_wants_to_know(store: &dyn Store) {
    let (tenant, other) = (tenant("outbox"), tenant("outbox"));
    subscribe(
        store,
        &tenant,
        &[
            ("call.ended", "crm"),
            ("call.ended", "tickets"),
            ("voicemail.heard", "crm"),
        ],
    );
    subscribe(store, &other, &[("call.ended", "crm")]);
    let call = calls::finished(calls::begin(&tenant, 1_000_000));

    store.finish_call(call.clone()).wait().unwrap();
    store.finish_call(call.clone()).wait().unwrap();

    let jobs = told(store, &tenant);
    let mut owners: Vec<&str> = jobs.iter().map(|row| &*row.job.owner).collect();
    owners.sort_unstable();
    assert_eq!(owners, ["crm", "tickets"], "each once, though stored twice");
    assert_ne!(jobs[0].job.id, jobs[1].job.id);
    for JobRow { job, .. } in &jobs {
        assert_eq!(job.name, event_job("call.ended"));
        assert_eq!(job.data, call.told());
        assert_eq!(job.due_at, call.end.ended_at);
    }
    let about = &jobs[0].job.data;
    assert_eq!(about["id"], call.begin.id.to_string());
    assert_eq!(about["outcome"], "answered");
    assert_eq!(about["agents"], json!(["1049"]));
    assert_eq!(about["started_at"], json!(1.0));
    assert_eq!(told(store, &other), []);

    // Once it is done, the record may still be stored again.
    let name = event_job("call.ended");
    let claimed = store.claim_jobs(&tenant, ("crm", &name), "n", 9_000_000, 9);
    let claimed = claimed.wait().unwrap();
    store
        .finish_job(&tenant, claimed[0].job.id, 9_000_000)
        .wait()
        .unwrap();
    store.finish_call(call).wait().unwrap();
    assert_eq!(told(store, &tenant).len(), 1, "the other's");
}

fn what_nobody_wants_to_know_is_not_stored(store: &dyn Store) {
    let tenant = tenant("outbox");
    subscribe(store, &tenant, &[("call.ended", "crm")]);
    subscribe(store, &tenant, &[("voicemail.heard", "crm")]);

    let call = calls::finished(calls::begin(&tenant, 1));
    store.finish_call(call).wait().unwrap();

    assert_eq!(told(store, &tenant), []);
}

fn a_call_that_was_cut_is_told_of_too(store: &dyn Store) {
    let tenant = tenant("outbox");
    subscribe(store, &tenant, &[("call.ended", "crm")]);
    let begin = calls::begin(&tenant, 1_000_000);
    store.begin_call(begin.clone()).wait().unwrap();

    store
        .close_cut_calls(&begin.node, 2_000_000)
        .wait()
        .unwrap();

    let jobs = told(store, &tenant);
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].job.data["ended_by"], "system:cut");
    assert_eq!(jobs[0].job.data["id"], begin.id.to_string());
}

fn the_life_of_a_message_is_told_of(store: &dyn Store) {
    let tenant = tenant("outbox");
    let all = ["voicemail.recorded", "voicemail.heard", "voicemail.deleted"];
    subscribe(store, &tenant, &all.map(|event| (event, "crm")));
    let message = voicemail::message(&tenant, 5_000_000);
    let id = message.id;

    for _ in 0..2 {
        store.leave_message(message.clone()).wait().unwrap();
        store.mark_heard(&tenant, id, 6_000_000).wait().unwrap();
    }
    for at in [7_000_000, 8_000_000] {
        store.delete_message(&tenant, id, at).wait().unwrap();
        store.delete_message(&tenant, id, at + 1).wait().unwrap();
        store.restore_message(&tenant, id).wait().unwrap();
    }

    let jobs = told(store, &tenant);
    let names: Vec<&str> = jobs.iter().map(|row| &*row.job.name).collect();
    let deleted = "on voicemail.deleted";
    let expected = [
        "on voicemail.recorded",
        "on voicemail.heard",
        deleted,
        deleted,
    ];
    assert_eq!(
        names, expected,
        "deleted twice, for it was restored between"
    );
    let about = &jobs[0].job.data;
    assert_eq!(about["id"], id.to_string());
    assert_eq!(
        (&about["seconds"], &about["urgent"]),
        (&json!(12.0), &json!(false))
    );
    assert!(store.mark_heard(&tenant, Uuid::now_v7(), 1).wait().is_err());
}

fn what_is_too_large_is_told_without_what_the_script_has_left(store: &dyn Store) {
    let tenant = tenant("outbox");
    subscribe(store, &tenant, &[("call.ended", "crm")]);
    let mut call = calls::finished(calls::begin(&tenant, 1));
    call.end.vars = json!({ "note": "x".repeat(70_000) });

    store.finish_call(call.clone()).wait().unwrap();

    let job = &told(store, &tenant)[0].job;
    assert_eq!(job.data["vars"], json!(null));
    assert_eq!(job.data["id"], call.begin.id.to_string());
}

fn what_waits_for_nobody_goes_after_a_while(store: &dyn Store) {
    let tenant = tenant("outbox");
    subscribe(
        store,
        &tenant,
        &[("call.ended", "crm"), ("call.ended", "tickets")],
    );
    let call = calls::finished(calls::begin(&tenant, 1));
    store.finish_call(call).wait().unwrap();
    subscribe(store, &tenant, &[("call.ended", "tickets")]);

    store.purge_jobs(10).wait().unwrap();
    assert_eq!(told(store, &tenant).len(), 2, "not long yet");
    store.purge_jobs(11).wait().unwrap();

    let left = store.jobs(&tenant, Some(JobState::Waiting)).wait().unwrap();
    let owners: Vec<&str> = left.iter().map(|row| &*row.job.owner).collect();
    assert_eq!(owners, ["tickets"]);
}
