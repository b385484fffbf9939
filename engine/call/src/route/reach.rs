//! Which routes of a context no number ever gets to, because others take all of theirs.

use super::pattern::{Pattern, Tail};
use super::{Match, Routes};

/// A route that no number gets to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unreachable {
    /// Which of the routes, in the order in which they were added.
    pub index: usize,
    /// The patterns that take its numbers.
    pub taken_by: Vec<String>,
}

impl Routes {
    /// The routes that no number ever gets to. A route about which that takes too long to find out
    /// is not among them.
    pub fn unreachable(&self) -> Vec<Unreachable> {
        let longest = self.matches.iter().map(length).max().unwrap_or(0);
        let routes = self.matches.iter().enumerate();
        let patterns = routes.filter(|(_, route)| route.pattern.literal().is_none());
        patterns
            .filter_map(|(index, route)| {
                let taken_by = self.taken(index, &route.pattern, longest)?;
                Some(Unreachable { index, taken_by })
            })
            .collect()
    }

    /// Who takes all numbers of a pattern; `None` when it has one of its own.
    fn taken(&self, index: usize, pattern: &Pattern, longest: usize) -> Option<Vec<String>> {
        let steps = pattern.steps().len();
        // Longer ones than any pattern has steps for fare as the first of these.
        let lengths = match pattern.tail() {
            Tail::None => steps..=steps,
            Tail::Some => steps + 1..=longest.max(steps) + 1,
            Tail::Any => steps..=longest.max(steps) + 1,
        };
        let mut search = Search {
            routes: self,
            index,
            left: MOST_LOOKS,
            winners: Vec::new(),
        };
        for length in lengths {
            let rivals: Vec<usize> = (0..self.matches.len())
                .filter(|rival| *rival != index && self.meet(*rival, pattern, length))
                .collect();
            if search.reaches(pattern, &mut Vec::with_capacity(length), length, &rivals) {
                return None;
            }
        }
        search.winners.sort_unstable();
        let names = search.winners.iter();
        Some(
            names
                .map(|&it| self.matches[it].pattern.to_string())
                .collect(),
        )
    }

    /// Whether a number of this length may match both.
    fn meet(&self, rival: usize, pattern: &Pattern, length: usize) -> bool {
        let rival = &self.matches[rival].pattern;
        if let Some(number) = rival.literal() {
            return number.len() == length && pattern.matches(number);
        }
        has_length(rival, length)
            && rival
                .steps()
                .iter()
                .zip(pattern.steps())
                .all(|(a, b)| a.meets(b))
    }
}

/// A search for a number that gets to one route.
struct Search<'a> {
    routes: &'a Routes,
    index: usize,
    /// How many more numbers may be begun.
    left: u32,
    /// Who took the numbers that were tried.
    winners: Vec<usize>,
}

impl Search<'_> {
    /// Whether some number that begins so gets to the route, or it takes too long to tell.
    fn reaches(
        &mut self,
        pattern: &Pattern,
        number: &mut Vec<u8>,
        length: usize,
        rivals: &[usize],
    ) -> bool {
        let Some(left) = self.left.checked_sub(1) else {
            return true;
        };
        self.left = left;
        let at = number.len();
        if at == length {
            return self.gets_there(number);
        }
        let allowed = |byte: u8| match pattern.steps().get(at) {
            Some(step) => step.allows(byte),
            None => DIALLED.contains(&byte),
        };
        // Characters that leave the same rivals are alike, and those that leave few come first.
        let mut kinds: Vec<(Vec<usize>, u8)> = Vec::new();
        for byte in (0..128).filter(|byte| allowed(*byte)) {
            let still = rivals.iter().copied();
            let still: Vec<usize> = still.filter(|&it| self.goes_on(it, at, byte)).collect();
            if !kinds.iter().any(|(known, _)| *known == still) {
                kinds.push((still, byte));
            }
        }
        kinds.sort_by_key(|(still, _)| still.len());
        for (still, byte) in kinds {
            number.push(byte);
            let reaches = self.reaches(pattern, number, length, &still);
            number.pop();
            if reaches {
                return true;
            }
        }
        false
    }

    fn gets_there(&mut self, number: &[u8]) -> bool {
        let number = String::from_utf8_lossy(number);
        let found = self.routes.find(&number);
        let winner = found.and_then(|found| {
            let same = |route: &Match| std::ptr::eq(route, found);
            self.routes.matches.iter().position(same)
        });
        if let Some(winner) = winner.filter(|winner| *winner != self.index)
            && !self.winners.contains(&winner)
        {
            self.winners.push(winner);
        }
        winner == Some(self.index)
    }

    fn goes_on(&self, rival: usize, at: usize, byte: u8) -> bool {
        let rival = &self.routes.matches[rival].pattern;
        match (rival.literal(), rival.steps().get(at)) {
            (Some(number), _) => number.as_bytes().get(at) == Some(&byte),
            (None, Some(step)) => step.allows(byte),
            (None, None) => true,
        }
    }
}

fn length(route: &Match) -> usize {
    let literal = route.pattern.literal().map(str::len);
    literal.unwrap_or_else(|| route.pattern.steps().len())
}

fn has_length(pattern: &Pattern, length: usize) -> bool {
    let steps = pattern.steps().len();
    match pattern.tail() {
        Tail::None => length == steps,
        Tail::Some => length > steps,
        Tail::Any => length >= steps,
    }
}

/// What the rest of a number may be made of.
const DIALLED: &[u8] = b"0123456789*#+";
const MOST_LOOKS: u32 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable(patterns: &[&str]) -> Vec<(String, Vec<String>)> {
        let mut routes = Routes::new();
        for (number, pattern) in patterns.iter().enumerate() {
            routes
                .insert(Pattern::parse(pattern).unwrap(), number)
                .unwrap();
        }
        let found = routes.unreachable().into_iter();
        found
            .map(|it| (patterns[it.index].to_owned(), it.taken_by))
            .collect()
    }

    #[test]
    fn a_pattern_whose_numbers_all_go_elsewhere_is_found_with_who_takes_them() {
        let taken = |pattern: &str, by: &[&str]| {
            let by = by.iter().map(|it| (*it).to_owned()).collect();
            vec![(pattern.to_owned(), by)]
        };

        assert_eq!(
            unreachable(&["_1X", "_1[0-4]", "_1[5-9]"]),
            taken("_1X", &["_1[0-4]", "_1[5-9]"])
        );
        assert_eq!(
            unreachable(&["_[12]", "1", "2"]),
            taken("_[12]", &["1", "2"])
        );
        assert_eq!(
            unreachable(&["_X!", "_X.", "_X"]),
            taken("_X!", &["_X.", "_X"])
        );
        assert_eq!(unreachable(&["_00X.", "_00!"]), []);
    }

    #[test]
    fn patterns_that_only_overlap_are_reached() {
        assert_eq!(
            unreachable(&[
                "_1[3-9]XXXXXXXXX",
                "_0Z.",
                "_[2-8]XXXXXXX",
                "_[48]00XXXXXXX",
                "_10XX",
                "*97",
                "_X.",
                "_!"
            ]),
            []
        );
        assert_eq!(unreachable(&["_XXX", "_1XX", "_X2X", "_XX3"]), []);
    }

    #[test]
    fn thousands_of_routes_are_looked_through_in_a_moment() {
        let patterns: Vec<String> = (0..3_000)
            .map(|number| format!("_{}X", 100_000 + number))
            .chain(["_1XXXXXX".to_owned()])
            .collect();
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();

        assert_eq!(unreachable(&patterns), []);
    }
}
