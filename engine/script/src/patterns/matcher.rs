//! Lua's patterns, as `lstrlib.c` of Lua 5.4 matches them, with its steps counted: a pattern can
//! backtrack for longer than the exchange will run.

use std::ops::Range;

/// Matches one pattern against places of one text.
pub(super) struct Matcher<'a> {
    text: &'a [u8],
    pattern: &'a [u8],
    captures: Vec<Capture>,
    /// Matches inside each other.
    depth: u32,
    steps: u32,
    ask: &'a dyn Fn() -> mlua::Result<()>,
}

/// What a capture holds: a part of the text, or a place in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Captured {
    /// From and to, in octets.
    Part(Range<usize>),
    /// `()`: counted from 1.
    Place(usize),
    /// Never closed, which is a mistake as soon as somebody wants it.
    Unfinished,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// The pattern is none.
    Pattern(String),
    /// Whoever was asked said no.
    Stopped(mlua::Error),
}

#[derive(Clone, Copy, Debug)]
struct Capture {
    from: usize,
    length: Length,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Length {
    Unfinished,
    Place,
    Known(usize),
}

type Matched = Result<Option<usize>, Broken>;

impl<'a> Matcher<'a> {
    /// Asks `ask` every few thousand steps whether to go on. `pattern` is without its anchor.
    pub(super) fn new(
        text: &'a [u8],
        pattern: &'a [u8],
        ask: &'a dyn Fn() -> mlua::Result<()>,
    ) -> Self {
        Self {
            text,
            pattern,
            captures: Vec::new(),
            depth: 0,
            steps: 0,
            ask,
        }
    }

    /// The end of a match that begins exactly at `from`.
    pub(super) fn at(&mut self, from: usize) -> Matched {
        self.captures.clear();
        self.depth = 0;
        self.matches(from, 0)
    }

    /// The place of the pattern as plain text, at `from` or behind it.
    pub(super) fn plain(&mut self, from: usize) -> Result<Option<usize>, Broken> {
        let Some(&first) = self.pattern.first() else {
            return Ok(Some(from));
        };
        let text = self.text;
        let Some(last) = text.len().checked_sub(self.pattern.len()) else {
            return Ok(None);
        };
        for (place, &octet) in text.iter().enumerate().take(last + 1).skip(from) {
            self.step(1)?;
            if octet == first {
                self.step(u32::try_from(self.pattern.len() / 32).unwrap_or(u32::MAX))?;
                if text
                    .get(place..)
                    .is_some_and(|rest| rest.starts_with(self.pattern))
                {
                    return Ok(Some(place));
                }
            }
        }
        Ok(None)
    }

    /// How many captures the last match has; the whole of it counts where there is none.
    pub(super) fn count(&self) -> usize {
        self.captures.len().max(1)
    }

    /// How many captures stand in the pattern, as far as it was matched.
    pub(super) fn written(&self) -> usize {
        self.captures.len()
    }

    /// One capture of the match that was just found, counted from 0 and less than
    /// [`count`](Self::count).
    pub(super) fn capture(&self, number: usize, whole: Range<usize>) -> Captured {
        match self.captures.get(number) {
            None => Captured::Part(whole),
            Some(capture) => match capture.length {
                Length::Unfinished => Captured::Unfinished,
                Length::Place => Captured::Place(capture.from + 1),
                Length::Known(length) => Captured::Part(capture.from..capture.from + length),
            },
        }
    }

    fn matches(&mut self, text: usize, at: usize) -> Matched {
        if self.depth == DEEPEST {
            return Err(pattern("pattern too complex"));
        }
        self.depth += 1;
        let result = self.go_on(text, at);
        self.depth -= 1;
        result
    }

    /// `match` of lstrlib: what ends there with a jump to its beginning goes round the loop here.
    fn go_on(&mut self, mut text: usize, mut at: usize) -> Matched {
        loop {
            self.step(1)?;
            if at >= self.pattern.len() {
                return Ok(Some(text));
            }
            match (self.octet(at), self.octet(at + 1)) {
                (b'(', b')') => return self.open(text, at + 2, Length::Place),
                (b'(', _) => return self.open(text, at + 1, Length::Unfinished),
                (b')', _) => return self.close(text, at + 1),
                (b'$', _) if at + 1 == self.pattern.len() => {
                    return Ok((text == self.text.len()).then_some(text));
                }
                (ESCAPE, b'b') => match self.balanced(text, at + 2)? {
                    Some(end) => (text, at) = (end, at + 4),
                    None => return Ok(None),
                },
                (ESCAPE, b'f') => {
                    at += 2;
                    if self.octet(at) != b'[' {
                        return Err(pattern("missing '[' after '%f' in pattern"));
                    }
                    let end = self.end_of_class(at)?;
                    let before = text.checked_sub(1).map_or(0, |before| self.letter(before));
                    if self.in_set(before, at, end - 1)
                        || !self.in_set(self.letter(text), at, end - 1)
                    {
                        return Ok(None);
                    }
                    at = end;
                }
                (ESCAPE, digit @ b'0'..=b'9') => match self.repeated(text, digit)? {
                    Some(end) => (text, at) = (end, at + 2),
                    None => return Ok(None),
                },
                _ => {
                    let end = self.end_of_class(at)?;
                    let fits = self.fits(text, at, end);
                    match self.octet(end) {
                        b'*' | b'?' | b'-' if !fits => at = end + 1,
                        _ if !fits => return Ok(None),
                        b'*' => return self.most(text, at, end),
                        b'+' => return self.most(text + 1, at, end),
                        b'-' => return self.least(text, at, end),
                        b'?' => match self.matches(text + 1, end + 1)? {
                            Some(found) => return Ok(Some(found)),
                            None => at = end + 1,
                        },
                        _ => (text, at) = (text + 1, end),
                    }
                }
            }
        }
    }

    /// As often as possible, then less and less.
    fn most(&mut self, text: usize, at: usize, end: usize) -> Matched {
        let mut times = 0;
        while self.fits(text + times, at, end) {
            self.step(1)?;
            times += 1;
        }
        loop {
            if let Some(found) = self.matches(text + times, end + 1)? {
                return Ok(Some(found));
            }
            if times == 0 {
                return Ok(None);
            }
            times -= 1;
        }
    }

    /// As seldom as possible, then more and more.
    fn least(&mut self, mut text: usize, at: usize, end: usize) -> Matched {
        loop {
            if let Some(found) = self.matches(text, end + 1)? {
                return Ok(Some(found));
            }
            if !self.fits(text, at, end) {
                return Ok(None);
            }
            text += 1;
        }
    }

    fn open(&mut self, text: usize, at: usize, length: Length) -> Matched {
        if self.captures.len() == MOST_CAPTURES {
            return Err(pattern("too many captures"));
        }
        let level = self.captures.len();
        self.captures.push(Capture { from: text, length });
        let found = self.matches(text, at)?;
        if found.is_none() {
            self.captures.truncate(level);
        }
        Ok(found)
    }

    fn close(&mut self, text: usize, at: usize) -> Matched {
        let open = |capture: &Capture| capture.length == Length::Unfinished;
        let Some(number) = self.captures.iter().rposition(open) else {
            return Err(pattern("invalid pattern capture"));
        };
        self.set_length(number, |from| Length::Known(text - from));
        let found = self.matches(text, at)?;
        if found.is_none() {
            self.set_length(number, |_| Length::Unfinished);
        }
        Ok(found)
    }

    fn set_length(&mut self, number: usize, length: impl Fn(usize) -> Length) {
        if let Some(capture) = self.captures.get_mut(number) {
            capture.length = length(capture.from);
        }
    }

    /// `%1`: what an earlier capture holds, once more.
    fn repeated(&mut self, text: usize, digit: u8) -> Matched {
        let number = usize::from(digit - b'0');
        let capture = number
            .checked_sub(1)
            .and_then(|number| self.captures.get(number))
            .copied();
        let (from, length) = match capture {
            Some(Capture {
                from,
                length: Length::Known(length),
            }) => (from, length),
            Some(Capture {
                length: Length::Place,
                ..
            }) => return Ok(None),
            _ => return Err(no_capture(number)),
        };
        self.step(u32::try_from(length / 32).unwrap_or(u32::MAX))?;
        let before = self.text.get(from..from + length);
        let here = self.text.get(text..text + length);
        Ok((here.is_some() && here == before).then_some(text + length))
    }

    /// `%b()`: from an opening letter to the one that closes it.
    fn balanced(&mut self, text: usize, at: usize) -> Matched {
        if at + 1 >= self.pattern.len() {
            return Err(pattern("malformed pattern (missing arguments to '%b')"));
        }
        let (begin, end) = (self.octet(at), self.octet(at + 1));
        if self.letter(text) != begin {
            return Ok(None);
        }
        let mut open = 1_usize;
        for place in text + 1..self.text.len() {
            self.step(1)?;
            let letter = self.letter(place);
            if letter == end {
                open -= 1;
                if open == 0 {
                    return Ok(Some(place + 1));
                }
            } else if letter == begin {
                open += 1;
            }
        }
        Ok(None)
    }

    /// Behind the single letter, class or set that begins at `at`.
    fn end_of_class(&self, mut at: usize) -> Result<usize, Broken> {
        let first = self.octet(at);
        at += 1;
        if first == ESCAPE {
            if at >= self.pattern.len() {
                return Err(pattern("malformed pattern (ends with '%')"));
            }
            return Ok(at + 1);
        }
        if first != b'[' {
            return Ok(at);
        }
        if self.octet(at) == b'^' {
            at += 1;
        }
        loop {
            if at >= self.pattern.len() {
                return Err(pattern("malformed pattern (missing ']')"));
            }
            let octet = self.octet(at);
            at += 1;
            if octet == ESCAPE && at < self.pattern.len() {
                at += 1;
            }
            if self.octet(at) == b']' && at < self.pattern.len() {
                return Ok(at + 1);
            }
        }
    }

    /// Whether the letter at `text` is one of those between `at` and `end`.
    fn fits(&self, text: usize, at: usize, end: usize) -> bool {
        let Some(&letter) = self.text.get(text) else {
            return false;
        };
        match self.octet(at) {
            b'.' => true,
            ESCAPE => in_class(letter, self.octet(at + 1)),
            b'[' => self.in_set(letter, at, end - 1),
            other => other == letter,
        }
    }

    /// `[a-z%d]`; `last` is where its `]` stands.
    fn in_set(&self, letter: u8, mut at: usize, last: usize) -> bool {
        let is_in = self.octet(at + 1) != b'^';
        if !is_in {
            at += 1;
        }
        at += 1;
        while at < last {
            let octet = self.octet(at);
            if octet == ESCAPE {
                at += 1;
                if in_class(letter, self.octet(at)) {
                    return is_in;
                }
            } else if self.octet(at + 1) == b'-' && at + 2 < last {
                at += 2;
                if (octet..=self.octet(at)).contains(&letter) {
                    return is_in;
                }
            } else if octet == letter {
                return is_in;
            }
            at += 1;
        }
        !is_in
    }

    /// Of the pattern; 0 behind its end, as C has it.
    fn octet(&self, at: usize) -> u8 {
        self.pattern.get(at).copied().unwrap_or(0)
    }

    /// Of the text; 0 behind its end, as C has it.
    fn letter(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn step(&mut self, steps: u32) -> Result<(), Broken> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps >= STEPS_BEFORE_ASKING {
            self.steps = 0;
            (self.ask)().map_err(Broken::Stopped)?;
        }
        Ok(())
    }
}

/// `%a` and the like, in the C locale.
fn in_class(letter: u8, class: u8) -> bool {
    let is_in = match class.to_ascii_lowercase() {
        b'a' => letter.is_ascii_alphabetic(),
        b'c' => letter.is_ascii_control(),
        b'd' => letter.is_ascii_digit(),
        b'g' => letter.is_ascii_graphic(),
        b'l' => letter.is_ascii_lowercase(),
        b'p' => letter.is_ascii_punctuation(),
        b's' => matches!(letter, b' ' | b'\t'..=b'\r'),
        b'u' => letter.is_ascii_uppercase(),
        b'w' => letter.is_ascii_alphanumeric(),
        b'x' => letter.is_ascii_hexdigit(),
        b'z' => letter == 0,
        _ => return class == letter,
    };
    is_in == class.is_ascii_lowercase()
}

fn pattern(text: &str) -> Broken {
    Broken::Pattern(text.to_owned())
}

fn no_capture(number: usize) -> Broken {
    Broken::Pattern(format!("invalid capture index %{number}"))
}

const ESCAPE: u8 = b'%';

/// `LUA_MAXCAPTURES`.
const MOST_CAPTURES: usize = 32;

/// `MAXCCALLS`: as deep as Lua itself.
const DEEPEST: u32 = 200;

/// A tenth of a millisecond, or less.
const STEPS_BEFORE_ASKING: u32 = 10_000;
