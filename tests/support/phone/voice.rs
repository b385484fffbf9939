//! The sound of one call: RTP out with a pilot tone and keys, RTP in to the ear.

use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use bytes::Bytes;
use media::CodecKind;
use media::codec::{Decoder, Encoder, MAX_FRAME, MAX_PAYLOAD};
use media::inband;

use super::super::ear::Ear;
use super::super::sound::Oscillator;
use super::sdp::{Description, Own, TELEPHONE_EVENT, payload_type};
use super::{Hold, Manner};

/// How keys are sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keys {
    /// As events in RTP.
    Rfc4733,
    /// As SIP INFO.
    Info,
    /// As tones in the sound.
    InBand,
}

/// One call's sound.
pub(super) struct Voice {
    socket: UdpSocket,
    address: SocketAddr,
    wanted: Vec<CodecKind>,
    knows_events: bool,
    version: u32,
    pilot: f64,
    agreed: Option<Agreed>,
    hold: Option<Hold>,
    next: Instant,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    keys: VecDeque<Frame>,
    /// Finds keys in the sound, where there are no events.
    tones: inband::ToneDetector,
    /// The time stamp of the event that is being sent.
    event_began: u32,
    /// The time stamp of the event that came last.
    last_event: Option<u32>,
    rhythm: Vec<(u32, bool)>,
    /// Tones one after the other, and the one that is heard now.
    melody: Vec<(u32, f64)>,
    beat: u32,
}

struct Agreed {
    kind: CodecKind,
    send: u8,
    events: Option<u8>,
    remote: SocketAddr,
    listens: bool,
    encoder: Encoder,
    decoder: Decoder,
    tone: Oscillator,
}

/// 20 ms that are not the pilot.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// An event packet: the key's number, how long it has been down, first, last.
    Event(u8, u16, bool, bool),
    /// A key as tones.
    Tones(char, u32),
    Silence,
}

impl Voice {
    pub(super) fn open(manner: &Manner, pilot: f64) -> Self {
        let socket = UdpSocket::bind((manner.address.ip(), 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        Self {
            socket,
            address,
            wanted: manner.codecs.clone(),
            knows_events: manner.telephone_event,
            version: 0,
            pilot,
            agreed: None,
            hold: None,
            next: Instant::now(),
            sequence: u16::MAX - 20,
            timestamp: u32::MAX - 3_000,
            ssrc: (u32::from(address.port()) << 16) | 0x1234,
            keys: VecDeque::new(),
            tones: inband::ToneDetector::new(),
            event_began: 0,
            last_event: None,
            rhythm: Vec::new(),
            melody: Vec::new(),
            beat: 0,
        }
    }

    pub(super) fn codec(&self) -> Option<CodecKind> {
        self.agreed.as_ref().map(|agreed| agreed.kind)
    }

    pub(super) fn offer(&mut self, hold: Option<Hold>) -> Bytes {
        let all: Vec<(u8, CodecKind)> = match &self.agreed {
            Some(agreed) => vec![(agreed.send, agreed.kind)],
            None => self
                .wanted
                .iter()
                .map(|&kind| (payload_type(kind), kind))
                .collect(),
        };
        let events = match &self.agreed {
            Some(agreed) => agreed.events,
            None => self.knows_events.then_some(TELEPHONE_EVENT),
        };
        self.describe(&all, events, hold)
    }

    /// Our answer, and the sound that follows from it; `None` without a codec in common.
    pub(super) fn answer(&mut self, theirs: &Description) -> Option<Bytes> {
        let (number, kind) = self.wanted.iter().find_map(|&wanted| {
            let found = theirs.codecs.iter().find(|(_, kind)| *kind == wanted);
            found.copied()
        })?;
        let events = theirs.telephone_event.filter(|_| self.knows_events);
        self.set(kind, number, events, theirs);
        Some(self.describe(&[(number, kind)], events, self.hold))
    }

    /// Takes the answer to our offer; whether it can be used.
    pub(super) fn take_answer(&mut self, theirs: &Description) -> bool {
        let Some(&(number, kind)) = theirs.codecs.first() else {
            return false;
        };
        self.set(kind, number, theirs.telephone_event, theirs);
        true
    }

    /// Says and hears nothing until it is agreed on anew.
    pub(super) fn falls_silent(&mut self) {
        self.agreed = None;
    }

    pub(super) fn holds(&mut self, hold: Option<Hold>) {
        self.hold = hold;
    }

    pub(super) fn speak(&mut self, tone: f64) {
        self.pilot = tone;
        if let Some(agreed) = &mut self.agreed {
            agreed.tone = Oscillator::new(tone, agreed.encoder.rate());
        }
    }

    /// The tone comes and goes: so many frames of 20 ms with it or without it, over and over.
    pub(super) fn pulses(&mut self, rhythm: &[(u32, bool)]) {
        self.rhythm = rhythm.to_vec();
    }

    /// Tones one after the other, each for so many frames of 20 ms; 0 Hz is silence. Over and over.
    pub(super) fn melody(&mut self, melody: &[(u32, f64)]) {
        self.melody = melody.to_vec();
    }

    /// Goes on to the next tone where it is its turn.
    fn next_tone(&mut self) {
        let whole: u32 = self.melody.iter().map(|(frames, _)| frames).sum();
        let mut place = (self.beat + 1).checked_rem(whole).unwrap_or_default();
        for (frames, tone) in self.melody.clone() {
            if place < frames {
                if tone != self.pilot {
                    self.speak(tone);
                }
                return;
            }
            place -= frames;
        }
    }

    pub(super) fn press(&mut self, keys: &str, how: Keys) {
        for key in keys.chars() {
            if how == Keys::InBand {
                self.keys.extend((0..5).map(|part| Frame::Tones(key, part)));
                self.keys.extend([Frame::Silence; 5]);
                continue;
            }
            let number = EVENTS.find(key).unwrap_or(0) as u8;
            let down = (1..=5).map(|part| Frame::Event(number, part * 160, part == 1, false));
            self.keys.extend(down);
            // The end is said three times, for packets get lost.
            self.keys
                .extend([Frame::Event(number, 800, false, true); 3]);
            self.keys.extend([Frame::Silence; 3]);
        }
    }

    /// Reads what has come and says what is due; returns the keys that have come.
    pub(super) fn beat(&mut self, now: Instant, ear: &Ear) -> String {
        let keys = self.read(ear);
        while self.next <= now {
            self.next += FRAME;
            self.say();
        }
        keys
    }

    fn set(&mut self, kind: CodecKind, send: u8, events: Option<u8>, theirs: &Description) {
        let (Ok(encoder), Ok(decoder)) = (Encoder::new(kind), Decoder::new(kind)) else {
            return;
        };
        if let Some(agreed) = self.agreed.as_mut().filter(|agreed| agreed.kind == kind) {
            (agreed.send, agreed.events) = (send, events);
            (agreed.remote, agreed.listens) = (theirs.address, theirs.listens);
            return;
        }
        self.next = Instant::now();
        self.agreed = Some(Agreed {
            kind,
            send,
            events,
            remote: theirs.address,
            listens: theirs.listens,
            tone: Oscillator::new(self.pilot, encoder.rate()),
            encoder,
            decoder,
        });
    }

    fn describe(
        &mut self,
        codecs: &[(u8, CodecKind)],
        events: Option<u8>,
        hold: Option<Hold>,
    ) -> Bytes {
        self.version += 1;
        let own = Own {
            address: self.address,
            version: self.version,
            codecs,
            telephone_event: events,
            hold,
        };
        own.text().into()
    }

    fn read(&mut self, ear: &Ear) -> String {
        let mut packet = [0; 2_048];
        let mut samples = vec![0; MAX_FRAME];
        let mut keys = String::new();
        while let Ok((length, _)) = self.socket.recv_from(&mut packet) {
            let Some(agreed) = self.agreed.as_mut().filter(|_| length > 12) else {
                continue;
            };
            let (kind, payload) = (packet[1] & 0x7f, &packet[12..length]);
            let timestamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
            if Some(kind) == agreed.events {
                if self.last_event.replace(timestamp) != Some(timestamp) {
                    keys.extend(EVENTS.chars().nth(usize::from(payload[0])));
                }
                continue;
            }
            let count = agreed.decoder.decode(payload, &mut samples);
            ear.take(agreed.decoder.rate(), &samples[..count]);
            if agreed.events.is_none() && agreed.decoder.rate() == 8_000 {
                keys.extend(self.tones.push(&samples[..count]));
            }
        }
        keys
    }

    fn say(&mut self) {
        self.next_tone();
        let Some(agreed) = &mut self.agreed else {
            return;
        };
        let clock = agreed.kind.clock_rate() / 50;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(clock);
        if !agreed.listens || self.hold == Some(Hold::Zero) {
            return;
        }
        let mut samples = vec![0; agreed.encoder.rate() as usize / 50];
        let frame = self.keys.pop_front();
        let (mut kind, mut mark, mut timestamp) = (agreed.send, false, self.timestamp);
        let mut payload = vec![0; MAX_PAYLOAD];
        let length = match frame {
            Some(Frame::Event(key, length, first, last)) => {
                let Some(events) = agreed.events else {
                    return;
                };
                (kind, mark) = (events, first);
                if first {
                    self.event_began = self.timestamp;
                }
                // All packets of one event carry the time of its beginning.
                timestamp = self.event_began;
                let flags = 10 | if last { 0x80 } else { 0 };
                payload[..4].copy_from_slice(&[key, flags, (length >> 8) as u8, length as u8]);
                4
            }
            Some(Frame::Tones(key, part)) => {
                press_tones(key, part, agreed.encoder.rate(), &mut samples);
                agreed.encoder.encode(&samples, &mut payload)
            }
            Some(Frame::Silence) => agreed.encoder.encode(&samples, &mut payload),
            None => {
                self.beat += 1;
                if self.pilot > 0.0 && sounds(&self.rhythm, self.beat) {
                    agreed.tone.fill(&mut samples);
                }
                agreed.encoder.encode(&samples, &mut payload)
            }
        };
        let remote = agreed.remote;
        let mut packet = vec![0x80, kind | if mark { 0x80 } else { 0 }];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(&payload[..length]);
        let _ = self.socket.send_to(&packet, remote);
    }
}

/// Whether a tone that comes and goes is heard in a frame.
fn sounds(rhythm: &[(u32, bool)], beat: u32) -> bool {
    let whole: u32 = rhythm.iter().map(|(frames, _)| frames).sum();
    let mut place = beat.checked_rem(whole).unwrap_or_default();
    for &(frames, is_on) in rhythm {
        if place < frames {
            return is_on;
        }
        place -= frames;
    }
    true
}

/// One of a key's five frames as tones.
fn press_tones(key: char, part: u32, rate: u32, out: &mut [i16]) {
    let Some((low, high)) = inband::frequencies(key) else {
        return;
    };
    let begun = part as usize * out.len();
    for (n, sample) in out.iter_mut().enumerate() {
        let time = (begun + n) as f64 / f64::from(rate);
        let turn = |frequency: f64| (std::f64::consts::TAU * frequency * time).sin();
        *sample = ((turn(low) + turn(high)) * 6_000.0) as i16;
    }
}

/// RFC 4733 §3.2.
const EVENTS: &str = "0123456789*#ABCD";
const FRAME: Duration = Duration::from_millis(20);
