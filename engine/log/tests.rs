//! What stands in the log, line by line.

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;

/// What was logged.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines of what happens in `work`.
fn lines(format: Format, wanted: Option<&str>, work: impl FnOnce()) -> Vec<String> {
    let paper = Paper::default();
    let writer = paper.clone();
    let logging = subscriber(format, false, filter_of(wanted), move || writer.clone());
    tracing::subscriber::with_default(logging, work);
    let octets = paper.0.lock().unwrap().clone();
    let text = String::from_utf8(octets).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn a_wrong_password() {
    let source: std::net::IpAddr = [192, 0, 2, 7].into();
    tracing::warn!(
        target: "security", method = "REGISTER", source = %source, event = "wrong_password",
        banned = true, "wrong password"
    );
}

#[test]
fn a_security_event_is_one_line_that_begins_with_what_and_who() {
    let written = lines(Format::Text, None, a_wrong_password);

    let [line] = written.as_slice() else {
        panic!("one line: {written:?}");
    };
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(time.ends_with('Z'), "{time}");
    assert_eq!(
        rest,
        " WARN security event=wrong_password source=192.0.2.7 method=REGISTER banned=true \
         message=\"wrong password\""
    );
}

#[test]
fn a_security_event_in_json_has_the_same_words() {
    let written = lines(Format::Json, None, a_wrong_password);

    let line: serde_json::Value = serde_json::from_str(&written[0]).unwrap();
    assert_eq!(written.len(), 1);
    assert_eq!(line["target"], "security");
    assert_eq!(line["event"], "wrong_password");
    assert_eq!(line["source"], "192.0.2.7");
}

#[test]
fn nothing_that_a_stranger_says_makes_another_line_or_field() {
    let agent = "x\n2026-11-22T00:00:00Z  WARN security event=wrong_password source=198.51.100.1";

    let written = lines(Format::Text, None, || {
        tracing::warn!(target: "security", event = "refused", source = "192.0.2.7", agent);
        tracing::warn!(target: "security", event = "refused", source = "192.0.2.7", agent = %agent);
    });

    assert_eq!(written.len(), 2);
    for line in written {
        assert!(line.contains("event=refused source=192.0.2.7 agent=\"x\\n2026"));
    }
}

#[test]
fn a_flood_of_security_events_is_counted_and_told() {
    for format in [Format::Text, Format::Json] {
        let written = lines(format, None, || {
            for _ in 0..500 {
                a_wrong_password();
            }
        });

        // A second may end in between.
        assert!(written.len() < 500, "{} lines", written.len());
    }
}

#[test]
fn security_events_are_written_whatever_else_is_not() {
    let quiet = lines(Format::Text, Some("error"), || {
        tracing::warn!("of no interest");
        a_wrong_password();
    });
    let silent = lines(Format::Text, Some("security=off"), a_wrong_password);

    assert_eq!(quiet.len(), 1);
    assert!(quiet[0].contains("event=wrong_password"));
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn other_lines_carry_their_call() {
    let work = || {
        let _call = tracing::info_span!("call", id = "0191", tenant = "8001").entered();
        tracing::info!(from = %Masked("13800138000"), "call begins");
    };

    let text = lines(Format::Text, None, work);
    let json = lines(Format::Json, None, work);

    assert!(
        text[0].ends_with(r#"call{id="0191" tenant="8001"}: call begins from=138****8000"#),
        "{text:?}"
    );
    let json: serde_json::Value = serde_json::from_str(&json[0]).unwrap();
    assert_eq!(json["span"]["id"], "0191");
    assert_eq!(json["from"], "138****8000");
}

#[test]
fn every_security_event_in_the_code_says_what_and_who() {
    let mut found = 0;
    let mut folders = vec![std::path::PathBuf::from("engine")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().path())
        {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|kind| kind != "rs")
                || path.to_string_lossy().starts_with("engine/log")
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for event in text.split(r#"target: "security""#).skip(1) {
                let inside = event.split(";\n").next().unwrap();
                found += 1;
                assert!(
                    inside.contains("event = \"")
                        && (inside.contains("source = ") || inside.contains("%call")),
                    "{}: {inside}",
                    path.display()
                );
            }
        }
    }
    assert!(found >= 3, "the search works");
}
