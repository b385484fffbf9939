//! What SQLite itself must hold to: group commit, trouble with the disk, sealed secrets, migrations.

mod troubled;

use std::sync::mpsc;
use std::time::Instant;

use uuid::Uuid;

use super::*;
use crate::{
    CallBegin, Direction, KvKey, MessageRow, RecordingEnd, RecordingRow, Secret, Store, UserRecord,
};

const KEY: [u8; 32] = [7; 32];

fn open(name: &str) -> (std::path::PathBuf, Arc<Sqlite>) {
    let path = scratch(name).join("records.db");
    let store = Sqlite::open(&path, KEY).unwrap();
    (path, store)
}

fn call(number: &str) -> CallBegin {
    CallBegin {
        id: Uuid::now_v7(),
        tenant: "8001".into(),
        node: "a".into(),
        direction: Direction::Inbound,
        from_raw: number.into(),
        from_number: None,
        from_name: None,
        to: "4001234567".into(),
        context: "inbound".into(),
        user: None,
        trunk_in: Some("carrier".into()),
        generation: Some(1),
        started_at: 1_000_000,
    }
}

fn user(extension: &str, hash: &str) -> UserRecord {
    UserRecord {
        tenant: "8001".into(),
        extension: extension.into(),
        name: None,
        realm: "8001.example".into(),
        ha1_md5: Secret::new(hash),
        ha1_sha256: Secret::new(hash.repeat(2)),
        context: "internal".into(),
        role: "agent".to_owned(),
        team: None,
        created_at: 1,
    }
}

#[test]
fn the_audit_log_refuses_to_be_changed_or_cut() {
    let (path, store) = open("audit");
    let line = crate::AuditRow {
        id: Uuid::now_v7(),
        tenant: "8001".into(),
        at: 1,
        by: "user:1001".into(),
        act: "logged_in".into(),
        about: "1001".into(),
        outcome: "done".into(),
        source: None,
    };
    crate::Desks::note_audit(&*store, line).wait().unwrap();
    let direct = Connection::open(path).unwrap();
    for change in ["UPDATE audit SET by_whom = 'nobody'", "DELETE FROM audit"] {
        let error = direct.execute(change, []).unwrap_err().to_string();
        assert!(error.contains("only ever added to"), "{error}");
    }
}

/// Keeps the writer busy until told to go on.
fn gate(store: &Sqlite) -> (mpsc::SyncSender<()>, Pending<()>) {
    let (open, gate) = mpsc::sync_channel(1);
    let (entered, inside) = mpsc::sync_channel(1);
    let pending = store.write(move |_| {
        entered.send(()).unwrap();
        gate.recv().unwrap();
        Ok(())
    });
    inside.recv().unwrap();
    (open, pending)
}

fn pragma(store: &Sqlite, sql: &'static str) -> i64 {
    let answer = store.write(move |records| {
        records
            .everyone()
            .first(sql, &[], |row| Ok(row.get::<_, i64>(0)?))
    });
    answer.wait().unwrap().unwrap_or(0)
}

#[test]
fn writes_that_wait_together_share_a_commit() {
    let (_, store) = open("group");
    let (go, _pending) = gate(&store);
    let before = store.health().commits;

    let waiting: Vec<_> = (0..500).map(|_| store.begin_call(call("1"))).collect();
    go.send(()).unwrap();

    for pending in waiting {
        pending.wait().unwrap();
    }
    assert!(
        store.health().commits - before <= 2,
        "the gate's and one more"
    );
}

#[test]
fn a_full_queue_refuses_beginnings_at_once_and_still_takes_ends() {
    let (_, store) = open("full");
    let (go, _pending) = gate(&store);

    let accepted: Vec<_> = (0..WRITES).map(|_| store.begin_call(call("1"))).collect();
    let refused = store.begin_call(call("1")).wait();
    let end = store.kv_delete(
        KvKey {
            tenant: "8001".into(),
            scope: "s".into(),
            key: "k".into(),
        },
        0,
    );

    assert_eq!(refused, Err(Error::Busy { waiting: WRITES }));
    assert_eq!(store.health().writes_waiting, WRITES + 1);
    go.send(()).unwrap();
    assert_eq!(end.wait(), Ok(false));
    for pending in accepted {
        pending.wait().unwrap();
    }
}

#[test]
fn a_refused_write_undoes_itself_and_no_other() {
    let (_, store) = open("alone");
    let (go, _pending) = gate(&store);
    let (first, second) = (call("1"), call("2"));
    let half = call("3");

    let one = store.begin_call(first.clone());
    let bad = store.write({
        let half = half.clone();
        move |records| {
            calls::begin(&records.of(&half.tenant), &half)?;
            Err::<(), _>(Error::NotANumber { key: "k".into() })
        }
    });
    let two = store.begin_call(second.clone());
    go.send(()).unwrap();

    assert_eq!(bad.wait(), Err(Error::NotANumber { key: "k".into() }));
    one.wait().unwrap();
    two.wait().unwrap();
    assert!(store.call("8001", first.id).wait().unwrap().is_some());
    assert!(store.call("8001", second.id).wait().unwrap().is_some());
    assert!(store.call("8001", half.id).wait().unwrap().is_none());
    assert!(store.health().writable);
}

#[test]
fn a_panic_in_one_write_is_its_own_answer_and_the_store_goes_on() {
    let (_, store) = open("panic");

    let answer = store
        .write(|_| -> Result<(), Error> { panic!("as the test wants") })
        .wait();

    assert_eq!(
        answer,
        Err(Error::Refused("the store's own code failed".into()))
    );
    store.begin_call(call("1")).wait().unwrap();
}

#[test]
fn hashes_and_pins_are_not_in_the_file() {
    let (path, store) = open("sealed");
    let hash = "5f4dcc3b5aa765d61d8327deb882cf99";
    store.put_user(user("1049", hash)).wait().unwrap();
    store
        .set_pin("8001", "1049", Some(Secret::new("90817263")))
        .wait()
        .unwrap();
    drop(store);

    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());

    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("8001.example"), "the search works");
    assert!(!holds(hash));
    assert!(!holds("90817263"));
}

#[test]
fn another_key_is_refused_before_anything_is_written() {
    let (path, store) = open("other-key");
    store
        .put_user(user("1049", "5f4dcc3b5aa765d61d8327deb882cf99"))
        .wait()
        .unwrap();
    drop(store);

    let refused = Sqlite::open(&path, [8; 32]).err().unwrap();

    assert!(refused.to_string().contains("restore the key"), "{refused}");
    let store = Sqlite::open(&path, KEY).unwrap();
    let found = store.user("8001", "1049").wait().unwrap().unwrap();
    assert_eq!(found.ha1_md5.reveal(), "5f4dcc3b5aa765d61d8327deb882cf99");
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let (path, store) = open("newer");
    drop(store);
    let other = Connection::open(&path).unwrap();
    other
        .execute(
            "INSERT INTO migrations (version, name) VALUES (999, 'later')",
            [],
        )
        .unwrap();

    let refused = Sqlite::open(&path, KEY).err().unwrap();

    assert!(matches!(refused, Error::TooNew { found: 999, .. }));
}

#[test]
fn a_file_of_an_older_version_is_brought_up_to_date_and_keeps_its_records() {
    let path = scratch("older").join("records.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../schema/0001_first.sql"))
        .unwrap();
    old.execute_batch(
        "CREATE TABLE migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO migrations (version, name) VALUES (1, 'first');
         INSERT INTO calls (tenant, id, node, direction, from_raw, dialled, context, started_at)
           VALUES ('8001', x'0191a1b2c3d47000800000000000aaaa', 'a', 'internal', '1049', '1050',
             'internal', 1);
         INSERT INTO legs (tenant, call_id, leg, kind, peer, invited_at, ended_at, cause)
           VALUES ('8001', x'0191a1b2c3d47000800000000000aaaa', 0, 'user', '1049', 1, 2, 'normal');
         INSERT INTO mailboxes (tenant, mailbox, greeting)
           VALUES ('8001', '1049', x'0191a1b2c3d47000800000000000aaaa'), ('8001', '1050', NULL);
         INSERT INTO messages (tenant, id, mailbox, recording, left_at, duration)
           VALUES ('8001', x'0191a1b2c3d47000800000000000aaaa', '1050',
             x'0191a1b2c3d47000800000000000aaaa', 1, 2);",
    )
    .unwrap();
    drop(old);

    let store = Sqlite::open(&path, KEY).unwrap();

    let id = Uuid::from_u128(0x0191_a1b2_c3d4_7000_8000_0000_0000_aaaa);
    let found = store.call("8001", id).wait().unwrap().unwrap();
    assert_eq!(found.legs.len(), 1);
    assert_eq!(found.legs[0].early_at, None);
    let [greeted, other] =
        ["1049", "1050"].map(|mailbox| store.mailbox("8001", mailbox).wait().unwrap().unwrap());
    assert_eq!(greeted.greetings["unavailable"], id);
    assert!(other.greetings.is_empty());
    assert!(!other.messages[0].urgent);
    drop(store);
    Sqlite::open(&path, KEY).unwrap();
}

#[test]
fn a_view_that_a_read_leaves_open_does_not_stop_the_next() {
    let (_, store) = open("view");

    // As SQLite itself does after some errors.
    for _ in 0..READERS * 2 {
        let cut = store.read(|records| {
            records.everyone().change("ROLLBACK", &[])?;
            Err::<(), _>(Error::Damaged("on purpose".into()))
        });
        assert_eq!(cut.wait(), Err(Error::Damaged("on purpose".into())));
    }

    assert_eq!(store.users("8001").wait().unwrap(), []);
}

#[test]
fn what_waits_is_written_before_the_store_is_gone() {
    let (path, store) = open("drain");
    let (go, _pending) = gate(&store);
    let calls: Vec<_> = (0..100).map(|_| call("1")).collect();
    for call in &calls {
        store.begin_call(call.clone()).forget();
    }
    go.send(()).unwrap();
    drop(store);

    let store = Sqlite::open(&path, KEY).unwrap();

    for call in calls {
        assert!(store.call("8001", call.id).wait().unwrap().is_some());
    }
}

#[test]
fn every_commit_is_synchronous_and_the_file_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;

    let (path, store) = open("synchronous");

    assert_eq!(pragma(&store, "PRAGMA synchronous"), 2, "FULL");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_statement_that_forgets_its_tenant_does_not_run() {
    let (_, store) = open("tenant");

    let refused = store
        .read(|records| records.of("8001").change("DELETE FROM users", &[]))
        .wait()
        .unwrap_err();

    assert!(
        refused.to_string().contains("forgets its tenant"),
        "{refused}"
    );
}

#[test]
fn opening_a_file_again_takes_no_lock_from_those_who_have_it_open() {
    use std::os::unix::fs::MetadataExt;
    let (path, _store) = open("again");
    let inode = std::fs::metadata(&path).unwrap().ino();
    let locks = || {
        let all = std::fs::read_to_string("/proc/locks").unwrap();
        all.lines()
            .filter(|line| line.contains(&format!(":{inode} ")))
            .count()
    };
    let before = locks();
    assert!(before > 0, "an open database is locked");

    make(&path).unwrap();

    assert_eq!(locks(), before);
}

#[test]
fn an_answer_can_be_awaited() {
    let (_, store) = open("await");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let begun = call("1");

    let found = runtime.block_on(async {
        store.begin_call(begun.clone()).await.unwrap();
        store.call("8001", begun.id).await.unwrap()
    });

    assert_eq!(found.unwrap().call.begin, begun);
}
