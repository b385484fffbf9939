//! `/t/TENANT/…`: requests that others answer. Who asks is judged here, before a body is read.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, SEC_WEBSOCKET_PROTOCOL,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use subtle::ConstantTimeEq;
use tokio::time::timeout;

use super::Parts;
use super::auth;
use super::body;
use super::masking;
use super::own::Own;
use super::problem::Problem;
use crate::doors::{Door, Guard, OpenDoor, Unwelcome, Visit, Welcome};
use crate::server::Source;
use crate::token::Scope;

/// The one route, to whatever stands below it.
pub(super) fn router(parts: Arc<Parts>) -> Router {
    Router::new()
        .route("/t/{tenant}/{*path}", any(visit))
        .with_state(parts)
}

async fn visit(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let answered = answer(&parts, request).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(parts: &Arc<Parts>, request: Request) -> Result<Response, Problem> {
    let source = request.extensions().get::<Source>();
    let source = source.ok_or_else(Problem::broken)?.0;
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let below = path.strip_prefix("/t/").unwrap_or_default();
    let (tenant, path) = below.split_at(below.find('/').unwrap_or(below.len()));
    let nothing = || Problem::not_found("path");
    let door = match parts.doors.door(tenant, head.method.as_str(), path) {
        Door::Nothing => return Err(nothing()),
        Door::Closed => return Err(Problem::busy("the tenant's scripts do not load")),
        Door::OtherMethods(methods) => return Ok(wrong_method(&methods)),
        Door::Open(door) => door,
    };
    let own = admit(
        parts,
        &door.guard,
        tenant,
        (&head.method, &head.headers),
        source,
    )
    .await?;
    let full = || Problem::busy("too many requests are under way");
    let (all, each) = &parts.visits;
    let (_place, _seat) = match door.guard {
        Guard::Anybody => (None, parts.strangers.take(tenant).ok_or_else(full)?),
        Guard::Bearer(_) | Guard::Token => (
            Some(all.try_acquire().map_err(|_| full())?),
            each.take(tenant).ok_or_else(full)?,
        ),
    };
    let limit = match door.guard {
        Guard::Anybody => STRANGERS_BODY,
        Guard::Bearer(_) | Guard::Token => VISIT,
    };
    let body = body::whole(&head.headers, body, limit).await?;
    let is_masked = own.as_ref().is_some_and(Own::is_masked);
    let visit = Visit {
        method: head.method.as_str().to_owned(),
        path: path.to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: headers(&head.headers),
        body,
        source,
        by: own.as_ref().map(|own| own.name().to_owned()),
        guest: own.as_ref().and_then(Own::guest),
    };
    // Before it is asked: whoever goes away meanwhile has asked all the same.
    if let (Some(own), Some(_), false) = (&own, &visit.guest, head.method.is_safe()) {
        note(own, path);
    }
    let answered = ask(door, visit).await?;
    Ok(match is_masked {
        true => masking::of_a_plugin(answered).await,
        false => answered,
    })
}

/// Writes down that a person wants a change: the first parts of the path say of what.
fn note(own: &Own, path: &str) {
    let cut = |text: &str| text.chars().take(LONGEST_NOTE).collect::<String>();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let route = parts.first().copied().unwrap_or_default();
    let of = parts.iter().take(3).copied().collect::<Vec<_>>().join("/");
    own.note_plugin(&cut(route), &cut(&of));
}

/// Who asks, where it is somebody whom the exchange knows.
async fn admit(
    parts: &Arc<Parts>,
    guard: &Guard,
    tenant: &str,
    (method, headers): (&Method, &HeaderMap),
    source: IpAddr,
) -> Result<Option<Own>, Problem> {
    match guard {
        Guard::Anybody => Ok(None),
        Guard::Bearer(secrets) => {
            auth::admit_bearer(parts, headers, source, |sent| is_one_of(secrets, sent))?;
            Ok(None)
        }
        Guard::Token => {
            let own = auth::judge(parts, Scope::PluginsUse, (method, headers), source).await?;
            // What is another's is not there.
            match own.is_of(tenant) {
                true => Ok(Some(own)),
                false => Err(Problem::not_found("path")),
            }
        }
    }
}

/// How long it takes says nothing of the secrets but their lengths.
fn is_one_of(secrets: &[String], sent: &str) -> bool {
    let same = |secret: &String| secret.as_bytes().ct_eq(sent.as_bytes());
    let any = secrets.iter().map(same).reduce(|a, b| a | b);
    any.is_some_and(Into::into)
}

/// What scripts see of a request's head: not what lets people and programs in, with which they could act as them.
fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let keys = [AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL];
    let given = headers.iter().filter(|(name, _)| !keys.contains(name));
    given
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}

async fn ask(door: OpenDoor, visit: Visit) -> Result<Response, Problem> {
    let busy = || Problem::busy("the tenant's scripts are behind; ask again");
    match timeout(ANSWER_TIME, (door.ask)(visit)).await {
        Ok(Ok(Ok(welcome))) => Ok(response(welcome)),
        Ok(Ok(Err(Unwelcome::BadRequest(why)))) => Err(Problem::bad_request("bad_body", why)),
        Ok(Ok(Err(Unwelcome::Busy)) | Err(_)) | Err(_) => Err(busy()),
        Ok(Ok(Err(Unwelcome::OutOfOrder))) => Err(Problem::out_of_order(60)),
        Ok(Ok(Err(Unwelcome::Failed))) => Err(Problem::broken_script()),
    }
}

fn response(welcome: Welcome) -> Response {
    let status = StatusCode::from_u16(welcome.status);
    let mut response = Response::new(Body::from(welcome.body));
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in welcome.headers {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A page of a plugin's is in the origin of the exchange's own, and must not act in it.
    let alone = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, alone);
    response
}

fn wrong_method(methods: &[&str]) -> Response {
    let mut response = Problem::wrong_method().into_response();
    if let Ok(allow) = HeaderValue::try_from(methods.join(", ")) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// Letters of a path that the audit log keeps.
const LONGEST_NOTE: usize = 120;
/// Octets of a body from who is known.
pub(crate) const VISIT: usize = 1 << 20;
/// Octets of a body from anybody: to read one costs the time of scripts.
const STRANGERS_BODY: usize = 64 << 10;
/// Who answers has 20 seconds, and needs a moment to say so.
const ANSWER_TIME: Duration = Duration::from_secs(25);
/// Requests under way at one time of those who are known, of all tenants: 64 MB of bodies.
pub(super) const VISITS: usize = 64;
/// Those to one tenant's routes.
pub(super) const VISITS_OF_ONE: usize = 32;
/// Those of anybody to one tenant's routes, who may dawdle over them: seats apart, so that they keep
/// nobody else out, and no other tenant's guests. 2 MB of bodies for a tenant.
pub(super) const STRANGERS: usize = 32;
