//! Holding by a phone's own key is told of as the command. Whoever holds for long is reminded: by a beep where their
//! phone hears us meanwhile, else by a text on all of their phones. Programs and scripts hear of it either way.

use std::time::{Duration, Instant};

use call::desk::{By, Deed, Done, Order};
use call::{CallId, Event, LegId, TenantId};
use script::SentText;
use serde_json::json;
use web::News;

use super::live::{Leg, Live};
use super::transfers::user_of;
use super::{Errand, Switch};

/// A user has held, or taken back, by their phone's own key (a re-INVITE).
#[derive(Debug)]
pub(super) struct ByPhone {
    tenant: TenantId,
    call: CallId,
    user: String,
    held: bool,
}

impl Switch {
    /// A phone holds, or takes back. A conversation that is on hold already by a command is not held again.
    pub(super) fn held_by_phone(&mut self, now: Instant, live: &mut Live, leg: LegId, held: bool) {
        let mut legs = live.call.legs().iter();
        let changes = legs.any(|known| known.id() == leg && known.holds() != held);
        let user = user_of(&live.call, leg).filter(|_| changes);
        // Whoever waits in a menu or a room has nobody on hold.
        let user = user.filter(|_| live.call.talking().contains(&leg));
        if let Some(user) = user.map(str::to_owned) {
            self.errands.push_back(Errand::Held(ByPhone {
                tenant: live.setup.tenant.clone(),
                call: live.id(),
                user,
                held,
            }));
        }
        live.call.handle_event(now, Event::Held { leg, held });
        self.tell_room_of_hold(live);
    }

    /// Tells of it as of the command `hold` or `retrieve`.
    pub(super) fn tell_of_hold(&self, by_phone: ByPhone) {
        let ByPhone {
            tenant,
            call,
            user,
            held,
        } = by_phone;
        let order = Order {
            by: By::User(user.clone()),
            user,
            deed: match held {
                true => Deed::Hold {},
                false => Deed::Retrieve {},
            },
        };
        let done = Ok(Done {
            agent: None,
            call: Some(call),
        });
        self.note_order(&tenant, &order, &done);
    }

    pub(super) fn remind_of_hold(
        &mut self,
        now: Instant,
        live: &Live,
        leg: LegId,
        waited: Duration,
    ) {
        let mut legs = live.call.legs().iter();
        let holder = legs.find(|known| known.id() == leg);
        // A customer who holds has no phone of ours.
        let Some(user) = holder.and_then(call::Leg::user).map(str::to_owned) else {
            return;
        };
        let (call, tenant) = (live.id(), live.setup.tenant.clone());
        let about = json!({
            "id": call.to_string(), "user": user, "waited": waited.as_secs_f64(),
        });
        (self.parts.scripts).event(&tenant, "call.hold_reminded", about);
        let news = News::CallHoldReminded {
            user: user.clone(),
            waited_ms: i64::try_from(waited.as_millis()).unwrap_or(i64::MAX),
        };
        self.tell(&tenant, Some(call), news);
        let mut legs = live.legs.iter();
        if legs.find(|known| known.id == leg).is_none_or(hears_us) {
            return;
        }
        let text = words(live.language_of(leg), waited);
        let what = SentText {
            from: None,
            name: None,
            to: user,
            text,
        };
        // A phone that shows no texts is not told; whoever looks at the desk is.
        let (answer, _) = tokio::sync::oneshot::channel();
        self.handle_scripts_text(now, tenant, what, answer);
    }
}

/// Whether the phone wants to hear us while it holds.
fn hears_us(leg: &Leg) -> bool {
    let sound = leg.sound.as_ref();
    let agreed = sound.and_then(|sound| sound.agreed.as_ref());
    agreed.is_none_or(|agreed| !agreed.held_by_peer)
}

fn words(language: &str, waited: Duration) -> String {
    let (minutes, seconds) = (waited.as_secs() / 60, waited.as_secs());
    match (language, minutes) {
        ("zh", 0) => format!("有电话正在保持，已等待 {seconds} 秒，请接回。"),
        ("zh", _) => format!("有电话正在保持，已等待 {minutes} 分钟，请接回。"),
        (_, 0) => format!("A call is on hold and has waited for {seconds} s: take it back."),
        _ => format!("A call is on hold and has waited for {minutes} min: take it back."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_says_how_long_somebody_waits_in_the_language_of_who_holds() {
        let minutes = words("zh", Duration::from_secs(125));
        let seconds = words("en", Duration::from_secs(45));

        assert!(minutes.contains("2 分钟"), "{minutes}");
        assert!(seconds.contains("45 s"), "{seconds}");
    }
}
