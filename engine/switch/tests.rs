//! What the switch owes its calls when something in it breaks.

use call::acd::{Act, By, Reason, State};
use call::{
    Command, Event, GreetingKind, LegId, MOST_WRONG_PINS, MOST_WRONG_PINS_OF_ALL, MailboxChange,
    MessageId, Output, Pin, PinVerdict, Queue, RecordingId, RequestId, Setup, TenantId,
};
use net::{BackendChoice, MediaOptions, MediaPool, RecordingFiles};
use script::ScriptsOptions;
use store::{AgentNote, FloorRow, RecordingRow, Secret, Sqlite};

use super::*;

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
async fn wrong_pins_lock_a_mailbox_over_all_calls_and_the_right_one_forgets_them() {
    let (mut switch, mut inputs, store, folder) = switch("pins").await;
    let now = Instant::now();
    let calls = [switch.insert_call(now, 1), switch.insert_call(now, 2)];
    store
        .put_mailbox("8001", "1049", Some(Secret::new("2580")))
        .await
        .unwrap();
    let mut tries = 0;
    let mut judge = async |mailbox: &str, pin: &str| {
        tries += 1;
        let (mailbox, pin) = (mailbox.to_owned(), Pin::new(pin));
        switch.with_call(now, calls[tries % 2], |switch, live| {
            switch.check_pin(live, mailbox, pin);
        });
        told(&mut inputs).await
    };
    let verdict = |mailbox: &str, verdict| Event::Pin {
        mailbox: mailbox.to_owned(),
        verdict,
    };

    for _ in 1..MOST_WRONG_PINS {
        let wrong = judge("1049", "1111").await;
        assert_eq!(wrong, verdict("1049", PinVerdict::Wrong));
    }
    let right = judge("1049", "2580").await;
    assert_eq!(right, verdict("1049", PinVerdict::Right));
    for mailbox in ["1049", "9999"] {
        for _ in 0..MOST_WRONG_PINS {
            let wrong = judge(mailbox, "1111").await;
            assert_eq!(wrong, verdict(mailbox, PinVerdict::Wrong));
        }
        let locked = judge(mailbox, "2580").await;
        assert_eq!(locked, verdict(mailbox, PinVerdict::Locked));
    }
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_colleagues_wrong_pins_lock_the_colleague_and_not_the_owners_phone() {
    let (mut switch, mut inputs, store, folder) = switch("colleague").await;
    let now = Instant::now();
    let owner = switch.insert_call(now, 1);
    let mut colleagues = Vec::new();
    for random in 2..7 {
        let call = switch.insert_call(now, random);
        let live = switch.calls.get_mut(&call).unwrap();
        live.setup.user = Some(format!("105{random}")).into();
        colleagues.push(call);
    }
    let put = store.put_mailbox("8001", "1049", Some(Secret::new("2580")));
    put.await.unwrap();
    let mut judge = async |call, pin: &str| {
        let pin = Pin::new(pin);
        switch.with_call(now, call, |switch, live| {
            switch.check_pin(live, "1049".to_owned(), pin);
        });
        match told(&mut inputs).await {
            Event::Pin { verdict, .. } => verdict,
            other => panic!("a verdict, not {other:?}"),
        }
    };

    for _ in 0..MOST_WRONG_PINS {
        assert_eq!(judge(colleagues[0], "1111").await, PinVerdict::Wrong);
    }
    assert_eq!(judge(colleagues[0], "2580").await, PinVerdict::Locked);
    assert_eq!(judge(colleagues[1], "2580").await, PinVerdict::Right);
    assert_eq!(judge(owner, "2580").await, PinVerdict::Right);

    let mut wrong = MOST_WRONG_PINS;
    for colleague in &colleagues[1..] {
        for _ in 0..MOST_WRONG_PINS {
            wrong += u32::from(judge(*colleague, "1111").await == PinVerdict::Wrong);
        }
    }
    assert_eq!(wrong, MOST_WRONG_PINS_OF_ALL, "all colleagues together");
    assert_eq!(judge(owner, "2580").await, PinVerdict::Right);

    let forget = move || crate::pins::forget_tries(&*store, "8001", "1049", 1);
    tokio::task::spawn_blocking(forget).await.unwrap().unwrap();
    assert_eq!(judge(colleagues[0], "2580").await, PinVerdict::Right);
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_chosen_pin_opens_the_mailbox_and_a_poor_one_changes_nothing() {
    let (mut switch, mut inputs, store, folder) = switch("chosen").await;
    let now = Instant::now();
    let call = switch.insert_call(now, 1);
    store.put_mailbox("8001", "1049", None).await.unwrap();
    let mut choose = async |pin: &str, again: &str| {
        let (pin, again) = (Pin::new(pin), Pin::new(again));
        switch.with_call(now, call, |switch, live| {
            switch.choose_pin(live, "1049".to_owned(), pin, &again);
        });
        match told(&mut inputs).await {
            Event::Pin { verdict, .. } => verdict,
            other => panic!("a verdict, not {other:?}"),
        }
    };

    assert_eq!(choose("1111", "1111").await, PinVerdict::Guessable);
    assert_eq!(choose("2580", "2581").await, PinVerdict::Different);
    let before = store.mailbox("8001", "1049").await.unwrap().unwrap();
    assert_eq!(choose("2580", "2580").await, PinVerdict::Right);
    let after = store.mailbox("8001", "1049").await.unwrap().unwrap();

    assert_eq!(before.pin, None);
    assert_eq!(after.pin, Some(Secret::new("2580")));
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_message_is_called_kept_when_it_is_on_disk() {
    let (mut switch, mut inputs, store, folder) = switch("kept").await;
    let now = Instant::now();
    let call = switch.insert_call(now, 1);
    let message = MessageId::new(1_700_000_000_000, [3; 10]);
    let recording = RecordingId::new(1_700_000_000_000, [4; 10]);

    switch.with_call(now, call, |switch, live| {
        let change = MailboxChange::Leave {
            message,
            mailbox: "1049".to_owned(),
            recording,
            from: None,
            duration: Duration::from_secs(9),
            urgent: true,
        };
        switch.change_mailbox(live, change);
    });

    let kept = Event::MessageKept {
        message,
        kept: true,
    };
    assert_eq!(told(&mut inputs).await, kept);
    let row = store.message("8001", message.0).await.unwrap().unwrap();
    assert_eq!((row.recording, row.urgent), (recording.0, true));

    // What is then done with it is told when that is on disk; what cannot be done is told too.
    let mut change = async |change: MailboxChange| {
        switch.with_call(now, call, |switch, live| {
            switch.change_mailbox(live, change.clone());
        });
        match told(&mut inputs).await {
            Event::MailboxChanged { change: of, kept } if of == change => kept,
            other => panic!("{change:?} is to be told of, not {other:?}"),
        }
    };
    assert!(change(MailboxChange::Heard { message }).await);
    let heard = store.message("8001", message.0).await.unwrap().unwrap();
    assert!(heard.heard_at.is_some());
    assert!(change(MailboxChange::Delete { message }).await);
    let deleted = store.message("8001", message.0).await.unwrap().unwrap();
    assert!(deleted.deleted_at.is_some());
    let message = MessageId::new(1_700_000_000_000, [5; 10]);
    assert!(!change(MailboxChange::Heard { message }).await);
    assert!(!change(MailboxChange::Delete { message }).await);
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_greeting_takes_the_place_of_the_one_before_whose_sound_goes() {
    let (mut switch, mut inputs, store, folder) = switch("greetings").await;
    let now = Instant::now();
    let call = switch.insert_call(now, 1);
    let mut files = Vec::new();
    let recordings = [4, 5].map(|random| RecordingId::new(1_700_000_000_000, [random; 10]));
    for recording in recordings {
        let path = switch.recording_path(&"8001".into(), recording);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "sound").unwrap();
        let relative = path.strip_prefix(folder.join("recordings")).unwrap();
        let row = RecordingRow {
            id: recording.0,
            tenant: "8001".to_owned(),
            node: "local".to_owned(),
            call_id: call.0,
            path: relative.to_str().unwrap().to_owned(),
            channels: 1,
            rate: 8_000,
            started_at: 1,
            purpose: "greeting".to_owned(),
            end: None,
        };
        store.begin_recording(row).await.unwrap();
        files.push(path);
    }
    let mut change = async |recording: Option<RecordingId>| {
        let change = MailboxChange::Greeting {
            mailbox: "1049".to_owned(),
            kind: GreetingKind::Temporary,
            recording,
        };
        switch.with_call(now, call, |switch, live| {
            switch.change_mailbox(live, change.clone());
        });
        let kept = Event::MailboxChanged { change, kept: true };
        assert_eq!(told(&mut inputs).await, kept);
        let mailbox = store.mailbox("8001", "1049").await.unwrap().unwrap();
        mailbox.greetings.get("temporary").copied().map(RecordingId)
    };

    let [first, second] = recordings;
    assert_eq!(change(Some(first)).await, Some(first));
    assert!(files[0].exists());
    assert_eq!(change(Some(second)).await, Some(second));
    assert!(!files[0].exists() && files[1].exists());
    assert_eq!(change(None).await, None);
    assert!(!files[1].exists());
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
