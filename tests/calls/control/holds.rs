//! 保持 and 接回 by program, and what else is done with a conversation that goes on.

use std::time::Duration;

use serde_json::json;

use super::{order, setup, talk};
use crate::support::{Api, Exchange, Hold, Keys, eventually, hear_each_other, pilot};

#[test]
fn fifty_holds_by_phone_and_by_program_leave_one_conversation_and_the_right_state() {
    let exchange = Exchange::start(setup());
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    let does = |word: &str| {
        let (status, answer) = order(&exchange, "1049", &json!({ "command": word }));
        assert_eq!(status, 200, "{answer}");
    };

    for _ in 0..50 {
        does("hold");
        does("retrieve");
    }
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    customer.is_deaf_to(pilot::MUSIC);
    for _ in 0..50 {
        agent.holds(Hold::SendOnly);
        agent.retrieves();
    }
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    customer.is_deaf_to(pilot::MUSIC);
    assert_eq!(exchange.status()["calls"], 1);

    does("hold");
    customer.hears(pilot::MUSIC);
    customer.is_deaf_to(pilot::A1);
    agent.is_deaf_to(pilot::C1);
    does("retrieve");
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
}

#[test]
fn who_holds_for_long_hears_a_beep_and_the_customer_does_not() {
    let mut setup = setup();
    setup.tenant.push_str("hold_reminder = \"1s\",");
    let exchange = Exchange::start(setup);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    order(&exchange, "1049", &json!({ "command": "hold" }));

    agent.hears(pilot::BEEP);
    customer.is_deaf_to(pilot::BEEP);
    customer.hears(pilot::MUSIC);
    assert_eq!(a1.texts_until_now(), [], "they have heard it");
}

#[test]
fn whose_phone_hears_nothing_while_it_holds_is_sent_a_text_and_everybody_is_told() {
    for how in [Hold::SendOnly, Hold::Zero] {
        let mut setup = setup();
        setup.tenant.push_str("hold_reminder = \"1s\",");
        let exchange = Exchange::start(setup);
        let mut stream = Api::of(&exchange, "8001").listens(None);
        let [a1] = exchange.phones(["1049"]);
        let carrier = exchange.carrier();
        let (customer, agent) = talk(&carrier, &a1);

        agent.holds(how);

        let texts = a1.is_texted(2);
        assert!(texts[0].text.contains("已等待 1 秒"), "{texts:?}");
        assert!(texts[1].text.contains("已等待 2 秒"), "{texts:?}");
        customer.is_deaf_to(pilot::BEEP);
        let told = stream.until("call.hold_reminded").pop().unwrap();
        assert_eq!(told["data"]["user"], "1049");
        assert!(
            told["data"]["waited_ms"].as_i64().unwrap() >= 1_000,
            "{told}"
        );
        agent.retrieves();
        hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
        let until_now = a1.texts_until_now().len();
        customer.talks_for(Duration::from_millis(1_500));
        assert_eq!(a1.texts_until_now().len(), until_now, "nobody waits");
    }
}

#[test]
fn recording_is_masked_and_unmasked_by_a_key_without_losing_time_and_ended_by_another() {
    let exchange = Exchange::start(setup());
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    customer.talks_for(Duration::from_secs(1));
    agent.presses("*7", Keys::Rfc4733);
    customer.talks_for(Duration::from_secs(2));
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    agent.presses("*7", Keys::Rfc4733);
    customer.talks_for(Duration::from_secs(2));
    agent.presses("*8", Keys::Rfc4733);
    agent.presses("*1", Keys::Rfc4733);
    let closed = eventually("the end of the recording", || {
        let id = exchange.records()[0].begin.id;
        let rows = exchange.store().recordings("8001", id).wait().unwrap();
        rows.iter().all(|row| row.end.is_some()).then_some(id)
    });
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    customer.receives_keys("");
    customer.hangs_up();
    agent.is_hung_up();

    let sound = exchange.recording(closed);

    let (whole, said) = (sound.duration(), sound.time_of(0, pilot::C1));
    assert!(whole >= Duration::from_secs(5), "{whole:?}");
    let left_out = whole - said;
    let around = Duration::from_millis(1_500)..Duration::from_millis(4_500);
    assert!(
        around.contains(&left_out),
        "{left_out:?} of {whole:?} left out"
    );
    let record = &exchange.ended_calls(1)[0];
    let vars = &record.end.as_ref().unwrap().vars;
    assert_eq!(vars["tags"], json!(["marked"]), "{vars}");
}

#[test]
fn a_desk_phone_that_knows_talk_and_hold_answers_holds_and_takes_back_when_it_is_told() {
    let exchange = Exchange::start(setup());
    let a1 = exchange.phone_with("1049", |manner| manner.obeys = true);
    a1.registers();
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001234567");
    let agent = a1.rings();
    agent.says_it_rings();
    customer.is_ringing();
    let does = |word: &str| {
        let (status, answer) = order(&exchange, "1049", &json!({ "command": word }));
        assert_eq!(status, 200, "{answer}");
    };

    does("answer");

    agent.is_answered();
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    does("hold");
    customer.hears(pilot::MUSIC);
    agent.has_offered(1);
    does("retrieve");
    agent.has_offered(2);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
}

#[test]
fn a_program_presses_keys_for_the_user_and_the_other_party_gets_them() {
    let exchange = Exchange::start(setup());
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    customer.speaks(0.0);

    let (status, _) = order(
        &exchange,
        "1049",
        &json!({ "command": "dtmf", "digits": "802#" }),
    );

    assert_eq!(status, 200);
    customer.receives_keys("802#");
    let wrong = json!({ "command": "dtmf", "digits": "8x" });
    assert_eq!(order(&exchange, "1049", &wrong).0, 422);
    assert!(agent.is_up());
}
