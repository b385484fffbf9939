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
    Cause, LegId, Newcomer, Options, Output, Reply, RequestId, SegmentKind, Setup, Target,
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
    pub(super) legs: Vec<Leg>,
    /// Whom the script serves.
    pub(super) front: LegId,
    outputs: VecDeque<Output>,
    pub(super) plays: u32,
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

    /// What was a hold since then is a consultation.
    pub(crate) fn consulted(&mut self, since: i64) {
        let at = self.micros(self.now);
        self.timeline.was_consult(since, at);
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
}

/// The longest wait that a call takes seriously.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
