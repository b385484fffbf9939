//! RTP and RTCP packets to legs that are played to, transcoded, searched for keys and recorded.
#![no_main]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use media::{
    Board, Channel, Clip, CodecKind, Command, Direction, Latch, LegConfig, LegKey, Negotiated,
    PlayItem, PlayKey, RecordingKey, RecordingSink, TelephoneEvent, Wire,
};

/// Packets and recordings go nowhere.
#[derive(Debug)]
struct Nowhere;

impl Wire for Nowhere {
    fn send(&mut self, _: LegKey, _: Channel, _: SocketAddr, _: &[u8]) {}
}

impl RecordingSink for Nowhere {
    fn write(&mut self, _: &[i16]) -> bool {
        true
    }

    fn close(&mut self) -> bool {
        true
    }
}

const LEGS: [(CodecKind, u8); 4] = [
    (CodecKind::Pcma, 8),
    (CodecKind::G722, 9),
    (CodecKind::Opus, 96),
    (CodecKind::Pcmu, 0),
];

fuzz_target!(|packets: Vec<Vec<u8>>| {
    let mut now = Instant::now();
    let peer: SocketAddr = ([192, 0, 2, 7], 4_000).into();
    let mut board = Board::new(now);
    for (key, (kind, payload)) in (0..).zip(LEGS) {
        let config = LegConfig {
            remote: Some(peer),
            remote_rtcp: Some(peer),
            rtcp_mux: key == 1,
            codec: Negotiated { kind, send: payload, receive: payload },
            telephone_event: Some(TelephoneEvent { send: 101, receive: 101, clock_rate: 8_000 }),
            ptime: 20,
            direction: Direction::SendRecv,
            latch: Latch { hosts: [peer.ip()].into_iter().collect(), symmetric: true },
            detect_tones: true,
            detect_progress: true,
            keys_elsewhere: false,
            passes_datagrams: false,
            rtp_timeout: Duration::from_secs(5),
            seed: key,
            cname: "fuzz".into(),
        };
        board.handle_command(now, Command::AddLeg { leg: LegKey(key), config });
    }
    board.handle_command(now, Command::Connect { a: LegKey(0), b: LegKey(1) });
    board.handle_command(now, Command::Connect { a: LegKey(2), b: LegKey(3) });
    let recording = RecordingKey(1);
    board.handle_command(now, Command::StartRecording {
        recording,
        stereo: true,
        rate: 8_000,
        sink: Box::new(Nowhere),
        silence: Duration::from_secs(1),
    });
    let (left, right) = (Some(LegKey(1)), Some(LegKey(2)));
    board.handle_command(now, Command::RecordLegs { recording, left, right });
    let clip = Arc::new(Clip::from_samples(8_000, vec![1_000; 800]));
    board.handle_command(now, Command::Play {
        leg: LegKey(3),
        play: PlayKey(1),
        items: vec![PlayItem::Clip(clip)],
        times: 2,
    });
    for (index, mut packet) in packets.into_iter().enumerate() {
        let leg = LegKey(index as u64 % LEGS.len() as u64);
        let channel = if index % 5 == 4 { Channel::Rtcp } else { Channel::Rtp };
        board.handle_packet(now, leg, channel, peer, &mut packet, &mut Nowhere);
        now += Duration::from_millis(5);
        board.handle_tick(now, &mut Nowhere);
        while board.poll_event().is_some() {}
    }
});
