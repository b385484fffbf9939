//! Several calls at once, offline: transfers by phones, places to park at, rooms.

use super::bed::Small;

fn tried(story: &str) -> Small {
    let plan = "context \"inbound\" { [\"100\"] = function(call) call:bridge(\"user:1049\") end }
         context \"internal\" {
           [\"*70\"] = function(call)
             local leg, why = call:park(\"desk\", { timeout = 60 })
             call.vars.why = why
           end,
           [\"*71\"] = function(call) local leg, why = call:retrieve(\"desk\") call.vars.why = why end,
           [\"*72\"] = function(call)
             local seconds, why = call:conference(\"hall\", { max_members = 2, leave_on = \"*\" })
             call.vars.seconds, call.vars.why = seconds, why
           end,
           [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end,
         }";
    let story = format!("local MONDAY = \"mon 10:00\" test(\"a story\", function()\n{story}\nend)");
    Small::of(&[
        ("scripts/8001/init.lua", plan),
        ("tests/dialplan/one_test.lua", &story),
    ])
}

fn failure(story: &str) -> String {
    let tested = tried(story).test();
    assert!(tested.errors.is_empty(), "{tested:#?}");
    let error = tested.tests[0].error.clone();
    error.map(|error| error.message).unwrap_or_default()
}

fn holds(story: &str) {
    assert_eq!(failure(story), "");
}

#[test]
fn a_phone_transfers_whom_it_talks_with_and_gets_them_back_when_nobody_answers() {
    holds(
        "local caller = dial(MONDAY)
         caller:is_answered_by(\"1049\")
         simulate.phone(\"1049\"):transfers_to(\"1050\")
         caller:is_answered_by(\"1050\")

         simulate.phone(\"1051\", { answers_after = false })
         simulate.phone(\"1050\"):transfers_to(\"1051\")
         caller:waits(19)
         caller:waits(2)
         caller:is_answered_by(\"1050\")
         caller:waits(10)
         simulate.phone(\"1050\"):hangs_up()
         caller:is_hung_up()
         expect(caller.outcome).equals(\"answered\")",
    );
}

#[test]
fn who_has_called_transfers_too_and_is_out_of_the_call() {
    holds(
        "local caller = dial { at = MONDAY, user = \"1001\", to = \"1049\" }
         caller:is_answered_by(\"1049\")
         simulate.phone(\"1001\"):transfers_to(\"1050\")
         caller:waits(4)
         caller:is_hung_up()
         simulate.phone(\"1050\"):hangs_up()",
    );
}

#[test]
fn who_cannot_transfer_is_told_why() {
    let talks = "local caller = dial(MONDAY) caller:is_answered_by(\"1049\")\n";

    let nobody = failure("simulate.phone(\"1049\"):transfers_to(\"1050\")");
    let trunk = failure("simulate.phone(\"trunk:carrier\"):transfers_to(\"1050\")");
    let unknown = failure("simulate.phone(\"1094\"):transfers_to(\"1050\")");
    let nowhere = failure(&format!(
        "{talks}simulate.phone(\"1049\"):transfers_to(\"2000\")
         caller:is_answered_by(\"1049\") caller:is_answered_by(\"1050\")"
    ));

    assert!(nobody.contains("1049 talks with nobody"), "{nobody}");
    assert!(trunk.contains("only users transfer calls"), "{trunk}");
    assert!(unknown.contains("no user '1094'"), "{unknown}");
    for slip in [
        "simulate.phone(\"1094\", { busy = true })",
        "simulate.unavailable(\"1094\")",
        "simulate.phone(\"trunk:carier/13800138000\", { busy = true })",
    ] {
        let unknown = failure(slip);
        assert!(unknown.contains("(did you mean '"), "{slip}: {unknown}");
    }
    assert!(
        nowhere.contains("by 1050, and it was user:1049"),
        "{nowhere}"
    );
}

#[test]
fn a_parked_call_waits_in_its_place_until_it_is_fetched_or_has_waited_long_enough() {
    holds(
        "local parked = dial { at = MONDAY, user = \"1001\", to = \"*70\" }
         parked:is_parked_at(\"desk\")
         parked:waits(60)
         parked:is_hung_up()
         expect(parked.vars.why).equals(\"timeout\")

         parked = dial { user = \"1001\", to = \"*70\" }
         parked:hears(\"music/default\")
         dial { user = \"1050\", to = \"*71\" }
         parked:is_answered_by(\"1050\")

         local late = dial { user = \"1051\", to = \"*71\" }
         late:is_refused()
         expect(late.vars.why).equals(\"nobody\")",
    );
    let elsewhere = failure(
        "local caller = dial { at = MONDAY, user = \"1001\", to = \"*70\" }
         caller:is_parked_at(\"disk\")",
    );
    assert!(elsewhere.contains("at disk; it is desk"), "{elsewhere}");
}

#[test]
fn a_room_takes_as_many_as_it_says() {
    holds(
        "local first = dial { at = MONDAY, user = \"1001\", to = \"*72\" }
         first:hears(\"conf/alone\")
         first:is_in_room(\"hall\")
         dial { user = \"1049\", to = \"*72\" }
         local third = dial { user = \"1050\", to = \"*72\" }
         third:is_hung_up()
         expect(third.vars.why).equals(\"full\")
         first:waits(10)
         first:presses(\"*\")
         first:is_hung_up()
         expect(first.vars.seconds).equals(10)",
    );
    let elsewhere = failure(
        "local caller = dial { at = MONDAY, user = \"1001\", to = \"*72\" }
         caller:is_in_room(\"hull\")",
    );
    assert!(
        elsewhere.contains("in room hull; it is hall"),
        "{elsewhere}"
    );
}
