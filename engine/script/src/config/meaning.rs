//! What no schema sees: settings that must fit each other.

use std::collections::HashMap;
use std::net::SocketAddr;

use call::Codes;
use call::desk::Deed;

use crate::schema::Complaint;
use crate::suggest::did_you_mean;

use super::{Config, ShownFrom, SmtpTls, Tenant, Way};

/// Finds the settings that contradict each other.
pub(super) fn complaints(config: &Config) -> Vec<Complaint> {
    let mut found = Found::default();
    let (first, last) = config.rtp.ports;
    if first < 1024 || first >= last {
        found.complain(
            &["rtp", "ports"],
            format!("expected {{ first, last }} from 1024 to 65535, got {{ {first}, {last} }}"),
        );
    }
    if config.sip.min_expires > config.sip.max_expires {
        found.complain(&["sip", "min_expires"], "is longer than sip.max_expires");
    }
    found.trunks(config);
    found.proxies(config);
    found.domains(config);
    for (number, tenant) in &config.tenants {
        found.tenant(number, tenant);
        found.relay(number, tenant);
        found.codes(number, tenant);
        if let Some(fault) = super::outbound::hours_fault(tenant) {
            found.complain(&["tenants", number, "outbound", "hours"], fault);
        }
    }
    found.0
}

impl Config {
    /// The sentence with which the engine refuses to start when a password or PIN that strangers
    /// guess (`demo-1049` of user 1049, the extension itself, anything short, `8000` of mailbox
    /// 8000) could be used from another machine; `None` when all is well.
    pub fn demo_passwords_off_loopback(&self) -> Option<String> {
        let open = self.open_to_others()?;
        let mut weak: Vec<String> = Vec::new();
        for (number, tenant) in &self.tenants {
            let users = tenant.users.iter().filter_map(|(extension, user)| {
                let passwords = [&user.password, &user.desk_password].into_iter().flatten();
                let why = passwords.filter_map(|it| weakness(extension, it)).next()?;
                Some(format!("user {extension} of tenant {number} has {why}"))
            });
            weak.extend(users);
            let mailboxes = tenant
                .mailboxes
                .iter()
                .filter(|(name, mailbox)| mailbox.pin.as_ref() == Some(*name))
                .map(|(name, _)| {
                    format!("mailbox {name} of tenant {number} has its own number for a PIN")
                });
            weak.extend(mailboxes);
        }
        let told = weak.len().min(TOLD);
        let more = match weak.len() - told {
            0 => String::new(),
            more => format!(", {more} more are as weak"),
        };
        (told > 0).then(|| {
            format!(
                "{}{more}, and {open} can be reached from other machines: give everybody a password and a PIN \
                 of their own, or listen on 127.0.0.1 only",
                weak[..told].join(", ")
            )
        })
    }

    fn open_to_others(&self) -> Option<SocketAddr> {
        let sip = self.sip.listen.iter().map(|listen| listen.address);
        sip.chain(self.http.listen)
            .find(|address| !address.ip().is_loopback())
    }
}

/// Why strangers guess a user's password.
fn weakness(extension: &str, password: &str) -> Option<String> {
    if password.eq_ignore_ascii_case(&format!("demo-{extension}")) {
        Some("the demo password".to_owned())
    } else if password == extension {
        Some("its extension for a password".to_owned())
    } else if password.chars().count() < SHORTEST_PASSWORD {
        Some(format!(
            "a password of fewer than {SHORTEST_PASSWORD} letters"
        ))
    } else {
        None
    }
}

/// Letters of a password; fewer are guessed in an hour.
pub const SHORTEST_PASSWORD: usize = 8;

/// A tenant's number is a folder's name and part of addresses.
const LONGEST_NUMBER: usize = 64;

/// Weak secrets that are named in one sentence.
const TOLD: usize = 5;

/// Networks so large that strangers are in them.
fn is_everybody(network: &str) -> bool {
    let bits = network
        .split_once('/')
        .and_then(|(_, bits)| bits.parse::<u8>().ok());
    bits.is_some_and(|bits| bits < 8)
}

#[derive(Default)]
struct Found(Vec<Complaint>);

impl Found {
    fn complain(&mut self, path: &[&str], message: impl Into<String>) {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        self.0.push(Complaint {
            path,
            message: message.into(),
        });
    }

    /// Codes that nobody could type, or that would do nothing.
    fn codes(&mut self, number: &str, tenant: &Tenant) {
        let Some(table) = &tenant.in_call_codes else {
            return;
        };
        let place = ["tenants", number, "in_call_codes"];
        if let Err(error) = Codes::try_from(table.clone()) {
            self.complain(&place, error.to_string());
        }
        for (code, word) in table {
            let deed = Deed::typed(word, code.contains("<number>").then(String::new));
            if deed.is_none() {
                let hint = did_you_mean(word, Deed::TYPED.iter().copied());
                let takes = match code.contains("<number>") {
                    true => "no command that takes a number",
                    false => "no command that is complete without a number",
                };
                let code = [place[0], place[1], place[2], code];
                self.complain(&code, format!("'{word}' is {takes}{hint}"));
            }
        }
    }

    fn relay(&mut self, number: &str, tenant: &Tenant) {
        let Some(smtp) = &tenant.smtp else { return };
        let at = ["tenants", number, "smtp"];
        let is_here = ["localhost", "127.0.0.1", "::1"].contains(&smtp.host.as_str());
        if smtp.host.is_empty() || smtp.from.is_empty() {
            self.complain(&at, "a relay wants host and from, both");
        } else if smtp.username.is_some() != smtp.password.is_some() {
            self.complain(
                &at,
                "a relay that knows us wants username and password, both",
            );
        } else if smtp.password.is_some() && smtp.tls == SmtpTls::None && !is_here {
            self.complain(
                &at,
                "the password would be sent in the clear: use tls = \"starttls\" or \"tls\"",
            );
        }
    }

    fn proxies(&mut self, config: &Config) {
        let proxies = config.http.trusted_proxies.iter();
        for network in proxies.filter(|network| is_everybody(network)) {
            let message = format!(
                "\"{network}\" believes everybody who they say they are: name the addresses of the proxies"
            );
            self.complain(&["http", "trusted_proxies"], message);
        }
    }

    fn trunks(&mut self, config: &Config) {
        for (name, trunk) in &config.sip.trunks {
            let at = ["sip", "trunks", name.as_str()];
            if !config.tenants.contains_key(&trunk.tenant) {
                let known = config.tenants.keys().map(String::as_str);
                let hint = did_you_mean(&trunk.tenant, known);
                let message = format!("no tenant '{}'{hint}", trunk.tenant);
                self.complain(&[at[0], at[1], at[2], "tenant"], message);
            }
            for network in trunk.trusted.iter().filter(|network| is_everybody(network)) {
                let message = format!(
                    "\"{network}\" trusts everybody, and whoever calls from there needs no password: name the addresses of the trunk"
                );
                self.complain(&[at[0], at[1], at[2], "trusted"], message);
            }
            if trunk.register && (trunk.username.is_none() || trunk.password.is_none()) {
                self.complain(&at, "a trunk that registers needs username and password");
            }
            if trunk.shown.from == ShownFrom::Account && trunk.username.is_none() {
                self.complain(
                    &[at[0], at[1], at[2], "from"],
                    "a trunk whose From names the account needs a username",
                );
            }
        }
        for (name, ways) in &config.sip.groups {
            self.group(config, name, ways);
        }
    }

    /// Its trunks are there and all of one tenant, and its name is no trunk's.
    fn group(&mut self, config: &Config, name: &str, ways: &[Way]) {
        let at = ["sip", "groups", name];
        let trunks = &config.sip.trunks;
        if trunks.contains_key(name) {
            self.complain(&at, "is the name of a trunk, too: give the group another");
        }
        if ways.is_empty() {
            self.complain(&at, "a group needs trunks");
        }
        let mut owner: Option<&str> = None;
        for way in ways {
            let Some(trunk) = trunks.get(&way.trunk) else {
                let hint = did_you_mean(&way.trunk, trunks.keys().map(String::as_str));
                self.complain(&at, format!("no trunk '{}'{hint}", way.trunk));
                continue;
            };
            if *owner.get_or_insert(&trunk.tenant) != trunk.tenant {
                let message = format!("trunk '{}' is another tenant's", way.trunk);
                self.complain(&at, message);
            }
        }
    }

    /// A phone names its tenant by its domain, so no two may have the same.
    fn domains(&mut self, config: &Config) {
        let lower = |text: &str| text.to_lowercase();
        let numbers: HashMap<String, &str> = config
            .tenants
            .keys()
            .map(|number| (lower(number), number.as_str()))
            .collect();
        let mut first: HashMap<String, &str> = HashMap::new();
        for (number, tenant) in &config.tenants {
            let domain = lower(&tenant.domain);
            let other = numbers.get(&domain).filter(|other| *other != number);
            let (whose, what) = match (other, first.get(&domain)) {
                (Some(other), _) => (*other, "number"),
                // That one has been told already that its domain is this one's number.
                (None, Some(_)) if domain == lower(number) => continue,
                (None, Some(earlier)) => (*earlier, "domain"),
                (None, None) => {
                    first.insert(domain, number);
                    continue;
                }
            };
            let message = format!(
                "'{}' is also the {what} of tenant {whose}, and phones say by it whose they are: give tenant {number} another domain",
                tenant.domain
            );
            self.complain(&["tenants", number, "domain"], message);
            first.entry(domain).or_insert(number);
        }
    }

    fn tenant(&mut self, number: &str, tenant: &Tenant) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if number.is_empty() || number.len() > LONGEST_NUMBER || !number.chars().all(plain) {
            let message = format!(
                "'{number}' is no tenant's number: letters, digits, - and _, at most {LONGEST_NUMBER}"
            );
            self.complain(&["tenants", number], message);
        }
        let users = || tenant.users.keys().map(String::as_str);
        if let Some(target) = &tenant.fallback.transfer {
            let path = ["tenants", number, "fallback", "transfer"];
            match target.strip_prefix("user:") {
                Some(user) if tenant.users.contains_key(user) || tenant.users.is_empty() => {}
                Some(user) => {
                    let hint = did_you_mean(user, users());
                    self.complain(&path, format!("no user '{user}'{hint}"));
                }
                None => self.complain(&path, format!("expected user:EXTENSION, got \"{target}\"")),
            }
        }
        for (extension, user) in &tenant.users {
            let path = ["tenants", number, "users", extension.as_str()];
            if extension.is_empty() || !extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                self.complain(&path, "an extension has only letters and digits");
            }
            if user.password.as_deref() == Some("") {
                self.complain(&path, "the password is empty: give one, or leave it out and use moonswitch user passwd");
            }
            let Some(mailbox) = &user.mailbox else {
                continue;
            };
            if !tenant.mailboxes.contains_key(mailbox) && !tenant.users.contains_key(mailbox) {
                let hint = did_you_mean(mailbox, tenant.mailboxes.keys().map(String::as_str));
                self.complain(&path, format!("no mailbox '{mailbox}'{hint}"));
            }
        }
        if tenant
            .dialplan
            .split('.')
            .any(|part| part.is_empty() || part.contains(['/', '\\']))
        {
            let message = format!(
                "expected a module such as \"scripts.{number}\", got \"{}\"",
                tenant.dialplan
            );
            self.complain(&["tenants", number, "dialplan"], message);
        }
    }
}
