//! Who is called again by a code is called as by a program: the same states, the same number, the same line in one's list.

use serde_json::{Value, json};

use super::{Witness, demo};
use crate::support::{Api, Keys, Line, Phone, eventually, pilot};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Phone,
    Program,
}

/// Somebody who calls, by codes or by a program.
struct Caller<'a> {
    way: Way,
    user: &'static str,
    phone: &'a Phone,
    api: &'a Api,
    carrier: &'a Phone,
    leader: &'a Phone,
    witness: &'a mut Witness,
    told: Vec<Vec<Value>>,
}

impl Caller<'_> {
    fn gives(&self, command: &str) {
        let path = format!("/users/{}/commands", self.user);
        let (status, said) = self.api.gives(&path, &json!({ "command": command }));
        assert_eq!(status, 200, "{said}");
    }

    /// Dials a code and types what it asks for, or a program asks for the call: their phone rings first.
    fn calls(&self, (code, keys): (&str, &str), (path, wanted): (&str, Value)) -> Line {
        if self.way == Way::Program {
            let (status, said) = self.api.gives(path, &wanted);
            assert_eq!(status, 201, "{code}: {said}");
            let line = self.phone.rings();
            line.answers();
            return line;
        }
        let line = self.phone.dials(code);
        if !keys.is_empty() {
            line.is_answered();
            line.presses(keys, Keys::Rfc4733);
        }
        line
    }

    /// They talk with whom it rings, of this number, until they hang up; what is told of that.
    fn talks(&mut self, line: &Line, rung: &Line, tone: f64, number: &str) {
        assert!(rung.invite().contains(number), "{}", rung.invite());
        rung.answers();
        line.hears(tone);
        line.hangs_up();
        rung.is_hung_up();
        let mut told = Vec::new();
        for state in ["talking", "internal", "wrap_up", "busy"] {
            let is_next = match (number, state) {
                ("1001", "internal" | "busy") => true,
                ("1001", _) => false,
                (_, state) => matches!(state, "talking" | "wrap_up"),
            };
            if is_next {
                let is_it = |event: &Value| event["data"]["state"] == state;
                told.extend(self.witness.told_until(self.user, is_it));
            }
        }
        told.retain_mut(|event| {
            let about = event["data"].as_object_mut().unwrap();
            about.remove("before");
            // A code is first a call to the exchange itself; a program has the phone rung first.
            let state = about["state"].as_str();
            let on_the_way = matches!(state, Some("offered" | "dialling" | "calling"));
            !on_the_way && (state != Some("internal") || number == "1001")
        });
        self.told.push(told);
        self.gives("reset");
        self.witness.told_of(self.user, "reset");
    }

    /// The list of their own calls, without what is another each time.
    fn list(&self) -> Vec<Value> {
        let rows = self
            .api
            .items(&format!("/users/{}/history?limit=10", self.user));
        let names = ["direction", "number", "answered", "result", "outcome"];
        let plain = rows
            .iter()
            .map(|row| Value::from_iter(names.map(|name| (name, row[name].clone()))));
        plain.collect()
    }

    /// Waits until so many calls are on the list.
    fn has(&self, calls: usize) -> Vec<Value> {
        eventually("the call on the list", || {
            let list = self.list();
            let is_whole = list.len() == calls && list.iter().all(|row| !row["result"].is_null());
            is_whole.then_some(list)
        })
    }

    fn works(&mut self) -> Vec<Value> {
        self.gives("log_in");
        self.witness.told_of(self.user, "log_in");
        let line = self.phone.dials("13900139001");
        let rung = self.carrier.rings();
        self.talks(&line, &rung, pilot::C1, "13900139001");
        self.has(1);
        let missed = self.leader.dials(self.user);
        self.phone.rings();
        missed.hangs_up();
        self.has(2);
        let again = format!("/users/{}/redial", self.user);

        let line = self.calls(("*870", ""), (&again, json!({})));
        let rung = self.carrier.rings();
        self.talks(&line, &rung, pilot::C1, "13900139001");
        self.has(3);

        let rows = self.api.items(&format!("/users/{}/history", self.user));
        let last_in = rows.iter().find(|row| row["direction"] == "in").unwrap();
        let who = json!({ "call": last_in["call"] });
        let line = self.calls(("*69", ""), (&again, who));
        let rung = self.leader.rings();
        self.talks(&line, &rung, pilot::L1, "1001");
        self.has(4);

        // The newest is the leader, 2 the customer.
        let wanted = json!({ "from": self.user, "to": "13900139001" });
        let line = self.calls(("*690", "2"), ("/calls", wanted));
        let rung = self.carrier.rings();
        self.talks(&line, &rung, pilot::C1, "13900139001");
        self.has(5)
    }
}

#[test]
fn who_is_called_again_by_a_code_is_called_as_by_a_program() {
    let (exchange, api) = demo();
    let [a1, a2, leader] = exchange.phones(["1049", "1050", "1001"]);
    let carrier = exchange.carrier();
    let mut witness = Witness::of(&api);
    let ways = [(Way::Phone, "1049", &a1), (Way::Program, "1050", &a2)];

    let [by_code, by_program] = ways.map(|(way, user, phone)| {
        let mut caller = Caller {
            way,
            user,
            phone,
            api: &api,
            carrier: &carrier,
            leader: &leader,
            witness: &mut witness,
            told: Vec::new(),
        };
        let list = caller.works();
        (caller.told, list)
    });

    assert_eq!(by_code.1, by_program.1);
    assert_eq!(by_code.1[0]["number"], "13900139001");
    for (code, program) in by_code.0.iter().zip(&by_program.0) {
        assert_eq!(code, program);
    }
    assert_eq!(by_code.0.len(), 4);
}
