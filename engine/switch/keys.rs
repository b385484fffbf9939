//! Keys: those that come by INFO, and what becomes of all.

use std::time::Instant;

use bytes::Bytes;
use call::{CallId, Event, LegId};
use script::CallNews;

use super::Switch;
use super::live::Live;

impl Switch {
    pub(super) fn handle_info(
        &mut self,
        now: Instant,
        call: CallId,
        leg: LegId,
        content_type: &str,
        body: &Bytes,
    ) {
        let Some(digit) = info_digit(content_type, body) else {
            return;
        };
        self.with_call(now, call, |switch, live| {
            let thread = live.thread;
            let key = live.leg(leg).and_then(|leg| leg.key());
            match key {
                // The board knows what else the phone sends: it is heard once, and by whom it talks
                // with.
                Some(leg) => switch
                    .parts
                    .media
                    .command(thread, media::Command::Press { leg, digit }),
                None => switch.pressed(now, live, leg, digit),
            }
        });
    }

    /// A key, however it came.
    pub(super) fn handle_key(&mut self, now: Instant, call: CallId, leg: LegId, digit: char) {
        let mut asks = None;
        self.with_call(now, call, |switch, live| {
            let mut legs = live.call.legs().iter();
            let is_away = legs.any(|known| known.id() == leg && known.is_away());
            asks = live.consult.filter(|it| is_away && it.leg == leg);
            switch.pressed(now, live, leg, digit)
        });
        // What is pressed while somebody is asked is for that call's script, too.
        if let Some(consult) = asks {
            self.with_call(now, consult.call, |switch, live| {
                switch.pressed(now, live, LegId::CALLER, digit);
            });
        }
    }

    /// A key that may be part of a code, and is held back.
    pub(super) fn handle_held_key(&mut self, now: Instant, call: CallId, leg: LegId, digit: char) {
        let event = Event::HeldKey { leg, digit };
        self.with_machine(now, call, |machine| machine.handle_event(now, event));
    }

    fn pressed(&self, now: Instant, live: &mut Live, leg: LegId, digit: char) {
        live.call.handle_event(now, Event::Digit { leg, digit });
        if leg == live.call.front() {
            let call = live.id();
            self.parts.scripts.notify(call, CallNews::Digit(digit));
        }
    }
}

/// Reads `application/dtmf-relay` (`Signal=5`) and `application/dtmf` (`5`).
fn info_digit(content_type: &str, body: &[u8]) -> Option<char> {
    let kind = content_type.split(';').next()?.trim().to_ascii_lowercase();
    let text = std::str::from_utf8(body).ok()?;
    let signal = match kind.as_str() {
        "application/dtmf" => text.trim(),
        "application/dtmf-relay" => text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("signal")
                .then(|| value.trim())
        })?,
        _ => return None,
    };
    let digit = match signal {
        "10" => '*',
        "11" => '#',
        one => {
            let mut letters = one.chars();
            letters
                .next()
                .filter(|_| letters.next().is_none())?
                .to_ascii_uppercase()
        }
    };
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_both_forms_of_info() {
        let relay = "application/dtmf-relay";
        for (kind, body, want) in [
            (relay, "Signal=5\r\nDuration=160\r\n", Some('5')),
            (relay, "signal= * \r\nDuration=160", Some('*')),
            (relay, "Duration=160\r\nSignal=#\r\n", Some('#')),
            (relay, "Signal=11\r\n", Some('#')),
            ("application/dtmf", "a", Some('A')),
            ("Application/DTMF-Relay;x=y", "Signal=0", Some('0')),
            (relay, "Signal=55", None),
            (relay, "Duration=160", None),
            ("text/plain", "Signal=5", None),
        ] {
            assert_eq!(info_digit(kind, body.as_bytes()), want, "{kind} {body:?}");
        }
        assert_eq!(info_digit(relay, &[0xff, 0xfe]), None);
    }
}
