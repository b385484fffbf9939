//! Answers to the command line.

use std::time::Instant;

use call::TenantId;
use serde_json::{Value, json};
use store::{Store, UserRecord};
use tokio::sync::oneshot;

use super::{Input, Switch};
use crate::control::Question;

impl Switch {
    pub(super) fn answer(&mut self, question: Question, answer: oneshot::Sender<Value>) {
        match question {
            Question::Status => {
                let _ = answer.send(self.status());
            }
            Question::Reload => self.reload(true, move |outcome| {
                let _ = answer.send(outcome);
            }),
            Question::RollBack { tenant, generation } => {
                // Who asked may be gone.
                self.roll_back(tenant, generation, move |outcome| {
                    let _ = answer.send(outcome);
                });
            }
            Question::Allowed { tenant } => {
                self.parts.scripts.grants_changed(&tenant.as_str().into());
                self.reload(true, move |outcome| {
                    let _ = answer.send(outcome);
                });
            }
            Question::Users => {
                let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
                let tenants: Vec<String> = self.tenants.keys().cloned().collect();
                tokio::spawn(async move {
                    let users = match stored_users(&*store, tenants).await {
                        Ok(users) => users,
                        Err(error) => {
                            let _ = answer.send(json!({ "error": error.to_string() }));
                            return;
                        }
                    };
                    let count = users.len();
                    entrance.put(Input::Users(users)).await;
                    let _ = answer.send(json!({ "users": count }));
                });
            }
            Question::Flush => {
                let now = Instant::now();
                let ids: Vec<_> = self.calls.keys().copied().collect();
                for id in ids {
                    self.with_call(now, id, |switch, live| switch.write_journal(live));
                }
                let _ = answer.send(json!({}));
            }
        }
    }

    fn status(&self) -> Value {
        let calls: Vec<Value> = self
            .calls
            .values()
            .take(MOST_CALLS)
            .map(|live| {
                json!({
                    "id": live.setup.id.to_string(),
                    "tenant": live.setup.tenant,
                    "from": live.setup.from_raw,
                    "to": live.setup.to,
                    "generation": live.generation,
                    "seconds": live.born.elapsed().as_secs(),
                })
            })
            .collect();
        let listening: Vec<String> = self
            .parts
            .signalling
            .listening()
            .iter()
            .map(|(transport, address)| {
                format!("{}:{address}", transport.via_name().to_lowercase())
            })
            .collect();
        let health = self.parts.store.health();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "seconds": self.started.elapsed().as_secs(),
            "listening": listening,
            "media": self.parts.media.backend(),
            "calls": self.calls.len(),
            "calls_shown": calls,
            "registrations": self.registrations(),
            "subscriptions": self.endpoint.counters().subscriptions,
            "banned": self.bans.banned(Instant::now()).map(|(source, left)| {
                json!({ "source": source.to_string(), "seconds": left.as_secs() })
            }).collect::<Vec<Value>>(),
            "trunks": self.trunks.overview(Instant::now()),
            "floors": self.floors_shown(),
            "recordings": self.reconciled.shown(),
            "scripts": self.parts.scripts.status(),
            "records": match health.trouble {
                Some(trouble) => trouble.to_string(),
                None => "written".to_owned(),
            },
        })
    }

    /// The queues and agents of all tenants that have some.
    fn floors_shown(&self) -> Vec<Value> {
        let now = Instant::now();
        let tenants = self
            .tenants
            .keys()
            .map(|name| TenantId::from(name.as_str()));
        let mut floors: Vec<Value> = tenants
            .map(|tenant| (self.queues_shown(now, &tenant), tenant))
            .filter(|(queues, _)| !queues.is_empty())
            .map(|(queues, tenant)| {
                let agents = self.agents_shown(now, &tenant);
                json!({ "tenant": tenant, "queues": queues, "agents": agents })
            })
            .collect();
        floors.sort_by_key(|floor| floor["tenant"].to_string());
        floors
    }

    /// Brings the gauges up to date, once a second.
    pub(super) fn measure(&self) {
        let meters = &self.parts.meters;
        let counters = self.endpoint.counters();
        let media = self.parts.media.counters();
        let of = |counter: &std::sync::atomic::AtomicU64| {
            counter.load(std::sync::atomic::Ordering::Relaxed) as f64
        };
        meters.calls.set(self.calls.len() as f64);
        meters.sip_transactions.set(counters.transactions as f64);
        meters
            .sip_retransmissions
            .set(counters.retransmissions as f64);
        meters.rtp_received.set(of(&media.received));
        meters.rtp_sent.set(of(&media.sent));
        meters.rtp_late_ticks.set(of(&media.late_ticks));
        meters
            .store_waiting
            .set(self.parts.store.health().writes_waiting as f64);
        meters.registrations.set(self.registrations() as f64);
        meters.subscriptions.set(counters.subscriptions as f64);
        let free = self.parts.media.free_ports();
        let trouble = (free < 2).then(|| "no RTP ports are free".to_owned());
        self.parts.vitals.set_trouble(trouble);
    }
}

/// The users of the records, of all these tenants.
pub(super) async fn stored_users(
    store: &dyn Store,
    tenants: Vec<String>,
) -> Result<Vec<UserRecord>, store::Error> {
    let mut users = Vec::new();
    for tenant in tenants {
        users.extend(store.users(&tenant).await?);
    }
    Ok(users)
}

/// Calls that `moonswitch status` lists.
const MOST_CALLS: usize = 200;
