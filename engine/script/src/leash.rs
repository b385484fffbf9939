//! What a VM may still do at the exchange.

use std::sync::Arc;

use call::acd::{AgentId, AskId, Callback, CallbackError, Chosen, QueueStatus, Status};
use call::desk::{Done, Order, Refused, SwitchState};
use call::screen::{Listed, Question};
use call::{CallId, Command, Light, Reply, TenantId};
use store::MessageRow;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::pulse::Pulse;
use crate::{
    CallStatus, Exchange, MessageChange, NotMade, OfferedItem, Originate, Place, ScriptEnd,
    SentText, Undelivered, WhichCalls,
};

/// The exchange as one VM sees it: silent once the VM is given up.
pub(crate) struct Leash {
    pub(crate) exchange: Arc<dyn Exchange>,
    pub(crate) pulse: Arc<Pulse>,
}

impl Exchange for Leash {
    fn ask(&self, call: CallId, place: Place, command: Command) -> oneshot::Receiver<Reply> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.ask(call, place, command)
    }

    fn set_language(&self, call: CallId, language: String) {
        if !self.pulse.given_up() {
            self.exchange.set_language(call, language);
        }
    }

    fn script_ended(&self, call: CallId, end: ScriptEnd) {
        if !self.pulse.given_up() {
            self.exchange.script_ended(call, end);
        }
    }

    fn keep_vars(&self, call: CallId, vars: serde_json::Value) {
        if !self.pulse.given_up() {
            self.exchange.keep_vars(call, vars);
        }
    }

    fn call_back(
        &self,
        tenant: &TenantId,
        wanted: Callback,
    ) -> oneshot::Receiver<Result<usize, CallbackError>> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.call_back(tenant, wanted)
    }

    fn set_lamp(&self, tenant: &TenantId, name: String, light: Light) {
        if !self.pulse.given_up() {
            self.exchange.set_lamp(tenant, name, light);
        }
    }

    fn chosen(&self, tenant: &TenantId, ask: AskId, chosen: Chosen) {
        if !self.pulse.given_up() {
            self.exchange.chosen(tenant, ask, chosen);
        }
    }

    fn order(&self, tenant: &TenantId, order: Order) -> oneshot::Receiver<Result<Done, Refused>> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.order(tenant, order)
    }

    fn listed(&self, tenant: &TenantId, question: Question) -> oneshot::Receiver<Vec<Listed>> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.listed(tenant, question)
    }

    fn agents(&self, tenant: &TenantId) -> oneshot::Receiver<Vec<(AgentId, Status)>> {
        self.exchange.agents(tenant)
    }

    fn switched(&self, tenant: &TenantId, name: String) -> oneshot::Receiver<SwitchState> {
        self.exchange.switched(tenant, name)
    }

    fn queues(&self, tenant: &TenantId) -> oneshot::Receiver<Vec<QueueStatus>> {
        self.exchange.queues(tenant)
    }

    fn offer_item(
        &self,
        tenant: &TenantId,
        item: OfferedItem,
    ) -> oneshot::Receiver<Result<CallId, String>> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.offer_item(tenant, item)
    }

    fn end_item(&self, tenant: &TenantId, item: CallId) -> oneshot::Receiver<bool> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.end_item(tenant, item)
    }

    fn send_text(
        &self,
        tenant: &TenantId,
        text: SentText,
    ) -> oneshot::Receiver<Result<(), Undelivered>> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.send_text(tenant, text)
    }

    fn originate(
        &self,
        tenant: &TenantId,
        wanted: Originate,
    ) -> oneshot::Receiver<Result<CallStatus, NotMade>> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.originate(tenant, wanted)
    }

    fn calls(&self, tenant: &TenantId, which: WhichCalls) -> oneshot::Receiver<Vec<CallStatus>> {
        self.exchange.calls(tenant, which)
    }

    fn count_calls(&self, tenant: &TenantId, which: WhichCalls) -> oneshot::Receiver<usize> {
        self.exchange.count_calls(tenant, which)
    }

    fn hang_up(&self, tenant: &TenantId, call: CallId, by: String) -> oneshot::Receiver<bool> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.hang_up(tenant, call, by)
    }

    fn change_message(
        &self,
        tenant: &TenantId,
        message: Uuid,
        change: MessageChange,
    ) -> oneshot::Receiver<Result<Option<MessageRow>, store::Error>> {
        if self.pulse.given_up() {
            return oneshot::channel().1;
        }
        self.exchange.change_message(tenant, message, change)
    }

    fn tells(&self, call: CallId, place: Place, what: &str) {
        if !self.pulse.given_up() {
            self.exchange.tells(call, place, what);
        }
    }
}
