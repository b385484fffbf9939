//! What the switch tells the API's listeners.

use std::sync::Arc;

use call::{CallId, TenantId};
use script::Scripts;
use sip::registrar::Binding;
use store::{MessageRow, Store};
use tokio::sync::oneshot;
use uuid::Uuid;
use web::{Events, LiveCall, News, VoicemailChange};

use super::Changed;
use super::shown::{ENDING, coarse, partner, state_of};
use crate::switch::live::Live;
use crate::switch::{Entrance, Switch};

impl Switch {
    pub(super) fn change_voicemail(
        &self,
        tenant: &TenantId,
        message: Uuid,
        change: VoicemailChange,
        answer: oneshot::Sender<Changed>,
    ) {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.unix_micros());
        let (events, tenant) = (self.parts.events.clone(), tenant.clone());
        let entrance = self.parts.entrance.clone();
        let scripts = self.parts.scripts.clone();
        tokio::spawn(async move {
            let of = &*tenant.0;
            let done = match change {
                VoicemailChange::Heard => store.mark_heard(of, message, now).await,
                VoicemailChange::Deleted => store.delete_message(of, message, now).await,
                VoicemailChange::Restored => store.restore_message(of, message).await,
            };
            let changed = match done {
                Ok(()) => {
                    tell_of_message(&*store, &events, &entrance, &tenant, message, change, now)
                        .await
                }
                Err(store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            };
            if let Ok(row) = &changed {
                tell_scripts_of_message(&scripts, row.as_ref(), now);
            }
            let _ = answer.send(changed);
        });
    }

    /// Tells what a call does now, if that is news.
    pub(in crate::switch) fn tell_of(&self, live: &mut Live) {
        if live.ended.is_some() || live.call.is_ended() {
            return;
        }
        let state = (coarse(live.call.state()), partner(live));
        if state.0 == ENDING || live.told == Some(state) {
            return;
        }
        live.told = Some(state);
        let LiveCall { state, talks_with } = state_of(live);
        let news = News::CallChanged { state, talks_with };
        self.tell(&live.setup.tenant, Some(live.id()), news);
    }

    /// Tells that a phone has come, or answers or no longer answers; a refreshed registration is no
    /// news.
    pub(in crate::switch) fn tell_of_phone(&mut self, tenant: &str, user: &str, phone: &Binding) {
        let reachable = phone.is_reachable;
        if self.phones_told.insert(phone.id, reachable) == Some(reachable) {
            return;
        }
        let news = News::RegistrationChanged {
            user: user.to_owned(),
            contact: phone.contact.to_string(),
            reachable,
        };
        self.tell(&tenant.into(), None, news);
    }

    pub(in crate::switch) fn tell_of_phone_gone(
        &mut self,
        tenant: &str,
        user: &str,
        phone: &Binding,
    ) {
        self.phones_told.remove(&phone.id);
        let news = News::RegistrationRemoved {
            user: user.to_owned(),
            contact: phone.contact.to_string(),
        };
        self.tell(&tenant.into(), None, news);
    }

    /// Tells all who listen to this tenant.
    pub(in crate::switch) fn tell(&self, tenant: &TenantId, call: Option<CallId>, news: News) {
        let at = self.parts.clock.unix_micros();
        let call = call.map(|call| call.0);
        self.parts.events.publish(&tenant.0, at, call, news);
    }
}

/// Tells scripts of what has happened to a message at `now`, when that is news to them.
pub(in crate::switch) fn tell_scripts_of_message(
    scripts: &Scripts,
    message: Option<&MessageRow>,
    now: i64,
) {
    let Some(message) = message else { return };
    for (event, at) in [
        ("voicemail.heard", message.heard_at),
        ("voicemail.deleted", message.deleted_at),
    ] {
        if at == Some(now) {
            scripts.event(&message.tenant.as_str().into(), event, message.told());
        }
    }
}

/// Tells that a message was changed, also the lamps; the message as it is now.
pub(in crate::switch) async fn tell_of_message(
    store: &dyn Store,
    events: &Arc<Events>,
    entrance: &Entrance,
    tenant: &TenantId,
    message: Uuid,
    change: VoicemailChange,
    now: i64,
) -> Changed {
    let row = store.message(&tenant.0, message).await?;
    if let Some(row) = &row {
        let news = News::VoicemailChanged {
            id: message,
            mailbox: row.mailbox.clone(),
            change,
        };
        events.publish(&tenant.0, now, None, news);
        entrance.mailbox_changed(tenant, &row.mailbox).await;
    }
    Ok(row)
}
