//! Those who are called back ask of agents what they asked while they waited on the line.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::widening::{requires, skills};
use super::{Floor, QueuePlan, s};
use crate::CallId;
use crate::acd::{
    Acd, Act, AskId, Callback, CallbackChange, Capacity, Chosen, Enter, Medium, Output, Pick,
    PickError, Ring, Strategy, Wants, Without,
};

/// 1049 knows no English, 1050 does; both are busy at first.
fn floor(with: impl FnOnce(&mut QueuePlan)) -> Floor {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.care.callbacks.trunk = Some("carrier".to_owned());
        queue.limits.max_wait = None;
        queue.members[1].skills = skills(&[("english", 5)]);
        with(queue);
    });
    floor.act("1049", Act::Busy(1)).unwrap();
    floor.act("1050", Act::Busy(1)).unwrap();
    floor
}

fn wants_english(floor: &mut Floor) -> CallId {
    let call = floor.wants("it", requires(&[("english", 5)]));
    floor.wants_callback(call, "+86138").unwrap();
    floor.take();
    call
}

#[test]
fn who_is_called_back_for_somebody_with_a_skill_is_called_when_such_an_agent_is_free() {
    let mut floor = floor(|_| {});
    let home = wants_english(&mut floor);

    floor.act("1049", Act::Idle).unwrap();
    assert_eq!(floor.called(), [], "1049 lacks it");
    floor.act("1050", Act::Idle).unwrap();
    assert_eq!(floor.called(), [home]);
    floor.comes_back(home, 77);

    assert_eq!(floor.ringing(), ["1050"]);
}

#[test]
fn who_never_waited_on_the_line_asks_of_agents_as_well() {
    let mut floor = floor(|_| {});
    let mut asks = |wants: Wants, number: u128| {
        let wanted = Callback {
            call: CallId(Uuid::from_u128(number)),
            queue: "it".into(),
            number: format!("+86138{number}"),
            priority: 0,
            wants,
        };
        let taken = floor.acd.handle_callback(floor.now, wanted);
        floor.drain();
        taken.unwrap()
    };
    let (usual, _) = asks(requires(&[("english", 5)]), 501);
    let vip = Wants {
        vip: true,
        ..Wants::default()
    };
    let (vip, place) = asks(vip, 502);
    assert_eq!(place, 1, "before who is none");
    assert_eq!(asks(Wants::default(), 501).0, usual, "each number once");

    floor.act("1049", Act::Idle).unwrap();
    assert_eq!(floor.called(), [vip]);
    floor.comes_back(vip, 77);
    floor.answers("1049");
    floor.act("1050", Act::Idle).unwrap();

    assert_eq!(floor.called(), [usual], "1049 lacks it, and 1050 does not");
}

#[test]
fn the_choice_goes_on_widening_while_the_caller_is_not_on_the_line() {
    let ring = Ring {
        after: s(60),
        without: Without::All,
        lower: 0,
    };
    let mut floor = floor(|queue| queue.widening.rings = vec![ring]);
    let call = floor.wants("it", requires(&[("english", 5)]));
    floor.wait(s(40));
    floor.wants_callback(call, "+86138").unwrap();
    floor.act("1049", Act::Idle).unwrap();
    floor.take();

    floor.wait(s(19));
    assert_eq!(floor.called(), []);
    floor.wait(s(2));

    assert_eq!(
        floor.called(),
        [call],
        "a minute in all, on the line and off it"
    );
}

#[test]
fn what_somebody_asks_of_agents_outlives_a_restart_with_their_place() {
    let mut floor = floor(|_| {});
    let call = floor.wants("it", requires(&[("english", 5)]));
    floor.wants_callback(call, "+86138").unwrap();
    let out = floor.take().into_iter();
    let kept: Vec<CallbackChange> = out
        .filter_map(|output| match output {
            Output::Callback(change) => Some(change),
            _ => None,
        })
        .collect();
    let plan = super::plan(vec![floor.acd.queues[0].plan.clone()]);
    let acd = Acd::new(floor.now, super::WALL + 60_000_000, 8, plan);
    let mut next = Floor::around(acd, floor.now);
    next.acd.restore_callbacks(next.now, kept);
    next.drain();

    next.ready("1049");
    assert_eq!(next.called(), []);
    next.ready("1050");

    assert_eq!(next.called(), [call]);
}

#[test]
fn where_all_ring_one_agent_is_held_and_the_others_ring_when_the_caller_is_back() {
    let mut floor = floor(|queue| queue.offering.strategy = Strategy::RingAll);
    let call = floor.calls();
    floor.wants_callback(call, "+86138").unwrap();
    floor.take();
    floor.act("1049", Act::Idle).unwrap();
    floor.act("1050", Act::Idle).unwrap();
    assert_eq!(floor.called(), [call]);
    assert_eq!(floor.ringing(), [""; 0]);

    floor.comes_back(call, 77);

    assert_eq!(floor.ringing(), ["1049", "1050"]);
}

#[test]
fn one_more_rings_for_who_is_back_only_when_the_first_has_rung_for_so_long() {
    let every = s(5);
    let mut floor = floor(|queue| queue.offering.strategy = Strategy::RingProgressive { every });
    let call = floor.calls();
    floor.wants_callback(call, "+86138").unwrap();
    floor.act("1049", Act::Idle).unwrap();
    floor.act("1050", Act::Idle).unwrap();
    floor.wait(s(20));
    floor.comes_back(call, 77);

    assert_eq!(floor.ringing(), ["1049"]);
    floor.wait(s(4));
    assert_eq!(floor.ringing(), ["1049"]);
    floor.wait(s(2));

    assert_eq!(floor.ringing(), ["1049", "1050"]);
}

#[test]
fn a_script_that_names_nobody_for_who_is_called_back_is_asked_again() {
    let mut floor = floor(|queue| queue.offering.strategy = Strategy::Choose);
    let call = floor.calls();
    floor.wants_callback(call, "+86138").unwrap();
    floor.act("1049", Act::Idle).unwrap();
    let asked = asks(&mut floor);
    assert_eq!(asked.len(), 1);

    let nobody = Chosen::Order(Vec::new());
    floor.acd.handle_chosen(floor.now, asked[0], nobody);
    floor.drain();
    assert_eq!(asks(&mut floor).len(), 0);
    floor.wait(s(5));
    let again = asks(&mut floor);
    assert_eq!(again.len(), 1);
    let named = Chosen::Order(vec!["1049".into()]);
    floor.acd.handle_chosen(floor.now, again[0], named);
    floor.drain();

    assert_eq!(floor.called(), [call]);
}

fn asks(floor: &mut Floor) -> Vec<AskId> {
    let out = floor.take().into_iter();
    out.filter_map(|output| match output {
        Output::Choose { ask, .. } => Some(ask.id),
        _ => None,
    })
    .collect()
}

#[test]
fn a_vip_who_comes_back_to_an_old_place_stays_before_all_who_are_none() {
    let mut floor = floor(|queue| queue.care.resume = Some(s(60)));
    let usual = floor.calls();
    let comes = |floor: &mut Floor, call: u128| {
        let call = CallId(Uuid::from_u128(call));
        let wants = Wants {
            vip: true,
            ..Wants::default()
        };
        let enter = Enter {
            wants,
            from: Some("+86139".to_owned()),
            ..Enter::new(call, "it".into())
        };
        floor.acd.handle_enter(floor.now, enter).unwrap();
        floor.drain();
        call
    };
    let vip = comes(&mut floor, 77);
    assert_eq!(floor.acd.position(vip), Some(1));
    floor.acd.handle_gone(floor.now, vip);
    floor.wait(Duration::from_secs(10));

    let back = comes(&mut floor, 78);

    assert_eq!(floor.acd.position(back), Some(1));
    assert_eq!(floor.acd.position(usual), Some(2));
}

#[test]
fn a_chat_is_not_picked_as_a_call_is() {
    let mut floor = floor(|_| {});
    let chat = floor.wants(
        "it",
        Wants {
            medium: Medium::Chat,
            required: Arc::new(skills(&[("english", 5)])),
            ..Wants::default()
        },
    );
    let mut plan = super::plan(vec![floor.acd.queues[0].plan.clone()]);
    plan.rules.capacity = Capacity {
        chat: 2,
        ..Capacity::default()
    };
    floor.acd.handle_plan(floor.now, plan);

    for pick in [Pick::Call(chat), Pick::NextOf("it".into())] {
        let picked = floor.acd.handle_pick(floor.now, &"1050".into(), &pick);
        assert_eq!(picked, Err(PickError::Nobody));
    }
}
