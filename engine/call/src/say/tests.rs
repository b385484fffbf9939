//! Numbers, digits, dates and times, as people read them, from the prompts that ship.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// What was recorded first: digits alone.
const FIRST: [&str; 16] = [
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

/// What each prompt says in Chinese and in English, where it ships in that language.
static TEXTS: LazyLock<HashMap<&str, [&str; 2]>> = LazyLock::new(|| {
    include_str!("../../../../sounds/prompts.tsv")
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[0], [columns[1], columns[2]])
        })
        .collect()
});

fn shanghai() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

/// A moment of the year 2026 in Shanghai.
fn moment(month: i8, day: i8, hour: i8, minute: i8) -> i64 {
    let date = jiff::civil::date(2026, month, day).at(hour, minute, 0, 0);
    date.to_zoned(shanghai()).unwrap().timestamp().as_second()
}

fn text(piece: &str, language: &str) -> &'static str {
    let texts = TEXTS.get(piece).copied().unwrap_or_default();
    texts[usize::from(!language.starts_with("zh"))]
}

/// With the prompts that ship.
fn shipped(say: &Say, language: &str) -> Vec<String> {
    pieces(say, language, &shanghai(), &|piece| {
        !text(piece, language).is_empty()
    })
}

/// With those of them that are not made of others, as someone who speaks them anew might begin.
fn few(say: &Say, language: &str) -> Vec<String> {
    pieces(say, language, &shanghai(), &|piece| {
        let is_english = !language.starts_with("zh");
        let is_word = match piece.split_once('-') {
            Some(("date/month" | "date/day", _)) => is_english,
            Some(_) => false,
            None => match piece.strip_prefix("digits/").map(str::parse) {
                Some(Ok(11..=99_u64)) => is_english && !text(piece, "en").contains('-'),
                _ => ![
                    "time/night",
                    "time/morning",
                    "time/noon",
                    "time/afternoon",
                    "time/evening",
                ]
                .contains(&piece),
            },
        };
        is_word && !text(piece, language).is_empty()
    })
}

fn digits_alone(say: &Say, language: &str) -> Vec<String> {
    pieces(say, language, &shanghai(), &|piece| FIRST.contains(&piece))
}

/// The pieces as they sound.
fn heard(pieces: &[String], language: &'static str) -> String {
    let spoken = |piece: &String| -> &str {
        let text = text(piece, language);
        assert!(!text.is_empty(), "{piece} does not ship in {language}");
        text
    };
    let words: Vec<&str> = pieces.iter().map(spoken).collect();
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
            heard(&shipped(&Say::Number(number), "zh"), "zh"),
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
        (21, "twenty-one"),
        (203, "two hundred three"),
        (10_000, "ten thousand"),
        (1_000_015, "one million fifteen"),
        (-40, "minus forty"),
    ] {
        assert_eq!(
            heard(&shipped(&Say::Number(number), "en"), "en"),
            wanted,
            "{number}"
        );
    }
}

#[test]
fn digits_are_read_one_by_one_and_1_is_yao_in_chinese() {
    let phone = Say::Digits("138-0013".into());

    assert_eq!(heard(&shipped(&phone, "zh-CN"), "zh"), "幺三八零零幺三");
    assert_eq!(
        heard(&shipped(&phone, "en"), "en"),
        "one three eight zero zero one three"
    );
    let signs = Say::Digits("+*1#".into());
    assert_eq!(heard(&shipped(&signs, "zh"), "zh"), "加星号幺井号");
    assert_eq!(heard(&digits_alone(&signs, "zh"), "zh"), "幺");
}

#[test]
fn a_date_and_a_time_are_played_from_long_pieces() {
    let seconds = moment(11, 24, 17, 5);
    for (say, language, wanted) in [
        (
            Say::Date(seconds),
            "zh",
            "date/year-2026 date/month-11 date/day-24 date/weekday-2",
        ),
        (
            Say::Time(seconds),
            "zh",
            "time/afternoon time/hour-5 time/minute-5",
        ),
        (
            Say::Date(seconds),
            "en",
            "date/weekday-2 date/month-11 date/day-24 date/year-2026",
        ),
        (Say::Time(seconds), "en", "digits/5 time/minute-5 time/pm"),
    ] {
        assert_eq!(shipped(&say, language).join(" "), wanted, "{language}");
    }
}

#[test]
fn dates_are_read_as_people_do() {
    for (month, day, chinese, english) in [
        (
            11,
            24,
            "二零二六年十一月二十四号星期二",
            "Tuesday November twenty-fourth twenty twenty-six",
        ),
        // 二月二号 and not 两月两号.
        (
            2,
            2,
            "二零二六年二月二号星期一",
            "Monday February second twenty twenty-six",
        ),
        (
            3,
            1,
            "二零二六年三月一号星期日",
            "Sunday March first twenty twenty-six",
        ),
    ] {
        let date = Say::Date(moment(month, day, 23, 59));
        assert_eq!(heard(&shipped(&date, "zh-CN"), "zh"), chinese);
        assert_eq!(heard(&shipped(&date, "en"), "en"), english);
    }
}

#[test]
fn times_are_read_with_the_part_of_the_day() {
    for (hour, minute, chinese, english) in [
        (0, 0, "凌晨零点整", "twelve midnight"),
        (0, 12, "凌晨零点十二分", "twelve twelve a m"),
        (2, 0, "凌晨两点整", "two a m"),
        (5, 59, "凌晨五点五十九分", "five fifty-nine a m"),
        (6, 2, "上午六点零二分", "six oh two a m"),
        (10, 10, "上午十点十分", "ten ten a m"),
        (12, 0, "中午十二点整", "twelve noon"),
        (12, 30, "中午十二点三十分", "twelve thirty p m"),
        (13, 0, "下午一点整", "one p m"),
        (14, 22, "下午两点二十二分", "two twenty-two p m"),
        (17, 5, "下午五点零五分", "five oh five p m"),
        (18, 0, "晚上六点整", "six p m"),
        (22, 41, "晚上十点四十一分", "ten forty-one p m"),
        (23, 1, "晚上十一点零一分", "eleven oh one p m"),
    ] {
        let time = Say::Time(moment(11, 24, hour, minute));
        assert_eq!(heard(&shipped(&time, "zh"), "zh"), chinese);
        assert_eq!(heard(&shipped(&time, "en"), "en"), english);
    }
}

#[test]
fn dates_and_times_are_read_in_the_tenants_zone() {
    let seconds = moment(11, 24, 2, 0);
    let in_utc = |say| heard(&pieces(&say, "zh", &TimeZone::UTC, &|_| true), "zh");

    assert_eq!(in_utc(Say::Date(seconds)), "二零二六年十一月二十三号星期一");
    assert_eq!(in_utc(Say::Time(seconds)), "晚上六点整");
}

#[test]
fn years_without_a_piece_of_their_own_are_composed() {
    for (year, chinese, english) in [
        (1999, "一九九九年", "nineteen ninety-nine"),
        (2000, "二零零零年", "two thousand"),
        (2006, "二零零六年", "two thousand six"),
        (2024, "二零二四年", "twenty twenty-four"),
        (2026, "二零二六年", "twenty twenty-six"),
        (2036, "二零三六年", "twenty thirty-six"),
        (1906, "一九零六年", "nineteen oh six"),
        (1900, "一九零零年", "nineteen hundred"),
        (2110, "二一一零年", "twenty-one ten"),
    ] {
        let date = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0);
        let chinese_pieces = chinese::date(date, &|piece| !text(piece, "zh").is_empty());
        let english_pieces = english::date(date, &|piece| !text(piece, "en").is_empty());

        assert!(heard(&chinese_pieces, "zh").starts_with(&format!("{chinese}一月一号")));
        assert!(heard(&english_pieces, "en").ends_with(&format!("January first {english}")));
    }
}

#[test]
fn what_is_not_recorded_in_one_is_composed_of_what_is() {
    let date = Say::Date(moment(2, 22, 0, 0));
    let afternoon = Say::Time(moment(2, 22, 14, 2));
    let hour = Say::Time(moment(2, 22, 2, 0));
    for (say, language, wanted) in [
        (&date, "zh", "二零二六年二月二十二号"),
        (&date, "en", "February twenty-second twenty twenty six"),
        (&afternoon, "zh", "十四点零二分"),
        (&afternoon, "en", "two oh two p m"),
        (&hour, "zh", "两点整"),
        (&hour, "en", "two a m"),
        (&Say::Number(222_222), "zh", "二十二万两千两百二十二"),
        (&Say::Number(45), "en", "forty five"),
    ] {
        let language = if language == "zh" { "zh" } else { "en" };
        assert_eq!(heard(&few(say, language), language), wanted, "{say:?}");
    }
    assert_eq!(few(&Say::Number(22), "zh").len(), 3);
    assert_eq!(shipped(&Say::Number(22), "zh").len(), 1);
}

#[test]
fn what_was_not_recorded_is_said_with_digits() {
    let seconds = moment(11, 22, 15, 5);
    for (say, language, wanted) in [
        (Say::Number(203), "en", "two hundred three"),
        (Say::Number(12), "en", "one two"),
        (Say::Number(222_222), "zh", "二十二万两千两百二十二"),
        (Say::Number(100_000_000), "zh", "一零零零零零零零零"),
        (Say::Date(seconds), "zh", "一一二二"),
        (Say::Date(seconds), "en", "one one two two"),
        (Say::Time(seconds), "zh", "一五零五"),
        (Say::Time(seconds), "en", "one five zero five"),
    ] {
        let language = if language == "zh" { "zh" } else { "en" };
        let pieces = digits_alone(&say, language);
        assert_eq!(heard(&pieces, language), wanted, "{say:?}");
    }
    assert_eq!(
        heard(&digits_alone(&Say::Number(-3), "en"), "en"),
        "minus three"
    );
}

#[test]
fn every_piece_of_dates_and_times_that_ships_is_said() {
    for language in ["zh", "en"] {
        let mut said = HashSet::new();
        for day in 0..11 * 366 {
            said.extend(shipped(
                &Say::Date(moment(1, 1, 12, 0) + day * 86_400),
                language,
            ));
            said.extend(few(
                &Say::Date(moment(1, 1, 12, 0) + day * 86_400),
                language,
            ));
        }
        for minute in 0..1_440 {
            let time = Say::Time(moment(1, 1, 0, 0) + minute * 60);
            said.extend(shipped(&time, language));
            said.extend(few(&time, language));
        }
        said.extend(shipped(
            &Say::Date(moment(1, 1, 0, 0) - 300 * 86_400),
            language,
        ));

        for (piece, _) in TEXTS.iter().filter(|(piece, _)| {
            let (folder, _) = piece.split_once('/').unwrap();
            ["date", "time"].contains(&folder) && !text(piece, language).is_empty()
        }) {
            assert!(said.contains(*piece), "{piece} is never said in {language}");
        }
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
        let text = heard(&shipped(&Say::Number(number), "zh"), "zh");

        prop_assert_eq!(&text, &heard(&few(&Say::Number(number), "zh"), "zh"));
        prop_assert_eq!(value(&text), number.unsigned_abs(), "{}", text);
        prop_assert!(!text.contains("零零"), "{}", text);
        prop_assert!(number == 0 || !(text.starts_with('零') || text.ends_with('零')), "{}", text);
        prop_assert!(!text.contains("二百") && !text.contains("二千"), "{}", text);
        prop_assert!(!text.contains("零万") && !text.contains("零亿"), "{}", text);
    }

    #[test]
    fn whatever_is_said_ships(number in any::<i64>(), digits in "[0-9*#+ a]{0,8}") {
        for language in ["zh", "en"] {
            for say in [
                Say::Number(number),
                Say::Date(number),
                Say::Time(number),
                Say::Digits(digits.clone()),
            ] {
                heard(&shipped(&say, language), language);
                heard(&few(&say, language), language);
                for piece in digits_alone(&say, language) {
                    prop_assert!(FIRST.contains(&piece.as_str()) || piece == "digits/minus");
                }
            }
        }
    }
}
