//! Keys: those that come by INFO, and what becomes of all.

use std::time::{Duration, Instant};

use bytes::Bytes;
use call::{CallId, Event, LegId};
use script::CallNews;
use script::config::Dtmf;

use super::live::Live;
use super::{Input, Switch};

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

    fn pressed(&mut self, now: Instant, live: &mut Live, leg: LegId, digit: char) {
        let pair = live.call.pair().filter(|pair| pair.contains(&leg));
        let other = pair.and_then(|pair| pair.into_iter().find(|one| *one != leg));
        if let Some(other) = other.filter(|other| live.is_told_keys_by_info(*other)) {
            self.tell_key(now, live, other, digit);
        }
        live.call.handle_event(now, Event::Digit { leg, digit });
        if leg == live.call.front() {
            let call = live.id();
            self.parts.scripts.notify(call, CallNews::Digit(digit));
        }
    }
}

impl Live {
    /// Whether a leg is told keys by INFO, and not in its sound.
    pub(super) fn is_told_keys_by_info(&self, leg: LegId) -> bool {
        let leg = self.legs.iter().find(|one| one.id == leg);
        let sound = leg.and_then(|leg| leg.sound.as_ref());
        sound.is_some_and(|sound| sound.dtmf == Dtmf::Info)
    }
}

impl Switch {
    /// Tells a leg a key by INFO.
    fn tell_key(&mut self, now: Instant, live: &mut Live, leg: LegId, digit: char) {
        let session = live.leg(leg).and_then(|leg| leg.up.filter(|_| !leg.over));
        if let Some(session) = session {
            let body = Bytes::from(format!("Signal={digit}\r\nDuration=160\r\n"));
            self.endpoint.info(now, session, DTMF_RELAY, body);
        }
    }

    /// The keys of a script, each in its turn: a comma waits.
    pub(super) fn send_keys_by_info(&self, live: &Live, leg: LegId, digits: String) {
        let (call, entrance) = (live.id(), self.parts.entrance.clone());
        tokio::spawn(async move {
            for digit in digits.chars().take(MOST_KEYS) {
                if digit == ',' {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                entrance.put(Input::Key { call, leg, digit }).await;
                tokio::time::sleep(BETWEEN).await;
            }
        });
    }

    pub(super) fn handle_key_due(&mut self, now: Instant, call: CallId, leg: LegId, digit: char) {
        self.with_call(now, call, |switch, live| {
            switch.tell_key(now, live, leg, digit)
        });
    }
}

const DTMF_RELAY: &str = "application/dtmf-relay";
/// The numbers that scripts send have fewer.
const MOST_KEYS: usize = 128;
const PAUSE: Duration = Duration::from_secs(1);
/// From one key to the next, as somebody presses them.
const BETWEEN: Duration = Duration::from_millis(250);

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
