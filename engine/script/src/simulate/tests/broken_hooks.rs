//! Whatever breaks in whatever a plugin has hung up: callers hear what they would have heard, and who
//! asks a route is told that it has failed.
//!
//! The places where scripts hand over a function are those of the stubs, so that a new one is tried
//! as soon as it is there.

use std::collections::BTreeSet;

use super::bed::{Small, root};
use super::dead_air::FAULTS;
use crate::api::on;
use crate::simulate::Tested;

/// Where a function is handed over, by the stubs: a plugin that does so, and what shows that nobody is
/// harmed. `FAULT` stands for what breaks there.
const HOOKS: &[(&str, &str, &str)] = &[
    ("every", "every(\"1m\", function() FAULT end)", CALLS_GO_ON),
    (
        "jobs.handle",
        "jobs.handle(\"work\", nil, function() FAULT end) on(\"call.ended\", function() jobs.add(\"work\") end)",
        CALLS_GO_ON,
    ),
    (
        "http.route",
        "http.route(\"GET /bad\", { auth = \"agent\" }, function() FAULT return 200 end)",
        ROUTE_HAS_FAILED,
    ),
    (
        "db.transaction",
        "http.route(\"GET /bad\", { auth = \"agent\" }, function()
           db.transaction(function(tx) tx:exec(\"INSERT INTO t VALUES (1)\") FAULT end)
           return 200
         end)
         http.route(\"GET /bad/count\", { auth = \"agent\" }, function()
           return 200, { count = db.one(\"SELECT count(*) AS n FROM t\").n }
         end)",
        NOTHING_WAS_KEPT,
    ),
    (
        "spawn",
        "return function() spawn(function() FAULT end) end",
        CALLS_GO_ON,
    ),
    (
        "Call:on",
        "return function(call)
           for _, event in ipairs { \"hangup\", \"dtmf\", \"bridged\" } do
             call:on(event, function() FAULT end)
           end
         end",
        CALLS_GO_ON,
    ),
    (
        "QueueSettings.choose",
        "queue \"bad\" { agents = { \"1001\" }, choose = function() FAULT end }",
        QUEUE_GOES_ON,
    ),
];

/// What a broken plugin may not change.
const CALLS_GO_ON: &str = "for _ = 1, 3 do
     local caller = dial(\"mon 10:00\")
     caller:hears(\"menu/main\")
     caller:leaves_message()
     caller:is_answered_by(\"1001\")
     caller:hangs_up()
     simulate.wait(\"2m\")
   end";

/// Offline the exchange's own answers are errors of the one who tests: nobody else has made them.
const ROUTE_HAS_FAILED: &str = "for _ = 1, 3 do
     local done, why = pcall(simulate.request, \"GET /bad\")
     expect(done).equals(false)
     expect(tostring(why)).matches(\"TOLD\")
   end
   local caller = dial(\"mon 10:00\")
   caller:hears(\"menu/main\")";

const NOTHING_WAS_KEPT: &str = "local done, why = pcall(simulate.request, \"GET /bad\")
   expect(done).equals(false)
   expect(tostring(why)).matches(\"TOLD\")
   local counted, reply = pcall(simulate.request, \"GET /bad/count\")
   if counted then expect(reply.json.count).equals(0) end";

const QUEUE_GOES_ON: &str = "simulate.agent(\"1001\", \"idle\")
   local caller = dial { to = \"queue\", at = \"mon 10:00\" }
   caller:is_answered_by(\"1001\")
   caller:hangs_up()";

/// What is broken elsewhere: functions that callers come to, by `dead_air` at every method; what comes
/// in by a provider's line, by the tests of the plugin sms (the provider hands it over again).
const TRIED_ELSEWHERE: &[&str] = &["context", "smpp.line"];

/// Where the stubs have a function handed over, but for `on`, whose events are listed.
fn hooks() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in [
        "moonswitch.lua",
        "moonswitch_call.lua",
        "moonswitch_exchange.lua",
        "moonswitch_queues.lua",
        "moonswitch_tools.lua",
        "moonswitch_plugins.lua",
    ] {
        let path = root().join("engine/script/library").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        let (mut class, mut takes) = (String::new(), false);
        for line in text.lines() {
            let takes_one = ["fun(", "Handler", ": function", "task function"];
            let takes_one = takes_one.iter().any(|word| line.contains(word));
            if let Some(rest) = line.strip_prefix("---@class ") {
                class = rest.split_whitespace().next().unwrap().to_owned();
            } else if let Some(rest) = line.strip_prefix("---@field ").filter(|_| takes_one) {
                let name = rest.split_whitespace().next().unwrap();
                found.insert(format!("{class}.{}", name.trim_end_matches('?')));
            } else if line.starts_with("---@param")
                || (line.starts_with("---@return") && line.contains("Handler"))
            {
                takes |= takes_one;
            } else if let Some(rest) = line.strip_prefix("function ")
                && std::mem::take(&mut takes)
            {
                found.insert(rest.split('(').next().unwrap().to_owned());
            }
        }
    }
    found.remove("on");
    // Scripts are given this one, and call it.
    found.remove("HttpRequest.reaches");
    found
}

#[test]
fn every_place_where_the_stubs_take_a_function_is_tried() {
    let mut tried: BTreeSet<String> = HOOKS.iter().map(|(hook, ..)| (*hook).to_owned()).collect();
    tried.extend(TRIED_ELSEWHERE.iter().map(|hook| (*hook).to_owned()));

    assert_eq!(hooks(), tried);
}

/// What can break where there is no call.
fn faults() -> impl Iterator<Item = (&'static str, String)> {
    let faults = FAULTS
        .iter()
        .filter(|(fault, _)| !["sound", "method"].contains(fault));
    faults.map(|(fault, lua)| (*fault, lua.replace("store(\"s\")", "plugin.store(\"s\")")))
}

#[test]
fn a_plugin_that_breaks_in_any_of_its_hooks_is_heard_by_no_caller_and_its_routes_say_so() {
    for (hook, source, shows) in HOOKS {
        for (fault, lua) in faults() {
            // Who takes all the memory is left out at once.
            let told = match fault {
                "memory" => "this ",
                _ => "this has failed; the exchange's log says how",
            };

            let tested = with_plugin(
                &source.replace("FAULT", &format!("{MARK} {lua}")),
                HANDLER,
                &format!("{} {MARKED}", shows.replace("TOLD", told)),
            );

            assert!(tested.passed(), "{hook} {fault}: {tested:#?}");
        }
    }
}

#[test]
fn a_plugin_that_breaks_at_any_event_of_the_exchange_is_heard_by_no_caller() {
    for event in on::EVENTS {
        let durable = match on::DURABLE.contains(event) {
            true => {
                format!(
                    "on(\"{event}\", {{ durable = true }}, function() {MARK} error(\"broken\") end)"
                )
            }
            false => String::new(),
        };
        let source = format!("on(\"{event}\", function() {MARK} error(\"broken\") end) {durable}");
        let shows = format!("simulate.event(\"{event}\", {{}}) {CALLS_GO_ON} {MARKED}");

        let tested = with_plugin(&source, HANDLER, &shows);

        assert!(tested.passed(), "{event}: {tested:#?}");
    }
}

#[test]
fn a_plugin_that_breaks_where_a_dialplan_calls_it_leads_to_the_fallback() {
    for (fault, lua) in FAULTS.iter().filter(|(fault, _)| *fault != "method") {
        let lua = lua.replace("store(\"s\")", "plugin.store(\"s\")");
        let init = format!("return {{ work = function(call) {lua} end }}");
        // Memory or, on a slow machine, time; of memory it is not known in which line it ended.
        let told = match *fault {
            "memory" => "limits.script_",
            _ => "plugins/bad/init.lua:1",
        };

        let tested = with_plugin(
            &init,
            "call:answer() require(\"plugins.bad\").work(call)",
            "for _ = 1, 2 do
               local caller = dial(\"mon 10:00\")
               caller:hears(\"sys/error\")
               caller:is_bridged_to(\"user:1001\")
               expect(caller.error).matches(\"TOLD\")
             end"
            .replace("TOLD", told)
            .as_str(),
        );

        assert!(tested.passed(), "{fault}: {tested:#?}");
    }
}

/// Counts that something has been come to before it breaks.
const MARK: &str = "local marks = require(\"plugins.bad.marks\") marks.count = marks.count + 1";

/// A fault that nobody has come to shows nothing.
const MARKED: &str = "local count = dial { user = \"1001\", to = \"marks\" }
   count:is_hung_up()
   expect(count.vars.count).is_at_least(1)";

/// Lets the plugin hang up what it has to, and then does what calls do.
const HANDLER: &str = "local hang = require(\"plugins.bad\")
   if type(hang) == \"function\" then hang(call) end
   call:answer() call:play(\"menu/main\") call:voicemail(\"8000\") call:bridge(\"user:1001\")";

/// A tenant with the plugin `bad`, a handler of 100, a queue behind `queue`, and a test.
fn with_plugin(init: &str, handler: &str, test: &str) -> Tested {
    let queue = match init.contains("queue \"bad\"") {
        true => "queue = function(call) call:answer() call:queue(\"bad\") end,",
        false => "",
    };
    let marks = "marks = function(call) call.vars.count = require(\"plugins.bad.marks\").count call:answer() end,";
    let plan = format!(
        "context \"inbound\" {{ {queue} [\"100\"] = function(call) {handler} end }} context \"internal\" {{ {marks} }}"
    );
    let events: String = on::EVENTS.iter().map(|it| format!("\"{it}\", ")).collect();
    let manifest = format!(
        "return {{ name = \"bad\", version = \"1\", api = 1, description = \"Breaks.\", permissions = {{
           events = {{ {events} }}, http_routes = {{ \"/bad\" }}, jobs = true, store = true, db = true }} }}"
    );
    let small = Small::of(&[
        ("plugins/bad/plugin.lua", &manifest),
        ("plugins/bad/init.lua", init),
        ("plugins/bad/marks.lua", "return { count = 0 }"),
        (
            "plugins/bad/migrations/0001_t.sql",
            "CREATE TABLE t (n INTEGER);",
        ),
        ("scripts/8001/init.lua", &plan),
        (
            "tests/dialplan/one_test.lua",
            &format!("-- One.\ntest(\"it\", function()\n{test}\nend)\n"),
        ),
    ]);
    let mut offline = small.offline();
    offline.limits.script_memory = 24 << 20;
    offline.limits.script_cpu = std::time::Duration::from_millis(50);
    let plugins = &mut offline.tenants[0].1.plugins;
    plugins.insert("bad".to_owned(), serde_json::json!({}));
    offline.test(None)
}
