//! What has happened, in words and fields that stay.

use serde::Serialize;
use uuid::Uuid;

use crate::figures::{Alert, BoardAgent, BoardQueue};

/// What has happened. Version 1 of these: fields may be added, none changes its meaning.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum News {
    /// A call has come in.
    #[serde(rename = "call.started")]
    CallStarted {
        /// `inbound`, `outbound`, `internal`.
        direction: &'static str,
        /// The caller's number as it came.
        from: String,
        /// Its canonical form.
        from_number: Option<String>,
        /// The number that was dialled.
        to: String,
        /// The user who calls.
        user: Option<String>,
    },
    /// It does something else now.
    #[serde(rename = "call.changed")]
    CallChanged {
        /// As of [`LiveCall`](crate::LiveCall).
        state: &'static str,
        /// The user or number that the caller talks with.
        talks_with: Option<String>,
    },
    /// It is over and its record is written.
    #[serde(rename = "call.ended")]
    CallEnded {
        /// `answered`, `rang_out` …
        result: String,
        /// `normal`, `busy` …
        cause: String,
        /// `customer`, `agent:1049`, `system:no_answer` …
        ended_by: String,
        /// Whether it was answered at all.
        answered: bool,
        /// From its beginning to its end.
        duration_ms: i64,
    },
    /// A conversation's recording is closed and can be fetched.
    #[serde(rename = "recording.finished")]
    RecordingFinished {
        /// The recording.
        id: Uuid,
        /// Its length.
        duration_ms: i64,
        /// Whether a part of it is missing.
        lost: bool,
    },
    /// A caller waits in a queue.
    #[serde(rename = "queue.entered")]
    QueueEntered {
        /// Which.
        queue: String,
        /// The place; 1 is the next.
        position: usize,
    },
    /// A caller waits no longer.
    #[serde(rename = "queue.left")]
    QueueLeft {
        /// Which.
        queue: String,
        /// `answered`, `abandoned`, `timeout` …
        outcome: &'static str,
        /// Who answered.
        agent: Option<String>,
        /// In this queue.
        waited_ms: i64,
    },
    /// An agent's state has changed, or whether a phone of theirs answers.
    #[serde(rename = "agent.changed")]
    AgentChanged {
        /// Who.
        agent: String,
        /// As of [`Agent`](crate::Agent).
        state: &'static str,
        /// Why they are busy.
        reason: Option<String>,
        /// The state before.
        before: &'static str,
        /// For how long that was.
        lasted_ms: i64,
        /// Whether a phone of theirs answers.
        reachable: bool,
        /// `agent`, `user:1001`, `api:NAME`, `engine` …
        by: String,
    },
    /// An agent asks for a break that a leader must approve.
    #[serde(rename = "agent.asks")]
    AgentAsks {
        /// Who.
        agent: String,
        /// Which, by the tenant's name.
        reason: Option<String>,
    },
    /// An agent is busy for longer than the reason allows.
    #[serde(rename = "agent.overrun")]
    AgentOverrun {
        /// Who.
        agent: String,
        /// Why they are.
        reason: Option<String>,
        /// For so long already.
        lasted_ms: i64,
    },
    /// An agent was reset, which should never be needed.
    #[serde(rename = "agent.reset")]
    AgentReset {
        /// Who.
        agent: String,
        /// What was believed of them, for whoever looks for the defect.
        trace: String,
    },
    /// An agent sits at another phone now; who sat with their name at the old one reads on only.
    #[serde(rename = "agent.moved")]
    AgentMoved {
        /// Who.
        agent: String,
        /// The user whose phone it was.
        from: String,
        /// And is.
        to: String,
        /// Who wanted it.
        by: String,
    },
    /// So many offers in a row failed that an agent is busy until they say otherwise: their leader should
    /// look.
    #[serde(rename = "agent.paused")]
    AgentPaused {
        /// Who.
        agent: String,
        /// The queue of the last of these offers.
        queue: String,
        /// `no_answer`, `rejected`, `phone_busy`, `unreachable`.
        reason: &'static str,
        /// So many.
        after: u32,
    },
    /// Somebody has waited for long on hold, and whoever holds was reminded: by a beep, or by a text where
    /// their phone wants to hear nothing while it holds.
    #[serde(rename = "call.hold_reminded")]
    CallHoldReminded {
        /// Who holds.
        user: String,
        /// For how long, until now.
        waited_ms: i64,
    },
    /// Something that is no call, a chat, was offered to an agent, or what became of that.
    #[serde(rename = "item.changed")]
    ItemChanged {
        /// Its id.
        item: Uuid,
        /// Where it waits or waited.
        queue: String,
        /// Which agent.
        agent: String,
        /// `offered`, `withdrawn`, `taken`, `returned`, `finished`.
        step: &'static str,
    },
    /// Somebody has done something at a desk, by whatever way, or was refused.
    #[serde(rename = "desk.command")]
    DeskCommand {
        /// `user:1001`, `api:NAME`, `plugin:NAME`, `script`.
        by: String,
        /// The user whom it was about; nobody where a program has changed a list of callers, or a script a switch by
        /// itself, as by a plan of the week.
        user: Option<String>,
        /// What: `busy`, `hang_up` …
        command: &'static str,
        /// `done`, or the word of why not: `not_allowed`, `in_call` …
        outcome: &'static str,
    },
    /// Somebody has logged in at another desk: the one before may look, and do nothing.
    #[serde(rename = "session.taken_over")]
    SessionTakenOver {
        /// Who.
        user: String,
    },
    /// Figures of today, or how queues and agents stand, are others than a second ago.
    #[serde(rename = "wallboard.changed")]
    WallboardChanged {
        /// Those that have changed.
        queues: Vec<BoardQueue>,
        /// Those that have changed.
        agents: Vec<BoardAgent>,
    },
    /// Somebody should look.
    #[serde(rename = "alert.raised")]
    AlertRaised(Alert),
    /// Nobody needs to look any longer.
    #[serde(rename = "alert.cleared")]
    AlertCleared(Alert),
    /// A phone has registered, or answers or no longer answers.
    #[serde(rename = "registration.changed")]
    RegistrationChanged {
        /// The extension.
        user: String,
        /// The Contact URI.
        contact: String,
        /// Whether it answers OPTIONS.
        reachable: bool,
    },
    /// A phone is no longer registered.
    #[serde(rename = "registration.removed")]
    RegistrationRemoved {
        /// The extension.
        user: String,
        /// The Contact URI.
        contact: String,
    },
    /// A message was left and is on disk.
    #[serde(rename = "voicemail.left")]
    VoicemailLeft {
        /// The message.
        id: Uuid,
        /// Whose mailbox.
        mailbox: String,
        /// The caller's number, if known.
        from: Option<String>,
        /// Its length.
        duration_ms: i64,
        /// The caller has marked it as urgent.
        urgent: bool,
    },
    /// A message was listened to, deleted or restored, by phone or by API.
    #[serde(rename = "voicemail.changed")]
    VoicemailChanged {
        /// The message.
        id: Uuid,
        /// Whose mailbox.
        mailbox: String,
        /// `heard`, `deleted`, `restored`, `assigned`.
        change: &'static str,
        /// The user who is to see to it.
        assigned_to: Option<String>,
    },
    /// A recording was deleted.
    #[serde(rename = "recording.deleted")]
    RecordingDeleted {
        /// The recording.
        id: Uuid,
    },
    /// New calls get another generation of the scripts.
    #[serde(rename = "generation.published")]
    GenerationPublished {
        /// Its number.
        generation: u64,
        /// Of its sources.
        hash: String,
        /// So many things are amiss in it all the same.
        warnings: usize,
    },
    /// Changed scripts are wrong and change nothing.
    #[serde(rename = "generation.refused")]
    GenerationRefused {
        /// The number that they would have got.
        generation: u64,
        /// The generation that goes on.
        stays: Option<u64>,
        /// All that is wrong.
        errors: Vec<String>,
    },
    /// A handler, timer or job of the scripts failed.
    #[serde(rename = "script.failed")]
    ScriptFailed {
        /// The generation that it ran on.
        generation: u64,
        /// With file and line, where known.
        message: String,
    },
    /// A plugin has failed too often and is left out.
    #[serde(rename = "plugin.left_out")]
    PluginLeftOut {
        /// Its name.
        plugin: String,
        /// The fault that was one too many.
        why: String,
    },
    /// A host of a trunk no longer answers.
    #[serde(rename = "trunk.down")]
    TrunkDown {
        /// The trunk.
        trunk: String,
        /// The host.
        address: String,
    },
    /// A host of a trunk answers again.
    #[serde(rename = "trunk.up")]
    TrunkUp {
        /// The trunk.
        trunk: String,
        /// The host.
        address: String,
    },
    /// Our registration at a trunk stands otherwise.
    #[serde(rename = "trunk.registration_changed")]
    TrunkRegistrationChanged {
        /// The trunk.
        trunk: String,
        /// Whether we are registered there.
        registered: bool,
        /// Why not.
        why: Option<String>,
    },
    /// A list of callers has changed.
    #[serde(rename = "list.changed")]
    ListChanged {
        /// `blacklist`, `vip`, `whitelist`.
        list: &'static str,
        /// The number, or how numbers begin.
        number: String,
        /// Whether it is how numbers begin.
        prefix: bool,
        /// `added` or `removed`.
        change: &'static str,
        /// `user:1049`, `api:NAME`, `script` …
        by: String,
    },
    /// The toll fence has let somebody not out.
    #[serde(rename = "toll.refused")]
    TollRefused {
        /// Whose rights were looked at; nobody's are those of a trunk's calls and of programs.
        user: Option<String>,
        /// The trunk.
        trunk: String,
        /// The number that was not called.
        number: String,
        /// `international`, `premium` …, `blocked`, `country`, `after_hours`, `calls_a_day`, `minutes_a_day`,
        /// `calls_an_hour`, `at_once`, `cost_a_call`, `cost_a_day`, `tenant_cost_a_day`.
        why: &'static str,
    },
    /// A user's day is nearly or wholly used up.
    #[serde(rename = "toll.alarm")]
    TollAlarm {
        /// Who; nobody where it is the whole tenant's limit.
        user: Option<String>,
        /// `calls_a_day`, `minutes_a_day`, `cost_a_day`, `tenant_cost_a_day`.
        limit: &'static str,
        /// Calls, minutes, or whole units of money.
        used: u32,
        /// Of so many.
        of: u32,
    },
    /// A call has cost what it may, and was ended.
    #[serde(rename = "toll.cut")]
    TollCut {
        /// Who pays.
        user: Option<String>,
        /// The trunk.
        trunk: String,
        /// Who was called.
        number: String,
        /// `cost_a_call`, `cost_a_day`, `tenant_cost_a_day`.
        why: &'static str,
    },
    /// Somebody calls a country that nobody of the tenant has called before.
    #[serde(rename = "toll.country")]
    TollCountry {
        /// Who pays.
        user: Option<String>,
        /// Who is called.
        number: String,
        /// As `+852`.
        country: String,
    },
    /// Somebody calls for help.
    #[serde(rename = "emergency.called")]
    EmergencyCalled {
        /// Who.
        user: Option<String>,
        /// By this trunk.
        trunk: String,
        /// `110`, `119`, `120`, `122`.
        number: String,
    },
}
