//! Agents: how they stand, and what they do.

use axum::Json;
use call::desk::Deed;
use serde::Deserialize;

use super::body::{Given, Named};
use super::own::Own;
use super::page::{self, Asked, Page};
use super::problem::Problem;
use crate::floor::Agent;

/// Which agents to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    queue: Option<String>,
    state: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// What an agent is to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    act: Word,
    reason: Option<String>,
    minutes: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    LogIn,
    LogOut,
    Idle,
    Busy,
    EndWrapUp,
    ExtendWrapUp,
    Reset,
}

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Page<Agent>>, Problem> {
    let limit = page::limit(asked.limit)?;
    if asked
        .state
        .as_deref()
        .is_some_and(|it| !STATES.contains(&it))
    {
        let why = format!("state is one of {}", STATES.join(", "));
        return Err(Problem::bad_request("wrong_query", why));
    }
    let mut all = own.agents().await?;
    let serves = |one: &Agent, queue: &String| one.queues.contains(queue);
    all.retain(|one| {
        asked.queue.as_ref().is_none_or(|queue| serves(one, queue))
            && asked.state.as_ref().is_none_or(|state| one.state == *state)
    });
    let page = Page::cut(all, asked.after.as_deref(), limit, |one| one.id.clone())?;
    Ok(Json(page.map(|one| shown(&own, one))))
}

pub(super) async fn one(own: Own, Named(id): Named) -> Result<Json<Agent>, Problem> {
    let all = own.agents().await?;
    let found = all.into_iter().find(|one| one.id == id);
    let found = found.ok_or_else(|| Problem::not_found("agent"))?;
    Ok(Json(shown(&own, found)))
}

/// An agent, to whoever reaches them; to colleagues what one must know to ask somebody.
pub(super) fn shown(own: &Own, one: Agent) -> Agent {
    match own.reaches(&one.id) {
        true => one,
        false => one.for_colleagues(),
    }
}

/// What the agent could do by star code: some of the commands of `/users/{id}/commands`, and the same as those.
pub(super) async fn act(
    own: Own,
    Named(id): Named,
    Given(wanted): Given<Wanted>,
) -> Result<Json<Agent>, Problem> {
    if !own.agents().await?.iter().any(|one| one.id == id) {
        return Err(Problem::not_found("agent"));
    }
    let done = own.order(id, meant(wanted)?).await?;
    let agent = done.agent.ok_or_else(|| Problem::not_found("agent"))?;
    Ok(Json(agent))
}

/// How agents can stand.
const STATES: [&str; 14] = [
    "logged_out",
    "busy",
    "idle",
    "offered",
    "dialling",
    "calling",
    "talking",
    "holding",
    "consulting",
    "conference",
    "internal",
    "monitoring",
    "barging",
    "wrap_up",
];

fn meant(wanted: Wanted) -> Result<Deed, Problem> {
    let wrong = |detail: &str| Err(Problem::bad_request("wrong_body", detail));
    match (wanted.act, wanted.reason, wanted.minutes) {
        (Word::Busy, reason, None) => Ok(Deed::Busy { reason }),
        (Word::ExtendWrapUp, None, Some(minutes @ 1..=60)) => Ok(Deed::ExtendWrapUp { minutes }),
        (Word::ExtendWrapUp, None, _) => wrong("extend_wrap_up goes with minutes, 1 to 60"),
        (_, _, Some(_)) => wrong("minutes goes with extend_wrap_up"),
        (_, Some(_), _) => wrong("reason goes with busy"),
        (Word::LogIn, None, None) => Ok(Deed::LogIn {}),
        (Word::LogOut, None, None) => Ok(Deed::LogOut {}),
        (Word::Idle, None, None) => Ok(Deed::Idle {}),
        (Word::EndWrapUp, None, None) => Ok(Deed::EndWrapUp {}),
        (Word::Reset, None, None) => Ok(Deed::Reset {}),
    }
}
