//! The hotline's switch: one command, whoever gives it from wherever.

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Setup, Stream, eventually};

const ON: &str = "<state>confirmed</state>";
const OFF: &str = "<state>terminated</state>";

/// The next command of a desk that is told.
fn told(stream: &mut Stream) -> Value {
    let event = stream.until("desk.command").pop().unwrap();
    event["data"].clone()
}

fn set(state: &str) -> Value {
    json!({ "command": "queue_switch", "switch": "hotline", "state": state })
}

#[test]
fn e36_leaders_set_the_switch_by_phone_and_at_a_desk_with_the_same_event_and_agents_do_not() {
    let mut exchange = Exchange::start(Setup::default().with_http());
    let [leader, a1] = exchange.phones(["1001", "1049"]);
    let program = Api::of(&exchange, "8001");
    let mut stream = program.listens(None);
    let [leads, works] =
        ["1001", "1049"].map(|user| Api::at_desk(&exchange, "8001", user, &format!("demo-{user}")));
    let closed = a1.watches("dialog", "*281");
    closed.shows(&[OFF]);

    // An agent may not: by phone, at the desk.
    let said = exchange.said_to(&a1, "*281", &[]);
    assert_eq!(said, ["hours/switch-denied"]);
    let denied = told(&mut stream);
    let (status, why) = works.gives("/users/1049/commands", &set("closed"));
    assert_eq!((status, &why["code"]), (403, &json!("not_allowed")));
    assert_eq!(told(&mut stream), denied);
    assert_eq!(denied["outcome"], "not_allowed");

    // A leader may: the same is told, and the same lamp is lit.
    let said = exchange.said_to(&leader, "*281", &[]);
    assert_eq!(said, ["hours/switch-closed"]);
    let done = told(&mut stream);
    closed.shows(&[ON]);
    let (status, answer) = leads.gives("/users/1001/commands", &set("open"));
    assert_eq!(status, 200, "{answer}");
    closed.shows(&[OFF]);
    assert_eq!(told(&mut stream), done);
    let expected = json!({
        "by": "user:1001", "user": "1001", "command": "queue_switch", "outcome": "done",
    });
    assert_eq!(done, expected);

    // How it stands, since when and by whom, everybody may read.
    let stands = &works.get("/switches")["items"][0];
    assert_eq!(
        (&stands["name"], &stands["state"]),
        (&json!("hotline"), &json!("open"))
    );
    assert_eq!(
        (&stands["by"], &stands["who"]),
        (&json!("user:1001"), &json!("班长"))
    );
    assert!(stands["since"].is_string(), "{stands}");

    // What there is not is told, with what there is.
    let wrong = json!({ "command": "queue_switch", "switch": "hotlin", "state": "open" });
    let (status, why) = leads.gives("/users/1001/commands", &wrong);
    assert_eq!((status, &why["code"]), (422, &json!("no_such_switch")));
    let unknown = json!({ "command": "queue_switch", "switch": "hotline", "state": "shut" });
    assert!((400..500).contains(&leads.gives("/users/1001/commands", &unknown).0));

    // A program's outlives a restart like anybody's, and each has a line in the audit log.
    let (status, _) = program.gives("/users/1001/commands", &set("emergency"));
    assert_eq!(status, 200);
    eventually("all lines of the audit log", || {
        let lines = program.items("/audit");
        let ours = lines
            .iter()
            .filter(|line| line["act"] == "command:queue_switch");
        (ours.count() == 6).then_some(())
    });
    let before = program.get("/switches");
    assert_eq!(before["items"][0]["by"], "api:desk");
    exchange.stop();
    exchange.resume();
    let program = Api::of(&exchange, "8001");
    assert_eq!(program.get("/switches"), before);
    let said = exchange.said_to(&a1, "*28", &[]);
    assert_eq!(said, ["hours/switch-emergency"]);
}

#[test]
fn e36_what_a_plan_does_with_the_switch_is_about_no_user_in_the_event_and_in_the_audit_log() {
    let script = r#"
every("1s", function()
  desk.order(nil, { command = "queue_switch", switch = "hotline", state = "closed" })
end)
context "internal" { ["*60"] = function(call) call:answer() end }
"#;
    let exchange = Exchange::start(Setup::with(script).with_http());
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);

    let expected = json!({
        "by": "script", "user": null, "command": "queue_switch", "outcome": "done",
    });
    assert_eq!(told(&mut stream), expected);
    let line = eventually("a line of the audit log", || {
        let lines = api.items("/audit?act=command:queue_switch");
        lines.first().cloned()
    });
    assert_eq!(
        (&line["by"], &line["about"]),
        (&json!("script"), &json!("hotline"))
    );
    let stands = &api.get("/switches")["items"][0];
    assert_eq!(
        (&stands["state"], &stands["by"]),
        (&json!("closed"), &json!("script"))
    );
    assert_eq!(stands["who"], Value::Null);
}
