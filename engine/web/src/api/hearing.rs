//! Which events somebody hears: those whose pages their role opens, about whom they reach.

use call::desk::Role;
use serde::Serialize;

use super::masking;
use super::own::Own;
use super::person;
use super::problem::Problem;
use crate::events::Event;

/// Somebody who listens, as far as they reach.
pub(super) struct Ear {
    own: Own,
    /// The queues that they serve, or that their people do; `None` for whoever reaches everybody.
    queues: Option<Vec<String>>,
}

impl Ear {
    /// As whoever asks stands now.
    pub(super) async fn of(own: Own) -> Result<Self, Problem> {
        let queues = own.queues_within().await?;
        Ok(Self { own, queues })
    }

    pub(super) fn own(&self) -> &Own {
        &self.own
    }

    /// Whether they hear of this. Programs with the scope hear all that is of their tenant.
    pub(super) fn hears(&self, event: &Event) -> bool {
        let Some(user) = self.own.desk_user() else {
            return true;
        };
        let news = &event.news;
        if !person::opens(user.role, news.scope()) {
            return false;
        }
        let Some(queues) = &self.queues else {
            return true;
        };
        if news.is_of_all() {
            return true;
        }
        let cast = event.cast.as_deref();
        let of_call = cast.into_iter().flat_map(|cast| &cast.users);
        let mut users = news.users().into_iter().chain(of_call.map(String::as_str));
        if users.any(|one| self.own.reaches(one)) {
            return true;
        }
        let mailbox = news.mailbox();
        if mailbox.is_some_and(|mailbox| self.own.who().listens_to(mailbox)) {
            return true;
        }
        let is_theirs = |queue: &str| queues.iter().any(|one| one == queue);
        let mut of_call = cast.into_iter().flat_map(|cast| &cast.queues);
        news.queue().is_some_and(is_theirs)
            || user.role == Role::Leader && of_call.any(|queue| is_theirs(queue))
    }

    /// What is told, with numbers hidden from roles that may not see them.
    pub(super) fn text(&self, told: &impl Serialize) -> String {
        // Plain data of our own has a text form.
        if !self.own.is_masked() {
            return serde_json::to_string(told).unwrap_or_default();
        }
        let mut value = serde_json::to_value(told).unwrap_or_default();
        masking::mask(&mut value);
        value.to_string()
    }
}
