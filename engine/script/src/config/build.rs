//! From checked settings to [`Config`].
//!
//! The schema has given every default and refused what is wrong, so reading cannot fail; a name
//! that the schema does not have would read as nothing, which the tests would show.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call::acd::{Across, AfterWrapUp, AgentId, AgentRules, Capacity, ReasonRule};
use call::desk::Person;
use serde_json::Value;

use super::form::transport_and_address;
use super::watch;
use super::{
    Config, Fallback, Http, Limits, Listen, MailboxConfig, Outbound, Rtp, Sip, Smtp, SmtpTls,
    Tenant, User, trunk,
};
use super::{callers, outbound};

pub(super) fn config(checked: &Value) -> Config {
    let sip = sip(&checked["sip"]);
    let tenant = |number: &str, settings: &Value| {
        let own = sip
            .trunks
            .iter()
            .filter(|(_, trunk)| trunk.tenant == number);
        let trunks = own
            .map(|(name, trunk)| (name.clone(), trunk.context.clone()))
            .collect();
        let is_own = |way: &trunk::Way| {
            let trunk = sip.trunks.get(&way.trunk);
            trunk.is_some_and(|trunk| trunk.tenant == number)
        };
        let groups = sip.groups.iter();
        let groups = groups.filter(|(_, ways)| ways.iter().all(is_own));
        let tolls = sip.trunks.iter().filter(|(_, it)| it.tenant == number);
        let tolls = tolls.map(|(name, it)| (name.clone(), outbound::toll_of(it)));
        Tenant {
            trunks,
            outbound: outbound::outbound(&settings["outbound"], tolls.collect()),
            groups: groups.map(|(name, _)| name.clone()).collect(),
            tests_first: checked["reload"]["tests"] == true,
            ..tenant(number, settings)
        }
    };
    Config {
        rtp: rtp(&checked["rtp"]),
        http: Http {
            listen: text(checked["http"].get("listen")).and_then(|it| it.parse().ok()),
            trusted_proxies: texts(&checked["http"]["trusted_proxies"]),
        },
        tenants: map(checked.get("tenants"), tenant),
        sip,
        limits: limits(&checked["limits"]),
        reload_manually: checked["reload"]["mode"] == "manual",
    }
}

fn sip(it: &Value) -> Sip {
    let listen = texts(&it["listen"]).into_iter().filter_map(|text| {
        let (transport, address) = transport_and_address(&text).ok()?;
        Some(Listen { transport, address })
    });
    Sip {
        listen: listen.collect(),
        external: text(it.get("external")).and_then(|text| text.parse().ok()),
        trunks: map(it.get("trunks"), |_, value| trunk::trunk(value)),
        groups: map(it.get("groups"), |_, value| trunk::ways(value)),
        min_expires: duration(&it["min_expires"]),
        max_expires: duration(&it["max_expires"]),
        options_interval: duration(&it["options_interval"]),
        session_expires: duration(&it["session_expires"]),
        ban_after: count(&it["ban_after"]),
        ban_for: duration(&it["ban_for"]),
    }
}

fn rtp(it: &Value) -> Rtp {
    let port = |index: usize| {
        it["ports"][index]
            .as_u64()
            .and_then(|port| port.try_into().ok())
    };
    Rtp {
        ports: (port(0).unwrap_or_default(), port(1).unwrap_or_default()),
        codecs: texts(&it["codecs"]),
        timeout: duration(&it["timeout"]),
        threads: count(&it["threads"]) as usize,
        backend: text(it.get("backend")).unwrap_or_default(),
    }
}

fn limits(it: &Value) -> Limits {
    Limits {
        script_cpu: duration(&it["script_cpu"]),
        script_memory: it["script_memory"].as_u64().unwrap_or_default() as usize,
        load_time: duration(&it["load_time"]),
        max_calls: count(&it["max_calls"]) as usize,
    }
}

fn tenant(number: &str, it: &Value) -> Tenant {
    Tenant {
        domain: text(it.get("domain")).unwrap_or_else(|| number.to_owned()),
        timezone: text(it.get("timezone")).unwrap_or_default(),
        language: text(it.get("language")).unwrap_or_default(),
        dialplan: text(it.get("dialplan")).unwrap_or_else(|| format!("scripts.{number}")),
        music: text(it.get("music")),
        users: map(it.get("users"), |_, user| User {
            name: text(user.get("name")),
            password: text(user.get("password")),
            desk_password: text(user.get("desk_password")),
            language: text(user.get("language")),
            context: text(user.get("context")).unwrap_or_default(),
            mailbox: text(user.get("mailbox")),
            max_calls: count(&user["max_calls"]),
            person: Person {
                role: user["role"]
                    .as_str()
                    .and_then(|word| word.parse().ok())
                    .unwrap_or_default(),
                team: text(user.get("team")),
            },
            allowance: outbound::allowance(user),
        }),
        mailboxes: map(it.get("mailboxes"), |_, mailbox| MailboxConfig {
            pin: text(mailbox.get("pin")),
            name: text(mailbox.get("name")),
        }),
        fallback: Fallback {
            play: text(it["fallback"].get("play")),
            transfer: text(it["fallback"].get("transfer")),
        },
        recall: duration(&it["recall"]),
        hold_reminder: duration(&it["hold_reminder"]),
        auto_retrieve: duration(&it["auto_retrieve"]),
        in_call_codes: it.get("in_call_codes").map(|codes| {
            let word = |_: &str, word: &Value| text(Some(word)).unwrap_or_default();
            map(Some(codes), word)
        }),
        park: text(it.get("park")).unwrap_or_default(),
        survey: text(it.get("survey")).unwrap_or_default(),
        switches: texts(&it["switches"]),
        agents: agents(it),
        busy_reasons: texts(&it["agents"]["reasons"]),
        watch: watch::watch(it),
        trunks: BTreeMap::new(),
        groups: BTreeSet::new(),
        outbound: Outbound::default(),
        callers: callers::callers(&it["callers"]),
        masked: texts(&it["masked"])
            .iter()
            .filter_map(|word| word.parse().ok())
            .collect(),
        tests_first: false,
        smtp: smtp(&it["smtp"]),
        plugins: map(it.get("plugins"), |_, settings| settings.clone()),
    }
}

/// What holds for each name of 置忙, in their order.
fn reasons(it: &Value) -> Vec<ReasonRule> {
    let approved = texts(&it["approved_reasons"]);
    let names = texts(&it["reasons"]).into_iter();
    let rules = names.map(|name| ReasonRule {
        max: it["reason_limits"].get(&name).map(duration),
        approval: approved.contains(&name),
    });
    rules.collect()
}

fn agents(tenant: &Value) -> AgentRules {
    let it = &tenant["agents"];
    let all = capacity(&it["capacity"], Capacity::default());
    let users = tenant["users"].as_object().into_iter().flatten();
    let own = users.map(|(name, user)| {
        let name = AgentId::from(name.as_str());
        (name, capacity(&user["capacity"], all))
    });
    AgentRules {
        wrap_up: it.get("wrap_up").map(duration),
        after_wrap_up: match it["after_wrap_up"].as_str() {
            Some("idle") => AfterWrapUp::Idle,
            Some("busy") => AfterWrapUp::Busy,
            _ => AfterWrapUp::Back,
        },
        idle_after_login: it["idle_after_login"] == true,
        reasons: reasons(it),
        reason_required: it["reason_required"] == true,
        dial_when_busy: it["outbound"]["require_busy"] == true,
        lost_grace: duration(&it["lost_grace"]),
        lost_logout: duration(&it["lost_logout"]),
        across: match it["across_queues"].as_str() {
            Some("longest") => Across::Longest,
            Some("priority") => Across::Priority,
            _ => Across::Weight,
        },
        capacity: all,
        capacities: own.filter(|(_, own)| *own != all).collect(),
    }
}

/// What is not given is as usual.
fn capacity(it: &Value, usual: Capacity) -> Capacity {
    let number = |name: &str| it[name].as_u64().and_then(|number| number.try_into().ok());
    Capacity {
        voice: number("voice").unwrap_or(usual.voice),
        chat: number("chat").unwrap_or(usual.chat),
        voice_interrupts: it["voice_interrupts"]
            .as_bool()
            .unwrap_or(usual.voice_interrupts),
    }
}

/// Nothing where neither host nor sender is given; what lacks one of them is complained of.
fn smtp(it: &Value) -> Option<Smtp> {
    let (host, from) = (text(it.get("host")), text(it.get("from")));
    host.as_ref().or(from.as_ref())?;
    let (tls, usual) = match it["tls"].as_str() {
        Some("none") => (SmtpTls::None, 25),
        Some("tls") => (SmtpTls::Tls, 465),
        _ => (SmtpTls::Starttls, 587),
    };
    let port = it["port"].as_u64().and_then(|port| port.try_into().ok());
    Some(Smtp {
        host: host.unwrap_or_default(),
        port: port.unwrap_or(usual),
        tls,
        username: text(it.get("username")),
        password: text(it.get("password")),
        from: from.unwrap_or_default(),
    })
}

pub(super) fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::to_owned)
}

pub(super) fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| text(Some(item))).collect()
}

pub(super) fn duration(value: &Value) -> Duration {
    Duration::from_millis(value.as_u64().unwrap_or_default())
}

pub(super) fn count(value: &Value) -> u32 {
    value
        .as_u64()
        .and_then(|count| count.try_into().ok())
        .unwrap_or_default()
}

fn map<T>(value: Option<&Value>, read: impl Fn(&str, &Value) -> T) -> BTreeMap<String, T> {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    fields
        .map(|(name, value)| (name.clone(), read(name, value)))
        .collect()
}
