//! Calls that scripts make: `calls.originate`, and what they see of calls that are not their own.

use std::time::Duration;

use crate::support::{Exchange, Keys, Setup, pilot};

#[test]
fn a_script_rings_a_user_and_puts_them_through_and_sees_and_ends_the_call() {
    let exchange = Exchange::start(Setup::with(
        "-- Who calls 9000 has 1049 put through to 1050, and ends it by a key.
context \"internal\" {
  [\"9000\"] = function(call)
    call:answer()
    local made, why = calls.originate { from = \"user:1049\", to = \"1050\", timeout = 10 }
    if not made then
      call:play(why == \"busy\" and \"tones/840\" or \"tones/1240\")
      return
    end
    call:gather { max_digits = 1, timeout = 20 }
    local seen = calls.get(made.id)
    call.vars.state, call.vars.with = seen.state, seen.talks_with
    call.vars.count = #calls.list { user = \"1050\" }
    call.vars.ended = calls.hangup(made.id)
    call:play(\"tones/840\")
  end,
  [\"1050\"] = function(call) call:bridge(\"user:1050\") end,
}
",
    ));
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);

    let leader = a3.dials("9000");
    leader.is_answered();
    let agent = a1.rings();
    agent.answers();
    let called = a2.rings();
    called.answers();
    agent.hears(pilot::A2);
    called.hears(pilot::A1);
    leader.presses("1", Keys::Rfc4733);

    agent.is_hung_up();
    called.is_hung_up();
    leader.hears(840.0);
    leader.is_hung_up();
    let records = exchange.ended_calls(2);
    let made = records.iter().find(|call| call.begin.to == "1050").unwrap();
    assert_eq!(made.end.as_ref().unwrap().ended_by, "script");
    let asked = records.iter().find(|call| call.begin.to == "9000").unwrap();
    let vars = &asked.end.as_ref().unwrap().vars;
    assert_eq!(
        *vars,
        serde_json::json!({ "state": "talking", "with": "1050", "count": 1, "ended": true })
    );
}

#[test]
fn a_script_hears_why_nobody_came() {
    let exchange = Exchange::start(Setup::with(
        "-- Asks three who do not come.
context \"internal\" {
  [\"9000\"] = function(call)
    call:answer()
    local whys = json.list()
    for _, from in ipairs { \"user:1049\", \"user:1001\", \"trunk:carrier/13800138000\" } do
      local made, why = calls.originate { from = from, to = \"1050\", context = \"internal\" }
      whys[#whys + 1] = why or made.state
    end
    call.vars.whys = whys
  end,
  [\"1050\"] = function(call) call:hangup() end,
}
",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();

    let call = a2.dials("9000");
    a1.rings().refuses(486);
    carrier.rings().refuses(603);

    call.is_hung_up();
    let records = exchange.ended_calls(3);
    let asked = records.iter().find(|call| call.begin.to == "9000").unwrap();
    let whys = &asked.end.as_ref().unwrap().vars["whys"];
    assert_eq!(
        *whys,
        serde_json::json!(["busy", "unavailable", "rejected"])
    );
}

#[test]
fn a_customer_who_is_called_back_is_the_caller_of_the_dialplan() {
    let exchange = Exchange::start(Setup::with(
        "-- Calls a customer back and puts them through to 1049.
context \"internal\" {
  [\"9000\"] = function(call)
    calls.originate { from = \"trunk:carrier/13800138000\", to = \"back\", context = \"callback\" }
  end,
}
context \"callback\" {
  [\"back\"] = function(call)
    call:play(\"tones/840\")
    call:bridge(\"user:1049\", { caller_id = call.from })
  end,
}
",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();

    let asked = a2.dials("9000");
    let customer = carrier.rings();
    assert_eq!(customer.caller(), "4001234567");
    customer.answers();
    customer.hears(840.0);
    asked.is_over();
    let agent = a1.rings();
    assert_eq!(agent.caller(), "+8613800138000");
    agent.answers();
    customer.hears(pilot::A1);
    agent.hears(pilot::C1);
    customer.hangs_up();

    agent.is_hung_up();
    assert!(a2.is_not_called_for(Duration::ZERO));
    let records = exchange.ended_calls(2);
    let made = records.iter().find(|call| call.begin.to == "back").unwrap();
    let end = made.end.as_ref().unwrap();
    assert_eq!((&*end.ended_by, &*end.result), ("customer", "answered"));
    assert_eq!(made.begin.direction.word(), "outbound");
    assert_eq!(made.begin.from_number.as_deref(), Some("+8613800138000"));
}
