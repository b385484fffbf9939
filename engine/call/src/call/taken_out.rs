//! A supervisor takes an agent out of a conversation (强拆).

use crate::apology::Apology;
use crate::call::foreground::Foreground;
use crate::call::{Call, Owner};
use crate::{Cause, LegId, Parting, Sound};

impl Call {
    /// The agent's leg is released at once; the other party goes where the supervisor has said.
    pub(super) fn take_out(&mut self, agent: LegId, by: &str, parting: Parting) {
        let pair = self.pair().filter(|pair| pair.contains(&agent));
        self.board.decide(
            format!("take leg {} out: {}", agent.0, parting.word()),
            format!("{by} wants it"),
        );
        let Some([front, peer]) = pair else {
            // Nobody is left who could hear anything.
            return self.finish(Cause::Normal, by.to_owned());
        };
        match parting {
            Parting::HangUp => self.finish(Cause::Normal, by.to_owned()),
            Parting::Requeue => {
                let task = self.foreground.as_mut().filter(|_| agent == peer);
                if !task.is_some_and(|task| task.work.requeue(&mut self.board)) {
                    self.board.decide("end the call", "no queue had brought it");
                    self.finish(Cause::Normal, by.to_owned());
                }
            }
            Parting::Goodbye => {
                self.suspend_talk(agent);
                if agent == front {
                    self.board.serve(peer);
                }
                self.board.release(agent, Cause::Normal, false);
                self.board.silence(self.board.front());
                self.drop_script();
                self.taken_out_by = Some(by.to_owned());
                let sound = Sound::Named("leader/goodbye".to_owned());
                let farewell = Apology::new(&self.board, Some(sound));
                self.start(Foreground::Apology(farewell), Owner::Farewell);
            }
        }
    }

    /// Whether the other party of this leg could go back to the queue that has brought it.
    pub fn came_by_queue(&self, agent: LegId) -> bool {
        let task = self.foreground.as_ref();
        let by_queue = task.is_some_and(|task| task.work.by_queue());
        by_queue && self.pair().is_some_and(|[_, peer]| peer == agent)
    }

    /// The other party has heard it.
    pub(super) fn farewell_is_said(&mut self) {
        let by = self.taken_out_by.take();
        self.finish(Cause::Normal, by.unwrap_or_default());
    }
}
