//! What goes wrong, as RFC 9457 has it: `application/problem+json`, in one place.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use call::desk::Refused;
use serde_json::json;

use crate::token::Scope;

/// Why a request was not done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Problem {
    status: StatusCode,
    /// A word that programs can go by; it stays the same for ever.
    code: &'static str,
    /// A sentence that says what to do.
    detail: String,
    /// For 401 and 403: RFC 6750 §3.
    challenge: Option<String>,
    /// For 429 and 503, in seconds.
    retry_after: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            challenge: None,
            retry_after: None,
        }
    }

    /// Something in the request cannot be read.
    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// No token came.
    pub(crate) fn no_token() -> Self {
        let detail = "send a token: Authorization: Bearer mst_…; `moonswitch token add` makes one";
        Self {
            challenge: Some(format!("Bearer realm=\"{REALM}\"")),
            ..Self::new(StatusCode::UNAUTHORIZED, "no_token", detail)
        }
    }

    /// A token came that is none, or none any more. Which of these is nobody's business.
    pub(crate) fn wrong_token() -> Self {
        let detail = "this token does not work: it is wrong, has expired, or was revoked";
        let challenge = format!("Bearer realm=\"{REALM}\", error=\"invalid_token\"");
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, "wrong_token", detail)
        }
    }

    /// The token is good, for other things.
    pub(crate) fn not_allowed(scope: Scope) -> Self {
        let word = scope.word();
        let challenge =
            format!("Bearer realm=\"{REALM}\", error=\"insufficient_scope\", scope=\"{word}\"");
        Self {
            challenge: Some(challenge),
            ..Self::new(
                StatusCode::FORBIDDEN,
                "not_allowed",
                format!("this token lacks the scope {word}"),
            )
        }
    }

    /// Nobody is let in by this user and password. Which of them is wrong is nobody's business.
    pub(crate) fn wrong_password() -> Self {
        let detail = "tenant, user and password do not belong together";
        Self::new(StatusCode::UNAUTHORIZED, "wrong_password", detail)
    }

    /// A session came that is none, or none any more.
    pub(crate) fn over() -> Self {
        let detail = "this session is over: log in again";
        let challenge = format!("Bearer realm=\"{REALM}\"");
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, "session_is_over", detail)
        }
    }

    /// It is for people at desks, and a program asks.
    pub(crate) fn no_session() -> Self {
        let detail = "this is for people who have logged in at a desk; a token has no session";
        Self::new(StatusCode::FORBIDDEN, "no_session", detail)
    }

    /// A page of another origin has a browser ask.
    pub(crate) fn foreign_origin() -> Self {
        let detail = "browsers may ask from this exchange's own origin only";
        Self::new(StatusCode::FORBIDDEN, "foreign_origin", detail)
    }

    /// Too many wrong tokens from there.
    pub(crate) fn banned(seconds: u32) -> Self {
        let detail = "too many wrong tokens or passwords came; ask again when Retry-After is over";
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "banned", detail)
        }
    }

    /// There is none, or it is another's: nobody is told which.
    pub(crate) fn not_found(what: &str) -> Self {
        let detail = format!("there is no such {what}");
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The path is right and the method is not.
    pub(crate) fn wrong_method() -> Self {
        let detail = "this path does not know this method; the Allow header names those it knows";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", detail)
    }

    /// It cannot be done as things stand.
    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// Whoever asks may not.
    pub(crate) fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// A command that was refused, in the words of whoever refused it.
    pub(crate) fn refused(refused: Refused) -> Self {
        match refused.word {
            "no_such_user" => Self::not_found("user"),
            "no_such_recording" => Self::new(StatusCode::NOT_FOUND, refused.word, refused.sentence),
            "not_allowed" => Self::forbidden(refused.word, refused.sentence),
            word if ["wrong_", "no_such_", "no_number"]
                .iter()
                .any(|it| word.starts_with(it)) =>
            {
                Self::unprocessable(word, refused.sentence)
            }
            word => Self::conflict(word, refused.sentence),
        }
    }

    /// No byte of what was asked for is there (RFC 9110 §15.5.17).
    pub(crate) fn no_such_range(length: u64) -> Self {
        let detail = format!("there are {length} octets");
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "no_such_range", detail)
    }

    /// Well written, and still not to be done.
    pub(crate) fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// The body says that it is something else.
    pub(crate) fn wrong_media_type() -> Self {
        let detail = "send JSON, with Content-Type: application/json";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong_media_type",
            detail,
        )
    }

    /// The body is larger than any that is taken.
    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = format!("a body has at most {limit} octets");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// The body came too slowly.
    pub(crate) fn too_slow() -> Self {
        let detail = "the body did not come in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", detail)
    }

    /// Out of order for so many seconds.
    pub(crate) fn out_of_order(seconds: u32) -> Self {
        let detail = "this is out of order; an administrator sees why";
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "out_of_order", detail)
        }
    }

    /// Plain HTTP where a WebSocket is wanted.
    pub(crate) fn no_websocket(why: impl Into<String>) -> Self {
        Self::new(StatusCode::UPGRADE_REQUIRED, "no_websocket", why)
    }

    /// Too much to do.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self {
            retry_after: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
        }
    }

    /// Ours to mend; the log knows more.
    pub(crate) fn broken_script() -> Self {
        let detail =
            "what answers here has failed; an administrator sees why in `moonswitch status`";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", detail)
    }

    /// The exchange itself has failed.
    pub(crate) fn broken() -> Self {
        let detail = "the exchange has failed; its log says how";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", detail)
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        use store::Error;

        match error {
            Error::NotFound { what, .. } => Self::not_found(what),
            Error::Busy { .. } | Error::Closed => Self::busy(error.to_string()),
            Error::DiskFull | Error::ReadOnly | Error::Locked | Error::Disk(_) => Self {
                code: "no_records",
                ..Self::busy(error.to_string())
            },
            Error::TooLarge { .. }
            | Error::NotANumber { .. }
            | Error::Key(_)
            | Error::TooNew { .. }
            | Error::Damaged(_)
            | Error::Refused(_) => {
                tracing::error!(%error, "a request of the API could not be answered");
                Self::broken()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(challenge) = self
            .challenge
            .and_then(|text| HeaderValue::try_from(text).ok())
        {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

const REALM: &str = "moonswitch";

#[cfg(test)]
mod tests {
    use store::Error;

    use super::*;

    #[test]
    fn each_trouble_of_the_records_has_its_status() {
        let text = String::new;
        for (error, status, code) in [
            (Error::Busy { waiting: 9 }, 503, "busy"),
            (Error::Closed, 503, "busy"),
            (Error::DiskFull, 503, "no_records"),
            (Error::ReadOnly, 503, "no_records"),
            (Error::Locked, 503, "no_records"),
            (Error::Disk(text()), 503, "no_records"),
            (
                Error::NotFound {
                    what: "call",
                    name: text(),
                },
                404,
                "not_found",
            ),
            (
                Error::TooLarge {
                    what: "key",
                    bytes: 1,
                    limit: 0,
                },
                500,
                "broken",
            ),
            (Error::NotANumber { key: text() }, 500, "broken"),
            (Error::Key(text()), 500, "broken"),
            (Error::TooNew { found: 2, known: 1 }, 500, "broken"),
            (Error::Damaged(text()), 500, "broken"),
            (Error::Refused(text()), 500, "broken"),
        ] {
            let problem = Problem::from(error.clone());
            assert_eq!(
                (problem.status.as_u16(), problem.code),
                (status, code),
                "{error:?}"
            );
        }
    }
}
