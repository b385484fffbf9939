//! Agents and queues without phones: the real machine, in simulated time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use call::acd::{
    Acd, Act, AgentId, AskId, By, Callback, CallbackError, Chosen, Enter, Output, Pick, PickError,
    QueueStatus, Refusal, Status, Wants,
};
use call::desk::{Deed, Done, Order, Refused, SwitchState, allowed};
use call::journal::What;
use call::screen::{self, Listed};
use call::{Call, CallId, FromFloor, Relay, Setup, Target, ToFloor};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::lists::Shelved;
use super::phones::Phones;
use crate::api::queue::no_queue;
use crate::exchange::OfferedItem;
use crate::host::Host;
use crate::inbox::Message;
use crate::{config, told};

/// A tenant's agents and queues.
pub(super) struct Floor {
    acd: Acd,
    relay: Relay,
    /// Who waits, as events and `choose` show them.
    callers: HashMap<CallId, Value>,
    /// What calls are to be told, in order.
    deliveries: VecDeque<(CallId, Delivery)>,
    /// What was offered and is no call.
    items: u128,
    host: Arc<Host>,
    /// The lists of callers.
    pub(super) listed: Shelved,
    /// How switches stand that somebody has set.
    switches: HashMap<String, SwitchState>,
}

/// What a call is to be told.
#[allow(
    clippy::large_enum_variant,
    reason = "decisions, the larger ones, are the commoner ones"
)]
pub(super) enum Delivery {
    /// For its machine.
    News(FromFloor),
    /// For its story.
    Decision(What),
}

/// Something that scripts ask.
pub(super) enum Question {
    Chosen(AskId, Chosen),
    Order(Order, oneshot::Sender<Result<Done, Refused>>),
    Listed(screen::Question, oneshot::Sender<Vec<Listed>>),
    Agents(oneshot::Sender<Vec<(AgentId, Status)>>),
    Queues(oneshot::Sender<Vec<QueueStatus>>),
    Switched(String, oneshot::Sender<SwitchState>),
    CallBack(Callback, oneshot::Sender<Result<usize, CallbackError>>),
    Offer(OfferedItem, oneshot::Sender<Result<CallId, String>>),
    EndItem(CallId, oneshot::Sender<bool>),
}

impl Floor {
    /// The queues that a host's scripts declare; nobody is logged in.
    pub(super) fn new(now: Instant, wall: i64, host: &Arc<Host>) -> Self {
        let plan = host.routing().map(|routing| (*routing.queues).clone());
        Self {
            acd: Acd::new(now, wall, SEED, plan.unwrap_or_default()),
            relay: Relay::default(),
            callers: HashMap::new(),
            deliveries: VecDeque::new(),
            items: 0,
            host: Arc::clone(host),
            listed: Shelved::default(),
            switches: HashMap::new(),
        }
    }

    /// A call asks something, or reports.
    pub(super) fn hear_call(
        &mut self,
        now: Instant,
        setup: &Setup,
        language: &str,
        asked: ToFloor,
    ) {
        let id = setup.id;
        match asked {
            ToFloor::Enter {
                queue,
                priority,
                max_wait,
                callback,
                wants,
            } => {
                self.callers.insert(id, told::caller(setup, language));
                let entered = self.acd.handle_enter(
                    now,
                    Enter {
                        priority,
                        max_wait,
                        wants,
                        from: setup.from.clone(),
                        callback,
                        ..Enter::new(id, queue)
                    },
                );
                if let Err(error) = entered {
                    self.callers.remove(&id);
                    let why = error.to_string();
                    let refused = Delivery::News(FromFloor::Refused { why });
                    self.deliveries.push_back((id, refused));
                }
            }
            ToFloor::Leave => self.acd.handle_leave(now, id),
            ToFloor::Move { queue } => self.acd.handle_move(now, id, &queue),
            ToFloor::Picked { by } => self.acd.handle_picked(now, id, &by),
            ToFloor::Aside { event } => self.acd.handle_aside(now, id, event),
            ToFloor::Callback => {
                let taken = setup.from.clone().map(|number| {
                    let wanted = Callback {
                        call: id,
                        queue: "".into(),
                        number,
                        priority: 0,
                        wants: Wants::default(),
                    };
                    self.acd.handle_callback(now, wanted)
                });
                if !matches!(taken, Some(Ok(_))) {
                    let news = Delivery::News(FromFloor::NotCalledBack);
                    self.deliveries.push_back((id, news));
                }
            }
            ToFloor::Gone => self.acd.handle_gone(now, id),
            ToFloor::Offer { lease, news } => self.acd.handle_offer(now, lease, news),
        }
        self.drain();
    }

    /// Looks at a call's legs.
    pub(super) fn see(&mut self, now: Instant, call: &Call, seen: &mut call::acd::Seen) {
        if self.acd.handle_legs(now, call, seen) {
            self.drain();
        }
    }

    /// Looks which agents' phones can be rung.
    pub(super) fn look_at_phones(
        &mut self,
        now: Instant,
        phones: &Phones,
        tenant: &config::Tenant,
    ) {
        let agents: Vec<AgentId> = self.acd.agents().cloned().collect();
        for agent in agents {
            let reachable = phones.is_registered(&Target::User(agent.to_string()), tenant);
            let before = self.acd.status(now, &agent).map(|status| status.reachable);
            if before != Some(reachable) {
                self.acd.handle_reach(now, &agent, reachable);
            }
        }
        self.drain();
    }

    /// An agent does something.
    pub(super) fn act(
        &mut self,
        now: Instant,
        agent: &AgentId,
        act: Act,
        by: By,
    ) -> Result<Status, Refusal> {
        let done = self.acd.handle_agent(now, agent, act, by);
        self.drain();
        done?;
        self.acd.status(now, agent).ok_or(Refusal::NotAnAgent)
    }

    /// Somebody at a desk wants something. What they do with calls is tried with phones, not here.
    pub(super) fn order(
        &mut self,
        now: Instant,
        order: &Order,
        tenant: &config::Tenant,
    ) -> Result<Done, Refused> {
        let users = &tenant.users;
        allowed(order, |user| users.get(user).map(|it| it.person.clone()))?;
        if let Some(done) = self.listed.change(order, tenant) {
            return done;
        }
        if let Deed::QueueSwitch { switch, state } = &order.deed {
            return self.switch(order, (switch, *state), &tenant.switches);
        }
        if let Some((item, step)) = order.deed.item() {
            let agent = AgentId::from(&*order.user);
            let done = step.on(&mut self.acd, now, &agent, item);
            self.drain();
            done.map_err(|why| Refused::new(why.word(), why.to_string()))?;
            let status = self.acd.status(now, &agent);
            return Ok(Done {
                agent: status,
                call: None,
            });
        }
        let Some(act) = order.deed.act(&tenant.busy_reasons) else {
            let sentence = format!("{} is not simulated", order.deed.word());
            return Err(Refused::new("not_in_call", sentence));
        };
        let agent = AgentId::from(&*order.user);
        let by = order.by.about(&order.user);
        let status = self.act(now, &agent, act?, by);
        let status = status.map_err(|why| Refused::by_floor(&order.user, why))?;
        Ok(Done {
            agent: Some(status),
            call: None,
        })
    }

    /// A switch of queues is set.
    fn switch(
        &mut self,
        order: &Order,
        (name, state): (&str, SwitchState),
        known: &[String],
    ) -> Result<Done, Refused> {
        if !known.iter().any(|one| one == name) {
            return Err(Refused::no_such_switch(name, known));
        }
        self.switches.insert(name.to_owned(), state);
        let about = json!({ "switch": name, "state": state, "by": order.by.to_string() });
        let event = Message::Event("queue.switched".to_owned(), about);
        self.host.inbox.push(event);
        Ok(Done::default())
    }

    /// What is no call waits in a queue.
    fn offer(&mut self, now: Instant, item: OfferedItem) -> Result<CallId, String> {
        self.items += 1;
        let id = CallId(Uuid::from_u128(ITEMS + self.items));
        self.callers.insert(id, told::item(id, &item));
        let entered = self.acd.handle_enter(now, item.enter(id));
        if entered.is_err() {
            self.callers.remove(&id);
        }
        self.drain();
        entered.map(|()| id).map_err(|error| error.to_string())
    }

    /// Whether there is such a queue.
    ///
    /// # Errors
    /// The sentence when there is none.
    pub(super) fn check_queue(&self, name: &str) -> Result<(), String> {
        let known: Vec<&str> = self.acd.queues().map(|queue| &*queue.0).collect();
        match known.contains(&name) {
            true => Ok(()),
            false => Err(no_queue(name, known)),
        }
    }

    /// All agents, by name.
    pub(super) fn agents(&self) -> Vec<AgentId> {
        self.acd.agents().cloned().collect()
    }

    /// Answers a script.
    pub(super) fn answer(&mut self, now: Instant, question: Question) {
        // A script that was dropped does not hear it.
        match question {
            Question::Chosen(ask, chosen) => {
                self.acd.handle_chosen(now, ask, chosen);
                self.drain();
            }
            Question::Order(order, answer) => {
                let settings = Arc::clone(&self.host.settings);
                let _ = answer.send(self.order(now, &order, &settings));
            }
            Question::Listed(question, answer) => {
                let _ = answer.send(self.listed.read(&question, &self.host.settings));
            }
            Question::Agents(answer) => {
                let all = self.acd.agents();
                let all = all.filter_map(|id| Some((id.clone(), self.acd.status(now, id)?)));
                let _ = answer.send(all.collect());
            }
            Question::CallBack(wanted, answer) => {
                let taken = self.acd.handle_callback(now, wanted);
                let _ = answer.send(taken.map(|(_, place)| place));
                self.drain();
            }
            Question::Offer(item, answer) => {
                let _ = answer.send(self.offer(now, item));
            }
            Question::EndItem(item, answer) => {
                let was = self.acd.handle_item_over(now, item).is_ok();
                self.drain();
                let _ = answer.send(was);
            }
            Question::Switched(name, answer) => {
                let state = self.switches.get(&name).copied();
                let _ = answer.send(state.unwrap_or_default());
            }
            Question::Queues(answer) => {
                let all = self.acd.queues();
                let all = all.filter_map(|queue| self.acd.queue(now, queue));
                let _ = answer.send(all.collect());
            }
        }
    }

    /// Who waits and could be taken out of the line.
    pub(super) fn pickable(&self, pick: &Pick) -> Result<CallId, PickError> {
        self.acd.pickable(pick)
    }

    /// When it wants to be looked at.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.acd.poll_timeout()
    }

    /// Does what is due.
    pub(super) fn be_on_time(&mut self, now: Instant) {
        if self.next_due().is_some_and(|due| due <= now) {
            self.acd.handle_timeout(now);
            self.drain();
        }
    }

    /// What a call is to be told next.
    pub(super) fn next_delivery(&mut self) -> Option<(CallId, Delivery)> {
        self.deliveries.pop_front()
    }

    fn drain(&mut self) {
        while let Some(output) = self.acd.poll_output() {
            let about = match &output {
                Output::Waits { call, .. } | Output::Aside { call, .. } => self.callers.get(call),
                Output::Item(news) => self.callers.get(&news.item),
                _ => None,
            };
            if let Some((name, payload)) =
                told::event(&output, about, &self.host.settings.busy_reasons)
            {
                self.host.inbox.push(Message::Event(name, payload));
            }
            if let Some((call, news)) = self.relay.news(&output) {
                self.deliveries.push_back((call, Delivery::News(news)));
            }
            match output {
                Output::Leave { call, .. } => {
                    self.callers.remove(&call);
                }
                // Who rings in vain too often is not asked again, and whoever waits wonders why.
                Output::State(change) if change.by == By::Engine => {
                    let reason = change.state.reason(&self.host.settings.busy_reasons);
                    let Some(reason) = reason else { continue };
                    for &call in self.callers.keys() {
                        let what = What::Decision {
                            what: format!("agent {} is busy from now on", change.agent),
                            because: reason.replace('_', " "),
                        };
                        self.deliveries.push_back((call, Delivery::Decision(what)));
                    }
                }
                Output::Decision(decision) => {
                    let what = Delivery::Decision(What::from(&decision));
                    self.deliveries.push_back((decision.call, what));
                }
                Output::Choose { call, queue, ask } => {
                    let about = told::in_queue(self.callers.get(&call), &queue);
                    let message = Message::Choose(queue, Box::new(ask), about);
                    self.host.inbox.push(message);
                }
                Output::ForgetChoose { ask } => {
                    self.host.inbox.push(Message::ForgetChoose(ask));
                }
                _ => {}
            }
        }
    }
}

/// Ids of calls are others.
const ITEMS: u128 = 0x01;
/// Leases need not be unlike those of an earlier life: there was none.
const SEED: u64 = 1;
