//! Requests from outside that plugins and dialplans answer.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use call::desk::Role;
use script::{Answer, Door, Guard, Guest, Outcome, Route, Unanswered, Visit};
use serde_json::json;

use super::{dialplan, manifest, plugin, refused, reload, with};
use crate::support::{Project, STUCK, until};

const MAY: &str = "http_routes = { \"/a\" }, store = true";

fn door(project: &Project, method: &str, path: &str) -> Door {
    project.scripts.door(&"8001".into(), method, path)
}

fn route(project: &Project, method: &str, path: &str) -> Route {
    match door(project, method, path) {
        Door::Route(route) => route,
        other => panic!("{method} {path}: {other:?}"),
    }
}

/// A request with a body of this kind.
fn visit(path: &str, kind: &str, body: &str) -> Visit {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (path, None),
    };
    Visit {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query,
        headers: vec![
            ("content-type".to_owned(), kind.to_owned()),
            ("x-a".to_owned(), "1".to_owned()),
            ("x-a".to_owned(), "2".to_owned()),
        ],
        body: Bytes::copy_from_slice(body.as_bytes()),
        source: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
        by: Some("desk".to_owned()),
        guest: None,
    }
}

fn sent(project: &Project, visit: Visit) -> Result<Answer, Unanswered> {
    let answer = route(project, "POST", &visit.path).ask(visit);
    answer.blocking_recv().expect("an answer")
}

fn asked(project: &Project, path: &str) -> Result<Answer, Unanswered> {
    sent(project, visit(path, "text/plain", ""))
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[test]
fn a_handler_sees_the_whole_request_and_its_table_goes_back_as_json() {
    let init = "http.route(\"POST /a/:who\", { auth = \"none\" }, function(request)
          return 201, {
            who = request.params.who, q = request.query.q, x = request.headers[\"x-a\"], json = request.json.n,
            form = request.form == nil, method = request.method, path = request.path, source = request.source,
            by = request.by, length = #request.body,
          }, { [\"X-Said\"] = \"yes\" }
        end)";
    let project = plugin(MAY, init, "");

    let asked = visit(
        "/a/%E7%8E%8B?q=1+2%26&q=3",
        "application/json; charset=utf-8",
        r#"{"n":[7]}"#,
    );
    let answer = sent(&project, asked).unwrap();

    assert_eq!(answer.status, 201);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let expected = json!({
        "who": "王", "q": "1 2&", "x": "1, 2", "json": [7], "form": true, "method": "POST",
        "path": "/a/%E7%8E%8B", "source": "192.0.2.7", "by": "desk", "length": 9,
    });
    assert_eq!(body, expected);
    let header = |name: &str| {
        let found = answer.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(header("x-said"), Some("yes"));
    assert_eq!(header("content-type"), Some("application/json"));
}

#[test]
fn a_handler_sees_who_sits_at_the_desk_and_whom_they_reach() {
    let init = "http.route(\"POST /a\", { auth = \"agent\" }, function(request)
          return 200, {
            user = request.user, role = request.role, reach = request.reach,
            theirs = request.reaches(\"1049\"), others = request.reaches(\"1050\"), nobodys = request.reaches(nil),
          }
        end)";
    let project = plugin(MAY, init, "");
    let mut asked = visit("/a", "text/plain", "");
    let told = |visit: &Visit| -> serde_json::Value {
        serde_json::from_slice(&sent(&project, visit.clone()).unwrap().body).unwrap()
    };

    let program = json!({ "theirs": true, "others": true, "nobodys": true });
    assert_eq!(told(&asked), program);
    asked.guest = Some(Guest {
        user: "1001".to_owned(),
        role: Role::Leader,
        reach: Some(vec!["1001".to_owned(), "1049".to_owned()]),
    });

    let leader = json!({
        "user": "1001", "role": "leader", "reach": ["1001", "1049"],
        "theirs": true, "others": false, "nobodys": false,
    });
    assert_eq!(told(&asked), leader);
}

#[test]
fn forms_are_read_text_is_sent_as_text_and_nothing_is_204() {
    let init = "http.route(\"POST /a/form\", { auth = \"none\" }, function(request)
          return 200, request.form.Body .. request.form.From
        end)
        http.route(\"POST /a/nothing\", { auth = \"none\" }, function() end)";
    let project = plugin(MAY, init, "");

    let form = visit(
        "/a/form",
        "application/x-www-form-urlencoded",
        "From=%2B861&Body=T%44+",
    );
    let answer = sent(&project, form).unwrap();

    assert_eq!(text(&answer), "TD +861");
    assert_eq!(answer.headers[0].1, "text/plain; charset=utf-8");
    assert_eq!(asked(&project, "/a/nothing").unwrap().status, 204);
}

#[test]
fn a_body_that_is_not_what_it_says_is_refused_before_the_handler() {
    let init = "http.route(\"POST /a\", { auth = \"none\" }, function() return 200 end)";
    let project = plugin(MAY, init, "");

    for (kind, body, why) in [
        ("application/json", "{", "it is JSON"),
        ("application/x-www-form-urlencoded", "a=%f", "not encoded"),
    ] {
        match sent(&project, visit("/a", kind, body)) {
            Err(Unanswered::BadRequest(sentence)) => assert!(sentence.contains(why), "{sentence}"),
            other => panic!("{other:?}"),
        }
    }
    let faults = project.scripts.status().tenants[0].plugins[0].faults;
    assert_eq!(faults, 0, "that is nobody's fault but the sender's");
}

#[test]
fn who_may_ask_is_said_and_shown_to_whoever_serves() {
    let init = "http.route(\"GET /a/b\", { auth = { bearer = \"a-secret-of-the-tests\" } }, function() end)
        http.route(\"GET /a/t\", { auth = \"agent\" }, function() end)
        http.route(\"GET /a/n\", { auth = \"none\" }, function() end)";
    let project = plugin(MAY, init, "");

    let bearer = Guard::Bearer(vec!["a-secret-of-the-tests".to_owned()]);
    assert_eq!(*route(&project, "GET", "/a/b").guard(), bearer);
    assert_eq!(*route(&project, "GET", "/a/t").guard(), Guard::Token);
    assert_eq!(*route(&project, "HEAD", "/a/n").guard(), Guard::Anybody);
    assert!(!format!("{bearer:?}").contains("secret"), "not in a log");
    assert!(
        matches!(door(&project, "POST", "/a/n"), Door::OtherMethods(methods) if methods == ["GET"])
    );
    assert!(matches!(door(&project, "GET", "/a/x"), Door::Nothing));
    let other = project.scripts.door(&"8002".into(), "GET", "/a/n");
    assert!(matches!(other, Door::Nothing), "another tenant's");
}

#[test]
fn what_is_wrong_with_a_route_refuses_the_generation() {
    for (line, why) in [
        (
            "http.route(\"GET /b\", { auth = \"none\" }, print)",
            "plugin 'a' may not serve /b: add its beginning to permissions.http_routes in plugins/a/plugin.lua",
        ),
        ("http.route(\"GET /a\", {}, print)", "auth: say who may ask"),
        (
            "http.route(\"GET /a\", { auth = \"nobody\" }, print)",
            "auth: say who may ask",
        ),
        (
            "http.route(\"GET /a\", { auth = { bearer = nil } }, print)",
            "nobody could ask",
        ),
        (
            "http.route(\"GET /a\", { auth = { bearer = \"short\" } }, print)",
            "16 characters at least",
        ),
        (
            "http.route(\"FETCH /a\", { auth = \"none\" }, print)",
            "'FETCH' is none of GET, POST",
        ),
        (
            "http.route(\"/a\", { auth = \"none\" }, print)",
            "expected a method and a path",
        ),
        (
            "http.route(\"GET /a/:X\", { auth = \"none\" }, print)",
            "is no path",
        ),
        (
            "http.route(\"GET /a/:x\", { auth = \"none\" }, print) http.route(\"GET /a/:y\", { auth = \"none\" }, print)",
            "\"GET /a/:y\" is served already, by \"GET /a/:x\" in plugins/a/init.lua:1",
        ),
    ] {
        let errors = refused(&plugin(MAY, line, ""));
        assert!(errors[0].contains(why), "{line}: {errors:?}");
        assert!(
            errors[0].starts_with("plugins/a/init.lua:1: "),
            "{errors:?}"
        );
    }
    let manifest = manifest("a", "http_routes = { \"sms\" }", "");
    let files = [
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", ""),
        ("scripts/8001/init.lua", &dialplan("")),
    ];
    let errors = refused(&Project::new(&files, with(vec![("a", json!({}))])));
    let why = "permissions.http_routes.1: 'sms' is no path";
    assert!(errors[0].contains(why), "{errors:?}");
}

#[test]
fn a_dialplan_has_routes_and_two_owners_cannot_have_one() {
    let mine = "http.route(\"POST /a/x\", { auth = \"none\" }, function() return 202 end)\n";
    let manifest = manifest("a", MAY, "");
    let plan = format!("{mine}{}", dialplan(""));
    let files = [
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", mine),
        ("scripts/8001/init.lua", &plan),
    ];
    let errors = refused(&Project::new(&files, with(vec![("a", json!({}))])));
    assert!(
        errors[0]
            .starts_with("scripts/8001/init.lua:1: http.route: \"POST /a/x\" is served already"),
        "{errors:?}"
    );

    let project = Project::of(&plan);
    assert_eq!(asked(&project, "/a/x").unwrap().status, 202);
}

#[test]
fn routes_change_with_their_generation_and_a_request_that_runs_ends_on_its_own() {
    let init = |number: u32, more: &str| {
        format!(
            "http.route(\"POST /a/{number}\", {{ auth = \"none\" }}, function() {more} return 200, \"{number}\" end)"
        )
    };
    let waits = "clock.sleep(\"50ms\")";
    let project = plugin(MAY, &init(1, waits), "");
    let before = route(&project, "POST", "/a/1");
    let running = before.ask(visit("/a/1", "", ""));

    project.folder.write("plugins/a/init.lua", init(2, ""));
    assert!(matches!(reload(&project), Outcome::Published { .. }));

    assert!(matches!(door(&project, "POST", "/a/1"), Door::Nothing));
    assert_eq!(text(&asked(&project, "/a/2").unwrap()), "2");
    let answer = running.blocking_recv().unwrap().unwrap();
    assert_eq!(text(&answer), "1");
}

#[test]
fn a_request_that_comes_too_late_for_its_generation_goes_to_the_next() {
    let init = "http.route(\"POST /a\", { auth = \"none\" }, function() return 200, \"first\" end)";
    let project = plugin(MAY, init, "");
    let late = route(&project, "POST", "/a");
    let guarded = route(&project, "POST", "/a");

    project
        .folder
        .write("plugins/a/init.lua", init.replace("first", "second"));
    reload(&project);
    until(|| project.scripts.status().tenants[0].old.is_empty());

    let answer = late.ask(visit("/a", "", "")).blocking_recv().unwrap();
    assert_eq!(text(&answer.unwrap()), "second");
    let closed = init.replace("\"none\"", "\"agent\"");
    project.folder.write("plugins/a/init.lua", closed);
    reload(&project);
    until(|| project.scripts.status().tenants[0].old.is_empty());
    let answer = guarded.ask(visit("/a", "", "")).blocking_recv().unwrap();
    assert_eq!(
        answer,
        Err(Unanswered::Behind),
        "nobody has judged that one"
    );
}

#[test]
fn a_handler_that_fails_or_returns_nonsense_is_told_and_nobody_can_leave_its_plugin_out_by_asking()
{
    let init = "http.route(\"POST /a/error\", { auth = \"none\" }, function() error(\"oops\") end)
        http.route(\"POST /a/word\", { auth = \"none\" }, function() return \"fine\" end)
        http.route(\"POST /a/status\", { auth = \"none\" }, function() return 99 end)
        http.route(\"POST /a/body\", { auth = \"none\" }, function() return 200, { f = print } end)
        http.route(\"POST /a/cookie\", { auth = \"none\" }, function() return 200, \"\", { [\"Set-Cookie\"] = \"a\" } end)";
    let project = plugin(MAY, init, "call:play(\"fine\")");

    for (path, why) in [
        ("/a/error", "plugins/a/init.lua:1: oops"),
        (
            "/a/word",
            "plugins/a/init.lua:2: a route returns a status from 200 to 599, then a body, got \"fine\"",
        ),
        ("/a/status", "got 99"),
        (
            "/a/body",
            "the body: only plain data can be kept, and 'f' is a function",
        ),
        ("/a/cookie", "'set-cookie' is set by the exchange"),
    ] {
        assert_eq!(asked(&project, path), Err(Unanswered::Failed), "{path}");
        let failures = project.scripts.status().tenants[0].last_failures.clone();
        let last = &failures.last().unwrap().message;
        assert!(last.contains(why), "{last}");
    }

    for _ in 0..5 {
        assert_eq!(asked(&project, "/a/status"), Err(Unanswered::Failed));
    }
    let plugin = project.scripts.status().tenants[0].plugins[0].clone();
    assert_eq!(plugin.left_out, None);
}

#[test]
fn a_handler_that_computes_for_ever_is_stopped_and_one_that_is_stuck_is_given_up() {
    let init = format!(
        "http.route(\"POST /a/loop\", {{ auth = \"none\" }}, function() while true do end end)
         http.route(\"POST /a/stuck\", {{ auth = \"none\" }}, function() {STUCK} end)"
    );
    let project = plugin(MAY, &init, "call:play(\"fine\")");

    assert_eq!(asked(&project, "/a/loop"), Err(Unanswered::Failed));
    let stuck = route(&project, "POST", "/a/stuck").ask(visit("/a/stuck", "", ""));
    until(|| project.scripts.status().tenants[0].stuck == 1);

    let call = project.call("100");
    project.exchange.plays(call, "fine");
    assert_eq!(asked(&project, "/a/stuck"), Err(Unanswered::LeftOut));
    drop(stuck);
}

#[test]
fn a_plugin_answers_so_many_at_one_time_and_the_next_one_comes_again() {
    let init =
        "http.route(\"POST /a/wait\", { auth = \"none\" }, function() clock.sleep(\"10s\") end)
        http.route(\"POST /a/quick\", { auth = \"none\" }, function() return 200 end)";
    let project = plugin(MAY, init, "call:play(\"fine\")");
    let waiting: Vec<_> = (0..32)
        .map(|_| route(&project, "POST", "/a/wait").ask(visit("/a/wait", "", "")))
        .collect();

    assert_eq!(asked(&project, "/a/quick"), Err(Unanswered::Behind));

    let call = project.call("100");
    project.exchange.plays(call, "fine");
    drop(waiting);
}

#[test]
fn what_waited_for_scripts_that_were_given_up_is_told_to_come_again() {
    let project = Project::of(&format!(
        "http.route(\"POST /a\", {{ auth = \"none\" }}, function() return 200 end)
         context \"internal\" {{ [\"100\"] = function(call) call:play(\"in\") {STUCK} end }}"
    ));
    let call = project.call("100");
    project.exchange.plays(call, "in");

    let waiting = route(&project, "POST", "/a").ask(visit("/a", "", ""));

    assert!(waiting.blocking_recv().is_err(), "its sender is gone");
    until(|| asked(&project, "/a").is_ok_and(|answer| answer.status == 200));
}

#[test]
fn a_question_that_a_route_does_not_know_is_refused() {
    let init = "http.route(\"POST /a\", { auth = \"none\", query = { \"state\", \"from\" } }, function(request)
          return 200, request.query.state or \"all\"
        end)
        http.route(\"POST /a/none\", { auth = \"none\", query = {} }, function() return 200, \"fine\" end)
        http.route(\"POST /a/any\", { auth = \"none\" }, function(request) return 200, request.query.x end)";
    let project = plugin(MAY, init, "");
    let refused = |path: &str| match asked(&project, path) {
        Err(Unanswered::BadRequest(why)) => why,
        other => panic!("{other:?}"),
    };

    assert_eq!(text(&asked(&project, "/a?state=open").unwrap()), "open");
    assert_eq!(text(&asked(&project, "/a/any?x=7").unwrap()), "7");
    assert_eq!(text(&asked(&project, "/a/none").unwrap()), "fine");
    assert_eq!(
        refused("/a?stat=open"),
        "unknown question 'stat' (did you mean 'state'?)"
    );
    assert_eq!(
        refused("/a?qqqqqq=1"),
        "unknown question 'qqqqqq': there are state, from"
    );
    assert_eq!(
        refused("/a/none?x=1"),
        "unknown question 'x': nothing can be asked here"
    );
    let wrong = plugin(
        MAY,
        "http.route(\"POST /a\", { auth = \"none\", query = \"state\" }, print)",
        "",
    );
    let why = super::refused(&wrong).join(" ");
    assert!(
        why.contains("query: expected names, such as { \"state\" }"),
        "{why}"
    );
}
