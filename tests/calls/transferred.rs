//! Blind transfers by the phone's own key: through the dialplan with the rights of whoever asks, and
//! back when nobody comes.

use std::time::Duration;

use store::KvKey;

use crate::support::{Exchange, Hold, Line, Phone, Setup, hear_each_other, pilot};

/// Users ring each other and reach the carrier; the carrier's calls reach users only. Transfers that
/// have come about are kept in the store.
fn exchange() -> Exchange {
    exchange_with("recall = \"2s\",")
}

fn exchange_with(tenant: &str) -> Exchange {
    let mut setup = Setup::ringing();
    setup.tenant.push_str(tenant);
    setup.script.as_mut().unwrap().push_str(
        "on(\"call.transferred\", function(about)\n\
           store(\"transfers\"):set(about.id, { by = about.by, to = about.to, attended = about.attended })\n\
         end)\n",
    );
    Exchange::start(setup)
}

/// A customer talks with 1049.
fn talk(carrier: &Phone, agent: &Phone) -> (Line, Line) {
    carrier.reaches(agent, "1049")
}

#[test]
fn the_customer_talks_with_the_target_and_the_transferor_is_out() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    agent.transfers_to("1050");
    let target = a2.rings();
    assert_eq!(target.caller(), "+8613800138000");
    agent.is_told_that_it_rings();
    customer.hears(pilot::RINGBACK);
    target.answers();

    agent.has_transferred();
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &target, pilot::A2);
    customer.is_deaf_to(pilot::MUSIC);
    customer.is_deaf_to(pilot::A1);
    target.hangs_up();
    customer.is_over();
    let record = exchange.only_record();
    assert_eq!(record.call.end.as_ref().unwrap().result, "answered");
    let talks: Vec<_> = record
        .segments
        .iter()
        .filter(|segment| segment.kind == "talk")
        .map(|segment| segment.agent.clone().unwrap())
        .collect();
    assert_eq!(
        talks,
        ["1049", "1050"],
        "one call, a stretch for each agent"
    );
    assert_eq!(record.legs.len(), 3);
}

#[test]
fn a_phone_that_hangs_up_as_soon_as_it_has_asked_is_rung_again_when_nobody_comes() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.transfers_to("1050");
    let target = a2.rings();
    agent.hangs_up();
    customer.hears(pilot::RINGBACK);

    let again = a1.rings();
    target.is_over();
    assert_eq!(again.caller(), "+8613800138000");
    again.answers();
    hear_each_other(&customer, pilot::C1, &again, pilot::A1);
    customer.hangs_up();
    again.is_hung_up();
}

#[test]
fn who_is_busy_or_not_there_gives_the_customer_back_to_the_transferor() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.transfers_to("1050");
    a2.is_called().refuses(486);
    assert_eq!(agent.has_transferred_in_vain(), 486);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);

    agent.transfers_to("1051");
    assert_eq!(agent.has_transferred_in_vain(), 480);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);

    agent.transfers_to("1050");
    let target = a2.rings();
    assert_eq!(agent.has_transferred_in_vain(), 480, "nobody answers");
    target.is_over();
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    assert!(exchange.records()[0].end.is_none());
}

#[test]
fn numbers_are_looked_up_in_the_transferors_context_and_nowhere_else() {
    let exchange = Exchange::start(Setup {
        users: "[\"1060\"] = { name = \"大堂\", password = \"demo-1060\", context = \"lobby\" },"
            .to_owned(),
        ..Setup::with(
            "-- The lobby rings users; users also reach the outside.\n\
             local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
             local function outside(call) call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20 }) end\n\
             context \"internal\" { [\"_10XX\"] = user, [\"_1[3-9]X.\"] = outside }\n\
             context \"lobby\" { [\"_10XX\"] = user }\n\
             context \"inbound\" { [\"_10XX\"] = user }\n",
        )
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let lobby = exchange.phone_with("1060", |manner| manner.pilot = pilot::L1);
    lobby.registers();
    let carrier = exchange.carrier();

    // Whoever may not call outside may not send others there either.
    let call = a1.dials("1060");
    let rung = lobby.rings();
    rung.answers();
    call.hears(pilot::L1);
    rung.transfers_to("13900139000");
    assert_eq!(rung.has_transferred_in_vain(), 404);
    hear_each_other(&call, pilot::A1, &rung, pilot::L1);
    rung.transfers_to("4001234567");
    assert_eq!(rung.has_transferred_in_vain(), 404);
    call.hangs_up();
    rung.is_hung_up();

    // The customer has no such right, and needs none: the agent has it.
    let customer = carrier.dials("1050");
    let agent = a2.rings();
    agent.answers();
    customer.hears(pilot::A2);
    agent.transfers_to("+86-139-0013-9000");
    let outside = carrier.is_called();
    outside.speaks(pilot::C2);
    outside.answers();
    agent.has_transferred();
    hear_each_other(&customer, pilot::C1, &outside, pilot::C2);
    customer.hangs_up();
    outside.is_hung_up();
}

#[test]
fn a_caller_transfers_whom_it_has_called_outside() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let agent = a1.dials("13800138000");
    let customer = carrier.is_called();
    customer.answers();
    hear_each_other(&agent, pilot::A1, &customer, pilot::C1);

    agent.transfers_to("1050");
    let target = a2.rings();
    assert_eq!(target.caller(), "13800138000");
    target.answers();

    agent.has_transferred();
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &target, pilot::A2);
    // The second agent is an ordinary party: it holds, and transfers on.
    target.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    target.retrieves();
    target.transfers_to("1049");
    let back = a1.rings();
    back.answers();
    target.is_hung_up();
    hear_each_other(&customer, pilot::C1, &back, pilot::A1);
    customer.hangs_up();
    back.is_hung_up();
    let record = exchange.only_record();
    let end = record.call.end.unwrap();
    assert_eq!(
        (end.ended_by.as_str(), end.result.as_str()),
        ("customer", "answered")
    );
}

#[test]
fn a_recording_goes_through_a_transfer_without_a_gap() {
    let exchange = Exchange::start(Setup::recorded_hotline());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = carrier.reaches(&a1, "4001234567");
    agent.transfers_to("1050");
    let target = a2.rings();
    target.answers();
    target.hears(pilot::C1);
    customer.hears(pilot::A2);
    customer.hangs_up();
    target.is_hung_up();

    let record = exchange.only_record();
    let sound = exchange.recording(record.call.begin.id);
    assert!(sound.time_of(1, pilot::A1) >= Duration::from_millis(300));
    assert!(sound.time_of(1, pilot::A2) >= Duration::from_millis(300));
    let whole = sound.duration();
    let customers = sound.time_of(0, pilot::C1);
    assert!(
        whole.saturating_sub(customers) <= Duration::from_millis(500),
        "{customers:?} of {whole:?}"
    );
    for foreign in [pilot::A1, pilot::A2] {
        assert!(!sound.has(0, foreign));
    }
    assert!(!sound.has(1, pilot::C1));
    let recordings: Vec<_> = record
        .segments
        .iter()
        .filter(|segment| segment.kind == "talk")
        .map(|segment| segment.recording)
        .collect();
    assert_eq!(recordings.len(), 2);
    assert!(recordings[0].is_some() && recordings[0] == recordings[1]);
}

#[test]
fn scripts_hear_of_transfers_and_the_trace_tells_them() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    agent.transfers_to("1050");
    a2.rings().answers();
    agent.has_transferred();
    customer.hangs_up();
    let record = exchange.only_record();

    let key = KvKey {
        tenant: "8001".to_owned(),
        scope: "script/transfers".to_owned(),
        key: record.call.begin.id.to_string(),
    };
    let about = crate::support::eventually("the event", || {
        let value = exchange.store().kv_get(key.clone(), 0);
        value.wait().unwrap()
    });
    assert_eq!(
        about,
        serde_json::json!({ "by": "1049", "to": "1050", "attended": false })
    );
    let journal = exchange.store().journal("8001", record.call.begin.id);
    let lines: Vec<String> = journal
        .wait()
        .unwrap()
        .into_iter()
        .map(|line| line.json)
        .collect();
    let told = |words: &str| lines.iter().any(|line| line.contains(words));
    assert!(told("1049 transfers the call"), "{lines:#?}");
    assert!(told("let 1049 go"));
}

#[test]
fn a_trunk_transfers_nobody_and_nobody_is_called_for_a_refer_outside_of_calls() {
    let exchange = exchange();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    customer.transfers_to("1050");

    assert_eq!(customer.has_transferred_in_vain(), 403);
    let asked = a1.asks_the_exchange_to_call("1049");
    assert_eq!(asked.has_transferred_in_vain(), 603);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
}

#[test]
fn whoever_is_put_through_to_a_number_acts_for_nobody_there() {
    let exchange = Exchange::start(Setup::with(
        "-- A code that does what only a user may do, and users.\n\
         local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
         local function code(call) call:reject(call.user and \"busy\" or \"unallocated\") end\n\
         context \"internal\" { [\"_10XX\"] = user, [\"*20\"] = code }\n",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let one = a1.dials("1050");
    let other = a2.rings();
    other.answers();
    one.hears(pilot::A2);

    one.transfers_to("*20");
    assert_eq!(one.has_transferred_in_vain(), 404, "1050 is nobody there");
    one.hears(pilot::A2);
    other.transfers_to("*20");
    assert_eq!(other.has_transferred_in_vain(), 404, "1049 is nobody there");

    assert_eq!(a1.dials("*20").is_refused(), 486, "1049 is somebody");
}

#[test]
fn a_phone_that_hangs_up_when_its_transfer_fails_is_rung_for_the_customer() {
    let exchange = exchange();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.transfers_to("999");
    assert_eq!(agent.has_transferred_in_vain(), 404);
    // Some phones do so by themselves, and the customer is not theirs to lose.
    agent.hangs_up();

    let again = a1.rings();
    again.answers();
    hear_each_other(&customer, pilot::C1, &again, pilot::A1);
    customer.hangs_up();
    again.is_hung_up();
}

/// 1050 at another host is not our 1050.
#[test]
fn nobody_is_transferred_to_an_address_of_another_host() {
    let exchange = exchange();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    for address in [
        "sip:1050@example.com".to_owned(),
        format!("sip:1050@{}", a2.address()),
        format!("sip:1050@{}", exchange.free_address().ip()),
        "sips:1050@203.0.113.7".to_owned(),
    ] {
        agent.transfers_to_address(&address);
        assert_eq!(agent.has_transferred_in_vain(), 403, "{address}");
    }

    assert!(a2.is_not_called_for(Duration::from_millis(200)));
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    // The exchange itself goes by each of its names.
    for address in [
        "tel:1050".to_owned(),
        format!("sip:1050@{}", exchange.address().ip()),
    ] {
        agent.transfers_to_address(&address);
        a2.rings().refuses(486);
        assert_eq!(agent.has_transferred_in_vain(), 486, "{address}");
    }
}
