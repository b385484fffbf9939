//! What stands below `/t/TENANT`: the one place where HTTP and scripts meet, which do not know each
//! other.

use std::sync::{Arc, Weak};

use call::TenantId;
use script::{Scripts, Unanswered};
use tokio::sync::oneshot;
use web::{Door, Doors, Guard, Guest, OpenDoor, Unwelcome, Visit, Welcome};

/// The routes of all tenants' scripts, as long as these run.
pub(crate) struct Scripted(pub(crate) Weak<Scripts>);

impl Scripted {
    pub(crate) fn new(scripts: &Arc<Scripts>) -> Arc<Self> {
        Arc::new(Self(Arc::downgrade(scripts)))
    }
}

impl Doors for Scripted {
    fn door(&self, tenant: &str, method: &str, path: &str) -> Door {
        let Some(scripts) = self.0.upgrade() else {
            return Door::Closed;
        };
        match scripts.door(&TenantId::from(tenant), method, path) {
            script::Door::Nothing => Door::Nothing,
            script::Door::OtherMethods(methods) => Door::OtherMethods(methods),
            script::Door::NoScripts => Door::Closed,
            script::Door::Route(route) => Door::Open(OpenDoor {
                guard: guard(route.guard()),
                ask: Box::new(move |visit| {
                    let answer = route.ask(visit_of(visit));
                    let (give, asked) = oneshot::channel();
                    tokio::spawn(async move {
                        if let Ok(answer) = answer.await {
                            // Who has asked may be gone.
                            let _ = give.send(answer.map(welcome).map_err(unwelcome));
                        }
                    });
                    asked
                }),
            }),
        }
    }
}

fn guard(guard: &script::Guard) -> Guard {
    match guard {
        script::Guard::Anybody => Guard::Anybody,
        script::Guard::Bearer(secrets) => Guard::Bearer(secrets.clone()),
        script::Guard::Token => Guard::Token,
    }
}

fn visit_of(visit: Visit) -> script::Visit {
    script::Visit {
        method: visit.method,
        path: visit.path,
        query: visit.query,
        headers: visit.headers,
        body: visit.body,
        source: visit.source,
        by: visit.by,
        guest: visit.guest.map(guest_of),
    }
}

fn guest_of(guest: Guest) -> script::Guest {
    script::Guest {
        user: guest.user,
        role: guest.role,
        reach: guest.reach,
    }
}

fn welcome(answer: script::Answer) -> Welcome {
    Welcome {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
    }
}

fn unwelcome(why: Unanswered) -> Unwelcome {
    match why {
        Unanswered::BadRequest(why) => Unwelcome::BadRequest(why),
        Unanswered::Behind => Unwelcome::Busy,
        Unanswered::LeftOut => Unwelcome::OutOfOrder,
        Unanswered::Failed => Unwelcome::Failed,
    }
}
