//! RTP and RTCP packets to a leg that plays, listens and is recorded.
#![no_main]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use media::{
    Board, Channel, CodecKind, Command, Direction, Latch, LegConfig, LegKey, Negotiated, Wire,
};

/// Packets go nowhere.
struct Nowhere;

impl Wire for Nowhere {
    fn send(&mut self, _: LegKey, _: Channel, _: SocketAddr, _: &[u8]) {}
}

fuzz_target!(|packets: Vec<Vec<u8>>| {
    let mut now = Instant::now();
    let peer: SocketAddr = ([192, 0, 2, 7], 4_000).into();
    let mut board = Board::new(now);
    for (key, kind) in [(1, CodecKind::Pcma), (2, CodecKind::G722)] {
        let payload = if kind == CodecKind::Pcma { 8 } else { 9 };
        let config = LegConfig {
            remote: Some(peer),
            remote_rtcp: Some(peer),
            rtcp_mux: key == 1,
            codec: Negotiated { kind, send: payload, receive: payload },
            telephone_event: Some((101, 8_000)),
            ptime: 20,
            direction: Direction::SendRecv,
            latch: Latch { hosts: [peer.ip()].into_iter().collect(), symmetric: true },
            detect_tones: key == 2,
            rtp_timeout: Duration::from_secs(5),
            seed: key,
            cname: "fuzz".into(),
        };
        board.handle_command(now, Command::AddLeg { leg: LegKey(key), config });
    }
    board.handle_command(now, Command::Connect { a: LegKey(1), b: LegKey(2) });
    for (index, mut packet) in packets.into_iter().enumerate() {
        let leg = LegKey(1 + (index as u64 & 1));
        let channel = if index % 5 == 4 { Channel::Rtcp } else { Channel::Rtp };
        board.handle_packet(now, leg, channel, peer, &mut packet, &mut Nowhere);
        now += Duration::from_millis(5);
        board.handle_tick(now, &mut Nowhere);
        while board.poll_event().is_some() {}
    }
});
