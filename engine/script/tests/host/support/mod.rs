//! A project in a folder of its own, its scripts, and an exchange that answers as the test says.

mod messages;

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

/// Answers commands: `call:play("park")` never, `call:play("tick")` after a millisecond on
/// another thread, everything else at once; `call:play("panic")` breaks the exchange.
pub(crate) struct FakeExchange {
    asked: Sender<Asked>,
    asks: Mutex<Receiver<Asked>>,
    ended: Sender<(CallId, ScriptEnd)>,
    ends: Mutex<Receiver<(CallId, ScriptEnd)>>,
    early: Mutex<Vec<(CallId, ScriptEnd)>>,
    parked: Mutex<HashMap<CallId, oneshot::Sender<Reply>>>,
    kept: Sender<(CallId, serde_json::Value)>,
    vars: Mutex<Receiver<(CallId, serde_json::Value)>>,
    ticks: Sender<(Instant, oneshot::Sender<Reply>)>,
    pub(crate) ticked: AtomicU64,
    /// Where messages are that scripts change.
    store: OnceLock<Arc<store::Sqlite>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) call: CallId,
    pub(crate) place: Place,
    pub(crate) command: Command,
}

impl Asked {
    /// The sound's name, if it was `call:play(name)`.
    pub(crate) fn sound(&self) -> Option<&str> {
        match &self.command {
            Command::Play { sounds, .. } => match sounds.first() {
                Some(Sound::Named(name)) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

impl FakeExchange {
    fn new() -> Self {
        let (asked, asks) = channel();
        let (ended, ends) = channel();
        let (kept, vars) = channel();
        let (ticks, ticking) = channel::<(Instant, oneshot::Sender<Reply>)>();
        std::thread::spawn(move || {
            for (due, reply) in ticking {
                while let left = due.saturating_duration_since(Instant::now())
                    && !left.is_zero()
                {
                    std::thread::park_timeout(left);
                }
                let _ = reply.send(Reply::Key(None));
            }
        });
        Self {
            asked,
            asks: Mutex::new(asks),
            ended,
            ends: Mutex::new(ends),
            early: Mutex::default(),
            parked: Mutex::default(),
            kept,
            vars: Mutex::new(vars),
            ticks,
            ticked: AtomicU64::new(0),
            store: OnceLock::new(),
        }
    }

    /// Waits until a call plays this sound; what else is asked meanwhile is thrown away.
    pub(crate) fn plays(&self, call: CallId, sound: &str) -> Asked {
        self.asks(call, |asked| asked.sound() == Some(sound))
    }

    /// Waits until a call asks this; what else is asked meanwhile is thrown away.
    pub(crate) fn asks(&self, call: CallId, this: impl Fn(&Asked) -> bool) -> Asked {
        let asks = self.asks.lock().unwrap();
        loop {
            let asked = asks
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("{call} never asked it"));
            if asked.call == call && this(&asked) {
                return asked;
            }
        }
    }

    /// Whether a call has asked this, among what nobody has waited for.
    pub(crate) fn has_asked(&self, call: CallId, this: impl Fn(&Asked) -> bool) -> bool {
        let asks = self.asks.lock().unwrap();
        asks.try_iter()
            .any(|asked| asked.call == call && this(&asked))
    }

    /// Waits until a call's script has ended.
    pub(crate) fn end_of(&self, call: CallId) -> ScriptEnd {
        let mut early = self.early.lock().unwrap();
        if let Some(at) = early.iter().position(|(other, _)| *other == call) {
            return early.swap_remove(at).1;
        }
        let ends = self.ends.lock().unwrap();
        loop {
            let (ended, end) = ends
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("{call} never ended"));
            if ended == call {
                return end;
            }
            early.push((ended, end));
        }
    }

    /// All ends that came and nobody has asked for.
    pub(crate) fn ends_so_far(&self) -> Vec<(CallId, ScriptEnd)> {
        let mut early = self.early.lock().unwrap();
        early.extend(self.ends.lock().unwrap().try_iter());
        early.clone()
    }

    /// Lets a parked call go on.
    pub(crate) fn unpark(&self, call: CallId) {
        let parked = self.parked.lock().unwrap().remove(&call).unwrap();
        parked.send(Reply::Key(None)).unwrap();
    }

    /// Whether the future that waited for a parked call's reply still lives.
    pub(crate) fn is_awaited(&self, call: CallId) -> bool {
        let parked = self.parked.lock().unwrap();
        parked.get(&call).is_some_and(|reply| !reply.is_closed())
    }

    /// What the call left in `call.vars` without returning.
    pub(crate) fn vars_of(&self, call: CallId) -> serde_json::Value {
        let vars = self.vars.lock().unwrap();
        loop {
            let (of, vars) = vars
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no vars of {call}"));
            if of == call {
                return vars;
            }
        }
    }
}

impl Exchange for FakeExchange {
    fn ask(&self, call: CallId, place: Place, command: Command) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        let asked = Asked {
            call,
            place,
            command,
        };
        match asked.sound() {
            Some("park") => {
                self.parked.lock().unwrap().insert(call, sender);
            }
            Some("panic") => panic!("boom"),
            Some("tick") => {
                self.ticked.fetch_add(1, Relaxed);
                let _ = self
                    .ticks
                    .send((Instant::now() + Duration::from_millis(1), sender));
            }
            Some(_) => {
                let _ = sender.send(Reply::Key(None));
            }
            None => {
                let _ = sender.send(Reply::Done);
            }
        }
        let _ = self.asked.send(asked);
        receiver
    }

    fn set_language(&self, _: CallId, _: String) {}

    fn script_ended(&self, call: CallId, end: ScriptEnd) {
        let _ = self.ended.send((call, end));
    }

    fn keep_vars(&self, call: CallId, vars: serde_json::Value) {
        let _ = self.kept.send((call, vars));
    }

    fn change_message(
        &self,
        tenant: &TenantId,
        id: uuid::Uuid,
        change: MessageChange,
    ) -> oneshot::Receiver<Result<Option<store::MessageRow>, store::Error>> {
        let (answer, coming) = oneshot::channel();
        if let Some(records) = self.store.get().cloned() {
            let tenant = tenant.to_string();
            // A script's thread must not wait.
            std::thread::spawn(move || {
                let _ = answer.send(messages::changed(&records, &tenant, id, change));
            });
        }
        coming
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
