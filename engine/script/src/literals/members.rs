//! What a text asks of `call` and of our libraries, by name: `call:plya("a")`, `calls.lits()`,
//! `call:reject("bussy")`, `call:bridge("1049")`.

use std::collections::BTreeMap;

use call::Cause;

use crate::api::target::target_of;
use crate::suggest::did_you_mean;
use crate::tokens::{Token, What, tokens};

/// What there is to be asked for.
pub(crate) struct Members {
    /// Methods and fields of calls.
    pub(crate) call: Vec<String>,
    /// Those of each library, by its name.
    pub(crate) libraries: BTreeMap<String, Vec<String>>,
}

impl Members {
    /// What a source asks for that is not there, each with its line.
    pub(crate) fn missing(&self, source: &str) -> Vec<(u32, String)> {
        let tokens = tokens(source);
        let what = |at: usize| tokens.get(at).map(|token: &Token| &token.what);
        let mut found = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let What::Word(object) = &token.what else {
                continue;
            };
            // A field of something else: `self.call`, `x:calls`.
            let follows = at > 0 && matches!(what(at - 1), Some(What::Symbol('.' | ':')));
            let (Some(What::Symbol(dot @ ('.' | ':'))), Some(What::Word(name))) =
                (what(at + 1), what(at + 2))
            else {
                continue;
            };
            if follows || what(at + 2) == Some(&What::Symbol('.')) {
                continue;
            }
            if object == "call" && *dot == ':' {
                let told = match self.call.iter().any(|known| known == name) {
                    true => wrong_argument(name, &tokens, at + 3),
                    false => Some(format!("call has no '{name}'{}", hint(name, &self.call))),
                };
                found.extend(told.map(|told| (token.line, told)));
            } else if let Some(known) = self.libraries.get(object)
                && *dot == '.'
                && !known.contains(name)
                && !is_ones_own(object, &tokens)
            {
                let told = format!("{object} has no '{name}'{}", hint(name, known));
                found.push((token.line, told));
            }
        }
        found
    }
}

/// What is wrong with the first argument of a call's method, if it is a text that stands alone.
fn wrong_argument(method: &str, tokens: &[Token], open: usize) -> Option<String> {
    let what = |at: usize| tokens.get(at).map(|token| &token.what);
    let (Some(What::Symbol('(')), Some(What::Text(text)), Some(What::Symbol(')' | ','))) =
        (what(open), what(open + 1), what(open + 2))
    else {
        return None;
    };
    if text.contains('\\') {
        return None;
    }
    match method {
        "reject" | "hangup" => {
            let mut known = Cause::ALL.iter().map(|cause| cause.word());
            match known.clone().any(|known| known == text) {
                true => None,
                false => {
                    let hint = did_you_mean(text, known.by_ref());
                    Some(format!("call:{method}: unknown cause '{text}'{hint}"))
                }
            }
        }
        "bridge" => target_of(text)
            .err()
            .map(|why| format!("call:bridge: {why}")),
        _ => None,
    }
}

/// Whether a source gives this name to something of its own.
fn is_ones_own(name: &str, tokens: &[Token]) -> bool {
    let mut declares = false;
    tokens.iter().any(|token| match &token.what {
        What::Word(word) if ["local", "function", "for"].contains(&word.as_str()) => {
            declares = true;
            false
        }
        What::Word(word) if word == name => declares,
        // Names, commas and parentheses go on; anything else ends the declaration.
        What::Word(_) | What::Symbol(',' | '(') => false,
        _ => {
            declares = false;
            false
        }
    })
}

fn hint(name: &str, known: &[String]) -> String {
    did_you_mean(name, known.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<String> {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let members = Members {
            call: list(&["play", "reject", "hangup", "bridge", "from"]),
            libraries: BTreeMap::from([("calls".to_owned(), list(&["list", "count"]))]),
        };
        let found = members.missing(source).into_iter();
        found
            .map(|(line, told)| format!("{line}: {told}"))
            .collect()
    }

    #[test]
    fn what_calls_and_libraries_do_not_have_is_told_with_what_was_meant() {
        let source = "call:plya(\"a\")\nlocal all = calls.lits()\ncall:reject(\"bussy\")\n\
             call:hangup(\"normal\") call:bridge(\"1049\", { timeout = 3 })";

        assert_eq!(
            told(source),
            [
                "1: call has no 'plya' (did you mean 'play'?)",
                "2: calls has no 'lits' (did you mean 'list'?)",
                "3: call:reject: unknown cause 'bussy' (did you mean 'busy'?)",
                "4: call:bridge: '1049' is no target: write \"user:1049\" for a user",
            ]
        );
    }

    #[test]
    fn what_is_right_computed_or_ones_own_is_left_alone() {
        for source in [
            "call:play(x) call:reject(why) call:reject(\"b\" .. why) call:bridge(\"user:\" .. to)",
            "call:bridge({ \"user:1049\" }) call:reject() calls.list()",
            "local calls = require \"scripts.calls\" calls.open()",
            "local function f(a, calls) return calls.first end",
            "self.calls.first() x:calls().y() player:plya()",
            "for _, calls in ipairs(all) do calls.x() end",
            "-- call:plya()",
            "call:",
            "calls.",
        ] {
            assert_eq!(told(source), [""; 0], "{source}");
        }
    }
}
