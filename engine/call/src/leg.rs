//! One leg of a call: who it is, how far it has come, and what it hears.

use std::time::Instant;

use crate::acd::LeaseId;
use crate::{Cause, LegId, PlayId, Setup, Target};

/// One leg of a call.
#[derive(Clone, Debug)]
pub struct Leg {
    pub(crate) id: LegId,
    pub(crate) target: Option<Target>,
    pub(crate) user: Option<String>,
    pub(crate) kind: &'static str,
    pub(crate) peer: String,
    pub(crate) state: LegState,
    pub(crate) held: bool,
    /// The offer of a queue that rings it, until the two are connected.
    pub(crate) lease: Option<LeaseId>,
    pub(crate) hearing: Hearing,
    pub(crate) invited_at: Instant,
    pub(crate) ringing_at: Option<Instant>,
    pub(crate) early_at: Option<Instant>,
    pub(crate) up_at: Option<Instant>,
    pub(crate) ended: Option<(Instant, Cause)>,
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

    /// Whether its phone has put the conversation on hold.
    pub fn is_held(&self) -> bool {
        self.held
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
        let (kind, peer) = match (&setup.user, &setup.trunk) {
            (Some(user), _) => ("user", user.clone()),
            (None, Some(_)) => ("trunk", setup.from.clone().unwrap_or_default()),
            (None, None) => ("external", setup.from.clone().unwrap_or_default()),
        };
        Self::new(now, LegId::CALLER, None, setup.user.clone(), kind, peer)
    }

    pub(crate) fn called(now: Instant, id: LegId, target: Target) -> Self {
        let (kind, user, peer) = match &target {
            Target::User(user) => ("user", Some(user.clone()), user.clone()),
            Target::Trunk { number, .. } => ("trunk", None, number.clone()),
            Target::Uri(uri) => ("external", None, uri.clone()),
        };
        Self::new(now, id, Some(target), user, kind, peer)
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
            state: LegState::Trying,
            held: false,
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
}
