//! What is dialled while there are customers, beside the same command of a program.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Proof, Witness, codes_that, demo};
use crate::support::{Api, Keys, Line, Phone, eventually, hear_each_other, pilot};

/// How something is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    Phone,
    Program,
}

/// Who is there beside the agent.
pub(super) struct Floor<'a> {
    pub(super) api: &'a Api,
    pub(super) carrier: &'a Phone,
    pub(super) leader: &'a Phone,
    /// A phone where nobody sits.
    pub(super) free: &'a Phone,
}

/// An agent with nothing but phones, or with a program.
pub(super) struct Agent<'a> {
    pub(super) way: Way,
    pub(super) user: &'static str,
    /// Who dials, where that is a leader of theirs.
    pub(super) leader: Option<&'static str>,
    pub(super) phone: &'a Phone,
    /// A second phone of theirs, that speaks as the free one does.
    pub(super) other: &'a Phone,
    pub(super) tone: f64,
    pub(super) floor: &'a Floor<'a>,
    pub(super) witness: &'a mut Witness,
    pub(super) walked: BTreeSet<&'static str>,
    pub(super) told: Vec<(&'static str, Vec<Value>)>,
}

impl Agent<'_> {
    /// Gives a command as a program.
    pub(super) fn gives(&self, deed: &Value) -> Value {
        let path = format!("/users/{}/commands", self.user);
        let (status, said) = self.floor.api.gives(&path, deed);
        assert!(status < 500, "{deed}: {said}");
        said
    }

    /// Who gives the commands that are waited for from now on.
    pub(super) fn is_watched(&mut self) {
        let by = self.leader.unwrap_or(self.user);
        self.witness.watches((self.way == Way::Phone).then_some(by));
    }

    /// Notes what is told of a code, up to the command that it stands for.
    pub(super) fn notes(&mut self, code: &'static str, command: &str, outcome: &str) {
        self.is_watched();
        let mut told = self.witness.told_of(self.user, command);
        told.retain_mut(is_lasting);
        let last = told.last().unwrap();
        assert_eq!(last["data"]["outcome"], outcome, "{code} {:?}", self.way);
        self.told.push((code, told));
        self.walked.insert(code);
    }

    /// Dials a code and hears what it says, or gives the command.
    fn does(&mut self, (code, dialled): (&'static str, &str), deed: &Value, outcome: &str) {
        let command = deed["command"].as_str().unwrap();
        if self.way == Way::Program {
            self.gives(deed);
            return self.notes(code, command, outcome);
        }
        let line = self.phone.dials(dialled);
        line.is_answered();
        self.notes(code, command, outcome);
        line.hangs_up();
    }

    /// Talks with a customer whom they have called.
    pub(super) fn talks(&self) -> (Line, Line) {
        let line = self.phone.dials("13800138000");
        let customer = self.floor.carrier.rings();
        customer.answers();
        hear_each_other(&line, self.tone, &customer, pilot::C1);
        (line, customer)
    }

    pub(super) fn is(&self, state: &str) {
        eventually(state, || {
            let agent = self.floor.api.get(&format!("/agents/{}", self.user));
            (agent["state"] == state).then_some(())
        });
    }

    /// 事后: refused where there is none, made longer, ended.
    fn wraps_up(&mut self) {
        let longer = |minutes: u32| json!({ "command": "extend_wrap_up", "minutes": minutes });
        let ends = json!({ "command": "end_wrap_up" });
        self.does(("*25", "*25"), &ends, "not_in_wrap_up");
        self.does(("*25<Z>", "*255"), &longer(5), "not_in_wrap_up");
        let (line, customer) = self.talks();
        customer.hangs_up();
        line.is_hung_up();
        self.is("wrap_up");
        self.does(("*25<ZX>", "*2515"), &longer(15), "done");
        self.does(("*25<Z>", "*255"), &longer(5), "done");
        self.does(("*25", "*25"), &ends, "done");
        self.is("idle");
        self.gives(&json!({ "command": "busy" }));
    }

    /// Has the call at their other phone.
    fn pulls(&mut self) {
        let (line, customer) = self.talks();
        let pulls = match self.way {
            Way::Phone => self.other.dials("*26"),
            Way::Program => self.other.dials("*9664"),
        };
        if self.way == Way::Program {
            // It comes to where they are on the phone with the exchange.
            pulls.hears(pilot::MUSIC);
            self.gives(&json!({ "command": "pull" }));
        }
        self.notes("*26", "pull", "done");
        hear_each_other(&pulls, pilot::A3, &customer, pilot::C1);
        line.is_hung_up();
        customer.hangs_up();
        pulls.is_hung_up();
        self.is("wrap_up");
    }

    /// Takes who is next in the queue of a digit, and whoever waits longest in all queues.
    fn picks(&mut self) {
        let waiting = [pilot::C1, pilot::C2].map(|tone| {
            let carrier = self.floor.carrier;
            let line = carrier.dials_as("13800000000", "4001234567", tone);
            line.is_answered();
            line.hears_something(Duration::from_secs(2));
            line.presses("1", Keys::Rfc4733);
            line.hears_within(pilot::MUSIC, Duration::from_secs(20));
            (line, tone)
        });
        let picks = [
            (
                "*27<Z>",
                "*271",
                json!({ "command": "pick", "queue": "it" }),
            ),
            ("*27", "*27", json!({ "command": "pick" })),
        ];
        for ((code, dialled, deed), (customer, tone)) in picks.into_iter().zip(&waiting) {
            let line = match self.way {
                Way::Phone => self.phone.dials(dialled),
                Way::Program => {
                    self.gives(&deed);
                    let line = self.phone.rings();
                    line.answers();
                    line
                }
            };
            hear_each_other(&line, self.tone, customer, *tone);
            customer.hangs_up();
            line.is_hung_up();
            self.notes_picked(code);
        }
    }

    /// Notes a pick and the conversation that it led to. By a code the two talk before the command is told as done, by
    /// a program afterwards, when the phone was answered: so in no order.
    fn notes_picked(&mut self, code: &'static str) {
        let talks = |event: &Value| event["data"]["state"] == "talking";
        let mut told = self.witness.told_until(self.user, talks);
        let rests = |event: &Value| event["data"]["state"] == "wrap_up";
        told.extend(self.witness.told_until(self.user, rests));
        told.retain_mut(is_lasting);
        told.sort_by_key(Value::to_string);
        let picked = told.iter().find(|event| event["type"] == "desk.command");
        assert_eq!(picked.unwrap()["data"]["outcome"], "done", "{code}");
        self.told.push((code, told));
        self.walked.insert(code);
    }

    /// Goes on at a phone where nobody sits, until they log out.
    fn sits(&mut self) {
        let out = json!({ "command": "log_out" });
        let free = self.floor.free;
        self.gives(&out);
        if self.way == Way::Phone {
            let line = free.dials(&format!("*22{}", self.user));
            line.hears_something(Duration::from_millis(200));
            line.presses("2580#", Keys::Rfc4733);
            self.notes("*22<XX.>", "sit", "done");
            line.is_over_within(Duration::from_secs(10));
        } else {
            self.gives(&json!({ "command": "log_in" }));
            self.gives(&json!({ "command": "sit", "device": "1051" }));
            self.notes("*22<XX.>", "sit", "done");
        }
        let agent = self.floor.api.get(&format!("/agents/{}", self.user));
        assert_eq!(agent["settings"]["device"], "1051");
        let calling = self.floor.leader.dials(self.user);
        let rung = free.rings();
        rung.answers();
        hear_each_other(&calling, pilot::L1, &rung, pilot::A3);
        calling.hangs_up();
        rung.is_hung_up();
        self.gives(&out);
    }
}

/// Whether it is no step between: who picks by a program is rung first, who picks by a code is there already.
fn is_lasting(event: &mut Value) -> bool {
    let about = event["data"].as_object_mut().unwrap();
    about.remove("before");
    about.get("state").is_none_or(|state| state != "offered")
}

/// Does all of it by phone, an agent's or their leader's, and by a program; what is told is the same. Returns the codes
/// that were walked.
pub(super) fn walks(
    leads: Option<&'static str>,
    works: impl Fn(&mut Agent<'_>),
) -> BTreeSet<&'static str> {
    let (exchange, api) = demo();
    let [a1, a2, a3, leader] = exchange.phones(["1049", "1050", "1051", "1001"]);
    let [b1, b2] = ["1049", "1050"].map(|user| {
        let phone = exchange.phone_with(user, |manner| manner.pilot = pilot::A3);
        phone.registers();
        phone
    });
    let carrier = exchange.carrier();
    for phone in [&a1, &a2] {
        exchange.logs_in(phone);
    }
    let floor = Floor {
        api: &api,
        carrier: &carrier,
        leader: &leader,
        free: &a3,
    };
    let mut witness = Witness::of(&api);
    let ways = [
        (Way::Phone, "1049", [&a1, &b1], pilot::A1),
        (Way::Program, "1050", [&a2, &b2], pilot::A2),
    ];
    let [(by_phone, walked), (by_program, given)] = ways.map(|(way, user, phones, tone)| {
        let mut agent = Agent {
            way,
            user,
            leader: leads,
            phone: phones[0],
            other: phones[1],
            tone,
            floor: &floor,
            witness: &mut witness,
            walked: BTreeSet::new(),
            told: Vec::new(),
        };
        works(&mut agent);
        exchange.has_no_calls();
        (agent.told, agent.walked)
    });
    for (phone, program) in by_phone.iter().zip(&by_program) {
        assert_eq!(phone, program);
    }
    assert_eq!((by_phone.len(), &walked), (by_program.len(), &given));
    walked
}

/// The codes of this walk, or of the leaders'.
pub(super) fn codes_of(leaders: bool) -> BTreeSet<&'static str> {
    let mut codes = codes_that(Proof::SameInCalls);
    codes.retain(|code| code.starts_with("*3") == leaders);
    codes
}

#[test]
fn each_code_that_is_dialled_among_customers_does_what_the_command_of_a_program_does() {
    let walked = walks(None, |agent| {
        agent.wraps_up();
        agent.pulls();
        agent.picks();
        agent.sits();
    });
    assert_eq!(walked, codes_of(false));
}
