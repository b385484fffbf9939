//! What waits in mailboxes: counted when something has changed, told to who subscribed and, unasked,
//! to registered phones that did not.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call::TenantId;
use sip::SubscriptionId;
use sip::body::{MessageSummary, media_type};
use store::MessageCounts;

use super::pace::Pace;
use super::{MAILBOX, Subject};
use crate::switch::{Entrance, Input, Switch};

/// What reaches the switch about mailboxes.
#[derive(Debug)]
pub(crate) enum News {
    /// A message was left, heard, deleted or restored, and that is on disk.
    Changed {
        /// Whose mailbox.
        tenant: TenantId,
        /// Which.
        mailbox: String,
    },
    /// A mailbox was read; the store has told why it was not.
    Counted {
        /// Whose mailbox.
        tenant: TenantId,
        /// Which.
        mailbox: String,
        /// What is in it.
        counts: Option<MessageCounts>,
    },
}

/// The mailboxes that somebody watches, or that are being read for a phone.
#[derive(Debug)]
pub(super) struct Mailboxes {
    all: HashMap<Key, Watched>,
    pace: Pace<Key>,
}

type Key = (TenantId, String);

#[derive(Debug, Default)]
struct Watched {
    watchers: Vec<SubscriptionId>,
    /// Phones that have just registered.
    newcomers: Vec<(String, SocketAddr)>,
    /// All phones of its users are to be told.
    has_changed: bool,
    is_read: Reading,
    counts: Option<MessageCounts>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Reading {
    #[default]
    Idle,
    UnderWay,
    /// It has changed meanwhile.
    Again,
}

impl Mailboxes {
    pub(super) fn new() -> Self {
        Self {
            all: HashMap::new(),
            pace: Pace::new(REST),
        }
    }

    pub(super) fn watch(&mut self, tenant: &TenantId, mailbox: &str, watcher: SubscriptionId) {
        self.of(tenant, mailbox).watchers.push(watcher);
    }

    pub(super) fn unwatch(&mut self, tenant: &TenantId, mailbox: &str, watcher: SubscriptionId) {
        let key = (tenant.clone(), mailbox.to_owned());
        if let Some(watched) = self.all.get_mut(&key) {
            watched.watchers.retain(|other| *other != watcher);
        }
        self.sweep(&key);
    }

    /// A mailbox is to be read.
    pub(super) fn want(&mut self, at: Instant, tenant: &TenantId, mailbox: &str) {
        self.of(tenant, mailbox);
        self.pace.want(at, (tenant.clone(), mailbox.to_owned()));
    }

    pub(super) fn counts(&self, tenant: &TenantId, mailbox: &str) -> Option<MessageCounts> {
        let key = (tenant.clone(), mailbox.to_owned());
        self.all.get(&key)?.counts
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.pace.poll_timeout()
    }

    fn of(&mut self, tenant: &TenantId, mailbox: &str) -> &mut Watched {
        let key = (tenant.clone(), mailbox.to_owned());
        self.all.entry(key).or_default()
    }

    /// The next mailbox to be read.
    fn pop_due(&mut self, now: Instant) -> Option<Key> {
        while let Some(key) = self.pace.pop_due(now) {
            let Some(watched) = self.all.get_mut(&key) else {
                continue;
            };
            if watched.is_read == Reading::Idle {
                watched.is_read = Reading::UnderWay;
                return Some(key);
            }
            watched.is_read = Reading::Again;
        }
        None
    }

    /// Forgets a mailbox that nobody is interested in.
    fn sweep(&mut self, key: &Key) {
        let is_idle = self.all.get(key).is_some_and(|watched| {
            watched.watchers.is_empty()
                && watched.newcomers.is_empty()
                && !watched.has_changed
                && watched.is_read == Reading::Idle
        });
        if is_idle {
            self.all.remove(key);
        }
    }
}

impl Switch {
    pub(in crate::switch) fn handle_mailbox_news(&mut self, now: Instant, news: News) {
        match news {
            News::Changed { tenant, mailbox } => {
                self.lamps.mailboxes.of(&tenant, &mailbox).has_changed = true;
                self.lamps.mailboxes.want(now, &tenant, &mailbox);
            }
            News::Counted {
                tenant,
                mailbox,
                counts,
            } => self.handle_counted(now, (tenant, mailbox), counts),
        }
    }

    /// A phone has registered: it is told what waits, unless it subscribes.
    pub(in crate::switch) fn light_after_registering(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        remote: SocketAddr,
    ) {
        let mailbox = self.mailbox_of(tenant, user);
        let newcomer = (user.to_owned(), remote);
        let watched = self.lamps.mailboxes.of(tenant, &mailbox);
        if !watched.newcomers.contains(&newcomer) {
            watched.newcomers.push(newcomer);
        }
        self.lamps.mailboxes.want(now, tenant, &mailbox);
    }

    /// Every phone that was registered before a restart is told what waits: the exchange does not
    /// know what it shows. A few at a time, however many there are.
    pub(in crate::switch) fn light_after_restart(&mut self, now: Instant) {
        let accounts: Vec<std::sync::Arc<str>> = self.registrar.accounts().cloned().collect();
        let mut at = now + SETTLING;
        for account in accounts {
            let Some((tenant, user)) = account.split_once('/') else {
                continue;
            };
            let tenant = TenantId::from(tenant);
            let mailbox = self.mailbox_of(&tenant, user);
            self.lamps.mailboxes.of(&tenant, &mailbox).has_changed = true;
            self.lamps.mailboxes.want(at, &tenant, &mailbox);
            at += BETWEEN;
        }
    }

    pub(super) fn read_mailboxes_due(&mut self, now: Instant) {
        while let Some((tenant, mailbox)) = self.lamps.mailboxes.pop_due(now) {
            let counting = self.parts.store.count_messages(&tenant.0, &mailbox);
            let entrance = self.parts.entrance.clone();
            tokio::spawn(async move {
                let counts = counting.await;
                if let Err(error) = &counts {
                    tracing::warn!(%tenant, mailbox, %error, "lamps of this mailbox stay as they are");
                }
                let news = News::Counted {
                    tenant,
                    mailbox,
                    counts: counts.ok(),
                };
                entrance.put(Input::Mailboxes(news)).await;
            });
        }
    }

    fn handle_counted(&mut self, now: Instant, key: Key, counts: Option<MessageCounts>) {
        let Some(watched) = self.lamps.mailboxes.all.get_mut(&key) else {
            return;
        };
        let again = std::mem::take(&mut watched.is_read) == Reading::Again;
        let watchers = watched.watchers.clone();
        if let Some(counts) = counts {
            watched.counts = Some(counts);
            let newcomers = std::mem::take(&mut watched.newcomers);
            let everybody = std::mem::take(&mut watched.has_changed);
            for watcher in watchers {
                self.lamps.queue(watcher);
            }
            self.tell_phones(now, &key, counts, &newcomers, everybody);
        } else {
            watched.newcomers.clear();
            watched.has_changed = true;
            self.lamps.mailboxes.want(now + LATER, &key.0, &key.1);
            for watcher in watchers {
                let asked = self.lamps.watchers.get(&watcher);
                if asked.is_some_and(|watcher| watcher.is_asked) {
                    self.endpoint.refuse_subscription(now, watcher, 500, &[]);
                }
            }
        }
        if again {
            self.lamps.mailboxes.want(now, &key.0, &key.1);
        }
        self.lamps.mailboxes.sweep(&key);
    }

    /// Tells registered phones that did not subscribe.
    fn tell_phones(
        &mut self,
        now: Instant,
        (tenant, mailbox): &Key,
        counts: MessageCounts,
        newcomers: &[(String, SocketAddr)],
        everybody: bool,
    ) {
        let mut users: Vec<String> = match everybody {
            true => self.users_of_mailbox(tenant, mailbox),
            false => newcomers.iter().map(|(user, _)| user.clone()).collect(),
        };
        users.sort();
        users.dedup();
        let body = summary(counts);
        let subject = Subject::Mailbox(tenant.clone(), mailbox.clone());
        for user in users {
            for phone in self.bindings_of(tenant, &user) {
                let remote = phone.route.remote;
                let is_new = newcomers
                    .iter()
                    .any(|(of, at)| *of == user && *at == remote);
                let subscribes = (self.lamps.watchers.values())
                    .any(|watcher| watcher.remote == remote && watcher.subject == subject);
                if subscribes || !(everybody || is_new) {
                    continue;
                }
                let whom = self.outside(tenant, (&user, ""), &user, phone);
                let content = Some((media_type::MESSAGE_SUMMARY, body.clone()));
                self.endpoint.notify_unasked(now, whom, MAILBOX, content);
            }
        }
    }

    /// Where a user's messages are.
    pub(in crate::switch) fn mailbox_of(&self, tenant: &TenantId, user: &str) -> String {
        let settings = self.tenants.get(&*tenant.0);
        let described = settings.and_then(|settings| settings.users.get(user));
        let mailbox = described.and_then(|user| user.mailbox.clone());
        mailbox.unwrap_or_else(|| user.to_owned())
    }

    /// Whose lamps a mailbox lights.
    fn users_of_mailbox(&self, tenant: &TenantId, mailbox: &str) -> Vec<String> {
        let settings = self.tenants.get(&*tenant.0);
        let described = settings.into_iter().flat_map(|settings| &settings.users);
        let sharing = described.filter(|(_, user)| user.mailbox.as_deref() == Some(mailbox));
        let mut users: Vec<String> = sharing.map(|(name, _)| name.clone()).collect();
        if self.mailbox_of(tenant, mailbox) == mailbox {
            users.push(mailbox.to_owned());
        }
        users
    }
}

impl Entrance {
    /// A mailbox has changed, and that is on disk.
    pub(in crate::switch) async fn mailbox_changed(&self, tenant: &TenantId, mailbox: &str) {
        let news = News::Changed {
            tenant: tenant.clone(),
            mailbox: mailbox.to_owned(),
        };
        self.put(Input::Mailboxes(news)).await;
    }
}

/// The body of a NOTIFY.
pub(super) fn summary(counts: MessageCounts) -> Bytes {
    let MessageCounts {
        new,
        old,
        urgent_new,
        urgent_old,
    } = counts;
    let voice = sip::body::MessageCounts {
        new,
        old,
        urgent_new,
        urgent_old,
    };
    MessageSummary {
        account: None,
        voice,
    }
    .to_bytes()
}

/// A mailbox is told of at most so often.
const REST: Duration = Duration::from_millis(500);
/// When a mailbox that could not be read is read again.
const LATER: Duration = Duration::from_secs(30);
/// Phones subscribe again after a restart before they are told unasked.
const SETTLING: Duration = Duration::from_millis(500);
/// After a restart so much time lies between two mailboxes: 10,000 phones in 50 s.
pub(super) const BETWEEN: Duration = Duration::from_millis(5);
