//! Calls that come in to take another's place (RFC 3891): a phone takes over what rings at a
//! colleague's, or what its user has begun at another.

use std::time::{Duration, Instant};

use call::{CallId, Event, LegId, LegState, Newcomer, TenantId};
use media::sdp::Description;
use sip::{Request, SessionId, Source};

use super::Switch;
use super::caller::Caller;
use super::live::{Leg, Role};
use super::printable::printable;

impl Switch {
    /// Puts the caller in the place of a leg, or refuses it.
    pub(super) fn handle_replacing(
        &mut self,
        now: Instant,
        (session, old): (SessionId, SessionId),
        (request, source): (&Request, Source),
        caller: &Caller,
        offer: Option<Box<Description>>,
    ) {
        let (call, leg) = match self.replaceable(old, caller) {
            Ok(found) => found,
            Err(status) => return self.endpoint.reject(now, session, status, &[]),
        };
        let agent = request
            .header_named("User-Agent")
            .map(|it| printable(&it.to_str()));
        self.with_call(now, call, |switch, live| {
            let id = live.call.next_leg();
            let mut newcomer = Leg::new(id, Role::Caller { offer });
            newcomer.sessions.push(session);
            newcomer.up = Some(session);
            newcomer.addresses = Some((source.local, source.remote));
            newcomer.user_agent = agent;
            live.legs.push(newcomer);
            if !switch.accept_leg(now, live, id) {
                live.legs.pop();
                return;
            }
            switch.sessions.insert(session, (call, id));
            let user = caller.user.clone();
            let name = user.as_deref().and_then(|user| {
                let account = switch.accounts.user(&caller.tenant, user)?;
                account.name.clone()
            });
            let newcomer = Newcomer {
                leg: id,
                target: None,
                number: user.clone(),
                user,
                name,
                trunk: None,
                invited: Duration::ZERO,
                answered: Duration::ZERO,
                is_held: false,
            };
            let joined = Event::Joined {
                newcomer,
                instead_of: Some(leg),
                by: None,
                beside: false,
            };
            live.call.handle_event(now, joined);
        });
    }

    /// The leg whose place this caller may take, or the status that refuses it: users take over their
    /// own calls, and what rings at a colleague who may dial what they may.
    fn replaceable(&self, old: SessionId, caller: &Caller) -> Result<(CallId, LegId), u16> {
        let (call, leg) = self.sessions.get(&old).copied().ok_or(481_u16)?;
        let live = self.calls.get(&call).ok_or(481_u16)?;
        if live.setup.tenant != caller.tenant {
            return Err(481);
        }
        let user = caller.user.as_deref().ok_or(403_u16)?;
        let legs = live.call.legs().iter();
        let known = legs
            .clone()
            .find(|known| known.id() == leg)
            .ok_or(481_u16)?;
        let owner = known.user().ok_or(403_u16)?;
        let may = owner == user
            || (known.state() != LegState::Up
                && self.may_take_for(&live.setup.tenant, user, owner));
        match may {
            false => Err(403),
            true if live.call.takes(Some(leg)) => Ok((call, leg)),
            true => Err(603),
        }
    }

    /// Whether a user may take the calls that ring at another, and so see what calls these are.
    pub(super) fn may_take_for(&self, tenant: &TenantId, user: &str, owner: &str) -> bool {
        let context = |user| {
            let account = self.accounts.user(tenant, user)?;
            Some(account.context.as_str())
        };
        context(user).is_some() && context(user) == context(owner)
    }
}
