//! How calls by a trunk are kept alive, RFC 4028.

use script::config::Refresher;
use sip::{Keeper, Timing};

use crate::switch::Switch;

impl Switch {
    /// What we want of session timers with a trunk's carrier; `None` for who is no trunk.
    pub(in crate::switch) fn timing_at(&self, trunk: &str) -> Option<Timing> {
        let settings = self.trunks.settings(trunk)?.timer;
        let expires = (settings.expires).unwrap_or(self.parts.config.sip.session_expires);
        Some(Timing {
            is_on: !settings.is_off,
            interval: (!settings.is_off && !expires.is_zero()).then_some(expires),
            min_se: settings.min_se,
            keeper: match settings.refresher {
                Refresher::Auto => None,
                Refresher::Us => Some(Keeper::Us),
                Refresher::Them => Some(Keeper::Them),
            },
        })
    }
}
