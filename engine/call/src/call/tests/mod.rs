//! Calls in simulated time, behaviour by behaviour.

mod basics;
mod conferences;
mod ends;
mod fallback;
mod from_outside;
mod gathering;
mod greetings;
mod hunting;
mod joins;
mod knocking;
mod listening;
mod origin;
mod parking;
mod queueing;
mod records;
mod replay;
mod sequences;
mod steering;
mod supervision;
mod talking;
mod transfers;
mod urgent;
mod voicemail;

use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::journal::{Entry, What};
use crate::record::CallRecord;
use crate::{
    Bridge, Call, CallId, Cause, Command, Event, Keys, LegId, Mailbox, MailboxChange, Options,
    Output, PinVerdict, PlayId, RecordingId, Reply, RequestId, Setup, Sound, Strategy, Target,
    TenantId,
};

/// A call, its clock, and everything that it wants done.
struct Bench {
    call: Call,
    now: Instant,
    asked: u64,
    /// What came out and has not been looked at.
    outputs: Vec<Output>,
    journal: Vec<What>,
    entries: Vec<Entry>,
    birth: Instant,
}

impl Bench {
    fn new() -> Self {
        Self::with(setup(), Options::default())
    }

    /// A call that is answered.
    fn answered() -> Self {
        let mut bench = Self::new();
        bench.ask(Command::Answer);
        bench.take();
        bench
    }

    fn with(setup: Setup, options: Options) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test's clock begins somewhere")]
        let now = Instant::now();
        let call = Call::new(now, setup, options);
        let mut bench = Self {
            call,
            now,
            asked: 0,
            outputs: Vec::new(),
            journal: Vec::new(),
            entries: Vec::new(),
            birth: now,
        };
        bench.drain();
        bench
    }

    fn ask(&mut self, command: Command) -> RequestId {
        self.asked += 1;
        let request = RequestId(self.asked);
        self.call.handle_command(self.now, request, command);
        self.drain();
        request
    }

    fn event(&mut self, event: Event) {
        self.call.handle_event(self.now, event);
        self.drain();
    }

    fn script_ends(&mut self, ended: crate::Ended) {
        self.call.handle_script_ended(self.now, ended);
        self.drain();
    }

    /// Lets time pass, with every time-out at its moment.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.call.poll_timeout().filter(|due| *due <= end) {
            assert!(due >= self.now, "a time-out lies in the past");
            self.now = due;
            self.call.handle_timeout(due);
            self.drain();
        }
        self.now = end;
    }

    fn keys(&mut self, keys: &str) {
        for digit in keys.chars() {
            self.event(Event::Digit {
                leg: LegId::CALLER,
                digit,
            });
        }
    }

    fn hangs_up(&mut self, leg: LegId) {
        self.event(Event::HungUp {
            leg,
            cause: Cause::Normal,
        });
    }

    fn rings(&mut self, leg: LegId) {
        self.event(Event::Ringing {
            leg,
            early_media: false,
        });
    }

    fn answers(&mut self, leg: LegId) {
        self.event(Event::Answered { leg, user: None });
    }

    fn refuses(&mut self, leg: LegId, cause: Cause) {
        self.event(Event::Refused { leg, cause });
    }

    fn played(&mut self, play: PlayId) {
        self.event(Event::Played { play });
    }

    fn closed(&mut self, recording: RecordingId, seconds: u64) {
        self.event(Event::RecordingClosed {
            recording,
            duration: s(seconds),
            speech: s(seconds),
        });
    }

    fn mailbox(&mut self, mailbox: &str, found: Option<Mailbox>) {
        self.event(Event::Mailbox {
            mailbox: mailbox.to_owned(),
            found,
        });
    }

    fn pin(&mut self, mailbox: &str, verdict: PinVerdict) {
        self.event(Event::Pin {
            mailbox: mailbox.to_owned(),
            verdict,
        });
    }

    /// The store has taken the message that was left since the last look, or not.
    fn kept(&mut self, kept: bool) {
        let message = self.outputs.iter().find_map(|output| match output {
            Output::Mailbox(MailboxChange::Leave { message, .. }) => Some(*message),
            _ => None,
        });
        let message = message.expect("a message was left");
        self.event(Event::MessageKept { message, kept });
    }

    /// The store has made the change that was asked for since the last look, or not.
    fn changed(&mut self, kept: bool) {
        let mut changes = self.outputs.iter().filter_map(|output| match output {
            Output::Mailbox(MailboxChange::Leave { .. }) => None,
            Output::Mailbox(change) => Some(change.clone()),
            _ => None,
        });
        let change = changes.next_back().expect("a mailbox was changed");
        self.event(Event::MailboxChanged { change, kept });
    }

    /// A talk between the caller and 1049, everything before it looked at.
    fn talk(&mut self, record: bool) -> (RequestId, LegId) {
        let request = self.ask(Command::Bridge(Bridge {
            record,
            ..bridge(&["1049"])
        }));
        let leg = self.invited("1049");
        self.rings(leg);
        self.answers(leg);
        self.take();
        (request, leg)
    }

    /// What is to be done, the journal left out; looked at once.
    fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// Takes what began to play for looked at, and nothing else.
    fn take_plays(&mut self) {
        self.outputs
            .retain(|output| !matches!(output, Output::Play { .. }));
    }

    /// The leg that rings this user; the latest.
    fn invited(&self, user: &str) -> LegId {
        let wanted = Target::User(user.to_owned());
        let leg = self
            .call
            .legs()
            .iter()
            .rev()
            .find(|leg| leg.target() == Some(&wanted));
        leg.expect("the user was invited").id()
    }

    /// The only playing that was begun since the last look, and what is in it.
    fn playing(&mut self) -> (PlayId, Vec<Sound>) {
        let mut plays = self.take().into_iter().filter_map(|output| match output {
            Output::Play { play, sounds, .. } | Output::PlayOver { play, sounds, .. } => {
                Some((play, sounds))
            }
            _ => None,
        });
        let found = plays.next().expect("something is played");
        assert_eq!(plays.next(), None, "one thing at a time");
        found
    }

    /// What is played now is played to its end.
    fn hears(&mut self, sounds: &[Sound]) {
        let (play, playing) = self.playing();
        assert_eq!(playing, sounds);
        self.played(play);
    }

    /// The recording that was started since the last look.
    fn recording(&mut self) -> RecordingId {
        self.take()
            .into_iter()
            .find_map(|output| match output {
                Output::StartRecording { recording, .. } => Some(recording),
                _ => None,
            })
            .expect("something is recorded")
    }

    /// The answer to a request, if it was given since the last look; nothing else is looked at.
    fn reply(&self, to: RequestId) -> Option<Reply> {
        self.outputs.iter().find_map(|output| match output {
            Output::Reply { request, reply } if *request == to => Some(reply.clone()),
            _ => None,
        })
    }

    fn record(&self) -> CallRecord {
        self.outputs
            .iter()
            .find_map(|output| match output {
                Output::Ended(record) => Some((**record).clone()),
                _ => None,
            })
            .expect("the call has ended")
    }

    fn decided(&self, word: &str) -> bool {
        self.journal.iter().any(|what| match what {
            What::Decision { what, because } => what.contains(word) || because.contains(word),
            _ => false,
        })
    }

    fn drain(&mut self) {
        while let Some(output) = self.call.poll_output() {
            match output {
                Output::Journal(entry) => {
                    self.journal.push(entry.what.clone());
                    self.entries.push(entry);
                }
                output => self.outputs.push(output),
            }
        }
    }
}

fn setup() -> Setup {
    Setup {
        id: CallId(Uuid::from_u128(7)),
        tenant: TenantId::from("8001"),
        context: "inbound".to_owned(),
        from: Some("+8613800138000".to_owned()),
        from_raw: "013800138000".to_owned(),
        from_name: Some("Wang".to_owned()),
        to: "4001234567".to_owned(),
        user: crate::CallingUser::default(),
        trunk: Some("carrier".to_owned()),
        headers: Vec::new(),
        transferred_by: None,
        language: "zh".to_owned(),
        started_at: BIRTH,
    }
}

fn bridge(users: &[&str]) -> Bridge {
    Bridge {
        targets: users
            .iter()
            .map(|user| Target::User((*user).to_owned()))
            .collect(),
        timeout: s(20),
        caller_id: None,
        strategy: Strategy::All,
        ringback: None,
        record: false,
    }
}

fn play(name: &str) -> Command {
    Command::Play {
        sounds: vec![named(name)],
        interrupt_on: Keys::None,
        times: 1,
    }
}

fn named(name: &str) -> Sound {
    Sound::Named(name.to_owned())
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Microseconds at which the calls of the tests begin.
const BIRTH: i64 = 1_800_000_000_000_000;
