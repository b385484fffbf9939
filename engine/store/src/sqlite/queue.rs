//! A bounded queue to the store's threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Error;

/// What waits for a thread. When it is full, the one who pushes is told at once and keeps nothing
/// waiting; how full is full is said with each push, so that what ends things can be let in when
/// what begins things no longer is.
pub(super) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    changed: Condvar,
}

struct Waiting<T> {
    items: VecDeque<T>,
    is_closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                items: VecDeque::new(),
                is_closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Adds an item unless `limit` wait already.
    pub(super) fn push(&self, item: T, limit: usize) -> Result<(), Error> {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return Err(Error::Closed);
        }
        if waiting.items.len() >= limit {
            return Err(Error::Busy {
                waiting: waiting.items.len(),
            });
        }
        waiting.items.push_back(item);
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes up to `most` items, waiting for the first. An empty answer means that `patience` is
    /// over; `None` that the queue is closed and empty.
    pub(super) fn take(&self, most: usize, patience: Option<Duration>) -> Option<Vec<T>> {
        let mut waiting = self.lock();
        while waiting.items.is_empty() {
            if waiting.is_closed {
                return None;
            }
            waiting = match patience {
                None => self
                    .changed
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (waiting, time) = self
                        .changed
                        .wait_timeout(waiting, patience)
                        .unwrap_or_else(PoisonError::into_inner);
                    if time.timed_out() && waiting.items.is_empty() {
                        return Some(Vec::new());
                    }
                    waiting
                }
            };
        }
        let count = waiting.items.len().min(most);
        Some(waiting.items.drain(..count).collect())
    }

    /// Lets nothing more in; what waits is still taken.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    pub(super) fn len(&self) -> usize {
        self.lock().items.len()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_beginnings_and_still_takes_ends() {
        let queue = Queue::new();
        queue.push(1, 2).unwrap();
        queue.push(2, 2).unwrap();

        assert_eq!(queue.push(3, 2), Err(Error::Busy { waiting: 2 }));
        assert_eq!(queue.push(4, 3), Ok(()));
        assert_eq!(queue.take(2, None), Some(vec![1, 2]));
        assert_eq!(queue.take(9, None), Some(vec![4]));
    }

    #[test]
    fn a_closed_queue_is_emptied_and_takes_nothing_more() {
        let queue = Queue::new();
        queue.push(1, 2).unwrap();
        queue.close();

        assert_eq!(queue.push(2, 2), Err(Error::Closed));
        assert_eq!(queue.take(9, None), Some(vec![1]));
        assert_eq!(queue.take(9, None), None);
    }

    #[test]
    fn waiting_for_nothing_ends_when_patience_does() {
        let queue = Queue::<u8>::new();

        assert_eq!(
            queue.take(9, Some(Duration::from_millis(1))),
            Some(Vec::new())
        );
    }
}
