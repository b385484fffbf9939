//! Which country a number is of, ITU-T E.164: one to three digits behind the plus.

/// The country code of a number in its canonical form, `+852`; `None` of a national number.
pub fn country(canonical: &str) -> Option<&str> {
    let digits = canonical.strip_prefix('+')?;
    let two = digits.get(..2)?;
    let length = match digits.as_bytes().first()? {
        b'1' | b'7' => 1,
        _ if TWO.contains(&two) => 2,
        _ => 3,
    };
    let code = digits.get(..length)?;
    let is_code = code.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| canonical.get(..=length))?
}

/// Codes of two digits; all others have three, but for +1 and +7.
const TWO: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47",
    "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65",
    "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_has_one_to_three_digits() {
        for (number, code) in [
            ("+12025550123", Some("+1")),
            ("+74951234567", Some("+7")),
            ("+442079460000", Some("+44")),
            ("+8613800138000", Some("+86")),
            ("+982112345678", Some("+98")),
            ("+85221234567", Some("+852")),
            ("+2125550000", Some("+212")),
            ("4001234567", None),
            ("+", None),
            ("+8x", None),
            ("", None),
        ] {
            assert_eq!(country(number), code, "{number}");
        }
    }
}
