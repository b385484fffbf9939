//! Opening hours: periods, holidays, make-up working days, zones, mistakes.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const SHANGHAI: &str = "Asia/Shanghai";

fn schedule(table: serde_json::Value) -> Schedule {
    Schedule::read(&table, SHANGHAI).unwrap()
}

fn office() -> Schedule {
    schedule(json!({ "mon-fri": "09:00-12:00,13:30-18:00", "calendar": "cn" }))
}

/// Microseconds of a local time.
fn at(zone: &str, local: &str) -> i64 {
    let wall: DateTime = local.parse().unwrap();
    TimeZone::get(zone)
        .unwrap()
        .to_timestamp(wall)
        .unwrap()
        .as_microsecond()
}

fn local(zone: &str, micros: Option<i64>) -> String {
    let zone = TimeZone::get(zone).unwrap();
    micros.map_or_else(
        || "never".into(),
        |at| zone.to_datetime(timestamp(at)).to_string(),
    )
}

#[test]
fn a_day_has_several_periods_and_each_ends_just_before_its_end() {
    let office = office();

    for (time, open) in [
        ("2026-11-23T08:59:59", false),
        ("2026-11-23T09:00:00", true),
        ("2026-11-23T11:59:59", true),
        ("2026-11-23T12:00:00", false),
        ("2026-11-23T13:30:00", true),
        ("2026-11-23T18:00:00", false),
        ("2026-11-22T10:00:00", false),
    ] {
        assert_eq!(office.is_open(at(SHANGHAI, time)), open, "{time}");
    }
}

#[test]
fn make_up_working_days_beat_weekends_and_holidays_beat_weekdays() {
    let office = office();
    let day = |date: &str| at(SHANGHAI, &format!("{date}T10:00"));

    for worked in [
        "2017-01-22",
        "2017-02-04",
        "2017-04-01",
        "2024-02-04",
        "2024-02-18",
        "2026-02-14",
    ] {
        assert!(office.is_open(day(worked)), "{worked}");
        assert!(
            !office.is_open(at(SHANGHAI, &format!("{worked}T12:30"))),
            "{worked} at lunch"
        );
    }
    for free in [
        "2026-10-01",
        "2026-02-16",
        "2026-02-22",
        "2024-06-10",
        "2017-01-02",
    ] {
        assert!(!office.is_open(day(free)), "{free}");
    }
    assert!(office.is_open(day("2026-10-08")));
}

#[test]
fn each_answer_has_its_reason() {
    let office = office();
    let why = |time: &str| office.explain(at(SHANGHAI, time));

    assert_eq!(why("2026-10-02T10:00"), "holiday 国庆节");
    assert_eq!(
        why("2026-10-10T10:00"),
        "workday instead of weekend (调休 for 国庆节), 09:00-12:00"
    );
    assert_eq!(
        why("2026-10-10T20:00"),
        "workday instead of weekend (调休 for 国庆节), outside 09:00-12:00, 13:30-18:00"
    );
    assert_eq!(why("2026-11-23T20:00"), "outside 09:00-12:00, 13:30-18:00");
    assert_eq!(why("2026-11-23T10:00"), "open 09:00-12:00");
    assert_eq!(why("2026-11-22T10:00"), "no hours on sun");
    assert_eq!(
        office.holiday(at(SHANGHAI, "2026-10-02T10:00")),
        Some("国庆节")
    );
    assert_eq!(office.holiday(at(SHANGHAI, "2026-10-10T10:00")), None);
}

#[test]
fn a_night_shift_runs_into_the_next_day_and_over_a_holiday() {
    let night = schedule(json!({ "wed": "22:00-06:00", "holidays": { "2026-10-01": "国庆节" } }));

    assert!(night.is_open(at(SHANGHAI, "2026-09-30T23:00")));
    assert!(night.is_open(at(SHANGHAI, "2026-10-01T05:59")));
    assert!(!night.is_open(at(SHANGHAI, "2026-10-01T06:00")));
    assert!(!night.is_open(at(SHANGHAI, "2026-09-30T05:00")));
    assert_eq!(
        night.explain(at(SHANGHAI, "2026-10-01T05:00")),
        "open since wed 22:00-06:00"
    );
    assert_eq!(
        local(
            SHANGHAI,
            night.next_change(at(SHANGHAI, "2026-09-30T23:00"))
        ),
        "2026-10-01T06:00:00"
    );
}

#[test]
fn half_days_own_workdays_and_yearly_holidays_are_kept() {
    let own = schedule(json!({
        "mon-fri": "09:00-18:00",
        "workday": "10:00-16:00",
        "holidays": ["12-25", { "date": "2026-12-24", "name": "平安夜", "hours": "09:00-12:00" }],
        "workdays": ["2026-12-26"],
    }));
    let open = |time: &str| own.is_open(at(SHANGHAI, time));

    assert!(open("2026-12-24T10:00"));
    assert!(!open("2026-12-24T13:00"));
    assert_eq!(
        own.explain(at(SHANGHAI, "2026-12-24T13:00")),
        "holiday 平安夜, outside 09:00-12:00"
    );
    assert_eq!(
        own.explain(at(SHANGHAI, "2026-12-24T11:00")),
        "holiday 平安夜, open 09:00-12:00"
    );
    assert!(!open("2026-12-25T10:00"));
    assert!(!open("2028-12-25T10:00"));
    assert_eq!(own.holiday(at(SHANGHAI, "2028-12-25T10:00")), Some("12-25"));
    assert!(!open("2026-12-26T09:30"));
    assert!(open("2026-12-26T10:30"), "a Saturday");
}

#[test]
fn a_key_for_fewer_days_beats_one_for_more() {
    let office =
        schedule(json!({ "mon-sun": "09:00-18:00", "fri": "09:00-16:00", "sat-sun": "closed" }));

    assert!(office.is_open(at(SHANGHAI, "2026-11-26T17:00")));
    assert!(!office.is_open(at(SHANGHAI, "2026-11-27T17:00")));
    assert!(!office.is_open(at(SHANGHAI, "2026-11-28T10:00")));
}

#[test]
fn the_next_change_skips_the_holidays() {
    let office = office();

    for (now, next) in [
        ("2026-09-30T20:00", "2026-10-08T09:00:00"),
        ("2026-11-23T10:00", "2026-11-23T12:00:00"),
        ("2026-11-23T12:00", "2026-11-23T13:30:00"),
        ("2026-02-13T18:00", "2026-02-14T09:00:00"),
    ] {
        assert_eq!(
            local(SHANGHAI, office.next_change(at(SHANGHAI, now))),
            next,
            "{now}"
        );
    }
    assert_eq!(schedule(json!({})).next_change(0), None);
    assert_eq!(
        schedule(json!({ "mon-sun": "00:00-24:00" })).next_change(0),
        None
    );
}

#[test]
fn the_wall_clock_counts_when_the_clocks_change() {
    let berlin = schedule(json!({ "mon-sun": "02:30-03:30", "timezone": "Europe/Berlin" }));

    // 2026-03-29: 02:00 becomes 03:00. 2026-10-25: 03:00 becomes 02:00.
    let before = at("Europe/Berlin", "2026-03-29T01:00");
    let opens = berlin.next_change(before).unwrap();
    assert_eq!(opens - before, 3_600_000_000, "at the jump");
    assert_eq!(berlin.next_change(opens).unwrap() - opens, 1_800_000_000);

    let before = at("Europe/Berlin", "2026-10-25T01:00");
    let mut turns = vec![before];
    for _ in 0..4 {
        turns.push(berlin.next_change(*turns.last().unwrap()).unwrap());
    }
    let gaps: Vec<i64> = turns
        .windows(2)
        .map(|w| (w[1] - w[0]) / 60_000_000)
        .collect();
    assert_eq!(
        gaps,
        [90, 30, 30, 60],
        "open, shut by the jump back, open again, shut"
    );
}

#[test]
fn a_mistake_is_named_with_its_key_and_a_suggestion() {
    for (table, sentence) in [
        (
            json!({ "mno": "09:00-18:00" }),
            "schedule: unknown key 'mno' (did you mean 'mon'?)",
        ),
        (
            json!({ "monday": "09:00-18:00" }),
            "schedule: unknown key 'monday' (did you mean 'mon'?)",
        ),
        (
            json!({ "mon-friday": "09:00-18:00" }),
            "schedule: unknown key 'mon-friday' (did you mean 'mon-fri'?)",
        ),
        (
            json!({ "holliday": [] }),
            "schedule: unknown key 'holliday' (did you mean 'holidays'?)",
        ),
        (json!({ "xyzzy": 1 }), "schedule: unknown key 'xyzzy'"),
        (
            json!({ "mon": "9-18" }),
            "schedule: mon: '9-18' is not a period; write '09:00-18:00', past midnight \
             '22:00-06:00', all day '00:00-24:00'",
        ),
        (
            json!({ "mon-wed": "09:00-10:00", "tue-thu": "09:00-10:00" }),
            "schedule: tue is set by 'mon-wed' and by 'tue-thu'; keep one of them",
        ),
        (
            json!({ "mon": 9 }),
            "schedule: mon: a period such as '09:00-18:00', a list of periods, or 'closed' is wanted",
        ),
        (
            json!({ "holidays": ["2026-02-30"] }),
            "schedule: holidays: '2026-02-30' is no date; write '12-25' for every year or \
             '2026-12-25' for one",
        ),
        (
            json!({ "holidays": ["2026-10-01"], "workdays": ["2026-10-01"] }),
            "schedule: 2026-10-01 is listed twice in 'holidays' and 'workdays'",
        ),
        (
            json!({ "timezone": "Asia/Shanghia" }),
            "schedule: no time zone 'Asia/Shanghia' (did you mean 'Asia/Shanghai'?)",
        ),
        (
            json!({ "calendar": "de" }),
            "schedule: no calendar 'de'; there is 'cn'",
        ),
        (
            json!("mon"),
            "a schedule is a table such as { [\"mon-fri\"] = \"09:00-18:00\" }",
        ),
    ] {
        assert_eq!(
            Schedule::read(&table, SHANGHAI).unwrap_err().to_string(),
            sentence
        );
    }
    for period in [
        "09:00",
        "09:00-09:00",
        "24:00-25:00",
        "09:60-10:00",
        "-1:00-02:00",
        "+9:00-10:00",
    ] {
        assert!(
            Schedule::read(&json!({ "mon": period }), SHANGHAI).is_err(),
            "{period}"
        );
    }
}

#[test]
fn a_missing_calendar_is_told_of() {
    let office = office();

    assert!(
        office
            .missing_calendar(at(SHANGHAI, "2026-12-01T00:00"))
            .unwrap()
            .is_urgent
    );
    assert_eq!(
        schedule(json!({})).missing_calendar(at(SHANGHAI, "2026-12-01T00:00")),
        None
    );
}

#[test]
fn times_that_no_calendar_has_do_no_harm() {
    for extreme in [i64::MIN, i64::MAX] {
        let state = (
            office().is_open(extreme),
            office().explain(extreme).starts_with("open"),
        );

        assert_eq!(state.0, state.1);
        office().next_change(extreme);
    }
}

fn hours() -> impl Strategy<Value = String> {
    let period = (0u16..96, 1u16..96).prop_map(|(from, length)| {
        let to = (from + length) % 96;
        format!(
            "{:02}:{:02}-{:02}:{:02}",
            from / 4,
            from % 4 * 15,
            to / 4,
            to % 4 * 15
        )
    });
    prop::collection::vec(period, 1..3).prop_map(|periods| periods.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_next_change_is_what_a_clock_would_see(
        week in hours(),
        friday in hours(),
        zone in prop::sample::select(vec![
            "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
        ]),
        start in prop::sample::select(vec![
            // Near changes of the clock of the zones above, and holidays.
            "2026-03-28T12:00", "2026-10-24T12:00", "2026-03-07T20:00", "2026-10-31T20:00",
            "2026-04-04T10:00", "2026-10-03T10:00", "2026-09-30T10:00",
        ]),
        offset in 0i64..1_440,
    ) {
        let schedule = Schedule::read(
            &json!({ "mon-sat": week, "fri": friday, "calendar": "cn", "timezone": zone }),
            zone,
        ).unwrap();
        const MINUTE: i64 = 60_000_000;
        let start = at(zone, start) + offset * MINUTE;
        let open = schedule.is_open(start);

        let seen = (1..=3 * 1_440)
            .map(|minutes| start + minutes * MINUTE)
            .find(|&at| schedule.is_open(at) != open);

        let next = schedule.next_change(start);
        match seen {
            Some(_) => prop_assert_eq!(next, seen),
            None => prop_assert!(next.is_none_or(|next| next > start + 3 * 1_440 * MINUTE)),
        }
    }

    #[test]
    fn no_table_makes_the_reader_panic(key in ".{0,10}", hours in ".{0,14}", date in ".{0,11}") {
        let _ = Schedule::read(&json!({ key: &hours }), SHANGHAI);
        let _ = Schedule::read(&json!({ "mon": hours, "holidays": [&date], "workdays": [date] }), SHANGHAI);
    }
}
