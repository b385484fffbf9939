//! 号码隐藏: telephone numbers without their middle, for roles that may not see them whole (`masked` in `config.lua`).
//!
//! Whatever is answered to somebody of such a role goes through here on its way out, so that no page can forget it.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use uuid::Uuid;

use super::problem::Problem;

/// `+86138****8000`: extensions of up to five digits stay as they are.
pub(super) fn masked(number: &str) -> String {
    let signs: Vec<char> = number.chars().collect();
    if signs.len() <= 5 {
        return number.to_owned();
    }
    let hidden = signs.len().saturating_sub(8)..signs.len().saturating_sub(4);
    let shown = signs.iter().enumerate();
    shown
        .map(|(place, sign)| if hidden.contains(&place) { '*' } else { *sign })
        .collect()
}

/// An answer with all numbers in it masked; what is no JSON has none.
pub(super) async fn response(response: Response) -> Response {
    let kind = response.headers().get(CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
    if !is_json {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(octets) = to_bytes(body, MOST).await else {
        return Problem::broken().into_response();
    };
    // What cannot be read cannot be masked either.
    let Ok(masked) = octets_masked(&octets) else {
        return Problem::broken().into_response();
    };
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(masked))
}

/// The same of what a plugin has answered, which may be text of any kind: a table for a spreadsheet, a page.
pub(super) async fn of_a_plugin(answer: Response) -> Response {
    let kind = answer.headers().get(CONTENT_TYPE);
    let is_text = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/"));
    if !is_text {
        return response(answer).await;
    }
    let (mut head, body) = answer.into_parts();
    let Ok(octets) = to_bytes(body, MOST).await else {
        return Problem::broken().into_response();
    };
    let text = String::from_utf8_lossy(&octets);
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| text_masked(line).unwrap_or_else(|| line.to_owned()))
        .collect();
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(lines.join("\n")))
}

fn octets_masked(octets: &Bytes) -> serde_json::Result<Vec<u8>> {
    if octets.is_empty() {
        return Ok(Vec::new());
    }
    let mut value: Value = serde_json::from_slice(octets)?;
    mask(&mut value);
    serde_json::to_vec(&value)
}

/// Masks all numbers in what is shown.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_ours = OURS.contains(&name.as_str()) && value.is_string();
                if !is_ours {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::String(text) => {
            if let Some(masked) = text_masked(text) {
                *text = masked;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text without the middles of its numbers; `None` when it has none.
fn text_masked(text: &str) -> Option<String> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits < SHORTEST || is_time(text) || Uuid::parse_str(text).is_ok() {
        return None;
    }
    let is_written = |sign: char| sign.is_ascii_digit() || "+-() .".contains(sign);
    if text.chars().all(is_written) {
        return Some(masked(text));
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|sign: char| sign.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        // An id in a sentence stays.
        let id = from.get(..36).filter(|id| Uuid::parse_str(id).is_ok());
        let end = from.find(|sign: char| !sign.is_ascii_digit());
        let end = id.map(str::len).or(end).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        match id.is_none() && run.len() >= SHORTEST {
            true => shown.push_str(&masked(run)),
            false => shown.push_str(run),
        }
        rest = after;
    }
    shown.push_str(rest);
    (shown != text).then_some(shown)
}

/// `2026-11-24T04:00:00Z`.
fn is_time(text: &str) -> bool {
    let at = |place: usize, sign: u8| text.as_bytes().get(place) == Some(&sign);
    at(4, b'-') && at(7, b'-') && at(10, b'T')
}

/// Fields of our own making, in which no number stands: ids and cursors.
const OURS: [&str; 9] = [
    "cursor",
    "next",
    "id",
    "call",
    "item",
    "recording",
    "hash",
    "sha256",
    "began_at",
];
/// Digits of the shortest number that is masked.
const SHORTEST: usize = 6;
/// Octets of the longest answer: pages have bounds of their own far below it.
const MOST: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_middle_of_a_number_is_hidden_and_extensions_are_not() {
        for (number, shown) in [
            ("+8613800138000", "+86138****8000"),
            ("13800138000", "138****8000"),
            ("87654321", "****4321"),
            ("654321", "**4321"),
            ("95588", "95588"),
            ("1049", "1049"),
        ] {
            assert_eq!(masked(number), shown);
        }
    }

    #[test]
    fn numbers_are_hidden_wherever_they_stand_and_nothing_else_is() {
        let id = "01930000-0000-7000-8000-000000000001";
        let mut value = json!({
            "id": id, "cursor": "1863af.1234567890", "at": "2026-11-24T04:00:00.123456Z", "sha256": "30173c5e12345678",
            "from": "13800138000", "to": "1049", "raw": "+86 138-0013-8000", "duration_ms": 12345678,
            "legs": [{ "peer": "sip:+8613800138000@192.0.2.7:5060", "because": format!("call {id} of 13800138000") }],
            "vars": { "电话": "回电13800138000" }, "call": { "from": "13800138000", "call": id },
        });

        mask(&mut value);

        assert_eq!(
            value,
            json!({
                "id": id, "cursor": "1863af.1234567890", "at": "2026-11-24T04:00:00.123456Z", "sha256": "30173c5e12345678",
                "from": "138****8000", "to": "1049", "raw": "+86 138-0****8000", "duration_ms": 12345678,
                "legs": [{ "peer": "sip:+86138****8000@192.0.2.7:5060", "because": format!("call {id} of 138****8000") }],
                "vars": { "电话": "回电138****8000" }, "call": { "from": "138****8000", "call": id },
            })
        );
    }
}
