//! One simulated call: the real machine, and what stands in for its legs, its sound and its script.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use call::journal::What;
use call::record::CallRecord;
use call::{
    Call, Cause, Event, FromFloor, Leg, LegId, LegState, Options, PlayId, Purpose, RecordingId,
    Reply, RequestId, Setup, Sound, Target,
};
use tokio::sync::oneshot;

use super::floor::Delivery;
use super::others::Asker;
use super::story::{self, Story, Who};
use crate::Place;
use crate::config::Tenant;

/// One simulated call.
pub(super) struct Scene {
    pub(super) call: Call,
    pub(super) setup: Setup,
    pub(super) born: Instant,
    /// What its script has said of the language of prompts.
    pub(super) language: Option<String>,
    pub(super) lines: Vec<Line>,
    pub(super) tapes: Vec<Tape>,
    /// How many recordings were begun.
    pub(super) recordings: usize,
    /// What carrying out the machine's wishes has brought about, for the machine.
    pub(super) echoes: VecDeque<Event>,
    /// What the script waits for.
    pub(super) asked: HashMap<RequestId, Asked>,
    pub(super) next_request: u64,
    /// In words, with where.
    pub(super) last_asked: Option<String>,
    /// What the caller has heard, as tests write it, and how much of it a test has looked at.
    pub(super) heard: Vec<String>,
    pub(super) looked_at: usize,
    /// The caller speaks, or spoke last, from then until then.
    pub(super) speaks: Option<(Instant, Instant)>,
    /// Messages that were left: mailbox, length, urgent.
    pub(super) messages: Vec<(String, Duration, bool)>,
    /// The queue in which the caller waits.
    pub(super) waits_in: Option<String>,
    /// Where it is parked.
    pub(super) parked_at: Option<String>,
    /// The room that it is in.
    pub(super) room: Option<String>,
    /// What the floor was told of its users.
    pub(super) seen: call::acd::Seen,
    pub(super) fate: Option<Fate>,
    pub(super) record: Option<Box<CallRecord>>,
    /// Scripts have been told of its end.
    pub(super) concluded: bool,
    /// With file and line.
    pub(super) error: Option<String>,
    pub(super) vars: serde_json::Value,
    /// A script has made it.
    pub(super) is_made: bool,
    /// The script waits for whoever is rung first.
    pub(super) asker: Option<Asker>,
    pub(super) story: Story,
}

/// A method that has not returned.
pub(super) struct Asked {
    pub(super) words: String,
    pub(super) place: Place,
    pub(super) answer: oneshot::Sender<Reply>,
}

/// One leg: what it hears, and what whoever is there does next.
pub(super) struct Line {
    pub(super) id: LegId,
    pub(super) target: Option<Target>,
    pub(super) playing: Option<Playing>,
    pub(super) next: Option<(Instant, Doing)>,
    pub(super) hangs_up_after: Option<Duration>,
    pub(super) over: bool,
}

/// What somebody who was rung does next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Doing {
    Answer,
    HangUp,
}

/// What is played to a leg.
pub(super) struct Playing {
    pub(super) play: PlayId,
    pub(super) sounds: Vec<Sound>,
    /// Rounds that are left; `None` is without end.
    pub(super) rounds: Option<u32>,
    /// Of the sound that begins next.
    pub(super) next: usize,
    /// A silence lasts until then; a sound lasts no time.
    pub(super) until: Option<Instant>,
}

/// A recording.
pub(super) struct Tape {
    pub(super) id: RecordingId,
    pub(super) purpose: Purpose,
    pub(super) began: Instant,
    /// Zero never reports silence.
    pub(super) silence: Duration,
    pub(super) reported: bool,
    /// When somebody was last heard on it.
    pub(super) last_heard: Instant,
    /// Of earlier stretches of speech.
    pub(super) speech: Duration,
}

/// How the call ended for the caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// Never answered.
    Refused(Cause),
    /// The exchange hung up.
    HungUp(Cause),
    /// The caller did.
    Left,
    /// The caller has taken another call, and is a part of that one now.
    GoesOn,
}

impl Scene {
    /// A call that comes in now.
    pub(super) fn new(now: Instant, setup: Setup, options: Options) -> Self {
        Self {
            call: Call::new(now, setup.clone(), options),
            born: now,
            language: None,
            setup,
            lines: vec![Line::new(LegId::CALLER, None)],
            tapes: Vec::new(),
            recordings: 0,
            echoes: VecDeque::new(),
            asked: HashMap::new(),
            next_request: 1,
            last_asked: None,
            heard: Vec::new(),
            looked_at: 0,
            speaks: None,
            messages: Vec::new(),
            waits_in: None,
            parked_at: None,
            room: None,
            seen: call::acd::Seen::default(),
            fate: None,
            record: None,
            concluded: false,
            error: None,
            vars: serde_json::Value::Null,
            is_made: false,
            asker: None,
            story: Story::default(),
        }
    }

    /// Adds a line to the story.
    pub(super) fn tell(&mut self, now: Instant, who: Who, what: impl Into<String>) {
        let since = now.saturating_duration_since(self.born);
        self.story.tell(since, who, None, what);
    }

    /// The same, with a script's line.
    pub(super) fn tell_at(&mut self, now: Instant, place: &Place, what: impl Into<String>) {
        let since = now.saturating_duration_since(self.born);
        let place = (place.line > 0).then(|| format!("{}:{}", place.file, place.line));
        self.story.tell(since, Who::Script, place, what);
    }

    pub(super) fn line(&mut self, id: LegId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.id == id)
    }

    /// In what language a leg is spoken to, as the exchange has it.
    pub(super) fn language_of<'a>(&'a self, tenant: &'a Tenant, leg: LegId) -> &'a str {
        let mut legs = self.call.legs().iter();
        let user = legs.find(|known| known.id() == leg).and_then(Leg::user);
        let is_served = leg == self.call.front();
        tenant.language_for(user, is_served, self.language.as_deref())
    }

    /// In what language the one who is served is spoken to: `call.language`.
    pub(super) fn language<'a>(&'a self, tenant: &'a Tenant) -> &'a str {
        self.language_of(tenant, self.call.front())
    }

    /// Nothing more will happen to the caller.
    pub(super) fn is_over(&self) -> bool {
        self.fate.is_some()
    }

    /// Nothing more will happen at all.
    pub(super) fn is_done(&self) -> bool {
        self.concluded && self.echoes.is_empty()
    }

    /// Whether the caller has been answered.
    pub(super) fn is_answered(&self) -> bool {
        let legs = self.call.legs();
        legs.first().is_some_and(|leg| leg.state() == LegState::Up)
    }

    /// Who talks with the caller: the target, and the user if it is one.
    pub(super) fn talks_with(&self) -> Option<(String, Option<String>)> {
        let legs = self.call.legs();
        let other = legs.first()?.talks_with()?;
        let leg = legs.iter().find(|leg| leg.id() == other)?;
        Some((target_of(leg), leg.user().map(str::to_owned)))
    }

    /// The leg of somebody who was called, or has come since, and talks.
    pub(super) fn talks_at(&self, target: &str) -> Option<LegId> {
        let pair = self.call.pair()?;
        let is_theirs = |leg: &&Leg| {
            let is_in_it = leg.id() != LegId::CALLER && pair.contains(&leg.id());
            is_in_it && target_of(leg).starts_with(target)
        };
        self.call.legs().iter().find(is_theirs).map(Leg::id)
    }

    /// It is for the caller to do something: press keys, speak, hang up.
    pub(super) fn is_callers_turn(&self) -> bool {
        let plays = self
            .lines
            .first()
            .is_some_and(|line| line.playing.is_some());
        !plays && TURNS.contains(&self.call.state())
    }

    /// Something of this kind is being recorded.
    pub(super) fn is_recording(&self, purpose: Purpose) -> Option<()> {
        let found = self.tapes.iter().any(|tape| tape.purpose == purpose);
        found.then_some(())
    }

    /// What goes on now, for a person.
    pub(super) fn situation(&self) -> String {
        match self.fate {
            Some(Fate::Refused(cause)) => return format!("the call was refused: {}", cause.word()),
            Some(Fate::HungUp(cause)) => {
                return format!("the exchange has hung up: {}", cause.word());
            }
            Some(Fate::Left) => return "the caller has hung up".to_owned(),
            Some(Fate::GoesOn) => return "the caller has taken another call".to_owned(),
            None => {}
        }
        if let Some((target, _)) = self.talks_with() {
            return format!("the caller talks with {target}");
        }
        if let Some(slot) = &self.parked_at {
            return format!("the call is parked at {slot}");
        }
        if let Some(room) = &self.room {
            return format!("the caller is in room {room}");
        }
        let asked = self.asked.values().next().map(|asked| {
            let place = &asked.place;
            format!(
                "{} at {}:{} has not returned",
                asked.words, place.file, place.line
            )
        });
        asked.unwrap_or_else(|| format!("the call's state is {}", self.call.state()))
    }

    /// When something happens by itself.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        if self.is_done() {
            return None;
        }
        let lines = self
            .lines
            .iter()
            .filter(|line| !line.over)
            .flat_map(|line| {
                let silence = line.playing.as_ref().and_then(|playing| playing.until);
                [line.next.map(|(due, _)| due), silence]
            });
        let tapes = self.tapes.iter().map(|tape| tape.silent_at(self.speaks));
        [self.call.poll_timeout()]
            .into_iter()
            .chain(lines)
            .chain(tapes)
            .flatten()
            .min()
            .map(|due| due.max(now))
    }

    /// Does what is due.
    pub(super) fn be_on_time(&mut self, now: Instant) {
        if self.is_done() {
            return;
        }
        let mut told = Vec::new();
        for line in self.lines.iter_mut().filter(|line| !line.over) {
            let Some((_, doing)) = line.next.filter(|(due, _)| *due <= now) else {
                continue;
            };
            line.next = match (doing, line.hangs_up_after) {
                (Doing::Answer, Some(talk)) => Some((now + talk, Doing::HangUp)),
                _ => None,
            };
            told.push((line.id, line.name(), doing));
        }
        for (leg, name, doing) in told {
            let (word, event) = match doing {
                Doing::Answer => ("answers", Event::Answered { leg, user: None }),
                Doing::HangUp => {
                    let cause = Cause::Normal;
                    ("hangs up", Event::HungUp { leg, cause })
                }
            };
            self.tell(now, Who::Called, format!("{name} {word}"));
            if doing == Doing::HangUp
                && let Some(line) = self.line(leg)
            {
                line.over = true;
                if leg == LegId::CALLER {
                    self.fate = Some(Fate::Left);
                }
            }
            self.call.handle_event(now, event);
        }
        let speaks = self.speaks;
        let silent = self.tapes.iter_mut().filter_map(|tape| {
            tape.silent_at(speaks).filter(|due| *due <= now)?;
            tape.reported = true;
            Some(tape.id)
        });
        for recording in silent.collect::<Vec<_>>() {
            self.call.handle_event(now, Event::Silent { recording });
        }
        self.call.handle_timeout(now);
    }

    /// Lets one sound begin or end; false when no sound is due.
    pub(super) fn next_sound(&mut self, now: Instant) -> bool {
        for index in 0..self.lines.len() {
            let line = &mut self.lines[index];
            let Some(playing) = line.playing.as_mut().filter(|_| !line.over) else {
                continue;
            };
            if playing.until.is_some_and(|until| until > now) {
                continue;
            }
            playing.until = None;
            if let Some(sound) = playing.sounds.get(playing.next).cloned() {
                playing.next += 1;
                if let Sound::Silence(length) = sound {
                    playing.until = Some(now + length);
                } else if index == 0 {
                    self.hear(now, &sound);
                }
                return true;
            }
            match &mut playing.rounds {
                None => continue,
                Some(left) if *left > 1 => {
                    *left -= 1;
                    playing.next = 0;
                }
                Some(_) => {
                    let play = playing.play;
                    line.playing = None;
                    self.echoes.push_back(Event::Played { play });
                }
            }
            return true;
        }
        false
    }

    /// The floor tells the call something.
    pub(super) fn hear_floor(&mut self, now: Instant, delivery: Delivery) {
        let news = match delivery {
            Delivery::News(news) => news,
            Delivery::Decision(What::Decision { what, because }) => {
                let since = now.saturating_duration_since(self.born);
                return self.story.decided(since, &what, &because);
            }
            Delivery::Decision(_) => return,
        };
        match &news {
            FromFloor::Waits {
                queue, position, ..
            } => {
                self.waits_in = Some(queue.to_string());
                let what = format!("waits in queue {queue}, at place {position}");
                self.tell(now, Who::Caller, what);
            }
            FromFloor::Connect { .. } | FromFloor::Left(_) => self.waits_in = None,
            _ => {}
        }
        self.call.handle_event(now, Event::Floor(news));
    }

    /// The caller hears something begin.
    pub(super) fn hear(&mut self, now: Instant, sound: &Sound) {
        let words = story::sound(sound);
        let other = self.language.as_ref();
        let other = other.filter(|said| **said != self.setup.language);
        let language = other.map_or_else(String::new, |said| format!(" ({said})"));
        self.tell(now, Who::Caller, format!("hears {words}{language}"));
        self.heard.push(words);
    }

    /// The caller speaks from now on, for so long.
    pub(super) fn speak(&mut self, now: Instant, time: Duration) {
        let until = now + time;
        for tape in &mut self.tapes {
            tape.speech += tape.overlap(self.speaks, now);
            tape.last_heard = until;
        }
        self.speaks = Some((now, until));
        self.tell(
            now,
            Who::Caller,
            format!("speaks for {} s", time.as_secs_f64()),
        );
    }
}

impl Line {
    pub(super) fn new(id: LegId, target: Option<Target>) -> Self {
        Self {
            id,
            target,
            playing: None,
            next: None,
            hangs_up_after: None,
            over: false,
        }
    }

    /// As stories name it.
    pub(super) fn name(&self) -> String {
        let target = self.target.as_ref();
        target.map_or_else(|| "the caller".to_owned(), ToString::to_string)
    }
}

impl Tape {
    /// When the machine is to be told that nobody says anything.
    fn silent_at(&self, speaks: Option<(Instant, Instant)>) -> Option<Instant> {
        if self.silence.is_zero() || self.reported {
            return None;
        }
        let spoke = speaks
            .map(|(_, until)| until)
            .filter(|until| *until > self.began);
        let heard = spoke.map_or(self.last_heard, |spoke| spoke.max(self.last_heard));
        Some(heard + self.silence)
    }

    /// How much of a stretch of speech is on it.
    pub(super) fn overlap(&self, speaks: Option<(Instant, Instant)>, now: Instant) -> Duration {
        speaks.map_or(Duration::ZERO, |(from, until)| {
            until
                .min(now)
                .saturating_duration_since(from.max(self.began))
        })
    }
}

/// Whom a leg reaches, as scripts write it; a user's who has come by dialling, too.
pub(super) fn target_of(leg: &Leg) -> String {
    let user = || leg.user().map(|user| format!("user:{user}"));
    let target = leg.target().map(ToString::to_string).or_else(user);
    target.unwrap_or_default()
}

/// States of a call in which it waits for its caller.
const TURNS: &[&str] = &[
    "gather",
    "record",
    "voicemail",
    "voicemail_menu",
    "ask_pin",
    "echo",
];
