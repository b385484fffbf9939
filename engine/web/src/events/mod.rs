//! What happens in the exchange, kept for a while so that who was away can catch up.

mod audience;
mod news;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

pub(crate) use audience::Cast;
pub use news::News;

use audience::Casts;

/// The events of all tenants, each tenant's in a ring of its own: who listens hears one tenant, and
/// a busy tenant pushes nobody else's history out.
///
/// Publishing takes a short lock and never waits for readers; a reader that falls out of the ring
/// is told how much it has missed. Events are in the order in which they were published, and one
/// thread publishes all that is of a call.
#[derive(Debug)]
pub struct Events {
    /// Tells this run of the exchange from others in cursors.
    run: String,
    /// The number before the first.
    before: u64,
    kept: usize,
    rings: Mutex<HashMap<String, Arc<Ring>>>,
}

/// One thing that has happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// Without gaps within a tenant and a run; those of a later run are larger.
    pub(crate) number: u64,
    /// Wall time, microseconds since 1970 UTC.
    pub(crate) at: i64,
    /// The call that it is of.
    pub(crate) call: Option<Uuid>,
    pub(crate) news: News,
    /// Who has had to do with that call by then; `None` of what is no call that has begun.
    pub(crate) cast: Option<Arc<Cast>>,
}

/// Why a reader cannot go on from where it was: it reads the lists anew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Gone {
    /// The exchange has been started since: what happened before is in the records.
    Restarted,
    /// More has happened since than is kept.
    TooOld,
    /// No event has ever had this cursor.
    Unknown,
}

impl Gone {
    /// The word that readers see.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Restarted => "restarted",
            Self::TooOld => "too_old",
            Self::Unknown => "unknown_cursor",
        }
    }
}

#[derive(Debug)]
struct Ring {
    kept: usize,
    last: Mutex<Last>,
    /// The number of the newest.
    newest: watch::Sender<u64>,
    /// How many may listen at once.
    seats: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Last {
    events: VecDeque<Arc<Event>>,
    newest: u64,
    casts: Casts,
}

impl Events {
    /// Makes empty rings; `run` names this run of the exchange: the time at which it began, microseconds since 1970
    /// UTC. Numbers begin there, so that a later run's are larger.
    pub fn new(run: i64) -> Self {
        Self::keeping(run, KEPT)
    }

    pub(crate) fn keeping(run: i64, kept: usize) -> Self {
        Self {
            run: format!("{run:x}"),
            before: run.unsigned_abs(),
            kept,
            rings: Mutex::default(),
        }
    }

    /// Puts something in; never waits for a reader.
    pub fn publish(&self, tenant: &str, at: i64, call: Option<Uuid>, news: News) {
        let ring = self.ring(tenant);
        let mut last = locked(&ring.last);
        last.newest += 1;
        let number = last.newest;
        let cast = call.and_then(|call| last.casts.note(call, &news));
        last.events.push_back(Arc::new(Event {
            number,
            at,
            call,
            news,
            cast,
        }));
        if last.events.len() > ring.kept {
            last.events.pop_front();
        }
        // Still under the lock: readers must not be told of a later one first.
        ring.newest.send_replace(number);
    }

    /// Begins to listen: after the event of this cursor, or from now on. `None` when all seats are
    /// taken.
    pub(crate) fn listen(&self, tenant: &str, after: Option<&str>) -> Option<Listening> {
        let ring = self.ring(tenant);
        let seat = ring.seats.clone().try_acquire_owned().ok()?;
        let changed = ring.newest.subscribe();
        let (newest, oldest) = {
            let last = locked(&ring.last);
            let oldest = last.events.front().map_or(last.newest + 1, |it| it.number);
            (last.newest, oldest)
        };
        let known = after.map(|cursor| self.number(cursor));
        let (next, gone) = match known {
            None => (newest + 1, None),
            Some(Ok(number)) if number > newest => (oldest, Some(Gone::Unknown)),
            Some(Ok(number)) if number < oldest.saturating_sub(1) => (oldest, Some(Gone::TooOld)),
            Some(Ok(number)) => (number + 1, None),
            Some(Err(gone)) => (oldest, Some(gone)),
        };
        Some(Listening {
            run: self.run.clone(),
            ring,
            changed,
            next,
            gone,
            _seat: seat,
        })
    }

    /// The number in a cursor of this run.
    fn number(&self, cursor: &str) -> Result<u64, Gone> {
        let (run, number) = cursor.split_once('.').ok_or(Gone::Unknown)?;
        let began = i64::from_str_radix(run, 16).map_err(|_| Gone::Unknown)?;
        let number: u64 = number.parse().map_err(|_| Gone::Unknown)?;
        if run == self.run {
            return match number >= self.before {
                true => Ok(number),
                false => Err(Gone::Unknown),
            };
        }
        match began.unsigned_abs() < self.before {
            true => Err(Gone::Restarted),
            false => Err(Gone::Unknown),
        }
    }

    fn ring(&self, tenant: &str) -> Arc<Ring> {
        let mut rings = locked(&self.rings);
        if let Some(ring) = rings.get(tenant) {
            return ring.clone();
        }
        let last = Last {
            newest: self.before,
            ..Last::default()
        };
        let ring = Arc::new(Ring {
            kept: self.kept,
            last: Mutex::new(last),
            newest: watch::Sender::new(self.before),
            seats: Arc::new(Semaphore::new(SEATS)),
        });
        rings.insert(tenant.to_owned(), ring.clone());
        ring
    }
}

/// One reader's place in its tenant's ring.
#[derive(Debug)]
pub(crate) struct Listening {
    run: String,
    ring: Arc<Ring>,
    changed: watch::Receiver<u64>,
    next: u64,
    gone: Option<Gone>,
    _seat: OwnedSemaphorePermit,
}

impl Listening {
    /// Why something is missing between the cursor that was given and what comes now; `None` when nothing is.
    pub(crate) fn gone(&self) -> Option<Gone> {
        self.gone
    }

    /// The cursor of the place before what comes next.
    pub(crate) fn cursor(&self) -> String {
        self.cursor_of(self.next - 1)
    }

    /// The cursor of an event.
    pub(crate) fn cursor_of(&self, number: u64) -> String {
        format!("{}.{number}", self.run)
    }

    /// The next events, a few at a time; empty when there are none yet.
    ///
    /// # Errors
    /// How many have been pushed out before they were read.
    pub(crate) fn take(&mut self) -> Result<Vec<Arc<Event>>, u64> {
        self.changed.mark_unchanged();
        let last = locked(&self.ring.last);
        let Some(oldest) = last.events.front().map(|event| event.number) else {
            return Ok(Vec::new());
        };
        if self.next < oldest {
            return Err(oldest - self.next);
        }
        let skip = usize::try_from(self.next - oldest).unwrap_or(usize::MAX);
        let taken: Vec<_> = last.events.iter().skip(skip).take(FEW).cloned().collect();
        self.next += taken.len() as u64;
        Ok(taken)
    }

    /// Waits until there may be more.
    pub(crate) async fn changed(&mut self) {
        // The ring holds the sender, and we hold the ring.
        let _ = self.changed.changed().await;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Events of a tenant that are kept: an hour's worth of a call a second, and 1 MB.
const KEPT: usize = 8_192;
/// Readers of a tenant at once: the desks of a large floor, its wallboards and programs.
const SEATS: usize = 1_024;
/// Events that are taken under one lock.
const FEW: usize = 64;

#[cfg(test)]
mod tests;
