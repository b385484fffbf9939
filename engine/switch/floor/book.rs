//! What is written of agents and queues: how each agent stands, so that a restart finds them so;
//! each caller's stay; and a line in the queue log for everything that happens.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use call::TenantId;
use call::acd::{
    Acd, AgentId, AgentSnapshot, By, CallbackChange, Decided, Decision, Episode, ItemNews,
    ItemStep, Output, PlaceChange, PlaceState, Snapshot, State, StateChange,
};
use store::{AgentNote, EpisodeRow, FloorNotes, FloorRow, KeptNote, OfferRow, QueueLogRow};
use uuid::Uuid;

use crate::switch::Switch;
use crate::switch::live::Live;

/// What one input has brought that is to be written. The store takes it in one piece and is not
/// waited for.
#[derive(Debug, Default)]
pub(super) struct Book {
    notes: FloorNotes,
    /// Agents whose state may be another.
    touched: BTreeSet<AgentId>,
}

impl Book {
    /// An agent has done something that need not show yet, such as a press during a call.
    pub(super) fn touch(&mut self, agent: &AgentId) {
        self.touched.insert(agent.clone());
    }

    /// Something came out of the machine. `at` is now on the wall, `reasons` are the tenant's names
    /// of 置忙.
    pub(super) fn note(&mut self, at: i64, output: &Output, reasons: &[String]) {
        match output {
            Output::Waits {
                call,
                queue,
                position,
                ..
            } => self.notes.log.push(QueueLogRow {
                queue: Some(queue.to_string()),
                call: Some(call.0),
                position: Some(count(*position)),
                ..line(at, "entered")
            }),
            Output::Offer {
                call,
                queue,
                agent,
                waited,
                ..
            } => {
                let pair = (queue.to_string(), agent.to_string());
                self.notes.last_offered.retain(|(of, _)| *of != pair.0);
                self.notes.last_offered.push(pair);
                self.notes.log.push(QueueLogRow {
                    queue: Some(queue.to_string()),
                    call: Some(call.0),
                    agent: Some(agent.to_string()),
                    lasted: Some(micros(*waited)),
                    ..line(at, "offered")
                });
            }
            Output::Item(ItemNews {
                item,
                queue,
                agent,
                what: ItemStep::Offered(_),
            }) => self.notes.log.push(QueueLogRow {
                queue: Some(queue.to_string()),
                call: Some(item.0),
                agent: Some(agent.to_string()),
                ..line(at, "offered")
            }),
            Output::OfferEnded { call, queue, offer } => {
                // Whom an offer failed with rests, or has one failure more.
                self.touch(&offer.agent);
                self.notes.log.push(QueueLogRow {
                    queue: Some(queue.to_string()),
                    call: Some(call.0),
                    agent: Some(offer.agent.to_string()),
                    why: Some(offer.why.word().to_owned()),
                    lasted: Some(offer.ended - offer.at),
                    ..line(at, "offer_ended")
                });
            }
            Output::Episode(episode) => self.note_stay(at, episode),
            Output::State(change) => {
                self.touch(&change.agent);
                self.notes.log.push(state_line(change, reasons));
            }
            Output::Decision(Decision {
                call,
                queue,
                what: Decided::Overflow(step),
                because,
                ..
            }) => self.notes.log.push(QueueLogRow {
                queue: Some(queue.to_string()),
                call: Some(call.0),
                why: Some(because.to_string()),
                target: Some(step.clone()),
                ..line(at, "step")
            }),
            Output::Callback(change) => self.note_callback(change),
            Output::Place(change) => {
                let state = serde_json::to_value(change).ok();
                self.notes.kept.push(KeptNote {
                    kind: PLACE.to_owned(),
                    key: format!("{}/{}", change.queue, change.number),
                    state: state.filter(|_| change.state != PlaceState::Over),
                    at: change.at,
                });
            }
            Output::QueueGone { queue, waiting } => self.notes.log.push(QueueLogRow {
                queue: Some(queue.to_string()),
                position: Some(count(*waiting)),
                ..line(at, "gone")
            }),
            Output::QueueClosed { queue } => self.notes.log.push(QueueLogRow {
                queue: Some(queue.to_string()),
                ..line(at, "closed")
            }),
            _ => {}
        }
    }

    fn note_callback(&mut self, change: &CallbackChange) {
        let state = serde_json::to_value(change).ok();
        self.notes.kept.push(KeptNote {
            kind: CALLBACK.to_owned(),
            key: change.id.to_string(),
            state: state.filter(|_| !change.state.is_over()),
            at: change.at,
        });
        self.notes.log.push(QueueLogRow {
            queue: Some(change.queue.to_string()),
            call: Some(change.id.0),
            why: Some(change.state.word().to_owned()),
            position: Some(change.tried),
            target: Some(change.number.clone()),
            ..line(change.at, "callback")
        });
    }

    fn note_stay(&mut self, at: i64, episode: &Episode) {
        let row = episode_row(episode);
        self.notes.log.push(QueueLogRow {
            queue: Some(row.queue.clone()),
            call: Some(row.call),
            agent: row.agent.clone(),
            why: Some(row.outcome.clone()),
            lasted: Some(row.waited),
            ..line(at, "left")
        });
        self.notes.episodes.push(row);
    }

    /// Closes the page: how the agents stand now is put in.
    fn page(&mut self, now: Instant, at: i64, acd: &Acd) -> FloorNotes {
        for agent in std::mem::take(&mut self.touched) {
            let state = acd.snapshot_of(now, &agent);
            self.notes.agents.push(AgentNote {
                agent: agent.to_string(),
                state: state.and_then(|state| serde_json::to_value(state).ok()),
                at,
            });
        }
        std::mem::take(&mut self.notes)
    }
}

impl Switch {
    /// Hands to the store what there is to be written.
    pub(super) fn write_floor(&mut self, now: Instant, tenant: &TenantId) {
        let at = self.parts.clock.unix_micros();
        let Some(floor) = self.floors.get_mut(tenant) else {
            return;
        };
        let notes = floor.book.page(now, at, &floor.acd);
        if !notes.is_empty() {
            self.count_floor(tenant, &notes);
            self.parts.store.note_floor(&tenant.0, notes).forget();
        }
    }

    /// Writes that a user has transferred a call which a queue had brought to them or to a colleague:
    /// `who` it was, and where to.
    pub(in crate::switch) fn log_transfer(
        &mut self,
        now: Instant,
        live: &Live,
        (who, to): (&str, &str),
        attended: bool,
        queue: &str,
    ) {
        let tenant = &live.setup.tenant;
        let Some(floor) = self.floors.get_mut(tenant) else {
            return;
        };
        let how = if attended { "attended" } else { "blind" };
        floor.book.notes.log.push(QueueLogRow {
            queue: Some(queue.to_owned()),
            call: Some(live.id().0),
            agent: Some(who.to_owned()),
            why: Some(how.to_owned()),
            target: Some(to.to_owned()),
            ..line(floor.acd.wall(), "transferred")
        });
        self.write_floor(now, tenant);
    }

    /// Gives a new machine the agents that the last run of the exchange had.
    pub(super) fn restore_floor(&mut self, now: Instant, tenant: &TenantId) {
        let Some(mut kept) = self.floors.kept.remove(&*tenant.0) else {
            return;
        };
        let wall = self.parts.clock.unix_micros();
        let Some(floor) = self.floors.get_mut(tenant) else {
            return;
        };
        floor.familiar = super::familiar::Familiar::new(std::mem::take(&mut kept.familiar));
        for note in &kept.agents {
            // Whoever serves no queue any more is logged out, and forgotten.
            floor.book.touch(&AgentId::from(note.agent.as_str()));
        }
        let places: Vec<PlaceChange> = read(&kept.kept, PLACE);
        let callbacks: Vec<CallbackChange> = read(&kept.kept, CALLBACK);
        let (snapshot, unreadable) = snapshot(kept, wall);
        let lines = unreadable.iter().map(|agent| unreadable_line(wall, agent));
        floor.book.notes.log.extend(lines);
        tracing::info!(%tenant, agents = snapshot.agents.len(), "agents are back");
        floor.acd.restore(now, snapshot, Duration::ZERO);
        floor.acd.restore_places(now, places);
        floor.acd.restore_callbacks(now, callbacks);
    }
}

/// The agents as they would stand now if nothing had happened since each was noted, and the names
/// of those whose state cannot be read: another version of the exchange may have written it.
fn snapshot(kept: FloorRow, wall: i64) -> (Snapshot, Vec<String>) {
    let mut unreadable = Vec::new();
    let agents = kept.agents.into_iter().filter_map(|note| {
        let snapshot = match serde_json::from_value::<AgentSnapshot>(note.state?) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                tracing::error!(
                    %error, agent = note.agent,
                    "the agent's stored state cannot be read: they begin logged out and must log in again"
                );
                unreadable.push(note.agent);
                return None;
            }
        };
        let age = u64::try_from(wall.saturating_sub(note.at)).unwrap_or_default();
        Some(snapshot.aged(Duration::from_micros(age)))
    });
    let snapshot = Snapshot {
        agents: agents.collect(),
        last_offered: kept
            .last_offered
            .iter()
            .map(|(queue, agent)| (queue.as_str().into(), agent.as_str().into()))
            .collect(),
    };
    (snapshot, unreadable)
}

/// Why an agent who was logged in begins logged out. How they stood before is not known.
fn unreadable_line(at: i64, agent: &str) -> QueueLogRow {
    QueueLogRow {
        agent: Some(agent.to_owned()),
        why: Some("state_unreadable".to_owned()),
        state: Some(State::LoggedOut.word().to_owned()),
        by: Some(By::Engine.to_string()),
        ..line(at, "state")
    }
}

/// What was kept of one kind; what another version has written otherwise is left out.
fn read<T: serde::de::DeserializeOwned>(kept: &[KeptNote], kind: &str) -> Vec<T> {
    let ours = kept.iter().filter(|note| note.kind == kind);
    let ours = ours.filter_map(|note| serde_json::from_value(note.state.clone()?).ok());
    ours.collect()
}

fn line(at: i64, kind: &str) -> QueueLogRow {
    QueueLogRow {
        id: Uuid::now_v7(),
        at,
        kind: kind.to_owned(),
        ..QueueLogRow::default()
    }
}

/// A change of the state, or only of whether a phone answers.
fn state_line(change: &StateChange, reasons: &[String]) -> QueueLogRow {
    let kind = match change.state == change.before {
        true => "phone",
        false => "state",
    };
    QueueLogRow {
        agent: Some(change.agent.to_string()),
        why: change.state.reason(reasons).map(str::to_owned),
        lasted: Some(change.at - change.from),
        state: Some(change.state.word().to_owned()),
        was: Some(change.before.word().to_owned()),
        reachable: Some(change.reachable),
        by: Some(change.by.to_string()),
        ..line(change.at, kind)
    }
}

fn episode_row(episode: &Episode) -> EpisodeRow {
    let offers = episode.offers.iter().map(|offer| OfferRow {
        agent: offer.agent.to_string(),
        at: offer.at,
        ended_at: offer.ended,
        why: offer.why.word().to_owned(),
    });
    EpisodeRow {
        id: Uuid::now_v7(),
        call: episode.call.0,
        queue: episode.queue.to_string(),
        entered_at: episode.entered,
        position: count(episode.position0),
        priority: episode.priority,
        offers: offers.collect(),
        outcome: episode.outcome.word().to_owned(),
        waited: millis(episode.wait_ms),
        waited_before: millis(episode.waited_before_ms),
        agent: episode.agent.as_ref().map(ToString::to_string),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn millis(millis: u64) -> i64 {
    i64::try_from(millis.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The places of callers whose numbers are known.
const PLACE: &str = "place";
/// Who is to be called back.
const CALLBACK: &str = "callback";
