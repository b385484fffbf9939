//! Requests that may be repeated: with an `Idempotency-Key` each is done once, and answered as often
//! as it comes (draft-ietf-httpapi-idempotency-key-header).

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use store::{Answer, Claimed};
use tokio::time::timeout;

use super::body::{MOST_JSON, whole};
use super::own::Own;
use super::problem::Problem;

/// Does a request that names itself once.
pub(super) async fn once(own: Own, request: Request, next: Next) -> Response {
    let Some(key) = request.headers().get(KEY) else {
        return next.run(request).await;
    };
    let Some(key) = key.to_str().ok().and_then(named) else {
        let why = format!("{KEY} is 1 to {LONGEST_KEY} characters of ASCII, without blanks");
        return Problem::bad_request("wrong_key", why).into_response();
    };
    let key = key.to_owned();
    match claim(own, key, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn claim(own: Own, key: String, request: Request, next: Next) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let octets = whole(&head.headers, body, MOST_JSON).await?;
    let mut sum = Sha256::new();
    for part in [
        head.method.as_str().as_bytes(),
        head.uri.to_string().as_bytes(),
        &octets,
    ] {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part);
    }
    // Of passwords nothing is kept that could be tried out quickly: their requests count with the secret of the
    // session, of which the records have none.
    if head.uri.path().ends_with("/session/password") {
        let secrets = head.headers.get_all(COOKIE).into_iter();
        secrets.for_each(|secret| sum.update(secret.as_bytes()));
    }
    match own.claim(&key, sum.finalize().into()).await? {
        Claimed::New => {}
        Claimed::Answered(answer) => return Ok(again(answer)),
        Claimed::Running => {
            let why = "a request with this key is being done; ask again for its answer";
            return Err(Problem::conflict("in_progress", why));
        }
        Claimed::Unknown => {
            let why = "the exchange stopped while it did the request with this key: see what has \
                       become of it, then take another key";
            return Err(Problem::conflict("outcome_unknown", why));
        }
        Claimed::Different => {
            let why = "something else was asked for with this key: take another";
            return Err(Problem::unprocessable("key_is_taken", why));
        }
    }
    let request = Request::from_parts(head, Body::from(octets));
    // Whoever asked may go meanwhile; what was begun is done and written down.
    let done = tokio::spawn(async move {
        let response = next.run(request).await;
        write_down(&own, &key, response).await
    });
    done.await.map_err(|_| Problem::broken())
}

/// Keeps a success. Everything else has changed nothing, and may be tried again with its key.
async fn write_down(own: &Own, key: &str, response: Response) -> Response {
    let (head, body) = response.into_parts();
    let octets = match to_bytes(body, LONGEST_ANSWER).await {
        Ok(octets) if head.status.is_success() => octets,
        Ok(octets) => {
            own.forget_answer(key).await;
            return (head, octets).into_response();
        }
        Err(_) => return Problem::broken().into_response(),
    };
    let text = |name| {
        let value: Option<&HeaderValue> = head.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let answer = Answer {
        status: head.status.as_u16(),
        kind: text(CONTENT_TYPE).unwrap_or_default(),
        location: text(LOCATION),
        body: octets.to_vec(),
    };
    // A disk in trouble gets it later.
    let _ = timeout(UNTIL_KEPT, own.keep_answer(key, answer)).await;
    (head, octets).into_response()
}

/// What was answered before.
fn again(answer: Answer) -> Response {
    let mut headers = HeaderMap::new();
    let location = answer.location.as_deref().unwrap_or_default();
    for (name, value) in [(CONTENT_TYPE, &*answer.kind), (LOCATION, location)] {
        if let Some(value) = HeaderValue::from_str(value)
            .ok()
            .filter(|it| !it.is_empty())
        {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    (status, headers, Bytes::from(answer.body)).into_response()
}

/// The key itself: a string of RFC 9651, or the same without its quotes.
fn named(text: &str) -> Option<&str> {
    let text = text.trim();
    let quoted = text.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let key = quoted.unwrap_or(text);
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    ((1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(is_plain)).then_some(key)
}

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const LONGEST_KEY: usize = 128;
/// Octets of an answer that is kept.
const LONGEST_ANSWER: usize = 1 << 20;
const UNTIL_KEPT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_plain_text_with_quotes_or_without() {
        for (text, key) in [
            ("\"8e03978e-40d5\"", Some("8e03978e-40d5")),
            ("8e03978e-40d5", Some("8e03978e-40d5")),
            (" order:7 ", Some("order:7")),
            ("", None),
            ("\"\"", None),
            ("two words", None),
            ("\"half", None),
            ("back\\slash", None),
        ] {
            assert_eq!(named(text), key, "{text}");
        }
        assert_eq!(named(&"k".repeat(129)), None);
    }
}
