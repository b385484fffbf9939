//! Values parted by commas, where quotes and angle brackets hide a comma.

use std::ops::Range;

use memchr::memchr3;

use crate::header::scan::{Scan, trim};

/// Cuts a value at its commas; empty elements are returned too, for the reader to judge.
pub(crate) struct Elements<'a> {
    text: &'a [u8],
    at: Option<usize>,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: Some(0) }
    }
}

impl Iterator for Elements<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at?;
        let end = end_of_element(self.text, start);
        self.at = (end < self.text.len()).then_some(end + 1);
        Some(trim(self.text, start..end))
    }
}

/// Returns where the element that begins at `start` ends: at a comma, or with the value.
pub(crate) fn end_of_element(text: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(offset) = memchr3(b',', b'"', b'<', rest) else {
            return text.len();
        };
        let found = at + offset;
        match text.get(found) {
            Some(b',') => return found,
            Some(b'"') => {
                let mut scan = Scan::new(text, found);
                // A quote without its twin hides everything that follows; the reader refuses it.
                if scan.quoted().is_none() {
                    return text.len();
                }
                at = scan.at();
            }
            _ => {
                let rest = text.get(found..).unwrap_or_default();
                let Some(offset) = memchr::memchr(b'>', rest) else {
                    return text.len();
                };
                at = found + offset + 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_and_brackets_part_nothing() {
        let text = br#""a, \",b" <sip:x,y@z>;p="1,2" , sip:c ,,"#;

        let elements: Vec<_> = Elements::new(text).map(|range| &text[range]).collect();

        let expected: [&[u8]; 4] = [br#""a, \",b" <sip:x,y@z>;p="1,2""#, b"sip:c", b"", b""];
        assert_eq!(elements, expected);
    }

    #[test]
    fn an_open_quote_hides_the_rest() {
        let text = br#"a, "b, c"#;

        let elements: Vec<_> = Elements::new(text).map(|range| &text[range]).collect();

        let expected: [&[u8]; 2] = [b"a", br#""b, c"#];
        assert_eq!(elements, expected);
    }
}
