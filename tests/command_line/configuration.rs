//! What words say of a configuration that cannot be read, and of an exchange that does not run.

use std::fs;

use crate::project::Project;

#[test]
fn a_wrong_setting_is_told_with_its_line_and_a_suggestion_by_each_word_that_reads_it() {
    let project = Project::new();
    project.write("config.lua", "return {\n  tennants = {},\n}\n");
    let sentence = "config.lua:2: tennants: unknown setting 'tennants' (did you mean 'tenants'?)";

    for words in [
        &["check"][..],
        &["run"],
        &["user", "list"],
        &["trace", "last"],
    ] {
        let said = project.says(words);

        assert_eq!(said.code, Some(1), "{words:?}");
        let text = format!("{}{}", said.out, said.err);
        assert!(text.contains(sentence), "{words:?}: {text}");
    }
}

#[test]
fn a_missing_configuration_is_told_with_its_path() {
    let project = Project::new();
    fs::remove_file(project.0.join("config.lua")).unwrap();

    let said = project.says(&["check"]);

    assert_eq!(said.code, Some(1));
    let path = project.0.join("config.lua");
    assert!(said.out.contains(&path.display().to_string()), "{said:?}");
}

#[test]
fn without_an_exchange_status_and_reload_say_how_to_start_one() {
    let project = Project::new();

    for word in ["status", "reload"] {
        let said = project.says(&[word, "--json"]);

        assert_eq!(said.code, Some(1));
        assert_eq!(said.out, "");
        assert!(
            said.err.contains("start one with `moonswitch run"),
            "{said:?}"
        );
    }
}
