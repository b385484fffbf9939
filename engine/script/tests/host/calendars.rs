//! Calendars that run out while the exchange runs.

use std::sync::atomic::Ordering::Relaxed;

use jiff::Timestamp;
use script::Outcome;

use crate::support::Project;

const HOURS: &str = "local hours = schedule { [\"mon-fri\"] = \"09:00-18:00\", calendar = \"cn\" }
local desk = schedule { [\"mon-sat\"] = \"09:00-20:00\", calendar = \"cn\" }
context \"internal\" { [\"100\"] = function(call)
  return hours:is_open() and desk:is_open()
end }";

/// The project when the clock says so, in Shanghai.
fn at(project: &Project, time: &str) {
    let time: Timestamp = format!("{time}+08:00").parse().unwrap();
    project.clock.0.store(time.as_microsecond(), Relaxed);
}

fn warnings(project: &Project) -> Vec<String> {
    let status = project.scripts.status();
    let warnings = status.tenants[0].warnings.iter();
    warnings.map(|warning| warning.message.clone()).collect()
}

#[test]
fn an_exchange_that_runs_into_december_is_told_of_the_missing_calendar_once_a_day() {
    let project = Project::of(HOURS);
    at(&project, "2026-11-30T12:00:00");
    assert_eq!(project.scripts.look_at_calendars(), []);
    assert_eq!(warnings(&project), [""; 0]);

    at(&project, "2026-12-01T09:00:00");
    let told = project.scripts.look_at_calendars();

    // Both schedules lack the same year: that is one thing to do.
    assert_eq!(told.len(), 1);
    let sentence = "scripts/8001/init.lua:1: calendar 'cn' has no data for 2027";
    assert!(told[0].message.starts_with(sentence), "{told:?}");
    assert_eq!(warnings(&project), [told[0].message.as_str()]);
    at(&project, "2026-12-01T15:00:00");
    assert_eq!(project.scripts.look_at_calendars(), [], "told today");
    at(&project, "2026-12-02T09:00:00");
    assert_eq!(project.scripts.look_at_calendars(), told);
}

#[test]
fn a_file_that_loads_in_december_is_published_with_the_warning() {
    // The clock of these tests begins in January 2027.
    let project = Project::of(HOURS);

    let Outcome::Published { warnings, .. } = &project.report.tenants[0].outcome else {
        panic!("{:?}", project.report)
    };

    assert_eq!(warnings.len(), 1);
    let all_the_year = "calendar 'cn' has no data for 2027";
    assert!(warnings[0].message.contains(all_the_year), "{warnings:?}");
    // It was told just now.
    assert_eq!(project.scripts.look_at_calendars(), []);
}

#[test]
fn schedules_without_a_calendar_miss_none() {
    let project = Project::of(&HOURS.replace(", calendar = \"cn\"", ""));
    at(&project, "2026-12-01T09:00:00");

    assert_eq!(project.scripts.look_at_calendars(), []);
    assert_eq!(warnings(&project), [""; 0]);
}
