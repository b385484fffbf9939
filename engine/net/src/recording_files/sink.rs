//! The media thread's side of a recording's file: it fills blocks, and never waits.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError};

use media::{RecordingKey, RecordingSink};

use super::Order;

/// Collects samples into blocks. Blocks go round between the sink and the writer: nothing is
/// allocated while a call is recorded.
///
/// While the disk stands still and the writer's orders are full, samples are refused; that the
/// file is to be opened and closed is told as soon as there is room.
#[derive(Debug)]
pub(super) struct FileSink {
    recording: RecordingKey,
    orders: SyncSender<Order>,
    /// The first order, until the writer has it.
    opening: Option<Order>,
    spare: Receiver<Vec<i16>>,
    filling: Vec<i16>,
    /// The block to fill next, once one was free.
    next: Option<Vec<i16>>,
    /// Samples in a block.
    block: usize,
    closed: bool,
}

impl FileSink {
    pub(super) fn new(
        recording: RecordingKey,
        orders: SyncSender<Order>,
        opening: Order,
        spare: Receiver<Vec<i16>>,
        block: usize,
    ) -> Self {
        let mut sink = Self {
            recording,
            orders,
            opening: Some(opening),
            spare,
            filling: Vec::with_capacity(block),
            next: None,
            block,
            closed: false,
        };
        sink.announce();
        sink
    }

    /// Whether the writer knows of the file.
    fn announce(&mut self) -> bool {
        if let Some(opening) = self.opening.take() {
            self.opening = self.tell(opening).err();
        }
        self.opening.is_none()
    }

    /// Gives an order to the writer, or back. A writer that is gone takes everything.
    fn tell(&self, order: Order) -> Result<(), Order> {
        match self.orders.try_send(order) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
            Err(TrySendError::Full(order)) => Err(order),
        }
    }

    /// Hands the block over that is being filled, and goes on with an empty one; false when it
    /// cannot be.
    fn hand_over(&mut self) -> bool {
        let Some(next) = self.next.take().or_else(|| self.spare.try_recv().ok()) else {
            return false;
        };
        if !self.announce() {
            self.next = Some(next);
            return false;
        }
        let order = Order::Block {
            recording: self.recording,
            samples: std::mem::replace(&mut self.filling, next),
        };
        if let Err(Order::Block { samples, .. }) = self.tell(order) {
            self.next = Some(std::mem::replace(&mut self.filling, samples));
            return false;
        }
        true
    }

    /// Takes a block's worth at the most, or nothing.
    fn take(&mut self, samples: &[i16]) -> bool {
        let filled = self.filling.len();
        let room = self.block.saturating_sub(filled);
        let (now, later) = samples.split_at(room.min(samples.len()));
        self.filling.extend_from_slice(now);
        if self.filling.len() < self.block {
            return true;
        }
        if !self.hand_over() {
            self.filling.truncate(filled);
            return false;
        }
        self.filling.extend_from_slice(later);
        true
    }
}

impl RecordingSink for FileSink {
    fn write(&mut self, samples: &[i16]) -> bool {
        // Recorders write less than a block at a time: what is refused is refused whole.
        samples.chunks(self.block).all(|part| self.take(part))
    }

    fn close(&mut self) -> bool {
        if self.closed {
            return true;
        }
        if !self.announce() || !self.filling.is_empty() && !self.hand_over() {
            return false;
        }
        let recording = self.recording;
        self.closed = self.tell(Order::Close { recording }).is_ok();
        self.closed
    }
}

impl Drop for FileSink {
    /// Should nobody have closed it, the writer must not keep the file for ever.
    fn drop(&mut self) {
        self.close();
    }
}
