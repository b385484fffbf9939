//! Transfers within a call's dialog: REFER both ways, with the subscriptions that they bring. These
//! live on in the dialog when the call is over (RFC 5057). Also who may take the call's place.

use std::time::{Duration, Instant};

use super::{Phase, Session};
use crate::endpoint::event::Event;
use crate::endpoint::wire::{Hop, Wire};
use crate::header::EventPackage;
use crate::subscription::notifier::{Kind, Notifier};
use crate::subscription::referrer::Referrer;
use crate::subscription::{Line, SubscriptionId};
use crate::transaction::key::Key;
use crate::transaction::table::Owner;
use crate::transport::Source;
use crate::{Method, Name, NameAddr, ReferTo, Replaces, Request, RequestBuilder, Response, Text};

/// What uses a call's dialog beside the call.
#[derive(Debug, Default)]
pub(crate) struct Transfers {
    /// Those that the far end asked for.
    theirs: Vec<Notifier>,
    /// Those that we asked for.
    ours: Vec<Referrer>,
    /// Whether the far end has asked for one before, so that the next ones need names.
    were_asked: bool,
}

impl Transfers {
    pub(super) fn is_empty(&self) -> bool {
        self.theirs.is_empty() && self.ours.is_empty()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let theirs = self.theirs.iter().filter_map(Notifier::poll_timeout);
        let ours = self.ours.iter().filter_map(Referrer::poll_timeout);
        theirs.chain(ours).min()
    }

    fn sweep(&mut self) {
        self.theirs.retain(|notifier| !notifier.is_gone());
        self.ours.retain(|referrer| !referrer.is_gone());
    }
}

impl Session {
    /// Whether the far end of one of its dialogs has this tag; `0` is none, from RFC 2543.
    pub(crate) fn is_with(&self, tag: &Text) -> bool {
        self.parties.iter().any(|party| {
            let is_none = *tag == *"0" && party.dialog.is_remote_tag(None);
            is_none || party.dialog.is_remote_tag(Some(tag))
        })
    }

    /// What a Replaces names it by.
    pub(crate) fn name(&self) -> Option<Replaces> {
        let dialog = self.dialog()?;
        Some(Replaces {
            call_id: dialog.call_id().clone(),
            to_tag: dialog.local_tag()?,
            from_tag: dialog.remote_tag()?,
            early_only: false,
        })
    }

    /// Whether it is a call of ours that nobody has answered yet.
    pub(crate) fn rings_elsewhere(&self) -> bool {
        !self.is_over && matches!(self.phase, Phase::Calling(_))
    }

    /// Whether another call may take its place; else the status that says why not (RFC 3891 §3).
    pub(crate) fn replaceable(&self, early_only: bool) -> Result<(), u16> {
        match &self.phase {
            _ if self.is_over => Err(603),
            Phase::Established | Phase::Answering { .. } if early_only => Err(486),
            Phase::Established | Phase::Answering { .. } | Phase::Calling(_) => Ok(()),
            // Only who has made an early dialog may end it so.
            Phase::Ringing(_) => Err(481),
            Phase::Parting { .. } | Phase::Leaving { .. } | Phase::Gone => Err(603),
        }
    }

    /// Sends a REFER.
    pub(crate) fn refer(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        to: &ReferTo,
        referred_by: Option<&NameAddr>,
        wants_news: bool,
    ) -> Option<SubscriptionId> {
        let stands = matches!(self.phase, Phase::Established) && !self.is_over;
        if !stands || self.transfers.ours.len() >= MOST_TRANSFERS {
            return None;
        }
        let session = self.identity.id;
        let party = self.parties.get_mut(self.active)?;
        let mut request = (party.dialog.request(Method::Refer))
            .header(Name::MaxForwards, "70")
            .header(Name::Contact, party.dialog.contact())
            .header(Name::ReferTo, to);
        if let Some(referred_by) = referred_by {
            request = request.header(Name::ReferredBy, referred_by);
        }
        if !wants_news {
            request = without_news(request);
        }
        let hop = Hop::from(&party.dialog.peer);
        let (key, request) = wire.send(now, Owner::Session(session), request, hop);
        let id = wire.next_subscription(Some(session));
        let referrer = Referrer::new(id, key, request, wants_news);
        self.transfers.ours.push(referrer);
        Some(id)
    }

    /// Does something as the notifier of a transfer, if it is still there.
    pub(crate) fn with_notifier(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        id: SubscriptionId,
        act: impl FnOnce(&mut Notifier, &mut Line<'_>),
    ) {
        let at = (self.transfers.theirs.iter()).position(|notifier| notifier.id() == id);
        self.with_notifier_at(now, wire, at, act);
    }

    /// The far end asks us to call somebody.
    pub(super) fn handle_refer(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
        source: Source,
    ) {
        if !wire.serves(&Method::Refer) {
            return wire.refuse(now, key, request, 603);
        }
        let Phase::Established = self.phase else {
            return wire.refuse(now, key, request, 491);
        };
        if self.transfers.theirs.len() >= MOST_TRANSFERS {
            return wire.refuse(now, key, request, 503);
        }
        let to = match request.refer_to() {
            Err(fault) => return wire.refuse(now, key, request, fault.status()),
            Ok(to) if to.replaces().is_err() => return wire.refuse(now, key, request, 400),
            Ok(to) => to,
        };
        let session = self.identity.id;
        let refer = wire.next_subscription(Some(session));
        let number = request.cseq().map_or(0, |cseq| cseq.number);
        let id = (self.transfers.were_asked).then(|| Text::from(number.to_string()));
        self.transfers.were_asked = true;
        let event = EventPackage {
            id,
            ..EventPackage::of("refer")
        };
        let kind = Kind::Refer {
            wants_news: !request.refuses_refer_news(),
            latest: 100,
        };
        let asked = (key, request, REFER_LASTS);
        let notifier = Notifier::new(now, refer, kind, event, asked);
        self.transfers.theirs.push(notifier);
        wire.event(Event::Referred {
            refer,
            session: Some(session),
            to: Box::new(to),
            request: request.clone(),
            source,
        });
    }

    /// A SUBSCRIBE within the dialog: it may prolong or end the news of a transfer, no more.
    pub(super) fn handle_subscribe(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
    ) {
        let theirs = &self.transfers.theirs;
        let Some(at) = theirs.iter().position(|notifier| notifier.is_for(request)) else {
            let is_refer = request.event().is_ok_and(|event| event.package == "refer");
            return wire.refuse(now, key, request, if is_refer { 481 } else { 489 });
        };
        let asked = request.expires().map_or(REFER_LASTS, |seconds| {
            Duration::from_secs(seconds.into()).min(REFER_LASTS)
        });
        self.with_notifier_at(now, wire, Some(at), |notifier, line| {
            notifier.handle_subscribe(line, key, request, asked);
        });
    }

    /// A NOTIFY within the dialog: news of a transfer that we asked for.
    pub(super) fn handle_notify(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
    ) {
        let ours = &mut self.transfers.ours;
        match ours.iter_mut().find(|referrer| referrer.is_for(request)) {
            Some(referrer) => referrer.handle_notify(now, wire, key, request),
            None => wire.refuse(now, key, request, 481),
        }
        self.transfers.sweep();
    }

    /// A final response came; says whether it was for a transfer.
    pub(super) fn handle_transfer_response(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        response: &Response,
    ) -> bool {
        let Some(at) = self.transfers.ours.iter().position(|r| r.owns(key)) else {
            return self.handle_notify_outcome(now, wire, key, response.status());
        };
        if response.is_provisional() {
            return true;
        }
        let sent = self
            .transfers
            .ours
            .get(at)
            .and_then(|r| r.request().cloned());
        let again = match response.status() {
            401 | 407 => sent.and_then(|sent| self.send_with_login(now, wire, &sent, response)),
            _ => None,
        };
        if let Some(referrer) = self.transfers.ours.get_mut(at) {
            match again {
                Some((key, request)) => referrer.sent_again(key, request),
                None => referrer.handle_response(now, wire, response),
            }
        }
        self.transfers.sweep();
        true
    }

    /// A request was not answered (408), or could not be sent (503); says whether it was one of a
    /// transfer.
    pub(super) fn handle_transfer_failure(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        status: u16,
    ) -> bool {
        let ours = &mut self.transfers.ours;
        let Some(referrer) = ours.iter_mut().find(|referrer| referrer.owns(key)) else {
            return self.handle_notify_outcome(now, wire, key, status);
        };
        referrer.handle_failure(wire, status);
        self.transfers.sweep();
        true
    }

    pub(super) fn handle_transfer_timeout(&mut self, now: Instant, wire: &mut Wire) {
        for at in (0..self.transfers.theirs.len()).rev() {
            self.with_notifier_at(now, wire, Some(at), |notifier, line| {
                notifier.handle_timeout(line);
            });
        }
        for referrer in &mut self.transfers.ours {
            referrer.handle_timeout(now, wire);
        }
        self.transfers.sweep();
    }

    fn handle_notify_outcome(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        status: u16,
    ) -> bool {
        let at = self.transfers.theirs.iter().position(|n| n.owns(key));
        if at.is_some() && status >= 200 {
            self.with_notifier_at(now, wire, at, |notifier, line| {
                notifier.handle_response(line, status);
            });
        }
        at.is_some()
    }

    fn with_notifier_at(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        at: Option<usize>,
        act: impl FnOnce(&mut Notifier, &mut Line<'_>),
    ) {
        let notifier = at.and_then(|at| self.transfers.theirs.get_mut(at));
        let party = self.parties.get_mut(self.active);
        if let (Some(notifier), Some(party)) = (notifier, party) {
            let mut line = Line {
                now,
                wire,
                dialog: &mut party.dialog,
                owner: Owner::Session(self.identity.id),
            };
            act(notifier, &mut line);
        }
        self.transfers.sweep();
    }
}

/// Makes a REFER one that nobody tells us more of than its response (RFC 4488).
pub(crate) fn without_news(refer: RequestBuilder) -> RequestBuilder {
    refer
        .header(Name::ReferSub, "false")
        .header(Name::Supported, "norefersub")
}

/// How long the news of a transfer last: longer than anybody lets it ring.
pub(crate) const REFER_LASTS: Duration = Duration::from_secs(300);
/// Transfers of one call that may be under way, each way.
const MOST_TRANSFERS: usize = 4;
