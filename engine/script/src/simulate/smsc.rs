//! Providers of text messages, as tests let them answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::smpp::{Answer, Error, Line, Outgoing, Place, StandIn};

/// All providers of one simulated exchange. The newest that a line leads to answers it.
#[derive(Clone, Default)]
pub(super) struct Smscs(Arc<Mutex<Vec<Smsc>>>);

/// A provider.
pub(super) struct Smsc {
    pub(super) place: Place,
    /// One after the other; the last one stays.
    pub(super) answers: Vec<Answering>,
    /// What it was sent so far, with its answers.
    pub(super) messages: Vec<(Outgoing, Option<Answer>)>,
}

/// One answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answering {
    /// It answers with this `command_status`.
    With(u32),
    /// Nobody is reached.
    NotAtAll,
}

impl Smscs {
    /// One more provider; its place among them.
    pub(super) fn add(&self, smsc: Smsc) -> usize {
        let mut smscs = self.smscs();
        smscs.push(smsc);
        smscs.len() - 1
    }

    /// What a provider was sent, with its answers.
    pub(super) fn messages(&self, index: usize) -> Vec<(Outgoing, Option<Answer>)> {
        let smscs = self.smscs();
        smscs
            .get(index)
            .map_or_else(Vec::new, |smsc| smsc.messages.clone())
    }

    /// Where a provider is.
    pub(super) fn place(&self, index: usize) -> Option<Place> {
        self.smscs().get(index).map(|smsc| smsc.place.clone())
    }

    /// Lets them answer in place of the network.
    pub(super) fn stand_in(&self) -> StandIn {
        let smscs = self.clone();
        Arc::new(move |line, message| smscs.answer(line, message))
    }

    fn answer(&self, line: &Line, message: &Outgoing) -> Result<Answer, Error> {
        let place = line.place();
        let mut smscs = self.smscs();
        let leads = |smsc: &&mut Smsc| smsc.place.covers(&line.host, line.port);
        let Some(smsc) = smscs.iter_mut().rev().find(leads) else {
            return Err(Error::NoClient(format!(
                "nobody is asked in tests: write simulate.smpp(\"{place}\"), before the message"
            )));
        };
        let number = smsc.messages.len() + 1;
        let turn = number.min(smsc.answers.len());
        let answer = match smsc.answers.get(turn.saturating_sub(1)) {
            Some(Answering::With(status)) => Some(Answer::simulated(*status, number)),
            _ => None,
        };
        smsc.messages.push((message.clone(), answer.clone()));
        answer.ok_or_else(|| Error::NotReached {
            place,
            why: "so the test wants it".to_owned(),
        })
    }

    fn smscs(&self) -> MutexGuard<'_, Vec<Smsc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
