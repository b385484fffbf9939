//! One pattern of a dialplan, in the language that telephone people know from Asterisk.

use std::fmt;

/// A number, or with `_` in front a pattern of numbers.
///
/// `X` is 0-9, `Z` 1-9, `N` 2-9, `[15-7]` one of those; a last `.` stands for one or more
/// characters, a last `!` for any number of them, none included. In a pattern `-` outside of
/// brackets is for the eye only. Everything else, `+`, `*` and `#` too, stands for itself.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Pattern {
    text: String,
    shape: Shape,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PatternError {
    /// Nothing to match.
    #[error("'{0}' matches no number; write a number such as '1049' or a pattern such as '_2XX'")]
    Empty(String),
    /// Longer than any number.
    #[error("a pattern may have 128 characters, this one has {0}")]
    TooLong(usize),
    /// `[` without `]`.
    #[error("'{0}': the '[' is not closed; write a set as '[1-5]'")]
    OpenSet(String),
    /// `[]`.
    #[error("'{0}': '[]' allows no character; write a set as '[1-5]'")]
    EmptySet(String),
    /// `[5-1]`.
    #[error("'{pattern}': the range '{from}-{to}' runs backwards; write '{to}-{from}'")]
    BackwardRange {
        /// Where.
        pattern: String,
        /// Its first character.
        from: char,
        /// Its last.
        to: char,
    },
    /// Not an ASCII character in a set.
    #[error("'{0}': a set may only hold digits, letters and signs")]
    StrangeSet(String),
    /// `.` or `!` before the end.
    #[error("'{pattern}': '{sign}' matches the whole rest and must be the last character")]
    NotLast {
        /// Where.
        pattern: String,
        /// `.` or `!`.
        sign: char,
    },
    /// Looks like a pattern, and is none.
    #[error("'{0}' would only match that very text; write '_{0}' to make it a pattern")]
    NoUnderscore(String),
}

impl Pattern {
    /// The longest pattern, in bytes.
    pub const LONGEST: usize = 128;

    /// Reads a pattern.
    ///
    /// # Errors
    /// With a sentence that says what to write instead.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > Self::LONGEST {
            return Err(PatternError::TooLong(text.len()));
        }
        let shape = match text.strip_prefix('_') {
            Some(body) => Shape::parse(text, body)?,
            None => plain(text)?,
        };
        Ok(Self {
            text: text.to_owned(),
            shape,
        })
    }

    /// Whether a number matches.
    pub fn matches(&self, number: &str) -> bool {
        let (steps, tail) = match &self.shape {
            Shape::Number(literal) => return literal == number,
            Shape::Steps(steps, tail) => (steps, tail),
        };
        let bytes = number.as_bytes();
        let Some(rest) = bytes.len().checked_sub(steps.len()) else {
            return false;
        };
        let fits = match tail {
            Tail::None => rest == 0,
            Tail::Some => rest > 0,
            Tail::Any => true,
        };
        fits && steps
            .iter()
            .zip(bytes)
            .all(|(step, &byte)| step.allows(byte))
    }

    /// Whether some number matches both.
    pub fn meets(&self, other: &Self) -> bool {
        match (&self.shape, &other.shape) {
            (Shape::Number(number), _) => other.matches(number),
            (_, Shape::Number(number)) => self.matches(number),
            (Shape::Steps(one, tail), Shape::Steps(two, other_tail)) => {
                // The shortest number that may match both.
                let shortest =
                    |steps: &[Step], tail: &Tail| steps.len() + usize::from(*tail == Tail::Some);
                let length = shortest(one, tail).max(shortest(two, other_tail));
                let fits =
                    |steps: &[Step], tail: &Tail| *tail != Tail::None || steps.len() == length;
                fits(one, tail)
                    && fits(two, other_tail)
                    && one.iter().zip(two).all(|(a, b)| a.meets(b))
            }
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The only number that it matches, if it is not a pattern at all.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.shape {
            Shape::Number(number) => Some(number),
            Shape::Steps(..) => None,
        }
    }

    pub(super) fn steps(&self) -> &[Step] {
        match &self.shape {
            Shape::Number(_) => &[],
            Shape::Steps(steps, _) => steps,
        }
    }

    pub(super) fn tail(&self) -> Tail {
        match self.shape {
            Shape::Number(_) => Tail::None,
            Shape::Steps(_, tail) => tail,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Shape {
    /// No wildcard at all.
    Number(String),
    /// One step a character, then the rest.
    Steps(Vec<Step>, Tail),
}

impl Shape {
    fn parse(text: &str, body: &str) -> Result<Self, PatternError> {
        let mut steps = Vec::new();
        let mut tail = Tail::None;
        let mut rest = body;
        while let Some(sign) = rest.chars().next() {
            let (head, after) = rest.split_at(sign.len_utf8());
            rest = after;
            match sign {
                'X' => steps.push(Step::Of(Set::range(b'0', b'9'))),
                'Z' => steps.push(Step::Of(Set::range(b'1', b'9'))),
                'N' => steps.push(Step::Of(Set::range(b'2', b'9'))),
                '-' => {}
                '[' => {
                    let (inside, after) = rest
                        .split_once(']')
                        .ok_or_else(|| PatternError::OpenSet(text.into()))?;
                    rest = after;
                    steps.push(Set::parse(text, inside)?.step());
                }
                '.' | '!' if !rest.is_empty() => {
                    return Err(PatternError::NotLast {
                        pattern: text.into(),
                        sign,
                    });
                }
                '.' => tail = Tail::Some,
                '!' => tail = Tail::Any,
                _ => steps.extend(head.bytes().map(Step::One)),
            }
        }
        if steps.is_empty() && tail == Tail::None {
            return Err(PatternError::Empty(text.into()));
        }
        let number: Option<Vec<u8>> = steps.iter().map(Step::one).collect();
        match (number.map(String::from_utf8), tail) {
            (Some(Ok(number)), Tail::None) => Ok(Self::Number(number)),
            _ => Ok(Self::Steps(steps, tail)),
        }
    }
}

/// A text without `_`: itself, unless it can only be a pattern that lacks its mark. `200X` and
/// `[12]34` are; `conf.X` or a name such as `NORTH` may be meant.
fn plain(text: &str) -> Result<Shape, PatternError> {
    if text.is_empty() {
        return Err(PatternError::Empty(text.into()));
    }
    let dialled = |sign: char| sign.is_ascii_digit() || matches!(sign, '+' | '*' | '#');
    let wild = |sign: char| matches!(sign, 'X' | 'Z' | 'N' | '[' | ']' | '-' | '.' | '!');
    let is_mistake = text.chars().all(|sign| dialled(sign) || wild(sign))
        && text.chars().any(dialled)
        && text.contains(['X', 'Z', 'N', '[', '.', '!']);
    if is_mistake {
        return Err(PatternError::NoUnderscore(text.into()));
    }
    Ok(Shape::Number(text.to_owned()))
}

/// What one character may be.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Step {
    One(u8),
    Of(Set),
}

impl Step {
    pub(super) fn allows(&self, byte: u8) -> bool {
        match self {
            Self::One(one) => *one == byte,
            Self::Of(set) => set.contains(byte),
        }
    }

    /// Whether both allow some character.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(a), Self::One(b)) => a == b,
            (Self::One(one), Self::Of(set)) | (Self::Of(set), Self::One(one)) => set.contains(*one),
            (Self::Of(a), Self::Of(b)) => a.bits & b.bits != 0,
        }
    }

    fn one(&self) -> Option<u8> {
        match self {
            Self::One(byte) => Some(*byte),
            Self::Of(_) => None,
        }
    }
}

/// What may follow the last step.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Tail {
    /// Nothing.
    None,
    /// `.`
    Some,
    /// `!`
    Any,
}

/// A set of ASCII characters. Ordered by how many it holds, then by which.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Set {
    size: u32,
    bits: u128,
}

impl Set {
    fn range(from: u8, to: u8) -> Self {
        Self::of((from..=to).fold(0, |bits, byte| bits | 1 << (byte & 0x7f)))
    }

    fn of(bits: u128) -> Self {
        Self {
            size: bits.count_ones(),
            bits,
        }
    }

    #[cfg(test)]
    pub(super) fn size(self) -> u32 {
        self.size
    }

    #[cfg(test)]
    pub(super) fn bits(self) -> u128 {
        self.bits
    }

    pub(super) fn contains(self, byte: u8) -> bool {
        byte < 128 && self.bits >> byte & 1 == 1
    }

    /// Reads what stands between brackets; `-` is a range between two characters, else itself.
    fn parse(text: &str, inside: &str) -> Result<Self, PatternError> {
        if !inside.is_ascii() {
            return Err(PatternError::StrangeSet(text.into()));
        }
        let mut bits = 0;
        let mut rest = inside.as_bytes();
        loop {
            rest = match *rest {
                [] => break,
                [from, b'-', to, ref after @ ..] => {
                    if from > to {
                        return Err(PatternError::BackwardRange {
                            pattern: text.into(),
                            from: from.into(),
                            to: to.into(),
                        });
                    }
                    bits |= Self::range(from, to).bits;
                    after
                }
                [byte, ref after @ ..] => {
                    bits |= Self::range(byte, byte).bits;
                    after
                }
            };
        }
        if bits == 0 {
            return Err(PatternError::EmptySet(text.into()));
        }
        Ok(Self::of(bits))
    }

    /// A set of one is that character: `[5]` and `5` are the same.
    fn step(self) -> Step {
        match u8::try_from(self.bits.trailing_zeros()) {
            Ok(byte) if self.size == 1 => Step::One(byte),
            _ => Step::Of(self),
        }
    }
}
