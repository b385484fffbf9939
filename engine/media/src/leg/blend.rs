//! What a leg hears of several who do not all hear each other: each as it comes, summed a frame at
//! a time.

use std::time::Duration;

use smallvec::SmallVec;

use super::mouth::{Converter, samples_in};

/// Several voices on their way to one leg, at that leg's own rate.
#[derive(Debug)]
pub(crate) struct Blend {
    rate: u32,
    parts: SmallVec<[Part; 3]>,
    sum: Box<[i32]>,
    frame: Box<[i16]>,
}

/// Whom or what a leg hears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Heard {
    /// The leg in this slot.
    Leg(u32),
    /// The others of a room.
    Room,
    /// What the exchange plays.
    Ours,
}

/// One voice, and what of it waits.
#[derive(Debug)]
struct Part {
    of: Heard,
    converter: Converter,
}

impl Blend {
    pub(crate) fn new(rate: u32) -> Self {
        let samples = samples_in(BLENDED, rate);
        Self {
            rate,
            parts: SmallVec::new(),
            sum: vec![0; samples].into(),
            frame: vec![0; samples].into(),
        }
    }

    /// Samples a second of what it gives out.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes a frame of somebody. More than [`MOST_PARTS`] at once are not heard, and of what waits
    /// for too long the oldest goes.
    pub(crate) fn take(&mut self, of: Heard, rate: u32, frame: &[i16]) {
        let (own, whole) = (self.rate, self.frame.len());
        let Some(part) = self.part(of, rate) else {
            return;
        };
        let waiting = &mut part.converter.waiting;
        if waiting.len() > samples_in(LONGEST_WAIT, own) {
            let surplus = waiting.len() - whole;
            waiting.drain(..surplus);
        }
        part.converter.add(frame);
    }

    /// The sum of a frame of everybody. Who has less than a whole one is waited for.
    pub(crate) fn mix(&mut self) -> &[i16] {
        self.sum.fill(0);
        let whole = self.frame.len();
        for part in &mut self.parts {
            let waiting = &mut part.converter.waiting;
            let Some(said) = waiting.get(..whole) else {
                continue;
            };
            for (sum, &said) in self.sum.iter_mut().zip(said) {
                *sum += i32::from(said);
            }
            waiting.drain(..whole);
        }
        for (sample, &sum) in self.frame.iter_mut().zip(&self.sum) {
            *sample = sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
        &self.frame
    }

    /// A voice's place; one that has fallen silent makes room for a new one.
    fn part(&mut self, of: Heard, rate: u32) -> Option<&mut Part> {
        let whole = self.frame.len();
        let known = self.parts.iter().position(|part| part.of == of);
        let silent = |part: &Part| part.converter.waiting.len() < whole;
        let place = match known {
            Some(place) => place,
            None if self.parts.len() < MOST_PARTS => self.parts.len(),
            None => self.parts.iter().position(silent)?,
        };
        let fits = |part: &Part| part.of == of && part.converter.from == rate;
        if !self.parts.get(place).is_some_and(fits) {
            let converter = Converter::new(rate, self.rate);
            let part = Part { of, converter };
            match self.parts.get_mut(place) {
                Some(old) => *old = part,
                None => self.parts.push(part),
            }
        }
        self.parts.get_mut(place)
    }
}

/// What is summed at a time: the packet of nearly all phones.
pub(crate) const BLENDED: Duration = Duration::from_millis(20);
/// What waits for longer than a packet of 20 ms and the next one's lateness is not waited for.
const LONGEST_WAIT: Duration = Duration::from_millis(30);
/// The two of a conversation, the exchange, and some who supervise.
const MOST_PARTS: usize = 8;
