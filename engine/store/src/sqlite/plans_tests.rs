//! No list reads every row of a tenant: what SQLite says of how it would find them.

use rusqlite::Connection;
use uuid::Uuid;

use super::{call_list, figures, jobs, migrate, missed, recordings, scratch, voicemail};
use crate::{CallFilter, JobFilter, JobState, MessageFilter, MissedFilter, RecordingFilter};

/// The steps of a statement's plan.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>("detail").unwrap());
    }
    steps
}

fn database() -> (Connection, std::path::PathBuf) {
    let folder = scratch("plans");
    let mut connection = Connection::open(folder.join("plans.db")).unwrap();
    migrate::migrate(&mut connection).unwrap();
    (connection, folder)
}

/// Fails when a step reads a whole table or index, or sorts what it has found before it knows which
/// are the first.
fn assert_is_quick(connection: &Connection, sql: &str, what: &str) {
    let steps = plan(connection, sql);
    let is_united = steps.iter().any(|step| step.contains("UNION"));
    for step in &steps {
        // A list that was given is as long as a team is large.
        let own = ["found_by_arms", "arm", "CONSTANT ROW", "json_each"];
        let scans = step.starts_with("SCAN")
            && !own.iter().any(|name| step.split(' ').nth(1) == Some(name));
        // What the arms have found is as much as a page of each.
        let sorts = step.contains("TEMP B-TREE") && step.contains("ORDER BY") && !is_united;
        assert!(!scans && !sorts, "{what}: {steps:#?}\n{sql}");
    }
}

type Set = fn(&mut CallFilter, Option<String>);

#[test]
fn no_question_for_calls_reads_every_call() {
    let (connection, folder) = database();
    let some = || Some("1049".to_owned());
    let parties: [(&str, Set); 5] = [
        ("from", |filter, party| filter.from = party),
        ("to", |filter, party| filter.to = party),
        ("user", |filter, party| filter.user = party),
        ("number", |filter, party| filter.number = party),
        ("result", |filter, party| filter.result = party),
    ];

    for wanted in 0..1_u32 << parties.len() {
        for is_over in [None, Some(true), Some(false)] {
            for (since, until, before) in [
                (None, None, None),
                (Some(1), None, None),
                (None, Some(2), None),
                (Some(1), Some(2), Some(Uuid::nil())),
                (None, None, Some(Uuid::nil())),
            ] {
                let mut filter = CallFilter {
                    since,
                    until,
                    before,
                    is_over,
                    ..CallFilter::default()
                };
                let mut what = format!("live {is_over:?} {since:?} {until:?} {before:?}");
                for (number, (name, set)) in parties.iter().enumerate() {
                    if wanted & 1 << number != 0 {
                        set(&mut filter, some());
                        what += name;
                    }
                }
                let sql = call_list::sql(&filter);
                assert_is_quick(&connection, &sql, &what);
                // By time alone one would look at every call for those that were asked for.
                let steps = plan(&connection, &sql).join("; ");
                match (is_over, wanted) {
                    (Some(false), _) => assert!(steps.contains("calls_going_on"), "{steps}"),
                    (_, 0) => assert!(steps.contains("calls_by_time"), "{steps}"),
                    _ => assert!(!steps.contains("calls_by_time"), "{what}: {steps}"),
                }
            }
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_page_of_calls_comes_from_the_index_of_its_question() {
    let (connection, folder) = database();
    let of = |filter: CallFilter| plan(&connection, &call_list::sql(&filter)).join("; ");
    let some = || Some("1049".to_owned());

    let recent = of(CallFilter::default());
    assert!(recent.contains("calls_by_time"), "{recent}");
    let live = CallFilter {
        is_over: Some(false),
        ..CallFilter::default()
    };
    assert!(of(live.clone()).contains("calls_going_on"), "{}", of(live));
    let user = CallFilter {
        user: some(),
        since: Some(1),
        ..CallFilter::default()
    };
    let user = of(user);
    assert!(
        user.contains("segments_by_agent (tenant=? AND agent=? AND call_started_at>?)"),
        "{user}"
    );
    assert!(
        user.contains("calls_by_caller (tenant=? AND caller=? AND started_at>?)"),
        "{user}"
    );
    let deep = CallFilter {
        to: some(),
        before: Some(Uuid::nil()),
        ..CallFilter::default()
    };
    let deep = of(deep);
    assert!(
        deep.contains("calls_by_dialled (tenant=? AND dialled=? AND (started_at,id)<(?,?))"),
        "{deep}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_teams_calls_come_from_the_index_of_each_of_its_members() {
    let (connection, folder) = database();
    for (to, result, since, before) in [
        (None, None, None, None),
        (Some("4001".to_owned()), None, Some(1), None),
        (None, Some("answered".to_owned()), None, Some(Uuid::nil())),
    ] {
        let filter = CallFilter {
            among: vec!["1049".into(), "1050".into()],
            to,
            result,
            since,
            before,
            ..CallFilter::default()
        };
        let what = format!("{filter:?}");
        let steps = call_list::of_member(&filter);
        let steps = steps.iter().map(|sql| {
            assert_is_quick(&connection, sql, &what);
            plan(&connection, sql).join("; ")
        });
        let steps: Vec<String> = steps.collect();
        assert!(steps[0].contains("calls_by_caller"), "{steps:?}");
        assert!(steps[1].contains("segments_by_agent"), "{steps:?}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_teams_recordings_come_from_the_index_of_each_of_its_members() {
    let (connection, folder) = database();
    let before = Some((1, Uuid::nil()));
    for (since, until, before) in [
        (None, None, None),
        (Some(1), Some(2), None),
        (Some(1), Some(2), before),
        (None, None, before),
    ] {
        let filter = RecordingFilter {
            call: None,
            conversations: true,
            among: vec!["1049".into(), "1050".into()],
            since,
            until,
            before,
            limit: 1,
        };
        let sql = recordings::of_member(&filter);
        assert_is_quick(&connection, &sql, &format!("{filter:?}"));
        let steps = plan(&connection, &sql).join("; ");
        let index = "recorded_by_party (tenant=? AND party=? AND ";
        assert!(steps.contains(index), "{steps}");
        assert!(!steps.contains("recordings_by_time"), "{steps}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn no_list_of_recordings_messages_or_jobs_reads_every_row() {
    let (connection, folder) = database();
    let some = || Some("1049".to_owned());
    let before = Some((1, Uuid::nil()));
    for (call, since, until, before) in [
        (None, None, None, None),
        (Some(Uuid::nil()), None, None, before),
        (None, Some(1), Some(2), None),
        (None, None, Some(2), before),
    ] {
        let filter = RecordingFilter {
            call,
            conversations: true,
            // A team's are found otherwise where no call is named.
            among: call.map(|_| "1049".to_owned()).into_iter().collect(),
            since,
            until,
            before,
            limit: 1,
        };
        let sql = recordings::list_sql(&filter);
        assert_is_quick(&connection, &sql, &format!("{filter:?}"));
    }
    for (mailbox, assigned_to, is_heard, deleted) in [
        (None, None, None, false),
        (some(), None, None, false),
        (some(), None, Some(true), false),
        (None, some(), None, false),
        (None, None, Some(false), false),
        (None, None, None, true),
        (some(), some(), Some(false), true),
    ] {
        let filter = MessageFilter {
            mailbox,
            assigned_to,
            is_heard,
            deleted,
            before: Some(Uuid::nil()),
            limit: 1,
        };
        let sql = voicemail::list_sql(&filter);
        assert_is_quick(&connection, &sql, &format!("{filter:?}"));
    }
    for state in [None, Some(JobState::Failed), Some(JobState::Done)] {
        let filter = JobFilter {
            state,
            owner: some(),
            ..JobFilter::default()
        };
        let sql = jobs::page_sql(&filter);
        assert_is_quick(&connection, &sql, &format!("{filter:?}"));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn no_question_for_figures_or_missed_calls_reads_what_is_outside_of_its_time() {
    let (connection, folder) = database();
    for (sql, index) in [
        (
            figures::STAYS,
            "queue_episodes_by_time (tenant=? AND entered_at>? AND entered_at<?)",
        ),
        (
            figures::CONTACTS,
            "calls_by_time (tenant=? AND started_at>? AND started_at<?)",
        ),
        (
            figures::STATES,
            "queue_log_states (tenant=? AND agent=? AND at>? AND at<?)",
        ),
    ] {
        let steps = plan(&connection, sql).join("; ");
        // What is sorted is one call's stretches at a time.
        let sorts = steps.replace("TEMP B-TREE FOR LAST TERM", "");
        assert!(
            !steps.contains("SCAN") && !sorts.contains("B-TREE"),
            "{steps}"
        );
        assert!(steps.contains(index), "{steps}");
    }
    // From one agent to the next, and not through all their lines.
    let steps = plan(&connection, figures::AGENTS).join("; ");
    assert!(
        steps.contains("queue_log_states (tenant=? AND agent>?)"),
        "{steps}"
    );
    for queue in [None, Some("it".to_owned())] {
        for unsettled in [None, Some(true), Some(false)] {
            for (since, until, before) in [
                (None, None, None),
                (Some(1), Some(2), None),
                (Some(1), Some(2), Some((2, Uuid::nil()))),
            ] {
                let filter = MissedFilter {
                    since,
                    until,
                    queue: queue.clone(),
                    unsettled,
                    before,
                    limit: 1,
                };
                assert_is_quick(
                    &connection,
                    &missed::list_sql(&filter),
                    &format!("{filter:?}"),
                );
            }
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
