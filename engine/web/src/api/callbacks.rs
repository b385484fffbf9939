//! Who is called back when it is their turn in a queue.

use axum::Json;
use axum::http::StatusCode;
use call::acd::Medium;
use uuid::Uuid;

use super::body::{Given, Named};
use super::own::Own;
use super::problem::Problem;
use super::waits::waits;
use crate::floor::{CallbackTaken, CallbackWanted};
use crate::token::Scope;

waits! {
    /// Somebody who is to be called back.
    NewCallback {
        number: String,
    }
}

pub(super) async fn ask(
    own: Own,
    Named(queue): Named,
    Given(mut new): Given<NewCallback>,
) -> Result<(StatusCode, Json<CallbackTaken>), Problem> {
    // It calls outside, and that wants what other calls want: the queue's lines alone are not enough.
    if !own.who().opens(Scope::CallsOriginate) {
        return Err(Problem::not_allowed(Scope::CallsOriginate));
    }
    if !new.number.chars().any(|digit| digit.is_ascii_digit()) {
        let why = "nobody can be called by a number without a digit";
        return Err(Problem::unprocessable("no_number", why));
    }
    let wants = new.take_wants(Medium::Voice)?;
    let wanted = CallbackWanted {
        queue,
        number: new.number,
        priority: new.priority,
        wants,
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
