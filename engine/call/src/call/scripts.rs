//! What becomes of a call when its script is gone: nobody is left in silence.

use std::time::{Duration, Instant};

use crate::apology::Apology;
use crate::bridge::Bridging;
use crate::call::foreground::Foreground;
use crate::call::{Call, Owner, Phase, Script, Task};
use crate::journal::What;
use crate::{Bridge, Cause, Ended, Output, Reply, Screened, Sound, Strategy, Target, Why};

impl Call {
    /// The script has ended; not to be told of one that was dropped for a transfer, or stopped.
    pub fn handle_script_ended(&mut self, now: Instant, ended: Ended) {
        if !matches!(self.phase, Phase::Live) || self.script != Script::Running {
            return;
        }
        self.board.now = now;
        self.board.note(What::ScriptEnded(ended.clone()));
        self.board.nobody_waits_for_recordings();
        if self.transfer_outlives(&ended) {
            return;
        }
        match ended {
            Ended::Returned => self.returned(),
            Ended::Failed { message } => self.failed(&message),
            Ended::NoRoute { to } => self.no_route(&to),
            Ended::Screened { why, sound } => self.screened(why, sound),
        }
    }

    fn returned(&mut self) {
        self.script = Script::Ended;
        let by = self.board.story.parted_by.take();
        let by = by.unwrap_or_else(|| "system:script_ended".to_owned());
        // Somebody who was busy is busy to the caller too, if the script added nothing to it.
        let cause = match self.board.story.nobody {
            Some(why) if !self.board.served().is_up() => cause_of(why),
            _ => Cause::Normal,
        };
        self.finish(cause, by);
    }

    fn failed(&mut self, message: &str) {
        self.script = Script::Failed;
        self.board.story.failed = true;
        match &self.foreground {
            Some(task) if task.work.outlives_script() => {
                let going_on = format!("let call:{} go on", task.work.word());
                self.board.decide(going_on, message);
            }
            _ => self.apologize(message),
        }
    }

    fn no_route(&mut self, to: &str) {
        self.script = Script::Ended;
        if !self.board.served().is_audible() {
            self.board
                .decide("refuse the call", format!("no handler for {to}"));
            return self.finish(Cause::Unallocated, NO_ROUTE.to_owned());
        }
        self.board
            .decide("say so and hang up", format!("no handler for {to}"));
        self.drop_work();
        let sound = Sound::Named("call/invalid".to_owned());
        let apology = Apology::new(&self.board, Some(sound));
        self.start(Foreground::Apology(apology), Owner::NoRoute);
    }

    /// The caller is not let in: they hear so before the answer, where there is something to hear.
    fn screened(&mut self, why: Screened, sound: Option<Sound>) {
        self.script = Script::Ended;
        self.board.story.screened = Some(why);
        let because = match why {
            Screened::Blacklist => "the caller is on the blacklist",
            Screened::TooMany => "the caller calls too often, or too many times at once",
        };
        self.board.decide("do not let them in", because);
        match sound {
            None => self.screened_goes_on(),
            Some(sound) => {
                self.board.progress();
                let apology = Apology::new(&self.board, Some(sound));
                self.start(Foreground::Apology(apology), Owner::Screened);
            }
        }
    }

    /// The caller has heard that they are not let in.
    pub(super) fn screened_goes_on(&mut self) {
        let by = match self.board.story.screened {
            Some(Screened::TooMany) => "system:too_many_calls",
            _ => "system:blacklist",
        };
        self.finish(Cause::Rejected, by.to_owned());
    }

    /// The work that outlived its script is done.
    pub(super) fn go_on_without_script(&mut self, work: &Foreground, reply: &Reply) {
        match reply {
            Reply::Leg(Ok(_)) | Reply::Message(_) | Reply::Supervised(_) => {
                self.hang_up_after(work);
            }
            _ => self.apologize("nobody came, and the script is gone"),
        }
    }

    /// The fallback: an apology, then a person, then the end. It is never begun twice.
    fn apologize(&mut self, because: &str) {
        self.board.decide("fall back", because);
        self.drop_work();
        self.board.background = None;
        self.board.silence(self.board.front());
        let fallback = &self.board.options.fallback;
        if let (true, Some(target)) = (fallback.at_once, fallback.target.clone()) {
            return self.put_through(target);
        }
        self.board.answer();
        let apology = Apology::new(&self.board, self.board.options.fallback.sound.clone());
        self.start(Foreground::Apology(apology), Owner::Fallback);
    }

    pub(super) fn fallback_goes_on(&mut self, work: &Foreground, reply: &Reply) {
        match work {
            Foreground::Apology(_) => match self.board.options.fallback.target.clone() {
                Some(target) => self.put_through(target),
                None => self.finish(Cause::Failure, SCRIPT_FAILED.to_owned()),
            },
            _ if matches!(reply, Reply::Leg(Ok(_))) => self.hang_up_after(work),
            _ => {
                self.board
                    .decide("hang up", "nobody at the fallback's target either");
                self.finish(Cause::Failure, SCRIPT_FAILED.to_owned());
            }
        }
    }

    /// The caller has heard that the number does not exist.
    pub(super) fn no_route_goes_on(&mut self) {
        self.finish(Cause::Unallocated, NO_ROUTE.to_owned());
    }

    fn put_through(&mut self, target: Target) {
        self.board.decide(
            format!("put the caller through to {target}"),
            "the tenant's fallback",
        );
        let plan = Bridge {
            targets: vec![target],
            timeout: FALLBACK_RING,
            caller_id: None,
            strategy: Strategy::All,
            ringback: None,
            record: false,
        };
        self.start(Foreground::Bridging(Bridging::new(plan)), Owner::Fallback);
    }

    fn hang_up_after(&mut self, work: &Foreground) {
        let by = self.board.story.parted_by.take();
        let by = by.unwrap_or_else(|| format!("system:after_{}", work.word()));
        self.finish(Cause::Normal, by);
    }

    /// The script that runs is stopped, and the call goes on.
    pub(super) fn drop_script(&mut self) {
        if self.script == Script::Running {
            self.script = Script::Ended;
            self.board.nobody_waits_for_recordings();
            self.board.push(Output::StopScript);
        }
    }

    /// Nobody has taken a call back that could not be transferred.
    pub(super) fn recall_goes_on(&mut self, work: &Foreground, reply: &Reply) {
        match reply {
            Reply::Leg(Ok(_)) if self.rings_again() => {}
            Reply::Leg(Ok(_)) => self.hang_up_after(work),
            _ => self.apologize("who has transferred the call does not take it back"),
        }
    }

    /// Whoever was called back has been served, or did not want it any more.
    pub(super) fn return_is_over(&mut self, reply: &Reply) {
        let by = self.board.story.parted_by.take();
        let cause = match reply {
            Reply::Leg(Err(why)) => cause_of(*why),
            _ => Cause::Normal,
        };
        self.finish(cause, by.unwrap_or_else(|| "system:callback".to_owned()));
    }

    /// Ends the work in hand without an answer.
    pub(super) fn drop_work(&mut self) {
        if let Some(Task { mut work, .. }) = self.foreground.take() {
            work.abandon(&mut self.board);
            self.board.unmask();
        }
    }
}

pub(super) fn cause_of(why: Why) -> Cause {
    match why {
        Why::Busy => Cause::Busy,
        Why::Rejected => Cause::Rejected,
        Why::NoAnswer | Why::Timeout => Cause::NoAnswer,
        Why::Unavailable | Why::Empty | Why::Nobody | Why::Taken => Cause::Unavailable,
        Why::Congestion | Why::Full => Cause::Congestion,
        Why::Unallocated => Cause::Unallocated,
        Why::SwitchedOff => Cause::SwitchedOff,
        Why::NotAllowed => Cause::NotAllowed,
        Why::LimitReached => Cause::LimitReached,
        Why::Cancelled | Why::NoMatch | Why::Silence | Why::Overflow => Cause::Normal,
    }
}

const NO_ROUTE: &str = "system:no_route";
const SCRIPT_FAILED: &str = "system:script_failed";
/// How long the fallback's target may ring.
const FALLBACK_RING: Duration = Duration::from_secs(60);
