//! Jobs that a generation does, and the plugins of it that fail.

use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, Table};
use tokio::task::spawn_local;

use super::drive::is_out_of_memory;
use super::{Done, Serving, task};
use crate::Fault;
use crate::api::jobs::handlers;
use crate::api::on::subscriptions;
use crate::api::smpp::lines;
use crate::budget::Stopped;
use crate::convert::from_json;
use crate::jobs::{Claim, Later};
use crate::metered::Broken;
use crate::plugin::quarantine::Weight;
use crate::plugin::{self, Owner};
use crate::surroundings::Run;

impl Serving {
    /// Runs the handler of a job; what becomes of it is told to whoever handed it out.
    pub(super) fn job(self: &Rc<Self>, mut claim: Claim) {
        let found = {
            let handlers = handlers(&self.vm.lua);
            let handlers = handlers.0.borrow();
            let job = &claim.row.job;
            let same = |owner: &Owner, name: &str| *owner.name == *job.owner && name == job.name;
            let found = handlers.iter().find(|it| same(&it.owner, &it.name));
            found.and_then(|it| Some((it.handler.clone()?, Rc::clone(&it.owner))))
        };
        // Dropped, the claim puts its job back: a later generation may do it.
        let Some((handler, owner)) = found else {
            return;
        };
        let lua = &self.vm.lua;
        let arguments =
            from_json(lua, &claim.row.job.data).and_then(|data| Ok((data, about(lua, &claim)?)));
        claim.begin();
        let arguments = match arguments {
            Ok(arguments) => arguments,
            Err(error) => return claim.failed(&error.to_string()),
        };
        let origin = match claim.row.job.name.strip_prefix("on ") {
            Some(event) => format!("from on(\"{event}\")"),
            None => format!("from jobs.handle(\"{}\")", claim.row.job.name),
        };
        let run = task(origin, &owner);
        let serving = Rc::clone(self);
        self.tasks.set(self.tasks.get() + 1);
        let done = Done(Rc::clone(self));
        spawn_local(async move {
            let _done = done;
            // What it holds in memory may have to go when it fails: nobody else holds the handler.
            let call = serving.vm.ground.call_async::<()>((handler, arguments));
            let script = serving.metered(&run, call);
            let outcome = tokio::select! {
                biased;
                outcome = script => Some(outcome),
                () = serving.parts.clock.sleep(LONGEST_JOB) => None,
            };
            match outcome {
                Some(Ok(())) => claim.done(),
                Some(Err(broken)) => {
                    if let Broken::Error(error) = &broken
                        && let Some(later) = Later::of(error)
                    {
                        return claim.put_off(later);
                    }
                    let fault = serving.fault(&broken, &run.origin);
                    claim.failed(&fault.message);
                    // An error is how a handler asks for another try.
                    if !matches!(&broken, Broken::Error(error) if !is_out_of_memory(error)) {
                        serving.count(&fault, None);
                        serving.blame(&run, &broken, &fault);
                    }
                }
                None => {
                    let minutes = LONGEST_JOB.as_secs() / 60;
                    claim.failed(&format!("has not ended within {minutes} minutes"));
                }
            }
        });
    }

    /// Notes the fault of a plugin, and leaves it out when it was one too many.
    pub(super) fn blame(&self, run: &Run, broken: &Broken, fault: &Fault) {
        if matches!(broken, Broken::Stopped(Stopped::GivenUp)) || self.host.pulse.given_up() {
            return;
        }
        let out_of_memory = matches!(broken, Broken::Error(error) if is_out_of_memory(error));
        if out_of_memory && self.ran_out() {
            return;
        }
        let file = fault.place.as_ref().map(|place| &*place.file);
        let by_place = file.and_then(plugin::of_path);
        let Some(name) = run.plugin.as_deref().or(by_place) else {
            return;
        };
        let weight = match broken {
            _ if out_of_memory => Weight::Grave,
            Broken::Panicked(_) => Weight::Grave,
            Broken::Error(_) | Broken::Stopped(_) => Weight::Plain,
        };
        self.shut(name, weight, &fault.message);
    }

    pub(super) fn is_left_out(&self, owner: &Owner) -> bool {
        owner.is_plugin() && self.host.failures.quarantine.is_shut(&owner.name)
    }

    /// Lets go of the handlers of plugins that are left out, and of what they hold in memory.
    pub(super) fn leave_out_what_is_shut(&self) {
        if !self.host.failures.quarantine.shuts_any() {
            return;
        }
        let lua = &self.vm.lua;
        let all = subscriptions(lua);
        all.0.borrow_mut().retain(|it| !self.is_left_out(&it.owner));
        let all = handlers(lua);
        for job in all.0.borrow_mut().iter_mut() {
            if self.is_left_out(&job.owner) {
                job.handler = None;
            }
        }
        let all = lines(lua);
        for line in all.0.borrow_mut().iter_mut() {
            if self.is_left_out(&line.owner) {
                line.handler = None;
            }
        }
        for door in self.doors.borrow_mut().iter_mut() {
            if self.is_left_out(&door.owner) {
                door.handler = None;
            }
        }
        let mut timers = self.timers.borrow_mut();
        timers.retain(|it| !self.is_left_out(&it.owner));
        drop(timers);
        let _ = lua.gc_collect();
    }
}

/// What a handler gets beside its data.
fn about(lua: &Lua, claim: &Claim) -> mlua::Result<Table> {
    let row = &claim.row;
    let about = lua.create_table()?;
    about.raw_set("id", row.job.id.to_string())?;
    about.raw_set("attempt", row.attempts)?;
    about.raw_set("key", row.job.key.as_deref())?;
    about.raw_set("added_at", row.job.added_at as f64 / 1e6)?;
    Ok(about)
}

/// A handler that waits for longer is taken for stuck.
const LONGEST_JOB: Duration = Duration::from_secs(300);
