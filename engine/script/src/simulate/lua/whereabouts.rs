//! What a test expects of where a caller is by now: in a queue, with somebody, in a room, gone.

use mlua::Error;

use super::caller::PATIENCE;
use crate::api::arguments::Arguments;
use crate::simulate::scene::{Fate, Scene};
use crate::simulate::stage::Stage;

pub(super) fn waits_in(stage: &mut Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    let wanted = arguments.text(0, "a queue such as \"support\"")?;
    stage
        .world
        .floor
        .check_queue(&wanted)
        .map_err(|why| arguments.refuse(why))?;
    let waits = stage.run(scene, PATIENCE, |one| one.waits_in.clone());
    let message = match waits {
        Ok(queue) if queue == wanted => return Ok(()),
        Ok(queue) => format!("it waits in {queue}"),
        Err(halt) => super::why(stage, scene, &halt),
    };
    Err(Error::runtime(format!(
        "expected that the caller waits in {wanted}; {message}"
    )))
}

pub(super) fn is_bridged_to(
    stage: &mut Stage,
    scene: usize,
    arguments: &Arguments,
) -> mlua::Result<()> {
    let wanted = arguments.text(0, "a target such as \"user:1049\"")?;
    let (target, _) = talks(stage, scene, &format!("to be bridged to {wanted}"))?;
    if target == super::phone::target(&wanted) {
        return Ok(());
    }
    let message = format!("expected to be bridged to {wanted}, and it is {target}");
    Err(Error::runtime(message))
}

pub(super) fn is_answered_by(
    stage: &mut Stage,
    scene: usize,
    arguments: &Arguments,
) -> mlua::Result<()> {
    let wanted = arguments.text(0, "a user such as \"1049\"")?;
    let (target, user) = talks(stage, scene, &format!("to be answered by {wanted}"))?;
    if user.as_deref() == Some(&wanted) {
        return Ok(());
    }
    let message = format!("expected to be answered by {wanted}, and it was {target}");
    Err(Error::runtime(message))
}

/// Waits until the caller talks with somebody.
fn talks(
    stage: &mut Stage,
    scene: usize,
    expected: &str,
) -> mlua::Result<(String, Option<String>)> {
    let talks = stage.run(scene, PATIENCE, |one| one.talks_with());
    talks.map_err(|halt| {
        let why = super::why(stage, scene, &halt);
        Error::runtime(format!("expected {expected}; {why}"))
    })
}

pub(super) fn is_refused(
    stage: &mut Stage,
    scene: usize,
    arguments: &Arguments,
) -> mlua::Result<()> {
    ends(stage, scene, arguments, "refused", |fate| match fate {
        Fate::Refused(cause) => Some(cause.word()),
        _ => None,
    })
}

pub(super) fn is_hung_up(
    stage: &mut Stage,
    scene: usize,
    arguments: &Arguments,
) -> mlua::Result<()> {
    ends(stage, scene, arguments, "hung up", |fate| match fate {
        Fate::HungUp(cause) => Some(cause.word()),
        _ => None,
    })
}

/// Waits for the call's end and compares it.
fn ends(
    stage: &mut Stage,
    scene: usize,
    arguments: &Arguments,
    word: &str,
    cause: fn(Fate) -> Option<&'static str>,
) -> mlua::Result<()> {
    let wanted = arguments.maybe_text(0, "a cause such as \"busy\"")?;
    let over = stage.run(scene, PATIENCE, |one| one.fate);
    let expected = match &wanted {
        Some(wanted) => format!("expected that the call is {word} ({wanted})"),
        None => format!("expected that the call is {word}"),
    };
    let fate = over.map_err(|halt| {
        let why = super::why(stage, scene, &halt);
        Error::runtime(format!("{expected}; {why}"))
    })?;
    match cause(fate) {
        Some(cause) if wanted.as_deref().is_none_or(|wanted| wanted == cause) => Ok(()),
        _ => {
            let situation = stage.scenes[scene].situation();
            Err(Error::runtime(format!("{expected}; {situation}")))
        }
    }
}

pub(super) fn is_parked_at(
    stage: &mut Stage,
    scene: usize,
    arguments: &Arguments,
) -> mlua::Result<()> {
    let wanted = arguments.text(0, "a place such as \"5901\"")?;
    let expected = format!("that the call is parked at {wanted}");
    stays(stage, scene, &wanted, &expected, |one| {
        one.parked_at.clone()
    })
}

pub(super) fn is_in_room(
    stage: &mut Stage,
    scene: usize,
    arguments: &Arguments,
) -> mlua::Result<()> {
    let wanted = arguments.text(0, "a room such as \"8801\"")?;
    let expected = format!("that the caller is in room {wanted}");
    stays(stage, scene, &wanted, &expected, |one| one.room.clone())
}

/// Waits until the caller is in some such place, and compares which.
fn stays(
    stage: &mut Stage,
    scene: usize,
    wanted: &str,
    expected: &str,
    place: fn(&mut Scene) -> Option<String>,
) -> mlua::Result<()> {
    let message = match stage.run(scene, PATIENCE, place) {
        Ok(place) if place == wanted => return Ok(()),
        Ok(place) => format!("it is {place}"),
        Err(halt) => super::why(stage, scene, &halt),
    };
    Err(Error::runtime(format!("expected {expected}; {message}")))
}
