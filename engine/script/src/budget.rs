//! How long a script may run without a wait: slices, a limit, and the signs of life for the
//! watchdog.
//!
//! The hook asks every 1,000 instructions. Wall time is asked first, because it is cheap; what
//! counts is the thread's CPU time, so that a busy machine stops nobody's script.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mlua::{Error, Lua, Table, VmState};
use rustix::time::{ClockId, clock_gettime};

use crate::Place;
use crate::pulse::Pulse;

/// The budget of one VM. What runs at one time runs alone, so one is enough.
pub(crate) struct Budget {
    limit: Duration,
    pulse: Arc<Pulse>,
    burst: RefCell<Burst>,
    made: RefCell<Option<Table>>,
}

/// Why a script was stopped; passes every `pcall`.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Stopped {
    /// Over its budget.
    #[error("stopped after {} ms of computing without a wait (limits.script_cpu)", .limit.as_millis())]
    OverBudget {
        /// The budget.
        limit: Duration,
        /// Where it was.
        place: Place,
    },
    /// The VM was given up.
    #[error("the script's VM was given up")]
    GivenUp,
}

/// What a burst of running came to.
#[derive(Clone, Debug)]
pub(crate) enum Pause {
    /// It waits, or has ended.
    Waiting,
    /// It was sliced and wants to go on.
    Sliced,
    /// It must not go on.
    Stopped(Stopped),
}

/// One run since its last wait.
struct Burst {
    limit: Duration,
    began: Instant,
    /// CPU time of the thread when it was first asked in this slice.
    cpu_seen: Option<Duration>,
    /// CPU time of this slice before it was asked, as far as it is known.
    unseen: Duration,
    /// CPU time of the slices before.
    spent: Duration,
    may_slice: bool,
    warned: bool,
    sliced: bool,
    stopped: Option<Stopped>,
}

impl Budget {
    /// A budget of `limit` CPU time for each burst.
    pub(crate) fn new(limit: Duration, pulse: Arc<Pulse>) -> Self {
        let burst = RefCell::new(Burst::new(limit, Duration::ZERO, false));
        Self {
            limit,
            pulse,
            burst,
            made: RefCell::new(None),
        }
    }

    /// Tells which table holds the coroutines that scripts make.
    pub(crate) fn know_coroutines(&self, made: Table) {
        *self.made.borrow_mut() = Some(made);
    }

    /// Something begins to run that has used `spent` since its last wait. `may_slice` allows to
    /// pause it, where Lua can.
    pub(crate) fn begin(&self, spent: Duration, warned: bool, may_slice: bool) {
        let mut burst = Burst::new(self.limit, spent, may_slice);
        burst.warned = warned;
        if !spent.is_zero() {
            burst.cpu_seen = Some(thread_cpu());
        }
        self.burst.replace(burst);
        self.pulse.begin();
    }

    /// Files begin to load, which may take longer and is never paused.
    pub(crate) fn begin_loading(&self, limit: Duration) {
        self.burst.replace(Burst::new(limit, Duration::ZERO, false));
        self.pulse.begin();
    }

    /// It no longer runs; how it stopped, what it has spent, and whether a warning was given.
    pub(crate) fn end(&self) -> (Pause, Duration, bool) {
        self.pulse.end();
        let burst = self.burst.borrow();
        if let Some(stopped) = &burst.stopped {
            return (Pause::Stopped(stopped.clone()), burst.spent, burst.warned);
        }
        if burst.sliced {
            return (Pause::Sliced, burst.cpu(), burst.warned);
        }
        (Pause::Waiting, Duration::ZERO, false)
    }

    /// The error that stops what runs, once it is to be stopped.
    pub(crate) fn stopping(&self) -> Option<Error> {
        if self.pulse.given_up() {
            return Some(Error::external(Stopped::GivenUp));
        }
        self.burst.borrow().stopped.clone().map(Error::external)
    }

    /// Called by the hook every 1,000 instructions.
    pub(crate) fn tick(&self, lua: &Lua) -> mlua::Result<VmState> {
        self.look(lua, true)
    }

    /// Asked by functions of ours that take long; they cannot pause.
    ///
    /// # Errors
    /// When what runs is to be stopped.
    pub(crate) fn ask(&self, lua: &Lua) -> mlua::Result<()> {
        self.look(lua, false).map(|_| ())
    }

    fn look(&self, lua: &Lua, can_pause: bool) -> mlua::Result<VmState> {
        self.pulse.beat();
        if let Some(stop) = self.stopping() {
            return Err(stop);
        }
        let mut burst = self.burst.borrow_mut();
        let wall = burst.began.elapsed();
        if wall + burst.spent < burst.limit / LOOK_CLOSER {
            return Ok(VmState::Continue);
        }
        if burst.cpu_seen.is_none() {
            burst.cpu_seen = Some(thread_cpu());
            // Not the wall time, which counts the neighbours' work, too.
            burst.unseen = burst.limit / LOOK_CLOSER;
            self.pulse.seen_at(place(lua));
            return Ok(VmState::Continue);
        }
        let spent = burst.cpu();
        if spent < burst.limit / SLICE_AFTER {
            return Ok(VmState::Continue);
        }
        let may_pause = can_pause && burst.may_slice && !self.made_by_script(lua);
        if spent >= burst.limit {
            let place = place(lua);
            self.pulse.seen_at(place.clone());
            let stopped = Stopped::OverBudget {
                limit: burst.limit,
                place,
            };
            burst.stopped = Some(stopped.clone());
            // Paused and dropped, its <close> variables run with hooks on; an error raised here
            // would run them with hooks off. Where Lua cannot pause, the next tick raises.
            return if may_pause {
                Ok(VmState::Yield)
            } else {
                Err(Error::external(stopped))
            };
        }
        if !burst.warned {
            burst.warned = true;
            let place = place(lua);
            self.pulse.seen_at(place.clone());
            tracing::warn!(
                "{}:{}: a script computes for {} ms without a wait (stopped at {} ms)",
                place.file,
                place.line,
                spent.as_millis(),
                burst.limit.as_millis(),
            );
        }
        if may_pause {
            burst.sliced = true;
            return Ok(VmState::Yield);
        }
        Ok(VmState::Continue)
    }

    fn made_by_script(&self, lua: &Lua) -> bool {
        let made = self.made.borrow();
        made.as_ref()
            .is_some_and(|made| made.raw_get(lua.current_thread()).unwrap_or(true))
    }
}

impl Burst {
    fn new(limit: Duration, spent: Duration, may_slice: bool) -> Self {
        Self {
            limit,
            began: Instant::now(),
            cpu_seen: None,
            unseen: Duration::ZERO,
            spent,
            may_slice,
            warned: false,
            sliced: false,
            stopped: None,
        }
    }

    fn cpu(&self) -> Duration {
        let seen = self
            .cpu_seen
            .map_or(Duration::ZERO, |then| thread_cpu().saturating_sub(then));
        self.spent + self.unseen + seen
    }
}

/// The line of a script that runs, without the shared file names.
fn place(lua: &Lua) -> Place {
    (0..FRAMES_SEARCHED)
        .find_map(|level| {
            lua.inspect_stack(level, |frame| {
                let source = frame.source();
                let file = source
                    .source
                    .as_deref()
                    .and_then(|name| name.strip_prefix('@'))?;
                let line = u32::try_from(frame.current_line().unwrap_or(0)).unwrap_or(0);
                Some(Place {
                    file: file.into(),
                    line,
                    generation: 0,
                })
            })
            .flatten()
        })
        .unwrap_or_default()
}

fn thread_cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or(0))
}

/// CPU time is asked from a 20th of the budget on.
const LOOK_CLOSER: u32 = 20;

/// From half of the budget on, what runs is sliced, with a warning.
const SLICE_AFTER: u32 = 2;

const FRAMES_SEARCHED: usize = 12;
