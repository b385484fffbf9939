//! What others call themselves, fit for logs, traces, records and desks.
//!
//! A name comes from whoever calls. A line end in it would begin a line of its own in a log, an escape
//! sequence would speak to the terminal that `moonswitch trace` runs in, and marks that turn the
//! writing round or have no width make one name look like another: `moc.knab` reads as `bank.com`, and
//! `10\u{200b}01` as `1001`.

/// Leaves out what nobody sees: Unicode's categories Cc, Cf, Zl and Zp. Long names are cut.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .filter(|letter| !is_unseen(*letter))
        .take(LONGEST_NAME)
        .collect()
}

fn is_unseen(letter: char) -> bool {
    let from = FORMATS.partition_point(|(_, last)| *last < letter);
    letter.is_control() || FORMATS.get(from).is_some_and(|(first, _)| *first <= letter)
}

/// Letters of a number or name.
const LONGEST_NAME: usize = 128;

/// Cf, Zl and Zp of Unicode 16, in order.
const FORMATS: [(char, char); 21] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{2064}'),
    ('\u{2066}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0020}', '\u{e007f}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_stays() {
        for name in [
            "温平",
            "Zoë O\u{2019}Brien-Łuków",
            "e\u{301}",
            "مركز الاتصال",
            "+86 138-0013-8000",
            "\u{1f4de} 24h",
            "a\u{a0}b",
        ] {
            assert_eq!(printable(name), name);
        }
    }

    #[test]
    fn what_is_not_seen_is_left_out() {
        for (name, seen) in [
            ("line\r\nend\u{2028}s\u{85}", "lineends"),
            ("\u{1b}[31mred\u{9b}0m", "[31mred0m"),
            ("\u{202e}moc.knab\u{202c}", "moc.knab"),
            ("\u{2066}a\u{2069}", "a"),
            ("10\u{200b}0\u{200d}1\u{feff}", "1001"),
            ("so\u{ad}ft", "soft"),
            ("tag\u{e0041}\u{e007f}ged", "tagged"),
            ("nul\0\u{7f}", "nul"),
        ] {
            assert_eq!(printable(name), seen, "{name:?}");
        }
    }

    #[test]
    fn the_table_is_in_order_so_that_it_can_be_searched() {
        for pair in FORMATS.windows(2) {
            assert!(pair[0].0 <= pair[0].1 && pair[0].1 < pair[1].0, "{pair:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_by_letters() {
        assert_eq!(printable(&"温".repeat(1_000)).chars().count(), LONGEST_NAME);
    }
}
