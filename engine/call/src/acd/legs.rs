//! What agents' legs do, seen from their calls: who has a call of their own is offered none.

use std::time::Instant;

use super::{Acd, AgentId, DialogNews, Doing};
use crate::{Call, CallId, Leg, LegState};

/// What was told of the users in one call.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Seen(Vec<User>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct User {
    name: String,
    confirmed: bool,
    /// Nobody else has ever been there.
    alone: bool,
    /// Somebody who is no user was there, too.
    customer: bool,
    doing: Doing,
}

impl Acd {
    /// Looks at the legs of a call, and takes what is new since `seen`. To be called after whatever
    /// has changed the call; legs of offers are told by [`handle_offer`](Self::handle_offer).
    /// False when nothing is new.
    pub fn handle_legs(&mut self, now: Instant, call: &Call, seen: &mut Seen) -> bool {
        let users = users_in(call, seen);
        if users == seen.0 {
            return false;
        }
        let (id, before) = (call.id(), std::mem::replace(&mut seen.0, users));
        for user in &seen.0 {
            let agent = AgentId::from(user.name.as_str());
            let told = before.iter().find(|it| it.name == user.name);
            let customer = user.customer;
            if told.is_none_or(|told| customer && !told.customer) {
                let queue = call.brought_by().cloned();
                self.handle_dialog(now, &agent, id, DialogNews::Began { customer, queue });
            }
            if user.alone != told.is_some_and(|told| told.alone) {
                self.handle_dialog(now, &agent, id, DialogNews::Alone(user.alone));
            }
            if user.doing != told.map(|told| told.doing).unwrap_or_default() {
                self.handle_dialog(now, &agent, id, DialogNews::Does(user.doing));
            }
            if user.confirmed && !told.is_some_and(|told| told.confirmed) {
                self.handle_dialog(now, &agent, id, DialogNews::Confirmed);
            }
        }
        for gone in before {
            if !seen.0.iter().any(|it| it.name == gone.name) {
                let agent = AgentId::from(gone.name.as_str());
                self.handle_dialog(now, &agent, id, DialogNews::Ended);
            }
        }
        true
    }

    /// A call is no more, however it ended.
    pub fn handle_lost_call(&mut self, now: Instant, call: CallId, seen: &Seen) {
        self.handle_gone(now, call);
        for user in &seen.0 {
            let agent = AgentId::from(user.name.as_str());
            self.handle_dialog(now, &agent, call, DialogNews::Ended);
        }
    }
}

/// The users in a call, each once.
fn users_in(call: &Call, seen: &Seen) -> Vec<User> {
    let mut users: Vec<User> = Vec::new();
    for leg in living(call).filter(|leg| !leg.is_offer()) {
        let Some(name) = leg.user() else { continue };
        let confirmed = leg.state() == LegState::Up;
        match users.iter_mut().find(|it| it.name == name) {
            Some(known) => {
                known.confirmed |= confirmed;
                known.doing = match known.doing {
                    Doing::Plain => Doing::of(call, leg),
                    other => other,
                };
            }
            None => {
                let before = seen.0.iter().find(|it| it.name == name);
                let (doing, company) = (Doing::of(call, leg), call.company());
                let is_customer =
                    |other: &Leg| other.user().is_none() && other.state() == LegState::Up;
                users.push(User {
                    name: name.to_owned(),
                    confirmed,
                    alone: living(call).count() == 1
                        && company.is_empty()
                        && doing == Doing::Plain
                        && before.is_none_or(|before| before.alone),
                    customer: before.is_some_and(|before| before.customer)
                        || company.iter().any(|guest| guest.user.is_none())
                        || living(call).any(is_customer),
                    doing,
                });
            }
        }
    }
    users
}

fn living(call: &Call) -> impl Iterator<Item = &Leg> {
    let legs = call.legs().iter();
    legs.filter(|leg| leg.state() != LegState::Gone)
}
