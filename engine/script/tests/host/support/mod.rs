//! A project in a folder of its own, its scripts, and an exchange that answers as the test says.

mod exchange;
mod messages;

pub(crate) use exchange::{Asked, FakeExchange};

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use ::call::{CallId, Command, Reply, Setup, Sound, TenantId};
use script::config::{Fallback, Limits, Smtp, Tenant, User};
use script::{
    Clock, Exchange, Fault, MessageChange, Place, Refused, Report, ScriptEnd, Scripts,
    ScriptsOptions, Sounds,
};
use tokio::sync::oneshot;

/// A project with its running scripts.
pub(crate) struct Project {
    pub(crate) scripts: Scripts,
    pub(crate) report: Report,
    pub(crate) exchange: Arc<FakeExchange>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) folder: Folder,
    pub(crate) store: Arc<store::Sqlite>,
    calls: AtomicU64,
}

/// How a project is made.
pub(crate) struct Setting {
    pub(crate) tenants: Vec<(&'static str, &'static str)>,
    pub(crate) limits: Limits,
    pub(crate) watch: bool,
    /// Of every tenant.
    pub(crate) plugins: Vec<(&'static str, serde_json::Value)>,
    /// Of every tenant.
    pub(crate) smtp: Option<Smtp>,
    /// Where sources are kept.
    pub(crate) history: Option<PathBuf>,
    /// Where tables of plugins are; in the project's folder when `None`.
    pub(crate) databases: Option<PathBuf>,
    /// What is in the records before the scripts start.
    pub(crate) before: Option<Before>,
}

type Before = Box<dyn FnOnce(&store::Sqlite)>;

impl Default for Setting {
    fn default() -> Self {
        Self {
            tenants: vec![("8001", "scripts.8001")],
            limits: Limits {
                script_cpu: Duration::from_millis(100),
                script_memory: 64 << 20,
                load_time: Duration::from_secs(5),
                max_calls: 1_000,
            },
            watch: false,
            plugins: Vec::new(),
            smtp: None,
            databases: None,
            history: None,
            before: None,
        }
    }
}

impl Project {
    /// A project of one tenant, `8001`, with this as its dialplan.
    pub(crate) fn of(dialplan: &str) -> Self {
        Self::new(&[("scripts/8001/init.lua", dialplan)], Setting::default())
    }

    /// As [`of`](Self::of), with `body` as the handler of 100 and a handler of 200 that parks.
    pub(crate) fn handler(body: &str) -> Self {
        Self::of(&handler_of(body))
    }

    pub(crate) fn new(files: &[(&str, &str)], mut setting: Setting) -> Self {
        let folder = Folder::new();
        for (path, text) in files {
            folder.write(path, text);
        }
        let tables = setting.databases.take();
        let tables = tables.unwrap_or_else(|| folder.path().join("tables"));
        let exchange = Arc::new(FakeExchange::new());
        let clock = Arc::new(FakeClock(AtomicI64::new(1_800_000_000_000_000)));
        let store = store::Sqlite::open(&folder.path().join("records.db"), [0; 32]).unwrap();
        let _ = exchange.store.set(Arc::clone(&store));
        if let Some(before) = setting.before.take() {
            before(&store);
        }
        let (scripts, report) = Scripts::start(ScriptsOptions {
            root: folder.path().to_owned(),
            tenants: tenants(&setting),
            limits: setting.limits,
            exchange: Arc::clone(&exchange) as Arc<dyn Exchange>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            store: Arc::clone(&store) as Arc<dyn store::Store>,
            sounds: Arc::new(AllSounds),
            recordings: Some(folder.path().join("recordings")),
            databases: Some(tables),
            history: setting.history.clone(),
            node: "test".to_owned(),
            reload_manually: !setting.watch,
            config_changed: None,
        })
        .unwrap();
        Self {
            scripts,
            report,
            exchange,
            clock,
            folder,
            store,
            calls: AtomicU64::new(0),
        }
    }

    pub(crate) fn call(&self, to: &str) -> CallId {
        self.try_call("8001", to).unwrap().0
    }

    pub(crate) fn try_call(&self, tenant: &str, to: &str) -> Result<(CallId, u64), Refused> {
        let setup = self.setup(tenant, to);
        let id = setup.id;
        self.scripts
            .start_call(setup)
            .map(|generation| (id, generation))
    }

    pub(crate) fn setup(&self, tenant: &str, to: &str) -> Setup {
        let number = self.calls.fetch_add(1, Relaxed);
        let mut random = [0; 10];
        random[..8].copy_from_slice(&number.to_be_bytes());
        Setup {
            id: CallId::new(1, random),
            tenant: TenantId::from(tenant),
            context: "internal".to_owned(),
            from: Some("1049".to_owned()),
            from_raw: "1049".to_owned(),
            from_name: None,
            to: to.to_owned(),
            user: Some("1049".to_owned()).into(),
            trunk: None,
            headers: Vec::new(),
            transferred_by: None,
            language: "zh".to_owned(),
            started_at: 1_800_000_000_000_000,
        }
    }

    /// How the handler of 100 ends.
    pub(crate) fn outcome(&self) -> ScriptEnd {
        let call = self.call("100");
        self.exchange.end_of(call)
    }

    /// The fault that the handler of 100 ends with.
    pub(crate) fn fault(&self) -> Fault {
        match self.outcome() {
            ScriptEnd::Failed(fault) => fault,
            ScriptEnd::Returned { vars } => panic!("returned with {vars}"),
        }
    }
}

fn handler_of(body: &str) -> String {
    format!(
        "local function handler(call)\n{body}\nend\n\
         context \"internal\" {{ [\"100\"] = handler, [\"200\"] = function(call) call:play(\"park\") end }}\n"
    )
}

pub(crate) fn tenants(setting: &Setting) -> Vec<(TenantId, Tenant)> {
    setting
        .tenants
        .iter()
        .map(|(id, dialplan)| {
            let plugins = setting.plugins.iter();
            let plugins = plugins.map(|(name, settings)| ((*name).to_owned(), settings.clone()));
            let tenant = Tenant {
                plugins: plugins.collect(),
                smtp: setting.smtp.clone(),
                ..tenant(dialplan)
            };
            (TenantId::from(*id), tenant)
        })
        .collect()
}

pub(crate) fn tenant(dialplan: &str) -> Tenant {
    let user = User {
        name: None,
        password: None,
        desk_password: None,
        language: None,
        context: "internal".to_owned(),
        mailbox: None,
        max_calls: 0,
        person: call::desk::Person::default(),
        allowance: Default::default(),
    };
    Tenant {
        domain: "example.org".to_owned(),
        timezone: "Asia/Shanghai".to_owned(),
        language: "zh".to_owned(),
        dialplan: dialplan.to_owned(),
        music: None,
        tests_first: false,
        smtp: None,
        users: BTreeMap::from([("1049".to_owned(), user)]),
        mailboxes: BTreeMap::new(),
        fallback: Fallback::default(),
        recall: Duration::from_secs(20),
        hold_reminder: Duration::ZERO,
        auto_retrieve: Duration::from_secs(2),
        in_call_codes: None,
        park: "*5900".to_owned(),
        survey: "*9".to_owned(),
        switches: vec!["hotline".to_owned()],
        agents: Default::default(),
        busy_reasons: Vec::new(),
        watch: script::config::Watch::default(),
        trunks: BTreeMap::new(),
        groups: std::collections::BTreeSet::new(),
        outbound: Default::default(),
        callers: Default::default(),
        masked: Vec::new(),
        plugins: BTreeMap::new(),
    }
}

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "moonswitch-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A clock that stands until the test moves it.
pub(crate) struct FakeClock(pub(crate) AtomicI64);

impl Clock for FakeClock {
    fn unix_micros(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// Every sound is there, but for those whose names begin with `no/`.
struct AllSounds;

impl Sounds for AllSounds {
    fn check(&self, _: &TenantId, name: &str, _: &str) -> Result<(), String> {
        match name.starts_with("no/") {
            true => Err(format!("sound '{name}' not found")),
            false => Ok(()),
        }
    }
}

/// A script that gets stuck where no hook is called and nothing can stop it.
pub(crate) const STUCK: &str = "table.sort({ 3, 2, 1 }, function() \
    local guard <close> = setmetatable({}, { __close = function() while true do end end }) \
    while true do end end)";

/// So long may anything take on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so that nobody reports. Between two looks it leaves the cores and the
/// records to those who are waited for.
pub(crate) fn until(mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "it never came to be");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
