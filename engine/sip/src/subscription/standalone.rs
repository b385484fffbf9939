//! Subscriptions and transfers in a dialog of their own, outside of calls.

use std::time::{Duration, Instant};

use super::notifier::{Kind, Notifier};
use super::referrer::Referrer;
use super::{Line, SubscriptionId, granted};
use crate::dialog::Dialog;
use crate::dialog::peer::Standing;
use crate::endpoint::errand::Errand;
use crate::endpoint::wire::Wire;
use crate::header::EventPackage;
use crate::transaction::key::Key;
use crate::transaction::table::Owner;
use crate::transaction::timer::Wake;
use crate::transport::Source;
use crate::{Error, Method, Request, Response, Text};

/// One dialog with nothing in it but a subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(super) id: SubscriptionId,
    /// What requests within the dialog find it by.
    pub(super) dialog_key: Key,
    pub(super) role: Role,
    pub(crate) wake: Wake,
}

#[derive(Debug)]
pub(super) enum Role {
    /// They subscribed, or sent a REFER.
    Notifier {
        dialog: Box<Dialog>,
        notifier: Box<Notifier>,
        /// What they asked for: the Request-URI.
        resource: Text,
    },
    /// We sent a REFER.
    Referrer {
        referrer: Referrer,
        errand: Box<Errand>,
        /// Who tells how it goes: the first that does, where the REFER forked.
        party: Option<Party>,
    },
}

/// Who tells how a transfer goes.
#[derive(Debug)]
pub(super) struct Party {
    tag: Option<Text>,
    cseq: u32,
}

impl Subscription {
    /// Somebody subscribes, or asks for a transfer.
    pub(crate) fn asked(
        now: Instant,
        wire: &mut Wire,
        kind: Kind,
        event: EventPackage,
        asked: (Key, &Request, Duration),
        source: Source,
    ) -> Result<Self, Error> {
        let (_, request, _) = asked;
        let tag = wire.random.token();
        let user = request.uri()?.user();
        let user = user.as_ref().map(|user| user.to_str());
        let contact = wire.contact(user.as_deref(), None, &source.reply_route());
        let dialog = Dialog::of_callee(request, &tag, contact, source)?;
        let id = wire.next_subscription(None);
        Ok(Self {
            id,
            dialog_key: wire.dialog_key(dialog.call_id(), tag.as_bytes()),
            role: Role::Notifier {
                dialog: Box::new(dialog),
                notifier: Box::new(Notifier::new(now, id, kind, event, asked)),
                resource: request.uri_text().detach(),
            },
            wake: Wake::default(),
        })
    }

    /// We asked for a transfer.
    pub(crate) fn refer(
        id: SubscriptionId,
        dialog_key: Key,
        referrer: Referrer,
        errand: Errand,
    ) -> Self {
        Self {
            id,
            dialog_key,
            role: Role::Referrer {
                referrer,
                errand: Box::new(errand),
                party: None,
            },
            wake: Wake::default(),
        }
    }

    pub(crate) fn id(&self) -> SubscriptionId {
        self.id
    }

    pub(crate) fn dialog_key(&self) -> Key {
        self.dialog_key
    }

    pub(crate) fn is_gone(&self) -> bool {
        match &self.role {
            Role::Notifier { notifier, .. } => notifier.is_gone(),
            Role::Referrer { referrer, .. } => referrer.is_gone(),
        }
    }

    /// How surely a request is the far end's; `None` when it does not carry its tag. The names of a
    /// REFER's dialog are random, so that whoever knows them got the REFER, from whatever address.
    pub(crate) fn standing(&self, request: &Request, source: &Source) -> Option<Standing> {
        let tag = request.from().ok().and_then(|from| from.tag());
        match &self.role {
            Role::Notifier { dialog, .. } => dialog
                .is_remote_tag(tag.as_ref())
                .then(|| dialog.peer.standing(source)),
            Role::Referrer { party, .. } => party
                .as_ref()
                .is_none_or(|party| party.tag == tag)
                .then_some(Standing::Known),
        }
    }

    /// A request came that is the far end's, by its [`standing`](Self::standing) or its credentials.
    pub(crate) fn handle_request(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
        source: Source,
    ) {
        let owner = Owner::Subscription(self.id);
        let number = request.cseq().map_or(0, |cseq| cseq.number);
        match &mut self.role {
            Role::Notifier {
                dialog, notifier, ..
            } => {
                if !dialog.accept_cseq(number) {
                    return wire.refuse(now, key, request, 500);
                }
                dialog.peer.heard_from(source);
                let mut line = Line {
                    now,
                    wire,
                    dialog,
                    owner,
                };
                handle_in_notifier(&mut line, notifier, key, request);
            }
            Role::Referrer {
                referrer, party, ..
            } => {
                if *request.method() != Method::Notify || !referrer.is_for(request) {
                    return wire.refuse(now, key, request, 481);
                }
                if party.as_ref().is_some_and(|party| party.cseq >= number) {
                    return wire.refuse(now, key, request, 500);
                }
                let tag = request.from().ok().and_then(|from| from.tag());
                *party = Some(Party {
                    tag: tag.map(|tag| tag.detach()),
                    cseq: number,
                });
                referrer.handle_notify(now, wire, key, request);
            }
        }
    }

    /// A response came to a request of this subscription.
    pub(crate) fn handle_response(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        response: &Response,
    ) {
        if response.is_provisional() {
            return;
        }
        let owner = Owner::Subscription(self.id);
        match &mut self.role {
            Role::Notifier { .. } => self.handle_failure(now, wire, key, response.status()),
            Role::Referrer {
                referrer, errand, ..
            } if referrer.owns(key) => {
                let sent = referrer.request().cloned();
                let again = sent.and_then(|sent| errand.again(now, wire, owner, &sent, response));
                match again {
                    Some((key, request)) => referrer.sent_again(key, request),
                    None => referrer.handle_response(now, wire, response),
                }
            }
            Role::Referrer { .. } => {}
        }
    }

    /// A request of this subscription was not answered (408), or could not be sent (503).
    pub(crate) fn handle_failure(&mut self, now: Instant, wire: &mut Wire, key: Key, status: u16) {
        match &mut self.role {
            Role::Notifier { notifier, .. } if notifier.owns(key) => {
                self.with_notifier(now, wire, |notifier, line| {
                    notifier.handle_response(line, status);
                });
            }
            Role::Referrer { referrer, .. } if referrer.owns(key) => {
                referrer.handle_failure(wire, status);
            }
            Role::Notifier { .. } | Role::Referrer { .. } => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, wire: &mut Wire) {
        match &mut self.role {
            Role::Notifier { .. } => {
                self.with_notifier(now, wire, |notifier, line| notifier.handle_timeout(line));
            }
            Role::Referrer { referrer, .. } => referrer.handle_timeout(now, wire),
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.role {
            Role::Notifier { notifier, .. } => notifier.poll_timeout(),
            Role::Referrer { referrer, .. } => referrer.poll_timeout(),
        }
    }

    /// Does something as the notifier, if that is what we are here.
    pub(crate) fn with_notifier(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        act: impl FnOnce(&mut Notifier, &mut Line<'_>),
    ) {
        if let Role::Notifier {
            dialog, notifier, ..
        } = &mut self.role
        {
            let owner = Owner::Subscription(self.id);
            let mut line = Line {
                now,
                wire,
                dialog,
                owner,
            };
            act(notifier, &mut line);
        }
    }
}

/// What a subscriber may ask for: to go on, or to end.
fn handle_in_notifier(line: &mut Line<'_>, notifier: &mut Notifier, key: Key, request: &Request) {
    let Line { now, wire, .. } = line;
    if *request.method() != Method::Subscribe || !notifier.is_for(request) {
        return wire.refuse(*now, key, request, 481);
    }
    match granted(&wire.config, request) {
        Some(expires) => notifier.handle_subscribe(line, key, request, expires),
        None => wire.refuse(*now, key, request, 423),
    }
}
