//! What a script may ask of its call, and who does it.

use crate::bridge::Bridging;
use crate::call::foreground::Foreground;
use crate::call::{Call, Owner, Phase, Script};
use crate::conference::Conferring;
use crate::fetching::Fetching;
use crate::gather::Gathering;
use crate::journal::What;
use crate::leg::Hearing;
use crate::parking::Parking;
use crate::play::Playing;
use crate::queueing::Queueing;
use crate::supervision::Supervising;
use crate::voicemail::{Deposit, Knock, Listening};
use crate::{Command, LegState, Music, Output, Recorded, Reply, RequestId, StartRecording};
use std::time::{Duration, Instant};

impl Call {
    /// Takes what the script asks.
    pub fn handle_command(&mut self, now: Instant, request: RequestId, command: Command) {
        if !matches!(self.phase, Phase::Live) {
            return;
        }
        self.board.now = now;
        self.board.note(What::Command {
            request,
            command: Box::new(command.clone()),
        });
        if self.script != Script::Running {
            return self.refuse(request, "the script of this call has ended".to_owned());
        }
        let Some(command) = self.transfer_meets(command) else {
            return;
        };
        let Some(command) = self.aside_meets(command) else {
            return;
        };
        let Some(command) = self.do_at_once(request, command) else {
            return;
        };
        if let Some(task) = &self.foreground {
            let (asked, busy) = (command.method(), task.work.word());
            let why = format!(
                "{asked} cannot run beside {busy}: let that end first, and use spawn only for what \
                 is not heard"
            );
            return self.refuse(request, why);
        }
        self.board.story.parted_by = None;
        self.do_in_turn(request, command);
    }

    /// Commands that wait for nothing; others are given back.
    fn do_at_once(&mut self, request: RequestId, command: Command) -> Option<Command> {
        match command {
            Command::Ring => self.board.ring(),
            Command::Progress => self.board.progress(),
            Command::Answer => self.board.answer(),
            Command::Reject { cause } => {
                if self.board.served().is_up() {
                    self.board
                        .decide("hang up", "an answered call cannot be rejected any more");
                }
                self.finish(cause, "system:rejected".to_owned());
                return None;
            }
            Command::Hangup { cause } => {
                let by = self.board.story.parted_by.take();
                self.finish(cause, by.unwrap_or_else(|| "system:hangup".to_owned()));
                return None;
            }
            Command::StartRecording(StartRecording { beep }) => {
                let id = self.board.start_tape(beep, false);
                let started = Recorded {
                    id,
                    duration: Duration::ZERO,
                };
                self.board.reply(request, Reply::Recording(Ok(started)));
                return None;
            }
            Command::StopRecording => {
                if self.board.stop_tape(Some(request)) {
                    return None;
                }
            }
            Command::SendDtmf { digits } => {
                if let Some(wrong) = digits.chars().find(|key| !SENDABLE.contains(*key)) {
                    self.refuse(request, format!("'{wrong}' is not a key"));
                    return None;
                }
                self.board.be_audible();
                self.board.push(Output::SendDigits {
                    leg: self.board.front(),
                    digits,
                });
            }
            Command::Music(music) => self.change_music(music),
            Command::AsSurvey { agent } => self.board.survey(agent),
            waits => return Some(waits),
        }
        self.board.reply(request, Reply::Done);
        None
    }

    /// Commands that take their time, one after the other.
    fn do_in_turn(&mut self, request: RequestId, command: Command) {
        let in_a_circle = self.fruitless >= MOST_FRUITLESS;
        let board = &mut self.board;
        let work = match command {
            Command::Play {
                sounds,
                interrupt_on,
                times,
            } => Foreground::Playing(Playing::new(sounds, interrupt_on, times)),
            Command::Gather(gather) => match Gathering::new(gather) {
                Ok(gathering) => Foreground::Gathering(gathering),
                Err(wrong) => return self.refuse(request, wrong.to_string()),
            },
            Command::Record(record) => Foreground::record(record),
            Command::Echo => Foreground::Echoing,
            Command::Sleep { duration } => Foreground::Sleeping(board.after(duration)),
            Command::Bridge(plan) => {
                if plan.targets.is_empty() || plan.targets.len() > MOST_TARGETS {
                    let count = plan.targets.len();
                    let why = format!("1 to {MOST_TARGETS} targets can ring, not {count}");
                    return self.refuse(request, why);
                }
                if in_a_circle {
                    let why = format!(
                        "this call has rung in vain {MOST_FRUITLESS} times; look for handlers that \
                         ring for each other in circles"
                    );
                    return self.refuse(request, why);
                }
                Foreground::Bridging(Bridging::new(plan))
            }
            Command::Queue(_) if in_a_circle => {
                let why = format!(
                    "nobody came {MOST_FRUITLESS} times in a row; look for loops that ask for a queue again \
                     and again"
                );
                return self.refuse(request, why);
            }
            Command::Park(park) => Foreground::Parking(Parking::new(park, self.parker())),
            Command::Fetch(fetch) => Foreground::Fetching(Fetching(fetch)),
            Command::Conference(wanted) => {
                Foreground::Conferring(Conferring::new(&self.board, wanted))
            }
            Command::Supervise(wanted) => {
                Foreground::Supervising(Supervising::new(&self.board, wanted))
            }
            Command::Queue(queue) => Foreground::Queueing(Queueing::new(queue)),
            Command::Voicemail(voicemail) => Foreground::Deposit(Deposit::new(board, voicemail)),
            Command::VoicemailMenu { mailbox } => {
                Foreground::Listening(Listening::new(board, mailbox))
            }
            Command::AskPin {
                mailbox,
                choose,
                change,
            } => Foreground::Knocking(Knock::new(board, mailbox, (choose, change))),
            Command::Transfer { to, context } => {
                return self.transfer(request, to, context, "the script said so");
            }
            // Done before.
            _ => return,
        };
        self.start(work, Owner::Script(request));
    }

    /// Hands the call on to the handler of a number.
    pub(super) fn transfer(
        &mut self,
        request: RequestId,
        to: String,
        context: Option<String>,
        because: &str,
    ) {
        if self.hops >= MOST_HOPS {
            let why = format!(
                "this call has been handed on {MOST_HOPS} times before '{to}'; look for handlers \
                 that send calls to each other"
            );
            return self.refuse(request, why);
        }
        self.route(to, context, because);
    }

    /// Runs the handler of a number in place of the script that runs.
    pub(super) fn route(&mut self, to: String, context: Option<String>, because: &str) {
        self.hops += 1;
        self.board.nobody_waits_for_recordings();
        if let Some(context) = context {
            self.context = context;
        }
        let context = self.context.clone();
        self.board.setup.context = context.clone();
        self.board.setup.to = to.clone();
        self.board
            .decide(format!("run the handler of {to} in {context}"), because);
        self.board.push(Output::Route { context, to });
    }

    fn change_music(&mut self, music: Music) {
        self.board.background = match music {
            Music::Default => Some(None),
            Music::Named(name) => Some(Some(name)),
            Music::Off => None,
        };
        let hearing = self.board.hearing(self.board.front());
        let waits_for_sound = hearing == Hearing::Nothing || hearing == Hearing::Music;
        // What a phone on hold hears is not the script's music.
        if !waits_for_sound || self.talks() || self.rings() {
            return;
        }
        match self.board.background.clone() {
            Some(name) => {
                self.board.be_audible();
                self.board.music(self.board.front(), name);
            }
            None => self.board.silence(self.board.front()),
        }
    }

    fn rings(&self) -> bool {
        self.board.story.ringing
            || self
                .board
                .legs()
                .iter()
                .skip(1)
                .any(|leg| leg.state() != LegState::Gone && !self.is_transferring(leg.id()))
    }

    fn is_transferring(&self, leg: crate::LegId) -> bool {
        let transfer = self.transfer.as_ref();
        transfer.is_some_and(|transfer| transfer.is_by(leg))
    }

    fn refuse(&mut self, request: RequestId, why: String) {
        self.board.reply(request, Reply::Mistake(why));
    }
}

/// A call that has been handed on so often goes round in circles.
pub(super) const MOST_HOPS: u32 = 10;
/// A call that has rung so often without anybody is in a loop; at 20 s each this is an hour and a
/// half.
const MOST_FRUITLESS: u32 = 300;
/// More phones than one call may ring.
const MOST_TARGETS: usize = 100;
/// What can be sent; `,` waits a second.
const SENDABLE: &str = "0123456789*#ABCD,";
