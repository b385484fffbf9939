//! Callers who are called back: their place, their calls, and those who wait on the line.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use uuid::Uuid;

use super::{Floor, QueuePlan, ms, s};
use crate::CallId;
use crate::acd::{
    Acd, Act, AskId, Callback, CallbackChange, CallbackError, CallbackState, Chosen, Enter,
    Outcome, Output, Step, Strategy, Wants, When,
};

fn floor(with: impl FnOnce(&mut QueuePlan)) -> Floor {
    Floor::staffed(&["1049"], |queue| {
        queue.care.callbacks.trunk = Some("carrier".to_owned());
        queue.limits.max_wait = None;
        with(queue);
    })
}

impl Floor {
    pub(super) fn wants_callback(
        &mut self,
        call: CallId,
        number: &str,
    ) -> Result<usize, CallbackError> {
        let wanted = Callback {
            call,
            queue: "it".into(),
            number: number.to_owned(),
            priority: 0,
            wants: Wants::default(),
        };
        let done = self.acd.handle_callback(self.now, wanted);
        self.drain();
        done.map(|(_, place)| place)
    }

    /// Who is called now, since the last time.
    pub(super) fn called(&mut self) -> Vec<CallId> {
        let out = self.take().into_iter();
        out.filter_map(|output| match output {
            Output::CallBack { id, .. } => Some(id),
            _ => None,
        })
        .collect()
    }

    pub(super) fn comes_back(&mut self, id: CallId, call: u128) -> CallId {
        let call = CallId(Uuid::from_u128(call));
        let enter = Enter {
            callback: Some(id),
            ..Enter::new(call, "it".into())
        };
        self.acd.handle_enter(self.now, enter).unwrap();
        self.drain();
        call
    }

    pub(super) fn is_not_back(&mut self, id: CallId) {
        self.acd.handle_not_back(self.now, id);
        self.drain();
    }
}

#[test]
fn who_is_called_back_keeps_the_place_and_is_called_when_an_agent_is_held_for_them() {
    let mut floor = floor(|_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    let first = floor.calls();
    let home = floor.calls();
    let last = floor.calls();
    assert_eq!(floor.wants_callback(home, "+86138"), Ok(2));
    let stay = floor.take_episodes().remove(0);
    assert_eq!((stay.call, stay.outcome), (home, Outcome::Callback));
    assert_eq!(
        floor.acd.position(last),
        Some(3),
        "they count for those behind"
    );

    floor.act("1049", Act::Idle).unwrap();
    assert_eq!(floor.called(), [], "it is the first one's turn");
    floor.answers("1049");
    floor.parts("1049", first);
    floor.act("1049", Act::EndWrapUp).unwrap();
    assert_eq!(floor.called(), [home]);
    assert_eq!(
        floor.ringing(),
        [""; 0],
        "nobody rings before they are there"
    );
    floor.wait(s(20));
    let back = floor.comes_back(home, 77);

    assert_eq!(floor.ringing(), ["1049"]);
    floor.answers("1049");
    let stay = floor.take_episodes().remove(0);
    assert_eq!((stay.call, stay.outcome), (back, Outcome::Answered));
    assert_eq!(stay.waited_before_ms, 20_000);
    assert_eq!(floor.acd.position(last), Some(1));
}

#[test]
fn who_does_not_answer_is_tried_again_later_and_given_up_in_the_end() {
    let mut floor = floor(|queue| {
        queue.care.callbacks.tries = 2;
        queue.care.callbacks.retry = s(60);
    });
    let home = CallId(Uuid::from_u128(9));
    floor.wants_callback(home, "+86138").unwrap();
    assert_eq!(floor.called(), [home]);

    floor.is_not_back(home);
    floor.is_not_back(home);
    assert_eq!(floor.called(), []);
    floor.wait(s(59));
    assert_eq!(floor.called(), []);
    floor.wait(s(1));
    assert_eq!(floor.called(), [home]);
    floor.is_not_back(home);

    let end = floor.take().into_iter().find_map(|output| match output {
        Output::Callback(change) if change.state.is_over() => Some((change.state, change.tried)),
        _ => None,
    });
    assert_eq!(end, Some((CallbackState::GivenUp, 2)));
    assert_eq!(floor.acd.waiting(&"it".into()), Some(0));
    floor.wait(s(3600));
    assert_eq!(floor.called(), []);
}

#[test]
fn an_agent_is_held_no_longer_than_a_call_may_take() {
    let mut floor = floor(|_| {});
    let home = CallId(Uuid::from_u128(9));
    floor.wants_callback(home, "+86138").unwrap();
    floor.take();

    floor.wait(s(76));
    let call = floor.calls();
    assert_eq!(floor.ringing(), ["1049"], "for somebody else");
    floor.answers("1049");

    // Who confirms it all the same has the next agent.
    let back = floor.comes_back(home, 77);
    assert_eq!(floor.acd.position(back), Some(1));
    floor.parts("1049", call);
    floor.act("1049", Act::EndWrapUp).unwrap();
    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn one_number_waits_once_and_who_calls_by_themselves_has_the_place() {
    let mut floor = floor(|_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    let home = floor.calls();
    floor.wants_callback(home, "+86138").unwrap();
    let other = floor.calls();
    let again = floor.calls();
    assert_eq!(floor.wants_callback(again, "+86138"), Ok(1));
    assert_eq!(floor.acd.waiting(&"it".into()), Some(2));

    let call = CallId(Uuid::from_u128(55));
    let enter = Enter {
        from: Some("+86138".to_owned()),
        ..Enter::new(call, "it".into())
    };
    floor.acd.handle_enter(floor.now, enter).unwrap();
    floor.drain();

    let line: Vec<CallId> = floor.acd.line(&"it".into()).unwrap().collect();
    assert_eq!(line, [call, other]);
}

#[test]
fn a_call_that_comes_to_nothing_lets_who_waits_on_the_line_go_first() {
    let mut floor = floor(|_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    let home = [floor.calls(), floor.calls()];
    for (number, call) in home.into_iter().enumerate() {
        floor
            .wants_callback(call, &format!("+86138{number}"))
            .unwrap();
    }
    let waits = floor.calls();
    floor.act("1049", Act::Idle).unwrap();
    assert_eq!(floor.called(), [home[0]]);

    floor.is_not_back(home[0]);

    assert_eq!(floor.called(), [], "the other one can wait");
    floor.answers("1049");
    floor.parts("1049", waits);
    floor.act("1049", Act::EndWrapUp).unwrap();
    assert_eq!(floor.called(), [home[1]]);
}

#[test]
fn a_queue_that_calls_nobody_back_says_so_and_its_step_is_left_out() {
    let mut floor = floor(|queue| {
        queue.care.callbacks.trunk = None;
        queue.overflow = vec![crate::acd::Overflow {
            when: When::Waited(s(10)),
            step: Step::Callback,
        }];
    });
    floor.act("1049", Act::Busy(1)).unwrap();
    let call = floor.calls();
    assert_eq!(
        floor.wants_callback(call, "+86138"),
        Err(CallbackError::NotOffered("it".into()))
    );

    floor.wait(s(20));

    assert_eq!(floor.acd.position(call), Some(1));
    let told = floor.decisions.last().unwrap().to_string();
    assert!(told.contains("calls nobody back"), "{told}");
}

#[test]
fn those_who_wait_for_a_call_outlive_a_restart_with_their_places() {
    let mut floor = floor(|_| {});
    floor.act("1049", Act::Busy(1)).unwrap();
    let first = floor.calls();
    floor.wait(s(1));
    let calls = [first, floor.calls()];
    for (number, call) in calls.into_iter().enumerate() {
        floor
            .wants_callback(call, &format!("+86138{number}"))
            .unwrap();
    }
    let out = floor.take().into_iter();
    let kept: BTreeMap<CallId, CallbackChange> = out
        .filter_map(|output| match output {
            Output::Callback(change) => Some((change.id, change)),
            _ => None,
        })
        .collect();
    let plan = super::plan(vec![floor.acd.queues[0].plan.clone()]);
    let acd = Acd::new(floor.now, super::WALL + 60_000_000, 8, plan);
    let mut next = Floor::around(acd, floor.now);

    next.acd
        .restore_callbacks(next.now, kept.into_values().rev());
    next.drain();
    next.take();
    let stranger = next.acd.line(&"it".into()).unwrap().count();
    assert_eq!(stranger, 2);
    next.ready("1049");

    assert_eq!(next.called(), [calls[0]], "who came first");
}

/// An hour, 75 who want to be called back and 50 who wait on the line, one after the other all the while.
#[test]
fn d11_an_hour_of_75_callbacks_and_50_live_callers_is_served_in_the_order_in_which_they_came() {
    let agents = ["1049", "1050", "1051"];
    let mut floor = Floor::staffed(&agents, |queue| {
        queue.care.callbacks.trunk = Some("carrier".to_owned());
        // As many as there are agents who could be held: nobody is overtaken then.
        queue.care.callbacks.at_once = 3;
        queue.offering.wrap_up = Some(s(10));
        queue.limits.max_wait = None;
    });
    let mut arrivals: Vec<CallId> = Vec::new();
    let mut away = BTreeSet::new();
    // In the order in which an agent was found for each.
    let mut order: Vec<CallId> = Vec::new();
    let mut dialling: Vec<(Instant, CallId)> = Vec::new();
    let mut talking: Vec<(Instant, String, CallId)> = Vec::new();
    let mut answered = 0;
    let begin = floor.now;
    // 125 come in the hour, three of five of whom hang up at once and are called back.
    let mut coming = (0..125_u64)
        .map(|n| (begin + ms(n * 28_800), n % 5 < 3))
        .peekable();
    while answered < 125 && floor.now < begin + s(4 * 3600) {
        if let Some((_, home)) = coming.next_if(|(at, _)| *at <= floor.now) {
            if home {
                let number = 1_000 + arrivals.len() as u128;
                let call = CallId(Uuid::from_u128(number));
                arrivals.push(call);
                away.insert(call);
                let number = format!("+86138{number:08}");
                floor.wants_callback(call, &number).unwrap();
            } else {
                arrivals.push(floor.calls());
            }
        }
        for output in floor.take() {
            match output {
                Output::CallBack { id, .. } => {
                    order.push(id);
                    dialling.push((floor.now + s(15), id));
                }
                // Who is back has been counted when the agent was found.
                Output::Offer { call, .. } if arrivals.contains(&call) => order.push(call),
                _ => {}
            }
        }
        assert!(
            dialling.len() <= agents.len(),
            "no more are called than agents are held"
        );
        let (now, due) = (floor.now, |at: Instant| at <= floor.now);
        let (there, later) = dialling.into_iter().partition(|(at, _)| due(*at));
        let (over, still) = talking.into_iter().partition(|(at, ..)| due(*at));
        (dialling, talking) = (later, still);
        let there: Vec<(Instant, CallId)> = there;
        for (_, id) in there {
            floor.comes_back(id, id.0.as_u128() + 1_000_000);
        }
        for agent in floor.ringing() {
            let (_, call) = floor.rings[&agent.as_str().into()];
            floor.answers(&agent);
            answered += 1;
            talking.push((now + s(90), agent, call));
        }
        let over: Vec<(Instant, String, CallId)> = over;
        for (_, agent, call) in over {
            floor.parts(&agent, call);
        }
        floor.wait(ms(100));
    }

    assert_eq!((answered, away.len()), (125, 75));
    assert_eq!(
        order, arrivals,
        "who came first is served first, on the line or not"
    );
    let mut each: Vec<CallId> = order.clone();
    each.dedup();
    assert_eq!(each.len(), 125, "nobody was called twice");
}

#[test]
fn a_script_that_names_nobody_for_who_is_called_back_is_asked_again() {
    let mut floor = floor(|queue| queue.offering.strategy = Strategy::Choose);
    let call = floor.calls();
    floor.wants_callback(call, "+86138").unwrap();
    let asked = |floor: &mut Floor| -> Vec<AskId> {
        let out = floor.take().into_iter();
        out.filter_map(|output| match output {
            Output::Choose { ask, .. } => Some(ask.id),
            _ => None,
        })
        .collect()
    };
    // It was asked while they were on the line, and again when they had gone.
    let first = asked(&mut floor).pop().unwrap();

    let nobody = Chosen::Order(Vec::new());
    floor.acd.handle_chosen(floor.now, first, nobody);
    floor.drain();
    assert_eq!(asked(&mut floor), []);
    floor.wait(s(6));

    assert_eq!(asked(&mut floor).len(), 1);
}
