//! Blind transfers: through the dialplan with the rights of whoever asks, and back when nobody comes.

mod back;
mod done;
mod recorded;

use crate::call::tests::{Bench, bridge};
use crate::{Cause, Command, Event, LegId, Output, TransferId, TransferNews};

const TRANSFER: TransferId = TransferId(3);

/// A party asks that the other be put through to a number.
fn refers(bench: &mut Bench, leg: LegId, to: &str) {
    bench.event(Event::Referred {
        transfer: TRANSFER,
        leg,
        by: "1049".to_owned(),
        to: to.to_owned(),
        context: "internal".to_owned(),
    });
}

fn told(news: TransferNews) -> Output {
    Output::Transfer {
        transfer: TRANSFER,
        news,
    }
}

fn has(outputs: &[Output], wanted: &Output) -> bool {
    outputs.contains(wanted)
}

/// The customer talks with 1049, who transfers the call to 1050, whose handler rings.
fn transferred() -> (Bench, LegId, LegId) {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    refers(&mut bench, agent, "1050");
    bench.ask(Command::Bridge(bridge(&["1050"])));
    let target = bench.invited("1050");
    (bench, agent, target)
}

fn release(leg: LegId, cause: Cause) -> Output {
    Output::Release {
        leg,
        cause,
        elsewhere: false,
    }
}
