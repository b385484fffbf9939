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
mod tests {
    use super::*;

    const PTIME: Duration = Duration::from_millis(20);

    #[test]
    fn a_key_is_heard_once_at_its_first_packet() {
        let mut listener = KeyListener::default();

        let heard: Vec<_> = press(5, 1000, 0)
            .into_iter()
            .map(|(header, told)| listener.handle(&header, told))
            .collect();

        assert_eq!(heard[0], Some('5'));
        assert!(heard[1..].iter().all(Option::is_none));
    }

    #[test]
    fn a_key_of_which_only_the_end_arrives_is_heard() {
        let mut listener = KeyListener::default();
        let packets = press(11, 1000, 0);

        let heard: Vec<_> = packets[6..]
            .iter()
            .filter_map(|(header, told)| listener.handle(header, *told))
            .collect();

        assert_eq!(heard, ['#']);
    }

    #[test]
    fn the_same_key_pressed_twice_is_two_keys_and_stragglers_are_none() {
        let mut listener = KeyListener::default();
        let mut packets = press(1, 1000, 0);
        let straggler = packets.pop().unwrap();
        packets.extend(press(1, 2600, 20));
        packets.insert(9, straggler);

        let heard: Vec<_> = packets
            .iter()
            .filter_map(|(header, told)| listener.handle(header, *told))
            .collect();

        assert_eq!(heard, ['1', '1']);
    }

    #[test]
    fn a_key_in_two_segments_or_with_a_moving_stamp_is_one() {
        for step in [160, u32::from(u16::MAX)] {
            let mut listener = KeyListener::default();

            let heard = (0..6_u16)
                .filter_map(|n| {
                    let header = header(n, 1000_u32.wrapping_add(u32::from(n) * step), n == 0);
                    listener.handle(&header, told(3, n == 5))
                })
                .count();

            assert_eq!(heard, 1, "{step}");
        }
    }

    #[test]
    fn events_that_are_no_keys_are_not_heard() {
        let mut listener = KeyListener::default();

        assert_eq!(listener.handle(&header(1, 1, true), told(16, false)), None);
        assert_eq!(Telephone::read(&[1, 2, 3]), None);
    }

    #[test]
    fn a_key_is_sent_for_100_ms_with_three_ends_and_followed_by_100_ms_of_nothing() {
        let mut sender = KeySender::new();
        sender.add("7".chars());

        let steps: Vec<Step> = (0..11).map(|_| sender.step(PTIME, true)).collect();

        let lasted: Vec<u128> = steps.iter().filter_map(lasted_ms).collect();
        let ends = steps
            .iter()
            .filter(|step| matches!(step, Step::Event { told, .. } if told.end));
        assert_eq!(lasted, [20, 40, 60, 80, 100, 100, 100]);
        assert_eq!(ends.count(), 3);
        assert_eq!(steps[7..], [Step::Gap, Step::Gap, Step::Gap, Step::Free]);
        assert!(!sender.is_busy());
    }

    #[test]
    fn a_comma_lets_others_speak_for_a_second() {
        let mut sender = KeySender::new();
        sender.add(",x1".chars());

        let free = (0..100)
            .take_while(|_| sender.step(PTIME, true) == Step::Free)
            .count();

        assert_eq!(free, 50);
        assert!(sender.is_busy());
    }

    #[test]
    fn tones_are_heard_by_the_detector_as_the_keys_they_are() {
        let mut sender = KeySender::new();
        sender.add("159D*0#".chars());
        let mut detector = inband::ToneDetector::new();
        let mut heard = Vec::new();

        while sender.is_busy() {
            let mut samples = [0; 160];
            if let Step::Tone { key, lasted } = sender.step(PTIME, false) {
                tone(key, lasted, 8000, &mut samples);
            }
            heard.extend(detector.push(&samples));
        }

        assert_eq!(heard, ['1', '5', '9', 'D', '*', '0', '#']);
    }

    fn press(event: u8, timestamp: u32, sequence: u16) -> Vec<(Header, Telephone)> {
        (0..9)
            .map(|n| (header(sequence + n, timestamp, n == 0), told(event, n >= 6)))
            .collect()
    }

    fn header(sequence: u16, timestamp: u32, marker: bool) -> Header {
        Header {
            marker,
            payload_type: 101,
            sequence,
            timestamp,
            ssrc: 1,
        }
    }

    fn told(event: u8, end: bool) -> Telephone {
        Telephone {
            event,
            end,
            volume: 10,
            duration: 160,
        }
    }

    fn lasted_ms(step: &Step) -> Option<u128> {
        match step {
            Step::Event { lasted, .. } => Some(lasted.as_millis()),
            _ => None,
        }
    }
}
