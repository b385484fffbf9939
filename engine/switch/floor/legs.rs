//! What agents' legs and phones do, as the floor is told of it.

use std::collections::BTreeSet;
use std::time::Instant;

use call::acd::{AgentId, DialogNews};
use call::{CallId, Leg, LegState, TenantId};
use smallvec::SmallVec;

use crate::switch::Switch;
use crate::switch::live::Live;

/// What the floor was told of a user in a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Seen {
    user: String,
    confirmed: bool,
    /// Nobody else has ever been there.
    alone: bool,
    /// Somebody who is no user was there, too.
    customer: bool,
}

impl Switch {
    /// Tells the floor what agents do in a call, where that is news: who has a call of their own is
    /// offered none.
    pub(in crate::switch) fn tell_floor_of_legs(&mut self, now: Instant, live: &mut Live) {
        let tenant = live.setup.tenant.clone();
        let Some(floor) = self.floors.get_mut(&tenant) else {
            return;
        };
        let seen = users_in(live);
        if seen == live.seen {
            return;
        }
        let (id, acd) = (live.id(), &mut floor.acd);
        let before = std::mem::replace(&mut live.seen, seen);
        for user in &live.seen {
            let agent = AgentId::from(user.user.as_str());
            let told = before.iter().find(|it| it.user == user.user);
            let customer = user.customer;
            if told.is_none_or(|told| customer && !told.customer) {
                let queue = None;
                acd.handle_dialog(now, &agent, id, DialogNews::Began { customer, queue });
            }
            if user.alone != told.is_some_and(|told| told.alone) {
                acd.handle_dialog(now, &agent, id, DialogNews::Alone(user.alone));
            }
            if user.confirmed && !told.is_some_and(|told| told.confirmed) {
                acd.handle_dialog(now, &agent, id, DialogNews::Confirmed);
            }
        }
        for gone in before {
            if !live.seen.iter().any(|it| it.user == gone.user) {
                let agent = AgentId::from(gone.user.as_str());
                acd.handle_dialog(now, &agent, id, DialogNews::Ended);
            }
        }
        self.drain_floor(now, &tenant);
    }

    /// A call is no more, however it ended.
    pub(in crate::switch) fn forget_on_floor(&mut self, now: Instant, live: &Live) {
        let tenant = &live.setup.tenant;
        let Some(floor) = self.floors.get_mut(tenant) else {
            return;
        };
        floor.acd.handle_gone(now, live.setup.id);
        for user in &live.seen {
            let agent = AgentId::from(user.user.as_str());
            let ended = DialogNews::Ended;
            floor.acd.handle_dialog(now, &agent, live.setup.id, ended);
        }
        self.drain_floor(now, tenant);
    }

    /// A phone of a user has come, gone, or answers or no longer answers.
    pub(in crate::switch) fn tell_floor_of_phone(
        &mut self,
        now: Instant,
        tenant: &str,
        user: &str,
    ) {
        let (tenant, agent) = (TenantId::from(tenant), AgentId::from(user));
        if self.tell_whether_reachable(now, &tenant, agent) {
            self.drain_floor(now, &tenant);
        }
    }

    /// Tells the floor which agents' phones answer, where that is news.
    pub(super) fn look_at_phones(&mut self, now: Instant, tenant: &TenantId) {
        let floor = self.floors.by_tenant.get(tenant);
        let agents: Vec<AgentId> = floor
            .map(|floor| floor.acd.agents().cloned().collect())
            .unwrap_or_default();
        for agent in agents {
            self.tell_whether_reachable(now, tenant, agent);
        }
    }

    fn tell_whether_reachable(&mut self, now: Instant, tenant: &TenantId, agent: AgentId) -> bool {
        let reachable = self.is_reachable(now, tenant, &agent.0);
        let Some(floor) = self.floors.get_mut(tenant) else {
            return false;
        };
        if floor.phones.get(&agent).copied().unwrap_or(false) == reachable {
            return false;
        }
        floor.acd.handle_reach(now, &agent, reachable);
        floor.phones.insert(agent, reachable);
        true
    }

    /// The calls and the legs of users that live.
    pub(super) fn alive(
        &self,
        tenant: &TenantId,
    ) -> (BTreeSet<CallId>, BTreeSet<(AgentId, CallId)>) {
        let (mut callers, mut legs) = (BTreeSet::new(), BTreeSet::new());
        let ours = self.calls.values();
        let live = ours.filter(|live| live.setup.tenant == *tenant && live.ended.is_none());
        for live in live {
            let id = live.id();
            callers.insert(id);
            let users = living(live).filter_map(Leg::user);
            legs.extend(users.map(|user| (AgentId::from(user), id)));
        }
        (callers, legs)
    }
}

/// The users in a call, each once.
fn users_in(live: &Live) -> SmallVec<[Seen; 2]> {
    let mut seen: SmallVec<[Seen; 2]> = SmallVec::new();
    // Legs of offers are the floor's own.
    for leg in living(live).filter(|leg| !leg.is_offer()) {
        let Some(user) = leg.user() else { continue };
        let confirmed = leg.state() == LegState::Up;
        match seen.iter_mut().find(|it| it.user == user) {
            Some(known) => known.confirmed |= confirmed,
            None => {
                let before = live.seen.iter().find(|it| it.user == user);
                let is_customer =
                    |other: &Leg| other.user().is_none() && other.state() == LegState::Up;
                seen.push(Seen {
                    user: user.to_owned(),
                    confirmed,
                    alone: living(live).count() == 1 && before.is_none_or(|before| before.alone),
                    customer: before.is_some_and(|before| before.customer)
                        || living(live).any(is_customer),
                });
            }
        }
    }
    seen
}

fn living(live: &Live) -> impl Iterator<Item = &Leg> {
    let legs = live.call.legs().iter();
    legs.filter(|leg| leg.state() != LegState::Gone)
}
