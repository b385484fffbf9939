//! "Did you mean …?"

/// The candidate that a misspelt word most likely stands for, if any is near enough.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    let length = word.chars().count();
    candidates
        // Lengths alone keep these apart; a word of any length costs nothing then.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, substitutions and swaps of neighbours, case aside.
fn distance(a: &str, b: &str) -> usize {
    let lower = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    let (a, b) = (lower(a), lower(b));
    let mut rows: [Vec<usize>; 3] = [Vec::new(), Vec::new(), (0..=b.len()).collect()];
    for (i, &from) in a.iter().enumerate() {
        rows.rotate_left(1);
        let [before, above, row] = &mut rows;
        row.clear();
        row.push(i + 1);
        for (j, &to) in b.iter().enumerate() {
            let mut least = (above[j] + usize::from(from != to))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && from == b[j - 1] && a[i - 1] == to {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
    }
    rows[2].last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_forgiven_and_another_word_is_not() {
        let words = || ["mon", "holidays", "timezone"].into_iter();

        assert_eq!(nearest("mno", words()), Some("mon"));
        assert_eq!(nearest("holliday", words()), Some("holidays"));
        assert_eq!(nearest("Timezone", words()), Some("timezone"));
        assert_eq!(nearest("queue", words()), None);
        assert_eq!(nearest("", words()), None);
        assert_eq!(nearest(&"timezone".repeat(1_000_000), words()), None);
    }
}
