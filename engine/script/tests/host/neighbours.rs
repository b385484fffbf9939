//! Nobody else notices a script that misbehaves.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use script::{Refused, ScriptEnd};

use crate::support::{PATIENCE, Project, STUCK, Setting};

#[test]
fn neighbours_keep_their_ticks_while_a_hog_runs() {
    let mut setting = Setting::default();
    setting.limits.script_cpu = Duration::from_millis(600);
    let project = Project::new(
        &[(
            "scripts/8001/init.lua",
            "context \"internal\" {
               [\"100\"] = function() while true do end end,
               [\"300\"] = function(call) while true do call:play(\"tick\") end end,
             }",
        )],
        setting,
    );
    project.call("300");
    crate::support::until(|| project.exchange.ticked.load(Relaxed) > 10);

    let hog = project.call("100");
    crate::support::until(|| project.scripts.status().tenants[0].calls == 2);
    let before = project.exchange.ticked.load(Relaxed);
    let end = project.exchange.end_of(hog);

    assert!(matches!(end, ScriptEnd::Failed(_)));
    let ticks = project.exchange.ticked.load(Relaxed) - before;
    assert!(ticks >= 20, "{ticks} ticks while the hog ran");
}

#[test]
fn another_tenant_notices_nothing_of_a_stuck_one() {
    let setting = Setting {
        tenants: vec![("8001", "scripts.8001"), ("8002", "scripts.8002")],
        ..Setting::default()
    };
    let project = Project::new(
        &[
            (
                "scripts/8001/init.lua",
                &format!("context \"internal\" {{ [\"100\"] = function(call) {STUCK} end }}"),
            ),
            (
                "scripts/8002/init.lua",
                "context \"internal\" { [\"200\"] = function(call) call:play(\"park\") end }",
            ),
        ],
        setting,
    );
    let stuck = project.call("100");

    let (neighbour, _) = project.try_call("8002", "200").unwrap();

    project.exchange.plays(neighbour, "park");
    project.exchange.end_of(stuck);
    assert_eq!(project.exchange.ends_so_far(), []);
}

#[test]
fn new_calls_are_refused_when_the_scripts_are_behind() {
    let mut setting = Setting::default();
    // Long enough that the watchdog stays away.
    setting.limits.script_cpu = Duration::from_secs(60);
    let project = Project::new(
        &[(
            "scripts/8001/init.lua",
            "context \"internal\" {
               [\"100\"] = function(call)
                 call:play(\"here\")
                 while true do end
               end,
               [\"200\"] = function(call) call:play(\"park\") end,
             }",
        )],
        setting,
    );
    let stuck = project.call("100");
    project.exchange.plays(stuck, "here");

    let deadline = Instant::now() + PATIENCE;
    let refused = loop {
        assert!(Instant::now() < deadline, "never refused");
        if let Err(refused) = project.try_call("8001", "200") {
            break refused;
        }
        // Not so fast that the inbox is full before it is old.
        std::thread::park_timeout(Duration::from_millis(1));
    };

    let Refused::Behind { by } = refused else {
        panic!("{refused}")
    };
    assert!(by > Duration::from_millis(500));
}

#[test]
fn calls_that_come_while_a_vm_is_replaced_are_served_or_end_once() {
    let mut setting = Setting::default();
    setting.limits.script_cpu = Duration::from_millis(20);
    let project = Project::new(
        &[(
            "scripts/8001/init.lua",
            &format!(
                "for i = 1, 2000000 do local slow_to_load = i end
                 context \"internal\" {{
                   [\"100\"] = function(call) {STUCK} end,
                   [\"200\"] = function(call) call:play(\"park\") end,
                 }}"
            ),
        )],
        setting,
    );
    let stuck = project.call("100");

    let (mut calls, mut ends) = (Vec::new(), Vec::new());
    while ends.is_empty() {
        match project.try_call("8001", "200") {
            Ok((call, _)) => calls.push(call),
            Err(Refused::Behind { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        ends = project.exchange.ends_so_far();
        std::thread::yield_now();
    }
    // The fresh VM serves what was begun meanwhile, in order, and then this one.
    let last = project.call("200");
    project.exchange.plays(last, "park");

    assert!(matches!(
        project.exchange.end_of(stuck),
        ScriptEnd::Failed(_)
    ));
    for (call, _) in project.exchange.ends_so_far() {
        let began = calls.len();
        calls.retain(|other| *other != call);
        assert_eq!(calls.len(), began - 1, "{call} ended twice, or never began");
    }
    for call in calls {
        assert!(project.exchange.is_awaited(call), "{call} was lost");
    }
}

#[test]
fn a_script_that_gets_stuck_again_and_again_gets_no_more_calls() {
    let mut setting = Setting::default();
    setting.limits.script_cpu = Duration::from_millis(20);
    let project = Project::new(
        &[(
            "scripts/8001/init.lua",
            &format!("context \"internal\" {{ [\"100\"] = function(call) {STUCK} end }}"),
        )],
        setting,
    );

    let mut served = 0;
    let refused = loop {
        match project.try_call("8001", "100") {
            Ok((call, _)) => {
                project.exchange.end_of(call);
                served += 1;
            }
            Err(refused) => break refused,
        }
    };

    assert!(matches!(refused, Refused::NoGeneration(_)), "{refused}");
    assert_eq!(served, 3);
}

#[test]
fn two_thousand_calls_are_started_and_ended_once_each() {
    let project = Project::handler("call:answer() call:play(\"tick\") call:answer()");
    let mut calls = Vec::new();

    while calls.len() < 2_000 {
        match project.try_call("8001", "100") {
            Ok((call, _)) => calls.push(call),
            Err(Refused::Behind { .. }) => std::thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }

    for call in calls {
        assert!(matches!(
            project.exchange.end_of(call),
            ScriptEnd::Returned { .. }
        ));
    }
    assert_eq!(project.exchange.ends_so_far(), []);
}
