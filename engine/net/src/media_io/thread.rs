//! One media thread: orders, packets, tick, batch; then sleep until the next tick.

use std::net::UdpSocket;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

use media::{Board, Command, LegKey};

use super::Counters;
use super::epoll::Epoll;
use super::moving::{Arrivals, Departures, Luggage, Moving};
use super::outbox::{Outbox, OutboxWire};
use super::sockets::{Slot, Sockets};
use super::uring::Uring;

/// What the pool asks of a thread.
#[derive(Debug)]
pub(super) enum Order {
    Open {
        leg: LegKey,
        rtp: UdpSocket,
        rtcp: UdpSocket,
    },
    Close {
        leg: LegKey,
    },
    Board(Command),
    /// Something comes from another thread: what is ordered of it waits.
    Expect(Moving),
    /// Give something to another thread.
    Give {
        what: Moving,
        to: SyncSender<Self>,
    },
    /// It comes; or it does not, because the other thread has not got it.
    Take {
        what: Moving,
        luggage: Option<Luggage>,
    },
    Stop,
}

/// How packets come and go; two implementations, chosen at start.
pub(super) enum Backend {
    Uring(Box<Uring>),
    Epoll(Epoll),
}

pub(super) fn run<R>(
    inbox: &Receiver<Order>,
    epoch: Instant,
    use_uring: bool,
    report: &R,
    counters: &Counters,
) where
    R: Fn(media::Event) -> Result<(), media::Event>,
{
    // Sound that waits for others who compute is heard to stutter. Where the system does not let this
    // thread go first (only root and CAP_SYS_NICE may), it takes its turn.
    let _ = rustix::process::setpriority_process(None, GOES_FIRST);
    let backend = Backend::new(use_uring);
    let mut desk = Desk {
        board: Board::new(epoch),
        sockets: Sockets::default(),
        outbox: Outbox::with_capacity(512),
        backend,
        unreported: None,
        arrivals: Arrivals::default(),
        departures: Departures::default(),
    };
    let mut next_tick = Instant::now() + TICK;
    loop {
        if desk.is_idle() {
            // Nobody to hear: sleep until there is something to do.
            match inbox.recv() {
                Ok(order) => {
                    if desk.obey(order).is_break() {
                        return;
                    }
                    next_tick = Instant::now() + TICK;
                }
                Err(_) => return,
            }
        }
        loop {
            match inbox.try_recv() {
                Ok(order) => {
                    if desk.obey(order).is_break() {
                        return;
                    }
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        desk.tick(report, counters);

        let now = Instant::now();
        if now > next_tick + TICK {
            counters.late_ticks.fetch_add(1, Relaxed);
            next_tick = now;
        }
        std::thread::sleep(next_tick.saturating_duration_since(now));
        next_tick += TICK;
    }
}

/// Everything that a media thread owns.
struct Desk {
    board: Board,
    sockets: Sockets,
    outbox: Outbox,
    backend: Backend,
    /// An event that the switch could not take yet.
    unreported: Option<media::Event>,
    arrivals: Arrivals,
    departures: Departures,
}

impl Desk {
    fn is_idle(&self) -> bool {
        let quiet = self.unreported.is_none() && self.departures.is_empty();
        quiet && self.sockets.is_empty() && self.board.is_idle()
    }

    fn obey(&mut self, order: Order) -> std::ops::ControlFlow<()> {
        let Some(order) = self.arrivals.keep(order) else {
            return std::ops::ControlFlow::Continue(());
        };
        match order {
            Order::Open { leg, rtp, rtcp } => self.open(leg, [rtp, rtcp]),
            Order::Close { leg } => {
                self.close(leg);
            }
            Order::Expect(what) => self.arrivals.expect(what),
            Order::Give { what, to } => {
                let luggage = self.pack(what);
                self.departures.send(to, Order::Take { what, luggage });
            }
            Order::Take { what, luggage } => {
                self.unpack(luggage);
                for order in self.arrivals.arrived(what) {
                    if self.obey(order).is_break() {
                        return std::ops::ControlFlow::Break(());
                    }
                }
            }
            Order::Board(command) => {
                let now = Instant::now();
                guard(&mut self.board, now, |board| {
                    board.handle_command(now, command)
                });
            }
            Order::Stop => {
                self.send();
                return std::ops::ControlFlow::Break(());
            }
        }
        std::ops::ControlFlow::Continue(())
    }

    fn open(&mut self, leg: LegKey, [rtp, rtcp]: [UdpSocket; 2]) {
        for slot in self.sockets.insert(leg, rtp, rtcp) {
            let Some(entry) = self.sockets.entry(slot) else {
                continue;
            };
            if let Err(error) = self.backend.add(slot, &entry.socket) {
                tracing::error!(%error, "cannot watch a media socket");
            }
        }
    }

    /// Takes a leg's sockets out; what the board has said of it (RTCP BYE) still leaves.
    fn close(&mut self, leg: LegKey) -> Option<[UdpSocket; 2]> {
        self.send();
        let pair = self.sockets.remove(leg)?;
        for (slot, socket) in &pair {
            self.backend.remove(*slot, socket);
        }
        Some(pair.map(|(_, socket)| socket))
    }

    fn pack(&mut self, what: Moving) -> Option<Luggage> {
        let now = Instant::now();
        match what {
            Moving::Leg(key) => {
                let mut leg = None;
                guard(&mut self.board, now, |board| leg = board.give_leg(now, key));
                let sockets = self.close(key)?;
                Some(Luggage::Leg { key, leg, sockets })
            }
            Moving::Recording(key) => {
                let mut recording = None;
                guard(&mut self.board, now, |board| {
                    recording = board.give_recording(now, key);
                });
                recording.map(Luggage::Recording)
            }
        }
    }

    fn unpack(&mut self, luggage: Option<Luggage>) {
        let now = Instant::now();
        match luggage {
            Some(Luggage::Leg { key, leg, sockets }) => {
                self.open(key, sockets);
                if let Some(leg) = leg {
                    guard(&mut self.board, now, |board| board.take_leg(now, leg));
                }
            }
            Some(Luggage::Recording(recording)) => self.board.take_recording(recording),
            None => {}
        }
    }

    fn tick<R>(&mut self, report: &R, counters: &Counters)
    where
        R: Fn(media::Event) -> Result<(), media::Event>,
    {
        self.departures.send_again();
        let now = Instant::now();
        let Self {
            board,
            sockets,
            outbox,
            backend,
            ..
        } = self;
        let mut received = 0;
        backend.receive(sockets, &mut |slot, from, packet| {
            received += 1;
            if let Some(entry) = sockets.entry(slot) {
                let mut wire = OutboxWire {
                    outbox: &mut *outbox,
                    sockets,
                };
                guard(board, now, |board| {
                    board.handle_packet(now, entry.leg, entry.channel, from, packet, &mut wire);
                });
            }
        });
        let mut wire = OutboxWire { outbox, sockets };
        guard(board, now, |board| board.handle_tick(now, &mut wire));
        counters.received.fetch_add(received, Relaxed);
        counters
            .sent
            .fetch_add(self.outbox.packets().len() as u64, Relaxed);
        let unsent = self.send();
        if unsent > 0 {
            counters.unsent.fetch_add(unsent, Relaxed);
        }
        while let Some(event) = self.unreported.take().or_else(|| self.board.poll_event()) {
            if let Err(event) = report(event) {
                self.unreported = Some(event);
                break;
            }
        }
    }

    /// Sends what waits; how many the kernel refused.
    fn send(&mut self) -> u64 {
        let unsent = self.backend.send(&self.outbox, &self.sockets);
        self.outbox.clear();
        unsent
    }
}

/// Gives the board a turn. Should it panic, whoever's turn it was is given up, and all the other
/// calls of the thread go on.
fn guard(board: &mut Board, now: Instant, turn: impl FnOnce(&mut Board)) {
    if catch_unwind(AssertUnwindSafe(|| turn(board))).is_err() {
        let given_up = board.abandon(now);
        tracing::error!(
            given_up,
            "a media thread panicked; the leg at fault is given up"
        );
    }
}

impl Backend {
    pub(super) fn new(use_uring: bool) -> Self {
        if use_uring {
            match Uring::new() {
                Ok(uring) => return Self::Uring(Box::new(uring)),
                Err(error) => tracing::warn!(%error, "io_uring failed; this thread uses epoll"),
            }
        }
        Self::Epoll(Epoll::new())
    }

    pub(super) fn add(&mut self, slot: Slot, socket: &UdpSocket) -> std::io::Result<()> {
        match self {
            Self::Uring(uring) => uring.add(slot, socket),
            Self::Epoll(epoll) => epoll.add(slot, socket),
        }
    }

    pub(super) fn remove(&mut self, slot: Slot, socket: &UdpSocket) {
        match self {
            Self::Uring(uring) => uring.remove(slot),
            Self::Epoll(epoll) => epoll.remove(socket),
        }
    }

    pub(super) fn receive(
        &mut self,
        sockets: &Sockets,
        each: &mut dyn FnMut(Slot, std::net::SocketAddr, &mut [u8]),
    ) {
        match self {
            Self::Uring(uring) => uring.receive(each),
            Self::Epoll(epoll) => epoll.receive(sockets, each),
        }
    }

    /// Sends what waits; how many the kernel refused.
    pub(super) fn send(&mut self, outbox: &Outbox, sockets: &Sockets) -> u64 {
        match self {
            Self::Uring(uring) => uring.send(outbox),
            Self::Epoll(epoll) => epoll.send(outbox, sockets),
        }
    }
}

/// One wake-up of a media thread. 5 ms keeps the added delay under a quarter of a packet.
const TICK: Duration = Duration::from_millis(5);
/// The nice value of media threads.
const GOES_FIRST: i32 = -11;
