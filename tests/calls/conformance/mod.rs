//! The keys of phones, row by row: what a code does is what the command of the desk does, to the last event.
//!
//! [`ROWS`] names for each code of `scripts/8001/codes.lua` how that is proven. A code of the table that has no row
//! here fails, a row here that the table lacks, and a row of the printed page or of the plan (`plan`) that either lacks.

mod in_call;
mod lamps;
mod led;
mod others;
mod plan;
mod plugged;
mod served;
mod states;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Api, Exchange, Setup, Stream};

/// How a code is proven.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Proof {
    /// Walked in `states`: its events are those of the command that a program gives.
    Same,
    /// The same, while there are customers: in `served`, and for leaders in `led`.
    SameInCalls,
    /// Walked in `plugged`: what it leaves in a plugin is what the plugin's HTTP leaves.
    SameInPlugin,
    /// This test walks it, in both ways where there are two.
    By(&'static str),
}

use Proof::{By, Same, SameInCalls, SameInPlugin};

const CONTACTS: &str = "plugins/contacts/tests/contacts_test.lua";
const TICKETS: &str = "tests/dialplan/codes_test.lua";

/// What is dialled.
const IDLE: &[(&str, Proof)] = &[
    ("*22", Same),
    ("*45", Same),
    ("*22<XX.>", SameInCalls),
    ("*23", Same),
    ("*24", Same),
    ("*24<X>", Same),
    ("*46", Same),
    ("*25", SameInCalls),
    ("*25<Z>", SameInCalls),
    ("*25<ZX>", SameInCalls),
    (
        "*47",
        By("tests/calls/conformance/others.rs::ones_state_is_said_as_a_program_is_told_it"),
    ),
    ("*20", Same),
    ("*26", SameInCalls),
    ("*29", Same),
    ("*481", Same),
    ("*480", Same),
    ("*78", Same),
    ("*79", Same),
    ("*431", Same),
    ("*430", Same),
    (
        "*11",
        By("tests/dialplan/codes_test.lua::a new PIN is chosen with the old one"),
    ),
    (
        "*870",
        By(
            "tests/api/history.rs::the_phone_redials_calls_back_and_reads_the_last_five_from_any_of_ones_phones",
        ),
    ),
    (
        "*69",
        By(
            "tests/api/history.rs::the_phone_redials_calls_back_and_reads_the_last_five_from_any_of_ones_phones",
        ),
    ),
    (
        "*690",
        By(
            "tests/api/history.rs::the_phone_redials_calls_back_and_reads_the_last_five_from_any_of_ones_phones",
        ),
    ),
    (
        "*732",
        By(
            "tests/calls/conformance/table.rs::who_has_talked_hears_their_last_recording_and_nobody_elses",
        ),
    ),
    ("*41", By(CONTACTS)),
    ("*41<X>", SameInPlugin),
    ("*41<XX>", SameInPlugin),
    ("*42", By(TICKETS)),
    ("*42<X>", SameInPlugin),
    ("*44", SameInPlugin),
    ("*440", By(TICKETS)),
    ("*440<XXXXX>", SameInPlugin),
    ("*97", By("tests/calls/voicemail.rs")),
    ("*98", By("tests/calls/voicemail.rs")),
    (
        "*980",
        By(
            "tests/calls/hotline.rs::out_of_hours_the_caller_leaves_a_message_and_an_agent_listens_to_it",
        ),
    ),
    (
        "*5900",
        By(
            "tests/calls/control/handed.rs::a_customer_is_parked_and_fetched_with_the_same_story_by_each_way",
        ),
    ),
    (
        "70",
        By(
            "tests/calls/conformance/lamps.rs::a_parked_call_is_seen_and_fetched_by_either_of_its_codes",
        ),
    ),
    (
        "*59<0Z>",
        By(
            "tests/calls/conformance/lamps.rs::a_parked_call_is_seen_and_fetched_by_either_of_its_codes",
        ),
    ),
    (
        "*59<ZX>",
        By("tests/calls/parked.rs::an_empty_place_gives_nobody"),
    ),
    (
        "7<Z>",
        By(
            "tests/calls/conformance/lamps.rs::a_parked_call_is_seen_and_fetched_by_either_of_its_codes",
        ),
    ),
    (
        "**<10XX>",
        By(
            "tests/calls/conformance/others.rs::what_rings_at_a_colleague_is_fetched_by_their_number_and_by_the_team",
        ),
    ),
    (
        "*8",
        By(
            "tests/calls/conformance/others.rs::what_rings_at_a_colleague_is_fetched_by_their_number_and_by_the_team",
        ),
    ),
    ("*27", SameInCalls),
    ("*27<Z>", SameInCalls),
    (
        "*88<XX>",
        By("tests/calls/conformance/others.rs::who_dials_the_same_room_hears_each_other"),
    ),
    ("*33<10XX>", SameInCalls),
    ("*34<10XX>", SameInCalls),
    ("*35<10XX>", SameInCalls),
    ("*36<10XX>", SameInCalls),
    ("*37<10XX>", Same),
    ("*38<10XX>", Same),
    (
        "*28",
        By(
            "tests/calls/lamps_that_are_set.rs::the_lamp_of_the_hotlines_switch_shows_how_it_stands_and_after_a_restart_too",
        ),
    ),
    ("*28<[012]>", Same),
    ("*30", Same),
    ("*31", Same),
    ("*32", Same),
    (
        "*77<X>",
        By(
            "tests/calls/conformance/table.rs::a_leader_records_a_prompt_by_phone_and_the_next_caller_hears_it",
        ),
    ),
    (
        "*77<XX>",
        By(
            "tests/calls/conformance/table.rs::a_leader_records_a_prompt_by_phone_and_the_next_caller_hears_it",
        ),
    ),
    (
        "*43",
        By("tests/calls/conformance/table.rs::a_headset_is_tried_before_the_shift"),
    ),
    (
        "*65",
        By("tests/calls/conformance/table.rs::a_headset_is_tried_before_the_shift"),
    ),
    (
        "*9664",
        By("tests/calls/conformance/table.rs::a_headset_is_tried_before_the_shift"),
    ),
    (
        "*9",
        By(
            "tests/calls/surveyed.rs::an_agent_hands_a_customer_over_and_what_they_press_is_that_agents_score",
        ),
    ),
    (
        "*2",
        By(
            "tests/dialplan/codes_test.lua::the menu reads functions with their keys and does what is typed",
        ),
    ),
];

/// Rows of the table that stand in it as comments: they want a plugin that the demo exchange has not.
const ASLEEP: &[(&str, Proof)] = &[("*76<X>", SameInPlugin)];

/// What is typed in a conversation: each is walked here.
const IN_CALL: &[&str] = &[
    "*1",
    "*2<number>#",
    "*3",
    "*4",
    "*5",
    "*6",
    "*7",
    "*8",
    "*9",
    "##<number>#",
];

/// The shipped table.
fn table() -> String {
    fs::read_to_string(root().join("scripts/8001/codes.lua")).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The demo exchange with its API.
fn demo() -> (Exchange, Api) {
    let exchange = Exchange::start(Setup::default().with_http());
    let api = Api::of(&exchange, "8001");
    (exchange, api)
}

/// What is told of somebody: without ids and times, without the way by which it was done, and with the same name for
/// whoever it is about.
struct Witness {
    stream: Stream,
}

impl Witness {
    /// The events about a user up to the command that they, or somebody for them, have given.
    fn told_of(&mut self, user: &str, command: &str) -> Vec<Value> {
        self.told_until(user, |event| {
            event["type"] == "desk.command" && event["data"]["command"] == command
        })
    }

    /// The events about a user up to this one.
    fn told_until(&mut self, user: &str, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let event = self.stream.next();
            let kind = event["type"].as_str().unwrap().to_owned();
            let about = &event["data"];
            let is_theirs =
                about["agent"] == user || about["user"] == user || kind == "list.changed";
            let is_of_a_call = kind.starts_with("call.") || kind.starts_with("registration.");
            if !is_theirs || is_of_a_call || kind.starts_with("recording.") {
                continue;
            }
            told.push(plain(&kind, about, user));
            if is_last(&event) {
                return told;
            }
        }
    }
}

fn plain(kind: &str, about: &Value, user: &str) -> Value {
    let mut about = about.clone();
    if let Some(fields) = about.as_object_mut() {
        for name in [
            "by",
            "call",
            "lasted_ms",
            "waited_ms",
            "number",
            "from",
            "to",
            "added_at",
            "trace",
        ] {
            fields.remove(name);
        }
        for value in fields.values_mut() {
            if *value == user {
                *value = "whoever it is about".into();
            }
        }
    }
    serde_json::json!({ "type": kind, "data": about })
}

/// All codes that are proven in a way.
fn codes_that(proof: Proof) -> BTreeSet<&'static str> {
    let rows = IDLE.iter().chain(ASLEEP).filter(|(_, it)| *it == proof);
    rows.map(|(code, _)| *code).collect()
}
