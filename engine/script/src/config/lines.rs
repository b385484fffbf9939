//! Where in a Lua file each setting of its returned table was written.
//!
//! Lua forgets the line once a table is built, so the constructor is read a second time, as text.

use std::collections::HashMap;

use crate::tokens::{Token, What, tokens};

/// The line of each setting, by its path: `["sip", "trunks", "carrier"]`.
#[derive(Debug, Default)]
pub(crate) struct Lines(HashMap<Vec<String>, u32>);

impl Lines {
    /// Reads a source that ends in `return { ... }`. What is computed and not written out has no
    /// line of its own.
    pub(crate) fn of(source: &str) -> Self {
        let tokens = tokens(source);
        let mut lines = Self::default();
        let start = tokens.windows(2).position(|pair| {
            pair[0].what == What::Word("return".into()) && pair[1].what == What::Symbol('{')
        });
        if let Some(start) = start {
            lines.0.insert(Vec::new(), tokens[start + 1].line);
            let mut reader = Reader {
                tokens: &tokens,
                at: start + 2,
                lines: &mut lines,
            };
            reader.table(&mut Vec::new());
        }
        lines
    }

    /// The line of a setting, or else of the nearest table around it.
    pub(crate) fn line(&self, path: &[String]) -> Option<u32> {
        (0..=path.len())
            .rev()
            .find_map(|length| self.0.get(&path[..length]).copied())
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    lines: &'a mut Lines,
}

impl Reader<'_> {
    fn what(&self, ahead: usize) -> Option<&What> {
        self.tokens.get(self.at + ahead).map(|token| &token.what)
    }

    /// Reads what follows a `{`, up to and including its `}`.
    fn table(&mut self, path: &mut Vec<String>) {
        let mut position = 0;
        while let Some(token) = self.tokens.get(self.at) {
            match &token.what {
                What::Symbol('}') => {
                    self.at += 1;
                    return;
                }
                What::Symbol(',' | ';') => self.at += 1,
                _ => {
                    let line = token.line;
                    let key = self.key().unwrap_or_else(|| {
                        position += 1;
                        position.to_string()
                    });
                    path.push(key);
                    self.lines.0.insert(path.clone(), line);
                    self.value(path);
                    path.pop();
                }
            }
        }
    }

    /// Reads `name =` or `["name"] =`; a list's item has neither.
    fn key(&mut self) -> Option<String> {
        match (self.what(0)?, self.what(1), self.what(2), self.what(3)) {
            (What::Word(name), Some(What::Symbol('=')), next, _)
                if next != Some(&What::Symbol('=')) =>
            {
                let name = name.clone();
                self.at += 2;
                Some(name)
            }
            (
                What::Symbol('['),
                Some(What::Word(name) | What::Text(name)),
                Some(What::Symbol(']')),
                Some(What::Symbol('=')),
            ) => {
                let name = name.clone();
                self.at += 4;
                Some(name)
            }
            _ => None,
        }
    }

    /// Reads up to the `,` or `}` that ends the value.
    fn value(&mut self, path: &mut Vec<String>) {
        if self.what(0) == Some(&What::Symbol('{')) && path.len() < DEEPEST {
            self.at += 1;
            self.table(path);
        }
        let mut depth = 0u32;
        while let Some(what) = self.what(0) {
            match what {
                What::Symbol('(' | '[' | '{') => depth += 1,
                What::Symbol(',' | ';' | '}') if depth == 0 => return,
                What::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }
}

const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn line(source: &str, path: &[&str]) -> Option<u32> {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        Lines::of(source).line(&path)
    }

    #[test]
    fn settings_are_found_by_path_whatever_their_key_looks_like() {
        let source = "-- a } comment\nreturn {\n  sip = {\n    [\"a b\"] = secret \"x, y\",\n    \
                      listen = {\n      'udp:1',\n      'tcp:2', },\n  },\n  last = 1,\n}\n";

        assert_eq!(line(source, &["sip"]), Some(3));
        assert_eq!(line(source, &["sip", "a b"]), Some(4));
        assert_eq!(line(source, &["sip", "listen", "2"]), Some(7));
        assert_eq!(line(source, &["last"]), Some(9));
    }

    #[test]
    fn an_unknown_path_has_the_line_of_the_table_around_it() {
        let source = "return {\n  sip = {\n    a = 1,\n  },\n}";

        assert_eq!(line(source, &["sip", "computed", "deep"]), Some(2));
        assert_eq!(line(source, &["nothing"]), Some(1));
        assert_eq!(line("local t = {} return t", &["nothing"]), None);
    }

    #[test]
    fn long_strings_and_comments_are_passed_over() {
        let source = "--[==[ return { ]==]\nreturn {\n  text = [[\n  a = 1, }\n]],\n  b = 2,\n}";

        assert_eq!(line(source, &["b"]), Some(6));
        assert_eq!(line(source, &["a"]), Some(2));
    }

    #[test]
    fn no_text_makes_it_panic() {
        for source in [
            "",
            "return {",
            "return { [",
            "return {'",
            "return { a = '\\",
            "[==",
            "é[é{",
        ] {
            Lines::of(source);
        }
    }
}
