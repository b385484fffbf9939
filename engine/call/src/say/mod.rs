//! Numbers, digits, dates and times as lists of recorded pieces.

mod chinese;
mod english;
#[cfg(test)]
mod tests;
mod wanted;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::Say;
pub use wanted::{Wanted, wanted};

/// The sounds that say something, in order, as names under a language's folder: `digits/2`.
///
/// `language` is `zh…` for Chinese; everything else is read in English. `has` tells whether a sound
/// is there: where a piece is missing, a plainer way is taken that can be said with digits alone.
/// [`wanted`] lists all pieces for which that happens. Times are read in `zone`.
pub fn pieces(
    say: &Say,
    language: &str,
    zone: &TimeZone,
    has: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let is_chinese = language.starts_with("zh");
    let ways = match say {
        Say::Digits(digits) => return spelled(digits, is_chinese, has),
        Say::Number(number) if is_chinese => [chinese::quantity(*number), plain(*number)],
        Say::Number(number) => [english::quantity(*number), plain(*number)],
        Say::Date(seconds) => {
            let date = local(*seconds, zone);
            let plain_date = [plain(date.month().into()), plain(date.day().into())].concat();
            if is_chinese {
                [chinese::date(date), plain_date]
            } else {
                [english::date(date), plain_date]
            }
        }
        Say::Time(seconds) => {
            let time = local(*seconds, zone);
            let plain_time = format!("{:02}{:02}", time.hour(), time.minute())
                .chars()
                .map(digit)
                .collect();
            if is_chinese {
                [chinese::time(time), plain_time]
            } else {
                [english::time(time), plain_time]
            }
        }
    };
    let [best, plainer] = ways;
    if best.iter().all(|piece| has(piece)) {
        best
    } else {
        plainer
    }
}

/// Digits one by one, as numbers of phones are read: 1 is 幺 in Chinese. Signs for which there is
/// no sound are left out.
fn spelled(digits: &str, is_chinese: bool, has: &dyn Fn(&str) -> bool) -> Vec<String> {
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

fn local(unix_seconds: i64, zone: &TimeZone) -> DateTime {
    let farthest = if unix_seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    zone.to_datetime(Timestamp::from_second(unix_seconds).unwrap_or(farthest))
}
