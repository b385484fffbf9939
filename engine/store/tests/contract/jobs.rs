//! Jobs: done once each, again when they fail, and never lost.

use serde_json::json;
use store::{DueJobs, Error, JobFilter, JobRow, JobState, NewJob, Store};
use uuid::Uuid;

use super::tenant;

/// The contract of jobs.
pub(crate) fn run(store: &dyn Store) {
    a_job_is_claimed_once_and_gone_when_it_is_done(store);
    a_key_keeps_a_second_job_out_also_when_the_first_is_done(store);
    a_job_runs_when_it_is_due_and_not_before(store);
    a_failed_job_waits_or_is_listed_and_can_be_run_again(store);
    what_a_killed_exchange_ran_waits_again(store);
    owners_and_tenants_are_apart(store);
    what_is_too_large_is_refused(store);
    what_a_plugin_may_do_is_kept(store);
    jobs_are_listed_newest_first_and_page_by_page(store);
}

const NODE: &str = "contract";

fn new(tenant: &str, key: Option<&str>) -> NewJob {
    NewJob {
        tenant: tenant.into(),
        id: Uuid::now_v7(),
        owner: "tickets".into(),
        name: "open".into(),
        key: key.map(str::to_owned),
        data: json!({ "title": "未接来电" }),
        added_at: 10,
        due_at: 10,
    }
}

fn added(store: &dyn Store, job: &NewJob) -> bool {
    store.add_job(job.clone()).wait().unwrap()
}

fn claim(store: &dyn Store, tenant: &str, now: i64, most: u32) -> Vec<JobRow> {
    let claimed = store.claim_jobs(tenant, ("tickets", "open"), NODE, now, most);
    claimed.wait().unwrap()
}

fn is_due(store: &dyn Store, tenant: &str, now: i64) -> bool {
    let due = store.due_jobs(now).wait().unwrap();
    due.contains(&DueJobs {
        tenant: tenant.into(),
        owner: "tickets".into(),
        name: "open".into(),
    })
}

fn listed(store: &dyn Store, tenant: &str, state: JobState) -> Vec<JobRow> {
    store.jobs(tenant, Some(state)).wait().unwrap()
}

fn a_job_is_claimed_once_and_gone_when_it_is_done(store: &dyn Store) {
    let tenant = tenant("jobs");
    let jobs: Vec<NewJob> = (0..5).map(|_| new(&tenant, None)).collect();
    assert!(jobs.iter().all(|job| added(store, job)));
    assert!(!added(store, &jobs[0]), "an id is there once");

    let first = claim(store, &tenant, 10, 2);
    let rest = claim(store, &tenant, 10, 9);

    let claimed: Vec<NewJob> = first
        .iter()
        .chain(&rest)
        .map(|row| row.job.clone())
        .collect();
    assert_eq!(claimed, jobs, "each once, in order");
    assert!(
        first
            .iter()
            .all(|row| row.attempts == 1 && row.state == JobState::Running)
    );
    assert!(!is_due(store, &tenant, 10));
    for row in &claimed {
        store.finish_job(&tenant, row.id, 11).wait().unwrap();
    }
    assert_eq!(store.jobs(&tenant, None).wait().unwrap(), []);
    assert_eq!(
        listed(store, &tenant, JobState::Done),
        [],
        "nobody needs it"
    );
}

fn a_key_keeps_a_second_job_out_also_when_the_first_is_done(store: &dyn Store) {
    let tenant = tenant("keys");
    let first = new(&tenant, Some("call-1"));
    assert!(added(store, &first));
    assert!(!added(store, &new(&tenant, Some("call-1"))));
    assert!(added(store, &new(&tenant, Some("call-2"))));

    for row in claim(store, &tenant, 10, 9) {
        store.finish_job(&tenant, row.job.id, 20).wait().unwrap();
    }

    assert!(!added(store, &new(&tenant, Some("call-1"))), "it was done");
    assert_eq!(store.jobs(&tenant, None).wait().unwrap(), []);
    assert_eq!(listed(store, &tenant, JobState::Done).len(), 2);
    store.purge_jobs(20).wait().unwrap();
    assert!(!added(store, &new(&tenant, Some("call-1"))));
    store.purge_jobs(21).wait().unwrap();
    assert!(added(store, &new(&tenant, Some("call-1"))), "after a while");
}

fn a_job_runs_when_it_is_due_and_not_before(store: &dyn Store) {
    let tenant = tenant("due");
    let late = NewJob {
        due_at: 1_000,
        ..new(&tenant, None)
    };
    added(store, &late);

    assert!(!is_due(store, &tenant, 999));
    assert_eq!(claim(store, &tenant, 999, 9), []);
    assert!(is_due(store, &tenant, 1_000));
    assert_eq!(claim(store, &tenant, 1_000, 9).len(), 1);
}

fn a_failed_job_waits_or_is_listed_and_can_be_run_again(store: &dyn Store) {
    let tenant = tenant("fail");
    let job = new(&tenant, Some("k"));
    added(store, &job);
    claim(store, &tenant, 10, 1);

    let failing = store.fail_job(&tenant, job.id, "answered 500".into(), Some(50), 11);
    failing.wait().unwrap();
    let waiting = listed(store, &tenant, JobState::Waiting);
    assert_eq!(waiting[0].last_error.as_deref(), Some("answered 500"));
    assert_eq!((waiting[0].attempts, waiting[0].job.due_at), (1, 50));

    assert_eq!(claim(store, &tenant, 49, 1), []);
    assert_eq!(claim(store, &tenant, 50, 1)[0].attempts, 2);
    let failing = store.fail_job(&tenant, job.id, "answered 410".into(), None, 51);
    failing.wait().unwrap();
    assert!(!is_due(store, &tenant, i64::MAX));
    let failed = listed(store, &tenant, JobState::Failed);
    assert_eq!(failed[0].ended_at, Some(51));
    store.purge_jobs(i64::MAX).wait().unwrap();
    assert_eq!(
        listed(store, &tenant, JobState::Failed),
        failed,
        "kept for a person"
    );

    assert!(store.retry_job(&tenant, job.id, 60).wait().unwrap());
    assert!(!store.retry_job(&tenant, job.id, 60).wait().unwrap());
    let again = claim(store, &tenant, 60, 1);
    assert_eq!((again[0].attempts, again[0].job.id), (1, job.id));
    assert_eq!(again[0].last_error.as_deref(), Some("answered 410"));
}

fn what_a_killed_exchange_ran_waits_again(store: &dyn Store) {
    let tenant = tenant("killed");
    let job = new(&tenant, None);
    added(store, &job);
    let claimed = store.claim_jobs(&tenant, ("tickets", "open"), &tenant, 10, 1);
    assert_eq!(claimed.wait().unwrap().len(), 1);

    assert_eq!(store.release_jobs("another node").wait().unwrap(), 0);
    assert_eq!(store.release_jobs(&tenant).wait().unwrap(), 1);

    let again = claim(store, &tenant, 10, 1);
    assert_eq!(
        again[0].attempts, 2,
        "what kills the exchange does not run for ever"
    );
    store.put_back_job(&tenant, job.id).wait().unwrap();
    assert_eq!(
        claim(store, &tenant, 10, 1)[0].attempts,
        2,
        "it never began"
    );
    let put_off = store.put_off_job(&tenant, job.id, "not now".into(), 70);
    put_off.wait().unwrap();
    assert!(claim(store, &tenant, 69, 1).is_empty());
    let later = claim(store, &tenant, 70, 1);
    assert_eq!(
        (later[0].attempts, later[0].last_error.as_deref()),
        (2, Some("not now"))
    );
}

fn owners_and_tenants_are_apart(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let job = new(&ours, Some("k"));
    added(store, &job);
    let other = NewJob {
        owner: "sms".into(),
        ..new(&ours, Some("k"))
    };
    assert!(added(store, &other));
    assert!(added(store, &new(&theirs, Some("k"))));

    assert_eq!(claim(store, &ours, 10, 9).len(), 1);
    store.finish_job(&theirs, job.id, 11).wait().unwrap();
    assert_eq!(listed(store, &ours, JobState::Running).len(), 1);
    assert_eq!(listed(store, &theirs, JobState::Waiting).len(), 1);
}

fn what_is_too_large_is_refused(store: &dyn Store) {
    let tenant = tenant("large");
    let large = NewJob {
        data: json!("x".repeat(64 * 1024)),
        ..new(&tenant, None)
    };
    let long = new(&tenant, Some(&"k".repeat(513)));

    let refused = store.add_job(large).wait().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the value has 65538 bytes; 65536 are allowed"
    );
    assert!(matches!(
        store.add_job(long).wait(),
        Err(Error::TooLarge { what: "key", .. })
    ));
}

fn what_a_plugin_may_do_is_kept(store: &dyn Store) {
    let tenant = tenant("grants");
    assert_eq!(store.grant(&tenant, "sms").wait().unwrap(), None);

    for permissions in [
        json!({ "jobs": true }),
        json!({ "jobs": true, "store": true }),
    ] {
        let put = store.put_grant(&tenant, "sms", permissions.clone());
        put.wait().unwrap();
        assert_eq!(
            store.grant(&tenant, "sms").wait().unwrap(),
            Some(permissions)
        );
    }
    assert_eq!(store.grant("another", "sms").wait().unwrap(), None);
}

fn jobs_are_listed_newest_first_and_page_by_page(store: &dyn Store) {
    let (ours, theirs) = (tenant("listed"), tenant("theirs"));
    let jobs: Vec<NewJob> = (0..5).map(|_| new(&ours, None)).collect();
    for job in &jobs {
        added(store, job);
    }
    let mut other = new(&ours, Some("k"));
    other.owner = "script".into();
    added(store, &other);
    let ids = |filter: JobFilter| -> Vec<Uuid> {
        let rows = store.list_jobs(&ours, filter).wait().unwrap();
        rows.into_iter().map(|row| row.job.id).collect()
    };
    let all = JobFilter::default;

    let (mut seen, mut filter) = (Vec::new(), JobFilter { limit: 2, ..all() });
    loop {
        let page = ids(filter.clone());
        let Some(last) = page.last() else { break };
        filter.before = Some(*last);
        seen.extend(page);
    }
    let mut wanted: Vec<Uuid> = jobs.iter().map(|job| job.id).collect();
    wanted.push(other.id);
    wanted.reverse();
    assert_eq!(seen, wanted);
    let of_script = JobFilter {
        owner: Some("script".into()),
        name: Some("open".into()),
        ..all()
    };
    assert_eq!(ids(of_script), [other.id]);

    claim(store, &ours, 20, 1);
    store
        .fail_job(&ours, jobs[0].id, "why".into(), None, 30)
        .wait()
        .unwrap();
    let failed = JobFilter {
        state: Some(JobState::Failed),
        ..all()
    };
    assert_eq!(ids(failed.clone()), [jobs[0].id]);
    assert_eq!(store.list_jobs(&theirs, failed).wait().unwrap(), []);
    let one = store.job(&ours, jobs[0].id).wait().unwrap().unwrap();
    assert_eq!(one.last_error.as_deref(), Some("why"));
    assert_eq!(store.job(&theirs, jobs[0].id).wait().unwrap(), None);
}
