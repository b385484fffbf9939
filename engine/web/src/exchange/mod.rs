//! What only the running exchange knows and can do, as the API asks for it.

mod programs;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use call::desk::{By, Order, Refused, Role};
use call::screen::{Change, Listed, Question};
use serde::Serialize;
use store::{CallBegin, MessageRow};
use tokio::sync::oneshot;
use uuid::Uuid;

pub use programs::*;

use crate::figures::{Wallboard, Yardstick};
use crate::floor::{
    Agent, CallbackTaken, CallbackWanted, ItemWanted, Performed, Queue, QueueDetails, QueueSwitch,
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

    /// Changes a list of callers; what came or went. It is the command `list_add` or `list_remove`, and refused to whom that
    /// is not open.
    fn change_list(&self, tenant: &str, change: Change, by: By) -> Asked<Result<Listed, Refused>>;

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

    /// Switches of queues and how they stand, by name.
    fn switches(&self, tenant: &str) -> Asked<Vec<QueueSwitch>>;

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
