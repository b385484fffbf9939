//! Calls of baresip, a phone that others have written.

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
    exchange.logs_in(&a1);
    exchange.said_to(&a1, "*23", &[]);
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

#[test]
fn baresip_hears_baresip_in_each_codec_and_across_codecs() {
    let exchange = Exchange::start(Setup::ringing());
    for (number, [calling, called]) in [
        ["pcmu", "pcmu"],
        ["g722", "g722"],
        ["opus", "opus"],
        ["pcma", "opus"],
        ["opus", "g722"],
        ["g722", "pcmu"],
    ]
    .into_iter()
    .enumerate()
    {
        let a1 = Baresip::start(&exchange, "1049", pilot::A1, calling);
        let a2 = Baresip::start(&exchange, "1050", pilot::A2, called);
        a1.registers();
        a2.registers();

        a1.dials("1050");
        a1.is_connected();

        a1.hears(pilot::A2);
        a2.hears(pilot::A1);
        a1.hangs_up();
        a2.is_hung_up();
        let newest = exchange.ended_calls(number + 1)[0].begin.id;
        let legs = exchange.call(newest).legs;
        let codecs: Vec<_> = legs.iter().filter_map(|leg| leg.codec.as_deref()).collect();
        assert_eq!(codecs, [calling, called]);
    }
}

#[test]
fn baresip_holds_a_customer_who_hears_music_and_takes_them_back() {
    let exchange = Exchange::start(Setup::ringing());
    let agent = Baresip::start(&exchange, "1049", pilot::A1, "pcma");
    agent.registers();
    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    call.hears(pilot::A1);
    agent.hears(pilot::C1);

    agent.holds();

    call.hears(pilot::MUSIC);
    call.is_deaf_to(pilot::A1);

    agent.retrieves();

    call.hears(pilot::A1);
    call.is_deaf_to(pilot::MUSIC);
    call.hangs_up();
    agent.is_hung_up();
}

#[test]
fn baresip_refuses_gives_up_and_dies() {
    let exchange = Exchange::start(Setup {
        rtp: "timeout = \"1s\"".to_owned(),
        ..Setup::ringing()
    });
    let a1 = Baresip::start(&exchange, "1049", pilot::A1, "pcma");
    let a2 = Baresip::start_attended(&exchange, "1050", pilot::A2, "pcma");
    a1.registers();
    a2.registers();

    a1.dials("1050");
    a2.is_called();
    a2.hangs_up();
    let refused = exchange.ended_calls(1)[0].end.clone().unwrap();
    assert_eq!(refused.cause, "busy");

    a1.dials("1050");
    a2.is_called_times(2);
    a1.hangs_up();
    let given_up = exchange.ended_calls(2)[0].end.clone().unwrap();
    assert_eq!(given_up.cause, "cancelled");

    a1.dials("1050");
    a2.is_called_times(3);
    a2.answers();
    a1.hears(pilot::A2);
    a2.goes_dead();
    a1.is_hung_up();
    let lost = exchange.call(exchange.ended_calls(3)[0].begin.id);
    assert_eq!(lost.legs[1].cause, "lost", "{lost:?}");
}
