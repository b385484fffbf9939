//! What the journal must not know: PINs.

use crate::Event;
use crate::voicemail::pin::HIDDEN_KEY;

/// The event as it may be written down. `#` ends a PIN and is no secret, and a replay needs it.
pub(super) fn masked(event: &Event, is_pin: bool) -> Event {
    let mut event = event.clone();
    if let Event::Digit { digit, .. } = &mut event
        && is_pin
        && digit.is_ascii_digit()
    {
        *digit = HIDDEN_KEY;
    }
    event
}
