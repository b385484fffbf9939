//! Chinese: 万 and 亿, one 零 for a gap, 十 and 一十, 二 and 两; the parts of the day.

use jiff::civil::DateTime;

use super::{Has, weekday};

/// A quantity: 两百零三, 十二, 一万零一十.
pub(super) fn quantity(number: i64, has: Has<'_>) -> Vec<String> {
    let mut pieces = Vec::new();
    if number < 0 {
        pieces.push("digits/minus".to_owned());
    }
    match number.unsigned_abs() {
        // Alone, two of something are 两: 您有两条新留言.
        2 => pieces.push("digits/liang".to_owned()),
        number => read(number, true, has, &mut pieces),
    }
    pieces
}

/// 二零二六年 十一月 二十四号 星期二.
pub(super) fn date(date: DateTime, has: Has<'_>) -> Vec<String> {
    let mut pieces = Vec::new();
    let year = format!("date/year-{}", date.year());
    if has(&year) {
        pieces.push(year);
    } else {
        let digits = date.year().unsigned_abs().to_string();
        pieces.extend(digits.chars().map(|sign| format!("digits/{sign}")));
        pieces.push("date/year".to_owned());
    }
    for (name, number) in [("date/month", date.month()), ("date/day", date.day())] {
        numbered(name, number, false, has, &mut pieces);
    }
    pieces.extend(weekday(date, has));
    pieces
}

/// 下午 五点 零五分, 上午 两点 整; 十七点零五分 where there is no 下午.
pub(super) fn time(time: DateTime, has: Has<'_>) -> Vec<String> {
    let mut pieces = Vec::new();
    let part = match time.hour() {
        0..=5 => "time/night",
        6..=11 => "time/morning",
        12 => "time/noon",
        13..=17 => "time/afternoon",
        _ => "time/evening",
    };
    let mut hour = time.hour();
    if has(part) {
        pieces.push(part.to_owned());
        hour = if hour > 12 { hour - 12 } else { hour };
    }
    numbered("time/hour", hour, false, has, &mut pieces);
    match time.minute() {
        0 => pieces.push("time/sharp".to_owned()),
        minute => numbered("time/minute", minute, minute < 10, has, &mut pieces),
    }
    pieces
}

/// 二十四号 in one, or 二十四 and 号. `gap` puts 零 before the number: 零五分.
fn numbered(name: &str, number: i8, gap: bool, has: Has<'_>, pieces: &mut Vec<String>) {
    let whole = format!("{name}-{number}");
    if has(&whole) {
        pieces.push(whole);
        return;
    }
    if gap {
        pieces.push("digits/0".to_owned());
    }
    match number {
        // 两点, but 二月, 二号 and 零二分.
        2 if name == "time/hour" => pieces.push("digits/liang".to_owned()),
        number => read(number.unsigned_abs().into(), true, has, pieces),
    }
    pieces.push(name.to_owned());
}

/// Reads a number as counting does (2 is 二); `is_first` while nothing of it has been said.
fn read(number: u64, is_first: bool, has: Has<'_>, pieces: &mut Vec<String>) {
    for (unit, name, gap) in [
        (100_000_000, "digits/100000000", 10_000_000),
        (10_000, "digits/10000", 1_000),
    ] {
        if number < unit {
            continue;
        }
        match number / unit {
            2 => pieces.push("digits/liang".to_owned()),
            count => read(count, is_first, has, pieces),
        }
        pieces.push(name.to_owned());
        let rest = number % unit;
        if rest > 0 {
            if rest < gap {
                pieces.push("digits/0".to_owned());
            }
            read(rest, false, has, pieces);
        }
        return;
    }
    read_small(number, is_first, has, pieces);
}

/// Below ten thousand.
fn read_small(number: u64, is_first: bool, has: Has<'_>, pieces: &mut Vec<String>) {
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
        // 十二, but 一百一十二 and 一万零一十二.
        let is_bare = unit == 10 && digit == 1 && !said && is_first;
        let rest = number % 100;
        let whole = format!("digits/{rest}");
        if unit == 10 && rest > 10 && (is_bare || digit > 1) && has(&whole) {
            pieces.push(whole);
            return;
        }
        match digit {
            1 if is_bare => {}
            2 if unit >= 100 => pieces.push("digits/liang".to_owned()),
            digit => pieces.push(format!("digits/{digit}")),
        }
        pieces.extend(name.map(str::to_owned));
        said = true;
    }
}
