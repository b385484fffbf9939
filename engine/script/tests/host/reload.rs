//! A new generation is published whole or not at all, and calls stay where they began.

use std::sync::atomic::Ordering::Relaxed;

use script::{Outcome, ScriptEnd};

use crate::support::{Project, STUCK, Setting, tenants};

const PARK: &str = "context \"internal\" { [\"200\"] = function(call) call:play(\"park\") call:play(\"VERSION\") end }";

fn version(number: usize) -> String {
    PARK.replace("VERSION", &format!("version/{number}"))
}

fn published(project: &Project) -> u64 {
    match &project.scripts.reload(None)[0].outcome {
        Outcome::Published { generation, .. } => *generation,
        other => panic!("{other:?}"),
    }
}

fn refused(project: &Project) -> Vec<String> {
    match &project.scripts.reload(None)[0].outcome {
        Outcome::Refused { errors, .. } => {
            errors.iter().map(|fault| fault.message.clone()).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hundred_reloads_under_parked_calls_harm_none() {
    let project = Project::of(&version(0));
    let mut parked = Vec::new();

    for round in 1..=100 {
        let call = project.call("200");
        project.exchange.plays(call, "park");
        parked.push((call, round - 1));
        project
            .folder
            .write("scripts/8001/init.lua", version(round));
        published(&project);
    }

    for (call, began_on) in parked {
        project.exchange.unpark(call);
        let asked = project.exchange.plays(call, &format!("version/{began_on}"));
        assert_eq!(asked.place.generation, began_on as u64 + 1);
        assert!(matches!(
            project.exchange.end_of(call),
            ScriptEnd::Returned { .. }
        ));
    }
    assert!(project.exchange.ends_so_far().is_empty());
}

#[test]
fn an_old_generation_ends_with_its_last_call() {
    let project = Project::of(&version(0));
    let call = project.call("200");
    project.exchange.plays(call, "park");
    project.folder.write("scripts/8001/init.lua", version(1));
    published(&project);
    let old = &project.scripts.status().tenants[0].old;
    assert_eq!((old[0].generation, old[0].calls), (1, 1));

    project.exchange.unpark(call);
    project.exchange.end_of(call);

    crate::support::until(|| project.scripts.status().tenants[0].old.is_empty());
}

#[test]
fn a_broken_file_is_refused_with_all_its_errors_and_the_old_generation_serves() {
    let project = Project::new(
        &[
            ("scripts/8001/init.lua", &version(0)),
            ("scripts/8001/hours.lua", "return {}"),
        ],
        Setting::default(),
    );
    project.folder.write("scripts/8001/init.lua", "local = 1");
    project.folder.write(
        "scripts/8001/hours.lua",
        "return {\n  open = \"09:00\"\n  close = 1\n}",
    );

    let errors = refused(&project);

    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].starts_with("scripts/8001/hours.lua:3: '}' expected"),
        "{}",
        errors[0]
    );
    assert!(
        errors[1].starts_with("scripts/8001/init.lua:1:"),
        "{}",
        errors[1]
    );
    let status = &project.scripts.status().tenants[0];
    assert_eq!(status.generation, Some(1));
    assert_eq!(status.refused.as_ref().unwrap().generation, 2);
    let call = project.call("200");
    project.exchange.plays(call, "park");
}

#[test]
fn a_repaired_file_is_published() {
    let project = Project::of("local = 1");
    assert!(matches!(
        project.report.tenants[0].outcome,
        Outcome::Refused { stays: None, .. }
    ));
    assert!(project.try_call("8001", "200").is_err());

    project.folder.write("scripts/8001/init.lua", version(0));

    assert_eq!(published(&project), 2);
    project.call("200");
    assert!(project.scripts.status().tenants[0].refused.is_none());
}

#[test]
fn an_error_while_loading_is_refused_with_its_line() {
    let project = Project::of(&version(0));
    project
        .folder
        .write("scripts/8001/init.lua", "local hours\n\nhours.open()");

    let errors = refused(&project);

    assert!(
        errors[0].starts_with("scripts/8001/init.lua:3: attempt to index a nil value"),
        "{}",
        errors[0]
    );
}

#[test]
fn unchanged_sources_are_not_loaded_again() {
    let project = Project::of(&version(0));

    project.folder.write("scripts/8001/init.lua", version(0));

    assert_eq!(project.scripts.reload(None)[0].outcome, Outcome::Unchanged);
}

#[test]
fn loading_that_never_ends_is_refused() {
    let mut setting = Setting::default();
    setting.limits.load_time = std::time::Duration::from_millis(200);
    let project = Project::new(&[("scripts/8001/init.lua", "while true do end")], setting);

    let outcome = &project.report.tenants[0].outcome;

    let Outcome::Refused { errors, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        errors[0].message.contains("limits.load_time"),
        "{}",
        errors[0].message
    );
    assert!(
        errors[0].message.starts_with("scripts/8001/init.lua:1:"),
        "{}",
        errors[0].message
    );
}

#[test]
fn loading_that_is_stuck_in_a_library_function_is_refused_with_its_line() {
    let mut setting = Setting::default();
    setting.limits.load_time = std::time::Duration::from_millis(200);
    let stuck = format!("local here = 1\n{STUCK}");
    let project = Project::new(&[("scripts/8001/init.lua", &version(0))], setting);
    project.folder.write("scripts/8001/init.lua", stuck);

    let errors = refused(&project);

    assert!(errors[0].contains("limits.load_time"), "{}", errors[0]);
    assert!(
        errors[0].starts_with("scripts/8001/init.lua:2:"),
        "{}",
        errors[0]
    );
    let call = project.call("200");
    project.exchange.plays(call, "park");
}

#[test]
fn loads_that_are_stuck_are_counted_and_a_few_are_enough() {
    let mut setting = Setting::default();
    setting.limits.load_time = std::time::Duration::from_millis(100);
    let project = Project::new(&[("scripts/8001/init.lua", &version(0))], setting);
    let stuck = || project.scripts.status().tenants[0].stuck;
    for number in 1..=3 {
        let source = format!("local number = {number}\n{STUCK}");
        project.folder.write("scripts/8001/init.lua", source);
        refused(&project);
        assert_eq!(stuck(), number);
    }

    project.folder.write("scripts/8001/init.lua", version(1));
    let errors = refused(&project);

    assert!(
        errors[0].contains("3 scripts of tenant 8001 are stuck in library functions"),
        "{}",
        errors[0]
    );
    assert_eq!(stuck(), 3);
    assert!(project.try_call("8001", "200").is_err());
}

#[test]
fn loading_that_takes_all_memory_is_refused() {
    let project = Project::of("local s = \"x\" while true do s = s .. s end");

    let Outcome::Refused { errors, .. } = &project.report.tenants[0].outcome else {
        panic!("{:?}", project.report)
    };

    assert!(
        errors[0].message.contains("limits.script_memory"),
        "{}",
        errors[0].message
    );
}

#[test]
fn who_asks_for_a_reload_is_told_again_what_is_wrong() {
    let project = Project::of(&version(0));
    project.folder.write("scripts/8001/init.lua", "local = 1");
    assert_eq!(refused(&project).len(), 1);

    assert_eq!(refused(&project).len(), 1);

    project.folder.write("scripts/8001/init.lua", version(0));
    published(&project);
    assert_eq!(project.scripts.reload(None)[0].outcome, Outcome::Unchanged);
}

#[test]
fn a_context_that_a_trunks_calls_enter_must_be_declared() {
    let project = Project::of(&version(0));
    let mut changed = tenants(&Setting::default());
    changed[0]
        .1
        .trunks
        .insert("carrier".to_owned(), "inbuond".to_owned());
    project.folder.write(
        "scripts/8001/init.lua",
        "context \"internal\" {} context \"inbound\" {}",
    );

    let reports = project.scripts.reconfigure(changed, false);

    let Outcome::Refused { errors, .. } = &reports[0].outcome else {
        panic!("{reports:?}")
    };
    assert_eq!(
        errors[0].message,
        "config.lua: trunk carrier of tenant 8001: no context 'inbuond' (did you mean 'inbound'?)"
    );
}

#[test]
fn names_that_no_call_will_find_are_told_when_the_file_loads_and_refuse_nothing() {
    let dialplan = "context \"internal\" { [\"100\"] = function(call)
  call:play(\"no/such/sound\")
  call:music(\"piano\")
  call:bridge(\"trunk:carier/\" .. call.to)
  call:transfer(\"200\", { context = \"intrenal\" })
end }";
    let project = Project::of(dialplan);

    let Outcome::Published { warnings, .. } = &project.report.tenants[0].outcome else {
        panic!("{:?}", project.report)
    };

    let told: Vec<&str> = warnings.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "scripts/8001/init.lua:2: sound 'no/such/sound' not found",
            "scripts/8001/init.lua:4: no trunk 'carier'",
            "scripts/8001/init.lua:5: no context 'intrenal' (did you mean 'internal'?)",
        ]
    );
    assert_eq!(project.scripts.status().tenants[0].warnings.len(), 3);
}

#[test]
fn a_fallback_or_music_that_is_not_there_is_told() {
    let project = Project::of(&version(0));
    let mut changed = tenants(&Setting::default());
    changed[0].1.fallback.play = Some("no/apology".to_owned());

    let reports = project.scripts.reconfigure(changed, false);

    let Outcome::Published { warnings, .. } = &reports[0].outcome else {
        panic!("{reports:?}")
    };
    assert_eq!(
        warnings[0].message,
        "config.lua: fallback.play of tenant 8001: sound 'no/apology' not found"
    );
}

#[test]
fn a_context_that_users_have_must_be_declared() {
    let project = Project::of("context \"intern\" {}");

    let outcome = &project.report.tenants[0].outcome;

    let Outcome::Refused { errors, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        errors[0]
            .message
            .contains("no context 'internal' (did you mean 'intern'?)"),
        "{}",
        errors[0].message
    );
}

#[test]
fn one_tenants_mistake_does_not_stop_another() {
    let setting = Setting {
        tenants: vec![("8001", "scripts.8001"), ("8002", "scripts.8002")],
        ..Setting::default()
    };
    let project = Project::new(
        &[
            ("scripts/8001/init.lua", "local = 1"),
            ("scripts/8002/init.lua", &version(0)),
        ],
        setting,
    );

    assert!(project.try_call("8001", "200").is_err());
    assert!(project.try_call("8002", "200").is_ok());
}

#[test]
fn a_saved_file_goes_live_by_itself() {
    let project = Project::new(
        &[("scripts/8001/init.lua", &version(0))],
        Setting {
            watch: true,
            ..Setting::default()
        },
    );
    assert!(project.scripts.watches());

    project
        .folder
        .write("scripts/8001/init.lua", "local = broken");
    crate::support::until(|| project.scripts.status().tenants[0].refused.is_some());
    project.folder.write("scripts/8001/init.lua", version(1));

    crate::support::until(|| project.scripts.status().tenants[0].generation > Some(1));
    let call = project.call("200");
    project.exchange.plays(call, "park");
    project.exchange.unpark(call);
    project.exchange.plays(call, "version/1");
}

#[test]
fn where_reloading_is_manual_a_saved_file_waits() {
    let project = Project::of(&version(0));
    project.folder.write("scripts/8001/init.lua", version(1));

    assert!(!project.scripts.watches());
    assert_eq!(project.scripts.status().tenants[0].generation, Some(1));
    assert_eq!(published(&project), 2);
}

#[test]
fn a_dialplan_outside_of_scripts_goes_live_by_itself_too() {
    let project = Project::new(
        &[("plans/8001.lua", &version(0))],
        Setting {
            watch: true,
            tenants: vec![("8001", "plans.8001")],
            ..Setting::default()
        },
    );
    assert_eq!(project.scripts.status().tenants[0].generation, Some(1));

    project.folder.write("plans/8001.lua", version(1));

    crate::support::until(|| project.scripts.status().tenants[0].generation > Some(1));
}

#[test]
fn a_file_that_is_required_late_is_the_one_of_the_generation() {
    let dialplan = "context \"internal\" { [\"100\"] = function(call)
        call:play(\"park\")
        call:play(require \"scripts.8001.menu\")
      end }";
    let project = Project::new(
        &[
            ("scripts/8001/init.lua", dialplan),
            ("scripts/8001/menu.lua", "return \"old\""),
        ],
        Setting::default(),
    );
    let call = project.call("100");
    project.exchange.plays(call, "park");
    project
        .folder
        .write("scripts/8001/menu.lua", "return \"new\"");
    published(&project);

    project.exchange.unpark(call);

    project.exchange.plays(call, "old");
}

#[test]
fn events_run_on_the_current_generation_only() {
    let failing = "context \"internal\" {} on(\"call.ended\", function(call) error(call.id) end)";
    let project =
        Project::of("context \"internal\" {} on(\"call.ended\", function() while true do end end)");
    project.folder.write("scripts/8001/init.lua", failing);
    published(&project);

    project.scripts.event(
        &"8001".into(),
        "call.ended",
        serde_json::json!({ "id": "c1" }),
    );
    project
        .scripts
        .event(&"8001".into(), "call.answered", serde_json::json!({}));

    crate::support::until(|| project.scripts.status().tenants[0].failures == 1);
}

#[test]
fn a_timer_runs_when_its_time_has_come_and_a_reload_does_not_shift_it() {
    let every = "context \"internal\" {} every(\"5m\", function() error(\"it is time\") end)";
    let project = Project::of(every);
    project.clock.0.fetch_add(4 * 60_000_000, Relaxed);
    project
        .folder
        .write("scripts/8001/init.lua", format!("{every} -- changed"));
    published(&project);

    project.clock.0.fetch_add(60_000_000, Relaxed);

    crate::support::until(|| project.scripts.status().tenants[0].failures > 0);
    // Only of the current generation.
    crate::support::until(|| project.scripts.status().tenants[0].old.is_empty());
    let status = &project.scripts.status().tenants[0];
    assert_eq!(
        (status.failures, status.last_failures[0].generation),
        (1, 2)
    );
}

#[test]
fn tenants_come_and_go_with_the_configuration() {
    let project = Project::of(&version(0));
    project.folder.write("scripts/8002/init.lua", version(0));
    let call = project.call("200");
    project.exchange.plays(call, "park");
    let setting = Setting {
        tenants: vec![("8002", "scripts.8002")],
        ..Setting::default()
    };

    project.scripts.reconfigure(tenants(&setting), false);

    assert!(project.try_call("8001", "200").is_err());
    assert!(project.try_call("8002", "200").is_ok());
    project.exchange.unpark(call);
    project.exchange.end_of(call);
}
