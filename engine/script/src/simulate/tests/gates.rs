//! `reload = { tests = true }`: a generation whose tests fail is refused.

use std::sync::Arc;

use call::{CallId, Command, Reply, TenantId};
use tokio::sync::oneshot;

use super::bed::{Small, sounds};
use crate::simulate::clock::VirtualClock;
use crate::{Exchange, Outcome, Place, ScriptEnd, Scripts, ScriptsOptions};

struct Nobody;

impl Exchange for Nobody {
    fn ask(&self, _: CallId, _: Place, _: Command) -> oneshot::Receiver<Reply> {
        oneshot::channel().1
    }

    fn set_language(&self, _: CallId, _: String) {}

    fn script_ended(&self, _: CallId, _: ScriptEnd) {}
}

fn start(small: &Small, tests_first: bool) -> Scripts {
    let mut offline = small.offline();
    offline.tenants[0].1.tests_first = tests_first;
    let store = store::Sqlite::open(&small.0.join("records.db"), [0; 32]).unwrap();
    let (scripts, _) = Scripts::start(ScriptsOptions {
        root: small.0.clone(),
        tenants: offline.tenants,
        limits: offline.limits,
        exchange: Arc::new(Nobody),
        clock: Arc::new(VirtualClock::new(1_800_000_000_000_000)),
        store,
        sounds: sounds(),
        reload_manually: true,
        config_changed: None,
        recordings: None,
        databases: None,
        history: None,
        node: "test".to_owned(),
    })
    .unwrap();
    scripts
}

fn outcome(scripts: &Scripts) -> Outcome {
    let tenant = TenantId::from("8001");
    scripts.reload(Some(&tenant)).remove(0).outcome
}

const GREEN: &str = "test(\"it is answered\", function() dial(MONDAY):hears \"menu/main\" end)";
const PLAN: &str = "call:play \"menu/main\"";

#[test]
fn a_generation_whose_tests_fail_is_refused_and_the_one_before_stays() {
    let small = Small::tried(PLAN, GREEN);
    let scripts = start(&small, true);
    assert!(scripts.status().tenants[0].warnings.is_empty());

    let plan = "context \"inbound\" { [\"100\"] = function(call) call:reject() end } context \"internal\" {}";
    small.write("scripts/8001/init.lua", plan);
    let refused = outcome(&scripts);

    let Outcome::Refused {
        generation,
        stays,
        errors,
    } = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!((generation, stays), (2, Some(1)));
    let words = "tests/dialplan/one_test.lua:2: 'it is answered': expected to hear menu/main";
    assert!(errors[0].message.starts_with(words), "{errors:?}");
    let status = &scripts.status().tenants[0];
    assert_eq!(status.generation, Some(1));
    assert_eq!(status.refused.as_ref().unwrap().errors, errors);
}

#[test]
fn a_test_that_is_put_right_lets_the_generation_through() {
    let small = Small::tried(PLAN, GREEN);
    let scripts = start(&small, true);
    small.write(
        "tests/dialplan/one_test.lua",
        "-- Red.\ntest(\"red\", function() error \"red\" end)\n",
    );
    assert!(matches!(outcome(&scripts), Outcome::Refused { .. }));

    small.write(
        "tests/dialplan/one_test.lua",
        "-- Green.\ntest(\"green\", function() end)\n",
    );

    assert!(matches!(outcome(&scripts), Outcome::Published { .. }));
    assert!(scripts.status().tenants[0].refused.is_none());
}

#[test]
fn at_the_start_scripts_that_fail_tests_are_better_than_none_and_it_is_told() {
    let small = Small::tried("call:reject()", GREEN);

    let scripts = start(&small, true);

    let status = &scripts.status().tenants[0];
    assert_eq!(status.generation, Some(1));
    let warning = &status.warnings[0].message;
    assert!(warning.contains("'it is answered'"), "{warning}");
}

#[test]
fn without_the_setting_tests_keep_nothing_back() {
    let small = Small::tried(PLAN, "test(\"red\", function() error \"red\" end)");

    let scripts = start(&small, false);

    let status = &scripts.status().tenants[0];
    assert_eq!((status.generation, status.warnings.len()), (Some(1), 0));
}
