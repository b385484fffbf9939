//! What leaders dial while their agents talk, beside the same command of a program.

use std::time::Duration;

use serde_json::json;

use super::served::{Agent, Way, codes_of, walks};
use crate::support::{Keys, Line, hear_each_other, pilot};

impl Agent<'_> {
    /// A leader's phone comes to hear the agent.
    fn is_heard(&mut self, (code, digits, mode): (&'static str, &str, &str)) -> Line {
        let leader = self.floor.leader;
        if self.way == Way::Phone {
            let line = leader.dials(&format!("{digits}{}", self.user));
            self.notes(code, mode, "done");
            return line;
        }
        self.gives(&json!({ "command": mode, "leader": "1001" }));
        self.notes(code, mode, "done");
        let line = leader.rings();
        line.answers();
        // The leader's phone says it again, once it is answered.
        self.witness.watches(Some("1001"));
        let again = self.witness.told_of(self.user, mode);
        assert_eq!(again.len(), 1, "{again:?}");
        line
    }

    /// The leader presses a key, or a program gives its command.
    fn is_under(&mut self, leader: &Line, (code, keys): (&'static str, &str), command: &str) {
        match self.way {
            Way::Phone => leader.presses(keys, Keys::Rfc4733),
            Way::Program if command == "release" => {
                self.gives(&json!({ "command": "release" }));
            }
            Way::Program => {
                self.gives(&json!({ "command": command, "leader": "1001" }));
            }
        }
        self.notes(code, command, "done");
    }

    /// The leader has heard enough: by the key, by hanging up, and by a program's command.
    fn is_left(&mut self, leader: &Line, (code, by_key): (&'static str, bool)) {
        match self.way {
            Way::Phone if by_key => leader.presses("#", Keys::Rfc4733),
            Way::Phone => leader.hangs_up(),
            Way::Program => {
                self.gives(&json!({ "command": "stop", "leader": "1001" }));
            }
        }
        self.notes(code, "stop", "done");
        leader.is_over();
    }

    /// The leader goes on to a colleague, who talks with somebody else, and has heard enough there.
    fn is_passed(&mut self, leader: &Line) {
        let (api, free) = (self.floor.api, self.floor.free);
        let line = free.dials("13900139000");
        let customer = self.floor.carrier.rings();
        customer.answers();
        line.hears(pilot::C1);
        let commands = "/users/1051/commands";
        match self.way {
            Way::Phone => leader.presses("*", Keys::Rfc4733),
            Way::Program => {
                let deed = json!({ "command": "listen", "leader": "1001" });
                assert_eq!(api.gives(commands, &deed).0, 200);
            }
        }
        self.is_watched();
        let mut told = self.witness.told_of("1051", "listen");
        leader.hears(pilot::A3);
        leader.is_deaf_to(self.tone);
        match self.way {
            Way::Phone => leader.presses("#", Keys::Rfc4733),
            Way::Program => {
                let deed = json!({ "command": "stop", "leader": "1001" });
                assert_eq!(api.gives(commands, &deed).0, 200);
            }
        }
        told.extend(self.witness.told_of("1051", "stop"));
        self.told.push(("*33<10XX>", told));
        leader.is_over();
        line.hangs_up();
        customer.is_hung_up();
    }

    /// Heard, spoken to, taken over, released.
    fn is_supervised(&mut self) {
        let (line, customer) = self.talks();
        let starts = [
            ("*34<10XX>", "*34", "barge"),
            ("*35<10XX>", "*35", "whisper"),
            ("*33<10XX>", "*33", "listen"),
        ];
        for start in &starts[..2] {
            let leader = self.is_heard(*start);
            hears(start.2, &leader, &line, &customer);
            self.is_left(&leader, (start.0, start.2 == "barge"));
        }
        let leader = self.is_heard(starts[2]);
        leader.hears(pilot::C1);
        self.is_passed(&leader);

        let leader = self.is_heard(starts[2]);
        hears("listen", &leader, &line, &customer);
        for (key, mode) in [("5", "whisper"), ("6", "barge"), ("4", "listen")] {
            self.is_under(&leader, ("*33<10XX>", key), mode);
            hears(mode, &leader, &line, &customer);
        }
        self.is_under(&leader, ("*33<10XX>", "7"), "take_over");
        hear_each_other(&leader, pilot::L1, &customer, pilot::C1);
        line.is_hung_up();
        leader.hangs_up();
        customer.is_hung_up();
        self.is("wrap_up");

        let (line, customer) = self.talks();
        let leader = self.is_heard(starts[2]);
        leader.hears(pilot::C1);
        self.is_under(&leader, ("*33<10XX>", "99"), "release");
        line.is_hung_up();
        customer.is_over();
        self.is_left(&leader, ("*33<10XX>", true));
        self.is("wrap_up");
    }

    /// 强拆, refused where there is no call.
    fn is_released(&mut self) {
        let release = json!({ "command": "release", "reason": "1" });
        for (outcome, pins) in [
            ("not_in_call", &["3690#", "3690#", "1#"][..]),
            ("done", &["3690#", "1#"]),
        ] {
            let lines = (outcome == "done").then(|| self.talks());
            let mut forces = None;
            if self.way == Way::Phone {
                let dials = self.floor.leader.dials(&format!("*36{}", self.user));
                for typed in pins {
                    dials.hears_something(Duration::from_millis(200));
                    dials.presses(typed, Keys::Rfc4733);
                }
                forces = Some(dials);
            } else {
                self.gives(&release);
            }
            self.notes("*36<10XX>", "release", outcome);
            if let Some((line, customer)) = lines {
                line.is_hung_up();
                customer.is_over_within(Duration::from_secs(10));
            }
            if let Some(line) = forces {
                line.is_over_within(Duration::from_secs(10));
            }
        }
        self.is("wrap_up");
    }
}

/// Who hears the leader in each mode.
fn hears(mode: &str, leader: &Line, agent: &Line, customer: &Line) {
    leader.hears(pilot::C1);
    for (line, modes) in [(agent, &["whisper", "barge"][..]), (customer, &["barge"])] {
        match modes.contains(&mode) {
            true => line.hears(pilot::L1),
            false => line.is_deaf_to(pilot::L1),
        }
    }
}

#[test]
fn each_code_of_a_leader_does_to_a_conversation_what_the_command_of_a_program_does() {
    let walked = walks(Some("1001"), |agent| {
        agent.is_supervised();
        agent.is_released();
    });
    assert_eq!(walked, codes_of(true));
}
