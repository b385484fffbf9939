//! Packets that a tick wants to send: copied once, sent in one batch.

use std::net::SocketAddr;

use media::{Channel, LegKey, Wire};

use super::sockets::{Slot, Sockets};

/// One tick's packets. Nothing is allocated once it has grown to the busiest tick.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    octets: Vec<u8>,
    packets: Vec<Packet>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    pub(super) slot: Slot,
    pub(super) to: SocketAddr,
    start: u32,
    length: u32,
}

impl Outbox {
    pub(super) fn with_capacity(packets: usize) -> Self {
        Self {
            octets: Vec::with_capacity(packets * 200),
            packets: Vec::with_capacity(packets),
        }
    }

    pub(super) fn packets(&self) -> &[Packet] {
        &self.packets
    }

    pub(super) fn octets(&self, packet: &Packet) -> &[u8] {
        let start = packet.start as usize;
        &self.octets[start..start + packet.length as usize]
    }

    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.packets.clear();
    }
}

/// The board's wire: finds the socket and copies the packet.
#[derive(Debug)]
pub(super) struct OutboxWire<'a> {
    pub(super) outbox: &'a mut Outbox,
    pub(super) sockets: &'a Sockets,
}

impl Wire for OutboxWire<'_> {
    fn send(&mut self, leg: LegKey, channel: Channel, to: SocketAddr, packet: &[u8]) {
        let Some(slot) = self.sockets.slot(leg, channel) else {
            return;
        };
        let outbox = &mut *self.outbox;
        outbox.packets.push(Packet {
            slot,
            to,
            start: outbox.octets.len() as u32,
            length: packet.len() as u32,
        });
        outbox.octets.extend_from_slice(packet);
    }
}
