//! What each word says of itself, and how words end.

use std::process::Stdio;

use crate::project::{Project, program, said};

#[test]
fn every_word_explains_itself() {
    let all = said(program(&["--help"]), "");
    assert_eq!(all.code, Some(0));
    assert!(all.out.contains("list and delete them"), "{}", all.out);

    for (words, flags) in [
        (&["run"][..], &["--log-format", "--clock"][..]),
        (&["check"], &["--json"]),
        (&["test"], &["--json"]),
        (&["call"], &["--json", "--at", "--press", "--tenant"]),
        (&["reload"], &["--json"]),
        (&["status"], &["--json"]),
        (&["trace"], &["--json", "--tenant"]),
        (&["user"], &["add", "passwd", "pin", "list", "delete"]),
        (&["user", "add"], &["--name", "--context", "--tenant"]),
        (&["user", "passwd"], &["--tenant"]),
        (&["user", "pin"], &["--reset", "--tenant"]),
        (&["user", "list"], &["--json"]),
    ] {
        assert!(all.out.contains(words[0]), "{}", all.out);
        let help = said(program(&[words, &["--help"]].concat()), "");
        assert_eq!(help.code, Some(0), "{words:?}");
        for flag in flags {
            assert!(help.out.contains(flag), "{words:?} {flag}: {}", help.out);
        }
    }
}

#[test]
fn an_unknown_word_or_flag_is_another_failure_than_a_wrong_file() {
    assert_eq!(said(program(&["rum"]), "").code, Some(2));
    assert_eq!(said(program(&["check", "--jsn"]), "").code, Some(2));
    assert_eq!(said(program(&[]), "").code, Some(2));
}

#[test]
fn a_reader_that_has_seen_enough_ends_no_word_in_a_panic() {
    let project = Project::new();
    project.says(&["user", "list"]);
    for (words, code) in [
        (&["user", "list"][..], 0),
        (&["check"], 0),
        (&["check", "--json"], 0),
    ] {
        assert_eq!(
            unread(&project, words),
            (Some(code), String::new()),
            "{words:?}"
        );
    }

    project.write("config.lua", "return { a = 1 }\n");
    assert_eq!(unread(&project, &["check"]), (Some(1), String::new()));
}

/// How a word ends when nobody reads what it prints, and what it complains of.
fn unread(project: &Project, words: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program(words);
    command
        .arg("--config")
        .arg(project.0.join("config.lua"))
        .arg("--data")
        .arg(project.0.join("data"))
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), complaint)
}
