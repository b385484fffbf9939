//! Options of a call's methods, by their names in the text: `call:play("a", { looop = 2 })`.

use crate::api::call::verbs;
use crate::suggest::did_you_mean;
use crate::tokens::{Token, What, tokens};

/// What is wrong with the options that stand in a source, each with its line.
pub(crate) fn unknown_options(source: &str) -> Vec<(u32, String)> {
    let tokens = tokens(source);
    let what = |at: usize| tokens.get(at).map(|token: &Token| &token.what);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let (Some(What::Word(object)), Some(What::Symbol(':')), Some(What::Word(method))) =
            (what(at), what(at + 1), what(at + 2))
        else {
            continue;
        };
        let Some(names) = names(method).filter(|_| object == "call") else {
            continue;
        };
        let place = if FIRST.contains(&method.as_str()) {
            0
        } else {
            1
        };
        for (line, option) in written(&tokens, at + 3, place) {
            if !names.contains(&option) {
                let hint = match did_you_mean(option, names.iter().copied()) {
                    hint if hint.is_empty() => format!(": there are {}", names.join(", ")),
                    hint => hint,
                };
                found.push((
                    line,
                    format!("call:{method}: unknown option '{option}'{hint}"),
                ));
            }
        }
    }
    found
}

/// The options that a method takes: those of `PlayOptions` are `play`'s.
fn names(method: &str) -> Option<&'static [&'static str]> {
    let is_its = |class: &str| {
        let class = class.strip_suffix("Options").unwrap_or(class);
        let mut letters = method.chars();
        let mut begins = true;
        class.chars().all(|letter| {
            let underscore = letter.is_ascii_uppercase() && !begins;
            begins = false;
            (!underscore || letters.next() == Some('_'))
                && letters.next() == Some(letter.to_ascii_lowercase())
        }) && letters.next().is_none()
    };
    let found = verbs::OPTIONS.iter().find(|names| is_its(names.class));
    found.map(|names| names.names)
}

/// The names in the table that is written as this argument, if one is.
fn written(tokens: &[Token], from: usize, argument: usize) -> Vec<(u32, &str)> {
    let what = |at: usize| tokens.get(at).map(|token| &token.what);
    let mut at = from;
    match what(at) {
        Some(What::Symbol('(')) => at += 1,
        // call:gather { ... }
        Some(What::Symbol('{')) if argument == 0 => {}
        _ => return Vec::new(),
    }
    let mut depth = 0u32;
    let mut passed = 0;
    while passed < argument {
        match what(at) {
            None => return Vec::new(),
            Some(What::Symbol('(' | '{' | '[')) => depth += 1,
            Some(What::Symbol(')' | '}' | ']')) if depth == 0 => return Vec::new(),
            Some(What::Symbol(')' | '}' | ']')) => depth -= 1,
            Some(What::Symbol(',')) if depth == 0 => passed += 1,
            Some(What::Word(word)) if word == "function" => return Vec::new(),
            Some(_) => {}
        }
        at += 1;
    }
    if what(at) != Some(&What::Symbol('{')) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut depth = 1u32;
    let mut begins = true;
    at += 1;
    while let Some(token) = tokens.get(at)
        && depth > 0
    {
        match &token.what {
            What::Symbol('{' | '(' | '[') => depth += 1,
            What::Symbol('}' | ')' | ']') => depth -= 1,
            // What a function holds is not told apart from the table around it.
            What::Word(word) if word == "function" => return found,
            What::Word(name)
                if begins
                    && depth == 1
                    && what(at + 1) == Some(&What::Symbol('='))
                    && what(at + 2) != Some(&What::Symbol('=')) =>
            {
                found.push((token.line, name.as_str()));
            }
            _ => {}
        }
        begins = matches!(token.what, What::Symbol(',' | ';')) && depth == 1;
        at += 1;
    }
    found
}

/// Methods whose options come first.
const FIRST: &[&str] = &["gather", "menu", "record", "start_recording"];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<String> {
        unknown_options(source)
            .into_iter()
            .map(|(_, message)| message)
            .collect()
    }

    #[test]
    fn a_mistyped_option_is_found_with_what_was_meant() {
        let source = "call:play({ \"a\", { number = 3 } }, { interrupt_on = \"1\", looop = 2 })\n\
            local key = call:gather {\n  play = \"a\", max_digit = 1, say = { digits = \"1\" },\n}\n\
            call:bridge(target(call, 1), { timeut = 3 })\n\
            call:start_recording { bep = true } call:voicemail(\"1\", { greetin = false })\n\
            call:menu { play = \"a\", trys = 3, keys = { [\"1\"] = function(call) local x = 1 end }, b = 1 }";

        assert_eq!(
            told(source),
            [
                "call:play: unknown option 'looop' (did you mean 'loop'?)",
                "call:gather: unknown option 'max_digit' (did you mean 'max_digits'?)",
                "call:bridge: unknown option 'timeut' (did you mean 'timeout'?)",
                "call:start_recording: unknown option 'bep' (did you mean 'beep'?)",
                "call:voicemail: unknown option 'greetin' (did you mean 'greeting'?)",
                "call:menu: unknown option 'trys' (did you mean 'tries'?)",
            ]
        );
        assert_eq!(unknown_options(source)[1].0, 3);
    }

    #[test]
    fn what_is_right_computed_or_anothers_is_left_alone() {
        for source in [
            "call:play(\"a\", { loop = true, interrupt_on = \"any\" })",
            "call:play(\"a\", options)",
            "call:gather(options)",
            "call:play { number = 3, strange = 4 }",
            "player:play(\"a\", { volume = 3 })",
            "call:play(pick { volume = 3 })",
            "call:sleep { x = 1 }",
            "call:bridge(\"user:1\", { timeout = x == y and 1 or 2, caller_id = t.a })",
            "call:play(",
            "call:gather {",
            "call:",
        ] {
            assert_eq!(told(source), [""; 0], "{source}");
        }
    }
}
