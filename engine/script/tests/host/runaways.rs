//! A script that computes without a wait is stopped, whichever way it hides, and its VM serves on.

use std::time::Duration;

use script::ScriptEnd;

use crate::support::{Project, STUCK, Setting};

/// The script is stopped by its budget, names its line, and the same VM serves the next call.
fn is_stopped(body: &str) {
    let project = Project::handler(body);

    let fault = project.fault();

    assert!(fault.message.contains("without a wait"), "{}", fault.report);
    assert!(
        fault.message.starts_with("scripts/8001/init.lua:"),
        "{}",
        fault.report
    );
    serves_on(&project);
}

/// The script is given up by the watchdog, and a fresh VM serves the next call.
fn is_given_up(body: &str) {
    let project = Project::handler(body);

    let fault = project.fault();

    assert!(
        fault.message.contains("nothing heard of the script"),
        "{}",
        fault.report
    );
    serves_on(&project);
}

fn serves_on(project: &Project) {
    let next = project.call("200");
    project.exchange.plays(next, "park");
    let (_, generation) = project.try_call("8001", "200").unwrap();
    assert_eq!(generation, 1);
}

#[test]
fn an_endless_loop_is_stopped() {
    is_stopped("while true do end");
}

#[test]
fn an_endless_loop_in_a_metamethod_is_stopped() {
    is_stopped(
        "local t = setmetatable({}, { __index = function() while true do end end }) return t.x",
    );
}

#[test]
fn a_sort_of_three_million_is_stopped() {
    let mut setting = Setting::default();
    setting.limits.script_memory = 256 << 20;
    setting.limits.load_time = Duration::from_secs(60);
    let project = Project::new(
        &[(
            "scripts/8001/init.lua",
            "local t = {} for i = 1, 3000000 do t[i] = (i * 7919) % 3000017 end
             context \"internal\" {
               [\"100\"] = function(call)
                 call:answer()
                 table.sort(t)
                 while true do end
               end,
               [\"200\"] = function(call) call:play(\"park\") end,
             }",
        )],
        setting,
    );

    let fault = project.fault();

    // All of it happens in C: it is done before the watchdog gives it up, or it is not.
    let message = &fault.message;
    assert!(
        message.contains("without a wait") || message.contains("nothing heard of the script"),
        "{}",
        fault.report
    );
    serves_on(&project);
}

#[test]
fn an_endless_loop_in_a_comparator_is_stopped() {
    is_stopped("table.sort({ 3, 2, 1 }, function() while true do end end)");
}

#[test]
fn an_endless_loop_in_a_gsub_callback_is_stopped() {
    is_stopped("(\"abc\"):gsub(\".\", function() while true do end end)");
}

#[test]
fn an_endless_loop_in_a_coroutine_is_stopped() {
    is_stopped(
        "local co = coroutine.create(function() while true do end end) coroutine.resume(co)",
    );
}

#[test]
fn an_endless_loop_in_a_wrapped_coroutine_is_stopped() {
    is_stopped("coroutine.wrap(function() while true do end end)()");
}

#[test]
fn a_loop_that_resumes_stopped_coroutines_for_ever_is_stopped() {
    is_stopped(
        "while true do
           local co = coroutine.create(function() while true do end end)
           coroutine.resume(co)
         end",
    );
}

#[test]
fn a_coroutine_that_yields_for_ever_is_stopped() {
    is_stopped(
        "local co = coroutine.wrap(function() while true do coroutine.yield(1) end end) while true do co() end",
    );
}

#[test]
fn a_pause_in_a_coroutine_of_the_script_is_no_yield_that_its_author_never_wrote() {
    let project = Project::handler(
        "local co = coroutine.create(function() while true do end end)
         call.vars.came_back = { coroutine.resume(co) }",
    );
    let call = project.call("100");

    let vars = project.exchange.vars_of(call);

    assert_eq!(vars, serde_json::json!({}));
    assert!(matches!(
        project.exchange.end_of(call),
        ScriptEnd::Failed(_)
    ));
}

#[test]
fn a_loop_of_wrapped_coroutines_in_pcalls_is_stopped() {
    is_stopped(
        "while true do
           pcall(coroutine.wrap(function() while true do end end))
         end",
    );
}

#[test]
fn an_endless_close_handler_in_a_coroutine_is_ended() {
    let project = Project::handler(
        "coroutine.wrap(function()
           local guard <close> = setmetatable({}, { __close = function() while true do end end })
           error(\"out\")
         end)()",
    );

    project.fault();

    serves_on(&project);
}

#[test]
fn an_endless_recursion_fails_and_its_vm_serves_on() {
    let project = Project::handler("local function f() return 1 + f() end f()");

    let fault = project.fault();

    // Which end comes first, of the stack, the memory or the budget, is the machine's affair.
    let ends = ["stack overflow", "out of memory", "without a wait"];
    assert!(
        ends.iter().any(|end| fault.message.contains(end)),
        "{}",
        fault.report
    );
    serves_on(&project);
}

#[test]
fn a_loop_of_pcalls_is_stopped() {
    is_stopped("while true do pcall(function() while true do end end) end");
}

#[test]
fn an_xpcall_handler_cannot_swallow_the_stop() {
    is_stopped(
        "while true do xpcall(function() while true do end end, function() return 1 end) end",
    );
}

#[test]
fn an_endless_xpcall_handler_is_stopped() {
    is_stopped("xpcall(error, function() while true do end end)");
}

#[test]
fn a_loop_of_pcalls_in_a_comparator_is_stopped() {
    is_stopped(
        "table.sort({ 3, 2, 1 }, function()
           while true do pcall(function() while true do end end) end
         end)",
    );
}

#[test]
fn an_endless_close_handler_is_stopped() {
    is_stopped(
        "local guard <close> = setmetatable({}, { __close = function() while true do end end })",
    );
}

#[test]
fn an_endless_close_handler_behind_an_endless_loop_is_stopped() {
    is_stopped(
        "local guard <close> = setmetatable({}, { __close = function() while true do end end })
         while true do end",
    );
}

#[test]
fn an_endless_close_handler_where_lua_cannot_pause_is_given_up() {
    is_given_up(
        "table.sort({ 3, 2, 1 }, function()
           local guard <close> = setmetatable({}, { __close = function() while true do end end })
           while true do end
         end)",
    );
}

#[test]
fn a_finalizer_is_refused() {
    let project = Project::handler("setmetatable({}, { __gc = function() while true do end end })");

    let fault = project.fault();

    assert!(
        fault.message.contains("__gc is not available"),
        "{}",
        fault.report
    );
    assert_eq!(fault.place.unwrap().line, 2);
}

#[test]
fn a_pattern_that_backtracks_for_minutes_is_stopped() {
    for search in [
        "local found = s:find((\"a*\"):rep(8) .. \"b\")",
        "local found = s:match((\".-\"):rep(30) .. \"b\")",
        "for found in s:gmatch((\"a*\"):rep(8) .. \"b\") do end",
        "local found = s:gsub((\"a*\"):rep(8) .. \"b\", \"\")",
        "local found = s:gsub((\"a*\"):rep(8) .. \"b\", {})",
        "while true do pcall(string.find, s, (\"a*\"):rep(8) .. \"b\") end",
    ] {
        is_stopped(&format!("local s = (\"a\"):rep(400)\n{search}"));
    }
}

#[test]
fn a_script_that_is_stuck_where_nobody_counts_is_given_up_and_its_line_named() {
    let project = Project::handler(STUCK);

    let fault = project.fault();

    assert!(
        fault
            .message
            .starts_with("scripts/8001/init.lua:2: nothing heard"),
        "{}",
        fault.report
    );
    serves_on(&project);
}

#[test]
fn a_vm_that_comes_back_after_it_was_given_up_can_do_no_harm() {
    let mut setting = Setting::default();
    setting.limits.script_cpu = Duration::from_millis(20);
    setting.limits.script_memory = 256 << 20;
    setting.limits.load_time = Duration::from_secs(60);
    let project = Project::new(
        &[(
            "scripts/8001/init.lua",
            "local t = {} for i = 1, 3000000 do t[i] = (i * 7919) % 3000017 end
             context \"internal\" { [\"100\"] = function(call)
               table.sort(t)
               call:play(\"late\")
               call.vars.late = true
             end }",
        )],
        setting,
    );
    let call = project.call("100");
    let ScriptEnd::Failed(fault) = project.exchange.end_of(call) else {
        panic!()
    };
    assert!(fault.message.contains("nothing heard"), "{}", fault.report);

    // Its thread ends when the library function does.
    crate::support::until(|| project.scripts.status().tenants[0].stuck == 0);

    let is_late = |asked: &crate::support::Asked| asked.sound() == Some("late");
    assert!(!project.exchange.has_asked(call, is_late));
    assert_eq!(project.exchange.ends_so_far(), []);
}

#[test]
fn other_calls_of_a_vm_that_is_given_up_get_their_end_once() {
    let project = Project::handler(STUCK);
    let parked: Vec<_> = (0..20).map(|_| project.call("200")).collect();
    for &call in &parked {
        project.exchange.plays(call, "park");
    }

    project.fault();

    for call in parked {
        assert!(matches!(
            project.exchange.end_of(call),
            ScriptEnd::Failed(_)
        ));
    }
    serves_on(&project);
    assert!(project.exchange.ends_so_far().is_empty());
}

#[test]
fn a_memory_hog_fails_and_its_vm_serves_on() {
    let project = Project::handler("local s = \"x\" while true do s = s .. s end");

    let fault = project.fault();

    assert!(fault.message.contains("out of memory"), "{}", fault.report);
    serves_on(&project);
}

#[test]
fn a_memory_hog_of_small_things_fails_and_its_vm_serves_on() {
    let project = Project::handler("local t = {} while true do t[#t + 1] = { {}, {} } end");

    let fault = project.fault();

    assert!(
        fault.message.contains("out of memory") || fault.message.contains("without a wait"),
        "{}",
        fault.report
    );
    serves_on(&project);
}

#[test]
fn what_is_left_to_close_when_memory_is_out_ends_its_call_only() {
    // The last octets are taken, too, so that there is none left to close anything with.
    let project = Project::handler(
        "local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
         local guard <close> = setmetatable({}, { __close = function() return deep(100) end })
         local all, size = {}, 1048576
         local function add() all[#all + 1] = (\"x\"):rep(size) .. #all end
         while size > 8 do
           if not pcall(add) then size = size // 2 end
         end
         local more = {} for number = 1, 1000 do more[number] = { number } end",
    );

    for _ in 0..3 {
        let fault = project.fault();
        let ends = ["out of memory", "without a wait"];
        let ended = ends.iter().any(|end| fault.message.contains(end));
        assert!(ended, "{}", fault.report);
    }

    serves_on(&project);
}

#[test]
fn vars_that_grow_when_they_are_written_out_keep_nobody_waiting() {
    let project = Project::handler(
        "local t = { 1 } for _ = 1, 30 do t = { t, t } end
         call.vars.t = t",
    );

    let end = project.outcome();

    let vars = serde_json::json!({});
    assert_eq!(end, ScriptEnd::Returned { vars });
    serves_on(&project);
}

#[test]
fn a_text_that_would_be_too_long_is_refused_at_once() {
    for times in ["1e15", "\"1000000000000000\""] {
        let project = Project::handler(&format!("return (\"\"):rep({times})"));

        let fault = project.fault();

        assert!(
            fault.message.contains("longer than 16 MB"),
            "{}",
            fault.report
        );
    }
}

#[test]
fn a_move_without_end_is_refused_at_once() {
    for last in ["1e15", "\"1000000000000000\""] {
        let project = Project::handler(&format!("table.move({{}}, 1, {last}, 2)"));

        let fault = project.fault();

        assert!(fault.message.contains("table.move:"), "{}", fault.report);
    }
}

#[test]
fn waiting_does_not_count() {
    let project = Project::handler(
        "for _ = 1, 20 do
           local n = 0
           for i = 1, 400000 do n = n + i end
           call:play(\"tick\")
         end",
    );

    let end = project.outcome();

    assert!(matches!(end, ScriptEnd::Returned { .. }), "{end:?}");
}

#[test]
fn a_bare_yield_is_no_way_around_the_budget() {
    let project = Project::handler("while true do coroutine.yield() end");

    let fault = project.fault();

    assert!(
        fault.message.contains("outside of a coroutine"),
        "{}",
        fault.report
    );
}
