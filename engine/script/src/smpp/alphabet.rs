//! What letters are in short messages: the alphabet of GSM 03.38, one septet an octet, and UCS-2;
//! and how a text that is too long for one message is cut.

/// How many octets fit into one message, and into one of several, beside a header of six octets.
const ALONE: usize = 160;
const JOINED: usize = 153;
/// The same for UCS-2.
const WIDE_ALONE: usize = 140;
const WIDE_JOINED: usize = 134;

/// `data_coding` (SMPP 3.4 §5.2.19): the provider's default, which is taken for GSM 03.38.
pub(super) const GSM: u8 = 0x00;
const ASCII: u8 = 0x01;
const LATIN: u8 = 0x03;
pub(super) const UCS2: u8 = 0x08;

/// Cuts a text: its `data_coding`, and the octets of each message. What takes two places is not cut
/// in half. An empty text is none.
pub(crate) fn parts(text: &str) -> (u8, Vec<Vec<u8>>) {
    let septets: Option<Vec<Vec<u8>>> = text.chars().map(gsm).collect();
    match septets {
        Some(letters) => (GSM, cut(&letters, ALONE, JOINED)),
        None => {
            let letters: Vec<Vec<u8>> = text.chars().map(wide).collect();
            (UCS2, cut(&letters, WIDE_ALONE, WIDE_JOINED))
        }
    }
}

fn cut(letters: &[Vec<u8>], alone: usize, joined: usize) -> Vec<Vec<u8>> {
    if letters.is_empty() {
        return Vec::new();
    }
    if letters.iter().map(Vec::len).sum::<usize>() <= alone {
        return vec![letters.concat()];
    }
    let mut parts = vec![Vec::new()];
    for letter in letters {
        let last = parts
            .last_mut()
            .filter(|it| it.len() + letter.len() <= joined);
        match last {
            Some(part) => part.extend_from_slice(letter),
            None => parts.push(letter.clone()),
        }
    }
    parts
}

/// Reads what a message holds; `None` when it is no text, or in an alphabet that is not known here.
/// What cannot be read within a text is shown as `�`.
pub(crate) fn decode(coding: u8, data: &[u8]) -> Option<String> {
    match coding {
        GSM => Some(from_gsm(data)),
        ASCII => Some(String::from_utf8_lossy(data).into_owned()),
        LATIN => Some(data.iter().map(|octet| char::from(*octet)).collect()),
        UCS2 => Some(from_wide(data)),
        // Message classes and waiting indications of GSM 03.38 §4.
        0x10..=0x1f | 0xf0..=0xff if coding & 0x0c == 0 => Some(from_gsm(data)),
        0x10..=0x1f if coding & 0x0c == 0x08 => Some(from_wide(data)),
        0xc0..=0xdf => Some(from_gsm(data)),
        0xe0..=0xef => Some(from_wide(data)),
        _ => None,
    }
}

fn gsm(letter: char) -> Option<Vec<u8>> {
    let place = |table: &[char]| {
        let found = table
            .iter()
            .position(|it| *it == letter && letter != '\u{1b}');
        found.and_then(|place| u8::try_from(place).ok())
    };
    if let Some(place) = place(&BASIC) {
        return Some(vec![place]);
    }
    let found = EXTENDED.iter().find(|(_, it)| *it == letter);
    found.map(|(place, _)| vec![ESCAPE, *place])
}

fn from_gsm(data: &[u8]) -> String {
    let mut text = String::new();
    let mut octets = data.iter().copied();
    while let Some(octet) = octets.next() {
        if octet != ESCAPE {
            text.push(*BASIC.get(usize::from(octet)).unwrap_or(&UNREADABLE));
            continue;
        }
        let Some(second) = octets.next() else { break };
        let found = EXTENDED.iter().find(|(place, _)| *place == second);
        // GSM 03.38 §6.2.1.1: who does not know the sign shows the one of the basic table.
        let plain = BASIC.get(usize::from(second)).copied();
        text.push(found.map_or_else(|| plain.unwrap_or(UNREADABLE), |(_, letter)| *letter));
    }
    text
}

fn wide(letter: char) -> Vec<u8> {
    let mut units = [0; 2];
    let units = letter.encode_utf16(&mut units);
    units.iter().flat_map(|unit| unit.to_be_bytes()).collect()
}

fn from_wide(data: &[u8]) -> String {
    let units = data.as_chunks::<2>().0.iter();
    let units = units.map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(UNREADABLE))
        .collect()
}

const ESCAPE: u8 = 0x1b;
const UNREADABLE: char = char::REPLACEMENT_CHARACTER;

/// GSM 03.38 §6.2.1; the escape stands in its own place.
#[rustfmt::skip]
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// GSM 03.38 §6.2.1.1: behind an escape.
const EXTENDED: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_the_alphabet_comes_back_as_it_went() {
        let all = BASIC.iter().filter(|it| **it != '\u{1b}');
        let all: String = all.chain(EXTENDED.iter().map(|(_, it)| it)).collect();

        let (coding, parts) = parts(&all);

        assert_eq!((coding, parts.len()), (GSM, 1));
        assert_eq!(decode(coding, &parts[0]).unwrap(), all);
        assert_eq!(super::parts("@€").1, [[0x00, 0x1b, 0x65]]);
    }

    #[test]
    fn a_letter_outside_of_it_makes_the_whole_text_wide() {
        let (coding, parts) = parts("您好 a");

        assert_eq!(coding, UCS2);
        assert_eq!(parts, [[0x60, 0xa8, 0x59, 0x7d, 0x00, 0x20, 0x00, 0x61]]);
        assert_eq!(decode(coding, &parts[0]).unwrap(), "您好 a");
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        let lengths = |text: String| {
            let parts = parts(&text).1.into_iter();
            parts.map(|part| part.len()).collect::<Vec<_>>()
        };

        assert_eq!(lengths("a".repeat(160)), [160]);
        assert_eq!(lengths("a".repeat(161)), [153, 8]);
        // The 77th € would be half in the first one.
        assert_eq!(lengths("€".repeat(81)), [152, 10]);
        assert_eq!(lengths("字".repeat(70)), [140]);
        assert_eq!(lengths("字".repeat(71)), [134, 8]);
        // 33 of them in 134 octets, two of which stay empty.
        assert_eq!(lengths("😀".repeat(36)), [132, 12]);
        assert_eq!(lengths(String::new()), [0_usize; 0]);
    }

    #[test]
    fn what_is_no_text_is_told_from_what_is() {
        assert_eq!(decode(3, b"caf\xe9").unwrap(), "café");
        assert_eq!(decode(1, b"plain").unwrap(), "plain");
        assert_eq!(decode(0xf0, &[0x00]).unwrap(), "@");
        assert_eq!(decode(0x18, &[0x60, 0xa8]).unwrap(), "您");
        assert_eq!(decode(2, &[1, 2]), None);
        assert_eq!(decode(0xf5, &[1, 2]), None);
        // Half of a pair, an odd octet, an escape at the end: shown or left out, never a panic.
        assert_eq!(decode(8, &[0xd8, 0x3d, 0x00]).unwrap(), "\u{fffd}");
        assert_eq!(decode(0, &[0x41, 0x1b]).unwrap(), "A");
        assert_eq!(decode(0, &[0x80]).unwrap(), "\u{fffd}");
    }
}
