//! Requests by HTTP that a generation answers.

use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, MultiValue};
use tokio::task::spawn_local;

use super::drive::is_out_of_memory;
use super::{Done, Serving, task};
use crate::door::{self, Answer, Asking, Unanswered};
use crate::metered::Broken;
use crate::surroundings::Run;

impl Serving {
    /// Runs the handler of a route; who has asked is told in any case.
    pub(super) fn visit(self: &Rc<Self>, asking: Asking) {
        let found = {
            let doors = self.doors.borrow();
            let door = doors.get(asking.door);
            door.map(|door| {
                let origin = format!("from http.route(\"{} {}\")", door.method, door.path);
                let refused = door.query.as_ref().and_then(|known| asking.unknown(known));
                (
                    door.handler.clone(),
                    Rc::clone(&door.owner),
                    origin,
                    refused,
                )
            })
        };
        let Some((Some(handler), owner, origin, refused)) = found else {
            return asking.refuse(Unanswered::LeftOut);
        };
        if self.is_left_out(&owner) {
            return asking.refuse(Unanswered::LeftOut);
        }
        if let Some(why) = refused {
            return asking.refuse(Unanswered::BadRequest(why));
        }
        let Some(turn) = owner.visit() else {
            return asking.refuse(Unanswered::Behind);
        };
        let run = task(origin, &owner);
        let serving = Rc::clone(self);
        self.tasks.set(self.tasks.get() + 1);
        let done = Done(Rc::clone(self));
        spawn_local(async move {
            let (_done, _turn) = (done, turn);
            let answer = serving.answered(&run, handler, &asking).await;
            let _ = asking.reply.send(answer);
        });
    }

    async fn answered(
        &self,
        run: &Rc<Run>,
        handler: Function,
        asking: &Asking,
    ) -> Result<Answer, Unanswered> {
        let lua = &self.vm.lua;
        let failed = |broken: &Broken| {
            let fault = self.fault(broken, &run.origin);
            self.log(&fault, None);
            // Whoever may ask could else leave the whole plugin out by asking for what fails.
            if !matches!(broken, Broken::Error(error) if !is_out_of_memory(error)) {
                self.blame(run, broken, &fault);
            }
            Unanswered::Failed
        };
        let request = asking.table(lua)?;
        let request = request.map_err(|error| failed(&Broken::Error(error)))?;
        let place = handler.info();
        // What it holds in memory may have to go when it fails: nobody else holds the handler.
        let call = self.vm.ground.call_async::<MultiValue>((handler, request));
        let script = self.metered(run, call);
        let returned = tokio::select! {
            biased;
            returned = script => Some(returned),
            () = self.parts.clock.sleep(LONGEST) => None,
        };
        let returned = match returned {
            Some(Ok(returned)) => returned,
            Some(Err(broken)) => return Err(failed(&broken)),
            None => {
                let seconds = LONGEST.as_secs();
                let late =
                    format!("a route has {seconds} s to answer: add a job for what takes longer");
                return Err(failed(&Broken::Error(mlua::Error::runtime(late))));
            }
        };
        door::answer(lua, &returned).map_err(|sentence| {
            let file = place.source.as_deref().and_then(|it| it.strip_prefix('@'));
            let line = place.line_defined.unwrap_or_default();
            let sentence = match file {
                Some(file) => format!("{file}:{line}: {sentence}"),
                None => sentence,
            };
            failed(&Broken::Error(mlua::Error::runtime(sentence)))
        })
    }
}

/// Whoever has asked waits, and is told in time.
const LONGEST: Duration = Duration::from_secs(20);
