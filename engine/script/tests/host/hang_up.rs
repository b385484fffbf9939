//! A hang-up ends the script at its wait, whatever the script thinks of it.

use script::{CallNews, ScriptEnd};

use crate::support::{FakeExchange, Project};

/// Waits until a call has come to its `park`, and hangs it up there.
fn hang_up_parked(project: &Project) -> call::CallId {
    let call = project.call("100");
    project.exchange.plays(call, "park");
    project.scripts.hang_up(call);
    call
}

/// What the handler of 300 then hears is from the same VM, after the hang-up was served.
fn exchange(project: &Project) -> &FakeExchange {
    &project.exchange
}

#[test]
fn the_script_ends_in_its_wait_and_close_variables_run() {
    let project = Project::handler(
        "local guard <close> = setmetatable({}, { __close = function() call.vars.closed = true end })
         call:play(\"park\")
         call.vars.went_on = true",
    );

    let call = hang_up_parked(&project);

    assert_eq!(
        exchange(&project).vars_of(call),
        serde_json::json!({ "closed": true })
    );
    assert!(!exchange(&project).is_awaited(call));
    assert!(exchange(&project).ends_so_far().is_empty());
}

#[test]
fn a_pcall_around_the_wait_catches_nothing() {
    let project = Project::handler(
        "local ok = pcall(function() call:play(\"park\") end)
         call.vars.caught = not ok
         call:play(\"park\")",
    );

    let call = hang_up_parked(&project);

    assert_eq!(exchange(&project).vars_of(call), serde_json::json!({}));
    assert!(!exchange(&project).is_awaited(call));
}

#[test]
fn a_wait_inside_a_coroutine_of_the_script_ends_too() {
    let project = Project::handler(
        "coroutine.wrap(function()
           local guard <close> = setmetatable({}, { __close = function() call.vars.closed = true end })
           call:play(\"park\")
           call.vars.went_on = true
         end)()",
    );

    let call = hang_up_parked(&project);

    assert_eq!(
        exchange(&project).vars_of(call),
        serde_json::json!({ "closed": true })
    );
}

#[test]
fn a_wait_inside_a_coroutine_of_the_script_is_answered() {
    let project = Project::handler(
        "local next_number = coroutine.wrap(function()
           for i = 1, 3 do
             call:play(\"tick\")
             coroutine.yield(i)
           end
         end)
         call.vars.sum = next_number() + next_number() + next_number()",
    );

    let end = project.outcome();

    assert_eq!(
        end,
        ScriptEnd::Returned {
            vars: serde_json::json!({ "sum": 6 })
        }
    );
}

#[test]
fn an_endless_close_handler_is_stopped_and_the_vm_serves_on() {
    let project = Project::handler(
        "local guard <close> = setmetatable({}, { __close = function() while true do end end })
         call:play(\"park\")",
    );

    let call = hang_up_parked(&project);

    exchange(&project).vars_of(call);
    let next = project.call("200");
    exchange(&project).plays(next, "park");
}

#[test]
fn what_is_registered_for_the_hang_up_runs_after_it() {
    let project = Project::handler(
        "call:on(\"hangup\", function() call.vars.after = true end)
         call:play(\"park\")",
    );

    let call = hang_up_parked(&project);

    assert_eq!(
        exchange(&project).vars_of(call),
        serde_json::json!({ "after": true })
    );
}

#[test]
fn a_method_after_the_hang_up_is_an_error_with_a_sentence() {
    let project = Project::handler(
        "call:on(\"hangup\", function()
           local ok, why = pcall(call.play, call, \"late\")
           call.vars.why = why
         end)
         call:play(\"park\")",
    );

    let call = hang_up_parked(&project);

    let vars = exchange(&project).vars_of(call);
    let why = vars["why"].as_str().unwrap();
    assert!(
        why.contains("call:play cannot be used after the call has ended"),
        "{why}"
    );
}

#[test]
fn side_tasks_die_with_their_call() {
    let project = Project::handler(
        "spawn(function()
           local guard <close> = setmetatable({}, { __close = function() call.vars.side_closed = true end })
           call:play(\"park\")
         end)
         call:play(\"tick\")
         call:play(\"here\")
         call:on(\"hangup\", function() clock.sleep(0.01) end)
         while true do call:play(\"tick\") end",
    );
    let call = project.call("100");
    exchange(&project).plays(call, "here");

    project.scripts.hang_up(call);

    assert_eq!(
        exchange(&project).vars_of(call),
        serde_json::json!({ "side_closed": true })
    );
    assert!(!exchange(&project).is_awaited(call));
}

#[test]
fn keys_and_bridges_reach_their_listeners_while_the_handler_waits() {
    let project = Project::handler(
        "call:on(\"dtmf\", function(key) call:play(\"key/\" .. key.digit) end)
         call:play(\"park\")",
    );
    let call = project.call("100");
    exchange(&project).plays(call, "park");

    project.scripts.notify(call, CallNews::Digit('7'));

    exchange(&project).plays(call, "key/7");
}

#[test]
fn a_call_that_hangs_up_before_its_script_begins_leaves_nothing() {
    let project = Project::handler("call:play(\"park\")");
    let calls: Vec<_> = (0..50).map(|_| project.call("100")).collect();

    for &call in &calls {
        project.scripts.hang_up(call);
    }

    for call in calls {
        exchange(&project).vars_of(call);
    }
    assert!(exchange(&project).ends_so_far().is_empty());
    assert_eq!(project.scripts.status().tenants[0].generation, Some(1));
}
