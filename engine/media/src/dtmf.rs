//! Keys as telephone-events, both ways (RFC 4733), and as tones where a peer has none.

use std::collections::VecDeque;
use std::time::Duration;

use crate::inband;
use crate::rtp::Header;

/// One telephone-event payload (RFC 4733 §2.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Telephone {
    pub(crate) event: u8,
    pub(crate) end: bool,
    /// Power below 0 dBm0, in dB.
    pub(crate) volume: u8,
    /// In time stamp units.
    pub(crate) duration: u16,
}

impl Telephone {
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let &[event, flags, high, low] = payload.first_chunk()?;
        Some(Self {
            event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    pub(crate) fn write(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        let flags = u8::from(self.end) << 7 | self.volume & 0x3f;
        [self.event, flags, high, low]
    }
}

/// Makes keys of the events that come: each once, whatever was lost or came twice.
#[derive(Debug, Default)]
pub(crate) struct KeyListener {
    last: Option<Key>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    event: u8,
    timestamp: u32,
    sequence: u16,
    ended: bool,
}

impl KeyListener {
    /// Takes an event packet in; the key, when it is a new one.
    ///
    /// The first packet that arrives counts, be it the last of its event.
    pub(crate) fn handle(&mut self, header: &Header, told: Telephone) -> Option<char> {
        if let Some(last) = &mut self.last {
            let age = header.timestamp.wrapping_sub(last.timestamp);
            if age == 0 || last.goes_on_in(header, told) {
                last.timestamp = header.timestamp;
                last.sequence = header.sequence;
                last.ended |= told.end;
                return None;
            }
            if age > 1 << 31 {
                // A straggler of a key before.
                return None;
            }
        }
        self.last = Some(Key {
            event: told.event,
            timestamp: header.timestamp,
            sequence: header.sequence,
            ended: told.end,
        });
        KEYS.get(usize::from(told.event))
            .map(|&key| char::from(key))
    }

    /// The peer began a new stream.
    pub(crate) fn restart(&mut self) {
        self.last = None;
    }
}

impl Key {
    /// Whether a packet with another time stamp tells more of this key: a new segment of a long
    /// one (RFC 4733 §2.5.1.3), or a sender that moves the stamp on with each packet.
    fn goes_on_in(&self, header: &Header, told: Telephone) -> bool {
        let next = header.sequence.wrapping_sub(self.sequence) == 1;
        let segment = header.timestamp.wrapping_sub(self.timestamp) == u32::from(u16::MAX);
        told.event == self.event && !self.ended && !header.marker && (next || segment)
    }
}

/// Sends keys, one after the other, step by step at the leg's pace.
#[derive(Debug)]
pub(crate) struct KeySender {
    waiting: VecDeque<char>,
    state: State,
    /// The time stamp at which the present event began.
    began: u32,
}

/// What a leg sends in the next packet's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// An event packet.
    Event {
        /// Its payload; the duration is still to be filled in from `lasted`.
        told: Telephone,
        /// It is the first of its event.
        first: bool,
        /// How long the key has been down, this packet's time included.
        lasted: Duration,
    },
    /// Sound of a key that has been down for `lasted` before.
    Tone {
        /// Which.
        key: char,
        /// For how long it sounded already.
        lasted: Duration,
    },
    /// Nothing is sent: a gap between keys.
    Gap,
    /// Somebody else may speak: a pause, or no key is left.
    Free,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The next key may begin.
    Ready,
    Down {
        key: char,
        as_event: bool,
        lasted: Duration,
    },
    /// The event's last packet is repeated.
    Ending {
        told: Telephone,
        lasted: Duration,
        left: u8,
        gap: Duration,
    },
    Gap {
        left: Duration,
    },
    /// A comma.
    Pause {
        left: Duration,
    },
}

impl KeySender {
    /// Has nothing to send.
    pub(crate) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            state: State::Ready,
            began: 0,
        }
    }

    /// Appends keys; what is no key and no comma is left out.
    pub(crate) fn add(&mut self, keys: impl IntoIterator<Item = char>) {
        for key in keys {
            if (key == ',' || event_of(key).is_some()) && self.waiting.len() < MOST_WAITING {
                self.waiting.push_back(key.to_ascii_uppercase());
            }
        }
    }

    /// Whether there is anything to be done.
    pub(crate) fn is_busy(&self) -> bool {
        !self.waiting.is_empty() || !matches!(self.state, State::Ready)
    }

    /// Notes the time stamp at which the present event begins.
    pub(crate) fn began_at(&mut self, timestamp: u32) {
        self.began = timestamp;
    }

    /// The time stamp at which the present event began.
    pub(crate) fn began(&self) -> u32 {
        self.began
    }

    /// Whether nobody else may speak now.
    pub(crate) fn covers(&self) -> bool {
        match self.state {
            State::Ready => self.waiting.front().is_some_and(|&key| key != ','),
            State::Pause { .. } => false,
            State::Down { .. } | State::Ending { .. } | State::Gap { .. } => true,
        }
    }

    /// What to send in the next packet of length `ptime`; `as_event` says that the peer
    /// understands telephone-events.
    pub(crate) fn step(&mut self, ptime: Duration, as_event: bool) -> Step {
        match self.state {
            State::Ready => self.begin(ptime, as_event),
            State::Down {
                key,
                as_event,
                lasted,
            } => self.hold(key, as_event, lasted, ptime),
            State::Ending {
                told,
                lasted,
                left,
                gap,
            } => {
                self.state = match left {
                    1 => after_gap(gap.saturating_sub(ptime)),
                    _ => State::Ending {
                        told,
                        lasted,
                        left: left - 1,
                        gap: gap.saturating_sub(ptime),
                    },
                };
                Step::Event {
                    told,
                    first: false,
                    lasted,
                }
            }
            State::Gap { left } => {
                self.state = after_gap(left.saturating_sub(ptime));
                Step::Gap
            }
            State::Pause { left } => {
                let left = left.saturating_sub(ptime);
                self.state = if left.is_zero() {
                    State::Ready
                } else {
                    State::Pause { left }
                };
                Step::Free
            }
        }
    }

    fn begin(&mut self, ptime: Duration, as_event: bool) -> Step {
        match self.waiting.pop_front() {
            None => Step::Free,
            Some(',') => {
                self.state = State::Pause { left: COMMA };
                self.step(ptime, as_event)
            }
            Some(key) => self.hold(key, as_event, Duration::ZERO, ptime),
        }
    }

    fn hold(&mut self, key: char, as_event: bool, before: Duration, ptime: Duration) -> Step {
        let lasted = before + ptime;
        let over = lasted >= KEY_DOWN;
        self.state = match (over, as_event) {
            (false, _) => State::Down {
                key,
                as_event,
                lasted,
            },
            (true, false) => State::Gap { left: KEY_GAP },
            (true, true) => State::Ending {
                told: event(key, true),
                lasted,
                left: REPEATED_ENDS,
                gap: KEY_GAP,
            },
        };
        if as_event {
            Step::Event {
                told: event(key, over),
                first: before.is_zero(),
                lasted,
            }
        } else {
            Step::Tone {
                key,
                lasted: before,
            }
        }
    }
}

/// Writes a key's tones into `out`, from `lasted` after its beginning.
pub(crate) fn tone(key: char, lasted: Duration, rate: u32, out: &mut [i16]) {
    let Some((low, high)) = inband::frequencies(key) else {
        out.fill(0);
        return;
    };
    let begin = lasted.as_micros() as u64 * u64::from(rate) / 1_000_000;
    for (index, sample) in out.iter_mut().enumerate() {
        let time = (begin + index as u64) as f64 / f64::from(rate) * std::f64::consts::TAU;
        *sample = (TONE * ((time * low).sin() + (time * high).sin())) as i16;
    }
}

fn event(key: char, end: bool) -> Telephone {
    Telephone {
        event: event_of(key).unwrap_or_default(),
        end,
        volume: VOLUME,
        duration: 0,
    }
}

fn event_of(key: char) -> Option<u8> {
    let key = key.to_ascii_uppercase();
    KEYS.iter()
        .position(|&known| char::from(known) == key)
        .map(|event| event as u8)
}

fn after_gap(left: Duration) -> State {
    if left.is_zero() {
        State::Ready
    } else {
        State::Gap { left }
    }
}

/// RFC 4733 §3.2: the events 0 to 15.
const KEYS: &[u8; 16] = b"0123456789*#ABCD";
const KEY_DOWN: Duration = Duration::from_millis(100);
const KEY_GAP: Duration = Duration::from_millis(100);
const COMMA: Duration = Duration::from_secs(1);
/// RFC 4733 §2.5.1.4: the last packet is sent three times in all.
const REPEATED_ENDS: u8 = 2;
const VOLUME: u8 = 10;
/// Amplitude of each of the two tones, −12 dBFS.
const TONE: f64 = 8_000.0;
/// Keys that may wait; a peer that types faster than we send must not fill memory.
const MOST_WAITING: usize = 256;

#[cfg(test)]
mod tests;
