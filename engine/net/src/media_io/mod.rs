//! Media threads: each owns its legs, wakes once a tick, and takes no lock.

mod epoll;
mod moving;
mod outbox;
mod sockets;
mod thread;
mod uring;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use media::{Command, LegKey, RecordingKey};

use crate::Error;
use crate::ports::Ports;
use moving::Moving;
use thread::Order;

/// How media threads are to be set up.
#[derive(Clone, Debug)]
pub struct MediaOptions {
    /// How many; 0 is one a core.
    pub threads: usize,
    /// First and last RTP port.
    pub ports: (u16, u16),
    /// How they talk to the kernel.
    pub backend: BackendChoice,
}

/// How media threads talk to the kernel.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum BackendChoice {
    /// io_uring where the kernel has it, else epoll.
    #[default]
    Auto,
    /// io_uring or refuse to start.
    Uring,
    /// epoll.
    Epoll,
}

/// All media threads and the ports of their legs.
#[derive(Debug)]
pub struct MediaPool {
    threads: Vec<Thread>,
    ports: Ports,
    backend: &'static str,
    /// Packets that were received and sent, for `/metrics`.
    counters: Arc<Counters>,
}

/// Counters of all media threads; written once a tick.
#[derive(Debug, Default)]
pub struct Counters {
    /// Packets received.
    pub received: AtomicU64,
    /// Packets sent.
    pub sent: AtomicU64,
    /// Packets that the kernel would not take.
    pub unsent: AtomicU64,
    /// Ticks that began more than one tick late.
    pub late_ticks: AtomicU64,
}

/// A leg's sockets are open; its SDP can be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opened {
    /// The RTP port; RTCP is on the next.
    pub port: u16,
}

#[derive(Debug)]
struct Thread {
    orders: SyncSender<Order>,
    join: Option<JoinHandle<()>>,
}

impl BackendChoice {
    /// Whether io_uring is to be used; `probe` tries it on this kernel.
    fn prefers_uring(self, probe: impl FnOnce() -> io::Result<()>) -> Result<bool, Error> {
        match self {
            Self::Epoll => Ok(false),
            Self::Auto => Ok(probe().is_ok()),
            Self::Uring => probe().map(|()| true).map_err(Error::NoUring),
        }
    }
}

impl MediaPool {
    /// Starts the threads. `report` is called on them with what the boards tell; it must not block
    /// and returns false when it cannot take the event now (it is offered again at the next tick).
    ///
    /// # Errors
    /// When io_uring is demanded and not to be had, or a thread cannot start.
    pub fn start<R>(options: &MediaOptions, report: R) -> Result<Self, Error>
    where
        R: Fn(media::Event) -> Result<(), media::Event> + Clone + Send + 'static,
    {
        let count = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        let use_uring = options.backend.prefers_uring(uring::probe)?;
        let counters = Arc::new(Counters::default());
        let mut threads = Vec::with_capacity(count);
        // One for all, so that music is at the same bar on every thread.
        let epoch = Instant::now();
        for index in 0..count {
            let (orders, inbox) = sync_channel(ORDERS);
            let (report, counters) = (report.clone(), counters.clone());
            let join = std::thread::Builder::new()
                .name(format!("media-{index}"))
                .spawn(move || thread::run(&inbox, epoch, use_uring, &report, &counters))?;
            threads.push(Thread {
                orders,
                join: Some(join),
            });
        }
        Ok(Self {
            threads,
            ports: Ports::new(options.ports.0, options.ports.1),
            backend: if use_uring { "io_uring" } else { "epoll" },
            counters,
        })
    }

    /// `io_uring` or `epoll`, for the start-up line.
    pub fn backend(&self) -> &'static str {
        self.backend
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Counters for `/metrics`.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many legs can still be opened.
    pub fn free_ports(&self) -> usize {
        self.ports.free()
    }

    /// Binds a leg's sockets and gives them to a thread. Legs that will hear each other go to the
    /// same one: pass the same `thread` for all legs of a call.
    ///
    /// # Errors
    /// [`Error::OutOfPorts`], [`Error::MediaBusy`]: the call gets 503.
    pub fn open(&mut self, thread: usize, leg: LegKey, address: IpAddr) -> Result<Opened, Error> {
        let pair = self.ports.open(address)?;
        let port = pair.port;
        let order = Order::Open {
            leg,
            rtp: pair.rtp,
            rtcp: pair.rtcp,
        };
        if self.threads[thread % self.threads.len()]
            .orders
            .try_send(order)
            .is_err()
        {
            self.ports.release(port);
            return Err(Error::MediaBusy);
        }
        Ok(Opened { port })
    }

    /// Closes a leg's sockets and gives its port back; after [`media::Event::Left`] where the board
    /// had the leg.
    pub fn close(&mut self, thread: usize, leg: LegKey, port: u16) {
        self.order(thread, Order::Close { leg });
        self.ports.release(port);
    }

    /// Hands a command to a thread's board.
    pub fn command(&self, thread: usize, command: Command) {
        self.order(thread, Order::Board(command));
    }

    /// Brings a leg to another thread, sockets and all: its port stays, its stream goes on. It leaves
    /// whom it hears. Say `to` for it from now on; what is ordered there waits until it has come.
    pub fn move_leg(&self, from: usize, to: usize, leg: LegKey) {
        self.hand_over(from, to, Moving::Leg(leg));
    }

    /// Brings a running recording to another thread. Nobody is on it then.
    pub fn move_recording(&self, from: usize, to: usize, recording: RecordingKey) {
        self.hand_over(from, to, Moving::Recording(recording));
    }

    /// Whether two numbers mean the same thread.
    pub fn is_same_thread(&self, one: usize, other: usize) -> bool {
        one % self.threads.len() == other % self.threads.len()
    }

    fn hand_over(&self, from: usize, to: usize, what: Moving) {
        if self.is_same_thread(from, to) {
            return;
        }
        let queue = self.threads[to % self.threads.len()].orders.clone();
        self.order(to, Order::Expect(what));
        self.order(from, Order::Give { what, to: queue });
    }

    /// Ends all threads and waits for them.
    pub fn stop(&mut self) {
        for thread in &self.threads {
            // A full queue is emptied by the thread itself; waiting is right here.
            let _ = thread.orders.send(Order::Stop);
        }
        for thread in &mut self.threads {
            if let Some(join) = thread.join.take() {
                let _ = join.join();
            }
        }
    }

    /// The queue holds many ticks' worth of orders for thousands of calls. If it is full all the
    /// same, the thread has stalled; waiting for it keeps calls consistent, and the switch sheds
    /// new ones by [`Error::MediaBusy`] meanwhile.
    fn order(&self, thread: usize, order: Order) {
        let orders = &self.threads[thread % self.threads.len()].orders;
        match orders.try_send(order) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(order)) => {
                tracing::warn!(thread, "media thread stalls: its orders are full");
                let _ = orders.send(order);
            }
        }
    }
}

/// Orders that may wait for a media thread: at 2,500 new calls a second and ten orders a call, the
/// thread may stall for a third of a second before anybody notices.
const ORDERS: usize = 8_192;

#[cfg(test)]
mod tests;
