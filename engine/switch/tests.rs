//! What the switch owes its calls when something in it breaks.

use call::Setup;
use net::{BackendChoice, MediaOptions, MediaPool, RecordingFiles};
use script::ScriptsOptions;
use store::Sqlite;

use super::*;

#[tokio::test]
async fn a_panic_ends_one_call_with_a_record_and_no_other() {
    let (mut switch, _inputs, store, folder) = switch().await;
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
            user: Some("1049".to_owned()),
            trunk: None,
            headers: Vec::new(),
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

async fn switch() -> (
    Switch,
    mpsc::Receiver<Input>,
    Arc<Sqlite>,
    std::path::PathBuf,
) {
    let folder = std::env::temp_dir().join(format!("moonswitch-switch-{}", std::process::id()));
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
        node: "local".to_owned(),
        recordings: folder.join("recordings"),
        places: (folder.join("config.lua"), folder.clone()),
        registrations: Vec::new(),
        users: Vec::new(),
    };
    let switch = Switch::new(parts, Instant::now());
    (switch, inputs, store, folder)
}
