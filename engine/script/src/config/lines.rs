//! Where in a Lua file each setting of its returned table was written.
//!
//! Lua forgets the line once a table is built, so the constructor is read a second time, as text.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::tokens::{Token, What, tokens};

/// The line of each setting, by its path: `["sip", "trunks", "carrier"]`.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: HashMap<Vec<String>, u32>,
    twice: Vec<Twice>,
}

/// A setting that is written a second time in one table. Lua takes the last and says nothing.
#[derive(Debug, PartialEq)]
pub(crate) struct Twice {
    /// Which.
    pub(crate) path: Vec<String>,
    /// Where it is written first.
    pub(crate) first: u32,
    /// Where it is written again.
    pub(crate) line: u32,
}

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
            lines.lines.insert(Vec::new(), tokens[start + 1].line);
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
            .find_map(|length| self.lines.get(&path[..length]).copied())
    }

    /// The settings that are written out twice, in the order of the text.
    pub(crate) fn written_twice(&self) -> &[Twice] {
        &self.twice
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
        let mut written = HashMap::new();
        while let Some(token) = self.tokens.get(self.at) {
            match &token.what {
                What::Symbol('}') => {
                    self.at += 1;
                    return;
                }
                What::Symbol(',' | ';') => self.at += 1,
                _ => {
                    let line = token.line;
                    let key = self.key();
                    let literal = matches!(key, Some(Key::Written(_)));
                    path.push(match key {
                        Some(Key::Written(name) | Key::Computed(name)) => name,
                        None => {
                            position += 1;
                            position.to_string()
                        }
                    });
                    if literal {
                        self.note_twice(&mut written, path, line);
                    }
                    self.lines.lines.insert(path.clone(), line);
                    self.value(path);
                    path.pop();
                }
            }
        }
    }

    fn note_twice(&mut self, written: &mut HashMap<String, u32>, path: &[String], line: u32) {
        let Some(name) = path.last() else {
            return;
        };
        match written.entry(name.clone()) {
            Entry::Occupied(first) => self.lines.twice.push(Twice {
                path: path.to_owned(),
                first: *first.get(),
                line,
            }),
            Entry::Vacant(new) => {
                new.insert(line);
            }
        }
    }

    /// Reads `name =` or `["name"] =`; a list's item has neither.
    fn key(&mut self) -> Option<Key> {
        match (self.what(0)?, self.what(1), self.what(2), self.what(3)) {
            (What::Word(name), Some(What::Symbol('=')), next, _)
                if next != Some(&What::Symbol('=')) =>
            {
                let name = name.clone();
                self.at += 2;
                Some(Key::Written(name))
            }
            (
                What::Symbol('['),
                Some(key @ (What::Word(name) | What::Text(name))),
                Some(What::Symbol(']')),
                Some(What::Symbol('=')),
            ) => {
                // A variable's name says nothing of its value, and a long string's text is not kept.
                let computed = match key {
                    What::Word(_) => !name.starts_with(|c: char| c.is_ascii_digit()),
                    _ => name.is_empty(),
                };
                let name = name.clone();
                self.at += 4;
                Some(if computed {
                    Key::Computed(name)
                } else {
                    Key::Written(name)
                })
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

/// A setting's name in its table.
enum Key {
    /// `name =`, `["name"] =`, `[1049] =`.
    Written(String),
    /// `[name] =`.
    Computed(String),
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
    fn what_is_written_twice_in_one_table_is_found_whatever_its_key_looks_like() {
        let source = "return {\n  a = { b = 1 },\n  users = {\n    ['10'] = {},\n    [11] = {},\n    [\"10\"] = {},\n    \
                      [11] = {},\n  },\n  a = { b = 2 },\n}";

        let lines = Lines::of(source);
        let twice: Vec<_> = lines
            .written_twice()
            .iter()
            .map(|twice| (twice.path.join("."), twice.first, twice.line))
            .collect();

        assert_eq!(
            twice,
            [
                ("users.10".to_owned(), 4, 6),
                ("users.11".to_owned(), 5, 7),
                ("a".to_owned(), 2, 9),
            ]
        );
    }

    #[test]
    fn a_name_in_two_tables_a_variable_and_an_item_are_not_written_twice() {
        for source in [
            "return { a = { x = 1 }, b = { x = 1 } }",
            "return { { x = 1 }, { x = 1 } }",
            "local a = 'b' return { a = 1, [a] = 2, [a .. 'c'] = 3 }",
            "return { [ [[p]] ] = 1, [ [[q]] ] = 2 }",
            "return { 'x', ['1'] = 'y' }",
            "return { a = b == c, b = c == d }",
        ] {
            assert_eq!(Lines::of(source).written_twice(), [], "{source}");
        }
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
