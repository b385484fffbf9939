//! Transfers by phones' own keys: REFER (RFC 3515), to a number or into a call that was made to ask first (Replaces,
//! RFC 3891). They are the commands `transfer` and `complete` of whoever's phone it is: with the same check, and told of
//! as by any other way.

use std::time::Instant;

use call::desk::{By, Deed, Done, Order, Refused, allowed};
use call::{CallId, Event, LegId, TenantId};
use sip::{
    Host, Method, ReferTo, Replaces, Request, Scheme, SessionId, Source, SubscriptionId, Uri,
};

use super::Switch;
use super::joining::Place;
use super::live::Live;
use super::printable::printable;
use super::transfers::{is_over, nobody_to_transfer, user_of};

/// Who asks for a transfer, and how that is to be answered.
struct Asking {
    refer: SubscriptionId,
    tenant: TenantId,
    call: CallId,
    leg: LegId,
    user: String,
}

/// Where whom they talk with is to go.
enum Goal {
    Number(String),
    /// To whom they have asked in this call.
    Call(Replaces),
    /// To a number of another host.
    Elsewhere(String),
}

impl Goal {
    fn deed(&self) -> Deed {
        match self {
            Self::Number(to) | Self::Elsewhere(to) => Deed::Transfer { to: to.clone() },
            Self::Call(_) => Deed::Complete {},
        }
    }
}

impl Switch {
    /// A phone asks that whom it talks with be put through to somebody else.
    pub(super) fn handle_referred(
        &mut self,
        now: Instant,
        refer: SubscriptionId,
        session: Option<SessionId>,
        to: &ReferTo,
        (request, source): (&Request, Source),
    ) {
        let Some(session) = session else {
            // Nobody is called for others out of nothing; strangers are asked who they are.
            let (status, headers) = match self.identify(now, request, source) {
                Err(refused) => refused,
                Ok(_) => (603, Vec::new()),
            };
            return self.endpoint.refuse_refer(now, refer, status, &headers);
        };
        let Some(asking) = self.asking(refer, session) else {
            tracing::warn!(
                target: "security", event = "foreign_refer", source = %source.ip(),
                "only users transfer calls"
            );
            return self.endpoint.refuse_refer(now, refer, 403, &[]);
        };
        if to.method().is_some_and(|method| method != Method::Invite) {
            return self.endpoint.refuse_refer(now, refer, 603, &[]);
        }
        let goal = self.goal(to, request, session);
        let tenant = asking.tenant.clone();
        let order = Order {
            by: By::User(asking.user.clone()),
            user: asking.user.clone(),
            deed: match &goal {
                Goal::Number(to) => self.deed_of_transfer(&tenant, to),
                _ => goal.deed(),
            },
        };
        let done = match allowed(&order, |user| self.person(&tenant, user)) {
            Ok(()) => self.refer(now, asking, session, goal),
            Err(refused) => self.turn_down(now, refer, 403, refused),
        };
        let done = done.map(|call| Done {
            agent: None,
            call: Some(call),
        });
        self.note_order(&tenant, &order, &done);
    }

    /// What a transfer to a number is at a desk: to the tenant's parking number it parks, to its survey it asks.
    pub(super) fn deed_of_transfer(&self, tenant: &TenantId, to: &str) -> Deed {
        match self.tenants.get(&*tenant.0) {
            Some(settings) if settings.park == to => Deed::Park {},
            Some(settings) if settings.survey == to => Deed::Survey {},
            _ => Deed::Transfer { to: to.to_owned() },
        }
    }

    fn goal(&self, to: &ReferTo, request: &Request, session: SessionId) -> Goal {
        if let Ok(Some(replaces)) = to.replaces() {
            return Goal::Call(replaces);
        }
        let number = to.uri().user_unescaped();
        let number = number.map(|user| printable(&user.to_string()));
        let number = number.unwrap_or_default();
        match self.is_our_address(&to.uri(), request, session) {
            true => Goal::Number(number),
            false => Goal::Elsewhere(number),
        }
    }

    /// Tries it, and answers the phone; the call in which the other party is then.
    fn refer(
        &mut self,
        now: Instant,
        asking: Asking,
        session: SessionId,
        goal: Goal,
    ) -> Result<CallId, Refused> {
        let refer = asking.refer;
        let Some(asking) = self.out_of_room(now, asking, session) else {
            return self.turn_down(now, refer, 603, nobody_to_transfer());
        };
        match goal {
            Goal::Number(number) => self.refer_to_number(now, &asking, &number),
            Goal::Call(replaces) => self.refer_to_call(now, asking, &replaces),
            Goal::Elsewhere(_) => {
                tracing::info!(
                    call = %asking.call, by = asking.user,
                    "a phone transfers its call to another host; refused"
                );
                let warning = format!("399 moonswitch \"{ELSEWHERE}\"");
                let warning = ("Warning".to_owned(), warning);
                self.endpoint.refuse_refer(now, refer, 403, &[warning]);
                Err(Refused::new("not_allowed", ELSEWHERE))
            }
        }
    }

    /// It is not tried.
    fn turn_down(
        &mut self,
        now: Instant,
        refer: SubscriptionId,
        status: u16,
        refused: Refused,
    ) -> Result<CallId, Refused> {
        self.endpoint.refuse_refer(now, refer, status, &[]);
        Err(refused)
    }

    /// Whether a number is meant to be dialled here. What has another host is somebody else's, even if
    /// a user here has the same name. Phones know us by the domain or the address that they were set
    /// up with, which stands in their own From or To, and by the one that we show them.
    fn is_our_address(&self, uri: &Uri, request: &Request, session: SessionId) -> bool {
        let Some(host) = uri.host().filter(|_| uri.scheme() != Scheme::Tel) else {
            return uri.scheme() == Scheme::Tel;
        };
        let place = self.sessions.get(&session);
        let Some(live) = place.and_then(|(call, _)| self.calls.get(call)) else {
            return false;
        };
        let said = [request.from(), request.to()];
        let own = |name: &sip::NameAddr| name.uri().ok()?.host().cloned();
        if said
            .into_iter()
            .flatten()
            .any(|name| own(&name).as_ref() == Some(host))
        {
            return true;
        }
        let domain = Host::parse(&live.tenant.domain.as_str().into());
        if domain.as_ref() == Some(host) {
            return true;
        }
        let Some(ip) = host.ip().map(|ip| ip.to_canonical()) else {
            return false;
        };
        let leg = place.and_then(|(_, leg)| live.legs.iter().find(|known| known.id == *leg));
        let near = leg.and_then(|leg| leg.addresses);
        let shown = near.map(|(near, far)| self.shown_address(near.ip(), far));
        let listening = self.parts.signalling.listening().iter();
        self.parts.config.sip.external == Some(ip)
            || near.is_some_and(|(near, _)| near.ip().to_canonical() == ip)
            || shown.is_some_and(|shown| shown.to_canonical() == ip)
            || listening
                .into_iter()
                .any(|(_, own)| own.ip().to_canonical() == ip)
    }

    /// The user whose leg it is: with a user's rights calls are transferred, not with the exchange's.
    fn asking(&self, refer: SubscriptionId, session: SessionId) -> Option<Asking> {
        let (call, leg) = self.sessions.get(&session).copied()?;
        let live = self.calls.get(&call)?;
        let user = user_of(&live.call, leg)?.to_owned();
        let tenant = live.setup.tenant.clone();
        self.accounts.user(&tenant, &user)?;
        Some(Asking {
            refer,
            tenant,
            call,
            leg,
            user,
        })
    }

    /// Two who are left in a room become one call before one of them transfers it.
    fn out_of_room(&mut self, now: Instant, asking: Asking, session: SessionId) -> Option<Asking> {
        let Some(mate) = self.room_mate(asking.call) else {
            return Some(asking);
        };
        let (stays, goes) = match self.is_the_contact(mate, asking.call) {
            true => (mate, asking.call),
            false => (asking.call, mate),
        };
        let leg = self.calls.get(&goes)?.call.front();
        self.move_leg(now, (goes, leg), stays, Place::Nobodys, None);
        self.asking(asking.refer, session)
    }

    /// A blind transfer: the other party goes through the dialplan.
    fn refer_to_number(
        &mut self,
        now: Instant,
        asking: &Asking,
        to: &str,
    ) -> Result<CallId, Refused> {
        let Asking {
            refer,
            call,
            leg,
            user,
            ..
        } = asking;
        match self.transfer_in_name_of(now, (*call, *leg), user, to, Some(*refer)) {
            Ok(()) => Ok(*call),
            // Where the call has refused it, the phone has heard so already.
            Err(refused) => self.turn_down(now, *refer, 603, refused),
        }
    }

    /// A transfer to whom the transferor has called (or been called by) itself.
    fn refer_to_call(
        &mut self,
        now: Instant,
        asking: Asking,
        replaces: &Replaces,
    ) -> Result<CallId, Refused> {
        let refer = asking.refer;
        let found = self.endpoint.session_of(replaces);
        let other = found.and_then(|session| self.sessions.get(&session).copied());
        let Some((other, other_leg)) = other else {
            // A 481 to the REFER itself would say that the call it came in is not there.
            self.endpoint.accept_refer(now, refer);
            self.endpoint.report_refer(now, refer, 481);
            return Err(is_over());
        };
        let (Some(ours), Some(theirs)) = (self.calls.get(&asking.call), self.calls.get(&other))
        else {
            return self.turn_down(now, refer, 603, is_over());
        };
        let is_own = user_of(&theirs.call, other_leg) == Some(asking.user.as_str());
        if ours.setup.tenant != theirs.setup.tenant || !is_own {
            let sentence = "a transfer names another call of the same user";
            let refused = Refused::new("not_allowed", sentence);
            return self.turn_down(now, refer, 403, refused);
        }
        let talks = |live: &Live, leg| live.call.pair().is_some_and(|pair| pair.contains(&leg));
        let dialled = |live: &Live| live.call.setup().to.clone();
        let begun = [ours, theirs].map(|live| (live.id(), live.setup.started_at));
        let done = match (talks(ours, asking.leg), talks(theirs, other_leg)) {
            _ if asking.call == other => self.turn_down(now, refer, 603, nobody_to_transfer()),
            (true, true) => self.join_calls(now, &asking, (other, other_leg)),
            // Nobody to talk with has come yet, or nobody will: whom it rang there is rung for the
            // other party.
            (true, false) if other_leg == LegId::CALLER => {
                let to = dialled(theirs);
                self.promise_place(other, asking.call);
                self.give_up_asking(now, other, asking.call);
                self.refer_to_number(now, &asking, &to)
            }
            (false, true) if asking.leg == LegId::CALLER => {
                let to = dialled(ours);
                self.promise_place(asking.call, other);
                let given_up = asking.call;
                let turned = Asking {
                    call: other,
                    leg: other_leg,
                    ..asking
                };
                self.give_up_asking(now, given_up, other);
                self.refer_to_number(now, &turned, &to)
            }
            // Whose call only rings here is somebody else's, who has not been asked.
            _ => self.turn_down(now, refer, 603, nobody_to_transfer()),
        };
        let call = done?;
        // The other one was made to ask first.
        if let Some((_, since)) = begun.into_iter().find(|(other, _)| *other != call) {
            let event = Event::Consulted { since };
            self.with_machine(now, call, |machine| machine.handle_event(now, event));
        }
        Ok(call)
    }

    /// Both calls stand: the two who are left talk with each other, and the transferor is out of
    /// both.
    fn join_calls(
        &mut self,
        now: Instant,
        asking: &Asking,
        other: (CallId, LegId),
    ) -> Result<CallId, Refused> {
        let one = (asking.call, asking.leg);
        // The contact is the customer's call; the other one was made for its sake.
        let (stays, goes) = match self.is_the_contact(other.0, one.0) {
            true => (other, one),
            false => (one, other),
        };
        let party = self.calls.get(&goes.0).and_then(|live| {
            let pair = live.call.pair()?;
            pair.into_iter().find(|leg| *leg != goes.1)
        });
        self.endpoint.accept_refer(now, asking.refer);
        let joined = party.is_some_and(|party| {
            let by = Some(asking.user.clone());
            self.move_leg(now, (goes.0, party), stays.0, Place::Of(stays.1), by)
        });
        let status = if joined { 200 } else { 503 };
        self.endpoint.report_refer(now, asking.refer, status);
        match joined {
            true => Ok(stays.0),
            false => Err(Refused::new("failed", "the two could not be connected")),
        }
    }
}

/// What a phone may show of a transfer that is refused, too.
const ELSEWHERE: &str = "only numbers of this exchange can be transferred to";
