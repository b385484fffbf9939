//! The border between scripts and the exchange.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use call::acd::{
    AgentId, AskId, Callback, CallbackError, Chosen, Enter, QueueName, QueueStatus, Status, Wants,
};
use call::desk::{Done, Order, Refused, SwitchState};
use call::screen::{Listed, Question};
use call::{CallId, Command, Light, Reply, TenantId};
use serde::Serialize;
use store::MessageRow;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::calls::{CallStatus, NotMade, Originate, WhichCalls};

/// Something that is no call and is to wait for an agent: a chat.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedItem {
    /// Where.
    pub queue: QueueName,
    /// From whom, as whoever offers it knows them.
    pub from: Option<String>,
    /// What events about it are to tell besides.
    pub about: serde_json::Value,
    /// A head start in seconds.
    pub priority: u32,
    /// Instead of the queue's longest wait.
    pub max_wait: Option<Duration>,
    /// What it asks of agents.
    pub wants: Wants,
}

impl OfferedItem {
    /// As the machine of queues takes it.
    pub fn enter(self, id: CallId) -> Enter {
        Enter {
            priority: self.priority,
            max_wait: self.max_wait,
            wants: Wants {
                customer: self.from.as_deref().map(Into::into),
                ..self.wants
            },
            ..Enter::new(id, self.queue)
        }
    }
}

/// What the exchange does for scripts. Implemented by the switch; called from Lua threads, so
/// nothing here may block.
pub trait Exchange: Send + Sync + 'static {
    /// Hands a command to a call. The receiver is closed without a reply when the call is over.
    fn ask(&self, call: CallId, place: Place, command: Command) -> oneshot::Receiver<Reply>;

    /// Sets the language of a call's prompts (`call.language = "en"`).
    fn set_language(&self, call: CallId, language: String);

    /// A call's handler has ended; called exactly once for each call that was started and not
    /// hung up. A failure is logged by the exchange, which knows who called whom.
    fn script_ended(&self, call: CallId, end: ScriptEnd);

    /// What a script had left in `call.vars` when it did not end by returning: the caller hung
    /// up, or the script failed. May come a moment after the call has ended.
    fn keep_vars(&self, call: CallId, vars: serde_json::Value) {
        let _ = (call, vars);
    }

    /// Sets a lamp that stands for no user; the name is what phones' keys dial, or any other word.
    fn set_lamp(&self, tenant: &TenantId, name: String, light: Light) {
        let _ = (tenant, name, light);
    }

    /// A tenant has a new generation: its queues may be others
    /// ([`Scripts::queues`](crate::Scripts::queues)).
    fn published(&self, tenant: &TenantId) {
        let _ = tenant;
    }

    /// A queue's `choose` has answered.
    fn chosen(&self, tenant: &TenantId, ask: AskId, chosen: Chosen) {
        let _ = (tenant, ask, chosen);
    }

    /// Something has become of a tenant's scripts that its people want to know.
    fn report(&self, tenant: &TenantId, news: ScriptNews) {
        let _ = (tenant, news);
    }

    /// Somebody at a desk wants something done; it was done or has begun, or was refused. A receiver that
    /// is closed without an answer: the exchange is too busy.
    fn order(&self, tenant: &TenantId, order: Order) -> oneshot::Receiver<Result<Done, Refused>> {
        let _ = (tenant, order);
        oneshot::channel().1
    }

    /// What stands on the tenant's lists of callers. A receiver that is closed without an answer: the exchange
    /// is too busy.
    fn listed(&self, tenant: &TenantId, question: Question) -> oneshot::Receiver<Vec<Listed>> {
        let _ = (tenant, question);
        oneshot::channel().1
    }

    /// How all agents of the tenant's queues stand, by name.
    fn agents(&self, tenant: &TenantId) -> oneshot::Receiver<Vec<(AgentId, Status)>> {
        let _ = tenant;
        oneshot::channel().1
    }

    /// How the tenant's queues stand, by name.
    fn queues(&self, tenant: &TenantId) -> oneshot::Receiver<Vec<QueueStatus>> {
        let _ = tenant;
        oneshot::channel().1
    }

    /// How a switch of the tenant's queues stands. A receiver that is closed without an answer: the exchange is
    /// too busy.
    fn switched(&self, tenant: &TenantId, name: String) -> oneshot::Receiver<SwitchState> {
        let _ = (tenant, name);
        oneshot::channel().1
    }

    /// Somebody is to be called back when it is their turn in a queue; their place, 1 is the next. A receiver
    /// that is closed without an answer: the exchange is too busy.
    fn call_back(
        &self,
        tenant: &TenantId,
        wanted: Callback,
    ) -> oneshot::Receiver<Result<usize, CallbackError>> {
        let _ = (tenant, wanted);
        oneshot::channel().1
    }

    /// Something that is no call is to wait in a queue for an agent: the id that it has from then on, or
    /// the sentence that says why it cannot. A receiver that is closed without an answer: the exchange is
    /// too busy.
    fn offer_item(
        &self,
        tenant: &TenantId,
        item: OfferedItem,
    ) -> oneshot::Receiver<Result<CallId, String>> {
        let _ = (tenant, item);
        oneshot::channel().1
    }

    /// It is over; false when there is no such thing any more. Closed likewise.
    fn end_item(&self, tenant: &TenantId, item: CallId) -> oneshot::Receiver<bool> {
        let _ = (tenant, item);
        oneshot::channel().1
    }

    /// Sends text to every phone of a user; how that came out. A receiver that is closed without an
    /// answer: the exchange is too busy.
    fn send_text(
        &self,
        tenant: &TenantId,
        text: SentText,
    ) -> oneshot::Receiver<Result<(), Undelivered>> {
        let _ = (tenant, text);
        oneshot::channel().1
    }

    /// Makes a call: somebody is rung, and a number is dialled for them once they have answered. The
    /// answer comes when they have, or will not. A receiver that is closed without one: the exchange
    /// is too busy.
    fn originate(
        &self,
        tenant: &TenantId,
        wanted: Originate,
    ) -> oneshot::Receiver<Result<CallStatus, NotMade>> {
        let _ = (tenant, wanted);
        oneshot::channel().1
    }

    /// Those of a tenant's calls that go on, the longest first.
    fn calls(&self, tenant: &TenantId, which: WhichCalls) -> oneshot::Receiver<Vec<CallStatus>> {
        let _ = (tenant, which);
        oneshot::channel().1
    }

    /// How many of a tenant's calls these are.
    fn count_calls(&self, tenant: &TenantId, which: WhichCalls) -> oneshot::Receiver<usize> {
        let _ = (tenant, which);
        oneshot::channel().1
    }

    /// Ends a call of the tenant's, `by` whom its record shall name; false when there is none.
    fn hang_up(&self, tenant: &TenantId, call: CallId, by: String) -> oneshot::Receiver<bool> {
        let _ = (tenant, call, by);
        oneshot::channel().1
    }

    /// Changes a message in a mailbox, and tells all who want to know; the message as it is then,
    /// `None` when there is none. A receiver that is closed without an answer: the exchange is too
    /// busy.
    fn change_message(
        &self,
        tenant: &TenantId,
        message: Uuid,
        change: MessageChange,
    ) -> oneshot::Receiver<Result<Option<MessageRow>, store::Error>> {
        let _ = (tenant, message, change);
        oneshot::channel().1
    }

    /// A script does something besides what it asks of its call: it writes into the log, it asks
    /// another machine. Offline, the call's story tells it.
    fn tells(&self, call: CallId, place: Place, what: &str) {
        let _ = (call, place, what);
    }
}

/// What may be done with a message in a mailbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MessageChange {
    /// It was listened to.
    Heard,
    /// It goes, and can be restored until it is purged.
    Deleted,
    /// It comes back.
    Restored,
    /// This user is to see to it, or nobody in particular.
    AssignedTo(Option<String>),
}

/// Text for the phones of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SentText {
    /// The user who sends it; the tenant itself when `None`.
    pub from: Option<String>,
    /// The sender's name, as phones show it.
    pub name: Option<String>,
    /// The user's extension.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// Why a text has reached no phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Undelivered {
    /// Nobody has this extension.
    NoSuchUser,
    /// No phone of the user is registered, or none has answered.
    Unavailable,
    /// The user's phones do not take it; the status of the last one's answer.
    Rejected(u16),
    /// Too many texts are on their way.
    Congestion,
}

impl Undelivered {
    /// The word that scripts see.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoSuchUser => "no_such_user",
            Self::Unavailable => "unavailable",
            Self::Rejected(_) => "rejected",
            Self::Congestion => "congestion",
        }
    }
}

/// What has become of a tenant's scripts.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptNews {
    /// New calls get this generation.
    Published {
        /// Its number.
        generation: u64,
        /// Of its sources.
        hash: String,
        /// So many things are amiss in it all the same.
        warnings: usize,
    },
    /// Changed sources are wrong and change nothing.
    Refused {
        /// The number that they would have got.
        generation: u64,
        /// The generation that goes on.
        stays: Option<u64>,
        /// All that is wrong.
        errors: Vec<String>,
    },
    /// A handler, timer, job or the like failed.
    Failed {
        /// The generation that it ran on.
        generation: u64,
        /// The call, if it was one's.
        call: Option<CallId>,
        /// With file and line, where known.
        message: String,
    },
    /// A plugin has failed too often and is left out.
    LeftOut {
        /// Its name.
        plugin: String,
        /// The fault that was one too many.
        why: String,
    },
}

/// Which sounds there are. Called from Lua threads, so nothing here may block for long.
pub trait Sounds: Send + Sync + 'static {
    /// Whether a sound exists among the tenant's own, in this language, or in one that stands in
    /// for it; if not, the sentence for the script: `sound 'menu/mian' not found (did you mean
    /// 'menu/main'?)`.
    fn check(&self, tenant: &TenantId, name: &str, language: &str) -> Result<(), String>;

    /// Whether a sound is there in this very language, or has none, as music: no other language
    /// stands in for it.
    fn is_in(&self, tenant: &TenantId, name: &str, language: &str) -> bool {
        self.check(tenant, name, language).is_ok()
    }
}

/// The wall clock, so that tests can have it at any time.
pub trait Clock: Send + Sync + 'static {
    /// Microseconds since 1970, UTC.
    fn unix_micros(&self) -> i64;

    /// Waits so long. In tests, this is time that passes only when it is let.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Where in the scripts a method was called.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Place {
    /// Relative to the project's root: `scripts/8001/reception.lua`.
    pub file: std::sync::Arc<str>,
    /// From 1.
    pub line: u32,
    /// The generation that runs it.
    pub generation: u64,
}

/// How a handler ended.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptEnd {
    /// It returned; a call that is still up is hung up, one never answered is refused with 480.
    Returned {
        /// What it left in `call.vars`, as JSON.
        vars: serde_json::Value,
    },
    /// It failed; the call gets the tenant's fallback.
    Failed(Fault),
}

/// A script's failure, ready to be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// `scripts/8001/reception.lua:19: sound 'menu/mian' not found (did you mean 'menu/main'?)`.
    pub message: String,
    /// File and line, where known.
    pub place: Option<Place>,
    /// The message, the lines around, and the frames, on several lines.
    pub report: String,
}

/// What a script may learn of its call while it runs (`call:on`).
#[derive(Clone, Debug, PartialEq)]
pub enum CallNews {
    /// A key.
    Digit(char),
    /// A bridge stands.
    Bridged {
        /// The user or number on the other side.
        with: String,
    },
}
