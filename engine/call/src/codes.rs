//! Codes that a user types within a call: which keys they are, and which keys are none.
//!
//! They have a name space of their own: `*2` within a call has nothing to do with `*2` dialled. A
//! code of keys alone counts as soon as it is complete, one with a number at `#` or when nothing more
//! comes.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A table of codes, checked: no code is the beginning of another.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(
    try_from = "BTreeMap<String, String>",
    into = "BTreeMap<String, String>"
)]
pub struct Codes(Vec<Code>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Code {
    keys: String,
    takes_number: bool,
    word: String,
}

/// What is wrong with a table, and what to write instead.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CodesError {
    /// Keys of the other party's must not be taken for codes.
    #[error("code '{0}' must begin with * or #: other keys belong to whom one talks with")]
    Start(String),
    /// Something that no phone can type.
    #[error(
        "code '{0}' is no code: write keys, with <number># behind them where a number is to follow, \
         as in \"*2<number>#\""
    )]
    Malformed(String),
    /// Nobody could ever type the longer one.
    #[error("code '{shorter}' is the beginning of '{longer}', which nobody could type then")]
    Conflict {
        /// The one that would always count.
        shorter: String,
        /// The one that never would.
        longer: String,
    },
}

impl Codes {
    /// Makes a table of patterns (`*4`, `*2<number>#`) and the words that they stand for.
    ///
    /// # Errors
    /// For a pattern that is no code, and for two of which one is the beginning of the other.
    pub fn new<'a>(
        table: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, CodesError> {
        let mut codes = Vec::new();
        for (pattern, word) in table {
            codes.push(Code::read(pattern, word)?);
        }
        codes.sort_by(|one, other| one.keys.cmp(&other.keys));
        // Sorted, a beginning stands right before what it begins.
        for pair in codes.windows(2) {
            if let [one, other] = pair
                && other.keys.starts_with(&one.keys)
            {
                return Err(CodesError::Conflict {
                    shorter: one.pattern(),
                    longer: other.pattern(),
                });
            }
        }
        Ok(Self(codes))
    }

    /// The table that other exchanges have in much the same way, so that nobody has to learn it anew.
    pub fn usual() -> Self {
        let table = [
            ("*1", "record"),
            ("*2<number>#", "consult"),
            ("*3", "cancel_consult"),
            ("*4", "complete"),
            ("*5", "conference"),
            ("*6", "swap"),
            ("*7", "mask"),
            ("*8", "tag"),
            ("*9", "survey"),
            ("##<number>#", "transfer"),
        ];
        Self::new(table).unwrap_or_default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The patterns and their words.
    pub fn iter(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().map(|code| (code.pattern(), &*code.word))
    }

    /// Whether a code may begin with this key.
    fn begins_with(&self, key: char) -> bool {
        self.0.iter().any(|code| code.keys.starts_with(key))
    }

    fn find(&self, typed: &str) -> Found<'_> {
        let mut codes = self.0.iter();
        if let Some(code) = codes.find(|code| typed.starts_with(&*code.keys)) {
            let rest = typed.get(code.keys.len()..).unwrap_or_default();
            return match code.takes_number {
                false => Found::Code(code, None),
                // In a number `#` is the end, and `*` a key like others.
                true => match rest.strip_suffix('#') {
                    Some(number) => Found::Code(code, Some(number.to_owned())),
                    None => Found::Number(code, rest.to_owned()),
                },
            };
        }
        match self.0.iter().any(|code| code.keys.starts_with(typed)) {
            true => Found::Beginning,
            false => Found::Nothing,
        }
    }
}

enum Found<'a> {
    Code(&'a Code, Option<String>),
    /// The number is not complete.
    Number(&'a Code, String),
    Beginning,
    Nothing,
}

impl Code {
    fn read(pattern: &str, word: &str) -> Result<Self, CodesError> {
        let malformed = || CodesError::Malformed(pattern.to_owned());
        let (keys, takes_number) = match pattern.split_once("<number>") {
            None => (pattern, false),
            Some((keys, "#" | "")) => (keys, true),
            Some(_) => return Err(malformed()),
        };
        let is_key = |key: char| "0123456789*#".contains(key);
        if keys.is_empty() || keys.len() > LONGEST_CODE || !keys.chars().all(is_key) {
            return Err(malformed());
        }
        if !keys.starts_with(['*', '#']) {
            return Err(CodesError::Start(pattern.to_owned()));
        }
        Ok(Self {
            keys: keys.to_owned(),
            takes_number,
            word: word.to_owned(),
        })
    }

    fn pattern(&self) -> String {
        match self.takes_number {
            true => format!("{}<number>#", self.keys),
            false => self.keys.clone(),
        }
    }
}

impl TryFrom<BTreeMap<String, String>> for Codes {
    type Error = CodesError;

    fn try_from(table: BTreeMap<String, String>) -> Result<Self, CodesError> {
        Self::new(table.iter().map(|(pattern, word)| (&**pattern, &**word)))
    }
}

impl From<Codes> for BTreeMap<String, String> {
    fn from(codes: Codes) -> Self {
        let codes = codes.iter();
        codes.map(|(code, word)| (code, word.to_owned())).collect()
    }
}

/// The keys of one party, while they may be a code.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    keys: VecDeque<Key>,
    until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    key: char,
    /// It is held back from those who hear this party.
    held: bool,
}

/// What becomes of keys, in the order in which they were typed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Judged {
    /// So many of those held back were a code, and nobody hears them.
    Drop(usize),
    /// So many were none, and are sent on.
    Pass(usize),
    /// This was typed.
    Code {
        word: String,
        number: Option<String>,
    },
}

impl Typed {
    /// When [`time_out`](Self::time_out) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Takes a key. Nothing comes of one that has begun nothing and cannot begin anything; then it
    /// was not taken.
    pub(crate) fn push(
        &mut self,
        now: Instant,
        codes: &Codes,
        key: char,
        held: bool,
    ) -> Option<Vec<Judged>> {
        if self.keys.is_empty() && !held && !codes.begins_with(key) {
            return None;
        }
        self.keys.push_back(Key { key, held });
        Some(self.judge(now, codes))
    }

    /// Nothing more has come.
    pub(crate) fn time_out(&mut self, now: Instant, codes: &Codes) -> Vec<Judged> {
        self.until = None;
        let typed = self.text();
        if let Found::Number(code, number) = codes.find(&typed) {
            return self.complete(code, Some(number));
        }
        let Some(first) = self.shift() else {
            return Vec::new();
        };
        // What follows may be a code of its own.
        let mut judged = vec![first];
        judged.extend(self.judge(now, codes));
        judged
    }

    /// None of it is to be a code: this party is not in a conversation any more.
    pub(crate) fn give_up(&mut self) -> Vec<Judged> {
        self.until = None;
        std::iter::from_fn(|| self.shift()).collect()
    }

    fn judge(&mut self, now: Instant, codes: &Codes) -> Vec<Judged> {
        let mut judged = Vec::new();
        self.until = None;
        while !self.keys.is_empty() {
            let wait = match codes.find(&self.text()) {
                Found::Code(code, number) => {
                    judged.extend(self.complete(code, number));
                    break;
                }
                Found::Number(..) if self.keys.len() < MOST_KEYS => UNTIL_NUMBER_ENDS,
                Found::Beginning => UNTIL_NO_CODE,
                Found::Number(..) | Found::Nothing => {
                    judged.extend(self.shift());
                    continue;
                }
            };
            self.until = Some(now + wait);
            break;
        }
        judged
    }

    fn complete(&mut self, code: &Code, number: Option<String>) -> Vec<Judged> {
        self.until = None;
        let keys = std::mem::take(&mut self.keys);
        let held = keys.iter().filter(|key| key.held).count();
        let code = Judged::Code {
            word: code.word.clone(),
            number,
        };
        match held {
            0 => vec![code],
            held => vec![Judged::Drop(held), code],
        }
    }

    /// The first key is no part of a code.
    fn shift(&mut self) -> Option<Judged> {
        let key = self.keys.pop_front()?;
        Some(Judged::Pass(usize::from(key.held)))
    }

    fn text(&self) -> String {
        self.keys.iter().map(|key| key.key).collect()
    }
}

/// No code is longer; with a number behind it there is room for the longest of numbers.
const LONGEST_CODE: usize = 8;
const MOST_KEYS: usize = 40;
/// Keys that could become a code and do not are somebody else's after so long.
const UNTIL_NO_CODE: Duration = Duration::from_secs(1);
/// A number without `#` is complete when so long nothing more comes.
const UNTIL_NUMBER_ENDS: Duration = Duration::from_secs(3);

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use super::*;

    fn table() -> Codes {
        Codes::new([
            ("*2<number>#", "consult"),
            ("*4", "complete"),
            ("*5", "conference"),
            ("##<number>#", "transfer"),
        ])
        .unwrap()
    }

    struct Phone {
        typed: Typed,
        now: Instant,
        /// What the other party hears: keys, in order, and codes in brackets.
        story: String,
        held: VecDeque<char>,
    }

    impl Phone {
        fn new() -> Self {
            Self {
                typed: Typed::default(),
                now: Instant::now(),
                story: String::new(),
                held: VecDeque::new(),
            }
        }

        /// Types as at a board: what begins with `*` or `#`, and what follows while that is held.
        fn types(&mut self, keys: &str) {
            for key in keys.chars() {
                self.now += Duration::from_millis(200);
                let held = !self.held.is_empty() || "*#".contains(key);
                if held {
                    self.held.push_back(key);
                    let judged = self.typed.push(self.now, &table(), key, true);
                    self.see(judged.unwrap());
                } else {
                    self.story.push(key);
                }
            }
        }

        fn waits(&mut self) {
            while let Some(until) = self.typed.deadline() {
                self.now = until;
                let judged = self.typed.time_out(until, &table());
                self.see(judged);
            }
        }

        fn see(&mut self, judged: Vec<Judged>) {
            for judged in judged {
                match judged {
                    Judged::Drop(count) => drop(self.held.drain(..count)),
                    Judged::Pass(count) => self.story.extend(self.held.drain(..count)),
                    Judged::Code { word, number } => {
                        let number = number.unwrap_or_default();
                        self.story.push_str(&format!("[{word} {number}]"));
                    }
                }
            }
        }
    }

    #[test]
    fn codes_are_taken_out_and_all_other_keys_arrive_once_and_in_order() {
        for (types, want) in [
            ("*4", "[complete ]"),
            ("1*45", "1[complete ]5"),
            ("*21050#7", "[consult 1050]7"),
            ("*21050", "[consult 1050]"),
            ("##*9#", "[transfer *9]"),
            ("##*5900", "[transfer *5900]"),
            ("*9", "*9"),
            ("*", "*"),
            ("#", "#"),
            ("12#", "12#"),
            ("*#", "*#"),
            ("**4", "*[complete ]"),
            ("#*4", "#[complete ]"),
            ("*94*5", "*94[conference ]"),
            ("*4*5", "[complete ][conference ]"),
            ("#1#", "#1#"),
        ] {
            let mut phone = Phone::new();
            phone.types(types);
            phone.waits();
            assert_eq!(phone.story, want, "{types}");
            assert!(phone.held.is_empty(), "{types}");
        }
    }

    #[test]
    fn a_key_waits_a_second_and_a_number_three() {
        let mut typed = Typed::default();
        let now = Instant::now();
        typed.push(now, &table(), '*', true);
        assert_eq!(typed.deadline(), Some(now + Duration::from_secs(1)));
        typed.push(now, &table(), '2', true);
        assert_eq!(typed.deadline(), Some(now + Duration::from_secs(3)));
    }

    #[test]
    fn keys_that_are_not_held_back_are_a_code_too_and_nothing_is_dropped() {
        let mut typed = Typed::default();
        let now = Instant::now();
        assert_eq!(typed.push(now, &table(), '7', false), None);
        typed.push(now, &table(), '*', false);
        let judged = typed.push(now, &table(), '4', false).unwrap();
        let code = Judged::Code {
            word: "complete".to_owned(),
            number: None,
        };
        assert_eq!(judged, [code]);
    }

    #[test]
    fn a_number_without_end_is_no_number() {
        let mut phone = Phone::new();
        let keys = format!("*2{}", "1".repeat(60));
        phone.types(&keys);
        phone.waits();
        assert_eq!(phone.story, keys);
    }

    #[test]
    fn a_table_in_which_a_code_begins_another_is_refused_with_both_named() {
        let error = Codes::new([("*5", "conference"), ("*59", "park")]).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("'*5'") && said.contains("'*59'"), "{said}");
        let same = Codes::new([("*5", "conference"), ("*5<number>#", "park")]);
        assert!(matches!(same, Err(CodesError::Conflict { .. })));
        for (pattern, sentence) in [
            ("5", "must begin with"),
            ("", "is no code"),
            ("*x", "is no code"),
            ("*2<number>1", "is no code"),
            ("*123456789", "is no code"),
        ] {
            let said = Codes::new([(pattern, "x")]).unwrap_err().to_string();
            assert!(said.contains(sentence), "{said}");
        }
    }

    #[test]
    fn the_usual_table_has_ten_codes_and_each_is_a_command() {
        let codes = Codes::usual();
        assert_eq!(codes.iter().count(), 10);
        for (code, word) in codes.iter() {
            let number = code.contains("<number>").then(|| "1050".to_owned());
            let deed = crate::desk::Deed::typed(word, number);
            assert_eq!(deed.map(|deed| deed.word()), Some(word), "{code}");
        }
    }

    #[test]
    fn a_table_is_written_down_and_read_again() {
        let written = serde_json::to_string(&table()).unwrap();
        let read: Codes = serde_json::from_str(&written).unwrap();
        assert_eq!(read, table());
    }
}
