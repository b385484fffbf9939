//! Nobody takes the call: busy, refused, no answer, nobody there, no such number.

use crate::support::{Exchange, Setup};

#[test]
fn what_the_called_phone_says_reaches_the_caller() {
    let exchange = Exchange::start(Setup::with(
        "-- The far end's refusal is passed on.
local function user(call)
  local leg, why = call:bridge(\"user:\" .. call.to, { timeout = 20 })
  if not leg then call:reject(why) end
end
context \"internal\" { [\"_10XX\"] = user }
",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    for (said, cause, calls) in [
        (486, "busy", 1),
        (603, "rejected", 2),
        (480, "no_answer", 3),
    ] {
        let call = a1.dials("1050");
        a2.rings().refuses(said);

        assert_eq!(call.is_refused(), said);
        let last = &exchange.ended_calls(calls)[0];
        assert_eq!(last.end.as_ref().unwrap().cause, cause);
    }
}

#[test]
fn a_phone_that_does_not_answer_in_time_is_no_longer_rung() {
    let exchange = Exchange::start(Setup::with(
        "-- A short patience.
local function user(call)
  local leg, why = call:bridge(\"user:\" .. call.to, { timeout = 1 })
  if why == \"no_answer\" then call:reject(\"no_answer\") end
end
context \"internal\" { [\"_10XX\"] = user }
",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let call = a1.dials("1050");
    let rung = a2.rings();

    assert_eq!(call.is_refused(), 480);
    rung.is_over();
    assert_eq!(exchange.only_record().call.end.unwrap().cause, "no_answer");
}

#[test]
fn a_user_without_a_phone_is_unavailable() {
    let exchange = Exchange::start(Setup::with(
        "-- The reason is passed on.
context \"internal\" { [\"_10XX\"] = function(call)
  local leg, why = call:bridge(\"user:\" .. call.to)
  call:reject(why)
end }
",
    ));
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("1050");

    assert_eq!(call.is_refused(), 480);
}

#[test]
fn a_number_that_no_context_has_is_refused_with_404() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("7777");

    assert_eq!(call.is_refused(), 404);
}

#[test]
fn a_trunk_cannot_reach_the_users_numbers() {
    let exchange = Exchange::start(Setup::with(
        "-- Outside numbers are for users only.
context \"internal\" { [\"_0.\"] = function(call) call:bridge(\"trunk:carrier/\" .. call.to) end }
context \"inbound\" { [\"4001234567\"] = function(call) call:answer() end }
",
    ));
    let carrier = exchange.carrier();

    let call = carrier.dials("00442071234567");

    assert_eq!(call.is_refused(), 404);
    assert!(carrier.is_not_called_for(std::time::Duration::from_millis(300)));
}
