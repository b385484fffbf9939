//! `config.lua` as data: checked against a schema, and pure.

mod build;
mod callers;
mod form;
mod language;
mod lines;
mod load;
mod meaning;
mod outbound;
#[cfg(test)]
mod reference_tests;
mod trunk;
mod trunk_form;
pub mod unit;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use call::Codes;
use call::acd::AgentRules;
use call::desk::Person;

pub use callers::Callers;
pub use form::schema;
pub(crate) use lines::Lines;
pub(crate) use load::tenant;
pub use load::{Problem, load};
pub use meaning::SHORTEST_PASSWORD;
pub use outbound::{Allowance, Outbound, TrunkToll};
pub use trunk::{
    Carried, Dtmf, NumberFormat, Refresher, SessionTimer, Shown, ShownFrom, Statuses, Trunk, Way,
};
pub use watch::{AlertLimits, Watch};

/// The whole exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// SIP listeners and trunks.
    pub sip: Sip,
    /// Media.
    pub rtp: Rtp,
    /// HTTP.
    pub http: Http,
    /// By enterprise number (企业编号).
    pub tenants: BTreeMap<String, Tenant>,
    /// Budgets of scripts.
    pub limits: Limits,
    /// `reload = "manual"` waits for `moonswitch reload`; otherwise a saved file goes live.
    pub reload_manually: bool,
}

/// SIP listeners, trunks and policies.
#[derive(Clone, Debug, PartialEq)]
pub struct Sip {
    /// `udp:127.0.0.1:5060`.
    pub listen: Vec<Listen>,
    /// The address that goes into Contact and SDP, where it differs from the bound one (NAT).
    pub external: Option<IpAddr>,
    /// Trunks by name.
    pub trunks: BTreeMap<String, Trunk>,
    /// Groups of trunks by name: calls to one leave by any of its trunks.
    pub groups: BTreeMap<String, Vec<Way>>,
    /// The shortest registration accepted (423 below it).
    pub min_expires: Duration,
    /// The longest granted.
    pub max_expires: Duration,
    /// How often registered phones and trunks are asked by OPTIONS; zero never.
    pub options_interval: Duration,
    /// Session timer asked for (RFC 4028); zero never.
    pub session_expires: Duration,
    /// How many wrong passwords ban a source.
    pub ban_after: u32,
    /// For how long.
    pub ban_for: Duration,
}

/// A listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Listen {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// A SIP transport that can be listened on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the protocols' own names")]
pub enum Transport {
    Udp,
    Tcp,
}

/// Media.
#[derive(Clone, Debug, PartialEq)]
pub struct Rtp {
    /// First and last port.
    pub ports: (u16, u16),
    /// In order of preference: `opus g722 pcma pcmu g729`.
    pub codecs: Vec<String>,
    /// A call whose peer sends nothing for so long ends; zero never.
    pub timeout: Duration,
    /// Media threads; 0 is one a core.
    pub threads: usize,
    /// `auto`, `io_uring` or `epoll`.
    pub backend: String,
}

/// HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Where; `None` is off.
    pub listen: Option<SocketAddr>,
    /// Addresses (or networks, `10.0.0.0/8`) of proxies that are believed to say who asks.
    pub trusted_proxies: Vec<String>,
}

/// How mail goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Smtp {
    /// The relay: a name or an address.
    pub host: String,
    /// 587, or 465 where TLS begins at once, or 25 without it.
    pub port: u16,
    /// Whether it is encrypted.
    pub tls: SmtpTls,
    /// Who we are there.
    pub username: Option<String>,
    /// Proves it.
    pub password: Option<String>,
    /// Whom mail comes from: `客服 <desk@example.com>`.
    pub from: String,
}

/// How a relay is spoken with.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SmtpTls {
    /// In the clear: for a relay on this machine.
    None,
    /// In the clear until STARTTLS, which must come.
    #[default]
    Starttls,
    /// Encrypted from the first octet.
    Tls,
}

/// One enterprise.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// The SIP domain and digest realm.
    pub domain: String,
    /// IANA name: `Asia/Shanghai`.
    pub timezone: String,
    /// Of prompts, for whoever has none of their own.
    pub language: String,
    /// A module: `scripts.8001`.
    pub dialplan: String,
    /// The default music class: a name under `sounds/music`.
    pub music: Option<String>,
    /// By extension.
    pub users: BTreeMap<String, User>,
    /// By mailbox number; each user has one of their own besides.
    pub mailboxes: BTreeMap<String, MailboxConfig>,
    /// When a script fails.
    pub fallback: Fallback,
    /// How long it rings for a transferred call before whoever transferred it is rung.
    pub recall: Duration,
    /// Whoever holds is reminded after so long, again and again; never when zero.
    pub hold_reminder: Duration,
    /// Whoever has found nobody to ask has their call back after so long; by hand when zero.
    pub auto_retrieve: Duration,
    /// What users type in conversations: words of deeds by code; the usual ones when `None`.
    pub in_call_codes: Option<BTreeMap<String, String>>,
    /// The number that parks a call.
    pub park: String,
    /// The number of the survey.
    pub survey: String,
    /// The names of its switches of queues.
    pub switches: Vec<String>,
    /// What holds for all agents of its queues.
    pub agents: AgentRules,
    /// What the codes of 置忙 stand for, from 1: `meeting`.
    pub busy_reasons: Vec<String>,
    /// By what its figures are judged, and when somebody is alarmed.
    pub watch: Watch,
    /// The trunks that are this tenant's, each with the context that its calls enter.
    pub trunks: BTreeMap<String, String>,
    /// The groups of trunks that are this tenant's.
    pub groups: BTreeSet<String>,
    /// The toll fence.
    pub outbound: Outbound,
    /// Callers from outside.
    pub callers: Callers,
    /// Roles that are shown numbers without their middle.
    pub masked: Vec<call::desk::Role>,
    /// `reload = { tests = true }`: its tests must hold before its scripts go live.
    pub tests_first: bool,
    /// How mail goes out; not at all when `None`.
    pub smtp: Option<Smtp>,
    /// Settings of plugins, by plugin, as JSON (the plugins' own schemas check them).
    pub plugins: BTreeMap<String, serde_json::Value>,
}

impl Tenant {
    /// What `trunk:NAME/NUMBER` may name: its trunks and its groups of them.
    pub fn ways_out(&self) -> impl Iterator<Item = &str> {
        self.trunks.keys().chain(&self.groups).map(String::as_str)
    }

    /// Whether calls can leave by a trunk or a group of this name.
    pub fn has_way_out(&self, name: &str) -> bool {
        self.trunks.contains_key(name) || self.groups.contains(name)
    }

    /// What its users type in conversations; nothing where that is written wrongly, which was
    /// complained of.
    pub fn codes(&self) -> Codes {
        match &self.in_call_codes {
            None => Codes::usual(),
            Some(table) => Codes::try_from(table.clone()).unwrap_or_default(),
        }
    }
}

/// A person with phones.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Shown to others.
    pub name: Option<String>,
    /// SIP password; when `None`, the store knows the user (`moonswitch user add`).
    pub password: Option<String>,
    /// For the desk, until they have chosen one.
    pub desk_password: Option<String>,
    /// In what they are spoken to; the tenant's when `None`.
    pub language: Option<String>,
    /// What may be dialled: the toll fence.
    pub context: String,
    /// The mailbox; the extension's own when `None`.
    pub mailbox: Option<String>,
    /// Calls at once, and those to the outside that were begun in this name; 0 is no limit.
    pub max_calls: u32,
    /// What they may do, and whose leaders reach them.
    pub person: Person,
    /// Of the toll fence.
    pub allowance: Allowance,
}

/// A mailbox that belongs to no single user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MailboxConfig {
    /// The first PIN.
    pub pin: Option<String>,
    /// Who it is.
    pub name: Option<String>,
}

/// What a caller gets when a script fails; played by the engine, without Lua.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fallback {
    /// A sound.
    pub play: Option<String>,
    /// `user:1001`.
    pub transfer: Option<String>,
}

/// Budgets of scripts.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// CPU without a wait.
    pub script_cpu: Duration,
    /// Of one VM.
    pub script_memory: usize,
    /// For loading a generation.
    pub load_time: Duration,
    /// Calls at once in the exchange; more get 503.
    pub max_calls: usize,
}
