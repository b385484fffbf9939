//! Agents and queues, as the API shows them and lets them be told what to do.

use call::acd::Wants;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// Something that is no call and is to wait for an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemWanted {
    /// In which queue.
    pub queue: String,
    /// From whom, as whoever offers it knows them.
    pub from: Option<String>,
    /// What events about it are to tell besides.
    pub about: Value,
    /// A head start in seconds.
    pub priority: u32,
    /// Instead of the queue's longest wait.
    pub max_wait: Option<Duration>,
    /// What it asks of agents.
    pub wants: Wants,
}

/// Somebody who is to be called back.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackWanted {
    /// In which queue.
    pub queue: String,
    /// The number to call.
    pub number: String,
    /// A head start in seconds.
    pub priority: u32,
    /// What they ask of agents.
    pub wants: Wants,
}

/// They are to be called back.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct CallbackTaken {
    /// By what it is cancelled.
    pub id: Uuid,
    /// The place; 1 is the next.
    pub position: usize,
}

/// A switch of queues, and how it stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct QueueSwitch {
    /// `hotline`.
    pub name: String,
    /// `open`, `closed`, `emergency`.
    pub state: &'static str,
    /// Since then; `None` where nobody has ever set it.
    #[serde(serialize_with = "crate::time::serialise_option")]
    pub since: Option<i64>,
    /// Who has set it so: `user:1001`, `api:tour`, `script`.
    pub by: Option<String>,
    /// How that user is called.
    pub who: Option<String>,
}

/// How an agent stands now.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Agent {
    /// The user: `1049`.
    pub id: String,
    /// Shown to others.
    pub name: Option<String>,
    /// `logged_out`, `busy`, `idle`, `offered`, `dialling`, `calling`, `talking`, `holding`,
    /// `consulting`, `conference`, `internal`, `monitoring`, `barging`, `wrap_up`.
    pub state: &'static str,
    /// Why they are busy: one of the tenant's names, or the exchange's own word.
    pub reason: Option<String>,
    /// Whether a phone of theirs answers.
    pub reachable: bool,
    /// In this state since then.
    #[serde(serialize_with = "crate::time::serialise")]
    pub since: i64,
    /// In this state for so long.
    pub lasted_ms: i64,
    /// What the wrap-up has left; `None` out of it, or when only the agent ends it.
    pub wrap_up_left_ms: Option<i64>,
    /// The queues that they serve.
    pub queues: Vec<String>,
    /// For so long they have been in each state today.
    pub today_ms: BTreeMap<&'static str, i64>,
    /// A reason for being busy that they have asked for, and a leader is to approve.
    pub asks: Option<String>,
    /// What they have set for themselves.
    pub settings: AgentSettings,
}

impl Agent {
    /// Who they are and how they stand, without why, what they did today and what they have set for themselves.
    pub(crate) fn for_colleagues(self) -> Self {
        Self {
            reason: None,
            today_ms: BTreeMap::new(),
            asks: None,
            settings: AgentSettings::default(),
            ..self
        }
    }
}

/// What an agent has set for themselves.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct AgentSettings {
    /// 自动应答 of customers' calls.
    pub auto_answer: bool,
    /// And of colleagues' direct ones.
    pub auto_answer_internal: bool,
    /// 免打扰.
    pub do_not_disturb: bool,
    /// 接受新客户, by chat.
    pub accept_items: bool,
    /// 自动置闲.
    pub auto_idle: bool,
    /// 自动置忙.
    pub auto_busy: bool,
    /// Their own longest 事后.
    pub wrap_up_ms: Option<u64>,
    /// The user at whose phone they sit; `None` at their own.
    pub device: Option<String>,
}

/// What was done at a desk, or has begun.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Performed {
    /// How the agent stands then; `None` when the user is a member of no queue.
    pub agent: Option<Agent>,
    /// The call that it was done in.
    pub call: Option<Uuid>,
}

/// How a queue stands now.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// It is gone from the files: who waits is served, and nobody else gets in.
    pub gone: bool,
    /// In which order agents are offered calls: `longest_idle` …
    pub strategy: &'static str,
    /// How many wait, those who are being offered included, and those who will be called back.
    pub waiting: usize,
    /// How many of these are not on the line, and will be called back.
    pub callbacks: usize,
    /// How long the one who has waited longest has.
    pub longest_wait_ms: i64,
    /// How long whoever came now would likely wait; `None` while nothing can be said.
    pub expected_wait_ms: Option<i64>,
    /// How long a call keeps its agent, talk and 事后 together; `None` while nothing can be said.
    pub handling_ms: Option<i64>,
    /// How many of its agents are in each state.
    pub agents: AgentCounts,
}

/// How many agents are in each state.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct AgentCounts {
    /// 未登录.
    pub logged_out: usize,
    /// 置忙.
    pub busy: usize,
    /// 置闲, with or without a phone that answers.
    pub idle: usize,
    /// 准备接听.
    pub offered: usize,
    /// 外呼振铃: their own phone rings first.
    pub dialling: usize,
    /// 呼叫对方.
    pub calling: usize,
    /// 通话中.
    pub talking: usize,
    /// 保持中.
    pub holding: usize,
    /// 咨询中.
    pub consulting: usize,
    /// 会议中.
    pub conference: usize,
    /// 内部通话.
    pub internal: usize,
    /// 监听中.
    pub monitoring: usize,
    /// 强插中.
    pub barging: usize,
    /// 事后.
    pub wrap_up: usize,
}

impl AgentCounts {
    /// Counts one more.
    pub fn add(&mut self, state: &str) {
        let count = match state {
            "logged_out" => &mut self.logged_out,
            "busy" => &mut self.busy,
            "idle" => &mut self.idle,
            "offered" => &mut self.offered,
            "dialling" => &mut self.dialling,
            "calling" => &mut self.calling,
            "talking" => &mut self.talking,
            "holding" => &mut self.holding,
            "consulting" => &mut self.consulting,
            "conference" => &mut self.conference,
            "internal" => &mut self.internal,
            "monitoring" => &mut self.monitoring,
            "barging" => &mut self.barging,
            "wrap_up" => &mut self.wrap_up,
            _ => return,
        };
        *count += 1;
    }
}

/// A queue with who waits and who serves it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct QueueDetails {
    /// The queue.
    pub queue: Queue,
    /// Who waits, the next first.
    pub callers: Vec<WaitingCaller>,
    /// Who serves it, in the order of its list.
    pub agents: Vec<Agent>,
    /// Why the first still waits; `None` when nobody does.
    pub why: Option<WhyWaiting>,
}

/// A caller who waits.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct WaitingCaller {
    /// The call; of who will be called back, the one in which it was asked for, or the id that it was given.
    pub call: Uuid,
    /// The caller's number, canonical or as it came; `None` if withheld. The one that will be called.
    pub from: Option<String>,
    /// The caller's display name.
    pub from_name: Option<String>,
    /// The place; 1 is the next.
    pub position: usize,
    /// For so long, in all the queues that the caller came through.
    pub waited_ms: i64,
    /// An agent is rung for them, or has just answered.
    pub offered: bool,
    /// They are not on the line, and will be called back.
    pub callback: Option<AwaitedCallback>,
}

/// How it stands with who will be called back.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AwaitedCallback {
    /// `waits`, or `called` while their phone rings and they have not confirmed it.
    pub state: &'static str,
    /// Calls that came to nothing.
    pub tries: u32,
    /// Not called before.
    #[serde(serialize_with = "crate::time::serialise_option")]
    pub not_before: Option<i64>,
}

/// Why a caller still waits (为什么还在等待).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct WhyWaiting {
    /// Whose wait it is.
    pub call: Uuid,
    /// In a sentence.
    pub because: String,
    /// What holds each agent back, in the order of the queue's list.
    pub agents: Vec<Verdict>,
}

/// Why an agent does not have the call.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Verdict {
    /// Who.
    pub agent: String,
    /// In words: `talking`, `wrap-up for 12 s more`.
    pub because: String,
}
