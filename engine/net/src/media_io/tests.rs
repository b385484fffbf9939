//! Media threads between real sockets, over both back ends.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use media::{
    Channel, CodecKind, Direction, Event, Latch, LegConfig, Negotiated, RecordingKey,
    RecordingSink, Wire,
};

use super::outbox::{Outbox, OutboxWire};
use super::sockets::Sockets;
use super::thread::Backend;
use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn epoll_is_used_where_the_kernel_refuses_io_uring_and_only_there() {
    let (has, refuses) = (|| Ok(()), || Err(io::ErrorKind::PermissionDenied.into()));

    assert!(BackendChoice::Auto.prefers_uring(has).unwrap());
    assert!(!BackendChoice::Auto.prefers_uring(refuses).unwrap());
    assert!(BackendChoice::Uring.prefers_uring(has).unwrap());
    assert!(matches!(
        BackendChoice::Uring.prefers_uring(refuses),
        Err(Error::NoUring(_))
    ));
    assert!(!BackendChoice::Epoll.prefers_uring(has).unwrap());
}

#[test]
fn two_peers_hear_each_other_over_either_back_end_and_their_ports_come_back() {
    for (number, backend) in backends().into_iter().enumerate() {
        let mut desk = Desk::new(backend, 46_000 + 100 * number as u16);
        let free = desk.pool.free_ports();
        let (a, b) = (desk.peer(1), desk.peer(2));
        desk.pool
            .command(0, Command::Connect { a: a.leg, b: b.leg });

        a.say(1, 8);
        let (from, heard) = b.hear();

        assert_eq!(from, b.exchange, "sound comes from where it is to go to");
        assert_eq!((heard[1] & 0x7f, &heard[12..]), (8, &[0x2a; 160][..]));
        for peer in [&a, &b] {
            desk.pool.command(0, Command::RemoveLeg { leg: peer.leg });
            let left = desk.event(|event| matches!(event, Event::Left { .. }));
            assert!(matches!(left, Event::Left { leg, .. } if leg == peer.leg));
            desk.pool.close(0, peer.leg, peer.exchange.port());
        }
        assert_eq!(desk.pool.free_ports(), free);
        desk.pool.stop();
        assert!(UdpSocket::bind(a.exchange).is_ok(), "{backend:?}");
    }
}

#[test]
fn a_leg_that_comes_from_another_thread_is_heard_there_and_its_port_comes_back() {
    for (number, backend) in backends().into_iter().enumerate() {
        let mut desk = Desk::with_threads(backend, 46_700 + 100 * number as u16, 2);
        let free = desk.pool.free_ports();
        let (a, b) = (desk.peer(1), desk.peer_on(1, 2));
        let (file, tape) = tape();
        desk.pool.command(
            1,
            Command::StartRecording {
                recording: RecordingKey(5),
                stereo: true,
                rate: 8_000,
                sink: Box::new(file),
                silence: Duration::ZERO,
            },
        );

        // What is ordered at once waits until the leg and the recording are there.
        desk.pool.move_leg(1, 0, b.leg);
        desk.pool.move_recording(1, 0, RecordingKey(5));
        desk.pool
            .command(0, Command::Connect { a: a.leg, b: b.leg });
        desk.pool.command(
            0,
            Command::RecordLegs {
                recording: RecordingKey(5),
                left: Some(a.leg),
                right: Some(b.leg),
            },
        );
        assert_eq!(
            a.talks_to(&b),
            b.exchange,
            "the port is the same: {backend:?}"
        );
        assert_eq!(b.talks_to(&a), a.exchange);
        // There and back again, and away: orders stay in order over several moves.
        desk.pool.move_leg(0, 1, b.leg);
        desk.pool.move_leg(1, 0, b.leg);
        desk.pool.command(
            0,
            Command::StopRecording {
                recording: RecordingKey(5),
            },
        );
        desk.event(|event| matches!(event, Event::RecordingClosed { .. }));
        assert!(tape.lock().unwrap().iter().any(|sample| *sample != 0));
        for peer in [&a, &b] {
            desk.pool.command(0, Command::RemoveLeg { leg: peer.leg });
            let left = desk.event(|event| matches!(event, Event::Left { .. }));
            assert!(matches!(left, Event::Left { leg, .. } if leg == peer.leg));
            desk.pool.close(0, peer.leg, peer.exchange.port());
        }
        assert_eq!(desk.pool.free_ports(), free);
        desk.pool.stop();
        assert!(UdpSocket::bind(b.exchange).is_ok(), "{backend:?}");
    }
}

#[test]
fn what_a_thread_has_not_got_does_not_keep_the_other_waiting() {
    let mut desk = Desk::with_threads(BackendChoice::Epoll, 46_900, 2);
    let (a, b) = (desk.peer(1), desk.peer(2));

    desk.pool.move_leg(1, 0, LegKey(99));
    desk.pool.move_recording(1, 0, RecordingKey(99));
    desk.pool.command(
        0,
        Command::Connect {
            a: LegKey(99),
            b: a.leg,
        },
    );
    desk.pool
        .command(0, Command::Connect { a: a.leg, b: b.leg });

    assert_eq!(a.talks_to(&b), b.exchange);
    desk.pool.stop();
}

#[test]
fn strangers_are_heard_over_neither_back_end() {
    for (number, backend) in backends().into_iter().enumerate() {
        let mut desk = Desk::new(backend, 46_300 + 100 * number as u16);
        let (a, b) = (desk.peer(1), desk.peer(2));
        desk.pool
            .command(0, Command::Connect { a: a.leg, b: b.leg });
        a.say(1, 8);
        b.hear();

        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        for n in 0..50 {
            stranger.send_to(&packet(n, 0x66), a.exchange).unwrap();
        }
        a.say(2, 8);

        let (_, heard) = b.hear();
        assert_eq!(heard[12], 0x2a);
        desk.pool.command(0, Command::RemoveLeg { leg: a.leg });
        let Event::Left { quality, .. } = desk.event(|event| matches!(event, Event::Left { .. }))
        else {
            unreachable!("that was waited for");
        };
        assert_eq!((quality.refused, quality.received), (50, 2), "{backend:?}");
        desk.pool.stop();
    }
}

#[test]
fn a_panic_on_a_media_thread_ends_nobody_elses_call() {
    #[derive(Debug)]
    struct Bad;
    impl RecordingSink for Bad {
        fn write(&mut self, _: &[i16]) -> bool {
            panic!("a fault of ours, on purpose");
        }
        fn close(&mut self) -> bool {
            true
        }
    }
    let mut desk = Desk::new(BackendChoice::Epoll, 46_600);
    let (a, b) = (desk.peer(1), desk.peer(2));
    desk.pool
        .command(0, Command::Connect { a: a.leg, b: b.leg });
    desk.pool.command(
        0,
        Command::StartRecording {
            recording: RecordingKey(1),
            stereo: true,
            rate: 8_000,
            sink: Box::new(Bad),
            silence: Duration::ZERO,
        },
    );

    desk.event(|event| matches!(event, Event::RecordingClosed { .. }));

    a.say(1, 8);
    assert_eq!(b.hear().1[12], 0x2a);
    desk.pool.stop();
}

#[test]
fn a_packet_in_and_out_costs_no_allocation() {
    for uring in backends()
        .iter()
        .map(|&backend| backend == BackendChoice::Uring)
    {
        let mut backend = Backend::new(uring);
        let (mut sockets, mut outbox) = (Sockets::default(), Outbox::default());
        let bind = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        };
        for slot in sockets.insert(LegKey(1), bind(), bind()) {
            backend
                .add(slot, &sockets.entry(slot).unwrap().socket)
                .unwrap();
        }
        let slot = sockets.slot(LegKey(1), Channel::Rtp).unwrap();
        let ours = sockets.entry(slot).unwrap().socket.local_addr().unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        let to = peer.local_addr().unwrap();
        let mut echo = || {
            peer.send_to(&packet(1, 0x2a), ours).unwrap();
            let mut came = 0;
            while came == 0 {
                backend.receive(&sockets, &mut |_, _, packet| {
                    came += 1;
                    let (outbox, sockets) = (&mut outbox, &sockets);
                    OutboxWire { outbox, sockets }.send(LegKey(1), Channel::Rtp, to, packet);
                });
            }
            assert_eq!(backend.send(&outbox, &sockets), 0);
            outbox.clear();
            assert_eq!(receive(&peer, &mut [0; 200]).0, 172);
        };
        // Buffers take their size.
        for _ in 0..3 {
            echo();
        }

        let counted = allocation_counter::measure(|| (0..100).for_each(|_| echo()));

        assert_eq!(counted.count_total, 0, "io_uring: {uring}");
    }
}

/// What can be tried here: io_uring only where the kernel has it.
fn backends() -> Vec<BackendChoice> {
    let mut backends = vec![BackendChoice::Epoll];
    match uring::probe() {
        Ok(()) => backends.push(BackendChoice::Uring),
        Err(error) => eprintln!("only epoll is tried, io_uring is refused here: {error}"),
    }
    backends
}

/// A pool, and what it reports.
struct Desk {
    pool: MediaPool,
    events: Receiver<Event>,
}

/// A phone with a leg on it.
struct Peer {
    leg: LegKey,
    socket: UdpSocket,
    exchange: SocketAddr,
}

/// A recording's sink, and what went there.
fn tape() -> (Tape, Arc<Mutex<Vec<i16>>>) {
    let samples = Arc::default();
    (Tape(Arc::clone(&samples)), samples)
}

#[derive(Debug)]
struct Tape(Arc<Mutex<Vec<i16>>>);

impl RecordingSink for Tape {
    fn write(&mut self, samples: &[i16]) -> bool {
        self.0.lock().unwrap().extend_from_slice(samples);
        true
    }

    fn close(&mut self) -> bool {
        true
    }
}

impl Desk {
    fn new(backend: BackendChoice, first_port: u16) -> Self {
        Self::with_threads(backend, first_port, 1)
    }

    fn with_threads(backend: BackendChoice, first_port: u16, threads: usize) -> Self {
        let (tell, events) = channel();
        let options = MediaOptions {
            threads,
            ports: (first_port, first_port + 19),
            backend,
        };
        let pool = MediaPool::start(&options, move |event| {
            tell.send(event).map_err(|refused| refused.0)
        });
        Self {
            pool: pool.unwrap(),
            events,
        }
    }

    fn peer(&mut self, number: u64) -> Peer {
        self.peer_on(0, number)
    }

    fn peer_on(&mut self, thread: usize, number: u64) -> Peer {
        let leg = LegKey(number);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let remote = socket.local_addr().unwrap();
        let opened = self.pool.open(thread, leg, HERE).unwrap();
        let config = LegConfig {
            remote: Some(remote),
            remote_rtcp: None,
            rtcp_mux: false,
            codec: Negotiated {
                kind: CodecKind::Pcma,
                send: 8,
                receive: 8,
            },
            telephone_event: None,
            ptime: 20,
            direction: Direction::SendRecv,
            // Strangers here have the same address: their port gives them away.
            latch: Latch {
                hosts: [HERE].into_iter().collect(),
                symmetric: false,
            },
            keys_elsewhere: false,
            passes_datagrams: false,
            detect_tones: false,
            detect_progress: false,
            rtp_timeout: Duration::ZERO,
            seed: number,
            cname: "test".into(),
        };
        self.pool.command(thread, Command::AddLeg { leg, config });
        Peer {
            leg,
            socket,
            exchange: SocketAddr::new(HERE, opened.port),
        }
    }

    fn event(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.events.recv_timeout(PATIENCE).unwrap();
            if wanted(&event) {
                return event;
            }
        }
    }
}

impl Peer {
    fn say(&self, sequence: u8, payload_type: u8) {
        let mut packet = packet(sequence, 0x2a);
        packet[1] = payload_type;
        self.socket.send_to(&packet, self.exchange).unwrap();
    }

    /// Speaks until the other hears it, and tells where that came from.
    fn talks_to(&self, other: &Self) -> SocketAddr {
        other
            .socket
            .set_read_timeout(Some(Duration::from_millis(20)))
            .unwrap();
        let mut packet = [0; 400];
        for sequence in 1..=250 {
            self.say(sequence, 8);
            match other.socket.recv_from(&mut packet) {
                Ok((_, from)) if packet[12] == 0x2a => return from,
                _ => {}
            }
        }
        panic!("nothing is heard");
    }

    fn hear(&self) -> (SocketAddr, Vec<u8>) {
        let mut packet = [0; 400];
        let (length, from) = receive(&self.socket, &mut packet);
        (from, packet[..length].to_vec())
    }
}

/// A thread that has used io_uring is interrupted now and then.
fn receive(socket: &UdpSocket, packet: &mut [u8]) -> (usize, SocketAddr) {
    loop {
        match socket.recv_from(packet) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            received => return received.unwrap(),
        }
    }
}

/// 20 ms of A-law.
fn packet(sequence: u8, sound: u8) -> [u8; 172] {
    let mut packet = [sound; 172];
    packet[..12].copy_from_slice(&[0x80, 8, 0, sequence, 0, 0, sequence, 0, 0, 0, 0, 7]);
    packet
}

/// The media threads' real clock is waited for, but not for ever.
const PATIENCE: Duration = Duration::from_secs(5);
