//! Tables of plugins: made by migrations before a generation goes live, asked from Lua, each plugin
//! its own.

use script::Outcome;
use serde_json::json;

use super::{dialplan, manifest, plugin, refused, reload, until_kept, why, with};
use crate::support::{Project, Setting, until};

const MAY: &str = "db = true, store = true, events = { \"call.ended\" }, jobs = true";

const TABLES: &str =
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, call TEXT, text TEXT, score REAL);";

/// Plugin `a` with tables, and a dialplan whose 100 leaves in `why` what `try` of the plugin gives.
fn tables(migrations: &[(&str, &str)], init: &str) -> Project {
    let manifest = manifest("a", MAY, "");
    let plan = dialplan("call.vars.why = require(\"plugins.a\").try(call)");
    let mut files = vec![
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", init),
        ("scripts/8001/init.lua", &plan),
    ];
    files.extend(migrations);
    Project::new(&files, with(vec![("a", json!({}))]))
}

fn first(init: &str) -> Project {
    tables(&[("plugins/a/migrations/0001_notes.sql", TABLES)], init)
}

/// What the body of `try` gives.
fn tried(body: &str) -> String {
    why(&first(&format!(
        "return {{ try = function(call) {body} end }}"
    )))
}

#[test]
fn rows_are_put_in_found_and_changed() {
    let answer = tried(
        "local changed, id = db.exec(\"INSERT INTO notes (call, text, score) VALUES (?, ?, ?)\", \"c1\", nil, 2.5)
         db.exec(\"INSERT INTO notes (call, text) VALUES (:call, :text)\", { call = \"c2\", text = \"工单\" })
         local all = db.query(\"SELECT * FROM notes ORDER BY id\")
         local one = db.one(\"SELECT text FROM notes WHERE call = ?\", \"c2\")
         local none = db.one(\"SELECT text FROM notes WHERE call = ?\", \"c3\")
         local gone = db.exec(\"DELETE FROM notes WHERE score > ?\", 1)
         return json.encode { changed, id, #all, all[1].score, all[1].text == nil, one.text, none == nil, gone }",
    );

    assert_eq!(answer, r#"[1,1,2,2.5,true,"工单",true,1]"#);
}

#[test]
fn what_is_wrong_is_told_with_the_line_that_asked() {
    for (body, sentence) in [
        (
            "db.query(\"SELECT * FROM nots\")",
            "db.query: no such table: nots",
        ),
        (
            "db.exec(\"DELETE FROM notes WHERE id = ?\")",
            "db.exec: the statement has 1 marks, and 0 values",
        ),
        ("db.one(\"SELECT 1\", { a = 1 })", "a value is given"),
        (
            "db.exec(\"DELETE FROM notes WHERE id = ?\", print)",
            "a value is text, a number, true, false or nil, got a function",
        ),
        (
            "db.exec(\"DELETE FROM notes WHERE id = ?\", { 1 })",
            "values in a table have names",
        ),
        ("db.query(\"ATTACH 'x' AS y\")", "not for plugins"),
        (
            "db.transaction(7)",
            "db.transaction expects a function, got 7",
        ),
        (
            "db.transaction(function() db.exec(\"DELETE FROM notes\") end)",
            "db.exec within db.transaction would wait for itself: write tx:exec(...)",
        ),
        (
            "db.transaction(function() db.transaction(function() end) end)",
            "transactions are not nested",
        ),
        (
            "db.transaction(function(tx) tx:exce(\"x\") end)",
            "a transaction has no 'exce' (did you mean 'exec'?)",
        ),
        (
            "local kept db.transaction(function(tx) kept = tx end) kept:exec(\"DELETE FROM notes\")",
            "transaction:exec: the transaction is over",
        ),
        (
            "return tostring(select(2, pcall(function() string.gsub(\"a\", \"a\", function() db.query(\"SELECT 1\") end) end)))",
            "db.query cannot be used inside string.gsub",
        ),
    ] {
        let body = match body.starts_with("return") {
            true => body.to_owned(),
            false => format!("local _, why = pcall(function() {body} end) return why"),
        };
        let answer = tried(&body);
        assert!(answer.contains(sentence), "{body}: {answer}");
        assert!(answer.contains("plugins/a/init.lua:1: "), "{answer}");
    }
}

#[test]
fn what_a_transaction_did_counts_when_it_returns_and_is_undone_when_it_fails() {
    let answer = tried(
        "local insert = \"INSERT INTO notes (call) VALUES (?)\"
         local a, b = db.transaction(function(tx)
           tx:exec(insert, \"c1\")
           tx:exec(insert, \"c2\")
           return tx:one(\"SELECT count(*) AS n FROM notes\").n, \"both\"
         end)
         local ok, why = pcall(function()
           db.transaction(function(tx)
             tx:exec(insert, \"c3\")
             error(\"oops\")
           end)
         end)
         return json.encode { a, b, ok, why, db.one(\"SELECT count(*) AS n FROM notes\").n }",
    );

    assert_eq!(
        answer,
        r#"[2,"both",false,"plugins/a/init.lua:10: oops",2]"#
    );
}

#[test]
fn a_transaction_ends_with_its_call() {
    let project = first(
        "return { try = function(call)
           db.transaction(function(tx)
             tx:exec(\"INSERT INTO notes (call) VALUES ('c1')\")
             call:play(\"park\")
           end)
         end, count = function() return db.one(\"SELECT count(*) AS n FROM notes\").n end }",
    );
    let call = project.call("100");
    project.exchange.plays(call, "park");

    project.scripts.hang_up(call);

    project.folder.write(
        "scripts/8001/init.lua",
        dialplan("call.vars.why = tostring(require(\"plugins.a\").count())"),
    );
    assert!(matches!(reload(&project), Outcome::Published { .. }));
    assert_eq!(why(&project), "0");
}

#[test]
fn plugins_have_tables_of_their_own_and_dialplans_have_none() {
    let may = manifest("a", MAY, "");
    let other = manifest("b", "db = true", "");
    let init = "return { try = function()
        db.exec(\"CREATE TABLE IF NOT EXISTS mine (a)\")
        return json.encode(db.query(\"SELECT name FROM sqlite_master WHERE name IN ('notes', 'mine')\"))
      end }";
    let plan = dialplan(
        "call.vars.why = require(\"plugins.b\").try() .. tostring(pcall(function() return db end))",
    );
    let files = [
        ("plugins/a/plugin.lua", may.as_str()),
        ("plugins/a/init.lua", ""),
        ("plugins/a/migrations/0001_notes.sql", TABLES),
        ("plugins/b/plugin.lua", &other),
        ("plugins/b/init.lua", init),
        ("scripts/8001/init.lua", &plan),
    ];
    let project = Project::new(&files, with(vec![("a", json!({})), ("b", json!({}))]));

    assert_eq!(why(&project), r#"[{"name":"mine"}]false"#);
}

#[test]
fn who_does_not_ask_for_tables_has_none() {
    let init =
        "return { try = function() local _, why = pcall(db.query, \"SELECT 1\") return why end }";
    let project = plugin("", init, "call.vars.why = require(\"plugins.a\").try()");

    let sentence = "plugin 'a' may not use db: add db = true to permissions";
    assert!(why(&project).contains(sentence));
    let late = plugin("db = true", "db.query(\"SELECT 1\")", "");
    assert!(refused(&late)[0].contains("db.query cannot be used while files load"));
}

#[test]
fn a_new_version_brings_its_tables_and_one_that_is_refused_leaves_them() {
    let count = "return { try = function() return json.encode(db.query(\"SELECT name FROM pragma_table_info('notes')\")) end }";
    let project = first(count);
    let columns = |project: &Project| why(project).matches("name\":").count();
    assert_eq!(columns(&project), 4);

    let second = "plugins/a/migrations/0002_agent.sql";
    project
        .folder
        .write(second, "ALTER TABLE notes ADD COLUMN agent TEXT;");
    project.folder.write("scripts/8001/broken.lua", "oops oops");
    assert!(matches!(reload(&project), Outcome::Refused { .. }));
    assert_eq!(columns(&project), 4, "the generation was refused");

    project
        .folder
        .write("scripts/8001/broken.lua", "-- Mended.");
    assert!(matches!(reload(&project), Outcome::Published { .. }));
    assert_eq!(columns(&project), 5);

    project
        .folder
        .write(second, "ALTER TABLE notes ADD COLUMN agent BLOB;");
    match reload(&project) {
        Outcome::Refused { errors, .. } => {
            let why = "plugins/a/migrations/0002_agent.sql: was changed after it had been done";
            assert!(errors[0].message.contains(why), "{errors:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(columns(&project), 5);
}

#[test]
fn migrations_are_numbered_in_order_and_are_sql() {
    let project = |files: &[(&str, &str)]| tables(files, "return { try = print }");
    for (files, why) in [
        (
            &[("plugins/a/migrations/first.sql", TABLES)][..],
            "plugins/a/migrations/first.sql: a migration is called 0001_words.sql",
        ),
        (
            &[
                ("plugins/a/migrations/0001_a.sql", TABLES),
                ("plugins/a/migrations/0003_b.sql", ""),
            ],
            "plugins/a/migrations/0003_b.sql: the next migration has the number 0002",
        ),
        (
            &[("plugins/a/migrations/0001_a.sql", "CREATE TABLE a (b;")],
            "plugins/a/migrations/0001_a.sql: near \";\": syntax error",
        ),
    ] {
        let errors = refused(&project(files));
        assert!(errors.iter().any(|error| error.contains(why)), "{errors:?}");
    }
}

#[test]
fn a_statement_that_takes_too_long_stops_alone_and_calls_go_on() {
    let project = first(
        "local out = plugin.store(\"out\")
         local endless = \"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n\"
         on(\"call.ended\", function()
           local _, why = pcall(db.query, endless)
           out:set(\"why\", (why:gsub(\"^.-db\", \"db\")))
         end)
         return { try = function(call) call:play(\"fine\") return \"done\" end }",
    );

    project
        .scripts
        .event(&"8001".into(), "call.ended", json!({}));
    assert_eq!(why(&project), "done", "while the statement runs");

    until_kept(
        &project,
        "why",
        &json!("db.query: took longer than 2 s and was undone"),
    );
}

#[test]
fn tables_outlive_the_exchange() {
    let init = "return { try = function(call)
        db.exec(\"INSERT INTO notes (call) VALUES (?)\", call.id)
        return tostring(db.one(\"SELECT count(*) AS n FROM notes\").n)
      end }";
    let first = first(init);
    assert_eq!(why(&first), "1");
    let tables = first.folder.path().join("tables");
    let kept = std::env::temp_dir().join(format!("moonswitch-tables-{}", uuid::Uuid::now_v7()));
    drop(first.scripts);
    std::fs::rename(&tables, &kept).unwrap();

    let manifest = manifest("a", MAY, "");
    let plan = dialplan("call.vars.why = require(\"plugins.a\").try(call)");
    let files = [
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", init),
        ("plugins/a/migrations/0001_notes.sql", TABLES),
        ("scripts/8001/init.lua", &plan),
    ];
    let again = Project::new(
        &files,
        Setting {
            databases: Some(kept.clone()),
            ..with(vec![("a", json!({}))])
        },
    );
    until(|| again.scripts.status().tenants[0].generation.is_some());

    assert_eq!(why(&again), "2");
    let _ = std::fs::remove_dir_all(&kept);
}
