//! What may be called outside, and what is too much of it.

use std::time::Duration;

use super::*;

fn class(number: &str) -> Option<Class> {
    Outward::of(number, Some("10"), &Rules::default()).class
}

#[test]
fn each_number_has_the_class_of_what_it_costs() {
    for (number, wanted) in [
        ("87654321", Class::Local),
        ("010-87654321", Class::Local),
        ("+861087654321", Class::Local),
        ("4008123123", Class::Local),
        ("95588", Class::Local),
        ("12345", Class::Local),
        ("13800138000", Class::Mobile),
        ("+86 (138) 0013-8000", Class::Mobile),
        ("013800138000", Class::Mobile),
        ("0755 2688 1234", Class::Domestic),
        ("+8675526881234", Class::Domestic),
        ("0085221234567", Class::International),
        ("+85221234567", Class::International),
        ("+8821234567890", Class::Premium),
        ("0019001234567", Class::Premium),
        ("16812345", Class::Premium),
        ("13491234567", Class::Premium),
        ("what nobody knows", Class::Premium),
        ("0", Class::Premium),
        ("", Class::Premium),
    ] {
        assert_eq!(class(number), Some(wanted), "{number}");
    }
    for help in ["110", "119", "120", "122"] {
        assert_eq!(class(help), None, "{help}");
    }
}

#[test]
fn a_number_without_area_code_is_local_also_where_the_trunk_does_not_say_where_it_is() {
    let rules = Rules::default();
    let class = |number| Outward::of(number, None, &rules).class;

    assert_eq!(class("87654321"), Some(Class::Local));
    assert_eq!(class("010-87654321"), Some(Class::Domestic));
}

#[test]
fn one_word_gives_all_that_costs_less_and_several_give_themselves_only() {
    let rights = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Rights::from_words(&words)
    };
    let domestic = rights(&["domestic"]).unwrap();
    for (class, allowed) in Class::ALL
        .into_iter()
        .zip([true, true, true, true, false, false])
    {
        assert_eq!(domestic.allows(class), allowed, "{class:?}");
    }
    let odd = rights(&["local", "international"]).unwrap();
    for (class, allowed) in Class::ALL
        .into_iter()
        .zip([false, true, false, false, true, false])
    {
        assert_eq!(odd.allows(class), allowed, "{class:?}");
    }
    assert!(rights(&["premium"]).unwrap().allows(Class::Premium));
    assert!(!rights(&["internal"]).unwrap().allows(Class::Local));
    assert_eq!(rights(&["domestic", "everything"]), None);
    assert_eq!(rights(&[]), None);
}

#[test]
fn help_is_free_to_who_may_call_nothing_and_cannot_be_blocked() {
    let rules = Rules {
        blocked: vec!["1".to_owned()],
        premium: vec!["110".to_owned()],
        ..Rules::default()
    };
    let nothing = Rights::up_to(Class::Internal);

    let help = Outward::of("110", None, &rules);
    assert!(help.is_for_help());
    assert_eq!(help.allowed(nothing, &rules), Ok(()));
    let service = Outward::of("12345", None, &rules);
    assert_eq!(
        service.allowed(Rights::up_to(Class::Premium), &rules),
        Err(Barred::Prefix("1".to_owned()))
    );
}

#[test]
fn countries_that_are_not_named_are_not_called_and_prefixes_make_premium() {
    let rules = Rules {
        abroad: vec!["+852".to_owned(), "+81".to_owned()],
        premium: vec!["+8190".to_owned()],
        ..Rules::default()
    };
    let rights = Rights::up_to(Class::International);
    let judged = |number| Outward::of(number, None, &rules).allowed(rights, &rules);

    assert_eq!(judged("+85221234567"), Ok(()));
    assert_eq!(judged("0081312345678"), Ok(()));
    assert_eq!(judged("0053712345678"), Err(Barred::Country));
    assert_eq!(judged("+819012345678"), Err(Barred::Class(Class::Premium)));
    assert_eq!(judged("13800138000"), Ok(()));
}

#[test]
fn a_day_has_so_many_calls_and_minutes_and_the_next_begins_anew() {
    let limits = Limits {
        calls_a_day: 5,
        minutes_a_day: 10,
        ..Limits::default()
    };
    let mut usage = Usage::default();
    let none = Duration::ZERO;
    let mut alarms = Vec::new();

    for _ in 0..5 {
        assert_eq!(usage.allowed(1, "1049", none, &limits), Ok(()));
        alarms.extend(usage.begins(1, 0, "1049", &limits));
    }
    assert_eq!(
        usage.allowed(1, "1049", none, &limits),
        Err(Barred::Calls(5))
    );
    assert_eq!(
        usage.allowed(1, "1050", none, &limits),
        Ok(()),
        "others may"
    );
    assert_eq!(usage.allowed(2, "1049", none, &limits), Ok(()), "tomorrow");
    let told: Vec<_> = alarms.iter().map(|it| (it.limit, it.used, it.of)).collect();
    assert_eq!(told, [("calls_a_day", 4, 5), ("calls_a_day", 5, 5)]);

    usage.begins(2, 24, "1049", &limits);
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let near = usage.ends(2, "1049", minutes(8), &limits).unwrap();
    assert_eq!((near.limit, near.used), ("minutes_a_day", 8));
    assert_eq!(usage.allowed(2, "1049", minutes(1), &limits), Ok(()));
    assert_eq!(
        usage.allowed(2, "1049", minutes(2), &limits),
        Err(Barred::Minutes(10)),
        "what goes on counts"
    );
    assert_eq!(usage.of(2, "1049").calls, 1);
}

#[test]
fn an_hour_has_so_many_calls_and_the_next_begins_anew() {
    let limits = Limits {
        calls_an_hour: 2,
        ..Limits::default()
    };
    let mut usage = Usage::default();
    for _ in 0..2 {
        assert_eq!(usage.allowed_in_hour(1, 30, "1049", &limits), Ok(()));
        usage.begins(1, 30, "1049", &limits);
    }

    assert_eq!(
        usage.allowed_in_hour(1, 30, "1049", &limits),
        Err(Barred::Hour(2))
    );
    assert_eq!(usage.allowed_in_hour(1, 30, "1050", &limits), Ok(()));
    assert_eq!(usage.allowed_in_hour(1, 31, "1049", &limits), Ok(()));
    let before = usage.of(1, "1049");
    let mut after_restart = Usage::default();
    after_restart.restore(1, "1049", before);
    assert!(
        after_restart
            .allowed_in_hour(1, 30, "1049", &limits)
            .is_err()
    );
}

#[test]
fn a_days_money_of_a_user_and_of_the_tenant_is_not_exceeded_and_its_end_is_told() {
    let limits = Limits {
        cost_a_day: Money::of(1.0),
        tenant_cost_a_day: Money::of(1.5),
        ..Limits::default()
    };
    let mut usage = Usage::default();
    let (half, none) = (Money::of(0.5), Money::default());
    let told = |alarms: [Option<Alarm>; 2]| -> Vec<&'static str> {
        alarms.into_iter().flatten().map(|it| it.limit).collect()
    };

    assert_eq!(told(usage.pays(1, Some("1049"), half, &limits)), [""; 0]);
    assert_eq!(
        usage.affords(1, Some("1049"), (half, half), &limits),
        Ok(())
    );
    assert_eq!(
        told(usage.pays(1, Some("1049"), Money::of(0.4), &limits)),
        ["cost_a_day"]
    );
    assert_eq!(
        usage.affords(1, Some("1049"), (half, half), &limits),
        Err(Barred::Cost {
            limit: "cost_a_day",
            comes_to: Money::of(1.4),
            of: Money::of(1.0)
        })
    );
    assert_eq!(
        usage.affords(1, Some("1050"), (half, half), &limits),
        Ok(())
    );
    assert_eq!(
        told(usage.pays(1, None, half, &limits)),
        ["tenant_cost_a_day"],
        "a program's calls are the tenant's"
    );
    let beyond = usage.affords(1, Some("1050"), (half, half), &limits);
    assert_eq!(beyond.unwrap_err().word(), "tenant_cost_a_day");
    assert_eq!(usage.affords(1, None, (none, none), &limits), Ok(()));
    assert_eq!(
        usage.affords(2, Some("1049"), (half, half), &limits),
        Ok(())
    );
}

#[test]
fn a_number_knows_its_rate_and_its_country_and_waits_for_the_morning() {
    let rules = Rules {
        rates: vec![Rate {
            prefix: "+852".to_owned(),
            minute: Money::of(1.0),
            ..Rate::default()
        }],
        ..Rules::default()
    };
    let abroad = Outward::of("0085221234567", Some("10"), &rules);
    let near = Outward::of("13800138000", Some("10"), &rules);
    let help = Outward::of("110", Some("10"), &rules);

    assert_eq!(abroad.abroad(), Some("+852"));
    assert_eq!(near.abroad(), None);
    assert_eq!(abroad.rate(&rules).unwrap().minute, Money::of(1.0));
    assert_eq!(near.rate(&rules), None);
    let at_night = Rights::up_to(Class::Domestic);
    assert_eq!(
        abroad.allowed_after_hours(at_night),
        Err(Barred::AfterHours(Class::International))
    );
    assert_eq!(near.allowed_after_hours(at_night), Ok(()));
    assert_eq!(
        help.allowed_after_hours(Rights::up_to(Class::Internal)),
        Ok(())
    );
}

#[test]
fn what_the_records_say_of_today_is_never_too_much_to_be_added_up() {
    let limits = Limits {
        calls_a_day: 5,
        ..Limits::default()
    };
    let endless = Spent {
        calls: u32::MAX,
        talked: Duration::MAX,
        cost: Money::from_millionths(u64::MAX),
        hour: (30, u32::MAX),
    };
    let mut usage = Usage::default();

    for _ in 0..2 {
        usage.restore(1, "1049", endless);
        usage.begins(1, 30, "1049", &limits);
        usage.ends(1, "1049", Duration::MAX, &limits);
    }

    let refused = usage.allowed(1, "1049", Duration::MAX, &limits);
    assert_eq!(refused, Err(Barred::Calls(u32::MAX)));
}
