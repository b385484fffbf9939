//! A message's whole life with the shipped plugin `voicemail`: mailed, told, called back, settled,
//! deleted, and gone.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::http::ask;
use crate::support::relay::attached;
use crate::support::{Api, Exchange, Keys, Phone, Receiver, Relay, Setup, Wav, eventually, pilot};

const HOTLINE: &str = "-- The hotline at night, and what agents do about it.
local vm = require \"plugins.voicemail\"
context \"inbound\" { [\"4001234567\"] = function(call)
  call:answer()
  call:voicemail(\"8000\", { greeting = false, silence = 1, review = false })
end }
context \"internal\" {
  [\"*980\"]       = function(call) return call:voicemail_menu(\"8000\") end,
  [\"*981\"]       = vm.call_back,
  [\"_*981[1-4]\"] = vm.result,
  [\"_1[3-9]X.\"]  = function(call) call:bridge(\"trunk:carrier/\" .. call.to) end,
}
";

/// An exchange at night whose hotline's messages are mailed, told and called back.
fn exchange(relay: &Relay, receiver: &Receiver) -> Exchange {
    let tenant = format!(
        "smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\", from = \"pbx@example.com\" }},
         plugins = {{ voicemail = {{
           mail = {{ [\"8000\"] = \"desk@example.com\" }},
           webhook = \"{}\", secret = \"a secret for the tests\",
           call_back = {{ [\"8000\"] = \"off_hours\" }}, hours = {{ [\"mon-fri\"] = \"09:00-18:00\" }},
           reached_after = 1,
         }} }},",
        relay.port(),
        receiver.url()
    );
    let exchange = Exchange::start(
        Setup {
            tenant,
            clock: "2026-11-24T22:00:00+08:00",
            ..Setup::with(HOTLINE)
        }
        .with_http(),
    );
    let said = exchange.allows("voicemail");
    assert!(said.contains("generation 2 is published"), "{said}");
    exchange
}

fn leaves_a_message(carrier: &Phone) {
    let call = carrier.dials("4001234567");
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.speaks(0.0);
    call.is_hung_up();
}

#[test]
fn a_message_left_at_night_is_mailed_with_its_sound_called_back_settled_and_purged() {
    let (relay, receiver) = (Relay::start(), Receiver::start());
    let mut exchange = exchange(&relay, &receiver);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let api = Api::of(&exchange, "8001");
    let token = format!("Bearer {}", api.token());
    let desk = |request: &str, body: &str| -> (u16, Value) {
        let headers = [
            ("Authorization", &*token),
            ("Content-Type", "application/json"),
        ];
        let (status, said) = ask(exchange.house(1, 8_080), request, &headers, body);
        (status, serde_json::from_str(&said).unwrap())
    };

    leaves_a_message(&carrier);

    let letter = relay.next();
    assert!(letter.contains("To: desk@example.com"), "{letter}");
    let file = exchange.folder.join("mailed.wav");
    std::fs::write(&file, attached(&letter, "audio/wav")).unwrap();
    let sound = Wav::read(&file);
    assert!(sound.time_of(0, pilot::C1) >= Duration::from_secs(2));
    let created = receiver.is_told("voicemail.created");
    assert_eq!(created["from"], "+8613800138000");
    // Four open hours from nine o'clock.
    assert_eq!(created["due_at"], 1_795_582_800.0);

    // Its owner listens to it.
    let listening = a1.dials("*980");
    listening.is_answered();
    listening.hears_something(Duration::from_millis(300));
    listening.presses("8000#", Keys::Rfc4733);
    listening.hears_within(pilot::C1, Duration::from_secs(20));
    listening.presses("1", Keys::Rfc4733);
    let id = receiver.is_told("voicemail.heard")["id"].clone();
    let path = format!("/t/8001/voicemail/{}", id.as_str().unwrap());
    listening.hangs_up();
    listening.is_over();

    // The desk gives it to somebody, who calls back by *981 and talks.
    let (status, given) = desk(&format!("POST {path}/assign"), "{\"to\":\"1049\"}");
    assert_eq!((status, &given["assigned_to"]), (200, &json!("1049")));
    let (_, open) = desk("GET /t/8001/voicemail?state=open&assigned_to=1049", "");
    assert_eq!(open["messages"][0]["id"], id);
    let calling = a1.dials("*981");
    let called = carrier.rings();
    called.answers();
    called.hears(pilot::A1);
    called.talks_for(Duration::from_secs(2));
    calling.hangs_up();
    called.is_hung_up();
    let settled = receiver.is_told("voicemail.settled");
    assert_eq!(
        (&settled["result"], &settled["by"], &settled["late"]),
        (&json!("reached"), &json!("1049"), &json!(false))
    );
    let (_, figures) = desk("GET /t/8001/voicemail/figures?to=2026-11-24", "");
    assert_eq!(
        (&figures["messages"], &figures["in_time"]),
        (&json!(1), &json!(1))
    );

    // It is deleted, and gone with its sound a month later.
    assert_eq!(desk(&format!("DELETE {path}"), "").0, 200);
    receiver.is_told("voicemail.deleted");
    assert!(exchange.mailbox("8000").unwrap().messages.is_empty());
    let recording = created["recording"].as_str().unwrap().parse().unwrap();
    let row = exchange
        .store()
        .recording("8001", recording)
        .wait()
        .unwrap();
    let file = exchange.data().join("recordings").join(row.unwrap().path);
    assert!(file.is_file());
    assert!(relay.has_no_more() && receiver.has_no_more());
    exchange.stop();
    let tables = rusqlite::Connection::open(exchange.data().join("plugins/8001/voicemail.db"));
    let tables = tables.unwrap();
    let number = || -> Option<String> {
        let sql = "SELECT number FROM call_backs";
        tables.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(number().as_deref(), Some("13800138000"));
    // An event whose job was lost, as when the exchange is killed between the two.
    let lost = "INSERT INTO hooks (message, kind, key, at, data) VALUES ('x', 'voicemail.lost', 'x', 0, '{}')";
    tables.execute(lost, []).unwrap();
    // What is done by the hour is done a few seconds later.
    let month_later: jiff::Timestamp = "2026-12-26T11:59:55+08:00".parse().unwrap();
    exchange.clock.set(month_later.as_microsecond());
    exchange.resume();
    eventually("the sound to go", || (!file.exists()).then_some(()));
    receiver.is_told("voicemail.lost");
    eventually("nobody's number to be kept", || {
        number().is_none().then_some(())
    });
    let (status, _) = ask(
        exchange.house(1, 8_080),
        &format!("GET {path}"),
        &[("Authorization", &token)],
        "",
    );
    assert_eq!(status, 404);
}

/// What says "speak now".
const BEEP: f64 = 1_000.0;
