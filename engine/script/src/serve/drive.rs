//! One call's handler: begun, driven to its end, dropped at a hang-up.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use call::{CallId, Setup};
use mlua::Function;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local};

use super::Serving;
use crate::convert::to_json_as_far_as_possible;
use crate::inbox::Message;
use crate::metered::Broken;
use crate::surroundings::{Listen, LiveCall, Phase, Run};
use crate::{CallNews, Fault, ScriptEnd, api, fault};

/// A call whose handler runs.
pub(super) struct Running {
    pub(super) live: Rc<LiveCall>,
    cancel: Notify,
    ending: Cell<Ending>,
    pub(super) sides: RefCell<Vec<AbortHandle>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ending {
    None,
    HungUp,
    Replaced,
}

impl Serving {
    /// Runs the handler of a call; in place of the one it has, if it has one.
    pub(super) fn start(self: &Rc<Self>, setup: Setup) {
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
            plugin: None,
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
        let mut script = self.metered(&run, self.vm.ground.call_async::<()>((handler, value)));
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
                self.blame(&run, &broken, &fault);
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
                plugin: None,
                origin: "from call:on(\"hangup\")".to_owned(),
            });
            let Ok(about) = self.vm.lua.create_table() else {
                continue;
            };
            let script = self.metered(
                &run,
                self.vm.ground.call_async::<()>((listener.clone(), about)),
            );
            if let Err(broken) = script.await {
                self.log(&self.fault(&broken, &run.origin), Some(live.setup.id));
            }
        }
        !listeners.is_empty()
    }

    /// Drops a call's script at its wait.
    pub(super) fn end_call(&self, call: CallId, ending: Ending) {
        if let Some(running) = self.calls.borrow().get(&call) {
            running.ending.set(ending);
            running.cancel.notify_one();
        }
    }

    /// `call:on("dtmf", fn)` and `call:on("bridged", fn)`.
    pub(super) fn tell(self: &Rc<Self>, call: CallId, news: &CallNews) {
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
                plugin: None,
                origin: format!("from call:on(\"{name}\")"),
            });
            self.spawn(run, listener, about);
        }
    }

    fn vars(&self, live: &LiveCall) -> serde_json::Value {
        let value = mlua::Value::Table(live.vars.clone());
        match to_json_as_far_as_possible(&self.vm.lua, &value) {
            Ok(vars) => vars,
            Err(error) => {
                tracing::warn!(tenant = %self.host.tenant, call = %live.setup.id, "call.vars cannot be kept: {error}");
                serde_json::json!({})
            }
        }
    }

    fn fail(&self, call: CallId, fault: Fault) {
        if self.parts.pins.take_from(call, &self.host) {
            self.count(&fault, Some(call));
            let end = ScriptEnd::Failed(fault);
            self.parts.exchange.script_ended(call, end);
        } else {
            // The caller is gone, and nobody waits for an end; a person may want to know.
            self.log(&fault, Some(call));
        }
    }

    fn report(&self, call: CallId, end: ScriptEnd) {
        if self.parts.pins.take_from(call, &self.host) {
            self.parts.exchange.script_ended(call, end);
        }
    }
}

fn listeners(live: &LiveCall, wanted: Listen) -> Vec<Function> {
    live.listeners
        .borrow()
        .iter()
        .filter(|(listen, _)| *listen == wanted)
        .map(|(_, f)| f.clone())
        .collect()
}

pub(super) fn is_out_of_memory(error: &mlua::Error) -> bool {
    match error {
        mlua::Error::MemoryError(_) => true,
        mlua::Error::CallbackError { cause, .. } => is_out_of_memory(cause),
        _ => false,
    }
}
