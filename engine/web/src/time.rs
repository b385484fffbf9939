//! Times on their way out and in: microseconds since 1970 UTC here, RFC 3339 there.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::Serializer;

/// `2026-11-24T04:00:00.000001Z`.
pub(crate) fn text(micros: i64) -> String {
    Timestamp::from_microsecond(micros)
        .unwrap_or_default()
        .to_string()
}

/// Reads what [`text`] writes, and every other offset.
pub(crate) fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(|time| time.as_microsecond())
}

/// The system's own time, by which tokens expire.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros() as i64)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
pub(crate) fn serialise<S: Serializer>(micros: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*micros))
}

pub(crate) fn serialise_option<S: Serializer>(
    micros: &Option<i64>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match micros {
        Some(micros) => to.serialize_some(&text(*micros)),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_was_written_and_in_every_zone() {
        assert_eq!(text(1_795_492_800_000_001), "2026-11-24T04:00:00.000001Z");
        assert_eq!(
            parse("2026-11-24T04:00:00.000001Z"),
            Some(1_795_492_800_000_001)
        );
        assert_eq!(
            parse("2026-11-24T12:00:00+08:00"),
            parse("2026-11-24T04:00:00Z")
        );
        assert_eq!(parse("yesterday"), None);
    }
}
