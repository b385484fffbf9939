//! What a packet costs: relayed, played, recorded, transcoded, mixed, supervised. No sockets, no disk.
//!
//! `cargo run --release -p moonswitch-media --example board_rate [WORK...]` prints nanoseconds a packet; of
//! all work, or of what is named.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use media::{
    Board, Channel, Clip, CodecKind, Command, Direction, HeardBy, Latch, LegConfig, LegKey,
    Negotiated, PlayItem, PlayKey, RecordingKey, RecordingSink, RoomKey, TelephoneEvent, Wire,
};

fn main() {
    let pairs = 200;
    println!("{pairs} calls, {SECONDS} s of sound; % is of a core for 100 calls, sockets apart");
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let measure = |name: &str, load: &dyn Fn() -> Load| {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            load().measure(name);
        }
    };
    for (name, kinds) in [
        ("relayed PCMA", (CodecKind::Pcma, CodecKind::Pcma)),
        ("relayed Opus", (CodecKind::Opus, CodecKind::Opus)),
        ("PCMU to PCMA", (CodecKind::Pcmu, CodecKind::Pcma)),
        ("PCMA to G.722", (CodecKind::Pcma, CodecKind::G722)),
        ("PCMA to Opus", (CodecKind::Pcma, CodecKind::Opus)),
    ] {
        measure(name, &|| Load::bridged(pairs, kinds));
    }
    measure("recorded PCMA", &|| {
        let mut recorded = Load::bridged(pairs, (CodecKind::Pcma, CodecKind::Pcma));
        recorded.record();
        recorded
    });
    measure("conference of three", &|| Load::conferences(pairs));
    for (name, heard_by) in [
        ("supervised: listen", HeardBy::Nobody),
        ("supervised: whisper", HeardBy::Agent),
        ("supervised: barge", HeardBy::Everybody),
    ] {
        measure(name, &|| Load::supervised(pairs, heard_by));
    }
    measure("PCMA, tones looked for", &|| {
        Load::bridged_with(pairs, (CodecKind::Pcma, CodecKind::Pcma), true)
    });
    for (name, kind) in [
        ("played PCMA", CodecKind::Pcma),
        ("played G.722", CodecKind::G722),
        ("played Opus", CodecKind::Opus),
    ] {
        measure(name, &|| Load::playing(pairs, kind));
    }
}

struct Load {
    board: Board,
    now: Instant,
    peers: Vec<Peer>,
    sent: Sent,
    calls: usize,
}

struct Peer {
    leg: LegKey,
    from: SocketAddr,
    packet: [u8; 172],
    length: usize,
    span: u32,
    count: u32,
}

/// Copies each packet, as a batch of sends would.
struct Sent {
    batch: Vec<u8>,
    packets: u64,
}

#[derive(Debug)]
struct Nowhere;

impl Wire for Sent {
    fn send(&mut self, _: LegKey, _: Channel, _: SocketAddr, packet: &[u8]) {
        self.batch.clear();
        self.batch.extend_from_slice(packet);
        self.packets += 1;
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

impl Load {
    fn new(calls: usize) -> Self {
        let now = Instant::now();
        Self {
            board: Board::new(now),
            now,
            peers: Vec::new(),
            sent: Sent {
                batch: Vec::with_capacity(2000),
                packets: 0,
            },
            calls,
        }
    }

    fn bridged(calls: usize, kinds: (CodecKind, CodecKind)) -> Self {
        Self::bridged_with(calls, kinds, false)
    }

    fn bridged_with(calls: usize, kinds: (CodecKind, CodecKind), tones: bool) -> Self {
        let mut load = Self::new(calls);
        for _ in 0..calls {
            let (a, b) = (load.leg(kinds.0, tones), load.leg(kinds.1, tones));
            load.board
                .handle_command(load.now, Command::Connect { a, b });
        }
        load
    }

    fn conferences(rooms: usize) -> Self {
        let mut load = Self::new(rooms);
        for number in 0..rooms as u64 {
            for _ in 0..3 {
                let leg = load.leg(CodecKind::Pcma, false);
                let room = RoomKey(number);
                let enters = Command::EnterRoom { room, leg };
                load.board.handle_command(load.now, enters);
            }
        }
        load
    }

    /// Each conversation has a supervisor of its own, who speaks like the others.
    fn supervised(calls: usize, heard_by: HeardBy) -> Self {
        let mut load = Self::bridged(calls, (CodecKind::Pcma, CodecKind::Pcma));
        for call in 0..calls {
            let agent = load.peers[2 * call + 1].leg;
            let leader = load.leg(CodecKind::Pcma, false);
            let supervises = Command::Supervise {
                leader,
                agent,
                heard_by,
            };
            load.board.handle_command(load.now, supervises);
        }
        load
    }

    fn playing(calls: usize, kind: CodecKind) -> Self {
        let mut load = Self::new(calls);
        let rate = kind.clip_rate();
        let sound = (0..rate * 10).map(|n| (n % 4001) as i16 - 2000).collect();
        let clip = Arc::new(Clip::from_samples(rate, sound));
        for call in 0..calls {
            let leg = load.leg(kind, false);
            let items = vec![PlayItem::Clip(clip.clone())];
            let play = PlayKey(call as u64);
            load.board.handle_command(
                load.now,
                Command::Play {
                    leg,
                    play,
                    items,
                    times: 0,
                },
            );
        }
        load.peers.clear();
        load
    }

    fn record(&mut self) {
        for call in 0..self.calls {
            let recording = RecordingKey(call as u64);
            let legs = &self.peers[2 * call..2 * call + 2];
            let (left, right) = (Some(legs[0].leg), Some(legs[1].leg));
            let start = Command::StartRecording {
                recording,
                stereo: true,
                rate: 8000,
                sink: Box::new(Nowhere),
                silence: Duration::ZERO,
            };
            self.board.handle_command(self.now, start);
            let place = Command::RecordLegs {
                recording,
                left,
                right,
            };
            self.board.handle_command(self.now, place);
        }
    }

    fn leg(&mut self, kind: CodecKind, tones: bool) -> LegKey {
        let number = self.peers.len() as u64;
        let leg = LegKey(number);
        let from = SocketAddr::from(([10, 0, (number >> 8) as u8, number as u8], 4000));
        let payload_type = match kind {
            CodecKind::Pcmu => 0,
            CodecKind::Pcma => 8,
            CodecKind::G722 => 9,
            CodecKind::Opus => 96,
            CodecKind::G729 => 18,
        };
        let mut packet = [0xd5; 172];
        packet[0] = 0x80;
        packet[1] = payload_type;
        packet[8..12].copy_from_slice(&[1, 2, 3, 4]);
        if kind == CodecKind::Opus {
            packet[12] = 0xf8;
        }
        self.peers.push(Peer {
            leg,
            from,
            packet,
            length: if kind == CodecKind::Opus { 72 } else { 172 },
            span: kind.clock_rate() / 50,
            count: 0,
        });
        let config = LegConfig {
            remote: Some(from),
            remote_rtcp: Some(from),
            rtcp_mux: false,
            codec: Negotiated {
                kind,
                send: payload_type,
                receive: payload_type,
            },
            telephone_event: (!tones).then_some(EVENTS),
            ptime: 20,
            direction: Direction::SendRecv,
            latch: Latch {
                hosts: [from.ip()].into_iter().collect(),
                symmetric: true,
            },
            keys_elsewhere: false,
            passes_datagrams: false,
            detect_tones: tones,
            detect_progress: false,
            rtp_timeout: Duration::from_secs(60),
            seed: number,
            cname: "board".into(),
        };
        self.board
            .handle_command(self.now, Command::AddLeg { leg, config });
        leg
    }

    fn measure(&mut self, name: &str) {
        self.run(2);
        self.sent.packets = 0;
        let begin = cpu_time();
        self.run(SECONDS);
        let taken = cpu_time().saturating_sub(begin);
        let packets = self.sent.packets.max(1);
        let share = taken.as_secs_f64() / f64::from(SECONDS) * 100.0 / self.calls as f64 * 100.0;
        let each = taken.as_nanos() as u64 / packets;
        println!("{name:24} {each:7} ns a packet  {share:6.2} %  ({packets} packets)");
    }

    /// A quarter of the peers at each tick, as calls begin at any time.
    fn run(&mut self, seconds: u32) {
        for tick in 0..seconds as usize * 200 {
            self.now += Duration::from_millis(5);
            for peer in self.peers.iter_mut().skip(tick % 4).step_by(4) {
                peer.packet[0] = 0x80;
                peer.packet[2..4].copy_from_slice(&(peer.count as u16).to_be_bytes());
                let stamp = peer.count.wrapping_mul(peer.span);
                peer.packet[4..8].copy_from_slice(&stamp.to_be_bytes());
                peer.count += 1;
                let mut packet = peer.packet;
                self.board.handle_packet(
                    self.now,
                    peer.leg,
                    Channel::Rtp,
                    peer.from,
                    &mut packet[..peer.length],
                    &mut self.sent,
                );
            }
            self.board.handle_tick(self.now, &mut self.sent);
            while self.board.poll_event().is_some() {}
        }
    }
}

/// Time that this process has had a core for, so that a busy machine does not count. The first
/// number of Linux's schedstat is nanoseconds.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let first = stat.split_whitespace().next();
    let nanoseconds = first.and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

const SECONDS: u32 = 20;

const EVENTS: TelephoneEvent = TelephoneEvent {
    send: 101,
    receive: 101,
    clock_rate: 8_000,
};
