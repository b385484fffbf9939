//! What is no call and waits for agents in queues, beside calls: chats.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use call::acd::Medium;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::body::{Given, Named};
use super::own::Own;
use super::problem::Problem;
use super::waits::waits;
use crate::floor::ItemWanted;

waits! {
    /// An item that is to wait.
    NewItem {
        from: String,
        #[serde(default)]
        about: Value,
        max_wait_ms: Option<u64>,
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
    Given(mut new): Given<NewItem>,
) -> Result<(StatusCode, Json<Waits>), Problem> {
    let wants = new.take_wants(Medium::Chat)?;
    let wanted = ItemWanted {
        queue,
        from: Some(new.from),
        about: new.about,
        priority: new.priority,
        max_wait: new.max_wait_ms.map(Duration::from_millis),
        wants,
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
