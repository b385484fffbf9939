//! Calls that are not a script's own, offline: those of the test, those that scripts make, and those
//! of which a test only says that they stand.

use call::number::{Plan, normalise};
use call::{CallId, Origin, Setup, Target};
use tokio::sync::oneshot;

use super::scene::Scene;
use super::stage::Stage;
use super::story::Who;
use super::world::World;
use crate::{CallStatus, Clock, NotMade, Originate, WhichCalls};

/// Something that scripts ask.
pub(super) enum Question {
    Originate(Originate, Asker),
    Calls(WhichCalls, oneshot::Sender<Vec<CallStatus>>),
    Count(WhichCalls, oneshot::Sender<usize>),
    HangUp(CallId, String, oneshot::Sender<bool>),
}

/// Who waits for whoever is rung first.
pub(super) type Asker = oneshot::Sender<Result<CallStatus, NotMade>>;

/// Calls of which nothing is known but that they stand.
#[derive(Debug, Default)]
pub(super) struct Standing(Vec<CallStatus>);

impl Standing {
    /// From now on so many calls like this one stand, and no others like it. Its id and its age do
    /// not count.
    pub(super) fn set(&mut self, count: usize, like: &CallStatus) {
        let plain = |call: &CallStatus| CallStatus {
            id: CallId::new(0, [0; 10]),
            started_at: 0,
            ..call.clone()
        };
        let wanted = plain(like);
        self.0.retain(|call| plain(call) != wanted);
        let taken = self.0.iter().filter_map(|call| {
            let last = *call.id.0.as_bytes().last_chunk::<4>()?;
            Some(u32::from_be_bytes(last))
        });
        let first = taken.max().map_or(1, |number| number.saturating_add(1));
        for number in (first..).take(count) {
            let mut random = [0xff; 10];
            random[6..].copy_from_slice(&number.to_be_bytes());
            let id = CallId::new(like.started_at.unsigned_abs() / 1_000, random);
            self.0.push(CallStatus { id, ..like.clone() });
        }
    }

    fn end(&mut self, id: CallId) -> bool {
        let before = self.0.len();
        self.0.retain(|call| call.id != id);
        self.0.len() < before
    }
}

impl Stage {
    pub(super) fn answer_calls(&mut self, question: Question) {
        // A script that was dropped does not hear it.
        match question {
            Question::Originate(wanted, asker) => match self.look_before(wanted) {
                Ok((setup, origin)) => {
                    self.make(setup, origin, asker);
                }
                Err(why) => {
                    let _ = asker.send(Err(why));
                }
            },
            Question::Calls(which, answer) => {
                let mut found = self.calls(&which);
                found.sort_by_key(|call| (call.started_at, call.id));
                let _ = answer.send(found);
            }
            Question::Count(which, answer) => {
                let _ = answer.send(self.calls(&which).len());
            }
            Question::HangUp(id, by, answer) => {
                let _ = answer.send(self.end_call(id, by));
            }
        }
    }

    /// Those that go on.
    fn calls(&self, which: &WhichCalls) -> Vec<CallStatus> {
        let real = self.scenes.iter().filter(|scene| scene.record.is_none());
        let real = real.map(Scene::status);
        let all = real.chain(self.world.standing.0.iter().cloned());
        all.filter(|call| which.fits(call)).collect()
    }

    fn end_call(&mut self, id: CallId, by: String) -> bool {
        let now = self.now();
        let is_it = |scene: &&mut Scene| scene.setup.id == id && scene.record.is_none();
        match self.scenes.iter_mut().find(is_it) {
            Some(scene) => {
                scene.tell(now, Who::Script, format!("a script ends the call: {by}"));
                scene.call.handle_hang_up(now, by);
                true
            }
            None => self.world.standing.end(id),
        }
    }

    /// Whether a call can be made, before it is, as the exchange looks at it.
    fn look_before(&self, wanted: Originate) -> Result<(Setup, Origin), NotMade> {
        let world = &self.world;
        let (user, context) = match &wanted.from {
            Target::User(user) => {
                let Some(known) = world.tenant.users.get(user) else {
                    let names = world.tenant.users.keys().map(String::as_str);
                    return Err(NotMade::no_user(user, names));
                };
                if !world.phones.is_registered(&wanted.from, &world.tenant) {
                    return Err(NotMade::Why(call::Why::Unavailable));
                }
                (Some((user, known)), Some(known.context.clone()))
            }
            Target::Trunk { trunk, .. } if !world.tenant.has_way_out(trunk) => {
                let names = world.tenant.ways_out();
                return Err(NotMade::no_trunk(trunk, names));
            }
            Target::Trunk { .. } | Target::Uri(_) => (None, None),
        };
        let context = wanted.context.or(context).ok_or_else(NotMade::no_context)?;
        let to = dialled(world, &context, wanted.to);
        let to = to.ok_or(NotMade::Why(call::Why::Unavailable))?;
        let number = match &wanted.from {
            Target::User(name) | Target::Trunk { number: name, .. } | Target::Uri(name) => {
                name.clone()
            }
        };
        let shown = wanted.caller_id.or_else(|| user.map(|_| to.clone()));
        let setup = Setup {
            id: CallId::new(0, [0; 10]),
            tenant: world.host.tenant.clone(),
            context,
            from: Some(number.clone()),
            from_raw: number,
            from_name: user.and_then(|(_, user)| user.name.clone()),
            to,
            user: user.map(|(name, _)| name.clone()).into(),
            trunk: None,
            headers: Vec::new(),
            transferred_by: None,
            language: world
                .tenant
                .language_of(user.map(|(user, _)| user.as_str()))
                .to_owned(),
            started_at: world.clock.unix_micros(),
        };
        let origin = Origin {
            returns_to: None,
            target: wanted.from,
            timeout: wanted.timeout,
            shown,
            supervises: None,
        };
        Ok((setup, origin))
    }
}

impl Scene {
    /// As those see it who are not in it.
    pub(super) fn status(&self) -> CallStatus {
        let setup = self.call.setup();
        let with = self.talks_with();
        CallStatus {
            id: setup.id,
            from: setup.from.clone(),
            from_name: setup.from_name.clone(),
            to: setup.to.clone(),
            context: setup.context.clone(),
            user: setup.calling_user().map(str::to_owned),
            trunk: setup.trunk.clone(),
            state: CallStatus::word(self.call.state()),
            talks_with: with.map(|(target, user)| user.unwrap_or(target)),
            started_at: setup.started_at,
        }
    }

    /// Tells whoever asked for the call that the first has answered, or will not.
    pub(super) fn tell_asker(&mut self) {
        if self.asker.is_none() {
            return;
        }
        let answer = match &self.record {
            _ if self.is_answered() => Ok(self.status()),
            Some(record) => Err(NotMade::for_cause(record.cause)),
            None => return,
        };
        if let Some(asker) = self.asker.take() {
            let _ = asker.send(answer);
        }
    }
}

/// The number as a handler stands behind it: as it is written, or as it is dialled within the
/// country.
fn dialled(world: &World, context: &str, to: String) -> Option<String> {
    let routing = world.host.routing()?;
    if routing.find(context, &to).is_some() {
        return Some(to);
    }
    let national = normalise(&to, &Plan::default()).national()?;
    routing.find(context, &national).map(|_| national)
}
