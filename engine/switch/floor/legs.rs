//! What agents' legs and phones do, as the floor is told of it.

use std::collections::BTreeSet;
use std::time::Instant;

use call::acd::AgentId;
use call::{CallId, Leg, LegState, TenantId};

use crate::switch::Switch;
use crate::switch::live::Live;

impl Switch {
    /// Tells the floor what agents do in a call, where that is news: who has a call of their own is
    /// offered none.
    pub(in crate::switch) fn tell_floor_of_legs(&mut self, now: Instant, live: &mut Live) {
        let Live {
            call, seen, setup, ..
        } = live;
        let tenant = &setup.tenant;
        let news = self.on_floor(now, tenant, |floor| floor.acd.handle_legs(now, call, seen));
        if news == Some(true) {
            self.drain_floor(now, tenant);
        }
    }

    /// A call is no more, however it ended.
    pub(in crate::switch) fn forget_on_floor(&mut self, now: Instant, live: &Live) {
        let tenant = &live.setup.tenant;
        self.on_floor(now, tenant, |floor| {
            floor.acd.handle_lost_call(now, live.setup.id, &live.seen);
            if let Some(callback) = live.calls_back {
                floor.acd.handle_not_back(now, callback);
            }
        });
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
        let sits_there = self.sits_at(&tenant, &agent);
        let mut news = self.tell_whether_reachable(now, &tenant, agent);
        if let Some(other) = sits_there {
            news |= self.tell_whether_reachable(now, &tenant, other);
        }
        if news {
            self.drain_floor(now, &tenant);
        }
    }

    /// Tells the floor which agents' phones answer, where that is news.
    pub(in crate::switch) fn look_at_phones(&mut self, now: Instant, tenant: &TenantId) {
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
        floor.phones.insert(agent.clone(), reachable);
        let told = self.on_floor(now, tenant, |floor| {
            floor.acd.handle_reach(now, &agent, reachable);
        });
        told.is_some()
    }

    /// The calls that wait, and the legs of users that live.
    pub(super) fn alive(
        &self,
        tenant: &TenantId,
    ) -> (BTreeSet<CallId>, BTreeSet<(AgentId, CallId)>) {
        let (mut callers, mut legs) = (BTreeSet::new(), BTreeSet::new());
        let ours = self.calls.values();
        let live = ours.filter(|live| live.setup.tenant == *tenant && live.ended.is_none());
        for live in live {
            let id = live.id();
            if live.call.state() == "queue" {
                callers.insert(id);
            }
            let legs_now = live.call.legs().iter();
            let living = legs_now.filter(|leg| leg.state() != LegState::Gone);
            let users = living.filter_map(Leg::user);
            legs.extend(users.map(|user| (AgentId::from(user), id)));
        }
        (callers, legs)
    }
}
