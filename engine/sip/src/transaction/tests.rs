//! Client and server machines over a network that loses, doubles and reorders, in simulated time.

#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

use std::time::{Duration, Instant};

use super::client::{self, Client};
use super::client_invite::{self, ClientInvite};
use super::server::{self, Server};
use super::server_invite::{self, ServerInvite};
use crate::random::Random;

/// What travels between two machines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Packet {
    Request,
    Ack,
    Response(u16),
}

/// A network of one link: what is sent arrives never, once or twice, 1 to 900 ms later.
struct Link {
    random: Random,
    /// Of 100 packets so many are lost, and as many doubled.
    loss: u64,
    flying: Vec<(Instant, Packet)>,
}

impl Link {
    fn new(seed: u64, loss: u64) -> Self {
        Self {
            random: Random::new(seed),
            loss,
            flying: Vec::new(),
        }
    }

    fn send(&mut self, now: Instant, packet: Packet) {
        let copies = match self.random.below(100) {
            dice if dice < self.loss => 0,
            dice if dice < self.loss * 2 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let delay = Duration::from_millis(1 + self.random.below(900));
            self.flying.push((now + delay, packet));
        }
    }

    fn arrive(&mut self, now: Instant) -> Vec<Packet> {
        let (arrived, flying) = self.flying.drain(..).partition(|(at, _)| *at <= now);
        self.flying = flying;
        let mut arrived: Vec<(Instant, Packet)> = arrived;
        arrived.sort_by_key(|(at, _)| *at);
        arrived.into_iter().map(|(_, packet)| packet).collect()
    }

    fn next(&self) -> Option<Instant> {
        self.flying.iter().map(|(at, _)| *at).min()
    }
}

#[test]
fn a_request_over_a_bad_network_is_served_once_and_answered_once() {
    for seed in 0..200 {
        let (served, delivered) = run_request(seed, 30);

        assert_eq!(served, 1, "seed {seed}");
        assert_eq!(delivered, [200], "seed {seed}");
    }
}

#[test]
fn a_refused_invite_over_a_bad_network_is_refused_once_and_acknowledged() {
    for seed in 0..200 {
        let (offered, delivered, acknowledged) = run_invite(seed, 20);

        assert_eq!(offered, 1, "seed {seed}");
        assert_eq!(delivered.last(), Some(&486), "seed {seed}");
        assert_eq!(
            delivered.iter().filter(|code| **code >= 200).count(),
            1,
            "seed {seed}"
        );
        assert!(acknowledged, "seed {seed}");
    }
}

#[test]
fn a_dead_network_ends_both_in_32_seconds() {
    let (served, delivered) = run_request(1, 100);
    assert_eq!((served, delivered), (0, vec![]));

    let (offered, delivered, _) = run_invite(1, 100);
    assert_eq!((offered, delivered), (0, vec![]));
}

/// Returns how often the server's user was asked, and what the client's user heard.
fn run_request(seed: u64, loss: u64) -> (u32, Vec<u16>) {
    let start = Instant::now();
    let (mut there, mut back) = (Link::new(seed, loss), Link::new(!seed, loss));
    let mut client = Client::new(start, false);
    let mut server: Option<Server> = None;
    let (mut served, mut delivered) = (0, Vec::new());
    let mut now = start;
    loop {
        for _ in there.arrive(now) {
            match &mut server {
                Some(server) => server.handle_request(),
                None => {
                    served += 1;
                    server.insert(Server::new(now, false)).respond(now, 200);
                }
            }
        }
        for packet in back.arrive(now) {
            if let Packet::Response(code) = packet {
                client.handle_response(now, code);
            }
        }
        client.handle_timeout(now);
        while let Some(output) = client.poll_output() {
            match output {
                client::Output::Request => there.send(now, Packet::Request),
                client::Output::Deliver(code) => delivered.push(code),
                client::Output::TimeOut | client::Output::TransportFailed => {}
            }
        }
        let mut server_timeout = None;
        if let Some(server) = &mut server {
            server.handle_timeout(now);
            while let Some(output) = server.poll_output() {
                if output == server::Output::Respond {
                    back.send(now, Packet::Response(200));
                }
            }
            server_timeout = server.poll_timeout();
        }
        let next = [
            there.next(),
            back.next(),
            client.poll_timeout(),
            server_timeout,
        ];
        let Some(next) = next.into_iter().flatten().min() else {
            assert!(client.is_terminated());
            assert!(server.is_none_or(|server| server.is_terminated()));
            return (served, delivered);
        };
        assert!(next - start < Duration::from_secs(120), "seed {seed}");
        now = next;
    }
}

/// Returns how often the callee was asked, what the caller heard, and whether the ACK arrived.
fn run_invite(seed: u64, loss: u64) -> (u32, Vec<u16>, bool) {
    let start = Instant::now();
    let (mut there, mut back) = (Link::new(seed, loss), Link::new(!seed, loss));
    let mut client = ClientInvite::new(start, false);
    let mut server: Option<ServerInvite> = None;
    let (mut offered, mut delivered, mut gave_up) = (0, Vec::new(), false);
    let mut latest = 0;
    let mut refuse_at = None;
    let mut now = start;
    loop {
        for packet in there.arrive(now) {
            match (&mut server, packet) {
                (Some(server), Packet::Ack) => server.handle_ack(now),
                (Some(server), _) => server.handle_invite(),
                (None, Packet::Request) => {
                    offered += 1;
                    latest = 180;
                    refuse_at = Some(now + Duration::from_secs(3));
                    server.insert(ServerInvite::new(false)).respond(now, 180);
                }
                (None, _) => {}
            }
        }
        for packet in back.arrive(now) {
            if let Packet::Response(code) = packet {
                client.handle_response(now, code);
            }
        }
        client.handle_timeout(now);
        while let Some(output) = client.poll_output() {
            match output {
                client_invite::Output::Invite => there.send(now, Packet::Request),
                client_invite::Output::Acknowledge => there.send(now, Packet::Ack),
                client_invite::Output::Deliver(code) => delivered.push(code),
                client_invite::Output::TimeOut | client_invite::Output::TransportFailed => {}
            }
        }
        let mut server_timeout = None;
        if let Some(server) = &mut server {
            if refuse_at.is_some_and(|at| at <= now) {
                latest = 486;
                refuse_at = None;
                server.respond(now, 486);
            }
            server.handle_timeout(now);
            while let Some(output) = server.poll_output() {
                match output {
                    server_invite::Output::Respond => back.send(now, Packet::Response(latest)),
                    server_invite::Output::TimeOut => gave_up = true,
                }
            }
            server_timeout = server.poll_timeout();
        }
        let next = [
            there.next(),
            back.next(),
            client.poll_timeout(),
            server_timeout,
            refuse_at,
        ];
        let Some(next) = next.into_iter().flatten().min() else {
            assert!(client.is_terminated());
            assert!(server.is_none_or(|server| server.is_terminated()));
            return (offered, delivered, !gave_up);
        };
        assert!(next - start < Duration::from_secs(120), "seed {seed}");
        now = next;
    }
}
