//! Who calls: a trunk by its address, a user by a password, and who is refused for what they did.

use std::time::Instant;

use call::TenantId;
use call::acd::AgentId;
use sip::{Request, Source};

use super::Switch;
use super::accounts::Judged;
use super::printable::printable;

/// Who calls.
pub(super) struct Caller {
    pub(super) tenant: TenantId,
    pub(super) context: String,
    pub(super) user: Option<String>,
    pub(super) trunk: Option<String>,
}

impl Switch {
    /// A trunk by its address, or a user by a password; nobody else.
    pub(super) fn identify(
        &mut self,
        now: Instant,
        request: &Request,
        source: Source,
    ) -> Result<Caller, (u16, Vec<(String, String)>)> {
        if let Some((name, trunk)) = self.trunks.trusting(source.ip()) {
            return Ok(Caller {
                tenant: trunk.tenant.as_str().into(),
                context: trunk.context.clone(),
                user: None,
                trunk: Some(name.to_owned()),
            });
        }
        let Some(tenant) = self.tenant_of(request) else {
            no_such_tenant(source, request);
            return Err((404, Vec::new()));
        };
        match self.accounts.judge(now, &tenant, request, source.ip()) {
            Judged::User(user) => {
                self.bans.succeeded(source.remote, &user);
                let context = self
                    .accounts
                    .user(&tenant, &user)
                    .map(|account| account.context.clone())
                    .unwrap_or_default();
                Ok(Caller {
                    tenant,
                    context,
                    user: Some(user),
                    trunk: None,
                })
            }
            Judged::Challenge(headers) => Err((401, headers)),
            Judged::Wrong { user, headers } => {
                self.wrong_password(now, source, request, &tenant, &user);
                Err((401, headers))
            }
        }
    }

    /// Whoever sits at a phone is who calls by it.
    pub(super) fn seated(&self, caller: Caller) -> Caller {
        let phone = caller.user.as_deref().map(AgentId::from);
        let sits = phone.and_then(|phone| self.sits_at(&caller.tenant, &phone));
        let Some(user) = sits else { return caller };
        let account = self.accounts.user(&caller.tenant, &user.0);
        let Some(account) = account else {
            return caller;
        };
        Caller {
            context: account.context.clone(),
            user: Some(user.to_string()),
            ..caller
        }
    }

    /// Whether a source is refused: never a trunk's, for whoever writes a carrier's address on
    /// datagrams could lock it out; a registered phone's only for what it has done itself.
    pub(super) fn is_banned(&self, now: Instant, source: Source) -> bool {
        match self.registrar.has_phone_at(source.remote) {
            true => self.bans.is_phone_banned(now, source.remote),
            false => {
                self.bans.is_banned(now, source.ip()) && self.trunks.trusting(source.ip()).is_none()
            }
        }
    }

    /// Counts a wrong password; the line is what fail2ban reads.
    pub(super) fn wrong_password(
        &mut self,
        now: Instant,
        source: Source,
        request: &Request,
        tenant: &TenantId,
        user: &str,
    ) {
        self.parts.meters.wrong_passwords.increment(1);
        let is_registered = self.registrar.has_phone_at(source.remote);
        let banned = self.bans.failed(now, source.remote, is_registered, user);
        tracing::warn!(
            target: "security", event = "wrong_password", source = %source.ip(),
            method = ?request.method(), tenant = %tenant, user = printable(user), banned,
            "wrong password"
        );
    }

    /// The tenant whose domain the request names; the only one where it names none of them.
    pub(super) fn tenant_of(&self, request: &Request) -> Option<TenantId> {
        let named = |text: String| {
            self.tenants
                .iter()
                .find(|(_, tenant)| tenant.domain.eq_ignore_ascii_case(&text))
                .map(|(name, _)| TenantId::from(name.as_str()))
        };
        let uri = request.uri().ok();
        let to = request.to().ok().and_then(|to| to.uri().ok());
        let from = request.from().ok().and_then(|from| from.uri().ok());
        [uri, to, from]
            .into_iter()
            .flatten()
            .filter_map(|uri| uri.host().map(ToString::to_string))
            .find_map(named)
            .or_else(|| {
                let mut names = self.tenants.keys();
                let first = names.next()?;
                names
                    .next()
                    .is_none()
                    .then(|| TenantId::from(first.as_str()))
            })
    }
}

/// Somebody asks for a domain that is nobody's here, as scanners do.
pub(super) fn no_such_tenant(source: Source, request: &Request) {
    tracing::warn!(
        target: "security", event = "no_such_tenant", source = %source.ip(),
        method = ?request.method()
    );
}
