//! Recordings' rows.

use store::{Error, RecordingEnd, RecordingFilter, RecordingRow, Store};
use uuid::Uuid;

use super::{calls, tenant};

/// The contract of recordings.
pub(crate) fn run(store: &dyn Store) {
    a_recording_is_there_from_its_beginning_until_it_is_thrown_away(store);
    recordings_are_listed_newest_first_and_page_by_page(store);
    a_teams_recordings_are_those_of_calls_that_its_members_made_or_took_part_in(store);
}

fn a_recording_is_there_from_its_beginning_until_it_is_thrown_away(store: &dyn Store) {
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

fn recordings_are_listed_newest_first_and_page_by_page(store: &dyn Store) {
    let (ours, theirs) = (tenant("listed"), tenant("theirs"));
    let call = Uuid::now_v7();
    let mut rows: Vec<RecordingRow> = (1..=4)
        .map(|n| recording(&ours, if n < 3 { call } else { Uuid::now_v7() }, n * 1_000))
        .collect();
    rows[3].purpose = "message".into();
    for row in &rows {
        store.begin_recording(row.clone()).wait().unwrap();
    }
    let found = |change: &dyn Fn(&mut RecordingFilter)| -> Vec<i64> {
        let mut filter = RecordingFilter::default();
        change(&mut filter);
        let rows = store.list_recordings(&ours, filter).wait().unwrap();
        rows.into_iter().map(|row| row.started_at).collect()
    };

    assert_eq!(found(&|_| ()), [4_000, 3_000, 2_000, 1_000]);
    assert_eq!(
        found(&|filter| filter.conversations = true),
        [3_000, 2_000, 1_000]
    );
    assert_eq!(found(&|filter| filter.call = Some(call)), [2_000, 1_000]);
    assert_eq!(found(&|filter| filter.since = Some(3_000)), [4_000, 3_000]);
    assert_eq!(found(&|filter| filter.until = Some(3_000)), [2_000, 1_000]);
    let page = |before| {
        found(&|filter| {
            filter.before = before;
            filter.limit = 2;
        })
    };
    assert_eq!(page(None), [4_000, 3_000]);
    // The mark may have gone meanwhile.
    assert!(store.delete_recording(&ours, rows[2].id).wait().unwrap());
    assert_eq!(page(Some((3_000, rows[2].id))), [2_000, 1_000]);
    let others = store.list_recordings(&theirs, RecordingFilter::default());
    assert_eq!(others.wait().unwrap(), []);
}

fn a_teams_recordings_are_those_of_calls_that_its_members_made_or_took_part_in(store: &dyn Store) {
    let ours = tenant("teams");
    let begin_by = |user: Option<&str>, at| {
        let mut begin = calls::begin(&ours, at);
        begin.user = user.map(str::to_owned);
        begin
    };
    // 1049 takes part in the first, 1050 makes the second, which goes on, nobody of a team is in the third.
    let answered = calls::finished(begin_by(None, 1_000));
    let made = begin_by(Some("1050"), 2_000);
    let mut others = calls::finished(begin_by(Some("1060"), 3_000));
    others.segments.truncate(1);
    let [first, again, second, third] = [
        (answered.begin.id, 1_001),
        // It began long after its call did, and after another call's.
        (answered.begin.id, 2_500),
        (made.id, 2_001),
        (others.begin.id, 3_001),
    ]
    .map(|(call, at)| recording(&ours, call, at));
    store.begin_call(made).wait().unwrap();
    for row in [&first, &again, &second, &third] {
        store.begin_recording(row.clone()).wait().unwrap();
    }
    for call in [&answered, &others] {
        store.finish_call(call.clone()).wait().unwrap();
    }
    let among = |members: &[&str], limit, before| -> Vec<i64> {
        let filter = RecordingFilter {
            among: members.iter().map(|it| (*it).to_owned()).collect(),
            conversations: true,
            limit,
            before,
            ..RecordingFilter::default()
        };
        let rows = store.list_recordings(&ours, filter).wait().unwrap();
        rows.into_iter().map(|row| row.started_at).collect()
    };

    let team = ["1049", "1050"];
    assert_eq!(among(&team, 0, None), [2_500, 2_001, 1_001]);
    assert_eq!(among(&team, 2, None), [2_500, 2_001]);
    assert_eq!(among(&team, 2, Some((2_001, second.id))), [1_001]);
    assert_eq!(among(&["1049"], 0, None), [2_500, 1_001]);
    assert_eq!(among(&["1060"], 0, None), [3_001]);
    assert_eq!(among(&["1051"], 0, None), [0; 0]);

    // A call that is written anew, with other parties, and a recording that is thrown away.
    let mut anew = answered;
    anew.segments[1].agent = Some("1051".into());
    store.finish_call(anew).wait().unwrap();
    assert!(store.delete_recording(&ours, again.id).wait().unwrap());
    assert_eq!(among(&["1051"], 0, None), [1_001]);
    assert_eq!(among(&["1049"], 0, None), [0; 0]);
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
