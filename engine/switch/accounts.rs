//! Who may call and register: users of `config.lua` and of the store, and their passwords' hashes.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use call::TenantId;
use call::number::Plan;
use script::config::Config;
use sip::auth::{Authenticator, Claim, Ha1, Verdict};
use sip::{Name, Request, Response};
use store::UserRecord;

/// All users of all tenants.
#[derive(Debug)]
pub(crate) struct Accounts {
    users: HashMap<(TenantId, String), Account>,
    realms: HashMap<TenantId, String>,
    /// Each tenant's own numbers, users without a password included.
    extensions: HashMap<TenantId, Arc<BTreeSet<String>>>,
    authenticator: Authenticator,
}

/// One user.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) name: Option<String>,
    pub(crate) context: String,
    pub(crate) max_calls: u32,
    ha1: Ha1,
    /// From the store, not from `config.lua`.
    stored: bool,
}

/// What a request's credentials are worth.
#[derive(Debug)]
pub(crate) enum Judged {
    /// It is this user.
    User(String),
    /// Ask, with these header fields.
    Challenge(Vec<(String, String)>),
    /// A wrong password for this user: ask again, and count it.
    Wrong {
        user: String,
        headers: Vec<(String, String)>,
    },
}

impl Accounts {
    pub(crate) fn new(config: &Config, stored: &[UserRecord], now: Instant) -> Self {
        let mut accounts = Self {
            users: HashMap::new(),
            realms: HashMap::new(),
            extensions: HashMap::new(),
            authenticator: Authenticator::new(now, rand::random()),
        };
        for (name, tenant) in &config.tenants {
            let id = TenantId::from(name.as_str());
            accounts.realms.insert(id.clone(), tenant.domain.clone());
            for (extension, user) in &tenant.users {
                let Some(password) = &user.password else {
                    continue;
                };
                let account = Account {
                    name: user.name.clone(),
                    context: user.context.clone(),
                    max_calls: user.max_calls,
                    ha1: Ha1::compute(extension, &tenant.domain, password),
                    stored: false,
                };
                accounts
                    .users
                    .insert((id.clone(), extension.clone()), account);
            }
        }
        accounts.replace_stored(config, stored);
        accounts
    }

    /// Takes the store's users anew. Where `config.lua` has a password, it wins; where it only
    /// describes the user, the store has the password.
    pub(crate) fn replace_stored(&mut self, config: &Config, stored: &[UserRecord]) {
        self.users.retain(|_, account| !account.stored);
        for record in stored {
            let Some(tenant) = config.tenants.get(&record.tenant) else {
                continue;
            };
            let key = (
                TenantId::from(record.tenant.as_str()),
                record.extension.clone(),
            );
            if self.users.contains_key(&key) {
                continue;
            }
            if record.realm != tenant.domain {
                tracing::warn!(
                    tenant = record.tenant,
                    user = record.extension,
                    "the tenant's domain has changed: `moonswitch user passwd` makes the password good again"
                );
                continue;
            }
            let Some(ha1) = Ha1::from_hex(record.ha1_sha256.reveal(), record.ha1_md5.reveal())
            else {
                continue;
            };
            let described = tenant.users.get(&record.extension);
            let account = Account {
                name: described
                    .and_then(|user| user.name.clone())
                    .or_else(|| record.name.clone()),
                context: described
                    .map_or_else(|| record.context.clone(), |user| user.context.clone()),
                max_calls: described.map_or(0, |user| user.max_calls),
                ha1,
                stored: true,
            };
            self.users.insert(key, account);
        }
        self.extensions = extensions(config, stored);
    }

    /// What a tenant's numbers look like, its own ones and those of a trunk in this area.
    pub(crate) fn plan(&self, tenant: &TenantId, area_code: Option<String>) -> Plan {
        Plan {
            area_code,
            internal: self.extensions.get(tenant).cloned().unwrap_or_default(),
        }
    }

    /// Whether a number is one of a tenant's users.
    pub(crate) fn is_user(&self, tenant: &TenantId, extension: &str) -> bool {
        let own = self.extensions.get(tenant);
        own.is_some_and(|own| own.contains(extension))
    }

    pub(crate) fn user(&self, tenant: &TenantId, extension: &str) -> Option<&Account> {
        self.users.get(&(tenant.clone(), extension.to_owned()))
    }

    /// Judges a request's credentials in a tenant's realm.
    pub(crate) fn judge(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        request: &Request,
        source: IpAddr,
    ) -> Judged {
        let realm = self.realms.get(tenant).cloned().unwrap_or_default();
        let Some(claim) = Claim::of(request, &realm) else {
            return Judged::Challenge(self.challenge(now, request, &realm, source, false));
        };
        let user = claim.user().to_string();
        let key = (tenant.clone(), user);
        let ha1 = self.users.get(&key).map(|account| account.ha1.clone());
        match self
            .authenticator
            .verify(now, request, &claim, source, ha1.as_ref())
        {
            Verdict::Accepted => Judged::User(key.1),
            Verdict::Stale => Judged::Challenge(self.challenge(now, request, &realm, source, true)),
            Verdict::Wrong => Judged::Wrong {
                headers: self.challenge(now, request, &realm, source, false),
                user: key.1,
            },
        }
    }

    /// Judges a request that only one user may send. Another's credentials are wrong, whatever their
    /// password: nobody's is to be guessed here.
    pub(crate) fn judge_as(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        request: &Request,
        source: IpAddr,
    ) -> Judged {
        let realm = self.realms.get(tenant).cloned().unwrap_or_default();
        match Claim::of(request, &realm) {
            Some(claim) if *claim.user() != user => Judged::Wrong {
                headers: self.challenge(now, request, &realm, source, false),
                user: claim.user().to_string(),
            },
            _ => self.judge(now, tenant, request, source),
        }
    }

    fn challenge(
        &mut self,
        now: Instant,
        request: &Request,
        realm: &str,
        source: IpAddr,
        stale: bool,
    ) -> Vec<(String, String)> {
        let reply = Response::reply_to(request, 401);
        let reply = self
            .authenticator
            .challenge(now, reply, realm, source, stale)
            .finish();
        let only_md5 = request
            .header_named("User-Agent")
            .is_some_and(|agent| gives_up_at_sha256(&agent.to_str()));
        reply
            .headers()
            .filter(|field| field.name() == Name::WwwAuthenticate)
            .filter(|field| !only_md5 || field.value().to_str().contains("algorithm=MD5"))
            .map(|field| (field.name_text().to_string(), field.value().to_string()))
            .collect()
    }
}

fn extensions(config: &Config, stored: &[UserRecord]) -> HashMap<TenantId, Arc<BTreeSet<String>>> {
    let tenants = config.tenants.iter().map(|(name, tenant)| {
        let stored = stored
            .iter()
            .filter(|record| record.tenant == *name)
            .map(|record| record.extension.clone());
        let own: BTreeSet<String> = tenant.users.keys().cloned().chain(stored).collect();
        (TenantId::from(name.as_str()), Arc::new(own))
    });
    tenants.collect()
}

/// Whether this phone gives up when it is offered a digest besides MD5, instead of choosing the one
/// that it knows: baresip did before version 2.
fn gives_up_at_sha256(user_agent: &str) -> bool {
    let version = user_agent
        .strip_prefix("baresip v")
        .and_then(|rest| rest.split('.').next());
    version.is_some_and(|major| matches!(major, "0" | "1"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use call::number::{Kind, normalise};
    use store::Secret;

    use super::*;

    #[test]
    fn a_tenants_own_numbers_are_its_users_wherever_they_are_written_down() {
        let config = crate::load_config(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("config.lua"),
            Path::new("/nonexistent"),
        )
        .unwrap();
        let record = |tenant: &str, extension: &str| UserRecord {
            tenant: tenant.to_owned(),
            extension: extension.to_owned(),
            name: None,
            realm: "elsewhere.example".to_owned(),
            ha1_md5: Secret::new(""),
            ha1_sha256: Secret::new(""),
            context: "internal".to_owned(),
            role: "agent".to_owned(),
            team: None,
            created_at: 1,
        };
        let (ours, theirs) = (record("8001", "95588"), record("8002", "95599"));
        let mut accounts = Accounts::new(&config, &[ours], Instant::now());
        let kind = |accounts: &Accounts, tenant: &str, number: &str| {
            normalise(number, &accounts.plan(&tenant.into(), Some("10".into()))).kind
        };

        for own in ["1049", "95588"] {
            assert_eq!(kind(&accounts, "8001", own), Kind::Internal, "{own}");
        }
        assert_eq!(kind(&accounts, "8001", "95599"), Kind::Short);
        assert_eq!(kind(&accounts, "8002", "1049"), Kind::Unknown);
        assert_eq!(kind(&accounts, "8001", "87654321"), Kind::Fixed);

        accounts.replace_stored(&config, &[theirs]);
        assert_eq!(kind(&accounts, "8001", "95588"), Kind::Short, "taken out");
        assert_eq!(kind(&accounts, "8001", "1049"), Kind::Internal);
    }

    #[test]
    fn only_phones_that_cannot_choose_are_spared_the_choice() {
        assert!(gives_up_at_sha256("baresip v1.0.0 (x86_64/linux)"));
        assert!(!gives_up_at_sha256("baresip v3.12.0 (x86_64/Linux)"));
        assert!(!gives_up_at_sha256("Yealink SIP-T46S 66.86.0.15"));
    }
}
