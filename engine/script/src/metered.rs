//! A Lua coroutine as a future that keeps its budget and can be dropped at any wait.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use mlua::Error;

use crate::budget::{Budget, Pause, Stopped};
use crate::hoard::Ledger;
use crate::pulse::Pulse;
use crate::surroundings::{Run, Surroundings};

/// A Lua coroutine under its budget. Made from `Function::call_async`, never from
/// `Thread::into_async`: only dropping the former ends the script.
pub(crate) struct Metered<F> {
    coroutine: Option<Pin<Box<F>>>,
    run: Rc<Run>,
    /// The run's, for the watchdog's thread.
    origin: Arc<str>,
    around: Around,
    spent: Duration,
    warned: bool,
    gate: Arc<Gate>,
    waker: Waker,
    turn: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

/// What all runs of one VM share.
#[derive(Clone)]
pub(crate) struct Around {
    pub(crate) surroundings: Rc<Surroundings>,
    pub(crate) budget: Rc<Budget>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) ledger: Rc<Ledger>,
}

/// Why a run did not return.
#[derive(Debug)]
pub(crate) enum Broken {
    /// A Lua error.
    Error(Error),
    /// Over its budget, or its VM was given up.
    Stopped(Stopped),
    /// Our own code panicked below it.
    Panicked(String),
}

impl<T, F: Future<Output = mlua::Result<T>>> Metered<F> {
    /// Puts a coroutine under the VM's budget.
    pub(crate) fn new(around: Around, run: Rc<Run>, coroutine: F) -> Self {
        let gate = Arc::new(Gate::default());
        let waker = Waker::from(Arc::clone(&gate));
        Self {
            coroutine: Some(Box::pin(coroutine)),
            origin: run.origin.as_str().into(),
            run,
            around,
            spent: Duration::ZERO,
            warned: false,
            gate,
            waker,
            turn: None,
        }
    }
}

impl<T, F: Future<Output = mlua::Result<T>>> Future for Metered<F> {
    type Output = Result<T, Broken>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(turn) = &mut this.turn {
            if turn.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            this.turn = None;
        }
        if this.around.pulse.given_up() {
            this.end();
            return Poll::Ready(Err(Broken::Stopped(Stopped::GivenUp)));
        }
        let Some(coroutine) = &mut this.coroutine else {
            return Poll::Pending;
        };

        this.gate.close(context.waker());
        let (result, pause, spent, warned) = this.around.enter(
            &this.run,
            &this.origin,
            this.spent,
            this.warned,
            true,
            || {
                catch_unwind(AssertUnwindSafe(|| {
                    coroutine
                        .as_mut()
                        .poll(&mut Context::from_waker(&this.waker))
                }))
            },
        );
        this.spent = spent;
        this.warned = warned;
        let woken = this.gate.open();

        let result = match result {
            Ok(result) => result,
            Err(panic) => {
                this.end();
                return Poll::Ready(Err(Broken::Panicked(panic_text(&*panic))));
            }
        };
        match (result, pause) {
            (_, Pause::Stopped(stopped)) => {
                this.end();
                Poll::Ready(Err(Broken::Stopped(stopped)))
            }
            (Poll::Ready(result), _) => {
                this.end();
                Poll::Ready(result.map_err(Broken::Error))
            }
            (Poll::Pending, Pause::Sliced) => {
                // At the end of the scheduler's queue and after its timers, so that neighbours
                // keep their ticks; woken at once, it would run dozens of slices in a row.
                let mut turn: Pin<Box<dyn Future<Output = ()>>> =
                    Box::pin(tokio::task::yield_now());
                if turn.as_mut().poll(context).is_pending() {
                    this.turn = Some(turn);
                } else {
                    context.waker().wake_by_ref();
                }
                Poll::Pending
            }
            (Poll::Pending, Pause::Waiting) => {
                if woken {
                    context.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    }
}

impl<F> Metered<F> {
    /// Ends the coroutine: the future below it is dropped and `<close>` variables run, with a
    /// budget of their own.
    fn end(&mut self) {
        let Some(coroutine) = self.coroutine.take() else {
            return;
        };
        let (dropped, ..) = self.around.enter(
            &self.run,
            &self.origin,
            Duration::ZERO,
            false,
            false,
            || catch_unwind(AssertUnwindSafe(|| drop(coroutine))),
        );
        if let Err(panic) = dropped {
            tracing::error!("a panic while a script was ended: {}", panic_text(&*panic));
        }
    }
}

impl<F> Drop for Metered<F> {
    fn drop(&mut self) {
        self.end();
    }
}

impl Around {
    /// Runs `body` as part of `run`; also says how it paused, what CPU time it has spent since its
    /// last wait, and whether it was warned.
    fn enter<R>(
        &self,
        run: &Rc<Run>,
        origin: &Arc<str>,
        spent: Duration,
        warned: bool,
        may_slice: bool,
        body: impl FnOnce() -> R,
    ) -> (R, Pause, Duration, bool) {
        self.pulse.runs(
            run.call.as_ref().map(|live| live.setup.id),
            run.plugin.as_ref(),
            origin,
        );
        let memory = self.ledger.before(run.plugin.as_ref());
        let before = self.surroundings.current.replace(Some(Rc::clone(run)));
        self.budget.begin(spent, warned, may_slice);
        let result = body();
        let (pause, spent, warned) = self.budget.end();
        self.surroundings.current.replace(before);
        self.ledger.after(run.plugin.as_ref(), memory);
        (result, pause, spent, warned)
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no words".to_owned())
}

/// Holds back the wake-ups that mlua gives while it is polled: it wakes at once after each slice.
#[derive(Debug, Default)]
struct Gate {
    closed: AtomicBool,
    woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Gate {
    fn close(&self, outer: &Waker) {
        let mut kept = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(outer)) {
            *kept = Some(outer.clone());
        }
        drop(kept);
        self.woken.store(false, SeqCst);
        self.closed.store(true, SeqCst);
    }

    /// Lets wake-ups pass again; true when one came meanwhile.
    fn open(&self) -> bool {
        self.closed.store(false, SeqCst);
        self.woken.swap(false, SeqCst)
    }
}

impl Wake for Gate {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, SeqCst);
        if self.closed.load(SeqCst) {
            return;
        }
        let outer = self
            .outer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(outer) = outer {
            outer.wake();
        }
    }
}
