//! Waiting in a queue: what the call does for the floor, and what it tells it.

mod endings;
mod offers;
mod waiting;

use crate::acd::{Greet, LeaseId, News, Withdrawn};
use crate::call::tests::{Bench, s};
use crate::{Command, Event, FromFloor, LegId, Output, Queue, RequestId, ToFloor};

fn queue() -> Queue {
    Queue::new("it".into())
}

impl Bench {
    fn floor(&mut self, news: FromFloor) {
        self.event(Event::Floor(news));
    }

    /// A caller who waits, everything before it looked at.
    fn waits(&mut self, queue: Queue) -> RequestId {
        let request = self.ask(Command::Queue(queue));
        self.floor(FromFloor::Waits {
            queue: "it".into(),
            music: None,
            from_start: false,
            position: 1,
        });
        self.take();
        request
    }

    /// An agent's phone that is rung for the caller.
    fn offered(&mut self, lease: u64, agent: &str) -> LegId {
        self.floor(FromFloor::Ring {
            lease: LeaseId(lease),
            agent: agent.into(),
            queue: "it".into(),
            waited: s(3),
        });
        self.invited(agent)
    }

    fn told(&mut self) -> Vec<ToFloor> {
        let told = self.take().into_iter().filter_map(|output| match output {
            Output::Floor(told) => Some(told),
            _ => None,
        });
        told.collect()
    }
}

fn offer(lease: u64, news: News) -> ToFloor {
    ToFloor::Offer {
        lease: LeaseId(lease),
        news,
    }
}

fn connect(lease: u64) -> FromFloor {
    FromFloor::Connect {
        lease: LeaseId(lease),
        record: false,
        greet: Greet::default(),
    }
}

fn withdraw(lease: u64, why: Withdrawn) -> FromFloor {
    FromFloor::Withdraw {
        lease: LeaseId(lease),
        why,
    }
}
