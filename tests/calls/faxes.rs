//! Fax: T.38 between two machines, and sound where one of them or a trunk does not know it.

use std::time::Duration;

use crate::support::trunks::exchange_with_trunks;
use crate::support::{Exchange, Line, Phone, Setup, hear_each_other, pilot};

#[test]
fn two_machines_agree_on_t38_and_their_packets_go_on_as_they_are() {
    let exchange = Exchange::start(Setup::ringing());
    let (one, other) = (machine(&exchange, "1049"), machine(&exchange, "1050"));
    for caller_asks in [false, true] {
        let (caller, callee) = talk(&one, "1050", &other);
        let (asks, asked) = match caller_asks {
            true => (&caller, &callee),
            false => (&callee, &caller),
        };

        asks.wants_fax();
        let (first, second) = (asked.faxes(), asks.faxes());

        assert_eq!(first.terms, "a=T38FaxVersion:0 a=T38MaxBitRate:14400");
        assert_eq!(second.terms, "a=T38FaxVersion:0 a=T38MaxBitRate:9600");
        // Sequence numbers from 0x8000 on look like RTP, and are none.
        for sequence in [0_u16, 1, 0x8000, 0xffff] {
            let mut packet = sequence.to_be_bytes().to_vec();
            packet.extend([6, 0xc0, 1, 0x80, 0, 0]);
            first.sends(&packet);
            second.gets(&packet);
            second.sends(&packet);
            first.gets(&packet);
        }

        asks.retrieves();
        hear_each_other(asks, tone(asks, &caller), asked, tone(asked, &caller));
        caller.hangs_up();
        callee.is_hung_up();
        exchange.has_no_calls();
    }
}

#[test]
fn a_fax_that_the_other_one_does_not_know_stays_with_the_sound_and_its_tones_pass() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1] = exchange.phones(["1049"]);
    let fax = machine(&exchange, "1050");
    let (caller, callee) = talk(&a1, "1050", &fax);

    callee.wants_fax();

    assert_eq!(callee.is_refused_a_fax(), 488);
    hear_each_other(&caller, pilot::A1, &callee, pilot::A2);
    // What machines call each other with: CED of the called one, CNG of the caller.
    callee.speaks(2_100.0);
    caller.hears(2_100.0);
    caller.speaks(1_100.0);
    callee.hears(1_100.0);
}

#[test]
fn a_trunk_decides_whether_t38_goes_by_it() {
    for (fax, passes) in [("", true), (", fax = \"audio\"", false)] {
        let trunk = format!(
            "eight = {{ TENANT, host = \"EIGHT\", trusted = \"HOUSE8\", codecs = \"pcma\"{fax} }}"
        );
        let exchange = exchange_with_trunks("", &trunk, "out = { { trunk = \"eight\" } }");
        let carrier = exchange.carrier_with(|manner| {
            manner.address = exchange.house(8, 5090);
            manner.fax = true;
        });
        let own = machine(&exchange, "1049");
        let (caller, callee) = talk(&own, "13800138000", &carrier);

        callee.wants_fax();

        match passes {
            true => {
                let (ours, theirs) = (caller.faxes(), callee.faxes());
                ours.sends(b"\0\0a page");
                theirs.gets(b"\0\0a page");
            }
            false => {
                assert_eq!(callee.is_refused_a_fax(), 488);
                hear_each_other(&caller, pilot::A1, &callee, pilot::C1);
            }
        }
    }
}

#[test]
fn who_talks_with_nobody_is_refused_a_fax_and_is_heard_on() {
    let exchange = Exchange::start(Setup::answering("call:answer() call:echo()"));
    let fax = machine(&exchange, "1049");
    let call = fax.dials("4001234567");
    call.hears(pilot::A1);

    call.wants_fax();

    assert_eq!(call.is_refused_a_fax(), 488);
    call.hears(pilot::A1);
}

#[test]
fn who_is_left_after_a_fax_is_offered_sound_again() {
    let exchange = Exchange::start(Setup::with(
        "-- Who is left hears whom they called.\n\
         local function user(call)\n\
           call:bridge(\"user:\" .. call.to, { timeout = 20 })\n\
           call:echo()\n\
         end\n\
         context \"internal\" { [\"_10XX\"] = user }\n\
         context \"inbound\" { [\"_10XX\"] = user }\n",
    ));
    let (one, other) = (machine(&exchange, "1049"), machine(&exchange, "1050"));
    let (caller, callee) = talk(&one, "1050", &other);
    callee.wants_fax();
    let (first, second) = (caller.faxes(), callee.faxes());
    first.sends(b"\0\0a page");
    second.gets(b"\0\0a page");

    callee.hangs_up();

    caller.hears(pilot::A1);
}

fn machine(exchange: &Exchange, user: &str) -> Phone {
    let phone = exchange.phone_with(user, |manner| manner.fax = true);
    phone.registers();
    phone
}

fn talk(one: &Phone, number: &str, other: &Phone) -> (Line, Line) {
    let caller = one.dials(number);
    let callee = other.rings();
    callee.answers();
    caller.talks_for(Duration::from_millis(300));
    (caller, callee)
}

/// What somebody says: 1049 has called 1050.
fn tone(line: &Line, caller: &Line) -> f64 {
    match std::ptr::eq(line, caller) {
        true => pilot::A1,
        false => pilot::A2,
    }
}
