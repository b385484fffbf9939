//! Things that can happen on a floor, at random.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::world::World;
use crate::acd::tests::{ms, s};
use crate::acd::{
    Across, Act, AgentId, Announce, Callback, Change, Chosen, DialogNews, Doing, Enter, Habit,
    Leave, Medium, News, Overflow, PenaltyRule, Pick, Plan, Presence, QueuePlan, ReasonRule, Ring,
    Skills, Step, Strategy, Tiers, Ties, Wants, When, Widening, Without,
};
use crate::call::random::Random;
use crate::{CallId, Cause};

pub(super) const AGENTS: [&str; 6] = ["1049", "1050", "1051", "1052", "1053", "1054"];
const QUEUES: [&str; 4] = ["it", "hr", "pay", "all"];

impl World {
    pub(super) fn step(&mut self, plans: &mut Plans) {
        self.seen.events += 1;
        match self.below(20) {
            0..=2 => self.caller_enters(),
            3 => self.caller_goes(),
            4..=5 => self.agent_acts(),
            6 => self.phone_flickers(),
            7..=11 => self.leg_reports(),
            12 if self.below(2) == 0 => self.own_call(),
            12 => self.desk(),
            13..=14 => self.call_ends(),
            15 if self.below(3) == 0 => self.picks(),
            15 => self.script_answers(),
            16..=18 => {
                let most = [300, 2000, 20_000][self.below(3) as usize];
                let wait = ms(self.below(most));
                self.pass_time(wait);
            }
            _ if self.below(20) == 0 => {
                self.seen.reloads += 1;
                let plan = plans.one(&mut self.random);
                self.acd.handle_plan(self.now, plan);
                self.look();
            }
            _ if self.below(2) == 0 => self.call_back_goes_on(),
            _ => self.audit(),
        }
    }

    fn caller_enters(&mut self) {
        if self.waiting.len() > 12 {
            return;
        }
        self.calls += 1;
        let call = CallId(Uuid::from_u128(self.calls));
        let enter = Enter {
            call,
            queue: QUEUES[self.below(4) as usize].into(),
            priority: [0, 0, 0, 30, 9999][self.below(5) as usize],
            max_wait: (self.below(8) == 0).then(|| s(20)),
            wants: self.wants(),
            again: None,
            from: (self.below(3) == 0).then(|| format!("+86138{}", self.below(6))),
            callback: None,
        };
        if enter.wants.medium == Medium::Chat {
            self.items.wants.insert(call, enter.wants.clone());
        }
        let _ = self.acd.handle_enter(self.now, enter);
        self.look();
    }

    /// Most callers ask nothing of the agents.
    fn wants(&mut self) -> Wants {
        let mut wants = Wants {
            vip: self.below(16) == 0,
            medium: [Medium::Voice, Medium::Chat][usize::from(self.below(5) == 0)],
            customer: (self.below(2) == 0).then(|| format!("wx:{}", self.below(3)).into()),
            ..Wants::default()
        };
        match self.below(12) {
            0..=1 => wants.required = Arc::new(skills(&mut self.random)),
            2 => wants.preferred = Arc::new(skills(&mut self.random)),
            3 => wants.penalty.max = 0,
            4..=5 => {
                wants.agent = Some(self.somebody());
                wants.agent_for = (self.below(2) == 0).then(|| s(5));
            }
            _ => {}
        }
        wants
    }

    fn caller_goes(&mut self) {
        let Some(call) = self.one_of(&self.waiting.iter().copied().collect::<Vec<_>>()) else {
            return;
        };
        self.seen.gone += 1;
        match self.below(8) {
            6 => return self.wants_to_be_called_back(call),
            7 => {
                let to = QUEUES[self.below(4) as usize];
                self.acd.handle_move(self.now, call, &to.into());
                return self.look();
            }
            0 | 1 => self.acd.handle_leave(self.now, call),
            _ => self.acd.handle_gone(self.now, call),
        }
        self.look();
        let left = !self.waiting.contains(&call);
        self.promise(left, Leave::Gone.word().unwrap_or("who is gone has left"));
    }

    fn wants_to_be_called_back(&mut self, call: CallId) {
        let wanted = Callback {
            call,
            queue: "it".into(),
            number: format!("+86138{}", self.below(6)),
            priority: 0,
            wants: Wants::default(),
        };
        let _ = self.acd.handle_callback(self.now, wanted);
        self.look();
    }

    /// Somebody who is called back answers, or does not.
    fn call_back_goes_on(&mut self) {
        let called: Vec<CallId> = self.called.iter().copied().collect();
        let Some(id) = self.one_of(&called) else {
            return;
        };
        self.called.remove(&id);
        if self.below(2) == 0 {
            return self.comes_back(id);
        }
        self.acd.handle_not_back(self.now, id);
        self.look();
    }

    /// Somebody takes a caller out of the line.
    fn picks(&mut self) {
        let agent = self.somebody();
        let pick = Pick::NextOf(QUEUES[self.below(4) as usize].into());
        let _ = self.acd.handle_pick(self.now, &agent, &pick);
        self.look();
    }

    fn agent_acts(&mut self) {
        let agent = self.somebody();
        if self.below(6) == 0 {
            let on = self.below(2) == 0;
            let habit = match self.below(6) {
                4..=5 => Habit::AcceptItems(on),
                0 => Habit::DoNotDisturb(on),
                1 => Habit::AutoIdle(on),
                2 => Habit::AutoBusy(on),
                _ => Habit::WrapUp(on.then_some(s(3))),
            };
            let _ = self.acd.handle_habit(self.now, &agent, habit);
            return self.look();
        }
        let act = match self.below(16) {
            12 => Act::Approve,
            13 => Act::Deny,
            14 => Act::BusyAfterCall,
            15 => Act::Beat,
            0 => Act::LogOut,
            1..=2 => Act::LogIn,
            3..=7 => Act::Idle,
            8 => Act::Busy(self.below(9) as u8),
            9 => Act::EndWrapUp,
            10 => Act::ExtendWrapUp(s(30)),
            _ => Act::Reset,
        };
        self.act(&agent, act);
        self.look();
    }

    fn phone_flickers(&mut self) {
        let agent = self.somebody();
        let reachable = self.below(4) != 0;
        self.acd.handle_reach(self.now, &agent, reachable);
        self.look();
    }

    /// A leg that rings answers or fails; or something comes late, twice, or out of order.
    fn leg_reports(&mut self) {
        let ringing: Vec<_> = self.rings.keys().copied().collect();
        let lease = match self.below(4) {
            0 => self.one_of(&self.leases.clone()),
            _ => self.one_of(&ringing),
        };
        let Some(lease) = lease else {
            return;
        };
        let news = match self.below(12) {
            0..=6 => News::Answered,
            7 => News::Connected,
            8 => News::Gone,
            _ => News::Refused(Cause::ALL[self.below(Cause::ALL.len() as u64) as usize]),
        };
        self.news(lease, news);
        let connect = news == News::Answered && self.below(8) != 0;
        if connect && self.connecting.values().any(|it| *it == lease) {
            self.news(lease, News::Connected);
        }
    }

    /// A chat is taken, declined, or over; or the desk is late, and it is offered no longer.
    fn desk(&mut self) {
        let offered: Vec<_> = self.items.offered.iter().cloned().collect();
        let held: Vec<CallId> = self.items.held.keys().copied().collect();
        match (self.below(3), self.one_of(&offered), self.one_of(&held)) {
            (0, _, Some(item)) => {
                let over = self.acd.handle_item_over(self.now, item);
                self.promise(over.is_ok(), "what somebody has can be done with");
            }
            (_, Some((agent, item)), _) => {
                let takes = self.below(4) != 0;
                let done = self.acd.handle_item(self.now, &agent, item, takes);
                self.promise(done.is_ok(), "what is offered can be taken");
            }
            _ => {
                let agent = self.somebody();
                let item = CallId(Uuid::from_u128(u128::from(self.below(20))));
                let offered = self.items.offered.contains(&(agent.clone(), item));
                let done = self.acd.handle_item(self.now, &agent, item, true);
                self.promise(
                    done.is_ok() == offered,
                    "what is not offered cannot be taken",
                );
            }
        }
        self.look();
    }

    /// A call that no offer made: in or out, with a customer or a colleague.
    fn own_call(&mut self) {
        let agent = self.somebody();
        self.calls += 1;
        let call = CallId(Uuid::from_u128(self.calls));
        let began = DialogNews::Began {
            customer: self.below(2) == 0,
            queue: (self.below(2) == 0).then(|| QUEUES[self.below(4) as usize].into()),
        };
        self.legs.insert((agent.clone(), call), false);
        self.acd.handle_dialog(self.now, &agent, call, began);
        self.look();
        if self.below(3) == 0 {
            // They dial: from now on no queue's call comes to them.
            let dials = DialogNews::Does([Doing::Calls, Doing::Dials][self.below(2) as usize]);
            self.acd.handle_dialog(self.now, &agent, call, dials);
            self.look();
        }
        if self.below(3) == 0 {
            let alone = DialogNews::Alone(self.below(4) != 0);
            self.acd.handle_dialog(self.now, &agent, call, alone);
            self.look();
        }
        if self.below(3) != 0 {
            self.legs.insert((agent.clone(), call), true);
            let up = DialogNews::Confirmed;
            self.acd.handle_dialog(self.now, &agent, call, up);
            self.look();
        }
    }

    /// A leg ends, and now and then its BYE is lost; the switch finds out within a second.
    fn call_ends(&mut self) {
        let legs: Vec<_> = self.legs.keys().cloned().collect();
        let Some((agent, call)) = self.one_of(&legs) else {
            return;
        };
        self.legs.remove(&(agent.clone(), call));
        if self.below(5) == 0 {
            self.seen.lost += 1;
            let at = self.now + s(1);
            self.audit_at = Some(self.audit_at.map_or(at, |before| before.min(at)));
            return;
        }
        let over = DialogNews::Ended;
        self.acd.handle_dialog(self.now, &agent, call, over);
        self.look();
    }

    fn script_answers(&mut self) {
        let asks = self.asks.clone();
        let ask = match self.below(4) {
            0 => self.one_of(&asks),
            _ => asks.last().copied(),
        };
        let Some(ask) = ask else {
            return;
        };
        let chosen = match self.below(6) {
            0 => Chosen::Failed("boom".to_owned()),
            count => {
                let named = (0..count - 1).map(|_| self.somebody());
                Chosen::Order(named.collect())
            }
        };
        self.acd.handle_chosen(self.now, ask, chosen);
        self.look();
    }

    fn somebody(&mut self) -> AgentId {
        let index = self.below(AGENTS.len() as u64) as usize;
        self.agents[index].clone()
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        below(&mut self.random, limit)
    }

    fn one_of<T: Clone>(&mut self, things: &[T]) -> Option<T> {
        let index = self.below(things.len() as u64) as usize;
        things.get(index).cloned()
    }
}

/// Plans by their number, each made once: making one takes longer than a short life.
#[derive(Default)]
pub(super) struct Plans(BTreeMap<u64, Plan>);

impl Plans {
    pub(super) fn one(&mut self, random: &mut Random) -> Plan {
        let number = below(random, MOST_PLANS);
        let made = self.0.entry(number);
        made.or_insert_with(|| plan(&mut Random::new(number)))
            .clone()
    }
}

/// Four queues that share six agents, each time other ones.
fn plan(random: &mut Random) -> Plan {
    let (window, ties) = (s(600), Ties::Idle);
    let strategies = [
        Strategy::LongestIdle,
        Strategy::RoundRobin,
        Strategy::RingAll,
        Strategy::Linear,
        Strategy::FewestCalls { window, ties },
        Strategy::Choose,
        Strategy::LeastTalk { window, ties },
        Strategy::Random,
        Strategy::Weighted,
        Strategy::RingProgressive { every: s(3) },
        Strategy::SkillBest,
        Strategy::RoundRobinOfLevel,
        Strategy::TopDown,
    ];
    let mut plan = Plan::default();
    for name in QUEUES {
        let members = AGENTS.iter().filter(|_| below(random, 3) != 0).copied();
        let mut queue = QueuePlan::new(name, &members.collect::<Vec<_>>());
        for member in &mut queue.members {
            member.penalty = u32::from(below(random, 4) == 0);
            member.level = [1, 1, 2, 3][below(random, 4) as usize];
            member.priority = u32::from(below(random, 6) == 0);
            member.weight = 1 + below(random, 3) as u32;
            member.skills = skills(random);
        }
        let count = strategies.len() as u64;
        queue.offering.strategy = strategies[below(random, count) as usize];
        queue.weight = below(random, 3) as u32;
        queue.guard = [None, Some(s(15)), Some(s(600))][below(random, 3) as usize];
        queue.widening = widening(random);
        queue.offering.wrap_up = [None, Some(s(0)), Some(s(10))][below(random, 3) as usize];
        queue.limits.max_wait = [None, Some(s(40))][below(random, 2) as usize];
        queue.limits.hard = below(random, 2) == 0;
        queue.care.resume = (below(random, 2) == 0).then(|| s(60));
        if below(random, 2) == 0 {
            queue.care.callbacks.trunk = Some("carrier".to_owned());
            queue.care.callbacks.at_once = 1 + below(random, 3) as u32;
            queue.care.callbacks.retry = s(20);
        }
        queue.limits.max_callers = [None, Some(4)][below(random, 2) as usize];
        let present = "idle or offered or talking or wrap_up and reachable";
        if below(random, 2) == 0 {
            queue.limits.stay_if = Presence::read(present).unwrap();
            queue.limits.grace = s(below(random, 20));
        }
        queue.announce = Announce {
            position: below(random, 2) == 0,
            first: s(below(random, 3)),
            every: Some(s(5)),
            only_if_improved: below(random, 2) == 0,
            limit: None,
            ..Announce::default()
        };
        for after in [10, 20] {
            let step = match below(random, 5) {
                4 => Step::Callback,
                0 => Step::Aside("sms:link".to_owned()),
                1 => Step::Queue(QUEUES[below(random, 4) as usize].into()),
                2 if after == 20 => Step::Leave("voicemail:it".to_owned()),
                _ => continue,
            };
            let when = [When::Waited(s(after)), When::Full, When::Empty][below(random, 3) as usize];
            queue.overflow.push(Overflow { when, step });
        }
        plan.queues.push(queue);
    }
    // Now and then a queue is gone.
    plan.queues.truncate(3 + below(random, 2) as usize);
    plan.rules.wrap_up = Some(s(5));
    plan.rules.reasons = vec![
        ReasonRule {
            max: Some(s(8)),
            approval: false,
        },
        ReasonRule {
            max: None,
            approval: true,
        },
    ];
    plan.rules.capacity.chat = 1 + below(random, 3) as u32;
    plan.rules.capacity.voice_interrupts = below(random, 2) == 0;
    plan.rules.across =
        [Across::Weight, Across::Longest, Across::Priority][below(random, 3) as usize];
    plan
}

/// Sooner or later everybody may take every call.
fn widening(random: &mut Random) -> Widening {
    let by_level = below(random, 2) == 0;
    let tiers = Tiers {
        wait: s(4),
        by_level,
    };
    let ring = |after, without, lower| Ring {
        after,
        without,
        lower,
    };
    Widening {
        tiers: (below(random, 2) == 0).then_some(tiers),
        penalties: vec![PenaltyRule {
            after: s(6),
            max: Some(Change::To(9)),
            ..PenaltyRule::default()
        }],
        few_members: below(random, 4) as usize,
        rings: vec![
            ring(s(3), Without::Skills(vec![SKILLS[0].into()]), 0),
            ring(s(6), Without::Skills(Vec::new()), 4),
            ring(s(9), Without::All, 0),
        ],
        familiar: [None, Some(s(8))][below(random, 2) as usize],
    }
}

fn skills(random: &mut Random) -> Skills {
    let some = SKILLS.iter().filter_map(|skill| {
        let much = below(random, 16) as u8;
        (1..=10).contains(&much).then(|| ((*skill).into(), much))
    });
    some.collect()
}

fn below(random: &mut Random, limit: u64) -> u64 {
    let bytes = random.ten_bytes();
    u64::from_le_bytes(bytes[..8].try_into().unwrap()) % limit.max(1)
}

const SKILLS: [&str; 3] = ["english", "billing", "vip"];
const MOST_PLANS: u64 = 4096;
