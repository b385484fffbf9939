//! What the switch owes its calls when something in it breaks.

mod mailbox;
mod prompts;

use call::acd::{Act, By, Reason, State};
use call::{
    Command, Event, GreetingKind, LegId, MOST_WRONG_PINS, MOST_WRONG_PINS_OF_ALL, MailboxChange,
    MessageId, Output, Pin, PinVerdict, Queue, RecordingId, RequestId, Setup, TenantId,
};
use net::{BackendChoice, MediaOptions, MediaPool, RecordingFiles, Signalling};
use script::{Scripts, ScriptsOptions};
use store::{AgentNote, FloorRow, RecordingRow, Secret, Sqlite, Store};

use super::*;
use crate::clock::WallClock;

#[tokio::test]
async fn a_panic_ends_one_call_with_a_record_and_no_other() {
    let (mut switch, _inputs, store, folder) = switch("defect").await;
    let now = Instant::now();
    let broken = switch.insert_call(now, 1);
    let sound = switch.insert_call(now, 2);

    switch.with_call(now, broken, |_, _| panic!("a defect, on purpose"));

    assert!(!switch.calls.contains_key(&broken));
    assert!(switch.calls.contains_key(&sound));
    // Writes are applied in order: when a later one is on disk, so is the record.
    store.kv_purge(0).await.unwrap();
    let record = store.call("8001", broken.0).await.unwrap().unwrap();
    let end = record.call.end.unwrap();
    assert_eq!(end.ended_by, "system:defect");
    assert_eq!(end.result, "failed");
    switch.with_machine(now, sound, |call| call.handle_shutdown(now));
    assert!(
        switch
            .calls
            .get(&sound)
            .is_none_or(|live| live.ended.is_some())
    );
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_panic_in_the_queues_loses_neither_callers_nor_their_order_nor_agents() {
    let (mut switch, _inputs, _store, folder) = switch("floor").await;
    let plan = "-- A queue.\ncontext \"internal\" {}
        queue \"it\" { agents = { \"1051\" }, join_if = \"always\", stay_if = \"always\", guard = 0 }";
    std::fs::write(folder.join("scripts/plan.lua"), plan).unwrap();
    let (now, tenant) = (Instant::now(), TenantId::from("8001"));
    let settings = (*switch.tenants["8001"]).clone();
    let scripts = switch.parts.scripts.clone();
    scripts.reconfigure(vec![(tenant.clone(), settings)], true);
    switch.take_plans(now);
    let busy = Act::Busy(3);
    for act in [Act::LogIn, busy] {
        let agent = "1051".into();
        let done = switch.act_on_agent(now, &tenant, &agent, act, By::Agent);
        assert!(done.is_ok(), "{done:?}");
    }
    let calls = [3, 1, 2].map(|random| switch.insert_call(now, random));
    // Whoever comes later has the greater head start.
    for (second, call) in (0..).zip(calls) {
        let at = now + Duration::from_secs(second);
        let queue = Command::Queue(Queue {
            priority: 30 * second as u32,
            max_wait: Some(Duration::from_secs(3 * 3_600)),
            ..Queue::new("it".into())
        });
        switch.with_machine(at, call, |machine| {
            machine.handle_command(at, RequestId(1), queue);
        });
    }
    let line = |switch: &Switch, at| {
        let queue = switch.queues_of(at, &tenant).remove(0);
        queue.waiting.iter().map(|it| it.call).collect::<Vec<_>>()
    };
    // They have waited for longer than any head start may be.
    let later = now + Duration::from_secs(2 * 3_600);
    let calls = [calls[2], calls[1], calls[0]];
    assert_eq!(line(&switch, later), calls);

    let broke = switch.on_floor(later, &tenant, |_| panic!("a defect, on purpose"));

    assert_eq!(broke, None);
    assert_eq!(line(&switch, later), calls);
    let agents = switch.agents_of(later, &tenant);
    assert_eq!(agents[0].1.state, State::Busy(Reason::Code(3)));
    for call in calls {
        assert_eq!(switch.calls[&call].call.state(), "queue");
    }

    // A second one so soon may come of what was carried over: callers stay, and agents begin anew.
    let soon = later + Duration::from_secs(5);
    switch.on_floor(soon, &tenant, |_| panic!("a defect, on purpose"));

    assert_eq!(line(&switch, soon), calls);
    assert_eq!(switch.agents_of(soon, &tenant)[0].1.state, State::LoggedOut);
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_agent_whose_stored_state_cannot_be_read_begins_logged_out_and_the_log_says_why() {
    let (mut switch, _inputs, store, folder) = switch("unreadable").await;
    let note = AgentNote {
        agent: "1051".to_owned(),
        state: Some(serde_json::json!({ "written": "by another version" })),
        at: 0,
    };
    let kept = FloorRow {
        familiar: Vec::new(),
        agents: vec![note],
        last_offered: Vec::new(),
        kept: Vec::new(),
    };
    switch.floors = Floors::new([("8001".to_owned(), kept)].into());
    let plan = "-- A queue.\ncontext \"internal\" {}
        queue \"it\" { agents = { \"1051\" }, join_if = \"always\", stay_if = \"always\" }";
    std::fs::write(folder.join("scripts/plan.lua"), plan).unwrap();
    let (now, tenant) = (Instant::now(), TenantId::from("8001"));
    let settings = (*switch.tenants["8001"]).clone();
    let scripts = switch.parts.scripts.clone();
    scripts.reconfigure(vec![(tenant.clone(), settings)], true);

    switch.take_plans(now);

    assert_eq!(switch.agents_of(now, &tenant)[0].1.state, State::LoggedOut);
    // Writes are applied in order: when a later one is on disk, so is the line.
    store.kv_purge(0).await.unwrap();
    let log = store.queue_log("8001", Default::default()).await.unwrap();
    let line = log.iter().find(|line| line.why.is_some()).unwrap();
    assert_eq!(
        (line.agent.as_deref(), line.why.as_deref()),
        (Some("1051"), Some("state_unreadable"))
    );
    assert_eq!(
        (&*line.kind, line.state.as_deref(), line.by.as_deref()),
        ("state", Some("logged_out"), Some("engine"))
    );
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn music_that_is_loaded_too_late_is_not_heard_over_a_conversation() {
    let (mut switch, _inputs, _, folder) = switch("music").await;
    let now = Instant::now();
    let call = switch.insert_call(now, 1);
    let (caller, called) = (LegId::CALLER, LegId(1));
    let mut serials = Vec::new();

    switch.with_call(now, call, |switch, live| {
        for id in [caller, called] {
            live.legs
                .push(live::Leg::new(id, live::Role::Caller { offer: None }));
        }
        let music = Output::Music {
            leg: called,
            name: None,
        };
        switch.perform(now, live, music);
        serials.push(live.legs[1].music);
        let (a, b) = (caller, called);
        switch.perform(now, live, Output::Connect { a, b });
        serials.push(live.legs[1].music);
    });

    assert_ne!(
        serials[0], serials[1],
        "what is loaded for the first is no longer wanted"
    );
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

/// What a call is told next.
async fn told(inputs: &mut mpsc::Receiver<Input>) -> Event {
    loop {
        match inputs.recv().await {
            Some(Input::Told { event, .. }) => return event,
            Some(_) => {}
            None => panic!("nothing is told"),
        }
    }
}

impl Switch {
    /// A call that has just begun and has no session.
    fn insert_call(&mut self, now: Instant, random: u8) -> CallId {
        let id = CallId::new(1_700_000_000_000, [random; 10]);
        let setup = Setup {
            id,
            tenant: "8001".into(),
            context: "internal".to_owned(),
            from: Some("1049".to_owned()),
            from_raw: "1049".to_owned(),
            from_name: None,
            to: "1050".to_owned(),
            user: Some("1049".to_owned()).into(),
            trunk: None,
            headers: Vec::new(),
            transferred_by: None,
            language: "zh".to_owned(),
            started_at: 1_700_000_000_000_000,
        };
        let tenant = self.tenants["8001"].clone();
        let live = Live::new(now, setup, tenant, call::Options::default());
        self.begin_record(&live);
        self.calls.insert(id, Box::new(live));
        id
    }
}

async fn switch(
    name: &str,
) -> (
    Switch,
    mpsc::Receiver<Input>,
    Arc<Sqlite>,
    std::path::PathBuf,
) {
    let folder =
        std::env::temp_dir().join(format!("moonswitch-switch-{name}-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("scripts")).unwrap();
    let settings = r#"return {
      sip = { listen = { "udp:127.0.0.1:0" } },
      tenants = { ["8001"] = { domain = "8001.example", timezone = "Asia/Shanghai", dialplan = "scripts.plan" } },
    }"#;
    std::fs::write(folder.join("config.lua"), settings).unwrap();
    std::fs::write(
        folder.join("scripts/plan.lua"),
        "-- Nothing can be dialled.\ncontext \"internal\" {}\n",
    )
    .unwrap();
    let config = Arc::new(crate::load_config(&folder.join("config.lua"), &folder).unwrap());
    let store = Sqlite::open(&folder.join("test.db"), [7; 32]).unwrap();
    let (entrance, inputs) = Entrance::new();
    let clock = Arc::new(WallClock::default());
    let library = Arc::new(Library::new(folder.join("sounds")));
    let (scripts, _) = Scripts::start(ScriptsOptions {
        root: folder.clone(),
        tenants: Vec::new(),
        limits: config.limits.clone(),
        exchange: Arc::new(entrance.clone()),
        clock: clock.clone(),
        store: store.clone(),
        sounds: library.clone(),
        recordings: None,
        databases: None,
        history: None,
        node: "local".to_owned(),
        reload_manually: true,
        config_changed: None,
    })
    .unwrap();
    let media = MediaOptions {
        threads: 1,
        ports: (47_300, 47_340),
        backend: BackendChoice::Epoll,
    };
    let (meters, handle) = meters();
    let parts = Parts {
        started_with: config.clone(),
        config,
        clock,
        signalling: Signalling::bind(&[(sip::Transport::Udp, ([127, 0, 0, 1], 0).into())])
            .await
            .unwrap(),
        media: MediaPool::start(&media, |_| Ok(())).unwrap(),
        files: RecordingFiles::start(|_| ()).unwrap(),
        library,
        store: store.clone(),
        scripts: Arc::new(scripts),
        entrance,
        meters,
        vitals: Arc::new(Vitals::new(handle, store.clone())),
        events: Arc::new(web::Events::new(1)),
        node: "local".to_owned(),
        recordings: folder.join("recordings"),
        places: (folder.join("config.lua"), folder.clone()),
        registrations: Vec::new(),
        watchers: Vec::new(),
        left_over: Vec::new(),
        floors: HashMap::new(),
        figures: HashMap::new(),
        switches: HashMap::new(),
        users: Vec::new(),
    };
    let switch = Switch::new(parts, Instant::now());
    (switch, inputs, store, folder)
}
