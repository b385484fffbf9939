//! What only the running exchange knows and can do, as the API asks for it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use call::desk::{By, Order, Refused, Role};
use call::screen::{Change, Listed, Question};
use serde::Serialize;
use serde_json::Value;
use store::{CallBegin, MessageRow};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::figures::{Wallboard, Yardstick};
use crate::floor::{
    Agent, CallbackTaken, CallbackWanted, ItemWanted, Performed, Queue, QueueDetails,
};

/// An answer on its way. A sender that was dropped says that the exchange is too busy, or stops.
pub type Asked<T> = oneshot::Receiver<T>;

/// The exchange, as seen from outside. Every method returns at once and is about one tenant only:
/// what is another's is not there.
pub trait Exchange: Send + Sync + 'static {
    /// What these calls do now; those that are over are left out.
    fn live_calls(&self, tenant: &str, calls: Vec<Uuid>) -> Asked<HashMap<Uuid, LiveCall>>;

    /// Ends a call, `by` whom its record shall name; what a user takes part in only by whom the command `hang_up` is open
    /// to for that user. Refused with the word and the sentence.
    fn hang_up(&self, tenant: &str, call: Uuid, by: By) -> Asked<Result<(), Refused>>;

    /// Makes a call: rings a user's phones, and dials a number for them when they have answered. The
    /// answer comes when they begin to ring.
    fn originate(&self, tenant: &str, wanted: CallWanted) -> Asked<Result<CallBegin, NoCall>>;

    /// Puts whom a user talks with in a call through to a number, as the user's phone does by its own
    /// key, by whom the command `transfer` is open to for that user. The answer comes when it is tried; who is not reached
    /// comes back to the user. Refused with the word and the sentence.
    fn transfer(
        &self,
        tenant: &str,
        call: Uuid,
        wanted: TransferWanted,
    ) -> Asked<Result<(), Refused>>;

    /// Where phones are.
    fn registrations(&self, tenant: &str) -> Asked<Vec<Registration>>;

    /// Trunks and their hosts.
    fn trunks(&self, tenant: &str) -> Asked<Vec<Trunk>>;

    /// People with phones.
    fn users(&self, tenant: &str) -> Asked<Vec<User>>;

    /// What is to be known of somebody who is at a desk; `None` when there is no such user.
    fn desk_user(&self, tenant: &str, user: &str) -> Asked<Option<DeskUser>>;

    /// The queues that somebody serves, or of a leader those that their people serve; by name.
    fn queues_within(&self, tenant: &str, user: &str) -> Asked<Vec<String>>;

    /// Gives a user who stands in the records another role and team.
    fn give_role(&self, tenant: &str, wanted: RoleWanted) -> Asked<Result<(), NoRole>>;

    /// Which dialplan runs; `None` where there is no such tenant any more.
    fn scripts(&self, tenant: &str) -> Asked<Option<Scripts>>;

    /// Loads changed files now.
    fn reload(&self, tenant: &str) -> Asked<Reloaded>;

    /// Goes back to an earlier generation, the one before when none is named, as `moonswitch
    /// rollback` does; the sentence that says why nothing was tried.
    fn roll_back(&self, tenant: &str, generation: Option<u64>) -> Asked<Result<Reloaded, String>>;

    /// Agents and how they stand, by number.
    fn agents(&self, tenant: &str) -> Asked<Vec<Agent>>;

    /// Does what somebody at a desk wants, if they may.
    fn order(&self, tenant: &str, order: Order) -> Asked<Result<Performed, Refused>>;

    /// What stands on the lists of callers.
    fn listed(&self, tenant: &str, question: Question) -> Asked<Vec<Listed>>;

    /// Changes a list of callers; what came or went.
    fn change_list(
        &self,
        tenant: &str,
        change: Change,
        by: String,
    ) -> Asked<Result<Listed, Refused>>;
    /// Something that is no call is to wait in a queue: its id, or the sentence that says why it cannot.
    fn offer_item(&self, tenant: &str, item: ItemWanted) -> Asked<Result<Uuid, String>>;

    /// It is over; false when there is no such thing any more.
    fn end_item(&self, tenant: &str, item: Uuid) -> Asked<bool>;

    /// Somebody is called back when it is their turn in a queue. Refused with the word and the sentence.
    fn call_back(
        &self,
        tenant: &str,
        wanted: CallbackWanted,
    ) -> Asked<Result<CallbackTaken, Refused>>;

    /// Nobody is called back for this any more; false when nobody was to be.
    fn cancel_callback(&self, tenant: &str, id: Uuid) -> Asked<bool>;

    /// Queues and how they stand, by name.
    fn queues(&self, tenant: &str) -> Asked<Vec<Queue>>;

    /// One queue; `None` when there is none of this name.
    fn queue(&self, tenant: &str, name: String) -> Asked<Option<QueueDetails>>;

    /// How queues and agents stand, with their figures of today.
    fn wallboard(&self, tenant: &str) -> Asked<Wallboard>;

    /// By what figures are made; `None` where there is no such tenant any more.
    fn yardstick(&self, tenant: &str) -> Asked<Option<Yardstick>>;

    /// The tenant's plugins, as their files and the records have them and as they run.
    fn plugins(&self, tenant: &str) -> Asked<Result<Vec<Plugin>, store::Error>>;

    /// Allows a plugin all that its manifest asks for, as `moonswitch allow` does, and loads it;
    /// `None` when the tenant has no such plugin.
    fn allow_plugin(
        &self,
        tenant: &str,
        plugin: String,
    ) -> Asked<Result<Option<Allowed>, store::Error>>;

    /// Lets a job that was given up run again, with all its attempts; false when there is no such
    /// one.
    fn retry_job(&self, tenant: &str, job: Uuid) -> Asked<Result<bool, store::Error>>;

    /// Deletes a recording with its sound, and tells all who want to know.
    fn delete_recording(
        &self,
        tenant: &str,
        recording: Uuid,
    ) -> Asked<Result<Deletion, store::Error>>;

    /// Changes a message, and tells all who want to know; the message as it is then, `None` when
    /// there is none.
    fn change_voicemail(
        &self,
        tenant: &str,
        message: Uuid,
        change: VoicemailChange,
    ) -> Asked<Result<Option<MessageRow>, store::Error>>;
}

/// A call that is to be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallWanted {
    /// The user whose phones ring.
    pub user: String,
    /// The number that is dialled for them then, with their rights.
    pub to: String,
    /// How long their phones may ring.
    pub timeout: Duration,
}

/// A transfer that is to be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TransferWanted {
    /// Who wants it.
    pub who: By,
    /// The user who gives the other party away.
    pub by: String,
    /// The number that the other party is put through to, with that user's rights.
    pub to: String,
}

/// Why a call was not made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NoCall {
    /// The tenant has no such user.
    NoUser,
    /// No phone of the user is registered.
    NoPhone,
    /// The user's context has no handler for the number.
    NoRoute,
    /// There is no room for another call, and why.
    Full(&'static str),
    /// The agent may not call anybody as they stand: the code, and a sentence of them.
    NotNow(&'static str, String),
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
    /// Numbers of its pool that rest because carriers refused them.
    pub resting: Vec<String>,
}

/// One address of a trunk.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct TrunkHost {
    /// Address and port.
    pub address: String,
    /// Whether it answers OPTIONS; `None` when it has not been asked yet.
    pub alive: Option<bool>,
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
    /// Numbers on their list of calls are shown without their middle.
    pub masked: bool,
    /// What they may do.
    pub role: Role,
    /// Whose leaders reach them.
    pub team: Option<String>,
}

/// Somebody at a desk.
#[derive(Clone, Eq, PartialEq)]
pub struct DeskUser {
    /// Shown to others.
    pub name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Whose leaders reach them.
    pub team: Option<String>,
    /// Their mailbox.
    pub mailbox: String,
    /// The password for the desk in `config.lua`, until they have chosen one.
    pub first_password: Option<String>,
    /// Numbers are shown to them without their middle.
    pub masked: bool,
    /// Themselves and, of a leader, those whom they lead; in order.
    pub reach: Arc<[String]>,
    /// The mailboxes of all these, and those that are nobody's own.
    pub mailboxes: Arc<[String]>,
}

/// A role that somebody is to have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleWanted {
    /// Who gives it.
    pub by: By,
    /// To whom.
    pub user: String,
    /// Which.
    pub role: Role,
    /// Whose leaders reach them then.
    pub team: Option<String>,
}

/// Why a role was not given.
#[derive(Clone, Debug, PartialEq)]
pub enum NoRole {
    /// The records have no such user.
    NoUser,
    /// They stand in `config.lua`, and their role does.
    Configured,
    /// It is, or theirs is, above that of whoever gives it.
    Above,
    /// The records are in trouble.
    Records(store::Error),
}

impl fmt::Debug for DeskUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskUser")
            .field("role", &self.role)
            .field("team", &self.team)
            .finish_non_exhaustive()
    }
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
    /// The `config.lua` that was refused last, if none was accepted since.
    pub config_refused: Option<Wrong>,
    /// Somebody has gone back to an earlier generation, and saved files wait.
    pub gone_back: Option<WentBack>,
    /// The saved files that wait for that.
    pub held: Option<Wrong>,
    /// The generations that can be gone back to, newest first.
    pub kept: Vec<KeptGeneration>,
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

/// Files that are not in force, and what is wrong with them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Wrong {
    /// Since when.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// With file and line, where known; of a `config.lua` that several tenants share only what
    /// names this one.
    pub errors: Vec<String>,
}

/// A going back that holds saved files.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct WentBack {
    /// The generation that runs again.
    pub to: u64,
    /// The one that ran before.
    pub from: u64,
    /// When.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
}

/// A generation that can be gone back to.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct KeptGeneration {
    /// Its number.
    pub generation: u64,
    /// When it was published first.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// The files that differ in the one after it.
    pub changed_after: Vec<String>,
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

/// A plugin of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plugin {
    /// Its folder in `plugins/`.
    pub name: String,
    /// What it does, in a sentence.
    pub description: Option<String>,
    /// The version of its files.
    pub version: Option<String>,
    /// The version that runs.
    pub running: Option<String>,
    /// Faults since the exchange began.
    pub faults: u64,
    /// Why it is left out, if it is.
    pub left_out: Option<LeftOut>,
    /// What its manifest asks to be allowed.
    pub asked: Option<Value>,
    /// What it was allowed; `None` when it never ran.
    pub allowed: Option<Value>,
    /// What it asks for and was not allowed, a line each.
    pub waiting: Vec<String>,
    /// What is wrong with its manifest.
    pub errors: Vec<String>,
}

/// Why a plugin is left out.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LeftOut {
    /// Since when.
    #[serde(serialize_with = "crate::time::serialise")]
    pub since: i64,
    /// The fault that was one too many.
    pub why: String,
}

/// What came of allowing a plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Allowed {
    /// What it may do from now on; `None` when its manifest is wrong.
    pub allowed: Option<Value>,
    /// What is wrong with its manifest.
    pub errors: Vec<String>,
    /// What came of loading it.
    pub reload: Option<Reloaded>,
}

/// What came of deleting a recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// There was none.
    NotThere,
    /// It is still being made.
    Running,
}

/// What may be done with a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VoicemailChange {
    /// It was listened to.
    Heard,
    /// It goes, and can be restored for 30 days.
    Deleted,
    /// It comes back.
    Restored,
    /// This user is to see to it, or nobody in particular.
    AssignedTo(Option<String>),
}

impl VoicemailChange {
    /// As events name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::AssignedTo(_) => "assigned",
        }
    }
}
