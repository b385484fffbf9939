//! `moonswitch test` and `moonswitch call`: calls that are told and not made.

use std::fs;

use crate::project::Project;

#[test]
fn tests_of_dialplans_are_told_with_their_times_and_their_failures() {
    let project = Project::new();
    let plan = "context \"inbound\" { [\"100\"] = function(call) call:reject(\"busy\") end }\n\
                context \"internal\" {}\n";
    project.write("scripts/8001/init.lua", plan);
    let test = |cause: &str| {
        format!(
            "-- One.\ntest(\"it is busy\", function()\n  \
             dial {{ to = \"100\", context = \"inbound\" }}:is_refused(\"{cause}\")\nend)\n"
        )
    };
    fs::create_dir_all(project.0.join("tests/dialplan")).unwrap();
    project.write("tests/dialplan/busy_test.lua", &test("busy"));
    let good = project.says(&["test"]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.out.contains("ok  ") && good.out.contains("it is busy"));
    assert!(good.out.contains("1 passed, 0 failed, in "), "{good:?}");

    project.write("tests/dialplan/busy_test.lua", &test("rejected"));
    let bad = project.says(&["test"]);
    assert_eq!(bad.code, Some(1), "{bad:?}");
    for words in [
        "FAIL",
        "tests/dialplan/busy_test.lua:3: expected that the call is refused (rejected)",
        "call:reject busy  (scripts/8001/init.lua:1)",
        "0 passed, 1 failed, in ",
    ] {
        assert!(bad.out.contains(words), "{words}: {}", bad.out);
    }
    let json = project.says(&["test", "--json"]);
    assert_eq!(json.code, Some(1));
    assert_eq!(json.json()["tests"][0]["passed"], false);
    let one = project.says(&["test", "tests/dialplan/other_test.lua"]);
    assert_eq!(one.code, Some(1));
    assert!(
        one.out
            .contains("no tests in tests/dialplan/other_test.lua"),
        "{one:?}"
    );
}

#[test]
fn a_call_is_told_without_being_made() {
    let project = Project::new();
    let plan = "context \"internal\" { [\"100\"] = function(call)\n\
                call:answer() call.vars.key = call:gather() call:hangup() end }\n";
    project.write("scripts/8001/init.lua", plan);

    let told = project.says(&["call", "1049", "100", "--at", "mon 22:00", "--press", "7"]);

    assert_eq!(told.code, Some(0), "{told:?}");
    for words in [
        "1049 dials 100",
        "call:gather",
        "presses 7",
        "= \"7\"",
        "hangs up: normal",
    ] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    let json = project.says(&["call", "1049", "100", "--json"]);
    assert_eq!(json.json()["outcome"], "ended_in_menu");
    let wrong = project.says(&["call", "1049", "100", "--at", "moonday"]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("expected a time such as"), "{wrong:?}");
    assert!(!project.0.join("data/moonswitch.db").exists());
}
