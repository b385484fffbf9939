//! Lamps of phones: what waits in a mailbox (RFC 3842), who is called and talks (RFC 4235), and, as if
//! that were a call, whatever else is on or off.
//!
//! A phone subscribes, or registers and is told of its mailbox unasked. What changes is told at
//! once, and a flood of changes a few times a second; those who watch are told in turn, a few at
//! each round of the switch, so that no call waits for lamps.

mod calls;
mod kept;
mod mailboxes;
mod own;
mod pace;
mod set;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use call::TenantId;
use sip::{EventPackage, Request, Source, SubscriptionId, Termination};
use store::MessageCounts;

use super::Switch;
use calls::Calls;
use mailboxes::Mailboxes;
use set::SetLamps;

pub(super) use mailboxes::News;

/// The event packages that are served.
pub(super) const PACKAGES: [&str; 2] = [MAILBOX, CALLS];

/// All lamps that phones have subscribed to.
#[derive(Debug)]
pub(super) struct Lamps {
    /// At most as many as the endpoint lets in.
    watchers: HashMap<SubscriptionId, Watcher>,
    calls: Calls,
    mailboxes: Mailboxes,
    set: SetLamps,
    /// Who is told next; each at most once.
    turns: VecDeque<SubscriptionId>,
}

/// One phone that watches one thing.
#[derive(Debug)]
struct Watcher {
    subject: Subject,
    /// Whose phone it is.
    user: String,
    /// The lamp that this is, where it is one that stands for no user's calls: that behind the code, or
    /// the one of that name.
    lamp: String,
    /// Where it is.
    remote: SocketAddr,
    /// How often it has been told.
    version: u32,
    /// It stands in line to be told.
    has_turn: bool,
    /// It waits for our leave, until the mailbox has been read.
    is_asked: bool,
    /// What it was told last.
    told: Option<MessageCounts>,
    /// What the records know it by; `None` while they do not.
    kept: Option<String>,
}

/// What can be watched.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Subject {
    /// What waits in a mailbox.
    Mailbox(TenantId, String),
    /// The calls of a user.
    Calls(TenantId, String),
    /// A lamp that stands for no user.
    Set(TenantId, String),
}

impl Subject {
    fn tenant(&self) -> &TenantId {
        match self {
            Self::Mailbox(tenant, _) | Self::Calls(tenant, _) | Self::Set(tenant, _) => tenant,
        }
    }
}

impl Lamps {
    pub(super) fn new() -> Self {
        Self {
            watchers: HashMap::new(),
            calls: Calls::new(),
            mailboxes: Mailboxes::new(),
            set: SetLamps::new(),
            turns: VecDeque::new(),
        }
    }

    /// When [`Switch::light_lamps`] is due; `now` while somebody stands in line.
    pub(super) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let turn = (!self.turns.is_empty()).then_some(now);
        [
            turn,
            self.calls.poll_timeout(),
            self.mailboxes.poll_timeout(),
            self.set.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Somebody is to be told.
    fn queue(&mut self, subscription: SubscriptionId) {
        if let Some(watcher) = self.watchers.get_mut(&subscription)
            && !std::mem::replace(&mut watcher.has_turn, true)
        {
            self.turns.push_back(subscription);
        }
    }

    /// Whether somebody is still to be told of a call.
    fn has_news(&self) -> bool {
        !self.turns.is_empty() || self.calls.has_news() || self.set.has_news()
    }

    fn add(&mut self, subscription: SubscriptionId, watcher: Watcher) {
        match &watcher.subject {
            Subject::Mailbox(tenant, mailbox) => {
                self.mailboxes.watch(tenant, mailbox, subscription);
            }
            Subject::Calls(tenant, user) => self.calls.watch(tenant, user, subscription),
            Subject::Set(tenant, _) => self.set.watch(tenant, &watcher.lamp, subscription),
        }
        self.watchers.insert(subscription, watcher);
    }

    fn remove(&mut self, subscription: SubscriptionId) -> Option<Watcher> {
        let watcher = self.watchers.remove(&subscription)?;
        if watcher.has_turn {
            self.turns.retain(|other| *other != subscription);
        }
        match &watcher.subject {
            Subject::Mailbox(tenant, mailbox) => {
                self.mailboxes.unwatch(tenant, mailbox, subscription);
            }
            Subject::Calls(tenant, user) => self.calls.unwatch(tenant, user, subscription),
            Subject::Set(tenant, _) => self.set.unwatch(tenant, &watcher.lamp, subscription),
        }
        Some(watcher)
    }
}

impl Switch {
    /// A phone subscribes: a user to their own mailbox, or to a colleague whose calls they may take.
    /// What is another tenant's, or beyond the user's context, is not there.
    pub(super) fn handle_subscribed(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        event: &EventPackage,
        request: &Request,
        source: Source,
    ) {
        let caller = match self.identify(now, request, source) {
            Ok(caller) => caller,
            Err((status, headers)) => {
                (self.endpoint).refuse_subscription(now, subscription, status, &headers);
                return;
            }
        };
        // A trunk has no lamps.
        let Some(user) = caller.user else {
            (self.endpoint).refuse_subscription(now, subscription, 403, &[]);
            return;
        };
        let Some(subject) = self.subject(&caller.tenant, &user, event, request) else {
            (self.endpoint).refuse_subscription(now, subscription, 404, &[]);
            return;
        };
        let account = format!("{}/{user}", caller.tenant);
        let watcher = Watcher {
            is_asked: matches!(subject, Subject::Mailbox(..)),
            subject: subject.clone(),
            lamp: self.lamp_behind(&subject, &user),
            user,
            remote: source.remote,
            version: 0,
            has_turn: false,
            told: None,
            kept: None,
        };
        self.lamps.add(subscription, watcher);
        match subject {
            Subject::Mailbox(tenant, mailbox) => self.lamps.mailboxes.want(now, &tenant, &mailbox),
            subject => {
                match &subject {
                    Subject::Calls(tenant, user) => self.look_at_calls_of(now, tenant, user),
                    subject => self.light_own_of(now, subject.tenant(), subscription),
                }
                if let Some(notice) = self.notice(subscription) {
                    (self.endpoint).accept_subscription(now, subscription, &account, notice);
                    self.keep_watcher(now, subscription);
                }
            }
        }
    }

    /// A phone wants to be told the state again.
    pub(super) fn handle_state_wanted(&mut self, now: Instant, subscription: SubscriptionId) {
        let Some(watcher) = self.lamps.watchers.get_mut(&subscription) else {
            return;
        };
        watcher.told = None;
        self.keep_watcher(now, subscription);
        let Some(watcher) = self.lamps.watchers.get(&subscription) else {
            return;
        };
        match watcher.subject.clone() {
            Subject::Mailbox(tenant, mailbox) => self.lamps.mailboxes.want(now, &tenant, &mailbox),
            Subject::Calls(..) | Subject::Set(..) => self.lamps.queue(subscription),
        }
    }

    pub(super) fn handle_subscription_ended(&mut self, subscription: SubscriptionId) {
        if let Some(watcher) = self.lamps.remove(subscription) {
            self.forget_watcher(&watcher);
        }
    }

    /// Whose phone watches.
    pub(super) fn watcher_behind(
        &self,
        subscription: SubscriptionId,
    ) -> Option<(TenantId, String)> {
        let watcher = self.lamps.watchers.get(&subscription)?;
        Some((watcher.subject.tenant().clone(), watcher.user.clone()))
    }

    /// Tells what is due, and a few of those who stand in line.
    pub(super) fn light_lamps(&mut self, now: Instant) {
        self.read_mailboxes_due(now);
        let mut due = self.lamps.calls.pop_due(now);
        due.extend(self.lamps.set.pop_due(now));
        for subscription in due {
            self.lamps.queue(subscription);
        }
        for _ in 0..TOLD_A_TURN {
            let Some(subscription) = self.lamps.turns.pop_front() else {
                return;
            };
            if let Some(watcher) = self.lamps.watchers.get_mut(&subscription) {
                watcher.has_turn = false;
                self.tell_watcher(now, subscription);
            }
        }
    }

    /// Those who are no users any more watch nothing, and are not watched; nor are those whose calls
    /// the watcher may not take any more.
    pub(super) fn forget_unknown_watchers(&mut self, now: Instant) {
        let known = |tenant: &TenantId, user: &str| self.accounts.is_user(tenant, user);
        let ends: Vec<(SubscriptionId, Termination)> = (self.lamps.watchers.iter())
            .filter_map(|(id, watcher)| match &watcher.subject {
                Subject::Mailbox(tenant, mailbox) => (!known(tenant, &watcher.user)
                    || self.mailbox_of(tenant, &watcher.user) != *mailbox)
                    .then_some((*id, Termination::Rejected)),
                Subject::Calls(tenant, _) | Subject::Set(tenant, _)
                    if !known(tenant, &watcher.user) =>
                {
                    Some((*id, Termination::Rejected))
                }
                Subject::Set(..) => None,
                Subject::Calls(tenant, user) => (!self.may_take_for(tenant, &watcher.user, user))
                    .then_some((*id, Termination::NoResource)),
            })
            .collect();
        for (subscription, why) in ends {
            (self.endpoint).end_subscription(now, subscription, why, None);
        }
    }

    /// What a phone asks for, if it may.
    fn subject(
        &self,
        tenant: &TenantId,
        user: &str,
        event: &EventPackage,
        request: &Request,
    ) -> Option<Subject> {
        let uri = request.uri().ok()?;
        let named = uri.user_unescaped().map(|named| named.to_string());
        if event.package == *CALLS {
            let named = named?;
            if self.accounts.user(tenant, &named).is_none() {
                let may = self.may_watch_lamp(tenant, user, &named);
                return may.then(|| Subject::Set(tenant.clone(), named));
            }
            // Whom one may not stand in for is not there.
            let may = self.may_take_for(tenant, user, &named);
            return may.then(|| Subject::Calls(tenant.clone(), named));
        }
        let mailbox = self.mailbox_of(tenant, user);
        // Phones name the account, the mailbox, or nobody.
        let is_own = named.is_none_or(|named| named == *user || named == mailbox);
        is_own.then(|| Subject::Mailbox(tenant.clone(), mailbox))
    }

    fn tell_watcher(&mut self, now: Instant, subscription: SubscriptionId) {
        let Some(watcher) = self.lamps.watchers.get(&subscription) else {
            return;
        };
        let account = format!("{}/{}", watcher.subject.tenant(), watcher.user);
        let first = watcher.is_asked.then_some(account);
        let Some(notice) = self.notice(subscription) else {
            return;
        };
        match first {
            Some(account) => {
                (self.endpoint).accept_subscription(now, subscription, &account, notice);
                self.keep_watcher(now, subscription);
            }
            None => self.endpoint.notify(now, subscription, notice),
        }
    }

    /// What a phone is to be told now; `None` when that is what it was told last.
    fn notice(&mut self, subscription: SubscriptionId) -> Option<sip::Notice> {
        let watcher = self.lamps.watchers.get_mut(&subscription)?;
        let (content_type, body) = match &watcher.subject {
            Subject::Mailbox(tenant, mailbox) => {
                let counts = self.lamps.mailboxes.counts(tenant, mailbox)?;
                if watcher.told == Some(counts) {
                    return None;
                }
                watcher.told = Some(counts);
                (
                    sip::body::media_type::MESSAGE_SUMMARY,
                    mailboxes::summary(counts),
                )
            }
            Subject::Calls(tenant, user) => {
                let settings = self.tenants.get(&*tenant.0)?;
                let known = self.people.one(&tenant.0, &watcher.user);
                let role = known.map(|known| known.person.role).unwrap_or_default();
                let masks = settings.masked.contains(&role);
                let told = (&*settings.domain, watcher.version, masks);
                let info = (self.lamps.calls).info(tenant, user, told);
                (sip::body::media_type::DIALOG_INFO, info.to_bytes())
            }
            Subject::Set(tenant, name) => {
                let domain = &self.tenants.get(&*tenant.0)?.domain;
                let lamp = &watcher.lamp;
                let info = (self.lamps.set).info(tenant, (name, lamp), domain, watcher.version);
                (sip::body::media_type::DIALOG_INFO, info.to_bytes())
            }
        };
        watcher.version = watcher.version.wrapping_add(1);
        watcher.is_asked = false;
        Some(sip::Notice {
            content_type: content_type.to_owned(),
            body,
            is_partial: false,
        })
    }
}

const MAILBOX: &str = "message-summary";
const CALLS: &str = "dialog";
/// Who is told at one round of the switch: a millisecond or two.
const TOLD_A_TURN: usize = 32;
/// How long a stop tells of the last calls.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// How often a phone may be told between two writings of its record, at most.
const VERSION_GAP: u32 = 10_000;
/// The longest subscription: what a phone shows after a crash is right again by then.
pub(super) const LONGEST: Duration = Duration::from_secs(600);
