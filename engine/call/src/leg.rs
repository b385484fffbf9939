//! One leg of a call: who it is, how far it has come, and what it hears.

use std::time::Instant;

use crate::acd::LeaseId;
use crate::{Cause, LegId, Newcomer, PlayId, Setup, Target};

/// One leg of a call.
#[derive(Clone, Debug)]
pub struct Leg {
    pub(crate) id: LegId,
    pub(crate) target: Option<Target>,
    pub(crate) user: Option<String>,
    pub(crate) kind: &'static str,
    pub(crate) peer: String,
    /// What others may see of it.
    pub(crate) shown: Shown,
    pub(crate) state: LegState,
    pub(crate) held: bool,
    /// Its user talks with somebody in another call meanwhile.
    pub(crate) away: bool,
    /// What it says is not for this conversation: its phone goes on speaking, to nobody or to somebody
    /// else.
    pub(crate) off_tape: bool,
    /// The offer of a queue that rings it, until the two are connected.
    pub(crate) lease: Option<LeaseId>,
    pub(crate) hearing: Hearing,
    pub(crate) invited_at: Instant,
    pub(crate) ringing_at: Option<Instant>,
    pub(crate) early_at: Option<Instant>,
    pub(crate) up_at: Option<Instant>,
    pub(crate) ended: Option<(Instant, Cause)>,
}

/// What others may see of a party.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) number: Option<String>,
    pub(crate) name: Option<String>,
    /// The trunk that it came by.
    pub(crate) trunk: Option<String>,
}

/// How far a leg has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LegState {
    /// Invited, and nothing heard yet; for the caller: nothing but 100 sent.
    Trying,
    /// It rings; for the caller: 180 was sent.
    Ringing,
    /// It rings with a sound of its own; for the caller: 183 was sent.
    Early,
    /// Answered.
    Up,
    /// Over.
    Gone,
}

/// What a leg hears of us. A leg hears one thing at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hearing {
    Nothing,
    Play(PlayId),
    Music,
    /// The two hear each other.
    Leg(LegId),
    /// The others in its room.
    Room,
    /// The two others of three.
    Trio,
    /// One way: the early media of a ringing leg, or its own sound as an echo.
    Early(LegId),
}

impl Leg {
    /// Its number in the call.
    pub fn id(&self) -> LegId {
        self.id
    }

    /// Whom it rings; `None` for the caller.
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// The user on it, once known.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// How far it has come.
    pub fn state(&self) -> LegState {
        self.state
    }

    /// Whether it has put the conversation on hold: by its phone, or to talk with somebody else.
    pub fn is_held(&self) -> bool {
        self.held || self.away
    }

    /// Whether it has put the conversation on hold itself, by its phone or by a command.
    pub fn holds(&self) -> bool {
        self.held
    }

    /// Whether its user talks with somebody in another call, over the same phone line.
    pub fn is_away(&self) -> bool {
        self.away
    }

    /// Whether it rings for a caller of a queue, or has answered and is not connected yet.
    pub fn is_offer(&self) -> bool {
        self.lease.is_some()
    }

    /// The leg that it talks with, when the two hear each other.
    pub fn talks_with(&self) -> Option<LegId> {
        match self.hearing {
            Hearing::Leg(other) => Some(other),
            _ => None,
        }
    }

    pub(crate) fn caller(now: Instant, setup: &Setup) -> Self {
        let (kind, peer) = match (setup.calling_user(), &setup.trunk) {
            (Some(user), _) => ("user", user.to_owned()),
            (None, Some(_)) => ("trunk", setup.from.clone().unwrap_or_default()),
            (None, None) => ("external", setup.from.clone().unwrap_or_default()),
        };
        let shown = Shown {
            number: setup.from.clone(),
            name: setup.from_name.clone(),
            trunk: setup.trunk.clone(),
        };
        let mut leg = Self::new(
            now,
            LegId::CALLER,
            None,
            setup.calling_user().map(str::to_owned),
            kind,
            peer,
        );
        leg.shown = shown;
        leg
    }

    /// It has been answered already.
    pub(crate) fn on_the_line(mut self, now: Instant) -> Self {
        self.state = LegState::Up;
        self.up_at = Some(now);
        self
    }

    pub(crate) fn called(now: Instant, id: LegId, target: Target) -> Self {
        let (kind, user, peer) = match &target {
            Target::User(user) => ("user", Some(user.clone()), user.clone()),
            Target::Trunk { number, .. } => ("trunk", None, number.clone()),
            Target::Uri(uri) => ("external", None, uri.clone()),
        };
        let number = Some(peer.clone());
        let mut leg = Self::new(now, id, Some(target), user, kind, peer);
        leg.shown.number = number;
        leg
    }

    /// A leg of another call.
    pub(crate) fn joined(now: Instant, newcomer: Newcomer) -> Self {
        let Newcomer {
            leg,
            target,
            user,
            number,
            name,
            trunk,
            invited,
            answered,
            is_held,
        } = newcomer;
        let kind = match (&user, &target, &trunk) {
            (Some(_), ..) => "user",
            (None, Some(Target::Trunk { .. }), _) | (None, None, Some(_)) => "trunk",
            _ => "external",
        };
        let peer = user.clone().or_else(|| number.clone()).unwrap_or_default();
        let mut joined = Self::new(now, leg, target, user, kind, peer);
        joined.shown = Shown {
            number,
            name,
            trunk,
        };
        joined.state = LegState::Up;
        joined.held = is_held;
        joined.invited_at = now.checked_sub(invited).unwrap_or(now);
        joined.up_at = Some(now.checked_sub(answered).unwrap_or(now));
        joined
    }

    /// As another call gets it.
    pub(crate) fn leaving(&self, now: Instant, leg: LegId) -> Newcomer {
        let ago = |at: Instant| now.saturating_duration_since(at);
        Newcomer {
            leg,
            target: self.target.clone(),
            user: self.user.clone(),
            number: self.shown.number.clone(),
            name: self.shown.name.clone(),
            trunk: self.shown.trunk.clone(),
            invited: ago(self.invited_at),
            answered: ago(self.up_at.unwrap_or(now)),
            is_held: self.held,
        }
    }

    fn new(
        now: Instant,
        id: LegId,
        target: Option<Target>,
        user: Option<String>,
        kind: &'static str,
        peer: String,
    ) -> Self {
        Self {
            id,
            target,
            user,
            kind,
            peer,
            shown: Shown::default(),
            state: LegState::Trying,
            held: false,
            away: false,
            off_tape: false,
            lease: None,
            hearing: Hearing::Nothing,
            invited_at: now,
            ringing_at: None,
            early_at: None,
            up_at: None,
            ended: None,
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.state == LegState::Gone
    }

    pub(crate) fn is_up(&self) -> bool {
        self.state == LegState::Up
    }

    /// Whether sound of ours reaches it.
    pub(crate) fn is_audible(&self) -> bool {
        matches!(self.state, LegState::Up | LegState::Early)
    }

    /// As the record names it: `agent:1049`, `customer`.
    pub(crate) fn party(&self) -> String {
        self.user
            .as_ref()
            .map_or_else(|| "customer".to_owned(), |user| format!("agent:{user}"))
    }

    /// As decisions name it: `user:1049`, `trunk:carrier/13800138000`.
    pub(crate) fn name(&self) -> String {
        self.target
            .as_ref()
            .map_or_else(|| "the caller".to_owned(), Target::to_string)
    }

    /// Whom one would ring to reach it again.
    pub(crate) fn who(&self) -> Target {
        let user = || self.user.clone().map(Target::User);
        let target = self.target.clone().or_else(user);
        target.unwrap_or_else(|| Target::Uri(self.shown.number.clone().unwrap_or_default()))
    }
}
