//! Calls: those that are over and those that go on.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{
    CallFilter, CallRow, EpisodeRow, LegRow, RecordingFilter, SegmentRow, recorded, result_name,
};
use uuid::Uuid;

use super::body::{Given, Named};
use super::own::Own;
use super::page::{self, Asked, Page};
use super::problem::Problem;
use super::recordings::Recording;
use crate::exchange::{CallWanted, LiveCall};
use crate::time;

/// Which calls to list, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    from: Option<String>,
    to: Option<String>,
    user: Option<String>,
    number: Option<String>,
    result: Option<String>,
    live: Option<bool>,
    since: Option<String>,
    until: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// One call.
#[derive(Debug, Serialize)]
pub(super) struct Call {
    id: Uuid,
    direction: &'static str,
    from: String,
    from_number: Option<String>,
    from_name: Option<String>,
    to: String,
    context: String,
    user: Option<String>,
    trunk_in: Option<String>,
    generation: Option<i64>,
    started_at: String,
    repeated_after_ms: Option<i64>,
    /// `over`, or what it does now.
    state: &'static str,
    talks_with: Option<String>,
    end: Option<End>,
}

/// How a call ended.
#[derive(Debug, Serialize)]
struct End {
    answered_at: Option<String>,
    ended_at: String,
    duration_ms: i64,
    ended_by: String,
    result: String,
    /// As Chinese desks name it.
    result_name: String,
    cause: String,
    sip_status: u16,
    q850: u8,
    trunk_out: Option<String>,
    mos_min: Option<f64>,
    vars: Value,
    script_error: Option<String>,
}

/// One call with what belongs to it.
#[derive(Debug, Serialize)]
pub(super) struct Details {
    call: Call,
    legs: Vec<Leg>,
    segments: Vec<Segment>,
    queues: Vec<Stay>,
    recordings: Vec<Recording>,
    /// Whether the conversation is recorded, or why not; nothing while it goes on.
    recorded: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Leg {
    leg: u16,
    kind: String,
    peer: String,
    user_agent: Option<String>,
    invited_at: String,
    ringing_at: Option<String>,
    early_at: Option<String>,
    up_at: Option<String>,
    ended_at: String,
    cause: String,
    codec: Option<String>,
    quality: Option<Quality>,
}

#[derive(Debug, Serialize)]
struct Quality {
    received: u64,
    lost: u64,
    jitter_ms: f64,
    round_trip_ms: Option<f64>,
    mos: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Segment {
    kind: String,
    from: String,
    to: String,
    agent: Option<String>,
    queue: Option<String>,
    recording: Option<Uuid>,
    note: Option<String>,
}

/// A stay in a queue.
#[derive(Debug, Serialize)]
struct Stay {
    queue: String,
    entered_at: String,
    position: u32,
    priority: u32,
    outcome: String,
    waited_ms: i64,
    waited_before_ms: i64,
    agent: Option<String>,
    offers: Vec<Offer>,
}

#[derive(Debug, Serialize)]
struct Offer {
    agent: String,
    at: String,
    ended_at: String,
    why: String,
}

pub(super) async fn list(
    own: Own,
    Asked(asked): Asked<Question>,
) -> Result<Json<Page<Call>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let filter = CallFilter {
        among: Vec::new(),
        since: page::moment(asked.since.as_deref(), "since")?,
        until: page::moment(asked.until.as_deref(), "until")?,
        number: asked.number,
        from: asked.from,
        to: asked.to,
        user: asked.user,
        result: asked.result,
        is_over: asked.live.map(|live| !live),
        before: page::cursor(asked.after.as_deref())?,
        limit: limit + 1,
    };
    let rows = Page::of(own.calls(filter).await?, limit, |row| {
        row.begin.id.to_string()
    });
    let going_on = rows.items().iter().filter(|row| row.end.is_none());
    let mut live = own
        .live_calls(going_on.map(|row| row.begin.id).collect())
        .await?;
    Ok(Json(rows.map(|row| {
        let live = live.remove(&row.begin.id);
        call(row, live)
    })))
}

pub(super) async fn one(own: Own, Named(id): Named) -> Result<Json<Details>, Problem> {
    Ok(Json(details(&own, parse(&id)?).await?))
}

/// A call that is to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    from: String,
    to: String,
    timeout: Option<u32>,
}

/// Makes a call: click to dial.
pub(super) async fn originate(
    own: Own,
    Given(wanted): Given<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    check_number(&wanted.to)?;
    let seconds = match wanted.timeout {
        None => USUAL_RINGING,
        Some(seconds @ 1..=LONGEST_RINGING) => seconds,
        Some(_) => {
            let why = format!("timeout is 1 to {LONGEST_RINGING} seconds");
            return Err(Problem::unprocessable("wrong_timeout", why));
        }
    };
    let begin = own
        .originate(CallWanted {
            user: wanted.from,
            to: wanted.to,
            timeout: Duration::from_secs(seconds.into()),
        })
        .await?;
    own.note("call_made", &begin.id);
    let place = [(LOCATION, format!("/api/v1/calls/{}", begin.id))];
    let mut live = own.live_calls(vec![begin.id]).await?.remove(&begin.id);
    // Who is rung has refused at once, or was never to be had.
    let live = live.take().unwrap_or(LiveCall {
        state: "ending",
        talks_with: None,
    });
    let made = call(
        CallRow {
            begin,
            end: None,
            repeated_after: None,
        },
        Some(live),
    );
    Ok((StatusCode::CREATED, place, Json(made)))
}

/// Ends a call that goes on.
pub(super) async fn hang_up(own: Own, Named(id): Named) -> Result<Json<Details>, Problem> {
    let id = parse(&id)?;
    let known = own.call(id).await?;
    if known.call.end.is_some() {
        return Err(Problem::conflict("call_is_over", "this call is over"));
    }
    own.hang_up(id).await?;
    own.note("hung_up", &id);
    Ok(Json(details(&own, id).await?))
}

/// A transfer that is to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    by: String,
    to: String,
}

/// Puts the other party through to a number.
pub(super) async fn transfer(
    own: Own,
    Named(id): Named,
    Given(wanted): Given<Transfer>,
) -> Result<Json<Details>, Problem> {
    let id = parse(&id)?;
    check_number(&wanted.to)?;
    let known = own.call(id).await?;
    if known.call.end.is_some() {
        return Err(Problem::conflict("call_is_over", "this call is over"));
    }
    own.transfer(id, (wanted.by, wanted.to)).await?;
    own.note("transferred", &id);
    Ok(Json(details(&own, id).await?))
}

fn check_number(number: &str) -> Result<(), Problem> {
    if number.is_empty() || number.len() > LONGEST_NUMBER {
        let why = format!("to has 1 to {LONGEST_NUMBER} characters");
        return Err(Problem::unprocessable("no_number", why));
    }
    Ok(())
}

async fn details(own: &Own, id: Uuid) -> Result<Details, Problem> {
    let found = own.call(id).await?;
    let filter = RecordingFilter {
        call: Some(id),
        conversations: true,
        limit: MOST_RECORDINGS,
        ..RecordingFilter::default()
    };
    let recordings = own.recordings(filter).await?;
    let is_over = found.call.end.is_some();
    let recorded = is_over.then(|| recorded(&found, &recordings).word());
    let going_on = found.call.end.is_none().then_some(id);
    let mut live = own.live_calls(going_on.into_iter().collect()).await?;
    Ok(Details {
        call: call(found.call, live.remove(&id)),
        legs: found.legs.into_iter().map(leg).collect(),
        segments: found.segments.into_iter().map(segment).collect(),
        queues: found.episodes.into_iter().map(stay).collect(),
        recordings: recordings.into_iter().rev().map(Recording::from).collect(),
        recorded,
    })
}

fn call(row: CallRow, live: Option<LiveCall>) -> Call {
    let begin = row.begin;
    let (state, talks_with) = match (&row.end, live) {
        (Some(_), _) => ("over", None),
        (None, Some(live)) => (live.state, live.talks_with),
        // Its record is on its way to the disk.
        (None, None) => ("ending", None),
    };
    Call {
        id: begin.id,
        direction: begin.direction.word(),
        from: begin.from_raw,
        from_number: begin.from_number,
        from_name: begin.from_name,
        to: begin.to,
        context: begin.context,
        user: begin.user,
        trunk_in: begin.trunk_in,
        generation: begin.generation,
        started_at: time::text(begin.started_at),
        repeated_after_ms: row.repeated_after.map(|micros| micros / 1_000),
        state,
        talks_with,
        end: row.end.map(|end| End {
            answered_at: end.answered_at.map(time::text),
            ended_at: time::text(end.ended_at),
            duration_ms: (end.ended_at - begin.started_at) / 1_000,
            ended_by: end.ended_by,
            result_name: result_name(begin.direction, &end.result).to_owned(),
            result: end.result,
            cause: end.cause,
            sip_status: end.sip_status,
            q850: end.q850,
            trunk_out: end.trunk_out,
            mos_min: end.mos_min,
            vars: end.vars,
            script_error: end.script_error,
        }),
    }
}

fn leg(row: LegRow) -> Leg {
    let millis = |micros: u32| f64::from(micros) / 1_000.0;
    Leg {
        leg: row.leg,
        kind: row.kind,
        peer: row.peer,
        user_agent: row.user_agent,
        invited_at: time::text(row.invited_at),
        ringing_at: row.ringing_at.map(time::text),
        early_at: row.early_at.map(time::text),
        up_at: row.up_at.map(time::text),
        ended_at: time::text(row.ended_at),
        cause: row.cause,
        codec: row.codec,
        quality: row.quality.map(|quality| Quality {
            received: quality.received,
            lost: quality.lost,
            jitter_ms: millis(quality.jitter),
            round_trip_ms: quality.round_trip.map(millis),
            mos: quality.mos,
        }),
    }
}

fn segment(row: SegmentRow) -> Segment {
    Segment {
        kind: row.kind,
        from: time::text(row.from),
        to: time::text(row.to),
        agent: row.agent,
        queue: row.queue,
        recording: row.recording,
        note: row.note,
    }
}

fn stay(row: EpisodeRow) -> Stay {
    let offers = row.offers.into_iter().map(|offer| Offer {
        agent: offer.agent,
        at: time::text(offer.at),
        ended_at: time::text(offer.ended_at),
        why: offer.why,
    });
    Stay {
        queue: row.queue,
        entered_at: time::text(row.entered_at),
        position: row.position,
        priority: row.priority,
        outcome: row.outcome,
        waited_ms: row.waited / 1_000,
        waited_before_ms: row.waited_before / 1_000,
        agent: row.agent,
        offers: offers.collect(),
    }
}

fn parse(id: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(id).map_err(|_| Problem::not_found("call"))
}

/// Characters of a number, keys to press afterwards among them.
const LONGEST_NUMBER: usize = 64;
/// Seconds that phones ring for a call that is made.
const USUAL_RINGING: u32 = 30;
const LONGEST_RINGING: u32 = 180;
/// Recordings of one call that are shown with it.
const MOST_RECORDINGS: usize = 1_000;
