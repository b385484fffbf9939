//! Logs: for people by default, as JSON for machines; security events always in one format.

mod masked;
mod security;

use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::{MakeWriter, format};

pub use masked::Masked;
use security::Lines;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// One line for a person.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging to standard error. `MOONSWITCH_LOG` chooses what, `info` by default; security
/// events are written whatever it says, unless it names `security`.
///
/// A security event is written with `tracing`, `target: "security"`, and two fields that come
/// first in its line, for operators and fail2ban:
///
/// ```text
/// 2026-11-22T14:03:11.002481Z  WARN security event=wrong_password source=192.0.2.7 banned=true
/// ```
///
/// `event` is a word that stays the same for ever, `source` an address without a port. What a
/// caller does in a call has the `call` instead: its address is often a carrier's, which must not
/// be banned. Other fields follow as `name=value`, quoted where they have other characters than
/// words have. Secrets are never among them. More than 50 such lines a second are counted instead
/// of written.
pub fn start(format: Format) {
    let ansi = io::stderr().is_terminal();
    // Started twice, as tests do, the first stays.
    let wanted = std::env::var("MOONSWITCH_LOG").ok();
    let logging = subscriber(format, ansi, filter_of(wanted.as_deref()), io::stderr);
    let _ = tracing::subscriber::set_global_default(logging);
}

fn filter_of(wanted: Option<&str>) -> EnvFilter {
    let wanted = wanted.unwrap_or("info");
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|_| EnvFilter::new("info"));
    match "security=info".parse() {
        Ok(always) if !wanted.contains("security") => filter.add_directive(always),
        _ => filter,
    }
}

fn subscriber<W>(
    format: Format,
    ansi: bool,
    filter: EnvFilter,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(ansi)
        .with_writer(writer);
    match format {
        Format::Text => {
            let people = format::format().with_target(false);
            Box::new(builder.event_format(Lines::text(people)).finish())
        }
        Format::Json => {
            let machines = format::json().flatten_event(true);
            Box::new(
                builder
                    .fmt_fields(format::JsonFields::new())
                    .event_format(Lines::json(machines))
                    .finish(),
            )
        }
    }
}

#[cfg(test)]
mod tests;
