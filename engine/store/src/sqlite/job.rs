//! One piece of work for a thread of the store, and who waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::records::Records;
use crate::{Error, Pending};

/// Done in two steps, so that a write is acknowledged only after its transaction is on disk. It is
/// done again when that transaction fails and the work is kept.
pub(super) trait Work: Send {
    /// Does it. Returns why not, so that the caller can undo it.
    fn run(&mut self, records: &Records<'_>) -> Result<(), Error>;

    /// Whether it waits for a disk in trouble, instead of being refused.
    fn is_kept(&self) -> bool;

    /// Tells the one who waits; `fate` is that of the transaction around it.
    fn acknowledge(self: Box<Self>, fate: Result<(), Error>);
}

/// A closure as a job, and the answer that it will give.
pub(super) fn job<T, F>(is_kept: bool, work: F) -> (Box<dyn Work>, Pending<T>)
where
    T: Send + 'static,
    F: Fn(&Records<'_>) -> Result<T, Error> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (
        Box::new(Job {
            work,
            is_kept,
            result: Err(Error::Closed),
            reply,
        }),
        Pending::coming(answer),
    )
}

struct Job<T, F> {
    work: F,
    is_kept: bool,
    result: Result<T, Error>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Work for Job<T, F>
where
    T: Send,
    F: Fn(&Records<'_>) -> Result<T, Error> + Send,
{
    fn run(&mut self, records: &Records<'_>) -> Result<(), Error> {
        // A mistake in one record must not take the thread from all the others.
        self.result = catch_unwind(AssertUnwindSafe(|| (self.work)(records)))
            .unwrap_or_else(|_| Err(Error::Refused("the store's own code failed".into())));
        self.result.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn is_kept(&self) -> bool {
        self.is_kept
    }

    fn acknowledge(self: Box<Self>, fate: Result<(), Error>) {
        let answer = fate.and(self.result);
        // The receiver is gone where nobody waits; then the log is the only one to be told.
        if let Err(Err(error)) = self.reply.send(answer) {
            tracing::warn!(%error, "a record was not stored");
        }
    }
}
