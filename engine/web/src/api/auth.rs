//! Who is let in: the browser's origin, the source, the token, its scope; in this order.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use store::AuditRow;
use uuid::Uuid;

use super::Parts;
use super::masking;
use super::own::Own;
use super::person::{self, Who};
use super::problem::Problem;
use crate::exchange::DeskUser;
use crate::server::Source;
use crate::time;
use crate::token::{Scope, Token};

/// Lets a request through to a route that wants this scope, with [`Own`] in its extensions.
pub(super) async fn admit(
    State((parts, scope)): State<(Arc<Parts>, Scope)>,
    mut request: Request,
    next: Next,
) -> Response {
    let source = match request.extensions().get::<Source>() {
        Some(source) => source.0,
        None => return Problem::broken().into_response(),
    };
    let asked = (request.method(), request.headers());
    match judge(&parts, scope, asked, source).await {
        Ok(own) => {
            let is_masked = own.is_masked();
            request.extensions_mut().insert(own);
            let response = next.run(request).await;
            match is_masked {
                true => masking::response(response).await,
                false => response,
            }
        }
        Err(problem) => problem.into_response(),
    }
}

/// Lets a request through to a route for people at their desks.
pub(super) async fn admit_person(
    State(parts): State<Arc<Parts>>,
    mut request: Request,
    next: Next,
) -> Response {
    let source = match request.extensions().get::<Source>() {
        Some(source) => source.0,
        None => return Problem::broken().into_response(),
    };
    let admitted = match person::cookie(request.headers()) {
        Some(id) => {
            judge_person(
                &parts,
                None,
                id,
                (request.method(), request.headers()),
                source,
            )
            .await
        }
        None => Err(Problem::no_session()),
    };
    match admitted {
        Ok(own) => {
            request.extensions_mut().insert(own);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Who asks, if their session works and their role opens this scope.
async fn judge_person(
    parts: &Arc<Parts>,
    scope: Option<Scope>,
    id: [u8; 32],
    (method, headers): (&Method, &HeaderMap),
    source: IpAddr,
) -> Result<Own, Problem> {
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    // A browser sends its cookie with whatever a page makes it ask.
    if changes || headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        is_at_home(headers)?;
    }
    let now = time::now();
    let session = parts.store.session(id).await?;
    let Some(session) = session.filter(|session| person::is_good(session, now)) else {
        tracing::info!(target: "security", event = "session_is_over", source = %source);
        return Err(Problem::over());
    };
    let user = desk_user(parts, &session.tenant, &session.extension).await?;
    let user = user.ok_or_else(Problem::over)?;
    if let Some(scope) = scope.filter(|scope| !person::opens(user.role, *scope)) {
        let who = format!("user:{}", session.extension);
        audit(
            parts,
            &session.tenant,
            &who,
            ("refused", scope.word(), "not_allowed"),
            source,
        );
        let role = user.role.word();
        let sentence = format!("the role {role} does not open {}", scope.word());
        return Err(Problem::forbidden("not_allowed", sentence));
    }
    if session.taken_over_at.is_some() && changes && *method != Method::DELETE {
        let sentence = "you have logged in at another desk: this one may look, and do nothing";
        return Err(Problem::forbidden("taken_over", sentence));
    }
    if session.seen_at + SEEN_EVERY < now {
        parts.store.touch_session(id, now).forget();
    }
    Ok(Own::new(
        parts.clone(),
        Who::Person { session, user },
        source,
    ))
}

/// What the exchange knows of somebody.
pub(super) async fn desk_user(
    parts: &Parts,
    tenant: &str,
    user: &str,
) -> Result<Option<DeskUser>, Problem> {
    let asked = parts.exchange.desk_user(tenant, user).await;
    asked.map_err(|_| Problem::busy("the exchange is too busy, or stops"))
}

/// Adds a line to the audit log: who, what about what with which outcome, from where.
pub(super) fn audit(
    parts: &Parts,
    tenant: &str,
    by: &str,
    (act, about, outcome): (&str, &str, &str),
    source: IpAddr,
) {
    let line = AuditRow {
        id: Uuid::now_v7(),
        tenant: tenant.to_owned(),
        at: time::now(),
        by: by.to_owned(),
        act: act.to_owned(),
        about: about.to_owned(),
        outcome: outcome.to_owned(),
        source: Some(source.to_string()),
    };
    parts.store.note_audit(line).forget();
}

/// Refuses what no page of our own has made a browser ask: those say where they are from.
pub(super) fn is_at_home(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get("sec-fetch-site");
    let says_so = headers.contains_key(ORIGIN) || site.is_some_and(|site| site == "same-origin");
    match says_so && !is_foreign(headers) {
        true => Ok(()),
        false => Err(Problem::foreign_origin()),
    }
}

/// Lets a request through that has one of somebody else's secrets as its bearer token.
pub(super) fn admit_bearer(
    parts: &Parts,
    headers: &HeaderMap,
    source: IpAddr,
    is_right: impl FnOnce(&str) -> bool,
) -> Result<(), Problem> {
    if let Some(left) = parts.bans.left(source, Instant::now()) {
        return Err(Problem::banned(left));
    }
    let sent = sent(headers).ok_or_else(Problem::no_token)?;
    if is_right(sent) {
        parts.bans.succeeded(source);
        return Ok(());
    }
    let banned = parts.bans.failed(source, Instant::now());
    tracing::warn!(target: "security", event = "wrong_bearer", source = %source, banned);
    Err(Problem::wrong_token())
}

/// Who asks, if a token of this scope, or a session of a role that opens it, lets them in.
pub(super) async fn judge(
    parts: &Arc<Parts>,
    scope: Scope,
    (method, headers): (&Method, &HeaderMap),
    source: IpAddr,
) -> Result<Own, Problem> {
    if is_foreign(headers) {
        tracing::warn!(target: "security", event = "foreign_origin", source = %source);
        return Err(Problem::foreign_origin());
    }
    if let Some(left) = parts.bans.left(source, Instant::now()) {
        return Err(Problem::banned(left));
    }
    let sent = match (sent(headers), person::cookie(headers)) {
        (Some(sent), _) => sent,
        (None, Some(id)) => {
            return judge_person(parts, Some(scope), id, (method, headers), source).await;
        }
        (None, None) => return Err(Problem::no_token()),
    };
    let refuse = |id: &str| {
        let banned = parts.bans.failed(source, Instant::now());
        tracing::warn!(
            target: "security", event = "wrong_token", source = %source, token = id, banned
        );
        Problem::wrong_token()
    };
    let token = Token::parse(sent).ok_or_else(|| refuse("none"))?;
    let row = parts.store.token(token.id()).await?;
    let row = row
        .filter(|row| token.is_of(row) && row.is_good(time::now()))
        .ok_or_else(|| refuse(token.id()))?;
    parts.bans.succeeded(source);
    if !row.scopes.iter().any(|word| word == scope.word()) {
        tracing::info!(
            target: "security", event = "scope_missing", source = %source, tenant = row.tenant,
            token = row.id, scope = scope.word()
        );
        return Err(Problem::not_allowed(scope));
    }
    Ok(Own::new(parts.clone(), Who::Program(row), source))
}

/// The token in a request: in `Authorization`, or for a browser's WebSocket, which can set no
/// header, as a subprotocol `bearer.mst_…` beside the real one.
fn sent(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim_start());
    }
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter();
    offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .find_map(|name| name.trim().strip_prefix("bearer."))
}

/// Whether a page of another origin has made a browser ask. Tools send neither header.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    if headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site")
    {
        return true;
    }
    let Some(origin) = headers.get(ORIGIN).map(text) else {
        return false;
    };
    let host = headers.get(HOST).map(text).unwrap_or_default();
    let site = origin.split_once("://").map(|(_, site)| site);
    !site.is_some_and(|site| site.eq_ignore_ascii_case(&host))
}

/// Sources that have sent wrong tokens. No token is ever locked.
#[derive(Debug, Default)]
pub(super) struct Bans(Mutex<HashMap<IpAddr, Tries>>);

#[derive(Clone, Copy, Debug)]
struct Tries {
    wrong: u32,
    last: Instant,
}

impl Bans {
    /// For how many seconds more a source is refused.
    pub(super) fn left(&self, source: IpAddr, now: Instant) -> Option<u32> {
        let tries = *self.tries().get(&source)?;
        let since = now.saturating_duration_since(tries.last);
        let left = BAN.checked_sub(since).filter(|left| !left.is_zero())?;
        (tries.wrong >= MOST_WRONG).then(|| left.as_secs() as u32 + 1)
    }

    /// Counts a wrong token; true when the source is refused from now on.
    pub(super) fn failed(&self, source: IpAddr, now: Instant) -> bool {
        // Behind a proxy for TLS on this machine everybody comes from there, and one stranger must
        // not shut all others out; 256 bits at random are not guessed from there either.
        if THIS_MACHINE.contains(&source) {
            return false;
        }
        let mut tries = self.tries();
        if tries.len() >= MOST_SOURCES {
            tries.retain(|_, tries| now.saturating_duration_since(tries.last) < BAN);
        }
        if tries.len() >= MOST_SOURCES && !tries.contains_key(&source) {
            return false;
        }
        let entry = tries.entry(source).or_insert(Tries {
            wrong: 0,
            last: now,
        });
        if now.saturating_duration_since(entry.last) >= BAN {
            entry.wrong = 0;
        }
        entry.wrong += 1;
        entry.last = now;
        entry.wrong >= MOST_WRONG
    }

    pub(super) fn succeeded(&self, source: IpAddr) {
        self.tries().remove(&source);
    }

    fn tries(&self) -> MutexGuard<'_, HashMap<IpAddr, Tries>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often it is noted that a session is used, in microseconds.
const SEEN_EVERY: i64 = 60 * 1_000_000;
/// Wrong tokens after which a source waits.
const MOST_WRONG: u32 = 10;
const BAN: Duration = Duration::from_secs(60);
/// Sources that are remembered.
const MOST_SOURCES: usize = 4_096;
/// Where a proxy on this machine asks from.
const THIS_MACHINE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_wrong_tokens_make_a_source_wait_and_no_other() {
        let (bans, now) = (Bans::default(), Instant::now());
        let (bad, good) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));

        for _ in 1..MOST_WRONG {
            assert!(!bans.failed(bad, now));
            assert_eq!(bans.left(bad, now), None);
        }
        assert!(bans.failed(bad, now));

        assert_eq!(bans.left(bad, now), Some(61));
        assert_eq!(bans.left(good, now), None);
        assert_eq!(bans.left(bad, now + BAN), None);
        assert!(!bans.failed(bad, now + BAN), "it begins anew");
    }

    #[test]
    fn a_good_token_forgets_the_wrong_ones_before_it() {
        let (bans, now) = (Bans::default(), Instant::now());
        let source = IpAddr::from([192, 0, 2, 1]);
        for _ in 1..MOST_WRONG {
            bans.failed(source, now);
        }

        bans.succeeded(source);

        assert!(!bans.failed(source, now));
    }

    #[test]
    fn a_flood_of_sources_takes_so_much_memory_and_no_more() {
        let (bans, now) = (Bans::default(), Instant::now());
        for n in 0..MOST_SOURCES as u32 + 100 {
            bans.failed(IpAddr::from((n + 0x0b00_0000).to_be_bytes()), now);
        }

        assert_eq!(bans.tries().len(), MOST_SOURCES);
    }

    #[test]
    fn pages_of_other_origins_are_foreign() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs
                .iter()
                .map(|&(name, value)| {
                    (
                        axum::http::HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    )
                })
                .collect()
        };
        for (pairs, foreign) in [
            (&[][..], false),
            (&[("host", "pbx:8080")], false),
            (
                &[("host", "pbx:8080"), ("origin", "http://pbx:8080")],
                false,
            ),
            (&[("host", "pbx"), ("origin", "https://PBX")], false),
            (&[("host", "pbx:8080"), ("origin", "http://pbx")], true),
            (&[("host", "pbx"), ("origin", "https://evil.example")], true),
            (&[("host", "pbx"), ("origin", "null")], true),
            (&[("origin", "https://evil.example")], true),
            (&[("host", "pbx"), ("sec-fetch-site", "cross-site")], true),
            (&[("host", "pbx"), ("sec-fetch-site", "same-origin")], false),
        ] {
            assert_eq!(is_foreign(&headers(pairs)), foreign, "{pairs:?}");
        }
    }
}
