//! 咨询 and 转接 over one line: who hears whom, and who is left with whom.

use serde_json::json;

use super::{Desk, Way, order, setup, talk};
use crate::support::{Exchange, Keys, Setup, hear_each_other, pilot};

#[test]
fn a_colleague_is_asked_while_the_customer_has_music_and_gets_the_call() {
    for way in [Way::Codes, Way::Api] {
        let exchange = Exchange::start(Setup {
            threads: 3,
            ..setup()
        });
        let desk = Desk {
            exchange: &exchange,
            way,
        };
        let [a1, a2] = exchange.phones(["1049", "1050"]);
        let carrier = exchange.carrier();
        let (customer, agent) = talk(&carrier, &a1);

        desk.consults(&agent, "1050");

        let asked = a2.rings();
        assert_eq!(asked.caller(), "1049", "{way:?}");
        customer.hears(pilot::MUSIC);
        agent.hears(pilot::RINGBACK);
        asked.answers();
        hear_each_other(&agent, pilot::A1, &asked, pilot::A2);
        customer.is_deaf_to(pilot::A1);
        customer.is_deaf_to(pilot::A2);
        asked.is_deaf_to(pilot::C1);

        desk.completes(&agent);

        agent.is_hung_up();
        hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
        customer.is_deaf_to(pilot::MUSIC);
        assert!(asked.is_up());
        customer.receives_keys("");
        customer.hangs_up();
        asked.is_hung_up();
        exchange.has_no_calls();
    }
}

#[test]
fn an_outside_number_is_asked_with_the_users_rights_and_no_other() {
    let exchange = Exchange::start(setup());
    let desk = Desk {
        exchange: &exchange,
        way: Way::Codes,
    };
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    // Abroad is in no context of theirs: a tone says so, and the customer has heard nothing of it.
    desk.consults(&agent, "0044201234");
    agent.hears(pilot::BUSY);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    let refused = order(
        &exchange,
        "1049",
        &json!({ "command": "consult", "to": "0044201234" }),
    );
    assert_eq!(
        (refused.0, &refused.1["code"]),
        (422, &"no_such_number".into())
    );

    desk.consults(&agent, "13900139000");
    let outside = carrier.is_called();
    outside.speaks(pilot::C2);
    outside.answers();
    hear_each_other(&agent, pilot::A1, &outside, pilot::C2);
    customer.hears(pilot::MUSIC);
    desk.completes(&agent);
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &outside, pilot::C2);
}

#[test]
fn the_agent_goes_to_and_fro_between_the_two_and_back_to_the_customer() {
    for way in [Way::Codes, Way::Api] {
        let exchange = Exchange::start(setup());
        let desk = Desk {
            exchange: &exchange,
            way,
        };
        let [a1, a2] = exchange.phones(["1049", "1050"]);
        let carrier = exchange.carrier();
        let (customer, agent) = talk(&carrier, &a1);
        desk.consults(&agent, "1050");
        let asked = a2.rings();
        asked.answers();
        asked.hears(pilot::A1);

        for _ in 0..2 {
            desk.swaps(&agent);
            hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
            asked.hears(pilot::MUSIC);
            agent.is_deaf_to(pilot::A2);
            desk.swaps(&agent);
            hear_each_other(&asked, pilot::A2, &agent, pilot::A1);
            customer.hears(pilot::MUSIC);
            agent.is_deaf_to(pilot::C1);
        }

        desk.cancels(&agent);

        asked.is_hung_up();
        hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
        customer.is_deaf_to(pilot::MUSIC);
        agent.hangs_up();
        customer.is_over();
        exchange.has_no_calls();
    }
}

#[test]
fn who_is_not_there_or_does_not_want_to_gives_a_tone_and_the_customer_back() {
    let exchange = Exchange::start(setup());
    let desk = Desk {
        exchange: &exchange,
        way: Way::Codes,
    };
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    for answers in [false, true] {
        desk.consults(&agent, "1050");
        let asked = a2.rings();
        customer.hears(pilot::MUSIC);
        if answers {
            asked.answers();
            asked.hears(pilot::A1);
            asked.hangs_up();
        } else {
            asked.refuses(486);
        }

        agent.hears(pilot::BUSY);
        customer.hears(pilot::A1);
        agent.hears(pilot::C1);
        agent.is_deaf_to(pilot::BUSY);
    }
    // Nobody is registered there: the same, and a key saves the two seconds.
    desk.consults(&agent, "1051");
    agent.hears(pilot::BUSY);
    desk.cancels(&agent);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
}

#[test]
fn an_agent_who_hangs_up_while_it_rings_has_transferred_and_is_rung_when_nobody_comes() {
    let mut setup = setup();
    setup.tenant.push_str("recall = \"2s\",");
    let exchange = Exchange::start(setup);
    let desk = Desk {
        exchange: &exchange,
        way: Way::Codes,
    };
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    desk.consults(&agent, "1050");
    a2.rings();

    agent.hangs_up();

    let rung = a2.rings();
    customer.hears(pilot::RINGBACK);
    // Nobody comes.
    rung.is_over();
    let again = a1.rings();
    again.answers();
    hear_each_other(&customer, pilot::C1, &again, pilot::A1);

    // And when somebody does, they have the customer.
    desk.consults(&again, "1050");
    a2.rings();
    again.hangs_up();
    let rung = a2.rings();
    rung.answers();
    hear_each_other(&customer, pilot::C1, &rung, pilot::A2);
}

#[test]
fn an_agent_who_hangs_up_after_asking_has_handed_the_customer_over() {
    let exchange = Exchange::start(setup());
    let desk = Desk {
        exchange: &exchange,
        way: Way::Codes,
    };
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    desk.consults(&agent, "1050");
    let asked = a2.rings();
    asked.answers();
    agent.hears(pilot::A2);

    agent.hangs_up();

    hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
    customer.is_deaf_to(pilot::MUSIC);
}

#[test]
fn a_phone_that_dies_while_its_user_asks_leaves_the_customer_with_whom_they_asked() {
    let exchange = Exchange::start(Setup {
        rtp: "timeout = \"2s\",".to_owned(),
        ..setup()
    });
    let desk = Desk {
        exchange: &exchange,
        way: Way::Codes,
    };
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    desk.consults(&agent, "1050");
    let asked = a2.rings();
    asked.answers();
    agent.hears(pilot::A2);

    agent.goes_dead();

    hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
    customer.hangs_up();
    asked.is_hung_up();
    exchange.has_no_calls();
}

#[test]
fn a_customer_who_hangs_up_leaves_the_agent_with_whom_they_ask() {
    let exchange = Exchange::start(setup());
    let desk = Desk {
        exchange: &exchange,
        way: Way::Codes,
    };
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    for swapped in [false, true] {
        let (customer, agent) = talk(&carrier, &a1);
        desk.consults(&agent, "1050");
        let asked = a2.rings();
        asked.answers();
        agent.hears(pilot::A2);
        if swapped {
            desk.swaps(&agent);
            customer.hears(pilot::A1);
        }

        customer.hangs_up();

        hear_each_other(&agent, pilot::A1, &asked, pilot::A2);
        assert!(agent.is_up() && asked.is_up());
        agent.hangs_up();
        asked.is_hung_up();
        exchange.has_no_calls();
    }
}

#[test]
fn an_idle_agent_is_reserved_by_being_picked_and_one_who_is_not_idle_any_more_is_refused() {
    let script = "
queue \"it\" { agents = { \"1050\" }, wrap_up = 0 }
local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end
context \"inbound\" {
  [\"4001\"] = function(call) call:queue(\"it\") end,
  [\"4001234567\"] = function(call) call:bridge(\"user:1049\") end,
}
context \"internal\" { [\"_10XX\"] = user }
";
    let exchange = Exchange::start(Setup::with(script).with_http());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    for word in ["log_in", "idle"] {
        assert_eq!(order(&exchange, "1050", &json!({ "command": word })).0, 200);
    }
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    let picks = json!({ "command": "consult", "to": "1050", "only_idle": true });

    assert_eq!(order(&exchange, "1049", &picks).0, 200);

    let asked = a2.rings();
    assert_eq!(asked.caller(), "1049");
    // Whoever waits in the queue meanwhile is not offered to them.
    let waits = carrier.dials_as("13900139000", "4001", pilot::C2);
    waits.hears(pilot::MUSIC);
    assert!(a2.is_not_called_for(std::time::Duration::from_millis(700)));
    agent.presses("*3", Keys::Rfc4733);
    asked.is_over();
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    let offered = a2.rings();
    offered.answers();
    offered.hears(pilot::C2);
    waits.hangs_up();
    offered.is_hung_up();

    assert_eq!(
        order(&exchange, "1050", &json!({ "command": "busy" })).0,
        200
    );
    let (status, answer) = order(&exchange, "1049", &picks);
    assert_eq!((status, &answer["code"]), (409, &"not_idle".into()));
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
}

#[test]
fn what_does_not_fit_is_refused_with_its_word_and_changes_nothing() {
    let exchange = Exchange::start(setup());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let refused = |deed: serde_json::Value, user: &str| {
        let (status, answer) = order(&exchange, user, &deed);
        (
            status,
            answer["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let command = |word: &str| json!({ "command": word });
    for word in [
        "hold",
        "swap",
        "complete",
        "conference",
        "park",
        "tag",
        "mask",
    ] {
        let got = refused(command(word), "1049");
        assert_eq!(got, (409, "not_in_call".to_owned()), "{word}");
    }
    let (customer, agent) = talk(&carrier, &a1);
    for word in ["swap", "complete", "conference", "cancel_consult"] {
        let got = refused(command(word), "1049");
        assert_eq!(got, (409, "no_consult".to_owned()), "{word}");
    }
    let consult = json!({ "command": "consult", "to": "1050" });
    assert_eq!(refused(consult.clone(), "1049").0, 200);
    a2.rings();
    for (deed, code) in [
        (consult, "consulting"),
        (command("swap"), "not_answered"),
        (command("conference"), "not_answered"),
        (json!({ "command": "transfer", "to": "1050" }), "consulting"),
    ] {
        assert_eq!(
            refused(deed.clone(), "1049"),
            (409, code.to_owned()),
            "{deed}"
        );
    }
    agent.presses("*3", Keys::Rfc4733);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    assert_eq!(refused(command("answer"), "1050").1, "nothing_rings");
}
