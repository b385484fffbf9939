//! What waits for one Lua thread. Bounded; what happens when it is full stands at each kind.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use call::acd::{Ask, AskId, QueueName};
use call::{CallId, Setup};
use tokio::sync::Notify;

use crate::CallNews;
use crate::door::Asking;
use crate::jobs::Claim;
use crate::smpp::Delivery;

/// Something for a Lua thread to do.
#[derive(Debug)]
pub(crate) enum Message {
    /// Run the handler of a call. When there are too many, the call is refused.
    Start(Box<Setup>),
    /// Drop the script of a call. Always fits: there are no more than calls.
    HangUp(CallId),
    /// Tell a call's `call:on`. Dropped when there are too many.
    News(CallId, CallNews),
    /// Tell the `on` handlers. Dropped, with a warning, when there are too many.
    Event(String, serde_json::Value),
    /// Tell a plugin what came in by its SMPP line. When there are too many, it is put off.
    Delivered(Box<Delivery>),
    /// Answer a request. When there are too many, it is told to come again.
    Visit(Box<Asking>),
    /// Ask a queue's `choose` whom a call should be offered to; the call comes as scripts see it.
    /// Dropped when there are too many, and decided without.
    Choose(QueueName, Box<Ask>, serde_json::Value),
    /// It has lost its time: stop it. Always fits: there are no more than queues.
    ForgetChoose(AskId),
    /// Do a job. Always fits: there are a few at a time of each handler.
    Job(Box<Claim>),
    /// This generation is published since then, in microseconds since 1970, UTC: its timers run.
    Published(i64),
    /// Another generation is published: finish what runs, and end.
    Retired,
    /// Nothing; something has ended, and the generation may be done.
    Look,
}

/// What waits for one Lua thread.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    queue: VecDeque<(Instant, Message)>,
    closed: bool,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pushed {
    /// It will be served.
    Taken,
    /// There are too many of its kind.
    Full,
    /// Nobody reads any more.
    Closed,
}

impl Inbox {
    /// Puts a message in, unless there are too many of its kind.
    pub(crate) fn push(&self, message: Message) -> Pushed {
        self.offer(message).0
    }

    /// As [`push`](Self::push); gives the message back when it was not taken.
    pub(crate) fn offer(&self, message: Message) -> (Pushed, Option<Message>) {
        let bound = match &message {
            Message::Start(_) => MOST_STARTS,
            Message::Visit(_) | Message::Delivered(_) => MOST_VISITS,
            Message::News(..) | Message::Event(..) | Message::Choose(..) => MOST_NEWS,
            Message::HangUp(_)
            | Message::ForgetChoose(_)
            | Message::Job(_)
            | Message::Published(_)
            | Message::Retired
            | Message::Look => usize::MAX,
        };
        let mut waiting = self.waiting();
        if waiting.closed {
            return (Pushed::Closed, Some(message));
        }
        if waiting.queue.len() >= bound {
            return (Pushed::Full, Some(message));
        }
        waiting.queue.push_back((Instant::now(), message));
        drop(waiting);
        self.arrived.notify_one();
        (Pushed::Taken, None)
    }

    /// The oldest message; `None` when the inbox is closed.
    pub(crate) async fn next(&self) -> Option<Message> {
        loop {
            {
                let mut waiting = self.waiting();
                if waiting.closed {
                    return None;
                }
                if let Some((_, message)) = waiting.queue.pop_front() {
                    return Some(message);
                }
            }
            self.arrived.notified().await;
        }
    }

    /// For how long the oldest message has been waiting.
    pub(crate) fn behind(&self) -> Duration {
        self.waiting()
            .queue
            .front()
            .map_or(Duration::ZERO, |(since, _)| since.elapsed())
    }

    /// Closes the inbox if nothing waits, so that no message is ever lost between a last look
    /// and the end.
    pub(crate) fn close_if_empty(&self) -> bool {
        let mut waiting = self.waiting();
        waiting.closed |= waiting.queue.is_empty();
        waiting.closed
    }

    /// Nothing more is taken; what waits is forgotten.
    pub(crate) fn close(&self) {
        let mut waiting = self.waiting();
        waiting.closed = true;
        waiting.queue.clear();
        drop(waiting);
        self.arrived.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls that may wait to begin. At 40 µs each they are far within 500 ms.
const MOST_STARTS: usize = 4_096;

/// Behind more than this, a request would wait for longer than it is worth.
const MOST_VISITS: usize = 1_024;

const MOST_NEWS: usize = 16_384;
