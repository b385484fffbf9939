//! Those who subscribe to something here: RFC 6665 §4.2.

use std::time::Instant;

use super::Endpoint;
use super::event::Event;
use super::receive::Door;
use super::subscriptions::Entrance;
use super::wire::Wire;
use crate::subscription::notifier::{Kind, Notifier};
use crate::subscription::saved::SavedSubscription;
use crate::subscription::standalone::Subscription;
use crate::subscription::{Line, Notice, SubscriptionEnd, SubscriptionId, Termination, granted};
use crate::transaction::key::Key;
use crate::transaction::table::Owner;
use crate::{EventPackage, Request, Text};

impl Endpoint {
    /// Takes on a subscription, after [`Event::Subscribed`], and tells how things stand. `account`
    /// is whose it is: one account may have
    /// [`max_subscriptions_per_account`](super::EndpointConfig::max_subscriptions_per_account), and
    /// those over that are refused with 403. A phone that has forgotten its subscription, and
    /// subscribes anew to the same, takes the place of the old one.
    pub fn accept_subscription(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        account: &str,
        notice: Notice,
    ) {
        let limit = self.wire.config.max_subscriptions_per_account;
        match self.subscriptions.enter(subscription, account, limit) {
            Entrance::Full => self.refuse_subscription(now, subscription, 403, &[]),
            Entrance::Open { superseded } => {
                if let Some(old) = superseded.filter(|old| *old != subscription) {
                    self.with_notifier(now, old, |notifier, line| {
                        notifier.forget(line.wire, SubscriptionEnd::Superseded);
                    });
                }
                self.with_notifier(now, subscription, |notifier, line| {
                    notifier.accept(line, notice);
                });
            }
        }
    }

    /// Refuses a subscription, 300 to 699, with further header fields: the challenge of a 401.
    pub fn refuse_subscription(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        status: u16,
        headers: &[(String, String)],
    ) {
        self.with_notifier(now, subscription, |notifier, line| {
            notifier.refuse(line, status, headers);
        });
    }

    /// Tells a subscriber how things stand now. While it has not answered the last time, notices
    /// wait; a whole one takes the place of those that wait.
    pub fn notify(&mut self, now: Instant, subscription: SubscriptionId, notice: Notice) {
        self.with_notifier(now, subscription, |notifier, line| {
            notifier.notify(line, notice);
        });
    }

    /// Ends a subscription. [`Event::SubscriptionEnded`] follows at once.
    pub fn end_subscription(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        termination: Termination,
        notice: Option<Notice>,
    ) {
        self.with_notifier(now, subscription, |notifier, line| {
            notifier.finish(line, termination, notice, SubscriptionEnd::Ended);
        });
    }

    /// Returns a subscription for the record, if it was accepted and comes by datagrams; `unix_ms`
    /// is the wall clock at `now`. Record it when it is accepted and at each
    /// [`Event::StateWanted`], and forget it at [`Event::SubscriptionEnded`].
    pub fn save_subscription(
        &self,
        now: Instant,
        unix_ms: u64,
        subscription: SubscriptionId,
    ) -> Option<SavedSubscription> {
        self.subscriptions.get(subscription)?.save(now, unix_ms)
    }

    /// Takes back what was recorded before a restart; what has expired since, cannot be read or is
    /// too much is left out. Tell its phone how things stand now.
    pub fn restore_subscription(
        &mut self,
        now: Instant,
        unix_ms: u64,
        saved: &SavedSubscription,
        account: &str,
    ) -> Option<SubscriptionId> {
        if self.subscriptions.len() >= self.wire.config.max_subscriptions {
            return None;
        }
        let subscription = Subscription::restore(now, unix_ms, &mut self.wire, saved)?;
        let id = subscription.id();
        let event = EventPackage::parse(&Text::from(&*saved.event)).ok()?;
        let (resource, target) = (saved.resource.as_bytes(), saved.dialog.target.as_bytes());
        let subject = subject(&self.wire, &event, resource, target);
        self.subscriptions.insert(subscription, Some(subject));
        let limit = self.wire.config.max_subscriptions_per_account;
        if self.subscriptions.enter(id, account, limit) == Entrance::Full {
            self.with_notifier(now, id, |notifier, line| {
                notifier.forget(line.wire, SubscriptionEnd::Refused);
            });
            return None;
        }
        self.subscriptions.settle(now, id);
        Some(id)
    }

    /// A SUBSCRIBE outside of dialogs, to one of our packages.
    pub(super) fn handle_subscribe(
        &mut self,
        now: Instant,
        door: &Door,
        request: &Request,
        merge: Key,
    ) {
        let Ok(event) = request.event() else {
            return self.refuse_with(door, request, 489);
        };
        let Some(expires) = granted(&self.wire.config, request) else {
            return self.refuse_with(door, request, 423);
        };
        let contacts = request.contacts().ok();
        let contact = contacts.as_ref().and_then(|contacts| contacts.first());
        let subject = contact.map(|contact| {
            let (resource, contact) = (request.uri_text(), contact.uri_text());
            subject(&self.wire, &event, resource.as_bytes(), contact.as_bytes())
        });
        let asked = (door.key, request, expires);
        let begun = Subscription::asked(
            now,
            &mut self.wire,
            Kind::Package,
            event.clone(),
            asked,
            door.source,
        );
        match begun {
            Err(fault) => self.refuse_with(door, request, fault.status()),
            Ok(subscription) => {
                let id = subscription.id();
                self.begin_subscription(now, door, subscription, subject, merge);
                self.wire.event(Event::Subscribed {
                    subscription: id,
                    event: event.detach(),
                    expires,
                    request: request.clone(),
                    source: door.source,
                });
            }
        }
    }

    pub(super) fn begin_subscription(
        &mut self,
        now: Instant,
        door: &Door,
        subscription: Subscription,
        subject: Option<Key>,
        merge: Key,
    ) {
        let id = subscription.id();
        self.open(now, door, Owner::Subscription(id), Some(merge), false);
        self.subscriptions.insert(subscription, subject);
        self.subscriptions.settle(now, id);
    }

    /// Does something with a subscription outside of calls, if it is still there.
    pub(super) fn with_subscription(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        act: impl FnOnce(&mut Subscription, &mut Wire),
    ) {
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            act(subscription, &mut self.wire);
            self.subscriptions.settle(now, id);
        }
    }

    /// Does something as a notifier, wherever the subscription lives, if it is still there.
    pub(super) fn with_notifier(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        act: impl FnOnce(&mut Notifier, &mut Line<'_>),
    ) {
        match id.session {
            Some(session) => self.with(now, session, |session, wire| {
                session.with_notifier(now, wire, id, act);
            }),
            None => self.with_subscription(now, id, |subscription, wire| {
                subscription.with_notifier(now, wire, act);
            }),
        }
    }
}

/// What a phone that has forgotten its subscription has in common with itself: package, resource,
/// and its own address.
fn subject(wire: &Wire, event: &EventPackage, resource: &[u8], contact: &[u8]) -> Key {
    let id = event.id.as_ref().map(Text::as_bytes).unwrap_or_default();
    let package = event.package.as_bytes();
    wire.keys.of(&[b"subject", package, id, resource, contact])
}
