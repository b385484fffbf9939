//! 电话会议: three hear each other, and whoever leaves, the two others go on.

use std::time::Duration;

use media::CodecKind;

use super::{Desk, Way, setup, talk};
use crate::support::{Exchange, Hold, Keys, Line, Setup, hear_each_other, pilot};

/// Each hears both others, and not itself.
fn all_hear_each_other(parties: [(&Line, f64); 3]) {
    for (listens, own) in parties {
        for (_, tone) in parties.iter().filter(|(_, tone)| *tone != own) {
            listens.hears(*tone);
        }
        listens.is_deaf_to(own);
    }
}

/// The customer, 1049 and 1050 in a conference.
fn trio(exchange: &Exchange, way: Way) -> [Line; 3] {
    let desk = Desk { exchange, way };
    let a1 = exchange.phone_with("1049", |manner| manner.codecs = vec![CodecKind::Pcmu]);
    let a2 = exchange.phone_with("1050", |manner| manner.codecs = vec![CodecKind::G722]);
    a1.registers();
    a2.registers();
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    desk.consults(&agent, "1050");
    let asked = a2.rings();
    asked.answers();
    agent.hears(pilot::A2);
    desk.confers(&agent);
    all_hear_each_other([
        (&customer, pilot::C1),
        (&agent, pilot::A1),
        (&asked, pilot::A2),
    ]);
    // Phones and lines live as long as the exchange.
    for phone in [a1, a2, carrier] {
        std::mem::forget(phone);
    }
    [customer, agent, asked]
}

#[test]
fn three_hear_each_other_in_every_direction_and_are_two_again_when_the_agent_leaves() {
    for way in [Way::Codes, Way::Api] {
        let exchange = Exchange::start(Setup {
            threads: 3,
            ..setup()
        });
        let [customer, agent, asked] = trio(&exchange, way);
        customer.is_deaf_to(pilot::MUSIC);

        agent.hangs_up();

        hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
        customer.is_deaf_to(pilot::A1);
        // An ordinary conversation: it holds, takes back, and transfers.
        asked.holds(Hold::SendOnly);
        customer.hears(pilot::MUSIC);
        asked.retrieves();
        hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
        let [a3] = exchange.phones(["1051"]);
        asked.presses("##1051#", Keys::Rfc4733);
        let target = a3.rings();
        target.answers();
        asked.is_hung_up();
        hear_each_other(&customer, pilot::C1, &target, pilot::A3);
    }
}

#[test]
fn when_the_one_who_was_asked_leaves_the_agent_has_the_customer_and_can_ask_again() {
    let exchange = Exchange::start(setup());
    let [customer, agent, asked] = trio(&exchange, Way::Codes);

    asked.hangs_up();

    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    agent.is_deaf_to(pilot::A2);
    let [a3] = exchange.phones(["1051"]);
    agent.presses("*21051#", Keys::Rfc4733);
    let other = a3.rings();
    other.answers();
    hear_each_other(&agent, pilot::A1, &other, pilot::A3);
    customer.hears(pilot::MUSIC);
}

#[test]
fn when_the_customer_leaves_the_agents_go_on_and_the_customers_talk_and_recording_end() {
    let exchange = Exchange::start(setup());
    let [customer, agent, asked] = trio(&exchange, Way::Codes);

    customer.hangs_up();

    hear_each_other(&agent, pilot::A1, &asked, pilot::A2);
    assert!(agent.is_up() && asked.is_up());
    agent.talks_for(Duration::from_millis(1500));
    agent.hangs_up();
    asked.is_hung_up();
    exchange.has_no_calls();
    let calls = exchange.ended_calls(2);
    let contact = calls.iter().find(|call| call.begin.to == "4001234567");
    let record = exchange.call(contact.unwrap().begin.id);
    let last = record.segments.last().unwrap();
    assert_eq!(last.kind, "internal");
    assert_eq!(last.recording, None);
    assert!(last.to - last.from >= 1_400_000, "{last:?}");
    let conference = record.segments.iter().find(|it| it.kind == "conference");
    assert!(conference.is_some());
    let gone = record.legs[0].ended_at;
    assert!(last.from >= gone && last.from - gone < 500_000);
    let sound = exchange.recording(record.call.begin.id);
    let length = i64::try_from(sound.duration().as_micros()).unwrap();
    let talked = gone - record.segments[0].from;
    assert!(length <= talked + 500_000, "{length} of {talked}");
    assert!(sound.has(0, pilot::C1));
    assert!(sound.has(1, pilot::A1) && sound.has(1, pilot::A2));
    assert!(!sound.has(1, pilot::C1));
}
