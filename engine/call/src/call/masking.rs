//! What the journal must not know: PINs.

use crate::Event;

/// The event as it may be written down.
pub(super) fn masked(event: &Event, is_pin: bool) -> Event {
    let mut event = event.clone();
    match &mut event {
        Event::Digit { digit, .. } if is_pin => *digit = '•',
        Event::Mailbox {
            found: Some(mailbox),
            ..
        } => {
            if let Some(pin) = &mut mailbox.pin {
                *pin = "••••".to_owned();
            }
        }
        _ => {}
    }
    event
}
