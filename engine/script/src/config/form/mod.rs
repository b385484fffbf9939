//! The schema of `config.lua`: every setting with its default.

mod people;

use std::net::{IpAddr, SocketAddr};

use crate::schema::{Field, Kind, Schema};

use self::people::{ROLES, agents, user};
use super::{Transport, callers, outbound, trunk_form, watch};

/// The schema of the whole file.
pub fn schema() -> Schema {
    let tenants = Kind::Map(Box::new(Kind::Table(tenant())));
    Schema::new(vec![
        Field::new("sip", Kind::Table(sip()), "SIP listeners and trunks."),
        Field::new("rtp", Kind::Table(rtp()), "Media."),
        Field::new("http", Kind::Table(http()), "The HTTP interface."),
        Field::new("tenants", tenants, "The enterprises, by number.").required(),
        Field::new("limits", Kind::Table(limits()), "Budgets of scripts."),
        Field::new("reload", Kind::Table(reload()), "How saved files go live."),
    ])
}

fn reload() -> Schema {
    Schema::new(vec![
        Field::new(
            "mode",
            Kind::Enum(&["auto", "manual"]),
            "Whether a saved file goes live by itself.",
        )
        .default("auto"),
        Field::new(
            "tests",
            Kind::Boolean,
            "Whether tests/dialplan must hold before scripts go live.",
        )
        .default(false),
    ])
}

/// Writes out what may be written shorter: `reload = "manual"`.
pub(super) fn write_out(settings: &mut serde_json::Value) {
    if let Some(reload) = settings
        .get_mut("reload")
        .filter(|reload| reload.is_string())
    {
        *reload = serde_json::json!({ "mode": reload.clone() });
    }
}

fn sip() -> Schema {
    let loopback = vec!["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"];
    Schema::new(vec![
        Field::new(
            "listen",
            list(Kind::Form(listen)),
            "Where SIP is heard: udp:0.0.0.0:5060.",
        )
        .default(loopback)
        .range(1.0, 32.0),
        Field::new(
            "external",
            Kind::Form(ip),
            "The address others see, behind NAT.",
        ),
        Field::new(
            "trunks",
            Kind::Map(Box::new(Kind::Table(trunk_form::trunk()))),
            "Carriers, by name.",
        ),
        Field::new(
            "groups",
            Kind::Map(Box::new(list(Kind::Table(trunk_form::way())))),
            "Trunks that share calls, by name of the group.",
        ),
        Field::new("min_expires", Kind::Duration, "The shortest registration.")
            .default("60s")
            .range(1.0, 86_400.0),
        Field::new("max_expires", Kind::Duration, "The longest registration.")
            .default("1h")
            .range(60.0, 864_000.0),
        Field::new(
            "options_interval",
            Kind::Duration,
            "How often phones are asked; 0 never.",
        )
        .default("30s"),
        Field::new("session_expires", Kind::Duration, "Session timer; 0 never.").default("30m"),
        Field::new(
            "ban_after",
            Kind::Integer,
            "Wrong passwords that ban a source.",
        )
        .default(10)
        .range(1.0, 1000.0),
        Field::new("ban_for", Kind::Duration, "How long a ban lasts.")
            .default("5m")
            .range(1.0, 604_800.0),
    ])
}

fn rtp() -> Schema {
    Schema::new(vec![
        Field::new("ports", list(Kind::Integer), "The first and the last.")
            .default(vec![16_384, 32_767])
            .range(2.0, 2.0),
        Field::new(
            "codecs",
            list(Kind::Enum(CODECS)),
            "In order of preference.",
        )
        .default(vec!["opus", "g722", "pcma", "pcmu"])
        .range(1.0, 16.0),
        Field::new(
            "timeout",
            Kind::Duration,
            "Silence on the wire that ends a call; 0 never.",
        )
        .default("60s"),
        Field::new("threads", Kind::Integer, "Media threads; 0 is one a core.")
            .default(0)
            .range(0.0, 256.0),
        Field::new(
            "backend",
            Kind::Enum(&["auto", "io_uring", "epoll"]),
            "Of media sockets.",
        )
        .default("auto"),
    ])
}

fn http() -> Schema {
    Schema::new(vec![
        Field::new(
            "listen",
            Kind::Form(address),
            "Where, as 127.0.0.1:8080; left out, there is no HTTP.",
        ),
        Field::new(
            "trusted_proxies",
            list(Kind::Form(trunk_form::network)),
            "Proxies that are believed to say who asks, and whether that was encrypted.",
        ),
    ])
}

fn smtp() -> Schema {
    Schema::new(vec![
        Field::new("host", Kind::Form(relay), "A name or an address."),
        Field::new("port", Kind::Integer, "587, 465 or 25, as `tls` has it.").range(1.0, 65_535.0),
        Field::new(
            "tls",
            Kind::Enum(&["starttls", "tls", "none"]),
            "How it is encrypted.",
        )
        .default("starttls"),
        Field::new("username", Kind::String, "Who we are there."),
        Field::new("password", Kind::Secret, "Proves it."),
        Field::new(
            "from",
            Kind::Form(sender),
            "Whom mail comes from: 客服 <desk@example.com>.",
        ),
    ])
}

fn relay(text: &str) -> Result<(), String> {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_host) {
        true => Ok(()),
        false => Err(format!(
            "expected a host such as \"smtp.example.com\", got \"{text}\""
        )),
    }
}

fn sender(text: &str) -> Result<(), String> {
    let wrong =
        |_| format!("expected a mail address such as \"客服 <desk@example.com>\", got \"{text}\"");
    text.parse::<lettre::message::Mailbox>()
        .map(drop)
        .map_err(wrong)
}

fn tenant() -> Schema {
    let fallback = Schema::new(vec![
        Field::new("play", Kind::String, "A sound."),
        Field::new("transfer", Kind::String, "Who gets the call: user:1001."),
    ]);
    let mailbox = Schema::new(vec![
        Field::new("pin", Kind::Pin, "The first PIN."),
        Field::new("name", Kind::String, "Whose it is."),
    ]);
    Schema::new(vec![
        Field::new(
            "domain",
            Kind::String,
            "The SIP domain and digest realm; else the number.",
        ),
        Field::new("timezone", Kind::Form(timezone), "An IANA name.").default("Asia/Shanghai"),
        Field::new("language", Kind::Enum(LANGUAGES), "Of prompts.").default("zh"),
        Field::new(
            "dialplan",
            Kind::String,
            "A module; scripts.NUMBER when left out.",
        ),
        Field::new("music", Kind::String, "The music on hold."),
        Field::new(
            "users",
            Kind::Map(Box::new(Kind::Table(user()))),
            "By extension.",
        ),
        Field::new(
            "mailboxes",
            Kind::Map(Box::new(Kind::Table(mailbox))),
            "Shared ones.",
        ),
        Field::new("fallback", Kind::Table(fallback), "When a script fails."),
        Field::new(
            "masked",
            list(Kind::Enum(&ROLES)),
            "Roles that are shown numbers without their middle.",
        ),
        Field::new(
            "callers",
            Kind::Table(callers::form()),
            "Callers from outside.",
        ),
        Field::new(
            "outbound",
            Kind::Table(outbound::form()),
            "The toll fence: what may be called outside.",
        ),
        Field::new(
            "recall",
            Kind::Duration,
            "How long it rings for a transferred call before whoever transferred it is rung.",
        )
        .default("20s")
        .range(1.0, 180.0),
        Field::new(
            "hold_reminder",
            Kind::Duration,
            "Whoever holds is reminded after so long, again and again; 0 is never.",
        )
        .default("1m")
        .range(0.0, 86_400.0),
        Field::new(
            "auto_retrieve",
            Kind::Duration,
            "Whoever has found nobody to ask has their call back after so long; 0 is by hand.",
        )
        .default("2s")
        .range(0.0, 60.0),
        Field::new(
            "in_call_codes",
            Kind::Map(Box::new(Kind::String)),
            "What users type in conversations, by code.",
        ),
        Field::new("park", Kind::String, "The number that parks a call.").default("*5900"),
        Field::new("survey", Kind::String, "The number of the survey.").default("*9"),
        Field::new(
            "switches",
            Kind::List(Box::new(Kind::String)),
            "Names of what leaders open and close.",
        )
        .default(serde_json::json!(["hotline"])),
        Field::new(
            "agents",
            Kind::Table(agents()),
            "What holds for all agents of queues.",
        ),
        Field::new(
            "figures",
            Kind::Table(watch::figures()),
            "By what calls in queues are judged.",
        ),
        Field::new(
            "alerts",
            Kind::Table(watch::alerts()),
            "When somebody is to be alarmed.",
        ),
        Field::new(
            "smtp",
            Kind::Table(smtp()),
            "The relay that mail goes out by.",
        ),
        Field::new(
            "plugins",
            Kind::Map(Box::new(Kind::Data)),
            "Their settings, by plugin.",
        ),
    ])
}

fn limits() -> Schema {
    let megabyte = f64::from(1 << 20);
    Schema::new(vec![
        Field::new(
            "script_cpu",
            Kind::Duration,
            "CPU that a script may use without a wait.",
        )
        .default("100ms")
        .range(0.001, 10.0),
        Field::new("script_memory", Kind::Size, "Of one tenant's Lua.")
            .default("256MB")
            .range(8.0 * megabyte, 65_536.0 * megabyte),
        Field::new(
            "load_time",
            Kind::Duration,
            "For loading a tenant's scripts.",
        )
        .default("5s")
        .range(0.1, 600.0),
        Field::new("max_calls", Kind::Integer, "At once; further ones get 503.")
            .default(5000)
            .range(1.0, 1_000_000.0),
    ])
}

pub(super) fn list(of: Kind) -> Kind {
    Kind::List(Box::new(of))
}

/// The folders of prompts in `sounds/`.
const LANGUAGES: &[&str] = &["zh", "en"];

pub(super) const CODECS: &[&str] = &["opus", "g722", "pcma", "pcmu", "g729"];

/// Reads `udp:127.0.0.1:5060`.
pub(super) fn transport_and_address(text: &str) -> Result<(Transport, SocketAddr), String> {
    let wanted = || {
        format!(
            "expected a transport, an address and a port such as \"udp:0.0.0.0:5060\", got \"{text}\""
        )
    };
    let (transport, address) = text.split_once(':').ok_or_else(wanted)?;
    let transport = match transport {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        "tls" | "ws" | "wss" => return Err(format!("'{transport}' is not served yet: udp, tcp")),
        _ => return Err(wanted()),
    };
    Ok((transport, address.parse().map_err(|_| wanted())?))
}

fn listen(text: &str) -> Result<(), String> {
    transport_and_address(text).map(drop)
}

fn address(text: &str) -> Result<(), String> {
    let wrong =
        |_| format!("expected an address and a port such as \"127.0.0.1:8080\", got \"{text}\"");
    text.parse::<SocketAddr>().map(drop).map_err(wrong)
}

fn ip(text: &str) -> Result<(), String> {
    let wrong = |_| format!("expected an IP address, got \"{text}\"");
    text.parse::<IpAddr>().map(drop).map_err(wrong)
}

fn timezone(text: &str) -> Result<(), String> {
    let wrong = |_| format!("expected a time zone such as \"Asia/Shanghai\", got \"{text}\"");
    jiff::tz::TimeZone::get(text).map(drop).map_err(wrong)
}
