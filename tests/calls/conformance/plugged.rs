//! What is dialled for a plugin, beside the same by the plugin's own HTTP: what is left of it is the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Proof, codes_that, demo, table};
use crate::support::http::ask;
use crate::support::{Api, Exchange, Phone, Setup, eventually, pilot};

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
        "*41<X>",
        "*41<XX>",
        "*42<X>",
        "*44",
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
    for (dialled, closed) in [
        ("*412", json!({ "category": "fault" })),
        (
            "*4112",
            json!({ "category": "enquiry", "result": "follow-up" }),
        ),
    ] {
        let said = desk.exchange.said_to(phone, dialled, &[]);
        desk.asks("PUT", &path, &closed);

        assert_eq!(said, ["record/closed"], "{dialled}");
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
    let dialled = format!("*440{}", &number[number.len() - 5..]);
    let said = desk.exchange.said_to(phone, &dialled, &[]);
    desk.asks("POST", &format!("/tickets/{number}/urge"), &json!({}));
    assert_eq!(said, ["ticket/urge-ok"]);
    let events = desk.gets(&format!("/tickets/{number}"))["events"].clone();
    let urges: Vec<Value> = (events.as_array().unwrap().iter())
        .filter(|event| event["type"] == "ticket.urged")
        .map(|event| without(&event["data"], &["by", "times"]))
        .collect();
    assert_eq!(urges.len(), 2, "{events}");
    assert_eq!(urges[0], urges[1]);
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
