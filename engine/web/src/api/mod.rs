//! `/api/v1`: what the exchange knows and does, for programs. The document of it is
//! `openapi.json`, which the tests hold against the routes and their answers.

mod agents;
mod audio;
mod audit;
mod auth;
mod body;
mod callbacks;
mod calls;
mod desk;
mod hearing;
mod history;
mod items;
mod jobs;
mod lists;
mod masking;
mod missed;
mod now;
mod once;
mod own;
mod page;
mod password;
mod person;
mod plugins;
mod problem;
mod queues;
mod recordings;
mod roles;
mod sealed;
mod seats;
mod session;
mod shifts;
mod statistics;
mod stream;
mod tries;
mod visits;
mod voicemails;
mod waits;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};
use store::Store;
use tokio::sync::{Mutex, Semaphore, watch};

pub use password::{hash as hash_desk_password, weakness as weakness_of_desk_password};
pub(crate) use problem::Problem;
pub(crate) use visits::VISIT;

use crate::doors::Doors;
use crate::events::Events;
use crate::exchange::Exchange;
use crate::token::Scope;
use auth::Bans;
use password::Hasher;
use seats::Seats;
use stream::Pace;
use tries::Tries;

/// What the API stands on.
pub struct Api {
    /// The records.
    pub store: Arc<dyn Store>,
    /// The running exchange.
    pub exchange: Arc<dyn Exchange>,
    /// What happens in it.
    pub events: Arc<Events>,
    /// The folder that recordings' paths are relative to.
    pub recordings: PathBuf,
    /// What stands below `/t/`.
    pub doors: Arc<dyn Doors>,
}

/// What every request can reach; handlers only through [`own::Own`].
struct Parts {
    store: Arc<dyn Store>,
    exchange: Arc<dyn Exchange>,
    events: Arc<Events>,
    recordings: PathBuf,
    doors: Arc<dyn Doors>,
    /// Seats of requests that others answer, of all tenants and of each.
    visits: (Semaphore, Seats),
    /// Those for requests of anybody to plugins' routes.
    strangers: Seats,
    /// Tells this run of the exchange from others.
    run: i64,
    bans: Bans,
    tries: Tries,
    hasher: Hasher,
    /// Held by the reload that runs.
    reloading: Mutex<()>,
    /// Seats of all who listen to events, and of each: a browser with many tabs keeps nobody out.
    streams: Arc<Semaphore>,
    streams_of_one: Seats,
    pace: Pace,
    stopped: watch::Receiver<()>,
}

/// The routes of the API, and the listeners that are to end with them.
pub(crate) struct Routes {
    router: Router<Arc<Parts>>,
    parts: Arc<Parts>,
    listed: Vec<Listed>,
}

/// One route, as the document must have it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Listed {
    path: &'static str,
    method: &'static str,
    scope: Option<Scope>,
}

impl Routes {
    /// All routes; streams end when `stopped` changes or its sender goes.
    pub(crate) fn new(api: Api, stopped: watch::Receiver<()>) -> Self {
        Self::paced(api, stopped, Pace::default())
    }

    fn paced(api: Api, stopped: watch::Receiver<()>, pace: Pace) -> Self {
        let parts = Arc::new(Parts {
            store: api.store,
            exchange: api.exchange,
            events: api.events,
            recordings: api.recordings,
            doors: api.doors,
            visits: (
                Semaphore::new(visits::VISITS),
                Seats::new(visits::VISITS_OF_ONE),
            ),
            strangers: Seats::new(visits::STRANGERS),
            run: crate::time::now(),
            bans: Bans::default(),
            tries: Tries::default(),
            hasher: Hasher::default(),
            reloading: Mutex::new(()),
            streams: Arc::new(Semaphore::new(STREAMS)),
            streams_of_one: Seats::new(stream::STREAMS_OF_ONE),
            pace,
            stopped,
        });
        let routes = Self {
            router: Router::new(),
            parts,
            listed: Vec::new(),
        };
        routes
            .open("/openapi.json", document)
            .let_in("/session", session::log_in)
            .at_desk("/session", "get", get(session::show))
            .at_desk("/session", "delete", delete(session::log_out))
            .at_desk(
                "/session/password",
                "post",
                post(session::change_password).route_layer(from_fn(once::once)),
            )
            .get("/audit", Scope::AuditRead, get(audit::list))
            .get("/calls", Scope::CallsRead, get(calls::list))
            .post("/calls", Scope::CallsOriginate, post(calls::originate))
            .get("/calls/{id}", Scope::CallsRead, get(calls::one))
            .post(
                "/calls/{id}/hangup",
                Scope::CallsWrite,
                post(calls::hang_up),
            )
            .post(
                "/calls/{id}/transfer",
                Scope::CallsWrite,
                post(calls::transfer),
            )
            .get(
                "/registrations",
                Scope::RegistrationsRead,
                get(now::registrations),
            )
            .get("/jobs", Scope::JobsRead, get(jobs::list))
            .get("/jobs/{id}", Scope::JobsRead, get(jobs::one))
            .post("/jobs/{id}/retry", Scope::JobsWrite, post(jobs::retry))
            .get("/plugins", Scope::PluginsRead, get(plugins::list))
            .get("/plugins/{name}", Scope::PluginsRead, get(plugins::one))
            .post(
                "/plugins/{name}/allow",
                Scope::PluginsAllow,
                post(plugins::allow),
            )
            .get("/trunks", Scope::TrunksRead, get(now::trunks))
            .get("/users", Scope::UsersRead, get(now::users))
            .get("/users/{id}/history", Scope::CallsRead, get(history::list))
            .post(
                "/users/{id}/redial",
                Scope::CallsOriginate,
                post(history::again),
            )
            .post("/users/{id}/role", Scope::UsersWrite, post(roles::give))
            .get("/lists/{id}", Scope::ListsRead, get(lists::one))
            .post("/lists/{id}", Scope::ListsWrite, post(lists::add))
            .post("/lists/{id}/remove", Scope::ListsWrite, post(lists::remove))
            .post(
                "/users/{id}/commands",
                Scope::DeskCommand,
                post(desk::command),
            )
            .get("/scripts", Scope::ScriptsRead, get(now::scripts))
            .post("/scripts/reload", Scope::ScriptsWrite, post(now::reload))
            .post(
                "/scripts/rollback",
                Scope::ScriptsWrite,
                post(now::roll_back),
            )
            .get("/agents", Scope::AgentsRead, get(agents::list))
            .get("/agents/{id}", Scope::AgentsRead, get(agents::one))
            .post("/agents/{id}/state", Scope::AgentsWrite, post(agents::act))
            .get(
                "/agents/{id}/today",
                Scope::StatisticsRead,
                get(statistics::today),
            )
            .get(
                "/agents/{id}/shifts",
                Scope::StatisticsRead,
                get(shifts::list),
            )
            .post(
                "/agents/{id}/shifts",
                Scope::AgentsWrite,
                post(shifts::replace),
            )
            .get(
                "/statistics/adherence",
                Scope::StatisticsRead,
                get(shifts::adherence),
            )
            .get("/missed", Scope::CallsRead, get(missed::list))
            .post("/missed/{id}", Scope::CallsWrite, post(missed::settle))
            .get(
                "/statistics/queues",
                Scope::StatisticsRead,
                get(statistics::queues),
            )
            .get(
                "/statistics/agents",
                Scope::StatisticsRead,
                get(statistics::agents),
            )
            .get(
                "/statistics/intervals",
                Scope::StatisticsRead,
                get(statistics::intervals),
            )
            .get(
                "/wallboard",
                Scope::StatisticsRead,
                get(statistics::wallboard),
            )
            .get("/queues", Scope::QueuesRead, get(queues::list))
            .get("/queues/{id}", Scope::QueuesRead, get(queues::one))
            .get("/switches", Scope::QueuesRead, get(queues::switches))
            .post("/queues/{id}/items", Scope::QueuesWrite, post(items::offer))
            .delete("/items/{id}", Scope::QueuesWrite, delete(items::end))
            .post(
                "/queues/{id}/callbacks",
                Scope::QueuesWrite,
                post(callbacks::ask),
            )
            .delete(
                "/callbacks/{id}",
                Scope::QueuesWrite,
                delete(callbacks::cancel),
            )
            .get("/queue-log", Scope::QueuesRead, get(queues::log))
            .get("/recordings", Scope::RecordingsRead, get(recordings::list))
            .get(
                "/recordings/{id}",
                Scope::RecordingsRead,
                get(recordings::one),
            )
            .delete(
                "/recordings/{id}",
                Scope::RecordingsWrite,
                delete(recordings::delete),
            )
            .get(
                "/recordings/{id}/audio",
                Scope::RecordingsRead,
                get(recordings::sound),
            )
            .get("/voicemails", Scope::VoicemailsRead, get(voicemails::list))
            .get(
                "/voicemails/{id}",
                Scope::VoicemailsRead,
                get(voicemails::one),
            )
            .delete(
                "/voicemails/{id}",
                Scope::VoicemailsWrite,
                delete(voicemails::delete),
            )
            .get(
                "/voicemails/{id}/audio",
                Scope::VoicemailsRead,
                get(voicemails::sound),
            )
            .post(
                "/voicemails/{id}/heard",
                Scope::VoicemailsWrite,
                post(voicemails::mark_heard),
            )
            .post(
                "/voicemails/{id}/assign",
                Scope::VoicemailsWrite,
                post(voicemails::assign),
            )
            .post(
                "/voicemails/{id}/restore",
                Scope::VoicemailsWrite,
                post(voicemails::restore),
            )
            .get("/events", Scope::EventsRead, get(stream::events))
    }

    fn get(self, path: &'static str, scope: Scope, handler: MethodRouter<Arc<Parts>>) -> Self {
        self.add(path, "get", scope, handler)
    }

    fn post(self, path: &'static str, scope: Scope, handler: MethodRouter<Arc<Parts>>) -> Self {
        // What may be repeated is looked at after who asks.
        let handler = handler.route_layer(from_fn(once::once));
        self.add(path, "post", scope, handler)
    }

    fn delete(self, path: &'static str, scope: Scope, handler: MethodRouter<Arc<Parts>>) -> Self {
        self.add(path, "delete", scope, handler)
    }

    /// A route that nobody passes without a token of this scope.
    fn add(
        mut self,
        path: &'static str,
        method: &'static str,
        scope: Scope,
        handler: MethodRouter<Arc<Parts>>,
    ) -> Self {
        let guard = from_fn_with_state((self.parts.clone(), scope), auth::admit);
        self.router = self.router.route(path, handler.route_layer(guard));
        self.listed.push(Listed {
            path,
            method,
            scope: Some(scope),
        });
        self
    }

    /// The route that lets people in.
    fn let_in<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, Arc<Parts>>,
        T: 'static,
    {
        self.router = self.router.route(path, post(handler));
        self.listed.push(Listed {
            path,
            method: "post",
            scope: None,
        });
        self
    }

    /// A route for whoever has logged in at a desk, whatever their role.
    fn at_desk(
        mut self,
        path: &'static str,
        method: &'static str,
        handler: MethodRouter<Arc<Parts>>,
    ) -> Self {
        let guard = from_fn_with_state(self.parts.clone(), auth::admit_person);
        self.router = self.router.route(path, handler.route_layer(guard));
        self.listed.push(Listed {
            path,
            method,
            scope: None,
        });
        self
    }

    /// A route that says nothing about anybody.
    fn open(mut self, path: &'static str, handler: fn() -> Document) -> Self {
        self.router = self
            .router
            .route(path, get(move || async move { handler() }));
        self.listed.push(Listed {
            path,
            method: "get",
            scope: None,
        });
        self
    }

    /// Seats of listeners, and how many there are: all are free when all have been told good-bye.
    pub(crate) fn streams(&self) -> (Arc<Semaphore>, u32) {
        (self.parts.streams.clone(), STREAMS as u32)
    }

    /// The router, at its place.
    pub(crate) fn router(self) -> Router {
        let others = visits::router(self.parts.clone());
        let routes = self
            .router
            .fallback(|| async { Problem::not_found("path; /api/v1/openapi.json names all") })
            .method_not_allowed_fallback(|| async { Problem::wrong_method() })
            .layer(map_response(private))
            .with_state(self.parts);
        Router::new().nest("/api/v1", routes).merge(others)
    }
}

type Document = ([(axum::http::HeaderName, &'static str); 1], &'static str);

fn document() -> Document {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

/// Nothing of this is for caches, and nothing is what it does not say that it is.
async fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The OpenAPI 3.1 document.
const OPENAPI: &str = include_str!("openapi.json");
/// Readers of events at once, of all tenants: desks of several large floors.
const STREAMS: usize = 4_096;

#[cfg(test)]
mod tests;
