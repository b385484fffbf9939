//! Requests that come in by HTTP and are answered by scripts: which there are, who may ask, and the
//! way to the thread that answers.

mod path;
mod visit;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use call::TenantId;
use call::desk::Role;
use tokio::sync::oneshot;

use crate::generation::Tenancy;
use crate::host::Host;
use crate::inbox::{Message, Pushed};
use crate::scripts::MOST_BEHIND;

pub(crate) use path::{Doors, Found, Listed, METHODS, Path};
pub(crate) use visit::{Asking, answer};

/// Who may ask a route. Whoever serves HTTP asks for it before the request comes in.
#[derive(Clone, Eq, PartialEq)]
pub enum Guard {
    /// Everybody in the world; the handler knows whom to believe.
    Anybody,
    /// Who sends one of these in `Authorization: Bearer`.
    Bearer(Vec<String>),
    /// Who sends a token of the tenant's (`moonswitch token add`).
    Token,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anybody => "Anybody",
            Self::Bearer(_) => "Bearer",
            Self::Token => "Token",
        })
    }
}

/// What a tenant's scripts have at a path.
#[derive(Debug)]
pub enum Door {
    /// Nothing: 404.
    Nothing,
    /// The path, for these other methods: 405.
    OtherMethods(Vec<&'static str>),
    /// Nobody knows, because the tenant's scripts do not load: 503.
    NoScripts,
    /// A route.
    Route(Route),
}

/// A route of one generation, ready to be asked once.
pub struct Route {
    guard: Guard,
    tenancy: Arc<Tenancy>,
    host: Arc<Host>,
    door: usize,
    named: Vec<(String, String)>,
    method: String,
    path: String,
}

/// A request that was let in.
#[derive(Clone, Debug)]
pub struct Visit {
    /// `POST`.
    pub method: String,
    /// Below the tenant's own prefix, as it was sent.
    pub path: String,
    /// Behind the question mark, as it was sent.
    pub query: Option<String>,
    /// By lower-case name, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
    /// Where it comes from.
    pub source: IpAddr,
    /// The name of the token that it came with, or the extension of whoever sits at a desk.
    pub by: Option<String>,
    /// Who sits at the desk; `None` for programs and strangers.
    pub guest: Option<Guest>,
}

/// Somebody at a desk who asks.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Their extension.
    pub user: String,
    /// What they may do.
    pub role: Role,
    /// Whose calls and the like they see; `None` is everybody's.
    pub reach: Option<Vec<String>>,
}

/// What a script answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// 200 to 599.
    pub status: u16,
    /// None that says how the answer is framed.
    pub headers: Vec<(String, String)>,
    /// At most 8 MB.
    pub body: Bytes,
}

/// Why a request got no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unanswered {
    /// The request says of itself what it is not: 400.
    #[error("{0}")]
    BadRequest(String),
    /// The scripts do not keep up, or are being replaced: 503, again in a second.
    #[error("the scripts are behind; ask again")]
    Behind,
    /// The plugin fails too often and is left out: 503, again in a minute.
    #[error("this is out of order; ask again later")]
    LeftOut,
    /// The handler has failed; the log knows how: 500.
    #[error("this has failed; the exchange's log says how")]
    Failed,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({} {})", self.method, self.path)
    }
}

impl Route {
    /// What stands at a path of a tenant's current generation.
    pub(crate) fn find(tenancy: Arc<Tenancy>, method: &str, path: &str) -> Door {
        let Some(host) = tenancy.current() else {
            return Door::NoScripts;
        };
        let Some(routing) = host.routing().map(Arc::clone) else {
            return Door::NoScripts;
        };
        match routing.doors.find(method, path) {
            Found::Nothing => Door::Nothing,
            Found::Methods(methods) => Door::OtherMethods(methods),
            Found::Route(route, named) => Door::Route(Self {
                guard: route.guard.clone(),
                door: route.handler,
                named,
                tenancy,
                host,
                method: method.to_owned(),
                path: path.to_owned(),
            }),
        }
    }

    /// Who may ask it.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Asks it. A sender that was dropped without an answer is [`Unanswered::Behind`].
    pub fn ask(self, visit: Visit) -> oneshot::Receiver<Result<Answer, Unanswered>> {
        let (reply, answer) = oneshot::channel();
        self.push(Asking {
            door: self.door,
            named: self.named.clone(),
            visit,
            reply,
        });
        answer
    }

    fn push(&self, asking: Asking) {
        if self.host.inbox.behind() > MOST_BEHIND {
            return asking.refuse(Unanswered::Behind);
        }
        match self.host.inbox.offer(Message::Visit(Box::new(asking))) {
            (Pushed::Taken, _) => {}
            (_, Some(Message::Visit(asking))) => self.push_to_the_next(*asking),
            (_, _) => {}
        }
    }

    /// The generation has ended while the request came in; the one after it answers, if its guard
    /// would have let the request in too.
    fn push_to_the_next(&self, asking: Asking) {
        let next = Self::find(Arc::clone(&self.tenancy), &self.method, &self.path);
        let next = match next {
            Door::Route(next) if next.guard == self.guard => next,
            _ => return asking.refuse(Unanswered::Behind),
        };
        let moved = Box::new(Asking {
            door: next.door,
            named: next.named,
            ..asking
        });
        if let (_, Some(Message::Visit(asking))) = next.host.inbox.offer(Message::Visit(moved)) {
            asking.refuse(Unanswered::Behind);
        }
    }
}

impl crate::Scripts {
    /// What a tenant's scripts have at a path, which begins with a slash and is as it was sent.
    pub fn door(&self, tenant: &TenantId, method: &str, path: &str) -> Door {
        match self.tenancy(tenant) {
            Some(tenancy) => Route::find(tenancy, method, path),
            None => Door::Nothing,
        }
    }
}
