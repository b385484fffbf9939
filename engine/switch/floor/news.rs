//! What the API's listeners are told of agents and queues.

use call::TenantId;
use call::acd::{Output, Reason, State};
use web::News;

use crate::switch::Switch;

impl Switch {
    /// Tells of what came out of a tenant's machine; `reasons` are the tenant's names of 置忙.
    pub(super) fn tell_of_floor(&self, tenant: &TenantId, output: &Output, reasons: &[String]) {
        match output {
            Output::Waits {
                call,
                queue,
                position,
                ..
            } => {
                let news = News::QueueEntered {
                    queue: queue.to_string(),
                    position: *position,
                };
                self.tell(tenant, Some(*call), news);
            }
            Output::Episode(episode) => {
                let news = News::QueueLeft {
                    queue: episode.queue.to_string(),
                    outcome: episode.outcome.word(),
                    agent: episode.agent.as_ref().map(ToString::to_string),
                    waited_ms: i64::try_from(episode.wait_ms).unwrap_or(i64::MAX),
                };
                self.tell(tenant, Some(episode.call), news);
            }
            Output::Paused {
                agent,
                queue,
                reason,
                after,
            } => {
                let news = News::AgentPaused {
                    agent: agent.to_string(),
                    queue: queue.to_string(),
                    reason: reason.word(),
                    after: *after,
                };
                self.tell(tenant, None, news);
            }
            Output::Item(item) => {
                let news = News::ItemChanged {
                    item: item.item.0,
                    queue: item.queue.to_string(),
                    agent: item.agent.to_string(),
                    step: item.what.word(),
                };
                self.tell(tenant, None, news);
            }
            Output::State(change) => {
                let news = News::AgentChanged {
                    agent: change.agent.to_string(),
                    state: change.state.word(),
                    reason: change.state.reason(reasons).map(str::to_owned),
                    before: change.before.word(),
                    lasted_ms: (change.at - change.from) / 1_000,
                    reachable: change.reachable,
                    by: change.by.to_string(),
                };
                self.tell(tenant, None, news);
            }
            Output::Asks { agent, reason } => {
                let news = News::AgentAsks {
                    agent: agent.to_string(),
                    reason: name_of(*reason, reasons),
                };
                self.tell(tenant, None, news);
            }
            Output::Overrun {
                agent,
                reason,
                lasted,
            } => {
                let news = News::AgentOverrun {
                    agent: agent.to_string(),
                    reason: name_of(*reason, reasons),
                    lasted_ms: i64::try_from(lasted.as_millis()).unwrap_or(i64::MAX),
                };
                self.tell(tenant, None, news);
            }
            Output::Reset { agent, trace } => {
                let news = News::AgentReset {
                    agent: agent.to_string(),
                    trace: trace.clone(),
                };
                self.tell(tenant, None, news);
            }
            _ => {}
        }
    }
}

fn name_of(reason: Reason, reasons: &[String]) -> Option<String> {
    State::Busy(reason).reason(reasons).map(str::to_owned)
}
