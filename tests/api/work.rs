//! What programs see to: jobs that were given up, plugins that wait to be allowed, recordings and
//! messages.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Setup, eventually, pilot};

/// The shipped plugin, with a receiver that is down.
fn with_tickets() -> Setup {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let plugins = format!(
        "plugins = {{ tickets = {{ url = \"http://{address}/hook\", secret = \"a secret for the tests\" }} }},"
    );
    Setup {
        tenant: plugins,
        ..Setup::ringing()
    }
}

#[test]
fn a_plugin_waits_to_be_allowed_a_private_host_and_is_by_a_program() {
    let exchange = Exchange::start(with_tickets().with_http());
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);

    let before = api.get("/plugins/tickets");
    assert_eq!(before["running"], before["version"]);
    assert_eq!(before["waiting"], json!(["private_hosts \"config.url\""]));
    assert_eq!(before["asked"]["private_hosts"], json!(["config.url"]));
    assert_eq!(before["allowed"]["private_hosts"], json!([]));
    let stranger = Api::of(&exchange, "8002");
    let theirs = stranger.asks("POST", "/plugins/tickets/allow", &[]);
    assert_eq!(theirs.status, 404);
    assert_eq!(api.get("/plugins/tickets"), before);

    let allowed = api.does("POST", "/plugins/tickets/allow");

    assert_eq!(allowed["reload"]["outcome"], "published");
    let published = stream.until("generation.published").pop().unwrap();
    assert_eq!(
        published["data"]["generation"],
        allowed["reload"]["generation"]
    );
    let after = api.get("/plugins/tickets");
    assert_eq!(
        (&after["waiting"], &after["allowed"]),
        (&json!([]), &before["asked"])
    );
    assert_eq!(api.items("/plugins").len(), 1);
}

#[test]
fn a_job_that_was_given_up_is_found_with_its_reason_and_runs_again() {
    let script = "-- A job that fails until it is done by hand.
context \"internal\" { [\"9000\"] = function(call) jobs.add(\"order\", { number = 7 }) end }
local done = store(\"done\")
jobs.handle(\"order\", { attempts = 1 }, function(order)
  if not done:get(\"mended\") then
    done:set(\"mended\", true)
    error(\"the shop is closed\")
  end
end)
";
    let exchange = Exchange::start(Setup::with(script).with_http());
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);

    a1.dials("9000").is_over();
    let failed = eventually("the job that was given up", || {
        api.items("/jobs?state=failed").pop()
    });

    assert_eq!(
        (&failed["owner"], &failed["name"]),
        (&"script".into(), &"order".into())
    );
    assert_eq!(failed["data"], json!({ "number": 7 }));
    let why = failed["last_error"].as_str().unwrap();
    assert!(why.contains("the shop is closed"), "{why}");
    let path = format!("/jobs/{}", failed["id"].as_str().unwrap());
    let stranger = Api::of(&exchange, "8002");
    assert_eq!(
        stranger.asks("POST", &format!("{path}/retry"), &[]).status,
        404
    );
    let again = api.does("POST", &format!("{path}/retry"));
    assert_ne!(again["state"], "failed");
    eventually("the job to be done", || {
        let answer = api.asks("GET", &path, &[]);
        (answer.status == 404).then_some(())
    });
}

#[test]
fn a_recording_that_is_deleted_is_gone_from_list_disk_and_call() {
    let exchange = Exchange::start(
        Setup::answering("call:bridge(\"user:1049\", { record = true })").with_http(),
    );
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001234567");
    let agent = a1.rings();
    agent.answers();
    call.hears(pilot::A1);
    let running = eventually("the recording", || api.items("/recordings").pop());
    let path = format!("/recordings/{}", running["id"].as_str().unwrap());
    assert_eq!(
        api.asks("DELETE", &path, &[]).status,
        409,
        "it is being made"
    );
    call.hangs_up();
    let finished = stream.until("recording.finished").pop().unwrap();
    let (row, file) = exchange
        .recordings(running["call"].as_str().unwrap().parse().unwrap())
        .remove(0);
    assert_eq!(finished["data"]["id"], row.id.to_string());
    assert!(file.exists());
    let stranger = Api::of(&exchange, "8002");
    assert_eq!(stranger.asks("DELETE", &path, &[]).status, 404);
    assert!(file.exists());

    assert_eq!(api.asks("DELETE", &path, &[]).status, 204);

    let deleted = stream.until("recording.deleted").pop().unwrap();
    assert_eq!(
        (&deleted["data"], &deleted["call"]),
        (&json!({ "id": running["id"] }), &running["call"])
    );
    assert!(!file.exists());
    assert_eq!(api.asks("GET", &format!("{path}/audio"), &[]).status, 404);
    let details = api.get(&format!("/calls/{}", running["call"].as_str().unwrap()));
    assert_eq!(details["recordings"], Value::Array(Vec::new()));
    assert_eq!(api.asks("DELETE", &path, &[]).status, 404);
}
