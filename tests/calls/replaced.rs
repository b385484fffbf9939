//! Calls that take another's place (RFC 3891): what rings at a colleague's, and one's own.

use crate::support::{Exchange, Hold, Setup, hear_each_other, pilot};

fn exchange() -> Exchange {
    Exchange::start(Setup {
        threads: 2,
        users: "[\"1060\"] = { name = \"大堂\", password = \"demo-1060\", context = \"lobby\" },"
            .to_owned(),
        ..Setup::with(
            "-- Users ring each other; the lobby rings nobody.\n\
             local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
             context \"internal\" { [\"_10XX\"] = user }\n\
             context \"lobby\" {}\n\
             context \"inbound\" { [\"_10XX\"] = user }\n",
        )
    })
}

#[test]
fn what_rings_at_a_colleagues_phone_is_taken_at_another() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1050");
    let rung = a2.rings();
    customer.is_ringing();

    let taker = a1.takes_the_place_of(&rung.replaces(true));

    taker.is_answered();
    rung.is_taken_elsewhere();
    hear_each_other(&customer, pilot::C1, &taker, pilot::A1);
    taker.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    taker.retrieves();
    taker.hangs_up();
    customer.is_over();
    let record = exchange.only_record();
    let talk = record
        .segments
        .iter()
        .find(|segment| segment.kind == "talk");
    assert_eq!(talk.unwrap().agent.as_deref(), Some("1049"));
}

#[test]
fn a_user_takes_their_own_call_to_another_of_their_phones() {
    let exchange = exchange();
    let [desk] = exchange.phones(["1049"]);
    let mobile = exchange.phone_with("1049", |manner| manner.pilot = pilot::A3);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    let at_desk = desk.rings();
    at_desk.answers();
    hear_each_other(&customer, pilot::C1, &at_desk, pilot::A1);

    let moved = mobile.takes_the_place_of(&at_desk.replaces(false));

    moved.is_answered();
    at_desk.is_hung_up();
    hear_each_other(&customer, pilot::C1, &moved, pilot::A3);
    customer.hangs_up();
    moved.is_hung_up();
}

#[test]
fn whoever_has_no_right_to_a_call_does_not_get_it_and_it_goes_on() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let lobby = exchange.phone_with("1060", |manner| manner.pilot = pilot::L1);
    lobby.registers();
    let carrier = exchange.carrier();
    let customer = carrier.dials("1050");
    let rung = a2.rings();
    customer.is_ringing();
    let ringing = rung.replaces(false);

    assert_eq!(
        lobby.takes_the_place_of(&ringing).is_refused(),
        403,
        "another context"
    );
    assert_eq!(
        carrier.takes_the_place_of(&ringing).is_refused(),
        403,
        "a trunk"
    );
    rung.answers();
    customer.hears(pilot::A2);
    let talking = rung.replaces(false);
    assert_eq!(
        a1.takes_the_place_of(&talking).is_refused(),
        403,
        "a colleague talks"
    );
    assert_eq!(
        a1.takes_the_place_of(&rung.replaces(true)).is_refused(),
        486,
        "early only"
    );
    assert_eq!(
        a1.takes_the_place_of("nothing;to-tag=1;from-tag=2")
            .is_refused(),
        481
    );
    hear_each_other(&customer, pilot::C1, &rung, pilot::A2);
    rung.hangs_up();
    customer.is_over();
    assert_eq!(
        a2.takes_the_place_of(&talking).is_refused(),
        481,
        "it is over"
    );
}
