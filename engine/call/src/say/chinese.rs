//! Chinese: 万 and 亿, one 零 for a gap, 十 and 一十, 二 and 两.

use jiff::civil::DateTime;

/// A quantity: 两百零三, 十二, 一万零一十.
pub(super) fn quantity(number: i64) -> Vec<String> {
    let mut pieces = Vec::new();
    if number < 0 {
        pieces.push("digits/minus".to_owned());
    }
    match number.unsigned_abs() {
        // Alone, two of something are 两: 您有两条新留言.
        2 => pieces.push("digits/liang".to_owned()),
        number => read(number, true, &mut pieces),
    }
    pieces
}

/// 二零二六年十一月二十二日.
pub(super) fn date(date: DateTime) -> Vec<String> {
    let mut pieces: Vec<String> = date
        .year()
        .unsigned_abs()
        .to_string()
        .chars()
        .map(|sign| format!("digits/{sign}"))
        .collect();
    pieces.push("date/year".to_owned());
    read(date.month().unsigned_abs().into(), true, &mut pieces);
    pieces.push("date/month".to_owned());
    read(date.day().unsigned_abs().into(), true, &mut pieces);
    pieces.push("date/day".to_owned());
    pieces
}

/// 十五点零五分, 两点整.
pub(super) fn time(time: DateTime) -> Vec<String> {
    let mut pieces = quantity(time.hour().into());
    pieces.push("time/hour".to_owned());
    let minute = u64::from(time.minute().unsigned_abs());
    if minute == 0 {
        pieces.push("time/sharp".to_owned());
        return pieces;
    }
    if minute < 10 {
        pieces.push("digits/0".to_owned());
    }
    read(minute, true, &mut pieces);
    pieces.push("time/minute".to_owned());
    pieces
}

/// Reads a number as counting does (2 is 二); `is_first` while nothing of it has been said.
fn read(number: u64, is_first: bool, pieces: &mut Vec<String>) {
    for (unit, name, gap) in [
        (100_000_000, "digits/100000000", 10_000_000),
        (10_000, "digits/10000", 1_000),
    ] {
        if number < unit {
            continue;
        }
        match number / unit {
            2 => pieces.push("digits/liang".to_owned()),
            count => read(count, is_first, pieces),
        }
        pieces.push(name.to_owned());
        let rest = number % unit;
        if rest > 0 {
            if rest < gap {
                pieces.push("digits/0".to_owned());
            }
            read(rest, false, pieces);
        }
        return;
    }
    read_small(number, is_first, pieces);
}

/// Below ten thousand.
fn read_small(number: u64, is_first: bool, pieces: &mut Vec<String>) {
    if number == 0 {
        pieces.push("digits/0".to_owned());
        return;
    }
    let mut said = false;
    let mut gap = false;
    for (unit, name) in [
        (1_000, Some("digits/1000")),
        (100, Some("digits/100")),
        (10, Some("digits/10")),
        (1, None),
    ] {
        let digit = number / unit % 10;
        if digit == 0 {
            gap = said;
            continue;
        }
        if gap {
            pieces.push("digits/0".to_owned());
            gap = false;
        }
        match digit {
            // 十二, but 一百一十二 and 一万零一十二.
            1 if unit == 10 && !said && is_first => {}
            2 if unit >= 100 => pieces.push("digits/liang".to_owned()),
            digit => pieces.push(format!("digits/{digit}")),
        }
        pieces.extend(name.map(str::to_owned));
        said = true;
    }
}
