//! Trunks: what they are, what they carry, whom they show.

use std::time::Duration;

use serde_json::Value;

use super::Transport;
use super::build::{count, duration, text, texts};

/// A trunk: a carrier or another exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Trunk {
    /// Whose.
    pub tenant: String,
    /// Where its calls enter the dialplan.
    pub context: String,
    /// Where calls are sent, in fail-over order: `host`, `host:port`, `ip:port`.
    pub hosts: Vec<String>,
    /// How.
    pub transport: Transport,
    /// Addresses (or networks, `10.0.0.0/8`) whose calls are taken without a password.
    pub trusted: Vec<String>,
    /// For registering trunks and for challenges.
    pub username: Option<String>,
    /// The password, only ever used for the realm.
    pub password: Option<String>,
    /// The realm that may challenge us; the first host when `None`.
    pub realm: Option<String>,
    /// Whether we register there.
    pub register: bool,
    /// The area code that is put before local numbers: `10`.
    pub area_code: Option<String>,
    /// How numbers are written there.
    pub number_format: NumberFormat,
    /// Codecs, in order; the exchange's when empty.
    pub codecs: Vec<String>,
    /// Refusals after which the next host or trunk is tried.
    pub retry_on: Vec<Statuses>,
    /// How its calls are kept alive.
    pub timer: SessionTimer,
    /// How much it carries.
    pub carried: Carried,
    /// Whom it shows as calling.
    pub shown: Shown,
    /// Milliseconds of sound in a packet that we like there.
    pub ptime: u8,
    /// How keys travel there.
    pub dtmf: Dtmf,
    /// Whether fax machines may agree on T.38 through it; else they stay with sound.
    pub passes_t38: bool,
    /// Whether P-Asserted-Identity, Remote-Party-ID and Diversion from there are believed.
    pub trusts_identity: bool,
    /// What calls that come by it may reach outside.
    pub toll: call::toll::Rights,
    /// Calls out by it cost nothing: nobody's rights are looked at.
    pub free: bool,
}

/// The session timer of a trunk's calls (RFC 4028).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SessionTimer {
    /// Whether there is none.
    pub is_off: bool,
    /// What is proposed: zero leaves it to them, and `None` is as everywhere.
    pub expires: Option<Duration>,
    /// The shortest that is taken.
    pub min_se: Duration,
    /// Who refreshes, where it is ours to say.
    pub refresher: Refresher,
}

/// Who refreshes a session.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Refresher {
    /// Whoever is called.
    #[default]
    Auto,
    /// We do.
    Us,
    /// The carrier does.
    Them,
}

/// How much a trunk carries. Zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Carried {
    /// Calls at once, both ways.
    pub max_calls: u32,
    /// Calls at once from there.
    pub max_in: u32,
    /// Calls at once to there.
    pub max_out: u32,
    /// Lines of `max_calls` and `max_out` that only emergency calls get.
    pub reserved: u32,
    /// Calls to there in a second.
    pub cps: f64,
    /// Calls from there in a second.
    pub cps_in: f64,
    /// Calls that wait for their second.
    pub cps_queue: u32,
}

/// Whom a trunk shows as calling.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// The number shown by default.
    pub default: Option<String>,
    /// The only numbers that may be shown besides; any when empty.
    pub allowed: Vec<String>,
    /// Numbers of which each call shows one.
    pub pool: Vec<String>,
    /// Failures in a row after which a number of the pool rests.
    pub pool_failures: u32,
    /// For how long.
    pub pool_rest: Duration,
    /// Shown in place of 400 and 800 numbers.
    pub fixed_line: Option<String>,
    /// How the number is written.
    pub format: NumberFormat,
    /// Whether no number is shown.
    pub withhold: bool,
    /// Who From names.
    pub from: ShownFrom,
    /// Whether P-Asserted-Identity says the number, too (RFC 3325).
    pub p_asserted: bool,
    /// Whether Remote-Party-ID does.
    pub remote_party: bool,
}

/// Who From names.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ShownFrom {
    /// The number that is shown.
    #[default]
    Caller,
    /// The trunk's `username`.
    Account,
}

/// How keys travel.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Dtmf {
    /// As events in RTP where both know them, else as tones.
    #[default]
    Auto,
    /// As events in RTP (RFC 4733); tones in the sound are no keys.
    Rfc4733,
    /// By SIP INFO.
    Info,
    /// As tones in the sound.
    InBand,
}

impl Dtmf {
    /// Whether keys are looked for in the sound of who knows no events.
    pub fn hears_tones(self) -> bool {
        matches!(self, Self::Auto | Self::InBand)
    }
}

/// How a trunk wants numbers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NumberFormat {
    /// As they were dialled by the script.
    #[default]
    AsIs,
    /// `+8613800138000`.
    E164,
    /// `13800138000`, `01087654321`.
    National,
}

/// SIP statuses: one of them, or a class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Statuses {
    first: u16,
    last: u16,
}

impl Statuses {
    /// Reads `503` and `5xx`; `None` when it is neither.
    pub fn read(text: &str) -> Option<Self> {
        let (first, last) = match text.strip_suffix("xx") {
            Some(class) => {
                let class: u16 = class.parse().ok()?;
                (
                    class.checked_mul(100)?,
                    class.checked_mul(100)?.checked_add(99)?,
                )
            }
            None => {
                let status = text.parse().ok()?;
                (status, status)
            }
        };
        ((400..700).contains(&first) && text.len() == 3).then_some(Self { first, last })
    }

    /// Whether a status is among them.
    pub fn contains(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

/// A trunk of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Which.
    pub trunk: String,
    /// Its share among its equals.
    pub weight: u32,
    /// Lower ones are tried first.
    pub priority: u32,
    /// Of a minute, in whatever money: among equal priorities the cheapest first.
    pub cost: f64,
    /// Beginnings of the numbers that it takes; all when empty.
    pub numbers: Vec<String>,
}

pub(super) fn trunk(it: &Value) -> Trunk {
    let (toll, free) = super::outbound::of_trunk(it);
    Trunk {
        toll,
        free,
        tenant: text(it.get("tenant")).unwrap_or_default(),
        context: text(it.get("context")).unwrap_or_default(),
        hosts: texts(&it["host"]),
        transport: if it["transport"] == "tcp" {
            Transport::Tcp
        } else {
            Transport::Udp
        },
        trusted: texts(&it["trusted"]),
        username: text(it.get("username")),
        password: text(it.get("password")),
        realm: text(it.get("realm")),
        register: it["register"] == true,
        area_code: text(it.get("area_code")),
        number_format: format(&it["number_format"]),
        codecs: texts(&it["codecs"]),
        retry_on: texts(&it["retry_on"])
            .iter()
            .filter_map(|text| Statuses::read(text))
            .collect(),
        timer: timer(it),
        carried: carried(it),
        shown: shown(it),
        ptime: count(&it["ptime"]).try_into().unwrap_or(20),
        dtmf: match it["dtmf"].as_str() {
            Some("rfc4733") => Dtmf::Rfc4733,
            Some("info") => Dtmf::Info,
            Some("inband") => Dtmf::InBand,
            _ => Dtmf::Auto,
        },
        passes_t38: it["fax"] == "t38",
        trusts_identity: it["trusts_identity"] == true,
    }
}

fn timer(it: &Value) -> SessionTimer {
    SessionTimer {
        is_off: it["session_timer"] == false,
        expires: it.get("session_expires").map(duration),
        min_se: duration(&it["min_se"]),
        refresher: match it["refresher"].as_str() {
            Some("us") => Refresher::Us,
            Some("them") => Refresher::Them,
            _ => Refresher::Auto,
        },
    }
}

fn carried(it: &Value) -> Carried {
    Carried {
        max_calls: count(&it["max_calls"]),
        max_in: count(&it["max_in"]),
        max_out: count(&it["max_out"]),
        reserved: count(&it["reserved"]),
        cps: it["cps"].as_f64().unwrap_or_default(),
        cps_in: it["cps_in"].as_f64().unwrap_or_default(),
        cps_queue: count(&it["cps_queue"]),
    }
}

fn shown(it: &Value) -> Shown {
    let identity = texts(&it["identity"]);
    Shown {
        default: text(it.get("caller_id")),
        allowed: texts(&it["caller_ids"]),
        pool: texts(&it["caller_pool"]),
        pool_failures: count(&it["pool_failures"]),
        pool_rest: duration(&it["pool_rest"]),
        fixed_line: text(it.get("fixed_line")),
        format: format(&it["caller_format"]),
        withhold: it["withhold"] == true,
        from: match it["from"].as_str() {
            Some("account") => ShownFrom::Account,
            _ => ShownFrom::Caller,
        },
        p_asserted: identity.iter().any(|name| name == "p_asserted"),
        remote_party: identity.iter().any(|name| name == "remote_party"),
    }
}

fn format(it: &Value) -> NumberFormat {
    match it.as_str() {
        Some("e164") => NumberFormat::E164,
        Some("national") => NumberFormat::National,
        _ => NumberFormat::AsIs,
    }
}

pub(super) fn ways(it: &Value) -> Vec<Way> {
    let ways = it.as_array().map(Vec::as_slice).unwrap_or_default();
    ways.iter()
        .map(|it| Way {
            trunk: text(it.get("trunk")).unwrap_or_default(),
            weight: count(&it["weight"]),
            priority: count(&it["priority"]),
            cost: it["cost"].as_f64().unwrap_or_default(),
            numbers: texts(&it["numbers"]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_one_or_a_class() {
        let read = |text| Statuses::read(text);
        assert!(read("5xx").is_some_and(|it| it.contains(500) && it.contains(599)));
        assert!(read("5xx").is_some_and(|it| !it.contains(600) && !it.contains(499)));
        assert!(read("408").is_some_and(|it| it.contains(408) && !it.contains(409)));
        for wrong in ["2xx", "200", "7xx", "xx", "", "50", "+408", "5xxx", "99xx"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
