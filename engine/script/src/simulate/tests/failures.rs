//! What a test says that fails: where, what was heard instead, and what the call waits for.

use super::bed::{Small, failure};

#[test]
fn a_sound_that_does_not_come_is_told_with_what_came_and_what_the_call_waits_for() {
    let message = failure(
        "call:answer() call:play \"greet/welcome\" call:gather { play = \"menu/main\", timeout = 5 }",
        "caller:hears \"menu/invalid\"",
    );

    assert_eq!(
        message,
        "tests/dialplan/one_test.lua:3: 'it': expected to hear menu/invalid, heard greet/welcome, menu/main \
         instead; it is the caller's turn: call:gather menu/main, one digit, 5 s at scripts/8001/init.lua:2 has \
         not returned (it can press keys, speak, stay silent, hang up)"
    );
}

#[test]
fn a_sound_that_nobody_has_is_no_sound_to_wait_for() {
    let message = failure("call:play \"menu/main\"", "caller:hears \"menu/mian\"");

    assert!(
        message.contains("'menu/mian' not found (did you mean 'menu/main'?)"),
        "{message}"
    );
}

#[test]
fn each_expectation_says_what_happened_instead() {
    for (handler, body, words) in [
        (
            "call:hangup()",
            "caller:hears \"menu/main\"",
            "the call was refused: normal",
        ),
        (
            "call:reject \"busy\"",
            "caller:is_refused \"rejected\"",
            "the call was refused: busy",
        ),
        (
            "call:reject \"busy\"",
            "caller:is_hung_up()",
            "the call was refused: busy",
        ),
        (
            "call:answer()",
            "caller:is_refused()",
            "the exchange has hung up: normal",
        ),
        (
            "call:bridge \"user:1049\"",
            "caller:is_bridged_to \"user:1050\"",
            "expected to be bridged to user:1050, and it is user:1049",
        ),
        (
            "call:bridge \"user:1049\"",
            "caller:is_answered_by \"1050\"",
            "expected to be answered by 1050, and it was user:1049",
        ),
        (
            "call:bridge \"user:1049\"",
            "caller:is_hung_up()",
            "nothing more happens: the caller talks with user:1049",
        ),
        (
            "call:voicemail \"8000\"",
            "caller:leaves_message { mailbox = \"1049\" }",
            "expected a message in mailbox 1049, and it is in 8000",
        ),
        (
            "call:answer() call:sleep(3)",
            "caller:leaves_message()",
            "expected to be able to leave a message; the exchange has hung up",
        ),
        (
            "call:answer()",
            "caller:is_hung_up() caller:presses \"1\"",
            "the exchange has hung up",
        ),
        ("call:answer()", "caller:presses \"x\"", "'x' is not a key"),
        (
            "call:answer()",
            "caller:heers \"a\"",
            "a caller has no 'heers' (did you mean 'hears'?)",
        ),
        (
            "call:answer()",
            "expect(1 + 1).equals(3)",
            "expected that 2 equals 3",
        ),
        (
            "call:answer()",
            "expect({ 1, 2 }).equals { 1, 3 }",
            "expected that [1,2] equals [1,3]",
        ),
        (
            "call:answer()",
            "expect(\"a-b\").matches(\"x-y\")",
            "expected that \"a-b\" matches \"x-y\"",
        ),
        (
            "call:answer()",
            "expect(nil).is_at_least(3)",
            "expected that nil is at least 3",
        ),
        (
            "call:answer()",
            "dial { too = \"1\" }",
            "unknown option 'too' (did you mean 'to'?)",
        ),
        (
            "call:answer()",
            "dial \"moonday 9:00\"",
            "expected a time such as",
        ),
        (
            "call:answer()",
            "simulate.phone(\"1049\"):hangs_up()",
            "user:1049 talks with nobody",
        ),
        (
            "call:answer()",
            "simulate.mailbox \"77\"",
            "no mailbox '77'",
        ),
        ("call:answer()", "error(\"by hand\")", "by hand"),
    ] {
        let message = failure(handler, body);
        assert!(message.contains(words), "{body}: {message:?}");
        assert!(
            message.starts_with("tests/dialplan/one_test.lua:3: 'it': "),
            "{message}"
        );
    }
}

#[test]
fn a_failed_test_tells_its_call() {
    let small = Small::tried(
        "call:answer() call:gather { play = \"menu/main\" }",
        "test(\"it\", function() local caller = dial(MONDAY)\ncaller:presses \"2\" caller:is_refused() end)",
    );

    let tested = small.test();

    assert!(!tested.passed());
    let test = &tested.tests[0];
    assert_eq!(
        (test.name.as_str(), test.line, test.calls.len()),
        ("it", 2, 1)
    );
    let story: Vec<&str> = test.calls[0]
        .iter()
        .map(|line| line.what.as_str())
        .collect();
    assert!(story.contains(&"presses 2"), "{story:#?}");
    assert!(story.contains(&"= \"2\""), "{story:#?}");
    assert!(test.error.as_ref().unwrap().report.contains("> "));
}

#[test]
fn a_script_that_goes_round_without_time_passing_fails_the_test_and_does_not_hang() {
    let message = failure(
        "while true do call:answer() end",
        "caller:hears \"menu/main\"",
    );

    assert!(message.contains("goes round and round"), "{message}");
    assert!(
        message.contains("call:answer at scripts/8001/init.lua:2"),
        "{message}"
    );
}

#[test]
fn a_file_that_does_not_load_and_scripts_that_do_not_are_told_with_their_lines() {
    let small = Small::tried("", "test(\"it\", function() end)");
    small.write("tests/dialplan/two_test.lua", "-- Broken.\ntest(\"x\"\n");
    let tested = small.test();
    assert_eq!(tested.tests.len(), 1);
    assert!(
        tested.errors[0]
            .message
            .starts_with("tests/dialplan/two_test.lua:3"),
        "{tested:?}"
    );

    small.write("scripts/8001/init.lua", "oops oops\n");
    let tested = small.test();
    // Once, and not for each test.
    assert_eq!((tested.errors.len(), tested.tests.len()), (1, 0));
    let error = &tested.errors[0];
    assert!(
        error.message.contains("scripts/8001/init.lua:1"),
        "{error:?}"
    );
}

#[test]
fn what_belongs_into_a_test_is_refused_outside_and_across_tests() {
    let small = Small::tried("", "dial(MONDAY)");
    let tested = small.test();
    let message = &tested.errors[0].message;
    assert!(
        message.contains("dial cannot be used while test files load"),
        "{message}"
    );

    let small = Small::tried(
        "call:answer() call:sleep(1)",
        "local kept\ntest(\"one\", function() kept = dial(MONDAY) end)\n\
         test(\"two\", function() kept:hangs_up() end)",
    );
    let tested = small.test();
    let error = tested.tests[1].error.as_ref().unwrap();
    assert!(
        error.message.contains("this caller is another test's"),
        "{error:?}"
    );
}

#[test]
fn a_test_file_has_its_place_where_there_are_several_tenants() {
    let small = Small::tried("call:answer()", "test(\"it\", function() dial(MONDAY) end)");
    let mut offline = small.offline();
    let (_, mut other) = offline.tenants[0].clone();
    other.dialplan = "scripts.8002".to_owned();
    offline.tenants.push((call::TenantId::from("8002"), other));
    small.write(
        "scripts/8002/init.lua",
        "context \"inbound\" {}\ncontext \"internal\" {}\n",
    );
    small.write(
        "tests/dialplan/8002/own_test.lua",
        "-- The other's.\ntest(\"no number\", function() dial { to = \"100\" }:is_refused \"unallocated\" end)\n",
    );

    let tested = offline.test(None);

    assert_eq!(tested.tests.len(), 1, "{tested:?}");
    assert!(tested.tests[0].passed, "{tested:?}");
    let message = &tested.errors[0].message;
    assert!(
        message.contains("one_test.lua: whose is it? Put it into"),
        "{message}"
    );
}

#[test]
fn one_file_can_be_asked_for_and_a_wrong_name_is_told() {
    let small = Small::tried("", "test(\"it\", function() end)");
    small.write(
        "tests/dialplan/two_test.lua",
        "-- Two.\ntest(\"two\", function() end)\n",
    );
    let offline = small.offline();

    let one = offline.test(Some(&small.0.join("tests/dialplan/two_test.lua")));
    assert_eq!(one.tests.len(), 1);
    assert_eq!(one.tests[0].name, "two");
    let folder = offline.test(Some("tests/dialplan/".as_ref()));
    assert_eq!(folder.tests.len(), 2);
    let none = offline.test(Some("tests/dialplan/three_test.lua".as_ref()));
    assert!(none.errors[0].message.contains("no tests in"), "{none:?}");
}
