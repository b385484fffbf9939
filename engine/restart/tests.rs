//! A start after a cut, with a real store and real files.

use std::time::Duration;

use store::{Direction, JournalLine, Sqlite};

use super::*;

/// A data folder with a store, as a run that was cut has left it.
struct Left {
    data: PathBuf,
    store: Arc<dyn Store>,
}

impl Left {
    fn new(name: &str) -> Self {
        let id = std::process::id();
        let data = std::env::temp_dir().join(format!("moonswitch-restart-{name}-{id}"));
        std::fs::create_dir_all(data.join("recordings/8001")).unwrap();
        let store = Sqlite::open(&data.join("records.db"), [7; 32]).unwrap();
        Self { data, store }
    }

    async fn call(&self, started_at: i64) -> CallBegin {
        let begin = CallBegin {
            id: Uuid::from_u128(started_at as u128),
            tenant: "8001".into(),
            node: "local".into(),
            direction: Direction::Internal,
            from_raw: "1049".into(),
            from_number: Some("1049".into()),
            from_name: None,
            to: "1050".into(),
            context: "internal".into(),
            user: Some("1049".into()),
            trunk_in: None,
            generation: None,
            started_at,
        };
        self.store.begin_call(begin.clone()).await.unwrap();
        begin
    }

    /// A recording whose header says that it is being written.
    async fn recording(&self, call: &CallBegin, samples: usize) -> Uuid {
        let shape = WavHeader {
            channels: 1,
            rate: 8_000,
        };
        let mut octets = shape.bytes(None).to_vec();
        octets.resize(WavHeader::LENGTH + samples * 2 + 1, 5);
        let id = Uuid::from_u128(99);
        let path = format!("8001/{id}.wav");
        std::fs::write(self.data.join("recordings").join(&path), octets).unwrap();
        let row = RecordingRow {
            id,
            tenant: "8001".into(),
            node: "local".into(),
            call_id: call.id,
            path,
            channels: 1,
            rate: 8_000,
            started_at: call.started_at,
            purpose: "call".into(),
            end: None,
        };
        self.store.begin_recording(row).await.unwrap();
        id
    }

    async fn recover(&self, now: i64) {
        mend_and_close(&self.store, &self.data, now).await;
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

async fn mend_and_close(store: &Arc<dyn Store>, data: &Path, now: i64) {
    let mended = mend_recordings(store, "local", &data.join("recordings")).await;
    close_calls(store, "local", &mended, alive::last_alive(data), now).await;
}

#[tokio::test]
async fn a_cut_recording_gets_its_length_at_once_and_its_checksum_soon() {
    let left = Left::new("recording");
    let call = left.call(1_000_000).await;
    let id = left.recording(&call, 8_000).await;

    left.recover(60_000_000).await;

    let look = || async { left.store.recording("8001", id).await.unwrap().unwrap() };
    let row = look().await;
    let end = row.end.unwrap();
    assert_eq!((end.duration, end.bytes), (1_000_000, 44 + 16_000));
    assert!(end.lost);
    let path = left.data.join("recordings").join(&row.path);
    let hashed = async {
        loop {
            if let Some(sum) = look().await.end.and_then(|end| end.sha256) {
                break sum;
            }
            tokio::task::yield_now().await;
        }
    };
    let sum = tokio::time::timeout(Duration::from_secs(10), hashed).await;
    assert_eq!(sum.unwrap(), sha256_of(&path).unwrap());
}

#[tokio::test]
async fn a_call_without_a_journal_is_closed_all_the_same() {
    let left = Left::new("no-journal");
    let call = left.call(1_000_000).await;
    let line = JournalLine {
        seq: 0,
        at: 500_000,
        json: "{}".into(),
    };
    left.store
        .append_journal("8001", call.id, vec![line])
        .await
        .unwrap();

    left.recover(60_000_000).await;

    let found = left.store.call("8001", call.id).await.unwrap().unwrap();
    let end = found.call.end.unwrap();
    assert_eq!(
        (end.ended_by.as_str(), end.ended_at),
        ("system:cut", 1_500_000)
    );
}

#[tokio::test]
async fn a_start_does_not_wait_for_a_database_that_cannot_be_written() {
    let left = Left::new("locked");
    let call = left.call(1_000_000).await;
    let id = left.recording(&call, 8_000).await;
    let other = rusqlite::Connection::open(left.data.join("records.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let recovered = left.recover(60_000_000);
    tokio::time::timeout(Duration::from_secs(20), recovered)
        .await
        .unwrap();

    // What was found is written when the database is free again.
    other.execute_batch("COMMIT").unwrap();
    let written = async {
        while left
            .store
            .recording("8001", id)
            .await
            .unwrap()
            .unwrap()
            .end
            .is_none()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), written)
        .await
        .unwrap();
}
