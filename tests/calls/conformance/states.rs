//! What is dialled, beside the same command of a program.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Proof, Witness, codes_that, demo};
use crate::support::{Api, Keys, Phone};

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
    own("*25", "*25", &[], json!({ "command": "end_wrap_up" }));
    let longer = |minutes: u32| json!({ "command": "extend_wrap_up", "minutes": minutes });
    own("*25<Z>", "*255", &[], longer(5));
    own("*25<ZX>", "*2515", &[], longer(15));
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
        "*36<10XX>",
        (&leader, "*361049", &first),
        (agents, forced("release")),
    );
    walk.same(
        "*37<10XX>",
        (&leader, "*371049", &then),
        (agents, forced("force_busy")),
    );
    let out = json!({ "command": "force_log_out" });
    walk.same("*38<10XX>", (&leader, "*381049", &then), (agents, out));

    let listed = |command: &str, number: &str| json!({ "command": command, "list": "blacklist", "number": number });
    let mut add = listed("list_add", "13900139001");
    add["reason"] = "nuisance".into();
    let leaders = ["1001", "1001"];
    walk.same(
        "*30",
        (&leader, "*30", &["13900139000#", "1"]),
        (leaders, add),
    );
    let remove = listed("list_remove", "13900139001");
    walk.same(
        "*31",
        (&leader, "*31", &["13900139000#"]),
        (leaders, remove),
    );

    assert_eq!(walk.walked, codes_that(Proof::Same), "every row was walked");
}
