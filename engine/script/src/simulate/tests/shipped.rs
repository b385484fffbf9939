//! The shipped dialplan: its tests hold, a day of calls takes no time, stories are told.

use std::time::{Duration, Instant};

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
    // A second is the promise for a released engine; nothing is optimised here, and others may
    // build meanwhile: the best of some days counts.
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 12 } else { 1 });
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        assert_eq!(a_day(&shipped(), 800), 800);
        best = best.min(began.elapsed());
        if best < limit {
            return;
        }
    }
    panic!("a day of 800 calls takes {best:?}, and more than {limit:?} is too long to wait for");
}

/// Lets so many calls come in over a day, each pressing its key; how many have a record.
fn a_day(offline: &Offline, calls: usize) -> usize {
    let (tenant, settings) = &offline.tenants[0];
    let project: Project = offline.project(tenant, settings);
    let mut stage = Stage::new(&project, VirtualClock::new(0)).unwrap();
    stage.world.phones.others.hangs_up_after = Some(Duration::from_secs(90));
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
    assert_eq!(rung.place.as_deref(), Some("scripts/8001/serve.lua:13"));
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

#[test]
fn a_story_begins_where_the_route_is_written_and_names_what_could_be_dialled_instead() {
    let plan = |to: &str| CallPlan {
        from: "13800138000".into(),
        to: to.into(),
        at: Some("mon 22:00".into()),
        ..CallPlan::default()
    };

    let story = shipped().call(&plan("4001234567")).unwrap();
    let first = &story.lines[0];
    let place = first.place.as_deref().unwrap();
    assert!(place.starts_with("scripts/8001/init.lua:"), "{first}");

    let story = shipped().call(&plan("8001")).unwrap();
    let hint = "context 'inbound' has no number 8001; it has 4001234567";
    assert!(
        story.lines.iter().any(|line| line.what == hint),
        "{:#?}",
        story.lines
    );
}

#[test]
fn an_agent_who_rings_in_vain_too_often_is_told_of_in_the_story_of_who_waits() {
    let plan = CallPlan {
        from: "13800138000".into(),
        to: "4001234567".into(),
        at: Some("mon 10:00".into()),
        keys: vec!["1".into()],
        unavailable: vec!["1049".into(), "1050".into()],
        no_answer: vec!["1051".into()],
        ..CallPlan::default()
    };

    let story = shipped().call(&plan).unwrap();

    let told = "agent 1051 is busy from now on, because no answer";
    assert!(
        story.lines.iter().any(|line| line.what == told),
        "{:#?}",
        story.lines
    );
    let queued = |line: &&crate::StoryLine| line.what == "call:queue it";
    assert_eq!(story.lines.iter().filter(queued).count(), 1);
}

#[test]
fn whoever_is_named_in_a_plan_and_is_nobody_is_told_with_who_was_meant() {
    let plan = CallPlan {
        from: "13800138000".into(),
        to: "4001234567".into(),
        ..CallPlan::default()
    };
    let mut offline = shipped();
    let tenant = offline.tenants[0].0.clone();
    for (plan, sentence) in [
        (
            CallPlan {
                busy: vec!["1094".into()],
                ..plan.clone()
            },
            "--busy: no user '1094' (did you mean '1049'?)",
        ),
        (
            CallPlan {
                no_answer: vec!["1049".into(), "user:10".into()],
                ..plan.clone()
            },
            "--no-answer: no user '10'",
        ),
        (
            CallPlan {
                unavailable: vec!["trunk:carier".into()],
                ..plan.clone()
            },
            "--unavailable: no trunk 'carier' (did you mean 'carrier'?)",
        ),
        (
            CallPlan {
                busy: vec!["queue:it".into()],
                ..plan.clone()
            },
            "--busy: 'queue:it' is nobody: write 1049, or trunk:NAME",
        ),
    ] {
        let error = offline.call(&plan).unwrap_err();
        assert!(
            error[0].message.starts_with(sentence),
            "{}",
            error[0].message
        );
    }

    offline.recorded.push((tenant, "1094".to_owned()));
    let known = CallPlan {
        busy: vec!["1094".into(), "trunk:carrier".into()],
        ..plan
    };
    offline.call(&known).unwrap();
}
