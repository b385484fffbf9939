//! Who counts as present, as one expression: `reachable and not paused`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::nearest::nearest;

/// Whether an agent counts, by what is known of them.
///
/// Facts are joined by `and`, `or`, `not` and parentheses; `not` binds first, then `and`. `always`
/// and `never` are expressions too. A queue is empty when no member counts.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Presence {
    /// Does not depend on agents.
    Always,
    /// No agent ever counts.
    Never,
    /// One fact.
    Is(Fact),
    /// The opposite.
    Not(Box<Self>),
    /// All of these.
    All(Vec<Self>),
    /// One of these at least.
    Any(Vec<Self>),
}

macro_rules! facts {
    ($( $(#[$doc:meta])* $variant:ident $word:literal ),+ $(,)?) => {
        /// Something that is so of an agent, or not.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Fact { $( $(#[$doc])* $variant ),+ }

        impl Fact {
            /// All facts.
            pub const ALL: &[Self] = &[$( Self::$variant ),+];

            /// The word in an expression.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }
        }
    };
}

facts! {
    /// 未登录.
    LoggedOut "logged_out",
    /// 置忙, whatever the reason.
    Paused "paused",
    /// 置闲.
    Idle "idle",
    /// 准备接听.
    Offered "offered",
    /// In a conversation, or calling somebody: 通话中, 保持中, 咨询中, 呼叫对方 …
    Talking "talking",
    /// 事后.
    WrapUp "wrap_up",
    /// A phone is registered and answers.
    Reachable "reachable",
    /// Not offered calls for a while after an offer that failed.
    Delayed "delayed",
    /// Could be offered a call now.
    Free "free",
}

/// The facts of one agent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Facts(u16);

impl Facts {
    pub(super) fn note(&mut self, fact: Fact, is_so: bool) {
        self.0 |= u16::from(is_so) << fact as u16;
    }

    fn has(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u16) != 0
    }
}

/// What is wrong with an expression, and what to write instead.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PresenceError {
    /// A word that is no fact.
    #[error("no fact '{word}'{}; there are {}", did_you_mean(.suggestion.as_deref()), words())]
    UnknownFact {
        /// The word.
        word: String,
        /// What was likely meant.
        suggestion: Option<String>,
    },
    /// A fact, `not` or `(` should follow.
    #[error("'{0}' ends too early: a fact such as 'reachable' is wanted")]
    Unfinished(String),
    /// Two facts stand side by side, or a parenthesis is left.
    #[error("'and' or 'or' is wanted before '{0}'")]
    Leftover(String),
    /// Longer or deeper than anybody can read.
    #[error("an expression has at most {MOST_WORDS} words")]
    TooLong,
}

impl Presence {
    /// Reads an expression.
    ///
    /// # Errors
    /// With a sentence that names the word and what to write there.
    pub fn read(text: &str) -> Result<Self, PresenceError> {
        let words = words_of(text)?;
        let mut reader = Reader {
            text,
            words: &words,
        };
        let read = reader.any()?;
        match reader.words.first() {
            None => Ok(read),
            Some(word) => Err(PresenceError::Leftover((*word).to_owned())),
        }
    }

    pub(super) fn holds(&self, facts: Facts) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Is(fact) => facts.has(*fact),
            Self::Not(inner) => !inner.holds(facts),
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
        }
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    Self::All(_) | Self::Any(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::Always => f.write_str("always"),
            Self::Never => f.write_str("never"),
            Self::Is(fact) => f.write_str(fact.word()),
            Self::Not(inner) => match **inner {
                Self::All(_) | Self::Any(_) => write!(f, "not ({inner})"),
                _ => write!(f, "not {inner}"),
            },
            Self::All(parts) => joined(f, parts, "and"),
            Self::Any(parts) => joined(f, parts, "or"),
        }
    }
}

impl TryFrom<String> for Presence {
    type Error = PresenceError;

    fn try_from(text: String) -> Result<Self, PresenceError> {
        Self::read(&text)
    }
}

impl From<Presence> for String {
    fn from(presence: Presence) -> Self {
        presence.to_string()
    }
}

struct Reader<'t> {
    text: &'t str,
    words: &'t [&'t str],
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Presence, PresenceError> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Presence::Any))
    }

    fn all(&mut self) -> Result<Presence, PresenceError> {
        let mut parts = vec![self.one()?];
        while self.takes("and") {
            parts.push(self.one()?);
        }
        Ok(one_or(parts, Presence::All))
    }

    fn one(&mut self) -> Result<Presence, PresenceError> {
        if self.takes("not") {
            return Ok(Presence::Not(Box::new(self.one()?)));
        }
        if self.takes("(") {
            let inner = self.any()?;
            if !self.takes(")") {
                return Err(self.unfinished());
            }
            return Ok(inner);
        }
        let Some((word, rest)) = self.words.split_first() else {
            return Err(self.unfinished());
        };
        self.words = rest;
        match *word {
            "always" => Ok(Presence::Always),
            "never" => Ok(Presence::Never),
            word => Fact::ALL
                .iter()
                .find(|fact| fact.word() == word)
                .map(|fact| Presence::Is(*fact))
                .ok_or_else(|| PresenceError::UnknownFact {
                    word: word.to_owned(),
                    suggestion: nearest(word, Fact::ALL.iter().map(|fact| fact.word()))
                        .map(str::to_owned),
                }),
        }
    }

    fn takes(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if *first == word => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    fn unfinished(&self) -> PresenceError {
        PresenceError::Unfinished(self.text.to_owned())
    }
}

fn one_or(mut parts: Vec<Presence>, many: fn(Vec<Presence>) -> Presence) -> Presence {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

/// Words and parentheses. Their number bounds how deep an expression nests.
fn words_of(text: &str) -> Result<Vec<&str>, PresenceError> {
    let mut words = Vec::new();
    for part in text.split_whitespace() {
        let mut rest = part;
        while let Some(at) = rest.find(['(', ')']) {
            if at > 0 {
                words.push(&rest[..at]);
            }
            words.push(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            words.push(rest);
        }
        if words.len() > MOST_WORDS {
            return Err(PresenceError::TooLong);
        }
    }
    Ok(words)
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!(" (did you mean '{word}'?)"))
}

fn words() -> String {
    let all: Vec<&str> = Fact::ALL.iter().map(|fact| fact.word()).collect();
    all.join(", ")
}

const MOST_WORDS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(so: &[Fact]) -> Facts {
        let mut facts = Facts::default();
        for fact in so {
            facts.note(*fact, true);
        }
        facts
    }

    #[test]
    fn an_expression_says_who_counts() {
        let read = |text| Presence::read(text).unwrap();
        let on_break = facts(&[Fact::Paused, Fact::Reachable]);
        let talking = facts(&[Fact::Talking, Fact::Reachable]);

        let strict = read("reachable and not (paused or logged_out)");
        assert!(!strict.holds(on_break));
        assert!(strict.holds(talking));
        assert!(read("idle or talking and reachable").holds(talking));
        assert!(!read("not talking").holds(talking));
        assert!(read("always").holds(facts(&[])) && !read("never").holds(talking));
    }

    #[test]
    fn an_expression_is_written_back_as_it_was_read() {
        for text in [
            "always",
            "not logged_out",
            "reachable and not (paused or logged_out)",
            "(idle and reachable) or talking",
        ] {
            let read = Presence::read(text).unwrap();
            assert_eq!(read.to_string(), text);
            let stored = serde_json::to_string(&read).unwrap();
            assert_eq!(serde_json::from_str::<Presence>(&stored).unwrap(), read);
        }
    }

    #[test]
    fn a_wrong_expression_says_what_to_write() {
        let wrong = |text: &str| Presence::read(text).unwrap_err().to_string();

        assert!(wrong("reachabel").contains("did you mean 'reachable'?"));
        assert!(wrong("idle talking").contains("before 'talking'"));
        assert!(wrong("idle and").contains("ends too early"));
        assert!(wrong("(idle").contains("ends too early"));
        assert!(wrong("").contains("ends too early"));
        assert!(wrong(&"(".repeat(100_000)).contains("at most"));
    }
}
