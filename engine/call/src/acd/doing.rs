//! What an agent does in one call, read from its legs: the one place where that is decided.

use super::State;
use crate::leg::Hearing;
use crate::{Call, Leg, LegId, LegState, Mode};

/// What an agent does in one call.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Doing {
    /// Nothing that shows: the phone rings for somebody else's call, a menu is heard. Where no more
    /// is known than that the leg is up, they talk.
    #[default]
    Plain,
    /// Their own phone rings first.
    Dials,
    /// The far end is called.
    Calls,
    /// They talk with a customer.
    Talks,
    /// They have put the other one on hold.
    Holds,
    /// Somebody waits while they call or talk with somebody else.
    Consults,
    /// Three or more talk.
    Confers,
    /// They talk with colleagues, and no customer is there.
    Internal,
    /// They listen to a colleague, or speak to the colleague alone.
    Monitors,
    /// They take part in a colleague's call.
    Barges,
}

impl Doing {
    /// What the legs of a call say of the one who is on this leg.
    pub(super) fn of(call: &Call, leg: &Leg) -> Self {
        let others = || {
            let legs = call.legs().iter();
            legs.filter(|it| it.id() != leg.id() && it.state() != LegState::Gone && !it.is_offer())
        };
        let rings = || others().any(|it| it.state() != LegState::Up);
        if leg.state() != LegState::Up {
            return match leg.target() {
                _ if call.rings_first(leg.id()) => Self::Dials,
                None if rings() => Self::Calls,
                _ => Self::Plain,
            };
        }
        let up = || others().filter(|it| it.state() == LegState::Up);
        let with = |customer: bool| match customer {
            true => Self::Talks,
            false => Self::Internal,
        };
        match call.supervises(leg.id()) {
            Some(Mode::Barge) => return Self::Barges,
            Some(Mode::Listen | Mode::Whisper) => return Self::Monitors,
            None => {}
        }
        let company = call.company();
        match leg.hearing {
            Hearing::Trio => return Self::Confers,
            Hearing::Room if company.len() > 1 => return Self::Confers,
            _ if leg.is_held() && (up().next().is_some() || !company.is_empty()) => {
                return Self::Holds;
            }
            _ if !company.is_empty() => {
                return with(company.iter().any(|guest| guest.user.is_none()));
            }
            _ => {}
        }
        if let Some(other) = leg.talks_with() {
            let waits = |it: &Leg| it.id() != other && it.hearing == Hearing::Music;
            return match up().any(waits) {
                true => Self::Consults,
                false => with(up().any(is_customer)),
            };
        }
        match (up().next().is_some(), rings()) {
            (true, true) if !call.transfers(leg.id()) => Self::Consults,
            (true, _) => with(up().any(is_customer)),
            (false, true) => Self::Calls,
            (false, false) if leg.id() == LegId::CALLER && call.is_being_put_through() => {
                Self::Calls
            }
            (false, false) => Self::Plain,
        }
    }

    /// The state that it is; `None` where nothing shows. `customer` says whether the other side of
    /// a plain conversation is one.
    pub(super) fn state(self, talks: bool, customer: bool) -> Option<State> {
        Some(match self {
            Self::Plain if talks && customer => State::Talking,
            Self::Plain if talks => State::Internal,
            Self::Plain => return None,
            Self::Dials => State::Dialling,
            Self::Calls => State::Calling,
            Self::Talks => State::Talking,
            Self::Holds => State::Holding,
            Self::Consults => State::Consulting,
            Self::Confers => State::Conference,
            Self::Internal => State::Internal,
            Self::Monitors => State::Monitoring,
            Self::Barges => State::Barging,
        })
    }
}

/// Of what an agent does in several calls at once, what shows: a call that is held beside another
/// is a consultation, and otherwise what is done with most people goes before what is done with
/// few.
pub(super) fn shown(calls: impl Iterator<Item = State>) -> Option<State> {
    let (mut shown, mut held, mut others) = (None, false, false);
    for state in calls {
        held |= state == State::Holding;
        others |= state != State::Holding;
        if shown.is_none_or(|before| rank(state) > rank(before)) {
            shown = Some(state);
        }
    }
    match shown {
        Some(State::Talking | State::Internal | State::Calling) if held && others => {
            Some(State::Consulting)
        }
        shown => shown,
    }
}

fn rank(state: State) -> u8 {
    match state {
        State::Barging => 9,
        State::Monitoring => 8,
        State::Conference => 7,
        State::Consulting => 6,
        State::Talking => 5,
        State::Internal => 4,
        State::Calling => 3,
        State::Dialling => 2,
        State::Holding => 1,
        State::LoggedOut | State::Busy(_) | State::Idle | State::Offered | State::WrapUp => 0,
    }
}

fn is_customer(leg: &Leg) -> bool {
    leg.user().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(states: &[State]) -> Option<State> {
        shown(states.iter().copied())
    }

    #[test]
    fn a_held_call_beside_another_is_a_consultation_and_alone_it_is_on_hold() {
        for other in [State::Calling, State::Internal, State::Talking] {
            assert_eq!(of(&[State::Holding, other]), Some(State::Consulting));
            assert_eq!(of(&[other, State::Holding]), Some(State::Consulting));
            assert_eq!(of(&[other]), Some(other));
        }
        assert_eq!(of(&[State::Holding]), Some(State::Holding));
        let both = of(&[State::Holding, State::Holding]);
        assert_eq!(both, Some(State::Holding));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_conference_shows_whatever_is_held_beside_it() {
        let both = of(&[State::Holding, State::Conference]);

        assert_eq!(both, Some(State::Conference));
    }
}
