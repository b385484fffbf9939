//! 号码隐藏: telephone numbers without their middle, for roles that may not see them whole (`masked` in `config.lua`).
//!
//! Whatever is answered to somebody of such a role goes through here on its way out, so that no page can forget it.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use uuid::Uuid;

use super::problem::Problem;

/// `+86138****8000`: of the digits the four before the last four are hidden; extensions of up to five stay as they are.
pub(super) fn masked(number: &str) -> String {
    let count = number.chars().filter(char::is_ascii_digit).count();
    if count < SHORTEST {
        return number.to_owned();
    }
    let hidden = count.saturating_sub(8)..count - 4;
    let mut place = 0;
    let shown = number.chars().map(|sign| {
        if !sign.is_ascii_digit() {
            return sign;
        }
        place += 1;
        match hidden.contains(&(place - 1)) {
            true => '*',
            false => sign,
        }
    });
    shown.collect()
}

/// An answer with all numbers in it masked; what is no JSON has none.
pub(super) async fn response(response: Response) -> Response {
    match Form::of(&response) {
        Form::Json => rewritten(response, |octets| json_masked(octets, &OURS)).await,
        Form::Text | Form::Sound => response,
    }
}

/// The same of what a plugin has answered, of which nobody knows which fields have numbers, nor whether a table is text.
/// Sound and pictures stay, and what is no text at all.
pub(super) async fn of_a_plugin(response: Response) -> Response {
    match Form::of(&response) {
        Form::Json => rewritten(response, |octets| json_masked(octets, &[])).await,
        Form::Text => rewritten(response, |octets| Some(lines_masked(octets))).await,
        Form::Sound => response,
    }
}

/// What an answer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Json,
    /// Or whatever may be read as such.
    Text,
    /// Or pictures.
    Sound,
}

impl Form {
    fn of(response: &Response) -> Self {
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let kind = kind.to_ascii_lowercase();
        let seen = ["audio/", "image/", "video/"];
        if kind.ends_with("json") {
            Self::Json
        } else if seen.iter().any(|it| kind.starts_with(it)) {
            Self::Sound
        } else {
            Self::Text
        }
    }
}

/// With another body; what cannot be read cannot be masked either.
async fn rewritten(response: Response, mask: impl FnOnce(&Bytes) -> Option<Vec<u8>>) -> Response {
    let (mut head, body) = response.into_parts();
    let Ok(octets) = to_bytes(body, MOST).await else {
        return Problem::broken().into_response();
    };
    let Some(masked) = mask(&octets) else {
        return Problem::broken().into_response();
    };
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(masked))
}

fn json_masked(octets: &Bytes, ours: &[&str]) -> Option<Vec<u8>> {
    if octets.is_empty() {
        return Some(Vec::new());
    }
    let mut value: Value = serde_json::from_slice(octets).ok()?;
    mask_all_but(&mut value, ours);
    serde_json::to_vec(&value).ok()
}

/// Word by word: of a table each cell.
fn lines_masked(octets: &Bytes) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(octets) else {
        return octets.to_vec();
    };
    let between = |sign: char| sign.is_control() || ",;|\"'<>".contains(sign);
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(between) {
        let word = part.strip_suffix(between).unwrap_or(part);
        let masked = text_masked(word);
        shown.push_str(masked.as_deref().unwrap_or(word));
        shown.push_str(&part[word.len()..]);
    }
    shown.into_bytes()
}

/// Masks all numbers in what is shown.
pub(super) fn mask(value: &mut Value) {
    mask_all_but(value, &OURS);
}

fn mask_all_but(value: &mut Value, ours: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_ours = ours.contains(&name.as_str()) && value.is_string();
                if !is_ours {
                    mask_all_but(value, ours);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|it| mask_all_but(it, ours)),
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
    if digits < SHORTEST || is_time(text) || is_named(text) {
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
        let mut ids = [36, 12].into_iter().filter_map(|length| from.get(..length));
        let id = ids.find(|id| is_named(id));
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

/// `2026-11-24T04:00:00Z`, `2026-11-24`.
fn is_time(text: &str) -> bool {
    let at = |place: usize, sign: u8| text.as_bytes().get(place) == Some(&sign);
    let is_day = text.len() == 10 && text.starts_with("20");
    at(4, b'-') && at(7, b'-') && (at(10, b'T') || is_day)
}

/// An id, or how tickets are numbered: `202611-00012`, which is no telephone number in any way of writing.
fn is_named(text: &str) -> bool {
    let is_ticket = text.split_once('-').is_some_and(|(month, rest)| {
        let digits = |text: &str, count| {
            text.len() == count && text.bytes().all(|sign| sign.is_ascii_digit())
        };
        let months = "01".."13";
        digits(month, 6)
            && digits(rest, 5)
            && month.starts_with("20")
            && months.contains(&&month[4..])
    });
    is_ticket || Uuid::parse_str(text).is_ok()
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
            ("138 0013 8000        ", "138 **** 8000        "),
            ("010-8765-4321", "010-****-4321"),
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
                "from": "138****8000", "to": "1049", "raw": "+86 138-****-8000", "duration_ms": 12345678,
                "legs": [{ "peer": "sip:+86138****8000@192.0.2.7:5060", "because": format!("call {id} of 138****8000") }],
                "vars": { "电话": "回电138****8000" }, "call": { "from": "138****8000", "call": id },
            })
        );
    }

    #[test]
    fn days_and_tickets_are_no_numbers_wherever_they_stand() {
        let mut value = json!({
            "day": "2026-11-24", "number": "202611-00012", "said": "工单202611-00012，回电13800138000",
            "short": "202613-00012", "long": "202611-000123",
        });

        mask(&mut value);

        assert_eq!(
            value,
            json!({
                "day": "2026-11-24", "number": "202611-00012", "said": "工单202611-00012，回电138****8000",
                "short": "202***-*0012", "long": "2026**-**0123",
            })
        );
    }

    #[test]
    fn of_what_plugins_answer_no_field_is_spared_and_each_cell_of_a_table_is_looked_at() {
        let json = Bytes::from(r#"{"id":"13800138000","next":"13900139000","count":12345678}"#);
        let table =
            Bytes::from("at,from\n2026-11-24T04:00:00Z,\"+8613800138000\"\n1795492800,95588\n");

        let shown = json_masked(&json, &[]).unwrap();

        let shown: Value = serde_json::from_slice(&shown).unwrap();
        let expected = json!({ "id": "138****8000", "next": "139****9000", "count": 12345678 });
        assert_eq!(shown, expected);
        let shown = String::from_utf8(lines_masked(&table)).unwrap();
        let expected = "at,from\n2026-11-24T04:00:00Z,\"+86138****8000\"\n17****2800,95588\n";
        assert_eq!(shown, expected);
    }
}
