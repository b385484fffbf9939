//! Text messages outlive the exchange: the shipped plugin `sms`, a provider that has taken some and
//! answered others, and an exchange that is killed with the rest on their way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use store::JobState;

use super::receiver::{Taken, receive, silent_address};
use crate::support::{Exchange, PATIENCE, Setup, eventually};

const TEXTS: usize = 20;
/// So many are answered before the exchange is killed.
const ANSWERED: usize = 4;

#[test]
fn texts_that_are_on_their_way_when_the_exchange_is_killed_reach_the_provider_once_by_their_key() {
    let address = silent_address();
    let mut exchange = Exchange::start_program(Setup {
        tenant: format!(
            "plugins = {{ sms = {{ url = \"http://{address}\", token = \"a-token-of-some-length\" }} }},"
        ),
        ..Setup::with(&format!(
            "-- Who calls sends texts.
local sms = require \"plugins.sms\"
context \"internal\" {{ [\"_10XX\"] = function(call)
  for number = 1, {TEXTS} do
    assert(sms.send {{ to = \"13900139000\", text = \"text \" .. number }})
  end
  call:answer()
  call:echo()
end }}
"
        ))
    });
    exchange.allows("sms");
    // A few are answered; those that come next are held, and nobody will ever answer them.
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let provider = receive(address, move |number| {
        (number < ANSWERED || well.load(SeqCst)).then_some(201)
    });
    let [phone] = exchange.phones(["1049"]);

    let call = phone.dials("1050");
    call.is_answered();
    let taken: Vec<Taken> = std::iter::repeat_with(|| provider.recv_timeout(PATIENCE).unwrap())
        .take(ANSWERED + 2)
        .collect();
    exchange.is_killed();
    // What had been under way as it was killed may still arrive.
    let mut taken: Vec<Taken> = taken.into_iter().chain(provider.try_iter()).collect();
    is_well.store(true, SeqCst);
    exchange.resume();

    eventually("all jobs that are done", || {
        taken.extend(provider.try_iter());
        let texts = |state| {
            let rows = exchange.store().jobs("8001", Some(state)).wait().unwrap();
            rows.iter().filter(|row| row.job.name == "send").count()
        };
        (texts(JobState::Done) == TEXTS && texts(JobState::Failed) == 0).then_some(())
    });
    taken.extend(provider.try_iter());
    let keys = keys(&taken);
    let expected: BTreeSet<String> = (1..=TEXTS).map(|number| format!("text {number}")).collect();
    assert_eq!(
        keys.keys().cloned().collect::<BTreeSet<_>>(),
        expected,
        "a text was lost"
    );
    for (text, keys) in &keys {
        assert_eq!(keys.len(), 1, "'{text}' came by several keys: {keys:?}");
    }
    let all: BTreeSet<&String> = keys.values().flatten().collect();
    assert_eq!(all.len(), TEXTS, "two texts have one key");
    assert!(
        taken.len() > TEXTS,
        "no text was on its way as the exchange was killed"
    );
}

/// The keys by which each text came.
fn keys(taken: &[Taken]) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in taken {
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        let text = body["text"].as_str().unwrap().to_owned();
        let key = request.header("idempotency-key").to_owned();
        assert!(!key.is_empty(), "{request:?}");
        keys.entry(text).or_default().insert(key);
    }
    keys
}
