//! The jitter buffer of the paths that decode: waits as long as the network needs, 20 to 200 ms.

use std::time::{Duration, Instant};

/// Puts packets in order and gives them out at the listener's pace.
///
/// It grows by itself when packets come too late (what was made up in their place is added to the
/// delay), and shrinks by giving a packet out as [`Next::Surplus`] when it never ran low.
#[derive(Debug)]
pub(crate) struct JitterBuffer {
    slots: Box<[Slot; SLOTS]>,
    phase: Phase,
    /// The youngest that came.
    newest: u64,
    /// Time stamp units of a packet.
    span: u32,
    clock_rate: u32,
    wait: Wait,
    /// The lowest level in the present window, and the window's end.
    low: (Duration, Option<Instant>),
    too_late: u64,
}

/// What is to be played next.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Next<'a> {
    /// This one.
    Packet(&'a [u8]),
    /// One that did not come; perhaps the one after it did.
    Missing(Option<&'a [u8]>),
    /// One too many: it is to be decoded and blended away.
    Surplus(&'a [u8]),
    /// Nothing yet: make something up.
    Late,
    /// Nobody speaks.
    Idle,
}

#[derive(Debug, Default)]
struct Slot {
    extended: u64,
    timestamp: u32,
    payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// Nothing came since the last silence.
    Empty,
    /// The first came then; more is awaited.
    Filling { next: u64, since: Instant },
    /// `made_up` packets' lengths have been played in place of ones that were late.
    Playing { next: u64, made_up: u32 },
}

/// Estimates how late packets come, relative to the fastest. Times are in microseconds.
#[derive(Debug, Default)]
struct Wait {
    stream: Option<Transit>,
    /// The least transit of this window, and of the one before.
    least: Option<i64>,
    least_before: Option<i64>,
    window_end: Option<Instant>,
    /// How late the latest came; forgotten slowly.
    peak: i64,
}

/// Where a stream's time stamps stand.
#[derive(Clone, Copy, Debug)]
struct Transit {
    began: Instant,
    timestamp: u32,
    units: i64,
}

impl JitterBuffer {
    /// An empty one, for a stream with time stamps of `clock_rate` Hz.
    pub(crate) fn new(clock_rate: u32) -> Self {
        Self {
            slots: Box::new(std::array::from_fn(|_| Slot::default())),
            phase: Phase::Empty,
            newest: 0,
            span: clock_rate / 50,
            clock_rate,
            wait: Wait::default(),
            low: (Duration::MAX, None),
            too_late: 0,
        }
    }

    /// The stream was restarted: what is here belongs to the past.
    pub(crate) fn restart(&mut self) {
        for slot in self.slots.iter_mut() {
            slot.extended = 0;
        }
        self.phase = Phase::Empty;
        self.newest = 0;
        self.wait.forget_stream();
    }

    /// Takes a packet in; one that comes after its turn is dropped.
    pub(crate) fn insert(&mut self, now: Instant, extended: u64, timestamp: u32, payload: &[u8]) {
        self.wait.observe(now, timestamp, self.clock_rate);
        self.learn_span(extended, timestamp);
        match &mut self.phase {
            Phase::Empty => {
                self.phase = Phase::Filling {
                    next: extended,
                    since: now,
                }
            }
            Phase::Filling { next, .. } => *next = extended.min(*next),
            Phase::Playing { next, .. } if extended < *next => {
                self.too_late += 1;
                return;
            }
            Phase::Playing { .. } => {}
        }
        self.newest = self.newest.max(extended);
        self.make_room();
        let slot = &mut self.slots[(extended % SLOTS as u64) as usize];
        slot.extended = extended;
        slot.timestamp = timestamp;
        slot.payload.clear();
        slot.payload.extend_from_slice(payload);
    }

    /// Gives the next packet out. `queued` is how much sound the caller still holds.
    pub(crate) fn next(&mut self, now: Instant, queued: Duration) -> Next<'_> {
        let (next, made_up) = match self.phase {
            Phase::Empty => return Next::Idle,
            Phase::Filling { next, since } => {
                let full = self.level(next) > self.target();
                if !full && now.saturating_duration_since(since) < self.target() {
                    return Next::Idle;
                }
                self.low = (Duration::MAX, None);
                (next, 0)
            }
            Phase::Playing { next, made_up } => (next, made_up),
        };
        if next > self.newest {
            return self.run_dry(next, made_up);
        }
        let (next, credit) = self.forgive(next, made_up);
        self.phase = Phase::Playing {
            next: next + 1,
            made_up: if self.holds(next) { 0 } else { credit },
        };
        let surplus = self.holds(next) && self.is_too_deep(now, next, queued);
        let Some(payload) = self.payload(next) else {
            return Next::Missing(self.payload(next + 1));
        };
        if surplus {
            Next::Surplus(payload)
        } else {
            Next::Packet(payload)
        }
    }

    /// Length of a packet, as the stream has shown it.
    pub(crate) fn packet_length(&self) -> Duration {
        in_time(self.span, self.clock_rate)
    }

    /// How long the first packet after a silence waits.
    pub(crate) fn target(&self) -> Duration {
        let peak = Duration::from_micros(self.wait.peak.max(0) as u64);
        peak.clamp(SHORTEST, LONGEST)
    }

    /// Packets that came after their turn.
    #[cfg(test)]
    pub(crate) fn too_late(&self) -> u64 {
        self.too_late
    }

    /// Nothing is left: something is made up for a while, then the stream counts as silent.
    fn run_dry(&mut self, next: u64, made_up: u32) -> Next<'static> {
        if self.packet_length() * made_up >= LONGEST_MAKE_UP {
            self.phase = Phase::Empty;
            return Next::Idle;
        }
        self.phase = Phase::Playing {
            next,
            made_up: made_up + 1,
        };
        Next::Late
    }

    /// What was made up while nothing was here counts for packets that turn out to be lost; a
    /// hole too long to fill is jumped over.
    fn forgive(&self, next: u64, made_up: u32) -> (u64, u32) {
        let mut next = next;
        let mut credit = made_up;
        while credit > 0 && next < self.newest && !self.holds(next) {
            next += 1;
            credit -= 1;
        }
        let first_held = (next..=self.newest).find(|&extended| self.holds(extended));
        match first_held {
            Some(held) if held - next > LONGEST_HOLE => (held, credit),
            _ => (next, credit),
        }
    }

    /// Whether a packet may go: far too much is here, or too much was here all the time.
    fn is_too_deep(&mut self, now: Instant, next: u64, queued: Duration) -> bool {
        let level = self.level(next) + queued;
        if level > LONGEST + self.packet_length() {
            return true;
        }
        let (low, end) = self.low;
        let Some(end) = end else {
            self.low = (level, Some(now + WINDOW));
            return false;
        };
        self.low.0 = low.min(level);
        if now < end {
            return false;
        }
        let excess = self.low.0 > 2 * self.packet_length().max(SHORTEST) + MARGIN;
        self.low = (Duration::MAX, None);
        excess
    }

    fn level(&self, next: u64) -> Duration {
        let packets = (self.newest + 1).saturating_sub(next).min(SLOTS as u64) as u32;
        self.packet_length() * packets
    }

    fn holds(&self, extended: u64) -> bool {
        self.slots[(extended % SLOTS as u64) as usize].extended == extended
    }

    fn payload(&self, extended: u64) -> Option<&[u8]> {
        let slot = &self.slots[(extended % SLOTS as u64) as usize];
        (slot.extended == extended).then_some(&*slot.payload)
    }

    /// Two neighbours tell how long a packet is.
    fn learn_span(&mut self, extended: u64, timestamp: u32) {
        let before = &self.slots[(extended.wrapping_sub(1) % SLOTS as u64) as usize];
        if before.extended + 1 != extended {
            return;
        }
        let span = timestamp.wrapping_sub(before.timestamp);
        // 2.5 ms to 120 ms; anything else is a pause.
        if span >= self.clock_rate / 400 && span <= self.clock_rate / 8 {
            self.span = span;
        }
    }

    /// The oldest give way when more comes than there is room for.
    fn make_room(&mut self) {
        let oldest = (self.newest + 1).saturating_sub(SLOTS as u64);
        if let Phase::Filling { next, .. } | Phase::Playing { next, .. } = &mut self.phase {
            *next = oldest.max(*next);
        }
    }
}

impl Wait {
    fn observe(&mut self, now: Instant, timestamp: u32, clock_rate: u32) {
        let stream = self.stream.get_or_insert(Transit {
            began: now,
            timestamp,
            units: 0,
        });
        stream.units += i64::from(timestamp.wrapping_sub(stream.timestamp) as i32);
        stream.timestamp = timestamp;
        let arrival = now.saturating_duration_since(stream.began).as_micros() as i64;
        let transit = arrival - stream.units * 1_000_000 / i64::from(clock_rate.max(1));

        let end = *self.window_end.get_or_insert(now + WINDOW);
        if now >= end {
            self.least_before = self.least.take();
            self.window_end = Some(now + WINDOW);
        }
        let least = self.least.map_or(transit, |least| least.min(transit));
        self.least = Some(least);
        let late = transit - self.least_before.map_or(least, |before| before.min(least));
        if late > NEW_TIME_BASE {
            self.forget_stream();
        } else if late > self.peak {
            self.peak = late;
        } else {
            self.peak -= (self.peak - late) / 512;
        }
    }

    fn forget_stream(&mut self) {
        self.stream = None;
        self.least = None;
        self.least_before = None;
    }
}

fn in_time(units: u32, clock_rate: u32) -> Duration {
    Duration::from_micros(u64::from(units) * 1_000_000 / u64::from(clock_rate.max(1)))
}

const SLOTS: usize = 64;
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(200);
/// Below this level it is not too deep, whatever the packets' length.
const MARGIN: Duration = Duration::from_millis(10);
/// How long a minimum is looked for.
const WINDOW: Duration = Duration::from_secs(2);
/// How long sound is made up for a stream that stopped.
const LONGEST_MAKE_UP: Duration = Duration::from_millis(100);
/// So late (in microseconds) is nothing but a jump of the time stamps.
const NEW_TIME_BASE: i64 = 400_000;
/// Lost packets in a row that are made up one by one.
const LONGEST_HOLE: u64 = 5;

#[cfg(test)]
mod tests;
