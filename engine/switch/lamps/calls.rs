//! The calls of users whom somebody watches.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use call::{CallId, Leg, LegId, LegState, Target, TenantId};
use sip::body::{DialogInfo, DialogParty, DialogReport, DialogState};
use sip::{Host, Replaces, SessionId, SubscriptionId, Uri};

use super::pace::Pace;
use crate::log::Masked;
use crate::switch::Switch;
use crate::switch::live::Live;

/// The users who are watched, with their calls.
#[derive(Debug)]
pub(super) struct Calls {
    tenants: HashMap<TenantId, HashMap<String, Watched>>,
    /// The watched users whom each call concerns.
    by_call: HashMap<CallId, Vec<String>>,
    pace: Pace<(TenantId, String)>,
}

#[derive(Debug, Default)]
struct Watched {
    watchers: Vec<SubscriptionId>,
    calls: BTreeMap<CallId, Vec<Report>>,
    /// Those that ended since the last time.
    over: Vec<Report>,
    /// Those that ended before, told for the last time.
    parting: Vec<Report>,
}

/// One call of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Report {
    call: CallId,
    leg: LegId,
    state: DialogState,
    is_caller: bool,
    /// The call that rings at the user's phone, and can be picked up.
    rings: Option<SessionId>,
    /// What a pick-up of it has to say: an alias, for who knows a dialog's own name can speak in it.
    name: Option<Replaces>,
    /// With whom, and how they are called.
    remote: (String, String),
}

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            tenants: HashMap::new(),
            by_call: HashMap::new(),
            pace: Pace::new(REST),
        }
    }

    pub(super) fn watch(&mut self, tenant: &TenantId, user: &str, watcher: SubscriptionId) {
        let users = self.tenants.entry(tenant.clone()).or_default();
        let watched = users.entry(user.to_owned()).or_default();
        watched.watchers.push(watcher);
    }

    pub(super) fn unwatch(&mut self, tenant: &TenantId, user: &str, watcher: SubscriptionId) {
        let Some(users) = self.tenants.get_mut(tenant) else {
            return;
        };
        let Some(watched) = users.get_mut(user) else {
            return;
        };
        watched.watchers.retain(|other| *other != watcher);
        if !watched.watchers.is_empty() {
            return;
        }
        let calls: Vec<CallId> = watched.calls.keys().copied().collect();
        users.remove(user);
        if users.is_empty() {
            self.tenants.remove(tenant);
        }
        for call in calls {
            self.unlink(call, user);
        }
        self.pace.forget(&(tenant.clone(), user.to_owned()));
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.pace.poll_timeout()
    }

    /// Whether somebody is to be told of something, now or after a rest.
    pub(super) fn has_news(&self) -> bool {
        self.pace.has_news()
    }

    /// Who is to be told now.
    pub(super) fn pop_due(&mut self, now: Instant) -> Vec<SubscriptionId> {
        let mut due = Vec::new();
        while let Some((tenant, user)) = self.pace.pop_due(now) {
            let users = self.tenants.get_mut(&tenant);
            if let Some(watched) = users.and_then(|users| users.get_mut(&user)) {
                watched.parting = std::mem::take(&mut watched.over);
                due.extend_from_slice(&watched.watchers);
            }
        }
        due
    }

    /// What a watcher is told; numbers without their middle if they may not see them whole.
    pub(super) fn info(
        &self,
        tenant: &TenantId,
        user: &str,
        (domain, version, masks): (&str, u32, bool),
    ) -> DialogInfo {
        let host = Host::parse(&domain.into());
        let host = host.unwrap_or_else(|| Host::from(std::net::IpAddr::from([0, 0, 0, 0])));
        let uri = |user: &str| Uri::for_user(user, &host, None);
        let watched = self.watched(tenant, user);
        let reports = watched.into_iter().flat_map(|watched| {
            let live = watched.calls.values().flatten();
            live.chain(&watched.parting)
        });
        DialogInfo {
            entity: uri(user),
            version,
            is_full: true,
            dialogs: reports
                .map(|report| report.written(user, masks, uri))
                .collect(),
        }
    }

    fn watched(&self, tenant: &TenantId, user: &str) -> Option<&Watched> {
        self.tenants.get(tenant)?.get(user)
    }

    /// The watched users whom a call concerns now, or has concerned until now.
    fn concerned(&self, live: &Live) -> Vec<String> {
        let Some(users) = self.tenants.get(&live.setup.tenant) else {
            return Vec::new();
        };
        let now = live.call.legs().iter().filter_map(|leg| leg.user());
        let before = self.by_call.get(&live.id()).into_iter().flatten();
        let mut concerned: Vec<String> = now
            .chain(before.map(String::as_str))
            .filter(|user| users.contains_key(*user))
            .map(str::to_owned)
            .collect();
        concerned.sort_unstable();
        concerned.dedup();
        concerned
    }

    /// A user's part of a call is this now.
    fn set(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        call: CallId,
        reports: Vec<Report>,
    ) {
        let users = self.tenants.get_mut(tenant);
        let Some(watched) = users.and_then(|users| users.get_mut(user)) else {
            return;
        };
        let before = watched.calls.remove(&call).unwrap_or_default();
        if before == reports {
            if !reports.is_empty() {
                watched.calls.insert(call, reports);
            }
            return;
        }
        let is_over = |old: &Report| !reports.iter().any(|new| new.leg == old.leg);
        let over = before.into_iter().filter(is_over).map(|old| Report {
            state: DialogState::Terminated,
            rings: None,
            name: None,
            ..old
        });
        watched.over.extend(over);
        let excess = watched.over.len().saturating_sub(MOST_PARTING);
        watched.over.drain(..excess);
        match reports.is_empty() {
            true => self.unlink(call, user),
            false => {
                watched.calls.insert(call, reports);
                let users = self.by_call.entry(call).or_default();
                if !users.iter().any(|other| other == user) {
                    users.push(user.to_owned());
                }
            }
        }
        self.pace.want(now, (tenant.clone(), user.to_owned()));
    }

    fn unlink(&mut self, call: CallId, user: &str) {
        if let Some(users) = self.by_call.get_mut(&call) {
            users.retain(|other| other != user);
            if users.is_empty() {
                self.by_call.remove(&call);
            }
        }
    }
}

impl Switch {
    /// Sees whether what a call does changes a lamp.
    pub(in crate::switch) fn note_lamps(&mut self, now: Instant, live: &Live) {
        for user in self.lamps.calls.concerned(live) {
            let reports = self.reports(live, &user);
            let reports = self.with_names(reports);
            (self.lamps.calls).set(now, &live.setup.tenant, &user, live.id(), reports);
        }
    }

    /// A call is no more.
    pub(in crate::switch) fn forget_lamps(&mut self, now: Instant, live: &Live) {
        for user in self.lamps.calls.concerned(live) {
            (self.lamps.calls).set(now, &live.setup.tenant, &user, live.id(), Vec::new());
        }
    }

    /// A user begins to be watched.
    pub(super) fn look_at_calls_of(&mut self, now: Instant, tenant: &TenantId, user: &str) {
        let is_new = self.lamps.calls.watched(tenant, user);
        if is_new.is_none_or(|watched| watched.watchers.len() > 1) {
            return;
        }
        let found: Vec<(CallId, Vec<Report>)> = (self.calls.values())
            .filter(|live| live.setup.tenant == *tenant)
            .map(|live| (live.id(), self.reports(live, user)))
            .filter(|(_, reports)| !reports.is_empty())
            .collect();
        for (call, reports) in found {
            let reports = self.with_names(reports);
            self.lamps.calls.set(now, tenant, user, call, reports);
        }
        // Whoever has just come is told by its answer.
        let key = (tenant.clone(), user.to_owned());
        self.lamps.calls.pace.forget(&key);
    }

    /// What a call is to a user.
    fn reports(&self, live: &Live, user: &str) -> Vec<Report> {
        if live.ended.is_some() {
            return Vec::new();
        }
        let legs = live.call.legs().iter();
        legs.filter(|leg| leg.user() == Some(user))
            .filter_map(|leg| {
                // Nobody has called those who took another's place: they came by themselves.
                let (id, is_caller) = (leg.id(), leg.target().is_none());
                let state = match leg.state() {
                    LegState::Trying => DialogState::Trying,
                    LegState::Ringing | LegState::Early => DialogState::Early,
                    LegState::Up => DialogState::Confirmed,
                    LegState::Gone => return None,
                };
                let may_be_taken = state == DialogState::Early && !is_caller;
                Some(Report {
                    call: live.id(),
                    leg: id,
                    state,
                    is_caller,
                    rings: may_be_taken.then(|| self.ringing(live, id)).flatten(),
                    name: None,
                    remote: self.far_end(live, leg),
                })
            })
            .collect()
    }

    /// Number and name of whom a leg talks with, or else whom it calls or is called by.
    fn far_end(&self, live: &Live, leg: &Leg) -> (String, String) {
        let setup = &live.setup;
        let pair = live.call.pair().filter(|pair| pair.contains(&leg.id()));
        let other = pair.and_then(|pair| pair.into_iter().find(|id| *id != leg.id()));
        let mut legs = live.call.legs().iter();
        let other = other.and_then(|other| legs.find(|leg| leg.id() == other));
        if let Some(user) = other.and_then(Leg::user) {
            let account = self.accounts.user(&setup.tenant, user);
            let name = account.and_then(|account| account.name.clone());
            return (user.to_owned(), name.unwrap_or_default());
        }
        match other.and_then(Leg::target) {
            Some(Target::Trunk { number, .. }) => (number.clone(), String::new()),
            None if other.is_none() && leg.id() == LegId::CALLER => {
                (setup.to.clone(), String::new())
            }
            _ => (
                setup.from.clone().unwrap_or_else(|| "anonymous".to_owned()),
                setup.from_name.clone().unwrap_or_default(),
            ),
        }
    }

    /// What rings for a leg: of phones that ring together, the first.
    fn ringing(&self, live: &Live, id: LegId) -> Option<SessionId> {
        let leg = live.legs.iter().find(|leg| leg.id == id)?;
        let mut sessions = leg.sessions.iter().copied();
        sessions.find(|session| self.endpoint.name_of(*session).is_some())
    }

    /// Says of what can be picked up how.
    fn with_names(&mut self, mut reports: Vec<Report>) -> Vec<Report> {
        for report in &mut reports {
            let rings = report.rings;
            report.name = rings.and_then(|session| self.endpoint.alias_of(session));
        }
        reports
    }
}

impl Report {
    fn written(&self, user: &str, masks: bool, uri: impl Fn(&str) -> Uri) -> DialogReport {
        let party = |(number, display): (&str, &str)| DialogParty {
            identity: uri(number),
            display: display.to_owned(),
            target: None,
        };
        let (number, display) = &self.remote;
        let is_number = display
            .chars()
            .all(|sign| sign.is_ascii_digit() || sign == '+');
        let (number, display) = match masks {
            true if is_number => (Masked(&**number).to_string(), String::new()),
            true => (Masked(&**number).to_string(), display.clone()),
            false => (number.clone(), display.clone()),
        };
        let name = self.name.as_ref();
        DialogReport {
            id: format!("{}-{}", self.call, self.leg.0),
            state: self.state,
            is_caller: Some(self.is_caller),
            call_id: name.map(|name| name.call_id.clone()),
            // In the places where the watched phone has its own tag, and ours.
            local_tag: name.map(|name| name.from_tag.clone()),
            remote_tag: name.map(|name| name.to_tag.clone()),
            local: Some(party((user, ""))),
            remote: Some(party((&number, &display))),
        }
    }
}

/// A user's lamp changes at most so often.
const REST: Duration = Duration::from_millis(100);
/// Ended calls that are told of at once; of others it is enough that they are not there.
const MOST_PARTING: usize = 16;
