//! In which order the trunks of a group are tried.

use call::number::Number;
use script::config::Way;

/// The ways that take a number, in the order in which they are tried: by priority, then by cost, and
/// among equals by lot, each as often first as its weight says. `draw` gives a number below its
/// argument.
pub(crate) fn ordered<'a>(
    ways: &'a [Way],
    number: &Number,
    mut draw: impl FnMut(u64) -> u64,
) -> Vec<&'a Way> {
    let mut rest: Vec<&Way> = ways.iter().filter(|way| takes(way, number)).collect();
    rest.sort_by(|a, b| {
        let rank = a.priority.cmp(&b.priority);
        rank.then_with(|| a.cost.total_cmp(&b.cost))
    });
    let mut order = Vec::with_capacity(rest.len());
    while let Some(best) = rest.first() {
        let is_equal = |way: &&Way| way.priority == best.priority && way.cost == best.cost;
        let equals = rest.iter().copied().take_while(is_equal).count();
        let whole: u64 = rest
            .iter()
            .take(equals)
            .map(|way| u64::from(way.weight))
            .sum();
        let mut lot = draw(whole.max(1));
        let chosen = rest.iter().take(equals).position(|way| {
            let weight = u64::from(way.weight);
            let is_it = lot < weight;
            lot = lot.saturating_sub(weight);
            is_it
        });
        order.push(rest.remove(chosen.unwrap_or_default()));
    }
    order
}

fn takes(way: &Way, number: &Number) -> bool {
    let whole = number.canonical.as_deref().unwrap_or(&number.raw);
    let begins = |beginning: &String| {
        whole.starts_with(beginning.as_str()) || number.raw.starts_with(beginning.as_str())
    };
    way.numbers.is_empty() || way.numbers.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use call::number::{Plan, normalise};

    use super::*;

    fn way(trunk: &str, weight: u32, priority: u32, cost: f64) -> Way {
        Way {
            trunk: trunk.to_owned(),
            weight,
            priority,
            cost,
            numbers: Vec::new(),
        }
    }

    fn names(ways: &[Way], number: &str, draw: impl FnMut(u64) -> u64) -> Vec<String> {
        let number = normalise(number, &Plan::default());
        let order = ordered(ways, &number, draw);
        order.iter().map(|way| way.trunk.clone()).collect()
    }

    #[test]
    fn priority_goes_before_cost_and_cost_before_weight() {
        let ways = [
            way("dear", 100, 1, 0.3),
            way("last", 100, 2, 0.0),
            way("cheap", 1, 1, 0.1),
        ];

        let order = names(&ways, "13800138000", |below| below - 1);

        assert_eq!(order, ["cheap", "dear", "last"]);
    }

    #[test]
    fn among_equals_each_is_first_as_often_as_its_weight_says() {
        let ways = [way("a", 3, 1, 0.0), way("b", 1, 1, 0.0)];
        let mut first: HashMap<String, u32> = HashMap::new();

        for lot in 0..400_u64 {
            let order = names(&ways, "13800138000", |below| lot % below);
            assert_eq!(order.len(), 2, "the other one is tried next");
            *first.entry(order[0].clone()).or_default() += 1;
        }

        assert_eq!((first["a"], first["b"]), (300, 100));
    }

    #[test]
    fn a_way_takes_the_numbers_that_begin_so_however_they_are_written() {
        let mut abroad = way("abroad", 1, 1, 0.0);
        abroad.numbers = vec!["+852".to_owned(), "+1".to_owned()];
        let ways = [abroad, way("home", 1, 1, 0.5)];

        assert_eq!(names(&ways, "0085221234567", |_| 0), ["abroad", "home"]);
        assert_eq!(names(&ways, "+85221234567", |_| 0), ["abroad", "home"]);
        assert_eq!(names(&ways, "13800138000", |_| 0), ["home"]);
    }
}
