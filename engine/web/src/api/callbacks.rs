//! Who is called back when it is their turn in a queue.

use axum::Json;
use axum::http::StatusCode;
use call::acd::{Medium, PenaltyRange, Skills};
use serde::Deserialize;
use uuid::Uuid;

use super::body::{Given, Named};
use super::items::Asks;
use super::own::Own;
use super::problem::Problem;
use crate::floor::{CallbackTaken, CallbackWanted};
use crate::token::Scope;

/// Somebody who is to be called back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCallback {
    number: String,
    #[serde(default)]
    priority: u32,
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

pub(super) async fn ask(
    own: Own,
    Named(queue): Named,
    Given(new): Given<NewCallback>,
) -> Result<(StatusCode, Json<CallbackTaken>), Problem> {
    // It calls outside, and that wants what other calls want: the queue's lines alone are not enough.
    if !own.who().opens(Scope::CallsOriginate) {
        return Err(Problem::not_allowed(Scope::CallsOriginate));
    }
    if !new.number.chars().any(|digit| digit.is_ascii_digit()) {
        let why = "nobody can be called by a number without a digit";
        return Err(Problem::unprocessable("no_number", why));
    }
    let asks = Asks {
        required: new.required,
        preferred: new.preferred,
        agent: new.agent,
        agent_for_ms: new.agent_for_ms,
        vip: new.vip,
        penalty: new.penalty,
    };
    let wanted = CallbackWanted {
        queue,
        number: new.number,
        priority: new.priority,
        wants: asks.of(Medium::Voice)?,
    };
    let taken = own.call_back(wanted).await?;
    own.note("callback", &taken.id);
    Ok((StatusCode::CREATED, Json(taken)))
}

pub(super) async fn cancel(own: Own, Named(id): Named) -> Result<StatusCode, Problem> {
    let id = Uuid::parse_str(&id).map_err(|_| Problem::not_found("call back"))?;
    own.cancel_callback(id).await?;
    own.note("callback_cancelled", &id);
    Ok(StatusCode::NO_CONTENT)
}
