//! Numbers, digits, dates and times, as people read them.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// What every set of prompts has.
const SHIPPED: [&str; 16] = [
    "digits/0",
    "digits/1",
    "digits/2",
    "digits/3",
    "digits/4",
    "digits/5",
    "digits/6",
    "digits/7",
    "digits/8",
    "digits/9",
    "digits/10",
    "digits/100",
    "digits/1000",
    "digits/10000",
    "digits/liang",
    "digits/yao",
];

fn shanghai() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn all(say: &Say, language: &str) -> Vec<String> {
    pieces(say, language, &shanghai(), &|_| true)
}

fn shipped(say: &Say, language: &str) -> Vec<String> {
    pieces(say, language, &shanghai(), &|piece| {
        SHIPPED.contains(&piece)
    })
}

/// The pieces as they sound.
fn heard(pieces: &[String], language: &'static str) -> String {
    let spoken = |piece: &String| -> String {
        let ours = match piece.as_str() {
            "digits/0" => ["零", "zero"],
            "digits/1" => ["一", "one"],
            "digits/2" => ["二", "two"],
            "digits/3" => ["三", "three"],
            "digits/4" => ["四", "four"],
            "digits/5" => ["五", "five"],
            "digits/6" => ["六", "six"],
            "digits/7" => ["七", "seven"],
            "digits/8" => ["八", "eight"],
            "digits/9" => ["九", "nine"],
            "digits/10" => ["十", "ten"],
            "digits/100" => ["百", "hundred"],
            "digits/1000" => ["千", "thousand"],
            "digits/10000" => ["万", "ten thousand"],
            "digits/liang" => ["两", "two"],
            "digits/yao" => ["幺", "one"],
            _ => {
                let wanted = wanted()
                    .into_iter()
                    .find(|wanted| wanted.name == *piece && wanted.language == language);
                return wanted
                    .unwrap_or_else(|| panic!("{piece} is not listed"))
                    .text
                    .to_owned();
            }
        };
        ours[usize::from(language == "en")].to_owned()
    };
    let words: Vec<String> = pieces.iter().map(spoken).collect();
    words.join(if language == "zh" { "" } else { " " })
}

#[test]
fn chinese_quantities_are_read_as_people_do() {
    for (number, wanted) in [
        (0, "零"),
        (2, "两"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (22, "二十二"),
        (100, "一百"),
        (102, "一百零二"),
        (110, "一百一十"),
        (112, "一百一十二"),
        (200, "两百"),
        (203, "两百零三"),
        (222, "两百二十二"),
        (1_001, "一千零一"),
        (1_010, "一千零一十"),
        (2_000, "两千"),
        (2_020, "两千零二十"),
        (10_000, "一万"),
        (10_010, "一万零一十"),
        (11_000, "一万一千"),
        (20_000, "两万"),
        (100_000, "十万"),
        (120_000, "十二万"),
        (222_222, "二十二万两千两百二十二"),
        (1_000_001, "一百万零一"),
        (100_000_000, "一亿"),
        (200_010_000, "两亿零一万"),
        (1_000_100_000, "十亿零一十万"),
        (-5, "负五"),
    ] {
        assert_eq!(
            heard(&all(&Say::Number(number), "zh"), "zh"),
            wanted,
            "{number}"
        );
    }
}

#[test]
fn english_quantities_are_read_as_people_do() {
    for (number, wanted) in [
        (0, "zero"),
        (12, "twelve"),
        (21, "twenty one"),
        (203, "two hundred three"),
        (10_000, "ten thousand"),
        (1_000_015, "one million fifteen"),
        (-40, "minus forty"),
    ] {
        assert_eq!(
            heard(&all(&Say::Number(number), "en"), "en"),
            wanted,
            "{number}"
        );
    }
}

#[test]
fn digits_are_read_one_by_one_and_1_is_yao_in_chinese() {
    let phone = Say::Digits("138-0013".into());

    assert_eq!(heard(&all(&phone, "zh-CN"), "zh"), "幺三八零零幺三");
    assert_eq!(
        heard(&all(&phone, "en"), "en"),
        "one three eight zero zero one three"
    );
    let signs = Say::Digits("+*1#".into());
    assert_eq!(heard(&all(&signs, "zh"), "zh"), "加星号幺井号");
    assert_eq!(heard(&shipped(&signs, "zh"), "zh"), "幺");
}

#[test]
fn dates_and_times_are_read_in_the_tenants_zone() {
    // 2026-11-22 15:05 in Shanghai.
    let seconds = 1_795_331_100;
    assert_eq!(
        heard(&all(&Say::Date(seconds), "zh"), "zh"),
        "二零二六年十一月二十二日"
    );
    assert_eq!(heard(&all(&Say::Time(seconds), "zh"), "zh"), "十五点零五分");
    assert_eq!(
        heard(&all(&Say::Date(seconds), "en"), "en"),
        "November twenty-second twenty twenty six"
    );
    assert_eq!(
        heard(&all(&Say::Time(seconds), "en"), "en"),
        "three oh five p m"
    );

    // 02:00 and 00:12 of the next day.
    let night = seconds + 10 * 3_600 + 55 * 60;
    assert_eq!(heard(&all(&Say::Time(night), "zh"), "zh"), "两点整");
    assert_eq!(heard(&all(&Say::Time(night), "en"), "en"), "two a m");
    assert_eq!(
        heard(&all(&Say::Time(night - 108 * 60), "zh"), "zh"),
        "零点十二分"
    );
    assert_eq!(
        heard(&all(&Say::Time(night - 108 * 60), "en"), "en"),
        "twelve twelve a m"
    );
    // February 2nd is 二月二日 and not 两月两日.
    let february = 1_769_961_600 + 3_600;
    assert_eq!(
        heard(&all(&Say::Date(february), "zh"), "zh"),
        "二零二六年二月二日"
    );
}

#[test]
fn english_years_are_read_in_pairs() {
    for (year, wanted) in [
        (1999, "nineteen ninety nine"),
        (2000, "two thousand"),
        (2006, "two thousand six"),
        (1906, "nineteen oh six"),
        (1900, "nineteen hundred"),
        (2110, "twenty one ten"),
    ] {
        let date = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0);
        let pieces = english::date(date);
        assert_eq!(heard(&pieces, "en"), format!("January first {wanted}"));
    }
}

#[test]
fn what_was_not_recorded_is_said_with_digits() {
    let seconds = 1_795_331_100;
    for (say, language, wanted) in [
        (Say::Number(203), "en", "two hundred three"),
        (Say::Number(12), "en", "one two"),
        (Say::Number(222_222), "zh", "二十二万两千两百二十二"),
        (Say::Number(100_000_000), "zh", "一零零零零零零零零"),
        (Say::Date(seconds), "zh", "一一二二"),
        (Say::Time(seconds), "zh", "一五零五"),
        (Say::Time(seconds), "en", "one five zero five"),
    ] {
        let language = if language == "zh" { "zh" } else { "en" };
        assert_eq!(heard(&shipped(&say, language), language), wanted, "{say:?}");
    }
    assert_eq!(heard(&shipped(&Say::Number(-3), "en"), "en"), "minus three");
}

#[test]
fn no_wanted_piece_is_listed_twice_or_shipped() {
    let mut seen = HashSet::new();
    for wanted in wanted() {
        assert!(!SHIPPED.contains(&wanted.name.as_str()), "{wanted:?}");
        assert!(
            seen.insert((wanted.language, wanted.name.clone())),
            "{wanted:?}"
        );
    }
}

/// Reads Chinese back, by other rules than those that wrote it.
fn value(text: &str) -> u64 {
    let mut total = 0;
    let mut below_unit = 0;
    let mut digit = 0;
    for sign in text.chars() {
        match sign {
            '零' => digit = 0,
            '十' => below_unit += std::mem::take(&mut digit).max(1) * 10,
            '百' => below_unit += std::mem::take(&mut digit) * 100,
            '千' => below_unit += std::mem::take(&mut digit) * 1_000,
            '万' => {
                below_unit += std::mem::take(&mut digit);
                let ten_thousands = std::mem::take(&mut below_unit);
                total += ten_thousands * 10_000;
            }
            '亿' => {
                below_unit += std::mem::take(&mut digit);
                total = (total + std::mem::take(&mut below_unit)) * 100_000_000;
            }
            '两' => digit = 2,
            _ => {
                digit = "零一二三四五六七八九"
                    .chars()
                    .position(|d| d == sign)
                    .unwrap() as u64
            }
        }
    }
    total + below_unit + digit
}

proptest! {
    #[test]
    fn a_chinese_number_is_understood_as_what_it_is(
        number in prop_oneof![0i64..100_000, 0i64..1_000_000_000_000, 0i64..10_000_000_000_000_000]
    ) {
        let text = heard(&all(&Say::Number(number), "zh"), "zh");

        prop_assert_eq!(value(&text), number.unsigned_abs(), "{}", text);
        prop_assert!(!text.contains("零零"), "{}", text);
        prop_assert!(number == 0 || !(text.starts_with('零') || text.ends_with('零')), "{}", text);
        prop_assert!(!text.contains("二百") && !text.contains("二千"), "{}", text);
        prop_assert!(!text.contains("零万") && !text.contains("零亿"), "{}", text);
    }

    #[test]
    fn whatever_is_said_is_shipped_or_listed(number in any::<i64>(), digits in "[0-9*#+ a]{0,8}") {
        for language in ["zh", "en"] {
            for say in [
                Say::Number(number),
                Say::Date(number),
                Say::Time(number),
                Say::Digits(digits.clone()),
            ] {
                heard(&all(&say, language), language);
                for piece in shipped(&say, language) {
                    prop_assert!(SHIPPED.contains(&piece.as_str()) || piece == "digits/minus");
                }
            }
        }
    }
}
