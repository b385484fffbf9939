//! Attended transfers by the phone's own key: whoever was asked first talks with the customer, and the
//! transferor is out of both calls.

use std::time::Duration;

use crate::support::{Exchange, Hold, Setup, hear_each_other, pilot};

fn exchange() -> Exchange {
    Exchange::start(Setup::ringing())
}

#[test]
fn the_agent_who_was_asked_talks_with_the_customer_in_one_call() {
    let exchange = Exchange::start(Setup {
        // Legs of different threads are brought together.
        threads: 3,
        ..Setup::recorded_hotline()
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001234567");
    let agent = a1.rings();
    agent.answers();
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    agent.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    let asks = a1.dials("1050");
    let asked = a2.rings();
    asked.answers();
    hear_each_other(&asks, pilot::A1, &asked, pilot::A2);
    customer.is_deaf_to(pilot::A2);

    agent.transfers_to_call(&asks);

    agent.has_transferred();
    agent.is_hung_up();
    asks.is_hung_up();
    hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
    customer.is_deaf_to(pilot::MUSIC);
    asked.is_deaf_to(pilot::A1);
    // It is an ordinary party: it holds, takes back and transfers on.
    asked.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    asked.retrieves();
    hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
    customer.hangs_up();
    asked.is_hung_up();
    let calls = exchange.ended_calls(2);
    let contact = calls.iter().find(|call| call.begin.to == "4001234567");
    let record = exchange.call(contact.unwrap().begin.id);
    let end = record.call.end.as_ref().unwrap();
    assert_eq!(
        (end.result.as_str(), end.ended_by.as_str()),
        ("answered", "customer")
    );
    let stretches: Vec<_> = record
        .segments
        .iter()
        .filter(|segment| ["talk", "hold", "consult"].contains(&segment.kind.as_str()))
        .map(|segment| (segment.kind.as_str(), segment.agent.as_deref().unwrap()))
        .collect();
    assert_eq!(
        stretches,
        [
            ("talk", "1049"),
            ("consult", "1049"),
            ("talk", "1050"),
            ("hold", "1050"),
            ("talk", "1050"),
        ]
    );
    assert_eq!(record.legs.len(), 3);
    assert!(record.legs[2].quality.is_some(), "{:?}", record.legs);
    let consult = calls.iter().find(|call| call.begin.to == "1050").unwrap();
    assert_eq!(consult.end.as_ref().unwrap().result, "transferred");
    let consult = exchange.call(consult.begin.id);
    let note = consult.segments.last().unwrap().note.clone().unwrap();
    assert!(note.contains(&record.call.begin.id.to_string()), "{note}");
    // The recording follows, each party on its side.
    let sound = exchange.recording(record.call.begin.id);
    assert!(sound.time_of(1, pilot::A1) >= Duration::from_millis(300));
    assert!(sound.time_of(1, pilot::A2) >= Duration::from_millis(600));
    assert!(!sound.has(0, pilot::A1) && !sound.has(0, pilot::A2) && !sound.has(1, pilot::C1));
    let lost = sound.duration().saturating_sub(sound.time_of(0, pilot::C1));
    assert!(
        lost <= Duration::from_millis(600),
        "{lost:?} of the customer are missing"
    );
}

#[test]
fn all_ways_of_having_come_by_the_two_calls_lead_to_the_same() {
    // Whether the first call was made by the transferor, and the second.
    for (first_out, second_out) in [(true, true), (false, false), (true, false), (false, true)] {
        // Whether the transfer key is pressed in the first call or in the second.
        for in_first in [true, false] {
            let exchange = exchange();
            let [a1, a2] = exchange.phones(["1049", "1050"]);
            let carrier = exchange.carrier();
            let (ours, customer) = if first_out {
                let ours = a1.dials("13800138000");
                let customer = carrier.is_called();
                customer.answers();
                (ours, customer)
            } else {
                let customer = carrier.dials("1049");
                let ours = a1.rings();
                ours.answers();
                (ours, customer)
            };
            hear_each_other(&ours, pilot::A1, &customer, pilot::C1);
            ours.holds(Hold::SendOnly);
            let (asks, asked) = if second_out {
                let asks = a1.dials("1050");
                let asked = a2.rings();
                asked.answers();
                (asks, asked)
            } else {
                let asked = a2.dials("1049");
                let asks = a1.rings();
                asks.answers();
                (asks, asked)
            };
            hear_each_other(&asks, pilot::A1, &asked, pilot::A2);

            let pressed = if in_first { &ours } else { &asks };
            match in_first {
                true => ours.transfers_to_call(&asks),
                false => asks.transfers_to_call(&ours),
            }

            pressed.has_transferred();
            ours.is_hung_up();
            asks.is_hung_up();
            hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
            customer.hangs_up();
            asked.is_over();
            exchange.has_no_calls();
            let calls = exchange.ended_calls(2);
            let mut results: Vec<_> = calls
                .iter()
                .map(|call| call.end.as_ref().unwrap().result.as_str())
                .collect();
            results.sort_unstable();
            assert_eq!(results, ["answered", "transferred"]);
        }
    }
}

#[test]
fn a_transfer_while_the_one_who_is_asked_still_rings_rings_on_for_the_customer() {
    let mut setup = Setup::ringing();
    setup.tenant.push_str("recall = \"2s\",");
    let exchange = Exchange::start(setup);
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    let agent = a1.rings();
    agent.answers();
    customer.hears(pilot::A1);
    agent.holds(Hold::SendOnly);
    let asks = a1.dials("1050");
    let first = a2.rings();
    asks.is_ringing();

    agent.transfers_to_call(&asks);

    first.is_over();
    let target = a2.rings();
    assert_eq!(target.caller(), "+8613800138000", "who calls now is shown");
    customer.hears(pilot::RINGBACK);
    target.answers();
    agent.has_transferred();
    agent.is_hung_up();
    asks.is_over();
    hear_each_other(&customer, pilot::C1, &target, pilot::A2);
    target.hangs_up();
    customer.is_over();

    // Nobody comes: the agent has the customer again.
    let customer = carrier.dials("1049");
    let agent = a1.rings();
    agent.answers();
    customer.hears(pilot::A1);
    let asks = a1.dials("1050");
    a2.rings();
    asks.is_ringing();
    agent.transfers_to_call(&asks);
    asks.is_over();
    assert_eq!(agent.has_transferred_in_vain(), 480);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
}

#[test]
fn others_calls_and_calls_that_are_not_there_are_no_targets() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    let agent = a1.rings();
    agent.answers();
    customer.hears(pilot::A1);
    agent.transfers_to_named("no-such-call;to-tag=1;from-tag=2");
    assert_eq!(agent.has_transferred_in_vain(), 481);

    let other = carrier.dials("1050");
    let colleague = a2.rings();
    colleague.answers();
    other.hears(pilot::A2);
    // A stranger to that call names it: its agent's phone would have to say it.
    let named = colleague.replaces(false);
    agent.transfers_to_named(&named);

    assert_eq!(agent.has_transferred_in_vain(), 403);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    colleague.hears(pilot::C1);
}

#[test]
fn a_call_that_only_rings_at_the_transferor_is_not_taken_for_one_that_it_made() {
    let exchange = exchange();
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let talk = a1.dials("1050");
    let colleague = a2.rings();
    colleague.answers();
    hear_each_other(&talk, pilot::A1, &colleague, pilot::A2);
    let caller = a3.dials("1049");
    let ringing = a1.rings();

    talk.transfers_to_call(&ringing);

    assert_eq!(talk.has_transferred_in_vain(), 603);
    ringing.answers();
    hear_each_other(&caller, pilot::A3, &ringing, pilot::A1);
    caller.hangs_up();
    talk.hangs_up();
}
