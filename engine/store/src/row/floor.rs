//! Agents and queues: what outlives a restart, who waited where, and the log of all of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// What is to be noted of a tenant's agents and queues, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FloorNotes {
    /// Agents whose state has changed.
    pub agents: Vec<AgentNote>,
    /// Queues, and whom each offered its last call to.
    pub last_offered: Vec<(String, String)>,
    /// Stays that are over.
    pub episodes: Vec<EpisodeRow>,
    /// Places of callers, and who is to be called back.
    pub kept: Vec<KeptNote>,
    /// What has happened.
    pub log: Vec<QueueLogRow>,
}

impl FloorNotes {
    /// Whether there is nothing to note.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
            && self.last_offered.is_empty()
            && self.episodes.is_empty()
            && self.kept.is_empty()
            && self.log.is_empty()
    }
}

/// How an agent stood when last noted.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentNote {
    /// Who.
    pub agent: String,
    /// As the queues' machine keeps it; `None` for who is to be forgotten, because they logged out.
    pub state: Option<Value>,
    /// When it was so.
    pub at: i64,
}

/// What outlived a restart of a tenant's agents and queues.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FloorRow {
    /// Agents who were logged in, by name.
    pub agents: Vec<AgentNote>,
    /// Queues, by name, and whom each offered its last call to.
    pub last_offered: Vec<(String, String)>,
    /// Callers' numbers, and who answered each in a queue last; the latest first, [`MOST_FAMILIAR`] at
    /// most.
    pub familiar: Vec<(String, String)>,
    /// Places of callers, and who is to be called back, by kind and key.
    pub kept: Vec<KeptNote>,
}

/// Something of queues that outlives a restart, as it was last noted.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptNote {
    /// What: `place`, `callback`.
    pub kind: String,
    /// Which.
    pub key: String,
    /// As the queues' machine keeps it; `None` for what is over and to be forgotten.
    pub state: Option<Value>,
    /// When it was so.
    pub at: i64,
}

/// Of so many answered calls it is read who knows their callers.
pub const MOST_FAMILIAR: usize = 20_000;

/// One stay of one caller in one queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRow {
    /// Version 7.
    pub id: Uuid,
    /// Whose.
    pub call: Uuid,
    /// Where.
    pub queue: String,
    /// When the caller came into this queue.
    pub entered_at: i64,
    /// The place at that moment; 1 is the next.
    pub position: u32,
    /// The head start that the script gave, in seconds.
    pub priority: u32,
    /// Whom the call was offered to, in the order in which the offers ended.
    pub offers: Vec<OfferRow>,
    /// `answered`, `abandoned`, `timeout`, `no_agent`, `key`, `overflow`, `full`; `cut` when the
    /// exchange failed meanwhile.
    pub outcome: String,
    /// The wait in this queue, microseconds.
    pub waited: i64,
    /// The wait in the queues that the caller came from, microseconds.
    pub waited_before: i64,
    /// Who answered.
    pub agent: Option<String>,
}

/// One offer of a call to an agent.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct OfferRow {
    /// To whom.
    pub agent: String,
    /// When.
    pub at: i64,
    /// When it ended.
    pub ended_at: i64,
    /// How: `connected`, `no_answer`, `rejected` …; `cut` when the exchange failed meanwhile.
    pub why: String,
}

/// One line of the queue log. Lines are added and never changed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct QueueLogRow {
    /// Version 7, in the order in which lines were made.
    pub id: Uuid,
    /// When it happened.
    pub at: i64,
    /// `entered`, `offered`, `offer_ended`, `left`; `transferred` of a call that a queue had brought;
    /// `state`; `phone` when a phone answers or no longer answers; `gone` when a queue is gone from the
    /// files while callers wait in it, and `closed` when the last of them has left it.
    pub kind: String,
    /// In which queue.
    pub queue: Option<String>,
    /// With which call.
    pub call: Option<Uuid>,
    /// With which agent.
    pub agent: Option<String>,
    /// How an offer or a stay ended; how a call was transferred, `blind` or `attended`; the reason of a
    /// 置忙; `state_unreadable` of an agent who begins logged out because what was stored of them cannot
    /// be read.
    pub why: Option<String>,
    /// The caller's place; 1 is the next. Of a queue that is gone: how many wait in it.
    pub position: Option<u32>,
    /// Where a transferred call went: the number that was dialled, or the user.
    pub target: Option<String>,
    /// Microseconds: for how long the caller waited, the offer stood, the agent was in the state
    /// before.
    pub lasted: Option<i64>,
    /// The agent's new state.
    pub state: Option<String>,
    /// The agent's state before.
    pub was: Option<String>,
    /// Whether a phone of the agent answers.
    pub reachable: Option<bool>,
    /// Who caused it: `agent`, `user:1001`, `api:tour`, `engine`.
    pub by: Option<String>,
}

/// Which lines of the queue log to list, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct QueueLogFilter {
    /// Of this time or later.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this queue.
    pub queue: Option<String>,
    /// Of this agent.
    pub agent: Option<String>,
    /// Of this call.
    pub call: Option<Uuid>,
    /// Older than this line: the last one of the page before.
    pub before: Option<Uuid>,
    /// At most so many; 0 means 100, and more than 1,000 are never given.
    pub limit: usize,
}
