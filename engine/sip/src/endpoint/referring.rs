//! Transfers, both ways, in calls and outside: REFER and its news (RFC 3515, RFC 4488), and calls
//! that take the place of others (RFC 3891).

use std::time::Instant;

use super::Endpoint;
use super::config::Outside;
use super::errand::{begin, contact};
use super::event::{Event, SessionId};
use super::receive::Door;
use crate::header::EventPackage;
use crate::session::transfer::{REFER_LASTS, without_news};
use crate::subscription::notifier::Kind;
use crate::subscription::referrer::Referrer;
use crate::subscription::standalone::Subscription;
use crate::subscription::{Notice, SubscriptionId};
use crate::transaction::key::Key;
use crate::transaction::table::Owner;
use crate::{Method, Name, NameAddr, ReferTo, Replaces, Request};

impl Endpoint {
    /// Agrees to a transfer, after [`Event::Referred`]: 202, and the news that it is tried. Say with
    /// [`report_refer`](Self::report_refer) how it goes.
    pub fn accept_refer(&mut self, now: Instant, refer: SubscriptionId) {
        self.with_notifier(now, refer, |notifier, line| {
            notifier.accept(line, Notice::default());
        });
    }

    /// Refuses a transfer, 300 to 699; what was goes on.
    pub fn refuse_refer(
        &mut self,
        now: Instant,
        refer: SubscriptionId,
        status: u16,
        headers: &[(String, String)],
    ) {
        self.with_notifier(now, refer, |notifier, line| {
            notifier.refuse(line, status, headers);
        });
    }

    /// Tells how a transfer goes: the status that the called party gave last. A final one is the end
    /// of it. Those who want no news get none.
    pub fn report_refer(&mut self, now: Instant, refer: SubscriptionId, status: u16) {
        self.with_notifier(now, refer, |notifier, line| notifier.report(line, status));
    }

    /// Asks the far end of a call to call somebody else, or to take another call's place.
    /// Ends in [`Event::ReferEnded`]; without `wants_news` as soon as the far end agrees. `None` when
    /// the call does not stand.
    pub fn refer(
        &mut self,
        now: Instant,
        session: SessionId,
        to: &ReferTo,
        referred_by: Option<&NameAddr>,
        wants_news: bool,
    ) -> Option<SubscriptionId> {
        let mut begun = None;
        self.with(now, session, |session, wire| {
            begun = session.refer(now, wire, to, referred_by, wants_news);
        });
        begun
    }

    /// Asks somebody outside of calls to call somebody else. Ends in [`Event::ReferEnded`].
    pub fn refer_outside(
        &mut self,
        now: Instant,
        whom: Outside,
        to: &ReferTo,
        wants_news: bool,
    ) -> SubscriptionId {
        let contact = contact(&self.wire, &whom);
        let (request, errand) = begin(&mut self.wire, whom, Method::Refer);
        let mut request = request
            .header(Name::Contact, contact)
            .header(Name::ReferTo, to);
        if !wants_news {
            request = without_news(request);
        }
        let id = self.wire.next_subscription(None);
        let owner = Owner::Subscription(id);
        let (key, request) = self.wire.send(now, owner, request, errand.hop());
        let tag = request.from().ok().and_then(|from| from.tag());
        let tag = tag.unwrap_or_default();
        let dialog = self.wire.dialog_key(&request.call_id(), tag.as_bytes());
        let referrer = Referrer::new(id, key, request, wants_news);
        let subscription = Subscription::refer(id, dialog, referrer, errand);
        self.subscriptions.insert(subscription, None);
        self.subscriptions.settle(now, id);
        id
    }

    /// The call that a Replaces means, of a REFER for example, if it is one of ours.
    pub fn session_of(&self, replaces: &Replaces) -> Option<SessionId> {
        let key = (self.wire).dialog_key(&replaces.call_id, replaces.to_tag.as_bytes());
        let id = *self.dialogs.get(&key)?;
        let session = self.sessions.get(&id)?;
        session.is_with(&replaces.from_tag).then_some(id)
    }

    /// What a Replaces has to say so that it means this call: what [`session_of`](Self::session_of)
    /// finds it by. `None` while its far end has not been heard of.
    pub fn name_of(&self, session: SessionId) -> Option<Replaces> {
        self.sessions.get(&session)?.name()
    }

    /// The call that an INVITE is to take the place of, or the status that refuses it (RFC 3891 §3).
    pub(super) fn replaced(&self, invite: &Request) -> Result<Option<SessionId>, u16> {
        if !self.wire.config.replaces {
            return Ok(None);
        }
        let Some(replaces) = invite.replaces().map_err(|fault| fault.status())? else {
            return Ok(None);
        };
        if let Some(id) = self.aliases.session_of(&self.wire, &replaces) {
            return Ok(Some(id));
        }
        let id = self.session_of(&replaces).ok_or(481_u16)?;
        let session = self.sessions.get(&id).ok_or(481_u16)?;
        session.replaceable(replaces.early_only)?;
        Ok(Some(id))
    }

    /// A REFER outside of dialogs.
    pub(super) fn handle_refer(
        &mut self,
        now: Instant,
        door: &Door,
        request: &Request,
        merge: Key,
    ) {
        let to = match request.refer_to() {
            Err(fault) => return self.refuse_with(door, request, fault.status()),
            Ok(to) if to.replaces().is_err() => return self.refuse_with(door, request, 400),
            Ok(to) => to,
        };
        let kind = Kind::Refer {
            wants_news: !request.refuses_refer_news(),
            latest: 100,
        };
        let asked = (door.key, request, REFER_LASTS);
        let event = EventPackage::of("refer");
        let begun = Subscription::asked(now, &mut self.wire, kind, event, asked, door.source);
        match begun {
            Err(fault) => self.refuse_with(door, request, fault.status()),
            Ok(subscription) => {
                let refer = subscription.id();
                self.begin_subscription(now, door, subscription, None, merge);
                self.wire.event(Event::Referred {
                    refer,
                    session: None,
                    to: Box::new(to),
                    request: request.clone(),
                    source: door.source,
                });
            }
        }
    }
}
