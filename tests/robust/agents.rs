//! How agents stand outlives the exchange.

use crate::support::{Exchange, Setup, eventually, pilot};

#[test]
fn agents_are_as_they_were_after_kill_9_and_after_another_start() {
    let mut exchange = Exchange::start_program(Setup::default());
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    for phone in [&a1, &a2, &a3] {
        exchange.logs_in(phone);
    }
    assert_eq!(
        exchange.said_to(&a1, "*23", &[]),
        ["agent/idle-ok", "agent/waiting-nobody"]
    );
    assert_eq!(
        exchange.said_to(&a2, "*242", &[]),
        ["agent/busy-ok", "agent/reason-meeting"]
    );
    assert_eq!(exchange.said_to(&a3, "*20", &[]), ["agent/logout-ok"]);
    let logged = [
        vec!["busy login agent", "idle  agent"],
        vec!["busy login agent", "busy meeting agent"],
        vec!["busy login agent", "logged_out  agent"],
    ];

    exchange.is_killed();
    for start in ["after kill -9", "after a stop, and nothing done between"] {
        exchange.stop();
        exchange.resume();

        for (agent, logged) in ["1049", "1050", "1051"].iter().zip(&logged) {
            assert_eq!(exchange.states(agent), *logged, "{start}");
        }
        for (phone, state) in [
            (&a1, ["agent/state-is", "agent/state-idle"]),
            (&a2, ["agent/state-is", "agent/state-busy"]),
            (&a3, ["agent/state-is", "agent/state-logged-out"]),
        ] {
            let said = exchange.said_to(phone, "*47", &[]);
            assert_eq!(said[..2], state, "{start}: {said:?}");
        }
    }
    // They go on from there.
    assert_eq!(exchange.said_to(&a1, "*24", &[]), ["agent/busy-ok"]);
    eventually("the new state in the log", || {
        (exchange.states("1049").len() == 3).then_some(())
    });
}

#[test]
fn whoever_waited_when_the_exchange_was_killed_is_written_as_cut() {
    let mut exchange = Exchange::start_program(Setup::with(
        "-- Customers wait for 1049.
queue \"it\" { agents = { \"1049\" }, join_if = \"logged_out\", stay_if = \"logged_out\" }
context \"inbound\" { [\"4001\"] = function(call) call:queue(\"it\") end }
context \"internal\" {}
",
    ));
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    call.hears(pilot::MUSIC);
    let id = eventually("the call in the records", || {
        Some(exchange.records().first()?.begin.id)
    });
    eventually("the stay in the log", || {
        let log = exchange
            .store()
            .queue_log("8001", Default::default())
            .wait();
        log.unwrap()
            .iter()
            .find(|line| line.kind == "entered")
            .cloned()
    });

    exchange.is_killed();
    exchange.resume();

    let record = exchange.call(id);
    assert_eq!(record.call.end.unwrap().ended_by, "system:cut");
    let stay = &record.episodes[0];
    assert_eq!((&*stay.queue, &*stay.outcome), ("it", "cut"));
    let log = exchange
        .store()
        .queue_log("8001", Default::default())
        .wait();
    let newest = log.unwrap().remove(0);
    assert_eq!(
        (&*newest.kind, newest.why.as_deref(), newest.call),
        ("left", Some("cut"), Some(id))
    );
}
