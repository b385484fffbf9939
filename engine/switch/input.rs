//! Everything that reaches the switch from other threads, in one bounded queue.

use std::sync::Arc;

use call::acd::{AgentId, AskId, Callback, CallbackError, Chosen, QueueStatus, Status};
use call::desk::{Done, Order, Refused, SwitchState};
use call::screen::{self, Listed};
use call::{CallId, Command, LegId, PlayId, Reply, TenantId};
use media::Clip;
use script::{
    CallStatus, MessageChange, NotMade, OfferedItem, Originate, Place, ScriptEnd, ScriptNews,
    WhichCalls,
};
use serde_json::Value;
use store::MessageRow;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use web::VoicemailChange;

use super::desk;
use super::dialing::Resolved;
use super::floor::Question;
use super::originating;
use super::playing::Loaded;

/// Something for the switch to handle.
#[derive(Debug)]
pub(crate) enum Input {
    /// A script asks something of its call.
    Ask {
        call: CallId,
        place: Place,
        command: Command,
        answer: oneshot::Sender<Reply>,
    },
    /// A script has set its call's language.
    Language { call: CallId, language: String },
    /// A script has ended.
    ScriptEnded { call: CallId, end: ScriptEnd },
    /// About the lists of callers.
    Lists(super::lists::Asked),
    /// What stood on the lists of callers before the start.
    Listed(TenantId, Vec<store::KvEntry>),
    /// What users have spent today before the start.
    Spent(TenantId, Vec<store::KvEntry>),
    /// What a script had left in `call.vars`.
    Vars { call: CallId, vars: Value },
    /// A media thread reports.
    Media(media::Event),
    /// The recordings' thread reports.
    File(net::FileEvent),
    /// Clips are ready to be played.
    Loaded {
        call: CallId,
        leg: LegId,
        play: PlayId,
        times: u32,
        result: Result<Vec<Loaded>, String>,
    },
    /// Music is ready.
    MusicLoaded {
        call: CallId,
        leg: LegId,
        serial: u64,
        clip: Option<Arc<Clip>>,
    },
    /// A mailbox was looked up.
    Mailbox {
        call: CallId,
        mailbox: String,
        found: Option<store::MailboxRow>,
    },
    /// It is time for a key that is told by INFO.
    Key {
        call: CallId,
        leg: LegId,
        digit: char,
    },
    /// Something that a call has waited for.
    Told { call: CallId, event: call::Event },
    /// A target's addresses are known, or not.
    Resolved(Resolved),
    /// A trunk's addresses are known, or not.
    TrunkResolved {
        trunk: String,
        hosts: Vec<Vec<std::net::SocketAddr>>,
    },
    /// A phone's registration is on disk, as far as it can be.
    Registered(super::registering::Registered),
    /// A script sends text.
    Text {
        tenant: TenantId,
        text: script::SentText,
        answer: oneshot::Sender<Result<(), script::Undelivered>>,
    },
    /// Mailboxes have changed, or were counted for lamps.
    Mailboxes(super::lamps::News),
    /// The API asks something.
    Api(super::api::Question),
    /// A script sets a lamp.
    Lamp(TenantId, String, call::Light),
    /// Something has become of a tenant's scripts.
    Scripts(TenantId, ScriptNews),
    /// A script asks something of calls that are not its own.
    Calls(originating::Question),
    /// Agents and queues are asked something.
    Floor(Question),
    /// Somebody at a desk wants something done.
    Desk(Box<desk::Asked>),
    /// The records were asked for what is to become a prompt.
    Prompt(Box<desk::prompts::Found>),
    /// The recordings of a tenant's last day were looked at.
    Reconciled(TenantId, super::reconciling::Checked),
    /// `config.lua` was saved.
    ConfigChanged,
    /// A changed `config.lua` was read and is right.
    Configured(Box<script::config::Config>),
    /// The users of the store were read.
    Users(Vec<store::UserRecord>),
}

/// The way into the queue.
#[derive(Clone, Debug)]
pub(crate) struct Entrance(mpsc::Sender<Input>);

impl Entrance {
    /// The queue holds a second's worth at 2,500 new calls a second.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Input>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// Puts something in if there is room. What is turned away is given back: a media thread offers
    /// it again, a script's method fails and its call gets the fallback.
    #[allow(
        clippy::result_large_err,
        reason = "the input is wanted back, and a box would be an allocation"
    )]
    pub(crate) fn offer(&self, input: Input) -> Result<(), Input> {
        self.0
            .try_send(input)
            .map_err(mpsc::error::TrySendError::into_inner)
    }

    /// Puts something in, waiting for room; for tasks and loader threads.
    pub(crate) async fn put(&self, input: Input) {
        // Closed only while the exchange stops.
        let _ = self.0.send(input).await;
    }

    /// The same from a thread that may block.
    pub(crate) fn put_blocking(&self, input: Input) {
        let _ = self.0.blocking_send(input);
    }

    /// How many more would fit.
    pub(crate) fn room(&self) -> usize {
        self.0.capacity()
    }
}

impl script::Exchange for Entrance {
    fn send_text(
        &self,
        tenant: &TenantId,
        text: script::SentText,
    ) -> oneshot::Receiver<Result<(), script::Undelivered>> {
        let (answer, receiver) = oneshot::channel();
        let tenant = tenant.clone();
        // Turned away: the sender is dropped, and the function fails.
        let _ = self.offer(Input::Text {
            tenant,
            text,
            answer,
        });
        receiver
    }

    fn listed(
        &self,
        tenant: &TenantId,
        question: screen::Question,
    ) -> oneshot::Receiver<Vec<Listed>> {
        let tenant = tenant.clone();
        self.ask_lists(|answer| super::lists::Asked::Read(tenant, question, answer))
    }

    fn ask(&self, call: CallId, place: Place, command: Command) -> oneshot::Receiver<Reply> {
        let (answer, receiver) = oneshot::channel();
        // Turned away: the sender is dropped, and the method fails.
        let _ = self.offer(Input::Ask {
            call,
            place,
            command,
            answer,
        });
        receiver
    }

    fn set_language(&self, call: CallId, language: String) {
        let _ = self.offer(Input::Language { call, language });
    }

    fn script_ended(&self, call: CallId, end: ScriptEnd) {
        if self.offer(Input::ScriptEnded { call, end }).is_err() {
            tracing::error!(%call, "the switch is too busy to hear that a script has ended");
        }
    }

    fn keep_vars(&self, call: CallId, vars: Value) {
        let _ = self.offer(Input::Vars { call, vars });
    }

    fn originate(
        &self,
        tenant: &TenantId,
        wanted: Originate,
    ) -> oneshot::Receiver<Result<CallStatus, NotMade>> {
        let (answer, asked) = oneshot::channel();
        let question = originating::Question::Originate(tenant.clone(), wanted, answer);
        let _ = self.offer(question.into());
        asked
    }

    fn calls(&self, tenant: &TenantId, which: WhichCalls) -> oneshot::Receiver<Vec<CallStatus>> {
        let (answer, asked) = oneshot::channel();
        let question = originating::Question::Calls(tenant.clone(), which, answer);
        let _ = self.offer(question.into());
        asked
    }

    fn count_calls(&self, tenant: &TenantId, which: WhichCalls) -> oneshot::Receiver<usize> {
        let (answer, asked) = oneshot::channel();
        let question = originating::Question::Count(tenant.clone(), which, answer);
        let _ = self.offer(question.into());
        asked
    }

    fn hang_up(&self, tenant: &TenantId, call: CallId, by: String) -> oneshot::Receiver<bool> {
        let (answer, asked) = oneshot::channel();
        let question = originating::Question::HangUp(tenant.clone(), call, by, answer);
        let _ = self.offer(question.into());
        asked
    }

    fn change_message(
        &self,
        tenant: &TenantId,
        message: Uuid,
        change: MessageChange,
    ) -> oneshot::Receiver<Result<Option<MessageRow>, store::Error>> {
        let change = match change {
            MessageChange::Heard => VoicemailChange::Heard,
            MessageChange::Deleted => VoicemailChange::Deleted,
            MessageChange::Restored => VoicemailChange::Restored,
            MessageChange::AssignedTo(user) => VoicemailChange::AssignedTo(user),
        };
        web::Exchange::change_voicemail(self, &tenant.0, message, change)
    }

    fn report(&self, tenant: &TenantId, news: ScriptNews) {
        // Turned away, the log and the status still have it.
        let _ = self.offer(Input::Scripts(tenant.clone(), news));
    }

    fn set_lamp(&self, tenant: &TenantId, name: String, light: call::Light) {
        if (self.offer(Input::Lamp(tenant.clone(), name, light))).is_err() {
            tracing::error!(%tenant, "the switch is too busy to set a lamp");
        }
    }

    fn published(&self, tenant: &TenantId) {
        // Turned away, it is found by the next sweep.
        let _ = self.offer(Question::Published(tenant.clone()).into());
    }

    fn chosen(&self, tenant: &TenantId, ask: AskId, chosen: Chosen) {
        // Turned away, the queue decides without it.
        let _ = self.offer(Question::Chosen(tenant.clone(), ask, chosen).into());
    }

    fn order(&self, tenant: &TenantId, order: Order) -> oneshot::Receiver<Result<Done, Refused>> {
        self.ask_desk(tenant, order)
    }

    fn agents(&self, tenant: &TenantId) -> oneshot::Receiver<Vec<(AgentId, Status)>> {
        let (answer, asked) = oneshot::channel();
        let _ = self.offer(Question::Agents(tenant.clone(), answer).into());
        asked
    }

    fn call_back(
        &self,
        tenant: &TenantId,
        wanted: Callback,
    ) -> oneshot::Receiver<Result<usize, CallbackError>> {
        let (answer, asked) = oneshot::channel();
        let _ = self.offer(Question::CallBack(tenant.clone(), wanted, answer).into());
        asked
    }

    fn offer_item(
        &self,
        tenant: &TenantId,
        item: OfferedItem,
    ) -> oneshot::Receiver<Result<CallId, String>> {
        let (answer, asked) = oneshot::channel();
        let item = Box::new(item);
        let _ = self.offer(Question::OfferItem(tenant.clone(), item, answer).into());
        asked
    }

    fn end_item(&self, tenant: &TenantId, item: CallId) -> oneshot::Receiver<bool> {
        let (answer, asked) = oneshot::channel();
        let _ = self.offer(Question::EndItem(tenant.clone(), item, answer).into());
        asked
    }

    fn queues(&self, tenant: &TenantId) -> oneshot::Receiver<Vec<QueueStatus>> {
        let (answer, asked) = oneshot::channel();
        let _ = self.offer(Question::Queues(tenant.clone(), answer).into());
        asked
    }

    fn switched(&self, tenant: &TenantId, name: String) -> oneshot::Receiver<SwitchState> {
        let (answer, asked) = oneshot::channel();
        let _ = self.offer(Question::Switched(tenant.clone(), name, answer).into());
        asked
    }
}

/// Inputs that may wait. Full means that the switch is seconds behind; new calls have been refused
/// long before ([`Entrance::room`]).
const QUEUE: usize = 65_536;
