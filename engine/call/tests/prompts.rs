//! Every prompt that a call plays by itself is among the sounds that ship, in both languages. The
//! pieces of numbers and dates have a rule of their own: what is missing is said with digits.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn the_prompts_of_calls_ship_in_both_languages() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    collect(&here.join("src"), &mut names);
    assert!(names.len() > 10, "{names:?}");

    for name in names {
        for language in ["zh", "en"] {
            let file = format!("../../sounds/{language}/{name}.wav");
            assert!(here.join(&file).is_file(), "{name} is not in {language}");
        }
    }
}

/// Names such as `vm/saved` in texts of the sources, tests left out.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("tests") || path.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            collect(&path, names);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code = code.lines().filter(|line| !line.trim().starts_with("//"));
        for text in code.flat_map(|line| line.split('"').skip(1).step_by(2)) {
            if FOLDERS.iter().any(|folder| text.starts_with(folder)) && !text.contains('{') {
                names.insert(text.to_owned());
            }
        }
    }
}

const FOLDERS: [&str; 7] = ["agent/", "bye/", "call/", "greet/", "menu/", "sys/", "vm/"];
