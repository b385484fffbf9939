//! Events over WebSocket (RFC 6455): as they happen, and from where a reader was.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

use super::Parts;
use super::hearing::Ear;
use super::own::Own;
use super::page::Asked;
use super::problem::Problem;
use crate::events::{Event, Gone, Listening, News};
use crate::time;
use crate::token::Scope;

/// Where to begin.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    after: Option<String>,
}

/// Rhythms of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How often a reader is asked whether it is there, and its token whether it works.
    pub(super) beat: Duration,
    /// How long a reader may take for one event.
    pub(super) patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(15),
            patience: Duration::from_secs(10),
        }
    }
}

pub(super) async fn events(
    State(parts): State<Arc<Parts>>,
    own: Own,
    Asked(asked): Asked<Question>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|error| Problem::no_websocket(error.body_text()))?;
    let Ok(seat) = parts.streams.clone().try_acquire_owned() else {
        return Err(Problem::busy("too many listen to events already"));
    };
    let Some(place) = parts.streams_of_one.take(&own.listener()) else {
        return Err(Problem::busy(
            "you listen to events in too many places already: close some",
        ));
    };
    let listening = own.listen(asked.after.as_deref())?;
    let ear = Ear::of(own.clone()).await?;
    own.note("events_opened", &listening.cursor());
    let (pace, stopped) = (parts.pace, parts.stopped.clone());
    Ok(upgrade
        .protocols([PROTOCOL])
        // Readers have nothing to say.
        .max_message_size(HEARD)
        .max_frame_size(HEARD)
        .on_upgrade(move |socket| async move {
            let stream = Stream {
                socket,
                listening,
                ear,
                pace,
                heard: Instant::now(),
            };
            stream.run(stopped).await;
            drop((place, seat));
        }))
}

/// Streams of one person or token at once: a desk, a wallboard, and those that have not noticed yet that
/// their network is gone.
pub(super) const STREAMS_OF_ONE: usize = 8;

/// One reader.
struct Stream {
    socket: WebSocket,
    listening: Listening,
    ear: Ear,
    pace: Pace,
    /// When the reader last gave a sign of life.
    heard: Instant,
}

/// Why a stream ends.
enum End {
    /// The reader has gone.
    Gone,
    /// The reader is told why: a code of RFC 6455 §7.4, or of our own from 4000.
    Told(u16, String),
}

impl Stream {
    async fn run(mut self, mut stopped: watch::Receiver<()>) {
        let end = tokio::select! {
            end = self.tell() => end,
            _ = stopped.changed() => End::Told(AWAY, "the exchange stops".to_owned()),
        };
        let End::Told(code, reason) = end else {
            return;
        };
        self.ear.own().note("events_cut", &reason);
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let closing = self.socket.send(Message::Close(Some(frame)));
        let _ = timeout(self.pace.patience, closing).await;
    }

    /// Tells events until there is a reason not to.
    async fn tell(&mut self) -> End {
        let mut beat = Instant::now() + self.pace.beat;
        let gone = self.listening.gone();
        let hello = json!({
            "v": VERSION,
            "type": "stream.opened",
            "cursor": self.listening.cursor(),
            "data": { "resumed": gone.is_none(), "gone": gone.map(Gone::word) },
        });
        if let Err(end) = self.send(Message::text(hello.to_string())).await {
            return end;
        }
        loop {
            if Instant::now() >= beat {
                beat = Instant::now() + self.pace.beat;
                if let Err(end) = self.beat().await {
                    return end;
                }
            }
            let events = match self.listening.take() {
                Ok(events) => events,
                Err(lost) => {
                    let why = format!("too slow: {lost} events are gone; read the lists anew");
                    return End::Told(TOO_SLOW, why);
                }
            };
            let idle = events.is_empty();
            for event in events {
                if !self.ear.hears(&event) {
                    continue;
                }
                let text = self.text(&event);
                if let Err(end) = self.send(Message::text(text)).await {
                    return end;
                }
            }
            let heard = tokio::select! {
                biased;
                heard = self.socket.recv() => Some(heard),
                () = std::future::ready(()), if !idle => None,
                () = self.listening.changed(), if idle => None,
                () = sleep_until(beat), if idle => None,
            };
            match heard {
                None => {}
                Some(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => self.heard = Instant::now(),
                Some(Some(Ok(Message::Text(_) | Message::Binary(_)))) => {
                    return End::Told(UNWANTED, "nothing is read here".to_owned());
                }
                Some(None | Some(Err(_) | Ok(Message::Close(_)))) => return End::Gone,
            }
        }
    }

    async fn beat(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > 3 * self.pace.beat {
            let why = "no pong came for too long".to_owned();
            return Err(End::Told(TOO_SLOW, why));
        }
        let Some(own) = self.ear.own().renewed(Scope::EventsRead).await else {
            let why = "the token no longer works".to_owned();
            return Err(End::Told(NO_LONGER, why));
        };
        // Roles, teams and queues may have changed; an exchange that is too busy to say so is asked at the next beat.
        if let Ok(ear) = Ear::of(own).await {
            self.ear = ear;
        }
        self.send(Message::Ping(Default::default())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.pace.patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                let why = "too slow: an event was not taken in time".to_owned();
                Err(End::Told(TOO_SLOW, why))
            }
        }
    }

    fn text(&self, event: &Event) -> String {
        let written = Written {
            v: VERSION,
            cursor: self.listening.cursor_of(event.number),
            at: time::text(event.at),
            call: event.call,
            news: &event.news,
        };
        self.ear.text(&written)
    }
}

/// An event as readers get it.
#[derive(Serialize)]
struct Written<'e> {
    v: u32,
    cursor: String,
    at: String,
    call: Option<Uuid>,
    #[serde(flatten)]
    news: &'e News,
}

/// The version of events; also in the subprotocol's name.
const VERSION: u32 = 1;
const PROTOCOL: &str = "moonswitch.v1";
/// Octets of what a reader may send.
const HEARD: usize = 4 << 10;
const AWAY: u16 = 1001;
const UNWANTED: u16 = 1008;
const NO_LONGER: u16 = 4401;
const TOO_SLOW: u16 = 4408;
