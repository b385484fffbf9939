//! Two baresip phones, and one against a simulated phone.

use std::time::Duration;

use crate::support::{Baresip, Exchange, Setup, pilot};

#[test]
fn two_baresip_phones_register_call_each_other_and_hear_each_other() {
    let exchange = Exchange::start(Setup::ringing());
    let a1 = Baresip::start(&exchange, "1049", pilot::A1, "pcma");
    let a2 = Baresip::start(&exchange, "1050", pilot::A2, "pcma");
    a1.registers();
    a2.registers();

    a1.dials("1050");
    a1.is_connected();
    a2.is_connected();

    a1.hears(pilot::A2);
    a2.hears(pilot::A1);
    a1.hangs_up();
    a2.is_hung_up();
    let record = exchange.only_record();
    assert_eq!(record.call.end.unwrap().result, "answered");
    for leg in &record.legs {
        assert!(
            leg.user_agent
                .as_deref()
                .unwrap_or_default()
                .contains("baresip"),
            "{leg:?}"
        );
    }
}

#[test]
fn baresip_calls_the_hotline_presses_a_key_and_is_put_through() {
    let exchange = Exchange::start(Setup::default());
    let [a1] = exchange.phones(["1049"]);
    let caller = Baresip::start(&exchange, "1050", pilot::A2, "pcmu");
    caller.registers();

    caller.dials("4001234567");
    caller.is_connected();
    caller.hears_something(Duration::from_secs(2));
    caller.presses("1");
    let rung = a1.rings();
    rung.answers();

    rung.hears(pilot::A2);
    caller.hears(pilot::A1);
    rung.hangs_up();
    caller.is_hung_up();
}
