//! Where a queue, or a key, sends its callers on to.

use std::time::Duration;

use crate::{Bridge, Greeting, Strategy, Target, Voicemail};

pub(super) fn message_for(mailbox: &str) -> Voicemail {
    Voicemail {
        mailbox: mailbox.to_owned(),
        greeting: Greeting::Unavailable,
        max_duration: LONGEST_MESSAGE,
        min_duration: SHORTEST_MESSAGE,
        silence: SILENCE,
        beep: true,
        review: true,
    }
}

/// Rings `user:1001`, `trunk:carrier/10086` or `sip:a@b`.
pub(super) fn ring(target: &str, record: bool) -> Bridge {
    let target = match target.split_once(':') {
        Some(("user", user)) => Target::User(user.to_owned()),
        Some(("trunk", rest)) if rest.contains('/') => {
            let (trunk, number) = rest.split_once('/').unwrap_or_default();
            Target::Trunk {
                trunk: trunk.to_owned(),
                number: number.to_owned(),
            }
        }
        _ => Target::Uri(target.to_owned()),
    };
    Bridge {
        targets: vec![target],
        timeout: OVERFLOW_RING,
        caller_id: None,
        strategy: Strategy::All,
        ringback: None,
        record,
    }
}

/// How long somebody may ring whom a queue sends its callers on to.
const OVERFLOW_RING: Duration = Duration::from_secs(60);
const LONGEST_MESSAGE: Duration = Duration::from_secs(180);
const SHORTEST_MESSAGE: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(5);
