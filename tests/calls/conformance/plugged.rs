//! What is dialled for a plugin, beside the same by the plugin's own HTTP: what is left of it is the same.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Proof, codes_that, demo, table};
use crate::support::http::ask;
use crate::support::{Api, Exchange, Keys, Phone, Setup, eventually, pilot};

/// A desk that asks plugins.
struct Desk<'a> {
    exchange: &'a Exchange,
    bearer: String,
}

impl<'a> Desk<'a> {
    fn of(exchange: &'a Exchange, api: &Api) -> Self {
        let bearer = format!("Bearer {}", api.token());
        Self { exchange, bearer }
    }

    /// What a route below `/t/8001` answers.
    fn asks(&self, method: &str, path: &str, body: &Value) -> Value {
        let headers = [
            ("Authorization", &*self.bearer),
            ("Content-Type", "application/json"),
        ];
        let request = format!("{method} /t/8001{path}");
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let (status, said) = ask(self.exchange.house(1, 8_080), &request, &headers, &body);
        assert!(status < 300, "{request}: {status} {said}");
        serde_json::from_str(&said).unwrap()
    }

    fn gets(&self, path: &str) -> Value {
        self.asks("GET", path, &Value::Null)
    }
}

/// Somebody calls a customer and talks with them.
fn talks(phone: &Phone, carrier: &Phone) {
    let line = phone.dials("13800138000");
    let customer = carrier.rings();
    customer.answers();
    line.hears(pilot::C1);
    customer.hangs_up();
    line.is_hung_up();
}

/// What is there of these, without the names of `differ`.
fn without(value: &Value, differ: &[&str]) -> Value {
    let mut value = value.clone();
    let fields = value.as_object_mut().unwrap();
    fields.retain(|name, _| !differ.contains(&name.as_str()));
    value
}

#[test]
fn each_code_for_a_plugin_leaves_what_the_plugins_http_leaves() {
    let (exchange, api) = demo();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let desk = Desk::of(&exchange, &api);
    talks(&a1, &carrier);
    talks(&a2, &carrier);

    closes_records(&desk, &a1);
    opens_and_urges(&desk, &a1);
    let (silent, api) = with_texts();
    texts(&silent, &api);

    let walked = [
        "*41",
        "*41<X>",
        "*41<XX>",
        "*42<X>",
        "*44",
        "*440",
        "*440<XXXXX>",
        "*76<X>",
    ];
    assert_eq!(BTreeSet::from(walked), codes_that(Proof::SameInPlugin));
}

/// 联络历史: 1049 by phone, 1050 by HTTP.
fn closes_records(desk: &Desk<'_>, phone: &Phone) {
    let record = |agent: &str| {
        let found = desk.gets(&format!("/contacts?agent={agent}"))["contacts"][0].clone();
        (!found.is_null()).then_some(found)
    };
    let theirs = eventually("the records of both", || {
        record("1049").and_then(|_| record("1050"))
    });
    let path = format!("/contacts/{}/1050", theirs["call"].as_str().unwrap());
    for (dialled, keys, closed) in [
        ("*412", "", json!({ "category": "fault" })),
        (
            "*4112",
            "",
            json!({ "category": "enquiry", "result": "follow-up" }),
        ),
        // It asks for one after the other.
        (
            "*41",
            "31",
            json!({ "category": "complaint", "result": "solved" }),
        ),
    ] {
        let line = phone.dials(dialled);
        line.is_answered();
        line.presses(keys, Keys::Rfc4733);
        eventually("the record to be closed so", || {
            let now = record("1049")?;
            (now["category"] == closed["category"]).then_some(())
        });
        line.hangs_up();
        desk.asks("PUT", &path, &closed);

        let differ = ["call", "agent", "at", "closed_at", "closed_by"];
        let [by_phone, by_http] =
            ["1049", "1050"].map(|agent| without(&record(agent).unwrap(), &differ));
        assert_eq!(by_phone, by_http, "{dialled}");
        assert_eq!(by_phone["category"], closed["category"]);
        assert_eq!(record("1049").unwrap()["closed_by"], "user:1049");
    }
}

/// 工单: opened by phone alone; counted and urged by both.
fn opens_and_urges(desk: &Desk<'_>, phone: &Phone) {
    let opening = phone.dials("*422");
    let ticket = eventually("the ticket", || {
        let found = desk.gets("/tickets")["tickets"][0].clone();
        (!found.is_null()).then_some(found)
    });
    opening.is_answered();
    opening.hangs_up();
    assert_eq!(
        (&ticket["category"], &ticket["opened_by"]),
        (&json!("fault"), &json!("1049"))
    );

    let said = desk.exchange.said_to(phone, "*44", &[]);
    let open = desk.gets("/tickets?state=open")["tickets"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(said[3], open.to_string(), "{said:?}");

    let number = ticket["number"].as_str().unwrap();
    let last = &number[number.len() - 5..];
    let said = desk.exchange.said_to(phone, &format!("*440{last}"), &[]);
    assert_eq!(said, ["ticket/urge-ok"]);
    desk.asks("POST", &format!("/tickets/{number}/urge"), &json!({}));
    // It asks for the digits.
    let asks = phone.dials("*440");
    asks.is_answered();
    asks.presses(last, Keys::Rfc4733);
    let urges = eventually("the third time", || {
        let urges = events_of(desk, number, "ticket.urged");
        (urges.len() == 3).then_some(urges)
    });
    asks.hangs_up();
    let by = urges.iter().map(|it| it["by"].as_str().unwrap());
    assert_eq!(by.collect::<Vec<_>>(), ["user:1049", "desk", "user:1049"]);
    for (times, urge) in (1..).zip(&urges) {
        assert_eq!(urge["times"], times);
        assert_eq!(
            without(urge, &["by", "times"]),
            without(&urges[1], &["by", "times"])
        );
    }
}

/// What has happened of a kind to a ticket.
fn events_of(desk: &Desk<'_>, number: &str, kind: &str) -> Vec<Value> {
    let events = desk.gets(&format!("/tickets/{number}"))["events"].clone();
    let events = events.as_array().unwrap().iter();
    let of_kind = events.filter(|event| event["type"] == kind);
    of_kind.map(|event| event["data"].clone()).collect()
}

#[test]
fn a_ticket_is_opened_by_phone_and_its_note_is_kept() {
    let (exchange, api) = demo();
    let [a1] = exchange.phones(["1049"]);
    let desk = Desk::of(&exchange, &api);
    talks(&a1, &exchange.carrier());
    let talked = exchange.ended_calls(1)[0].begin.id.to_string();
    eventually("the record of the conversation", || {
        let found = desk.gets("/contacts?agent=1049")["contacts"][0].clone();
        (found["call"] == *talked).then_some(())
    });

    // The plugin hears of the call a moment after it has ended.
    let opening = (0..3).find_map(|_| {
        let line = a1.dials("*42");
        line.is_answered();
        let is_asked = line.finds(pilot::BEEP, Duration::from_secs(12));
        is_asked.then_some(line)
    });
    let opening = opening.expect("it asks for a note");
    opening.talks_for(Duration::from_secs(3));
    opening.hangs_up();
    opening.is_over();
    exchange.has_no_calls();

    let ticket = desk.gets("/tickets")["tickets"][0].clone();
    assert_eq!(
        (&ticket["category"], &ticket["opened_by"], &ticket["call"]),
        (&Value::Null, &json!("1049"), &json!(talked))
    );
    let number = ticket["number"].as_str().unwrap();
    let note = eventually("its note", || {
        events_of(&desk, number, "ticket.noted").first().cloned()
    });
    assert_eq!(
        (&note["call"], &note["by"]),
        (&json!(talked), &json!("1049"))
    );
    let sound = api.get(&format!(
        "/recordings/{}",
        note["recording"].as_str().unwrap()
    ));
    assert!(
        sound["end"]["duration_ms"].as_i64() >= Some(1_000),
        "{sound}"
    );
}

/// The demo exchange with the plugin sms, and the row that its table has for it.
fn with_texts() -> (Exchange, Api) {
    let plugins = "plugins = {
        tickets = {}, survey = {}, contacts = {},
        sms = {
          url = \"https://sms.example.com/v1\", token = \"a-token-of-some-length\",
          templates = { [\"1\"] = \"{agent}号坐席为您服务\" },
        },
      },";
    let exchange = Exchange::start(Setup {
        tenant: plugins.to_owned(),
        ..Setup::default().with_http()
    });
    let shipped = table();
    let first = "local contacts ";
    let sms = format!("local sms = require \"plugins.sms\"\n{first}");
    let awake = shipped
        .replacen(first, &sms, 1)
        .replace("-- { \"*76", "{ \"*76");
    assert_ne!(awake, shipped);
    exchange.write_script("codes.lua", &awake);
    let said = exchange.reload().to_string();
    assert!(said.contains("published"), "{said}");
    let api = Api::of(&exchange, "8001");
    (exchange, api)
}

fn texts(exchange: &Exchange, api: &Api) {
    let [a1] = exchange.phones(["1049"]);
    let desk = Desk::of(exchange, api);
    talks(&a1, &exchange.carrier());
    exchange.ended_calls(1);

    let said = eventually("whom to text to be known", || {
        let said = exchange.said_to(&a1, "*761", &[]);
        (said != ["sms/nobody"]).then_some(said)
    });
    assert_eq!(said, ["sms/sent"]);
    let wanted = json!({ "to": "13800138000", "template": "1", "values": { "agent": "1049" } });
    desk.asks("POST", "/sms", &wanted);

    let messages = desk.gets("/sms")["messages"].clone();
    // How far each has come with a provider who is not there.
    let differ = [
        "id",
        "by",
        "call",
        "at",
        "changed_at",
        "state",
        "error",
        "attempts",
    ];
    let [by_http, by_phone] = [0, 1].map(|place: usize| without(&messages[place], &differ));
    assert_eq!(by_phone, by_http);
    assert_eq!(by_phone["text"], "1049号坐席为您服务");
}
