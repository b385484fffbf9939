//! Voicemail: leaving a message, and listening to messages by phone.

mod deposit;
mod greetings;
mod knock;
mod listening;
mod login;
pub(crate) mod pin;
mod review;

use std::time::Duration;

pub(crate) use deposit::{Deposit, LastWords};
pub(crate) use knock::Knock;
pub(crate) use listening::Listening;

use crate::gather::Gathering;
use crate::{Gather, Keys, Sound};

/// A prompt by its name under `sounds/`.
fn named(name: &str) -> Sound {
    Sound::Named(name.to_owned())
}

/// Waits for one key, after a prompt if there is one.
fn key_after(prompt: Vec<Sound>) -> Gathering {
    Gathering::question(Gather {
        prompt,
        min_digits: 1,
        max_digits: 1,
        timeout: Duration::from_secs(5),
        digit_timeout: Duration::from_secs(5),
        finish_on: Keys::None,
        pattern: None,
        barge_in: true,
    })
}

/// How long a change may take to reach the disk before the caller is told so.
const DISK_PATIENCE: Duration = Duration::from_secs(3);
