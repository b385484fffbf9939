//! SQLite keeps the contract of the store.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::path::Path;
use std::sync::Arc;

use store::Sqlite;

mod contract;

fn sqlite() -> Arc<Sqlite> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(uuid::Uuid::now_v7().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    Sqlite::open(
        &folder.join("records.db"),
        store::load_or_create_key(&folder).unwrap(),
    )
    .unwrap()
}

#[test]
fn users_and_their_phones_are_kept() {
    contract::users::run(&*sqlite());
}

#[test]
fn calls_are_kept_whole_and_cut_ones_are_closed() {
    contract::calls::run(&*sqlite());
}

#[test]
fn recordings_are_kept_from_their_beginning() {
    contract::recordings::run(&*sqlite());
}

#[test]
fn mailboxes_lose_no_message() {
    contract::voicemail::run(&*sqlite());
}

#[test]
fn scripts_values_are_kept_until_they_expire() {
    contract::kv::run(&*sqlite());
}

#[test]
fn tokens_are_known_by_their_hashes() {
    contract::tokens::run(&*sqlite());
}

#[test]
fn desks_have_one_session_and_an_audit_log() {
    contract::desks::run(&*sqlite());
}

#[test]
fn shifts_are_kept_and_held_against_what_agents_did() {
    contract::shifts::run(&*sqlite());
}

#[test]
fn jobs_are_done_once_and_never_lost() {
    contract::jobs::run(&*sqlite());
}

#[test]
fn events_are_stored_with_their_cause_and_told_once() {
    contract::outbox::run(&*sqlite());
}

#[test]
fn agents_and_queues_are_kept_and_logged() {
    contract::floor::run(&*sqlite());
}

#[test]
fn figures_are_the_same_whether_rows_are_counted_as_they_are_written_or_read_back() {
    contract::figures::run(&*sqlite());
}

#[test]
fn missed_calls_are_kept_until_somebody_has_seen_to_them() {
    contract::missed::run(&*sqlite());
}

#[test]
fn requests_that_are_repeated_are_done_once() {
    contract::answers::run(&*sqlite());
}

#[test]
fn one_database_keeps_the_whole_contract_twice() {
    let store = sqlite();

    contract::run(&*store);
    contract::run(&*store);
}
