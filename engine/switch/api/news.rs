//! What the switch tells the API's listeners.

use call::{CallId, TenantId};
use script::{CallStatus, ScriptNews};
use sip::registrar::Binding;
use web::{LiveCall, News};

use super::shown::{ENDING, partner, state_of};
use crate::switch::Switch;
use crate::switch::live::Live;

impl Switch {
    /// Tells what a call does now, if that is news.
    pub(in crate::switch) fn tell_of(&self, live: &mut Live) {
        if live.ended.is_some() || live.call.is_ended() {
            return;
        }
        let state = (CallStatus::word(live.call.state()), partner(live));
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

    /// Tells what has become of a tenant's scripts.
    pub(in crate::switch) fn tell_of_scripts(&self, tenant: &TenantId, news: ScriptNews) {
        let (call, news) = match news {
            ScriptNews::Published {
                generation,
                hash,
                warnings,
            } => {
                let about = || {
                    serde_json::json!({
                        "generation": generation, "hash": hash, "warnings": warnings,
                    })
                };
                let scripts = &self.parts.scripts;
                scripts.live_event(tenant, "generation.published", about);
                let news = News::GenerationPublished {
                    generation,
                    hash,
                    warnings,
                };
                (None, news)
            }
            ScriptNews::Refused {
                generation,
                stays,
                errors,
            } => (
                None,
                News::GenerationRefused {
                    generation,
                    stays,
                    errors,
                },
            ),
            ScriptNews::Failed {
                generation,
                call,
                message,
            } => (
                call,
                News::ScriptFailed {
                    generation,
                    message,
                },
            ),
            ScriptNews::LeftOut { plugin, why } => (None, News::PluginLeftOut { plugin, why }),
        };
        self.tell(tenant, call, news);
    }

    /// Tells all who listen to this tenant.
    pub(in crate::switch) fn tell(&self, tenant: &TenantId, call: Option<CallId>, news: News) {
        let at = self.parts.clock.unix_micros();
        let call = call.map(|call| call.0);
        self.parts.events.publish(&tenant.0, at, call, news);
    }
}
