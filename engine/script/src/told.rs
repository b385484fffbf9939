//! What scripts are told of agents and queues: events, and what `choose` gets to see of a caller.

use call::Setup;
use call::acd::{Output, QueueName};
use serde_json::{Value, json};

/// A caller in a queue, as events and `choose` show them.
pub fn caller(setup: &Setup, language: &str) -> Value {
    let id = setup.id.to_string();
    json!({
        "id": id, "call": id, "from": setup.from, "from_name": setup.from_name, "to": setup.to,
        "language": language,
    })
}

/// The same, in this queue.
pub fn in_queue(caller: Option<&Value>, queue: &QueueName) -> Value {
    let mut about = caller.cloned().unwrap_or_else(|| json!({}));
    about["queue"] = (*queue.0).into();
    about
}

/// The event that an output of the floor's machine is, if it is one: its name and what it tells.
/// `caller` is [`caller`] of the call that it is about.
pub fn event(output: &Output, caller: Option<&Value>) -> Option<(String, Value)> {
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
        Output::State(change) => {
            let about = json!({
                "agent": *change.agent.0, "state": change.state.word(),
                "before": change.before.word(), "reachable": change.reachable,
                "by": change.by.to_string(),
            });
            ("agent.changed", about)
        }
        _ => return None,
    };
    Some((name.to_owned(), about))
}
