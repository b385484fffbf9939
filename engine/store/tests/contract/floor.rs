//! Agents and queues.

use serde_json::json;
use store::{
    AgentNote, CallBegin, Direction, EpisodeRow, FloorNotes, FloorRow, KeptNote, OfferRow,
    QueueLogFilter, QueueLogRow, Store,
};
use uuid::Uuid;

use super::tenant;

/// The contract of agents and queues.
pub(crate) fn run(store: &dyn Store) {
    an_agents_state_is_the_one_noted_last_until_they_log_out(store);
    what_is_kept_of_queues_is_the_one_noted_last_until_it_is_over(store);
    a_call_carries_its_stays_in_queues(store);
    who_answered_a_number_last_is_known(store);
    the_queue_log_is_listed_newest_first_and_page_by_page(store);
    the_queue_log_is_only_ever_added_to(store);
}

fn an_agents_state_is_the_one_noted_last_until_they_log_out(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let note = |agents: Vec<AgentNote>, last: &[(&str, &str)]| {
        let last = last.iter().map(|(a, b)| ((*a).into(), (*b).into()));
        let notes = FloorNotes {
            agents,
            last_offered: last.collect(),
            ..FloorNotes::default()
        };
        store.note_floor(&ours, notes).wait().unwrap();
    };

    assert_eq!(store.floor(&ours).wait().unwrap(), FloorRow::default());
    note(
        vec![
            agent("1050", Some("busy"), 2_000),
            agent("1049", Some("idle"), 1_000),
            agent("1051", Some("idle"), 1_000),
        ],
        &[("it", "1049"), ("sales", "1050")],
    );
    note(
        vec![
            agent("1049", Some("talking"), 3_000),
            agent("1051", None, 3_000),
            agent("1060", None, 3_000),
        ],
        &[("it", "1050")],
    );

    let kept = store.floor(&ours).wait().unwrap();
    assert_eq!(
        kept,
        FloorRow {
            agents: vec![
                agent("1049", Some("talking"), 3_000),
                agent("1050", Some("busy"), 2_000),
            ],
            last_offered: vec![
                ("it".into(), "1050".into()),
                ("sales".into(), "1050".into())
            ],
            familiar: Vec::new(),
            kept: Vec::new(),
        }
    );
    assert_eq!(store.floor(&theirs).wait().unwrap(), FloorRow::default());
}

fn what_is_kept_of_queues_is_the_one_noted_last_until_it_is_over(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let note = |kind: &str, key: &str, state: Option<&str>, at| KeptNote {
        kind: kind.into(),
        key: key.into(),
        state: state.map(|state| json!({ "state": state })),
        at,
    };
    let keep = |kept: Vec<KeptNote>| {
        let notes = FloorNotes {
            kept,
            ..FloorNotes::default()
        };
        store.note_floor(&ours, notes).wait().unwrap();
    };

    keep(vec![
        note("place", "it/1", Some("taken"), 1),
        note("place", "it/2", Some("taken"), 1),
        note("callback", "it/1", Some("waits"), 1),
    ]);
    keep(vec![
        note("place", "it/1", Some("left"), 2),
        note("place", "it/2", None, 2),
    ]);

    let kept = store.floor(&ours).wait().unwrap().kept;
    let callback = note("callback", "it/1", Some("waits"), 1);
    assert_eq!(kept, [callback, note("place", "it/1", Some("left"), 2)]);
    assert_eq!(store.floor(&theirs).wait().unwrap().kept, []);
}

fn who_answered_a_number_last_is_known(store: &dyn Store) {
    let ours = tenant("ours");
    let answered = |number: Option<&str>, agent: Option<&str>| {
        let id = Uuid::now_v7();
        let begin = CallBegin {
            id,
            tenant: ours.clone(),
            node: "one".into(),
            direction: Direction::Inbound,
            from_raw: number.unwrap_or("anonymous").into(),
            from_number: number.map(str::to_owned),
            from_name: None,
            to: "4001234567".into(),
            context: "inbound".into(),
            user: None,
            trunk_in: None,
            generation: None,
            started_at: 1_000,
        };
        store.begin_call(begin).wait().unwrap();
        let outcome = if agent.is_some() {
            "answered"
        } else {
            "abandoned"
        };
        let episode = EpisodeRow {
            id: Uuid::now_v7(),
            call: id,
            queue: "it".into(),
            entered_at: 2_000,
            position: 1,
            priority: 0,
            offers: Vec::new(),
            outcome: outcome.into(),
            waited: 1_000,
            waited_before: 0,
            agent: agent.map(str::to_owned),
        };
        let notes = FloorNotes {
            episodes: vec![episode],
            ..FloorNotes::default()
        };
        store.note_floor(&ours, notes).wait().unwrap();
    };

    answered(Some("13800138000"), Some("1049"));
    answered(Some("13900139000"), Some("1049"));
    answered(Some("13800138000"), Some("1050"));
    answered(Some("13800138000"), None);
    answered(None, Some("1051"));

    let known = store.floor(&ours).wait().unwrap().familiar;
    let known: Vec<(&str, &str)> = known.iter().map(|(a, b)| (&**a, &**b)).collect();
    assert_eq!(known, [("13800138000", "1050"), ("13900139000", "1049")]);
    let theirs = store.floor(&tenant("theirs")).wait().unwrap();
    assert!(theirs.familiar.is_empty());
}

fn a_call_carries_its_stays_in_queues(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let call = Uuid::now_v7();
    for of in [&ours, &theirs] {
        let begin = CallBegin {
            id: call,
            tenant: of.clone(),
            node: of.clone(),
            direction: Direction::Inbound,
            from_raw: "13800138000".into(),
            from_number: None,
            from_name: None,
            to: "4001234567".into(),
            context: "inbound".into(),
            user: None,
            trunk_in: None,
            generation: None,
            started_at: 1_000,
        };
        store.begin_call(begin).wait().unwrap();
    }
    let stay = |queue: &str, entered_at, outcome: &str| EpisodeRow {
        id: Uuid::now_v7(),
        call,
        queue: queue.into(),
        entered_at,
        position: 3,
        priority: 60,
        offers: vec![OfferRow {
            agent: "1049".into(),
            at: entered_at + 10,
            ended_at: entered_at + 20,
            why: "no_answer".into(),
        }],
        outcome: outcome.into(),
        waited: 4_000_000,
        waited_before: 1_500,
        agent: None,
    };
    let (first, second) = (
        stay("it", 2_000, "overflow"),
        stay("sales", 6_000, "abandoned"),
    );
    for stay in [&second, &first, &first] {
        let notes = FloorNotes {
            episodes: vec![stay.clone()],
            ..FloorNotes::default()
        };
        store.note_floor(&ours, notes).wait().unwrap();
    }

    let found = store.call(&ours, call).wait().unwrap().unwrap();
    assert_eq!(found.episodes, [first, second]);
    let found = store.call(&theirs, call).wait().unwrap().unwrap();
    assert_eq!(found.episodes, []);
}

fn the_queue_log_is_listed_newest_first_and_page_by_page(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let call = Uuid::now_v7();
    let with = |at, kind: &str, change: &dyn Fn(&mut QueueLogRow)| {
        let mut line = QueueLogRow {
            id: Uuid::now_v7(),
            at,
            kind: kind.into(),
            queue: Some("it".into()),
            ..QueueLogRow::default()
        };
        change(&mut line);
        line
    };
    let lines = vec![
        with(1_000, "entered", &|it| {
            it.call = Some(call);
            it.position = Some(1);
        }),
        with(2_000, "offered", &|it| {
            it.call = Some(call);
            it.agent = Some("1049".into());
        }),
        with(3_000, "entered", &|it| it.queue = Some("sales".into())),
        // Two at one time stay in the order in which they were made.
        with(4_000, "left", &|it| {
            it.call = Some(call);
            it.agent = Some("1049".into());
            it.why = Some("answered".into());
            it.lasted = Some(3_000);
        }),
        with(4_000, "state", &|it| {
            it.queue = None;
            it.agent = Some("1049".into());
            it.state = Some("talking".into());
            it.was = Some("offered".into());
            it.reachable = Some(true);
            it.by = Some("engine".into());
            it.lasted = Some(2_000);
        }),
    ];
    note(store, &ours, lines.clone());

    let all = store.queue_log(&ours, QueueLogFilter::default());
    let mut newest_first = lines.clone();
    newest_first.reverse();
    assert_eq!(all.wait().unwrap(), newest_first);
    let found = |change: &dyn Fn(&mut QueueLogFilter)| -> Vec<usize> {
        let mut filter = QueueLogFilter::default();
        change(&mut filter);
        let rows = store.queue_log(&ours, filter).wait().unwrap();
        let place = |row: &QueueLogRow| lines.iter().position(|line| line.id == row.id);
        rows.iter().filter_map(place).collect()
    };
    assert_eq!(found(&|it| it.queue = Some("it".into())), [3, 1, 0]);
    assert_eq!(found(&|it| it.agent = Some("1049".into())), [4, 3, 1]);
    assert_eq!(found(&|it| it.call = Some(call)), [3, 1, 0]);
    assert_eq!(found(&|it| it.kind = Some("entered".into())), [2, 0]);
    assert_eq!(found(&|it| it.since = Some(3_000)), [4, 3, 2]);
    assert_eq!(found(&|it| it.until = Some(3_000)), [1, 0]);
    assert_eq!(
        found(&|it| {
            it.agent = Some("1049".into());
            it.kind = Some("left".into());
            it.call = Some(call);
        }),
        [3]
    );
    assert_eq!(
        found(&|it| it.agent = Some("' OR 1=1".into())),
        [] as [usize; 0]
    );
    let page = |before: Option<usize>| {
        found(&|it| {
            it.before = before.map(|line| lines[line].id);
            it.limit = 2;
        })
    };
    assert_eq!(page(None), [4, 3]);
    assert_eq!(page(Some(3)), [2, 1]);
    assert_eq!(page(Some(1)), [0]);
    let others = store.queue_log(&theirs, QueueLogFilter::default());
    assert_eq!(others.wait().unwrap(), []);
    let foreign = QueueLogFilter {
        before: Some(lines[4].id),
        ..QueueLogFilter::default()
    };
    assert_eq!(store.queue_log(&theirs, foreign).wait().unwrap(), []);
}

fn the_queue_log_is_only_ever_added_to(store: &dyn Store) {
    let ours = tenant("ours");
    let line = QueueLogRow {
        id: Uuid::now_v7(),
        at: 1_000,
        kind: "entered".into(),
        ..QueueLogRow::default()
    };
    note(store, &ours, vec![line.clone()]);

    let changed = QueueLogRow {
        at: 2_000,
        kind: "left".into(),
        ..line.clone()
    };
    note(store, &ours, vec![changed]);

    let all = store.queue_log(&ours, QueueLogFilter::default());
    assert_eq!(all.wait().unwrap(), [line]);
}

fn note(store: &dyn Store, tenant: &str, log: Vec<QueueLogRow>) {
    let notes = FloorNotes {
        log,
        ..FloorNotes::default()
    };
    store.note_floor(tenant, notes).wait().unwrap();
}

fn agent(agent: &str, state: Option<&str>, at: i64) -> AgentNote {
    AgentNote {
        agent: agent.into(),
        state: state.map(|word| json!({ "state": word })),
        at,
    }
}
