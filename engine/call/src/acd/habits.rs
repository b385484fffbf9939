//! What people have set for themselves: it outlives logging out, and restarts.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::agent::Agent;
use super::{Acd, AfterWrapUp, AgentId, By, Refusal};

/// What a user has set for themselves.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// 自动应答: their phone answers customers by itself.
    pub auto_answer: bool,
    /// And colleagues who call them directly.
    pub auto_answer_internal: bool,
    /// 免打扰: their phone is not rung.
    pub do_not_disturb: bool,
    /// 接受新客户 = 否: nobody new is offered to them by chat.
    pub no_new_items: bool,
    /// 自动置闲 or 自动置忙 after 事后; the tenant's rule when `None`.
    pub after_wrap_up: Option<AfterWrapUp>,
    /// Their own longest 事后, in milliseconds, where the queue's is not shorter.
    pub wrap_up_ms: Option<u64>,
    /// The user at whose phone they sit, when it is not their own.
    pub device: Option<AgentId>,
}

/// One thing that somebody sets for themselves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Habit {
    /// *481 and *480: automatic answer of customers' calls.
    AutoAnswer(bool),
    /// Of colleagues' direct calls, too.
    AutoAnswerInternal(bool),
    /// *78 and *79.
    DoNotDisturb(bool),
    /// *431 and *430: 接受新客户, by chat.
    AcceptItems(bool),
    /// 自动置闲: 置闲 follows 事后.
    AutoIdle(bool),
    /// 自动置忙: 置忙 follows 事后.
    AutoBusy(bool),
    /// The longest 事后 of one's own.
    WrapUp(Option<Duration>),
    /// Sits at the phone of this user; at one's own when `None`.
    Device(Option<AgentId>),
}

impl Habits {
    /// The longest 事后 of one's own.
    pub fn wrap_up(&self) -> Option<Duration> {
        self.wrap_up_ms.map(Duration::from_millis)
    }

    /// Whether somebody new may be offered to them by chat.
    pub fn accepts_items(&self) -> bool {
        !self.no_new_items
    }

    fn set(&mut self, habit: Habit) -> Result<(), Refusal> {
        let exclusive = |on: bool, mine: AfterWrapUp, now: Option<AfterWrapUp>| match (on, now) {
            (true, Some(other)) if other != mine => Err(Refusal::Exclusive),
            (true, _) => Ok(Some(mine)),
            (false, now) => Ok(now.filter(|now| *now != mine)),
        };
        match habit {
            Habit::AutoAnswer(on) => self.auto_answer = on,
            Habit::AutoAnswerInternal(on) => self.auto_answer_internal = on,
            Habit::DoNotDisturb(on) => self.do_not_disturb = on,
            Habit::AcceptItems(on) => self.no_new_items = !on,
            Habit::AutoIdle(on) => {
                self.after_wrap_up = exclusive(on, AfterWrapUp::Idle, self.after_wrap_up)?;
            }
            Habit::AutoBusy(on) => {
                self.after_wrap_up = exclusive(on, AfterWrapUp::Busy, self.after_wrap_up)?;
            }
            Habit::WrapUp(longest) => {
                let millis = |long: Duration| u64::try_from(long.as_millis()).unwrap_or(u64::MAX);
                self.wrap_up_ms = longest.map(millis);
            }
            Habit::Device(device) => self.device = device,
        }
        Ok(())
    }
}

impl Acd {
    /// A user sets something for themselves, or somebody does it for them; also one who serves no
    /// queue.
    ///
    /// # Errors
    /// 自动置闲 and 自动置忙 exclude each other.
    pub fn handle_habit(
        &mut self,
        now: Instant,
        user: &AgentId,
        habit: Habit,
    ) -> Result<(), Refusal> {
        self.begin(now);
        let ix = self.agent_named(user);
        let done = self.agents[ix.0].habits.set(habit);
        if done.is_ok() {
            self.settle_agent(ix, &By::Engine);
        }
        self.finish();
        done
    }

    /// What a user has set for themselves.
    pub fn habits(&self, user: &AgentId) -> Habits {
        let known = self.names.agents.get(user);
        known.map_or_else(Habits::default, |ix| self.agents[ix.0].habits.clone())
    }

    /// Who sits at the phone of this user: somebody else who has chosen it and is logged in.
    pub fn sits_at(&self, phone: &AgentId) -> Option<&AgentId> {
        let mut all = self.agents.iter();
        let sits = |agent: &&Agent| agent.sits_at(phone);
        all.find(sits).map(|agent| &agent.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_idle_and_auto_busy_exclude_each_other_and_both_may_be_off() {
        let mut habits = Habits::default();
        habits.set(Habit::AutoIdle(true)).unwrap();
        assert_eq!(
            habits.set(Habit::AutoBusy(true)),
            Err(Refusal::Exclusive),
            "the other one is on"
        );
        habits.set(Habit::AutoBusy(false)).unwrap();
        assert_eq!(habits.after_wrap_up, Some(AfterWrapUp::Idle));

        habits.set(Habit::AutoIdle(false)).unwrap();
        assert_eq!(habits.after_wrap_up, None);
        habits.set(Habit::AutoBusy(true)).unwrap();

        assert_eq!(habits.after_wrap_up, Some(AfterWrapUp::Busy));
        assert_eq!(habits.set(Habit::AutoIdle(true)), Err(Refusal::Exclusive));
    }
}
