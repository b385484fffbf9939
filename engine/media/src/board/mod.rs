//! One media thread's whole work: legs, bridges, playings, recordings. No socket, no clock.

mod bridge;
mod command;
mod ears;
mod fault;
mod moving;
mod packet;
mod recording;
mod room;
mod slots;
mod supervision;
mod tick;

use std::collections::VecDeque;
use std::time::Instant;

use self::fault::Work;
pub use self::moving::{MovedLeg, MovedRecording};
use self::recording::Recording;
use self::room::Room;
use self::slots::Slots;
use self::supervision::Supervised;
use self::tick::Schedule;
use crate::leg::Leg;
use crate::leg::mouth::Workbench;
use crate::rtp::rtcp;
use crate::{Event, RecordingSink};

/// The work of one media thread, without its sockets.
///
/// Every 5 ms hand in each packet that came with [`handle_packet`](Self::handle_packet), then call
/// [`handle_tick`](Self::handle_tick); between ticks hand in commands with
/// [`handle_command`](Self::handle_command). After each of these drain
/// [`poll_event`](Self::poll_event) until it returns `None`. What is to be sent is written to the
/// [`Wire`](crate::Wire) at once. `now` never goes back.
///
/// A leg's sockets must stay open until its [`Event::Left`]: its good-bye is sent by the tick
/// after [`Command::RemoveLeg`](crate::Command::RemoveLeg).
#[derive(Debug)]
pub struct Board {
    epoch: Instant,
    legs: Slots,
    /// Legs that are over and have not said good-bye.
    leaving: Vec<Leg>,
    recordings: Vec<Option<Recording>>,
    /// Sinks of recordings that are over, to be told so.
    closing: Vec<Box<dyn RecordingSink>>,
    rooms: Vec<Room>,
    supervised: Vec<Supervised>,
    /// Slots whom supervision has given somebody to hear or to be heard by.
    linked: Vec<u32>,
    /// Legs that hear a blend.
    blends: Schedule,
    /// Legs that send at a pace of their own.
    mouths: Schedule,
    /// Legs whose sound is decoded at a steady pace.
    ears: Schedule,
    /// Where the sweeps over all legs and all recordings go on.
    swept: Swept,
    bench: Workbench,
    /// Whose turn it is, should it go wrong.
    work: Work,
    events: VecDeque<Event>,
    traffic: Traffic,
}

/// How much a board has to do, and has done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Legs now.
    pub legs: usize,
    /// Recordings now.
    pub recordings: usize,
    /// Packets that came, of sound and of reports.
    pub packets_in: u64,
    /// Packets of sound that were sent by legs that are here or were.
    pub packets_out: u64,
    /// Packets of strangers.
    pub refused: u64,
}

/// Packets in, and what is known of legs that have left.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    packets_in: u64,
    left_out: u64,
    left_refused: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Swept {
    legs: u32,
    recordings: usize,
}

impl Board {
    /// An empty board. Music plays since `epoch`: give all threads the same.
    pub fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            legs: Slots::default(),
            leaving: Vec::new(),
            recordings: Vec::new(),
            closing: Vec::new(),
            rooms: Vec::new(),
            supervised: Vec::new(),
            linked: Vec::new(),
            blends: Schedule::default(),
            mouths: Schedule::default(),
            ears: Schedule::default(),
            swept: Swept::default(),
            bench: Workbench::new(),
            work: Work::Nobody,
            events: VecDeque::new(),
            traffic: Traffic::default(),
        }
    }

    /// The oldest event that has not been taken.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether there is no leg and no recording: ticks may cease.
    pub fn is_idle(&self) -> bool {
        self.legs.len() == 0
            && self.leaving.is_empty()
            && self.closing.is_empty()
            && self.recordings.iter().all(Option::is_none)
    }

    /// What there is, and what was done. It walks over all legs: ask once a second, not once a
    /// tick.
    pub fn counters(&self) -> Counters {
        let legs = || self.legs.iter().chain(&self.leaving);
        Counters {
            legs: self.legs.len(),
            recordings: self.recordings.iter().flatten().count(),
            packets_in: self.traffic.packets_in,
            packets_out: self.traffic.left_out + legs().map(|leg| leg.sender.sent().0).sum::<u64>(),
            refused: self.traffic.left_refused + legs().map(Leg::refused).sum::<u64>(),
        }
    }

    /// The board's time as reports tell it. It counts from a day before the epoch, so that no
    /// report carries the zero that means "none".
    fn ntp(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.epoch);
        rtcp::ntp(since + std::time::Duration::from_secs(86_400))
    }
}

#[cfg(test)]
mod tests;
