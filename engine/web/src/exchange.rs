//! What only the running exchange knows and can do, as the API asks for it.

use std::collections::HashMap;

use serde::Serialize;
use store::MessageRow;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::floor::{ActRefused, Agent, AgentAct, Queue, QueueDetails};

/// An answer on its way. A sender that was dropped says that the exchange is too busy, or stops.
pub type Asked<T> = oneshot::Receiver<T>;

/// The exchange, as seen from outside. Every method returns at once and is about one tenant only:
/// what is another's is not there.
pub trait Exchange: Send + Sync + 'static {
    /// What these calls do now; those that are over are left out.
    fn live_calls(&self, tenant: &str, calls: Vec<Uuid>) -> Asked<HashMap<Uuid, LiveCall>>;

    /// Ends a call, `by` whom its record shall name; false when there is none.
    fn hang_up(&self, tenant: &str, call: Uuid, by: String) -> Asked<bool>;

    /// Where phones are.
    fn registrations(&self, tenant: &str) -> Asked<Vec<Registration>>;

    /// Trunks and their hosts.
    fn trunks(&self, tenant: &str) -> Asked<Vec<Trunk>>;

    /// People with phones.
    fn users(&self, tenant: &str) -> Asked<Vec<User>>;

    /// Which dialplan runs; `None` where there is no such tenant any more.
    fn scripts(&self, tenant: &str) -> Asked<Option<Scripts>>;

    /// Loads changed files now.
    fn reload(&self, tenant: &str) -> Asked<Reloaded>;

    /// Agents and how they stand, by number.
    fn agents(&self, tenant: &str) -> Asked<Vec<Agent>>;

    /// Makes an agent do something; the records name `by` for it. How they stand then.
    fn act(
        &self,
        tenant: &str,
        agent: String,
        act: AgentAct,
        by: String,
    ) -> Asked<Result<Agent, ActRefused>>;

    /// Queues and how they stand, by name.
    fn queues(&self, tenant: &str) -> Asked<Vec<Queue>>;

    /// One queue; `None` when there is none of this name.
    fn queue(&self, tenant: &str, name: String) -> Asked<Option<QueueDetails>>;

    /// Changes a message, and tells all who want to know; the message as it is then, `None` when
    /// there is none.
    fn change_voicemail(
        &self,
        tenant: &str,
        message: Uuid,
        change: VoicemailChange,
    ) -> Asked<Result<Option<MessageRow>, store::Error>>;
}

/// A call that goes on.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LiveCall {
    /// `menu`, `queued`, `ringing`, `talking`, `held`, `voicemail`, `fallback`, `ending`.
    pub state: &'static str,
    /// The user or number that the caller talks with.
    pub talks_with: Option<String>,
}

/// One phone of one user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Registration {
    /// The extension.
    pub user: String,
    /// The Contact URI.
    pub contact: String,
    /// Where the REGISTER came from: `192.0.2.7:5060/udp`.
    pub source: String,
    /// The phone's User-Agent.
    pub user_agent: Option<String>,
    /// `+sip.instance` (RFC 5626), where the phone has one.
    pub instance: Option<String>,
    /// When it ends unless it is refreshed.
    #[serde(serialize_with = "crate::time::serialise")]
    pub expires_at: i64,
    /// Whether it answers OPTIONS.
    pub reachable: bool,
    /// How long its last answer took, milliseconds.
    pub round_trip_ms: Option<f64>,
}

/// A carrier or another exchange.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Trunk {
    /// Its name in `config.lua`.
    pub name: String,
    /// Where its calls enter the dialplan.
    pub context: String,
    /// Where calls are sent, in fail-over order.
    pub hosts: Vec<TrunkHost>,
    /// Calls on it now.
    pub calls: u32,
    /// Calls at once; `None` is no limit.
    pub max_calls: Option<u32>,
    /// How our registration there stands, where it wants one.
    pub registration: Option<String>,
}

/// One address of a trunk.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct TrunkHost {
    /// Address and port.
    pub address: String,
    /// Whether it answers OPTIONS.
    pub alive: bool,
}

/// A person with phones.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct User {
    /// `1049`.
    pub extension: String,
    /// Shown to others.
    pub name: Option<String>,
    /// What may be dialled.
    pub context: String,
    /// The mailbox for calls that the user does not take.
    pub mailbox: String,
    /// Phones that are registered and answer.
    pub phones: usize,
}

/// A tenant's dialplan.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Scripts {
    /// The generation that gets new calls; `None` when none was ever right.
    pub generation: Option<u64>,
    /// Of its sources.
    pub hash: Option<String>,
    /// Since when it runs.
    #[serde(serialize_with = "crate::time::serialise_option")]
    pub since: Option<i64>,
    /// Handlers that run in it.
    pub calls: usize,
    /// Bytes that its VM uses.
    pub memory: usize,
    /// Older generations that still have calls.
    pub old: Vec<OldGeneration>,
    /// What is amiss in its sources and refused it not.
    pub warnings: Vec<String>,
    /// The sources that were refused last, if nothing was published since.
    pub refused: Option<RefusedGeneration>,
    /// Handlers and timers that failed since the exchange began.
    pub failures: u64,
    /// The newest of them, newest last.
    pub last_failures: Vec<ScriptFailure>,
}

/// An older generation that still has calls.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct OldGeneration {
    /// Its number.
    pub generation: u64,
    /// Calls that are still on it.
    pub calls: usize,
}

/// Sources that were refused.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RefusedGeneration {
    /// The number that they would have got.
    pub generation: u64,
    /// When.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// All that is wrong.
    pub errors: Vec<String>,
}

/// A handler or timer that failed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ScriptFailure {
    /// When.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// The generation that it ran on.
    pub generation: u64,
    /// The call, if it was one's.
    pub call: Option<String>,
    /// With file and line, where known.
    pub message: String,
}

/// What came of a reload.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Reloaded {
    /// `published`, `refused`, `unchanged`; `config_refused` when `config.lua` itself is wrong,
    /// whose mistakes are its admin's to see (`moonswitch reload`).
    pub outcome: String,
    /// The generation that was published or refused.
    pub generation: Option<u64>,
    /// What refused it.
    pub errors: Vec<String>,
    /// What is amiss all the same.
    pub warnings: Vec<String>,
}

/// What may be done with a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VoicemailChange {
    /// It was listened to.
    Heard,
    /// It goes, and can be restored for 30 days.
    Deleted,
    /// It comes back.
    Restored,
}
