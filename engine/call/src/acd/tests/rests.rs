//! Who rests after an offer that failed, for how long, and who does not.

use super::{Floor, ms, s};
use crate::Cause;
use crate::acd::{Act, News, OfferEnd, Output, Reason, Setbacks, State};

/// How the offers have ended so far.
fn ends(floor: &mut Floor) -> Vec<OfferEnd> {
    let out = floor.take().into_iter();
    out.filter_map(|output| match output {
        Output::OfferEnded { offer, .. } => Some(offer.why),
        _ => None,
    })
    .collect()
}

#[test]
fn a_phone_that_refuses_at_once_is_not_rung_in_a_circle_even_where_nobody_is_to_rest() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.offering.delays.rejected = s(0);
    });
    floor.calls();

    floor.refuses("1049", Cause::Rejected);

    assert_eq!(floor.ringing(), [""; 0]);
    floor.wait(s(1) - ms(1));
    assert_eq!(floor.ringing(), [""; 0]);
    floor.wait(ms(1));
    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn who_hangs_up_before_the_connection_rests_for_a_second_and_it_counts_as_nothing_else() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.offering.delays.unreachable = s(60);
        queue.offering.pause_after.unreachable = Some(1);
    });
    floor.calls();
    let lease = floor.lease("1049");

    floor.news(lease, News::Answered);
    floor.news(lease, News::Gone);

    assert_eq!(ends(&mut floor), [OfferEnd::NotConnected]);
    assert_eq!(floor.ringing(), [""; 0], "not at once");
    assert_eq!(floor.state("1049"), State::Idle);
    floor.wait(s(1));
    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn a_leg_that_vanishes_while_it_rings_was_a_phone_that_is_not_there() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.calls();
    let lease = floor.lease("1049");

    floor.news(lease, News::Gone);

    assert_eq!(ends(&mut floor), [OfferEnd::Unreachable]);
}

#[test]
fn a_break_ends_the_rest_after_a_failed_offer() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.offering.delays.rejected = s(60);
    });
    floor.calls();
    floor.refuses("1049", Cause::Rejected);
    floor.wait(s(5));
    assert_eq!(floor.ringing(), [""; 0]);

    floor.act("1049", Act::Busy(1)).unwrap();
    floor.act("1049", Act::Idle).unwrap();

    assert_eq!(floor.ringing(), ["1049"], "whoever says so is there");
}

#[test]
fn a_press_during_the_offer_that_was_one_too_many_does_not_undo_the_pause() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.offering.pause_after.no_answer = Some(1);
    });
    floor.calls();

    floor.act("1049", Act::Idle).unwrap();
    floor.wait(s(16));

    assert_eq!(floor.state("1049"), State::Busy(Reason::NoAnswer));
}

#[test]
fn the_calls_that_count_are_those_of_a_day_and_no_more_than_can_be_kept() {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.offering.wrap_up = Some(s(0)));
    let takes = |floor: &mut Floor, number: usize| {
        for _ in 0..number {
            let call = floor.calls();
            floor.answers("1049");
            floor.parts("1049", call);
            floor.take();
        }
    };
    let kept = |floor: &Floor| floor.acd.agents[0].record.answered.len();

    takes(&mut floor, 2_100);
    assert_eq!(kept(&floor), 2_000);
    floor.wait(s(24 * 3_600 + 1));
    takes(&mut floor, 1);

    assert_eq!(kept(&floor), 1);
}

#[test]
fn one_refusal_too_many_pauses_the_agent_for_that_reason_and_is_told() {
    for (cause, reason) in [
        (Cause::NoAnswer, Reason::NoAnswer),
        (Cause::Rejected, Reason::Rejected),
        (Cause::Busy, Reason::PhoneBusy),
        (Cause::Unavailable, Reason::Unreachable),
    ] {
        let mut floor = Floor::staffed(&["1049"], |queue| {
            queue.offering.pause_after = Setbacks {
                no_answer: Some(2),
                rejected: Some(2),
                busy: Some(2),
                unreachable: Some(2),
            };
            queue.offering.delays = Setbacks {
                no_answer: s(1),
                rejected: s(1),
                busy: s(1),
                unreachable: s(1),
            };
            queue.limits.max_wait = None;
        });
        floor.calls();
        let other = if cause == Cause::Busy {
            Cause::Rejected
        } else {
            Cause::Busy
        };
        for cause in [cause, other, cause] {
            floor.refuses("1049", cause);
            floor.wait(s(1));
        }

        assert_eq!(
            floor.state("1049"),
            State::Busy(reason),
            "each kind counts alone"
        );
        let paused = floor.take().into_iter().filter_map(|it| match it {
            Output::Paused { reason, after, .. } => Some((reason, after)),
            _ => None,
        });
        assert_eq!(paused.collect::<Vec<_>>(), [(reason, 2)]);
        floor.wait(s(86_400));
        assert_eq!(
            floor.state("1049"),
            State::Busy(reason),
            "and not logged out"
        );
        floor.act("1049", Act::Idle).unwrap();
        assert_eq!(floor.ringing(), ["1049"]);
    }
}
