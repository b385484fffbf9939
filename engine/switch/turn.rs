//! A call's turn: something is done with it, what it wants then is carried out, and whoever has to
//! know is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use call::{Call, CallId};

use super::Switch;
use super::live::Live;

impl Switch {
    /// Takes a call out, does something with it, carries out what it wants, and puts it back. A
    /// panic in there ends this call and no other.
    pub(super) fn with_call(
        &mut self,
        now: Instant,
        id: CallId,
        work: impl FnOnce(&mut Self, &mut Live),
    ) {
        let Some(live) = self.calls.remove(&id) else {
            return;
        };
        self.hold_deliveries();
        self.deal_with(now, live, work);
        self.release_deliveries(now);
    }

    pub(super) fn deal_with(
        &mut self,
        now: Instant,
        mut live: Box<Live>,
        work: impl FnOnce(&mut Self, &mut Live),
    ) {
        let id = live.id();
        let _entered = live.span.clone().entered();
        let done = catch_unwind(AssertUnwindSafe(|| {
            work(self, &mut live);
            self.settle(now, &mut live);
            self.end_fax(now, &mut live, None);
            self.tell_of(&mut live);
            self.note_sound(now, &mut live);
            self.note_dialogs(now, &mut live);
            live.tell_asker();
            self.tell_floor_of_legs(now, &mut live);
            self.note_lamps(now, &live);
            self.note_supervision(&live);
        }));
        if done.is_err() {
            tracing::error!("a defect ended this call; the others go on");
            self.bury(now, *live);
            return;
        }
        if live.ended.is_some() && (live.is_quiet() || live.end_by.is_some_and(|by| by <= now)) {
            self.conclude(*live);
            return;
        }
        self.schedule(&mut live);
        self.calls.insert(id, live);
    }

    pub(super) fn with_machine(&mut self, now: Instant, id: CallId, work: impl FnOnce(&mut Call)) {
        self.with_call(now, id, |_, live| work(&mut live.call));
    }

    /// Carries out what a call wants, until it wants no more.
    pub(super) fn settle(&mut self, now: Instant, live: &mut Live) {
        loop {
            while let Some(output) = live.call.poll_output() {
                self.perform(now, live, output);
            }
            let Some(event) = live.echoes.pop_front() else {
                return;
            };
            live.call.handle_event(now, event);
        }
    }

    fn schedule(&mut self, live: &mut Live) {
        let due = live.call.poll_timeout();
        if due == live.due {
            return;
        }
        let id = live.id();
        if let Some(old) = live.due {
            self.timers.remove(&(old, id));
        }
        if let Some(due) = due {
            self.timers.insert((due, id));
        }
        live.due = due;
    }
}
