//! What is no call and waits for agents in queues, beside calls: chats.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use call::acd::{Medium, PenaltyRange, Skills, Wants};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::body::{Given, Named};
use super::own::Own;
use super::problem::Problem;
use crate::floor::ItemWanted;

/// An item that is to wait.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewItem {
    from: String,
    #[serde(default)]
    about: Value,
    #[serde(default)]
    priority: u32,
    max_wait_ms: Option<u64>,
    #[serde(default)]
    required: Skills,
    #[serde(default)]
    preferred: Skills,
    agent: Option<String>,
    agent_for_ms: Option<u64>,
    #[serde(default)]
    vip: bool,
    #[serde(default)]
    penalty: PenaltyRange,
}

/// What somebody who waits asks of agents.
pub(super) struct Asks {
    pub(super) required: Skills,
    pub(super) preferred: Skills,
    pub(super) agent: Option<String>,
    pub(super) agent_for_ms: Option<u64>,
    pub(super) vip: bool,
    pub(super) penalty: PenaltyRange,
}

impl Asks {
    /// Of whoever comes by this.
    pub(super) fn of(self, medium: Medium) -> Result<Wants, Problem> {
        let mut levels = self.required.values().chain(self.preferred.values());
        if levels.any(|level| !(1..=10).contains(level)) {
            let why = "skills are wanted from 1 to 10";
            return Err(Problem::unprocessable("wrong_skill", why));
        }
        Ok(Wants {
            medium,
            required: self.required.into(),
            preferred: self.preferred.into(),
            agent: self.agent.map(|agent| agent.as_str().into()),
            agent_for: self.agent_for_ms.map(Duration::from_millis),
            vip: self.vip,
            penalty: self.penalty,
            ..Wants::default()
        })
    }
}

/// It waits.
#[derive(Debug, Serialize)]
pub(super) struct Waits {
    id: Uuid,
}

pub(super) async fn offer(
    own: Own,
    Named(queue): Named,
    Given(new): Given<NewItem>,
) -> Result<(StatusCode, Json<Waits>), Problem> {
    let asks = Asks {
        required: new.required,
        preferred: new.preferred,
        agent: new.agent,
        agent_for_ms: new.agent_for_ms,
        vip: new.vip,
        penalty: new.penalty,
    };
    let wanted = ItemWanted {
        queue,
        from: Some(new.from),
        about: new.about,
        priority: new.priority,
        max_wait: new.max_wait_ms.map(Duration::from_millis),
        wants: asks.of(Medium::Chat)?,
    };
    let id = own.offer_item(wanted).await?;
    own.note("item", &id);
    Ok((StatusCode::CREATED, Json(Waits { id })))
}

pub(super) async fn end(own: Own, Named(id): Named) -> Result<StatusCode, Problem> {
    let item = Uuid::parse_str(&id).map_err(|_| Problem::not_found("item"))?;
    own.end_item(item).await?;
    own.note("item_ended", &item);
    Ok(StatusCode::NO_CONTENT)
}
