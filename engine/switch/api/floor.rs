//! Agents and queues as the API has them.

use std::time::{Duration, Instant};

use call::acd::{AfterWrapUp, AgentId, Callback, Habits, QueueStatus, State, Status};
use call::desk::{Deed, Order, Refused};
use call::{CallId, TenantId};
use tokio::sync::oneshot;
use uuid::Uuid;
use web::{
    Agent, AgentCounts, AgentSettings, AwaitedCallback, CallbackTaken, CallbackWanted, Performed,
    Queue, QueueDetails, Verdict, WaitingCaller, WhyWaiting,
};

use crate::switch::Switch;

impl Switch {
    /// A tenant's agents, by number.
    pub(in crate::switch) fn agents_shown(&self, now: Instant, tenant: &TenantId) -> Vec<Agent> {
        let all = self.agents_of(now, tenant).into_iter();
        all.map(|(id, status)| self.agent_shown(tenant, &id, status))
            .collect()
    }

    fn agent_shown(&self, tenant: &TenantId, id: &AgentId, status: Status) -> Agent {
        let settings = self.tenants.get(&*tenant.0);
        let reasons = settings.map_or(&[][..], |it| &it.busy_reasons);
        Agent {
            id: id.to_string(),
            name: self.name_of(tenant, &id.0),
            state: status.state.word(),
            reason: status.state.reason(reasons).map(str::to_owned),
            reachable: status.reachable,
            since: status.since,
            lasted_ms: micros(status.lasted) / 1_000,
            wrap_up_left_ms: status.wrap_up_left.map(|left| micros(left) / 1_000),
            queues: status.queues.iter().map(ToString::to_string).collect(),
            today_ms: (status.today.iter())
                .map(|(state, spent)| (state.word(), micros(*spent) / 1_000))
                .collect(),
            asks: status.asks.and_then(|it| {
                let named = State::Busy(it);
                named.reason(reasons).map(str::to_owned)
            }),
            settings: settings_of(status.habits),
        }
    }

    /// How a user is called, by `config.lua` or the records.
    fn name_of(&self, tenant: &TenantId, user: &str) -> Option<String> {
        self.people.one(&tenant.0, user)?.name.clone()
    }

    /// Answers; what the records are asked for first, later.
    pub(super) fn order_for_api(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: Order,
        answer: oneshot::Sender<Result<Performed, Refused>>,
    ) {
        if !matches!(order.deed, Deed::SavePrompt { .. }) {
            let _ = answer.send(self.perform_for_api(now, tenant, &order));
            return;
        }
        let (saved, asked) = oneshot::channel();
        self.save_prompt(tenant, order, saved);
        tokio::spawn(async move {
            // Dropped unanswered while the exchange stops: the API says so then.
            if let Ok(done) = asked.await {
                let _ = answer.send(done.map(|_| Performed {
                    agent: None,
                    call: None,
                }));
            }
        });
    }

    fn perform_for_api(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Performed, Refused> {
        if let Err(refused) = self.may_sit_from_afar(tenant, order) {
            self.note_order(tenant, order, &Err(refused.clone()));
            return Err(refused);
        }
        let done = self.order(now, tenant, order)?;
        let agent = AgentId::from(&*order.user);
        Ok(Performed {
            agent: done.agent.map(|it| self.agent_shown(tenant, &agent, it)),
            call: done.call.map(|call| call.0),
        })
    }

    pub(super) fn call_back_for_api(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        wanted: CallbackWanted,
    ) -> Result<CallbackTaken, Refused> {
        self.take_plan(now, tenant);
        let wanted = Callback {
            call: CallId(Uuid::now_v7()),
            queue: wanted.queue.as_str().into(),
            number: wanted.number,
            priority: wanted.priority,
            wants: wanted.wants,
        };
        let (id, position) = self
            .call_back(now, tenant, wanted)
            .map_err(|why| Refused::new(why.word(), why.to_string()))?;
        Ok(CallbackTaken { id: id.0, position })
    }

    /// A tenant's queues, by name.
    pub(in crate::switch) fn queues_shown(&self, now: Instant, tenant: &TenantId) -> Vec<Queue> {
        let agents = self.agents_of(now, tenant);
        let all = self.queues_of(now, tenant);
        all.iter().map(|queue| shown(queue, &agents)).collect()
    }

    pub(super) fn queue_shown(
        &self,
        now: Instant,
        tenant: &TenantId,
        name: &str,
    ) -> Option<QueueDetails> {
        let agents = self.agents_of(now, tenant);
        let all = self.queues_of(now, tenant);
        let queue = all.iter().find(|queue| *queue.plan.name.0 == *name)?;
        let status = |id: &AgentId| agents.iter().find(|(agent, _)| agent == id).cloned();
        let members = queue.members.iter().filter_map(status);
        Some(QueueDetails {
            queue: shown(queue, &agents),
            callers: queue
                .waiting
                .iter()
                .map(|caller| self.caller_shown(tenant, caller))
                .collect(),
            agents: members
                .map(|(id, status)| self.agent_shown(tenant, &id, status))
                .collect(),
            why: queue
                .waiting
                .first()
                .and_then(|first| self.why_waiting(tenant, first.call)),
        })
    }

    fn caller_shown(&self, tenant: &TenantId, caller: &call::acd::Waiting) -> WaitingCaller {
        let callback = self.callback(tenant, caller.call);
        if let Some(callback) = callback.filter(|_| caller.is_away) {
            return WaitingCaller {
                call: caller.call.0,
                from: Some(callback.number.clone()),
                from_name: None,
                position: caller.position,
                waited_ms: millis(caller.waited),
                offered: caller.is_offered,
                callback: Some(AwaitedCallback {
                    state: callback.state.word(),
                    tries: callback.tried,
                    not_before: callback.not_before,
                }),
            };
        }
        let setup = self.calls.get(&caller.call).map(|live| &live.setup);
        let raw = setup.map(|setup| setup.from_raw.clone());
        let raw = raw.filter(|raw| !raw.is_empty());
        WaitingCaller {
            call: caller.call.0,
            from: setup.and_then(|setup| setup.from.clone()).or(raw),
            from_name: setup.and_then(|setup| setup.from_name.clone()),
            position: caller.position,
            waited_ms: millis(caller.waited),
            offered: caller.is_offered,
            callback: None,
        }
    }

    fn why_waiting(&self, tenant: &TenantId, call: CallId) -> Option<WhyWaiting> {
        let decision = self.explain(tenant, call)?;
        let verdicts = decision.candidates.into_iter().map(|verdict| Verdict {
            agent: verdict.agent.to_string(),
            because: verdict.because.to_string(),
        });
        Some(WhyWaiting {
            call: call.0,
            because: decision.because.into_owned(),
            agents: verdicts.collect(),
        })
    }
}

fn shown(queue: &QueueStatus, agents: &[(AgentId, Status)]) -> Queue {
    let mut counts = AgentCounts::default();
    let members = agents.iter().filter(|(id, _)| queue.members.contains(id));
    for (_, status) in members {
        counts.add(status.state.word());
    }
    let waits = queue.waiting.iter().map(|caller| caller.waited);
    Queue {
        name: queue.plan.name.to_string(),
        gone: queue.is_gone,
        strategy: queue.plan.offering.strategy.word(),
        waiting: queue.waiting.len(),
        callbacks: queue.waiting.iter().filter(|it| it.is_away).count(),
        longest_wait_ms: millis(waits.max().unwrap_or_default()),
        expected_wait_ms: queue.expected_wait.map(millis),
        handling_ms: queue.handling.map(millis),
        agents: counts,
    }
}

fn settings_of(habits: Habits) -> AgentSettings {
    AgentSettings {
        auto_answer: habits.auto_answer,
        auto_answer_internal: habits.auto_answer_internal,
        do_not_disturb: habits.do_not_disturb,
        accept_items: habits.accepts_items(),
        auto_idle: habits.after_wrap_up == Some(AfterWrapUp::Idle),
        auto_busy: habits.after_wrap_up == Some(AfterWrapUp::Busy),
        wrap_up_ms: habits.wrap_up_ms,
        device: habits.device.map(|device| device.to_string()),
    }
}

fn millis(duration: Duration) -> i64 {
    micros(duration) / 1_000
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
