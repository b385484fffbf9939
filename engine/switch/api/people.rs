//! People at their desks, as logging in and rights over the API want to know them.

use call::TenantId;
use call::desk::{Person, Role};
use script::config::Tenant;
use web::DeskUser;

use crate::switch::Switch;

impl Switch {
    /// Somebody who logs in or asks; `None` when there is no such user.
    pub(super) fn desk_user(&self, tenant: &TenantId, extension: &str) -> Option<DeskUser> {
        let settings = self.tenants.get(&*tenant.0)?;
        let person = self.person(tenant, extension)?;
        let user = settings.users.get(extension);
        let reach = self.reach(tenant, settings, extension, &person);
        let shared = settings.mailboxes.keys().cloned();
        let theirs = reach.iter().map(|one| mailbox(settings, one));
        Some(DeskUser {
            name: user.and_then(|user| user.name.clone()),
            mailbox: mailbox(settings, extension),
            first_password: user.and_then(|user| user.desk_password.clone()),
            mailboxes: theirs.chain(shared).collect(),
            role: person.role,
            team: person.team,
            reach,
        })
    }

    /// Themselves and, of a leader, those whom they lead.
    fn reach(
        &self,
        tenant: &TenantId,
        settings: &Tenant,
        extension: &str,
        person: &Person,
    ) -> Vec<String> {
        let mut reach = vec![extension.to_owned()];
        if person.role == Role::Leader {
            let configured = settings.users.keys();
            let stored = self.parts.users.iter();
            let stored = stored.filter(|user| user.tenant == *tenant.0);
            let everybody = configured.chain(stored.map(|user| &user.extension));
            let theirs = everybody.filter(|other| {
                let other = self.person(tenant, other);
                other.is_some_and(|other| other.team.is_none() || other.team == person.team)
            });
            reach.extend(theirs.cloned());
        }
        reach
    }
}

fn mailbox(settings: &Tenant, extension: &str) -> String {
    let user = settings.users.get(extension);
    let own = user.and_then(|user| user.mailbox.clone());
    own.unwrap_or_else(|| extension.to_owned())
}
