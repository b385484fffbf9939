//! Lengths of time and amounts of memory as people write them.

use std::time::Duration;

/// Reads `"20s"`, `"5m"`, `"1d"`, `"100ms"`, `"1h"` or a plain number of seconds.
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => return None,
    };
    seconds_to_duration(seconds)
}

/// Turns seconds into a length of time; `None` for what is negative, no number, or over 100 years.
pub fn seconds_to_duration(seconds: f64) -> Option<Duration> {
    const CENTURY: f64 = 100.0 * 366.0 * 86_400.0;
    (0.0..=CENTURY)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

/// Reads `"256MB"`, `"64KB"`, `"1GB"` or a plain number of bytes; units are powers of 1024.
pub fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "KB" => 1024.0,
        "MB" => 1024.0 * 1024.0,
        "GB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = number * factor;
    // 2^53: beyond it a float no longer counts single bytes.
    (0.0..=9_007_199_254_740_992.0)
        .contains(&bytes)
        .then_some(bytes as u64)
}

fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_a_unit() {
        assert_eq!(duration("20"), Some(Duration::from_secs(20)));
        assert_eq!(duration("20s"), Some(Duration::from_secs(20)));
        assert_eq!(duration("1.5 m"), Some(Duration::from_secs(90)));
        assert_eq!(duration("1d"), Some(Duration::from_secs(86_400)));
        assert_eq!(duration("100ms"), Some(Duration::from_millis(100)));
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in ["", "s", "-5", "5 parsecs", "1.2.3", "1e9", "99999999999d"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(size("256MB"), Some(256 << 20));
        assert_eq!(size("64kb"), Some(65_536));
        assert_eq!(size("12"), Some(12));
        assert_eq!(size("12 apples"), None);
    }
}
