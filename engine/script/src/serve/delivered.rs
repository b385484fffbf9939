//! What comes in by a plugin's SMPP line.

use std::rc::Rc;
use std::time::Duration;

use mlua::Function;
use tokio::task::spawn_local;

use super::drive::is_out_of_memory;
use super::{Done, Serving, task};
use crate::api::smpp::{lines, table_of};
use crate::metered::Broken;
use crate::smpp::{Delivery, Incoming};
use crate::surroundings::Run;

impl Serving {
    /// Runs the handler of a line. It has taken what came when it returns; until then the provider
    /// keeps it, and hands it over again when the handler fails or is not there.
    pub(super) fn delivered(self: &Rc<Self>, delivery: Delivery) {
        let found = {
            let lines = lines(&self.vm.lua);
            let lines = lines.0.borrow();
            let line = lines.iter().find(|it| *it.owner.name == *delivery.plugin);
            line.and_then(|it| Some((it.handler.clone()?, Rc::clone(&it.owner))))
        };
        let Some((handler, owner)) = found else {
            return;
        };
        if self.is_left_out(&owner) {
            return;
        }
        let run = task("from smpp.line".to_owned(), &owner);
        let serving = Rc::clone(self);
        self.tasks.set(self.tasks.get() + 1);
        let done = Done(Rc::clone(self));
        spawn_local(async move {
            let _done = done;
            let is_taken = serving.takes(&run, handler, &delivery.incoming).await;
            // The provider may be gone meanwhile.
            let _ = delivery.reply.send(is_taken);
        });
    }

    async fn takes(&self, run: &Rc<Run>, handler: Function, incoming: &Incoming) -> bool {
        let script = async {
            let told = table_of(&self.vm.lua, incoming)?;
            self.vm.ground.call_async::<()>((handler, told)).await
        };
        let outcome = tokio::select! {
            biased;
            outcome = self.metered(run, script) => outcome,
            () = self.parts.clock.sleep(LONGEST) => {
                let seconds = LONGEST.as_secs();
                let late = format!("a line's handler has {seconds} s: add a job for what takes longer");
                Err(Broken::Error(mlua::Error::runtime(late)))
            }
        };
        if let Err(broken) = &outcome {
            let fault = self.fault(broken, &run.origin);
            self.log(&fault, None);
            // Whoever can write a message could else leave the whole plugin out by writing one that
            // fails.
            if !matches!(broken, Broken::Error(error) if !is_out_of_memory(error)) {
                self.blame(run, broken, &fault);
            }
        }
        outcome.is_ok()
    }
}

/// The provider waits for it.
const LONGEST: Duration = Duration::from_secs(20);
