//! What is offered to agents and is no call, a chat for one: it waits in the same line, for the same
//! agents, by the same reservations; only nothing rings.

use std::time::{Duration, Instant};

use super::agent::Duty;
use super::caller::Caller;
use super::lease::LeaseState;
use super::name::{AgentIx, QueueIx};
use super::{
    Acd, AgentId, Enter, LeaseId, Leave, Medium, OfferEnd, Output, QueueName, Waited, Wants,
    Withdrawn,
};
use crate::CallId;

/// What becomes of an item, for whoever shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemNews {
    /// Which.
    pub item: CallId,
    /// In which queue.
    pub queue: QueueName,
    /// To or from which agent.
    pub agent: AgentId,
    /// What.
    pub what: ItemStep,
}

/// A step of an item's way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ItemStep {
    /// The agent may take it for so long.
    Offered(Duration),
    /// They may no longer.
    Withdrawn(Withdrawn),
    /// They have it.
    Taken,
    /// It waits in the queue again, since they have logged out.
    Returned,
    /// They have done with it.
    Finished,
}

impl ItemStep {
    /// The word in events.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Offered(_) => "offered",
            Self::Withdrawn(_) => "withdrawn",
            Self::Taken => "taken",
            Self::Returned => "returned",
            Self::Finished => "finished",
        }
    }
}

/// Why an item cannot be taken, declined or finished.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ItemError {
    /// It does not wait, and nobody has it.
    #[error("there is no such item")]
    NoItem,
    /// It is not offered to this agent.
    #[error("it is not offered to them")]
    NotOffered,
}

impl ItemError {
    /// The word that scripts and programs see.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoItem => "no_such_item",
            Self::NotOffered => "not_offered",
        }
    }
}

/// An item that an agent has, with what it takes to line it up again.
#[derive(Clone, Debug)]
pub(super) struct Item {
    queue: QueueIx,
    priority: u32,
    max_wait: Option<Duration>,
    wants: Wants,
    arrived: Instant,
    first: Instant,
}

impl From<&Caller> for Item {
    fn from(caller: &Caller) -> Self {
        Self {
            queue: caller.queue,
            priority: caller.episode.priority,
            max_wait: caller.max_wait,
            wants: caller.wants.clone(),
            arrived: caller.arrived,
            first: caller.first,
        }
    }
}

impl Acd {
    /// An agent takes an item that is offered to them, or declines it.
    ///
    /// # Errors
    /// When it is not offered to them.
    pub fn handle_item(
        &mut self,
        now: Instant,
        agent: &AgentId,
        item: CallId,
        takes: bool,
    ) -> Result<(), ItemError> {
        self.begin(now);
        let lease = self.offer_of(agent, item);
        match (lease, takes) {
            (Ok(lease), true) => self.item_taken(lease),
            (Ok(lease), false) => self.drop_item(lease, None, OfferEnd::Rejected),
            (Err(_), _) => {}
        }
        self.finish();
        lease.map(drop)
    }

    /// An item is over: whoever has it has done with it, or the customer is gone.
    ///
    /// # Errors
    /// When there is none.
    pub fn handle_item_over(&mut self, now: Instant, item: CallId) -> Result<(), ItemError> {
        self.begin(now);
        let waits = self.is_item(&item);
        let mut held = self.agents.iter();
        let held = held.position(|agent| agent.items.contains_key(&item));
        match held {
            _ if waits => self.leave(item, Leave::Gone),
            Some(at) => {
                let ix = AgentIx(at);
                if let Some(held) = self.agents[at].items.remove(&item) {
                    self.note_customer(ix, &held.wants);
                    self.tell_of_item(item, held.queue, ix, ItemStep::Finished);
                }
                self.settle_agent(ix, &super::By::Engine);
            }
            None => {}
        }
        self.finish();
        match waits || held.is_some() {
            true => Ok(()),
            false => Err(ItemError::NoItem),
        }
    }

    /// The items that an agent has.
    pub fn items_of(&self, agent: &AgentId) -> Vec<CallId> {
        let agent = self.names.agents.get(agent).map(|ix| &self.agents[ix.0]);
        agent.map_or_else(Vec::new, |agent| agent.items.keys().copied().collect())
    }

    pub(super) fn is_item(&self, call: &CallId) -> bool {
        let caller = self.callers.get(call);
        caller.is_some_and(|it| it.wants.medium == Medium::Chat)
    }

    fn offer_of(&self, agent: &AgentId, item: CallId) -> Result<LeaseId, ItemError> {
        let caller = self.callers.get(&item).ok_or(ItemError::NoItem)?;
        let agent = self.names.agents.get(agent);
        let mut offers = caller.offers.leases.iter().copied();
        let theirs = |lease: &LeaseId| {
            self.leases.get(lease).is_some_and(|lease| {
                let offered = matches!(lease.state, LeaseState::Offered { .. });
                offered && lease.medium == Medium::Chat && Some(&lease.agent) == agent
            })
        };
        offers.find(theirs).ok_or(ItemError::NotOffered)
    }

    /// The agent has it at once: there is nothing to be connected.
    pub(super) fn item_taken(&mut self, lease: LeaseId) {
        let Some(taken) = self.leases.get(&lease) else {
            return;
        };
        let (item, queue, agent) = (taken.call, taken.queue, taken.agent);
        self.tell_of_item(item, queue, agent, ItemStep::Taken);
        self.connected(lease);
    }

    /// The offer of an item is over; nothing rings that would have to stop first.
    pub(super) fn drop_item(&mut self, id: LeaseId, why: Option<Withdrawn>, end: OfferEnd) {
        let Some(lease) = self.leases.get(&id) else {
            return;
        };
        let (item, queue, agent) = (lease.call, lease.queue, lease.agent);
        if let Some(why) = why {
            self.tell_of_item(item, queue, agent, ItemStep::Withdrawn(why));
        }
        self.drop_lease(id, end);
    }

    /// Whoever has logged out has no items any more: they wait again, with the time that they waited.
    pub(super) fn return_items(&mut self, ix: AgentIx) {
        let now = self.clock.now;
        if self.agents[ix.0].duty != Duty::LoggedOut {
            return;
        }
        for (item, held) in std::mem::take(&mut self.agents[ix.0].items) {
            self.tell_of_item(item, held.queue, ix, ItemStep::Returned);
            let waited = Waited {
                here: now.saturating_duration_since(held.arrived),
                before: held.arrived.saturating_duration_since(held.first),
            };
            // A queue that is gone by now has nobody who would take it.
            let _ = self.enter(Enter {
                priority: held.priority,
                max_wait: held.max_wait,
                wants: held.wants,
                again: Some(waited),
                ..Enter::new(item, self.queue_name(held.queue))
            });
        }
    }

    pub(super) fn tell_of_item(
        &mut self,
        item: CallId,
        queue: QueueIx,
        agent: AgentIx,
        what: ItemStep,
    ) {
        self.outputs.push_back(Output::Item(ItemNews {
            item,
            queue: self.queue_name(queue),
            agent: self.agents[agent.0].id.clone(),
            what,
        }));
    }
}
