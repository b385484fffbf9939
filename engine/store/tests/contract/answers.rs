//! Requests that may be repeated: each is done once.

use store::{Answer, AnswerClaim, Claimed, Store};

use super::tenant;

/// The contract of answers.
pub(crate) fn run(store: &dyn Store) {
    a_request_is_done_once_and_answered_as_often_as_it_comes(store);
    a_request_that_was_cut_short_is_not_done_again(store);
    answers_are_forgotten_in_time(store);
}

fn claim(tenant: &str, key: &str) -> AnswerClaim {
    AnswerClaim {
        tenant: tenant.into(),
        token: "aa".into(),
        key: key.into(),
        request: [1; 32],
        run: 7,
        at: 1_000,
        forget_before: 0,
    }
}

fn answer() -> Answer {
    Answer {
        status: 201,
        kind: "application/json".into(),
        location: Some("/api/v1/calls/7".into()),
        body: "{\"工单\":1}".into(),
    }
}

fn a_request_is_done_once_and_answered_as_often_as_it_comes(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let asks = |claim: AnswerClaim| store.claim_answer(claim).wait().unwrap();

    assert_eq!(asks(claim(&ours, "k")), Claimed::New);
    assert_eq!(asks(claim(&ours, "k")), Claimed::Running);
    store
        .keep_answer(&ours, ("aa", "k"), answer())
        .wait()
        .unwrap();
    assert_eq!(asks(claim(&ours, "k")), Claimed::Answered(answer()));
    let other = AnswerClaim {
        request: [2; 32],
        ..claim(&ours, "k")
    };
    assert_eq!(asks(other), Claimed::Different);

    // Another key, another token and another tenant are another request.
    assert_eq!(asks(claim(&ours, "l")), Claimed::New);
    let token = AnswerClaim {
        token: "bb".into(),
        ..claim(&ours, "k")
    };
    assert_eq!(asks(token), Claimed::New);
    assert_eq!(asks(claim(&theirs, "k")), Claimed::New);

    // What changed nothing may be tried again.
    store.forget_answer(&ours, ("aa", "l")).wait().unwrap();
    assert_eq!(asks(claim(&ours, "l")), Claimed::New);
}

fn a_request_that_was_cut_short_is_not_done_again(store: &dyn Store) {
    let ours = tenant("cut");
    assert_eq!(
        store.claim_answer(claim(&ours, "k")).wait().unwrap(),
        Claimed::New
    );
    let after_a_restart = AnswerClaim {
        run: 8,
        ..claim(&ours, "k")
    };
    assert_eq!(
        store.claim_answer(after_a_restart).wait().unwrap(),
        Claimed::Unknown
    );
}

fn answers_are_forgotten_in_time(store: &dyn Store) {
    let ours = tenant("old");
    let asks = |claim: AnswerClaim| store.claim_answer(claim).wait().unwrap();
    assert_eq!(asks(claim(&ours, "k")), Claimed::New);
    store
        .keep_answer(&ours, ("aa", "k"), answer())
        .wait()
        .unwrap();

    let later = AnswerClaim {
        at: 3_000,
        forget_before: 2_000,
        ..claim(&ours, "k")
    };
    assert_eq!(asks(later), Claimed::New);
    assert!(store.purge_answers(3_001).wait().unwrap() >= 1);
    assert_eq!(asks(claim(&ours, "k")), Claimed::New);
}
