//! Whom an event is about, and which page shows the same: what says who hears it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::News;
use crate::token::Scope;

/// Who has had to do with a call so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Cast {
    /// Users, by extension; a number from outside is nobody's extension.
    pub(crate) users: Vec<String>,
    /// Queues in which its caller has waited.
    pub(crate) queues: Vec<String>,
}

/// Those of a tenant's calls: of each that goes on, and of so many that are over, whose recordings are still told of.
#[derive(Debug, Default)]
pub(super) struct Casts {
    of: HashMap<Uuid, Arc<Cast>>,
    over: VecDeque<Uuid>,
}

impl Casts {
    /// Takes note of what has happened in a call; who has had to do with it by then.
    pub(super) fn note(&mut self, call: Uuid, news: &News) -> Option<Arc<Cast>> {
        if matches!(news, News::CallStarted { .. }) {
            self.of.entry(call).or_default();
        }
        let cast = self.of.get_mut(&call)?;
        let (users, queue) = (news.users(), news.queue());
        let is_new = |known: &[String], one: &str| known.iter().all(|it| it != one);
        let comes = users.iter().any(|user| is_new(&cast.users, user))
            || queue.is_some_and(|queue| is_new(&cast.queues, queue));
        if comes {
            // Events of before keep what was so then.
            let cast = Arc::make_mut(cast);
            for user in users {
                if is_new(&cast.users, user) && cast.users.len() < MOST_OF_A_CALL {
                    cast.users.push(user.to_owned());
                }
            }
            let queue = queue.filter(|queue| is_new(&cast.queues, queue));
            if let Some(queue) = queue.filter(|_| cast.queues.len() < MOST_OF_A_CALL) {
                cast.queues.push(queue.to_owned());
            }
        }
        let cast = cast.clone();
        if matches!(news, News::CallEnded { .. }) {
            self.over.push_back(call);
            if self.over.len() > KEPT_OVER {
                let oldest = self.over.pop_front();
                oldest.and_then(|oldest| self.of.remove(&oldest));
            }
        }
        Some(cast)
    }
}

impl News {
    /// The scope of the pages that show the same.
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::CallStarted { .. }
            | Self::CallChanged { .. }
            | Self::CallEnded { .. }
            | Self::CallHoldReminded { .. }
            | Self::EmergencyCalled { .. } => Scope::CallsRead,
            Self::RecordingFinished { .. } | Self::RecordingDeleted { .. } => Scope::RecordingsRead,
            Self::QueueEntered { .. } | Self::QueueLeft { .. } => Scope::QueuesRead,
            Self::AgentChanged { .. }
            | Self::AgentAsks { .. }
            | Self::AgentOverrun { .. }
            | Self::AgentReset { .. }
            | Self::AgentMoved { .. }
            | Self::AgentPaused { .. }
            | Self::ItemChanged { .. } => Scope::AgentsRead,
            Self::DeskCommand { .. } | Self::SessionTakenOver { .. } => Scope::DeskCommand,
            Self::WallboardChanged { .. } | Self::AlertRaised(_) | Self::AlertCleared(_) => {
                Scope::StatisticsRead
            }
            Self::RegistrationChanged { .. } | Self::RegistrationRemoved { .. } => {
                Scope::RegistrationsRead
            }
            Self::VoicemailLeft { .. } | Self::VoicemailChanged { .. } => Scope::VoicemailsRead,
            Self::GenerationPublished { .. }
            | Self::GenerationRefused { .. }
            | Self::ScriptFailed { .. } => Scope::ScriptsRead,
            Self::PluginLeftOut { .. } => Scope::PluginsRead,
            Self::TrunkDown { .. }
            | Self::TrunkUp { .. }
            | Self::TrunkRegistrationChanged { .. } => Scope::TrunksRead,
            Self::ListChanged { .. } => Scope::ListsRead,
            Self::TollRefused { .. }
            | Self::TollAlarm { .. }
            | Self::TollCut { .. }
            | Self::TollCountry { .. } => Scope::TrunksRead,
        }
    }

    /// The users whom it is about.
    pub(crate) fn users(&self) -> Vec<&str> {
        match self {
            Self::CallStarted { user, to, .. } => both(user.as_deref(), Some(to)),
            Self::CallChanged { talks_with, .. } => both(talks_with.as_deref(), None),
            Self::CallEnded { ended_by, .. } => both(ended_by.strip_prefix("agent:"), None),
            Self::QueueLeft { agent, .. } => both(agent.as_deref(), None),
            Self::AgentChanged { agent, .. }
            | Self::AgentAsks { agent, .. }
            | Self::AgentOverrun { agent, .. }
            | Self::AgentReset { agent, .. }
            | Self::AgentMoved { agent, .. }
            | Self::AgentPaused { agent, .. }
            | Self::ItemChanged { agent, .. } => both(Some(agent), None),
            Self::DeskCommand { by, user, .. } => both(user.as_deref(), by.strip_prefix("user:")),
            Self::SessionTakenOver { user }
            | Self::CallHoldReminded { user, .. }
            | Self::RegistrationChanged { user, .. }
            | Self::RegistrationRemoved { user, .. } => both(Some(user), None),
            Self::VoicemailChanged { assigned_to, .. } => both(assigned_to.as_deref(), None),
            Self::TollRefused { user, .. }
            | Self::TollAlarm { user, .. }
            | Self::TollCut { user, .. }
            | Self::TollCountry { user, .. }
            | Self::EmergencyCalled { user, .. } => both(user.as_deref(), None),
            Self::RecordingFinished { .. }
            | Self::RecordingDeleted { .. }
            | Self::QueueEntered { .. }
            | Self::WallboardChanged { .. }
            | Self::AlertRaised(_)
            | Self::AlertCleared(_)
            | Self::VoicemailLeft { .. }
            | Self::GenerationPublished { .. }
            | Self::GenerationRefused { .. }
            | Self::ScriptFailed { .. }
            | Self::PluginLeftOut { .. }
            | Self::TrunkDown { .. }
            | Self::TrunkUp { .. }
            | Self::TrunkRegistrationChanged { .. }
            | Self::ListChanged { .. } => Vec::new(),
        }
    }

    /// The queue that it is about.
    pub(crate) fn queue(&self) -> Option<&str> {
        match self {
            Self::QueueEntered { queue, .. } | Self::QueueLeft { queue, .. } => Some(queue),
            _ => None,
        }
    }

    /// The mailbox that it is about.
    pub(crate) fn mailbox(&self) -> Option<&str> {
        match self {
            Self::VoicemailLeft { mailbox, .. } | Self::VoicemailChanged { mailbox, .. } => {
                Some(mailbox)
            }
            _ => None,
        }
    }

    /// Whether it is about nobody in particular: whoever may look at the page hears it.
    pub(crate) fn is_of_all(&self) -> bool {
        matches!(
            self,
            Self::DeskCommand {
                user: None,
                command: "queue_switch",
                ..
            } | Self::WallboardChanged { .. }
                | Self::AlertRaised(_)
                | Self::AlertCleared(_)
                | Self::GenerationPublished { .. }
                | Self::GenerationRefused { .. }
                | Self::ScriptFailed { .. }
                | Self::PluginLeftOut { .. }
                | Self::TrunkDown { .. }
                | Self::TrunkUp { .. }
                | Self::TrunkRegistrationChanged { .. }
                | Self::ListChanged { .. }
        )
    }
}

fn both<'n>(one: Option<&'n str>, other: Option<&'n str>) -> Vec<&'n str> {
    one.into_iter().chain(other).collect()
}

/// Users or queues of one call that are remembered.
const MOST_OF_A_CALL: usize = 64;
/// Calls that are over and still remembered.
const KEPT_OVER: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(with: &str) -> News {
        News::CallChanged {
            state: "talking",
            talks_with: Some(with.to_owned()),
        }
    }

    fn started() -> News {
        News::CallStarted {
            direction: "inbound",
            from: "13800138000".to_owned(),
            from_number: None,
            to: "4001234567".to_owned(),
            user: None,
        }
    }

    fn ended() -> News {
        News::CallEnded {
            result: "answered".to_owned(),
            cause: "normal".to_owned(),
            ended_by: "customer".to_owned(),
            answered: true,
            duration_ms: 1,
        }
    }

    #[test]
    fn an_event_keeps_who_had_to_do_with_its_call_by_then() {
        let (mut casts, call) = (Casts::default(), Uuid::from_u128(1));
        let before = casts.note(call, &started()).unwrap();
        let entered = News::QueueEntered {
            queue: "it".to_owned(),
            position: 1,
        };
        let waits = casts.note(call, &entered).unwrap();
        casts.note(call, &changed("1049"));
        let after = casts.note(call, &ended()).unwrap();

        assert!(!before.users.contains(&"1049".to_owned()));
        assert_eq!(waits.queues, ["it"]);
        assert!(after.users.contains(&"1049".to_owned()));
        let finished = News::RecordingFinished {
            id: Uuid::nil(),
            duration_ms: 1,
            lost: false,
        };
        let later = casts.note(call, &finished).unwrap();
        assert_eq!(later, after, "its recording is told of afterwards");
    }

    #[test]
    fn calls_that_are_long_over_take_no_memory() {
        let mut casts = Casts::default();
        for n in 0..2 * KEPT_OVER as u128 {
            casts.note(Uuid::from_u128(n), &started());
            casts.note(Uuid::from_u128(n), &ended());
        }

        assert_eq!(casts.of.len(), KEPT_OVER);
        let unknown = casts.note(Uuid::from_u128(0), &changed("1049"));
        assert_eq!(unknown, None);
    }
}
