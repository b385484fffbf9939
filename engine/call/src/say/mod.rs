//! Numbers, digits, dates and times as lists of recorded pieces.

mod chinese;
mod english;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::Say;

/// Whether there is a sound of this name.
type Has<'a> = &'a dyn Fn(&str) -> bool;

/// The sounds that say something, in order, as names under a language's folder: `digits/2`.
///
/// `language` is `zh…` for Chinese; everything else is read in English. `has` tells whether a sound
/// is there in that language: what is recorded in one, such as 二十四 or a year, is taken in one and
/// else composed; where that needs a piece that is missing too, all is said with digits alone.
/// Times are read in `zone`.
pub fn pieces(say: &Say, language: &str, zone: &TimeZone, has: Has<'_>) -> Vec<String> {
    let is_chinese = language.starts_with("zh");
    let (best, plainer) = match say {
        Say::Digits(digits) => return spelled(digits, is_chinese, has),
        Say::Number(number) => {
            let best = if is_chinese {
                chinese::quantity(*number, has)
            } else {
                english::quantity(*number, has)
            };
            (best, plain(*number))
        }
        Say::Date(seconds) => {
            let date = local(*seconds, zone);
            let best = if is_chinese {
                chinese::date(date, has)
            } else {
                english::date(date, has)
            };
            let plain_date = [plain(date.month().into()), plain(date.day().into())].concat();
            (best, plain_date)
        }
        Say::Time(seconds) => {
            let time = local(*seconds, zone);
            let best = if is_chinese {
                chinese::time(time, has)
            } else {
                english::time(time, has)
            };
            let plain_time = format!("{:02}{:02}", time.hour(), time.minute());
            (best, plain_time.chars().map(digit).collect())
        }
    };
    if best.iter().all(|piece| has(piece)) {
        best
    } else {
        plainer
    }
}

/// Digits one by one, as numbers of phones are read: 1 is 幺 in Chinese. Signs for which there is
/// no sound are left out.
fn spelled(digits: &str, is_chinese: bool, has: Has<'_>) -> Vec<String> {
    digits
        .chars()
        .filter_map(|sign| match sign {
            '1' if is_chinese && has("digits/yao") => Some("digits/yao".to_owned()),
            '0'..='9' => Some(digit(sign)),
            '*' => Some("digits/star".to_owned()).filter(|piece| has(piece)),
            '#' => Some("digits/pound".to_owned()).filter(|piece| has(piece)),
            '+' => Some("digits/plus".to_owned()).filter(|piece| has(piece)),
            _ => None,
        })
        .collect()
}

/// A whole number, digit by digit. The sign is always said: rather a missing sound than a debt
/// that sounds like a credit.
fn plain(number: i64) -> Vec<String> {
    let sign = (number < 0).then(|| "digits/minus".to_owned());
    let digits = number.unsigned_abs().to_string();
    sign.into_iter().chain(digits.chars().map(digit)).collect()
}

fn digit(sign: char) -> String {
    format!("digits/{sign}")
}

/// `date/weekday-1` is Monday. A date is complete without it.
fn weekday(date: DateTime, has: Has<'_>) -> Option<String> {
    let piece = format!("date/weekday-{}", date.weekday().to_monday_one_offset());
    Some(piece).filter(|piece| has(piece))
}

fn local(unix_seconds: i64, zone: &TimeZone) -> DateTime {
    let farthest = if unix_seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    zone.to_datetime(Timestamp::from_second(unix_seconds).unwrap_or(farthest))
}
