//! What a token may have done.

use serde_json::{Value, json};

use super::bench::{Bench, GIVEN_UP, JOB, LIVE, MESSAGE, MESSAGE_SOUND, OVER, RECORDING, RUNNING};
use crate::exchange::Reloaded;

#[tokio::test]
async fn a_call_that_goes_on_is_hung_up_in_the_tokens_name() {
    let bench = Bench::start().await;

    let live = bench
        .asks(
            "POST",
            &format!("/api/v1/calls/{LIVE}/hangup"),
            &bench.token,
        )
        .await;
    assert_eq!(live.status, 200);
    assert_eq!(live.json()["call"]["id"], LIVE.to_string());
    let done = bench.exchange.done.lock().unwrap().clone();
    assert_eq!(done, [format!("hang up 8001 {LIVE} api:desk")]);

    let over = bench
        .asks(
            "POST",
            &format!("/api/v1/calls/{OVER}/hangup"),
            &bench.token,
        )
        .await;
    assert_eq!(over.status, 409);
    assert_eq!(over.json()["code"], "call_is_over");
    let nobodys = uuid::Uuid::now_v7();
    let path = format!("/api/v1/calls/{nobodys}/hangup");
    assert_eq!(bench.asks("POST", &path, &bench.token).await.status, 404);
    bench.stops().await;
}

#[tokio::test]
async fn a_call_is_transferred_in_a_users_name_or_it_is_said_why_not() {
    let bench = Bench::start().await;
    let path = format!("/api/v1/calls/{LIVE}/transfer");

    let tried = bench
        .gives(&path, &json!({ "by": "1049", "to": "*5900" }))
        .await;
    assert_eq!(tried.status, 200);
    assert_eq!(tried.json()["call"]["id"], LIVE.to_string());
    let done = bench.exchange.done.lock().unwrap().clone();
    assert_eq!(done, [format!("transfer 8001 {LIVE} 1049 *5900")]);

    let over = format!("/api/v1/calls/{OVER}/transfer");
    for (path, by, to, status, code) in [
        (&path, "1050", "1051", 409, "nobody_to_transfer"),
        (&path, "1051", "1050", 409, "not_in_call"),
        (&path, "1049", "", 422, "no_number"),
        (&over, "1049", "1050", 409, "call_is_over"),
    ] {
        let refused = bench.gives(path, &json!({ "by": by, "to": to })).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (status, &json!(code))
        );
    }
    bench.stops().await;
}

#[tokio::test]
async fn a_message_is_marked_deleted_and_taken_back() {
    let bench = Bench::start().await;
    let path = format!("/api/v1/voicemails/{MESSAGE}");
    let listed = async |question: &str| {
        let page = bench
            .get(&format!("/api/v1/voicemails{question}"))
            .await
            .json();
        page["items"].as_array().unwrap().len()
    };

    let heard = bench
        .asks("POST", &format!("{path}/heard"), &bench.token)
        .await
        .json();
    assert_eq!(heard["heard_at"], "1970-01-01T00:00:00.000005Z");
    let deleted = bench.asks("DELETE", &path, &bench.token).await.json();
    assert_eq!(deleted["deleted_at"], "1970-01-01T00:00:00.000006Z");
    assert_eq!((listed("").await, listed("?deleted=true").await), (0, 1));
    let again = bench.asks("DELETE", &path, &bench.token).await;
    assert_eq!(again.status, 200, "done twice it is done once");
    let restored = bench
        .asks("POST", &format!("{path}/restore"), &bench.token)
        .await
        .json();
    assert_eq!(restored["deleted_at"], Value::Null);
    assert_eq!((listed("").await, listed("?deleted=true").await), (1, 0));
    let nobodys = format!("/api/v1/voicemails/{}/heard", uuid::Uuid::now_v7());
    assert_eq!(bench.asks("POST", &nobodys, &bench.token).await.status, 404);
    bench.stops().await;
}

#[tokio::test]
async fn scripts_are_reloaded_one_at_a_time() {
    let bench = Bench::start().await;
    let finish = async |outcome: &str| {
        let waiting = loop {
            if let Some(waiting) = bench.exchange.reloads.lock().unwrap().pop() {
                break waiting;
            }
            tokio::task::yield_now().await;
        };
        let second = bench
            .asks("POST", "/api/v1/scripts/reload", &bench.theirs)
            .await;
        assert_eq!(second.status, 409);
        let done = Reloaded {
            outcome: outcome.to_owned(),
            generation: Some(4),
            errors: vec!["a.lua:1: oops".to_owned()],
            warnings: Vec::new(),
        };
        waiting.send(done).unwrap();
    };

    let (first, ()) = tokio::join!(
        bench.asks("POST", "/api/v1/scripts/reload", &bench.token),
        finish("refused")
    );

    let wanted = json!({
        "outcome": "refused", "generation": 4, "errors": ["a.lua:1: oops"], "warnings": [],
    });
    assert_eq!(first.json(), wanted);
    bench.stops().await;
}

#[tokio::test]
async fn an_earlier_generation_is_gone_back_to_by_its_number_or_as_the_one_before() {
    let bench = Bench::start().await;
    let path = "/api/v1/scripts/rollback";

    for wanted in [json!({}), json!({ "generation": 2 })] {
        let gone = bench.gives(path, &wanted).await;
        assert_eq!(gone.status, 200, "{wanted}");
        assert_eq!(
            (&gone.json()["outcome"], &gone.json()["generation"]),
            (&"published".into(), &2.into())
        );
    }
    let done = bench.exchange.done.lock().unwrap().clone();
    assert_eq!(done, ["roll back 8001 None", "roll back 8001 Some(2)"]);

    let unknown = bench.gives(path, &json!({ "generation": 9 })).await;
    assert_eq!(unknown.status, 409);
    assert_eq!(unknown.json()["code"], "cannot_roll_back");
    assert_eq!(unknown.json()["detail"], "generation 9 is not kept");
    let scripts = bench.get("/api/v1/scripts").await.json();
    assert_eq!(scripts["kept"][0]["generation"], 3);
    assert_eq!(scripts["gone_back"]["from"], 4);
    assert_eq!(
        scripts["config_refused"]["errors"][0],
        "config.lua:9: tenants.8001.domian: unknown setting"
    );
    bench.stops().await;
}

#[tokio::test]
async fn a_call_is_made_for_a_user_and_named() {
    let bench = Bench::start().await;

    let wanted = json!({ "from": "1049", "to": "13800138000", "timeout": 20 });
    let made = bench.gives("/api/v1/calls", &wanted).await;

    assert_eq!(made.status, 201);
    let call = made.json();
    assert_eq!(
        (&call["user"], &call["to"]),
        (&"1049".into(), &"13800138000".into())
    );
    let place = format!("/api/v1/calls/{}", call["id"].as_str().unwrap());
    assert_eq!(made.header("location"), Some(&*place));
    // JSON knows one kind of number.
    let wanted = json!({ "from": "1049", "to": "13800138000", "timeout": 20.0 });
    assert_eq!(bench.gives("/api/v1/calls", &wanted).await.status, 201);
    let half = json!({ "from": "1049", "to": "13800138000", "timeout": 20.5 });
    assert_eq!(bench.gives("/api/v1/calls", &half).await.status, 400);
    let done = bench.exchange.done.lock().unwrap().clone();
    assert_eq!(done, ["call 8001 1049 13800138000 20s"; 2]);
    bench.stops().await;
}

#[tokio::test]
async fn a_call_that_cannot_be_made_is_a_problem_that_says_why() {
    let bench = Bench::start().await;
    for (wanted, status, code) in [
        (json!({ "from": "1094", "to": "1" }), 422, "no_such_user"),
        (json!({ "from": "1049", "to": "9" }), 422, "no_route"),
        (json!({ "from": "1050", "to": "1" }), 409, "no_phone"),
        (json!({ "from": "1051", "to": "1" }), 503, "busy"),
        (json!({ "from": "1049", "to": "" }), 422, "no_number"),
        (
            json!({ "from": "1049", "to": "1", "timeout": 0 }),
            422,
            "wrong_timeout",
        ),
        (
            json!({ "from": "1049", "to": "1", "timeout": 181 }),
            422,
            "wrong_timeout",
        ),
        (
            json!({ "from": "1049", "to": "1", "timeout": -1 }),
            400,
            "wrong_body",
        ),
        (
            json!({ "from": "1049", "to": "1", "context": "x" }),
            400,
            "wrong_body",
        ),
        (json!({ "from": "1049" }), 400, "wrong_body"),
    ] {
        let answer = bench.gives("/api/v1/calls", &wanted).await;
        assert_eq!(answer.status, status, "{wanted}");
        assert_eq!(answer.json()["code"], code, "{wanted}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn a_job_that_was_given_up_runs_again_and_no_other() {
    let bench = Bench::start().await;
    let path = |id| format!("/api/v1/jobs/{id}");

    let failed = bench.get("/api/v1/jobs?state=failed").await.json();
    assert_eq!(failed["items"][0]["id"], GIVEN_UP.to_string());
    assert_eq!(failed["items"][0]["last_error"], "oops");
    let retried = bench
        .asks("POST", &format!("{}/retry", path(GIVEN_UP)), &bench.token)
        .await;
    assert_eq!(retried.status, 200);
    assert_eq!(retried.json()["state"], "waiting");
    for (id, status) in [(GIVEN_UP, 409), (JOB, 409), (OVER, 404)] {
        let again = format!("{}/retry", path(id));
        let answer = bench.asks("POST", &again, &bench.token).await;
        assert_eq!(answer.status, status, "{id}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn a_plugin_is_allowed_what_it_asks_for() {
    let bench = Bench::start().await;

    let before = bench.get("/api/v1/plugins/tickets").await.json();
    assert_eq!(before["waiting"], json!(["jobs"]));
    let allowed = bench
        .asks("POST", "/api/v1/plugins/tickets/allow", &bench.token)
        .await;

    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.json()["reload"]["outcome"], "published");
    for (name, status) in [("sms", 409), ("nobody", 404), ("%2e%2e", 404)] {
        let path = format!("/api/v1/plugins/{name}/allow");
        let answer = bench.asks("POST", &path, &bench.token).await;
        assert_eq!(answer.status, status, "{name}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn a_recording_is_deleted_once_and_none_that_is_a_message() {
    let bench = Bench::start().await;
    let path = |id| format!("/api/v1/recordings/{id}");

    let gone = bench.asks("DELETE", &path(RECORDING), &bench.token).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    for (id, status) in [(RECORDING, 404), (MESSAGE_SOUND, 404), (RUNNING, 409)] {
        let answer = bench.asks("DELETE", &path(id), &bench.token).await;
        assert_eq!(answer.status, status, "{id}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn a_message_is_given_to_a_user_of_the_tenant() {
    let bench = Bench::start().await;
    let path = format!("/api/v1/voicemails/{MESSAGE}/assign");
    let of_1049 = async || {
        let page = bench.get("/api/v1/voicemails?assigned_to=1049").await;
        page.json()["items"].as_array().unwrap().len()
    };

    let given = bench.gives(&path, &json!({ "to": "1049" })).await;
    assert_eq!(given.json()["assigned_to"], "1049");
    assert_eq!(of_1049().await, 1);
    let nobody = bench.gives(&path, &json!({ "to": "1094" })).await;
    assert_eq!((nobody.status, of_1049().await), (422, 1));
    let taken = bench.gives(&path, &json!({ "to": null })).await;
    assert_eq!((taken.status, of_1049().await), (200, 0));
    bench.stops().await;
}
