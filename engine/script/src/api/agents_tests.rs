//! `agents` and `queues`, with an exchange that notes what it is asked.

use std::time::Duration;

use ::call::CallId;
use ::call::acd::{QueuePlan, QueueStatus, Reason, Refusal, State, Status, Waiting};
use ::call::desk::{By, Deed, Order};
use serde_json::json;

use super::testbed::{Bed, NOON, setup};
use crate::config;
use crate::snapshot::Snapshot;
use crate::surroundings::Phase;

fn status(state: State) -> Status {
    Status {
        state,
        reachable: true,
        lasted: Duration::from_millis(90_500),
        since: NOON - 90_500_000,
        wrap_up_left: None,
        today: Vec::new(),
        asks: None,
        habits: Default::default(),
        queues: vec!["it".into()],
    }
}

/// The call of an agent, who dials a star code.
fn bed() -> Bed {
    let config = config::load(
        &super::testbed::root().join("config.lua"),
        std::path::Path::new("/nonexistent"),
    );
    let mut call = setup();
    call.user = Some("1049".to_owned()).into();
    Bed::with(
        config.unwrap().tenants["8001"].clone(),
        Snapshot::default(),
        call,
    )
}

#[test]
fn each_function_asks_for_its_act_in_the_agents_own_name() {
    let busy = |reason: &str| Deed::Busy {
        reason: Some(reason.to_owned()),
    };
    for (body, deed) in [
        ("agents.log_in('1049')", Deed::LogIn {}),
        ("agents.log_out(1049)", Deed::LogOut {}),
        ("agents.idle('1049')", Deed::Idle {}),
        ("agents.busy('1049')", Deed::Busy { reason: None }),
        ("agents.busy('1049', 2)", busy("2")),
        ("agents.busy('1049', '3')", busy("3")),
        ("agents.busy('1049', 'meeting')", busy("meeting")),
        ("agents.end_wrap_up('1049')", Deed::EndWrapUp {}),
        (
            "agents.extend_wrap_up('1049', '5m')",
            Deed::ExtendWrapUp { minutes: 5 },
        ),
        ("agents.reset('1049')", Deed::Reset {}),
    ] {
        let bed = bed();
        bed.call(body).unwrap();

        let asked = bed.answers.orders.lock().unwrap().clone();
        let order = Order {
            by: By::User("1049".into()),
            user: "1049".into(),
            deed,
        };
        assert_eq!(asked, [order], "{body}");
    }
}

#[test]
fn an_agent_is_told_with_the_rights_of_whoever_calls_or_of_the_script() {
    let bed = bed();
    bed.call("agents.idle('1050')").unwrap();
    let bed_of_a_customer = Bed::new();
    bed_of_a_customer.call("agents.idle('1050')").unwrap();

    let by = |bed: &Bed| bed.answers.orders.lock().unwrap()[0].by.clone();
    assert_eq!(by(&bed), By::User("1049".into()));
    assert_eq!(by(&bed_of_a_customer), By::Script("script".into()));
}

#[test]
fn what_an_agent_does_returns_how_they_stand_then_or_why_not() {
    let bed = bed();
    *bed.answers.status.lock().unwrap() = Some(Ok(status(State::Busy(Reason::Code(2)))));
    let returned = bed.call("local s, why = agents.busy('1049', 2) return s, why");
    assert_eq!(
        returned.unwrap()[0],
        json!({
            "id": "1049", "name": "温平", "state": "busy", "reason": "meeting",
            "reachable": true, "lasted": 90.5, "since": NOON as f64 / 1e6 - 90.5,
            "queues": ["it"], "today": {},
            "accept_items": true,
            "accept_items": true, "auto_answer": false, "do_not_disturb": false, "auto_idle": false, "auto_busy": false,
        })
    );

    for (refusal, why) in [
        (Refusal::NotAnAgent, "not_an_agent"),
        (Refusal::LoggedOut, "logged_out"),
        (Refusal::InCall, "in_call"),
        (Refusal::NotInWrapUp, "not_in_wrap_up"),
    ] {
        *bed.answers.status.lock().unwrap() = Some(Err(refusal));
        let returned = bed.call("return agents.log_out('1049')").unwrap();
        assert_eq!((&returned[0], &returned[1]), (&json!(null), &json!(why)));
        let sentence = returned[2].as_str().unwrap();
        assert!(sentence.starts_with("1049 "), "{sentence}");
    }
}

#[test]
fn mistakes_are_told_in_a_sentence() {
    for (body, sentence) in [
        (
            "agents.busy('1049', 'meting')",
            "test.lua:1: agents.busy: no reason 'meting' (did you mean 'meeting'?)",
        ),
        (
            "agents.idle()",
            "test.lua:1: agents.idle expects an agent such as \"1049\", got nothing",
        ),
        (
            "agents.extend_wrap_up('1049')",
            "test.lua:1: agents.extend_wrap_up expects whole minutes such as \"5m\", got nothing",
        ),
        (
            "agents.list { state = 'bussy' }",
            "test.lua:1: agents.list: state: 'bussy' is none of logged_out, busy, idle, offered, \
             dialling, calling, talking, holding, consulting, conference, internal, monitoring, \
             barging, wrap_up (did you mean 'busy'?)",
        ),
        (
            "queues.get('suport')",
            "test.lua:1: queues.get: no queue 'suport' (did you mean 'support'?)",
        ),
        (
            "queues.switch('hotlin')",
            "test.lua:1: queues.switch: no switch 'hotlin' in `switches` of config.lua (did you mean 'hotline'?)",
        ),
    ] {
        let bed = bed();
        bed.load("queue 'support' { agents = { '1049' } }").unwrap();
        assert_eq!(bed.call(body), Err(sentence.to_owned()));
    }
    let bed = bed();
    let refused = bed.load("agents.idle('1049')").unwrap_err();
    assert!(
        refused.contains("agents.idle cannot be used while files load"),
        "{refused}"
    );
}

#[test]
fn agents_are_found_one_by_one_and_listed_by_queue_and_state() {
    let bed = bed();
    bed.load("queue 'it' { agents = { '1049', '1050' } } queue 'sales' { agents = { '1051' } }")
        .unwrap();
    let mut wrapping = status(State::WrapUp);
    wrapping.wrap_up_left = Some(Duration::from_secs(20));
    let mut other = status(State::Idle);
    other.queues = vec!["sales".into()];
    *bed.answers.agents.lock().unwrap() = vec![
        ("1049".into(), wrapping),
        ("1050".into(), status(State::Idle)),
        ("1051".into(), other),
    ];
    let ids = |options: &str| {
        let body = format!(
            "local ids = json.list() \
             for _, one in ipairs(agents.list({options})) do ids[#ids + 1] = one.id end return ids"
        );
        bed.run(Phase::Task, &body).unwrap()[0].clone()
    };

    assert_eq!(ids(""), json!(["1049", "1050", "1051"]));
    assert_eq!(ids("{ queue = 'it' }"), json!(["1049", "1050"]));
    assert_eq!(ids("{ state = 'idle' }"), json!(["1050", "1051"]));
    assert_eq!(ids("{ queue = 'it', state = 'wrap_up' }"), json!(["1049"]));
    assert_eq!(
        bed.call("return agents.get('1049').wrap_up_left"),
        Ok(json!([20.0]))
    );
    assert_eq!(
        bed.call("return agents.get('1060')"),
        Ok(json!([null, "not_an_agent"]))
    );
}

#[test]
fn a_queue_tells_who_waits() {
    let bed = bed();
    bed.load("queue 'it' { agents = { '1049' } }").unwrap();
    let waits = |number: u8, position, seconds| Waiting {
        call: CallId::new(NOON as u64 / 1_000, [number; 10]),
        position,
        waited: Duration::from_secs(seconds),
        is_offered: position == 1,
        is_away: position == 2,
    };
    let callers = [waits(1, 1, 30), waits(2, 2, 45)];
    *bed.answers.queues.lock().unwrap() = vec![QueueStatus {
        plan: QueuePlan::new("it", &["1049"]),
        is_gone: false,
        handling: Some(Duration::from_secs(180)),
        expected_wait: None,
        waiting: callers.to_vec(),
        members: vec!["1049".into()],
    }];

    let it = bed.call("return queues.get('it'), #queues.list()").unwrap();
    assert_eq!(
        it,
        json!([{
            "name": "it", "gone": false, "waiting": 2, "longest_wait": 45.0, "handling": 180.0, "agents": ["1049"],
            "callers": [
                { "call": callers[0].call.to_string(), "position": 1, "waited": 30.0, "offered": true, "callback": false },
                { "call": callers[1].call.to_string(), "position": 2, "waited": 45.0, "offered": false, "callback": true },
            ],
        }, 1])
    );
}
