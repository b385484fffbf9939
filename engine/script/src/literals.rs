//! Names that stand in a dialplan's text as they are, so that a mistyped one is told when the
//! file loads and not when a caller comes to it. What is computed is left to the call.

mod helpers;
mod members;
mod options;

use crate::tokens::{Token, What, tokens};

pub(crate) use helpers::called;
pub(crate) use members::Members;
pub(crate) use options::unknown_options;

/// A name that is written out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Literal {
    /// From 1.
    pub(crate) line: u32,
    /// What it names.
    pub(crate) name: Named,
}

/// What is named.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Named {
    /// `call:play("menu/main")`, `{ play = "menu/main" }`.
    Sound(String),
    /// `call:music("piano")`.
    Music(String),
    /// `call:transfer("1001", { context = "internal" })`.
    Context(String),
    /// `call:bridge("trunk:carrier/" .. number)`.
    Trunk(String),
    /// `call:queue("support")`.
    Queue(String),
    /// `"user:1049"`, wherever it stands.
    User(String),
    /// `call:voicemail("8000")`.
    Mailbox(String),
    /// `require "scripts.8001.hours"`.
    Module(String),
    /// `call.language = "en"`.
    Language(String),
}

/// Finds the names in a source.
pub(crate) fn of(source: &str) -> Vec<Literal> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        match (what(&tokens, at), what(&tokens, at + 1)) {
            (Some(What::Symbol(':')), Some(What::Word(method))) => {
                let open = what(&tokens, at + 2) == Some(&What::Symbol('('));
                let first = at + 2 + usize::from(open);
                match method.as_str() {
                    "play" => texts(&tokens, first, |line, name, whole| {
                        found.extend(sound(line, name, whole));
                    }),
                    "music" => texts(&tokens, first, |line, name, whole| {
                        found.extend(plain(name, whole).map(Named::Music).map(on(line)));
                    }),
                    "queue" => texts(&tokens, first, |line, name, whole| {
                        found.extend(plain(name, whole).map(Named::Queue).map(on(line)));
                    }),
                    "bridge" => texts(&tokens, first, |line, target, _| {
                        let trunk = target
                            .strip_prefix("trunk:")
                            .and_then(|rest| rest.split_once('/'));
                        found.extend(
                            trunk
                                .map(|(trunk, _)| Named::Trunk(trunk.into()))
                                .map(on(line)),
                        );
                    }),
                    "voicemail" | "voicemail_menu" | "ask_pin" => {
                        one(&tokens, first, |line, name| {
                            found.extend(plain(name, true).map(Named::Mailbox).map(on(line)));
                        });
                    }
                    "transfer" if open => found.extend(context(&tokens, first)),
                    _ => {}
                }
            }
            (Some(What::Word(word)), _) if word == "require" => {
                let open = what(&tokens, at + 1) == Some(&What::Symbol('('));
                one(&tokens, at + 1 + usize::from(open), |line, name| {
                    found.extend(plain(name, true).map(Named::Module).map(on(line)));
                });
            }
            (Some(What::Word(word)), Some(What::Symbol('=')))
                if word == "language"
                    && at > 0
                    && what(&tokens, at - 1) == Some(&What::Symbol('.')) =>
            {
                one(&tokens, at + 2, |line, name| {
                    found.extend(plain(name, true).map(Named::Language).map(on(line)));
                });
            }
            (Some(What::Text(_)), _) => one(&tokens, at, |line, text| {
                let user = text.strip_prefix("user:").filter(|user| is_extension(user));
                found.extend(user.map(|user| Named::User(user.into())).map(on(line)));
            }),
            (Some(What::Word(option)), Some(What::Symbol('=')))
                if OPTIONS.contains(&option.as_str()) =>
            {
                // Other tables have such fields, too; a path is a sound's.
                texts(&tokens, at + 2, |line, name, whole| {
                    found.extend(sound(line, name, whole).filter(|_| name.contains('/')));
                });
            }
            _ => {}
        }
    }
    found
}

fn what(tokens: &[Token], at: usize) -> Option<&What> {
    tokens.get(at).map(|token| &token.what)
}

/// Tells the text at a place, or the texts of the list that begins there; and whether each stands
/// alone, and is not the beginning of something longer.
fn texts(tokens: &[Token], first: usize, mut tell: impl FnMut(u32, &str, bool)) {
    let mut tell_one = |at: usize| {
        if let Some(Token {
            line,
            what: What::Text(text),
        }) = tokens.get(at)
        {
            tell(
                *line,
                text,
                what(tokens, at + 1) != Some(&What::Symbol('.')),
            );
        }
    };
    if what(tokens, first) != Some(&What::Symbol('{')) {
        return tell_one(first);
    }
    let mut depth = 1u32;
    let mut at = first + 1;
    let mut item = true;
    while let Some(token) = what(tokens, at)
        && depth > 0
    {
        match token {
            What::Symbol('{' | '(' | '[') => depth += 1,
            What::Symbol('}' | ')' | ']') => depth -= 1,
            What::Text(_) if item && depth == 1 => tell_one(at),
            _ => {}
        }
        item = matches!(token, What::Symbol(',' | ';'));
        at += 1;
    }
}

/// Tells the text at a place, if it stands alone.
fn one(tokens: &[Token], at: usize, mut tell: impl FnMut(u32, &str)) {
    let is_text = matches!(what(tokens, at), Some(What::Text(_)));
    // What goes on behind it, or is put together with it, is no name yet.
    let stands_alone = !matches!(what(tokens, at + 1), Some(What::Symbol('.' | ':')));
    let follows = at > 0 && matches!(what(tokens, at - 1), Some(What::Symbol('.')));
    if is_text && stands_alone && !follows {
        texts(tokens, at, |line, text, _| tell(line, text));
    }
}

fn is_extension(user: &str) -> bool {
    !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The `context = "..."` of the arguments that begin at a place.
fn context(tokens: &[Token], first: usize) -> Option<Literal> {
    let mut depth = 1u32;
    for at in first..tokens.len() {
        match what(tokens, at)? {
            What::Symbol('(') => depth += 1,
            What::Symbol(')') => depth -= 1,
            What::Word(option) if option == "context" => {
                let mut found = None;
                if what(tokens, at + 1) == Some(&What::Symbol('=')) {
                    texts(tokens, at + 2, |line, name, whole| {
                        found = plain(name, whole).map(Named::Context).map(on(line));
                    });
                }
                return found;
            }
            _ => {}
        }
        if depth == 0 {
            return None;
        }
    }
    None
}

/// `tone:beep` and the like are no files.
fn sound(line: u32, name: &str, whole: bool) -> Option<Literal> {
    plain(name, whole)
        .filter(|name| !name.contains(':'))
        .map(Named::Sound)
        .map(on(line))
}

fn plain(name: &str, whole: bool) -> Option<String> {
    (whole && !name.is_empty() && !name.contains('\\')).then(|| name.to_owned())
}

fn on(line: u32) -> impl Fn(Named) -> Literal {
    move |name| Literal { line, name }
}

/// Options that take a sound.
const OPTIONS: &[&str] = &["play", "invalid", "silence", "greeting", "ringback"];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<Named> {
        of(source).into_iter().map(|literal| literal.name).collect()
    }

    fn sounds(source: &str) -> Vec<String> {
        let sounds = names(source).into_iter().filter_map(|name| match name {
            Named::Sound(name) => Some(name),
            _ => None,
        });
        sounds.collect()
    }

    #[test]
    fn sounds_are_found_in_methods_options_and_lists() {
        let source = "return function(call)
          call:play(\"a/b\")
          call:play 'plain'
          call:play({ \"vm/one\", { number = 3 }, \"vm/two\" }, { interrupt_on = \"12\" })
          call:gather { play = { \"x/1\", \"x/2\" }, max_digits = 1 }
          call:menu { play = \"m/q\", invalid = \"m/i\", silence = \"m/s\", keys = {} }
          call:voicemail(\"8000\", { greeting = \"busy\", silence = \"5s\" })
        end";

        let expected = [
            "a/b", "plain", "vm/one", "vm/two", "x/1", "x/2", "m/q", "m/i", "m/s",
        ];
        assert_eq!(sounds(source), expected);
        assert_eq!(of(source)[0].line, 2);
    }

    #[test]
    fn what_is_computed_or_made_is_left_alone() {
        for source in [
            "call:play(\"outbound/\" .. why)",
            "call:play(name)",
            "call:play((\"day/%d\"):format(3))",
            "call:play(\"tone:beep\")",
            "call:gather { play = \"a/\" .. b }",
            "call:play { number = 3 }",
            "local t = { play = \"chess\" }",
            "if play == \"a/b\" then end",
            "-- call:play(\"a/b\")",
            "call:play(\"\\x41/b\")",
            "call:play(",
            "call:play {",
        ] {
            assert_eq!(names(source), [], "{source}");
        }
    }

    #[test]
    fn users_mailboxes_modules_and_languages_are_found() {
        assert_eq!(
            names(
                "ring(call, { \"user:1049\", \"user:\" .. x, \"user:%d\" }) local one = 'user:7'"
            ),
            [Named::User("1049".into()), Named::User("7".into())]
        );
        assert_eq!(
            names(
                "call:voicemail(\"8000\", { beep = false }) call:voicemail_menu(call.to) call:voicemail(\"8\" .. x)"
            ),
            [Named::Mailbox("8000".into())]
        );
        assert_eq!(
            names(
                "local a = require \"scripts.a\" require(\"scripts.\" .. b) require(('x'):rep(2))"
            ),
            [Named::Module("scripts.a".into())]
        );
        assert_eq!(
            names("call.language = \"en\" local t = { language = \"zh\" }"),
            [Named::Language("en".into())]
        );
    }

    #[test]
    fn contexts_trunks_and_music_are_found() {
        assert_eq!(
            names("call:transfer(\"200\", { context = \"internal\" })"),
            [Named::Context("internal".into())]
        );
        assert_eq!(names("call:transfer(to) local t = { context = \"x\" }"), []);
        assert_eq!(
            names("call:bridge({ \"user:1\", \"trunk:carrier/\" .. n })"),
            [Named::Trunk("carrier".into()), Named::User("1".into())]
        );
        assert_eq!(
            names("call:music(\"piano\")"),
            [Named::Music("piano".into())]
        );
    }
}
