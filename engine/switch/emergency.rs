//! Calls for help: 110, 119, 120 and 122 go out whatever rights, routes, scripts and lines there are, and whoever leads
//! the team is told.

use std::time::Instant;

use call::number::{Kind, Plan, normalise};
use call::{CallId, Fallback, Target, TenantId};
use script::SentText;
use serde_json::json;
use web::News;

use super::Switch;
use super::live::Live;

/// Whether a user dials a number that is always routed.
pub(super) fn calls_for_help(user: Option<&str>, dialled: &str) -> bool {
    user.is_some() && normalise(dialled, &Plan::default()).kind == Kind::Emergency
}

impl Switch {
    /// What becomes of a call for help for which no script is there, or whose script fails: it goes out all the
    /// same, by the first trunk that the tenant has.
    pub(super) fn help_without_script(&self, tenant: &TenantId, number: &str) -> Option<Fallback> {
        let settings = self.tenants.get(&*tenant.0)?;
        let mut names: Vec<&String> = settings.trunks.keys().collect();
        names.sort_by_key(|name| !self.trunks.answers(name));
        let trunk = names.first()?;
        Some(Fallback {
            sound: None,
            target: Some(Target::Trunk {
                trunk: (*trunk).clone(),
                number: number.to_owned(),
            }),
            at_once: true,
        })
    }

    /// Makes room on a trunk for a call for help: the youngest of the others gives its line up, one that nobody has
    /// answered before all.
    pub(super) fn make_room(&mut self, now: Instant, trunk: &str, but: CallId) {
        let holds = |live: &Live| {
            live.legs.iter().any(|leg| {
                let line = leg
                    .line
                    .as_ref()
                    .filter(|line| line.leaves && line.trunk == trunk);
                line.is_some() && !leg.over && !leg.is_urgent
            })
        };
        let talks = |live: &Live| {
            let mut paid = live.legs.iter().filter_map(|leg| leg.paid.as_ref());
            paid.any(|paid| paid.since.is_some())
        };
        let others = self
            .calls
            .values()
            .filter(|live| live.id() != but && live.ended.is_none() && holds(live));
        let youngest = others.min_by_key(|live| (talks(live), std::cmp::Reverse(live.born)));
        let Some(victim) = youngest.map(|live| live.id()) else {
            return;
        };
        tracing::warn!(call = %victim, trunk, "this call gives its line to a call for help");
        self.with_machine(now, victim, |machine| {
            machine.handle_hang_up(now, "system:emergency".to_owned());
        });
    }

    pub(super) fn tell_of_help(&mut self, now: Instant, live: &Live, trunk: &str, number: &str) {
        let setup = live.call.setup();
        let (user, call) = (super::outbound::payer_of(setup), setup.id);
        tracing::warn!(
            target: "security", event = "emergency_call", %call, tenant = %setup.tenant, user, trunk, number,
            "help is called"
        );
        let about = json!({
            "call": setup.id.to_string(), "user": user, "trunk": trunk, "number": number,
        });
        (self.parts.scripts).event(&setup.tenant, "emergency.called", about);
        self.text_leaders(now, &setup.tenant, user.as_deref(), number);
        let news = News::EmergencyCalled {
            user,
            trunk: trunk.to_owned(),
            number: number.to_owned(),
        };
        self.tell(&setup.tenant, Some(setup.id), news);
    }

    /// Sends text to the phones of all who lead the user, and of the administrators.
    fn text_leaders(&mut self, now: Instant, tenant: &TenantId, user: Option<&str>, number: &str) {
        let Some(settings) = self.tenants.get(&*tenant.0).cloned() else {
            return;
        };
        let caller = user.and_then(|user| self.people.one(&tenant.0, user));
        let name = caller.and_then(|it| it.name.clone()).unwrap_or_default();
        let who = user.unwrap_or_default();
        let text = |leader: &str| match settings.language_of(Some(leader)) {
            "zh" => format!("紧急呼叫：{who} {name} 正在拨打 {number}"),
            _ => format!("Emergency: {who} {name} is calling {number}"),
        };
        let leaders = self.people.leaders_of(&tenant.0, user).into_iter();
        let leaders: Vec<String> = leaders.take(MOST_TOLD).map(str::to_owned).collect();
        for to in leaders {
            let what = SentText {
                from: user.map(str::to_owned),
                name: (!name.is_empty()).then(|| name.clone()),
                text: text(&to),
                to,
            };
            // Who is not there is not told: the event tells the others.
            let (answer, _) = tokio::sync::oneshot::channel();
            self.handle_scripts_text(now, tenant.clone(), what, answer);
        }
    }
}

/// Leaders who are told of one call for help.
const MOST_TOLD: usize = 20;
