//! What scripts do besides calls: they ask other machines, add jobs, write into the log.

use super::bed::{Small, holds, shipped};

#[test]
fn other_machines_answer_as_the_test_says_and_are_asked_again_in_simulated_time() {
    holds(
        "call:answer()
         local reply = http.post(\"https://crm.example.com/find?x=1\", { json = { number = call.from }, bearer = \"t\" })
         call.vars.found, call.vars.name = reply.status, reply.json.name
         call.vars.second = http.get(\"https://crm.example.com/any\", { retry = 2 }).status
         call.vars.third = tostring(select(2, pcall(http.get, \"https://crm.example.com/down\")))
         call.vars.fourth = tostring(select(2, pcall(http.get, \"https://elsewhere.example.com/\")))",
        "local crm = simulate.http(\"POST https://crm.example.com/find?x=1\", 201, { name = \"Li\" })
         local any = simulate.http(\"GET https://crm.example.com/*\", { 503, 502, 200 }, \"text\", { headers = { [\"X-A\"] = \"b\" } })
         simulate.http(\"GET https://crm.example.com/down\", false)
         local caller = dial(MONDAY)
         caller:is_hung_up()
         expect(caller.elapsed).equals(3)
         expect(caller.vars.found).equals(201)
         expect(caller.vars.name).equals(\"Li\")
         expect(crm.requests[1].json.number).equals(\"+8613800138000\")
         expect(crm.requests[1].headers.authorization).equals(\"Bearer t\")
         expect(caller.vars.second).equals(200)
         expect(#any.requests).equals(3)
         expect(caller.vars.third).matches(\"crm.example.com is not reached\")
         expect(caller.vars.fourth).matches('write simulate.http(\"GET https://elsewhere.example.com/\", 200)')
         expect(caller.story).matches(\"http.post https://crm.example.com: 201\")",
    );
}

#[test]
fn jobs_are_done_when_they_are_due_and_again_when_they_fail() {
    let small = Small::of(&[
        (
            "scripts/8001/init.lua",
            "jobs.handle(\"tell\", { retry = { \"10s\", \"1h\" } }, function(data, job)
               local reply = http.post(\"https://desk.example.com\", { json = data })
               if reply.status ~= 200 then error(\"said \" .. reply.status) end
             end)
             context \"inbound\" {
               [\"100\"] = function(call)
                 call:answer()
                 jobs.add(\"tell\", { call = call.id }, { key = call.id })
               end,
               [\"101\"] = function(call)
                 call:answer()
                 jobs.add(\"tell\", { later = true }, { at = clock.now() + 90 })
               end,
             }
             context \"internal\" {}",
        ),
        (
            "tests/dialplan/one_test.lua",
            "-- One.
             local HOOK = \"POST https://desk.example.com\"
             test(\"at once\", function()
               local desk = simulate.http(HOOK .. \"/\")
               dial { to = \"100\" }:is_hung_up()
               expect(#desk.requests).equals(1)
             end)
             test(\"again\", function()
               local desk = simulate.http(HOOK .. \"/\", { 500, false, 200 })
               dial { to = \"100\" }:is_hung_up()
               simulate.wait(9)
               expect(#desk.requests).equals(1)
               simulate.wait(1)
               expect(#desk.requests).equals(2)
               expect(simulate.jobs()[1].attempts).equals(2)
               simulate.wait(\"1h\")
               expect(#desk.requests).equals(3)
               expect(simulate.jobs()).equals {}
             end)
             test(\"later\", function()
               local desk = simulate.http(HOOK .. \"/\")
               dial { to = \"101\" }:is_hung_up()
               simulate.wait(89)
               expect(#desk.requests).equals(0)
               simulate.wait(1)
               expect(#desk.requests).equals(1)
             end)",
        ),
    ]);

    let tested = small.test();

    assert!(tested.passed(), "{tested:#?}");
    assert_eq!(tested.tests.len(), 3);
}

#[test]
fn a_handler_that_never_ends_is_given_up_after_its_five_minutes() {
    let small = Small::of(&[
        (
            "scripts/8001/init.lua",
            "jobs.handle(\"stuck\", { attempts = 1 }, function() clock.sleep(\"1d\") end)
             on(\"trunk.down\", function(about) jobs.add(\"stuck\", about) end)
             context \"inbound\" {} context \"internal\" {}",
        ),
        (
            "tests/dialplan/one_test.lua",
            "-- One.
             test(\"it\", function()
               simulate.event(\"trunk.down\", { trunk = \"carrier\" })
               simulate.wait(\"6m\")
               local job = simulate.jobs()[1]
               expect(job.failed).equals(true)
               expect(job.data.trunk).equals(\"carrier\")
               expect(job.error).matches(\"has not ended within 5 minutes\")
             end)",
        ),
    ]);

    let tested = small.test();

    assert!(tested.passed(), "{tested:#?}");
}

#[test]
fn a_plugin_has_its_files_offline_too_and_each_test_begins_without_any() {
    let keeps = "http.route(\"PUT /a/:name\", { auth = \"agent\" }, function(request)
           files.write(request.params.name, request.body)
           return 200, { files = files.list() }
         end)";
    let asks = "local reply = simulate.request(\"PUT /a/x.txt\", { body = \"hello\" })
           expect(#reply.json.files).equals(1)
           expect(reply.json.files[1].bytes).equals(5)";
    let small = Small::of(&[
        (
            "plugins/a/plugin.lua",
            "-- A.
             return { name = \"a\", version = \"1\", api = 1, description = \"Tests.\",
               permissions = { files = true, http_routes = { \"/a\" } } }",
        ),
        ("plugins/a/init.lua", keeps),
        (
            "plugins/a/tests/a_test.lua",
            &format!(
                "test(\"one\", function() {asks} end)
                 test(\"two\", function() {asks} end)"
            ),
        ),
        (
            "scripts/8001/init.lua",
            "context \"inbound\" {} context \"internal\" {}",
        ),
    ]);

    let tested = small.test();

    assert!(tested.passed(), "{tested:#?}");
    assert_eq!(tested.tests.len(), 2);
}

#[test]
fn what_a_script_logs_is_in_its_calls_story() {
    holds(
        "log.info(\"here\", { a = 1 }) print(\"there\") call:answer()",
        "caller:is_hung_up()
         expect(caller.story).matches('logs: here {\"a\":1}  (scripts/8001/init.lua:2)')
         expect(caller.story).matches(\"logs: print: there\")",
    );
}

#[test]
fn a_request_that_is_none_is_told() {
    for (stub, words) in [
        ("\"https://a.example\"", "expected a method and an address"),
        (
            "\"FETCH https://a.example\"",
            "expected a method and an address",
        ),
        (
            "\"GET https://a.example\", \"ok\"",
            "expected a status such as 201",
        ),
        (
            "\"GET https://a.example\", 200, nil, { header = {} }",
            "unknown option 'header'",
        ),
    ] {
        let message = super::bed::failure("call:answer()", &format!("simulate.http({stub})"));
        assert!(message.contains(words), "{stub}: {message}");
    }
}

#[test]
fn plugins_are_tried_in_a_tenant_of_their_own_with_the_exchange_around_them() {
    let tested = shipped().test(None);

    let tickets: Vec<_> = tested
        .tests
        .iter()
        .filter(|test| test.file == "plugins/tickets/tests/tickets_test.lua")
        .collect();
    assert!(tickets.len() >= 6, "{tickets:?}");
    assert!(tested.passed(), "{tested:#?}");
}

#[test]
fn a_plugins_tests_without_settings_use_what_stands_in_and_wrong_settings_are_told() {
    let manifest = "return { name = \"a\", version = \"1\", api = 1, description = \"A.\",
      permissions = { events = { \"call.ended\" }, jobs = true, store = true },
      config = { word = { type = \"string\", default = \"x\" } } }";
    let small = Small::of(&[
        ("plugins/a/plugin.lua", manifest),
        (
            "plugins/a/init.lua",
            "local seen = plugin.store(\"seen\")
             on(\"call.ended\", function() seen:incr(plugin.config.word) end)
             return { count = function() return seen:get(plugin.config.word) or 0 end }",
        ),
        (
            "plugins/a/tests/dialplan.lua",
            "local a = require \"plugins.a\"
             local word = require \"plugins.a.tests.word\"
             context \"inbound\" { [\"1\"] = function(call) call.vars[word] = a.count() call:answer() end }
             context \"internal\" {}",
        ),
        ("plugins/a/tests/word.lua", "return \"count\""),
        (
            "plugins/a/tests/one_test.lua",
            "-- One.
             test(\"it\", function()
               local first = dial() first:is_hung_up()
               local second = dial() second:is_hung_up()
               expect(first.vars.count).equals(0)
               expect(second.vars.count).equals(1)
             end)",
        ),
        ("scripts/8001/init.lua", "context \"inbound\" {} context \"internal\" {}"),
    ]);

    let tested = small.test();
    assert!(tested.passed() && tested.tests.len() == 1, "{tested:#?}");

    // A folder with a tenant of its own is tried in that one.
    small.write(
        "plugins/a/tests/other/tenant.lua",
        "return { timezone = \"Europe/Berlin\" }",
    );
    small.write(
        "plugins/a/tests/other/other_test.lua",
        "-- Other.
         test(\"where it is\", function()
           expect(config.timezone).equals(\"Europe/Berlin\")
         end)",
    );
    let tested = small.test();
    assert!(tested.passed() && tested.tests.len() == 2, "{tested:#?}");

    small.write(
        "plugins/a/tests/tenant.lua",
        "-- A.\nreturn {\n  language = \"zh\",\n  lanugage = \"en\",\n}\n",
    );
    let tested = small.test();
    assert_eq!(
        tested.errors[0].message,
        "plugins/a/tests/tenant.lua:4: lanugage: unknown setting 'lanugage' (did you mean 'language'?)"
    );

    small.write(
        "plugins/a/tests/tenant.lua",
        "return { plugins = { a = { wrod = 1 } } }",
    );
    let tested = small.test();
    let message = &tested.errors[0].message;
    assert!(
        message.contains("plugins/a/tests/tenant.lua: plugins.a.wrod"),
        "{message}"
    );
}
