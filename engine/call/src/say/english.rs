//! English: hundreds, thousands, millions, billions; the twelve-hour clock.

use jiff::civil::DateTime;

/// A quantity: two hundred three.
pub(super) fn quantity(number: i64) -> Vec<String> {
    let mut pieces = Vec::new();
    if number < 0 {
        pieces.push("digits/minus".to_owned());
    }
    match number.unsigned_abs() {
        0 => pieces.push("digits/0".to_owned()),
        number => read(number, &mut pieces),
    }
    pieces
}

/// November twenty-second, twenty twenty-six.
pub(super) fn date(date: DateTime) -> Vec<String> {
    let mut pieces = vec![
        format!("date/month-{}", date.month()),
        format!("date/day-{}", date.day()),
    ];
    let year = u64::from(date.year().unsigned_abs());
    let (century, rest) = (year / 100, year % 100);
    match rest {
        // two thousand; two thousand six; but nineteen hundred; nineteen oh six
        _ if century % 10 == 0 && rest < 10 => read(year, &mut pieces),
        0 => {
            read(century, &mut pieces);
            pieces.push("digits/100".to_owned());
        }
        _ => {
            read(century, &mut pieces);
            if rest < 10 {
                pieces.push("digits/oh".to_owned());
            }
            read(rest, &mut pieces);
        }
    }
    pieces
}

/// three oh five p m.
pub(super) fn time(time: DateTime) -> Vec<String> {
    let (hour, minute) = (time.hour(), time.minute());
    let mut pieces = Vec::new();
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    read(u64::from(twelve.unsigned_abs()), &mut pieces);
    if (1..10).contains(&minute) {
        pieces.push("digits/oh".to_owned());
    }
    read(u64::from(minute.unsigned_abs()), &mut pieces);
    pieces.push(if hour < 12 { "time/am" } else { "time/pm" }.to_owned());
    pieces
}

/// Nothing for zero.
fn read(number: u64, pieces: &mut Vec<String>) {
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
            read(number / unit, pieces);
            pieces.push(format!("digits/{unit}"));
            return read(number % unit, pieces);
        }
    }
    match number {
        0 => {}
        1..=19 => pieces.push(format!("digits/{number}")),
        _ => {
            pieces.push(format!("digits/{}", number / 10 * 10));
            read(number % 10, pieces);
        }
    }
}
