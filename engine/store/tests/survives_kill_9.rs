//! What was acknowledged is there after the process was killed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use store::{CallBegin, CallEnd, Direction, FinishedCall, KvKey, Sqlite, Store};
use uuid::Uuid;

/// Tells the child where to write.
const FOLDER: &str = "MOONSWITCH_STORE_KILL_TEST";

#[test]
fn all_acknowledged_records_are_there_after_kill_9() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(Uuid::now_v7().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let mut acknowledged = Vec::new();

    for round in 1..=8 {
        acknowledged.extend(write_until_killed(&folder, round * 37));

        let store = open(&folder);
        for &id in &acknowledged {
            let found = store.call("8001", id).wait().unwrap();
            assert!(
                found.is_some_and(|call| call.call.end.is_some()),
                "{id} in round {round}"
            );
        }
        let counted = store
            .kv_get(counter(), 0)
            .wait()
            .unwrap()
            .unwrap()
            .as_u64()
            .unwrap();
        assert!(counted >= acknowledged.len() as u64);
        let unfinished = store.unfinished_calls("a").wait().unwrap();
        let closed = store.close_cut_calls("a", i64::MAX).wait().unwrap();
        assert_eq!(closed, unfinished);
        assert_eq!(store.unfinished_calls("a").wait().unwrap(), []);
    }

    assert!(acknowledged.len() > 1_000);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Starts the child, reads what it acknowledges, and kills it in the middle of its work.
fn write_until_killed(folder: &Path, lines: usize) -> Vec<Uuid> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "the_child_writes_until_it_is_killed",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let acknowledged = |line: std::io::Result<String>| -> Option<Uuid> {
        line.ok()?.strip_prefix("acknowledged ")?.parse().ok()
    };

    let mut ids: Vec<Uuid> = output
        .by_ref()
        .filter_map(acknowledged)
        .take(lines)
        .collect();
    child.kill().unwrap();
    // It went on while we were reading.
    ids.extend(output.filter_map(acknowledged));
    child.wait().unwrap();
    assert!(ids.len() >= lines, "the child wrote");
    ids
}

/// Started and killed by the test above; by itself it has nothing to do.
#[test]
fn the_child_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = open(Path::new(&folder));

    loop {
        let calls: Vec<FinishedCall> = (0..20).map(|_| finished()).collect();
        for call in &calls {
            store.begin_call(call.begin.clone()).forget();
        }
        let waiting: Vec<_> = calls
            .iter()
            .map(|call| {
                store.kv_incr(counter(), 1, None, 0).forget();
                (call.begin.id, store.finish_call(call.clone()))
            })
            .collect();
        for (id, pending) in waiting {
            pending.wait().unwrap();
            println!("acknowledged {id}");
        }
    }
}

fn open(folder: &Path) -> Arc<Sqlite> {
    let key = store::load_or_create_key(folder).unwrap();
    Sqlite::open(&folder.join("records.db"), key).unwrap()
}

fn counter() -> KvKey {
    KvKey {
        tenant: "8001".into(),
        scope: "test".into(),
        key: "count".into(),
    }
}

fn finished() -> FinishedCall {
    let begin = CallBegin {
        id: Uuid::now_v7(),
        tenant: "8001".into(),
        node: "a".into(),
        direction: Direction::Internal,
        from_raw: "1049".into(),
        from_number: None,
        from_name: None,
        to: "1050".into(),
        context: "internal".into(),
        user: Some("1049".into()),
        trunk_in: None,
        generation: None,
        started_at: 1,
    };
    let end = CallEnd {
        answered_at: None,
        ended_at: 2,
        ended_by: "customer".into(),
        result: "abandoned_ringing".into(),
        cause: "cancelled".into(),
        sip_status: 487,
        q850: 26,
        trunk_out: None,
        mos_min: None,
        vars: serde_json::Value::Null,
        script_error: None,
    };
    FinishedCall {
        begin,
        end,
        legs: Vec::new(),
        segments: Vec::new(),
    }
}
