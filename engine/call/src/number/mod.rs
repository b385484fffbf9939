//! Telephone numbers as they are written in China, brought to one form.

#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a tenant's numbers look like.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Put before local numbers: `10`, `755` (a leading 0 does no harm).
    pub area_code: Option<String>,
    /// The tenant's own numbers, shared by all its calls.
    pub internal: Arc<BTreeSet<String>>,
}

/// A number that has been understood, or not.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Number {
    /// As it came.
    pub raw: String,
    /// The one form by which numbers are compared: `+8613800138000`; service numbers and
    /// extensions as they are; `None` when withheld or unknown.
    pub canonical: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Keys to press after the answer: the `802` of `0755-26881234转802`.
    pub post_dial: Option<String>,
}

/// What a number is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// 手机: `1[3-9]` and nine digits.
    Mobile,
    /// 固定电话: area code and seven or eight digits.
    Fixed,
    /// 400 and 800 numbers; they exist in the country only.
    TollFree,
    /// 95588, 96xxx, 12345, 10086: never with a prefix.
    Short,
    /// 110, 119, 120, 122: always allowed.
    Emergency,
    /// 106…: sends text messages and cannot be called.
    SmsPort,
    /// Of another country.
    International,
    /// An extension of the tenant.
    Internal,
    /// The caller does not show it.
    Withheld,
    /// None of these; kept as it came, never guessed at.
    Unknown,
}

impl Number {
    /// As it is dialled within the country: `13800138000`, `01087654321`, `0085221234567`. `None`
    /// when it cannot be dialled.
    pub fn national(&self) -> Option<String> {
        let canonical = self.dialable()?;
        let national = match self.kind {
            Kind::Mobile => canonical.strip_prefix("+86")?.to_owned(),
            Kind::Fixed => format!("0{}", canonical.strip_prefix("+86")?),
            Kind::International => format!("00{}", canonical.strip_prefix('+')?),
            _ => canonical.to_owned(),
        };
        Some(national)
    }

    /// As it is dialled on a trunk that wants E.164: `+8613800138000`. Numbers that exist in the
    /// country only stay as they are. `None` when it cannot be dialled.
    pub fn dialable_e164(&self) -> Option<String> {
        self.dialable().map(str::to_owned)
    }

    /// Whether a customer can be called at it by the exchange itself: callers may show whatever number they like,
    /// and nobody calls the police, an extension or nonsense because of that.
    pub fn can_be_called_back(&self) -> bool {
        match self.kind {
            Kind::Mobile | Kind::Fixed | Kind::TollFree | Kind::Short | Kind::International => true,
            Kind::Emergency | Kind::SmsPort | Kind::Internal | Kind::Withheld => false,
            Kind::Unknown => {
                let digits = self.raw.strip_prefix('+').unwrap_or(&self.raw);
                let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit());
                is_plain && (5..=LONGEST_DIALLED).contains(&digits.len())
            }
        }
    }

    fn dialable(&self) -> Option<&str> {
        match self.kind {
            Kind::SmsPort | Kind::Internal | Kind::Withheld | Kind::Unknown => None,
            Kind::Mobile
            | Kind::Fixed
            | Kind::TollFree
            | Kind::Short
            | Kind::Emergency
            | Kind::International => self.canonical.as_deref(),
        }
    }
}

/// Understands a number. Emergency numbers come first, so that no plan can hide them; the tenant's
/// own numbers come before all other rules.
pub fn normalise(raw: &str, plan: &Plan) -> Number {
    let found = |kind, canonical: Option<String>, post_dial| Number {
        raw: raw.to_owned(),
        canonical,
        kind,
        post_dial,
    };
    let unknown = || found(Kind::Unknown, None, None);
    if raw.len() > LONGEST {
        return unknown();
    }
    let text: String = raw.trim().chars().map(narrow).collect();
    if WITHHELD.contains(&text.to_ascii_lowercase().as_str()) {
        return found(Kind::Withheld, None, None);
    }
    if EMERGENCY.contains(&text.as_str()) {
        return found(Kind::Emergency, Some(text), None);
    }
    if plan.internal.contains(&text) {
        return found(Kind::Internal, Some(text), None);
    }
    let Some((number, post_dial)) = split_post_dial(&text) else {
        return unknown();
    };
    let Some((kind, canonical)) = cleaned(number).and_then(|number| classify(&number, plan)) else {
        return unknown();
    };
    found(kind, Some(canonical), post_dial)
}

/// Parts a number to dial from the keys to press after the answer: `0755-26881234转802` is
/// `0755-26881234` and `802`. `None` when there are no such keys.
pub fn post_dial(text: &str) -> Option<(String, String)> {
    if text.len() > LONGEST {
        return None;
    }
    let text: String = text.trim().chars().map(narrow).collect();
    let (number, keys) = split_post_dial(&text)?;
    cleaned(number).filter(|number| !number.is_empty())?;
    Some((number.trim().to_owned(), keys?))
}

/// A number as it is dialled, without the signs that are there for the eye: `0755-2688 1234转802` is `075526881234,802`.
/// `None` when there are none, or it is no number at all.
pub fn tidy(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let plain: String = text.trim().chars().map(narrow).collect();
    let (number, keys) = split_post_dial(&plain)?;
    let number = cleaned(number).filter(|number| number.len() > 1)?;
    let tidy = match keys {
        Some(keys) => format!("{number},{keys}"),
        None => number,
    };
    (tidy != text).then_some(tidy)
}

/// Whether a number only sends text messages: there is nobody to call.
pub fn is_sms_port(text: &str) -> bool {
    normalise(text, &Plan::default()).kind == Kind::SmsPort
}

/// Longer than any number with its remarks, in bytes.
const LONGEST: usize = 64;
/// Digits of a number that was not understood, and may be dialled all the same (ITU-T E.164 has 15, with prefixes).
const LONGEST_DIALLED: usize = 20;
/// Police, fire, ambulance, road accidents: what is always let out.
pub const EMERGENCY: [&str; 4] = ["110", "119", "120", "122"];
const WITHHELD: [&str; 7] = [
    "",
    "anonymous",
    "unknown",
    "restricted",
    "private",
    "unavailable",
    "withheld",
];

/// Full-width signs of Chinese keyboards to plain ones.
fn narrow(sign: char) -> char {
    match sign {
        '！'..='～' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
        '\u{3000}' | '\u{a0}' => ' ',
        '‐'..='―' | '−' => '-',
        _ => sign,
    }
}

/// `0755-26881234转802` to the number and `802`. `None` when something else follows.
fn split_post_dial(text: &str) -> Option<(&str, Option<String>)> {
    let lower = text.to_ascii_lowercase();
    let mark = ["转", "轉", ";ext=", "ext.", "ext", ","]
        .into_iter()
        .filter_map(|mark| lower.find(mark).map(|at| (at, mark.len())))
        .min_by_key(|&(at, length)| (at, Reverse(length)));
    let Some((at, length)) = mark else {
        return Some((text, None));
    };
    // The marks are not changed in length by making letters small, so the places are the same.
    let keys: String = text
        .get(at + length..)?
        .chars()
        .filter(|sign| *sign != ' ')
        .collect();
    let is_keys = (1..=8).contains(&keys.len()) && keys.bytes().all(|key| key.is_ascii_digit());
    is_keys.then_some((text.get(..at)?, Some(keys)))
}

/// Digits, perhaps with a `+` in front; `None` when there is anything that no number has.
fn cleaned(text: &str) -> Option<String> {
    let mut number = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '0'..='9' => number.push(sign),
            '+' if number.is_empty() => number.push(sign),
            ' ' | '-' | '.' | '/' | '(' | ')' | '[' | ']' => {}
            _ => return None,
        }
    }
    Some(number)
}

fn classify(number: &str, plan: &Plan) -> Option<(Kind, String)> {
    if let Some(foreign) = number
        .strip_prefix('+')
        .or_else(|| number.strip_prefix("00"))
    {
        return match foreign.strip_prefix("86") {
            // `+86 (0)10 …` is wrong and common.
            Some(rest) => {
                significant(rest.strip_prefix('0').unwrap_or(rest)).or_else(|| service(rest))
            }
            None => international(foreign),
        };
    }
    if let Some(found) = service(number) {
        return Some(found);
    }
    match number.strip_prefix('0') {
        Some(rest) => return significant(rest),
        None if is_mobile(number) => return significant(number),
        None => {}
    }
    if let Some(found) = number.strip_prefix("86").and_then(significant) {
        return Some(found);
    }
    local(number, plan.area_code.as_deref()?)
}

/// A number of another country, without `+` or `00` (E.164: at most 15 digits).
fn international(number: &str) -> Option<(Kind, String)> {
    let fits = (7..=15).contains(&number.len()) && !number.starts_with('0');
    fits.then(|| (Kind::International, format!("+{number}")))
}

/// The number without trunk prefix 0 and country code: a mobile, or area code and subscriber.
fn significant(number: &str) -> Option<(Kind, String)> {
    if is_mobile(number) {
        return Some((Kind::Mobile, format!("+86{number}")));
    }
    if is_toll_free(number) {
        return None;
    }
    let area = area_length(number)?;
    let subscriber = number.len().checked_sub(area)?;
    let fits = if area == 2 {
        subscriber == 8
    } else {
        (7..=8).contains(&subscriber)
    };
    (fits && is_digits(number)).then(|| (Kind::Fixed, format!("+86{number}")))
}

/// How long the area code is: `10` and `2[0-57-9]` have two digits, `[3-9]..` three.
fn area_length(number: &str) -> Option<usize> {
    match number.as_bytes() {
        [b'1', b'0', ..] | [b'2', b'0'..=b'5' | b'7'..=b'9', ..] => Some(2),
        [b'3'..=b'9', _, _, ..] => Some(3),
        _ => None,
    }
}

/// Numbers that are the same everywhere in the country and never have a prefix.
fn service(number: &str) -> Option<(Kind, String)> {
    let kind = if EMERGENCY.contains(&number) {
        Kind::Emergency
    } else if is_toll_free(number) {
        Kind::TollFree
    } else if number.starts_with("106") && (8..=20).contains(&number.len()) {
        Kind::SmsPort
    } else {
        let length = number.len();
        let is_short = match number.as_bytes() {
            [b'1', b'1' | b'2', _] => true,
            [b'1', b'0'..=b'2', _, _, _] => true,
            // 10086 and its sub-numbers.
            [b'1', b'0', b'0', ..] => (6..=8).contains(&length),
            [b'9', b'5' | b'6', ..] => (5..=9).contains(&length),
            _ => false,
        };
        if !is_short {
            return None;
        }
        Kind::Short
    };
    Some((kind, number.to_owned()))
}

/// A number without area code. Subscribers' numbers begin with 2 to 8.
fn local(number: &str, area_code: &str) -> Option<(Kind, String)> {
    let area = area_code.strip_prefix('0').unwrap_or(area_code);
    let is_local =
        (7..=8).contains(&number.len()) && matches!(number.as_bytes(), [b'2'..=b'8', ..]);
    if !is_local || area_length(area) != Some(area.len()) {
        return None;
    }
    significant(&format!("{area}{number}"))
}

/// `^1[3-9]\d{9}$`
fn is_mobile(number: &str) -> bool {
    number.len() == 11 && is_digits(number) && matches!(number.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// `^[48]00\d{7}$`
fn is_toll_free(number: &str) -> bool {
    number.len() == 10
        && is_digits(number)
        && (number.starts_with("400") || number.starts_with("800"))
}

fn is_digits(number: &str) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit())
}
