//! The switchboard under a call: its legs and what each of them hears, the outputs, the journal.
//!
//! Everything that a call does goes through here, so that what is written down is what was done.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::call::keys::TypeAhead;
use crate::call::random::Random;
use crate::call::recording::Tape;
use crate::call::timeline::{Story, Timeline};
use crate::journal::{Entry, What};
use crate::leg::{Hearing, Leg, LegState};
use crate::{
    Cause, LegId, Newcomer, Options, Output, PlayId, Reply, RequestId, SegmentKind, Setup, Sound,
    Target,
};

/// The legs of a call, what they hear, and what is to be done about it.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) setup: Setup,
    pub(crate) options: Options,
    /// The time of the input that is being handled.
    pub(crate) now: Instant,
    pub(crate) keys: TypeAhead,
    /// Music behind the script: `Some(None)` is the tenant's default class.
    pub(crate) background: Option<Option<String>>,
    pub(crate) tape: Tape,
    pub(crate) timeline: Timeline,
    pub(crate) story: Story,
    pub(crate) random: Random,
    /// The script asks how satisfied the caller was, with whom.
    surveyed: Option<Option<String>>,
    /// Keys are a PIN: the journal gets dots.
    pub(crate) masking: bool,
    born: Instant,
    legs: Vec<Leg>,
    /// Whom the script serves.
    front: LegId,
    outputs: VecDeque<Output>,
    plays: u32,
}

impl Board {
    pub(crate) fn new(now: Instant, setup: Setup, options: Options) -> Self {
        Self {
            now,
            keys: TypeAhead::default(),
            background: None,
            tape: Tape::default(),
            timeline: Timeline::new(setup.started_at),
            story: Story::default(),
            random: Random::new(options.seed),
            surveyed: None,
            masking: false,
            born: now,
            legs: vec![match &options.origin {
                Some(origin) => Leg::called(now, LegId::CALLER, origin.target.clone()),
                None if options.aside => Leg::caller(now, &setup).on_the_line(now),
                None => Leg::caller(now, &setup),
            }],
            front: LegId::CALLER,
            outputs: VecDeque::new(),
            plays: 0,
            setup,
            options,
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn reply(&mut self, request: RequestId, reply: Reply) {
        self.push(Output::Reply { request, reply });
    }

    // Time

    /// Microseconds since 1970 at `at`, from the birth's wall time and the monotonic clock.
    pub(crate) fn micros(&self, at: Instant) -> i64 {
        let age = at.saturating_duration_since(self.born).as_micros();
        self.setup
            .started_at
            .saturating_add(i64::try_from(age).unwrap_or(i64::MAX))
    }

    /// So long from now. Scripts can ask for eternities, clocks cannot represent them.
    pub(crate) fn after(&self, wait: Duration) -> Instant {
        self.now + wait.min(LONGEST)
    }

    pub(crate) fn birth(&self) -> Instant {
        self.born
    }

    // Journal

    pub(crate) fn note(&mut self, what: What) {
        let at = self.now.saturating_duration_since(self.born);
        self.push(Output::Journal(Entry { at, what }));
    }

    pub(crate) fn decide(&mut self, what: impl Into<String>, because: impl Into<String>) {
        self.note(What::Decision {
            what: what.into(),
            because: because.into(),
        });
    }

    /// Keys are no longer a PIN. Those that wait were pressed for one, and count for nothing else.
    pub(crate) fn unmask(&mut self) {
        if std::mem::take(&mut self.masking) {
            self.keys.clear();
        }
    }

    /// What the script does with the caller from here on is a survey, about this user.
    pub(crate) fn survey(&mut self, agent: Option<String>) {
        self.surveyed = Some(agent);
        if self.timeline.kind() == SegmentKind::Ivr {
            self.turn(SegmentKind::Ivr, None);
        }
    }

    pub(crate) fn turn(&mut self, kind: SegmentKind, agent: Option<String>) {
        let (kind, agent) = match (kind, &self.surveyed) {
            (SegmentKind::Ivr, Some(about)) => (SegmentKind::Survey, about.clone()),
            _ => {
                self.surveyed = None;
                (kind, agent)
            }
        };
        let recording = self.tape.running();
        self.timeline
            .turn(self.micros(self.now), kind, agent, recording);
    }

    // Legs

    pub(crate) fn legs(&self) -> &[Leg] {
        &self.legs
    }

    pub(crate) fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.get(usize::from(id.0))
    }

    pub(crate) fn leg_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(usize::from(id.0))
    }

    /// Who made the call.
    pub(crate) fn caller(&self) -> &Leg {
        &self.legs[0]
    }

    /// The leg that the script serves: the caller's, until a transfer puts another in its place.
    pub(crate) fn front(&self) -> LegId {
        self.front
    }

    /// The same leg itself.
    pub(crate) fn served(&self) -> &Leg {
        self.legs
            .get(usize::from(self.front.0))
            .unwrap_or(&self.legs[0])
    }

    fn caller_mut(&mut self) -> &mut Leg {
        &mut self.legs[0]
    }

    /// From now on the script serves this leg: what it is told of its caller is of that one.
    pub(crate) fn serve(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(usize::from(id.0)) else {
            return;
        };
        self.front = id;
        self.setup.user = leg.user.clone().into();
        self.setup.from = leg.shown.number.clone();
        self.setup.from_raw = leg.shown.number.clone().unwrap_or_default();
        self.setup.from_name = leg.shown.name.clone();
        self.setup.trunk = leg.shown.trunk.clone();
        self.keys.clear();
    }

    /// A leg of another call is one of this from now on. False when its number is not the next.
    pub(crate) fn adopt(&mut self, newcomer: Newcomer) -> bool {
        let fits = usize::from(newcomer.leg.0) == self.legs.len();
        if fits {
            self.legs.push(Leg::joined(self.now, newcomer));
        }
        fits
    }

    /// Sends 180, unless the caller has heard more than that.
    pub(crate) fn ring(&mut self) {
        if self.caller().state == LegState::Trying {
            let now = self.now;
            let caller = self.caller_mut();
            caller.state = LegState::Ringing;
            caller.ringing_at = Some(now);
            self.push(Output::Ring { early_media: false });
        }
    }

    /// Opens early media, unless the caller hears us already.
    pub(crate) fn progress(&mut self) {
        if matches!(self.caller().state, LegState::Trying | LegState::Ringing) {
            let now = self.now;
            let caller = self.caller_mut();
            caller.state = LegState::Early;
            caller.ringing_at.get_or_insert(now);
            caller.early_at = Some(now);
            self.push(Output::Ring { early_media: true });
        }
    }

    /// Answers the caller, once.
    pub(crate) fn answer(&mut self) {
        if self.caller().is_up() || self.caller().is_gone() {
            return;
        }
        let now = self.now;
        let caller = self.caller_mut();
        caller.state = LegState::Up;
        caller.up_at = Some(now);
        self.push(Output::Answer);
        self.start_waiting_tape();
    }

    /// Sound for the caller needs a path: early media where the script opened it, else an answer.
    pub(crate) fn be_audible(&mut self) {
        if !self.served().is_audible() {
            self.decide(
                "answer",
                "the script has something to say, and no early media is open",
            );
            self.answer();
        }
    }

    /// Rings somebody as a new leg; `None` when a call can have no more legs.
    pub(crate) fn invite(&mut self, target: Target, caller_id: Option<String>) -> Option<LegId> {
        let caller_name = match caller_id {
            Some(_) => None,
            None => self.setup.from_name.clone(),
        };
        let caller_id = caller_id.or_else(|| self.setup.from.clone());
        self.invite_showing(target, caller_id, caller_name)
    }

    /// The same, with the caller's number under another name.
    pub(crate) fn invite_as(&mut self, target: Target, caller_name: String) -> Option<LegId> {
        let caller_id = self.setup.from.clone();
        self.invite_showing(target, caller_id, Some(caller_name))
    }

    fn invite_showing(
        &mut self,
        target: Target,
        caller_id: Option<String>,
        caller_name: Option<String>,
    ) -> Option<LegId> {
        let id = LegId(u16::try_from(self.legs.len()).ok()?);
        self.legs.push(Leg::called(self.now, id, target.clone()));
        self.push(Output::Invite {
            leg: id,
            target,
            caller_id,
            caller_name,
        });
        Some(id)
    }

    /// Ends a leg from our side.
    pub(crate) fn release(&mut self, id: LegId, cause: Cause, elsewhere: bool) {
        let Some(leg) = self.leg(id) else { return };
        let is_caller = id == LegId::CALLER && self.options.origin.is_none();
        let unanswered_caller = is_caller && !leg.is_up();
        if !self.part_with(id, cause) {
            return;
        }
        self.push(if unanswered_caller {
            Output::Reject { cause }
        } else {
            Output::Release {
                leg: id,
                cause,
                elsewhere,
            }
        });
    }

    /// A leg has ended from its own side, or is about to from ours. False when it already had.
    pub(crate) fn part_with(&mut self, id: LegId, cause: Cause) -> bool {
        if self.leg(id).is_none_or(Leg::is_gone) {
            return false;
        }
        self.unhear(id);
        let listeners: Vec<LegId> = self
            .legs
            .iter()
            .filter(|leg| leg.hearing == Hearing::Early(id))
            .map(Leg::id)
            .collect();
        for listener in listeners {
            self.silence(listener);
        }
        let now = self.now;
        if let Some(leg) = self.leg_mut(id) {
            leg.state = LegState::Gone;
            leg.hearing = Hearing::Nothing;
            leg.ended = Some((now, cause));
        }
        true
    }

    // Hearing

    pub(crate) fn hearing(&self, id: LegId) -> Hearing {
        self.leg(id).map_or(Hearing::Nothing, |leg| leg.hearing)
    }

    pub(crate) fn play(&mut self, id: LegId, sounds: Vec<Sound>, times: u32) -> PlayId {
        self.unhear(id);
        let play = self.new_play();
        self.push(Output::Play {
            leg: id,
            play,
            sounds,
            times,
        });
        self.set_hearing(id, Hearing::Play(play));
        play
    }

    /// Plays over a conversation or over silence, where nobody waits for the end of it.
    pub(crate) fn overlay(&mut self, id: LegId, sound: Sound) {
        let play = self.new_play();
        self.push(Output::Play {
            leg: id,
            play,
            sounds: vec![sound],
            times: 1,
        });
    }

    /// Plays once over what a leg hears, which goes on beneath.
    pub(crate) fn play_over(&mut self, id: LegId, sounds: Vec<Sound>) -> PlayId {
        let play = self.new_play();
        self.push(Output::PlayOver {
            leg: id,
            play,
            sounds,
        });
        play
    }

    /// Stops what is played over something else.
    pub(crate) fn stop_over(&mut self, id: LegId, play: PlayId) {
        self.push(Output::StopPlay { leg: id, play });
    }

    /// A playing came to its end by itself.
    pub(crate) fn played(&mut self, play: PlayId) {
        for leg in &mut self.legs {
            if leg.hearing == Hearing::Play(play) {
                leg.hearing = Hearing::Nothing;
            }
        }
    }

    pub(crate) fn music(&mut self, id: LegId, name: Option<String>) {
        self.music_from(id, name, false);
    }

    /// The same, from its beginning or where everybody is.
    pub(crate) fn music_from(&mut self, id: LegId, name: Option<String>, from_start: bool) {
        self.silence(id);
        self.push(Output::Music { leg: id, name });
        if from_start {
            self.push(Output::RestartMusic { leg: id });
        }
        self.set_hearing(id, Hearing::Music);
    }

    /// The tenant's music for somebody who is on hold, once.
    pub(crate) fn hold_music(&mut self, id: LegId) {
        if self.hearing(id) != Hearing::Music {
            self.music(id, None);
        }
    }

    /// Whom the script serves hears its room from now on, or something else instead. Who is in the
    /// room is the switch's to know: what covers it is ours.
    pub(crate) fn hear_room(&mut self, hears: bool) {
        let front = self.front;
        match (hears, self.hearing(front)) {
            (true, Hearing::Room) | (false, _) => {}
            (true, _) => {
                self.silence(front);
                self.set_hearing(front, Hearing::Room);
            }
        }
        if !hears && self.hearing(front) == Hearing::Room {
            self.set_hearing(front, Hearing::Nothing);
        }
    }

    /// Two that heard each other do so no longer.
    pub(crate) fn disconnect(&mut self, id: LegId) {
        if let Hearing::Leg(_) = self.hearing(id) {
            self.unhear(id);
        }
    }

    /// Stops whatever a leg hears of us.
    pub(crate) fn silence(&mut self, id: LegId) {
        match self.hearing(id) {
            Hearing::Play(play) => self.push(Output::StopPlay { leg: id, play }),
            Hearing::Music => self.push(Output::Quiet { leg: id }),
            Hearing::Nothing
            | Hearing::Room
            | Hearing::Trio
            | Hearing::Leg(_)
            | Hearing::Early(_) => self.unhear(id),
        }
        self.set_hearing(id, Hearing::Nothing);
    }

    pub(crate) fn connect(&mut self, a: LegId, b: LegId) {
        if self.hearing(a) == Hearing::Leg(b) {
            return;
        }
        for (id, other) in [(a, b), (b, a)] {
            match self.hearing(id) {
                Hearing::Play(play) => self.push(Output::StopPlay { leg: id, play }),
                Hearing::Leg(_) | Hearing::Trio => self.unhear(id),
                Hearing::Early(from) if from != other => self.unhear(id),
                Hearing::Early(_) | Hearing::Music | Hearing::Room | Hearing::Nothing => {}
            }
        }
        self.push(Output::Connect { a, b });
        self.set_hearing(a, Hearing::Leg(b));
        self.set_hearing(b, Hearing::Leg(a));
    }

    /// These three hear each other.
    pub(crate) fn confer(&mut self, legs: &[LegId; 3]) {
        let outside = |board: &Self, leg: &LegId| board.hearing(*leg) != Hearing::Trio;
        let enter: Vec<LegId> = (legs.iter().copied())
            .filter(|leg| outside(self, leg))
            .collect();
        for &leg in &enter {
            self.silence(leg);
        }
        for leg in enter {
            self.push(Output::EnterTrio { leg });
            self.set_hearing(leg, Hearing::Trio);
        }
    }

    /// Whom the script serves hears the sound that a ringing leg sends by itself.
    pub(crate) fn pass_early_media(&mut self, from: LegId) {
        let to = self.front;
        if self.hearing(to) == Hearing::Early(from) {
            return;
        }
        self.progress();
        self.silence(to);
        self.push(Output::PassEarlyMedia { from, to });
        self.set_hearing(to, Hearing::Early(from));
    }

    /// Undoes connections; plays and music are left to what replaces them.
    fn unhear(&mut self, id: LegId) {
        match self.hearing(id) {
            Hearing::Leg(other) => {
                self.push(Output::Disconnect { a: id, b: other });
                self.set_hearing(other, Hearing::Nothing);
            }
            Hearing::Early(from) => self.push(Output::Disconnect { a: from, b: id }),
            Hearing::Trio => self.push(Output::LeaveTrio { leg: id }),
            Hearing::Nothing | Hearing::Room | Hearing::Play(_) | Hearing::Music => return,
        }
        self.set_hearing(id, Hearing::Nothing);
    }

    fn set_hearing(&mut self, id: LegId, hearing: Hearing) {
        if let Some(leg) = self.leg_mut(id) {
            leg.hearing = hearing;
        }
    }

    fn new_play(&mut self) -> PlayId {
        self.plays = self.plays.wrapping_add(1);
        PlayId(self.plays)
    }
}

/// The longest wait that a call takes seriously.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
