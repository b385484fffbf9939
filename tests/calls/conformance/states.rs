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

/// What somebody dials, and what they type when they are asked for it.
#[derive(Clone, Copy)]
struct Dials<'a> {
    phone: &'a Phone,
    user: &'a str,
    number: &'a str,
    keys: &'a [&'a str],
}

/// A command of a program: about which user, and about which numbers it is by phone and by the program.
struct Same<'a> {
    users: [&'a str; 2],
    deed: Value,
    numbers: [Option<&'a str>; 2],
}

impl Walk<'_> {
    /// A phone dials a code, and a program gives the command: both come to the same, which is `outcome`.
    fn same(&mut self, code: &'static str, dials: Dials<'_>, same: &Same<'_>, outcome: &str) {
        let command = same.deed["command"].as_str().unwrap();
        let [number, other] = same.numbers.map(|it| it.map(str::to_owned));
        self.witness.watches(Some(dials.user));
        self.witness.number = number;
        let line = dials.phone.dials(dials.number);
        for typed in dials.keys {
            line.hears_something(Duration::from_millis(200));
            line.presses(typed, Keys::Rfc4733);
        }
        let by_phone = self.witness.told_of(same.users[0], command);
        line.is_answered();
        line.hangs_up();

        self.witness.watches(None);
        self.witness.number = other;
        let path = format!("/users/{}/commands", same.users[1]);
        let (status, said) = self.api.gives(&path, &same.deed);
        assert!(status < 500, "{code}: {said}");
        let by_program = self.witness.told_of(same.users[1], command);

        assert_eq!(by_phone, by_program, "{code}");
        let last = by_phone.last().unwrap();
        assert_eq!(last["data"]["outcome"], outcome, "{code}");
        self.walked.insert(code);
    }

    /// What agents dial about themselves: 1049 by phone, 1050 by a program.
    fn own(&mut self, code: &'static str, dials: Dials<'_>, deed: Value, outcome: &str) {
        let same = Same {
            users: ["1049", "1050"],
            deed,
            numbers: [None, None],
        };
        self.same(code, dials, &same, outcome);
    }

    /// States, and what somebody has set for themselves.
    fn agents(&mut self, phone: &Phone) {
        let dials = |number, keys| Dials {
            phone,
            user: "1049",
            number,
            keys,
        };
        let is = |command: &str| json!({ "command": command });
        let new: &[&str] = &["2580#", "2580#"];
        let busy = |reason: &str| json!({ "command": "busy", "reason": reason });
        for (code, number, keys, deed, outcome) in [
            ("*22", "*22", new, is("log_in"), "done"),
            ("*45", "*45", &[], is("log_in"), "done"),
            ("*23", "*23", &[], is("idle"), "done"),
            ("*24", "*24", &[], is("busy"), "done"),
            // Again: nothing changes, and that is told as well.
            ("*24", "*24", &[], is("busy"), "done"),
            ("*24<X>", "*242", &[], busy("meeting"), "done"),
            ("*24<X>", "*249", &[], busy("9"), "no_such_reason"),
            ("*46", "*46", &[], is("idle"), "done"),
            ("*46", "*46", &[], is("busy"), "done"),
            // The menu does what is typed.
            ("*2", "*2", &["23#"], is("idle"), "done"),
            ("*2", "*2", &["*242#"], busy("meeting"), "done"),
            ("*29", "*29", &[], is("reset"), "done"),
            // Phones that end what is dialled with # may send it.
            ("*23", "*23#", &[], is("idle"), "done"),
            ("*20", "*20", &[], is("log_out"), "done"),
            ("*23", "*23", &[], is("idle"), "logged_out"),
            ("*45", "*45", &["2580#"], is("log_in"), "done"),
        ] {
            self.own(code, dials(number, keys), deed, outcome);
        }
        for (code, command, on) in [
            ("*481", "auto_answer", true),
            ("*480", "auto_answer", false),
            ("*78", "do_not_disturb", true),
            ("*79", "do_not_disturb", false),
            ("*431", "accept_items", true),
            ("*430", "accept_items", false),
        ] {
            let deed = json!({ "command": command, "on": on });
            self.own(code, dials(code, &[]), deed, "done");
        }
    }

    /// What leaders force upon agents, and what they list.
    fn leaders(&mut self, phone: &Phone, exchange: &Exchange) {
        let dials = |number, keys| Dials {
            phone,
            user: "1001",
            number,
            keys,
        };
        let forced = |command: &str, reason: Option<&str>| Same {
            users: ["1049", "1050"],
            deed: match reason {
                Some(reason) => json!({ "command": command, "reason": reason }),
                None => json!({ "command": command }),
            },
            numbers: [None, None],
        };
        let busy = forced("force_busy", Some("1"));
        let first: &[&str] = &["3690#", "3690#", "1#"];
        self.same("*37<10XX>", dials("*371049", first), &busy, "done");
        let out = forced("force_log_out", None);
        let then: &[&str] = &["3690#", "1#"];
        self.same("*38<10XX>", dials("*381049", then), &out, "done");

        let listed = |command: &str, [here, there]: [&'static str; 2]| {
            let mut deed = json!({ "command": command, "list": "blacklist", "number": there });
            if command == "list_add" {
                deed["reason"] = "nuisance".into();
            }
            Same {
                users: ["1001", "1001"],
                deed,
                numbers: [Some(here), Some(there)],
            }
        };
        let two = ["+8613900139000", "+8613900139001"];
        let typed: &[&str] = &["13900139000#", "1"];
        self.same("*30", dials("*30", typed), &listed("list_add", two), "done");
        let typed: &[&str] = &["13900139000#"];
        let gone = listed("list_remove", two);
        self.same("*31", dials("*31", typed), &gone, "done");
        calls_and_talks(exchange, "13900139002", phone);
        let two = ["+8613900139002", "+8613900139003"];
        self.same(
            "*32",
            dials("*32", &["1"]),
            &listed("list_add", two),
            "done",
        );

        let closed = Same {
            users: ["1001", "1001"],
            deed: json!({ "command": "queue_switch", "switch": "hotline", "state": "closed" }),
            numbers: [None, None],
        };
        self.same("*28<[012]>", dials("*281", &[]), &closed, "done");
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
    let mut walk = Walk {
        api: &api,
        witness: Witness::of(&api),
        walked: BTreeSet::new(),
    };

    walk.agents(&a1);
    walk.leaders(&leader, &exchange);

    assert_eq!(walk.walked, codes_that(Proof::Same), "every row was walked");
    walk.witness.has_no_more(&api, &["1049", "1050", "1001"]);
}
