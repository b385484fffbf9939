//! What the globals of one VM stand on: the tenant, the border to the exchange, what files
//! declared, and what runs at this moment.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use call::schedule::Schedule;
use call::{CallId, Setup, TenantId};
use mlua::{Function, Lua, MultiValue, Table};
use tracing::Level;

use crate::api::queue::DeclaredQueue;
use crate::codes::DeclaredCodes;
use crate::door::{Guard, Path};
use crate::jobs::Bell;
use crate::lines::line;
use crate::plugin::Owner;
use crate::plugin::database::Databases;
use crate::status::Failures;
use crate::{Clock, Exchange, Place, Sounds, config};

/// What the globals of one VM stand on. One per VM, shared by everything that is registered in it.
pub(crate) struct Surroundings {
    /// Whose VM it is.
    pub(crate) tenant: TenantId,
    /// The tenant's part of `config.lua`.
    pub(crate) settings: Arc<config::Tenant>,
    /// The exchange. Falls silent when the VM is given up, so that a script that is still stuck
    /// somewhere can do no harm when it comes back.
    pub(crate) exchange: Arc<dyn Exchange>,
    /// The wall clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The records.
    pub(crate) store: Arc<dyn store::Store>,
    /// Which sounds exist.
    pub(crate) sounds: Arc<dyn Sounds>,
    /// The tenant's failures, and how much its scripts log.
    pub(crate) failures: Arc<Failures>,
    /// Asks other machines.
    pub(crate) client: Arc<crate::http::Client>,
    /// The connections of plugins to providers of text messages.
    pub(crate) lines: Arc<crate::smpp::Lines>,
    /// The folder that recordings' paths are relative to.
    pub(crate) recordings: Option<PathBuf>,
    /// The tables of plugins.
    pub(crate) databases: Arc<Databases>,
    /// Rung when a job was added.
    pub(crate) bell: Arc<Bell>,
    /// The generation's number.
    pub(crate) generation: u64,
    /// What files have declared so far.
    pub(crate) declared: RefCell<Declarations>,
    /// What runs at this moment; `None` while files load.
    pub(crate) current: RefCell<Option<Rc<Run>>>,
    /// The method that a script took last, and where: `return call:play(...)` leaves no frame of
    /// its own behind to ask later.
    pub(crate) taken: RefCell<Option<(String, Place)>>,
    /// File names that have been handed out, so that a place costs no allocation.
    pub(crate) files: RefCell<BTreeMap<String, Arc<str>>>,
    /// Starts a side task; put in by the host when it begins to serve.
    pub(crate) spawner: RefCell<Option<Spawner>>,
    /// What scripts wait for besides the exchange and the clock.
    pub(crate) outside: Outside,
}

/// Counts what the scripts of a VM wait for that comes neither from the exchange nor from the
/// clock, such as records: in tests, where time stands still meanwhile, it has to be waited for.
#[derive(Clone, Default)]
pub(crate) struct Outside(Rc<Cell<usize>>);

/// One wait; it ends when this is dropped.
pub(crate) struct Waited(Outside);

impl Outside {
    /// Somebody begins to wait.
    pub(crate) fn wait(&self) -> Waited {
        self.0.set(self.0.get() + 1);
        Waited(self.clone())
    }

    /// Whether anybody waits.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.0.get() > 0
    }
}

impl Drop for Waited {
    fn drop(&mut self) {
        let left = self.0.0.get().saturating_sub(1);
        self.0.0.set(left);
    }
}

/// Starts a function as a task of its own, beside the run that asked for it.
pub(crate) type Spawner = Box<dyn Fn(Rc<Run>, Function, MultiValue)>;

/// Where a VM stands, for "call:play cannot be used while files load (only in: a call)".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// Files are being loaded: only declarations.
    Loading,
    /// A call's handler, or a side task of one.
    Call,
    /// An `on` handler or a timer: no call of its own.
    Task,
    /// `call:on("hangup", fn)`: the call is over.
    Hook,
}

/// Something that runs: a call's handler, a side task, an event handler, a timer.
pub(crate) struct Run {
    /// Where it may stand.
    pub(crate) phase: Phase,
    /// The call that it belongs to.
    pub(crate) call: Option<Rc<LiveCall>>,
    /// The plugin whose handler it is, if it is one's.
    pub(crate) plugin: Option<Arc<str>>,
    /// How it came to run: `from context "inbound", pattern "_2XX"`.
    pub(crate) origin: String,
}

/// A call as its VM knows it. What counts of a call lives in the exchange, not here.
pub(crate) struct LiveCall {
    /// How it began; `to` and `context` are those of the present handler.
    pub(crate) setup: Setup,
    /// The script's own values, written into the call's record.
    pub(crate) vars: Table,
    /// The language of prompts, when the script has changed it.
    pub(crate) language: RefCell<Option<String>>,
    /// `call:on`.
    pub(crate) listeners: RefCell<Vec<(Listen, Function)>>,
    /// The caller is gone, or another handler has the call.
    pub(crate) over: Cell<bool>,
}

/// What `call:on` can wait for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Listen {
    /// The call is over.
    Hangup,
    /// A key.
    Dtmf,
    /// A bridge stands.
    Bridged,
}

/// What files declare while they load.
#[derive(Default)]
pub(crate) struct Declarations {
    /// `context`, by name; each pattern with its handler, in the order written.
    pub(crate) contexts: BTreeMap<String, Vec<DeclaredRoute>>,
    /// `codes`.
    pub(crate) codes: DeclaredCodes,
    /// `queue`, in the order written.
    pub(crate) queues: Vec<DeclaredQueue>,
    /// `every`.
    pub(crate) timers: Vec<DeclaredTimer>,
    /// `http.route`, in the order written.
    pub(crate) doors: Vec<DeclaredDoor>,
    /// `schedule`, each with where it is written.
    pub(crate) schedules: Vec<(Place, Schedule)>,
    /// What is wrong with a declaration and was found without stopping the file:
    /// `scripts/8001/init.lua:12: no mailbox '99'`.
    pub(crate) mistakes: Vec<String>,
}

/// One line of a context.
pub(crate) struct DeclaredRoute {
    /// As written: `_2XX`, `+4930123456`.
    pub(crate) pattern: String,
    /// What runs.
    pub(crate) handler: Function,
    /// Where it is written.
    pub(crate) place: Place,
}

/// One `http.route`.
pub(crate) struct DeclaredDoor {
    /// `POST`.
    pub(crate) method: &'static str,
    /// Below the tenant's own prefix.
    pub(crate) path: Path,
    /// Who may ask.
    pub(crate) guard: Guard,
    /// What may be asked behind the question mark; `None`: anything.
    pub(crate) query: Option<Vec<String>>,
    /// Whose it is.
    pub(crate) owner: Rc<Owner>,
    /// What runs; nothing when its plugin is left out.
    pub(crate) handler: Option<Function>,
    /// Where it is written.
    pub(crate) place: Place,
}

/// One `every`.
pub(crate) struct DeclaredTimer {
    /// As written: `5m`, `day 03:00`.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) owner: Rc<Owner>,
    /// From now to the next time it is due, both in microseconds since 1970, UTC. Times come
    /// from the clock and not from the moment of loading, so a reload does not shift them.
    pub(crate) next: Box<dyn Fn(i64) -> i64>,
    /// What runs.
    pub(crate) handler: Function,
}

impl Surroundings {
    /// Where the VM stands.
    pub(crate) fn phase(&self) -> Phase {
        self.current
            .borrow()
            .as_ref()
            .map_or(Phase::Loading, |run| run.phase)
    }

    /// What runs at this moment.
    pub(crate) fn run(&self) -> Option<Rc<Run>> {
        self.current.borrow().clone()
    }

    /// The id of the call that runs at this moment.
    pub(crate) fn call(&self) -> Option<CallId> {
        self.current
            .borrow()
            .as_ref()
            .and_then(|run| run.call.as_ref())
            .map(|live| live.setup.id)
    }

    /// Starts a function as a side task of what runs now; it dies with its call.
    pub(crate) fn spawn(&self, function: Function, arguments: MultiValue) -> mlua::Result<()> {
        match (self.run(), &*self.spawner.borrow()) {
            (Some(run), Some(spawner)) => {
                spawner(run, function, arguments);
                Ok(())
            }
            _ => Err(mlua::Error::runtime(
                "spawn cannot be used while files load (only in: a handler)",
            )),
        }
    }

    /// The innermost line of a script on the stack: where a method was called.
    pub(crate) fn place(&self, lua: &Lua) -> Place {
        let found = (0..STACK_SEARCHED).find_map(|level| {
            lua.inspect_stack(level, |frame| {
                let source = frame.source();
                let file = source
                    .source
                    .as_deref()
                    .and_then(|name| name.strip_prefix('@'))?;
                Some((self.file(file), frame.current_line().unwrap_or(0)))
            })
            .flatten()
        });
        let (file, line) = found.unwrap_or_default();
        Place {
            file,
            line: u32::try_from(line).unwrap_or(0),
            generation: self.generation,
        }
    }

    /// Writes what a script says into the log, unless the tenant's scripts have said too much of
    /// late. The text is made only then. `at` is where it says so.
    pub(crate) fn say(&self, level: Level, at: Option<&Place>, text: impl FnOnce() -> String) {
        if !self.failures.lines.take(Instant::now()) {
            return;
        }
        let (tenant, text) = (&self.tenant, line(&text()));
        self.tell(at, &format!("logs: {text}"));
        let call = self.call().map(|call| call.to_string()).unwrap_or_default();
        let at = at
            .map(|place| format!("{}:{}", place.file, place.line))
            .unwrap_or_default();
        match level {
            Level::ERROR => tracing::error!(%tenant, call, at, "{text}"),
            Level::WARN => tracing::warn!(%tenant, call, at, "{text}"),
            Level::INFO => tracing::info!(%tenant, call, at, "{text}"),
            _ => tracing::debug!(%tenant, call, at, "{text}"),
        }
    }

    /// Tells the exchange what the call that runs does besides.
    pub(crate) fn tell(&self, at: Option<&Place>, what: &str) {
        if let Some(call) = self.call() {
            let place = at.cloned().unwrap_or_default();
            self.exchange.tells(call, place, what);
        }
    }

    /// A script takes a method of an object; most likely it calls it next.
    pub(crate) fn takes(&self, lua: &Lua, method: &str) {
        let place = self.place(lua);
        self.taken.replace(Some((method.to_owned(), place)));
    }

    /// Where a method is called: where it was taken, or else the innermost line on the stack.
    /// `through` is a method of ours, written in Lua, that calls it as well.
    pub(crate) fn asked_at(&self, lua: &Lua, method: &str, through: Option<&str>) -> Place {
        let mut taken = self.taken.borrow_mut();
        let place = match &*taken {
            Some((name, place)) if Some(name.as_str()) == through => Some(place.clone()),
            Some((name, _)) if name == method => taken.take().map(|(_, place)| place),
            _ => None,
        };
        drop(taken);
        place
            .filter(|place| place.line > 0)
            .unwrap_or_else(|| self.place(lua))
    }

    fn file(&self, name: &str) -> Arc<str> {
        let mut files = self.files.borrow_mut();
        if let Some(known) = files.get(name) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = name.into();
        files.insert(name.to_owned(), Arc::clone(&shared));
        shared
    }
}

/// How many frames are looked at for a script's line; our own are few.
const STACK_SEARCHED: usize = 12;
