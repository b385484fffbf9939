//! What scripts are told of calls while they go on, of agents and of queues: events, and what
//! `choose` gets to see of a caller.

use call::acd::{ItemStep, Output, QueueName, State};
use call::{CallId, Setup};
use serde_json::{Value, json};

use crate::exchange::OfferedItem;

/// `call.started`.
pub fn started(setup: &Setup) -> Value {
    json!({
        "id": setup.id.to_string(), "from": setup.from, "from_name": setup.from_name, "to": setup.to,
        "context": setup.context, "user": setup.calling_user(), "trunk": setup.trunk,
        "started_at": setup.started_at as f64 / 1e6,
    })
}

/// `call.answered`.
pub fn answered(call: CallId) -> Value {
    json!({ "id": call.to_string() })
}

/// `call.bridged`: the caller talks `with` a user or number.
pub fn bridged(call: CallId, with: &str) -> Value {
    json!({ "id": call.to_string(), "with": with })
}

/// A caller in a queue, as events and `choose` show them.
pub fn caller(setup: &Setup, language: &str) -> Value {
    let id = setup.id.to_string();
    json!({
        "id": id, "call": id, "from": setup.from, "from_name": setup.from_name, "to": setup.to,
        "language": language,
    })
}

/// Something that is no call and waits in a queue, likewise.
pub fn item(id: CallId, item: &OfferedItem) -> Value {
    let id = id.to_string();
    json!({ "id": id, "item": id, "from": item.from, "about": item.about })
}

/// The same, in this queue.
pub fn in_queue(caller: Option<&Value>, queue: &QueueName) -> Value {
    let mut about = caller.cloned().unwrap_or_else(|| json!({}));
    about["queue"] = (*queue.0).into();
    about
}

/// The event that an output of the floor's machine is, if it is one: its name and what it tells.
/// `caller` is [`caller`] of the call that it is about, `reasons` are the tenant's names of 置忙.
pub fn event(
    output: &Output,
    caller: Option<&Value>,
    reasons: &[String],
) -> Option<(String, Value)> {
    let (name, about) = match output {
        Output::Waits {
            queue, position, ..
        } => {
            let mut about = in_queue(caller, queue);
            about["position"] = (*position).into();
            ("queue.entered", about)
        }
        Output::Aside { queue, what, .. } => return Some((what.clone(), in_queue(caller, queue))),
        Output::Episode(stay) => {
            let about = json!({
                "queue": *stay.queue.0, "call": stay.call.to_string(),
                "outcome": stay.outcome.word(), "waited": stay.wait_ms as f64 / 1e3,
                "agent": stay.agent.as_ref().map(|agent| &*agent.0), "offers": stay.offers.len(),
            });
            ("queue.left", about)
        }
        Output::Item(news) => {
            let mut about = json!({
                "item": news.item.to_string(), "queue": *news.queue.0, "agent": *news.agent.0,
            });
            let name = match news.what {
                ItemStep::Offered(wait) => {
                    about["within"] = wait.as_secs_f64().into();
                    if let Some(caller) = caller {
                        about["from"] = caller["from"].clone();
                        about["about"] = caller["about"].clone();
                    }
                    "item.offered"
                }
                ItemStep::Withdrawn(_) => "item.withdrawn",
                ItemStep::Taken => "item.taken",
                ItemStep::Returned => "item.returned",
                ItemStep::Finished => "item.finished",
            };
            (name, about)
        }
        Output::Paused {
            agent,
            queue,
            reason,
            after,
        } => {
            let about = json!({
                "agent": *agent.0, "queue": *queue.0, "reason": reason.word(), "after": after,
            });
            ("agent.paused", about)
        }
        Output::State(change) => {
            let about = json!({
                "agent": *change.agent.0, "state": change.state.word(),
                "reason": change.state.reason(reasons), "before": change.before.word(), "reachable": change.reachable,
                "by": change.by.to_string(),
            });
            ("agent.changed", about)
        }
        Output::Asks { agent, reason } => {
            let reason = State::Busy(*reason).reason(reasons).map(str::to_owned);
            ("agent.asks", json!({ "agent": *agent.0, "reason": reason }))
        }
        Output::Overrun {
            agent,
            reason,
            lasted,
        } => {
            let reason = State::Busy(*reason).reason(reasons).map(str::to_owned);
            let about = json!({
                "agent": *agent.0, "reason": reason, "lasted": lasted.as_secs_f64(),
            });
            ("agent.overrun", about)
        }
        Output::Reset { agent, trace } => {
            ("agent.reset", json!({ "agent": *agent.0, "trace": trace }))
        }
        _ => return None,
    };
    Some((name.to_owned(), about))
}

#[cfg(test)]
mod tests {
    use call::acd::{By, Reason, StateChange};

    use super::*;

    #[test]
    fn an_agents_change_tells_the_tenants_name_of_the_reason() {
        let change = StateChange {
            agent: "1049".into(),
            state: State::Busy(Reason::Code(2)),
            reachable: true,
            before: State::Idle,
            from: 0,
            at: 5,
            by: By::Leader("user:1001".into()),
        };
        let reasons = ["break".to_owned(), "meeting".to_owned()];

        let told = event(&Output::State(change), None, &reasons);

        let about = json!({
            "agent": "1049", "state": "busy", "reason": "meeting", "before": "idle",
            "reachable": true, "by": "user:1001",
        });
        assert_eq!(told, Some(("agent.changed".to_owned(), about)));
    }
}
