//! What no schema sees: settings that must fit each other.

use crate::schema::Complaint;
use crate::suggest::did_you_mean;

use super::{Config, Tenant};

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
    for (number, tenant) in &config.tenants {
        found.tenant(number, tenant);
    }
    found.0
}

impl Config {
    /// The sentence with which the engine refuses to start when a demo password (`demo-1049` of
    /// user 1049) could be used from another machine; `None` when all is well.
    pub fn demo_passwords_off_loopback(&self) -> Option<String> {
        let open = self
            .sip
            .listen
            .iter()
            .map(|listen| listen.address)
            .chain(self.http.listen);
        let open = open
            .into_iter()
            .find(|address| !address.ip().is_loopback())?;
        let (tenant, extension) = self.tenants.iter().find_map(|(number, tenant)| {
            let demo = tenant.users.iter().find(|(extension, user)| {
                let demo = format!("demo-{extension}");
                user.password
                    .as_deref()
                    .is_some_and(|it| it.eq_ignore_ascii_case(&demo))
            });
            Some((number, demo?.0))
        })?;
        Some(format!(
            "user {extension} of tenant {tenant} has the demo password, and {open} can be reached from other machines: \
             give every user a password of their own, or listen on 127.0.0.1 only"
        ))
    }
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

    fn trunks(&mut self, config: &Config) {
        for (name, trunk) in &config.sip.trunks {
            let at = ["sip", "trunks", name.as_str()];
            if !config.tenants.contains_key(&trunk.tenant) {
                let known = config.tenants.keys().map(String::as_str);
                let hint = did_you_mean(&trunk.tenant, known);
                let message = format!("no tenant '{}'{hint}", trunk.tenant);
                self.complain(&[at[0], at[1], at[2], "tenant"], message);
            }
            if trunk.register && (trunk.username.is_none() || trunk.password.is_none()) {
                self.complain(&at, "a trunk that registers needs username and password");
            }
        }
    }

    fn tenant(&mut self, number: &str, tenant: &Tenant) {
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
