//! What stands in the records, as far as whoever asks reaches.

use std::path::PathBuf;

use store::{
    Adherence, AuditFilter, AuditRow, CallDetails, CallFilter, CallRow, Figures, FiguresOf,
    JobFilter, JobRow, MessageFilter, MessageRow, MissedFilter, MissedRow, MissedState,
    QueueLogFilter, QueueLogRow, RecordingFilter, RecordingRow, ShiftRow,
};
use uuid::Uuid;

use super::super::problem::Problem;
use super::{Own, answer};
use crate::exchange::{Deletion, VoicemailChange};

impl Own {
    pub(in crate::api) async fn audit(
        &self,
        filter: AuditFilter,
    ) -> Result<Vec<AuditRow>, Problem> {
        Ok(self.parts.store.audit(self.tenant(), filter).await?)
    }

    /// The users whose calls and recordings are shown; all when it is empty.
    fn among(&self) -> Vec<String> {
        self.who.reach().map(<[String]>::to_vec).unwrap_or_default()
    }

    pub(in crate::api) async fn calls(
        &self,
        mut filter: CallFilter,
    ) -> Result<Vec<CallRow>, Problem> {
        filter.among = self.among();
        Ok(self.parts.store.calls(self.tenant(), filter).await?)
    }

    pub(in crate::api) async fn call(&self, id: Uuid) -> Result<CallDetails, Problem> {
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

    pub(in crate::api) async fn missed(
        &self,
        filter: MissedFilter,
    ) -> Result<Vec<MissedRow>, Problem> {
        Ok(self.parts.store.missed_calls(self.tenant(), filter).await?)
    }

    pub(in crate::api) async fn settle_missed(
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

    pub(in crate::api) async fn queue_log(
        &self,
        filter: QueueLogFilter,
    ) -> Result<Vec<QueueLogRow>, Problem> {
        Ok(self.parts.store.queue_log(self.tenant(), filter).await?)
    }

    pub(in crate::api) async fn figures(&self, of: FiguresOf) -> Result<Figures, Problem> {
        Ok(self.parts.store.figures(self.tenant(), of).await?)
    }

    pub(in crate::api) async fn recordings(
        &self,
        mut filter: RecordingFilter,
    ) -> Result<Vec<RecordingRow>, Problem> {
        filter.among = self.among();
        let found = self.parts.store.list_recordings(self.tenant(), filter);
        Ok(found.await?)
    }

    pub(in crate::api) async fn recording(&self, id: Uuid) -> Result<RecordingRow, Problem> {
        let found = self.parts.store.recording(self.tenant(), id).await?;
        let found = found.ok_or_else(|| Problem::not_found("recording"))?;
        if self.who.reach().is_some() {
            let call = self.call(found.call_id).await;
            call.map_err(|_| Problem::not_found("recording"))?;
        }
        Ok(found)
    }

    pub(in crate::api) async fn delete_recording(&self, id: Uuid) -> Result<(), Problem> {
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
    pub(in crate::api) fn file(&self, recording: &RecordingRow) -> PathBuf {
        self.parts.recordings.join(&recording.path)
    }

    pub(in crate::api) async fn messages(
        &self,
        filter: MessageFilter,
    ) -> Result<Vec<MessageRow>, Problem> {
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

    pub(in crate::api) async fn message(&self, id: Uuid) -> Result<MessageRow, Problem> {
        let found = self.parts.store.message(self.tenant(), id).await?;
        let found = found.filter(|message| self.who.listens_to(&message.mailbox));
        found.ok_or_else(|| Problem::not_found("voicemail"))
    }

    pub(in crate::api) async fn change_voicemail(
        &self,
        id: Uuid,
        change: VoicemailChange,
    ) -> Result<MessageRow, Problem> {
        self.message(id).await?;
        let exchange = &self.parts.exchange;
        let changed = answer(exchange.change_voicemail(self.tenant(), id, change)).await?;
        changed?.ok_or_else(|| Problem::not_found("voicemail"))
    }

    pub(in crate::api) async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRow>, Problem> {
        Ok(self.parts.store.list_jobs(self.tenant(), filter).await?)
    }

    pub(in crate::api) async fn job(&self, id: Uuid) -> Result<JobRow, Problem> {
        let found = self.parts.store.job(self.tenant(), id).await?;
        found.ok_or_else(|| Problem::not_found("job"))
    }

    pub(in crate::api) async fn retry_job(&self, id: Uuid) -> Result<bool, Problem> {
        Ok(answer(self.parts.exchange.retry_job(self.tenant(), id)).await??)
    }

    pub(in crate::api) async fn shifts(
        &self,
        agent: &str,
        between: (i64, i64),
    ) -> Result<Vec<ShiftRow>, Problem> {
        let store = &self.parts.store;
        Ok(store.shifts(self.tenant(), Some(agent), between).await?)
    }

    pub(in crate::api) async fn plan_shifts(
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

    pub(in crate::api) async fn adherence(
        &self,
        between: (i64, i64),
    ) -> Result<Vec<(String, Adherence)>, Problem> {
        Ok(self.parts.store.adherence(self.tenant(), between).await?)
    }
}
