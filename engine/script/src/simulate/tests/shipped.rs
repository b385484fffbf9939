//! The shipped dialplan: its tests hold, a day of calls takes no time, stories are told.

use std::time::Instant;

use super::bed::shipped;
use crate::simulate::clock::VirtualClock;
use crate::simulate::lua::Dial;
use crate::simulate::stage::Stage;
use crate::simulate::{CallPlan, Offline, Project, Who};

#[test]
fn the_shipped_dialplan_passes_its_shipped_tests() {
    let tested = shipped().test(None);

    let failed: Vec<&str> = tested
        .tests
        .iter()
        .filter_map(|test| test.error.as_ref())
        .chain(&tested.errors)
        .map(|error| error.report.as_str())
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(tested.tests.len() >= 15);
}

#[test]
fn a_day_of_800_calls_runs_in_seconds_even_when_nothing_is_optimised() {
    let began = Instant::now();

    let outcomes = a_day(&shipped(), 800);

    assert_eq!(outcomes, 800);
    // Most of a second here, far less when released: the example `day_of_calls` measures it.
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

/// Lets so many calls come in over a day, each pressing its key; how many have a record.
fn a_day(offline: &Offline, calls: usize) -> usize {
    let (tenant, settings) = &offline.tenants[0];
    let project: Project = offline.project(tenant, settings);
    let mut stage = Stage::new(&project, VirtualClock::new(0)).unwrap();
    stage.world.phones.others.hangs_up_after = Some(std::time::Duration::from_secs(90));
    let mut ended = 0;
    for number in 0..calls {
        let minute = number * 24 * 60 / calls;
        let dial = Dial {
            at: Some(format!("2026-03-02 {:02}:{:02}", minute / 60, minute % 60)),
            ..Dial::default()
        };
        let scene = dial.begin(&mut stage).unwrap();
        let keys = ["1", "2", "3", "0", "9", ""][number % 6].to_owned();
        crate::simulate::offline::live(&mut stage, scene, [keys].into());
        ended += usize::from(stage.scenes[scene].record.is_some());
    }
    ended
}

#[test]
fn the_story_of_a_call_tells_what_the_caller_hears_and_where_the_script_says_so() {
    let plan = CallPlan {
        from: "13900139000".into(),
        to: "4001234567".into(),
        at: Some("mon 10:00".into()),
        keys: vec!["1".into()],
        no_answer: vec!["1049".into()],
        ..CallPlan::default()
    };

    let story = shipped().call(&plan).unwrap();

    let told = |who: Who, words: &str| {
        let found = story
            .lines
            .iter()
            .any(|line| line.who == who && line.what.contains(words));
        assert!(found, "{words}: {:#?}", story.lines);
    };
    told(Who::Caller, "hears menu/main");
    told(Who::Caller, "presses 1");
    told(Who::Called, "user:1050 answers");
    told(Who::Caller, "talks with user:1050");
    told(Who::Caller, "hears bye/thanks");
    let rung = story
        .lines
        .iter()
        .find(|line| line.what.starts_with("call:queue"))
        .unwrap();
    assert_eq!(rung.place.as_deref(), Some("scripts/8001/serve.lua:9"));
    assert_eq!(story.outcome.as_deref(), Some("answered"));
    assert_eq!(story.error, None);
}

#[test]
fn the_story_of_a_call_out_of_hours_ends_in_a_message() {
    let plan = CallPlan {
        from: "13900139000".into(),
        to: "4001234567".into(),
        at: Some("mon 22:00".into()),
        ..CallPlan::default()
    };

    let story = shipped().call(&plan).unwrap();

    assert_eq!(story.outcome.as_deref(), Some("left_message"));
}

#[test]
fn a_colleague_calls_by_its_extension_and_an_unknown_tenant_is_told() {
    let plan = CallPlan {
        from: "1049".into(),
        to: "1050".into(),
        busy: vec!["1050".into()],
        ..CallPlan::default()
    };
    let story = shipped().call(&plan).unwrap();
    assert!(story.lines[0].what.contains("in context internal"));
    assert!(
        story
            .lines
            .iter()
            .any(|line| line.what == "hears call/busy")
    );

    let plan = CallPlan {
        tenant: Some("8002".into()),
        ..plan
    };
    let error = shipped().call(&plan).unwrap_err();
    assert_eq!(error[0].message, "no tenant '8002' (did you mean '8001'?)");
}
