//! What rings at a colleague is picked up at another phone.

use crate::support::{Exchange, Setup, pilot};

fn exchange(threads: u32) -> Exchange {
    Exchange::start(Setup {
        threads,
        ..Setup::with(
            "local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
             local function pick_up(call, whose)\n\
               local leg, why = call:pickup(whose)\n\
               if why == \"nobody\" then call:reject(\"unallocated\") end\n\
             end\n\
             context \"internal\" {\n\
               [\"_10XX\"] = user,\n\
               [\"_**10XX\"] = function(call) pick_up(call, \"user:\" .. call.to:sub(3)) end,\n\
               [\"*8\"] = function(call) pick_up(call, { \"user:1001\", \"user:1049\" }) end,\n\
             }\n\
             context \"inbound\" { [\"_10XX\"] = user }\n",
        )
    })
}

#[test]
fn who_picks_up_talks_with_the_caller_and_the_phone_that_rang_shows_no_missed_call() {
    for (threads, code) in [(1, "**1049"), (3, "**1049"), (1, "*8")] {
        let exchange = exchange(threads);
        let [a1, a2] = exchange.phones(["1049", "1050"]);
        let carrier = exchange.carrier();
        let customer = carrier.dials("1049");
        let rung = a1.rings();
        customer.is_ringing();

        let picker = a2.dials(code);

        rung.is_taken_elsewhere();
        customer.hears(pilot::A2);
        picker.hears(pilot::C1);
        customer.is_deaf_to(pilot::RINGBACK);
        customer.hangs_up();
        picker.is_hung_up();
        let ended = exchange.ended_calls(2);
        let customers = ended.iter().find(|row| row.begin.to == "1049").unwrap();
        assert_eq!(customers.end.as_ref().unwrap().result, "answered");
        let record = exchange.call(customers.begin.id);
        let talk = record.segments.iter().find(|one| one.kind == "talk");
        assert_eq!(talk.unwrap().agent.as_deref(), Some("1050"));
    }
}

#[test]
fn where_nothing_rings_there_is_nobody() {
    let exchange = exchange(1);
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();

    assert_eq!(a2.dials("**1049").is_refused(), 404);
    let customer = carrier.dials("1049");
    let rung = a1.rings();
    rung.answers();
    customer.hears(pilot::A1);

    assert_eq!(
        a2.dials("**1049").is_refused(),
        404,
        "it does not ring any more"
    );
    customer.hears(pilot::A1);
}
