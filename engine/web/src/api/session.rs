//! Logging in at a desk, being asked who one is, logging out, and passwords.

use std::time::Instant;

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use call::desk::{Right, Role};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{Begun, SessionRow};

use super::Parts;
use super::auth;
use super::body::Given;
use super::own::Own;
use super::password::weakness;
use super::person::{self, COOKIE_NAME, IDLE, LONGEST, Who, digest};
use super::problem::Problem;
use crate::events::News;
use crate::exchange::DeskUser;
use crate::proxies::Encrypted;
use crate::server::Source;
use crate::time;
use crate::token::Scope;

/// Who wants in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    tenant: String,
    user: String,
    password: String,
    /// A session of this user elsewhere may go on looking only.
    #[serde(default)]
    take_over: bool,
}

/// Who somebody at a desk is.
#[derive(Debug, Serialize)]
pub(super) struct Me {
    tenant: String,
    user: String,
    name: Option<String>,
    role: Role,
    team: Option<String>,
    mailbox: String,
    /// What they may do at all: words of `Right`.
    rights: Vec<&'static str>,
    /// What the API opens to them: words of scopes.
    scopes: Vec<&'static str>,
    began_at: String,
    ends_at: String,
    /// Another desk has taken over: this one may look, and do nothing.
    taken_over: bool,
}

/// The old password and the new one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    old: String,
    new: String,
}

pub(super) async fn log_in(
    State(parts): State<Arc<Parts>>,
    Extension(Source(source)): Extension<Source>,
    Extension(encrypted): Extension<Encrypted>,
    headers: HeaderMap,
    Given(given): Given<Credentials>,
) -> Result<Response, Problem> {
    auth::is_at_home(&headers)?;
    // Names are remembered and written down: nobody has one as long as a body may be.
    let is_short = |name: &str| name.len() <= LONGEST_NAME;
    if !is_short(&given.tenant) || !is_short(&given.user) {
        parts.bans.failed(source, Instant::now());
        return Err(Problem::wrong_password());
    }
    let account = format!("{}/{}", given.tenant, given.user);
    let now = Instant::now();
    if let Some(left) = parts
        .bans
        .left(source, now)
        .or_else(|| parts.tries.left(&account, source, now))
    {
        return Err(Problem::banned(left));
    }
    let user = auth::desk_user(&parts, &given.tenant, &given.user).await?;
    let kept = parts
        .store
        .desk_password(&given.tenant, &given.user)
        .await?;
    let first = user.as_ref().and_then(|user| user.first_password.clone());
    let right = parts.hasher.is_right(given.password, kept, first).await?;
    let exists = user.is_some();
    let Some(user) = user.filter(|_| right) else {
        let banned = parts.bans.failed(source, Instant::now());
        parts.tries.failed(&account, Instant::now());
        tracing::warn!(
            target: "security", event = "wrong_password", source = %source, tenant = given.tenant,
            user = given.user, banned
        );
        // The audit log only grows: strangers write nothing into it with names of their own making.
        if exists {
            auth::audit(
                &parts,
                &given.tenant,
                &format!("user:{}", given.user),
                ("logged_in", &given.user, "wrong_password"),
                source,
            );
        }
        return Err(Problem::wrong_password());
    };
    parts.bans.succeeded(source);
    parts.tries.succeeded(&account, source);
    begin(
        &parts,
        given.tenant,
        given.user,
        user,
        given.take_over,
        (source, encrypted),
    )
    .await
}

async fn begin(
    parts: &Arc<Parts>,
    tenant: String,
    extension: String,
    user: DeskUser,
    take_over: bool,
    (source, encrypted): (std::net::IpAddr, Encrypted),
) -> Result<Response, Problem> {
    let secret: [u8; 32] = rand::random();
    let secret: String = secret.iter().map(|octet| format!("{octet:02x}")).collect();
    let now = time::now();
    let session = SessionRow {
        id: digest(&secret),
        tenant: tenant.clone(),
        extension: extension.clone(),
        source: source.to_string(),
        began_at: now,
        seen_at: now,
        ended_at: None,
        taken_over_at: None,
    };
    let begun = parts
        .store
        .begin_session(session.clone(), take_over, now - IDLE);
    match begun.await? {
        Begun::There(other) => {
            return Err(Problem::conflict(
                "already_logged_in",
                format!(
                    "{extension} is logged in at {} since {}: send take_over: true to go on here",
                    other.source,
                    time::text(other.began_at)
                ),
            ));
        }
        Begun::New(0) => {}
        Begun::New(_) => {
            let news = News::SessionTakenOver {
                user: extension.clone(),
            };
            parts.events.publish(&tenant, now, None, news);
        }
    }
    auth::audit(
        parts,
        &tenant,
        &format!("user:{extension}"),
        ("logged_in", &extension, "done"),
        source,
    );
    tracing::info!(target: "security", event = "logged_in", source = %source, tenant, user = extension);
    let me = me(&session, &user);
    let cookie = cookie(&secret, encrypted, LONGEST / 1_000_000)?;
    Ok((StatusCode::CREATED, [(SET_COOKIE, cookie)], Json(me)).into_response())
}

/// Who I am.
pub(super) async fn show(own: Own) -> Result<Json<Me>, Problem> {
    match own.who() {
        Who::Person { session, user } => Ok(Json(me(session, user))),
        Who::Program(_) => Err(Problem::no_session()),
    }
}

pub(super) async fn log_out(
    own: Own,
    Extension(encrypted): Extension<Encrypted>,
) -> Result<Response, Problem> {
    let Who::Person { session, .. } = own.who() else {
        return Err(Problem::no_session());
    };
    own.store().end_session(session.id, time::now()).await?;
    own.note("logged_out", &session.extension);
    let cookie = cookie("", encrypted, 0)?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

pub(super) async fn change_password(
    State(parts): State<Arc<Parts>>,
    own: Own,
    Given(wanted): Given<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let Who::Person { session, user } = own.who() else {
        return Err(Problem::no_session());
    };
    let account = format!("{}/{}", session.tenant, session.extension);
    let source = own.source();
    if let Some(left) = parts.tries.left(&account, source, Instant::now()) {
        return Err(Problem::banned(left));
    }
    if let Some(why) = weakness(&wanted.new, &session.extension) {
        let why = format!("the new password is none: {why}");
        return Err(Problem::unprocessable("weak_password", why));
    }
    let (tenant, extension) = (session.tenant.as_str(), session.extension.as_str());
    let kept = parts.store.desk_password(tenant, extension).await?;
    let right = parts
        .hasher
        .is_right(wanted.old, kept, user.first_password.clone());
    if !right.await? {
        parts.tries.failed(&account, Instant::now());
        own.note_failure("password_changed", &extension, "wrong_password");
        return Err(Problem::unprocessable(
            "wrong_old_password",
            "the old password is not this; an administrator can give you another",
        ));
    }
    let hash = parts.hasher.hash(wanted.new).await?;
    let put =
        parts
            .store
            .put_desk_password((tenant, extension), hash, time::now(), Some(session.id));
    put.await?;
    own.note("password_changed", &extension);
    Ok(StatusCode::NO_CONTENT)
}

fn me(session: &SessionRow, user: &DeskUser) -> Me {
    let scopes = Scope::ALL
        .iter()
        .filter(|scope| person::opens(user.role, **scope));
    let rights = Right::ALL.iter().filter(|right| user.role.may(**right));
    Me {
        tenant: session.tenant.clone(),
        user: session.extension.clone(),
        name: user.name.clone(),
        role: user.role,
        team: user.team.clone(),
        mailbox: user.mailbox.clone(),
        rights: rights.map(|right| right.word()).collect(),
        scopes: scopes.map(|scope| scope.word()).collect(),
        began_at: time::text(session.began_at),
        ends_at: time::text(session.began_at.saturating_add(LONGEST)),
        taken_over: session.taken_over_at.is_some(),
    }
}

/// For browsers: not for scripts, not for other sites, and on encrypted connections only where this one is.
fn cookie(secret: &str, encrypted: Encrypted, seconds: i64) -> Result<HeaderValue, Problem> {
    let secure = if encrypted.0 { "; Secure" } else { "" };
    let text = format!(
        "{COOKIE_NAME}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    );
    text.parse().map_err(|_| Problem::broken())
}

/// Octets of a tenant's or user's name.
const LONGEST_NAME: usize = 64;
