//! The fallback back end: epoll says which sockets have packets, one system call a packet.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use rustix::event::epoll;

use super::outbox::Outbox;
use super::sockets::{Slot, Sockets};

/// Receives and sends with plain system calls.
pub(super) struct Epoll {
    watch: Option<rustix::fd::OwnedFd>,
    ready: Vec<epoll::Event>,
    packet: Box<[u8; PACKET]>,
}

impl Epoll {
    pub(super) fn new() -> Self {
        let watch = epoll::create(epoll::CreateFlags::CLOEXEC)
            .inspect_err(|error| tracing::error!(%error, "epoll cannot be had"))
            .ok();
        Self {
            watch,
            ready: Vec::with_capacity(1024),
            packet: Box::new([0; PACKET]),
        }
    }

    pub(super) fn add(&self, slot: Slot, socket: &UdpSocket) -> io::Result<()> {
        let Some(watch) = &self.watch else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let key = epoll::EventData::new_u64(u64::from(slot));
        epoll::add(watch, socket, key, epoll::EventFlags::IN)?;
        Ok(())
    }

    pub(super) fn remove(&self, socket: &UdpSocket) {
        if let Some(watch) = &self.watch {
            let _ = epoll::delete(watch, socket);
        }
    }

    pub(super) fn receive(
        &mut self,
        sockets: &Sockets,
        each: &mut dyn FnMut(Slot, SocketAddr, &mut [u8]),
    ) {
        let Some(watch) = &self.watch else { return };
        // Level-triggered: what is left over after some rounds is reported again at the next tick.
        for _ in 0..ROUNDS {
            self.ready.clear();
            let now = rustix::event::Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            let spare = rustix::buffer::spare_capacity(&mut self.ready);
            if epoll::wait(watch, spare, Some(&now)).is_err() || self.ready.is_empty() {
                return;
            }
            for event in &self.ready {
                let slot = event.data.u64() as Slot;
                let Some(entry) = sockets.entry(slot) else {
                    continue;
                };
                if let Ok((length, from)) = entry.socket.recv_from(&mut self.packet[..]) {
                    each(slot, from, &mut self.packet[..length]);
                }
            }
        }
    }

    pub(super) fn send(&self, outbox: &Outbox, sockets: &Sockets) -> u64 {
        let mut unsent = 0;
        for packet in outbox.packets() {
            if let Some(entry) = sockets.entry(packet.slot) {
                let octets = outbox.octets(packet);
                // The first send after an ICMP error reports that error and sends nothing.
                let sent = entry
                    .socket
                    .send_to(octets, packet.to)
                    .or_else(|_| entry.socket.send_to(octets, packet.to));
                unsent += u64::from(sent.is_err());
            }
        }
        unsent
    }
}

/// The longest packet that is read; longer ones are cut and then refused by the parser.
const PACKET: usize = 2048;
/// How often one tick asks for more: with 5 ms ticks and 20 ms packets, one round is the rule.
const ROUNDS: usize = 8;
