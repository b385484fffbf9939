//! What agents do with star codes, what they hear, and what the records say of them.

use std::time::Duration;

use call::journal::{Entry, What};
use call::{Command, Say, Sound};
use store::QueueLogFilter;
use uuid::Uuid;

use super::{Exchange, Keys, Phone, eventually};

impl Exchange {
    /// Dials a code, types PINs where one is asked for, and listens to the end: what was said, by the
    /// names of the sounds.
    pub(crate) fn said_to(&self, phone: &Phone, code: &str, pins: &[&str]) -> Vec<String> {
        let before = self.records().len();
        let line = phone.dials(code);
        line.is_answered();
        for pin in pins {
            line.hears_something(Duration::from_millis(300));
            line.presses(&format!("{pin}#"), Keys::Rfc4733);
        }
        line.hears_something(Duration::from_millis(300));
        line.is_over_within(Duration::from_secs(20));
        let call = eventually("the record of the code's call", || {
            let records = self.records();
            let newest = records.first().filter(|call| call.end.is_some())?;
            (records.len() > before && newest.begin.to == code).then_some(newest.begin.id)
        });
        self.played_in(call)
    }

    /// The names of the sounds that the script of a call has played, and the numbers it has read.
    pub(crate) fn played_in(&self, call: Uuid) -> Vec<String> {
        let journal = self.store().journal("8001", call).wait().unwrap();
        let entries = journal
            .iter()
            .filter_map(|line| serde_json::from_str::<Entry>(&line.json).ok());
        let played = entries.filter_map(|entry| match entry.what {
            What::Command { command, .. } => match *command {
                Command::Play { sounds, .. } => Some(sounds),
                _ => None,
            },
            _ => None,
        });
        played
            .flatten()
            .map(|sound| match sound {
                Sound::Named(name) => name,
                Sound::Say(Say::Number(number)) => number.to_string(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    /// Logs an agent of the demo exchange in who has chosen no PIN yet.
    pub(crate) fn logs_in(&self, phone: &Phone) {
        let said = self.said_to(phone, "*22", &["2580", "2580"]);
        assert_eq!(said, ["agent/login-ok", "agent/state-busy"]);
    }

    /// An agent's changes of state by the queue log, oldest first: the new state, its reason, and who
    /// caused it.
    pub(crate) fn states(&self, agent: &str) -> Vec<String> {
        let filter = QueueLogFilter {
            kind: Some("state".into()),
            agent: Some(agent.into()),
            ..QueueLogFilter::default()
        };
        let mut lines = self.store().queue_log("8001", filter).wait().unwrap();
        lines.reverse();
        lines
            .iter()
            .map(|line| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let (state, why) = (text(&line.state), text(&line.why));
                format!("{state} {why} {}", text(&line.by))
            })
            .collect()
    }
}
