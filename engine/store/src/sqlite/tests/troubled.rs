//! A disk that is full, read-only or locked by others.

use super::*;

#[test]
fn a_full_disk_is_told_truthfully_and_heals_when_there_is_room() {
    let (_, store) = open("disk-full");
    let kept = call("1");
    store.begin_call(kept.clone()).wait().unwrap();
    pragma(&store, "PRAGMA max_page_count = 1");
    let put = |extension: u32| {
        let mut large = user(&extension.to_string(), "5f4dcc3b5aa765d61d8327deb882cf99");
        large.name = Some("9".repeat(3_000));
        store.put_user(large).wait()
    };

    let mut stored = 0;
    let failure = loop {
        match put(stored) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 1_000, "the limit holds");
    };

    assert_eq!(failure, Error::DiskFull);
    assert_eq!(store.health().trouble, Some(Error::DiskFull));
    assert!(
        store.call("8001", kept.id).wait().unwrap().is_some(),
        "reading goes on"
    );
    assert_eq!(
        store.users("8001").wait().unwrap().len(),
        stored as usize,
        "what was acknowledged is there, and nothing else"
    );

    pragma(&store, "PRAGMA max_page_count = 1000000");
    put(stored).unwrap();
    assert!(store.health().writable);
}

#[test]
fn what_happens_in_calls_is_kept_for_a_locked_database_and_written_when_it_is_free() {
    let (path, store) = open("kept");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = call("1");
    let recording = RecordingRow {
        id: Uuid::now_v7(),
        tenant: "8001".into(),
        node: "a".into(),
        call_id: begun.id,
        path: "8001/1.wav".into(),
        channels: 1,
        rate: 8_000,
        started_at: 1,
        purpose: "message".into(),
        end: None,
    };
    let message = MessageRow {
        id: Uuid::now_v7(),
        tenant: "8001".into(),
        mailbox: "8000".into(),
        recording: recording.id,
        call_id: Some(begun.id),
        from: None,
        left_at: 2,
        duration: 1,
        urgent: false,
        heard_at: None,
        deleted_at: None,
        assigned_to: None,
    };
    let end = RecordingEnd {
        duration: 1,
        bytes: 46,
        sha256: None,
        lost: false,
    };

    // In this order: an end that came before its beginning would be refused.
    let kept = [
        store.begin_call(begun.clone()),
        store.begin_recording(recording.clone()),
        store.finish_recording("8001", recording.id, end),
        store.leave_message(message.clone()),
    ];
    let refused = store
        .put_user(user("1049", "5f4dcc3b5aa765d61d8327deb882cf99"))
        .wait();

    assert_eq!(refused, Err(Error::Locked), "who can say it again is told");
    assert_eq!(store.health().trouble, Some(Error::Locked));
    assert_eq!(store.health().writes_waiting, kept.len());
    assert!(store.call("8001", begun.id).wait().unwrap().is_none());

    other.execute_batch("COMMIT").unwrap();
    for pending in kept {
        pending.wait().unwrap();
    }
    assert_eq!(store.health().writes_waiting, 0);
    assert!(store.health().writable);
    assert!(store.call("8001", begun.id).wait().unwrap().is_some());
    let found = store.mailbox("8001", "8000").wait().unwrap().unwrap();
    assert_eq!(found.messages, [message]);
    let stored = store.recording("8001", recording.id).wait().unwrap();
    assert_eq!(stored.unwrap().end, Some(end));
}

#[test]
fn what_is_kept_is_told_when_the_store_closes_without_having_written_it() {
    let (path, store) = open("closed");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let pending = store.begin_call(call("1"));
    drop(store);

    assert_eq!(pending.wait(), Err(Error::Locked));
}

#[test]
fn a_read_only_database_is_told_and_can_still_be_read() {
    let (_, store) = open("read-only");
    let kept = call("1");
    store.begin_call(kept.clone()).wait().unwrap();
    pragma(&store, "PRAGMA query_only = 1");

    let refused = store
        .put_user(user("1049", "5f4dcc3b5aa765d61d8327deb882cf99"))
        .wait();

    assert_eq!(refused, Err(Error::ReadOnly));

    assert_eq!(store.health().trouble, Some(Error::ReadOnly));
    assert!(store.call("8001", kept.id).wait().unwrap().is_some());
}

#[test]
fn a_lock_of_another_process_is_told_and_its_end_is_noticed_without_a_write() {
    let (path, store) = open("locked");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let refused = store
        .put_user(user("1049", "5f4dcc3b5aa765d61d8327deb882cf99"))
        .wait();

    assert_eq!(refused, Err(Error::Locked));
    assert_eq!(store.health().trouble, Some(Error::Locked));

    other.execute_batch("COMMIT").unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while !store.health().writable {
        assert!(Instant::now() < deadline, "the store has not noticed");
        std::thread::yield_now();
    }
}
