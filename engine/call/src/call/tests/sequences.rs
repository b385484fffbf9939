//! Whatever comes, in whatever order: a call keeps its promises.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{Bench, bridge, named, s, setup};
use crate::call::random::Random;
use crate::journal::What;
use crate::{
    Bridge, Call, Cause, Command, Ended, Event, Fallback, Gather, Greeting, Keys, LegId, Mailbox,
    MailboxChange, MailboxMessage, MessageId, Music, Options, Output, PlayId, Record, RecordingId,
    RequestId, Sound, StartRecording, Strategy, Target, Tone, Voicemail,
};

#[test]
fn random_sequences_break_no_promise() {
    let mut steps = 0;
    let mut seen = Seen::default();
    for seed in 0..6000 {
        let mut chaos = Chaos::new(seed);
        for _ in 0..120 {
            if chaos.watch.ended {
                break;
            }
            chaos.step();
            steps += 1;
        }
        chaos.hang_up_and_settle();
        seen.add(&chaos.watch.seen);
    }

    // The sequences must reach what they are to prove.
    assert!(steps >= 100_000, "{steps} steps");
    let Seen {
        conversations,
        holds,
        messages,
        heard,
        fallbacks,
    } = seen;
    assert!(conversations > 500, "{conversations} conversations");
    assert!(holds > 100, "{holds} on hold");
    assert!(messages > 100, "{messages} messages left");
    assert!(heard > 10, "{heard} messages heard");
    assert!(fallbacks > 100, "{fallbacks} fallbacks");
}

/// How often something happened that is worth happening.
#[derive(Default)]
struct Seen {
    conversations: u32,
    holds: u32,
    messages: u32,
    heard: u32,
    fallbacks: u32,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.conversations += other.conversations;
        self.holds += other.holds;
        self.messages += other.messages;
        self.heard += other.heard;
        self.fallbacks += other.fallbacks;
    }
}

/// Drives a call at random and watches what it asks for.
struct Chaos {
    seed: u64,
    random: Random,
    call: Call,
    now: Instant,
    watch: Watch,
}

/// What the world knows of the call from its outputs.
#[derive(Default)]
struct Watch {
    legs: BTreeMap<LegId, bool>,
    plays: BTreeMap<LegId, PlayId>,
    /// Beeps over a conversation end by themselves.
    beeps: BTreeSet<PlayId>,
    open: BTreeSet<RecordingId>,
    closing: BTreeSet<RecordingId>,
    closed: BTreeSet<RecordingId>,
    requests: BTreeSet<RequestId>,
    asked: u64,
    mailbox: Option<String>,
    connected: Option<(LegId, LegId)>,
    answered: bool,
    transferred: bool,
    script_stopped: bool,
    ended: bool,
    seen: Seen,
    /// A gone leg has answered: it may be released again.
    late: Option<LegId>,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        #[expect(clippy::disallowed_methods, reason = "a test's clock begins somewhere")]
        let now = Instant::now();
        let mut options = Options {
            seed,
            ..Options::default()
        };
        if random.below(2) == 0 {
            options.fallback = Fallback {
                sound: Some(named("sys/error")),
                target: Some(Target::User("1001".to_owned())),
            };
        }
        let mut watch = Watch::default();
        watch.legs.insert(LegId::CALLER, true);
        let mut setup = setup();
        if random.below(3) == 0 {
            setup.user = Some("1050".to_owned());
            setup.trunk = None;
        }
        let call = Call::new(now, setup, options);
        let mut chaos = Self {
            seed,
            random,
            call,
            now,
            watch,
        };
        chaos.look();
        chaos
    }

    fn step(&mut self) {
        match self.random.below(10) {
            0..=2 => {
                self.watch.asked += 1;
                let request = RequestId(self.watch.asked);
                let command = self.command();
                if !self.watch.ended && !self.watch.script_stopped {
                    self.watch.requests.insert(request);
                }
                let never = matches!(command, Command::Hangup { .. } | Command::Reject { .. });
                let transfer = matches!(command, Command::Transfer { .. });
                self.call.handle_command(self.now, request, command);
                self.look();
                if never || (transfer && self.watch.transferred) {
                    self.watch.requests.remove(&request);
                }
                self.watch.transferred = false;
            }
            3..=7 => {
                let event = self.event();
                self.see(&event);
                self.call.handle_event(self.now, event);
                self.look();
            }
            8 => {
                let wait = Duration::from_millis(self.random.below(8000));
                self.pass_time(wait);
            }
            _ if self.random.below(12) == 0 => {
                let ended = match self.random.below(3) {
                    0 => Ended::Returned,
                    1 => Ended::NoRoute { to: "9".to_owned() },
                    _ => Ended::Failed {
                        message: "boom".to_owned(),
                    },
                };
                // Whatever the script waited for is gone with it.
                self.watch.requests.clear();
                self.call.handle_script_ended(self.now, ended);
                self.look();
            }
            _ => {}
        }
    }

    fn pass_time(&mut self, wait: Duration) {
        let end = self.now + wait;
        while let Some(due) = self.call.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.call.handle_timeout(self.now);
            self.look();
            let next = self.call.poll_timeout();
            let now = self.now;
            self.promise(
                next.is_none_or(|next| next > now),
                "a time-out stays behind",
            );
        }
        self.now = end;
    }

    fn hang_up_and_settle(&mut self) {
        let event = Event::HungUp {
            leg: LegId::CALLER,
            cause: Cause::Normal,
        };
        self.see(&event);
        self.call.handle_event(self.now, event);
        self.look();
        if self.random.below(2) == 0 {
            for recording in std::mem::take(&mut self.watch.closing) {
                self.call.handle_event(
                    self.now,
                    Event::RecordingClosed {
                        recording,
                        duration: s(3),
                        speech: s(3),
                    },
                );
                self.look();
            }
        }
        self.pass_time(s(6));
        let ended = self.call.is_ended() && self.watch.ended;
        self.promise(ended, "a call whose caller is gone ends");
        self.promise(
            self.call.poll_timeout().is_none(),
            "an ended call waits for nothing",
        );
        self.step();
    }

    /// What the world does changes what may be asked of it.
    fn see(&mut self, event: &Event) {
        let watch = &mut self.watch;
        watch.late = None;
        match event {
            Event::HungUp { leg, .. } | Event::Refused { leg, .. } => {
                if let Some(alive) = watch.legs.get_mut(leg) {
                    *alive = false;
                    watch.plays.remove(leg);
                }
            }
            Event::Answered { leg, .. } if watch.legs.get(leg) == Some(&false) => {
                watch.late = Some(*leg);
            }
            Event::Played { play } | Event::PlayFailed { play, .. } => {
                watch.plays.retain(|_, known| known != play);
            }
            Event::RecordingClosed { recording, .. } => {
                watch.closing.remove(recording);
            }
            _ => {}
        }
    }

    fn look(&mut self) {
        while let Some(output) = self.call.poll_output() {
            let over = self.watch.ended;
            self.promise(!over, "nothing follows the end");
            self.count(&output);
            self.judge(output);
        }
    }

    fn count(&mut self, output: &Output) {
        let connected = self.watch.connected.is_some();
        let seen = &mut self.watch.seen;
        match output {
            Output::Connect { .. } => seen.conversations += 1,
            Output::Music { .. } if self.call.state() == "held" && !connected => seen.holds += 1,
            Output::Mailbox(MailboxChange::Leave { .. }) => seen.messages += 1,
            Output::Mailbox(MailboxChange::Heard { .. }) => seen.heard += 1,
            Output::Journal(entry) => {
                if let What::Decision { what, .. } = &entry.what
                    && what == "fall back"
                {
                    seen.fallbacks += 1;
                }
            }
            _ => {}
        }
    }

    fn judge(&mut self, output: Output) {
        let alive = |leg: &LegId| self.watch.legs.get(leg) == Some(&true);
        match output {
            Output::Ring { .. } => {
                let fits = alive(&LegId::CALLER) && !self.watch.answered;
                self.promise(fits, "only an unanswered caller hears ringing by 180");
            }
            Output::Answer => {
                let fits = alive(&LegId::CALLER) && !self.watch.answered;
                self.promise(fits, "a caller is answered once");
                self.watch.answered = true;
            }
            Output::Reject { .. } => {
                let fits = alive(&LegId::CALLER) && !self.watch.answered;
                self.promise(fits, "only an unanswered caller is rejected");
                self.watch.legs.insert(LegId::CALLER, false);
                self.watch.plays.remove(&LegId::CALLER);
            }
            Output::Invite { leg, .. } => {
                let fits = alive(&LegId::CALLER);
                self.promise(fits, "nobody is rung for a caller who is gone");
                let before = self.watch.legs.insert(leg, true);
                self.promise(before.is_none(), "a leg is invited once");
            }
            Output::Release { leg, .. } => {
                let fits = alive(&leg) || self.watch.late == Some(leg);
                self.promise(fits, "a leg is released once");
                self.watch.late = None;
                self.watch.legs.insert(leg, false);
                self.watch.plays.remove(&leg);
            }
            Output::Play {
                leg, play, sounds, ..
            } => {
                if sounds == [Sound::Tone(Tone::Beep)] {
                    self.watch.beeps.insert(play);
                }
                let fits = alive(&leg);
                self.promise(fits, "nothing is played to the gone");
                self.watch.plays.insert(leg, play);
            }
            Output::StopPlay { leg, play } => {
                let known = self.watch.plays.remove(&leg);
                self.promise(known == Some(play), "only what plays is stopped");
            }
            Output::Music { leg, .. } | Output::Quiet { leg } => {
                let fits = alive(&leg);
                self.promise(fits, "no music for the gone");
                let play = self.watch.plays.get(&leg);
                let quiet = play.is_none_or(|play| self.watch.beeps.contains(play));
                self.promise(quiet, "music does not cover a playing");
            }
            Output::SendDigits { leg, .. } => {
                let fits = alive(&leg);
                self.promise(fits, "no keys for the gone");
            }
            Output::Connect { a, b } => {
                let fits = alive(&a) && alive(&b) && self.watch.answered;
                self.promise(fits, "only the living are connected");
                self.promise(self.watch.connected.is_none(), "one conversation at a time");
                self.watch.connected = Some((a, b));
            }
            Output::PassEarlyMedia { from, to } => {
                let fits = alive(&from) && alive(&to);
                self.promise(fits, "early media of the living");
            }
            Output::Disconnect { a, b } => {
                let pair = self.watch.connected;
                if pair == Some((a, b)) || pair == Some((b, a)) {
                    self.watch.connected = None;
                }
            }
            output => self.judge_the_rest(output),
        }
    }

    fn judge_the_rest(&mut self, output: Output) {
        let watch = &mut self.watch;
        match output {
            Output::StartRecording { recording, .. } => {
                let fits = watch.open.insert(recording);
                self.promise(fits, "a recording begins once");
            }
            Output::MoveRecording {
                recording,
                left,
                right,
            } => {
                let gone = [left, right]
                    .iter()
                    .flatten()
                    .any(|leg| watch.legs.get(leg) != Some(&true));
                let fits = watch.open.contains(&recording) && !gone;
                self.promise(fits, "a running recording follows living legs");
            }
            Output::StopRecording { recording, discard } => {
                let fits = watch.open.remove(&recording);
                let known = discard && watch.closed.contains(&recording);
                if !discard {
                    watch.closing.insert(recording);
                    watch.closed.insert(recording);
                }
                self.promise(fits || known, "a recording is closed once");
            }
            Output::OpenMailbox { mailbox } => watch.mailbox = Some(mailbox),
            Output::Reply { request, reply } => {
                let fits = watch.requests.remove(&request);
                self.promise(fits, &format!("one answer to a request, not {reply:?}"));
            }
            Output::Route { .. } => watch.transferred = true,
            Output::StopScript => {
                let fits = !watch.script_stopped;
                watch.script_stopped = true;
                self.promise(fits, "a script is stopped once");
            }
            Output::Ended(record) => {
                watch.ended = true;
                let everybody_left = watch.legs.values().all(|alive| !alive);
                let silent = watch.plays.is_empty() && watch.connected.is_none();
                let recorded = watch.open.is_empty();
                let legs = watch.legs.len();
                self.promise(everybody_left, "all legs are released at the end");
                self.promise(silent, "nothing plays at the end");
                self.promise(recorded, "all recordings are closed at the end");
                self.promise(record.legs.len() == legs, "every leg is in the record");
                let mut at = record.started_at;
                for segment in &record.segments {
                    let fits = segment.from >= at && segment.to > segment.from;
                    self.promise(fits, "segments are in order");
                    at = segment.to;
                }
                self.promise(at <= record.ended_at, "segments lie within the call");
            }
            _ => {}
        }
    }

    fn promise(&self, kept: bool, what: &str) {
        assert!(kept, "seed {}: {what}", self.seed);
    }

    fn event(&mut self) -> Event {
        let legs = u64::try_from(self.watch.legs.len()).unwrap();
        let mut leg = LegId(u16::try_from(self.random.below(legs + 1)).unwrap());
        if self.random.below(2) == 0 {
            leg = self.watch.legs.keys().next_back().copied().unwrap();
        }
        let any_play = self.watch.plays.values().next().copied();
        let play = any_play.unwrap_or(PlayId(3));
        let recording = self.watch.open.iter().next().copied();
        let closing = self.watch.closing.iter().next().copied();
        match self.random.below(24) {
            0..=1 => Event::Ringing {
                leg,
                early_media: self.random.below(2) == 0,
            },
            2..=4 => Event::Answered { leg, user: None },
            5 => Event::Refused {
                leg: LegId(leg.0.max(1)),
                cause: self.cause(),
            },
            6 if self.random.below(4) > 0 => Event::HungUp {
                leg: LegId(leg.0.max(1)),
                cause: self.cause(),
            },
            6 => Event::HungUp {
                leg,
                cause: self.cause(),
            },
            7 => Event::Held {
                leg,
                held: self.random.below(2) == 0,
            },
            8..=12 => Event::Digit {
                leg: LegId::CALLER,
                digit: b"111###0123456789*"[self.random.below(17) as usize].into(),
            },
            13..=16 => Event::Played { play },
            17 => Event::PlayFailed {
                play,
                why: "sound not found".to_owned(),
            },
            18 if recording.is_some() => Event::Silent {
                recording: recording.unwrap(),
            },
            19..=20 if closing.is_some() => Event::RecordingClosed {
                recording: closing.unwrap(),
                duration: s(self.random.below(10)),
                speech: s(1),
            },
            _ => Event::Mailbox {
                mailbox: self
                    .watch
                    .mailbox
                    .clone()
                    .unwrap_or_else(|| "1049".to_owned()),
                found: (self.random.below(4) > 0).then(|| self.mailbox()),
            },
        }
    }

    fn mailbox(&mut self) -> Mailbox {
        let messages = (0..self.random.below(4)).map(|number| MailboxMessage {
            id: MessageId(uuid::Uuid::from_u128(number.into())),
            from: None,
            at: 1,
            duration: s(4),
            heard: number % 2 == 0,
        });
        Mailbox {
            pin: match self.random.below(3) {
                0 => None,
                // Short enough to be guessed by chance.
                _ => Some("1".to_owned()),
            },
            has_greeting: self.random.below(2) == 0,
            messages: messages.collect(),
        }
    }

    fn cause(&mut self) -> Cause {
        let place = self.random.below(Cause::ALL.len() as u64) as usize;
        Cause::ALL[place]
    }

    fn seconds(&mut self) -> Duration {
        match self.random.below(60) {
            0..5 => Duration::ZERO,
            5 => Duration::MAX,
            some => s(some % 9),
        }
    }

    fn keys(&mut self) -> Keys {
        match self.random.below(3) {
            0 => Keys::None,
            1 => Keys::Any,
            _ => Keys::Of("12#".to_owned()),
        }
    }

    fn sounds(&mut self) -> Vec<Sound> {
        (0..self.random.below(3))
            .map(|_| named("menu/main"))
            .collect()
    }

    fn command(&mut self) -> Command {
        match self.random.below(32) {
            0 => Command::Ring,
            1 => Command::Progress,
            2 => Command::Answer,
            3 if self.random.below(5) == 0 => Command::Reject {
                cause: self.cause(),
            },
            4 if self.random.below(5) == 0 => Command::Hangup {
                cause: self.cause(),
            },
            5..=7 => Command::Play {
                sounds: self.sounds(),
                interrupt_on: self.keys(),
                times: (self.random.below(20) > 0).into(),
            },
            8..=10 => Command::Gather(Gather {
                prompt: self.sounds(),
                min_digits: self.random.below(3) as usize,
                max_digits: self.random.below(4) as usize,
                timeout: self.seconds(),
                digit_timeout: self.seconds(),
                finish_on: self.keys(),
                pattern: (self.random.below(3) == 0).then(|| "_X.".to_owned()),
                barge_in: self.random.below(2) == 0,
            }),
            11..=12 => Command::Record(Record {
                max_duration: self.seconds(),
                silence: self.seconds(),
                beep: self.random.below(2) == 0,
                finish_on: self.keys(),
            }),
            13 => Command::StartRecording(StartRecording {
                beep: self.random.below(2) == 0,
            }),
            14 => Command::StopRecording,
            15..=19 => Command::Bridge(Bridge {
                timeout: self.seconds(),
                strategy: [Strategy::All, Strategy::InOrder][self.random.below(2) as usize],
                ringback: (self.random.below(3) == 0).then_some(Sound::Tone(Tone::Confirm)),
                record: self.random.below(2) == 0,
                ..bridge(&["1049", "1050", "1051"][..self.random.below(4) as usize])
            }),
            20..=22 => Command::Voicemail(Voicemail {
                mailbox: "1049".to_owned(),
                greeting: match self.random.below(4) {
                    0 => Greeting::Unavailable,
                    1 => Greeting::Busy,
                    2 => Greeting::Sound(named("own")),
                    _ => Greeting::None,
                },
                max_duration: self.seconds(),
                min_duration: s(self.random.below(3)),
                silence: self.seconds(),
                beep: self.random.below(2) == 0,
                review: self.random.below(2) == 0,
            }),
            23..=25 => Command::VoicemailMenu {
                mailbox: (self.random.below(2) == 0).then(|| "1049".to_owned()),
            },
            26 => Command::Transfer {
                to: "200".to_owned(),
                context: None,
            },
            27 => Command::SendDtmf {
                digits: "12x"[..self.random.below(4) as usize].to_owned(),
            },
            28 => Command::Music(Music::Default),
            29 => Command::Music(Music::Off),
            _ => Command::Sleep {
                duration: self.seconds(),
            },
        }
    }
}

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        let bytes = self.ten_bytes();
        u64::from_le_bytes(bytes[..8].try_into().unwrap()) % limit.max(1)
    }
}

#[test]
fn two_runs_of_the_same_inputs_say_the_same() {
    let story = |seed: u64| {
        let mut bench = Bench::with(
            setup(),
            Options {
                seed,
                ..Options::default()
            },
        );
        let (_, leg) = bench.talk(true);
        bench.wait(s(3));
        bench.hangs_up(leg);
        format!("{:?}", bench.take())
    };

    assert_eq!(story(1), story(1));
    assert_ne!(
        story(1),
        story(2),
        "the seed is what the recording's id is made of"
    );
}
