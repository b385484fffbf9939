//! Legs and recordings that go from one media thread to another, sockets and all.
//!
//! The thread that they go to is told first: orders about them, and orders that would overtake
//! those, wait until they are there. That takes a tick or two.

use std::collections::VecDeque;
use std::net::UdpSocket;
use std::sync::mpsc::{SyncSender, TrySendError};

use media::{LegKey, MovedLeg, MovedRecording, RecordingKey};

use super::thread::Order;

/// What goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Moving {
    Leg(LegKey),
    Recording(RecordingKey),
}

/// The thing itself; what the thread that gives it away has not got does not come.
#[derive(Debug)]
pub(super) enum Luggage {
    Leg {
        key: LegKey,
        /// `None` when the board did not have it yet.
        leg: Option<Box<MovedLeg>>,
        sockets: [UdpSocket; 2],
    },
    Recording(Box<MovedRecording>),
}

/// What a thread waits for, and what waits with it.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    expected: Vec<Moving>,
    /// No more than the switch orders for these calls while another thread has a tick.
    waiting: VecDeque<Order>,
}

impl Arrivals {
    pub(super) fn expect(&mut self, what: Moving) {
        self.expected.push(what);
    }

    /// Keeps an order that must wait; gives back one that need not.
    pub(super) fn keep(&mut self, order: Order) -> Option<Order> {
        if self.expected.is_empty() {
            return Some(order);
        }
        let named = order.named();
        let waits = |what: &Moving| {
            self.expected.contains(what)
                || (self.waiting.iter()).any(|order| order.named().contains(what))
        };
        if named.iter().any(waits) {
            self.waiting.push_back(order);
            return None;
        }
        Some(order)
    }

    /// It is there, or does not come: what has waited, in order.
    pub(super) fn arrived(&mut self, what: Moving) -> VecDeque<Order> {
        if let Some(place) = self.expected.iter().position(|known| *known == what) {
            self.expected.swap_remove(place);
        }
        std::mem::take(&mut self.waiting)
    }
}

/// What goes to threads whose queues are full: offered again at the next tick.
#[derive(Debug, Default)]
pub(super) struct Departures(Vec<(SyncSender<Order>, Order)>);

impl Departures {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands something over; two threads that wait for each other would wait for ever.
    pub(super) fn send(&mut self, to: SyncSender<Order>, order: Order) {
        match to.try_send(order) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(order)) => self.0.push((to, order)),
        }
    }

    pub(super) fn send_again(&mut self) {
        for (to, order) in std::mem::take(&mut self.0) {
            self.send(to, order);
        }
    }
}

impl Order {
    /// What an order is about, as far as that can move.
    fn named(&self) -> Vec<Moving> {
        match self {
            Self::Open { leg, .. } | Self::Close { leg } => vec![Moving::Leg(*leg)],
            Self::Board(command) => {
                let legs = command.legs().into_iter().map(Moving::Leg);
                let recording = command.recording().map(Moving::Recording);
                legs.chain(recording).collect()
            }
            Self::Give { what, .. } => vec![*what],
            Self::Expect(_) | Self::Take { .. } | Self::Stop => Vec::new(),
        }
    }
}
