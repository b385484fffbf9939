//! `ring_all`: who rings, who joins, and who does not.

use super::{Floor, s};
use crate::Cause;
use crate::acd::{Act, Member, News, OfferEnd, Output, QueuePlan, Strategy};

fn floor(agents: &[&str], with: impl FnOnce(&mut QueuePlan)) -> Floor {
    Floor::staffed(agents, |queue| {
        queue.offering.strategy = Strategy::RingAll;
        with(queue);
    })
}

#[test]
fn those_with_a_higher_penalty_ring_only_when_nobody_else_is_free() {
    let mut floor = floor(&["1049", "1050", "1051"], |queue| {
        queue.members[0] = Member {
            penalty: 1,
            ..Member::new("1049")
        };
    });

    floor.calls();
    assert_eq!(floor.ringing(), ["1050", "1051"]);
    floor.refuses("1050", Cause::Rejected);
    assert_eq!(floor.ringing(), ["1051"]);
    floor.refuses("1051", Cause::Rejected);

    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn nobody_joins_once_somebody_has_answered() {
    let mut floor = floor(&["1049", "1050"], |_| {});
    floor.act("1050", Act::Busy(1)).unwrap();
    floor.calls();
    let lease = floor.lease("1049");
    floor.news(lease, News::Answered);
    floor.decisions.clear();

    floor.act("1050", Act::Idle).unwrap();

    assert_eq!(floor.ringing(), [""; 0]);
    assert_eq!(floor.decisions, [], "nothing is said to be offered either");
}

#[test]
fn a_new_round_begins_when_nobody_rings_and_all_may_join_it() {
    let mut floor = floor(&["1049", "1050"], |queue| {
        queue.offering.delays.rejected = s(4);
        queue.offering.delays.busy = s(8);
    });
    floor.calls();
    floor.refuses("1049", Cause::Rejected);
    floor.refuses("1050", Cause::Busy);

    floor.wait(s(4));
    assert_eq!(floor.ringing(), ["1049"]);
    floor.wait(s(4));

    assert_eq!(floor.ringing(), ["1049", "1050"]);
}

#[test]
fn whose_time_is_up_while_another_is_being_connected_has_lost_and_not_missed_the_call() {
    let mut floor = floor(&["1049", "1050"], |_| {});
    floor.calls();
    floor.wait(s(15) - super::ms(100));
    let lease = floor.lease("1049");
    floor.news(lease, News::Answered);

    floor.wait(super::ms(100));

    let ends: Vec<OfferEnd> = floor
        .take()
        .into_iter()
        .filter_map(|output| match output {
            Output::OfferEnded { offer, .. } => Some(offer.why),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [OfferEnd::Elsewhere]);
}
