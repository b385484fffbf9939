//! Roles of users who stand in the records: what they may do, and whose leaders reach them.

use axum::http::StatusCode;
use call::desk::Role;
use serde::Deserialize;

use super::body::{Given, Named};
use super::own::Own;
use super::problem::Problem;

/// The role that a user is to have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    role: Role,
    #[serde(default)]
    team: Option<String>,
}

pub(super) async fn give(
    own: Own,
    Named(user): Named,
    Given(wanted): Given<Wanted>,
) -> Result<StatusCode, Problem> {
    let Wanted { role, team } = wanted;
    let is_name = |team: &String| !team.is_empty() && team.chars().count() <= LONGEST_TEAM;
    if !team.iter().all(is_name) {
        let why = format!("team is a name of up to {LONGEST_TEAM} letters, or null");
        return Err(Problem::unprocessable("wrong_team", why));
    }
    own.give_role(user.clone(), role, team).await?;
    own.note("role_given", &format_args!("{user} {}", role.word()));
    Ok(StatusCode::NO_CONTENT)
}

/// Letters of a team's name.
const LONGEST_TEAM: usize = 64;
