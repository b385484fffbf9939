//! What a request brings with it: JSON in its body, names in its path.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::problem::Problem;

/// A body that is JSON and says so. A field that is not known is refused: a slip in an option must
/// not go unnoticed.
#[derive(Debug)]
pub(super) struct Given<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let kind = head.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Problem::wrong_media_type());
        }
        let octets = whole(&head.headers, body, MOST_JSON).await?;
        serde_json::from_slice(&octets)
            .or_else(|error| with_whole_numbers(&octets).ok_or(error))
            .map(Self)
            .map_err(|error| Problem::bad_request("wrong_body", format!("the body: {error}")))
    }
}

/// Reads a body once more, with `20.0` for what it is: JSON knows one kind of number, and some
/// programs write whole ones like that.
fn with_whole_numbers<T: DeserializeOwned>(octets: &[u8]) -> Option<T> {
    let mut body: Value = serde_json::from_slice(octets).ok()?;
    for field in body.as_object_mut()?.values_mut() {
        let number = field.as_f64().filter(|number| number.fract() == 0.0);
        if let Some(number) = number.filter(|number| (0.0..=EXACT).contains(number)) {
            *field = (number as u64).into();
        }
    }
    serde_json::from_value(body).ok()
}

/// The name in a path. One that cannot be read is nobody's.
#[derive(Debug)]
pub(super) struct Named(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => Err(Problem::not_found("path; /api/v1/openapi.json names all")),
        }
    }
}

/// The whole body, if it is not too long and comes in time.
pub(super) async fn whole(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let said = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|said| said > limit) {
        return Err(Problem::too_large(limit));
    }
    match timeout(BODY_TIME, to_bytes(body, limit)).await {
        Ok(Ok(body)) => Ok(body),
        // Too long, or broken off; who has gone hears neither.
        Ok(Err(_)) => Err(Problem::too_large(limit)),
        Err(_) => Err(Problem::too_slow()),
    }
}

/// Whole numbers up to this are themselves as floating point, too.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Octets of a body of JSON.
pub(super) const MOST_JSON: usize = 64 << 10;
