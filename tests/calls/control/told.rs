//! One command by every way: by keys of the phone's own (REFER, Replaces, a re-INVITE), by codes and by a program it is
//! told of, and written into the audit log, alike but for who has given it.

use serde_json::json;

use super::{order, setup, talk};
use crate::support::{Api, Exchange, Hold, Keys, Phone, Setup, Stream, eventually, pilot};

/// Of a command: who has given it, about whom, what, and how it ended.
type Told = [String; 4];

/// The commands that are told of up to this one.
fn told_until(stream: &mut Stream, command: &str) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    loop {
        let event = stream.until("desk.command").pop().unwrap();
        assert!(event["call"].is_string() || event["data"]["outcome"] != "done");
        told.push(
            ["by", "user", "command", "outcome"]
                .map(|name| event["data"][name].as_str().unwrap().to_owned()),
        );
        if told.last().unwrap()[2] == command {
            return told;
        }
    }
}

/// The commands in the audit log, the first first.
fn audited(exchange: &Exchange, count: usize) -> Vec<Told> {
    let api = Api::of(exchange, "8001");
    eventually("the audit log", || {
        let lines = api.items("/audit");
        let lines = lines.iter().rev().filter_map(|line| {
            let word = |name: &str| line[name].as_str().map(str::to_owned);
            let command = word("act")?.strip_prefix("command:")?.to_owned();
            Some([word("by")?, word("about")?, command, word("outcome")?])
        });
        let lines: Vec<_> = lines.collect();
        (lines.len() >= count).then_some(lines)
    })
}

fn told(by: &str, command: &str, outcome: &str) -> Told {
    [by, "1049", command, outcome].map(str::to_owned)
}

const PHONE: &str = "user:1049";
const PROGRAM: &str = "api:desk";

/// The exchange, with who listens to it.
fn start() -> (Exchange, [Phone; 2], Phone, Stream) {
    let exchange = Exchange::start(setup());
    let phones = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let stream = Api::of(&exchange, "8001").listens(None);
    (exchange, phones, carrier, stream)
}

#[test]
fn a_blind_transfer_by_a_phones_own_key_is_told_of_and_audited_as_by_a_code_and_by_a_program() {
    for (way, by) in [("key", PHONE), ("code", PHONE), ("program", PROGRAM)] {
        let (exchange, [a1, a2], carrier, mut stream) = start();
        let (customer, agent) = talk(&carrier, &a1);

        match way {
            "key" => agent.transfers_to("1050"),
            "code" => agent.presses("##1050#", Keys::Rfc4733),
            _ => {
                let deed = json!({ "command": "transfer", "to": "1050" });
                assert_eq!(order(&exchange, "1049", &deed).0, 200);
            }
        }

        let target = a2.rings();
        target.answers();
        customer.hears(pilot::A2);
        let expected = vec![told(by, "transfer", "done")];
        assert_eq!(told_until(&mut stream, "transfer"), expected, "{way}");
        assert_eq!(audited(&exchange, 1), expected, "{way}");
    }
}

#[test]
fn joining_two_calls_by_a_phones_own_key_is_told_of_and_audited_as_by_codes_and_by_a_program() {
    for (way, by) in [("key", PHONE), ("code", PHONE), ("program", PROGRAM)] {
        let (exchange, [a1, a2], carrier, mut stream) = start();
        let (customer, agent) = talk(&carrier, &a1);
        let does = |keys: &str, deed: serde_json::Value| match way {
            "code" => agent.presses(keys, Keys::Rfc4733),
            _ => assert_eq!(order(&exchange, "1049", &deed).0, 200),
        };
        let first = match way {
            "key" => "hold",
            _ => "consult",
        };

        let asks = match way {
            "key" => {
                agent.holds(Hold::SendOnly);
                Some(a1.dials("1050"))
            }
            _ => {
                does("*21050#", json!({ "command": "consult", "to": "1050" }));
                None
            }
        };
        let asked = a2.rings();
        asked.answers();
        asked.hears(pilot::A1);
        match &asks {
            Some(asks) => agent.transfers_to_call(asks),
            None => does("*4", json!({ "command": "complete" })),
        }

        customer.hears(pilot::A2);
        let expected = vec![told(by, first, "done"), told(by, "complete", "done")];
        assert_eq!(told_until(&mut stream, "complete"), expected, "{way}");
        assert_eq!(audited(&exchange, 2), expected, "{way}");
    }
}

#[test]
fn a_transfer_by_a_phones_own_key_that_is_not_done_is_told_of_with_the_word_of_a_program() {
    let (exchange, [a1, a2], carrier, mut stream) = start();
    let (customer, agent) = talk(&carrier, &a1);
    let to_1050 = json!({ "command": "transfer", "to": "1050" });
    let outcome = |stream: &mut Stream, command: &str| {
        let [by, user, _, outcome] = told_until(stream, command).pop().unwrap();
        assert_eq!((&*by, &*user), (PHONE, "1049"));
        outcome
    };

    // What is no call any more, and what is nobody's here.
    agent.transfers_to_named("no-such-call;to-tag=1;from-tag=2");
    assert_eq!(agent.has_transferred_in_vain(), 481);
    assert_eq!(outcome(&mut stream, "complete"), "call_is_over");
    agent.transfers_to_address("sip:1050@elsewhere.example");
    assert_eq!(agent.has_transferred_in_vain(), 403);
    assert_eq!(outcome(&mut stream, "transfer"), "not_allowed");

    // Another one is tried already.
    agent.transfers_to("1050");
    let target = a2.rings();
    assert_eq!(outcome(&mut stream, "transfer"), "done");
    agent.transfers_to("1051");
    assert_eq!(outcome(&mut stream, "transfer"), "nobody_to_transfer");
    target.refuses(486);
    customer.hears(pilot::A1);

    // Whoever asks somebody by a code does not give the customer away beside that.
    agent.presses("*21050#", Keys::Rfc4733);
    let asked = a2.rings();
    asked.answers();
    asked.hears(pilot::A1);
    agent.transfers_to("1051");
    assert_eq!(agent.has_transferred_in_vain(), 603);
    assert_eq!(outcome(&mut stream, "transfer"), "consulting");
    let (status, answer) = order(&exchange, "1049", &to_1050);
    assert_eq!((status, &answer["code"]), (409, &"consulting".into()));
}

#[test]
fn holding_by_a_phones_own_key_is_told_of_once_for_each_change_and_not_again_after_a_program() {
    let exchange = Exchange::start(Setup {
        threads: 2,
        ..setup()
    });
    let a1 = exchange.phone_with("1049", |manner| manner.obeys = true);
    a1.registers();
    let carrier = exchange.carrier();
    let mut stream = Api::of(&exchange, "8001").listens(None);
    let (customer, agent) = talk(&carrier, &a1);

    for _ in 0..10 {
        agent.holds(Hold::SendOnly);
        // Once more: nothing changes.
        agent.holds(Hold::SendOnly);
        agent.retrieves();
    }

    let mut expected = Vec::new();
    for _ in 0..10 {
        expected.push(told(PHONE, "hold", "done"));
        expected.push(told(PHONE, "retrieve", "done"));
    }
    let mut heard = Vec::new();
    for _ in 0..10 {
        heard.extend(told_until(&mut stream, "retrieve"));
    }
    assert_eq!(heard, expected);

    // A phone that is told to hold does so by a re-INVITE of its own, which is no second command.
    for (word, offers) in [("hold", 31), ("retrieve", 32)] {
        let (status, answer) = order(&exchange, "1049", &json!({ "command": word }));
        assert_eq!(status, 200, "{answer}");
        agent.has_offered(offers);
    }
    customer.hears(pilot::A1);
    agent.holds(Hold::SendOnly);
    let [hold, retrieve] = ["hold", "retrieve"].map(|word| told(PROGRAM, word, "done"));
    let last = [retrieve, told(PHONE, "hold", "done")];
    assert_eq!(told_until(&mut stream, "hold")[0], hold);
    assert_eq!(told_until(&mut stream, "hold"), last);
    expected.push(hold);
    expected.extend(last);
    assert_eq!(audited(&exchange, expected.len()), expected);
}
