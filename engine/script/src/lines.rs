//! What scripts write into the log: bounded in number and length, and one line each.
//!
//! Scripts log what strangers send, such as a caller's name: it must not look like lines of ours.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much a tenant's scripts have written into the log of late.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<Second>);

#[derive(Debug, Default)]
struct Second {
    began: Option<Instant>,
    written: u32,
    left_out: u64,
}

impl Lines {
    /// Counts a line; false when it is to be left out.
    pub(crate) fn take(&self, now: Instant) -> bool {
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if second.is_over(now) {
            second.began = Some(now);
            second.written = 0;
        }
        if second.written == MOST {
            second.left_out += 1;
            return false;
        }
        second.written += 1;
        true
    }

    /// How many were left out, once that second is over; each is told once.
    pub(crate) fn left_out(&self, now: Instant) -> Option<u64> {
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if second.left_out == 0 || !second.is_over(now) {
            return None;
        }
        Some(std::mem::take(&mut second.left_out))
    }
}

impl Second {
    fn is_over(&self, now: Instant) -> bool {
        self.began
            .is_none_or(|began| now.saturating_duration_since(began) >= Duration::from_secs(1))
    }
}

/// A text as it may stand in one line: cut at 4 KiB, and its control characters written out.
pub(crate) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LONGEST + 16));
    for c in text.chars() {
        if line.len() >= LONGEST {
            line.push_str(" ...");
            break;
        }
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push('\t'),
            c if c.is_ascii_control() => {
                let _ = write!(line, "\\x{:02x}", u32::from(c));
            }
            c if c.is_control() || turns_text_around(c) => {
                let _ = write!(line, "\\u{{{:x}}}", u32::from(c));
            }
            c => line.push(c),
        }
    }
    line
}

/// Line separators of Unicode, and what makes text run the other way.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Lines in a second.
const MOST: u32 = 200;

/// Octets of a line.
pub(crate) const LONGEST: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_lines_a_second_are_written_and_the_others_are_counted() {
        let (lines, start) = (Lines::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);

        let written = (0..1_000).filter(|n| lines.take(at(n / 2))).count();

        assert_eq!(written, 200);
        assert_eq!(lines.left_out(at(999)), None);
        assert_eq!(lines.left_out(at(1_000)), Some(800));
        assert_eq!(lines.left_out(at(1_000)), None);
        assert!(lines.take(at(1_000)));
    }

    #[test]
    fn a_text_stays_in_its_line_and_says_what_it_hides() {
        assert_eq!(line("a\nINFO b\r"), "a\\nINFO b\\r");
        assert_eq!(line("\x1b[31m\0\x7f\u{9b}"), "\\x1b[31m\\x00\\x7f\\u{9b}");
        assert_eq!(line("\u{202e}x\u{2028}"), "\\u{202e}x\\u{2028}");
        assert_eq!(line("温平\tÄ \\"), "温平\tÄ \\");
    }

    #[test]
    fn a_long_text_is_cut() {
        let cut = line(&"温".repeat(10_000));

        assert!(cut.len() <= LONGEST + 8, "{}", cut.len());
        assert!(cut.ends_with("温 ..."));
    }
}
