//! The exchange, as the tests of the API have it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock};

use call::desk::{By, Deed, Order, Refused, Role};
use call::screen::{Change, Listed, Question};
use store::{CallBegin, MessageRow, Store};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::bench::{LIVE, OURS, OVER, RUNNING, begin};
use super::samples::{NOW, agent, alert, board_agent, board_queue, listed, queue, scripts};
use crate::exchange::*;
use crate::figures::*;
use crate::floor::*;

/// The exchange, played: it knows one live call, and notes what it is asked to do.
#[derive(Default)]
pub(super) struct Played {
    pub(super) done: Lock<Vec<String>>,
    /// Answers wait for this where it is set.
    pub(super) reloads: Lock<Vec<oneshot::Sender<Reloaded>>>,
    pub(super) store: Lock<Option<Arc<dyn Store>>>,
    pub(super) is_deaf: std::sync::atomic::AtomicBool,
    /// Agents are shown numbers without their middle.
    pub(super) masks: Lock<bool>,
}

impl Played {
    fn answer<T>(&self, answer: T) -> Asked<T> {
        let (give, asked) = oneshot::channel();
        if !self.is_deaf.load(std::sync::atomic::Ordering::Relaxed) {
            let _ = give.send(answer);
        }
        asked
    }

    fn note(&self, what: String) {
        self.done.lock().unwrap().push(what);
    }
}

impl Exchange for Played {
    fn live_calls(&self, tenant: &str, calls: Vec<Uuid>) -> Asked<HashMap<Uuid, LiveCall>> {
        let live = LiveCall {
            state: "talking",
            talks_with: Some("1049".to_owned()),
        };
        let known = (tenant == OURS).then_some((LIVE, live));
        self.answer(
            known
                .into_iter()
                .filter(|(id, _)| calls.contains(id))
                .collect(),
        )
    }

    fn hang_up(&self, tenant: &str, call: Uuid, by: By) -> Asked<Result<(), Refused>> {
        self.note(format!("hang up {tenant} {call} {by}"));
        self.answer(match tenant == OURS && call == LIVE {
            true => Ok(()),
            false => Err(Refused::new("call_is_over", "this call is over")),
        })
    }

    fn originate(&self, tenant: &str, wanted: CallWanted) -> Asked<Result<CallBegin, NoCall>> {
        let CallWanted { user, to, timeout } = wanted;
        self.note(format!("call {tenant} {user} {to} {timeout:?}"));
        self.answer(match (&*user, &*to) {
            ("1049", "9") => Err(NoCall::NoRoute),
            ("1049", _) if tenant == OURS => Ok(CallBegin {
                user: Some(user),
                to,
                ..begin(Uuid::now_v7(), 5)
            }),
            ("1050", _) => Err(NoCall::NoPhone),
            ("1051", _) => Err(NoCall::Full("limits.max_calls is reached")),
            _ => Err(NoCall::NoUser),
        })
    }

    fn transfer(
        &self,
        tenant: &str,
        call: Uuid,
        wanted: TransferWanted,
    ) -> Asked<Result<(), Refused>> {
        let TransferWanted { who: _, by, to } = wanted;
        self.note(format!("transfer {tenant} {call} {by} {to}"));
        self.answer(match &*by {
            _ if tenant != OURS || call != LIVE => {
                Err(Refused::new("call_is_over", "this call is over"))
            }
            "1049" => Ok(()),
            "1050" => Err(Refused::new("nobody_to_transfer", "1050 talks with nobody")),
            _ => Err(Refused::new("not_in_call", "they do not talk in this call")),
        })
    }

    fn plugins(&self, tenant: &str) -> Asked<Result<Vec<Plugin>, store::Error>> {
        let plugin = |name: &str| Plugin {
            name: name.to_owned(),
            description: Some("Tells a ticket system.".to_owned()),
            version: Some("1.0.0".to_owned()),
            running: Some("1.0.0".to_owned()),
            faults: 5,
            left_out: Some(LeftOut {
                since: 5,
                why: "plugins/tickets/init.lua:1: oops".to_owned(),
            }),
            asked: Some(serde_json::json!({ "jobs": true })),
            allowed: None,
            waiting: vec!["jobs".to_owned()],
            errors: Vec::new(),
        };
        let all = ["tickets", "sms"].map(plugin).to_vec();
        self.answer(Ok(if tenant == OURS { all } else { Vec::new() }))
    }

    fn allow_plugin(
        &self,
        tenant: &str,
        plugin: String,
    ) -> Asked<Result<Option<Allowed>, store::Error>> {
        self.note(format!("allow {tenant} {plugin}"));
        let is_right = plugin == "tickets";
        let allowed = Allowed {
            allowed: is_right.then(|| serde_json::json!({ "jobs": true })),
            errors: match is_right {
                true => Vec::new(),
                false => vec!["plugins/sms/plugin.lua:1: oops".to_owned()],
            },
            reload: is_right.then(|| Reloaded {
                outcome: "published".to_owned(),
                generation: Some(4),
                errors: Vec::new(),
                warnings: Vec::new(),
            }),
        };
        let is_there = tenant == OURS && ["tickets", "sms"].contains(&&*plugin);
        self.answer(Ok(is_there.then_some(allowed)))
    }

    fn retry_job(&self, tenant: &str, job: Uuid) -> Asked<Result<bool, store::Error>> {
        let store = self.store.lock().unwrap().clone().unwrap();
        let retried = store.retry_job(tenant, job, 5);
        let (give, asked) = oneshot::channel();
        tokio::spawn(async move { give.send(retried.await) });
        asked
    }

    fn delete_recording(
        &self,
        tenant: &str,
        recording: Uuid,
    ) -> Asked<Result<Deletion, store::Error>> {
        let store = self.store.lock().unwrap().clone().unwrap();
        let deleted = store.delete_recording(tenant, recording);
        let (give, asked) = oneshot::channel();
        tokio::spawn(async move {
            let _ = give.send(match deleted.await {
                Ok(true) if recording == RUNNING => Ok(Deletion::Running),
                Ok(true) => Ok(Deletion::Deleted),
                Ok(false) => Ok(Deletion::NotThere),
                Err(error) => Err(error),
            });
        });
        asked
    }

    fn registrations(&self, tenant: &str) -> Asked<Vec<Registration>> {
        let phone = |user: &str| Registration {
            user: user.to_owned(),
            contact: format!("sip:{user}@192.0.2.7"),
            source: "192.0.2.7:5060/udp".to_owned(),
            user_agent: Some("baresip".to_owned()),
            instance: None,
            expires_at: 1_795_492_800_000_000,
            reachable: true,
            round_trip_ms: Some(1.5),
        };
        let all = ["1051", "1049", "1050"].map(phone).to_vec();
        self.answer(if tenant == OURS { all } else { Vec::new() })
    }

    fn trunks(&self, _: &str) -> Asked<Vec<Trunk>> {
        self.answer(vec![Trunk {
            name: "carrier".to_owned(),
            context: "inbound".to_owned(),
            hosts: vec![TrunkHost {
                address: "192.0.2.9:5060".to_owned(),
                alive: Some(true),
            }],
            calls: 1,
            max_calls: None,
            resting: Vec::new(),
            registration: Some("registered".to_owned()),
        }])
    }

    fn users(&self, _: &str) -> Asked<Vec<User>> {
        self.answer(vec![User {
            extension: "1049".to_owned(),
            name: Some("温平".to_owned()),
            context: "internal".to_owned(),
            mailbox: "1049".to_owned(),
            phones: 1,
            role: Role::Agent,
            team: Some("it".to_owned()),
            masked: true,
        }])
    }

    fn desk_user(&self, tenant: &str, user: &str) -> Asked<Option<DeskUser>> {
        let (role, reach): (Role, &[&str]) = match (tenant, user) {
            (OURS, "1001") => (Role::Leader, &["1001", "1049", "1051"]),
            (OURS, "1049" | "1050") => (Role::Agent, &[user]),
            (OURS, "1900") => (Role::Quality, &[user]),
            (OURS, "1910") => (Role::Tickets, &[user]),
            (OURS, "1920") => (Role::Integrator, &[user]),
            (OURS, "1999") => (Role::Admin, &[user]),
            _ => return self.answer(None),
        };
        let reach: Vec<String> = reach.iter().map(|&one| one.to_owned()).collect();
        self.answer(Some(DeskUser {
            name: Some("温平".to_owned()),
            role,
            team: Some("it".to_owned()),
            mailbox: user.to_owned(),
            first_password: Some(format!("first-{user}")),
            masked: *self.masks.lock().unwrap() && matches!(role, Role::Agent),
            mailboxes: reach.iter().cloned().chain(["8000".to_owned()]).collect(),
            reach: reach.into(),
        }))
    }

    fn queues_within(&self, tenant: &str, user: &str) -> Asked<Vec<String>> {
        self.answer(match (tenant, user) {
            (OURS, "1001" | "1049") => vec!["it".to_owned()],
            _ => Vec::new(),
        })
    }

    fn give_role(&self, tenant: &str, wanted: RoleWanted) -> Asked<Result<(), NoRole>> {
        let RoleWanted {
            by,
            user,
            role,
            team,
        } = wanted;
        self.answer(match &*user {
            "1049" => Err(NoRole::Configured),
            _ if tenant != OURS => Err(NoRole::NoUser),
            "1060" => Err(NoRole::NoUser),
            _ if role == Role::Admin && matches!(by, By::Program(_)) => Err(NoRole::Above),
            _ => {
                self.note(format!(
                    "{tenant} {user} is {} of {team:?} by {by}",
                    role.word()
                ));
                Ok(())
            }
        })
    }

    fn scripts(&self, tenant: &str) -> Asked<Option<Scripts>> {
        self.answer((tenant == OURS).then(scripts))
    }

    fn reload(&self, tenant: &str) -> Asked<Reloaded> {
        self.note(format!("reload {tenant}"));
        let (give, asked) = oneshot::channel();
        self.reloads.lock().unwrap().push(give);
        asked
    }

    fn roll_back(&self, tenant: &str, generation: Option<u64>) -> Asked<Result<Reloaded, String>> {
        let known = tenant == OURS && generation.is_none_or(|number| number == 2);
        if known {
            self.note(format!("roll back {tenant} {generation:?}"));
        }
        self.answer(match known {
            true => Ok(Reloaded {
                outcome: "published".to_owned(),
                generation: Some(2),
                errors: Vec::new(),
                warnings: Vec::new(),
            }),
            false => Err("generation 9 is not kept".to_owned()),
        })
    }

    fn agents(&self, tenant: &str) -> Asked<Vec<Agent>> {
        let all = ["1051", "1049"].map(agent).to_vec();
        self.answer(if tenant == OURS { all } else { Vec::new() })
    }

    fn listed(&self, tenant: &str, _: Question) -> Asked<Vec<Listed>> {
        let all = ["+8613800138000", "+86170"].map(listed).to_vec();
        self.answer(if tenant == OURS { all } else { Vec::new() })
    }

    fn change_list(&self, tenant: &str, change: Change, by: By) -> Asked<Result<Listed, Refused>> {
        self.note(format!("{tenant} {change:?} {by}"));
        self.answer(match change {
            Change::Add(wanted) if wanted.number == "x" => {
                Err(Refused::new("no_number", "number: a telephone number"))
            }
            Change::Add(wanted) => Ok(wanted),
            Change::Remove { number, .. } if number == "x" => {
                Err(Refused::new("not_listed", "x is not on the list"))
            }
            Change::Remove { number, .. } => Ok(listed(&number)),
        })
    }

    fn order(&self, tenant: &str, order: Order) -> Asked<Result<Performed, Refused>> {
        let (by, user, word) = (order.by.to_string(), order.user, order.deed.word());
        if tenant != OURS {
            return self.answer(Err(Refused::no_such_user(&user)));
        }
        self.note(format!("{tenant} {user} {word} {by}"));
        let no_reason = matches!(&order.deed, Deed::Busy { reason: Some(it) } if it == "sleep");
        self.answer(match (&*user, word) {
            ("1060", _) => Err(Refused::no_such_user(&user)),
            (_, "hang_up") => Err(Refused::not_in_call(&user)),
            (_, "log_out") => Err(Refused::new("not_allowed", "1049 may not do this")),
            (_, "busy") if no_reason => Err(Refused::new("no_such_reason", "known: meeting, meal")),
            _ => Ok(Performed {
                agent: Some(agent(&user)),
                call: None,
            }),
        })
    }

    fn offer_item(&self, tenant: &str, item: ItemWanted) -> Asked<Result<Uuid, String>> {
        self.answer(match (tenant, &*item.queue) {
            (OURS, "it") => Ok(LIVE),
            (_, other) => Err(format!("no queue '{other}'")),
        })
    }

    fn call_back(
        &self,
        tenant: &str,
        wanted: CallbackWanted,
    ) -> Asked<Result<CallbackTaken, Refused>> {
        let refused = |word, why: &str| Err(Refused::new(word, why.to_owned()));
        self.answer(match (tenant, &*wanted.queue) {
            (OURS, "it") => Ok(CallbackTaken {
                id: LIVE,
                position: 3,
            }),
            (OURS, "sales") => refused("not_offered", "queue 'sales' calls nobody back"),
            _ => refused("no_queue", "no queue"),
        })
    }

    fn cancel_callback(&self, tenant: &str, id: Uuid) -> Asked<bool> {
        self.answer(tenant == OURS && id == LIVE)
    }

    fn end_item(&self, tenant: &str, item: Uuid) -> Asked<bool> {
        self.answer(tenant == OURS && item == LIVE)
    }

    fn queues(&self, tenant: &str) -> Asked<Vec<Queue>> {
        let all = ["sales", "it"].map(queue).to_vec();
        self.answer(if tenant == OURS { all } else { Vec::new() })
    }

    fn switches(&self, tenant: &str) -> Asked<Vec<QueueSwitch>> {
        let hotline = QueueSwitch {
            name: "hotline".to_owned(),
            state: "closed",
            since: Some(NOW),
            by: Some("user:1001".to_owned()),
            who: Some("班长".to_owned()),
        };
        let night = QueueSwitch {
            name: "night".to_owned(),
            state: "open",
            since: None,
            by: None,
            who: None,
        };
        let all = vec![hotline, night];
        self.answer(if tenant == OURS { all } else { Vec::new() })
    }

    fn wallboard(&self, tenant: &str) -> Asked<Wallboard> {
        let is_ours = tenant == OURS;
        self.answer(Wallboard {
            at: NOW,
            since: NOW - 12 * 3_600_000_000,
            queues: is_ours.then(board_queue).into_iter().collect(),
            agents: is_ours.then(|| board_agent("1049")).into_iter().collect(),
            alerts: is_ours.then(alert).into_iter().collect(),
        })
    }

    fn yardstick(&self, _: &str) -> Asked<Option<Yardstick>> {
        self.answer(Some(Yardstick {
            zone: "Asia/Shanghai".to_owned(),
            now: NOW,
            measure: store::Measure::default(),
        }))
    }

    fn queue(&self, tenant: &str, name: String) -> Asked<Option<QueueDetails>> {
        let known = tenant == OURS && name == "it";
        self.answer(known.then(|| QueueDetails {
            queue: queue("it"),
            callers: vec![
                WaitingCaller {
                    call: LIVE,
                    from: Some("+8613800138000".to_owned()),
                    from_name: None,
                    position: 1,
                    waited_ms: 12_000,
                    offered: false,
                    callback: None,
                },
                WaitingCaller {
                    call: OVER,
                    from: Some("+8613900139000".to_owned()),
                    from_name: None,
                    position: 2,
                    waited_ms: 11_000,
                    offered: false,
                    callback: Some(AwaitedCallback {
                        state: "waits",
                        tries: 1,
                        not_before: Some(NOW),
                    }),
                },
            ],
            agents: vec![agent("1049")],
            why: Some(WhyWaiting {
                call: LIVE,
                because: "nobody is free; 0 ahead".to_owned(),
                agents: vec![Verdict {
                    agent: "1049".to_owned(),
                    because: "busy (meeting)".to_owned(),
                }],
            }),
        }))
    }

    fn change_voicemail(
        &self,
        tenant: &str,
        message: Uuid,
        change: VoicemailChange,
    ) -> Asked<Result<Option<MessageRow>, store::Error>> {
        let store = self.store.lock().unwrap().clone().unwrap();
        let (give, asked) = oneshot::channel();
        let tenant = tenant.to_owned();
        tokio::spawn(async move {
            let done = match change {
                VoicemailChange::Heard => store.mark_heard(&tenant, message, 5).await,
                VoicemailChange::Deleted => store.delete_message(&tenant, message, 6).await,
                VoicemailChange::Restored => store.restore_message(&tenant, message).await,
                VoicemailChange::AssignedTo(to) => store.assign_message(&tenant, message, to).await,
            };
            let _ = give.send(match done {
                Ok(()) => store.message(&tenant, message).await,
                Err(error) => Err(error),
            });
        });
        asked
    }
}
