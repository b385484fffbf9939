//! Transfers by the phones' own keys: REFER, blind and to a call that was made to ask first.

use std::time::Instant;

use call::desk::{Deed, Done, Order, Refused, allowed};
use call::{Call, CallId, Event, Leg, LegId, LegState, TenantId, TransferId, TransferNews};
use serde_json::json;
use sip::{
    Host, Method, ReferTo, Replaces, Request, Scheme, SessionId, Source, SubscriptionId, Uri,
};
use tokio::sync::oneshot;
use web::TransferWanted;

use super::Switch;
use super::joining::Place;
use super::live::Live;
use super::printable::printable;
use crate::log::Masked;

/// Who asks for a transfer, and how that is to be answered.
struct Asking {
    refer: SubscriptionId,
    call: CallId,
    leg: LegId,
    user: String,
    /// Where that user may look numbers up.
    context: String,
}

/// Who has asked for a transfer, and is told how it goes.
#[derive(Debug)]
pub(super) enum Referral {
    /// A phone, by REFER: to its end.
    Phone(SubscriptionId),
    /// Whoever has ordered it for a user: whether it is tried.
    Order(oneshot::Sender<Result<(), Refused>>),
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
        let Some(asking) = self.out_of_room(now, asking, session) else {
            return self.endpoint.refuse_refer(now, refer, 603, &[]);
        };
        match to.replaces() {
            Ok(Some(replaces)) => self.refer_to_call(now, asking, &replaces),
            _ if !self.is_our_address(&to.uri(), request, session) => {
                tracing::info!(
                    call = %asking.call, by = asking.user,
                    "a phone transfers its call to another host; refused"
                );
                let warning = ("Warning".to_owned(), ELSEWHERE.to_owned());
                self.endpoint.refuse_refer(now, refer, 403, &[warning]);
            }
            _ => {
                let number = to.uri().user_unescaped();
                let number = number.map(|user| printable(&user.to_string()));
                self.refer_to_number(now, asking, number.unwrap_or_default());
            }
        }
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
        let account = self.accounts.user(&live.setup.tenant, &user)?;
        Some(Asking {
            refer,
            call,
            leg,
            context: account.context.clone(),
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
    fn refer_to_number(&mut self, now: Instant, asking: Asking, to: String) {
        let Asking {
            refer,
            call,
            leg,
            user: by,
            context,
        } = asking;
        tracing::info!(%call, by, to = %Masked(to.as_str()), "a phone transfers its call");
        let transfer = TransferId(self.next_key());
        self.referrals.insert(transfer, Referral::Phone(refer));
        let event = Event::Referred {
            transfer,
            leg,
            by,
            to,
            context,
        };
        self.with_machine(now, call, |machine| machine.handle_event(now, event));
    }

    /// A transfer to whom the transferor has called (or been called by) itself.
    fn refer_to_call(&mut self, now: Instant, asking: Asking, replaces: &Replaces) {
        let found = self.endpoint.session_of(replaces);
        let other = found.and_then(|session| self.sessions.get(&session).copied());
        let Some((other, other_leg)) = other else {
            // A 481 to the REFER itself would say that the call it came in is not there.
            self.endpoint.accept_refer(now, asking.refer);
            return self.endpoint.report_refer(now, asking.refer, 481);
        };
        let (Some(ours), Some(theirs)) = (self.calls.get(&asking.call), self.calls.get(&other))
        else {
            return self.endpoint.refuse_refer(now, asking.refer, 603, &[]);
        };
        let is_own = user_of(&theirs.call, other_leg) == Some(asking.user.as_str());
        if ours.setup.tenant != theirs.setup.tenant || !is_own {
            return self.endpoint.refuse_refer(now, asking.refer, 403, &[]);
        }
        let talks = |live: &Live, leg| live.call.pair().is_some_and(|pair| pair.contains(&leg));
        let dialled = |live: &Live| live.call.setup().to.clone();
        match (talks(ours, asking.leg), talks(theirs, other_leg)) {
            _ if asking.call == other => self.endpoint.refuse_refer(now, asking.refer, 603, &[]),
            (true, true) => self.join_calls(now, asking, (other, other_leg)),
            // Nobody to talk with has come yet, or nobody will: whom it rang there is rung for the
            // other party.
            (true, false) if other_leg == LegId::CALLER => {
                let to = dialled(theirs);
                self.promise_place(other, asking.call);
                self.give_up_asking(now, other, asking.call);
                self.refer_to_number(now, asking, to);
            }
            (false, true) if asking.leg == LegId::CALLER => {
                let to = dialled(ours);
                self.promise_place(asking.call, other);
                let turned = Asking {
                    call: other,
                    leg: other_leg,
                    ..asking
                };
                self.give_up_asking(now, asking.call, other);
                self.refer_to_number(now, turned, to);
            }
            // Whose call only rings here is somebody else's, who has not been asked.
            _ => self.endpoint.refuse_refer(now, asking.refer, 603, &[]),
        }
    }

    /// A call that was made to ask first is not needed any more.
    pub(super) fn give_up_asking(&mut self, now: Instant, call: CallId, to: CallId) {
        let event = Event::Moved { leg: None, to };
        self.with_machine(now, call, |machine| machine.handle_event(now, event));
    }

    /// Both calls stand: the two who are left talk with each other, and the transferor is out of
    /// both.
    fn join_calls(&mut self, now: Instant, asking: Asking, other: (CallId, LegId)) {
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
    }

    /// Whether one call is rather the contact's than another: somebody who is no user is in it, or
    /// else it is the older.
    pub(super) fn is_the_contact(&self, one: CallId, other: CallId) -> bool {
        let rank = |call: CallId| {
            let live = self.calls.get(&call)?;
            let is_customer = |leg: &Leg| leg.user().is_none() && leg.state() == LegState::Up;
            let has_customer = live.call.legs().iter().any(is_customer);
            Some((!has_customer, live.setup.started_at))
        };
        rank(one) < rank(other)
    }

    /// Puts through whom a user talks with in this call, as that user's phone would: the command `transfer` about a call
    /// that is named.
    pub(super) fn transfer_named(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        call: CallId,
        wanted: TransferWanted,
    ) -> Result<(), Refused> {
        let TransferWanted { who, by, to } = wanted;
        let order = Order {
            by: who,
            user: by,
            deed: Deed::Transfer { to: to.clone() },
        };
        let done = allowed(&order, |user| self.person(tenant, user))
            .and_then(|()| self.leg_in(tenant, call, &order.user))
            .and_then(|leg| self.transfer_in_name_of(now, (call, leg), &order.user, &to))
            .map(|()| Done {
                agent: None,
                call: Some(call),
            });
        self.note_order(tenant, &order, &done);
        done.map(|_| ())
    }

    /// A user's leg in a call that goes on.
    fn leg_in(&self, tenant: &TenantId, call: CallId, user: &str) -> Result<LegId, Refused> {
        let live = self.calls.get(&call);
        let live = live.filter(|it| it.setup.tenant == *tenant && it.ended.is_none());
        let mut legs = live.ok_or_else(is_over)?.call.legs().iter();
        let leg = legs.find(|leg| leg.user() == Some(user) && leg.state() == LegState::Up);
        leg.map(Leg::id).ok_or_else(|| {
            let sentence = format!("{user} does not talk in this call: name who does");
            Refused::new("not_in_call", sentence)
        })
    }

    /// Tells a phone how its transfer goes.
    pub(super) fn tell_transfer(&mut self, now: Instant, transfer: TransferId, news: TransferNews) {
        let refer = match self.referrals.get(&transfer) {
            Some(Referral::Phone(refer)) => *refer,
            Some(Referral::Order(_)) => return self.tell_order(transfer, news),
            None => return,
        };
        match news {
            TransferNews::Accepted => self.endpoint.accept_refer(now, refer),
            TransferNews::Ringing => self.endpoint.report_refer(now, refer, 180),
            TransferNews::Refused(cause) => {
                self.endpoint
                    .refuse_refer(now, refer, cause.sip_status(), &[]);
            }
            TransferNews::Done => self.endpoint.report_refer(now, refer, 200),
            TransferNews::Failed(cause) => {
                self.endpoint.report_refer(now, refer, cause.sip_status());
            }
        }
        if !matches!(news, TransferNews::Accepted | TransferNews::Ringing) {
            self.referrals.remove(&transfer);
        }
    }

    /// Nobody wants to hear of a transfer any more; it goes on.
    pub(super) fn forget_referral(&mut self, refer: SubscriptionId) {
        self.referrals
            .retain(|_, known| !matches!(known, Referral::Phone(phone) if *phone == refer));
    }

    fn tell_order(&mut self, transfer: TransferId, news: TransferNews) {
        let Some(Referral::Order(answer)) = self.referrals.remove(&transfer) else {
            return;
        };
        let tried = match news {
            TransferNews::Refused(_) => {
                let sentence = "they talk with nobody in this call who could be put through now";
                Err(Refused::new("nobody_to_transfer", sentence))
            }
            _ => Ok(()),
        };
        // Who has asked may be gone.
        let _ = answer.send(tried);
    }

    /// Tells scripts that a transfer has come about.
    pub(super) fn tell_transferred(
        &self,
        live: &Live,
        by: String,
        to: String,
        attended: bool,
        queue: Option<String>,
    ) {
        tracing::info!(by, to = %Masked(to.as_str()), attended, "transferred");
        let about = json!({
            "id": live.setup.id.to_string(),
            "from": live.setup.from,
            "by": by,
            "to": to,
            "attended": attended,
            "queue": queue,
        });
        (self.parts.scripts).event(&live.setup.tenant, "call.transferred", about);
    }
}

/// The user on a leg, if one is.
pub(super) fn user_of(call: &Call, leg: LegId) -> Option<&str> {
    call.legs().iter().find(|known| known.id() == leg)?.user()
}

/// What a phone may show of a transfer that is refused.
const ELSEWHERE: &str = "399 moonswitch \"only numbers of this exchange can be transferred to\"";

/// The call that is named does not go on.
pub(super) fn is_over() -> Refused {
    Refused::new("call_is_over", "this call is over")
}
