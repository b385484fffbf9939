//! The data of the notices, and what is told of a year without one.

use jiff::civil::{Weekday, date};

use super::*;

fn cn() -> &'static Calendar {
    Calendar::named("cn").unwrap()
}

#[test]
fn the_file_can_be_read_whole() {
    let calendar = Calendar::parse("cn", include_str!("cn.txt")).unwrap();

    assert_eq!(calendar.years, BTreeSet::from([2017, 2024, 2025, 2026]));
    assert_eq!(Calendar::named("xx"), None);
}

#[test]
fn weekends_that_the_state_council_made_working_days_are_working_days() {
    for (day, weekday) in [
        (date(2017, 1, 22), Weekday::Sunday),
        (date(2017, 2, 4), Weekday::Saturday),
        (date(2017, 4, 1), Weekday::Saturday),
        (date(2024, 2, 4), Weekday::Sunday),
        (date(2024, 2, 18), Weekday::Sunday),
        (date(2025, 1, 26), Weekday::Sunday),
        (date(2025, 10, 11), Weekday::Saturday),
        (date(2026, 1, 4), Weekday::Sunday),
        (date(2026, 2, 14), Weekday::Saturday),
        (date(2026, 10, 10), Weekday::Saturday),
    ] {
        assert_eq!(day.weekday(), weekday);
        assert_eq!(
            cn().decree(day).map(|(decree, _)| decree),
            Some(Decree::Workday),
            "{day}"
        );
    }
}

#[test]
fn every_make_up_day_is_a_weekend_near_a_holiday_of_its_feast() {
    for (&day, (decree, name)) in &cn().days {
        if *decree == Decree::Holiday {
            continue;
        }
        assert!(
            matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
            "{day}"
        );
        let is_near = cn().days.iter().any(|(&other, (decree, feast))| {
            *decree == Decree::Holiday && feast == name && (other - day).get_days().abs() <= 14
        });
        assert!(is_near, "{day} {name}");
    }
}

#[test]
fn each_year_has_as_many_days_off_as_its_notice_says() {
    // Without weekends that a feast merely adjoins: 2017 劳动节, 2024 元旦 and 端午节.
    for (year, off, worked) in [(2017, 24, 5), (2024, 28, 8), (2025, 28, 5), (2026, 33, 6)] {
        let count = |wanted| {
            cn().days
                .iter()
                .filter(|(day, (decree, _))| day.year() == year && *decree == wanted)
                .count()
        };
        assert_eq!(
            (count(Decree::Holiday), count(Decree::Workday)),
            (off, worked),
            "{year}"
        );
    }
}

#[test]
fn feasts_have_their_names() {
    assert_eq!(
        cn().decree(date(2026, 10, 1)),
        Some((Decree::Holiday, "国庆节"))
    );
    assert_eq!(
        cn().decree(date(2026, 2, 23)),
        Some((Decree::Holiday, "春节"))
    );
    assert_eq!(cn().decree(date(2026, 2, 24)), None);
}

#[test]
fn next_years_missing_data_is_mentioned_in_november_and_urgent_in_december() {
    assert_eq!(cn().missing(date(2026, 10, 31)), None);
    assert_eq!(cn().missing(date(2025, 12, 31)), None);

    let mentioned = cn().missing(date(2026, 11, 22)).unwrap();
    assert_eq!((mentioned.year, mentioned.is_urgent), (2027, false));

    let urgent = cn().missing(date(2026, 12, 1)).unwrap();
    assert!(urgent.is_urgent);
    assert!(
        urgent
            .sentence
            .starts_with("calendar 'cn' has no data for 2027:")
    );

    let late = cn().missing(date(2027, 3, 1)).unwrap();
    assert_eq!((late.year, late.is_urgent), (2027, true));
}

#[test]
fn a_line_that_contradicts_another_is_refused_by_its_number() {
    let text = "year 2026 x\n2026-01-01 holiday a\n2026-01-01 workday b\n";

    assert_eq!(
        Calendar::parse("cn", text).unwrap_err(),
        "line 3: '2026-01-01 workday b' cannot be read"
    );
    assert!(
        Calendar::parse("cn", "2026-01-01 holiday a").is_err(),
        "no year line"
    );
    assert!(Calendar::parse("cn", "year 2026 x\n2026-01-03..2026-01-01 holiday a").is_err());
}
