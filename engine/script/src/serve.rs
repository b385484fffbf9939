//! The thread of one generation: it loads, serves its inbox, and ends with its last call.

mod choose;
mod delivered;
mod drive;
mod errand;
mod memory;
mod visit;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use call::CallId;
use call::acd::{AskId, QueueName};
use mlua::{Function, IntoLuaMulti, LuaSerdeExt};
use tokio::task::{AbortHandle, LocalSet, spawn_local};

use drive::{Ending, Running};

use crate::api::on::{Subscription, subscriptions};
use crate::budget::Budget;
use crate::hoard::Ledger;
use crate::host::{Host, Parts, Routing};
use crate::inbox::Message;
use crate::load;
use crate::metered::{Around, Broken, Metered};
use crate::plugin::Owner;
use crate::surroundings::{
    DeclaredDoor, DeclaredRoute, DeclaredTimer, Outside, Phase, Run, Surroundings,
};
use crate::vm::Vm;
use crate::{Exchange, Fault, ScriptNews, fault};

/// What a thread is started with.
pub(crate) struct Boot {
    pub(crate) host: Arc<Host>,
    /// What the VM sees of the exchange.
    pub(crate) exchange: Arc<dyn Exchange>,
    pub(crate) parts: Parts,
    /// Where the result of loading goes.
    pub(crate) ready: SyncSender<Result<Routing, Vec<Fault>>>,
}

/// The body of a generation's thread.
pub(crate) fn thread(boot: Boot) {
    let Boot {
        host,
        exchange,
        parts,
        ready,
    } = boot;
    let begun = begin(&host, exchange, &parts).and_then(|begun| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.map(|runtime| (runtime, begun)).map_err(|error| {
            let message = format!("no event loop for the scripts: {error}");
            vec![fault::plain(message, None, &host.snapshot)]
        })
    });
    let (runtime, (serving, routing)) = match begun {
        Ok(begun) => begun,
        Err(faults) => {
            let _ = ready.send(Err(faults));
            return;
        }
    };
    if ready.send(Ok(routing)).is_err() {
        return;
    }
    let local = LocalSet::new();
    local.block_on(&runtime, serving.serve());
}

/// Loads a generation on this thread; who gets it runs [`Serving::serve`].
///
/// # Errors
/// All that is wrong with the sources.
pub(crate) fn begin(
    host: &Arc<Host>,
    exchange: Arc<dyn Exchange>,
    parts: &Parts,
) -> Result<(Rc<Serving>, Routing), Vec<Fault>> {
    let surroundings = Rc::new(Surroundings {
        tenant: host.tenant.clone(),
        settings: Arc::clone(&host.settings),
        exchange,
        clock: Arc::clone(&parts.clock),
        store: Arc::clone(&parts.store),
        sounds: Arc::clone(&parts.sounds),
        failures: Arc::clone(&host.failures),
        client: Arc::clone(&parts.client),
        lines: Arc::clone(&parts.lines),
        bell: Arc::clone(&parts.bell),
        databases: Arc::clone(&parts.databases),
        recordings: parts.recordings.clone(),
        generation: host.generation,
        declared: RefCell::default(),
        current: RefCell::default(),
        taken: RefCell::default(),
        files: RefCell::default(),
        spawner: RefCell::default(),
        outside: Outside::default(),
    });
    let budget = Rc::new(Budget::new(
        parts.limits.script_cpu,
        Arc::clone(&host.pulse),
    ));
    let memory = parts.limits.script_memory;
    let made = Vm::new(
        Rc::clone(&surroundings),
        Rc::clone(&budget),
        Arc::clone(&host.snapshot),
        memory,
    );
    let vm =
        made.map_err(|error| vec![fault::fault(&error, &host.snapshot, host.generation, "")])?;
    let loaded = load::load(&vm, host, parts.limits.load_time)?;
    host.memory.store(vm.lua.used_memory(), Relaxed);
    let waking = Arc::clone(host);
    let ledger = Ledger::new(vm.lua.clone(), memory, move || {
        waking.inbox.push(Message::Look);
    });
    let around = Around {
        surroundings,
        budget,
        pulse: Arc::clone(&host.pulse),
        ledger: Rc::new(ledger),
    };
    let serving = Rc::new(Serving {
        vm,
        around,
        host: Arc::clone(host),
        parts: parts.clone(),
        handlers: loaded.handlers,
        timers: RefCell::new(loaded.timers),
        choosers: loaded.choosers,
        choosing: RefCell::default(),
        doors: RefCell::new(loaded.doors),
        calls: RefCell::default(),
        tasks: Cell::new(0),
        memory_warned: Cell::new(false),
        relieved: Cell::new(None),
    });
    // A new generation is another try; the fresh VM of one that was given up is none.
    if host.routing().is_some() {
        serving.leave_out_what_is_shut();
    }
    serving.lend_spawner();
    Ok((serving, loaded.routing))
}

/// A generation that serves.
pub(crate) struct Serving {
    vm: Vm,
    around: Around,
    host: Arc<Host>,
    parts: Parts,
    handlers: BTreeMap<String, Vec<DeclaredRoute>>,
    timers: RefCell<Vec<DeclaredTimer>>,
    /// What queues ask whom a call is offered to.
    choosers: BTreeMap<QueueName, Function>,
    /// Those that run.
    choosing: RefCell<HashMap<AskId, AbortHandle>>,
    doors: RefCell<Vec<DeclaredDoor>>,
    calls: RefCell<HashMap<CallId, Rc<Running>>>,
    /// Runs that belong to no call.
    tasks: Cell<usize>,
    memory_warned: Cell<bool>,
    /// When the VM was to be replaced, because it was all but full.
    relieved: Cell<Option<Instant>>,
}

impl Serving {
    /// Serves the inbox until it is retired and idle, or given up.
    pub(crate) async fn serve(self: Rc<Self>) {
        let mut timers = Vec::new();
        let mut retired = false;
        let mut served = 0u32;
        loop {
            if retired && self.is_idle() && self.host.inbox.close_if_empty() {
                break;
            }
            let Some(message) = self.host.inbox.next().await else {
                break;
            };
            match message {
                Message::Start(setup) => self.start(*setup),
                Message::HangUp(call) => self.end_call(call, Ending::HungUp),
                Message::News(call, news) => self.tell(call, &news),
                Message::Event(name, payload) => self.event(&name, &payload),
                Message::Visit(asking) => self.visit(*asking),
                Message::Delivered(delivery) => self.delivered(*delivery),
                Message::Choose(queue, ask, about) => self.choose(&queue, *ask, &about),
                Message::ForgetChoose(ask) => self.forget_choose(ask),
                Message::Job(claim) => self.job(*claim),
                Message::Published(_) if retired => {}
                Message::Published(at) => {
                    for timer in self.timers.take() {
                        timers.push(
                            spawn_local(Rc::clone(&self).keep_time(timer, at)).abort_handle(),
                        );
                    }
                }
                Message::Retired => {
                    retired = true;
                    timers
                        .drain(..)
                        .for_each(|timer: AbortHandle| timer.abort());
                }
                Message::Look => {}
            }
            self.look_at_memory();
            // A long inbox must not keep the scripts themselves from running.
            served = served.wrapping_add(1);
            if served.is_multiple_of(MESSAGES_PER_TURN) {
                tokio::task::yield_now().await;
            }
        }
    }

    /// What its scripts wait for outside of this thread.
    pub(crate) fn outside(&self) -> Outside {
        self.around.surroundings.outside.clone()
    }

    /// The numbers of a context that are no patterns.
    pub(crate) fn numbers(&self, context: &str) -> Vec<String> {
        let routes = self.handlers.get(context).into_iter().flatten();
        routes
            .map(|route| route.pattern.clone())
            .filter(|pattern| !pattern.starts_with('_'))
            .collect()
    }

    fn is_idle(&self) -> bool {
        self.calls.borrow().is_empty() && self.tasks.get() == 0
    }

    fn event(self: &Rc<Self>, name: &str, payload: &serde_json::Value) {
        let subscriptions = subscriptions(&self.vm.lua);
        let wanted: Vec<Subscription> = {
            let all = subscriptions.0.borrow();
            all.iter().filter(|it| it.event == name).cloned().collect()
        };
        for Subscription { owner, handler, .. } in wanted {
            let Ok(payload) = self.vm.lua.to_value(payload) else {
                continue;
            };
            let run = task(format!("from on(\"{name}\")"), &owner);
            self.spawn(run, handler, payload);
        }
    }

    async fn keep_time(self: Rc<Self>, timer: DeclaredTimer, from: i64) {
        let mut due = (timer.next)(from);
        loop {
            let now = self.parts.clock.unix_micros();
            if now < due {
                let left =
                    Duration::from_micros(u64::try_from(due.saturating_sub(now)).unwrap_or(0));
                // The wall clock may jump, so it is looked at again now and then.
                self.parts.clock.sleep(left.min(LONGEST_SLEEP)).await;
                continue;
            }
            if self.is_left_out(&timer.owner) {
                return;
            }
            let run = task(format!("from every(\"{}\")", timer.name), &timer.owner);
            self.spawn(run, timer.handler.clone(), ());
            due = (timer.next)(self.parts.clock.unix_micros()).max(now.saturating_add(1));
        }
    }

    /// Starts something beside the handlers; what belongs to a call dies with it.
    fn spawn(
        self: &Rc<Self>,
        run: Rc<Run>,
        function: Function,
        arguments: impl IntoLuaMulti + 'static,
    ) {
        let owner = run.call.as_ref().map(|live| live.setup.id);
        let serving = Rc::clone(self);
        self.tasks.set(self.tasks.get() + 1);
        let done = Done(Rc::clone(self));
        let task = spawn_local(async move {
            let _done = done;
            // What it holds in memory may have to go when it fails: nobody else holds the function.
            let call = serving.vm.ground.call_async::<()>((function, arguments));
            let script = serving.metered(&run, call);
            if let Err(broken) = script.await {
                let fault = serving.fault(&broken, &run.origin);
                serving.log(&fault, owner);
                serving.blame(&run, &broken, &fault);
            }
        });
        if let Some(running) = owner.and_then(|call| self.calls.borrow().get(&call).map(Rc::clone))
        {
            let mut sides = running.sides.borrow_mut();
            sides.retain(|side| !side.is_finished());
            sides.push(task.abort_handle());
        }
    }

    fn lend_spawner(self: &Rc<Self>) {
        // Weak, because the VM that holds the spawner is held by us.
        let weak = Rc::downgrade(self);
        let spawner = move |run: Rc<Run>, function: Function, arguments| {
            if let Some(serving) = weak.upgrade() {
                serving.spawn(run, function, arguments);
            }
        };
        self.around
            .surroundings
            .spawner
            .replace(Some(Box::new(spawner)));
    }

    fn metered<T, F: Future<Output = mlua::Result<T>>>(
        &self,
        run: &Rc<Run>,
        coroutine: F,
    ) -> Metered<F> {
        Metered::new(self.around.clone(), Rc::clone(run), coroutine)
    }

    fn fault(&self, broken: &Broken, origin: &str) -> Fault {
        let snapshot = &self.host.snapshot;
        match broken {
            Broken::Error(error) => fault::fault(error, snapshot, self.host.generation, origin),
            Broken::Stopped(stopped) => {
                let error = mlua::Error::external(stopped.clone());
                fault::fault(&error, snapshot, self.host.generation, origin)
            }
            Broken::Panicked(text) => {
                let place = self.host.pulse.last_seen().place;
                fault::plain(
                    format!("the exchange itself failed below this script: {text}"),
                    Some(place),
                    snapshot,
                )
            }
        }
    }

    /// Counts a failure, for the status.
    fn count(&self, fault: &Fault, call: Option<CallId>) {
        let (now, generation) = (self.parts.clock.unix_micros(), self.host.generation);
        self.host
            .failures
            .add(now, generation, call, &fault.message);
        let news = ScriptNews::Failed {
            generation,
            call,
            message: fault.message.clone(),
        };
        self.parts.exchange.report(&self.host.tenant, news);
    }

    /// Counts and logs a failure that the exchange is not told of.
    fn log(&self, fault: &Fault, call: Option<CallId>) {
        if self.host.pulse.given_up() {
            return;
        }
        self.count(fault, call);
        if !self.host.failures.lines.take(Instant::now()) {
            return;
        }
        let call = call.map(|call| call.to_string()).unwrap_or_default();
        tracing::error!(tenant = %self.host.tenant, call, generation = self.host.generation, "{}", fault.report);
    }
}

/// Counts a task out, also when it is aborted.
struct Done(Rc<Serving>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.tasks.set(self.0.tasks.get().saturating_sub(1));
        self.0.host.inbox.push(Message::Look);
    }
}

fn task(origin: String, owner: &Owner) -> Rc<Run> {
    Rc::new(Run {
        phase: Phase::Task,
        call: None,
        plugin: owner.plugin_name(),
        origin,
    })
}

const MESSAGES_PER_TURN: u32 = 16;

/// The wall clock is looked at at least so often.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
