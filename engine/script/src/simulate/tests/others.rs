//! Calls that are not a script's own, offline: limits by how many stand, calls that scripts make.

use super::bed::{failure, holds};

/// A number that takes two callers at once, and rings 1049 unless she talks already.
const LIMITED: &str = "if calls.count { to = call.to } > 2 then return call:reject(\"busy\") end
     if calls.count { user = \"1049\" } > 0 then
       call:play(\"hours/closed\")
       return call:hangup()
     end
     call:bridge(\"user:1049\")";

#[test]
fn a_dialplan_says_too_busy_by_how_many_calls_stand() {
    holds(
        LIMITED,
        "simulate.calls(2, { to = \"100\" })
         local caller = dial(MONDAY)
         caller:is_refused(\"busy\")
         expect(caller.outcome).equals(\"refused\")

         simulate.calls(1, { to = \"100\" })
         dial():is_answered_by(\"1049\")",
    );
    holds(
        LIMITED,
        "simulate.calls(1, { talks_with = \"1049\" })
         local caller = dial(MONDAY)
         caller:hears(\"hours/closed\")
         caller:is_hung_up()

         simulate.calls(0, { talks_with = \"1049\" })
         dial():is_answered_by(\"1049\")
         dial():hears(\"hours/closed\")",
    );
}

#[test]
fn calls_of_the_test_and_those_that_only_stand_are_listed_counted_and_ended_alike() {
    holds(
        "call:answer()
         call.vars.mine = #calls.list { from = call.from, state = \"menu\" }
         call.vars.all = calls.count()
         call.vars.queued = calls.count { state = \"queued\" }
         call.vars.by_trunk = calls.count { trunk = \"carrier\" }
         for _, other in ipairs(calls.list { user = \"1050\" }) do
           call.vars.found = calls.get(other.id).talks_with
           call.vars.ended = calls.hangup(other.id)
         end
         call.vars.left = calls.count()
         call.vars.nobody = calls.hangup(\"nobody\")",
        "simulate.calls(3, { state = \"queued\" })
         simulate.calls(1, { user = \"1050\", talks_with = \"13800138000\" })
         local caller = dial { at = MONDAY, from = \"13900139000\" }
         caller:is_hung_up()
         local vars = caller.vars
         expect(vars.mine).equals(1)
         expect(vars.all).equals(5)
         expect(vars.queued).equals(3)
         expect(vars.by_trunk).equals(1)
         expect(vars.found).equals(\"13800138000\")
         expect(vars.ended).equals(true)
         expect(vars.left).equals(4)
         expect(vars.nobody).equals(false)",
    );
}

#[test]
fn a_script_ends_another_call_of_the_test() {
    holds(
        "if call.from_name == \"second\" then
           call:answer()
           call.vars.ended = calls.hangup(calls.list()[1].id)
           return call:hangup()
         end
         call:bridge(\"user:1049\")",
        "local first = dial(MONDAY)
         first:is_answered_by(\"1049\")
         local second = dial { from_name = \"second\" }
         second:is_hung_up()
         first:is_hung_up()
         expect(second.vars.ended).equals(true)
         expect(first.story).matches(\"a script ends the call\")",
    );
}

#[test]
fn a_call_that_a_script_makes_rings_first_one_and_then_dials() {
    let handler = "call:answer()
         local made, why = calls.originate { from = \"user:1050\", to = \"100\", context = \"inbound\", timeout = 20 }
         call.vars.user, call.vars.why = made and made.user, why
         call:hangup()";
    // The number that is dialled for 1050 is this one, so that 1050 makes a call to 1049 there.
    let handler = format!(
        "if call.user and call.user.extension == \"1050\" then return call:bridge(\"user:1049\") end\n{handler}"
    );
    holds(
        &handler,
        "local caller = dial(MONDAY)
         caller:is_hung_up()
         expect(caller.vars.user).equals(\"1050\")
         local made = simulate.originated()[1]
         made:is_answered_by(\"1049\")
         expect(made.story).matches(\"rings user:1050 first\")
         made:hangs_up()
         expect(made.outcome).equals(\"answered\")",
    );
    holds(
        &handler,
        "simulate.phone(\"1050\", { busy = true })
         local caller = dial(MONDAY)
         caller:is_hung_up()
         expect(caller.vars.why).equals(\"busy\")
         expect(#simulate.originated()).equals(1)",
    );
    holds(
        &handler,
        "simulate.unavailable(\"1050\")
         local caller = dial(MONDAY)
         caller:is_hung_up()
         expect(caller.vars.why).equals(\"unavailable\")
         expect(#simulate.originated()).equals(0)",
    );
    holds(
        &handler,
        "simulate.phone(\"1050\", { answers_after = false })
         local caller = dial(MONDAY)
         caller:waits(21)
         caller:is_hung_up()
         expect(caller.vars.why).equals(\"no_answer\")",
    );
}

#[test]
fn mistakes_in_what_stands_are_told() {
    for (body, sentence) in [
        (
            "simulate.calls(-1)",
            "simulate.calls: expected how many calls stand, 0 to 100000, got -1",
        ),
        (
            "simulate.calls(1, { user = \"1094\" })",
            "user: no user '1094' (did you mean '1049'?)",
        ),
        (
            "simulate.calls(1, { trunk = \"carier\" })",
            "trunk: no trunk 'carier' (did you mean 'carrier'?)",
        ),
        (
            "simulate.calls(1, { state = \"queud\" })",
            "(did you mean 'queued'?)",
        ),
        (
            "simulate.calls(1, { number = \"100\" })",
            "unknown option 'number'",
        ),
    ] {
        let told = failure("call:answer()", body);
        assert!(told.contains(sentence), "{body}: {told}");
    }
}

#[test]
fn what_is_expected_in_vain_is_told_with_what_the_script_has_failed_with() {
    let told = failure("call:queue(\"itt\")", "caller:is_answered_by(\"1049\")");

    assert!(told.contains("expected to be answered by 1049"), "{told}");
    assert!(
        told.contains("; the script has failed: scripts/8001/init.lua:2: "),
        "{told}"
    );
    assert!(told.contains("no queue 'itt'"), "{told}");
}

#[test]
fn an_expectation_that_is_not_there_is_told_with_the_one_that_was_meant() {
    let told = failure("call:answer()", "expect(1).equal(1)");

    assert!(
        told.contains("an expectation has no 'equal' (did you mean 'equals'?)"),
        "{told}"
    );
}
