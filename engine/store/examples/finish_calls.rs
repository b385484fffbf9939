//! Measures how many call records a second reach the disk: `cargo run --release --example
//! finish_calls [CALLS]`. Each has two legs, three segments and a journal of ten lines.

use std::collections::VecDeque;
use std::time::Instant;

use store::{
    CallBegin, CallEnd, Direction, FinishedCall, JournalLine, LegRow, SegmentRow, Sqlite, Store,
};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let calls: u32 = std::env::args()
        .nth(1)
        .map_or(Ok(20_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("moonswitch-bench-{}", Uuid::now_v7()));
    std::fs::create_dir_all(&folder)?;
    let store = Sqlite::open(
        &folder.join("records.db"),
        store::load_or_create_key(&folder)?,
    )?;

    for (name, with_journal) in [("finish_call", false), ("finish_call and journal", true)] {
        let begun = Instant::now();
        let commits = store.health().commits;
        let mut waiting = VecDeque::new();
        for _ in 0..calls {
            let call = record();
            if with_journal {
                store
                    .append_journal("8001", call.begin.id, journal())
                    .forget();
            }
            waiting.push_back(store.finish_call(call));
            if waiting.len() >= 2_000
                && let Some(oldest) = waiting.pop_front()
            {
                oldest.wait()?;
            }
        }
        for pending in waiting {
            pending.wait()?;
        }
        let rate = f64::from(calls) / begun.elapsed().as_secs_f64();
        let commits = store.health().commits - commits;
        println!("{name}: {rate:.0} calls/s, {calls} calls in {commits} commits");
    }
    drop(store);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn journal() -> Vec<JournalLine> {
    let line = |seq| JournalLine {
        seq,
        at: i64::from(seq) * 1_000_000,
        json: r#"{"Event":{"Digit":{"leg":0,"digit":"1"}}}"#.into(),
    };
    (0..10).map(line).collect()
}

fn record() -> FinishedCall {
    let begin = CallBegin {
        id: Uuid::now_v7(),
        tenant: "8001".into(),
        node: "a".into(),
        direction: Direction::Inbound,
        from_raw: "013800138000".into(),
        from_number: Some("+8613800138000".into()),
        from_name: None,
        to: "4001234567".into(),
        context: "inbound".into(),
        user: None,
        trunk_in: Some("carrier".into()),
        generation: Some(1),
        started_at: 1_764_000_000_000_000,
    };
    let end = CallEnd {
        answered_at: Some(begin.started_at),
        ended_at: begin.started_at + 60_000_000,
        ended_by: "customer".into(),
        result: "answered".into(),
        cause: "normal".into(),
        sip_status: 480,
        q850: 16,
        trunk_out: None,
        mos_min: Some(4.3),
        vars: serde_json::Value::Null,
        script_error: None,
    };
    let leg = |leg| LegRow {
        leg,
        kind: "trunk".into(),
        peer: "+8613800138000".into(),
        user_agent: None,
        invited_at: begin.started_at,
        ringing_at: None,
        early_at: None,
        up_at: Some(begin.started_at),
        ended_at: end.ended_at,
        cause: "normal".into(),
        codec: Some("pcma".into()),
        quality: None,
    };
    let segment = |kind: &str| SegmentRow {
        kind: kind.into(),
        from: begin.started_at,
        to: end.ended_at,
        agent: Some("1049".into()),
        queue: None,
        recording: None,
        note: None,
    };
    let legs = vec![leg(0), leg(1)];
    let segments = vec![segment("ivr"), segment("ring"), segment("talk")];
    FinishedCall {
        begin,
        end,
        legs,
        segments,
    }
}
