//! What `moonswitch status` shows of what the exchange says.

use serde_json::json;

use super::*;

#[test]
fn queues_and_agents_have_a_line_each() {
    let floor = json!({
        "tenant": "8001",
        "queues": [
            { "name": "it", "waiting": 2, "longest_wait_ms": 34_500,
              "agents": { "logged_out": 1, "busy": 0, "idle": 0, "offered": 0, "talking": 1, "wrap_up": 1 } },
            { "name": "night", "waiting": 0, "longest_wait_ms": 0, "agents": { "idle": 0 } },
            { "name": "old", "gone": true, "waiting": 1, "longest_wait_ms": 0, "agents": { "busy": 1 } },
        ],
        "agents": [
            { "id": "1049", "name": "温平", "state": "wrap_up", "reason": null, "reachable": true, "lasted_ms": 75_000 },
            { "id": "1050", "name": null, "state": "busy", "reason": "meal", "reachable": false, "lasted_ms": 1_000 },
        ],
    });

    let lines = floor_lines(&floor);

    assert_eq!(
        lines[0],
        "8001: queue it: 2 wait, the longest for 34 s; 1 logged out, 1 talking, 1 wrap up"
    );
    assert_eq!(lines[1], "8001: queue night: 0 wait; no agents");
    assert_eq!(
        lines[2],
        "8001: queue old (gone from the files, and nobody else gets in): 1 wait; 1 busy"
    );
    assert_eq!(lines[3], "8001: agent 1049 温平: wrap up for 1 min 15 s");
    assert_eq!(
        lines[4],
        "8001: agent 1050: busy (meal) for 1 s, no phone answers"
    );
}

#[test]
fn a_tenants_lines_show_all_that_is_wrong() {
    let tenant = json!({
        "tenant": "8001", "generation": 42, "hash": "ab", "since": 0, "calls": 3,
        "memory": 12_345_678, "stuck": 1, "failures": 7,
        "plugins": [{ "name": "sms", "version": "1.0", "faults": 5,
                      "left_out": { "since": 0, "why": "oops" },
                      "line": { "place": "smsc.example:2775", "state": "resting", "since": 0, "sent": 7, "refused": 1,
                                "received": 3, "waiting": 0, "why": "look at system_id and password" } }],
        "old": [{ "generation": 41, "calls": 2, "age_seconds": 75 }],
        "refused": { "generation": 43, "at": 0, "errors": [{ "message": "scripts/a.lua:19: '}' expected" }] },
        "gone_back": { "to": 42, "from": 44, "at": 0 },
        "held": { "at": 0, "errors": [{ "message": "scripts/b.lua:1: oops" }] },
        "kept": [{ "generation": 44, "at": 0 }, { "generation": 42, "at": 0 }, { "generation": 41, "at": 0 },
                 { "generation": 40, "at": 0 }, { "generation": 39, "at": 0 }, { "generation": 38, "at": 0 }],
        "warnings": [{ "message": "scripts/a.lua:3: no trunk 'x'" }],
        "last_failures": [
            { "at": 0, "generation": 42, "call": "c1", "message": "scripts/a.lua:7: oops" },
            { "at": 0, "generation": 42, "call": null, "message": "late" },
        ],
    });

    let lines = tenant::lines(&tenant);

    let tells = |wanted: &str| {
        let found = lines.iter().any(|line| line.contains(wanted));
        assert!(found, "{wanted} is not in {lines:#?}");
    };
    assert!(lines[0].starts_with("8001: generation 42 (ab), since "));
    tells("3 handlers run, 12 MB");
    tells("  generation 41 still has 2 calls, 1 min 15 s old");
    tells("  plugin sms 1.0, 5 faults");
    tells("    line to smsc.example:2775: resting since ");
    tells(", 7 sent, 1 refused, 3 received, 0 wait");
    tells("      look at system_id and password");
    tells("    is left out since ");
    tells(": oops");
    tells("  1 threads are stuck and were given up");
    tells("  generation 43 refused at ");
    tells("    scripts/a.lua:19: '}' expected");
    tells("  gone back from generation 44 at ");
    tells("saved files are held until `moonswitch reload`");
    tells("  the files that are held would be refused");
    tells("    scripts/b.lua:1: oops");
    tells("  `moonswitch rollback` can go to 44 (");
    tells("), 1 more");
    tells("  warning: scripts/a.lua:3: no trunk 'x'");
    tells("  7 failures of scripts, the newest:");
    tells("generation 42, call c1: scripts/a.lua:7: oops");
    tells("generation 42: late");
}

#[test]
fn what_of_config_lua_is_not_in_force_is_said() {
    let scripts = json!({
        "config_refused": { "at": 0, "errors": ["config.lua:9: no setting 'domian'"] },
        "waiting_for_restart": ["sip.listen"],
    });

    let lines = config_lines(&scripts);

    assert!(lines[0].starts_with("config.lua refused at "), "{lines:?}");
    assert_eq!(
        lines[1..],
        [
            "  config.lua:9: no setting 'domian'",
            "sip.listen has changed and waits for a restart"
        ]
    );
    let fine = json!({ "config_refused": null, "waiting_for_restart": [] });
    assert!(config_lines(&fine).is_empty());
}

#[test]
fn a_trunk_that_was_never_heard_of_is_not_said_to_answer() {
    let line = |alive: Value| {
        let hosts = [json!({ "address": "192.0.2.1:5060", "alive": alive })];
        trunk_line(&json!({ "name": "carrier", "hosts": hosts, "lines": 0 }))
    };

    assert_eq!(
        line(Value::Null),
        "carrier: 192.0.2.1:5060 has not been asked yet, 0 lines in use"
    );
    assert!(line(json!(true)).contains("answers"));
    assert!(line(json!(false)).contains("is silent"));
}

#[test]
fn a_tenant_without_scripts_says_what_callers_get() {
    let tenant = json!({ "tenant": "8001", "generation": null });

    assert_eq!(
        tenant::lines(&tenant),
        ["8001: no generation; callers get the fallback"]
    );
}

#[test]
fn each_outcome_of_a_reload_has_its_line() {
    let line = |outcome: Value| reload_line(&json!({ "tenant": "8001", "outcome": outcome }));

    assert_eq!(
        line(json!({ "outcome": "published", "generation": 2 })),
        "8001: generation 2 is published"
    );
    assert_eq!(
        line(json!({ "outcome": "refused", "generation": 3, "stays": 2 })),
        "8001: generation 3 refused, 2 stays"
    );
    assert_eq!(
        line(json!({ "outcome": "refused", "generation": 1, "stays": null })),
        "8001: generation 1 refused; callers get the fallback"
    );
    assert_eq!(
        line(json!({ "outcome": "unchanged" })),
        "8001: nothing has changed"
    );
    assert_eq!(
        line(json!({ "outcome": "held", "generation": 2, "errors": [] })),
        "8001: generation 2 stays: saved files are held until `moonswitch reload`"
    );
}
