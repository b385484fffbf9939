//! A plugin does what its manifest names and nothing else, and what it names must be allowed.

use ::store::Store;
use script::Outcome;
use serde_json::json;

use super::sink::{Says, Sink};
use super::{dialplan, manifest, plugin, reload, why, with};
use crate::support::{Project, Setting};

/// What a call hears when it tries something in a plugin without permissions.
fn denied(permissions: &str, body: &str) -> String {
    let init = format!("return {{ try = function() {body} end }}");
    let handler = "local _, why = pcall(require(\"plugins.a\").try) call.vars.why = why";
    why(&plugin(permissions, &init, handler))
}

#[test]
fn what_the_manifest_does_not_name_is_denied_with_a_sentence() {
    let manifest = "in plugins/a/plugin.lua";
    for (body, sentence) in [
        (
            "http.get(\"https://evil.example/x\")",
            format!(
                "plugin 'a' may not reach evil.example: add it to permissions.http_client {manifest}"
            ),
        ),
        (
            "jobs.add(\"x\")",
            format!("plugin 'a' may not use jobs: add jobs = true to permissions {manifest}"),
        ),
        (
            "plugin.store(\"x\")",
            format!("plugin 'a' may not use store: add store = true to permissions {manifest}"),
        ),
        (
            "agents.idle(\"1049\")",
            format!("plugin 'a' may not use agents: add agents = true to permissions {manifest}"),
        ),
        (
            "voicemail.list()",
            format!(
                "plugin 'a' may not use voicemail: add voicemail = true to permissions {manifest}"
            ),
        ),
        (
            "store(\"x\")",
            "plugin 'a' may not use store: its values are in plugin.store(\"name\")".to_owned(),
        ),
        (
            "context(\"internal\")",
            "plugin 'a' may not use context: return a handler".to_owned(),
        ),
        (
            "return plugin.config.nothing",
            "plugin.config has no 'nothing'".to_owned(),
        ),
        (
            "plugin.config.x = 1",
            "plugin.config.x cannot be set: it is written in config.lua".to_owned(),
        ),
        (
            "x = 1",
            "'x' is not declared: write `local x = ...`".to_owned(),
        ),
        ("return y", "unknown name 'y'".to_owned()),
        ("return io", "unknown name 'io'".to_owned()),
    ] {
        let heard = denied("", body);
        assert!(heard.contains(&sentence), "{body}: {heard}");
        assert!(heard.starts_with("plugins/a/init.lua:1: "), "{heard}");
    }
    let heard = denied(
        "http_client = { \"https://a.example/v1\" }",
        "http.get(\"https://a.example/v2\")",
    );
    assert!(heard.contains("may not reach a.example"), "{heard}");
}

#[test]
fn an_event_that_the_manifest_does_not_name_refuses_the_generation() {
    let project = plugin(
        "events = { \"call.ended\" }",
        "on(\"trunk.down\", function() end)",
        "",
    );

    let errors = super::refused(&project);

    let expected = "plugins/a/init.lua:1: on: plugin 'a' may not hear 'trunk.down': add it to permissions.events in plugins/a/plugin.lua";
    assert_eq!(errors, [expected]);
}

#[test]
fn permissions_that_grew_wait_until_somebody_allows_them() {
    let project = plugin("jobs = true", "return {}", "call:play(\"old\")");
    let more = "jobs = true, store = true, http_client = { \"https://a.example\" }";
    project
        .folder
        .write("plugins/a/plugin.lua", manifest("a", more, ""));
    project
        .folder
        .write("scripts/8001/init.lua", dialplan("call:play(\"new\")"));

    let Outcome::Refused { errors, stays, .. } = reload(&project) else {
        panic!("it was published");
    };
    let expected = "plugins/a/plugin.lua: plugin 'a' asks for more than it was allowed: http_client \"https://a.example\", store; `moonswitch allow a` allows it";
    assert_eq!((errors[0].message.as_str(), stays), (expected, Some(1)));
    let call = project.call("100");
    project.exchange.plays(call, "old");

    let allowed = json!({ "jobs": true, "store": true, "http_client": ["https://a.example"] });
    project
        .store
        .put_grant("8001", "a", allowed)
        .wait()
        .unwrap();
    project.scripts.grants_changed(&"8001".into());

    assert!(matches!(reload(&project), Outcome::Published { .. }));
    let call = project.call("100");
    project.exchange.plays(call, "new");
}

#[test]
fn a_private_host_is_reached_when_it_is_listed_and_allowed_and_not_before() {
    let sink = Sink::start(&[200]);
    let permissions = "http_client = { \"config.url\" }, private_hosts = { \"config.url\" }";
    let init = "return { ask = function()
        local ok, reply = pcall(http.post, plugin.config.url, { json = { n = 1 }, bearer = \"t\" })
        return ok and reply.status .. reply.json.thanks or reply
      end }";
    let handler = "call.vars.why = require(\"plugins.a\").ask()";
    let files = [
        (
            "plugins/a/plugin.lua",
            &*manifest("a", permissions, "url = { type = \"url\" }"),
        ),
        ("plugins/a/init.lua", init),
        ("scripts/8001/init.lua", &dialplan(handler)),
    ];
    let project = Project::new(&files, with(vec![("a", json!({ "url": sink.url() }))]));

    let warned = &project.scripts.status().tenants[0].warnings[0].message;
    assert!(
        warned.contains("cannot reach 127.0.0.1 yet: `moonswitch allow a`"),
        "{warned}"
    );
    let refused = why(&project);
    let sentence = "127.0.0.1 is 127.0.0.1, an address of this machine or of a private network: `moonswitch allow a` lets plugin 'a' reach it";
    assert!(refused.contains(sentence), "{refused}");
    assert_eq!(sink.count(), 0);

    let allowed = json!({ "http_client": ["config.url"], "private_hosts": ["config.url"] });
    project
        .store
        .put_grant("8001", "a", allowed)
        .wait()
        .unwrap();
    project.scripts.grants_changed(&"8001".into());
    reload(&project);
    assert_eq!(why(&project), "200yes");
    let request = sink.next();
    assert_eq!(request.body, r#"{"n":1}"#);
    assert_eq!(request.header("authorization"), "Bearer t");
    assert_eq!(request.header("content-type"), "application/json");
}

#[test]
fn a_dialplan_reaches_the_world_and_nothing_private() {
    let handler = "local _, why = pcall(http.get, \"http://localhost:1/\") call.vars.why = why";

    let why = why(&Project::handler(handler));

    let sentence = "an address of this machine or of a private network: a plugin can";
    assert!(why.contains(sentence), "{why}");
}

#[test]
fn who_wants_a_rest_is_asked_again_after_it_and_a_long_one_is_left_to_jobs() {
    let asked = |says: Vec<Says>| {
        let sink = Sink::saying(([127, 0, 0, 1], 0).into(), says);
        let init = "return { ask = function()
            local reply = http.get(plugin.config.url, { retry = 1 })
            return reply.status .. \" \" .. tostring(reply.retry_after)
          end }";
        let manifest = manifest(
            "a",
            "http_client = { \"config.url\" }, private_hosts = { \"config.url\" }",
            "url = { type = \"url\" }",
        );
        let plan = dialplan("call.vars.why = require(\"plugins.a\").ask()");
        let files = [
            ("plugins/a/plugin.lua", manifest.as_str()),
            ("plugins/a/init.lua", init),
            ("scripts/8001/init.lua", &plan),
        ];
        let allowed = json!({ "http_client": ["config.url"], "private_hosts": ["config.url"] });
        let before = move |store: &::store::Sqlite| {
            store.put_grant("8001", "a", allowed).wait().unwrap();
        };
        let project = Project::new(
            &files,
            Setting {
                before: Some(Box::new(before)),
                ..with(vec![("a", json!({ "url": sink.url() }))])
            },
        );
        (why(&project), sink.count())
    };
    let busy = |headers| Says::status(429).with_headers(headers);

    let short = asked(vec![busy("Retry-After: 1\r\n"), Says::status(200)]);
    assert_eq!(short, ("200 nil".to_owned(), 2));
    let long = asked(vec![busy("Retry-After: 90\r\n"), Says::status(200)]);
    assert_eq!(long, ("429 90.0".to_owned(), 1));
    // The tests' clock stands at 08:00:00 on that day.
    let date = "Retry-After: Fri, 15 Jan 2027 08:02:00 GMT\r\n";
    let dated = asked(vec![busy(date), Says::status(200)]);
    assert_eq!(dated, ("429 120.0".to_owned(), 1));
}
