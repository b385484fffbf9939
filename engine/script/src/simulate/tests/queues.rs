//! Queues offline: the real agents and queues, in simulated time.

use super::bed::Small;

/// A queue whose agents are told in the tests, and a hotline that leads to it.
fn tried(queue: &str, options: &str, story: &str) -> Small {
    let plan = format!(
        "queue \"it\" {{ agents = {{ \"1049\", \"1050\" }}, wrap_up = 20, {queue} }}
         queue \"second\" {{ agents = {{ \"1051\" }} }}
         on(\"queue.left\", function(stay) log.info(stay.outcome) end)
         context \"inbound\" {{ [\"100\"] = function(call)
           local leg, why, key = call:queue(\"it\", {{ {options} }})
           call.vars.why, call.vars.key, call.vars.by = why, key, leg and leg.user
           call:play(leg and \"bye/thanks\" or \"call/noanswer\")
         end }}
         context \"internal\" {{
           [\"*23\"] = function(call) call.vars.status = agents.idle(call.user.extension).state end,
           [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end,
         }}"
    );
    let story = format!("local MONDAY = \"mon 10:00\" test(\"a story\", function()\n{story}\nend)");
    Small::of(&[
        ("scripts/8001/init.lua", &plan),
        ("tests/dialplan/one_test.lua", &story),
    ])
}

fn holds(queue: &str, options: &str, story: &str) {
    let tested = tried(queue, options, story).test();

    let failed: Vec<_> = tested
        .tests
        .iter()
        .filter(|it| it.error.is_some())
        .collect();
    assert!(failed.is_empty() && tested.errors.is_empty(), "{tested:#?}");
    assert_eq!(tested.tests.len(), 1);
}

#[test]
fn a_caller_waits_with_music_and_is_answered_by_who_is_idle() {
    holds(
        "",
        "",
        "local caller = dial(MONDAY)
         caller:hears(\"call/noanswer\")
         expect(caller.vars.why).equals(nil)

         local wen = simulate.agent(\"1049\", \"idle\")
         caller = dial(MONDAY)
         caller:waits_in(\"it\")
         caller:hears(\"music/default\")
         caller:is_answered_by(\"1049\")
         expect(caller.elapsed).equals(3)
         wen:hangs_up()
         caller:hears(\"bye/thanks\")
         caller:is_hung_up()
         expect(caller.vars.by).equals(\"1049\")
         expect(caller.outcome).equals(\"answered\")",
    );
}

#[test]
fn who_does_not_answer_is_followed_by_the_next_and_wrap_up_keeps_an_agent_away() {
    holds(
        "ring_timeout = 10",
        "",
        "simulate.phone(\"1049\", { answers_after = false })
         simulate.agent(\"1049\", \"idle\")
         local li = simulate.agent(\"1050\", \"idle\")
         local first = dial(MONDAY)
         first:is_answered_by(\"1050\")
         expect(first.elapsed).equals(13)

         simulate.agent(\"1049\", \"busy\")
         local second = dial(MONDAY)
         second:waits_in(\"it\")
         li:hangs_up()
         second:is_answered_by(\"1050\")
         expect(second.elapsed).equals(23)",
    );
}

#[test]
fn places_time_limits_keys_and_full_queues_are_as_in_the_exchange() {
    holds(
        "max_callers = 2, announce = { position = true, first = 5, every = 30 }",
        "max_wait = 40, exit_keys = \"0\"",
        "simulate.agent(\"1049\", \"busy\")
         local first, second = dial(MONDAY), dial(MONDAY)
         second:hears(\"queue/ahead-one\")
         expect(second.elapsed).equals(5)
         first:hears(\"queue/next\")
         local third = dial(MONDAY)
         third:hears(\"call/noanswer\")
         third:is_hung_up()
         expect(third.vars.why).equals(\"full\")
         second:presses(\"0\")
         second:is_hung_up()
         expect(second.vars.why).equals(\"left\")
         expect(second.vars.key).equals(\"0\")
         first:is_hung_up()
         expect(first.elapsed).equals(40)
         expect(first.outcome).equals(\"queue_timeout\")",
    );
}

#[test]
fn an_agent_who_calls_or_is_called_is_offered_nothing() {
    holds(
        "",
        "",
        "local wen = simulate.agent(\"1049\", \"idle\")
         local colleague = dial { user = \"1001\", to = \"1049\", at = MONDAY }
         colleague:is_answered_by(\"1049\")
         local caller = dial(MONDAY)
         caller:waits_in(\"it\")
         caller:waits(30)
         caller:waits_in(\"it\")
         wen:hangs_up()
         caller:is_answered_by(\"1049\")",
    );
}

#[test]
fn overflow_and_choose_are_tried_too() {
    holds(
        "overflow = { { after = 60, to = \"queue:second\" } },
         choose = function(candidates) return candidates[#candidates] end",
        "",
        "simulate.agent(\"1051\", \"idle\")
         simulate.agent(\"1049\", \"idle\")
         simulate.agent(\"1050\", \"idle\")
         local first = dial(MONDAY)
         first:is_answered_by(\"1050\")
         simulate.agent(\"1049\", \"busy\")
         local second = dial(MONDAY)
         second:waits_in(\"it\")
         second:waits(60)
         second:is_answered_by(\"1051\")
         expect(second.elapsed).equals(63)",
    );
}

#[test]
fn a_phone_that_is_gone_is_not_waited_for_and_star_codes_work() {
    holds(
        "",
        "",
        "simulate.agent(\"1049\", \"idle\")
         simulate.agent(\"1050\", \"busy\")
         simulate.unavailable(\"1049\")
         local caller = dial(MONDAY)
         caller:waits_in(\"it\")
         caller:waits(10)
         caller:waits_in(\"it\")
         local li = dial { user = \"1050\", to = \"*23\", at = MONDAY }
         expect(li.vars.status).equals(\"idle\")
         caller:is_answered_by(\"1050\")",
    );
}

#[test]
fn what_a_story_gets_wrong_is_said() {
    for (story, sentence) in [
        (
            "dial(MONDAY):waits_in(\"itt\")",
            "caller:waits_in: no queue 'itt' (did you mean 'it'?)",
        ),
        (
            "dial(MONDAY):waits_in(\"it\")",
            "expected that the caller waits in it; the exchange has hung up: normal",
        ),
        (
            "simulate.agent(\"1001\", \"idle\")",
            "simulate.agent: '1001' is a member of no queue",
        ),
        (
            "simulate.agent(\"1049\", \"idel\")",
            "simulate.agent: 'idel' is none of idle, busy, logged_out (did you mean 'idle'?)",
        ),
    ] {
        let tested = tried("", "", story).test();

        let failure = tested.tests[0].error.clone().unwrap().message;
        assert!(failure.ends_with(sentence), "{failure}");
    }
}

#[test]
fn the_story_of_one_call_tells_who_was_offered_it_and_why() {
    let small = tried("", "", "");
    let plan = crate::simulate::CallPlan {
        from: "13800138000".to_owned(),
        to: "100".to_owned(),
        at: Some("mon 10:00".to_owned()),
        no_answer: vec!["1049".to_owned()],
        ..Default::default()
    };

    let story = small.offline().call(&plan).unwrap();

    let told: Vec<String> = story.lines.iter().map(ToString::to_string).collect();
    let told = told.join("\n");
    for words in [
        "waits in queue it, at place 1",
        "queue it: offer to 1049",
        "user:1050 answers",
    ] {
        assert!(told.contains(words), "{words} in\n{told}");
    }
    assert_eq!(story.outcome.as_deref(), Some("answered"));
}
