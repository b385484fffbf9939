//! Figures of today, and what somebody should look at.
//!
//! A tenant's board is given every row that is written of its calls, queues and agents, as it is written;
//! a report reads the same rows back. When the exchange starts, the board reads what there is of today.

mod alerts;
mod shown;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use call::TenantId;
use call::number::{Plan, normalise};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use script::config::Tenant;
use serde_json::json;
use store::{
    CalledBack, Contact, Direction, Figures, FiguresOf, FinishedCall, FloorNotes, Measure,
};
use web::{BoardAgent, BoardQueue, News, Wallboard, Yardstick};

use super::Switch;
use super::live::Live;
use alerts::{Alerts, Seen};

/// The boards of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Boards(HashMap<TenantId, Board>);

/// One tenant's.
#[derive(Debug)]
struct Board {
    figures: Figures,
    alerts: Alerts,
    /// What listeners were told last, by name and by number.
    told: (HashMap<String, BoardQueue>, HashMap<String, BoardAgent>),
}

impl Board {
    fn new(figures: Figures) -> Self {
        Self {
            figures,
            alerts: Alerts::default(),
            told: (HashMap::new(), HashMap::new()),
        }
    }

    /// Another day may have begun.
    fn turn(&mut self, settings: &Tenant, now: i64) {
        let (since, until) = self.figures.range();
        if !(since..until).contains(&now) {
            self.figures = self.figures.then(today(settings, now));
        }
    }
}

impl Boards {
    /// Boards with what there is of today.
    pub(super) fn new(figures: HashMap<String, Figures>) -> Self {
        let boards = figures.into_iter();
        let boards = boards.map(|(name, figures)| (name.as_str().into(), Board::new(figures)));
        Self(boards.collect())
    }
}

impl Switch {
    /// A tenant's board; that of one who came with a reload begins empty.
    fn board(&mut self, tenant: &TenantId) -> Option<&mut Board> {
        let now = self.parts.clock.unix_micros();
        let settings = self.tenants.get(&*tenant.0)?;
        let board = self.boards.0.entry(tenant.clone());
        let board = board.or_insert_with(|| Board::new(Figures::new(today(settings, now))));
        board.turn(settings, now);
        Some(board)
    }

    /// These are written of a tenant's floor.
    pub(super) fn count_floor(&mut self, tenant: &TenantId, notes: &FloorNotes) {
        let Some(board) = self.board(tenant) else {
            return;
        };
        notes.episodes.iter().for_each(|it| board.figures.stay(it));
        let states = notes.log.iter().filter(|line| line.kind == "state");
        states.for_each(|line| board.figures.state(line));
    }

    /// This is written of a call.
    pub(super) fn count_call(&mut self, tenant: &TenantId, call: &FinishedCall) {
        if let Some(board) = self.board(tenant) {
            board.figures.contact(&Contact::from(call));
        }
    }

    /// Whose number a call of ours has tried, if it was a customer's: what was missed of them is seen to.
    pub(super) fn calls_back(&self, live: &Live, call: &FinishedCall) -> Option<CalledBack> {
        let begin = &call.begin;
        if begin.direction != Direction::Outbound {
            return None;
        }
        let mut legs = call.legs.iter().rev();
        let leg = legs.find(|leg| leg.kind == "trunk" && leg.leg > 0)?;
        let trunk = live.trunk_out.as_deref();
        let plan = Plan {
            area_code: trunk
                .and_then(|trunk| self.trunks.settings(trunk))
                .and_then(|trunk| trunk.area_code.clone()),
            ..Plan::default()
        };
        Some(CalledBack {
            number: normalise(&leg.peer, &plan).canonical?,
            call: begin.id,
            by: begin.user.clone().unwrap_or_else(|| "script".to_owned()),
            at: begin.started_at,
            // Whoever they talk with in the end.
            answered: leg.up_at.is_some(),
        })
    }

    /// By what a tenant's figures are made.
    pub(super) fn yardstick(&self, tenant: &TenantId) -> Option<Yardstick> {
        let settings = self.tenants.get(&*tenant.0)?;
        Some(Yardstick {
            zone: settings.timezone.clone(),
            now: self.parts.clock.unix_micros(),
            measure: measure(settings),
        })
    }

    /// Once a second: tells what is other than a second ago, and what somebody should look at.
    pub(super) fn look_at_boards(&mut self, now: Instant) {
        let tenants: Vec<TenantId> = self.boards.0.keys().cloned().collect();
        for tenant in tenants {
            if self.tenants.contains_key(&*tenant.0) {
                let board = self.wallboard(now, &tenant);
                self.look_for_alerts(now, &tenant, &board.queues);
                self.tell_of_board(&tenant, board);
            }
        }
    }

    fn tell_of_board(&mut self, tenant: &TenantId, board: Wallboard) {
        let Some(known) = self.boards.0.get_mut(tenant) else {
            return;
        };
        let (queues, agents) = &mut known.told;
        {
            let there = board.queues.iter().map(|it| &*it.now.name);
            let there: HashSet<&str> = there.collect();
            queues.retain(|name, _| there.contains(&**name));
            let there = board.agents.iter().map(|it| &*it.id);
            let there: HashSet<&str> = there.collect();
            agents.retain(|id, _| there.contains(&**id));
        }
        let mut changed = (Vec::new(), Vec::new());
        for queue in board.queues {
            let before = queues.get(&queue.now.name);
            if before.is_none_or(|before| shown::is_other_queue(before, &queue)) {
                queues.insert(queue.now.name.clone(), queue.clone());
                changed.0.push(queue);
            }
        }
        for agent in board.agents {
            let before = agents.get(&agent.id);
            if before.is_none_or(|before| shown::is_other_agent(before, &agent)) {
                agents.insert(agent.id.clone(), agent.clone());
                changed.1.push(agent);
            }
        }
        let (queues, agents) = changed;
        if !queues.is_empty() || !agents.is_empty() {
            self.tell(tenant, None, News::WallboardChanged { queues, agents });
        }
    }

    fn look_for_alerts(&mut self, now: Instant, tenant: &TenantId, queues: &[BoardQueue]) {
        let Some(settings) = self.tenants.get(&*tenant.0).cloned() else {
            return;
        };
        let trunks = self.trunks_of(now, tenant);
        let is_down = |trunk: &web::Trunk| {
            let mut hosts = trunk.hosts.iter();
            !trunk.hosts.is_empty() && hosts.all(|host| host.alive == Some(false))
        };
        let seen = Seen {
            queues,
            down: trunks
                .iter()
                .filter(|it| is_down(it))
                .map(|it| &*it.name)
                .collect(),
            missing: self.reconciled.missing(&tenant.0),
            fails: self.reconciled.is_failing(&tenant.0),
        };
        let wall = self.parts.clock.unix_micros();
        let Some(board) = self.boards.0.get_mut(tenant) else {
            return;
        };
        for (alert, is_raised) in board.alerts.look(wall, &settings.watch, &seen) {
            let about = json!({
                "alert": alert.alert, "of": alert.of, "value": alert.value, "limit": alert.limit,
            });
            let of = alert.of.as_deref().unwrap_or_default();
            match is_raised {
                true => {
                    tracing::warn!(%tenant, alert = alert.alert, of, value = alert.value, "alert")
                }
                false => tracing::info!(%tenant, alert = alert.alert, of, "no alert any longer"),
            }
            let (event, news) = match is_raised {
                true => ("alert.raised", News::AlertRaised(alert)),
                false => ("alert.cleared", News::AlertCleared(alert)),
            };
            self.parts.scripts.event(tenant, event, about);
            self.tell(tenant, None, news);
        }
    }
}

/// From midnight to midnight by a tenant's clock.
pub(crate) fn today(settings: &Tenant, now: i64) -> FiguresOf {
    let zone = TimeZone::get(&settings.timezone).unwrap_or(TimeZone::UTC);
    let here = Timestamp::from_microsecond(now).unwrap_or_default();
    let here = here.to_zoned(zone.clone());
    let midnight = |days: i64| {
        let day = here.date().checked_add(days.days()).ok()?;
        let day = day.to_zoned(zone.clone()).ok()?;
        Some(day.timestamp().as_microsecond())
    };
    let edges = [midnight(0), midnight(1)].into_iter().flatten();
    FiguresOf {
        measure: measure(settings),
        edges: edges.collect(),
    }
}

fn measure(settings: &Tenant) -> Measure {
    let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Measure {
        short: micros(settings.watch.short),
        within: micros(settings.watch.within),
    }
}
