//! Patterns, and which of several wins.

use proptest::prelude::*;

use super::*;

fn routes(patterns: &[&str]) -> Routes {
    let mut routes = Routes::new();
    for (handler, pattern) in patterns.iter().enumerate() {
        routes
            .insert(Pattern::parse(pattern).unwrap(), handler)
            .unwrap();
    }
    routes
}

fn found<'r>(routes: &'r Routes, number: &str) -> Option<&'r str> {
    routes.find(number).map(|found| found.pattern.as_str())
}

#[test]
fn each_sign_allows_its_characters_and_no_others() {
    for (pattern, yes, no) in [
        (
            "_2XX",
            &["200", "299"][..],
            &["2000", "20", "2*0", "300"][..],
        ),
        ("_Z", &["1", "9"], &["0", ""]),
        ("_N", &["2", "9"], &["1"]),
        ("_[15-7]0", &["10", "50", "60", "70"], &["20", "80", "0"]),
        ("_[a-]", &["a", "-"], &["b"]),
        ("_0X.", &["001", "0133999"], &["00", "0"]),
        ("_9!", &["9", "91"], &["8"]),
        ("_!", &["", "x"], &[]),
        ("_conf.", &["conf1", "conf42"], &["conf", "co2f1"]),
        ("*97", &["*97"], &["97"]),
        ("_+86X.", &["+86138"], &["86138", "+868"]),
        ("_0755-XXXX", &["07551234"], &["0755-1234"]),
        ("answer", &["answer"], &["Answer"]),
        ("_400[1]", &["4001"], &["4002"]),
    ] {
        let pattern = Pattern::parse(pattern).unwrap();
        for number in yes {
            assert!(pattern.matches(number), "{pattern} should match {number}");
            let mut routes = Routes::new();
            routes.insert(pattern.clone(), 7).unwrap();
            assert_eq!(
                routes.find(number).map(|m| m.handler),
                Some(7),
                "{pattern} {number}"
            );
        }
        for number in no {
            assert!(
                !pattern.matches(number),
                "{pattern} should not match {number}"
            );
        }
    }
}

#[test]
fn the_most_specific_route_wins_whatever_the_order_of_writing() {
    let mut patterns = [
        "_.",
        "_X.",
        "_1XXX",
        "_10XX",
        "_1[0-4]XX",
        "_104[89]",
        "1049",
        "_1049!",
        "_!",
    ];
    for _ in 0..patterns.len() {
        patterns.rotate_left(1);
        let routes = routes(&patterns);

        assert_eq!(found(&routes, "1049"), Some("1049"));
        assert_eq!(found(&routes, "1048"), Some("_104[89]"));
        assert_eq!(found(&routes, "1050"), Some("_10XX"));
        assert_eq!(found(&routes, "1100"), Some("_1[0-4]XX"));
        assert_eq!(found(&routes, "1900"), Some("_1XXX"));
        assert_eq!(found(&routes, "10490"), Some("_1049!"));
        assert_eq!(found(&routes, "19000"), Some("_X."));
        assert_eq!(found(&routes, "*1"), Some("_."));
        assert_eq!(found(&routes, ""), Some("_!"));
    }
}

#[test]
fn a_route_that_starts_well_and_ends_badly_gives_way_to_a_wider_one() {
    let routes = routes(&["_104X5", "_1XXX6", "_1."]);

    assert_eq!(found(&routes, "10406"), Some("_1XXX6"));
    assert_eq!(found(&routes, "10407"), Some("_1."));
}

#[test]
fn what_is_not_in_the_context_cannot_be_dialled() {
    let routes = routes(&["_2XX", "*97"]);

    assert_eq!(found(&routes, "0013800138000"), None);
    assert_eq!(found(&Routes::new(), "1049"), None);
}

#[test]
fn routes_that_match_the_same_numbers_are_refused_with_a_sentence() {
    for (first, second) in [
        ("1049", "1049"),
        ("_X", "_[0-9]"),
        ("1049", "_10[4]9"),
        ("_1-X", "_1X"),
    ] {
        let mut routes = routes(&[first]);

        let refused = routes
            .insert(Pattern::parse(second).unwrap(), 1)
            .unwrap_err();

        assert_eq!(
            refused.to_string(),
            format!(
                "'{second}' matches the same numbers as '{first}' in this context; remove one of them"
            )
        );
        assert_eq!(routes.len(), 1);
    }
}

#[test]
fn a_bad_pattern_is_refused_with_what_to_write_instead() {
    for (pattern, sentence) in [
        (
            "",
            "'' matches no number; write a number such as '1049' or a pattern such as '_2XX'",
        ),
        (
            "_",
            "'_' matches no number; write a number such as '1049' or a pattern such as '_2XX'",
        ),
        (
            "_[12",
            "'_[12': the '[' is not closed; write a set as '[1-5]'",
        ),
        (
            "_[]1",
            "'_[]1': '[]' allows no character; write a set as '[1-5]'",
        ),
        (
            "_[5-1]",
            "'_[5-1]': the range '5-1' runs backwards; write '1-5'",
        ),
        (
            "_0.1",
            "'_0.1': '.' matches the whole rest and must be the last character",
        ),
        (
            "_0!.",
            "'_0!.': '!' matches the whole rest and must be the last character",
        ),
        (
            "2XX",
            "'2XX' would only match that very text; write '_2XX' to make it a pattern",
        ),
        (
            "_[é]",
            "'_[é]': a set may only hold digits, letters and signs",
        ),
    ] {
        assert_eq!(Pattern::parse(pattern).unwrap_err().to_string(), sentence);
    }
    assert!(Pattern::parse(&"1".repeat(129)).is_err());
}

#[test]
fn five_thousand_routes_are_built_and_searched_without_visiting_them_all() {
    let mut routes = Routes::new();
    for n in 0..5_000 {
        let pattern = format!("_{:04}[1-5]X.", n);
        routes.insert(Pattern::parse(&pattern).unwrap(), n).unwrap();
    }

    for n in 0..5_000 {
        let number = format!("{n:04}312345");
        assert_eq!(routes.find(&number).map(|found| found.handler), Some(n));
    }
    // Shared prefixes share nodes: one a distinct prefix, two a route.
    assert!(routes.nodes.len() < 16_000, "{}", routes.nodes.len());
}

/// Asterisk's order as a plain comparison of whole patterns.
fn rank(pattern: &Pattern) -> Vec<(u32, u32, u128)> {
    let mut rank: Vec<_> = match pattern.literal() {
        Some(number) => number.bytes().map(|b| (1, 1, u128::from(b))).collect(),
        None => pattern
            .steps()
            .iter()
            .map(|step| match step {
                Step::One(byte) => (1, 1, u128::from(*byte)),
                Step::Of(set) => (1, set.size(), set.bits()),
            })
            .collect(),
    };
    rank.push(match pattern.tail() {
        Tail::None => (0, 0, 0),
        Tail::Some => (2, 0, 0),
        Tail::Any => (3, 0, 0),
    });
    rank
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    let step = prop_oneof![
        "[0-3]",
        Just("X".to_owned()),
        Just("Z".into()),
        Just("N".into()),
        Just("[1-3]".into())
    ];
    let pattern = (
        prop::collection::vec(step, 1..5),
        prop_oneof!["", Just(".".to_owned()), Just("!".into())],
    )
        .prop_map(|(steps, tail)| format!("_{}{tail}", steps.concat()));
    prop::collection::vec(pattern, 1..40)
}

proptest! {
    #[test]
    fn the_tree_finds_what_a_search_through_all_patterns_finds(
        patterns in patterns(),
        numbers in prop::collection::vec("[0-9*]{0,6}", 1..40),
    ) {
        let mut tree = Routes::new();
        let mut all = Vec::new();
        for text in &patterns {
            let pattern = Pattern::parse(text).unwrap();
            if tree.insert(pattern.clone(), 0).is_ok() {
                all.push(pattern);
            }
        }

        for number in &numbers {
            let best = all
                .iter()
                .filter(|pattern| pattern.matches(number))
                .min_by_key(|pattern| (pattern.literal().is_none(), rank(pattern)));
            prop_assert_eq!(tree.find(number).map(|found| &found.pattern), best);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,12}", number in ".{0,12}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            pattern.matches(&number);
        }
    }
}
