//! Each row of the table of Chinese numbers: what comes in, its canonical form beside the raw one, its kind.

use std::sync::Arc;

use super::*;

/// A tenant whose trunk is in Beijing and that has one extension.
fn plan() -> Plan {
    Plan {
        area_code: Some("10".to_owned()),
        internal: Arc::new(["1049".to_owned()].into()),
    }
}

/// Inputs, canonical form, kind, keys after the answer, as it is dialled within the country.
type Row = (
    &'static [&'static str],
    Option<&'static str>,
    Kind,
    Option<&'static str>,
    Option<&'static str>,
);

const TABLE: &[Row] = &[
    (
        &[
            "13800138000",
            "+8613800138000",
            "8613800138000",
            "0086 138-0013-8000",
            "013800138000",
            "+86 (138) 0013-8000",
            "138/0013/8000",
            "[138] 0013.8000",
            "（138）00138000",
        ],
        Some("+8613800138000"),
        Kind::Mobile,
        None,
        Some("13800138000"),
    ),
    (
        &[
            "010-87654321",
            "01087654321",
            "+861087654321",
            "861087654321",
            "(010) 8765 4321",
            "010/87654321",
        ],
        Some("+861087654321"),
        Kind::Fixed,
        None,
        Some("01087654321"),
    ),
    (
        &["0755 2688 1234", "+8675526881234"],
        Some("+8675526881234"),
        Kind::Fixed,
        None,
        Some("075526881234"),
    ),
    (
        &["87654321", "8765 4321"],
        Some("+861087654321"),
        Kind::Fixed,
        None,
        Some("01087654321"),
    ),
    (
        &["4008123123", "400-812-3123"],
        Some("4008123123"),
        Kind::TollFree,
        None,
        Some("4008123123"),
    ),
    (
        &["8008123123"],
        Some("8008123123"),
        Kind::TollFree,
        None,
        Some("8008123123"),
    ),
    (&["95588"], Some("95588"), Kind::Short, None, Some("95588")),
    (
        &["955880001"],
        Some("955880001"),
        Kind::Short,
        None,
        Some("955880001"),
    ),
    (&["96123"], Some("96123"), Kind::Short, None, Some("96123")),
    (&["12345"], Some("12345"), Kind::Short, None, Some("12345")),
    (&["12315"], Some("12315"), Kind::Short, None, Some("12315")),
    (&["10010"], Some("10010"), Kind::Short, None, Some("10010")),
    (&["10086"], Some("10086"), Kind::Short, None, Some("10086")),
    (&["10000"], Some("10000"), Kind::Short, None, Some("10000")),
    (&["110"], Some("110"), Kind::Emergency, None, Some("110")),
    (&["119"], Some("119"), Kind::Emergency, None, Some("119")),
    (&["120"], Some("120"), Kind::Emergency, None, Some("120")),
    (&["122"], Some("122"), Kind::Emergency, None, Some("122")),
    (
        &["10690123456789"],
        Some("10690123456789"),
        Kind::SmsPort,
        None,
        None,
    ),
    (
        &["1065512345"],
        Some("1065512345"),
        Kind::SmsPort,
        None,
        None,
    ),
    (
        &["0085221234567", "+85221234567", "00852 2123-4567"],
        Some("+85221234567"),
        Kind::International,
        None,
        Some("0085221234567"),
    ),
    (
        &[
            "0755-26881234转802",
            "0755-26881234,802",
            "0755-26881234 ext 802",
            "0755-26881234 ext. 802",
        ],
        Some("+8675526881234"),
        Kind::Fixed,
        Some("802"),
        Some("075526881234"),
    ),
    (
        &["anonymous", "", "unknown", "Restricted"],
        None,
        Kind::Withheld,
        None,
        None,
    ),
    (&["1049"], Some("1049"), Kind::Internal, None, None),
    // Unknown: kept as it came, never guessed at.
    (
        &["1234567890123456789", "abc", "0138001"],
        None,
        Kind::Unknown,
        None,
        None,
    ),
];

#[test]
fn each_row_of_the_table_has_its_canonical_form_beside_the_raw_one() {
    for (inputs, canonical, kind, keys, national) in TABLE {
        for input in *inputs {
            let number = normalise(input, &plan());
            assert_eq!(number.raw, *input);
            assert_eq!(number.canonical.as_deref(), *canonical, "{input}");
            assert_eq!(number.kind, *kind, "{input}");
            assert_eq!(number.post_dial.as_deref(), *keys, "{input}");
            assert_eq!(number.national().as_deref(), *national, "{input}");
        }
    }
}

#[test]
fn numbers_match_by_their_canonical_form_and_no_other_does() {
    for (place, (inputs, canonical, ..)) in TABLE.iter().enumerate() {
        let Some(canonical) = canonical else { continue };
        for (other, (others, ..)) in TABLE.iter().enumerate() {
            let is_same = TABLE[place].1 == TABLE[other].1;
            for one in *inputs {
                for another in *others {
                    let forms = [one, another].map(|text| normalise(text, &plan()).canonical);
                    assert_eq!(forms[0] == forms[1], is_same, "{one} {another}");
                }
            }
        }
        assert_eq!(
            normalise(canonical, &plan()).canonical.as_deref(),
            Some(*canonical)
        );
    }
}

#[test]
fn a_number_box_takes_what_was_pasted_into_it() {
    for (pasted, dialled) in [
        ("+86 (138) 0013-8000", Some("+8613800138000")),
        ("0755-2688 1234转802", Some("075526881234,802")),
        ("010/8765 4321", Some("01087654321")),
        ("１３８００１３８０００", Some("13800138000")),
        (" 1049 ", Some("1049")),
        ("13800138000", None),
        ("*97", None),
        ("echo-test", None),
        ("", None),
        ("-", None),
    ] {
        assert_eq!(tidy(pasted).as_deref(), dialled, "{pasted}");
    }
}

#[test]
fn twelve_digits_from_01_and_3_to_9_are_a_mobile_and_010_with_eight_is_beijing() {
    let kind = |text: &str| normalise(text, &plan()).kind;

    assert_eq!(kind("013800138000"), Kind::Mobile);
    assert_eq!(kind("01087654321"), Kind::Fixed);
    assert_eq!(kind("0138001380"), Kind::Unknown);
    assert_eq!(kind("010876543210"), Kind::Unknown);
}

#[test]
fn what_the_tenant_has_is_internal_whatever_it_would_be_elsewhere_and_help_is_not_hidden() {
    let own = ["13800138000", "95588", "110"];
    let plan = Plan {
        internal: Arc::new(own.map(str::to_owned).into()),
        ..plan()
    };
    assert_eq!(normalise("13800138000", &plan).kind, Kind::Internal);
    assert_eq!(normalise("95588", &plan).kind, Kind::Internal);
    assert_eq!(normalise("110", &plan).kind, Kind::Emergency);
}
