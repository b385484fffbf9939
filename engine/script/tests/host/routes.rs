//! A call is refused before any script runs, or gets its handler, or gets another one.

use script::{Outcome, Refused, ScriptEnd};

use crate::support::{Project, Setting};

#[test]
fn a_number_that_is_not_in_the_context_is_refused_at_once() {
    let project = Project::handler("call:play(\"park\")");

    let refused = project.try_call("8001", "999").unwrap_err();

    assert_eq!(
        refused,
        Refused::NoRoute {
            context: "internal".to_owned(),
            to: "999".to_owned()
        }
    );
}

#[test]
fn a_tenant_that_is_not_there_is_refused() {
    let project = Project::handler("call:play(\"park\")");

    let refused = project.try_call("8009", "100").unwrap_err();

    assert_eq!(refused, Refused::NoTenant("8009".into()));
}

#[test]
fn the_most_specific_pattern_gets_the_call() {
    let project = Project::of(
        "context \"internal\" {
           [\"_1XX\"] = function(call) call.vars.route = \"any\" end,
           [\"100\"] = function(call) call.vars.route = \"exact\" end,
         }",
    );

    let end = project.outcome();

    assert_eq!(
        end,
        ScriptEnd::Returned {
            vars: serde_json::json!({ "route": "exact" })
        }
    );
}

#[test]
fn a_call_that_is_routed_again_keeps_its_generation_and_its_vars() {
    let dialplan = |name: &str| {
        format!(
            "context \"internal\" {{
               [\"100\"] = function(call) call.vars.first = true call:play(\"park\") end,
               [\"300\"] = function(call) call.vars.second = \"{name}\" end,
             }}"
        )
    };
    let project = Project::of(&dialplan("old"));
    let mut setup = project.setup("8001", "100");
    project.scripts.start_call(setup.clone()).unwrap();
    project.exchange.plays(setup.id, "park");
    project
        .folder
        .write("scripts/8001/init.lua", dialplan("new"));
    project.scripts.reload(None);

    setup.to = "300".to_owned();
    let generation = project.scripts.start_call(setup.clone()).unwrap();

    assert_eq!(generation, 1);
    let vars = serde_json::json!({ "first": true, "second": "old" });
    assert_eq!(
        project.exchange.end_of(setup.id),
        ScriptEnd::Returned { vars }
    );
    assert!(project.exchange.ends_so_far().is_empty());
}

#[test]
fn two_patterns_for_the_same_numbers_are_refused_with_their_line() {
    let project = Project::of(
        "context \"internal\" {
           [\"_X\"] = function() end,
           [\"_[0-9]\"] = function() end,
         }",
    );

    let Outcome::Refused { errors, .. } = &project.report.tenants[0].outcome else {
        panic!()
    };

    assert!(
        errors[0].message.contains("matches the same numbers"),
        "{}",
        errors[0].message
    );
}

#[test]
fn a_queue_that_is_named_through_a_function_of_ones_own_is_looked_up_too() {
    let project = Project::new(
        &[
            (
                "scripts/8001/init.lua",
                "local serve = require \"scripts.8001.serve\"
                 queue \"it\" { agents = { \"1049\" } }
                 context \"internal\" { [\"100\"] = function(call) serve(call, \"itt\") end }",
            ),
            (
                "scripts/8001/serve.lua",
                "return function(call, name) call:queue(name) end",
            ),
        ],
        Setting::default(),
    );

    let Outcome::Published { warnings, .. } = &project.report.tenants[0].outcome else {
        panic!("{:?}", project.report)
    };

    let told: Vec<&str> = warnings.iter().map(|it| it.message.as_str()).collect();
    let expected = "scripts/8001/init.lua:3: no queue 'itt' (did you mean 'it'?)";
    assert!(told.contains(&expected), "{told:?}");
}
