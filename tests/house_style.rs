//! The rules of the house that a program can check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn no_source_file_is_longer_than_a_reader_can_hold() {
    let long: Vec<String> = sources()
        .iter()
        .map(|path| (path, read(path).lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();

    assert!(long.is_empty(), "split these along their ideas: {long:#?}");
}

#[test]
fn every_rust_file_says_on_its_first_line_what_it_is() {
    let silent: Vec<PathBuf> = rust_sources()
        .into_iter()
        .filter(|path| !read(path).starts_with("//!"))
        .collect();

    assert!(silent.is_empty(), "begin these with `//! …`: {silent:#?}");
}

#[test]
fn every_lua_file_says_on_its_first_line_what_it_is() {
    let silent: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "lua"))
        .filter(|path| !read(path).starts_with("--"))
        .collect();

    assert!(silent.is_empty(), "begin these with a comment: {silent:#?}");
}

#[test]
fn types_are_named_after_things() {
    let vague: Vec<String> = rust_sources()
        .iter()
        .flat_map(|path| {
            let path = path.display().to_string();
            read(Path::new(&path))
                .lines()
                .filter_map(declared_type)
                .filter(|name| VAGUE.iter().any(|word| name.ends_with(word)))
                .map(|name| format!("{path}: {name}"))
                .collect::<Vec<_>>()
        })
        .collect();

    assert!(vague.is_empty(), "these say nothing: {vague:#?}");
}

#[test]
fn the_machines_read_no_clock_and_start_no_tasks() {
    let forbidden = ["Instant::now(", "SystemTime::now(", "tokio::", "rand::rng("];
    let mut found = Vec::new();
    for part in ["engine/sip/src", "engine/media/src", "engine/call/src"] {
        for path in walk(Path::new(part), "rs") {
            if path.ends_with("tests.rs")
                || path.components().any(|part| part.as_os_str() == "tests")
            {
                continue;
            }
            let text = read(&path);
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (index, line) in code.lines().enumerate() {
                let line = line.split("//").next().unwrap_or_default();
                if forbidden.iter().any(|word| line.contains(word)) {
                    found.push(format!("{}:{}", path.display(), index + 1));
                }
            }
        }
    }

    assert!(
        found.is_empty(),
        "time and randomness are arguments: {found:#?}"
    );
}

#[test]
fn crates_depend_only_in_the_allowed_directions() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("sip", &[][..]),
        ("media", &[]),
        ("call", &[]),
        ("store", &[]),
        ("script", &["call", "store"]),
        ("web", &["call", "store"]),
        ("net", &["sip", "media"]),
    ]);
    for (part, may) in &allowed {
        let manifest = read(Path::new(&format!("engine/{part}/Cargo.toml")));
        let normal = manifest
            .split("[dev-dependencies]")
            .next()
            .unwrap_or_default();
        for other in allowed.keys() {
            let depends = normal
                .lines()
                .any(|line| line.split(['.', ' ', '=']).next() == Some(other));
            assert!(
                !depends || may.contains(other),
                "{part} must not know {other}"
            );
        }
    }
}

#[test]
fn unsafe_code_stands_where_it_is_argued() {
    let found: Vec<PathBuf> = walk(Path::new("engine"), "rs")
        .into_iter()
        .filter(|path| read(path).contains("allow(unsafe_code)"))
        .filter(|path| !path.to_string_lossy().contains("/tests/"))
        .collect();

    assert_eq!(found, [PathBuf::from("engine/net/src/media_io/uring.rs")]);
}

#[test]
fn no_work_is_left_marked_in_the_code() {
    let marks = ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("];
    // In dialplans three X are three digits.
    let is_dialled = |path: &Path| path.extension().is_some_and(|it| it == "lua");
    let found: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|path| !path.ends_with("house_style.rs"))
        .filter(|path| {
            let mut marks = marks
                .iter()
                .filter(|mark| **mark != "XXX" || !is_dialled(path));
            marks.any(|mark| has_word(&read(path), mark))
        })
        .collect();

    assert!(found.is_empty(), "finish these: {found:#?}");
}

#[test]
fn no_test_is_skipped_and_none_sleeps() {
    // Who waits for another process or thread that tells nothing looks again and again.
    let pollers = [
        "tests/support/mod.rs",
        "tests/support/agree.rs",
        "tests/support/program.rs",
        "tests/support/baresip.rs",
        "tests/support/linphone.rs",
        "tests/support/phone/line.rs",
        "tests/phones/tour.rs",
        "tests/robust/floods.rs",
        "tests/calls/queues/offers.rs",
        "engine/script/tests/host/neighbours.rs",
        "engine/script/tests/host/support/exchange.rs",
        "engine/script/tests/host/support/mod.rs",
    ];
    let skips = [
        "#[ignore",
        "thread::sleep(",
        "time::sleep(",
        "park_timeout(",
    ];
    let found: Vec<PathBuf> = rust_sources()
        .into_iter()
        .filter(|path| !path.ends_with("house_style.rs"))
        .filter(|path| {
            let text = read(path);
            let test = path.components().any(|part| part.as_os_str() == "tests")
                || path.to_string_lossy().ends_with("tests.rs")
                || path.ends_with("testbed.rs");
            let code = match text.split_once("#[cfg(test)]") {
                _ if test => &text[..],
                Some((_, tests)) => tests,
                None => "",
            };
            let polls = pollers.iter().any(|poller| path.ends_with(poller));
            skips
                .iter()
                .any(|word| code.contains(word) && !(polls && *word == "park_timeout("))
        })
        .collect();

    assert!(
        found.is_empty(),
        "wait for what must happen, or move the clock: {found:#?}"
    );
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = read(Path::new("Cargo.toml"));
    let (_, list) = manifest.split_once("[workspace.dependencies]").unwrap();
    let (list, _) = list.split_once("\n[").unwrap();
    let mut silent = Vec::new();
    let mut above = "";
    for line in list.lines() {
        let ours = line.contains("path = \"engine/");
        if line.contains(" = ") && !line.starts_with('#') && !ours && !above.starts_with('#') {
            silent.push(line);
        }
        above = line;
    }

    assert!(silent.is_empty(), "a comment above each: {silent:#?}");
}

#[test]
fn the_readme_has_every_dependency_with_what_it_is_for_and_why() {
    let readme = read(Path::new("README.md"));
    let (_, table) = readme.split_once("\n| crate | for |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(2)
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    for row in &rows {
        assert!(
            row.len() == 5 && row[1..4].iter().all(|cell| !cell.is_empty()),
            "{row:?}"
        );
    }
    let told: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row[1].split('`').skip(1).step_by(2))
        .collect();

    let mut manifests = vec![PathBuf::from("Cargo.toml")];
    manifests.extend(walk(Path::new("engine"), "toml"));
    let mut used = BTreeSet::new();
    for manifest in manifests {
        let text = read(&manifest);
        let Some((_, list)) = text.split_once("\n[dependencies]\n") else {
            continue;
        };
        let list = list.split("\n[").next().unwrap_or_default();
        used.extend(
            list.lines()
                .filter_map(|line| line.split_once(".workspace"))
                .map(|(name, _)| name.to_owned()),
        );
    }
    for ours in ["call", "media", "net", "script", "sip", "store", "web"] {
        used.remove(ours);
    }

    let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
    assert!(used.len() > 20);
    assert_eq!(told, used);
}

#[test]
fn every_feature_says_its_name_above_its_tests() {
    let list = read(Path::new("tests/coverage.toml"));
    let mut above: Vec<&str> = Vec::new();
    for line in list.lines() {
        if line.starts_with('#') {
            above.push(line);
            continue;
        }
        if let Some((id, _)) = line.split_once(" = ") {
            let named = above
                .iter()
                .any(|line| line.starts_with(&format!("# {id}: ")));
            assert!(named, "{id}");
        }
        above.clear();
    }
}

#[test]
fn every_test_that_the_coverage_list_names_exists() {
    let list = read(Path::new("tests/coverage.toml"));
    let mut features = 0;
    let mut missing = Vec::new();
    for line in list.lines().map(str::trim) {
        let Some((id, tests)) = line.split_once('=') else {
            continue;
        };
        features += 1;
        for test in tests.split('"').skip(1).step_by(2) {
            let Some((file, name)) = test.split_once("::") else {
                missing.push(format!("{}: '{test}' is not file::test", id.trim()));
                continue;
            };
            let there =
                fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("fn {name}(")));
            if !there {
                missing.push(format!("{}: {test}", id.trim()));
            }
        }
    }

    assert!(features > 0, "tests/coverage.toml names no feature");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_file_that_the_pages_for_builders_name_is_there() {
    let sources: Vec<String> = sources()
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let mut gone = Vec::new();
    for page in ["CONTRIBUTING.md", "engine/README.md"] {
        let text = read(Path::new(page));
        let quoted = text.split('`').skip(1).step_by(2);
        for name in quoted.filter(|name| names_a_file(name)) {
            let is_at = |path: &str| Path::new(path).exists();
            let is_there = is_at(name) || is_at(&format!("engine/{name}"));
            let is_below = || {
                sources
                    .iter()
                    .any(|path| path.ends_with(&format!("/{name}")))
            };
            if !is_there && !is_below() {
                gone.push(format!("{page}: {name}"));
            }
        }
    }

    assert!(gone.is_empty(), "say where these are now: {gone:#?}");
}

/// `events/news.rs`, `engine/sip/src/body/`, `store/src/figures`.
fn names_a_file(quoted: &str) -> bool {
    let folders = ["engine/", "tests/", "scripts/", "plugins/", "fuzz/"];
    let is_path = |sign: char| sign.is_ascii_alphanumeric() || "_-./".contains(sign);
    let is_ours = folders.iter().any(|folder| quoted.starts_with(folder));
    quoted.chars().all(is_path) && (is_ours || quoted.ends_with(".rs") || quoted.contains("/src/"))
}

/// The name in `struct Name`, `enum Name`, `trait Name`.
fn declared_type(line: &str) -> Option<String> {
    let mut words = line
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty());
    words.find(|word| matches!(*word, "struct" | "enum" | "trait"))?;
    words.next().map(str::to_owned)
}

fn has_word(text: &str, mark: &str) -> bool {
    text.match_indices(mark).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + mark.len()..].chars().next();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !part(before) && !part(after)
    })
}

fn rust_sources() -> Vec<PathBuf> {
    sources()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
        .collect()
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["engine", "tests", "scripts", "plugins", "fuzz"] {
        found.extend(walk(Path::new(folder), "rs"));
        found.extend(walk(Path::new(folder), "lua"));
    }
    assert!(found.len() > 100, "the tree is elsewhere");
    found
}

fn walk(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("target") {
                found.extend(walk(&path, kind));
            }
        } else if path.extension().is_some_and(|have| have == kind) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lines of a file; a few hundred are better.
const LONGEST: usize = 800;
/// Endings of names that say nothing.
const VAGUE: [&str; 6] = ["Manager", "Service", "Context", "Helper", "Util", "Common"];
