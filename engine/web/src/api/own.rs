//! What belongs to a token's tenant: the only way from a request to records and exchange, so that
//! the tenant is applied here and nowhere else.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use call::desk::{Deed, Order};
use call::screen::{Change, Listed, Question};
use store::{
    Adherence, Answer, AnswerClaim, AuditFilter, AuditRow, CallBegin, CallDetails, CallFilter,
    CallRow, Claimed, Figures, FiguresOf, JobFilter, JobRow, MessageFilter, MessageRow,
    MissedFilter, MissedRow, MissedState, QueueLogFilter, QueueLogRow, RecordingFilter,
    RecordingRow, ShiftRow, Store,
};
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::Parts as ApiParts;
use super::auth;
use super::person::{self, Who};
use super::problem::Problem;
use crate::events::Listening;
use crate::exchange::{
    Allowed, Asked, CallWanted, Deletion, LiveCall, NoCall, NoTransfer, Plugin, Registration,
    Reloaded, Scripts, TransferWanted, Trunk, User, VoicemailChange,
};
use crate::figures::{Wallboard, Yardstick};
use crate::floor::{
    ActRefused, Agent, AgentAct, CallbackTaken, CallbackWanted, ItemWanted, Performed, Queue,
    QueueDetails,
};
use crate::time;

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

    /// Whether the token or the session still works: streams outlive the request that began them.
    pub(super) async fn is_still_good(&self) -> bool {
        match &*self.who {
            Who::Program(token) => match self.parts.store.token(&token.id).await {
                Ok(Some(row)) => row.is_good(time::now()),
                Ok(None) => false,
                // Records in trouble are no reason to send anybody away.
                Err(_) => true,
            },
            Who::Person { session, .. } => match self.parts.store.session(session.id).await {
                Ok(Some(row)) => {
                    let now = time::now();
                    self.parts.store.touch_session(session.id, now).forget();
                    person::is_good(&row, now)
                }
                Ok(None) => false,
                Err(_) => true,
            },
        }
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

    fn note_outcome(&self, act: &'static str, of: &dyn std::fmt::Display, outcome: &'static str) {
        tracing::info!(
            target: "security", event = "api_used", source = %self.source, act, of = %of, outcome,
            tenant = self.tenant(), token = self.who.key(), name = self.name()
        );
        let (by, of) = (self.who.by().to_string(), of.to_string());
        auth::audit(
            &self.parts,
            self.tenant(),
            &by,
            (act, &of, outcome),
            self.source,
        );
    }

    pub(super) async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditRow>, Problem> {
        Ok(self.parts.store.audit(self.tenant(), filter).await?)
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

    /// The users whose calls and recordings are shown; all when it is empty.
    fn among(&self) -> Vec<String> {
        self.who.reach().map(<[String]>::to_vec).unwrap_or_default()
    }

    pub(super) async fn calls(&self, mut filter: CallFilter) -> Result<Vec<CallRow>, Problem> {
        filter.among = self.among();
        Ok(self.parts.store.calls(self.tenant(), filter).await?)
    }

    pub(super) async fn call(&self, id: Uuid) -> Result<CallDetails, Problem> {
        let found = self.parts.store.call(self.tenant(), id).await?;
        let found = found.filter(|it| self.takes_part(it));
        found.ok_or_else(|| Problem::not_found("call"))
    }

    /// Whether a call is of somebody whom whoever asks reaches.
    fn takes_part(&self, call: &CallDetails) -> bool {
        let Some(reach) = self.who.reach() else {
            return true;
        };
        let caller = call.call.begin.user.iter();
        let agents = call.segments.iter().filter_map(|it| it.agent.as_ref());
        let users = call
            .legs
            .iter()
            .filter_map(|leg| leg.peer.strip_prefix("user:"));
        let mut all = caller.chain(agents).map(String::as_str).chain(users);
        all.any(|one| reach.iter().any(|reached| reached == one))
    }

    pub(super) async fn live_calls(
        &self,
        calls: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, LiveCall>, Problem> {
        if calls.is_empty() {
            return Ok(HashMap::new());
        }
        answer(self.parts.exchange.live_calls(self.tenant(), calls)).await
    }

    pub(super) async fn hang_up(&self, call: Uuid) -> Result<bool, Problem> {
        let by = self.who.by().to_string();
        answer(self.parts.exchange.hang_up(self.tenant(), call, by)).await
    }

    pub(super) async fn agents(&self) -> Result<Vec<Agent>, Problem> {
        answer(self.parts.exchange.agents(self.tenant())).await
    }

    pub(super) async fn act(&self, agent: &str, act: AgentAct) -> Result<Agent, Problem> {
        self.about(agent)?;
        let by = self.who.by().to_string();
        let exchange = &self.parts.exchange;
        let done = answer(exchange.act(self.tenant(), agent.to_owned(), act, by)).await?;
        done.map_err(|refused| match refused {
            ActRefused::NotAnAgent => Problem::not_found("agent"),
            ActRefused::Now(code, detail) => Problem::conflict(code, detail),
            ActRefused::NoSuchReason(known) => Problem::bad_request(
                "no_such_reason",
                format!("reason is one of {}", known.join(", ")),
            ),
        })
    }

    pub(super) async fn order(&self, user: String, deed: Deed) -> Result<Performed, Problem> {
        let by = self.who.by();
        let order = Order { by, user, deed };
        let done = answer(self.parts.exchange.order(self.tenant(), order)).await?;
        done.map_err(|refused| match refused.word {
            "no_such_user" => Problem::not_found("user"),
            "not_allowed" => Problem::forbidden(refused.word, refused.sentence),
            word if word.starts_with("wrong_") || word.starts_with("no_such_") => {
                Problem::unprocessable(word, refused.sentence)
            }
            word => Problem::conflict(word, refused.sentence),
        })
    }

    /// One of the tenant's users.
    pub(super) async fn user(&self, extension: &str) -> Result<User, Problem> {
        let mut users = self.users().await?.into_iter();
        let found = users.find(|user| user.extension == extension);
        let found = found.ok_or_else(|| Problem::not_found("user"))?;
        self.about(extension)?;
        Ok(found)
    }

    /// Whom records name for what is done.
    pub(super) fn by(&self) -> String {
        self.who.by().to_string()
    }

    pub(super) async fn listed(&self, question: Question) -> Result<Vec<Listed>, Problem> {
        answer(self.parts.exchange.listed(self.tenant(), question)).await
    }

    pub(super) async fn change_list(&self, change: Change) -> Result<Listed, Problem> {
        let exchange = &self.parts.exchange;
        let done = answer(exchange.change_list(self.tenant(), change, self.by())).await?;
        done.map_err(|refused| match refused.word {
            "not_listed" => Problem::not_found("entry of this list"),
            "no_number" => Problem::unprocessable(refused.word, refused.sentence),
            word => Problem::conflict(word, refused.sentence),
        })
    }

    pub(super) async fn offer_item(&self, wanted: ItemWanted) -> Result<Uuid, Problem> {
        let offered = self.parts.exchange.offer_item(self.tenant(), wanted);
        let offered = answer(offered).await?;
        offered.map_err(|_| Problem::not_found("queue"))
    }

    pub(super) async fn end_item(&self, item: Uuid) -> Result<(), Problem> {
        let over = answer(self.parts.exchange.end_item(self.tenant(), item)).await?;
        match over {
            true => Ok(()),
            false => Err(Problem::not_found("item")),
        }
    }

    pub(super) async fn call_back(&self, wanted: CallbackWanted) -> Result<CallbackTaken, Problem> {
        let taken = answer(self.parts.exchange.call_back(self.tenant(), wanted)).await?;
        taken.map_err(|refused| match refused.word {
            "no_queue" => Problem::not_found("queue"),
            "no_number" => Problem::unprocessable("no_number", refused.sentence),
            word => Problem::conflict(word, refused.sentence),
        })
    }

    pub(super) async fn cancel_callback(&self, id: Uuid) -> Result<(), Problem> {
        let was_known = answer(self.parts.exchange.cancel_callback(self.tenant(), id)).await?;
        match was_known {
            true => Ok(()),
            false => Err(Problem::not_found("call back")),
        }
    }

    pub(super) async fn queues(&self) -> Result<Vec<Queue>, Problem> {
        answer(self.parts.exchange.queues(self.tenant())).await
    }

    pub(super) async fn queue(&self, name: String) -> Result<QueueDetails, Problem> {
        let found = answer(self.parts.exchange.queue(self.tenant(), name)).await?;
        found.ok_or_else(|| Problem::not_found("queue"))
    }

    pub(super) async fn queue_log(
        &self,
        filter: QueueLogFilter,
    ) -> Result<Vec<QueueLogRow>, Problem> {
        Ok(self.parts.store.queue_log(self.tenant(), filter).await?)
    }

    pub(super) async fn wallboard(&self) -> Result<Wallboard, Problem> {
        answer(self.parts.exchange.wallboard(self.tenant())).await
    }

    pub(super) async fn yardstick(&self) -> Result<Yardstick, Problem> {
        let found = answer(self.parts.exchange.yardstick(self.tenant())).await?;
        found.ok_or_else(|| Problem::not_found("tenant"))
    }

    pub(super) async fn figures(&self, of: FiguresOf) -> Result<Figures, Problem> {
        Ok(self.parts.store.figures(self.tenant(), of).await?)
    }

    /// Refuses somebody who is no user, or whom whoever asks does not reach.
    pub(super) async fn is_user(&self, extension: &str) -> Result<(), Problem> {
        let users = self.users().await?;
        match self.reaches(extension) && users.iter().any(|it| it.extension == extension) {
            true => Ok(()),
            false => Err(Problem::not_found("user")),
        }
    }

    pub(super) async fn shifts(
        &self,
        agent: &str,
        between: (i64, i64),
    ) -> Result<Vec<ShiftRow>, Problem> {
        let store = &self.parts.store;
        Ok(store.shifts(self.tenant(), Some(agent), between).await?)
    }

    pub(super) async fn plan_shifts(
        &self,
        agent: &str,
        between: (i64, i64),
        shifts: Vec<ShiftRow>,
    ) -> Result<(), Problem> {
        let store = &self.parts.store;
        match store
            .plan_shifts(self.tenant(), agent, between, shifts)
            .await?
        {
            true => Ok(()),
            false => Err(Problem::conflict(
                "shift_before",
                "a shift that began earlier reaches into the first of these: begin `since` with it",
            )),
        }
    }

    pub(super) async fn adherence(
        &self,
        between: (i64, i64),
    ) -> Result<Vec<(String, Adherence)>, Problem> {
        Ok(self.parts.store.adherence(self.tenant(), between).await?)
    }

    pub(super) async fn missed(&self, filter: MissedFilter) -> Result<Vec<MissedRow>, Problem> {
        Ok(self.parts.store.missed_calls(self.tenant(), filter).await?)
    }

    pub(super) async fn settle_missed(
        &self,
        call: Uuid,
        state: MissedState,
    ) -> Result<MissedRow, Problem> {
        let by = self.who.by().to_string();
        let now = self.yardstick().await?.now;
        let store = &self.parts.store;
        let settled = store.settle_missed(self.tenant(), call, state, (&by, now));
        settled.await?.ok_or_else(|| Problem::not_found("call"))
    }

    pub(super) async fn originate(&self, wanted: CallWanted) -> Result<CallBegin, Problem> {
        self.about(&wanted.user)?;
        let made = answer(self.parts.exchange.originate(self.tenant(), wanted)).await?;
        made.map_err(|why| match why {
            NoCall::NoUser => Problem::unprocessable("no_such_user", "from is one of the users"),
            NoCall::NoRoute => {
                let why = "the dialplan has no handler for this number in the user's context";
                Problem::unprocessable("no_route", why)
            }
            NoCall::NoPhone => Problem::conflict("no_phone", "no phone of this user is registered"),
            NoCall::Full(why) => Problem::busy(why),
            NoCall::NotNow(code, why) => Problem::conflict(code, format!("the user {why}")),
        })
    }

    pub(super) async fn transfer(&self, call: Uuid, wanted: TransferWanted) -> Result<(), Problem> {
        self.about(&wanted.by)?;
        let exchange = &self.parts.exchange;
        let tried = answer(exchange.transfer(self.tenant(), call, wanted)).await?;
        tried.map_err(|why| match why {
            NoTransfer::Over => Problem::conflict("call_is_over", "this call is over"),
            NoTransfer::NotInIt => {
                Problem::conflict("not_in_call", "by is a user who talks in this call")
            }
            NoTransfer::Nobody => Problem::conflict(
                "nobody_to_transfer",
                "by talks with nobody in this call, or is transferring them already",
            ),
        })
    }

    pub(super) async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRow>, Problem> {
        Ok(self.parts.store.list_jobs(self.tenant(), filter).await?)
    }

    pub(super) async fn job(&self, id: Uuid) -> Result<JobRow, Problem> {
        let found = self.parts.store.job(self.tenant(), id).await?;
        found.ok_or_else(|| Problem::not_found("job"))
    }

    pub(super) async fn retry_job(&self, id: Uuid) -> Result<bool, Problem> {
        Ok(answer(self.parts.exchange.retry_job(self.tenant(), id)).await??)
    }

    pub(super) async fn plugins(&self) -> Result<Vec<Plugin>, Problem> {
        Ok(answer(self.parts.exchange.plugins(self.tenant())).await??)
    }

    /// Allows a plugin; one reload at a time, as for [`reload`](Self::reload).
    pub(super) async fn allow_plugin(&self, name: &str) -> Result<Allowed, Problem> {
        let _alone = self.alone()?;
        let exchange = &self.parts.exchange;
        let allowed = answer(exchange.allow_plugin(self.tenant(), name.to_owned())).await??;
        allowed.ok_or_else(|| Problem::not_found("plugin"))
    }

    pub(super) async fn recordings(
        &self,
        mut filter: RecordingFilter,
    ) -> Result<Vec<RecordingRow>, Problem> {
        filter.among = self.among();
        let found = self.parts.store.list_recordings(self.tenant(), filter);
        Ok(found.await?)
    }

    pub(super) async fn recording(&self, id: Uuid) -> Result<RecordingRow, Problem> {
        let found = self.parts.store.recording(self.tenant(), id).await?;
        let found = found.ok_or_else(|| Problem::not_found("recording"))?;
        if self.who.reach().is_some() {
            let call = self.call(found.call_id).await;
            call.map_err(|_| Problem::not_found("recording"))?;
        }
        Ok(found)
    }

    pub(super) async fn delete_recording(&self, id: Uuid) -> Result<(), Problem> {
        let exchange = &self.parts.exchange;
        match answer(exchange.delete_recording(self.tenant(), id)).await?? {
            Deletion::Deleted => Ok(()),
            Deletion::NotThere => Err(Problem::not_found("recording")),
            Deletion::Running => Err(Problem::conflict(
                "recording_runs",
                "this recording is still being made; ask again when it is closed",
            )),
        }
    }

    /// Where a recording of ours is on the disk.
    pub(super) fn file(&self, recording: &RecordingRow) -> PathBuf {
        self.parts.recordings.join(&recording.path)
    }

    pub(super) async fn messages(&self, filter: MessageFilter) -> Result<Vec<MessageRow>, Problem> {
        let mailbox = filter.mailbox.as_deref().unwrap_or_default();
        if !self.who.listens_to(mailbox) {
            let sentence = "mailbox names your own mailbox, or one that is nobody's own";
            return Err(Problem::forbidden("not_allowed", sentence));
        }
        Ok(self
            .parts
            .store
            .list_messages(self.tenant(), filter)
            .await?)
    }

    pub(super) async fn message(&self, id: Uuid) -> Result<MessageRow, Problem> {
        let found = self.parts.store.message(self.tenant(), id).await?;
        let found = found.filter(|message| self.who.listens_to(&message.mailbox));
        found.ok_or_else(|| Problem::not_found("voicemail"))
    }

    pub(super) async fn change_voicemail(
        &self,
        id: Uuid,
        change: VoicemailChange,
    ) -> Result<MessageRow, Problem> {
        self.message(id).await?;
        let exchange = &self.parts.exchange;
        let changed = answer(exchange.change_voicemail(self.tenant(), id, change)).await?;
        changed?.ok_or_else(|| Problem::not_found("voicemail"))
    }

    pub(super) async fn registrations(&self) -> Result<Vec<Registration>, Problem> {
        answer(self.parts.exchange.registrations(self.tenant())).await
    }

    pub(super) async fn trunks(&self) -> Result<Vec<Trunk>, Problem> {
        answer(self.parts.exchange.trunks(self.tenant())).await
    }

    pub(super) async fn users(&self) -> Result<Vec<User>, Problem> {
        answer(self.parts.exchange.users(self.tenant())).await
    }

    pub(super) async fn scripts(&self) -> Result<Scripts, Problem> {
        let found = answer(self.parts.exchange.scripts(self.tenant())).await?;
        found.ok_or_else(|| Problem::not_found("tenant"))
    }

    /// Loads changed files; one reload at a time, for they need threads that calls need too.
    pub(super) async fn reload(&self) -> Result<Reloaded, Problem> {
        let _alone = self.alone()?;
        answer(self.parts.exchange.reload(self.tenant())).await
    }

    /// Goes back to an earlier generation; one at a time, as for [`reload`](Self::reload).
    pub(super) async fn roll_back(&self, generation: Option<u64>) -> Result<Reloaded, Problem> {
        let _alone = self.alone()?;
        let gone = answer(self.parts.exchange.roll_back(self.tenant(), generation)).await?;
        gone.map_err(|why| Problem::conflict("cannot_roll_back", why))
    }

    fn alone(&self) -> Result<MutexGuard<'_, ()>, Problem> {
        self.parts.reloading.try_lock().map_err(|_| {
            Problem::conflict(
                "reload_runs",
                "a reload is under way; ask again when it is done",
            )
        })
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
