//! `calls`, with an exchange that notes what it is asked.

use std::time::Duration;

use ::call::{CallId, Target, Why};
use serde_json::json;

use super::testbed::Bed;
use crate::surroundings::Phase;
use crate::{CallStatus, NotMade, Originate};

const ID: CallId = CallId(uuid::Uuid::from_u128(7));

fn status(user: &str, state: &'static str) -> CallStatus {
    CallStatus {
        id: ID,
        from: Some(user.to_owned()),
        from_name: Some("温平".to_owned()),
        to: "13800138000".to_owned(),
        context: "internal".to_owned(),
        user: Some(user.to_owned()),
        trunk: None,
        state,
        talks_with: None,
        started_at: 1_500_000,
    }
}

#[test]
fn a_call_is_made_for_a_user_and_returned_when_they_have_answered() {
    let bed = Bed::new();
    *bed.answers.made.lock().unwrap() = Some(Ok(status("1049", "menu")));

    let returned = bed.run(
        Phase::Task,
        "return calls.originate { from = 'user:1049', to = 13800138000, timeout = '20s' }",
    );

    let made = json!({
        "id": ID.to_string(), "from": "1049", "from_name": "温平", "to": "13800138000",
        "context": "internal", "user": "1049", "state": "menu", "started_at": 1.5,
    });
    assert_eq!(returned, Ok(json!([made])));
    let wanted = Originate {
        from: Target::User("1049".to_owned()),
        to: "13800138000".to_owned(),
        context: None,
        timeout: Duration::from_secs(20),
        caller_id: None,
    };
    assert_eq!(*bed.answers.originated.lock().unwrap(), [wanted]);
}

#[test]
fn who_does_not_come_is_told_by_a_word_and_what_cannot_be_by_a_sentence() {
    let bed = Bed::new();
    let body = "local c, why = calls.originate { from = 'user:1049', to = '1050' } return c, why";
    *bed.answers.made.lock().unwrap() = Some(Err(NotMade::Why(Why::Busy)));
    assert_eq!(bed.call(body), Ok(json!([null, "busy"])));

    let sentence = "no user '1094' (did you mean '1049'?)".to_owned();
    *bed.answers.made.lock().unwrap() = Some(Err(NotMade::Mistake(sentence.clone())));
    let told = format!("test.lua:1: calls.originate: {sentence}");
    assert_eq!(bed.call(body), Err(told));

    let busy = bed.call(body).unwrap_err();
    assert!(busy.ends_with("the exchange is too busy to answer; ask again later"));
}

#[test]
fn mistakes_are_told_before_anybody_is_rung() {
    for (body, sentence) in [
        (
            "calls.originate { to = '1' }",
            "from: expected who is rung first, such as \"user:1049\", got nil",
        ),
        (
            "calls.originate { from = '1049', to = '1' }",
            "from: '1049' is no target: write \"user:1049\" for a user",
        ),
        (
            "calls.originate { from = 'user:1049' }",
            "to: expected the number that is dialled then, got nil",
        ),
        (
            "calls.originate { from = 'user:1049', to = '1', timeout = 0 }",
            "timeout: nobody could answer in no time",
        ),
    ] {
        let bed = Bed::new();
        let told = format!("test.lua:1: calls.originate: {sentence}");
        assert_eq!(bed.call(body), Err(told));
        assert!(bed.answers.originated.lock().unwrap().is_empty());
    }
    let loading = Bed::new().load("calls.list()").unwrap_err();
    assert!(
        loading.contains("calls.list cannot be used while files load"),
        "{loading}"
    );
}

#[test]
fn calls_that_go_on_are_found_listed_and_ended() {
    let bed = Bed::new();
    let mut other = status("1050", "talking");
    other.id = CallId(uuid::Uuid::from_u128(8));
    other.talks_with = Some("1051".to_owned());
    *bed.answers.calls.lock().unwrap() = vec![status("1049", "ringing"), other];

    let ids = |body: &str| bed.call(body).unwrap()[0].clone();
    assert_eq!(
        ids(&format!("return calls.get('{ID}').user")),
        json!("1049")
    );
    assert_eq!(ids("return calls.get('nobody') == nil"), json!(true));
    assert_eq!(ids("return #calls.list()"), json!(2));
    assert_eq!(
        ids("return calls.list({ user = '1051' })[1].user"),
        json!("1050")
    );
    assert_eq!(ids("return #calls.list({ state = 'held' })"), json!(0));
    assert_eq!(ids("return calls.count()"), json!(2));
    assert_eq!(
        ids("return calls.count({ from = '1049', to = 13800138000 })"),
        json!(1)
    );
    assert_eq!(ids("return calls.count({ trunk = 'carrier' })"), json!(0));
    assert_eq!(ids(&format!("return calls.hangup('{ID}')")), json!(true));
    assert_eq!(ids("return calls.hangup('nobody')"), json!(false));
    let hung_up = bed.answers.hung_up.lock().unwrap().clone();
    assert_eq!(hung_up, [(ID, "script".to_owned())]);
    let wrong = bed.call("calls.list { state = 'helt' }").unwrap_err();
    assert!(wrong.ends_with("(did you mean 'held'?)"), "{wrong}");
}

#[test]
fn a_number_is_the_same_however_it_is_written() {
    let bed = Bed::new();
    let known = |written: &str| {
        let asked = format!(
            "local n = calls.number('{written}') return {{ n.canonical, n.national, n.kind }}"
        );
        bed.load(&asked).unwrap()
    };

    for written in ["13800138000", "0086 138-0013-8000", "013800138000"] {
        let mobile = json!(["+8613800138000", "13800138000", "mobile"]);
        assert_eq!(known(written), mobile, "{written}");
    }
    let fixed = json!(["+861087654321", "01087654321", "fixed"]);
    assert_eq!(known("010-87654321"), fixed);
    let abroad = json!(["+85221234567", "0085221234567", "international"]);
    assert_eq!(known("+852 2123 4567"), abroad);
    let kind = |written: &str| bed.load(&format!("return calls.number('{written}').kind"));
    assert_eq!(kind("1049"), Ok(json!("internal")));
    assert_eq!(kind("anonymous"), Ok(json!("withheld")));
    assert_eq!(kind("what?"), Ok(json!("unknown")));
}
