//! The one line format of security events.

use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes security events in their own format, and all others by another.
pub(super) struct Lines<F> {
    others: F,
    is_json: bool,
    bound: Mutex<Bound>,
}

impl<F> Lines<F> {
    pub(super) fn text(others: F) -> Self {
        Self {
            others,
            is_json: false,
            bound: Mutex::new(Bound::new(Instant::now())),
        }
    }

    pub(super) fn json(others: F) -> Self {
        Self {
            is_json: true,
            ..Self::text(others)
        }
    }

    /// Says how many lines a flood has cost.
    fn tell_left_out(&self, writer: &mut Writer<'_>, count: u64) -> fmt::Result {
        let event = "lines_left_out";
        if self.is_json {
            write!(writer, r#"{{"timestamp":""#)?;
            SystemTime.format_time(writer)?;
            let target = TARGET;
            writeln!(
                writer,
                r#"","level":"WARN","event":"{event}","count":{count},"target":"{target}"}}"#
            )
        } else {
            SystemTime.format_time(writer)?;
            writeln!(writer, "  WARN {TARGET} event={event} count={count}")
        }
    }
}

impl<S, N, F> FormatEvent<S, N> for Lines<F>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != TARGET {
            return self.others.format_event(context, writer, event);
        }
        let verdict = self
            .bound
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .judge(Instant::now());
        let Some(left_out) = verdict else {
            return Ok(());
        };
        if left_out > 0 {
            self.tell_left_out(&mut writer, left_out)?;
        }
        if self.is_json {
            return self.others.format_event(context, writer, event);
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {:>5} {TARGET}", event.metadata().level())?;
        let Fields {
            event,
            source,
            others,
            message,
        } = fields;
        writeln!(writer, "{event}{source}{others}{message}")
    }
}

/// `name=value` with a blank before each.
#[derive(Default)]
struct Fields {
    event: String,
    source: String,
    others: String,
    message: String,
}

impl Fields {
    fn put(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "event" => &mut self.event,
            "source" => &mut self.source,
            "message" => &mut self.message,
            _ => &mut self.others,
        };
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.:/+@*".contains(letter);
        // Writing into a text does not fail.
        let _ = if !value.is_empty() && value.chars().all(plain) {
            write!(place, " {field}={value}")
        } else {
            write!(place, " {field}={value:?}")
        };
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}

/// How many lines a flood may write.
struct Bound {
    second: Instant,
    written: u32,
    left_out: u64,
}

impl Bound {
    fn new(now: Instant) -> Self {
        Self {
            second: now,
            written: 0,
            left_out: 0,
        }
    }

    /// `None` for a line too many; else how many were left out before it and not told of yet.
    fn judge(&mut self, now: Instant) -> Option<u64> {
        if now.saturating_duration_since(self.second) >= Duration::from_secs(1) {
            self.second = now;
            self.written = 0;
        }
        if self.written >= A_SECOND {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

/// The target of security events, in every crate.
const TARGET: &str = "security";
/// Security lines a second.
const A_SECOND: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_writes_so_many_lines_a_second_and_the_rest_is_counted() {
        let now = Instant::now();
        let mut bound = Bound::new(now);

        let written = (0..1_000).filter_map(|_| bound.judge(now)).count();

        assert_eq!(written, 50);
        assert_eq!(bound.judge(now + Duration::from_secs(1)), Some(950));
        assert_eq!(bound.judge(now + Duration::from_secs(1)), Some(0));
    }
}
