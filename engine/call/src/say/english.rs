//! English: hundreds, thousands, millions, billions; the twelve-hour clock.

use jiff::civil::DateTime;

use super::{Has, weekday};

/// A quantity: two hundred three.
pub(super) fn quantity(number: i64, has: Has<'_>) -> Vec<String> {
    let mut pieces = Vec::new();
    if number < 0 {
        pieces.push("digits/minus".to_owned());
    }
    match number.unsigned_abs() {
        0 => pieces.push("digits/0".to_owned()),
        number => read(number, has, &mut pieces),
    }
    pieces
}

/// Tuesday, November twenty-fourth, twenty twenty-six.
pub(super) fn date(date: DateTime, has: Has<'_>) -> Vec<String> {
    let mut pieces = Vec::from_iter(weekday(date, has));
    pieces.push(format!("date/month-{}", date.month()));
    pieces.push(format!("date/day-{}", date.day()));
    let whole = format!("date/year-{}", date.year());
    if has(&whole) {
        pieces.push(whole);
    } else {
        read_year(date.year().unsigned_abs().into(), has, &mut pieces);
    }
    pieces
}

/// Two thousand; two thousand six; but nineteen hundred; nineteen oh six; twenty forty.
fn read_year(year: u64, has: Has<'_>, pieces: &mut Vec<String>) {
    let (century, rest) = (year / 100, year % 100);
    if century % 10 == 0 && rest < 10 {
        return read(year, has, pieces);
    }
    read(century, has, pieces);
    match rest {
        0 => pieces.push("digits/100".to_owned()),
        1..=9 => pieces.push("digits/oh".to_owned()),
        _ => {}
    }
    read(rest, has, pieces);
}

/// Three oh five p m, three p m, twelve noon.
pub(super) fn time(time: DateTime, has: Has<'_>) -> Vec<String> {
    let (hour, minute) = (time.hour(), time.minute());
    let twelve = match (hour, minute) {
        (0, 0) => "time/midnight",
        (12, 0) => "time/noon",
        _ => "",
    };
    if !twelve.is_empty() && has(twelve) {
        return vec![twelve.to_owned()];
    }
    let mut pieces = Vec::new();
    let hour_of_twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    read(hour_of_twelve.unsigned_abs().into(), has, &mut pieces);
    let oh = format!("time/minute-{minute}");
    if (1..10).contains(&minute) && has(&oh) {
        pieces.push(oh);
    } else {
        if (1..10).contains(&minute) {
            pieces.push("digits/oh".to_owned());
        }
        read(minute.unsigned_abs().into(), has, &mut pieces);
    }
    pieces.push(if hour < 12 { "time/am" } else { "time/pm" }.to_owned());
    pieces
}

/// Nothing for zero.
fn read(number: u64, has: Has<'_>, pieces: &mut Vec<String>) {
    const UNITS: [u64; 6] = [
        1_000_000_000_000_000_000,
        1_000_000_000_000_000,
        1_000_000_000_000,
        1_000_000_000,
        1_000_000,
        1_000,
    ];
    for unit in UNITS.into_iter().chain([100]) {
        if number >= unit {
            read(number / unit, has, pieces);
            pieces.push(format!("digits/{unit}"));
            return read(number % unit, has, pieces);
        }
    }
    let whole = format!("digits/{number}");
    match number {
        0 => {}
        1..=19 => pieces.push(whole),
        _ if has(&whole) => pieces.push(whole),
        _ => {
            pieces.push(format!("digits/{}", number / 10 * 10));
            read(number % 10, has, pieces);
        }
    }
}
