//! One media thread: orders, packets, tick, batch; then sleep until the next tick.

use std::net::UdpSocket;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use media::{Board, Command, LegKey};

use super::Counters;
use super::epoll::Epoll;
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
}

impl Desk {
    fn is_idle(&self) -> bool {
        self.sockets.is_empty() && self.unreported.is_none() && self.board.is_idle()
    }

    fn obey(&mut self, order: Order) -> std::ops::ControlFlow<()> {
        match order {
            Order::Open { leg, rtp, rtcp } => {
                let slots = self.sockets.insert(leg, rtp, rtcp);
                for slot in slots {
                    let Some(entry) = self.sockets.entry(slot) else {
                        continue;
                    };
                    if let Err(error) = self.backend.add(slot, &entry.socket) {
                        tracing::error!(%error, "cannot watch a media socket");
                    }
                }
            }
            Order::Close { leg } => {
                // What the board has said of this leg (RTCP BYE) still leaves.
                self.send();
                for (slot, socket) in self.sockets.remove(leg).into_iter().flatten() {
                    self.backend.remove(slot, &socket);
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

    fn tick<R>(&mut self, report: &R, counters: &Counters)
    where
        R: Fn(media::Event) -> Result<(), media::Event>,
    {
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
