//! Who waits, who is to be called back, and what agents have done outlive the exchange.

use std::time::Duration;

use crate::support::{Exchange, Keys, Phone, Setup, eventually, pilot};

const PLAN: &str = r#"-- Customers wait for 1049, or for 1050 and 1051.
queue "it" {
  agents = { "1049" }, wrap_up = 0, resume = "5m", join_if = "always", stay_if = "always",
  callback = { trunk = "carrier", caller_id = "4001" },
}
queue "hr" { agents = { "1050", "1051" }, strategy = "fewest_calls", wrap_up = 0 }
local function does(act)
  return function(call)
    act(call.user.extension)
    call:answer()
  end
end
context "inbound" {
  ["4001"] = function(call) call:queue("it", { keys = { ["2"] = { to = "callback", confirm = false } } }) end,
  ["4002"] = function(call) call:queue("hr") end,
}
context "internal" {
  ["*22"] = does(agents.log_in), ["*23"] = does(agents.idle), ["*24"] = does(agents.busy),
}
"#;

fn dials(phone: &Phone, code: &str) {
    phone.dials(code).is_hung_up();
}

#[test]
fn e37_places_call_backs_agents_and_their_counts_outlive_kill_9() {
    let mut exchange = Exchange::start_program(Setup {
        sounds: vec![("queue/callback-call", WORDS)],
        ..Setup::with(PLAN)
    });
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let carrier = exchange.carrier();
    for phone in [&a1, &a2, &a3] {
        dials(phone, "*22");
    }
    // 1050 has had a call, and has been idle for longer than 1051 all the same.
    dials(&a2, "*23");
    let had = carrier.dials("4002");
    let agent = a2.rings();
    agent.answers();
    had.hears(pilot::A2);
    had.hangs_up();
    agent.is_over();
    dials(&a3, "*23");
    let waits = |customer: usize| {
        let number = format!("1380000000{customer}");
        let line = carrier.dials_as(&number, "4001", CUSTOMERS[customer]);
        line.hears(pilot::MUSIC);
        line
    };
    let _first = waits(0);
    let home = waits(1);
    home.presses("2", Keys::Rfc4733);
    home.is_over_within(LONG);
    let _third = waits(2);
    eventually("all of it on disk", || {
        let log = exchange.store().queue_log("8001", Default::default());
        let log = log.wait().unwrap();
        let entered = log.iter().filter(|line| line.kind == "entered").count();
        let idle = exchange.states("1051").last()?.starts_with("idle");
        (entered == 4 && idle).then_some(())
    });

    exchange.is_killed();
    exchange.resume();
    for phone in [&a1, &a2, &a3] {
        phone.registers();
    }

    // Their states, and what they have done: nobody has logged in again.
    let fewest = carrier.dials("4002");
    let agent = a3.rings();
    agent.answers();
    fewest.hears(pilot::A3);
    agent.hangs_up();
    fewest.is_over();
    // The stranger comes first of those who come again, and is served last.
    let stranger = waits(3);
    let third = waits(2);
    let first = waits(0);
    dials(&a1, "*23");
    let agent = a1.rings();
    agent.answers();
    first.hears(pilot::A1);
    agent.hangs_up();
    first.is_over();
    let called = carrier.rings();
    called.answers();
    called.hears_within(WORDS, LONG);
    called.presses("1", Keys::Rfc4733);
    let agent = a1.rings();
    agent.answers();
    called.hears_within(pilot::A1, LONG);
    agent.hangs_up();
    for (line, customer) in [(&third, 2), (&stranger, 3)] {
        let agent = a1.rings();
        agent.answers();
        agent.hears(CUSTOMERS[customer]);
        line.hears(pilot::A1);
        agent.hangs_up();
        line.is_over();
    }
}

/// The voices of customers.
const CUSTOMERS: [f64; 4] = [500.0, 560.0, 660.0, 800.0];
/// What says that one is called back.
const WORDS: f64 = 2_200.0;
const LONG: Duration = Duration::from_secs(20);
