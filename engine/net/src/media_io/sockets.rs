//! Which socket belongs to which leg.

use std::net::UdpSocket;

use media::{Channel, LegKey};

/// A socket of a media thread, by index.
pub(super) type Slot = u32;

/// The sockets of one thread, in slots that are used again.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    entries: Vec<Option<Entry>>,
    vacant: Vec<Slot>,
    legs: std::collections::HashMap<LegKey, [Slot; 2], BuildKeyHasher>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) leg: LegKey,
    pub(super) channel: Channel,
    pub(super) socket: UdpSocket,
}

impl Sockets {
    /// Puts a leg's two sockets in.
    pub(super) fn insert(&mut self, leg: LegKey, rtp: UdpSocket, rtcp: UdpSocket) -> [Slot; 2] {
        let slots = [
            self.place(Entry {
                leg,
                channel: Channel::Rtp,
                socket: rtp,
            }),
            self.place(Entry {
                leg,
                channel: Channel::Rtcp,
                socket: rtcp,
            }),
        ];
        self.legs.insert(leg, slots);
        slots
    }

    /// Takes a leg's sockets out.
    pub(super) fn remove(&mut self, leg: LegKey) -> Option<[(Slot, UdpSocket); 2]> {
        let [rtp, rtcp] = self.legs.remove(&leg)?;
        Some([(rtp, self.take(rtp)?), (rtcp, self.take(rtcp)?)])
    }

    pub(super) fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(super) fn slot(&self, leg: LegKey, channel: Channel) -> Option<Slot> {
        let slots = self.legs.get(&leg)?;
        Some(match channel {
            Channel::Rtp => slots[0],
            Channel::Rtcp => slots[1],
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    fn place(&mut self, entry: Entry) -> Slot {
        if let Some(slot) = self.vacant.pop() {
            self.entries[slot as usize] = Some(entry);
            return slot;
        }
        self.entries.push(Some(entry));
        (self.entries.len() - 1) as Slot
    }

    fn take(&mut self, slot: Slot) -> Option<UdpSocket> {
        let entry = self.entries.get_mut(slot as usize)?.take()?;
        self.vacant.push(slot);
        Some(entry.socket)
    }
}

/// Leg keys are counted up by ourselves: one multiplication spreads them well enough.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BuildKeyHasher;

impl std::hash::BuildHasher for BuildKeyHasher {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(0)
    }
}

#[derive(Debug)]
pub(super) struct KeyHasher(u64);

impl std::hash::Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
    }
}
