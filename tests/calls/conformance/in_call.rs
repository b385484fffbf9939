//! What is typed in a conversation, beside the same command of a program.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{IN_CALL, Witness, demo};
use crate::support::{Api, Exchange, Keys, Line, Phone, eventually, pilot};

/// How something is done in a call.
#[derive(Clone, Copy, Debug)]
enum Way {
    Keys,
    Program,
}

/// An agent with nothing but keys, or with a program.
struct Agent<'a> {
    way: Way,
    user: &'static str,
    phone: &'a Phone,
    tone: f64,
    api: &'a Api,
    witness: &'a mut Witness,
    typed: BTreeSet<&'static str>,
    told: Vec<Value>,
}

impl Agent<'_> {
    /// Does something, and what is told of it.
    fn does(&mut self, line: &Line, (code, keys): (&'static str, &str), deed: Value) {
        match self.way {
            Way::Keys => {
                self.witness.watches(Some(self.user));
                line.presses(keys, Keys::Rfc4733);
            }
            Way::Program => {
                self.witness.watches(None);
                let path = format!("/users/{}/commands", self.user);
                let (status, said) = self.api.gives(&path, &deed);
                assert!(status < 300, "{code}: {said}");
            }
        }
        let command = deed["command"].as_str().unwrap();
        let told = self.witness.told_of(self.user, command);
        assert_eq!(told.last().unwrap()["data"]["outcome"], "done", "{code}");
        self.told.extend(told);
        self.typed.insert(code);
    }

    /// Talks with a customer whom they have called.
    fn talks(&self, carrier: &Phone) -> (Line, Line) {
        let line = self.phone.dials(CUSTOMER);
        let customer = carrier.rings();
        customer.answers();
        customer.hears(self.tone);
        line.hears(pilot::C1);
        (line, customer)
    }

    fn asks(&mut self, line: &Line, colleague: &Phone) -> Line {
        let deed = json!({ "command": "consult", "to": "1051" });
        self.does(line, ("*2<number>#", "*21051#"), deed);
        let asked = colleague.rings();
        asked.answers();
        line.hears(pilot::A3);
        asked
    }

    /// All codes, each at least once.
    fn works(&mut self, carrier: &Phone, colleague: &Phone) {
        let (line, customer) = self.talks(carrier);
        self.does(&line, ("*1", "*1"), json!({ "command": "record" }));
        self.does(&line, ("*7", "*7"), json!({ "command": "mask" }));
        self.does(&line, ("*7", "*7"), json!({ "command": "mask" }));
        self.does(&line, ("*8", "*8"), json!({ "command": "tag" }));
        let asked = self.asks(&line, colleague);
        self.does(&line, ("*6", "*6"), json!({ "command": "swap" }));
        line.hears(pilot::C1);
        self.does(&line, ("*3", "*3"), json!({ "command": "cancel_consult" }));
        asked.is_hung_up();
        let asked = self.asks(&line, colleague);
        self.does(&line, ("*5", "*5"), json!({ "command": "conference" }));
        customer.hears(pilot::A3);
        customer.hangs_up();
        line.is_deaf_to(pilot::C1);
        line.hangs_up();
        asked.is_over();

        let (line, customer) = self.talks(carrier);
        let asked = self.asks(&line, colleague);
        self.does(&line, ("*4", "*4"), json!({ "command": "complete" }));
        customer.hears(pilot::A3);
        customer.hangs_up();
        asked.is_hung_up();

        let (line, customer) = self.talks(carrier);
        let deed = json!({ "command": "transfer", "to": "1051" });
        self.does(&line, ("##<number>#", "##1051#"), deed);
        colleague.rings().answers();
        customer.hears(pilot::A3);
        customer.hangs_up();

        let (line, customer) = self.talks(carrier);
        self.does(&line, ("*9", "*9"), json!({ "command": "survey" }));
        line.is_hung_up();
        customer.hangs_up();
    }
}

/// What is left of somebody's calls in the records, oldest first, with the same name for whoever they are.
fn left(exchange: &Exchange, user: &str) -> Vec<Value> {
    let theirs = eventually("the records of all calls", || {
        let mut rows = exchange.records();
        rows.retain(|row| row.begin.user.as_deref() == Some(user) && row.begin.to == CUSTOMER);
        rows.reverse();
        (rows.len() == 4 && rows.iter().all(|row| row.end.is_some())).then_some(rows)
    });
    let plain = |text: &str| text.replace(user, "them");
    let left = theirs.into_iter().map(|row| {
        let end = row.end.unwrap();
        let mut parts = exchange.call(row.begin.id).segments;
        // What is said between two parts may be of no length.
        parts.retain(|part| part.kind != "ivr");
        let parts = parts.into_iter().map(|part| {
                let agent = part.agent.as_deref().map(plain);
                json!([part.kind, agent, part.recording.is_some()])
            });
        let mut parts: Vec<Value> = parts.collect();
        parts.dedup();
        let recordings = exchange.store().recordings("8001", row.begin.id);
        let recordings = recordings.wait().unwrap();
        let purposes: Vec<&str> = recordings.iter().map(|it| it.purpose.as_str()).collect();
        json!({
            "result": end.result, "by": plain(&end.ended_by), "tags": end.vars["tags"], "parts": parts,
            "recordings": purposes,
        })
    });
    left.collect()
}

#[test]
fn each_code_in_a_conversation_does_what_the_command_of_a_program_does() {
    let (exchange, api) = demo();
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let carrier = exchange.carrier();
    let mut witness = Witness::of(&api);
    let ways = [
        (Way::Keys, "1049", &a1, pilot::A1),
        (Way::Program, "1050", &a2, pilot::A2),
    ];
    let mut told = Vec::new();
    for (way, user, phone, tone) in ways {
        let mut agent = Agent {
            way,
            user,
            phone,
            tone,
            api: &api,
            witness: &mut witness,
            typed: BTreeSet::new(),
            told: Vec::new(),
        };
        agent.works(&carrier, &a3);
        assert_eq!(agent.typed, IN_CALL.iter().copied().collect(), "{way:?}");
        told.push(agent.told);
        exchange.has_no_calls();
    }
    assert_eq!(told[0], told[1]);
    // And so is what is left of it: parts, marks, recordings.
    let [by_keys, by_program] = ["1049", "1050"].map(|user| left(&exchange, user));
    assert_eq!(by_keys, by_program);
    assert_eq!(by_keys[0]["tags"], json!(["marked"]));
    assert_eq!(by_keys[0]["recordings"], json!(["call"]));
}

const CUSTOMER: &str = "13800138000";
