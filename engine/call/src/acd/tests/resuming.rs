//! Places that are kept: for who calls again, for who comes back, and over a restart.

use std::collections::BTreeMap;

use super::{Floor, QueuePlan, plan, s};
use crate::CallId;
use crate::acd::{Acd, Act, Enter, Leave, Output, PlaceChange, PlaceState};

const NUMBER: &str = "+8613800138000";

fn busy(resume: Option<u64>) -> Floor {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.care.resume = resume.map(s));
    floor.act("1049", Act::Busy(1)).unwrap();
    floor
}

impl Floor {
    fn enters_from(&mut self, call: u128, from: &str) -> CallId {
        let call = CallId(uuid::Uuid::from_u128(1_000 + call));
        let enter = Enter {
            from: Some(from.to_owned()),
            ..Enter::new(call, "it".into())
        };
        self.acd.handle_enter(self.now, enter).unwrap();
        self.drain();
        call
    }

    fn line(&self) -> Vec<CallId> {
        self.acd.line(&"it".into()).unwrap().collect()
    }

    fn places(&mut self) -> Vec<PlaceChange> {
        let out = self.take().into_iter();
        out.filter_map(|output| match output {
            Output::Place(change) => Some(change),
            _ => None,
        })
        .collect()
    }
}

#[test]
fn who_calls_again_in_time_has_the_old_place_and_who_is_too_late_has_not() {
    for (away, is_first) in [(59, true), (61, false)] {
        let mut floor = busy(Some(60));
        let first = floor.enters_from(1, NUMBER);
        let other = floor.enters_from(2, "+8613800138001");
        floor.wait(s(30));
        floor.hangs_up(first);
        floor.wait(s(away));

        let again = floor.enters_from(3, NUMBER);

        let (one, two) = if is_first {
            (again, other)
        } else {
            (other, again)
        };
        assert_eq!(floor.line(), [one, two], "after {away} s");
        floor.hangs_up(again);
        let stays = floor.take_episodes();
        let before = stays.last().unwrap().waited_before_ms;
        assert_eq!(before, if is_first { 89_000 } else { 0 });
    }
}

#[test]
fn nobody_has_a_place_of_another_nor_where_the_queue_keeps_none() {
    let mut floor = busy(Some(60));
    let first = floor.enters_from(1, NUMBER);
    let other = floor.enters_from(2, "+8613800138001");
    floor.hangs_up(first);
    let third = floor.enters_from(3, "+8613800138002");
    assert_eq!(floor.line(), [other, third]);

    let mut floor = busy(None);
    let first = floor.enters_from(1, NUMBER);
    let other = floor.enters_from(2, "+8613800138001");
    floor.hangs_up(first);
    let again = floor.enters_from(3, NUMBER);
    assert_eq!(floor.line(), [other, again]);
}

#[test]
fn a_place_is_given_back_once() {
    let mut floor = busy(Some(60));
    let first = floor.enters_from(1, NUMBER);
    let other = floor.enters_from(2, "+8613800138001");
    floor.hangs_up(first);
    let again = floor.enters_from(3, NUMBER);
    let thrice = floor.enters_from(4, NUMBER);

    assert_eq!(floor.line(), [again, other, thrice]);
}

#[test]
fn a_call_that_a_key_took_out_finds_its_place_when_it_comes_back() {
    let mut floor = busy(None);
    let first = floor.calls();
    let other = floor.calls();
    floor.acd.handle_leave(floor.now, first);
    floor.drain();
    assert_eq!(floor.line(), [other]);
    floor.wait(s(500));

    let enter = Enter::new(first, "it".into());
    floor.acd.handle_enter(floor.now, enter).unwrap();
    floor.drain();

    assert_eq!(floor.line(), [first, other]);
}

#[test]
fn who_was_answered_or_sent_on_has_no_place_any_more() {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.care.resume = Some(s(60)));
    let call = floor.enters_from(1, NUMBER);
    floor.answers("1049");
    let out = floor.take();
    let over = out
        .iter()
        .any(|it| matches!(it, Output::Place(change) if change.state == PlaceState::Over));
    assert!(
        over && out.iter().any(|it| matches!(
            it,
            Output::Leave {
                why: Leave::Answered(_),
                ..
            }
        ))
    );
    floor.parts("1049", call);
    let other = floor.enters_from(2, "+8613800138001");
    let again = floor.enters_from(3, NUMBER);

    assert_eq!(floor.line(), [other, again]);
}

#[test]
fn who_waited_when_the_exchange_stopped_has_the_old_place_in_its_next_life() {
    let mut floor = busy(Some(60));
    let gone = floor.enters_from(1, "+8613800138001");
    floor.wait(s(5));
    floor.enters_from(2, NUMBER);
    floor.wait(s(5));
    floor.hangs_up(gone);
    // As the records have them: the last word of each.
    let places = floor.places().into_iter();
    let places: BTreeMap<String, PlaceChange> =
        places.map(|place| (place.number.clone(), place)).collect();
    assert_eq!(places.len(), 2, "{places:?}");

    // Killed, and started ten seconds later.
    let queue = QueuePlan {
        care: floor.acd.queues[0].plan.care.clone(),
        ..QueuePlan::new("it", &["1049"])
    };
    let wall = super::WALL + 21_000_000;
    let acd = Acd::new(floor.now, wall, 8, plan(vec![queue]));
    let mut next = Floor::around(acd, floor.now);
    next.acd.restore_places(next.now, places.into_values());
    next.ready("1049");
    next.act("1049", Act::Busy(1)).unwrap();
    let stranger = next.enters_from(3, "+8613800138009");
    let cut = next.enters_from(4, NUMBER);
    let gone = next.enters_from(5, "+8613800138001");

    assert_eq!(next.line(), [gone, cut, stranger]);
}
