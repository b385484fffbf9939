//! "Did you mean": the known word that a mistyped one is nearest to.

/// Finds the candidate that `word` was most likely meant to be; `None` when nothing is near.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let allowed = match length {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|candidate| {
            (
                distance(&word.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(steps, candidate)| *steps <= allowed && *steps < candidate.chars().count())
        .min_by_key(|(steps, candidate)| (*steps, std::cmp::Reverse(begun_alike(word, candidate))))
        .map(|(_, candidate)| candidate)
}

/// Returns ` (did you mean 'support'?)`, or nothing, to be put behind a sentence.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match closest(word, candidates) {
        Some(candidate) => format!(" (did you mean '{candidate}'?)"),
        None => String::new(),
    }
}

/// How many characters two words begin alike with: people get the beginning right.
fn begun_alike(a: &str, b: &str) -> usize {
    a.chars()
        .zip(b.chars())
        .take_while(|(a, b)| a.eq_ignore_ascii_case(b))
        .count()
}

/// Edits between two words: insert, delete, replace, or swap neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(LONGEST).collect();
    let b: Vec<char> = b.chars().take(LONGEST).collect();
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// Longer words are compared by their beginnings, so that a hostile one costs nothing.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_or_missing_letter_is_found() {
        let queues = ["sales", "support", "billing"];

        assert_eq!(closest("suport", queues), Some("support"));
        assert_eq!(closest("slaes", queues), Some("sales"));
        assert_eq!(
            did_you_mean("Support", queues),
            " (did you mean 'support'?)"
        );
    }

    #[test]
    fn a_word_that_is_near_to_nothing_gets_no_suggestion() {
        assert_eq!(closest("fax", ["sales", "support"]), None);
        assert_eq!(closest("x", ["1", "2"]), None);
        assert_eq!(did_you_mean("fax", ["sales"]), "");
    }

    #[test]
    fn the_nearest_of_several_is_taken() {
        assert_eq!(
            closest("menu/mian", ["menu/back", "menu/main"]),
            Some("menu/main")
        );
        assert_eq!(closest("trys", ["keys", "tries"]), Some("tries"));
    }
}
