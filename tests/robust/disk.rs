//! The records cannot be written: calls go on, it is told, and all is there when the disk has healed.

use std::time::Duration;

use crate::support::{Api, Exchange, Setup, eventually, pilot};

#[test]
fn calls_go_on_while_the_records_are_locked_and_are_whole_when_they_are_free() {
    let exchange = Exchange::start(Setup::answering(
        "call:bridge(\"user:1049\", { record = true })",
    ));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let lock = rusqlite::Connection::open(exchange.data().join("moonswitch.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();

    let call = carrier.dials("4001234567");
    let agent = a1.rings();
    agent.answers();
    call.hears(pilot::A1);
    agent.hears(pilot::C1);
    let told = eventually("the trouble to be told", || {
        let records = exchange.status()["records"].as_str()?.to_owned();
        records
            .contains("locked by another process")
            .then_some(records)
    });
    call.talks_for(Duration::from_secs(2));
    // The lock has lasted longer than any write was waited for.
    call.hears(pilot::A1);
    call.hangs_up();
    agent.is_over();
    assert!(exchange.records().is_empty(), "{told}");

    lock.execute_batch("COMMIT").unwrap();
    let record = exchange.only_record();
    assert_eq!(record.call.end.unwrap().result, "answered");
    assert_eq!(record.legs.len(), 2);
    let journal = exchange.store().journal("8001", record.call.begin.id);
    assert!(journal.wait().unwrap().len() > 5);
    let sound = exchange.recording(record.call.begin.id);
    assert!(sound.has(0, pilot::C1) && sound.has(1, pilot::A1));
    eventually("the trouble to be over", || {
        let records = exchange.status()["records"].as_str()?.to_owned();
        (!records.contains("locked")).then_some(())
    });
}

#[test]
fn a_phone_can_register_and_be_called_while_the_records_are_locked() {
    let exchange = Exchange::start(Setup::ringing());
    let lock = rusqlite::Connection::open(exchange.data().join("moonswitch.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();

    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);
    call.hangs_up();
    rung.is_over();

    lock.execute_batch("COMMIT").unwrap();
    exchange.only_record();
}

#[test]
fn d13_a_disk_that_takes_no_recording_alarms_at_once_and_the_call_goes_on() {
    let setup = Setup::answering("call:bridge(\"user:1049\", { record = true })");
    let exchange = Exchange::start(setup.with_http());
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let folder = exchange.data().join("recordings/8001");
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    std::fs::write(&folder, "no folder").unwrap();

    let call = carrier.dials("4001234567");
    let agent = a1.rings();
    agent.answers();
    call.hears(pilot::A1);
    let raised = stream.until("alert.raised").pop().unwrap();
    assert_eq!(raised["data"]["alert"], "recording_failed");
    // Nobody who talks notices.
    call.talks_for(Duration::from_secs(1));
    call.hears(pilot::A1);
    agent.hears(pilot::C1);
    call.hangs_up();
    agent.is_over();
    let record = exchange.only_record();
    assert_eq!(record.call.end.as_ref().unwrap().result, "answered");
    let rows = eventually("a row that says so", || {
        let rows = exchange
            .store()
            .recordings("8001", record.call.begin.id)
            .wait()
            .unwrap();
        rows.iter().all(|row| row.end.is_some()).then_some(rows)
    });
    assert_eq!(store::recorded(&record, &rows), store::Recorded::Disk);

    // The disk has healed: the next one is written, and the alarm is over.
    std::fs::remove_file(&folder).unwrap();
    let call = carrier.dials("4001234567");
    a1.rings().answers();
    call.hears(pilot::A1);
    call.hangs_up();
    let cleared = stream.until("alert.cleared").pop().unwrap();
    assert_eq!(cleared["data"]["alert"], "recording_failed");
}
