//! A VM with an exchange that answers as the test says.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::call::acd::{AgentId, QueueStatus, Refusal, State, Status};
use ::call::desk::{Done, Order, Refused, SwitchState};
use ::call::{CallId, Command, Reply, Setup, TenantId};
use mlua::{Function, MultiValue, Value};
use tokio::sync::oneshot;

use super::call::Call;
use crate::budget::Budget;
use crate::convert::to_json;
use crate::snapshot::Snapshot;
use crate::surroundings::{LiveCall, Phase, Run, Surroundings};
use crate::vm::Vm;
use crate::{
    CallStatus, Clock, Exchange, NotMade, Originate, Place, ScriptEnd, SentText, Sounds,
    Undelivered, WhichCalls, config, fault,
};

/// Names for 置忙, in order.
pub(crate) const REASONS: [&str; 3] = ["break", "meeting", "training"];

/// Remembers what was asked, and answers with what was put in, else with [`Reply::Done`].
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) replies: Mutex<VecDeque<Reply>>,
    pub(crate) asked: Mutex<Vec<(Place, Command)>>,
    pub(crate) languages: Mutex<Vec<String>>,
    /// The caller is gone: no answer comes.
    pub(crate) is_gone: Mutex<bool>,
    /// What was to be done at desks.
    pub(crate) orders: Mutex<Vec<Order>>,
    /// What becomes of it; else they are idle.
    pub(crate) status: Mutex<Option<Result<Status, Refusal>>>,
    pub(crate) agents: Mutex<Vec<(AgentId, Status)>>,
    pub(crate) queues: Mutex<Vec<QueueStatus>>,
    /// Texts that were sent.
    pub(crate) texts: Mutex<Vec<SentText>>,
    /// Why they do not arrive.
    pub(crate) undelivered: Mutex<Option<Undelivered>>,
    /// Calls that go on.
    pub(crate) calls: Mutex<Vec<CallStatus>>,
    /// Calls that were to be made, and what becomes of them.
    pub(crate) originated: Mutex<Vec<Originate>>,
    pub(crate) made: Mutex<Option<Result<CallStatus, NotMade>>>,
    /// Calls that were to be ended, and by whom.
    pub(crate) hung_up: Mutex<Vec<(CallId, String)>>,
}

impl Exchange for Answers {
    fn ask(&self, _: CallId, place: Place, command: Command) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        self.asked.lock().unwrap().push((place, command));
        if !*self.is_gone.lock().unwrap() {
            let reply = self.replies.lock().unwrap().pop_front();
            let _ = sender.send(reply.unwrap_or(Reply::Done));
        }
        receiver
    }

    fn set_language(&self, _: CallId, language: String) {
        self.languages.lock().unwrap().push(language);
    }

    fn script_ended(&self, _: CallId, _: ScriptEnd) {}

    fn order(&self, _: &TenantId, order: Order) -> oneshot::Receiver<Result<Done, Refused>> {
        let idle = Status {
            state: State::Idle,
            reachable: true,
            lasted: Duration::ZERO,
            since: 0,
            wrap_up_left: None,
            today: Vec::new(),
            asks: None,
            habits: Default::default(),
            queues: Vec::new(),
        };
        let status = self.status.lock().unwrap().clone().unwrap_or(Ok(idle));
        let status = status.map_err(|why| Refused::by_floor(&order.user, why));
        let reasons = REASONS.map(str::to_owned);
        if let Some(Err(why)) = order.deed.act(&reasons) {
            return answered(Err(why));
        }
        self.orders.lock().unwrap().push(order);
        answered(status.map(|status| Done {
            agent: Some(status),
            call: None,
        }))
    }

    fn send_text(
        &self,
        _: &TenantId,
        text: SentText,
    ) -> oneshot::Receiver<Result<(), Undelivered>> {
        self.texts.lock().unwrap().push(text);
        answered(self.undelivered.lock().unwrap().map_or(Ok(()), Err))
    }

    fn agents(&self, _: &TenantId) -> oneshot::Receiver<Vec<(AgentId, Status)>> {
        answered(self.agents.lock().unwrap().clone())
    }

    fn switched(&self, _: &TenantId, _: String) -> oneshot::Receiver<SwitchState> {
        answered(SwitchState::Open)
    }

    fn queues(&self, _: &TenantId) -> oneshot::Receiver<Vec<QueueStatus>> {
        answered(self.queues.lock().unwrap().clone())
    }

    fn originate(
        &self,
        _: &TenantId,
        wanted: Originate,
    ) -> oneshot::Receiver<Result<CallStatus, NotMade>> {
        self.originated.lock().unwrap().push(wanted);
        match self.made.lock().unwrap().take() {
            Some(made) => answered(made),
            None => oneshot::channel().1,
        }
    }

    fn calls(&self, _: &TenantId, which: WhichCalls) -> oneshot::Receiver<Vec<CallStatus>> {
        answered(self.found(&which))
    }

    fn count_calls(&self, _: &TenantId, which: WhichCalls) -> oneshot::Receiver<usize> {
        answered(self.found(&which).len())
    }

    fn hang_up(&self, _: &TenantId, call: CallId, by: String) -> oneshot::Receiver<bool> {
        self.hung_up.lock().unwrap().push((call, by));
        let calls = self.calls.lock().unwrap();
        answered(calls.iter().any(|known| known.id == call))
    }
}

impl Answers {
    fn found(&self, which: &WhichCalls) -> Vec<CallStatus> {
        let mut calls = self.calls.lock().unwrap().clone();
        calls.retain(|call| which.fits(call));
        calls
    }
}

fn answered<T>(answer: T) -> oneshot::Receiver<T> {
    let (sender, receiver) = oneshot::channel();
    let _ = sender.send(answer);
    receiver
}

/// A clock that stands where the test puts it.
struct Standing(AtomicI64);

impl Clock for Standing {
    fn unix_micros(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// Monday, 2 March 2026, 12:00:00 in Shanghai.
pub(crate) const NOON: i64 = 1_772_424_000_000_000;

struct Folder(PathBuf);

impl Sounds for Folder {
    fn check(&self, _: &TenantId, name: &str, language: &str) -> Result<(), String> {
        let folders = [self.0.join(language), self.0.clone()];
        if folders
            .iter()
            .any(|folder| folder.join(format!("{name}.wav")).is_file())
        {
            return Ok(());
        }
        let hint = crate::suggest::did_you_mean(name, ["menu/main", "greet/welcome"]);
        Err(format!("sound '{name}' not found{hint}"))
    }
}

type Spawned = (Rc<Run>, Function, MultiValue);

/// A VM with an exchange that answers as the test says.
pub(crate) struct Bed {
    pub(crate) vm: Vm,
    pub(crate) answers: Arc<Answers>,
    pub(crate) live: Rc<LiveCall>,
    pub(crate) spawned: Rc<RefCell<Vec<Spawned>>>,
    clock: Arc<Standing>,
    folder: PathBuf,
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Bed {
    /// One with the demo exchange's tenant.
    pub(crate) fn new() -> Self {
        let config = config::load(&root().join("config.lua"), Path::new("/nonexistent")).unwrap();
        Self::with(config.tenants["8001"].clone(), Snapshot::default(), setup())
    }

    /// One with a tenant's settings and sources, and with this call.
    pub(crate) fn with(settings: config::Tenant, snapshot: Snapshot, setup: Setup) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Relaxed);
        let folder =
            std::env::temp_dir().join(format!("moonswitch-api-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store = store::Sqlite::open(&folder.join("records.db"), [7; 32]).unwrap();
        let answers = Arc::new(Answers::default());
        let clock = Arc::new(Standing(AtomicI64::new(NOON)));
        let surroundings = Rc::new(Surroundings {
            tenant: "8001".into(),
            settings: Arc::new(settings),
            exchange: Arc::clone(&answers) as Arc<dyn Exchange>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            store,
            sounds: Arc::new(Folder(root().join("sounds"))),
            failures: Arc::default(),
            client: Arc::default(),
            lines: Arc::default(),
            bell: Arc::default(),
            databases: Arc::default(),
            recordings: None,
            generation: 7,
            declared: RefCell::default(),
            current: RefCell::default(),
            taken: RefCell::default(),
            files: RefCell::default(),
            spawner: RefCell::default(),
            outside: Default::default(),
        });
        let spawned: Rc<RefCell<Vec<_>>> = Rc::default();
        let noted = Rc::clone(&spawned);
        let spawner = move |run, function, arguments| {
            noted.borrow_mut().push((run, function, arguments));
        };
        surroundings.spawner.replace(Some(Box::new(spawner)));
        let budget = Rc::new(Budget::new(Duration::from_secs(10), Arc::default()));
        let vm = Vm::new(surroundings, budget, Arc::new(snapshot), 64 << 20).unwrap();
        let live = Rc::new(LiveCall {
            setup,
            vars: vm.lua.create_table().unwrap(),
            language: RefCell::default(),
            listeners: RefCell::default(),
            over: std::cell::Cell::new(false),
        });
        Self {
            vm,
            answers,
            live,
            spawned,
            clock,
            folder,
        }
    }

    /// Answers the next commands with these.
    pub(crate) fn will_reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.answers.replies.lock().unwrap().extend(replies);
    }

    /// Loads a file called `test.lua`.
    pub(crate) fn load(&self, source: &str) -> Result<serde_json::Value, String> {
        let chunk = self.vm.lua.load(source).set_name("@test.lua");
        // Not `eval`, which would make a tail call of it, without a line.
        let chunk = chunk
            .into_function()
            .and_then(|chunk| chunk.call::<Value>(()));
        let value = chunk.map_err(|error| fault::sentence(&error))?;
        Ok(to_json(&self.vm.lua, &value).unwrap_or_else(|what| what.into()))
    }

    /// Runs `function(call) ... end` with this body as the call's handler in `test.lua`; returns
    /// a list of what it returns.
    pub(crate) fn call(&self, body: &str) -> Result<serde_json::Value, String> {
        self.run(Phase::Call, body)
    }

    /// As [`call`](Self::call), in another phase.
    pub(crate) fn run(&self, phase: Phase, body: &str) -> Result<serde_json::Value, String> {
        let source = format!("return function(call) {body} end");
        let chunk = self.vm.lua.load(source).set_name("@test.lua");
        let handler: Function = chunk.eval().map_err(|error| fault::sentence(&error))?;
        self.handle(phase, &handler)
    }

    /// Puts the clock to so many microseconds since 1970.
    pub(crate) fn set_clock(&self, micros: i64) {
        self.clock.0.store(micros, Relaxed);
    }

    /// Runs a handler.
    pub(crate) fn handle(
        &self,
        phase: Phase,
        handler: &Function,
    ) -> Result<serde_json::Value, String> {
        let run = Run {
            phase,
            call: Some(Rc::clone(&self.live)),
            plugin: None,
            origin: "".into(),
        };
        self.vm.surroundings.current.replace(Some(Rc::new(run)));
        let call = Call::new(Rc::clone(&self.vm.surroundings), Rc::clone(&self.live));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let limit = Duration::from_secs(20);
        let result = runtime.block_on(async {
            let script = handler.call_async::<MultiValue>(call);
            let outcome = async {
                tokio::select! {
                    biased;
                    result = script => result,
                    () = until_gone(&self.answers) => Err(mlua::Error::runtime("still waiting")),
                }
            };
            let in_time = tokio::time::timeout(limit, outcome).await;
            in_time.unwrap_or_else(|_| Err(mlua::Error::runtime("took too long")))
        });
        self.vm.surroundings.current.replace(None);
        let values = result.map_err(|error| fault::sentence(&error))?;
        let values = values.iter().map(|value| to_json(&self.vm.lua, value));
        Ok(values
            .map(|value| value.unwrap_or_else(|what| what.into()))
            .collect())
    }

    /// What was asked, without where.
    pub(crate) fn asked(&self) -> Vec<Command> {
        let asked = std::mem::take(&mut *self.answers.asked.lock().unwrap());
        asked.into_iter().map(|(_, command)| command).collect()
    }
}

/// Ends the run of a script that can only wait: nothing else will happen.
async fn until_gone(answers: &Answers) {
    loop {
        tokio::task::yield_now().await;
        let last = answers
            .asked
            .lock()
            .unwrap()
            .last()
            .map(|(_, command)| command.clone());
        let never_returns = matches!(
            last,
            Some(Command::Hangup { .. } | Command::Reject { .. } | Command::Transfer { .. })
        );
        if *answers.is_gone.lock().unwrap() || never_returns {
            // The script has been polled since, and still waits.
            tokio::task::yield_now().await;
            return;
        }
    }
}

/// A customer who calls the hotline.
pub(crate) fn setup() -> Setup {
    Setup {
        id: CallId::new(1_772_424_000_000, [1; 10]),
        tenant: "8001".into(),
        context: "inbound".into(),
        from: Some("+8613800138000".into()),
        from_raw: "13800138000".into(),
        from_name: Some("王女士".into()),
        to: "4001234567".into(),
        user: call::CallingUser::default(),
        trunk: Some("carrier".into()),
        headers: vec![
            ("X-Order".into(), "7".into()),
            ("Via".into(), "a".into()),
            ("via".into(), "b".into()),
        ],
        transferred_by: None,
        language: "zh".into(),
        started_at: NOON,
    }
}
