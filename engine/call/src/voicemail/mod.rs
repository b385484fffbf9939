//! Voicemail: leaving a message, and listening to messages by phone.

mod deposit;
mod listening;
mod login;
pub(crate) mod pin;
mod review;

pub(crate) use deposit::{Deposit, LastWords};
pub(crate) use listening::Listening;

use crate::Sound;

/// A prompt by its name under `sounds/`.
fn named(name: &str) -> Sound {
    Sound::Named(name.to_owned())
}
