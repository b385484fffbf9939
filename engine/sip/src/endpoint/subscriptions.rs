//! All subscriptions outside of calls: whose they are, how many, and when one is to be woken.

use std::collections::HashMap;
use std::time::Instant;

use crate::subscription::SubscriptionId;
use crate::subscription::standalone::Subscription;
use crate::transaction::key::{AlreadyHashed, Key};
use crate::transaction::timer::Timers;

/// Every subscription outside of calls, by id and by dialog.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    live: HashMap<SubscriptionId, Entry>,
    /// By Call-ID and our tag.
    dialogs: HashMap<Key, SubscriptionId, AlreadyHashed>,
    /// Those that were accepted, by the account that they are for.
    accounts: HashMap<String, Vec<SubscriptionId>>,
    timers: Timers<SubscriptionId>,
}

#[derive(Debug)]
struct Entry {
    subscription: Subscription,
    /// Phone, package and resource: a second one of these takes the place of the first.
    subject: Option<Key>,
    account: Option<String>,
}

/// Whether one more is let in.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Entrance {
    /// It is; this one is forgotten for it.
    Open { superseded: Option<SubscriptionId> },
    /// The account has as many as it may.
    Full,
}

impl Subscriptions {
    pub(crate) fn new() -> Self {
        Self {
            live: HashMap::new(),
            dialogs: HashMap::with_hasher(AlreadyHashed),
            accounts: HashMap::new(),
            timers: Timers::new(),
        }
    }

    pub(crate) fn insert(&mut self, subscription: Subscription, subject: Option<Key>) {
        let id = subscription.id();
        self.dialogs.insert(subscription.dialog_key(), id);
        let entry = Entry {
            subscription,
            subject,
            account: None,
        };
        self.live.insert(id, entry);
    }

    /// Counts a subscription towards an account that may have `limit` of them.
    pub(crate) fn enter(&mut self, id: SubscriptionId, account: &str, limit: usize) -> Entrance {
        let Some(entry) = self.live.get(&id) else {
            return Entrance::Full;
        };
        let subject = entry.subject;
        let others = self.accounts.get(account).map(Vec::as_slice);
        let others = others.unwrap_or_default();
        let superseded = others.iter().copied().find(|other| {
            let entry = self.live.get(other);
            subject.is_some() && entry.is_some_and(|entry| entry.subject == subject)
        });
        if superseded.is_none() && others.len() >= limit {
            return Entrance::Full;
        }
        if let Some(entry) = self.live.get_mut(&id)
            && entry.account.is_none()
        {
            entry.account = Some(account.to_owned());
            self.accounts
                .entry(account.to_owned())
                .or_default()
                .push(id);
        }
        Entrance::Open { superseded }
    }

    pub(crate) fn get_mut(&mut self, id: SubscriptionId) -> Option<&mut Subscription> {
        self.live.get_mut(&id).map(|entry| &mut entry.subscription)
    }

    pub(crate) fn get(&self, id: SubscriptionId) -> Option<&Subscription> {
        self.live.get(&id).map(|entry| &entry.subscription)
    }

    /// Which one a request within a dialog is for.
    pub(crate) fn of_dialog(&self, key: Key) -> Option<SubscriptionId> {
        self.dialogs.get(&key).copied()
    }

    /// Forgets one that is gone, or sees to it that it is woken.
    pub(crate) fn settle(&mut self, now: Instant, id: SubscriptionId) {
        let Some(entry) = self.live.get_mut(&id) else {
            return;
        };
        let subscription = &mut entry.subscription;
        if !subscription.is_gone() {
            let wanted = subscription.poll_timeout().map(|at| at.max(now));
            return self.timers.arm(id, &mut subscription.wake, wanted);
        }
        self.dialogs.remove(&subscription.dialog_key());
        if let Some(account) = entry.account.take()
            && let Some(own) = self.accounts.get_mut(&account)
        {
            own.retain(|other| *other != id);
            if own.is_empty() {
                self.accounts.remove(&account);
            }
        }
        self.live.remove(&id);
    }

    /// The next that is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<SubscriptionId> {
        while let Some((at, id)) = self.timers.pop_due(now) {
            let entry = self.live.get_mut(&id);
            if entry.is_some_and(|entry| entry.subscription.wake.take(at)) {
                return Some(id);
            }
        }
        let live = &self.live;
        (self.timers).sweep(live.len(), |id| live.contains_key(id));
        None
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether nothing at all is left.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.live.is_empty() && self.dialogs.is_empty() && self.accounts.is_empty()
    }
}
