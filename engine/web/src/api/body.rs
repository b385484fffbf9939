//! What comes with a request.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::problem::Problem;

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

/// A body of JSON. A name that is not known is refused, as in questions.
pub(super) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let octets = whole(headers, body, MOST_JSON).await?;
    serde_json::from_slice(&octets)
        .map_err(|error| Problem::bad_request("wrong_body", format!("the body: {error}")))
}

/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Octets of a body of JSON.
const MOST_JSON: usize = 64 << 10;
