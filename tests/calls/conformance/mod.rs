//! The keys of phones, row by row: what a code does is what the command of the desk does, to the last event.
//!
//! [`ROWS`] names for each code of `scripts/8001/codes.lua` how that is proven. A code of the table that has no row
//! here fails, a row here that the table lacks, and a row of the printed page that either lacks.

mod in_call;
mod lamps;
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
    /// Walked here: its events are those of the command that a program gives.
    Same,
    /// It changes nothing: what it says is heard here, or in `tests/dialplan`.
    Says,
    /// This test walks it, in both ways where there are two.
    By(&'static str),
}

use Proof::{By, Same, Says};

const CONTACTS: &str = "plugins/contacts/tests/contacts_test.lua";
const TICKETS: &str = "tests/dialplan/codes_test.lua";
const SUPERVISION: &str = "tests/calls/supervision/mod.rs";

/// What is dialled.
const IDLE: &[(&str, Proof)] = &[
    ("*22", Same),
    ("*45", Same),
    (
        "*22<XX.>",
        By(
            "tests/calls/agent_settings.rs::s3_an_agent_sits_down_at_any_phone_and_calls_for_them_ring_there",
        ),
    ),
    ("*23", Same),
    ("*24", Same),
    ("*24<X>", Same),
    ("*46", Same),
    ("*25", Same),
    ("*25<Z>", Same),
    ("*25<ZX>", Same),
    ("*47", Says),
    ("*20", Same),
    (
        "*26",
        By("tests/calls/agent_settings.rs::a_conversation_comes_to_the_phone_that_asks_for_it"),
    ),
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
    ("*41<X>", By(CONTACTS)),
    ("*41<XX>", By(CONTACTS)),
    ("*42", By(TICKETS)),
    ("*42<X>", By(TICKETS)),
    ("*44", By(TICKETS)),
    ("*440", By(TICKETS)),
    ("*440<XXXXX>", By(TICKETS)),
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
        By("tests/calls/parked.rs::a_parked_customer_hears_music_and_talks_with_who_fetches_them"),
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
            "tests/calls/picked_up.rs::who_picks_up_talks_with_the_caller_and_the_phone_that_rang_shows_no_missed_call",
        ),
    ),
    (
        "*8",
        By(
            "tests/calls/picked_up.rs::who_picks_up_talks_with_the_caller_and_the_phone_that_rang_shows_no_missed_call",
        ),
    ),
    (
        "*27",
        By("tests/calls/queues/hospitable.rs::a_colleague_picks_whom_they_want_out_of_the_line"),
    ),
    (
        "*27<Z>",
        By("tests/calls/queues/hospitable.rs::a_colleague_picks_whom_they_want_out_of_the_line"),
    ),
    (
        "*88<XX>",
        By(
            "tests/calls/conferences.rs::three_hear_each_other_in_every_direction_and_two_who_are_left_go_on",
        ),
    ),
    ("*33<10XX>", By(SUPERVISION)),
    ("*34<10XX>", By(SUPERVISION)),
    ("*35<10XX>", By(SUPERVISION)),
    ("*36<10XX>", Same),
    ("*37<10XX>", Same),
    ("*38<10XX>", Same),
    (
        "*28",
        By(
            "tests/calls/lamps_that_are_set.rs::the_lamp_of_the_hotlines_switch_shows_how_it_stands_and_after_a_restart_too",
        ),
    ),
    (
        "*28<[012]>",
        By(
            "tests/calls/lamps_that_are_set.rs::the_lamp_of_the_hotlines_switch_shows_how_it_stands_and_after_a_restart_too",
        ),
    ),
    ("*30", Same),
    ("*31", Same),
    (
        "*32",
        By(
            "tests/api/history.rs::a_leader_puts_the_last_caller_and_a_typed_number_on_the_blacklist_by_phone",
        ),
    ),
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
    ("*65", Says),
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
            if kind == "desk.command" && about["command"] == command {
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
    let rows = IDLE.iter().filter(|(_, it)| *it == proof);
    rows.map(|(code, _)| *code).collect()
}
