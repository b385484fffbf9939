//! What agents set for themselves by phone: automatic answer, do-not-disturb, the phone at which they sit.

use std::time::Duration;

use serde_json::json;

use crate::support::{Api, Exchange, Setup, eventually, pilot};

/// The demo's codes with a queue and direct calls.
fn exchange(more: &str) -> (Exchange, Api) {
    let usual = Setup::default();
    let exchange = Exchange::start(
        Setup {
            tenant: format!("{} {more}", usual.tenant),
            ..usual
        }
        .witnessed(),
    );
    let api = Api::of(&exchange, "8001");
    (exchange, api)
}

/// Gives an order as a program; the status and the answer.
fn orders(api: &Api, user: &str, deed: serde_json::Value) -> (u16, serde_json::Value) {
    api.gives(&format!("/users/{user}/commands"), &deed)
}

#[test]
fn s37_a_phone_is_told_to_answer_customers_by_itself_and_hears_a_tone_first() {
    let (exchange, _) = exchange("");
    let [a1, leader] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    exchange.logs_in(&a1);
    let said = exchange.said_to(&a1, "*481", &[]);
    assert_eq!(said, ["agent/auto-answer-on"]);
    exchange.said_to(&a1, "*23", &[]);

    let call = carrier.dials("4001234567");
    call.is_answered();
    call.hears_something(Duration::from_millis(300));
    call.presses("1", crate::support::Keys::Rfc4733);
    let offered = a1.rings();
    let invite = offered.invite();
    for word in ["answer-after=0", "info=alert-autoanswer", "Auto Answer"] {
        assert!(invite.contains(word), "{word} in {invite}");
    }
    offered.answers();
    call.hears(pilot::A1);
    exchange.agree_on("1049", "talking");
    call.hangs_up();
    offered.is_hung_up();

    // A colleague's direct call rings as ever, unless that is chosen too.
    let direct = leader.dials("1049");
    let rung = a1.rings();
    assert!(!rung.invite().contains("answer-after"));
    direct.hangs_up();
    rung.is_over_within(Duration::from_secs(5));
    let said = exchange.said_to(&a1, "*480", &[]);
    assert_eq!(said, ["agent/auto-answer-off"]);
}

#[test]
fn what_is_set_by_phone_outlives_a_restart() {
    let (mut exchange, _) = exchange("");
    let [a1] = exchange.phones(["1049"]);
    exchange.said_to(&a1, "*481", &[]);
    exchange.said_to(&a1, "*78", &[]);
    drop(a1);

    exchange.stop();
    exchange.resume();

    let api = Api::of(&exchange, "8001");
    let settings = &api.get("/agents/1049")["settings"];
    assert_eq!(settings["auto_answer"], true);
    assert_eq!(settings["do_not_disturb"], true);
}

#[test]
fn who_does_not_want_to_be_disturbed_is_busy_for_others_until_they_do() {
    let (exchange, _) = exchange("");
    let [a1, leader] = exchange.phones(["1049", "1001"]);
    let said = exchange.said_to(&a1, "*78", &[]);
    assert_eq!(said, ["agent/dnd-on"]);

    let call = leader.dials("1049");
    assert!(a1.is_not_called_for(Duration::from_millis(700)));
    call.hangs_up();
    assert_eq!(exchange.said_to(&a1, "*79", &[]), ["agent/dnd-off"]);

    leader.dials("1049");
    a1.rings();
}

#[test]
fn s36_auto_idle_and_auto_busy_at_once_are_refused_by_the_api() {
    let (_exchange, api) = exchange("");

    let (status, done) = orders(
        &api,
        "1049",
        json!({ "command": "auto_idle", "on": true, "seconds": 15 }),
    );
    assert_eq!(status, 200);
    assert_eq!(done["agent"]["settings"]["wrap_up_ms"], 15_000);
    let (status, refused) = orders(&api, "1049", json!({ "command": "auto_busy", "on": true }));

    assert_eq!((status, &refused["code"]), (409, &json!("exclusive")));
}

#[test]
fn s3_an_agent_sits_down_at_any_phone_and_calls_for_them_ring_there() {
    let (exchange, api) = exchange("");
    let [a1, a2, leader] = exchange.phones(["1049", "1050", "1001"]);
    // The PIN is chosen at one's own phone, and at no other.
    let said = exchange.said_to(&a2, "*221049", &["2580", "2580", "2580"]);
    assert_eq!(said, ["agent/failed"]);
    for phone in [&a1, &a2] {
        exchange.logs_in(phone);
        exchange.said_to(phone, "*20", &[]);
    }
    let said = exchange.said_to(&a2, "*221999", &[]);
    assert_eq!(said, ["agent/no-such-agent"]);

    let said = exchange.said_to(&a2, "*221049", &["2580"]);
    assert_eq!(said, ["agent/login-ok", "agent/state-busy"]);
    assert_eq!(api.get("/agents/1049")["settings"]["device"], "1050");
    exchange.agree_on("1049", "busy");

    // What is done there is theirs, and what is for them rings there, and there alone.
    let said = exchange.said_to(&a2, "*23", &[]);
    assert_eq!(said[0], "agent/idle-ok");
    exchange.agree_on("1049", "idle");
    exchange.agree_on("1050", "logged_out");
    let direct = leader.dials("1049");
    let rung = a2.rings();
    assert!(a1.is_not_called_for(Duration::from_millis(500)));
    rung.answers();
    direct.hears(pilot::A2);
    exchange.agree_on("1049", "internal");
    direct.hangs_up();
    rung.is_hung_up();
    exchange.agree_on("1049", "idle");

    // Whose phone it is finds it taken, and is not logged in without one.
    let said = exchange.said_to(&a2, "*221050", &["2580"]);
    assert_eq!(said, ["agent/device-taken"]);
    exchange.agree_on("1050", "logged_out");
    // Logged in again at the own phone it is the session there; logged out, each phone is its user's.
    let said = exchange.said_to(&a1, "*22", &["2580"]);
    assert_eq!(said, ["agent/login-ok", "agent/state-idle"]);
    assert_eq!(api.get("/agents/1049")["settings"]["device"], json!(null));
    leader.dials("1049");
    a1.rings();
    exchange.said_to(&a1, "*20", &[]);
    assert_eq!(api.get("/agents/1049")["settings"]["device"], json!(null));
}

#[test]
fn s5_a_phone_where_somebody_sits_is_not_taken_without_a_word_and_everybody_hears_of_a_move() {
    let (exchange, api) = exchange("");
    let [a1, _a2] = exchange.phones(["1049", "1050"]);
    exchange.logs_in(&a1);
    let (status, _) = orders(&api, "1051", json!({ "command": "log_in" }));
    assert_eq!(status, 200);
    let mut stream = api.listens(None);

    let sit = json!({ "command": "sit", "device": "1049" });
    let (status, refused) = orders(&api, "1051", sit);
    assert_eq!((status, &refused["code"]), (409, &json!("device_taken")));
    let (status, refused) = orders(&api, "1051", json!({ "command": "sit", "device": "1999" }));
    assert_eq!((status, &refused["code"]), (422, &json!("no_such_device")));
    let sit = json!({ "command": "sit", "device": "1049", "take_over": true });
    assert_eq!(orders(&api, "1051", sit).0, 200);

    exchange.agree_on("1049", "logged_out");
    let moved = stream.until("agent.moved").pop().unwrap();
    assert_eq!(
        (
            &moved["data"]["agent"],
            &moved["data"]["from"],
            &moved["data"]["to"]
        ),
        (&json!("1051"), &json!("1051"), &json!("1049"))
    );
    assert_eq!(moved["data"]["by"], "api:desk");
}

#[test]
fn s3_nobody_sits_down_from_afar_at_a_phone_over_whose_user_they_have_no_say() {
    let (exchange, api) = exchange("");
    let [a1, a2, _leader] = exchange.phones(["1049", "1050", "1001"]);
    exchange.logs_in(&a1);
    exchange.logs_in(&a2);
    let desk = |user: &str| Api::at_desk(&exchange, "8001", user, &format!("demo-{user}"));
    let (rogue, leader) = (desk("1050"), desk("1001"));
    let sit = |device: &str, take_over: bool| json!({ "command": "sit", "device": device, "take_over": take_over });

    for (device, take_over) in [("1001", false), ("1001", true), ("1049", true)] {
        let (status, refused) = orders(&rogue, "1050", sit(device, take_over));
        assert_eq!(
            (status, &refused["code"]),
            (403, &json!("not_allowed")),
            "{device}"
        );
    }
    exchange.agree_on("1049", "busy");
    assert_eq!(api.get("/agents/1050")["settings"]["device"], json!(null));
    assert_eq!(
        orders(&rogue, "1050", json!({ "command": "sit" })).0,
        200,
        "their own is theirs"
    );

    assert_eq!(orders(&leader, "1050", sit("1049", true)).0, 200);
    exchange.agree_on("1049", "logged_out");
    assert_eq!(api.get("/agents/1050")["settings"]["device"], "1049");
}

#[test]
fn s5_who_logs_in_at_a_second_phone_by_its_keys_goes_on_there_and_the_first_is_told() {
    let (exchange, api) = exchange("");
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    exchange.logs_in(&a1);
    // A call that goes on at the first is not cut.
    let call = a1.dials("13900139000");
    let far = carrier.rings();
    far.answers();
    call.hears(pilot::C1);

    let said = exchange.said_to(&a2, "*221049", &["2580"]);

    assert_eq!(said[0], "agent/login-ok");
    let told = a1.is_texted(1).pop().unwrap().text;
    assert!(
        told.contains("已在别处登录") && told.contains("1050"),
        "{told}"
    );
    assert_eq!(api.get("/agents/1049")["settings"]["device"], "1050");
    call.hears(pilot::C1);
    call.hangs_up();
    far.is_hung_up();
}

#[test]
fn s6_an_idle_agent_who_must_be_busy_to_dial_is_refused_at_the_phone_and_dials_after_the_break() {
    let (exchange, _) = exchange("agents = { outbound = { require_busy = true } },");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    exchange.logs_in(&a1);
    exchange.said_to(&a1, "*23", &[]);

    a1.dials("13900000000").is_over();
    assert!(carrier.is_not_called_for(Duration::from_millis(200)));
    exchange.said_to(&a1, "*24", &[]);

    let call = a1.dials("13900000000");
    carrier.rings().answers();
    call.hears(pilot::C1);
}

#[test]
fn a_conversation_comes_to_the_phone_that_asks_for_it() {
    let (exchange, _) = exchange("");
    let [a1] = exchange.phones(["1049"]);
    let other = exchange.phone_with("1049", |manner| manner.pilot = pilot::A3);
    other.registers();
    let carrier = exchange.carrier();
    let own = a1.dials("13900000000");
    let far = carrier.rings();
    far.answers();
    far.hears(pilot::A1);

    let pulls = other.dials("*26");

    far.hears(pilot::A3);
    pulls.hears(pilot::C1);
    own.is_hung_up();
}

#[test]
fn s13_a_break_that_wants_approval_is_asked_for_and_one_that_lasts_too_long_is_told_of() {
    let rules = "agents = { approved_reasons = { \"training\" }, reason_limits = { [\"break\"] = 1 }, reason_required = true },";
    let (exchange, api) = exchange(rules);
    let [a1] = exchange.phones(["1049"]);
    exchange.logs_in(&a1);
    let mut stream = api.listens(None);
    assert_eq!(exchange.said_to(&a1, "*24", &[]), ["agent/reason-required"]);
    assert_eq!(exchange.said_to(&a1, "*243", &[]), ["agent/approval-asked"]);
    let asks = stream.until("agent.asks").pop().unwrap();
    assert_eq!(
        asks["data"],
        json!({ "agent": "1049", "reason": "training" })
    );
    assert_eq!(api.get("/agents/1049")["asks"], "training");

    assert_eq!(orders(&api, "1049", json!({ "command": "approve" })).0, 200);
    assert_eq!(api.get("/agents/1049")["reason"], "training");
    exchange.said_to(&a1, "*241", &[]);

    let overrun = stream.until("agent.overrun").pop().unwrap();
    assert_eq!(overrun["data"]["reason"], "break");
}

#[test]
fn s32_a_reset_never_cuts_a_call_and_tells_of_a_defect() {
    let (exchange, api) = exchange("");
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    exchange.logs_in(&a1);
    let mut stream = api.listens(None);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);

    let said = exchange.said_to(&a1, "*29", &[]);
    assert_eq!(said, ["agent/reset-ok", "agent/after-call"]);
    call.hears(pilot::A2);
    exchange.agree_on("1049", "internal");
    let told = stream.until("agent.reset").pop().unwrap();
    let trace = told["data"]["trace"].as_str().unwrap();
    assert!(trace.contains("state internal"), "{trace}");
    call.hangs_up();

    eventually("the agent to be busy", || {
        (api.get("/agents/1049")["reason"] == "reset").then_some(())
    });
    exchange.agree_on("1049", "busy");
}

#[test]
fn s6_who_is_offered_a_call_is_not_dialled_for_and_who_is_idle_may_have_to_be_busy() {
    let (exchange, api) = exchange("agents = { outbound = { require_busy = true } },");
    let [a1] = exchange.phones(["1049"]);
    exchange.logs_in(&a1);
    exchange.said_to(&a1, "*23", &[]);
    let dial = json!({ "from": "1049", "to": "13900000000" });

    let (status, refused) = api.gives("/calls", &dial);
    assert_eq!((status, &refused["code"]), (409, &json!("not_busy")));
    let carrier = exchange.carrier();
    let call = carrier.dials("4001234567");
    call.is_answered();
    call.hears_something(Duration::from_millis(300));
    call.presses("1", crate::support::Keys::Rfc4733);
    let offered = a1.rings();
    let (status, refused) = api.gives("/calls", &dial);
    assert_eq!((status, &refused["code"]), (409, &json!("offered")));
    offered.refuses(486);
    call.hangs_up();
    exchange.said_to(&a1, "*24", &[]);

    assert_eq!(api.gives("/calls", &dial).0, 201);
    a1.rings();
    exchange.agree_on("1049", "dialling");
}

#[test]
fn s83_who_changes_their_pin_by_phone_has_a_line_in_the_audit_log_that_does_not_say_which_it_is() {
    let (exchange, api) = exchange("");
    let [a1] = exchange.phones(["1049"]);
    exchange.said_to(&a1, "*22", &["2580", "2580"]);

    let said = exchange.said_to(&a1, "*11", &["2580", "3690", "3690"]);

    assert_eq!(said.last().map(String::as_str), Some("agent/pin-changed"));
    let lines = eventually("both lines", || {
        let all = api.items("/audit?act=command:change_pin");
        (all.len() == 2).then_some(all)
    });
    for line in lines {
        assert_eq!(
            (&line["by"], &line["about"], &line["outcome"]),
            (&json!("user:1049"), &json!("1049"), &json!("done"))
        );
        assert!(!line.to_string().contains("\"3690"), "{line}");
    }
}
