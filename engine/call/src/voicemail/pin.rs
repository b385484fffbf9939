//! PINs of mailboxes: typed by phone, judged outside, never written down.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A PIN as it was typed; never printed.
#[derive(Clone, Eq, PartialEq, Serialize, Deserialize)]
pub struct Pin(String);

impl Pin {
    /// Wraps what was typed.
    pub fn new(typed: impl Into<String>) -> Self {
        Self(typed.into())
    }

    /// The digits; for comparing, not for showing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it may become the PIN of this mailbox: four digits or more, not all the same, not
    /// a run such as 1234 or 4321, not the mailbox's number, and typed the same twice.
    pub fn judge_new(&self, again: &Self, mailbox: &str) -> PinVerdict {
        let pin = self.0.as_str();
        let digits = pin.bytes().all(|digit| digit.is_ascii_digit());
        let same = pin.chars().all(|digit| pin.starts_with(digit));
        if !digits || pin.len() < SHORTEST || same || is_run(pin) || pin == mailbox {
            PinVerdict::Guessable
        } else if self != again {
            PinVerdict::Different
        } else {
            PinVerdict::Right
        }
    }
}

/// Whether each digit is one more, or one less, than the one before.
fn is_run(pin: &str) -> bool {
    let mut steps = pin
        .as_bytes()
        .windows(2)
        .map(|pair| i16::from(pair[1]) - i16::from(pair[0]));
    match steps.next() {
        Some(first @ (1 | -1)) => steps.all(|step| step == first),
        _ => false,
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dots: String = self.0.chars().map(|_| HIDDEN_KEY).collect();
        write!(f, "Pin({dots})")
    }
}

/// What became of a PIN.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum PinVerdict {
    /// It opens the mailbox, or has become its PIN.
    Right,
    /// It is another one, or there is no such mailbox.
    Wrong,
    /// There were [`MOST_WRONG_PINS`] wrong ones: whoever typed them does not come in for
    /// [`LOCKED_FOR`], whatever is typed.
    Locked,
    /// Chosen, and too easy.
    Guessable,
    /// Chosen, and not the same the second time.
    Different,
}

/// PINs that one caller may try at a mailbox in [`LOCKED_FOR`], over all calls.
pub const MOST_WRONG_PINS: u32 = 6;
/// PINs that all others together may try at a mailbox in [`LOCKED_FOR`]; its owner's own phone is
/// not counted, and not locked by them.
pub const MOST_WRONG_PINS_OF_ALL: u32 = 20;
/// How long the tries are counted, and how long a locked mailbox stays so at most.
pub const LOCKED_FOR: Duration = Duration::from_secs(60 * 60);

/// What stands in the journal for a digit of a PIN. A replay types it in the digit's place: the
/// verdict is an event of its own.
pub(crate) const HIDDEN_KEY: char = '•';
/// The fewest digits of a PIN.
const SHORTEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_pin_is_long_enough_not_obvious_and_typed_twice() {
        for (pin, again, verdict) in [
            ("2580", "2580", PinVerdict::Right),
            ("258013", "258013", PinVerdict::Right),
            ("2580", "2581", PinVerdict::Different),
            ("2580", "", PinVerdict::Different),
            ("1235", "1235", PinVerdict::Right),
            ("1111", "1111", PinVerdict::Guessable),
            ("1234", "1234", PinVerdict::Guessable),
            ("876543", "876543", PinVerdict::Guessable),
            ("123", "123", PinVerdict::Guessable),
            ("", "", PinVerdict::Guessable),
            ("1049", "1049", PinVerdict::Guessable),
            ("25*80", "25*80", PinVerdict::Guessable),
            ("••••", "••••", PinVerdict::Guessable),
        ] {
            let found = Pin::new(pin).judge_new(&Pin::new(again), "1049");
            assert_eq!(found, verdict, "{pin} {again}");
        }
    }

    #[test]
    fn a_pin_is_never_printed() {
        assert_eq!(format!("{:?}", Pin::new("2580")), "Pin(••••)");
    }
}
