//! What is simulated behaves as it does in the exchange: phones, time, records, mailboxes, events.

use super::bed::{Small, holds};

#[test]
fn phones_ring_answer_refuse_and_hang_up_as_they_are_told() {
    let handler = "local leg, why = call:bridge({ \"user:1049\", \"user:1050\" }, { strategy = \"in_order\", timeout = 10 })
      call.vars.why = why
      if leg then call.vars.talked = leg.talked call:play \"bye/thanks\" else call:reject(why) end";
    holds(
        handler,
        "simulate.phone(\"1049\", { busy = true }) simulate.phone(\"1050\", { rejects = true })
         local caller = dial(MONDAY)
         caller:is_refused \"busy\"
         expect(caller.vars.why).equals(\"busy\")",
    );
    holds(
        handler,
        "simulate.unavailable \"1049\"
         simulate.phone(\"1050\", { answers_after = 4, hangs_up_after = 30 })
         local caller = dial(MONDAY)
         caller:is_answered_by \"1050\"
         expect(caller.elapsed).equals(4)
         caller:waits(30)
         caller:hears \"bye/thanks\"
         caller:is_hung_up \"normal\"
         expect(caller.vars.talked).equals(30)",
    );
    holds(
        handler,
        "simulate.phone(\"1049\", { answers_after = false }) simulate.phone(\"1050\", { answers_after = false })
         local caller = dial(MONDAY)
         caller:is_refused \"no_answer\"
         expect(caller.elapsed).equals(20)",
    );
    holds(
        handler,
        "simulate.phone(\"1049\", { answers_after = false })
         local caller = dial(MONDAY)
         caller:waits(3)
         caller:hangs_up()
         expect(caller.outcome).equals(\"abandoned_ringing\")",
    );
}

#[test]
fn time_passes_in_waits_only_and_clock_sleep_keys_and_silence_are_as_in_the_exchange() {
    holds(
        "call:answer() call:play { \"greet/welcome\", \"silence:2\", \"menu/main\" } clock.sleep(3)
         call.vars.keys = call:gather { max_digits = 4, timeout = 5, digit_timeout = 2 } call:sleep(1)",
        "caller:hears \"greet/welcome\"
         expect(caller.elapsed).equals(0)
         caller:hears \"menu/main\"
         expect(caller.elapsed).equals(2)
         caller:waits(3)
         caller:presses \"12\"
         caller:stays_silent()
         caller:is_hung_up()
         expect(caller.vars.keys).equals(\"12\")
         expect(caller.elapsed).equals(8)",
    );
}

#[test]
fn a_key_cuts_the_prompt_that_is_being_heard() {
    holds(
        "call:answer() call.vars.key = call:gather { play = { \"greet/welcome\", \"menu/main\" } } call:play \"bye/thanks\"",
        "caller:hears \"greet/welcome\"
         caller:presses \"7\"
         caller:hears \"bye/thanks\"
         expect(caller.heard).equals { \"greet/welcome\", \"bye/thanks\" }
         expect(caller.vars.key).equals(nil)
         caller:is_hung_up()
         expect(caller.vars.key).equals(\"7\")",
    );
}

#[test]
fn numbers_that_are_said_recordings_and_music_are_heard() {
    holds(
        "call:answer() call:say { number = 203 }
         local recording = call:record { silence = 3 }
         call.vars.seconds = recording.duration
         call:play(recording) call:music() call:sleep(2)",
        "caller:hears { number = 203 }
         caller:hears \"tone:beep\"
         caller:speaks(6)
         caller:stays_silent()
         caller:hears(\"recording\", \"music/default\")
         caller:is_hung_up()
         expect(caller.vars.seconds).is_at_least(6)",
    );
}

#[test]
fn records_of_scripts_begin_empty_in_each_test_and_are_waited_for() {
    let test =
        "local seen = dial { at = MONDAY } seen:is_hung_up() expect(seen.vars.count).equals(1)";
    let small = Small::tried(
        "call:answer() call.vars.count = store(\"calls\"):incr(\"n\")",
        &format!("test(\"one\", function() {test} end)\ntest(\"two\", function() {test} end)"),
    );

    let tested = small.test();

    assert!(tested.passed(), "{tested:#?}");
}

#[test]
fn events_timers_and_hooks_of_scripts_run_in_simulated_time() {
    let small = Small::of(&[
        (
            "scripts/8001/init.lua",
            "local ended, ticks, keys = 0, 0, \"\"
             on(\"call.ended\", function(about) ended = ended + (about.outcome == \"ended_in_menu\" and 1 or 100) end)
             every(\"1m\", function() ticks = ticks + 1 end)
             context \"inbound\" {
               [\"100\"] = function(call)
                 call:answer()
                 call:on(\"dtmf\", function(about) keys = keys .. about.digit end)
                 call:sleep(600)
               end,
               [\"101\"] = function(call)
                 call:answer()
                 call.vars.ended, call.vars.ticks, call.vars.keys = ended, ticks, keys
               end,
             }
             context \"internal\" {}",
        ),
        (
            "tests/dialplan/one_test.lua",
            "-- One.
             test(\"it\", function()
               local first = dial { at = \"mon 10:00\", to = \"100\" }
               first:waits(180)
               first:presses \"42\"
               first:hangs_up()
               -- Setting the clock forward at first was one tick, the three minutes were three.
               local second = dial { to = \"101\" }
               second:is_hung_up()
               expect(second.vars).equals { ended = 1, ticks = 4, keys = \"42\" }
             end)",
        ),
    ]);

    let tested = small.test();

    assert!(tested.passed(), "{tested:#?}");
}

#[test]
fn a_mailbox_is_listened_to_with_its_pin() {
    holds(
        "if call.from == \"+8613900139000\" then return call:voicemail_menu \"8000\" end
         call:voicemail(\"8000\", { greeting = \"vm/leave\" })",
        "caller:leaves_message { mailbox = \"8000\", seconds = 7 }
         local owner = dial { from = \"13900139000\" }
         owner:hears \"agent/enter-pw\"
         owner:presses \"8000#\"
         owner:hears \"message\"
         owner:hangs_up()
         expect(simulate.mailbox(\"8000\")[1].seconds).equals(7)",
    );
}

#[test]
fn a_call_is_handed_on_and_reaches_what_its_context_has() {
    let small = Small::of(&[
        (
            "scripts/8001/init.lua",
            "context \"inbound\" { [\"100\"] = function(call) call:transfer(\"200\", { context = \"internal\" }) end }
             context \"internal\" { [\"200\"] = function(call) call:play \"bye/thanks\" end }",
        ),
        (
            "tests/dialplan/one_test.lua",
            "-- One.
             test(\"inside\", function() dial { to = \"100\" }:hears \"bye/thanks\" end)
             test(\"outside\", function() dial { to = \"200\" }:is_refused \"unallocated\" end)",
        ),
    ]);

    let tested = small.test();

    assert!(tested.passed(), "{tested:#?}");
}

#[test]
fn two_callers_are_on_the_line_at_once() {
    holds(
        "call:answer() call:gather { play = \"menu/main\", timeout = 9 } call:play \"bye/thanks\"",
        "local other = dial { from = \"13900139000\" }
         caller:hears \"menu/main\"
         other:hears \"menu/main\"
         other:presses \"1\"
         other:hears \"bye/thanks\"
         other:is_hung_up()
         caller:presses \"2\"
         caller:hears \"bye/thanks\"",
    );
}
