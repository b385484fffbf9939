//! No packet costs an allocation: not relayed, not played, not recorded, not transcoded.
#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use media::{
    Board, Channel, Clip, CodecKind, Command, Direction, HeardBy, Latch, LegConfig, LegKey, Music,
    Negotiated, PlayItem, PlayKey, RecordingKey, RecordingSink, TelephoneEvent, Wire,
};

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| drop(vec![1_u8; 100]));

    assert_eq!(counted.count_total, 1);
}

#[test]
fn a_relayed_packet_costs_no_allocation() {
    let mut lab = Lab::new();
    let (a, b) = (lab.leg(CodecKind::Pcma, 8), lab.leg(CodecKind::Pcma, 8));
    lab.command(Command::Connect { a, b });

    assert_eq!(lab.allocations_of_a_second(), 0);
    assert_eq!(lab.wire.0, 3 * 100);
}

#[test]
fn a_packet_of_the_other_law_costs_no_allocation() {
    let mut lab = Lab::new();
    let (a, b) = (lab.leg(CodecKind::Pcma, 8), lab.leg(CodecKind::Pcmu, 0));
    lab.command(Command::Connect { a, b });

    assert_eq!(lab.allocations_of_a_second(), 0);
    assert_eq!(lab.wire.0, 3 * 100);
}

#[test]
fn a_played_packet_costs_no_allocation() {
    let mut lab = Lab::new();
    for (kind, payload_type) in [
        (CodecKind::Pcma, 8),
        (CodecKind::G722, 9),
        (CodecKind::Opus, 96),
    ] {
        let leg = lab.leg(kind, payload_type);
        let clip = Arc::new(Clip::from_samples(kind.clip_rate(), vec![1000; 12_345]));
        lab.command(Command::Play {
            leg,
            play: PlayKey(1),
            items: vec![PlayItem::Clip(clip.clone())],
            times: 0,
        });
        let leg = lab.leg(kind, payload_type);
        lab.command(Command::Music {
            leg,
            music: Some(Music { clip }),
        });
    }

    assert_eq!(lab.allocations_of_a_second(), 0);
    assert!(lab.wire.0 >= 3 * 6 * 50 - 6);
}

#[test]
fn a_recorded_packet_costs_no_allocation() {
    for (kind, payload_type) in [(CodecKind::Pcma, 8), (CodecKind::G722, 9)] {
        let mut lab = Lab::new();
        let (a, b) = (lab.leg(kind, payload_type), lab.leg(kind, payload_type));
        lab.command(Command::Connect { a, b });
        let recording = RecordingKey(1);
        lab.command(Command::StartRecording {
            recording,
            stereo: true,
            rate: 8000,
            sink: Box::new(Nowhere),
            silence: Duration::from_secs(1),
        });
        lab.command(Command::RecordLegs {
            recording,
            left: Some(a),
            right: Some(b),
        });

        assert_eq!(lab.allocations_of_a_second(), 0, "{kind:?}");
    }
}

#[test]
fn a_transcoded_packet_costs_no_allocation() {
    for (kind, payload_type) in [(CodecKind::G722, 9), (CodecKind::Opus, 96)] {
        let mut lab = Lab::new();
        let (a, b) = (lab.leg(CodecKind::Pcma, 8), lab.leg(kind, payload_type));
        lab.command(Command::Connect { a, b });

        assert_eq!(lab.allocations_of_a_second(), 0, "{kind:?}");
        assert!(lab.wire.0 > 250, "{kind:?}: {}", lab.wire.0);
    }
}

#[test]
fn a_packet_that_is_searched_for_keys_costs_no_allocation() {
    for (kind, payload_type) in [
        (CodecKind::Pcma, 8),
        (CodecKind::G722, 9),
        (CodecKind::Opus, 96),
    ] {
        let mut lab = Lab::new();
        let change = |config: &mut LegConfig| {
            config.telephone_event = None;
            config.detect_tones = true;
        };
        let a = lab.leg_with(kind, payload_type, change);
        let b = lab.leg(kind, payload_type);
        lab.command(Command::Connect { a, b });

        assert_eq!(lab.allocations_of_a_second(), 0, "{kind:?}");
    }
}

#[test]
fn a_key_and_a_report_cost_no_allocation() {
    let mut lab = Lab::new();
    // Every packet of both is a key of its own: each begins at a time stamp of its own.
    let (a, b) = (lab.leg(CodecKind::Pcma, 101), lab.leg(CodecKind::Pcma, 101));
    lab.command(Command::Connect { a, b });
    lab.run(2);

    // Reports are sent every eight seconds at the least.
    let before = lab.wire;
    let counted = allocation_counter::measure(|| lab.run(8)).count_total;

    assert_eq!(counted, 0);
    assert_eq!(lab.wire.0 - before.0, 8 * 100);
    assert!(lab.wire.1 - before.1 >= 2);
}

#[test]
fn a_packet_of_a_supervised_conversation_costs_no_allocation() {
    for heard_by in [HeardBy::Nobody, HeardBy::Agent, HeardBy::Everybody] {
        let mut lab = Lab::new();
        let (a, b) = (lab.leg(CodecKind::Pcma, 8), lab.leg(CodecKind::G722, 9));
        lab.command(Command::Connect { a, b });
        for _ in 0..2 {
            let leader = lab.leg(CodecKind::Pcmu, 0);
            lab.command(Command::Supervise {
                leader,
                agent: b,
                heard_by,
            });
        }

        assert_eq!(lab.allocations_of_a_second(), 0, "{heard_by:?}");
    }
}

#[test]
fn a_strangers_packet_costs_no_allocation() {
    let mut lab = Lab::new();
    let leg = lab.leg(CodecKind::Pcma, 8);
    let mut packet = lab.legs[0].packet();
    let stranger = SocketAddr::from(([203, 0, 113, 1], 9));

    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            let now = lab.now;
            lab.board
                .handle_packet(now, leg, Channel::Rtp, stranger, &mut packet, &mut lab.wire);
        }
    });

    assert_eq!(counted.count_total, 0);
    assert_eq!(lab.board.counters().refused, 100);
}

struct Lab {
    board: Board,
    now: Instant,
    legs: Vec<Peer>,
    wire: Count,
}

struct Peer {
    leg: LegKey,
    from: SocketAddr,
    payload_type: u8,
    payload: usize,
    span: u32,
    sent: u32,
}

/// Packets of sound and of reports that were sent.
#[derive(Clone, Copy)]
struct Count(u64, u64);

#[derive(Debug)]
struct Nowhere;

impl Wire for Count {
    fn send(&mut self, _: LegKey, channel: Channel, _: SocketAddr, _: &[u8]) {
        self.0 += u64::from(channel == Channel::Rtp);
        self.1 += u64::from(channel == Channel::Rtcp);
    }
}

impl RecordingSink for Nowhere {
    fn write(&mut self, _: &[i16]) -> bool {
        true
    }

    fn close(&mut self) -> bool {
        true
    }
}

impl Lab {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            board: Board::new(now),
            now,
            legs: Vec::new(),
            wire: Count(0, 0),
        }
    }

    fn leg(&mut self, kind: CodecKind, payload_type: u8) -> LegKey {
        self.leg_with(kind, payload_type, |_| {})
    }

    fn leg_with(
        &mut self,
        kind: CodecKind,
        payload_type: u8,
        change: impl FnOnce(&mut LegConfig),
    ) -> LegKey {
        let number = self.legs.len() as u8;
        let leg = LegKey(u64::from(number));
        let from = SocketAddr::from(([192, 0, 2, number], 4000));
        self.legs.push(Peer {
            leg,
            from,
            payload_type,
            payload: if kind == CodecKind::Opus { 40 } else { 160 },
            span: kind.clock_rate() / 50,
            sent: 0,
        });
        let mut config = LegConfig {
            remote: Some(from),
            remote_rtcp: Some(from),
            rtcp_mux: false,
            codec: Negotiated {
                kind,
                // A peer of 101 sends keys; its sound would have the number 8.
                send: payload_type.min(96),
                receive: payload_type.min(96),
            },
            telephone_event: Some(EVENTS),
            ptime: 20,
            direction: Direction::SendRecv,
            latch: Latch {
                hosts: [from.ip()].into_iter().collect(),
                symmetric: true,
            },
            keys_elsewhere: false,
            passes_datagrams: false,
            detect_tones: false,
            detect_progress: false,
            rtp_timeout: Duration::from_secs(60),
            seed: u64::from(number),
            cname: "board".into(),
        };
        change(&mut config);
        self.command(Command::AddLeg { leg, config });
        leg
    }

    fn command(&mut self, command: Command) {
        self.board.handle_command(self.now, command);
    }

    /// Two seconds to let buffers take their size, then one that counts.
    fn allocations_of_a_second(&mut self) -> u64 {
        self.run(2);
        allocation_counter::measure(|| self.run(1)).count_total
    }

    fn run(&mut self, seconds: u32) {
        for tick in 0..seconds * 200 {
            self.now += Duration::from_millis(5);
            for peer in self.legs.iter_mut().filter(|_| tick % 4 == 0) {
                let mut packet = peer.packet();
                let packet = &mut packet[..12 + peer.payload];
                self.board.handle_packet(
                    self.now,
                    peer.leg,
                    Channel::Rtp,
                    peer.from,
                    packet,
                    &mut self.wire,
                );
            }
            self.board.handle_tick(self.now, &mut self.wire);
            while self.board.poll_event().is_some() {}
        }
    }
}

impl Peer {
    fn packet(&mut self) -> [u8; 172] {
        let mut packet = [0x55; 172];
        packet[0] = 0x80;
        packet[1] = self.payload_type;
        packet[2..4].copy_from_slice(&(self.sent as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(self.sent * self.span).to_be_bytes());
        packet[8..12].copy_from_slice(&[0, 0, 0, 7]);
        // Opus: CELT, 20 ms, mono, one frame.
        if self.payload == 40 {
            packet[12] = 0xf8;
        }
        self.sent += 1;
        packet
    }
}

const EVENTS: TelephoneEvent = TelephoneEvent {
    send: 101,
    receive: 101,
    clock_rate: 8_000,
};
