//! What the API asks of the switch; neighbours hold what it is shown and what its listeners are told.

mod floor;
mod news;
mod people;
mod plugins;
mod records;
mod shown;

use std::collections::HashMap;
use std::time::Instant;

use call::desk::{By, Order, Refused};
use call::screen::{self, Change, Listed};
use call::{CallId, Target, TenantId};
use script::{OfferedItem, Originate};
use store::{CallBegin, MessageRow};
use tokio::sync::oneshot;
use uuid::Uuid;
use web::{
    Agent, Allowed, Asked, CallWanted, CallbackTaken, CallbackWanted, Deletion, DeskUser,
    ItemWanted, LiveCall, NoCall, NoRole, Performed, Plugin, Queue, QueueDetails, QueueSwitch,
    Registration, Reloaded, RoleWanted, Scripts, TransferWanted, Trunk, User, VoicemailChange,
};

pub(super) use records::{tell_of_message, tell_scripts_of_message};
pub(super) use shown::state_of;
use shown::{reloaded, rolled_back};

use super::{Entrance, Input, Switch, lists};

/// Something that the API asks, with where its answer goes.
#[derive(Debug)]
pub(crate) struct Question {
    tenant: TenantId,
    what: What,
}

#[derive(Debug)]
enum What {
    LiveCalls(Vec<Uuid>, oneshot::Sender<HashMap<Uuid, LiveCall>>),
    HangUp(CallId, By, oneshot::Sender<Result<(), Refused>>),
    Transfer(CallId, TransferWanted, oneshot::Sender<Result<(), Refused>>),
    Originate(CallWanted, oneshot::Sender<Result<CallBegin, NoCall>>),
    Plugins(oneshot::Sender<Result<Vec<Plugin>, store::Error>>),
    Allow(String, oneshot::Sender<MayBeAllowed>),
    /// It was allowed and is to be loaded.
    Granted(Allowed, oneshot::Sender<MayBeAllowed>),
    RetryJob(Uuid, oneshot::Sender<Result<bool, store::Error>>),
    DeleteRecording(Uuid, oneshot::Sender<Result<Deletion, store::Error>>),
    Registrations(oneshot::Sender<Vec<Registration>>),
    Trunks(oneshot::Sender<Vec<Trunk>>),
    Users(oneshot::Sender<Vec<User>>),
    DeskUser(String, oneshot::Sender<Option<DeskUser>>),
    QueuesWithin(String, oneshot::Sender<Vec<String>>),
    GiveRole(RoleWanted, oneshot::Sender<Result<(), NoRole>>),
    Scripts(oneshot::Sender<Option<Scripts>>),
    Reload(oneshot::Sender<Reloaded>),
    RollBack(Option<u64>, oneshot::Sender<Result<Reloaded, String>>),
    Agents(oneshot::Sender<Vec<Agent>>),
    Order(Order, oneshot::Sender<Result<Performed, Refused>>),
    OfferItem(Box<ItemWanted>, oneshot::Sender<Result<Uuid, String>>),
    EndItem(Uuid, oneshot::Sender<bool>),
    CallBack(
        Box<CallbackWanted>,
        oneshot::Sender<Result<CallbackTaken, Refused>>,
    ),
    CancelCallback(Uuid, oneshot::Sender<bool>),
    Queues(oneshot::Sender<Vec<Queue>>),
    Queue(String, oneshot::Sender<Option<QueueDetails>>),
    Switches(oneshot::Sender<Vec<QueueSwitch>>),
    Wallboard(oneshot::Sender<web::Wallboard>),
    Yardstick(oneshot::Sender<Option<web::Yardstick>>),
    Voicemail(Uuid, VoicemailChange, oneshot::Sender<Changed>),
}

type MayBeAllowed = Result<Option<Allowed>, store::Error>;
type Changed = Result<Option<MessageRow>, store::Error>;

impl Entrance {
    /// Turned away for want of room, the sender is dropped, and the API says that it is busy.
    fn question<T>(&self, tenant: &str, what: impl FnOnce(oneshot::Sender<T>) -> What) -> Asked<T> {
        let (answer, asked) = oneshot::channel();
        let question = Question {
            tenant: tenant.into(),
            what: what(answer),
        };
        let _ = self.offer(Input::Api(question));
        asked
    }
}

impl web::Exchange for Entrance {
    fn live_calls(&self, tenant: &str, calls: Vec<Uuid>) -> Asked<HashMap<Uuid, LiveCall>> {
        self.question(tenant, |answer| What::LiveCalls(calls, answer))
    }

    fn hang_up(&self, tenant: &str, call: Uuid, by: By) -> Asked<Result<(), Refused>> {
        self.question(tenant, |answer| What::HangUp(CallId(call), by, answer))
    }

    fn originate(&self, tenant: &str, wanted: CallWanted) -> Asked<Result<CallBegin, NoCall>> {
        self.question(tenant, |answer| What::Originate(wanted, answer))
    }

    fn transfer(
        &self,
        tenant: &str,
        call: Uuid,
        wanted: TransferWanted,
    ) -> Asked<Result<(), Refused>> {
        self.question(tenant, |answer| {
            What::Transfer(CallId(call), wanted, answer)
        })
    }

    fn plugins(&self, tenant: &str) -> Asked<Result<Vec<Plugin>, store::Error>> {
        self.question(tenant, What::Plugins)
    }

    fn allow_plugin(&self, tenant: &str, plugin: String) -> Asked<MayBeAllowed> {
        self.question(tenant, |answer| What::Allow(plugin, answer))
    }

    fn retry_job(&self, tenant: &str, job: Uuid) -> Asked<Result<bool, store::Error>> {
        self.question(tenant, |answer| What::RetryJob(job, answer))
    }

    fn delete_recording(
        &self,
        tenant: &str,
        recording: Uuid,
    ) -> Asked<Result<Deletion, store::Error>> {
        self.question(tenant, |answer| What::DeleteRecording(recording, answer))
    }

    fn registrations(&self, tenant: &str) -> Asked<Vec<Registration>> {
        self.question(tenant, What::Registrations)
    }

    fn trunks(&self, tenant: &str) -> Asked<Vec<Trunk>> {
        self.question(tenant, What::Trunks)
    }

    fn users(&self, tenant: &str) -> Asked<Vec<User>> {
        self.question(tenant, What::Users)
    }

    fn desk_user(&self, tenant: &str, user: &str) -> Asked<Option<DeskUser>> {
        let user = user.to_owned();
        self.question(tenant, |answer| What::DeskUser(user, answer))
    }

    fn queues_within(&self, tenant: &str, user: &str) -> Asked<Vec<String>> {
        let user = user.to_owned();
        self.question(tenant, |answer| What::QueuesWithin(user, answer))
    }

    fn give_role(&self, tenant: &str, wanted: RoleWanted) -> Asked<Result<(), NoRole>> {
        self.question(tenant, |answer| What::GiveRole(wanted, answer))
    }

    fn scripts(&self, tenant: &str) -> Asked<Option<Scripts>> {
        self.question(tenant, What::Scripts)
    }

    fn reload(&self, tenant: &str) -> Asked<Reloaded> {
        self.question(tenant, What::Reload)
    }

    fn roll_back(&self, tenant: &str, generation: Option<u64>) -> Asked<Result<Reloaded, String>> {
        self.question(tenant, |answer| What::RollBack(generation, answer))
    }

    fn agents(&self, tenant: &str) -> Asked<Vec<Agent>> {
        self.question(tenant, What::Agents)
    }

    fn order(&self, tenant: &str, order: Order) -> Asked<Result<Performed, Refused>> {
        self.question(tenant, |answer| What::Order(order, answer))
    }

    fn listed(&self, tenant: &str, question: screen::Question) -> Asked<Vec<Listed>> {
        let tenant = tenant.into();
        self.ask_lists(|answer| lists::Asked::Read(tenant, question, answer))
    }

    fn change_list(&self, tenant: &str, change: Change, by: By) -> Asked<Result<Listed, Refused>> {
        let tenant = tenant.into();
        self.ask_lists(|answer| lists::Asked::Change(tenant, change, by, answer))
    }

    fn offer_item(&self, tenant: &str, item: ItemWanted) -> Asked<Result<Uuid, String>> {
        self.question(tenant, |answer| What::OfferItem(Box::new(item), answer))
    }

    fn end_item(&self, tenant: &str, item: Uuid) -> Asked<bool> {
        self.question(tenant, |answer| What::EndItem(item, answer))
    }

    fn call_back(
        &self,
        tenant: &str,
        wanted: CallbackWanted,
    ) -> Asked<Result<CallbackTaken, Refused>> {
        self.question(tenant, |answer| What::CallBack(Box::new(wanted), answer))
    }

    fn cancel_callback(&self, tenant: &str, id: Uuid) -> Asked<bool> {
        self.question(tenant, |answer| What::CancelCallback(id, answer))
    }

    fn queues(&self, tenant: &str) -> Asked<Vec<Queue>> {
        self.question(tenant, What::Queues)
    }

    fn queue(&self, tenant: &str, name: String) -> Asked<Option<QueueDetails>> {
        self.question(tenant, |answer| What::Queue(name, answer))
    }

    fn switches(&self, tenant: &str) -> Asked<Vec<QueueSwitch>> {
        self.question(tenant, What::Switches)
    }

    fn wallboard(&self, tenant: &str) -> Asked<web::Wallboard> {
        self.question(tenant, What::Wallboard)
    }

    fn yardstick(&self, tenant: &str) -> Asked<Option<web::Yardstick>> {
        self.question(tenant, What::Yardstick)
    }

    fn change_voicemail(
        &self,
        tenant: &str,
        message: Uuid,
        change: VoicemailChange,
    ) -> Asked<Changed> {
        self.question(tenant, |answer| What::Voicemail(message, change, answer))
    }
}

impl Switch {
    /// Answers; whoever has gone meanwhile does not hear it.
    pub(super) fn answer_api(&mut self, now: Instant, question: Question) {
        let tenant = question.tenant;
        match question.what {
            What::LiveCalls(calls, answer) => {
                let _ = answer.send(self.live_calls(&tenant, &calls));
            }
            What::HangUp(call, by, answer) => {
                let _ = answer.send(self.end_call(now, &tenant, call, by));
            }
            What::Transfer(call, wanted, answer) => {
                let _ = answer.send(self.transfer_named(now, &tenant, call, wanted));
            }
            What::Originate(CallWanted { user, to, timeout }, answer) => {
                let wanted = Originate {
                    from: Target::User(user),
                    to,
                    context: None,
                    timeout,
                    caller_id: None,
                };
                self.originate_for_program(now, &tenant, wanted, answer);
            }
            What::Plugins(answer) => self.show_plugins(&tenant, answer),
            What::Allow(plugin, answer) => self.allow_plugin(&tenant, plugin, answer),
            What::Granted(allowed, answer) => self.load_granted(tenant, allowed, answer),
            What::RetryJob(job, answer) => self.retry_job(&tenant, job, answer),
            What::DeleteRecording(recording, answer) => {
                self.delete_recording(&tenant, recording, answer);
            }
            What::Registrations(answer) => {
                let _ = answer.send(self.registrations_of(now, &tenant));
            }
            What::Trunks(answer) => {
                let _ = answer.send(self.trunks_of(now, &tenant));
            }
            What::Users(answer) => {
                let _ = answer.send(self.users_of(now, &tenant));
            }
            What::DeskUser(user, answer) => {
                let _ = answer.send(self.desk_user(&tenant, &user));
            }
            What::QueuesWithin(user, answer) => {
                let _ = answer.send(self.queues_within(now, &tenant, &user));
            }
            What::GiveRole(wanted, answer) => self.give_role(&tenant, wanted, answer),
            What::Scripts(answer) => {
                let _ = answer.send(self.scripts_of(&tenant));
            }
            What::Reload(answer) => self.reload(true, move |outcome| {
                let _ = answer.send(reloaded(&outcome, &tenant));
            }),
            What::RollBack(generation, answer) => {
                let whose = tenant.to_string();
                self.roll_back(Some(whose), generation, move |outcome| {
                    let _ = answer.send(rolled_back(&outcome, &tenant));
                });
            }
            What::Agents(answer) => {
                let _ = answer.send(self.agents_shown(now, &tenant));
            }
            What::Order(order, answer) => self.order_for_api(now, &tenant, order, answer),
            What::OfferItem(item, answer) => {
                let ItemWanted {
                    queue,
                    from,
                    about,
                    priority,
                    max_wait,
                    wants,
                } = *item;
                let item = OfferedItem {
                    queue: queue.as_str().into(),
                    from,
                    about,
                    priority,
                    max_wait,
                    wants,
                };
                let offered = self.offer_item(now, &tenant, item);
                let _ = answer.send(offered.map(|id| id.0));
            }
            What::EndItem(item, answer) => {
                let _ = answer.send(self.end_item(now, &tenant, CallId(item)));
            }
            What::CallBack(wanted, answer) => {
                let _ = answer.send(self.call_back_for_api(now, &tenant, *wanted));
            }
            What::CancelCallback(id, answer) => {
                let _ = answer.send(self.cancel_callback(now, &tenant, CallId(id)));
            }
            What::Queues(answer) => {
                let _ = answer.send(self.queues_shown(now, &tenant));
            }
            What::Queue(name, answer) => {
                let _ = answer.send(self.queue_shown(now, &tenant, &name));
            }
            What::Switches(answer) => {
                let _ = answer.send(self.switches_shown(&tenant));
            }
            What::Wallboard(answer) => {
                let _ = answer.send(self.wallboard(now, &tenant));
            }
            What::Yardstick(answer) => {
                let _ = answer.send(self.yardstick(&tenant));
            }
            What::Voicemail(message, change, answer) => {
                self.change_voicemail(&tenant, message, change, answer);
            }
        }
    }
}
