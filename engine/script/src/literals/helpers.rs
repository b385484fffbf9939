//! Functions of one's own that hand a name on: `serve(call, "it")`, where `serve` says
//! `call:queue(name)`. They are followed one step, and where the text says plainly which function is
//! meant: one of the same file, or the one that a required file returns.

use std::collections::BTreeMap;

use super::{Literal, Named, one, plain, what};
use crate::tokens::{Token, What, tokens};

/// An argument that a function hands on to a method as a name.
#[derive(Clone, Copy, Debug)]
struct Handed {
    /// Which argument; 0 is the first.
    argument: usize,
    names: fn(String) -> Named,
}

/// Finds the names that a source gives to such functions. `module` gives the source of what is
/// required.
pub(crate) fn called(source: &str, module: impl Fn(&str) -> Option<String>) -> Vec<Literal> {
    let tokens = tokens(source);
    let known = known(&tokens, module);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let Some(What::Word(name)) = what(&tokens, at) else {
            continue;
        };
        let of_another = at > 0
            && match what(&tokens, at - 1) {
                Some(What::Symbol(symbol)) => ['.', ':'].contains(symbol),
                Some(What::Word(word)) => word == "function",
                _ => false,
            };
        let is_call = what(&tokens, at + 1) == Some(&What::Symbol('('));
        let Some(handed) = known.get(name).filter(|_| is_call && !of_another) else {
            continue;
        };
        let arguments = arguments(&tokens, at + 2);
        for Handed { argument, names } in handed {
            if let Some(&[at]) = arguments.get(*argument).map(Vec::as_slice) {
                one(&tokens, at, |line, text| {
                    let name = plain(text, true).map(names);
                    found.extend(name.map(|name| Literal { line, name }));
                });
            }
        }
    }
    found
}

/// The functions that a source knows by a local name, with what each hands on.
fn known(
    tokens: &[Token],
    module: impl Fn(&str) -> Option<String>,
) -> BTreeMap<String, Vec<Handed>> {
    let mut known = BTreeMap::new();
    for at in 0..tokens.len() {
        let word = |ahead: usize| match what(tokens, at + ahead) {
            Some(What::Word(word)) => Some(word.as_str()),
            _ => None,
        };
        let assigns = what(tokens, at + 2) == Some(&What::Symbol('='));
        let (name, handed) = match (word(0), word(1), word(2), word(3)) {
            (Some("local"), Some("function"), Some(name), _) => (name, handed_on(tokens, at + 3)),
            (Some("local"), Some(name), _, Some("function")) if assigns => {
                (name, handed_on(tokens, at + 4))
            }
            (Some("local"), Some(name), _, Some("require")) if assigns => {
                let open = what(tokens, at + 4) == Some(&What::Symbol('('));
                let Some(What::Text(text)) = what(tokens, at + 4 + usize::from(open)) else {
                    continue;
                };
                let handed = module(text).map(|source| returned(&source));
                (name, handed.unwrap_or_default())
            }
            _ => continue,
        };
        if !handed.is_empty() {
            known.insert(name.to_owned(), handed);
        }
    }
    known
}

/// What the function hands on that a file returns, if it returns one.
fn returned(source: &str) -> Vec<Handed> {
    let tokens = tokens(source);
    let is =
        |at: usize, word: &str| matches!(what(&tokens, at), Some(What::Word(it)) if it == word);
    // The last one: others are returned by functions.
    let last = (0..tokens.len())
        .rev()
        .find(|&at| is(at, "return") && is(at + 1, "function"));
    match last {
        Some(at) if end_of(&tokens, at + 1) + 1 >= tokens.len() => handed_on(&tokens, at + 2),
        _ => Vec::new(),
    }
}

/// What a function hands on whose parameters begin at a place.
fn handed_on(tokens: &[Token], open: usize) -> Vec<Handed> {
    let parameters: Vec<&str> = arguments(tokens, open + 1)
        .iter()
        .filter_map(|parameter| match parameter.as_slice() {
            [at] => match what(tokens, *at) {
                Some(What::Word(word)) => Some(word.as_str()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let end = end_of(tokens, open);
    let mut handed = Vec::new();
    for at in open..end {
        let (Some(What::Symbol(':')), Some(What::Word(method)), Some(What::Word(name))) =
            (what(tokens, at), what(tokens, at + 1), what(tokens, at + 3))
        else {
            continue;
        };
        let alone = matches!(what(tokens, at + 4), Some(What::Symbol(',' | ')')));
        let opens = what(tokens, at + 2) == Some(&What::Symbol('('));
        let argument = parameters.iter().position(|it| it == name);
        if let (Some(argument), Some(names), true) = (argument, names_of(method), alone && opens) {
            handed.push(Handed { argument, names });
        }
    }
    // Whoever gives a parameter another value hands something else on.
    let assigned = |name: &str| {
        (open..end).any(|at| {
            matches!(what(tokens, at), Some(What::Word(word)) if word == name)
                && what(tokens, at + 1) == Some(&What::Symbol('='))
                && what(tokens, at + 2) != Some(&What::Symbol('='))
        })
    };
    handed.retain(|it| !assigned(parameters[it.argument]));
    handed
}

/// What the first argument of a method of calls names.
fn names_of(method: &str) -> Option<fn(String) -> Named> {
    Some(match method {
        "queue" => Named::Queue,
        "music" => Named::Music,
        "voicemail" | "voicemail_menu" => Named::Mailbox,
        _ => return None,
    })
}

/// The places of the tokens of each argument, from behind the open parenthesis.
fn arguments(tokens: &[Token], first: usize) -> Vec<Vec<usize>> {
    let (mut depth, mut all) = (0_u32, vec![Vec::new()]);
    for at in first..tokens.len() {
        match what(tokens, at) {
            Some(What::Symbol(')')) if depth == 0 => break,
            Some(What::Symbol('(' | '{' | '[')) => depth += 1,
            Some(What::Symbol(')' | '}' | ']')) => depth = depth.saturating_sub(1),
            Some(What::Symbol(',')) if depth == 0 => {
                all.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if let Some(argument) = all.last_mut() {
            argument.push(at);
        }
    }
    all
}

/// The place of the `end` of the function that begins at a place, at its word or behind it.
fn end_of(tokens: &[Token], from: usize) -> usize {
    let mut depth = 1_u32;
    for at in from..tokens.len() {
        let Some(What::Word(word)) = what(tokens, at) else {
            continue;
        };
        match word.as_str() {
            "function" if at == from => {}
            "function" | "do" | "if" | "repeat" => depth += 1,
            "end" | "until" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVE: &str = "-- Waits.
        local message = require \"scripts.message\"
        return function(call, name)
          if call.from then call:play(\"agent/record\") end
          local leg = call:queue(name, { record = true })
          return message(call)
        end";

    fn names(source: &str) -> Vec<Named> {
        let module = |name: &str| (name == "scripts.serve").then(|| SERVE.to_owned());
        let found = called(source, module).into_iter();
        found.map(|literal| literal.name).collect()
    }

    #[test]
    fn a_name_is_found_that_goes_through_a_function_of_another_file_or_the_same() {
        let queue = |name: &str| Named::Queue(name.to_owned());
        let source = "local serve = require \"scripts.serve\"
          local choices = { [\"1\"] = function(call) return serve(call, \"it\") end }
          return function(call) serve(call, \"sales\") end";
        assert_eq!(names(source), [queue("it"), queue("sales")]);
        let module = |_: &str| Some(SERVE.to_owned());
        assert_eq!(called(source, module)[1].line, 3);

        let own = "local function box(call, words, number)
            call:play(words)
            call:voicemail(number, { beep = false })
          end
          local leave = function(to, call) while true do call:queue(to) end end
          box(call, { \"a\", \"b\" }, \"8000\") leave(\"it\", call)";
        assert_eq!(names(own), [Named::Mailbox("8000".into()), queue("it")]);
    }

    #[test]
    fn what_is_computed_changed_or_somebody_elses_is_left_alone() {
        for source in [
            "local serve = require \"scripts.serve\" serve(call, name) serve(call, \"a\" .. b) serve(call)",
            "local serve = require \"scripts.other\" serve(call, \"it\")",
            "local serve = require \"scripts.serve\" x.serve(call, \"it\") x:serve(call, \"it\")",
            "local function f(call, name) name = \"x\" .. name call:queue(name) end f(call, \"it\")",
            "local function f(call, name) call:queue(name .. \"2\") end f(call, \"it\")",
            "local function f(call, name) end call:queue(name) f(call, \"it\")",
            "serve(call, \"it\")",
            "local function f(",
            "local serve = require",
        ] {
            assert_eq!(names(source), [], "{source}");
        }
    }
}
