//! Who supervises whom: the agent's leg is found, followed and heard, whatever becomes of its call.
//!
//! A leader's call and the agent's stay two calls. Only their sound meets: the leader's leg comes to
//! the media thread of the agent's, and the board there lets it hear what that one says and hears
//! ([`media::Command::Supervise`]).

mod following;
mod track;

use std::collections::BTreeMap;
use std::time::Instant;

use call::acd::{self, Act, AgentId, Refusal};
use call::desk::{By, Deed, Order, Refused, Terms};
use call::{CallId, Event, Follow, Mode, Parting, Supervise, SupervisionNews, TenantId, Wanted};
use media::{HeardBy, LegKey};

use super::live::Live;
use super::{Errand, Switch};
use track::Track;

/// All who supervise, by their calls; a leader supervises in one call.
#[derive(Debug, Default)]
pub(crate) struct Supervisions {
    watches: BTreeMap<CallId, Watch>,
    /// Agents who are logged out when their calls have ended; each once.
    log_outs: Vec<LogOut>,
}

/// An agent who is to be logged out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct LogOut {
    pub(super) tenant: TenantId,
    pub(super) agent: AgentId,
    pub(super) by: acd::By,
}

/// A leader, and whom they supervise.
#[derive(Debug)]
struct Watch {
    tenant: TenantId,
    leader: String,
    wanted: Supervise,
    /// Whom the leader hears; `None` while the agent is in no call.
    heard: Option<Heard>,
    /// Whom the agent talked with when they were last heard together.
    customer: Option<LegKey>,
    /// The leader was told that the agent is in no call.
    told_to_wait: bool,
    track: Option<Track>,
    /// Who has ended the leader's call, once it is over.
    ended_by: Option<String>,
}

/// Whom a leader hears, and who hears the leader.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Heard {
    /// The user whose leg it is; the customer's own when there is none.
    agent: Option<String>,
    call: CallId,
    leg: LegKey,
    thread: usize,
    heard_by: HeardBy,
}

impl Supervisions {
    /// The call in which a leader supervises.
    pub(super) fn of_leader(&self, tenant: &TenantId, leader: &str) -> Option<CallId> {
        let mut all = self.watches.iter();
        let found = all.find(|(_, watch)| watch.tenant == *tenant && watch.leader == leader);
        found.map(|(call, _)| *call)
    }

    /// Whether the leader of a call hears this agent now.
    pub(super) fn hears(&self, call: CallId, agent: &str) -> bool {
        let heard = self.watches.get(&call).and_then(|it| it.heard.as_ref());
        heard.is_some_and(|heard| heard.agent.as_deref() == Some(agent))
    }

    /// Whether the leader of a call supervises this agent, in a call or not.
    pub(super) fn is_about(&self, call: CallId, agent: &str) -> bool {
        let watch = self.watches.get(&call);
        watch.is_some_and(|watch| watch.wanted.agent == agent)
    }

    pub(super) fn log_out_later(&mut self, wanted: LogOut) {
        self.log_outs
            .retain(|known| known.agent != wanted.agent || known.tenant != wanted.tenant);
        self.log_outs.push(wanted);
    }
}

impl Switch {
    /// Does what the leader of a call wants.
    pub(super) fn handle_wanted(&mut self, now: Instant, call: CallId, wanted: Wanted) {
        if let Wanted::Stop = wanted {
            return self.stop_in_supervision(now, call);
        }
        let done = match wanted {
            Wanted::Begin(wanted) => self.begin_supervision(now, call, wanted),
            wanted => self.order_in_supervision(now, call, &wanted),
        };
        if let Err(refused) = done {
            let why = refused.word.to_owned();
            self.tell_supervisor(now, call, SupervisionNews::Refused { why });
        }
    }

    fn begin_supervision(
        &mut self,
        now: Instant,
        call: CallId,
        wanted: Supervise,
    ) -> Result<(), Refused> {
        let setup = self.calls.get(&call).map(|live| &live.setup);
        let acting = setup.and_then(|setup| Some((setup.tenant.clone(), setup.acting_user()?)));
        let Some((tenant, leader)) = acting.map(|(tenant, user)| (tenant, user.to_owned())) else {
            return Err(Refused::new("not_allowed", "only users supervise"));
        };
        if self.supervisions.of_leader(&tenant, &leader).is_some() {
            let sentence = format!("{leader} supervises somebody in another call");
            return Err(Refused::new("supervises_already", sentence));
        }
        let (agent, mode) = (wanted.agent.clone(), wanted.mode);
        let terms = Terms {
            leader: None,
            follow: wanted.follow,
            notice: wanted.notice,
        };
        let watch = Watch {
            tenant: tenant.clone(),
            leader: leader.clone(),
            wanted,
            heard: None,
            customer: None,
            told_to_wait: false,
            track: None,
            ended_by: None,
        };
        self.supervisions.watches.insert(call, watch);
        let deed = Deed::supervise(mode, terms);
        let done = self.order_of_leader(now, &tenant, (&leader, &agent), deed);
        if done.is_err() {
            self.supervisions.watches.remove(&call);
        }
        done.map(|_| ())
    }

    /// What a key of the leader's means, about whom they supervise.
    fn order_in_supervision(
        &mut self,
        now: Instant,
        call: CallId,
        wanted: &Wanted,
    ) -> Result<(), Refused> {
        let Some(watch) = self.supervisions.watches.get(&call) else {
            return Err(Refused::new("not_supervising", "nobody is supervised"));
        };
        let (tenant, leader) = (watch.tenant.clone(), watch.leader.clone());
        let heard = watch.heard.as_ref().and_then(|heard| heard.agent.clone());
        let mut agent = heard.unwrap_or_else(|| watch.wanted.agent.clone());
        let terms = Terms {
            leader: None,
            follow: watch.wanted.follow,
            notice: watch.wanted.notice,
        };
        let deed = match wanted {
            Wanted::Mode(mode) => Deed::supervise(*mode, terms),
            Wanted::TakeOver => Deed::TakeOver { leader: None },
            Wanted::Release => Deed::Release {
                parting: Parting::HangUp,
                reason: None,
            },
            Wanted::Next => {
                let Some(next) = self.next_agent(&tenant, &leader, &agent) else {
                    return Err(Refused::new("nobody", "no other agent is in a call"));
                };
                agent = next;
                Deed::Listen(terms)
            }
            Wanted::Begin(_) | Wanted::Stop => return Ok(()),
        };
        let done = self.order_of_leader(now, &tenant, (&leader, &agent), deed);
        done.map(|_| ())
    }

    /// The leader's call supervises no longer, by a key or because it is over: the same order as from a desk, unless
    /// an order is why.
    fn stop_in_supervision(&mut self, now: Instant, call: CallId) {
        let Some(watch) = self.supervisions.watches.get(&call) else {
            return;
        };
        let tenant = watch.tenant.clone();
        let (by, leader) = match watch.ended_by.clone() {
            Some(other) if !other.starts_with("agent:") => {
                (By::Program(other), Some(watch.leader.clone()))
            }
            _ => (By::User(watch.leader.clone()), None),
        };
        let order = Order {
            by,
            user: watch.wanted.agent.clone(),
            deed: Deed::Stop { leader },
        };
        if self.order(now, &tenant, &order).is_err() {
            // Who may no longer hear the agent, least of all goes on.
            self.end_supervision(now, call);
        }
    }

    /// A leader who supervises already supervises so from now on.
    pub(super) fn supervise_from(&mut self, now: Instant, call: CallId, wanted: Supervise) {
        let Some(watch) = self.supervisions.watches.get_mut(&call) else {
            return;
        };
        if watch.wanted.agent != wanted.agent {
            watch.customer = None;
        }
        watch.wanted = wanted;
        watch.told_to_wait = false;
        self.follow(now, call, None);
    }

    /// A leader hears nobody any more, and the record of what they have said ends.
    pub(super) fn end_supervision(&mut self, now: Instant, call: CallId) {
        let Some(mut watch) = self.supervisions.watches.remove(&call) else {
            return;
        };
        self.hear_nobody(now, call, &mut watch);
    }

    pub(super) fn tell_supervisor(&mut self, now: Instant, call: CallId, news: SupervisionNews) {
        let event = Event::Supervision(news);
        self.with_machine(now, call, |machine| machine.handle_event(now, event));
    }

    /// Notes that a call has changed which a leader hears, waits for or supervises in.
    pub(super) fn note_supervision(&mut self, live: &Live) {
        let Supervisions { watches, log_outs } = &mut self.supervisions;
        if watches.is_empty() && log_outs.is_empty() {
            return;
        }
        let id = live.setup.id;
        if let (Some(watch), Some(record)) = (watches.get_mut(&id), &live.ended) {
            watch.ended_by = Some(record.ended_by.clone());
        }
        let concerns = |(own, watch): (&CallId, &Watch)| {
            let is_own_end = *own == id && live.ended.is_some();
            let is_heard = watch.heard.as_ref().is_some_and(|heard| heard.call == id);
            let is_awaited = || {
                let mut legs = live.call.legs().iter();
                let theirs = legs.any(|leg| leg.user() == Some(&*watch.wanted.agent));
                theirs && *own != id
            };
            let has_customer = || {
                let key = watch
                    .customer
                    .filter(|_| watch.wanted.follow == Follow::Customer);
                let keys = live.legs.iter().filter_map(super::live::Leg::key);
                key.is_some_and(|key| keys.into_iter().any(|known| known == key))
            };
            is_own_end
                || is_heard
                || watch.heard.is_none() && watch.tenant == live.setup.tenant && is_awaited()
                || has_customer()
        };
        let agents = || {
            let mut legs = live.call.legs().iter();
            legs.any(|leg| log_outs.iter().any(|it| leg.user() == Some(&*it.agent.0)))
        };
        if watches.iter().any(concerns) || agents() {
            let known = matches!(self.errands.back(), Some(Errand::Attend(last)) if *last == id);
            if !known {
                self.errands.push_back(Errand::Attend(id));
            }
        }
    }

    /// Follows whom leaders hear through what has become of a call.
    pub(super) fn attend(&mut self, now: Instant, call: CallId) {
        let is_over = |live: &Live| live.ended.is_some();
        if self.calls.get(&call).is_none_or(|live| is_over(live)) {
            self.end_supervision(now, call);
        }
        let all: Vec<CallId> = self.supervisions.watches.keys().copied().collect();
        for own in all {
            self.follow(now, own, Some(call));
        }
        for wanted in std::mem::take(&mut self.supervisions.log_outs) {
            let LogOut { tenant, agent, by } = wanted.clone();
            if let Err(Refusal::InCall) = self.act_on_agent(now, &tenant, &agent, Act::LogOut, by) {
                self.supervisions.log_outs.push(wanted);
            }
        }
    }
}

/// Who hears a leader in a mode.
fn heard_by(mode: Mode) -> HeardBy {
    match mode {
        Mode::Listen => HeardBy::Nobody,
        Mode::Whisper => HeardBy::Agent,
        Mode::Barge => HeardBy::Everybody,
    }
}
