//! The schema of a trunk and of groups of trunks.

use std::net::{IpAddr, SocketAddr};

use crate::schema::{Field, Kind, Schema};

use super::form::{CODECS, list};
use super::trunk::Statuses;

/// `sip.trunks.NAME`.
pub(super) fn trunk() -> Schema {
    let mut fields = who_and_where();
    fields.extend(timer());
    fields.extend(capacity());
    fields.extend(shown());
    fields.extend(super::outbound::trunk_fields());
    Schema::new(fields)
}

fn who_and_where() -> Vec<Field> {
    vec![
        Field::new("tenant", Kind::String, "Whose it is.").required(),
        Field::new(
            "context",
            Kind::String,
            "Where its calls enter the dialplan.",
        )
        .required(),
        Field::new(
            "host",
            list(Kind::Form(host)),
            "Where calls go, in fail-over order.",
        )
        .required()
        .range(1.0, 16.0),
        Field::new("transport", Kind::Enum(&["udp", "tcp"]), "How.").default("udp"),
        Field::new(
            "trusted",
            list(Kind::Form(network)),
            "Who may call without a password.",
        ),
        Field::new(
            "username",
            Kind::String,
            "For registering and for challenges.",
        ),
        Field::new(
            "password",
            Kind::Secret,
            "For the realm, and for nobody else.",
        ),
        Field::new("realm", Kind::String, "Who may ask for the password."),
        Field::new("register", Kind::Boolean, "Whether we register there.").default(false),
        Field::new(
            "area_code",
            Kind::Form(area_code),
            "Put before local numbers: \"10\".",
        ),
        Field::new("number_format", Kind::Enum(FORMATS), "As sent there.").default("as_is"),
        Field::new(
            "codecs",
            list(Kind::Enum(CODECS)),
            "In order; the exchange's when empty.",
        ),
        Field::new("ptime", Kind::Integer, "Milliseconds of sound in a packet.")
            .default(20)
            .range(10.0, 60.0),
        Field::new(
            "dtmf",
            Kind::Enum(&["auto", "rfc4733", "info", "inband"]),
            "How keys travel.",
        )
        .default("auto"),
        Field::new("fax", Kind::Enum(&["t38", "audio"]), "How faxes do.").default("t38"),
        Field::new(
            "retry_on",
            list(Kind::Form(statuses)),
            "What is refused so is tried at the next host or trunk.",
        )
        .default(serde_json::json!(RETRY)),
    ]
}

fn timer() -> Vec<Field> {
    vec![
        Field::new(
            "session_timer",
            Kind::Boolean,
            "Whether calls have a session timer (RFC 4028).",
        )
        .default(true),
        Field::new(
            "session_expires",
            Kind::Duration,
            "Proposed there; 0 leaves it to them, left out it is as everywhere.",
        )
        .range(0.0, 86_400.0),
        Field::new("min_se", Kind::Duration, "The shortest that is taken.")
            .default("90s")
            .range(90.0, 86_400.0),
        Field::new(
            "refresher",
            Kind::Enum(&["auto", "us", "them"]),
            "Who refreshes, where it is ours to say.",
        )
        .default("auto"),
    ]
}

fn capacity() -> Vec<Field> {
    let calls = |name: &'static str, help: &'static str| {
        Field::new(name, Kind::Integer, help)
            .default(0)
            .range(0.0, 1_000_000.0)
    };
    let pace = |name: &'static str, help: &'static str| {
        Field::new(name, Kind::Number, help)
            .default(0)
            .range(0.0, 10_000.0)
    };
    vec![
        calls("max_calls", "At once, both ways; 0 is no limit."),
        calls("max_in", "At once from there; 0 is no limit."),
        calls("max_out", "At once to there; 0 is no limit."),
        calls("reserved", "Lines that only emergency calls get."),
        pace("cps", "Calls to there in a second; 0 is no limit."),
        pace("cps_in", "Calls from there in a second; 0 is no limit."),
        Field::new(
            "cps_queue",
            Kind::Integer,
            "Calls that wait for their second.",
        )
        .default(10)
        .range(0.0, 1000.0),
    ]
}

fn shown() -> Vec<Field> {
    vec![
        Field::new("caller_id", Kind::Phone, "The number shown by default."),
        Field::new(
            "caller_ids",
            list(Kind::Phone),
            "The only numbers that may be shown besides; any when empty.",
        ),
        Field::new(
            "caller_pool",
            list(Kind::Phone),
            "Numbers of which each call shows one.",
        ),
        Field::new(
            "pool_failures",
            Kind::Integer,
            "Failures in a row after which a number of the pool rests.",
        )
        .default(5)
        .range(1.0, 1000.0),
        Field::new("pool_rest", Kind::Duration, "For how long it rests.")
            .default("30m")
            .range(1.0, 604_800.0),
        Field::new(
            "fixed_line",
            Kind::Phone,
            "Shown in place of 400 and 800 numbers.",
        ),
        Field::new("caller_format", Kind::Enum(FORMATS), "How it is written.").default("as_is"),
        Field::new("withhold", Kind::Boolean, "Whether no number is shown.").default(false),
        Field::new(
            "from",
            Kind::Enum(&["caller", "account"]),
            "Who From names.",
        )
        .default("caller"),
        Field::new(
            "identity",
            list(Kind::Enum(&["p_asserted", "remote_party"])),
            "Where the number stands besides.",
        ),
        Field::new(
            "trusts_identity",
            Kind::Boolean,
            "Whether its word on who calls is believed.",
        )
        .default(true),
    ]
}

/// A trunk of a group.
pub(super) fn way() -> Schema {
    Schema::new(vec![
        Field::new("trunk", Kind::String, "Which.").required(),
        Field::new("weight", Kind::Integer, "Its share among its equals.")
            .default(1)
            .range(1.0, 1000.0),
        Field::new("priority", Kind::Integer, "Lower ones are tried first.")
            .default(1)
            .range(1.0, 1000.0),
        Field::new(
            "cost",
            Kind::Number,
            "Of a minute: among equal priorities the cheapest first.",
        )
        .default(0)
        .range(0.0, 1_000_000.0),
        Field::new(
            "numbers",
            list(Kind::Form(beginning)),
            "Beginnings of the numbers that it takes: \"+852\".",
        ),
    ])
}

const FORMATS: &[&str] = &["as_is", "e164", "national"];

/// What says "not by this way", and nothing of who is called.
const RETRY: [&str; 3] = ["408", "430", "5xx"];

fn statuses(text: &str) -> Result<(), String> {
    match Statuses::read(text) {
        Some(_) => Ok(()),
        None => Err(format!(
            "expected a status of 400 to 699 or a class such as \"5xx\", got \"{text}\""
        )),
    }
}

fn beginning(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    match (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(()),
        false => Err(format!(
            "expected the beginning of numbers such as \"+852\" or \"95\", got \"{text}\""
        )),
    }
}

fn host(text: &str) -> Result<(), String> {
    if text.parse::<SocketAddr>().is_ok() || text.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    let (name, port) = text.rsplit_once(':').unwrap_or((text, "5060"));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_name) && port.parse::<u16>().is_ok() {
        return Ok(());
    }
    Err(format!(
        "expected a host such as \"sip.example.com\" or \"10.0.0.1:5060\", got \"{text}\""
    ))
}

pub(super) fn network(text: &str) -> Result<(), String> {
    let wrong =
        || format!("expected an address or a network such as \"10.0.0.0/8\", got \"{text}\"");
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let longest = match address.parse::<IpAddr>().map_err(|_| wrong())? {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    };
    if bits.is_some_and(|bits| bits > longest) {
        Err(wrong())
    } else {
        Ok(())
    }
}

fn area_code(text: &str) -> Result<(), String> {
    let right = (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if right && !text.starts_with('0') {
        return Ok(());
    }
    Err(format!(
        "expected an area code without its 0 such as \"10\" or \"755\", got \"{text}\""
    ))
}
