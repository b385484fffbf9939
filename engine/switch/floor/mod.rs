//! The floor: each tenant's agents and queues ([`call::acd`]), between calls, phones and scripts.
//!
//! A machine's outputs about calls are not carried out where they come up, because a call may just
//! be in hand: they wait in [`Floors::deliveries`], and are delivered before the switch looks at
//! anything else.

mod asked;
mod book;
mod callbacks;
mod calls;
mod familiar;
mod lamps;
mod legs;
mod mending;
mod news;
mod outputs;
mod seats;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use call::acd::{Acd, AgentId, CallbackChange, DialogNews, Plan, Status};
use call::{CallId, Relay, TenantId};
use store::FloorRow;

use super::Switch;

pub(crate) use asked::Question;
use book::Book;
use familiar::Familiar;
use mending::Caller;
use outputs::Delivery;

/// The floors of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Floors {
    by_tenant: HashMap<TenantId, Floor>,
    /// What the last run of the exchange knew of tenants whose floor has not been made yet.
    kept: HashMap<String, FloorRow>,
    /// What calls are to be told, in order. There are no more than the machines have made of the
    /// one input that is being dealt with.
    deliveries: VecDeque<(CallId, Delivery)>,
    /// Somebody delivers already.
    delivering: bool,
    /// Calls that are being dealt with, and can be told nothing yet.
    in_hand: usize,
}

/// One tenant's.
#[derive(Debug)]
pub(super) struct Floor {
    acd: Acd,
    /// What it goes by.
    plan: Arc<Plan>,
    /// Whether a phone of the agent answers, as it was last told.
    phones: HashMap<AgentId, bool>,
    /// What is to be written.
    book: Book,
    /// For whom offers are.
    relay: Relay,
    /// Who waits.
    callers: HashMap<CallId, Caller>,
    /// Who is to be called back, as it was last noted.
    callbacks: BTreeMap<CallId, CallbackChange>,
    /// Who knows whom.
    familiar: Familiar,
    /// When a defect made it be made anew, the last time.
    mended_at: Option<Instant>,
}

impl Floor {
    fn new(now: Instant, wall: i64, plan: Arc<Plan>) -> Self {
        Self {
            acd: Acd::new(now, wall, rand::random(), (*plan).clone()),
            plan,
            phones: HashMap::new(),
            book: Book::default(),
            relay: Relay::default(),
            callers: HashMap::new(),
            callbacks: BTreeMap::new(),
            familiar: Familiar::default(),
            mended_at: None,
        }
    }
}

impl Floor {
    /// How an agent stands.
    pub(super) fn status(&self, now: Instant, agent: &str) -> Option<Status> {
        self.acd.status(now, &AgentId::from(agent))
    }

    /// An agent is to be rung by this call, and is offered no other from now on.
    pub(super) fn reserve(&mut self, now: Instant, agent: &str, call: CallId) {
        let began = DialogNews::Began {
            customer: false,
            queue: None,
        };
        let agent = AgentId::from(agent);
        self.acd.handle_dialog(now, &agent, call, began);
    }
}

impl Floors {
    /// No floor yet, and what the last run of the exchange knew of each tenant's.
    pub(super) fn new(kept: HashMap<String, FloorRow>) -> Self {
        Self {
            kept,
            ..Self::default()
        }
    }

    fn get_mut(&mut self, tenant: &TenantId) -> Option<&mut Floor> {
        self.by_tenant.get_mut(tenant)
    }

    /// When the next of them is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let floors = self.by_tenant.values();
        floors.filter_map(|floor| floor.acd.poll_timeout()).min()
    }
}

impl Switch {
    /// Takes over the queues that the tenants' scripts declare now.
    pub(super) fn take_plans(&mut self, now: Instant) {
        let known = self.floors.by_tenant.keys().cloned();
        let mut tenants: Vec<TenantId> = known.collect();
        tenants.extend(
            self.tenants
                .keys()
                .map(|name| TenantId::from(name.as_str())),
        );
        for tenant in tenants {
            self.take_plan(now, &tenant);
        }
    }

    /// Takes over the queues that a tenant's scripts declare now; those of a tenant that is gone
    /// take no new callers.
    pub(super) fn take_plan(&mut self, now: Instant, tenant: &TenantId) {
        let is_there = self.tenants.contains_key(&*tenant.0);
        let plan = match self.parts.scripts.queues(tenant) {
            Some((_, plan)) if is_there => plan,
            // Broken scripts change nothing.
            _ if is_there => return,
            _ => Arc::default(),
        };
        match self.floors.get_mut(tenant) {
            Some(floor) if Arc::ptr_eq(&floor.plan, &plan) => return,
            Some(floor) => {
                let is_another = *floor.plan != *plan;
                let plan = Arc::clone(&plan);
                if !is_another {
                    floor.plan = plan;
                    return;
                }
                self.on_floor(now, tenant, |floor| {
                    floor.acd.handle_plan(now, (*plan).clone());
                    floor.plan = plan;
                });
            }
            None if plan.queues.is_empty() => return,
            None => {
                let wall = self.parts.clock.unix_micros();
                let mut floor = Floor::new(now, wall, Arc::clone(&plan));
                let (day, passed) = self.day_of(tenant, wall);
                floor.acd.handle_day(now, day, passed);
                self.floors.by_tenant.insert(tenant.clone(), floor);
                self.restore_floor(now, tenant);
            }
        }
        self.look_for_strangers(tenant, &plan);
        self.look_at_phones(now, tenant);
        self.drain_floor(now, tenant);
        self.light_agents(now, tenant);
    }

    /// Says who is to serve queues and is no user.
    fn look_for_strangers(&self, tenant: &TenantId, plan: &Plan) {
        for queue in &plan.queues {
            for member in &queue.members {
                if self.accounts.user(tenant, &member.agent.0).is_none() {
                    tracing::warn!(
                        %tenant, queue = %queue.name,
                        "agent '{}' is no user: add them to config.lua, or by `moonswitch user add`",
                        member.agent
                    );
                }
            }
        }
    }

    pub(super) fn handle_floor_timeouts(&mut self, now: Instant) {
        let floors = self.floors.by_tenant.iter();
        let due = floors.filter(|(_, floor)| floor.acd.poll_timeout().is_some_and(|at| at <= now));
        let due: Vec<TenantId> = due.map(|(tenant, _)| tenant.clone()).collect();
        for tenant in due {
            self.on_floor(now, &tenant, |floor| floor.acd.handle_timeout(now));
            self.drain_floor(now, &tenant);
        }
    }

    /// What is looked at once a second: the wall clock, phones, and whether what the machines
    /// believe of calls and legs is so (D2).
    pub(super) fn sweep_floors(&mut self, now: Instant) {
        self.take_plans(now);
        let tenants: Vec<TenantId> = self.floors.by_tenant.keys().cloned().collect();
        for tenant in tenants {
            let (callers, legs) = self.alive(&tenant);
            let wall = self.parts.clock.unix_micros();
            let (day, passed) = self.day_of(&tenant, wall);
            self.on_floor(now, &tenant, |floor| {
                floor.acd.handle_clock(now, wall);
                floor.acd.handle_day(now, day, passed);
                floor.acd.handle_audit(now, &callers, &legs);
            });
            self.look_at_phones(now, &tenant);
            self.drain_floor(now, &tenant);
        }
    }
}
