//! What callers are told while they wait: places, minutes, and a list in turn.

use super::{Floor, QueuePlan, ms, s};
use crate::CallId;
use crate::acd::{Act, Announcement, DialogNews, Output};

/// What this caller was told since the last time, one list for each announcement.
fn said_to(floor: &mut Floor, call: CallId) -> Vec<Vec<Announcement>> {
    let out = floor.take().into_iter();
    out.filter_map(|output| match output {
        Output::Announce { call: it, what } if it == call => Some(what),
        _ => None,
    })
    .collect()
}

fn minutes(said: &[Vec<Announcement>]) -> Vec<u32> {
    let all = said.iter().flatten();
    all.filter_map(|it| match it {
        Announcement::Wait { minutes } => Some(*minutes),
        _ => None,
    })
    .collect()
}

/// One call of the queue from its answer to the end of 事后, which takes so long together.
fn serves(floor: &mut Floor, agent: &str, talk: u64, wrap_up: u64) {
    let call = floor.calls();
    floor.answers(agent);
    floor.wait(s(talk));
    floor.parts(agent, call);
    floor.wait(s(wrap_up));
    floor.act(agent, Act::EndWrapUp).unwrap();
}

fn waiting(with: impl FnOnce(&mut QueuePlan)) -> Floor {
    Floor::staffed(&["1049"], |queue| {
        queue.announce.wait = true;
        queue.announce.every = Some(s(30));
        queue.limits.max_wait = None;
        with(queue);
    })
}

#[test]
fn the_wait_is_the_place_times_what_calls_take_by_the_agents_there_are() {
    let mut floor = waiting(|_| {});
    for _ in 0..5 {
        // Hold is part of the talk: three minutes and a half together with 事后.
        serves(&mut floor, "1049", 150, 60);
    }
    let talking = floor.calls();
    floor.answers("1049");
    floor.take();
    let first = floor.calls();
    let second = floor.calls();

    let plan = floor.acd.queue(floor.now, &"it".into()).unwrap();
    assert_eq!(plan.handling, Some(s(210)));
    assert_eq!(plan.expected_wait, Some(s(630)), "for whoever comes third");
    let out = floor.take();
    let told = |call| {
        out.iter().find_map(|output| match output {
            Output::Announce { call: it, what } if *it == call => Some(what.clone()),
            _ => None,
        })
    };
    assert_eq!(told(first), Some(vec![Announcement::Wait { minutes: 4 }]));
    assert_eq!(told(second), Some(vec![Announcement::Wait { minutes: 7 }]));
    assert_eq!(told(talking), None);
}

#[test]
fn agents_count_by_the_share_that_the_queue_has_of_them_and_those_away_do_not() {
    let mut it = QueuePlan::new("it", &["1049", "1050"]);
    it.announce.wait = true;
    let plan = super::plan(vec![it, QueuePlan::new("hr", &["1050"])]);
    let mut floor = Floor::new(plan);
    for agent in ["1049", "1050"] {
        floor.ready(agent);
    }
    floor.act("1050", Act::Busy(1)).unwrap();
    for _ in 0..5 {
        serves(&mut floor, "1049", 90, 30);
    }
    let expected = |floor: &Floor| {
        floor
            .acd
            .queue(floor.now, &"it".into())
            .unwrap()
            .expected_wait
    };

    assert_eq!(
        expected(&floor),
        Some(s(120)),
        "who is on a break does not count"
    );
    floor.act("1050", Act::Idle).unwrap();
    assert_eq!(
        expected(&floor),
        Some(s(80)),
        "who serves two queues is half this one's"
    );
    floor.reach("1050", false);
    assert_eq!(
        expected(&floor),
        Some(s(120)),
        "who has no phone does not count"
    );
    floor.act("1049", Act::Busy(1)).unwrap();
    assert_eq!(
        expected(&floor),
        Some(s(120)),
        "one agent at least is counted"
    );
}

#[test]
fn nobody_is_told_of_no_minutes_at_all() {
    let mut floor = waiting(|_| {});
    for _ in 0..5 {
        serves(&mut floor, "1049", 3, 0);
    }
    floor.act("1049", Act::Busy(1)).unwrap();
    let call = floor.calls();

    floor.wait(ms(1));

    assert_eq!(minutes(&said_to(&mut floor, call)), [1]);
}

#[test]
fn minutes_never_rise_and_are_not_said_where_they_should_by_half() {
    let mut floor = waiting(|_| {});
    for _ in 0..5 {
        serves(&mut floor, "1049", 180, 60);
    }
    floor.act("1049", Act::Busy(1)).unwrap();
    let call = floor.calls();
    floor.wait(ms(1));
    assert_eq!(minutes(&said_to(&mut floor, call)), [4]);

    // Somebody with a head start goes first: it should be eight minutes now.
    let vip = floor.enters("it", 600, None);
    floor.wait(s(30));
    assert_eq!(minutes(&said_to(&mut floor, call)), [0; 0]);
    floor.hangs_up(vip);
    floor.wait(s(30));
    assert_eq!(minutes(&said_to(&mut floor, call)), [4]);

    // A fifth more, by one long call in between: what was said stands.
    floor.act("1049", Act::Idle).unwrap();
    floor.refuses("1049", crate::Cause::Rejected);
    let own = CallId(uuid::Uuid::from_u128(99));
    let began = DialogNews::Began {
        customer: false,
        queue: None,
    };
    floor.dialog("1049", own, began);
    floor.wait(s(30));
    let told = minutes(&said_to(&mut floor, call));
    assert!(told.iter().all(|it| *it <= 4), "{told:?}");
}

#[test]
fn calls_that_are_too_unlike_or_too_few_tell_no_time() {
    let mut floor = waiting(|queue| queue.announce.position = true);
    for _ in 0..4 {
        serves(&mut floor, "1049", 60, 0);
    }
    floor.act("1049", Act::Busy(1)).unwrap();
    let call = floor.calls();
    floor.wait(ms(1));
    let place = Announcement::Position {
        ahead: 0,
        more: false,
    };
    assert_eq!(said_to(&mut floor, call), [vec![place.clone()]], "too few");
    floor.hangs_up(call);

    floor.act("1049", Act::Idle).unwrap();
    for _ in 0..2 {
        serves(&mut floor, "1049", 3000, 0);
        for _ in 0..4 {
            serves(&mut floor, "1049", 2, 0);
        }
    }
    floor.act("1049", Act::Busy(1)).unwrap();
    let call = floor.calls();
    floor.wait(ms(1));
    assert_eq!(said_to(&mut floor, call), [vec![place]], "too unlike");
}

#[test]
fn the_wait_is_never_said_to_be_longer_than_nine_of_ten_have_waited_lately() {
    let mut floor = waiting(|_| {});
    for _ in 0..12 {
        // They were answered at once: nobody has waited.
        serves(&mut floor, "1049", 100, 20);
    }
    floor.act("1049", Act::Busy(1)).unwrap();
    for _ in 0..9 {
        floor.calls();
    }
    let last = floor.calls();

    floor.wait(ms(1));
    assert_eq!(minutes(&said_to(&mut floor, last)), [1]);

    floor.wait(s(1800));
    let expected = floor
        .acd
        .queue(floor.now, &"it".into())
        .unwrap()
        .expected_wait;
    assert_eq!(expected, Some(s(11 * 120)), "that was half an hour ago");
}

#[test]
fn a_list_is_said_in_turn_and_a_better_place_soon() {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.announce.position = true;
        queue.announce.first = s(5);
        queue.announce.every = Some(s(300));
        queue.announce.at_least = Some(s(15));
        queue.announce.list = vec!["one".to_owned(), "two".to_owned()];
        queue.announce.list_every = s(40);
    });
    floor.act("1049", Act::Busy(1)).unwrap();
    let ahead = floor.calls();
    let call = floor.calls();
    let place = |ahead| Announcement::Position { ahead, more: false };
    let sound = |name: &str| Announcement::Sound(name.to_owned());

    floor.wait(s(30));
    assert_eq!(said_to(&mut floor, call), [vec![place(1)]]);
    floor.hangs_up(ahead);
    floor.wait(s(5));
    assert_eq!(
        said_to(&mut floor, call),
        [vec![place(0)]],
        "at the next look"
    );
    floor.wait(s(100));
    assert_eq!(
        said_to(&mut floor, call),
        [vec![sound("one")], vec![sound("two")], vec![sound("one")]]
    );
}
