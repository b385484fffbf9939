//! The signs of life of one Lua thread, for the watchdog: written by the thread, read by another.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use call::CallId;
use rustix::process::{Pid, setpriority_process};

use crate::Place;

/// Signs of life. Cheap to give, as they are given at every turn.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// Odd while a script runs; another number for each burst.
    bursts: AtomicU64,
    /// Goes up with each tick of the hook.
    beats: AtomicU64,
    given_up: AtomicBool,
    at: Mutex<LastSeen>,
    thread: OnceLock<String>,
}

/// What ran last, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastSeen {
    /// The call, if it was one's.
    pub(crate) call: Option<CallId>,
    /// The plugin whose handler it was, if it was one's.
    pub(crate) plugin: Option<Arc<str>>,
    /// How it came to run: `from context "inbound", pattern "_2XX"`.
    pub(crate) origin: Arc<str>,
    /// The last line that is known; line 0 when none is.
    pub(crate) place: Place,
}

/// What the watchdog sees at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Signs {
    /// Which burst runs; `None` when none does.
    pub(crate) burst: Option<u64>,
    /// Ticks so far.
    pub(crate) beats: u64,
}

impl Pulse {
    /// Notes which thread this is about: the one that calls.
    pub(crate) fn this_thread(&self) {
        // "4711/task/4712"; the only safe way to a thread's id that needs no system call of ours.
        if let Ok(link) = fs::read_link("/proc/thread-self") {
            let _ = self.thread.set(link.to_string_lossy().into_owned());
        }
    }

    /// A script begins to run.
    pub(crate) fn begin(&self) {
        self.bursts.store(self.bursts.load(Relaxed) | 1, Relaxed);
    }

    /// It no longer runs.
    pub(crate) fn end(&self) {
        let burst = self.bursts.load(Relaxed);
        self.bursts.store((burst | 1) + 1, Relaxed);
    }

    /// The hook was called.
    pub(crate) fn beat(&self) {
        self.beats.fetch_add(1, Relaxed);
    }

    /// What it looks like now.
    pub(crate) fn signs(&self) -> Signs {
        let burst = self.bursts.load(Relaxed);
        Signs {
            burst: (burst % 2 == 1).then_some(burst),
            beats: self.beats.load(Relaxed),
        }
    }

    /// What is about to run.
    pub(crate) fn runs(&self, call: Option<CallId>, plugin: Option<&Arc<str>>, origin: &Arc<str>) {
        let mut at = self.at();
        at.call = call;
        at.plugin = plugin.map(Arc::clone);
        at.origin = Arc::clone(origin);
        at.place.line = 0;
    }

    /// Where the script was last seen.
    pub(crate) fn seen_at(&self, place: Place) {
        self.at().place = place;
    }

    /// What ran last, and where.
    pub(crate) fn last_seen(&self) -> LastSeen {
        self.at().clone()
    }

    /// Nobody waits for this thread any more.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Relaxed);
    }

    /// Lets the thread have only the time that nobody else wants: it may be stuck for ever, and
    /// nothing can end it but the end of the exchange.
    pub(crate) fn go_last(&self) {
        let thread = self.thread.get().and_then(|thread| {
            let number = thread.rsplit('/').next()?;
            Pid::from_raw(number.parse().ok()?)
        });
        if let Some(thread) = thread
            && let Err(error) = setpriority_process(Some(thread), LAST)
        {
            tracing::warn!("a stuck thread keeps its priority: {error}");
        }
    }

    /// Whether it was given up.
    pub(crate) fn given_up(&self) -> bool {
        self.given_up.load(Relaxed)
    }

    /// The thread's CPU time so far, where the system tells it; else wall time since `start`.
    pub(crate) fn cpu(&self, start: Instant) -> Duration {
        self.thread
            .get()
            .and_then(|thread| cpu_of(thread))
            .unwrap_or_else(|| start.elapsed())
    }

    fn at(&self) -> MutexGuard<'_, LastSeen> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lowest priority, which anybody may take.
const LAST: i32 = 19;

fn cpu_of(thread: &str) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{thread}/schedstat")).ok()?;
    let nanos: u64 = text.split_whitespace().next()?.parse().ok()?;
    (nanos > 0).then(|| Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn a_thread_that_was_given_up_goes_last_and_the_others_do_not() {
        let before = getpriority_process(None).unwrap();
        let pulse = Arc::new(Pulse::default());
        let (stuck, (ready, told)) = (Arc::clone(&pulse), sync_channel(1));
        let (end, ended) = sync_channel::<()>(1);
        let thread = std::thread::spawn(move || {
            stuck.this_thread();
            ready.send(()).unwrap();
            let _ = ended.recv();
            // Of the thread that asks.
            getpriority_process(None).unwrap()
        });
        told.recv().unwrap();

        pulse.go_last();

        drop(end);
        assert_eq!(thread.join().unwrap(), LAST);
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
