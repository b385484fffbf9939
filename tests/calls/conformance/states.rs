//! What is dialled, beside the same command of a program.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Proof, Witness, codes_that, demo};
use crate::support::{Api, Exchange, Keys, Phone, eventually, pilot};

struct Walk<'a> {
    api: &'a Api,
    witness: Witness,
    walked: BTreeSet<&'static str>,
}

impl Walk<'_> {
    /// A phone dials a code and types what it is asked for; a program gives the command: about `users`, one each.
    fn same(
        &mut self,
        code: &'static str,
        (phone, dialled, keys): (&Phone, &str, &[&str]),
        (users, deed): ([&str; 2], Value),
    ) {
        let command = deed["command"].as_str().unwrap().to_owned();
        let line = phone.dials(dialled);
        for typed in keys {
            line.hears_something(Duration::from_millis(200));
            line.presses(typed, Keys::Rfc4733);
        }
        let by_phone = self.witness.told_of(users[0], &command);
        line.is_answered();
        line.hangs_up();
        let (status, said) = self
            .api
            .gives(&format!("/users/{}/commands", users[1]), &deed);
        assert!(status < 500, "{code}: {said}");
        let by_program = self.witness.told_of(users[1], &command);
        assert_eq!(by_phone, by_program, "{code}");
        self.walked.insert(code);
    }
}

/// A customer has the hotline put them through to the leader; the record of that is written.
fn calls_and_talks(exchange: &Exchange, from: &str, leader: &Phone) {
    let carrier = exchange.carrier();
    let caller = carrier.dials_as(from, "4001234567", pilot::C2);
    caller.is_answered();
    caller.hears_something(Duration::from_millis(300));
    caller.presses("0", Keys::Rfc4733);
    let rung = leader.rings();
    rung.answers();
    rung.hears(pilot::C2);
    caller.hangs_up();
    rung.is_hung_up();
    eventually("the record of the customer's call", || {
        let records = exchange.records();
        let theirs = records
            .iter()
            .find(|row| row.begin.from_raw.contains(from))?;
        theirs.end.is_some().then_some(())
    });
}

#[test]
fn each_code_that_is_dialled_does_what_the_command_of_a_program_does() {
    let (exchange, api) = demo();
    let [a1, _a2, leader] = exchange.phones(["1049", "1050", "1001"]);
    let witness = Witness {
        stream: api.listens(None),
    };
    let mut walk = Walk {
        api: &api,
        witness,
        walked: BTreeSet::new(),
    };
    let agents = ["1049", "1050"];
    let mut own = |code, dialled: &str, keys: &[&str], deed: Value| {
        walk.same(code, (&a1, dialled, keys), (agents, deed));
    };
    own(
        "*22",
        "*22",
        &["2580#", "2580#"],
        json!({ "command": "log_in" }),
    );
    own("*45", "*45", &[], json!({ "command": "log_in" }));
    own("*23", "*23", &[], json!({ "command": "idle" }));
    own("*24", "*24", &[], json!({ "command": "busy" }));
    // Again: nothing changes, and that is told as well.
    own("*24", "*24", &[], json!({ "command": "busy" }));
    own(
        "*24<X>",
        "*242",
        &[],
        json!({ "command": "busy", "reason": "meeting" }),
    );
    own(
        "*24<X>",
        "*249",
        &[],
        json!({ "command": "busy", "reason": "9" }),
    );
    own("*46", "*46", &[], json!({ "command": "idle" }));
    own("*46", "*46", &[], json!({ "command": "busy" }));
    for (code, command, on) in [
        ("*481", "auto_answer", true),
        ("*480", "auto_answer", false),
        ("*78", "do_not_disturb", true),
        ("*79", "do_not_disturb", false),
        ("*431", "accept_items", true),
        ("*430", "accept_items", false),
    ] {
        own(code, code, &[], json!({ "command": command, "on": on }));
    }
    own("*29", "*29", &[], json!({ "command": "reset" }));
    // Phones that end what is dialled with # may send it.
    own("*23", "*23#", &[], json!({ "command": "idle" }));
    own("*20", "*20", &[], json!({ "command": "log_out" }));
    own("*23", "*23", &[], json!({ "command": "idle" }));

    let forced = |command: &str| json!({ "command": command, "reason": "1" });
    let first = ["3690#", "3690#", "1#"];
    let then = ["3690#", "1#"];
    walk.same(
        "*37<10XX>",
        (&leader, "*371049", &first),
        (agents, forced("force_busy")),
    );
    let out = json!({ "command": "force_log_out" });
    walk.same("*38<10XX>", (&leader, "*381049", &then), (agents, out));

    let listed = |command: &str, number: &str| json!({ "command": command, "list": "blacklist", "number": number });
    let add = |number: &str| {
        let mut add = listed("list_add", number);
        add["reason"] = "nuisance".into();
        add
    };
    let leaders = ["1001", "1001"];
    walk.same(
        "*30",
        (&leader, "*30", &["13900139000#", "1"]),
        (leaders, add("13900139001")),
    );
    let remove = listed("list_remove", "13900139001");
    walk.same(
        "*31",
        (&leader, "*31", &["13900139000#"]),
        (leaders, remove),
    );
    calls_and_talks(&exchange, "13900139002", &leader);
    let last = add("13900139003");
    walk.same("*32", (&leader, "*32", &["1"]), (leaders, last));

    let closed = json!({ "command": "queue_switch", "switch": "hotline", "state": "closed" });
    walk.same("*28<[012]>", (&leader, "*281", &[]), (leaders, closed));

    assert_eq!(walk.walked, codes_that(Proof::Same), "every row was walked");
}
