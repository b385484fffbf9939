//! Rooms: everybody hears everybody else, and two who are left have an ordinary conversation.

use media::CodecKind;

use crate::support::{Exchange, Hold, Line, Setup, pilot};

fn exchange(threads: u32) -> Exchange {
    Exchange::start(Setup {
        threads,
        ..Setup::with(
            "local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
             local function room(record) return function(call)\n\
               call:conference(\"room\", { announce = false, leave_on = \"#\", record = record })\n\
             end end\n\
             context \"internal\" { [\"_10XX\"] = user, [\"*8800\"] = room(false), [\"*8801\"] = room(true) }\n\
             context \"inbound\" { [\"_10XX\"] = user, [\"8800\"] = room(false), [\"8801\"] = room(true) }\n",
        )
    })
}

/// Each hears all others.
fn each_hears_all_others(parties: &[(&Line, f64)]) {
    for (listens, own) in parties {
        for (_, tone) in parties.iter().filter(|(_, tone)| tone != own) {
            listens.hears(*tone);
        }
        listens.is_deaf_to(pilot::MUSIC);
    }
}

#[test]
fn three_hear_each_other_in_every_direction_and_two_who_are_left_go_on() {
    for threads in [1, 3] {
        let exchange = exchange(threads);
        let narrow = exchange.phone_with("1049", |manner| manner.codecs = vec![CodecKind::Pcmu]);
        let wide = exchange.phone_with("1050", |manner| manner.codecs = vec![CodecKind::G722]);
        let carrier = exchange.carrier();
        let customer = carrier.dials("8800");
        customer.hears(pilot::MUSIC);
        let first = narrow.dials("*8800");
        each_hears_all_others(&[(&customer, pilot::C1), (&first, pilot::A1)]);

        let second = wide.dials("*8800");

        each_hears_all_others(&[
            (&customer, pilot::C1),
            (&first, pilot::A1),
            (&second, pilot::A2),
        ]);
        for (line, own) in [
            (&customer, pilot::C1),
            (&first, pilot::A1),
            (&second, pilot::A2),
        ] {
            line.is_deaf_to(own);
        }
        first.hangs_up();
        each_hears_all_others(&[(&customer, pilot::C1), (&second, pilot::A2)]);
        customer.is_deaf_to(pilot::A1);

        second.holds(Hold::SendOnly);
        customer.hears(pilot::MUSIC);
        second.retrieves();
        each_hears_all_others(&[(&customer, pilot::C1), (&second, pilot::A2)]);
        customer.hangs_up();
        second.hears(pilot::MUSIC);
        second.hangs_up();
        exchange.has_no_calls();
    }
}

#[test]
fn one_of_two_who_are_left_transfers_the_other() {
    let exchange = exchange(1);
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("8800");
    let (first, second) = (a1.dials("*8800"), a2.dials("*8800"));
    each_hears_all_others(&[
        (&customer, pilot::C1),
        (&first, pilot::A1),
        (&second, pilot::A2),
    ]);
    second.hangs_up();
    each_hears_all_others(&[(&customer, pilot::C1), (&first, pilot::A1)]);

    first.transfers_to("1051");
    let target = a3.rings();
    target.answers();

    first.has_transferred();
    first.is_hung_up();
    each_hears_all_others(&[(&customer, pilot::C1), (&target, pilot::A3)]);
}

#[test]
fn a_customer_is_taken_into_a_room_by_transfer_and_it_is_recorded_there() {
    let exchange = exchange(1);
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = carrier.reaches(&a1, "1049");

    agent.transfers_to("*8801");
    agent.has_transferred();
    let (first, second) = (a1.dials("*8800"), a2.dials("*8800"));

    each_hears_all_others(&[
        (&customer, pilot::C1),
        (&first, pilot::A1),
        (&second, pilot::A2),
    ]);
    customer.hangs_up();
    each_hears_all_others(&[(&first, pilot::A1), (&second, pilot::A2)]);
    let ended = exchange.ended_calls(1);
    let customers = ended.iter().find(|row| row.end.is_some()).unwrap();
    let sound = exchange.recording(customers.begin.id);
    assert!(sound.has(0, pilot::C1), "its own side");
    assert!(
        sound.has(1, pilot::A1) && sound.has(1, pilot::A2),
        "the others"
    );
    assert!(!sound.has(1, pilot::C1) && !sound.has(0, pilot::A1));
}
