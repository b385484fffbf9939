//! What people set for themselves, and where they sit.

use std::time::Instant;

use call::acd::{Act, AgentId, By, Habit, State};
use call::desk::{self, Deed, Done, Order, Refused, allowed};
use call::{Light, TenantId};
use script::SentText;
use web::News;

use crate::switch::Switch;

impl Switch {
    pub(super) fn set_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        habits: Vec<Habit>,
    ) -> Result<Done, Refused> {
        let user = AgentId::from(&*order.user);
        let done = self.on_floor(now, tenant, |floor| floor.set(now, &user, habits));
        self.drain_floor(now, tenant);
        self.light_habits(now, tenant, &user);
        match done {
            Some(Ok(agent)) => Ok(Done { agent, call: None }),
            Some(Err(refusal)) => Err(Refused::by_floor(&order.user, refusal)),
            None => Err(no_floor()),
        }
    }

    /// Whether a person may sit down at a phone by the API, where nobody has seen that they are there: what is done at
    /// it would be theirs, and whoever sits there be logged out. Wants a say over all whose phone it is. At the phone
    /// itself, by its star code, the dialplan has asked for the PIN.
    pub(in crate::switch) fn may_sit_from_afar(
        &self,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<(), Refused> {
        let (Deed::Sit { device, .. }, desk::By::User(by)) = (&order.deed, &order.by) else {
            return Ok(());
        };
        let Some(device) = device.as_deref().filter(|device| *device != order.user) else {
            return Ok(());
        };
        let there = self.phone_of(tenant, device);
        let sits = self.sits_at(tenant, &AgentId::from(&*there));
        let others = sits.map(|who| who.to_string()).into_iter().chain([there]);
        for other in others.filter(|other| *other != order.user) {
            // A phone that is none is told of as such.
            if self.person(tenant, &other).is_none() {
                continue;
            }
            let say = Order {
                by: order.by.clone(),
                user: other,
                deed: Deed::ForceLogOut {},
            };
            if allowed(&say, |user| self.person(tenant, user)).is_err() {
                let sentence = format!(
                    "{by} may not sit down at the phone of {device} from afar: log in at that phone, by its star \
                     code, or let a leader of theirs do it"
                );
                return Err(Refused::new("not_allowed", sentence));
            }
        }
        Ok(())
    }

    /// The phone that is meant by a user's: of one who sits elsewhere the one where they sit.
    fn phone_of(&self, tenant: &TenantId, device: &str) -> String {
        let habits = self.habits_of(tenant, &AgentId::from(device));
        let seat = habits.device.map(|seat| seat.to_string());
        seat.unwrap_or_else(|| device.to_owned())
    }

    /// An agent sits down at a phone; whoever sits there is logged out if that is wanted.
    pub(super) fn sit_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        (device, take_over): (Option<&str>, bool),
    ) -> Result<Done, Refused> {
        let user = AgentId::from(&*order.user);
        let resolved = device.map(|device| self.phone_of(tenant, device));
        let device = resolved.as_deref().filter(|device| *device != order.user);
        let state = |switch: &Self, agent: &AgentId| {
            let all = switch.agents_of(now, tenant);
            let found = all.into_iter().find(|(id, _)| id == agent);
            found.map(|(_, status)| status)
        };
        let Some(before) = state(self, &user) else {
            let refusal = call::acd::Refusal::NotAnAgent;
            return Err(Refused::by_floor(&order.user, refusal));
        };
        if before.state == State::LoggedOut {
            let refusal = call::acd::Refusal::LoggedOut;
            return Err(Refused::by_floor(&order.user, refusal));
        }
        let there = AgentId::from(device.unwrap_or(&order.user));
        if self.accounts.user(tenant, &there.0).is_none() {
            let sentence = format!("there is no phone of a user {there}");
            return Err(Refused::new("no_such_device", sentence));
        }
        let owner = state(self, &there)
            .filter(|owner| owner.state != State::LoggedOut && owner.habits.device.is_none());
        let sits = self.sits_at(tenant, &there);
        let other = sits.or_else(|| owner.map(|_| there));
        if let Some(other) = other.filter(|other| *other != user) {
            if !take_over {
                let sentence = format!("{other} sits at this phone");
                return Err(Refused::new("device_taken", sentence));
            }
            let by = By::Leader(format!("user:{user}"));
            let out = self.act_on_agent(now, tenant, &other, Act::LogOut, by);
            out.map_err(|refusal| Refused::by_floor(&other.0, refusal))?;
        }
        let from = before.habits.device.as_ref();
        let moved = from.map(|device| &*device.0) != device;
        if moved {
            let place = from.map_or(&*order.user, |device| &*device.0).to_owned();
            let to = device.unwrap_or(&order.user).to_owned();
            self.text_old_place(now, tenant, (&order.user, &place, &to));
        }
        let habit = vec![Habit::Device(device.map(AgentId::from))];
        let done = self.set_at_desk(now, tenant, order, habit)?;
        self.look_at_phones(now, tenant);
        self.drain_floor(now, tenant);
        self.find_lamps_behind(now, tenant);
        if moved {
            let news = News::AgentMoved {
                agent: order.user.clone(),
                from: from.map_or_else(|| order.user.clone(), ToString::to_string),
                to: device.unwrap_or(&order.user).to_owned(),
                by: order.by.to_string(),
            };
            self.tell(tenant, None, news);
        }
        Ok(done)
    }

    /// Tells the phone where somebody has sat that they have gone on at another: who is there now is not them.
    fn text_old_place(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        (user, place, to): (&str, &str, &str),
    ) {
        let settings = self.tenants.get(&*tenant.0);
        let text = match settings.map(|it| it.language_of(Some(user))) {
            Some("zh") => format!("工号 {user} 已在别处登录：话机 {to}"),
            _ => format!("{user} has logged in elsewhere: at the phone of {to}"),
        };
        let what = SentText {
            from: None,
            name: None,
            to: place.to_owned(),
            text,
        };
        // Who is not there is not told: the event tells the others.
        let (answer, _) = tokio::sync::oneshot::channel();
        self.handle_scripts_text(now, tenant.clone(), what, answer);
    }

    /// Lamps for what people set for themselves: `auto-answer-1049`, `dnd-1049`.
    fn light_habits(&mut self, now: Instant, tenant: &TenantId, user: &AgentId) {
        let habits = self.habits_of(tenant, user);
        for (name, on) in [
            ("auto-answer", habits.auto_answer),
            ("dnd", habits.do_not_disturb),
        ] {
            self.set_lamp(now, tenant, &format!("{name}-{user}"), Light::from(on));
        }
        self.light_own(now, tenant, user);
    }
}

fn no_floor() -> Refused {
    let sentence = "the tenant has no queues: nothing is kept of its people";
    Refused::new("not_an_agent", sentence)
}
