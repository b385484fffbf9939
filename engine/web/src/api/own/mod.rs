//! What belongs to a token's tenant: the only way from a request to records and exchange, so that
//! the tenant is applied here and nowhere else.

mod floor;
mod records;
mod running;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use store::{Answer, AnswerClaim, Claimed, Store};

use super::Parts as ApiParts;
use super::auth;
use super::person::{self, Who};
use super::problem::Problem;
use crate::doors::Guest;
use crate::events::Listening;
use crate::exchange::{Asked, DeskUser};
use crate::time;
use crate::token::Scope;

/// A request that was let in, with what its tenant has.
#[derive(Clone)]
pub(super) struct Own {
    parts: Arc<ApiParts>,
    who: Arc<Who>,
    source: IpAddr,
}

impl Own {
    /// For the one who has looked at the token or the session.
    pub(super) fn new(parts: Arc<ApiParts>, who: Who, source: IpAddr) -> Self {
        Self {
            parts,
            who: Arc::new(who),
            source,
        }
    }

    fn tenant(&self) -> &str {
        self.who.tenant()
    }

    /// Who asks.
    pub(super) fn who(&self) -> &Who {
        &self.who
    }

    /// Where they ask from.
    pub(super) fn source(&self) -> IpAddr {
        self.source
    }

    /// The records.
    pub(super) fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    /// Whether it is this tenant's.
    pub(super) fn is_of(&self, tenant: &str) -> bool {
        self.tenant() == tenant
    }

    /// The token's name, or the extension.
    pub(super) fn name(&self) -> &str {
        self.who.name()
    }

    /// The same one, as they stand now: streams outlive the request that began them. `None` when their token or
    /// session works no longer, or their role does not open this scope any more.
    pub(super) async fn renewed(&self, scope: Scope) -> Option<Self> {
        let stays = || Some(self.clone());
        match &*self.who {
            Who::Program(token) => match self.parts.store.token(&token.id).await {
                Ok(Some(row)) if row.is_good(time::now()) => stays(),
                Ok(_) => None,
                // Records in trouble are no reason to send anybody away.
                Err(_) => stays(),
            },
            Who::Person { session, .. } => {
                let row = match self.parts.store.session(session.id).await {
                    Ok(row) => row?,
                    Err(_) => return stays(),
                };
                let now = time::now();
                if !person::is_good(&row, now) {
                    return None;
                }
                self.parts.store.touch_session(session.id, now).forget();
                let Ok(user) = auth::desk_user(&self.parts, &row.tenant, &row.extension).await
                else {
                    return stays();
                };
                let user = user.filter(|user| person::opens(user.role, scope))?;
                let who = Who::Person { session: row, user };
                Some(Self::new(self.parts.clone(), who, self.source))
            }
        }
    }

    /// Whether numbers are shown to them without their middle.
    pub(super) fn is_masked(&self) -> bool {
        self.desk_user().is_some_and(|user| user.masked)
    }

    /// What the exchange knows of whoever asks, if it is somebody at a desk.
    pub(super) fn desk_user(&self) -> Option<&DeskUser> {
        match &*self.who {
            Who::Person { user, .. } => Some(user),
            Who::Program(_) => None,
        }
    }

    /// Whoever sits at a desk, as plugins' routes see them.
    pub(super) fn guest(&self) -> Option<Guest> {
        let user = self.desk_user()?;
        Some(Guest {
            user: self.name().to_owned(),
            role: user.role,
            reach: self.who.reach().map(<[String]>::to_vec),
        })
    }

    /// Writes into both logs that somebody asks a route of a plugin's for a change, which does not say what becomes of it.
    pub(super) fn note_plugin(&self, route: &str, of: &str) {
        self.note_outcome(&format!("plugin:{route}"), &of, "asked");
    }

    /// The queues that they serve, or that their people do; `None` for whoever reaches everybody.
    pub(super) async fn queues_within(&self) -> Result<Option<Vec<String>>, Problem> {
        if self.who.reach().is_none() {
            return Ok(None);
        }
        let exchange = &self.parts.exchange;
        let found = exchange.queues_within(self.tenant(), self.name());
        answer(found).await.map(Some)
    }

    /// Writes who has done something into the security log and the audit log.
    pub(super) fn note(&self, act: &'static str, of: &dyn std::fmt::Display) {
        self.note_outcome(act, of, "done");
    }

    /// The same of what was refused.
    pub(super) fn note_failure(
        &self,
        act: &'static str,
        of: &dyn std::fmt::Display,
        outcome: &'static str,
    ) {
        self.note_outcome(act, of, outcome);
    }

    /// Writes who has done something into the security log only: the audit log has it from whoever does it.
    fn log(&self, act: &str, of: &dyn std::fmt::Display, outcome: &'static str) {
        tracing::info!(
            target: "security", event = "api_used", source = %self.source, act, of = %of, outcome,
            tenant = self.tenant(), token = self.who.key(), name = self.name()
        );
    }

    fn note_outcome(&self, act: &str, of: &dyn std::fmt::Display, outcome: &'static str) {
        self.log(act, of, outcome);
        let (by, of) = (self.who.by().to_string(), of.to_string());
        auth::audit(
            &self.parts,
            self.tenant(),
            &by,
            (act, &of, outcome),
            self.source,
        );
    }

    /// Refuses what is about somebody whom whoever asks does not reach.
    fn about(&self, extension: &str) -> Result<(), Problem> {
        match self.who.reaches(extension) {
            true => Ok(()),
            false => Err(Problem::forbidden(
                "not_allowed",
                format!("{extension} is not within your reach"),
            )),
        }
    }

    /// Whether somebody is within the reach of whoever asks.
    pub(super) fn reaches(&self, extension: &str) -> bool {
        self.who.reaches(extension)
    }

    /// Whom records name for what is done.
    pub(super) fn by(&self) -> String {
        self.who.by().to_string()
    }

    /// Begins a request that may be repeated.
    pub(super) async fn claim(&self, key: &str, request: [u8; 32]) -> Result<Claimed, Problem> {
        let at = time::now();
        let claim = AnswerClaim {
            tenant: self.tenant().to_owned(),
            token: self.who.key(),
            key: key.to_owned(),
            request,
            run: self.parts.run,
            at,
            forget_before: at - ANSWERS_ARE_KEPT,
        };
        Ok(self.parts.store.claim_answer(claim).await?)
    }

    /// Keeps what a request that may be repeated was answered.
    pub(super) async fn keep_answer(&self, key: &str, answer: Answer) {
        let token = self.who.key();
        let place = (token.as_str(), key);
        let kept = self.parts.store.keep_answer(self.tenant(), place, answer);
        if let Err(error) = kept.await {
            tracing::error!(%error, "an answer could not be kept: its request is not to be repeated");
        }
    }

    /// A request that may be repeated has changed nothing.
    pub(super) async fn forget_answer(&self, key: &str) {
        let token = self.who.key();
        let place = (token.as_str(), key);
        let forgotten = self.parts.store.forget_answer(self.tenant(), place);
        if let Err(error) = forgotten.await {
            tracing::error!(%error, "a request that was refused keeps its key");
        }
    }

    /// Whose seats are taken by whoever asks.
    pub(super) fn listener(&self) -> String {
        format!("{}/{}", self.tenant(), self.who.by())
    }

    /// Begins to listen to events.
    pub(super) fn listen(&self, after: Option<&str>) -> Result<Listening, Problem> {
        let listening = self.parts.events.listen(self.tenant(), after);
        listening.ok_or_else(|| Problem::busy("too many listen to events already"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Own {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // A route that nobody is let in to by a scope has no `Own`, and this says so in tests.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::broken)
    }
}

async fn answer<T>(asked: Asked<T>) -> Result<T, Problem> {
    asked
        .await
        .map_err(|_| Problem::busy("the exchange is too busy, or stops"))
}

/// How long answers are given again, in microseconds: 24 hours.
const ANSWERS_ARE_KEPT: i64 = 24 * 3_600 * 1_000_000;
