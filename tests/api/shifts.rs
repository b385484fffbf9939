//! What agents are to do when, and how far they do it, by the API and by scripts.

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Setup, eventually};

const PLAN: &str =
    "-- An agent comes and goes to a meal; a number says how far they keep to their shifts.
queue \"it\" { agents = { \"1049\", \"1050\" } }
context \"internal\" {
  [\"*22\"] = function(call)
    agents.log_in(call.user.extension)
    agents.idle(call.user.extension)
    call:answer()
  end,
  [\"*90\"] = function(call)
    local mine = statistics.adherence({ since = clock.now() - 3600 })[\"1049\"]
    call.vars.planned, call.vars.kept, call.vars.adherence = mine.planned, mine.kept, mine.adherence
    call:answer()
  end,
}
";

/// Minutes from now on, by the exchange's clock, as the API writes times.
fn at(api: &Api, minutes: i64) -> String {
    let board = api.get("/wallboard");
    let now: jiff::Timestamp = board["at"].as_str().unwrap().parse().unwrap();
    let then = now.as_second() + minutes * 60;
    jiff::Timestamp::from_second(then).unwrap().to_string()
}

#[test]
fn adherence_is_time_in_the_planned_state_of_planned_time_up_to_now() {
    let exchange = Exchange::start(Setup::with(PLAN).with_http());
    let api = Api::of(&exchange, "8001");
    let [phone] = exchange.phones(["1049"]);
    let (morning, meal, end) = (at(&api, -10), at(&api, 30), at(&api, 60));
    let day = json!({ "since": morning, "until": end, "shifts": [
        { "from": morning, "until": meal },
        { "from": meal, "until": end, "activity": "meal" },
    ] });

    let (status, planned) = api.gives("/agents/1049/shifts", &day);
    assert_eq!(status, 200, "{planned:#}");
    assert_eq!(planned["items"].as_array().unwrap().len(), 2);
    assert_eq!(planned["items"][0]["activity"], "work");

    // Ten minutes late.
    phone.dials("*22").is_hung_up();
    let path = format!("/statistics/adherence?since={morning}&until={end}");
    let mine = || -> Value { api.get(&path)["items"][0].clone() };
    let kept = |it: &Value| it["kept_ms"].as_i64().unwrap();
    let late = eventually("a moment at work", || {
        Some(mine()).filter(|it| kept(it) >= 500)
    });
    assert_eq!(late["agent"], "1049");
    let planned = late["planned_ms"].as_i64().unwrap();
    assert!((600_000..700_000).contains(&planned), "{late:#}");
    let share = kept(&late) as f64 / planned as f64;
    assert!((late["adherence"].as_f64().unwrap() - share).abs() < 1e-5);
    // What is still to come is neither kept nor missed.
    assert!(late["activities"].get("meal").is_none(), "{late:#}");

    // A meal that was not planned for now counts for nothing, and so scripts say.
    let (status, _) = api.gives(
        "/users/1049/commands",
        &json!({ "command": "busy", "reason": "meal" }),
    );
    assert_eq!(status, 200);
    let resting = mine();
    eventually("time that is not kept", || {
        let now = mine();
        let passed = now["planned_ms"].as_i64()? - resting["planned_ms"].as_i64()?;
        (passed > 500).then(|| assert!(kept(&now) - kept(&resting) < 300, "{now:#}"))
    });
    phone.dials("*90").is_hung_up();
    let vars = exchange.ended_calls(2)[0].end.clone().unwrap().vars;
    let seconds = |name: &str| vars[name].as_f64().unwrap();
    assert!(
        seconds("planned") >= 600.0 && seconds("kept") >= 0.5,
        "{vars:#}"
    );
    assert!((seconds("adherence") - seconds("kept") / seconds("planned")).abs() < 1e-6);

    // The meal begins now.
    let noon = at(&api, -5);
    let day = json!({ "since": morning, "until": end, "shifts": [
        { "from": morning, "until": noon }, { "from": noon, "until": end, "activity": "meal" },
    ] });
    let (status, _) = api.gives("/agents/1049/shifts", &day);
    assert_eq!(status, 200);
    let eats = eventually("a meal", || {
        let meal = mine()["activities"]["meal"].clone();
        (meal["kept_ms"].as_i64()? > 500).then_some(meal)
    });
    assert!(eats["planned_ms"].as_i64().unwrap() >= 300_000, "{eats:#}");
}

#[test]
fn shifts_that_cannot_be_are_refused() {
    let exchange = Exchange::start(Setup::with(PLAN).with_http());
    let api = Api::of(&exchange, "8001");
    let [a, b, c, d] = [0, 10, 20, 30].map(|minutes| at(&api, minutes));
    let plan = |agent: &str, since: &str, until: &str, shifts: Value| {
        let body = json!({ "since": since, "until": until, "shifts": shifts });
        let (status, answer) = api.gives(&format!("/agents/{agent}/shifts"), &body);
        (
            status,
            answer["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let refused = (400, "wrong_shifts".to_owned());

    let overlap = json!([{ "from": a, "until": c }, { "from": b, "until": d }]);
    assert_eq!(plan("1049", &a, &d, overlap), refused);
    assert_eq!(
        plan("1049", &a, &b, json!([{ "from": a, "until": c }])),
        refused
    );
    assert_eq!(plan("1049", &b, &a, json!([])), refused);
    assert_eq!(plan("1060", &a, &b, json!([])).0, 404);
    assert_eq!(
        plan("1049", &a, &c, json!([{ "from": a, "until": c }])).0,
        200
    );
    // What began before is not cut.
    let into = plan("1049", &b, &d, json!([{ "from": b, "until": d }]));
    assert_eq!(into, (409, "shift_before".to_owned()));
    assert_eq!(
        api.items(&format!("/agents/1049/shifts?since={a}&until={d}"))
            .len(),
        1
    );
    assert!(api.items("/statistics/adherence?agent=1050").is_empty());
}
