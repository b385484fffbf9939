//! Calls of linphonec, a second phone that others have written: with a consultation before the
//! transfer, and with three in one talk.

use crate::support::{Baresip, Exchange, Linphone, Setup, pilot};

#[test]
fn two_linphones_register_call_each_other_and_hear_each_other() {
    let exchange = Exchange::start(Setup::ringing());
    let a1 = Linphone::start(&exchange, "1049", pilot::A1);
    let a2 = Linphone::start(&exchange, "1050", pilot::A2);
    a1.registers();
    a2.registers();

    a1.dials("1050");
    a1.is_connected(1);
    a2.is_connected(1);

    a1.hears(pilot::A2);
    a2.hears(pilot::A1);
    a1.hangs_up();
    a2.is_hung_up(1);
    let record = exchange.only_record();
    assert_eq!(record.call.end.unwrap().result, "answered");
    for leg in &record.legs {
        let agent = leg.user_agent.as_deref().unwrap_or_default();
        assert!(agent.contains("Linphone"), "{leg:?}");
    }
}

#[test]
fn linphone_holds_a_customer_who_hears_music_and_takes_them_back() {
    let exchange = Exchange::start(Setup::ringing());
    let agent = Linphone::start(&exchange, "1049", pilot::A1);
    agent.registers();
    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    call.hears(pilot::A1);
    agent.hears(pilot::C1);

    agent.holds(1);

    call.hears(pilot::MUSIC);
    call.is_deaf_to(pilot::A1);

    agent.retrieves(1);

    call.hears(pilot::A1);
    call.is_deaf_to(pilot::MUSIC);
    call.hangs_up();
    agent.is_hung_up(1);
}

#[test]
fn linphone_transfers_a_customer_to_a_colleague_unasked() {
    let exchange = Exchange::start(Setup::ringing());
    let agent = Linphone::start(&exchange, "1049", pilot::A1);
    let colleague = Baresip::start(&exchange, "1050", pilot::A2, "pcma");
    agent.registers();
    colleague.registers();
    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    call.hears(pilot::A1);

    agent.transfers_to(1, "1050");

    colleague.is_connected();
    call.hears(pilot::A2);
    colleague.hears(pilot::C1);
    agent.is_hung_up(1);
    call.hangs_up();
    colleague.is_hung_up();
    assert_eq!(who_talked(&exchange, 1), ["1049", "1050"]);
}

#[test]
fn linphone_consults_a_colleague_and_joins_the_customer_with_them() {
    let exchange = Exchange::start(Setup::ringing());
    let agent = Linphone::start(&exchange, "1049", pilot::A1);
    let colleague = Linphone::start(&exchange, "1050", pilot::A2);
    agent.registers();
    colleague.registers();
    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    call.hears(pilot::A1);
    agent.hears(pilot::C1);

    // The customer waits with music while both agents talk.
    agent.holds(1);
    call.hears(pilot::MUSIC);
    agent.dials("1050");
    agent.is_connected(2);
    agent.hears(pilot::A2);
    colleague.hears(pilot::A1);
    call.is_deaf_to(pilot::A2);

    agent.joins(1, 2);

    call.hears(pilot::A2);
    call.is_deaf_to(pilot::A1);
    colleague.hears(pilot::C1);
    agent.is_hung_up(1);
    agent.is_hung_up(2);
    call.hangs_up();
    colleague.is_hung_up(1);
    assert_eq!(who_talked(&exchange, 2), ["1049", "1050"]);
}

#[test]
fn linphone_talks_with_two_at_once_who_hear_each_other() {
    let exchange = Exchange::start(Setup::ringing());
    let agent = Linphone::start(&exchange, "1049", pilot::A1);
    agent.registers();
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    customer.hears(pilot::A1);
    agent.holds(1);
    agent.dials("1050");
    let colleague = a2.rings();
    colleague.answers();
    colleague.hears(pilot::A1);

    agent.confers([1, 2]);

    customer.hears(pilot::A2);
    colleague.hears(pilot::C1);
    agent.hangs_up();
    customer.is_hung_up();
    colleague.is_hung_up();
}

/// Who has talked with the customer, one after the other, once so many calls have ended.
fn who_talked(exchange: &Exchange, calls: usize) -> Vec<String> {
    let calls = exchange.ended_calls(calls);
    let contact = calls.iter().find(|call| call.begin.to == "1049").unwrap();
    let segments = exchange.call(contact.begin.id).segments;
    let talks = segments.into_iter().filter(|part| part.kind == "talk");
    let mut agents: Vec<_> = talks.filter_map(|part| part.agent).collect();
    agents.dedup();
    agents
}
