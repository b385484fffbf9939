//! Figures: what is read back is what was counted when it was written.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use store::{
    CallBegin, CallEnd, Contact, Direction, EpisodeRow, Figures, FiguresOf, FinishedCall,
    FloorNotes, Measure, OfferRow, QueueLogRow, SegmentRow, Store,
};
use uuid::Uuid;

use super::tenant;

/// The contract of figures.
pub(crate) fn run(store: &dyn Store) {
    for seed in 0..12 {
        a_random_days_board_is_its_report(store, seed);
    }
    another_tenants_day_is_not_counted(store);
}

fn a_random_days_board_is_its_report(store: &dyn Store, seed: u64) {
    let random = &mut StdRng::seed_from_u64(seed);
    let ours = tenant("figures");
    let midnight = DAY * i64::try_from(seed + 1).unwrap();
    let hours = (0..=24).map(|hour| midnight + hour * DAY / 24);
    let hourly = FiguresOf {
        measure: Measure {
            short: SECOND,
            within: 10 * SECOND,
        },
        edges: hours.collect(),
    };
    // The board counts what is written, from the day before on.
    let yesterday = FiguresOf {
        edges: vec![midnight - DAY, midnight],
        ..hourly
    };
    let mut board = Figures::new(yesterday);
    let mut events = day(random, &ours, midnight - DAY / 8, midnight + DAY);
    events.sort_by_key(|(at, _)| *at);
    let mut is_today = false;
    for (at, event) in &events {
        if !is_today && *at >= midnight {
            board = board.then(hourly.clone());
            is_today = true;
        }
        match event {
            Event::Floor(notes) => {
                notes.episodes.iter().for_each(|it| board.stay(it));
                notes.log.iter().for_each(|it| board.state(it));
                store.note_floor(&ours, (**notes).clone()).wait().unwrap();
            }
            Event::Call(call) => {
                board.contact(&Contact::from(&**call));
                store.finish_call((**call).clone()).wait().unwrap();
            }
        }
    }

    let report = store.figures(&ours, hourly).wait().unwrap();

    for now in [midnight + DAY, midnight + 2 * DAY] {
        let (board, report) = (board.at(now), report.at(now));
        assert_eq!(board.queues(), report.queues(), "{seed}");
        assert_eq!(board.agents(), report.agents(), "{seed}");
        assert_eq!(board.numbers(), report.numbers(), "{seed}");
    }
    assert!(!report.queues().is_empty() && !report.agents().is_empty());
}

fn another_tenants_day_is_not_counted(store: &dyn Store) {
    let random = &mut StdRng::seed_from_u64(99);
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    for (_, event) in day(random, &theirs, 0, DAY) {
        if let Event::Call(call) = event {
            store.finish_call(*call).wait().unwrap();
        }
    }
    let of = FiguresOf {
        measure: Measure::default(),
        edges: vec![0, DAY],
    };

    let figures = store.figures(&ours, of).wait().unwrap();

    assert!(figures.agents().is_empty() && figures.numbers().is_empty());
}

enum Event {
    Floor(Box<FloorNotes>),
    Call(Box<FinishedCall>),
}

/// What a floor of three agents does, in the order of its times.
fn day(random: &mut StdRng, tenant: &str, from: i64, until: i64) -> Vec<(i64, Event)> {
    let mut events = Vec::new();
    for agent in ["1049", "1050", "1051"] {
        let mut at = from + random.random_range(0..DAY / 8);
        let mut was = "logged_out";
        events.push(state(agent, at, "busy", &mut was));
        while at < until {
            at += random.random_range(SECOND..DAY / 24);
            match random.random_range(0..6) {
                0 => events.push(state(agent, at, "busy", &mut was)),
                1 => events.push(state(agent, at, "logged_out", &mut was)),
                2 => {
                    let waited = random.random_range(0..60) * SECOND;
                    events.push(stay(at - waited, waited, "abandoned", None));
                }
                _ => {
                    let waited = random.random_range(0..30) * SECOND;
                    let talk = random.random_range(1..600) * SECOND;
                    events.push(state(agent, at - SECOND, "offered", &mut was));
                    events.push(stay(at - waited, waited, "answered", Some(agent)));
                    events.push(state(agent, at, "talking", &mut was));
                    let direction = match random.random_range(0..4) {
                        0 => Direction::Outbound,
                        1 => Direction::Internal,
                        _ => Direction::Inbound,
                    };
                    events.push(call(tenant, direction, agent, (at - waited, at, at + talk)));
                    events.push(state(agent, at + talk, "wrap_up", &mut was));
                    at += talk + random.random_range(SECOND..60 * SECOND);
                    events.push(state(agent, at, "idle", &mut was));
                }
            }
        }
    }
    events
}

fn state(agent: &str, at: i64, to: &'static str, was: &mut &'static str) -> (i64, Event) {
    let line = QueueLogRow {
        id: Uuid::now_v7(),
        at,
        kind: "state".to_owned(),
        agent: Some(agent.to_owned()),
        state: Some(to.to_owned()),
        was: Some((*was).to_owned()),
        why: (to == "busy").then(|| "午餐".to_owned()),
        ..QueueLogRow::default()
    };
    *was = to;
    let notes = FloorNotes {
        log: vec![line],
        ..FloorNotes::default()
    };
    (at, Event::Floor(Box::new(notes)))
}

fn stay(entered_at: i64, waited: i64, outcome: &str, agent: Option<&str>) -> (i64, Event) {
    let agent = agent.map(str::to_owned);
    let offers = agent.iter().map(|agent| OfferRow {
        agent: agent.clone(),
        at: entered_at,
        ended_at: entered_at + waited,
        why: "connected".to_owned(),
    });
    let row = EpisodeRow {
        id: Uuid::now_v7(),
        call: Uuid::now_v7(),
        queue: "it".to_owned(),
        entered_at,
        position: 1,
        priority: 0,
        offers: offers.collect(),
        outcome: outcome.to_owned(),
        waited,
        waited_before: 0,
        agent,
    };
    let notes = FloorNotes {
        episodes: vec![row],
        ..FloorNotes::default()
    };
    (entered_at + waited, Event::Floor(Box::new(notes)))
}

fn call(
    tenant: &str,
    direction: Direction,
    agent: &str,
    (began, answered, ended): (i64, i64, i64),
) -> (i64, Event) {
    let stretch = |kind: &str, from: i64, to: i64, agent: Option<&str>| SegmentRow {
        kind: kind.to_owned(),
        from,
        to,
        agent: agent.map(str::to_owned),
        queue: Some("it".to_owned()),
        recording: None,
        note: None,
    };
    let call = FinishedCall {
        begin: CallBegin {
            id: Uuid::now_v7(),
            tenant: tenant.to_owned(),
            node: "local".to_owned(),
            direction,
            from_raw: "13800138000".to_owned(),
            from_number: Some("+8613800138000".to_owned()),
            from_name: None,
            to: "4001".to_owned(),
            context: "inbound".to_owned(),
            user: (direction != Direction::Inbound).then(|| agent.to_owned()),
            trunk_in: None,
            generation: None,
            started_at: began,
        },
        end: CallEnd {
            answered_at: Some(answered),
            ended_at: ended,
            ended_by: "customer".to_owned(),
            result: "answered".to_owned(),
            cause: "normal".to_owned(),
            sip_status: 200,
            q850: 16,
            trunk_out: None,
            mos_min: None,
            vars: Value::Null,
            script_error: None,
        },
        legs: Vec::new(),
        segments: vec![
            stretch("queue", began, answered, None),
            stretch("talk", answered, ended, Some(agent)),
        ],
    };
    (ended, Event::Call(Box::new(call)))
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 3_600 * SECOND;
