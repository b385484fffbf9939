//! The answer of a store, still on its way.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::Error;

/// Resolves when the record is on disk, or is known not to be.
///
/// Dropping it takes nothing back: the record is written all the same, and a failure that nobody
/// waits for is logged. That is how callers that must not wait use the store.
#[must_use = "await it, or call `forget` to say that nobody waits"]
#[derive(Debug)]
pub struct Pending<T>(Answer<T>);

#[derive(Debug)]
enum Answer<T> {
    Known(Option<Result<T, Error>>),
    Coming(oneshot::Receiver<Result<T, Error>>),
}

impl<T> Pending<T> {
    /// An answer that is known already.
    pub fn ready(answer: Result<T, Error>) -> Self {
        Self(Answer::Known(Some(answer)))
    }

    /// An answer that comes by `receiver`; a dropped sender is [`Error::Closed`].
    pub fn coming(receiver: oneshot::Receiver<Result<T, Error>>) -> Self {
        Self(Answer::Coming(receiver))
    }

    /// Waits on a thread of its own; panics inside an async runtime, like
    /// [`oneshot::Receiver::blocking_recv`].
    ///
    /// # Errors
    /// As the method that returned it.
    pub fn wait(self) -> Result<T, Error> {
        match self.0 {
            Answer::Known(answer) => answer.unwrap_or(Err(Error::Closed)),
            Answer::Coming(receiver) => receiver.blocking_recv().unwrap_or(Err(Error::Closed)),
        }
    }

    /// Says that nobody waits. A refusal that is known already is logged here, a later failure
    /// where it happens.
    pub fn forget(self) {
        if let Answer::Known(Some(Err(error))) = self.0 {
            tracing::warn!(%error, "a record was not stored");
        }
    }
}

impl<T: Unpin> Future for Pending<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Answer::Known(answer) => Poll::Ready(answer.take().unwrap_or(Err(Error::Closed))),
            Answer::Coming(receiver) => Pin::new(receiver)
                .poll(context)
                .map(|received| received.unwrap_or(Err(Error::Closed))),
        }
    }
}
