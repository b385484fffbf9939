//! The ring with real sockets, where the kernel has it.

use std::time::{Duration, Instant};

use media::{Channel, LegKey, Wire};

use super::super::outbox::OutboxWire;
use super::super::sockets::Sockets;
use super::*;

#[test]
fn packets_go_out_and_come_in_with_their_addresses() {
    let Some((mut uring, mut sockets, mut outbox)) = desk() else {
        return;
    };
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (slots, port) = open(&mut uring, &mut sockets, LegKey(1));
    peer.send_to(b"hello", ("127.0.0.1", port)).unwrap();

    let (slot, from, packet) = receive_one(&mut uring);
    OutboxWire {
        outbox: &mut outbox,
        sockets: &sockets,
    }
    .send(LegKey(1), Channel::Rtp, from, b"there");
    let unsent = uring.send(&outbox);

    assert_eq!((slot, packet.as_slice()), (slots[0], &b"hello"[..]));
    assert_eq!((from, unsent), (peer.local_addr().unwrap(), 0));
    let mut octets = [0; 16];
    assert_eq!(peer.recv(&mut octets).unwrap(), 5);
}

#[test]
fn more_packets_than_buffers_are_received_in_turns() {
    let Some((mut uring, mut sockets, _)) = desk() else {
        return;
    };
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (_, port) = open(&mut uring, &mut sockets, LegKey(1));

    let mut heard = 0;
    for _ in 0..30 {
        for _ in 0..100 {
            peer.send_to(b"x", ("127.0.0.1", port)).unwrap();
        }
        // The kernel gives some 30 packets of a socket at a turn: nobody floods the others.
        for _ in 0..5 {
            uring.receive(&mut |_, _, _| heard += 1);
        }
    }

    assert_eq!(heard, 3_000);
}

#[test]
fn one_look_brings_the_packets_of_all_sockets_however_many() {
    let Some((mut uring, mut sockets, _)) = desk() else {
        return;
    };
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let ports: Vec<u16> = (1..=300)
        .map(|leg| open(&mut uring, &mut sockets, LegKey(leg)).1)
        .collect();
    uring.receive(&mut |_, _, _| ());
    for port in &ports {
        peer.send_to(b"x", ("127.0.0.1", *port)).unwrap();
    }

    let mut heard = 0;
    uring.receive(&mut |_, _, _| heard += 1);

    assert_eq!(heard, 300);
}

#[test]
fn a_removed_socket_frees_its_port_and_its_slot_serves_again() {
    let Some((mut uring, mut sockets, _)) = desk() else {
        return;
    };
    let (_, port) = open(&mut uring, &mut sockets, LegKey(1));

    for (slot, socket) in sockets.remove(LegKey(1)).unwrap() {
        uring.remove(slot);
        drop(socket);
    }
    uring.receive(&mut |_, _, _| {});

    let again = UdpSocket::bind(("127.0.0.1", port));
    assert!(again.is_ok());
    let (_, port) = open(&mut uring, &mut sockets, LegKey(2));
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.send_to(b"new", ("127.0.0.1", port)).unwrap();
    assert_eq!(receive_one(&mut uring).2, b"new");
}

#[test]
fn a_peer_that_refuses_packets_does_not_stop_the_socket() {
    let Some((mut uring, mut sockets, mut outbox)) = desk() else {
        return;
    };
    let (_, port) = open(&mut uring, &mut sockets, LegKey(1));
    let gone = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    OutboxWire {
        outbox: &mut outbox,
        sockets: &sockets,
    }
    .send(LegKey(1), Channel::Rtp, gone, b"nobody hears this");

    uring.send(&outbox);
    uring.receive(&mut |_, _, _| {});

    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.send_to(b"still here", ("127.0.0.1", port)).unwrap();
    assert_eq!(receive_one(&mut uring).2, b"still here");
}

/// Nothing where the kernel refuses io_uring, as in many containers: epoll serves there.
fn desk() -> Option<(Uring, Sockets, Outbox)> {
    let uring = Uring::new()
        .inspect_err(|error| eprintln!("not tried, io_uring is refused here: {error}"))
        .ok()?;
    Some((uring, Sockets::default(), Outbox::default()))
}

fn open(uring: &mut Uring, sockets: &mut Sockets, leg: LegKey) -> ([Slot; 2], u16) {
    let bind = || UdpSocket::bind("127.0.0.1:0").unwrap();
    let slots = sockets.insert(leg, bind(), bind());
    for slot in slots {
        uring
            .add(slot, &sockets.entry(slot).unwrap().socket)
            .unwrap();
    }
    // Arms the receives.
    uring.receive(&mut |_, _, _| {});
    let rtp = &sockets.entry(slots[0]).unwrap().socket;
    (slots, rtp.local_addr().unwrap().port())
}

fn receive_one(uring: &mut Uring) -> (Slot, SocketAddr, Vec<u8>) {
    let give_up = Instant::now() + Duration::from_secs(5);
    let mut found = None;
    while found.is_none() && Instant::now() < give_up {
        uring.receive(&mut |slot, from, packet| found = Some((slot, from, packet.to_vec())));
    }
    found.expect("a packet within five seconds")
}
