//! Each row of the table of ways to write a number, and what must not be guessed at.

use proptest::prelude::*;

use super::*;

fn beijing() -> Plan {
    Plan {
        area_code: Some("010".into()),
        internal: extensions(&["1049", "*97"]),
    }
}

fn extensions(numbers: &[&str]) -> Arc<BTreeSet<String>> {
    let numbers = numbers.iter().map(|number| (*number).to_owned());
    Arc::new(numbers.collect())
}

fn read(raw: &str) -> (Kind, Option<String>, Option<String>) {
    let number = normalise(raw, &beijing());
    assert_eq!(number.raw, raw);
    (number.kind, number.canonical, number.post_dial)
}

#[test]
fn nobody_is_called_back_for_a_number_that_is_none_of_a_customers() {
    let can = |raw: &str| normalise(raw, &beijing()).can_be_called_back();
    for customer in ["13800138000", "010-12345678", "95588", "+85221234567"] {
        assert!(can(customer), "{customer}");
    }
    let long = "9".repeat(30_000);
    for other in ["110", "119", "1049", "anonymous", "*97", "12ab5", "", &long] {
        assert!(!can(other), "{other}");
    }
}

#[test]
fn each_way_of_writing_a_number_has_one_canonical_form() {
    let table: &[(&[&str], Kind, &str)] = &[
        (
            &[
                "13800138000",
                "+8613800138000",
                "8613800138000",
                "0086 138-0013-8000",
                "013800138000",
                "138 0013 8000",
                "(138)0013/8000",
                "１３８００１３８０００",
                "+86 138.0013.8000",
            ],
            Kind::Mobile,
            "+8613800138000",
        ),
        (
            &[
                "010-87654321",
                "01087654321",
                "+861087654321",
                "861087654321",
                "87654321",
                "+86 (0)10 8765 4321",
                "（010）87654321",
                "0086-10-87654321",
                "010–87654321",
            ],
            Kind::Fixed,
            "+861087654321",
        ),
        (
            &["0755 2688 1234", "+8675526881234", "8675526881234"],
            Kind::Fixed,
            "+8675526881234",
        ),
        (
            &["0352-1234567", "+863521234567"],
            Kind::Fixed,
            "+863521234567",
        ),
        (&["021 12345678"], Kind::Fixed, "+862112345678"),
        (
            &["4008123123", "400-812-3123", "+864008123123"],
            Kind::TollFree,
            "4008123123",
        ),
        (&["8008123123"], Kind::TollFree, "8008123123"),
        (&["95588", "+8695588"], Kind::Short, "95588"),
        (&["955880001"], Kind::Short, "955880001"),
        (&["96123"], Kind::Short, "96123"),
        (&["12345"], Kind::Short, "12345"),
        (&["12315"], Kind::Short, "12315"),
        (&["10010"], Kind::Short, "10010"),
        (&["10086"], Kind::Short, "10086"),
        (&["10000"], Kind::Short, "10000"),
        (&["114"], Kind::Short, "114"),
        (&["110"], Kind::Emergency, "110"),
        (&["119"], Kind::Emergency, "119"),
        (&["120", " 120 "], Kind::Emergency, "120"),
        (&["122"], Kind::Emergency, "122"),
        (&["10690123456789"], Kind::SmsPort, "10690123456789"),
        (&["1065512345"], Kind::SmsPort, "1065512345"),
        (
            &["0085221234567", "+852 2123 4567"],
            Kind::International,
            "+85221234567",
        ),
        (
            &["+49 30 123456", "004930123456"],
            Kind::International,
            "+4930123456",
        ),
        (&["1049", " 1049"], Kind::Internal, "1049"),
        (&["*97"], Kind::Internal, "*97"),
    ];
    for (ways, kind, canonical) in table {
        for raw in *ways {
            assert_eq!(
                read(raw),
                (*kind, Some((*canonical).to_owned()), None),
                "{raw}"
            );
        }
    }
}

#[test]
fn an_extension_behind_a_number_is_dialled_after_the_answer() {
    for raw in [
        "0755-26881234转802",
        "0755-26881234,802",
        "0755-26881234 ext 802",
        "075526881234轉802",
        "+8675526881234;ext=802",
        "0755-26881234 Ext. 802",
        "0755-26881234，８０２",
    ] {
        let wanted = (
            Kind::Fixed,
            Some("+8675526881234".to_owned()),
            Some("802".to_owned()),
        );
        assert_eq!(read(raw), wanted, "{raw}");
    }
}

#[test]
fn keys_to_press_after_the_answer_are_parted_from_the_number() {
    for (text, parted) in [
        ("0755-26881234转802", Some(("0755-26881234", "802"))),
        ("26881234 ext 802", Some(("26881234", "802"))),
        ("13800138000，１２", Some(("13800138000", "12"))),
        ("13800138000", None),
        ("转802", None),
        ("26881234转八", None),
        ("next1", None),
    ] {
        let parted = parted.map(|(number, keys)| (number.to_owned(), keys.to_owned()));
        assert_eq!(post_dial(text), parted, "{text}");
    }
    assert_eq!(post_dial(&format!("{}转1", "1".repeat(64))), None);
}

#[test]
fn who_does_not_show_a_number_has_none() {
    for raw in ["anonymous", "", "unknown", "Restricted", "  ", "ANONYMOUS"] {
        assert_eq!(read(raw), (Kind::Withheld, None, None), "{raw}");
    }
}

#[test]
fn what_is_not_understood_is_kept_and_never_guessed_at() {
    for raw in [
        "alice",
        "1060",
        "1234",
        "12800138000",
        "1380013800",
        "138001380000",
        "02612345678",
        "0108765432",
        "+",
        "++8613800138000",
        "+860",
        "00",
        "999",
        "0755-26881234转",
        "转802",
        "0755-26881234转八",
        "0755-26881234转123456789",
        "04008123123",
        "+0123456789",
        "1380013800０x",
        "*98",
        "87654321x",
        "+1234567890123456",
    ] {
        assert_eq!(read(raw), (Kind::Unknown, None, None), "{raw}");
    }
    assert_eq!(read(&"1".repeat(65)).0, Kind::Unknown);
}

#[test]
fn a_local_number_needs_its_area() {
    let nowhere = Plan::default();
    let shenzhen = Plan {
        area_code: Some("755".into()),
        ..Plan::default()
    };
    let odd = Plan {
        area_code: Some("26".into()),
        ..Plan::default()
    };

    assert_eq!(normalise("87654321", &nowhere).kind, Kind::Unknown);
    assert_eq!(
        normalise("26881234", &shenzhen).canonical.as_deref(),
        Some("+8675526881234")
    );
    assert_eq!(
        normalise("8765432", &beijing()).kind,
        Kind::Unknown,
        "seven digits in Beijing"
    );
    assert_eq!(normalise("87654321", &odd).kind, Kind::Unknown);
    assert_eq!(normalise("1049", &nowhere).kind, Kind::Unknown);
}

#[test]
fn the_tenants_own_numbers_come_before_all_rules() {
    let own = ["95588", "26881234", "13800138000"];
    let plan = Plan {
        internal: extensions(&own),
        ..beijing()
    };
    for own in own {
        let found = normalise(own, &plan);
        assert_eq!(found.kind, Kind::Internal, "{own}");
        assert_eq!(found.canonical.as_deref(), Some(own));
        assert_ne!(read(own).0, Kind::Internal, "{own}");
    }

    // Written as an outside number, it is one.
    assert_eq!(normalise("010-26881234", &plan).kind, Kind::Fixed);
    assert_eq!(normalise("26881235", &plan).kind, Kind::Fixed);
}

#[test]
fn no_plan_hides_an_emergency_number() {
    let plan = Plan {
        area_code: None,
        internal: extensions(&["110", "114"]),
    };

    assert_eq!(normalise("110", &plan).kind, Kind::Emergency);
    assert_eq!(normalise("114", &plan).kind, Kind::Internal);
}

#[test]
fn numbers_are_dialled_as_the_trunk_wants_them() {
    for (raw, national, e164) in [
        (
            "+8613800138000",
            Some("13800138000"),
            Some("+8613800138000"),
        ),
        ("87654321", Some("01087654321"), Some("+861087654321")),
        (
            "+8675526881234",
            Some("075526881234"),
            Some("+8675526881234"),
        ),
        ("+85221234567", Some("0085221234567"), Some("+85221234567")),
        ("400-812-3123", Some("4008123123"), Some("4008123123")),
        ("95588", Some("95588"), Some("95588")),
        ("110", Some("110"), Some("110")),
        ("10690123456789", None, None),
        ("1049", None, None),
        ("anonymous", None, None),
        ("alice", None, None),
    ] {
        let number = normalise(raw, &beijing());

        assert_eq!(number.national().as_deref(), national, "{raw}");
        assert_eq!(number.dialable_e164().as_deref(), e164, "{raw}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic_and_a_canonical_form_is_its_own(raw in "\\PC{0,24}") {
        let number = normalise(&raw, &beijing());

        if let Some(canonical) = &number.canonical {
            let again = normalise(canonical, &beijing());
            prop_assert_eq!(Some(canonical), again.canonical.as_ref());
            prop_assert_eq!(number.kind, again.kind);
        }
    }

    #[test]
    fn every_dialled_form_leads_back_to_the_same_number(
        raw in "(0|86|\\+86|0086|00|\\+)?[0-9]{3,12}"
    ) {
        let number = normalise(&raw, &beijing());

        for form in [number.national(), number.dialable_e164()].into_iter().flatten() {
            prop_assert_eq!(&normalise(&form, &beijing()).canonical, &number.canonical, "{}", form);
        }
    }
}
