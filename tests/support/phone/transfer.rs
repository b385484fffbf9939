//! A phone's transfer key: REFER, blind and to another call of its own, and calls that replace others.

use std::time::Instant;

use bytes::BytesMut;
use sip::{Encode, Event, NameAddr, Outside, ReferOutcome, ReferTo, Replaces, SessionId, Uri};

use super::Phone;
use super::desk::Desk;
use super::line::Line;

/// What a phone was told of its transfer.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) news: Vec<u16>,
    pub(super) outcome: Option<Option<ReferOutcome>>,
}

impl Line {
    /// Presses the transfer key and dials: whom it talks with is to be put through.
    pub(crate) fn transfers_to(&self, number: &str) {
        let number = number.to_owned();
        self.note(|state| state.transfer = Told::default());
        let line = self.clone();
        self.act(move |desk, now, session| {
            let exchange = desk.manner.exchange;
            let uri = Uri::parse(format!("sip:{number}@{exchange}")).unwrap();
            desk.refer(now, session, &ReferTo::to(&uri), line);
        });
    }

    /// Presses the transfer key and dials a whole address.
    pub(crate) fn transfers_to_address(&self, address: &str) {
        let uri = Uri::parse(address.to_owned()).unwrap();
        self.note(|state| state.transfer = Told::default());
        let line = self.clone();
        self.act(move |desk, now, session| {
            desk.refer(now, session, &ReferTo::to(&uri), line);
        });
    }

    /// Presses the transfer key and picks another call of this phone: the two others are to talk.
    pub(crate) fn transfers_to_call(&self, other: &Self) {
        self.note(|state| state.transfer = Told::default());
        let (line, other) = (self.clone(), other.clone());
        self.act(move |desk, now, session| {
            let replaces = other.as_the_exchange_has_it(desk);
            let exchange = desk.manner.exchange;
            let uri = Uri::parse(format!("sip:somebody@{exchange}")).unwrap();
            desk.refer(now, session, &ReferTo::replacing(&uri, &replaces), line);
        });
    }

    /// Asks for a transfer into a call that it has only heard the name of.
    pub(crate) fn transfers_to_named(&self, replaces: &str) {
        self.note(|state| state.transfer = Told::default());
        let replaces = Replaces::parse(&replaces.into()).unwrap();
        let line = self.clone();
        self.act(move |desk, now, session| {
            let exchange = desk.manner.exchange;
            let uri = Uri::parse(format!("sip:somebody@{exchange}")).unwrap();
            desk.refer(now, session, &ReferTo::replacing(&uri, &replaces), line);
        });
    }

    /// Waits until it is told that its transfer has come about.
    pub(crate) fn has_transferred(&self) {
        let outcome = self.wait("the end of its transfer", |state| state.transfer.outcome);
        assert_eq!(outcome, Some(ReferOutcome::Done(200)));
    }

    /// Waits until it is told that its transfer has failed, or is not even tried; the status.
    pub(crate) fn has_transferred_in_vain(&self) -> u16 {
        let outcome = self.wait("the end of its transfer", |state| state.transfer.outcome);
        match outcome {
            Some(ReferOutcome::Done(status) | ReferOutcome::Refused(status)) => status,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until it is told that it rings there.
    pub(crate) fn is_told_that_it_rings(&self) {
        self.wait("180 of its transfer", |state| {
            state.transfer.news.contains(&180).then_some(())
        });
    }

    /// What the Replaces of others has to say to mean this call at the exchange.
    pub(crate) fn replaces(&self, early_only: bool) -> String {
        let (tell, told) = std::sync::mpsc::channel();
        let line = self.clone();
        self.act(move |desk, _, _| {
            let mut named = BytesMut::new();
            let replaces = Replaces {
                early_only,
                ..line.as_the_exchange_has_it(desk)
            };
            replaces.encode(&mut named);
            tell.send(String::from_utf8_lossy(&named).into_owned())
                .unwrap();
        });
        told.recv_timeout(super::super::PATIENCE).unwrap()
    }

    /// Its dialog, as the exchange has it.
    fn as_the_exchange_has_it(&self, desk: &Desk) -> Replaces {
        let session = self.look(|state| state.session).unwrap();
        let ours = desk.endpoint.name_of(session).unwrap();
        Replaces {
            to_tag: ours.from_tag,
            from_tag: ours.to_tag,
            ..ours
        }
    }
}

impl Phone {
    /// Asks, in no call, that the exchange call somebody; its answer is that of a transfer.
    pub(crate) fn asks_the_exchange_to_call(&self, number: &str) -> Line {
        let line = Line::new(format!("{} asks", self.manner.user), self.desk.clone());
        let (mine, number) = (line.clone(), number.to_owned());
        self.ask(move |desk, now| {
            let exchange = desk.manner.exchange;
            let uri = Uri::parse(format!("sip:{number}@{exchange}")).unwrap();
            let whom = Outside {
                from: NameAddr::of(&desk.uri(&desk.manner.user)),
                to: NameAddr::of(&uri),
                route: Vec::new(),
                destination: desk.route(),
                allows_tcp: false,
                headers: Vec::new(),
                account: desk.account(),
                uri: uri.clone(),
            };
            let refer = (desk.endpoint).refer_outside(now, whom, &ReferTo::to(&uri), true);
            desk.transfers.insert(refer, mine);
        });
        line
    }
}

impl Desk {
    fn refer(&mut self, now: Instant, session: SessionId, to: &ReferTo, line: Line) {
        match self.endpoint.refer(now, session, to, None, true) {
            Some(refer) => {
                self.transfers.insert(refer, line);
            }
            None => panic!("no call to transfer"),
        }
    }

    /// News of a transfer of ours; false for anything else.
    pub(super) fn hears_of_transfer(&mut self, event: &Event) -> bool {
        match event {
            Event::ReferProgress { refer, status } => {
                if let Some(line) = self.transfers.get(refer) {
                    line.note(|state| state.transfer.news.push(*status));
                }
            }
            Event::ReferEnded { refer, outcome } => {
                if let Some(line) = self.transfers.remove(refer) {
                    let outcome = Some(*outcome);
                    line.note(|state| state.transfer.outcome = Some(outcome));
                }
            }
            _ => return false,
        }
        true
    }
}
