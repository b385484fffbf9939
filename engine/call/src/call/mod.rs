//! One call, from its first INVITE to its record.

pub(crate) mod activity;
pub(crate) mod board;
mod commands;
mod due;
mod ears;
mod ending;
mod foreground;
mod joins;
pub(crate) mod keys;
mod masking;
mod origin;
pub(crate) mod random;
pub(crate) mod recording;
mod scripts;
mod standing;
mod steering;
mod taken_out;
pub(crate) mod timeline;
mod transfers;

#[cfg(test)]
mod tests;

use std::time::Instant;

use crate::acd::QueueName;
use crate::call::activity::Input;
use crate::call::board::Board;
use crate::call::commands::MOST_HOPS;
use crate::call::ending::Ending;
use crate::call::foreground::Foreground;
use crate::call::steering::Typing;
use crate::call::transfers::{GivenBack, Transfer};
use crate::journal::What;
use crate::leg::{Hearing, Leg, LegState};
use crate::voicemail::pin::HIDDEN_KEY;
use crate::{CallId, Cause, Event, LegId, Options, Output, Reply, RequestId, Setup};

/// One call: a caller, whom they are put through to, and what the script makes of it.
///
/// It does no I/O and reads no clock. Its methods are of four kinds: `handle_*` for what comes in,
/// [`poll_output`](Self::poll_output) for what is to be done, [`poll_timeout`](Self::poll_timeout)
/// for when to come back, and getters. After every `handle_*` drain `poll_output` until it returns
/// `None`; then wait for input or for `poll_timeout`, and call
/// [`handle_timeout`](Self::handle_timeout) when that is due. After [`Output::Ended`] nothing
/// follows, whatever comes in.
///
/// **Commands.** Each gets exactly one [`Reply`], unless the call ends or is transferred first.
/// `reject` and `hangup` end the call and are never replied to. One command that waits can run at
/// a time: a second one beside it (from `spawn`) is a [`Reply::Mistake`]. `ring`, `progress`,
/// `answer`, `start_recording`, `stop_recording`, `send_dtmf`, `music`, `reject` and `hangup` never
/// wait for others.
///
/// **Sound before the answer.** A sound for a caller who is not answered yet answers the call,
/// unless `progress` (or somebody's early media) has opened early media. Recording a caller always
/// answers.
///
/// **The end.** The record is written when all legs are released and all recordings are on disk,
/// or five seconds later without them.
#[derive(Debug)]
pub struct Call {
    board: Board,
    foreground: Option<Task>,
    script: Script,
    /// Handlers that the call has been handed to.
    hops: u32,
    /// Bridges in a row in which nobody came.
    fruitless: u32,
    /// Where numbers are looked up now.
    context: String,
    /// A party is being put through to somebody else.
    transfer: Option<Transfer>,
    /// Its transfer has failed, and it has the call back.
    given_back: Option<GivenBack>,
    /// Who has taken the agent out, while good-bye is said.
    taken_out_by: Option<String>,
    /// The caller-to-be of a call of our own is being rung.
    ringing_until: Option<Instant>,
    typing: Typing,
    phase: Phase,
}

/// The thing that is being done, and who waits for it.
#[derive(Debug)]
struct Task {
    work: Foreground,
    owner: Owner,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Owner {
    Script(RequestId),
    /// The script has failed: the apology, then the fallback's target.
    Fallback,
    /// There is no handler for the number: the caller hears so, and that is the end.
    NoRoute,
    /// The caller is not let in, and hears so.
    Screened,
    /// A transfer has failed: whoever asked for it gets the call back.
    Recall,
    /// A supervisor has let the agent go: the other party hears good-bye, and that is the end.
    Farewell,
    /// Nobody's: the exchange has called somebody back.
    Return,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Script {
    Running,
    /// It returned, or the call is over.
    Ended,
    Failed,
}

#[derive(Debug)]
enum Phase {
    Live,
    /// Everybody is released; recordings are being closed.
    Ending(Ending),
    Ended,
}

impl Call {
    /// A call has come in. Its script is the caller's business: run the handler of `setup.to`. For a
    /// call that the exchange makes itself ([`Options::origin`]) run none yet: [`Output::Route`]
    /// comes when who is rung first has answered.
    pub fn new(now: Instant, setup: Setup, options: Options) -> Self {
        let context = setup.context.clone();
        let mut board = Board::new(now, setup.clone(), options.clone());
        let origin = options.origin.clone();
        board.note(What::Began {
            setup: Box::new(setup),
            options,
        });
        let ringing_until = origin.map(|origin| origin::ring(&mut board, &origin));
        Self {
            board,
            foreground: None,
            script: Script::Running,
            hops: 0,
            fruitless: 0,
            context,
            transfer: None,
            given_back: None,
            taken_out_by: None,
            ringing_until,
            typing: Typing::default(),
            phase: Phase::Live,
        }
    }

    /// Takes what the network, the audio or the store reports.
    pub fn handle_event(&mut self, now: Instant, event: Event) {
        if self.is_ended() {
            return;
        }
        self.board.now = now;
        let written = masking::masked(&event, self.board.masking);
        self.board.note(What::Event(written));
        match event {
            Event::RecordingClosed {
                recording,
                duration,
                ..
            } => self.board.recording_closed(recording, duration),
            Event::Played { play } | Event::PlayFailed { play, .. } => self.board.played(play),
            _ => {}
        }
        if let Phase::Ending(_) = self.phase {
            return self.handle_event_in_the_end(&event);
        }
        if self.is_of_who_is_rung_first(&event) || self.changes_parties(&event) {
            return;
        }
        if self.concerns_the_work(&event) {
            self.pass(Input::Event(&event));
        }
        self.look_at_transfer(Some(&event));
        if let Event::HungUp { leg, cause } | Event::Refused { leg, cause } = event {
            // Whoever was in no conversation is gone all the same.
            self.board.part_with(leg, cause);
        }
    }

    /// The exchange stops: the call ends now, with its record.
    pub fn handle_shutdown(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Live) {
            return;
        }
        self.board.now = now;
        self.board.note(What::Shutdown);
        self.finish(Cause::Failure, "system:shutdown".to_owned());
    }

    /// Somebody who is not in the call ends it; its record names them: `api:desk`.
    pub fn handle_hang_up(&mut self, now: Instant, by: String) {
        if !matches!(self.phase, Phase::Live) {
            return;
        }
        self.board.now = now;
        self.board.note(What::HungUp { by: by.clone() });
        self.finish(Cause::Normal, by);
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.board.poll_output()
    }

    /// Its id.
    pub fn id(&self) -> CallId {
        self.board.setup.id
    }

    /// The leg that the script serves: the caller's, until a transfer puts another in its place.
    pub fn front(&self) -> LegId {
        self.board.front()
    }

    /// What is known of it: as it began, until a transfer puts another in the caller's place, or the
    /// call to another number.
    pub fn setup(&self) -> &Setup {
        &self.board.setup
    }

    /// Whether its users' keys may be codes.
    pub fn types_codes(&self) -> bool {
        !self.board.options.codes.is_empty()
    }

    /// Its legs, the caller's first, gone ones included.
    pub fn legs(&self) -> &[Leg] {
        self.board.legs()
    }

    /// Whether it is over and its record is written.
    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    /// The queue that has brought the customer to an agent last, whoever has them now.
    pub fn brought_by(&self) -> Option<&QueueName> {
        self.board.story.brought_by.as_ref()
    }

    /// What it does now, in a word: `script`, `play`, `gather`, `queue`, `ringing`, `talking`,
    /// `held`, `voicemail`, `apology`, `ending`, `ended` …
    pub fn state(&self) -> &'static str {
        match (&self.phase, &self.foreground) {
            (Phase::Ended, _) => "ended",
            (Phase::Ending(_), _) => "ending",
            (Phase::Live, None) if self.ringing_until.is_some() => "ringing",
            (Phase::Live, None) => "script",
            (
                Phase::Live,
                Some(Task {
                    work:
                        work @ (Foreground::Bridging(_)
                        | Foreground::Queueing(_)
                        | Foreground::Returning(_)
                        | Foreground::Parking(_)
                        | Foreground::Conferring(_)),
                    ..
                }),
            ) => match work.peer() {
                None => match work {
                    Foreground::Bridging(_) => "ringing",
                    Foreground::Conferring(conferring) => conferring.state(&self.board),
                    work => work.word(),
                },
                Some(_) => match self.board.hearing(self.board.front()) {
                    Hearing::Leg(_) => "talking",
                    Hearing::Trio => "conference",
                    _ => "held",
                },
            },
            (Phase::Live, Some(task)) => task.work.word(),
        }
    }

    /// Sorts out what concerns legs as such; true when the work in hand is to see the event.
    fn concerns_the_work(&mut self, event: &Event) -> bool {
        match *event {
            Event::HungUp { leg, cause } | Event::Refused { leg, cause }
                if leg == self.board.front() =>
            {
                if self.goes_on_without(leg, cause) {
                    return false;
                }
                let party = self.board.served().party();
                self.board.part_with(leg, cause);
                let by = if cause == Cause::Lost {
                    "system:lost".to_owned()
                } else {
                    party
                };
                self.finish(cause, by);
                false
            }
            // The ACK of our answer.
            Event::Answered {
                leg: LegId::CALLER, ..
            } => false,
            Event::Answered { leg, .. } if self.is_gone(leg) => {
                self.board.decide(
                    format!("send leg {} away", leg.0),
                    "it answered when it had been released already",
                );
                let elsewhere = self.talks();
                self.board.push(Output::Release {
                    leg,
                    cause: Cause::Cancelled,
                    elsewhere,
                });
                false
            }
            Event::Held { leg, held } => match self.board.leg_mut(leg) {
                Some(known) if known.state() != LegState::Gone => {
                    known.held = held;
                    if !held && !known.away {
                        self.board.take_off_tape(leg, false);
                    }
                    true
                }
                _ => false,
            },
            Event::HungUp { leg, .. } | Event::Refused { leg, .. } | Event::Ringing { leg, .. } => {
                self.board.leg(leg).is_some_and(|leg| !leg.is_gone())
            }
            Event::HeldKey { leg, digit } => {
                self.typed(leg, digit, true);
                false
            }
            Event::Digit { leg, digit } if self.typed(leg, digit, false) => false,
            Event::Steered { leg, ref what } => self.steered(leg, what),
            Event::Digit { leg, digit } => {
                let hidden = self.board.masking && digit == HIDDEN_KEY;
                let key = hidden || "0123456789*#ABCD".contains(digit);
                if key && leg == self.board.front() {
                    match self.foreground {
                        Some(_) => self.pass(Input::Key(digit)),
                        None => self.board.keys.push(digit),
                    }
                    return false;
                }
                key
            }
            _ => true,
        }
    }

    /// Whom the script serves leaves a conversation of three.
    fn goes_on_without(&mut self, leg: LegId, cause: Cause) -> bool {
        let talk = self.foreground.as_mut().and_then(|it| it.work.talk_mut());
        talk.is_some_and(|talk| talk.lets_go(&mut self.board, leg, cause))
    }

    fn is_gone(&self, leg: LegId) -> bool {
        self.board.leg(leg).is_some_and(Leg::is_gone)
    }

    /// Whether somebody has answered and is with the caller.
    fn talks(&self) -> bool {
        let task = self.foreground.as_ref();
        task.is_some_and(|task| task.work.peer().is_some())
    }

    /// Lets the work in hand see what happened, and goes on when it is done.
    fn pass(&mut self, input: Input<'_>) {
        let Some(task) = &mut self.foreground else {
            return;
        };
        if let Some(reply) = task.work.handle(&mut self.board, input) {
            self.done(reply);
        }
    }

    /// Begins a piece of work.
    fn start(&mut self, mut work: Foreground, owner: Owner) {
        let outcome = work.begin(&mut self.board);
        self.foreground = Some(Task { work, owner });
        if let Some(reply) = outcome {
            self.done(reply);
        }
    }

    /// The work in hand has an outcome.
    fn done(&mut self, reply: Reply) {
        let Some(task) = self.foreground.take() else {
            return;
        };
        self.board.unmask();
        if let Reply::Leg(parted) = &reply {
            self.fruitless = match parted {
                Ok(_) => 0,
                Err(_) => self.fruitless + 1,
            };
        }
        if task.work.ends_call() {
            return self.finish(Cause::Normal, "system:queue".to_owned());
        }
        self.board.timeline.queue = None;
        if !matches!(task.work, Foreground::Bridging(_)) {
            self.board.turn(crate::record::SegmentKind::Ivr, None);
        }
        match task.owner {
            Owner::Script(request) if self.script == Script::Running => {
                if let Some(to) = task.work.call_back() {
                    let to = to.to_owned();
                    return self.transfer(request, to, None, "the message's caller is called back");
                }
                if let Reply::Leg(Err(why)) = &reply {
                    self.transfer_met_nobody(*why);
                }
                self.board.reply(request, reply);
                self.resume_music();
            }
            Owner::Script(_) => self.go_on_without_script(&task.work, &reply),
            Owner::Fallback => self.fallback_goes_on(&task.work, &reply),
            Owner::NoRoute => self.no_route_goes_on(),
            Owner::Screened => self.screened_goes_on(),
            Owner::Recall => self.recall_goes_on(&task.work, &reply),
            Owner::Farewell => self.farewell_is_said(),
            Owner::Return => self.return_is_over(&reply),
        }
    }

    /// Music behind the script is heard whenever nothing else is.
    fn resume_music(&mut self) {
        if self.foreground.is_some() || self.board.hearing(self.board.front()) != Hearing::Nothing {
            return;
        }
        if let Some(name) = self.board.background.clone() {
            self.board.music(self.board.front(), name);
        }
    }
}
