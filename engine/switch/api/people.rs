//! People at their desks, as logging in and rights over the API want to know them.

use std::time::Instant;

use call::TenantId;
use call::acd::AgentId;
use call::desk::{By, Person, Role};
use tokio::sync::oneshot;
use web::{DeskUser, NoRole, RoleWanted};

use crate::switch::{Input, Switch};

impl Switch {
    /// Somebody who logs in or asks; `None` when there is no such user.
    pub(super) fn desk_user(&self, tenant: &TenantId, extension: &str) -> Option<DeskUser> {
        let settings = self.tenants.get(&*tenant.0)?;
        let known = self.people.one(&tenant.0, extension)?;
        let reach = self.people.reach(settings, &tenant.0, extension)?;
        let user = settings.users.get(extension);
        let Person { role, team } = known.person.clone();
        Some(DeskUser {
            name: known.name.clone(),
            mailbox: known.mailbox.clone(),
            first_password: user.and_then(|user| user.desk_password.clone()),
            masked: settings.masked.contains(&role),
            reach: reach.users,
            mailboxes: reach.mailboxes,
            role,
            team,
        })
    }

    /// The queues that somebody serves, or of a leader those that their people serve; by name.
    pub(super) fn queues_within(
        &self,
        now: Instant,
        tenant: &TenantId,
        extension: &str,
    ) -> Vec<String> {
        let settings = self.tenants.get(&*tenant.0);
        let reach = settings.and_then(|it| self.people.reach(it, &tenant.0, extension));
        let Some(reach) = reach.map(|reach| reach.users) else {
            return Vec::new();
        };
        let within = |agent: &AgentId| {
            let found = reach.binary_search_by(|one| one.as_str().cmp(&agent.0));
            found.is_ok()
        };
        let queues = self.queues_of(now, tenant).into_iter();
        let served = queues.filter(|queue| queue.members.iter().any(within));
        served.map(|queue| queue.plan.name.to_string()).collect()
    }

    /// Gives a user of the records another role; the answer comes when it counts.
    pub(super) fn give_role(
        &self,
        tenant: &TenantId,
        wanted: RoleWanted,
        answer: oneshot::Sender<Result<(), NoRole>>,
    ) {
        let settings = self.tenants.get(&*tenant.0);
        if settings.is_some_and(|it| it.users.contains_key(&wanted.user)) {
            let _ = answer.send(Err(NoRole::Configured));
            return;
        }
        if let Err(refused) = self.may_give(tenant, &wanted) {
            let _ = answer.send(Err(refused));
            return;
        }
        let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
        let tenant = tenant.to_string();
        let tenants: Vec<String> = self.tenants.keys().cloned().collect();
        tokio::spawn(async move {
            let RoleWanted {
                user, role, team, ..
            } = wanted;
            let given = store.give_role((&tenant, &user), role.word(), team.as_deref());
            let done = match given.await {
                Ok(true) => match crate::switch::stored_users(&*store, tenants).await {
                    Ok(users) => {
                        entrance.put(Input::Users(users)).await;
                        Ok(())
                    }
                    Err(error) => Err(NoRole::Records(error)),
                },
                Ok(false) => Err(NoRole::NoUser),
                Err(error) => Err(NoRole::Records(error)),
            };
            let _ = answer.send(done);
        });
    }

    /// Nobody gives a role above their own: admins give all, programs all but `admin`, nobody else any.
    fn may_give(&self, tenant: &TenantId, wanted: &RoleWanted) -> Result<(), NoRole> {
        let role_of = |user: &str| {
            let known = self.people.one(&tenant.0, user);
            known.map(|known| known.person.role).unwrap_or_default()
        };
        let allowed = match &wanted.by {
            By::User(by) => role_of(by) == Role::Admin,
            By::Program(_) | By::Script(_) => {
                wanted.role != Role::Admin && role_of(&wanted.user) != Role::Admin
            }
        };
        allowed.then_some(()).ok_or(NoRole::Above)
    }
}
