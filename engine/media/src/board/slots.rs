//! Legs in a row, found by key with one cheap hash.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::LegKey;
use crate::leg::Leg;

/// The legs of a board. A slot is valid until its leg is removed.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    legs: Vec<Option<Leg>>,
    free: Vec<u32>,
    index: HashMap<LegKey, u32, BuildHasherDefault<KeyHasher>>,
}

impl Slots {
    /// Where a leg is.
    pub(crate) fn find(&self, key: LegKey) -> Option<u32> {
        self.index.get(&key).copied()
    }

    /// Puts a leg in; one with the same key must not be there.
    pub(crate) fn insert(&mut self, leg: Leg) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.legs.push(None);
            self.legs.len() as u32 - 1
        });
        self.index.insert(leg.key, slot);
        if let Some(place) = self.legs.get_mut(slot as usize) {
            *place = Some(leg);
        }
        slot
    }

    /// Takes a leg out.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Leg> {
        let leg = self.legs.get_mut(slot as usize)?.take()?;
        self.index.remove(&leg.key);
        self.free.push(slot);
        Some(leg)
    }

    pub(crate) fn leg(&self, slot: u32) -> Option<&Leg> {
        self.legs.get(slot as usize)?.as_ref()
    }

    pub(crate) fn leg_mut(&mut self, slot: u32) -> Option<&mut Leg> {
        self.legs.get_mut(slot as usize)?.as_mut()
    }

    /// Places, taken or free; slots are below it.
    pub(crate) fn places(&self) -> u32 {
        self.legs.len() as u32
    }

    /// Legs.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().flatten()
    }
}

/// Keys are given out by us: nobody chooses them to collide, so one multiplication will do.
#[derive(Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = (self.0.rotate_left(5) ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}
