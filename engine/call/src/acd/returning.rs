//! Customers who come back to an agent by chat: for who takes no new ones (接受新客户 = 否) they are none.
//!
//! Known are those with whom the agent has had a chat in the last 24 hours. A machine that is made anew, as after a
//! restart, knows none.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Acd;
use super::caller::Caller;
use super::decision::Despite;
use super::demand::Demand;
use super::name::AgentIx;
use super::{Medium, Wants};

/// Who has had chats with whom lately.
#[derive(Debug, Default)]
pub(super) struct Returning {
    /// When each customer's last one was, by agent.
    chats: BTreeMap<Arc<str>, BTreeMap<AgentIx, Instant>>,
    /// The same of each agent, in the order of time; a customer stands there once for each time.
    in_order: BTreeMap<AgentIx, VecDeque<(Instant, Arc<str>)>>,
}

/// To which of the agents who take no new customers a caller is offered all the same.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Welcome {
    /// To all: it is a call, or a VIP's chat.
    Everywhere,
    /// To those to whom the customer comes back.
    By(Vec<AgentIx>),
}

impl Returning {
    /// The agent has a chat with a customer at this moment. The oldest are forgotten where there are too many.
    pub(super) fn note(&mut self, now: Instant, agent: AgentIx, customer: &Arc<str>) {
        let chats = self.chats.entry(Arc::clone(customer)).or_default();
        chats.insert(agent, now);
        let in_order = self.in_order.entry(agent).or_default();
        in_order.push_back((now, Arc::clone(customer)));
        while in_order.len() > MOST_OF_ONE || in_order.front().is_some_and(|it| is_past(now, it.0))
        {
            let Some((at, oldest)) = in_order.pop_front() else {
                return;
            };
            let Some(chats) = self.chats.get_mut(&oldest) else {
                continue;
            };
            // They may have come back since.
            if chats.get(&agent) == Some(&at) {
                chats.remove(&agent);
            }
            if chats.is_empty() {
                self.chats.remove(&oldest);
            }
        }
    }

    /// The agents to whom a customer comes back.
    fn agents(&self, now: Instant, customer: &str) -> impl Iterator<Item = AgentIx> {
        let chats = self.chats.get(customer).into_iter().flatten();
        let lately = chats.filter(move |(_, at)| !is_past(now, **at));
        lately.map(|(agent, _)| *agent)
    }
}

impl Acd {
    /// Notes that an agent has a chat of this customer, if it is known whose it is.
    pub(super) fn note_customer(&mut self, agent: AgentIx, wants: &Wants) {
        let is_chat = wants.medium == Medium::Chat;
        if let Some(customer) = wants.customer.as_ref().filter(|_| is_chat) {
            self.returning.note(self.clock.now, agent, customer);
        }
    }

    /// To whom of those who take no new customers a caller is offered.
    pub(super) fn welcome(&self, wants: &Wants) -> Welcome {
        match (wants.medium, wants.vip) {
            (Medium::Voice, _) | (Medium::Chat, true) => Welcome::Everywhere,
            (Medium::Chat, false) => {
                let customer = wants.customer.as_deref();
                let known = customer.map(|it| self.returning.agents(self.clock.now, it));
                let choosy = |agent: &AgentIx| !self.agents[agent.0].habits.accepts_items();
                // All others take them anyway, so that most chats ask for the same.
                Welcome::By(known.into_iter().flatten().filter(choosy).collect())
            }
        }
    }

    /// Whether an agent takes whoever is welcome so.
    pub(super) fn takes(&self, agent: AgentIx, welcome: &Welcome) -> bool {
        match welcome {
            Welcome::Everywhere => true,
            Welcome::By(known) => {
                self.agents[agent.0].habits.accepts_items() || known.contains(&agent)
            }
        }
    }

    /// Why an agent who takes no new customers may be offered this one.
    pub(super) fn despite(
        &self,
        caller: &Caller,
        demand: &Demand,
        agent: AgentIx,
    ) -> Option<Despite> {
        let is_choosy = !self.agents[agent.0].habits.accepts_items();
        if demand.medium == Medium::Voice || !is_choosy {
            return None;
        }
        Some(match caller.wants.vip {
            true => Despite::Vip,
            false => Despite::Returning,
        })
    }
}

fn is_past(now: Instant, at: Instant) -> bool {
    now.saturating_duration_since(at) >= FOR_SO_LONG
}

/// For so long whoever comes back is not new.
const FOR_SO_LONG: Duration = Duration::from_secs(24 * 60 * 60);
/// Chats of one agent that are remembered.
const MOST_OF_ONE: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::super::tests::{s, start};
    use super::*;

    fn comes_back(returning: &Returning, now: Instant, customer: &str) -> Vec<usize> {
        returning.agents(now, customer).map(|it| it.0).collect()
    }

    #[test]
    fn a_customer_comes_back_for_24_hours_after_the_last_chat_and_is_new_then() {
        let (mut returning, began) = (Returning::default(), start());
        let (anna, last): (Arc<str>, _) = ("wx:anna".into(), began + s(3_600));
        returning.note(began, AgentIx(0), &anna);
        returning.note(began, AgentIx(1), &anna);
        returning.note(last, AgentIx(0), &anna);

        let back = |now| comes_back(&returning, now, "wx:anna");
        assert_eq!(back(last), [0, 1]);
        assert_eq!(back(began + s(86_399)), [0, 1], "23:59:59");
        assert_eq!(back(began + s(86_401)), [0], "24:00:01");
        assert_eq!(back(last + s(86_400)), [0; 0]);
        assert_eq!(comes_back(&returning, last, "wx:bo"), [0; 0]);
    }

    #[test]
    fn an_agents_oldest_customers_are_forgotten_and_nobody_elses() {
        let (mut returning, now) = (Returning::default(), start());
        let customer = |number: usize| Arc::from(format!("wx:{number}"));
        returning.note(now, AgentIx(1), &customer(0));
        for number in 0..MOST_OF_ONE {
            returning.note(now + s(1), AgentIx(0), &customer(number));
        }
        // Who has come back since is not forgotten for having come long ago.
        returning.note(now + s(2), AgentIx(0), &customer(1));
        returning.note(now + s(2), AgentIx(0), &customer(MOST_OF_ONE));

        let back = |customer: &str| comes_back(&returning, now + s(2), customer);
        assert_eq!(back("wx:0"), [1]);
        assert_eq!(back("wx:1"), [0]);
        assert_eq!(back("wx:1000"), [0]);

        // What is past takes no room.
        returning.note(now + s(100_000), AgentIx(0), &customer(7));
        assert_eq!(returning.chats.len(), 2);
        assert_eq!(returning.in_order[&AgentIx(0)].len(), 1);
    }
}
