//! A start after a cut, with a real store and real files.

use std::time::Duration;

use store::{Direction, FloorNotes, JournalLine, OfferRow, QueueLogRow, Sqlite};

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
async fn a_recording_that_was_closed_before_the_cut_is_whole_and_is_said_to_be() {
    let left = Left::new("whole");
    let call = left.call(1_000_000).await;
    let id = left.recording(&call, 8_000).await;
    let row = left.store.recording("8001", id).await.unwrap().unwrap();
    let path = left.data.join("recordings").join(&row.path);
    let shape = WavHeader {
        channels: 1,
        rate: 8_000,
    };
    let mut octets = shape.bytes(Some(16_000)).to_vec();
    octets.resize(WavHeader::LENGTH + 16_000, 5);
    std::fs::write(&path, &octets).unwrap();

    left.recover(60_000_000).await;

    let row = left.store.recording("8001", id).await.unwrap().unwrap();
    let end = row.end.unwrap();
    assert_eq!((end.duration, end.bytes), (1_000_000, 44 + 16_000));
    assert!(!end.lost);
    assert_eq!(std::fs::read(&path).unwrap(), octets);
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

#[tokio::test]
async fn a_stay_in_a_queue_that_was_cut_is_ended_in_the_log_and_in_the_calls_record() {
    let left = Left::new("stay");
    let begin = left.call(1_000_000).await;
    let done = left.call(2_000_000).await;
    let line = |call: &CallBegin, at: i64, kind: &str, agent: Option<&str>, why: Option<&str>| {
        QueueLogRow {
            id: Uuid::now_v7(),
            at,
            kind: kind.into(),
            queue: Some("it".into()),
            call: Some(call.id),
            agent: agent.map(Into::into),
            why: why.map(Into::into),
            position: (kind == "entered").then_some(2),
            lasted: (kind != "entered").then_some(100_000),
            ..QueueLogRow::default()
        }
    };
    let log = vec![
        line(&begin, 1_500_000, "entered", None, None),
        line(&begin, 1_600_000, "left", None, Some("overflow")),
        line(&begin, 1_600_000, "entered", None, None),
        line(&begin, 1_700_000, "offered", Some("1049"), None),
        line(
            &begin,
            1_800_000,
            "offer_ended",
            Some("1049"),
            Some("no_answer"),
        ),
        line(&begin, 1_900_000, "offered", Some("1050"), None),
        line(&done, 2_100_000, "entered", None, None),
        line(&done, 2_200_000, "left", Some("1049"), Some("answered")),
    ];
    let notes = FloorNotes {
        log,
        ..FloorNotes::default()
    };
    left.store.note_floor("8001", notes).await.unwrap();

    close_calls(
        &left.store,
        "local",
        &HashMap::new(),
        Some(3_000_000),
        9_000_000,
    )
    .await;

    let lines = |call: &CallBegin| {
        let filter = QueueLogFilter {
            call: Some(call.id),
            ..QueueLogFilter::default()
        };
        left.store.queue_log("8001", filter)
    };
    let newest = lines(&begin).await.unwrap();
    assert_eq!(newest.len(), 8);
    let said = |line: &QueueLogRow| (line.kind.clone(), line.why.clone(), line.lasted);
    let cut = || Some("cut".to_owned());
    assert_eq!(said(&newest[0]), ("left".into(), cut(), Some(1_400_000)));
    assert_eq!(
        said(&newest[1]),
        ("offer_ended".into(), cut(), Some(1_100_000))
    );
    assert_eq!(newest[1].agent.as_deref(), Some("1050"));
    let record = left.store.call("8001", begin.id).await.unwrap().unwrap();
    let stay = &record.episodes[0];
    assert_eq!(
        (
            &*stay.outcome,
            stay.entered_at,
            stay.waited,
            stay.waited_before,
            stay.position
        ),
        ("cut", 1_600_000, 1_400_000, 100_000, 2)
    );
    let offer = |agent: &str, at, ended_at, why: &str| OfferRow {
        agent: agent.into(),
        at,
        ended_at,
        why: why.into(),
    };
    assert_eq!(
        stay.offers,
        [
            offer("1049", 1_700_000, 1_800_000, "no_answer"),
            offer("1050", 1_900_000, 3_000_000, "cut"),
        ]
    );
    // Who was answered waits no longer, and a second start writes nothing more.
    assert_eq!(lines(&done).await.unwrap().len(), 2);
    close_calls(
        &left.store,
        "local",
        &HashMap::new(),
        Some(4_000_000),
        9_500_000,
    )
    .await;
    assert_eq!(lines(&begin).await.unwrap().len(), 8);
}
