//! Transfers by a party's own phone: the other party goes through the dialplan with the rights of
//! whoever asked, and back when nobody comes.

use std::time::{Duration, Instant};

use crate::bridge::Bridging;
use crate::call::foreground::Foreground;
use crate::call::scripts::cause_of;
use crate::call::{Call, MOST_HOPS, Owner, Phase, Script, Task};
use crate::{
    Bridge, Cause, Command, Ended, Event, Leg, LegId, Output, SegmentKind, Strategy, Target,
    TransferId, TransferNews, Why,
};

/// A transfer that is tried. Until it has come about the phone that asked for it stays in the call,
/// and hears nothing.
#[derive(Debug)]
pub(super) struct Transfer {
    id: TransferId,
    leg: LegId,
    /// The user who asked.
    by: String,
    to: String,
    /// When it has rung long enough; `None` until somebody is rung.
    until: Option<Instant>,
    /// When nothing at all may be waited for any longer.
    give_up: Instant,
    /// Why nobody came so far: the handler may still ring others.
    nobody: Option<Why>,
    told_ringing: bool,
    /// The queue that had brought the other one to them.
    queue: Option<String>,
}

/// A call that is back at the phone that wanted it elsewhere. Some phones hang up all the same.
#[derive(Debug)]
pub(super) struct GivenBack {
    by: String,
    /// Until then it is the phone that hangs up, and nobody who has said good-bye.
    until: Instant,
}

impl Transfer {
    pub(super) fn deadline(&self) -> Instant {
        self.until
            .map_or(self.give_up, |until| until.min(self.give_up))
    }

    /// Whether it was this leg that asked for it.
    pub(super) fn is_by(&self, leg: LegId) -> bool {
        self.leg == leg
    }
}

impl Call {
    /// The two who talk with each other, while two do: whom the script serves, and the other.
    pub fn pair(&self) -> Option<[LegId; 2]> {
        let talk = self.foreground.as_ref()?.work.talk()?;
        let two = matches!(self.phase, Phase::Live) && !talk.is_trio();
        two.then(|| [self.board.front(), talk.peer()])
    }

    /// A party asks that the other one be put through to somebody else.
    pub(super) fn referred(&mut self, event: &Event) {
        let Event::Referred {
            transfer,
            leg,
            by,
            to,
            context,
        } = event
        else {
            return;
        };
        let (id, leg) = (*transfer, *leg);
        let pair = self.pair().filter(|pair| pair.contains(&leg));
        let Some([front, peer]) = pair.filter(|_| self.transfer.is_none()) else {
            let why = match self.transfer {
                Some(_) => "another transfer is being tried",
                None => "nobody talks with it who could be put through",
            };
            self.board.decide("refuse the transfer", why);
            return self.tell_transfer(id, TransferNews::Refused(Cause::Rejected));
        };
        if self.hops >= MOST_HOPS {
            self.board.decide(
                "refuse the transfer",
                format!("the call has been handed on {MOST_HOPS} times before"),
            );
            return self.tell_transfer(id, TransferNews::Refused(Cause::Forbidden));
        }
        self.tell_transfer(id, TransferNews::Accepted);
        let queue = self.board.timeline.queue.take();
        self.suspend_talk(leg);
        if let Some(asks) = self.board.leg_mut(leg) {
            asks.away = false;
            asks.off_tape = false;
        }
        if leg == front {
            self.board.serve(peer);
        }
        self.board.setup.transferred_by = Some(by.clone());
        self.board.background = None;
        self.transfer = Some(Transfer {
            id,
            leg,
            by: by.clone(),
            to: to.clone(),
            until: None,
            give_up: self.board.after(PATIENCE),
            nobody: None,
            told_ringing: false,
            queue,
        });
        self.fruitless = 0;
        self.script = Script::Running;
        let because = format!("{by} transfers the call");
        self.route(to.clone(), Some(context.clone()), &because);
    }

    /// The conversation stops, and nobody is let go.
    pub(super) fn suspend_talk(&mut self, asks: LegId) {
        let Some(mut task) = self.foreground.take() else {
            return;
        };
        task.work.dismiss(&mut self.board);
        if let Some(talk) = task.work.talk() {
            talk.suspend(&mut self.board, asks);
        }
        self.board.story.parted_by = None;
        self.board.turn(SegmentKind::Ivr, None);
    }

    /// What the script wants while a transfer is tried; nothing is left to do when that ends it.
    pub(super) fn transfer_meets(&mut self, command: Command) -> Option<Command> {
        let Some(transfer) = &mut self.transfer else {
            return Some(command);
        };
        match &command {
            Command::Reject { cause } | Command::Hangup { cause } => {
                let said = (*cause != Cause::Normal).then_some(*cause);
                let heard = transfer.nobody.map(cause_of);
                let cause = said.or(heard).unwrap_or(Cause::Unavailable);
                self.transfer_failed(cause, "the handler refuses the call");
                return None;
            }
            Command::Bridge(_) => {
                let recall = self.board.options.recall;
                let until = self.board.after(recall);
                transfer.until.get_or_insert(until);
            }
            // Done when it has a place, and whoever parks it has been told which.
            Command::Park(_) if transfer.nobody.is_none() => transfer.until = None,
            Command::Fetch(_) if transfer.nobody.is_none() => {}
            // It does not say yet whether somebody takes the call.
            Command::Ring
            | Command::Progress
            | Command::Answer
            | Command::StartRecording(_)
            | Command::StopRecording
            | Command::SendDtmf { .. }
            | Command::Music(_)
            | Command::Sleep { .. }
            | Command::Transfer { .. } => {}
            Command::Play { .. } if transfer.nobody.is_none() => {}
            _ => match transfer.nobody {
                Some(why) => {
                    let because = format!("nobody came ({})", why.word());
                    self.transfer_failed(cause_of(why), &because);
                    return None;
                }
                None => self.transfer_done(),
            },
        }
        Some(command)
    }

    /// A bridge has found nobody. The script may still have something else to say.
    pub(super) fn transfer_met_nobody(&mut self, why: Why) {
        if let Some(transfer) = &mut self.transfer {
            transfer.nobody = Some(why);
        }
    }

    /// The script has ended while a transfer is tried; false when none is.
    pub(super) fn transfer_outlives(&mut self, ended: &Ended) -> bool {
        let Some(transfer) = &self.transfer else {
            return false;
        };
        let (cause, because) = match ended {
            Ended::NoRoute { to } => (Cause::Unallocated, format!("no handler for {to}")),
            Ended::Failed { message } => (Cause::Failure, message.clone()),
            Ended::Screened { .. } => (Cause::Rejected, "not let in".to_owned()),
            Ended::Returned => {
                let heard = transfer.nobody.map(cause_of);
                let because = "its handler has ended without putting the call through".to_owned();
                (heard.unwrap_or(Cause::Unavailable), because)
            }
        };
        self.script = Script::Ended;
        self.transfer_failed(cause, &because);
        true
    }

    /// Who parks the call, and is to be told where: whoever transfers it, or the caller alone.
    pub(super) fn parker(&self) -> Option<LegId> {
        match &self.transfer {
            Some(transfer) => Some(transfer.leg),
            None => (self.board.setup.transferred_by.is_none()).then(|| self.board.front()),
        }
    }

    /// Looks whether a transfer that is tried has come about, or rings.
    pub(super) fn look_at_transfer(&mut self, event: Option<&Event>) {
        let work = self.foreground.as_ref().map(|task| &task.work);
        let talks = work.is_some_and(|work| work.peer().is_some() || work.is_parked());
        let Some(transfer) = &mut self.transfer else {
            return;
        };
        if talks {
            return self.transfer_done();
        }
        if matches!(event, Some(Event::Ringing { .. })) && !transfer.told_ringing {
            transfer.told_ringing = true;
            let id = transfer.id;
            self.tell_transfer(id, TransferNews::Ringing);
        }
    }

    /// It has rung for long enough, or nothing at all has happened.
    pub(super) fn transfer_is_overdue(&mut self) {
        let recall = self.board.options.recall.as_secs();
        let because = match &self.transfer {
            Some(Transfer { until: Some(_), .. }) => format!("nobody answered in {recall} s"),
            _ => "its handler does not come to an end".to_owned(),
        };
        self.transfer_failed(Cause::NoAnswer, &because);
    }

    /// Somebody has taken the call: whoever asked for the transfer is out of it.
    pub(super) fn transfer_done(&mut self) {
        let Some(transfer) = self.transfer.take() else {
            return;
        };
        let Transfer {
            id,
            leg,
            by,
            to,
            queue,
            ..
        } = transfer;
        self.board.decide(
            format!("let {by} go"),
            format!("the transfer to {to} has come about"),
        );
        let goes_on = |task: &Task| task.work.peer().is_some() || task.work.is_parked();
        if !self.foreground.as_ref().is_some_and(goes_on) {
            self.board.bridge_leaves_tape();
        }
        self.tell_transfer(id, TransferNews::Done);
        self.board.release(leg, Cause::Normal, false);
        self.board.push(Output::Transferred {
            by,
            to,
            attended: false,
            queue,
        });
    }

    /// Nobody has: the call goes back to whoever asked for the transfer.
    fn transfer_failed(&mut self, cause: Cause, because: &str) {
        let Some(transfer) = self.transfer.take() else {
            return;
        };
        let Transfer { id, leg, by, .. } = transfer;
        self.tell_transfer(id, TransferNews::Failed(cause));
        self.drop_script();
        self.drop_work();
        self.board.silence(self.board.front());
        let stays = self.board.leg(leg).is_some_and(Leg::is_up);
        self.given_back = stays.then(|| GivenBack {
            by: by.clone(),
            until: self.board.after(SECOND_THOUGHTS),
        });
        let (what, bridging) = if stays {
            (format!("give the call back to {by}"), Bridging::again(leg))
        } else {
            (format!("ring {by} again"), Bridging::new(recall(&by)))
        };
        self.board.decide(what, because);
        self.start(Foreground::Bridging(bridging), Owner::Recall);
    }

    /// A conversation of a recall is over; true when whoever has transferred is rung after all.
    pub(super) fn rings_again(&mut self) -> bool {
        let Some(GivenBack { by, until }) = self.given_back.take() else {
            return false;
        };
        if self.board.now >= until || self.board.served().is_gone() {
            return false;
        }
        let because = "its phone has hung up as soon as the transfer had failed";
        self.board.decide(format!("ring {by} again"), because);
        let bridging = Bridging::new(recall(&by));
        self.start(Foreground::Bridging(bridging), Owner::Recall);
        true
    }

    /// The call ends while a transfer is tried.
    pub(super) fn transfer_is_off(&mut self) {
        if let Some(transfer) = self.transfer.take() {
            self.tell_transfer(transfer.id, TransferNews::Failed(Cause::Cancelled));
        }
    }

    fn tell_transfer(&mut self, transfer: TransferId, news: TransferNews) {
        self.board.push(Output::Transfer { transfer, news });
    }
}

/// Whoever has transferred a call is rung for it.
fn recall(user: &str) -> Bridge {
    Bridge {
        targets: vec![Target::User(user.to_owned())],
        timeout: RECALL_RING,
        caller_id: None,
        strategy: Strategy::All,
        ringback: None,
        record: false,
    }
}

/// So soon after a failed transfer nobody hangs up who knows that it has failed.
const SECOND_THOUGHTS: Duration = Duration::from_secs(3);
/// How long it rings at whoever has transferred a call.
const RECALL_RING: Duration = Duration::from_secs(60);
/// No handler may take longer than this over saying what becomes of a transferred call.
const PATIENCE: Duration = Duration::from_secs(120);
