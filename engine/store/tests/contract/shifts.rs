//! Shifts: what is planned, and how far it is kept.

use store::{FloorNotes, QueueLogRow, ShiftRow, Store};

use super::tenant;

/// The contract of shifts.
pub(crate) fn run(store: &dyn Store) {
    a_plan_replaces_what_was_planned_in_its_time(store);
    shifts_that_overlap_are_refused_and_change_nothing(store);
    what_agents_did_is_held_against_what_they_were_to_do(store);
}

fn a_plan_replaces_what_was_planned_in_its_time(store: &dyn Store) {
    let (ours, theirs) = (tenant("shifts"), tenant("others"));
    for whose in [&ours, &theirs] {
        let days = vec![shift("work", 0, 100), shift("work", 200, 300)];
        store
            .plan_shifts(whose, "1049", (0, 1_000), days)
            .wait()
            .unwrap();
    }

    let day = vec![shift("work", 200, 240), shift("meal", 240, 260)];
    store
        .plan_shifts(&ours, "1049", (200, 300), day.clone())
        .wait()
        .unwrap();

    let planned = |whose: &str, between| store.shifts(whose, Some("1049"), between).wait().unwrap();
    let wanted = [vec![shift("work", 0, 100)], day].concat();
    assert_eq!(planned(&ours, (0, 1_000)), wanted);
    // What reaches into a time is of it.
    assert_eq!(planned(&ours, (50, 240)), wanted[..2]);
    assert_eq!(planned(&ours, (100, 200)), []);
    assert_eq!(planned(&theirs, (0, 1_000)).len(), 2);
    assert_eq!(
        store.shifts(&ours, None, (0, 1_000)).wait().unwrap(),
        wanted
    );
    assert_eq!(
        store
            .shifts(&ours, Some("1050"), (0, 1_000))
            .wait()
            .unwrap(),
        []
    );
}

fn shifts_that_overlap_are_refused_and_change_nothing(store: &dyn Store) {
    let ours = tenant("overlap");
    let day = vec![shift("work", 0, 100)];
    store
        .plan_shifts(&ours, "1049", (0, 100), day.clone())
        .wait()
        .unwrap();
    for wrong in [
        vec![shift("work", 10, 20), shift("meal", 19, 30)],
        vec![shift("work", 20, 20)],
    ] {
        assert!(
            store
                .plan_shifts(&ours, "1049", (0, 100), wrong)
                .wait()
                .is_err()
        );
    }
    // One that began before the time and reaches into it.
    let late = vec![shift("meal", 90, 120)];
    assert!(
        !store
            .plan_shifts(&ours, "1049", (50, 200), late)
            .wait()
            .unwrap()
    );

    assert_eq!(store.shifts(&ours, None, (0, 1_000)).wait().unwrap(), day);
}

fn what_agents_did_is_held_against_what_they_were_to_do(store: &dyn Store) {
    let ours = tenant("adherence");
    let day = vec![shift("work", 100, 200), shift("meal", 200, 250)];
    store
        .plan_shifts(&ours, "1049", (0, 1_000), day)
        .wait()
        .unwrap();
    let log = [
        (50, "idle", None),
        (180, "busy", Some("meal")),
        (230, "idle", None),
    ];
    let log = log.map(|(at, state, why)| QueueLogRow {
        at,
        kind: "state".into(),
        agent: Some("1049".into()),
        state: Some(state.into()),
        was: Some("busy".into()),
        why: why.map(str::to_owned),
        id: uuid::Uuid::now_v7(),
        ..QueueLogRow::default()
    });
    let notes = FloorNotes {
        log: log.to_vec(),
        ..FloorNotes::default()
    };
    store.note_floor(&ours, notes).wait().unwrap();

    let found = store.adherence(&ours, (150, 1_000)).wait().unwrap();

    let [(agent, sums)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(agent, "1049");
    // In the state since before the time that is asked for.
    assert_eq!(sums.activities["work"], (50, 30));
    assert_eq!(sums.activities["meal"], (50, 30));
    assert_eq!(store.adherence(&ours, (500, 600)).wait().unwrap(), []);
}

fn shift(activity: &str, from: i64, until: i64) -> ShiftRow {
    ShiftRow {
        agent: "1049".into(),
        from,
        until,
        activity: activity.into(),
    }
}
