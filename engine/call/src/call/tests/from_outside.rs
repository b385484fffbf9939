//! A call that somebody ends who is not in it.

use super::replay::live_again;
use super::{Bench, s};
use crate::record::Outcome;
use crate::{Cause, LegId, Output};

#[test]
fn a_conversation_is_hung_up_from_outside_and_its_record_says_by_whom() {
    let mut bench = Bench::new();
    let (_, leg) = bench.talk(false);
    bench.wait(s(9));

    let now = bench.now;
    bench.call.handle_hang_up(now, "api:desk".to_owned());
    bench.drain();

    let outputs = bench.take();
    for gone in [leg, LegId::CALLER] {
        let released = outputs
            .iter()
            .any(|output| matches!(output, Output::Release { leg, .. } if *leg == gone));
        assert!(released, "{gone:?} in {outputs:?}");
    }
    assert!(outputs.contains(&Output::StopScript));
    let record = outputs.iter().find_map(|output| match output {
        Output::Ended(record) => Some(record),
        _ => None,
    });
    let record = record.expect("a record");
    assert_eq!(record.ended_by, "api:desk");
    assert_eq!(
        (record.result, record.cause),
        (Outcome::Answered, Cause::Normal)
    );
    bench.call.handle_hang_up(now, "api:again".to_owned());
    bench.drain();
    assert!(bench.take().is_empty(), "it is over already");

    let (entries, _) = live_again(bench.birth, &bench.entries);
    assert_eq!(entries, bench.entries, "it is lived again from its journal");
}
