//! The keys of phones, row by row: what a code does is what the command of the desk does, to the last event.
//!
//! [`ROWS`] names for each code of `scripts/8001/codes.lua` how that is proven. A code of the table that has no row
//! here fails, a row here that the table lacks, and a row of the printed page or of the plan (`plan`) that either lacks.

mod again;
mod in_call;
mod lamps;
mod led;
mod messages;
mod others;
mod parked;
mod pins;
mod plan;
mod plugged;
mod served;
mod states;
mod table;
mod witness;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::{Api, Exchange, Setup};

use witness::Witness;

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

const NUMBERS: &str =
    "tests/calls/conformance/again.rs::who_is_called_again_by_a_code_is_called_as_by_a_program";
const MESSAGES: &str = "tests/calls/conformance/messages.rs::a_message_that_is_heard_and_deleted_by_phone_is_told_of_as_by_a_program";
const PARKED: &str =
    "tests/calls/conformance/parked.rs::a_customer_is_parked_with_the_same_events_by_each_way";

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
        By(
            "tests/calls/conformance/pins.rs::a_new_pin_is_chosen_with_the_old_one_which_opens_nothing_any_more",
        ),
    ),
    ("*870", By(NUMBERS)),
    ("*69", By(NUMBERS)),
    ("*690", By(NUMBERS)),
    (
        "*732",
        By(
            "tests/calls/conformance/table.rs::who_has_talked_hears_their_last_recording_and_nobody_elses",
        ),
    ),
    ("*41", SameInPlugin),
    ("*41<X>", SameInPlugin),
    ("*41<XX>", SameInPlugin),
    (
        "*42",
        By("tests/calls/conformance/plugged.rs::a_ticket_is_opened_by_phone_and_its_note_is_kept"),
    ),
    ("*42<X>", SameInPlugin),
    ("*44", SameInPlugin),
    ("*440", SameInPlugin),
    ("*440<XXXXX>", SameInPlugin),
    ("*97", By(MESSAGES)),
    ("*98", By(MESSAGES)),
    ("*980", By(MESSAGES)),
    ("*5900", By(PARKED)),
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
    ("*2", Same),
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

/// All codes that are proven in a way.
fn codes_that(proof: Proof) -> BTreeSet<&'static str> {
    let rows = IDLE.iter().chain(ASLEEP).filter(|(_, it)| *it == proof);
    rows.map(|(code, _)| *code).collect()
}
