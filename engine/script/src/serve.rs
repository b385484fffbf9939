//! The thread of one generation: it loads, serves its inbox, and ends with its last call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use call::{CallId, Setup};
use mlua::{Function, IntoLuaMulti, LuaSerdeExt};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, LocalSet, spawn_local};

use crate::budget::Budget;
use crate::host::{Host, Parts, Routing};
use crate::inbox::Message;
use crate::load;
use crate::metered::{Around, Broken, Metered};
use crate::surroundings::{
    DeclaredRoute, DeclaredTimer, Listen, LiveCall, Phase, Run, Surroundings,
};
use crate::vm::Vm;
use crate::{CallNews, Exchange, Fault, ScriptEnd, api, fault};

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
    let surroundings = Rc::new(Surroundings {
        tenant: host.tenant.clone(),
        settings: Arc::clone(&host.settings),
        exchange,
        clock: Arc::clone(&parts.clock),
        store: Arc::clone(&parts.store),
        sounds: Arc::clone(&parts.sounds),
        generation: host.generation,
        declared: RefCell::default(),
        current: RefCell::default(),
        files: RefCell::default(),
        spawner: RefCell::default(),
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
    let vm = match made {
        Ok(vm) => vm,
        Err(error) => {
            let _ = ready.send(Err(vec![fault::fault(
                &error,
                &host.snapshot,
                host.generation,
                "",
            )]));
            return;
        }
    };
    let loaded = match load::load(&vm, &host, parts.limits.load_time) {
        Ok(loaded) => loaded,
        Err(faults) => {
            let _ = ready.send(Err(faults));
            return;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let message = format!("no event loop for the scripts: {error}");
            let _ = ready.send(Err(vec![fault::plain(message, None, &host.snapshot)]));
            return;
        }
    };
    host.memory.store(vm.lua.used_memory(), Relaxed);
    let around = Around {
        surroundings,
        budget,
        pulse: Arc::clone(&host.pulse),
    };
    let serving = Rc::new(Serving {
        vm,
        around,
        host,
        parts,
        handlers: loaded.handlers,
        subscriptions: loaded.subscriptions,
        timers: RefCell::new(loaded.timers),
        calls: RefCell::default(),
        tasks: Cell::new(0),
        memory_warned: Cell::new(false),
    });
    serving.lend_spawner();
    if ready.send(Ok(loaded.routing)).is_err() {
        return;
    }
    let local = LocalSet::new();
    local.block_on(&runtime, Rc::clone(&serving).serve());
}

/// A generation that serves.
struct Serving {
    vm: Vm,
    around: Around,
    host: Arc<Host>,
    parts: Parts,
    handlers: BTreeMap<String, Vec<DeclaredRoute>>,
    subscriptions: Vec<(String, Function)>,
    timers: RefCell<Vec<DeclaredTimer>>,
    calls: RefCell<HashMap<CallId, Rc<Running>>>,
    /// Runs that belong to no call.
    tasks: Cell<usize>,
    memory_warned: Cell<bool>,
}

/// A call whose handler runs.
struct Running {
    live: Rc<LiveCall>,
    cancel: Notify,
    ending: Cell<Ending>,
    sides: RefCell<Vec<AbortHandle>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    None,
    HungUp,
    Replaced,
}

impl Serving {
    async fn serve(self: Rc<Self>) {
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
                Message::Published => {
                    for timer in self.timers.take() {
                        timers.push(spawn_local(Rc::clone(&self).keep_time(timer)).abort_handle());
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
            if served % MESSAGES_PER_TURN == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.calls.borrow().is_empty() && self.tasks.get() == 0
    }

    fn start(self: &Rc<Self>, setup: Setup) {
        let id = setup.id;
        let before = self.calls.borrow().get(&id).map(Rc::clone);
        if let Some(before) = &before {
            self.end_call(before.live.setup.id, Ending::Replaced);
        }
        let (handler, origin) = match self.handler(&setup) {
            Ok(found) => found,
            Err(message) => return self.fail(id, fault::plain(message, None, &self.host.snapshot)),
        };
        let vars = match &before {
            Some(before) => Ok(before.live.vars.clone()),
            None => self.vm.lua.create_table(),
        };
        let vars = match vars {
            Ok(vars) => vars,
            Err(error) => return self.fail(id, self.fault(&Broken::Error(error), &origin)),
        };
        let live = Rc::new(LiveCall {
            setup,
            vars,
            language: before
                .as_ref()
                .map_or_else(RefCell::default, |before| before.live.language.clone()),
            listeners: before
                .as_ref()
                .map_or_else(RefCell::default, |before| before.live.listeners.clone()),
            over: Cell::new(false),
        });
        let running = Rc::new(Running {
            live: Rc::clone(&live),
            cancel: Notify::new(),
            ending: Cell::new(Ending::None),
            sides: RefCell::default(),
        });
        self.calls.borrow_mut().insert(id, Rc::clone(&running));
        self.host.running.fetch_add(1, Relaxed);
        let run = Rc::new(Run {
            phase: Phase::Call,
            call: Some(live),
            origin,
        });
        spawn_local(Rc::clone(self).drive(running, run, handler));
    }

    /// The handler of a number and how it was found, in words.
    fn handler(&self, setup: &Setup) -> Result<(Function, String), String> {
        let found = self
            .host
            .routing()
            .and_then(|routing| routing.find(&setup.context, &setup.to));
        let route = found.and_then(|found| self.handlers.get(&setup.context)?.get(found.handler));
        match route {
            Some(route) => {
                let origin = format!(
                    "from context \"{}\", pattern \"{}\"",
                    setup.context, route.pattern
                );
                Ok((route.handler.clone(), origin))
            }
            None => Err(format!(
                "context '{}' has no route for '{}'",
                setup.context, setup.to
            )),
        }
    }

    /// Runs a call's handler until it returns, fails, or the caller is gone.
    async fn drive(self: Rc<Self>, running: Rc<Running>, run: Rc<Run>, handler: Function) {
        let id = running.live.setup.id;
        let value = api::call::Call::new(
            Rc::clone(&self.around.surroundings),
            Rc::clone(&running.live),
        );
        let mut script = self.metered(&run, handler.call_async::<()>(value));
        let outcome = tokio::select! {
            biased;
            () = running.cancel.notified() => None,
            outcome = &mut script => Some(outcome),
        };
        // Dropped here and now, so that <close> variables run before anything else.
        drop(script);
        running.live.over.set(true);
        running.sides.take().iter().for_each(AbortHandle::abort);
        let replaced = running.ending.get() == Ending::Replaced;
        let returned = matches!(outcome, Some(Ok(())));
        match outcome {
            None => {}
            Some(Ok(())) => self.report(
                id,
                ScriptEnd::Returned {
                    vars: self.vars(&running.live),
                },
            ),
            Some(Err(broken)) => {
                let fault = self.fault(&broken, &run.origin);
                if matches!(broken, Broken::Error(ref error) if is_out_of_memory(error)) {
                    let _ = self.vm.lua.gc_collect();
                }
                self.fail(id, fault);
            }
        }
        if !replaced {
            let heard = self.after_hangup(&running.live).await;
            if heard || !returned {
                self.parts.exchange.keep_vars(id, self.vars(&running.live));
            }
        }
        let mut calls = self.calls.borrow_mut();
        if calls.get(&id).is_some_and(|now| Rc::ptr_eq(now, &running)) {
            calls.remove(&id);
        }
        drop(calls);
        self.host.running.fetch_sub(1, Relaxed);
        self.host.inbox.push(Message::Look);
    }

    /// `call:on("hangup", fn)`; whether there was any.
    async fn after_hangup(&self, live: &Rc<LiveCall>) -> bool {
        let listeners = listeners(live, Listen::Hangup);
        for listener in &listeners {
            let run = Rc::new(Run {
                phase: Phase::Hook,
                call: Some(Rc::clone(live)),
                origin: "from call:on(\"hangup\")".to_owned(),
            });
            let Ok(about) = self.vm.lua.create_table() else {
                continue;
            };
            let script = self.metered(&run, listener.call_async::<()>(about));
            if let Err(broken) = script.await {
                self.log(&self.fault(&broken, &run.origin), Some(live.setup.id));
            }
        }
        !listeners.is_empty()
    }

    fn end_call(&self, call: CallId, ending: Ending) {
        if let Some(running) = self.calls.borrow().get(&call) {
            running.ending.set(ending);
            running.cancel.notify_one();
        }
    }

    fn tell(self: &Rc<Self>, call: CallId, news: &CallNews) {
        let Some(running) = self.calls.borrow().get(&call).map(Rc::clone) else {
            return;
        };
        let (listen, name, key, value) = match news {
            CallNews::Digit(digit) => (Listen::Dtmf, "dtmf", "digit", digit.to_string()),
            CallNews::Bridged { with } => (Listen::Bridged, "bridged", "with", with.clone()),
        };
        for listener in listeners(&running.live, listen) {
            let about = self.vm.lua.create_table().and_then(|about| {
                about.set(key, value.as_str())?;
                Ok(about)
            });
            let Ok(about) = about else { continue };
            let run = Rc::new(Run {
                phase: Phase::Call,
                call: Some(Rc::clone(&running.live)),
                origin: format!("from call:on(\"{name}\")"),
            });
            self.spawn(run, listener, about);
        }
    }

    fn event(self: &Rc<Self>, name: &str, payload: &serde_json::Value) {
        for (_, handler) in self
            .subscriptions
            .iter()
            .filter(|(wanted, _)| wanted == name)
        {
            let Ok(payload) = self.vm.lua.to_value(payload) else {
                continue;
            };
            self.spawn(
                task(format!("from on(\"{name}\")")),
                handler.clone(),
                payload,
            );
        }
    }

    async fn keep_time(self: Rc<Self>, timer: DeclaredTimer) {
        let mut due = (timer.next)(self.parts.clock.unix_micros());
        loop {
            let now = self.parts.clock.unix_micros();
            if now < due {
                let left =
                    Duration::from_micros(u64::try_from(due.saturating_sub(now)).unwrap_or(0));
                // The wall clock may jump, so it is looked at again now and then.
                tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
                continue;
            }
            self.spawn(
                task(format!("from every(\"{}\")", timer.name)),
                timer.handler.clone(),
                (),
            );
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
            let script = serving.metered(&run, function.call_async::<()>(arguments));
            if let Err(broken) = script.await {
                serving.log(&serving.fault(&broken, &run.origin), owner);
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

    fn metered<F: Future<Output = mlua::Result<()>>>(
        &self,
        run: &Rc<Run>,
        coroutine: F,
    ) -> Metered<F> {
        Metered::new(self.around.clone(), Rc::clone(run), coroutine)
    }

    fn vars(&self, live: &LiveCall) -> serde_json::Value {
        let options = mlua::serde::DeserializeOptions::new()
            .deny_unsupported_types(false)
            .deny_recursive_tables(false);
        let value = mlua::Value::Table(live.vars.clone());
        match self.vm.lua.from_value_with(value, options) {
            // Lua does not tell an empty list from an empty map.
            Ok(serde_json::Value::Array(list)) if list.is_empty() => serde_json::json!({}),
            Ok(vars) => vars,
            Err(error) => {
                tracing::warn!(tenant = %self.host.tenant, call = %live.setup.id, "call.vars cannot be kept: {error}");
                serde_json::json!({})
            }
        }
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
                let (_, place) = self.host.pulse.last_seen();
                fault::plain(
                    format!("the exchange itself failed below this script: {text}"),
                    Some(place),
                    snapshot,
                )
            }
        }
    }

    fn fail(&self, call: CallId, fault: Fault) {
        self.log(&fault, Some(call));
        self.report(call, ScriptEnd::Failed(fault));
    }

    fn log(&self, fault: &Fault, call: Option<CallId>) {
        if self.host.pulse.given_up() {
            return;
        }
        self.host.failures.fetch_add(1, Relaxed);
        let call = call.map(|call| call.to_string()).unwrap_or_default();
        tracing::error!(tenant = %self.host.tenant, call, generation = self.host.generation, "{}", fault.report);
    }

    fn report(&self, call: CallId, end: ScriptEnd) {
        if self.parts.pins.take_from(call, &self.host) {
            self.parts.exchange.script_ended(call, end);
        }
    }

    fn look_at_memory(&self) {
        let used = self.vm.lua.used_memory();
        self.host.memory.store(used, Relaxed);
        let half = self.parts.limits.script_memory / 2;
        if used < half {
            self.memory_warned.set(false);
        } else if !self.memory_warned.replace(true) {
            tracing::warn!(
                tenant = %self.host.tenant,
                "the scripts use {} MB, more than half of limits.script_memory", used / 1_000_000,
            );
        }
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

fn task(origin: String) -> Rc<Run> {
    Rc::new(Run {
        phase: Phase::Task,
        call: None,
        origin,
    })
}

fn listeners(live: &LiveCall, wanted: Listen) -> Vec<Function> {
    live.listeners
        .borrow()
        .iter()
        .filter(|(listen, _)| *listen == wanted)
        .map(|(_, f)| f.clone())
        .collect()
}

fn is_out_of_memory(error: &mlua::Error) -> bool {
    match error {
        mlua::Error::MemoryError(_) => true,
        mlua::Error::CallbackError { cause, .. } => is_out_of_memory(cause),
        _ => false,
    }
}

const MESSAGES_PER_TURN: u32 = 16;

/// The wall clock is looked at at least so often.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
