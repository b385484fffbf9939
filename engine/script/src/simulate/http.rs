//! Other machines, as tests let them answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::post::Post;
use crate::http::{Answer, Error, Request, StandIn};

/// All that answers in one simulated exchange. The newest that fits a request answers it.
#[derive(Clone, Default)]
pub(super) struct Machines(Arc<Mutex<Vec<Machine>>>);

/// Something that answers requests of one kind.
pub(super) struct Machine {
    /// `POST`.
    pub(super) method: String,
    /// `https://api.example.com/v1/messages`; a `*` at its end is whatever follows.
    pub(super) url: String,
    /// One after the other; the last one stays.
    pub(super) answers: Vec<Answering>,
    /// What was asked so far.
    pub(super) requests: Vec<Asked>,
}

/// One answer.
#[derive(Clone, Debug)]
pub(super) enum Answering {
    /// It answers so.
    With(Answer),
    /// Nobody is reached.
    NotAtAll,
}

/// A request as tests look at it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) url: String,
    /// Names in small letters.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Machines {
    /// One more machine; its place.
    pub(super) fn add(&self, machine: Machine) -> usize {
        let mut machines = self.machines();
        machines.push(machine);
        machines.len() - 1
    }

    /// What a machine was asked.
    pub(super) fn requests(&self, place: usize) -> Vec<Asked> {
        let machines = self.machines();
        machines
            .get(place)
            .map_or_else(Vec::new, |machine| machine.requests.clone())
    }

    /// Lets them answer in place of the network.
    pub(super) fn stand_in(&self, post: &Post) -> StandIn {
        let (machines, post) = (self.clone(), post.clone());
        StandIn {
            request: Arc::new(move |request| machines.answer(request)),
            letter: Arc::new(move |letter| post.take(letter)),
        }
    }

    fn answer(&self, request: &Request) -> Result<Answer, Error> {
        let (method, url) = (request.method.as_str(), request.url.whole());
        let mut machines = self.machines();
        let fits = |machine: &&mut Machine| machine.method == method && machine.covers(&url);
        let Some(machine) = machines.iter_mut().rev().find(fits) else {
            return Err(Error::NoClient(format!(
                "nobody is asked in tests: write simulate.http(\"{method} {url}\", 200), \
                 before the call that asks"
            )));
        };
        machine.requests.push(Asked::of(request, url));
        let turn = machine.requests.len().min(machine.answers.len());
        match machine.answers.get(turn.saturating_sub(1)) {
            Some(Answering::With(answer)) => Ok(answer.clone()),
            _ => Err(Error::NotReached {
                host: request.url.host.clone(),
                why: "so the test wants it".to_owned(),
            }),
        }
    }

    fn machines(&self) -> MutexGuard<'_, Vec<Machine>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine {
    fn covers(&self, url: &str) -> bool {
        match self.url.strip_suffix('*') {
            Some(beginning) => url.starts_with(beginning),
            None => url == self.url,
        }
    }
}

impl Asked {
    fn of(request: &Request, url: String) -> Self {
        let headers = request.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        Self {
            method: request.method.as_str().to_owned(),
            url,
            headers: headers.collect(),
            body: request.body.clone(),
        }
    }
}
