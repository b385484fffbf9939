//! Going back to an earlier generation: its number comes back with it, saved files wait, and a
//! restart forgets nothing.

use std::path::Path;

use script::{Outcome, TenantStatus};

use crate::support::{Folder, Project, Setting, tenants, until};

fn plan(number: usize) -> String {
    format!(
        "context \"internal\" {{ [\"100\"] = function(call) call:play(\"version/{number}\") end }}"
    )
}

/// A project whose generations are kept in `kept`.
fn kept_in(kept: &Folder, dialplan: &str) -> Project {
    let setting = Setting {
        history: Some(kept.path().to_owned()),
        ..Setting::default()
    };
    Project::new(&[("scripts/8001/init.lua", dialplan)], setting)
}

fn save(project: &Project, number: usize) -> Outcome {
    project.folder.write("scripts/8001/init.lua", plan(number));
    reload(project)
}

fn reload(project: &Project) -> Outcome {
    project.scripts.reload(None).remove(0).outcome
}

/// As a saved `config.lua` does it, which nobody has asked for.
fn notice(project: &Project) -> Option<Outcome> {
    let reports = project
        .scripts
        .reconfigure(tenants(&Setting::default()), false);
    reports.into_iter().next().map(|report| report.outcome)
}

fn roll_back(project: &Project, to: Option<u64>) -> Result<Outcome, String> {
    let report = project.scripts.roll_back(&"8001".into(), to)?;
    Ok(report.outcome)
}

fn status(project: &Project) -> TenantStatus {
    project.scripts.status().tenants.remove(0)
}

fn plays(project: &Project, number: usize, generation: u64) {
    let call = project.call("100");
    let asked = project.exchange.plays(call, &format!("version/{number}"));
    assert_eq!(asked.place.generation, generation);
}

fn is(outcome: &Outcome, wanted: u64) -> bool {
    matches!(outcome, Outcome::Published { generation, .. } if *generation == wanted)
}

#[test]
fn new_calls_get_the_earlier_generation_under_its_own_number() {
    let kept = Folder::new();
    let project = kept_in(&kept, &plan(1));
    save(&project, 2);
    save(&project, 3);

    let gone = roll_back(&project, None).unwrap();
    assert!(is(&gone, 2), "{gone:?}");
    plays(&project, 2, 2);
    let gone = roll_back(&project, Some(1)).unwrap();
    assert!(is(&gone, 1), "{gone:?}");
    plays(&project, 1, 1);

    let status = status(&project);
    let back = status.gone_back.unwrap();
    assert_eq!((back.to, back.from), (1, 2));
    let numbers: Vec<u64> = status.kept.iter().map(|kept| kept.generation).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(status.kept[1].changed_after, ["scripts/8001/init.lua"]);
}

#[test]
fn saved_files_are_looked_at_and_held_until_somebody_asks_for_them() {
    let kept = Folder::new();
    let project = kept_in(&kept, &plan(1));
    save(&project, 2);
    roll_back(&project, None).unwrap();

    project.folder.write("scripts/8001/init.lua", "oops oops");
    let held = notice(&project);
    assert!(
        matches!(&held, Some(Outcome::Held { generation: 1, errors }) if errors.len() == 1),
        "{held:?}"
    );
    let errors = status(&project).held.unwrap().errors;
    assert!(errors[0].message.starts_with("scripts/8001/init.lua:1: "));
    plays(&project, 1, 1);
    project.folder.write("scripts/8001/init.lua", plan(3));
    let held = notice(&project);
    assert!(
        matches!(&held, Some(Outcome::Held { errors, .. }) if errors.is_empty()),
        "{held:?}"
    );
    assert_eq!(status(&project).held.unwrap().errors, []);
    plays(&project, 1, 1);

    let asked = reload(&project);
    assert!(is(&asked, 3), "{asked:?}");
    plays(&project, 3, 3);
    let status = status(&project);
    assert_eq!((status.gone_back, status.held), (None, None));
}

#[test]
fn what_was_gone_back_from_gets_its_number_again() {
    let kept = Folder::new();
    let project = kept_in(&kept, &plan(1));
    save(&project, 2);
    roll_back(&project, None).unwrap();

    let asked = reload(&project);

    assert!(is(&asked, 2), "{asked:?}");
    plays(&project, 2, 2);
}

#[test]
fn a_file_that_was_broken_and_mended_is_no_other_version() {
    let kept = Folder::new();
    let project = kept_in(&kept, &plan(1));
    save(&project, 2);
    project.folder.write("scripts/8001/init.lua", "oops oops");
    reload(&project);
    assert!(is(&save(&project, 2), 4));

    let gone = roll_back(&project, None).unwrap();

    assert!(is(&gone, 1), "{gone:?}");
}

#[test]
fn files_that_are_the_earlier_ones_again_end_the_hold() {
    let kept = Folder::new();
    let project = kept_in(&kept, &plan(1));
    save(&project, 2);
    roll_back(&project, None).unwrap();

    project.folder.write("scripts/8001/init.lua", plan(1));
    assert_eq!(notice(&project), None, "nothing has to be made anew");
    assert_eq!(status(&project).gone_back, None);

    project.folder.write("scripts/8001/init.lua", plan(4));
    let live = notice(&project).unwrap();
    assert!(is(&live, 3), "{live:?}");
    plays(&project, 4, 3);
}

#[test]
fn a_restart_stays_back_and_goes_on_counting() {
    let kept = Folder::new();
    let first = kept_in(&kept, &plan(1));
    save(&first, 2);
    drop(first);

    let same = kept_in(&kept, &plan(2));
    assert_eq!(status(&same).generation, Some(2), "the same sources");
    roll_back(&same, None).unwrap();
    drop(same);

    let again = kept_in(&kept, &plan(2));
    assert_eq!(status(&again).generation, Some(1));
    assert_eq!(status(&again).gone_back.unwrap().from, 2);
    plays(&again, 1, 1);
    assert!(is(&save(&again, 5), 3));
    drop(again);

    let other = kept_in(&kept, &plan(6));
    assert_eq!(status(&other).generation, Some(4));
}

#[test]
fn an_exchange_that_starts_with_broken_files_runs_what_it_ran_before() {
    let kept = Folder::new();
    drop(kept_in(&kept, &plan(1)));

    let project = kept_in(&kept, "oops oops");

    assert_eq!(status(&project).generation, Some(1));
    let refused = status(&project).refused.unwrap();
    assert_eq!(refused.generation, 2);
    let outcome = &project.report.tenants[0].outcome;
    assert!(
        matches!(outcome, Outcome::Refused { stays: Some(1), .. }),
        "{outcome:?}"
    );
    plays(&project, 1, 1);
    assert!(is(&save(&project, 2), 3));
}

#[test]
fn what_cannot_be_gone_back_to_is_told_and_changes_nothing() {
    let without = Project::of(&plan(1));
    assert_eq!(
        roll_back(&without, None).unwrap_err(),
        "generations are not kept here"
    );
    let kept = Folder::new();
    let project = kept_in(&kept, &plan(1));

    for (to, sentence) in [
        (None, "no generation before 1 is kept"),
        (Some(1), "generation 1 runs already"),
        (Some(7), "generation 7 is not kept: there are 1"),
    ] {
        assert_eq!(roll_back(&project, to).unwrap_err(), sentence);
    }
    save(&project, 2);
    damage(kept.path());
    let lost = roll_back(&project, None).unwrap_err();
    assert!(
        lost.contains("of generation 1 is damaged on disk"),
        "{lost}"
    );
    let unknown = project.scripts.roll_back(&"8002".into(), None).unwrap_err();
    assert_eq!(unknown, "no tenant '8002' (did you mean '8001'?)");
    plays(&project, 2, 2);
    assert_eq!(status(&project).gone_back, None);
}

fn damage(kept: &Path) {
    for source in std::fs::read_dir(kept.join("8001/sources")).unwrap() {
        std::fs::write(source.unwrap().path(), "other").unwrap();
    }
}

#[test]
fn a_call_in_progress_stays_on_the_generation_that_is_gone_back_from() {
    let kept = Folder::new();
    let project = kept_in(&kept, &plan(1));
    let parked = "context \"internal\" { [\"200\"] = function(call) call:play(\"park\") call:play(\"on\") end }";
    project.folder.write("scripts/8001/init.lua", parked);
    reload(&project);
    let call = project.call("200");
    project.exchange.plays(call, "park");

    roll_back(&project, None).unwrap();
    project.exchange.unpark(call);

    assert_eq!(project.exchange.plays(call, "on").place.generation, 2);
    project.exchange.end_of(call);
    until(|| status(&project).old.is_empty());
}

#[test]
fn the_watch_holds_saved_files_too() {
    let kept = Folder::new();
    let setting = Setting {
        history: Some(kept.path().to_owned()),
        watch: true,
        ..Setting::default()
    };
    let project = Project::new(&[("scripts/8001/init.lua", &plan(1))], setting);
    project.folder.write("scripts/8001/init.lua", plan(2));
    until(|| status(&project).generation == Some(2));
    roll_back(&project, None).unwrap();

    project.folder.write("scripts/8001/init.lua", plan(3));

    until(|| status(&project).held.is_some());
    assert_eq!(status(&project).generation, Some(1));
}
