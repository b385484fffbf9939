//! Lamps that stand for no user: the hotline's switch, and whatever else a script lights.

use std::time::Duration;

use crate::support::{Exchange, PATIENCE, Setup, eventually};

const ON: &str = "<state>confirmed</state>";
const OFF: &str = "<state>terminated</state>";
const BLINKING: &str = "<state>early</state>";

#[test]
fn the_lamp_of_the_hotlines_switch_shows_how_it_stands_and_after_a_restart_too() {
    let mut exchange = Exchange::start(Setup::default());
    let [leader, a1] = exchange.phones(["1001", "1049"]);
    let (closed, open) = (
        a1.watches("dialog", "*281"),
        leader.watches("dialog", "*280"),
    );
    closed.shows(&[OFF, "entity=\"sip:*281@"]);
    open.shows(&[ON]);

    exchange.said_to(&leader, "*281", &[]);

    closed.shows(&[ON]);
    open.shows(&[OFF]);
    exchange.stop();
    exchange.resume();
    let again = a1.watches("dialog", "*281");
    eventually("the lamp to be lit again", || {
        again.told().pop()?.body.contains(ON).then_some(())
    });
    exchange.said_to(&leader, "*280", &[]);
    again.shows(&[OFF]);
}

#[test]
fn the_hotlines_switch_is_set_by_the_plan_of_the_week() {
    let exchange = Exchange::start(Setup {
        // A Thursday.
        clock: "2026-03-05T17:29:58+08:00",
        ..Setup::default()
    });
    let [leader] = exchange.phones(["1001"]);
    let lamp = leader.watches("dialog", "*281");

    eventually("the switch to close", || {
        lamp.told().pop()?.body.contains(ON).then_some(())
    });

    assert_eq!(
        exchange.said_to(&leader, "*28", &[]),
        ["hours/switch-closed"]
    );
}

#[test]
fn a_script_lights_a_lamp_and_who_cannot_dial_it_sees_it_only_when_it_is_set() {
    let exchange = Exchange::start(Setup::with(
        "context \"internal\" {
           [\"*60\"] = function(call) lamps.set(\"night\", \"blinking\") call:answer() end,
         }",
    ));
    let [a1] = exchange.phones(["1049"]);
    let (_, status) = a1.tries_to_watch("dialog", "night", 600, PATIENCE);
    assert_eq!(status, Some(404), "nobody has set it");
    let (_, status) = a1.tries_to_watch("dialog", "*61", 600, PATIENCE);
    assert_eq!(status, Some(404), "nobody can dial it");
    a1.watches("dialog", "*60").shows(&[OFF]);

    a1.dials("*60").is_over_within(Duration::from_secs(5));

    a1.watches("dialog", "night").shows(&[BLINKING]);
}
