//! Requests within calls that come from elsewhere than the call's phone: by the password it is let in,
//! wherever its NAT, its connection or its network has moved it, and nobody else.

use std::time::Instant;

use call::TenantId;
use sip::{Dialogue, Doubt};

use super::Switch;
use super::accounts::Judged;
use super::live::Role;
use super::transfers::user_of;

impl Switch {
    /// Asks for the password of the user whose call or lamp it is. Whoever has none is let in nowhere
    /// but from where it was heard: trunks and hosts that were called by name are, from their whole
    /// address (`trust_host`), for they are let in by it in the first place.
    pub(super) fn handle_doubted(&mut self, now: Instant, doubt: &Doubt) {
        let (request, source) = (doubt.request(), doubt.source());
        if self.is_banned(now, source) {
            return;
        }
        let Some((tenant, user)) = self.user_behind(doubt.dialogue()) else {
            tracing::warn!(
                target: "security", event = "foreign_request", source = %source.ip(),
                method = ?request.method(), "not from where the call is"
            );
            return self.endpoint.disbelieve(doubt, 481, &[]);
        };
        if self.is_registered_at(now, &tenant, &user, source) {
            return self.believe(now, doubt);
        }
        match self
            .accounts
            .judge_as(now, &tenant, &user, request, source.ip())
        {
            Judged::User(_) => {
                self.bans.succeeded(source.remote, &user);
                self.believe(now, doubt);
            }
            Judged::Challenge(headers) => self.endpoint.disbelieve(doubt, 401, &headers),
            Judged::Wrong { user, headers } => {
                self.wrong_password(now, source, request, &tenant, &user);
                self.endpoint.disbelieve(doubt, 401, &headers);
            }
        }
    }

    fn believe(&mut self, now: Instant, doubt: &Doubt) {
        let source = doubt.source();
        if let Dialogue::Session(session) = doubt.dialogue()
            && let Some((call, leg)) = self.sessions.get(&session).copied()
            && let Some(leg) = (self.calls.get_mut(&call)).and_then(|live| live.leg(leg))
        {
            tracing::info!(%call, leg = leg.id.0, "the phone has moved");
            leg.addresses = Some((source.local, source.remote));
            leg.told.dialog = None;
            if let Some(sound) = &mut leg.sound {
                sound.signalled_by = source.ip();
            }
        }
        self.endpoint.believe(now, doubt);
    }

    /// The user at the far end of a dialog, if it is a user's.
    fn user_behind(&self, dialogue: Dialogue) -> Option<(TenantId, String)> {
        let session = match dialogue {
            Dialogue::Session(session) => session,
            Dialogue::Subscription(subscription) => return self.watcher_behind(subscription),
        };
        let (call, id) = self.sessions.get(&session).copied()?;
        let live = self.calls.get(&call)?;
        let leg = live.legs.iter().find(|leg| leg.id == id)?;
        let rung = match &leg.role {
            Role::Called { users, .. } => users.iter().find(|(rung, _)| *rung == session),
            Role::Caller { .. } => None,
        };
        let user = match rung {
            Some((_, user)) => user.clone(),
            None => user_of(&live.call, id)?.to_owned(),
        };
        Some((live.setup.tenant.clone(), user))
    }
}
