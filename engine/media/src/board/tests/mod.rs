//! A board between simulated phones, in simulated time: each phone speaks with a tone of its own,
//! and what every phone hears is measured.
#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

mod datagrams;
mod faults;
mod fuzz;
mod held_keys;
mod hidden_tones;
mod keys;
mod latch;
mod over;
mod play;
mod record;
mod relay;
mod reports;
mod rooms;
mod supervision;
mod transcode;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use smallvec::smallvec;

use crate::codec::{Decoder, Encoder, MAX_FRAME, MAX_PAYLOAD};
use crate::level::Goertzel;
use crate::rtp::{self, HEADER, Header};
use crate::{
    Board, Channel, CodecKind, Command, Direction, Event, Latch, LegConfig, LegKey, Negotiated,
    TelephoneEvent, Wire,
};

/// A board, its phones, the time, and everything that was sent.
struct Lab {
    board: Board,
    start: Instant,
    now: Instant,
    phones: Vec<Phone>,
    sent: Sent,
    events: Vec<Event>,
    /// RTCP that was sent, and when.
    reports: Vec<Report>,
}

type Report = (LegKey, Channel, SocketAddr, Vec<u8>, Instant);

#[derive(Default)]
struct Sent(Vec<Packet>);

struct Packet {
    leg: LegKey,
    channel: Channel,
    to: SocketAddr,
    bytes: Vec<u8>,
}

/// A peer with one leg on the board.
struct Phone {
    leg: LegKey,
    address: SocketAddr,
    codec: Negotiated,
    ptime: Duration,
    /// Its pilot tone in Hz; silent without.
    tone: Option<f64>,
    said: u64,
    next: Instant,
    header: Header,
    encoder: Option<Encoder>,
    /// Packets on their way to the board, with their time of arrival.
    way: VecDeque<(Instant, Vec<u8>)>,
    /// The n-th packet arrives so much later, or never.
    network: fn(u64) -> Option<Duration>,
    /// What came back.
    got: Vec<Got>,
    heard: Vec<i16>,
    decoder: Option<Decoder>,
}

#[derive(Clone, Debug)]
struct Got {
    at: Instant,
    header: Header,
    payload: Vec<u8>,
}

impl Wire for Sent {
    fn send(&mut self, leg: LegKey, channel: Channel, to: SocketAddr, packet: &[u8]) {
        self.0.push(Packet {
            leg,
            channel,
            to,
            bytes: packet.to_vec(),
        });
    }
}

impl Lab {
    fn new() -> Self {
        let start = Instant::now();
        Self {
            board: Board::new(start),
            start,
            now: start,
            phones: Vec::new(),
            sent: Sent::default(),
            events: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// A phone with a pilot tone, and its leg; their number is their place in `phones`.
    fn phone(&mut self, kind: CodecKind, tone: f64) -> LegKey {
        self.phone_with(kind, tone, |_| {})
    }

    fn phone_with(
        &mut self,
        kind: CodecKind,
        tone: f64,
        change: impl FnOnce(&mut LegConfig),
    ) -> LegKey {
        let number = self.phones.len() as u64;
        let leg = LegKey(100 + number);
        let mut config = config(kind, number);
        change(&mut config);
        let phone = Phone::new(self.now, leg, &config, tone, number);
        self.phones.push(phone);
        self.command(Command::AddLeg { leg, config });
        leg
    }

    fn command(&mut self, command: Command) {
        self.board.handle_command(self.now, command);
    }

    fn connect(&mut self, a: LegKey, b: LegKey) {
        self.command(Command::Connect { a, b });
    }

    /// Runs in ticks of 5 ms.
    fn run(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / 5 {
            self.now += Duration::from_millis(5);
            self.tick();
        }
    }

    fn tick(&mut self) {
        for phone in &mut self.phones {
            phone.speak(self.now);
            while let Some((_, mut packet)) = phone.arrival(self.now) {
                self.board.handle_packet(
                    self.now,
                    phone.leg,
                    Channel::Rtp,
                    phone.address,
                    &mut packet,
                    &mut self.sent,
                );
            }
        }
        self.board.handle_tick(self.now, &mut self.sent);
        while let Some(event) = self.board.poll_event() {
            self.events.push(event);
        }
        for packet in self.sent.0.drain(..) {
            let phone = self.phones.iter_mut().find(|phone| phone.leg == packet.leg);
            let phone = phone.expect("only legs of phones are in the lab");
            if packet.channel == Channel::Rtp && !rtp::is_rtcp(&packet.bytes) {
                assert_eq!(packet.to, phone.address);
                phone.hear(self.now, &packet.bytes);
            } else {
                let report = (
                    packet.leg,
                    packet.channel,
                    packet.to,
                    packet.bytes,
                    self.now,
                );
                self.reports.push(report);
            }
        }
    }

    /// Hands in one packet as if it had come from the network.
    fn arrives(&mut self, leg: LegKey, from: SocketAddr, packet: &[u8]) {
        let mut packet = packet.to_vec();
        let now = self.now;
        self.board
            .handle_packet(now, leg, Channel::Rtp, from, &mut packet, &mut self.sent);
    }

    fn of(&mut self, leg: LegKey) -> &mut Phone {
        let phone = self.phones.iter_mut().find(|phone| phone.leg == leg);
        phone.expect("the leg has a phone")
    }

    fn digits(&self) -> Vec<(LegKey, char)> {
        let digits = self.events.iter().filter_map(|event| match event {
            Event::Digit { leg, digit } => Some((*leg, *digit)),
            _ => None,
        });
        digits.collect()
    }
}

impl Phone {
    fn new(now: Instant, leg: LegKey, config: &LegConfig, tone: f64, number: u64) -> Self {
        Self {
            leg,
            address: config.remote.unwrap_or_else(|| address(number)),
            codec: config.codec,
            ptime: Duration::from_millis(match (config.codec.kind, config.ptime) {
                // Opus has no such packets.
                (CodecKind::Opus, 30) => 20,
                (_, ptime) => u64::from(ptime),
            }),
            tone: (tone > 0.0).then_some(tone),
            said: 0,
            next: now + Duration::from_millis(3 + number * 7),
            header: Header {
                marker: true,
                payload_type: config.codec.receive,
                sequence: 65_500 + number as u16,
                timestamp: (u32::MAX - 4000).wrapping_add(number as u32 * 77),
                ssrc: 1000 + number as u32,
            },
            encoder: Encoder::new(config.codec.kind).ok(),
            way: VecDeque::new(),
            network: |_| Some(Duration::ZERO),
            got: Vec::new(),
            heard: Vec::new(),
            decoder: Decoder::new(config.codec.kind).ok(),
        }
    }

    /// Sends what is due by its own clock.
    fn speak(&mut self, now: Instant) {
        while self.next <= now {
            if self.tone.is_some() {
                let packet = self.next_packet();
                if let Some(delay) = (self.network)(self.said) {
                    self.way.push_back((self.next + delay, packet));
                }
                self.said += 1;
            } else {
                self.header.timestamp = self.header.timestamp.wrapping_add(self.span());
            }
            self.next += self.ptime;
        }
    }

    /// The next packet of its tone.
    fn next_packet(&mut self) -> Vec<u8> {
        let kind = self.codec.kind;
        let rate = kind.clip_rate();
        let samples = self.ptime.as_millis() as usize * rate as usize / 1000;
        let sound = tone(
            self.tone.unwrap_or(0.0),
            rate,
            self.said as usize * samples,
            samples,
        );
        let mut packet = vec![0; HEADER + MAX_PAYLOAD];
        let length = match &mut self.encoder {
            Some(encoder) => encoder.encode(&sound, &mut packet[HEADER..]),
            // What passes through needs no sense.
            None => 20,
        };
        packet.truncate(HEADER + length);
        rtp::write(&mut packet, self.header);
        self.header.marker = false;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(self.span());
        packet
    }

    fn span(&self) -> u32 {
        self.ptime.as_millis() as u32 * self.codec.kind.clock_rate() / 1000
    }

    fn arrival(&mut self, now: Instant) -> Option<(Instant, Vec<u8>)> {
        let first = (0..self.way.len()).filter(|&n| self.way[n].0 <= now);
        let first = first.min_by_key(|&n| self.way[n].0)?;
        self.way.remove(first)
    }

    fn hear(&mut self, at: Instant, packet: &[u8]) {
        let (header, payload) = rtp::read(packet).expect("the board sends RTP");
        let payload = packet[payload].to_vec();
        if header.payload_type == self.codec.send
            && let Some(decoder) = &mut self.decoder
        {
            let mut samples = vec![0; MAX_FRAME];
            let length = decoder.decode(&payload, &mut samples);
            self.heard.extend_from_slice(&samples[..length]);
        }
        self.got.push(Got {
            at,
            header,
            payload,
        });
    }

    /// The level of a tone in the last 200 ms that were heard, in dBFS.
    fn level(&self, frequency: f64) -> f32 {
        let rate = self.codec.kind.clip_rate();
        let window = self.heard.len().min(rate as usize / 5);
        let last = &self.heard[self.heard.len() - window..];
        Goertzel::new(frequency, rate).level(last)
    }

    fn hears(&self, frequency: f64) -> bool {
        !self.heard.is_empty() && self.level(frequency) > -20.0
    }

    /// Nothing may be strange in the stream that it got: one SSRC, no gap, stamps with the clock.
    fn assert_continuous(&self) {
        let clock = f64::from(self.codec.kind.clock_rate());
        for pair in self.got.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            assert_eq!(after.header.ssrc, before.header.ssrc);
            assert_eq!(
                after.header.sequence,
                before.header.sequence.wrapping_add(1),
                "{before:?} {after:?}"
            );
            let stamps = after.header.timestamp.wrapping_sub(before.header.timestamp) as i32;
            let time = after.at.duration_since(before.at).as_secs_f64() * clock;
            assert!(stamps > 0, "stamps go back: {before:?} {after:?}");
            assert!(
                (f64::from(stamps) - time).abs() <= clock * 0.03,
                "{before:?} {after:?}"
            );
        }
    }
}

fn config(kind: CodecKind, number: u64) -> LegConfig {
    let payload_type = match kind {
        CodecKind::Pcmu => 0,
        CodecKind::Pcma => 8,
        CodecKind::G722 => 9,
        CodecKind::G729 => 18,
        CodecKind::Opus => 96 + number as u8,
    };
    LegConfig {
        remote: Some(address(number)),
        remote_rtcp: Some(report_address(number)),
        rtcp_mux: false,
        codec: Negotiated {
            kind,
            send: payload_type,
            receive: payload_type,
        },
        telephone_event: Some(events(101 + number as u8)),
        ptime: 20,
        direction: Direction::SendRecv,
        latch: Latch {
            hosts: smallvec![address(number).ip()],
            symmetric: true,
        },
        keys_elsewhere: false,
        passes_datagrams: false,
        detect_tones: false,
        detect_progress: false,
        rtp_timeout: Duration::ZERO,
        seed: 42 + number,
        cname: "test@board".into(),
    }
}

/// Delays below so many milliseconds that look like chance.
fn scattered(n: u64, below: u64) -> Duration {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    Duration::from_millis(mixed % below)
}

/// Keys as events under one number for both ways.
fn events(number: u8) -> TelephoneEvent {
    TelephoneEvent {
        send: number,
        receive: number,
        clock_rate: 8_000,
    }
}

fn address(number: u64) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10 + number as u8], 4000))
}

fn report_address(number: u64) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10 + number as u8], 4001))
}

fn tone(frequency: f64, rate: u32, from: usize, samples: usize) -> Vec<i16> {
    let turn = std::f64::consts::TAU * frequency / f64::from(rate);
    (from..from + samples)
        .map(|n| ((n as f64 * turn).sin() * 8000.0) as i16)
        .collect()
}
