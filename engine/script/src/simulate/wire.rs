//! What scripts ask of their simulated exchange, in the order in which they ask it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use call::acd::{AgentId, AskId, Callback, CallbackError, Chosen, QueueStatus, Status};
use call::desk::{Done, Order, Refused, SwitchState};
use call::screen::{self, Listed};
use call::{CallId, Command, Reply, TenantId};
use store::MessageRow;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::floor::Question;
use super::others;
use crate::{
    CallStatus, Exchange, MessageChange, NotMade, OfferedItem, Originate, Place, ScriptEnd,
    SentText, Sounds, Undelivered, WhichCalls,
};

/// Something that a script wants, or has come to.
pub(super) enum FromScript {
    Asks {
        call: CallId,
        place: Place,
        command: Command,
        answer: oneshot::Sender<Reply>,
    },
    Speaks {
        call: CallId,
        language: String,
    },
    Ended {
        call: CallId,
        end: ScriptEnd,
    },
    Leaves {
        call: CallId,
        vars: serde_json::Value,
    },
    Tells {
        call: CallId,
        place: Place,
        what: String,
    },
    /// About agents and queues.
    Floor(Question),
    /// A message in a mailbox is to be changed.
    Message {
        id: Uuid,
        change: MessageChange,
        answer: oneshot::Sender<Changed>,
    },
    /// About calls that are not its own.
    Calls(others::Question),
}

/// The message as it is then.
type Changed = Result<Option<MessageRow>, store::Error>;

/// What scripts have asked and nobody has heard yet.
#[derive(Default)]
pub(super) struct Wire(Mutex<VecDeque<FromScript>>);

impl Wire {
    pub(super) fn next(&self) -> Option<FromScript> {
        self.queue().pop_front()
    }

    fn put(&self, wish: FromScript) {
        self.queue().push_back(wish);
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<FromScript>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange for Wire {
    fn ask(&self, call: CallId, place: Place, command: Command) -> oneshot::Receiver<Reply> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Asks {
            call,
            place,
            command,
            answer,
        });
        coming
    }

    fn set_language(&self, call: CallId, language: String) {
        self.put(FromScript::Speaks { call, language });
    }

    fn script_ended(&self, call: CallId, end: ScriptEnd) {
        self.put(FromScript::Ended { call, end });
    }

    fn keep_vars(&self, call: CallId, vars: serde_json::Value) {
        self.put(FromScript::Leaves { call, vars });
    }

    fn chosen(&self, _: &TenantId, ask: AskId, chosen: Chosen) {
        self.put(FromScript::Floor(Question::Chosen(ask, chosen)));
    }

    fn order(&self, _: &TenantId, order: Order) -> oneshot::Receiver<Result<Done, Refused>> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Floor(Question::Order(order, answer)));
        coming
    }

    fn listed(&self, _: &TenantId, question: screen::Question) -> oneshot::Receiver<Vec<Listed>> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Floor(Question::Listed(question, answer)));
        coming
    }

    fn agents(&self, _: &TenantId) -> oneshot::Receiver<Vec<(AgentId, Status)>> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Floor(Question::Agents(answer)));
        coming
    }

    fn switched(&self, _: &TenantId, name: String) -> oneshot::Receiver<SwitchState> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Floor(Question::Switched(name, answer)));
        coming
    }

    fn queues(&self, _: &TenantId) -> oneshot::Receiver<Vec<QueueStatus>> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Floor(Question::Queues(answer)));
        coming
    }

    fn call_back(
        &self,
        _: &TenantId,
        wanted: Callback,
    ) -> oneshot::Receiver<Result<usize, CallbackError>> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Floor(Question::CallBack(wanted, answer)));
        coming
    }

    fn offer_item(
        &self,
        _: &TenantId,
        item: OfferedItem,
    ) -> oneshot::Receiver<Result<CallId, String>> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Floor(Question::Offer(item, answer)));
        coming
    }

    fn end_item(&self, _: &TenantId, item: CallId) -> oneshot::Receiver<bool> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Floor(Question::EndItem(item, answer)));
        coming
    }

    fn originate(
        &self,
        _: &TenantId,
        wanted: Originate,
    ) -> oneshot::Receiver<Result<CallStatus, NotMade>> {
        let (answer, coming) = oneshot::channel();
        let question = others::Question::Originate(wanted, answer);
        self.put(FromScript::Calls(question));
        coming
    }

    fn calls(&self, _: &TenantId, which: WhichCalls) -> oneshot::Receiver<Vec<CallStatus>> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Calls(others::Question::Calls(which, answer)));
        coming
    }

    fn count_calls(&self, _: &TenantId, which: WhichCalls) -> oneshot::Receiver<usize> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Calls(others::Question::Count(which, answer)));
        coming
    }

    fn hang_up(&self, _: &TenantId, call: CallId, by: String) -> oneshot::Receiver<bool> {
        let (answer, coming) = oneshot::channel();
        let question = others::Question::HangUp(call, by, answer);
        self.put(FromScript::Calls(question));
        coming
    }

    /// Offline every text arrives.
    fn send_text(&self, _: &TenantId, _: SentText) -> oneshot::Receiver<Result<(), Undelivered>> {
        let (answer, coming) = oneshot::channel();
        let _ = answer.send(Ok(()));
        coming
    }

    fn change_message(
        &self,
        _: &TenantId,
        id: Uuid,
        change: MessageChange,
    ) -> oneshot::Receiver<Changed> {
        let (answer, coming) = oneshot::channel();
        self.put(FromScript::Message { id, change, answer });
        coming
    }

    fn tells(&self, call: CallId, place: Place, what: &str) {
        let what = what.to_owned();
        self.put(FromScript::Tells { call, place, what });
    }
}

/// The exchange's sounds, without those that a test has taken away.
pub(super) struct Shelf {
    sounds: Arc<dyn Sounds>,
    missing: Mutex<BTreeSet<String>>,
}

impl Shelf {
    pub(super) fn new(sounds: Arc<dyn Sounds>) -> Self {
        Self {
            sounds,
            missing: Mutex::default(),
        }
    }

    /// From now on there is no such sound.
    pub(super) fn remove(&self, name: &str) {
        self.missing().insert(name.to_owned());
    }

    fn missing(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sounds for Shelf {
    fn check(&self, tenant: &TenantId, name: &str, language: &str) -> Result<(), String> {
        if self.missing().contains(name) {
            return Err(format!("sound '{name}' not found"));
        }
        self.sounds.check(tenant, name, language)
    }
}
