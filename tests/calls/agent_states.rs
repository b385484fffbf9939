//! What agents do is shown as it is, in order and at once, to whoever looks.

use crate::support::{Exchange, Setup, eventually, pilot};

/// A queue `it` whose agents come by *22; outside numbers are dialled as they are.
const PLAN: &str = r#"
queue "it" { agents = { "1049", "1050", "1051" }, wrap_up = 600 }
local function comes(call)
  agents.log_in(call.user.extension)
  call:answer()
end
local function user(call) call:bridge("user:" .. call.to) end
local function outside(call) call:bridge("trunk:carrier/" .. call.to) end
context "inbound" { ["4001"] = function(call) call:queue("it") end, ["_10XX"] = user }
context "internal" { ["*22"] = comes, ["_10XX"] = user, ["_1[3-9]X."] = outside }
"#;

fn exchange() -> Exchange {
    Exchange::start(Setup::with(PLAN).witnessed())
}

/// The words of an agent's states so far.
fn words(exchange: &Exchange, agent: &str) -> Vec<String> {
    let states = exchange.states(agent).into_iter();
    states
        .map(|line| line.split(' ').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn s10_a_call_out_and_a_call_in_show_every_state_once_and_in_order() {
    let exchange = exchange();
    let api = crate::support::Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    exchange.agree_on("1049", "logged_out");
    a1.dials("*22").is_hung_up();
    exchange.agree_on("1049", "busy");

    // A number is dialled for them: their own phone rings first.
    let wanted = serde_json::json!({ "from": "1049", "to": "13900000000" });
    assert_eq!(api.gives("/calls", &wanted).0, 201);
    let own = a1.rings();
    exchange.agree_on("1049", "dialling");
    own.answers();
    let far = carrier.rings();
    exchange.agree_on("1049", "calling");
    far.answers();
    own.hears(pilot::C1);
    exchange.agree_on("1049", "talking");
    far.hangs_up();
    own.is_hung_up();
    exchange.agree_on("1049", "wrap_up");
    let out = ["busy", "dialling", "calling", "talking", "wrap_up"];
    assert_eq!(words(&exchange, "1049"), out);

    let idle = serde_json::json!({ "act": "idle" });
    assert_eq!(api.gives("/agents/1049/state", &idle).0, 200);
    exchange.agree_on("1049", "idle");
    let call = carrier.dials("4001");
    let agent = a1.rings();
    exchange.agree_on("1049", "offered");
    agent.answers();
    call.hears(pilot::A1);
    exchange.agree_on("1049", "talking");
    call.hangs_up();
    agent.is_hung_up();
    exchange.agree_on("1049", "wrap_up");

    let day = [&out[..], &["idle", "offered", "talking", "wrap_up"]].concat();
    assert_eq!(words(&exchange, "1049"), day);
}

#[test]
fn a_hold_a_consultation_and_an_internal_call_are_shown_as_they_are() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    a1.dials("*22").is_hung_up();
    let own = a1.dials("13900000000");
    let far = carrier.rings();
    exchange.agree_on("1049", "calling");
    far.answers();
    own.hears(pilot::C1);
    exchange.agree_on("1049", "talking");

    own.holds(crate::support::Hold::SendOnly);
    exchange.agree_on("1049", "holding");
    let consulted = a1.dials("1050");
    let colleague = a2.rings();
    exchange.agree_on("1049", "consulting");
    colleague.answers();
    consulted.hears(pilot::A2);
    exchange.agree_on("1049", "consulting");
    consulted.hangs_up();
    colleague.is_hung_up();
    exchange.agree_on("1049", "holding");
    own.retrieves();
    exchange.agree_on("1049", "talking");
    own.hangs_up();
    far.is_hung_up();
    exchange.agree_on("1049", "wrap_up");

    // An internal call interrupts 事后, and leaves it as it was.
    let internal = a1.dials("1050");
    a2.rings().answers();
    internal.hears(pilot::A2);
    exchange.agree_on("1049", "internal");
    internal.hangs_up();
    exchange.agree_on("1049", "wrap_up");
}

#[test]
fn d14_a_phone_that_is_gone_for_a_moment_and_one_that_is_gone_for_good_have_their_outcomes() {
    let usual = Setup::with(PLAN);
    let exchange = Exchange::start(
        Setup {
            tenant: format!(
                "{} agents = {{ lost_grace = 2, lost_logout = 4 }},",
                usual.tenant
            ),
            ..usual
        }
        .witnessed(),
    );
    let [a1] = exchange.phones(["1049"]);
    a1.dials("*22").is_hung_up();
    let api = crate::support::Api::of(&exchange, "8001");
    let idle = serde_json::json!({ "act": "idle" });
    assert_eq!(api.gives("/agents/1049/state", &idle).0, 200);
    let reachable = || api.get("/agents/1049")["reachable"].as_bool();

    // A cut shorter than the grace: the same state, and nobody is offered a call meanwhile.
    a1.unregisters();
    eventually("the phone to be gone", || {
        (reachable() == Some(false)).then_some(())
    });
    exchange.agree_on("1049", "idle");
    a1.registers();
    eventually("the phone to be back", || {
        (reachable() == Some(true)).then_some(())
    });
    exchange.agree_on("1049", "idle");
    assert_eq!(words(&exchange, "1049"), ["busy", "idle"]);

    // A longer one: 置忙(掉线), which a phone that comes back does not end.
    a1.unregisters();
    exchange.agree_on("1049", "busy");
    a1.registers();
    assert_eq!(api.get("/agents/1049")["reason"], "lost");
    exchange.agree_on("1049", "busy");

    // And one that does not end: logged out.
    a1.unregisters();
    exchange.agree_on("1049", "logged_out");
    a1.registers();
    exchange.agree_on("1049", "logged_out");
}

#[test]
fn d5_wrap_up_follows_a_transfer_is_shown_and_outlives_a_reload_and_a_restart() {
    let mut exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    for (agent, phone) in [("1049", &a1), ("1050", &a2)] {
        phone.dials("*22").is_hung_up();
        exchange.agree_on(agent, "busy");
    }
    let idle = serde_json::json!({ "act": "idle" });
    let api = crate::support::Api::of(&exchange, "8001");
    assert_eq!(api.gives("/agents/1049/state", &idle).0, 200);
    let call = carrier.dials("4001");
    let first = a1.rings();
    first.answers();
    call.hears(pilot::A1);
    exchange.agree_on("1049", "talking");

    first.transfers_to("1050");
    let second = a2.rings();
    second.answers();
    call.hears(pilot::A2);
    exchange.agree_on("1049", "wrap_up");
    exchange.agree_on("1050", "talking");
    // Who waits is not put through to somebody who wraps up.
    let waits = carrier.dials_as("13800000001", "4001", pilot::C2);
    waits.hears(pilot::MUSIC);
    assert!(a1.is_not_called_for(std::time::Duration::from_millis(500)));
    call.hangs_up();
    second.is_hung_up();
    exchange.agree_on("1050", "wrap_up");
    // As long as the queue says, which has not brought the customer to them itself.
    let left = api.get("/agents/1050")["wrap_up_left_ms"].as_i64();
    assert!(
        left.is_some_and(|left| (590_000..=600_000).contains(&left)),
        "{left:?}"
    );
    waits.hangs_up();

    // A new generation of the scripts, and another start.
    let script = exchange.folder.join("scripts/8001/init.lua");
    std::fs::write(&script, format!("{PLAN}-- Saved anew.\n")).unwrap();
    let renewed = || {
        let generation = api.get("/scripts")["generation"].as_u64()?;
        (generation > 1).then_some(())
    };
    eventually("the new generation", renewed);
    exchange.agree_on("1049", "wrap_up");
    exchange.stop();
    exchange.resume();

    exchange.agree_on("1049", "wrap_up");
    exchange.agree_on("1050", "wrap_up");
}
