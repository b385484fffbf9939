//! Recordings' rows.

use store::{Error, RecordingEnd, RecordingRow, Store};
use uuid::Uuid;

use super::tenant;

/// The contract of recordings.
pub(crate) fn run(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let call = Uuid::now_v7();
    let first = recording(&ours, call, 1_000);
    let second = recording(&ours, call, 2_000);
    let end = RecordingEnd {
        duration: 12_340_000,
        bytes: 394_924,
        sha256: Some([9; 32]),
        lost: false,
    };
    store.begin_recording(second.clone()).wait().unwrap();
    store.begin_recording(first.clone()).wait().unwrap();

    assert_eq!(
        store.unfinished_recordings(&ours).wait().unwrap(),
        [first.clone(), second.clone()]
    );
    assert_eq!(
        store.finish_recording(&theirs, first.id, end).wait(),
        Err(Error::NotFound {
            what: "recording",
            name: first.id.to_string()
        })
    );

    store.finish_recording(&ours, first.id, end).wait().unwrap();

    let closed = RecordingRow {
        end: Some(end),
        ..first.clone()
    };
    assert_eq!(
        store.recording(&ours, first.id).wait().unwrap(),
        Some(closed.clone())
    );
    assert_eq!(store.recording(&theirs, first.id).wait().unwrap(), None);
    assert_eq!(
        store.recordings(&ours, call).wait().unwrap(),
        [closed, second.clone()]
    );
    assert_eq!(store.recordings(&theirs, call).wait().unwrap(), []);
    assert_eq!(
        store.unfinished_recordings(&ours).wait().unwrap(),
        std::slice::from_ref(&second)
    );

    let lost = RecordingEnd {
        sha256: None,
        lost: true,
        ..end
    };
    store
        .finish_recording(&ours, second.id, lost)
        .wait()
        .unwrap();
    assert_eq!(
        store
            .recording(&ours, second.id)
            .wait()
            .unwrap()
            .unwrap()
            .end,
        Some(lost)
    );

    assert!(!store.delete_recording(&theirs, second.id).wait().unwrap());
    assert!(store.delete_recording(&ours, second.id).wait().unwrap());
    assert_eq!(store.recording(&ours, second.id).wait().unwrap(), None);
}

fn recording(tenant: &str, call_id: Uuid, started_at: i64) -> RecordingRow {
    RecordingRow {
        id: Uuid::now_v7(),
        tenant: tenant.into(),
        node: tenant.into(),
        call_id,
        path: format!("{tenant}/2026/11/22/{started_at}.wav"),
        channels: 2,
        rate: 8_000,
        started_at,
        purpose: "call".into(),
        end: None,
    }
}
