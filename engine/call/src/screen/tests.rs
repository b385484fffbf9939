//! Callers from outside against the lists: who is let in, and who is not.

use std::time::{Duration, Instant};

use super::*;

#[expect(clippy::disallowed_methods, reason = "a test's clock begins somewhere")]
fn start() -> Instant {
    Instant::now()
}

fn listed(list: List, number: &str, is_prefix: bool, expires_at: Option<i64>) -> Listed {
    Listed {
        list,
        number: number.to_owned(),
        is_prefix,
        reason: Some("nuisance".to_owned()),
        expires_at,
        added_at: 1,
        added_by: "user:1049".to_owned(),
    }
}

#[test]
fn a_number_and_a_prefix_are_found_and_what_has_expired_is_not() {
    let mut lists = Lists::default();
    lists.put(listed(List::Blacklist, "+8613800138000", false, Some(100)));
    lists.put(listed(List::Blacklist, "+86170", true, None));
    lists.put(listed(List::Vip, "+8613900139000", false, None));
    let refused = |number: &str, now| lists.look(Some(number), now).is_refused();

    assert!(refused("+8613800138000", 99));
    assert!(!refused("+8613800138000", 100), "it has expired");
    assert!(!refused("+861380013800", 1), "it is no prefix");
    assert!(refused("+8617012345678", 1));
    assert!(!refused("+8613900139000", 1));
    assert!(lists.look(Some("+8613900139000"), 1).vip.is_some());
    assert_eq!(lists.look(Some("+8613900139001"), 1), Standing::default());
    assert_eq!(lists.of(List::Blacklist, 99).len(), 2);
    assert_eq!(lists.of(List::Blacklist, 100).len(), 1);
}

#[test]
fn full_lists_take_what_is_there_already_and_have_room_again_when_something_has_expired() {
    let mut lists = Lists::default();
    lists.put(listed(List::Blacklist, "+8613800138000", false, Some(100)));
    lists.put(listed(List::Blacklist, "+86170", true, None));
    let same = listed(List::Blacklist, "+86170", true, Some(500));
    let new = listed(List::Vip, "+86170", true, None);

    assert!(lists.has_room_for(&same, 2, 50));
    assert!(!lists.has_room_for(&new, 2, 50));
    assert!(lists.has_room_for(&new, 3, 50));
    assert!(lists.has_room_for(&new, 2, 100));
    assert_eq!(lists.len(), 1, "what has expired is gone");
}

#[test]
fn a_number_is_listed_by_its_canonical_form_however_it_is_written() {
    let plan = Plan {
        area_code: Some("10".to_owned()),
        ..Plan::default()
    };
    for (written, is_prefix, listed) in [
        ("138 0013-8000", false, Some("+8613800138000")),
        ("8765/4321", false, Some("+861087654321")),
        ("anonymous", false, Some(WITHHELD)),
        ("somebody", false, Some("somebody")),
        ("", false, Some(WITHHELD)),
        ("+86 170", true, Some("+86170")),
        ("95", true, Some("95")),
        ("+", true, None),
        ("all", true, None),
    ] {
        let found = as_listed(written, is_prefix, &plan);
        assert_eq!(found.as_deref(), listed, "{written}");
    }
}

#[test]
fn what_has_no_digit_comes_on_no_list_but_who_shows_no_number() {
    for (written, listable) in [
        ("138 0013-8000", true),
        ("anonymous", true),
        ("agent7@home", true),
        ("not a number", false),
        ("", false),
        ("  ", false),
    ] {
        let listed = as_listed(written, false, &Plan::default());
        let found = listed.is_some_and(|listed| is_listable(written, &listed));
        assert_eq!(found, listable, "{written}");
    }
}

#[test]
fn the_whitelist_goes_before_a_prefix_and_a_number_before_the_prefix_of_a_whitelist() {
    let mut lists = Lists::default();
    lists.put(listed(List::Blacklist, "+86170", true, None));
    lists.put(listed(List::Whitelist, "+8617012345678", false, None));
    lists.put(listed(List::Whitelist, "+86138", true, None));
    lists.put(listed(List::Blacklist, "+8613800138000", false, None));
    lists.put(listed(List::Blacklist, "+861399", true, None));
    lists.put(listed(List::Whitelist, "+8613", true, None));
    let refused = |number: &str| lists.look(Some(number), 1).is_refused();

    assert!(!refused("+8617012345678"));
    assert!(refused("+8617012345679"));
    assert!(refused("+8613800138000"));
    assert!(!refused("+8613800138001"));
    assert!(refused("+8613991234567"), "the longer prefix");
}

#[test]
fn who_shows_no_number_can_be_listed_too_and_what_is_taken_off_is_gone() {
    let mut lists = Lists::default();
    lists.put(listed(List::Blacklist, WITHHELD, false, None));
    assert!(lists.look(None, 1).is_refused());

    assert!(lists.remove(List::Blacklist, false, WITHHELD).is_some());
    assert!(lists.remove(List::Blacklist, false, WITHHELD).is_none());
    assert!(!lists.look(None, 1).is_refused());
    assert!(lists.is_empty());
}

#[test]
fn the_fourth_call_in_ten_minutes_is_too_many_and_ten_quiet_minutes_forgive() {
    let limits = Limits {
        calls: 3,
        within: Duration::from_secs(600),
        at_once: 0,
    };
    let mut nuisance = Nuisance::default();
    let begin = start();
    let at = |second| begin + Duration::from_secs(second);
    let mut calls = |second, number| nuisance.calls(at(second), number, 0, limits);

    for second in [0, 100, 200] {
        assert_eq!(calls(second, "a"), Ok(()));
    }
    assert_eq!(calls(300, "a"), Err(TooMany::Often(4)));
    assert_eq!(calls(300, "b"), Ok(()), "others may");
    assert_eq!(calls(650, "a"), Err(TooMany::Often(4)), "tries count");
    assert_eq!(calls(1_250, "a"), Ok(()));
}

#[test]
fn two_calls_at_once_are_enough() {
    let limits = Limits {
        at_once: 2,
        ..Limits::default()
    };
    let mut nuisance = Nuisance::default();
    let now = start();

    assert_eq!(nuisance.calls(now, "a", 1, limits), Ok(()));
    assert_eq!(nuisance.calls(now, "a", 2, limits), Err(TooMany::AtOnce(2)));
}

#[test]
fn memory_is_bounded_whoever_calls() {
    let limits = Limits {
        calls: 1,
        within: Duration::from_secs(3_600),
        at_once: 0,
    };
    let mut nuisance = Nuisance::default();
    let begin = start();
    for number in 0..10_001 {
        let at = begin + Duration::from_millis(number);
        assert_eq!(nuisance.calls(at, &number.to_string(), 0, limits), Ok(()));
    }
    let later = begin + Duration::from_secs(60);
    assert_eq!(nuisance.calls(later, "0", 0, limits), Ok(()), "forgotten");
    assert_eq!(
        nuisance.calls(later, "10000", 0, limits),
        Err(TooMany::Often(2))
    );
}
