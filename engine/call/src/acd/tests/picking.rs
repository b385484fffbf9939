//! Somebody takes a caller out of the line.

use super::{Floor, s};
use crate::CallId;
use crate::acd::{Act, Leave, Output, Pick, PickError, State, Strategy, Withdrawn};

impl Floor {
    fn picks(&mut self, agent: &str, pick: &Pick) -> Result<CallId, PickError> {
        let done = self.acd.handle_pick(self.now, &agent.into(), pick);
        self.drain();
        done
    }
}

#[test]
fn an_agent_who_is_busy_may_pick_whom_they_want_and_is_rung_for_them_alone() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    floor.calls();
    let second = floor.calls();

    assert_eq!(floor.picks("1049", &Pick::Call(second)), Ok(second));

    assert_eq!(floor.ringing(), ["1049"]);
    floor.answers("1049");
    assert_eq!(floor.state("1049"), State::Talking);
    floor.parts("1049", second);
    floor.act("1049", Act::EndWrapUp).unwrap();
    assert_eq!(floor.ringing(), ["1049"], "whoever has waited for longest");
}

#[test]
fn who_rings_for_a_caller_that_is_picked_stops() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    floor.act("1050", Act::Busy(1)).unwrap();
    let call = floor.calls();
    assert_eq!(floor.ringing(), ["1049"]);
    floor.take();

    floor.picks("1050", &Pick::NextOf("it".into())).unwrap();

    assert_eq!(floor.ringing(), ["1050"]);
    let elsewhere = |it: &Output| {
        matches!(
            it,
            Output::Withdraw {
                why: Withdrawn::Elsewhere,
                ..
            }
        )
    };
    assert!(floor.take().iter().any(elsewhere));
    floor.wait(s(15));
    assert_eq!(
        floor.acd.position(call),
        Some(1),
        "who does not come loses nobody"
    );
}

#[test]
fn nobody_else_gets_a_caller_who_is_picked_also_where_all_ring() {
    let mut floor = Floor::staffed(&["1049", "1050", "1051"], |queue| {
        queue.offering.strategy = Strategy::RingAll;
    });
    for agent in ["1049", "1050", "1051"] {
        floor.act(agent, Act::Busy(1)).unwrap();
    }
    let call = floor.calls();
    let next = Pick::NextOf("it".into());
    floor.picks("1049", &next).unwrap();

    floor.act("1050", Act::Idle).unwrap();

    assert_eq!(
        floor.ringing(),
        ["1049"],
        "nobody rings with who has picked"
    );
    for pick in [Pick::Call(call), next] {
        assert_eq!(floor.acd.pickable(&pick), Err(PickError::Taken));
        assert_eq!(floor.picks("1051", &pick), Err(PickError::Taken));
    }
    floor.wait(s(15));
    assert_eq!(floor.ringing(), ["1050"], "who has picked did not come");
}

#[test]
fn who_was_answered_a_moment_ago_is_known_for_a_few_seconds() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    let queue = "it".into();
    let call = floor.calls();
    assert_eq!(floor.acd.just_answered(floor.now, &queue), None);

    floor.answers("1049");

    assert_eq!(floor.acd.just_answered(floor.now, &queue), Some(call));
    floor.wait(s(6));
    assert_eq!(floor.acd.just_answered(floor.now, &queue), None);
}

#[test]
fn nobody_is_picked_who_talks_already_and_by_nobody_who_cannot() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    let next = Pick::NextOf("it".into());
    assert_eq!(floor.picks("1049", &next), Err(PickError::Nobody));
    assert_eq!(floor.picks("1001", &next), Err(PickError::NotAnAgent));
    let call = floor.calls();
    floor.answers("1049");
    assert_eq!(
        floor.picks("1050", &Pick::Call(call)),
        Err(PickError::Nobody)
    );
    assert_eq!(floor.picks("1049", &next), Err(PickError::InCall));
    floor.reach("1050", false);
    assert_eq!(floor.picks("1050", &next), Err(PickError::NoPhone));
    floor.act("1050", Act::LogOut).unwrap();
    assert_eq!(floor.picks("1050", &next), Err(PickError::LoggedOut));
}

#[test]
fn who_is_with_the_caller_already_has_them() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let call = floor.calls();
    floor.take();

    floor.acd.handle_picked(floor.now, call, "1001");
    floor.drain();

    assert_eq!(floor.ringing(), [""; 0]);
    let queue = "it".into();
    let why = Leave::Answered("1001".into());
    assert!(floor.take().contains(&Output::Leave { call, queue, why }));
}
