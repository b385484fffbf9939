//! Calls that the exchange makes itself, for programs and scripts: somebody is rung, and a number is
//! dialled for them when they have answered, in their name and with their rights.

use std::time::{Duration, Instant};

use call::acd::Refusal;
use call::desk::Refused;
use call::number::{normalise, tidy};
use call::{CallId, Options, Origin, Setup, Target, TenantId, Why};
use script::{CallStatus, NotMade, Originate, WhichCalls};
use store::CallBegin;
use tokio::sync::oneshot;
use web::NoCall;

use super::emergency::calls_for_help;
use super::live::Live;
use super::{Input, Switch};
use crate::log::Masked;

/// What scripts ask of calls that are not their own.
#[derive(Debug)]
pub(crate) enum Question {
    Originate(
        TenantId,
        Originate,
        oneshot::Sender<Result<CallStatus, NotMade>>,
    ),
    Calls(TenantId, WhichCalls, oneshot::Sender<Vec<CallStatus>>),
    Count(TenantId, WhichCalls, oneshot::Sender<usize>),
    HangUp(TenantId, CallId, String, oneshot::Sender<bool>),
}

impl From<Question> for Input {
    fn from(question: Question) -> Self {
        Self::Calls(question)
    }
}

/// Why a call cannot be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Obstacle {
    NoUser(String),
    NoTrunk(String),
    /// Who is no user has no context of their own.
    NoContext,
    /// No phone of the user is registered.
    NoPhone,
    /// Nothing stands behind the number where it is looked up.
    NoRoute,
    Full(&'static str),
    /// The agent may not call anybody now.
    Floor(Refusal),
}

impl Obstacle {
    /// As whoever does something at a desk is told.
    pub(super) fn refused(&self, user: &str, to: &str) -> Refused {
        match self {
            Self::NoUser(user) => Refused::no_such_user(user),
            Self::NoPhone => Refused::not_in_call(user),
            Self::NoTrunk(_) | Self::NoContext | Self::NoRoute => {
                let sentence = format!("{user} cannot dial {to}");
                Refused::new("no_such_number", sentence)
            }
            Self::Full(why) => Refused::new("full", *why),
            Self::Floor(refusal) => Refused::by_floor(user, *refusal),
        }
    }
}

/// Who waits for whoever is rung first.
pub(crate) type Asker = oneshot::Sender<Result<CallStatus, NotMade>>;

impl Switch {
    pub(super) fn answer_calls(&mut self, now: Instant, question: Question) {
        match question {
            Question::Originate(tenant, wanted, answer) => {
                if let Err((obstacle, asker)) = self.originate(now, &tenant, wanted, Some(answer)) {
                    let answer = Err(self.worded(&tenant, &obstacle));
                    if let Some(asker) = asker {
                        let _ = asker.send(answer);
                    }
                }
            }
            Question::Calls(tenant, which, answer) => {
                let mut calls: Vec<&Live> = self.calls_of(&tenant, &which).collect();
                calls.sort_by_key(|live| live.id());
                let calls = calls.into_iter().take(MOST_LISTED).map(status_of);
                let _ = answer.send(calls.collect());
            }
            Question::Count(tenant, which, answer) => {
                let _ = answer.send(self.calls_of(&tenant, &which).count());
            }
            Question::HangUp(tenant, call, by, answer) => {
                let _ = answer.send(self.hang_up_for(now, &tenant, call, by));
            }
        }
    }

    /// Those of a tenant's calls that go on.
    fn calls_of(&self, tenant: &TenantId, which: &WhichCalls) -> impl Iterator<Item = &Live> {
        let all = self.calls.values().map(|live| &**live);
        all.filter(move |live| {
            let now = || {
                let shown = super::api::state_of(live);
                (shown.state, shown.talks_with)
            };
            live.setup.tenant == *tenant && live.ended.is_none() && which.takes(&live.setup, now)
        })
    }

    /// Ends a tenant's call, `by` whom its record shall name; false when there is none.
    pub(super) fn hang_up_for(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        call: CallId,
        by: String,
    ) -> bool {
        let is_theirs = self
            .calls
            .get(&call)
            .is_some_and(|live| live.setup.tenant == *tenant && live.ended.is_none());
        if is_theirs {
            self.with_machine(now, call, |call| call.handle_hang_up(now, by));
        }
        is_theirs
    }

    /// Makes a call; `asker` is told when the first has answered, or will not.
    ///
    /// # Errors
    /// What is in the way, with whoever asked.
    pub(super) fn originate(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        wanted: Originate,
        asker: Option<Asker>,
    ) -> Result<CallBegin, (Obstacle, Option<Asker>)> {
        let (setup, origin) = match self.look_before(tenant, wanted) {
            Ok(found) => found,
            Err(obstacle) => return Err((obstacle, asker)),
        };
        let options = Options {
            origin: Some(origin),
            ..self.options_for(tenant)
        };
        match self.make_call(now, setup, options, asker) {
            Ok(begin) => Ok(begin),
            Err(asker) => Err((Obstacle::NoContext, asker)),
        }
    }

    /// How calls of a tenant behave.
    pub(super) fn options_for(&self, tenant: &TenantId) -> Options {
        let settings = self.tenants.get(&*tenant.0);
        settings.map_or_else(Options::default, |it| self.call_options(tenant, it))
    }

    /// A call that the exchange makes begins; `asker` comes back where there is no such tenant.
    pub(super) fn make_call(
        &mut self,
        now: Instant,
        setup: Setup,
        options: Options,
        asker: Option<Asker>,
    ) -> Result<CallBegin, Option<Asker>> {
        let Some(settings) = self.tenants.get(&*setup.tenant.0).cloned() else {
            return Err(asker);
        };
        let id = setup.id;
        let span = tracing::info_span!("call", %id, tenant = %setup.tenant);
        span.in_scope(|| {
            tracing::info!(
                from = %Masked(setup.from_raw.as_str()),
                to = %Masked(setup.to.as_str()),
                context = setup.context,
                "call is made"
            );
        });
        self.next_thread = self.next_thread.wrapping_add(1);
        let mut live = Live::new(now, setup, settings, options);
        live.span = span;
        live.thread = self.next_thread;
        live.asker = asker;
        self.begin_record(&live);
        let begin = self.beginning(&live);
        self.calls.insert(id, Box::new(live));
        self.parts.meters.calls_started.increment(1);
        self.with_call(now, id, |_, _| ());
        Ok(begin)
    }

    /// Whether a call can be made, before it is.
    fn look_before(
        &self,
        tenant: &TenantId,
        wanted: Originate,
    ) -> Result<(Setup, Origin), Obstacle> {
        let Originate {
            from,
            to,
            context,
            timeout,
            caller_id,
        } = wanted;
        let mut setup = self.setup_for(tenant, &from, context)?;
        setup.to = self.dialled_for(tenant, &setup.context, to)?;
        self.check_room(&setup)?;
        let shown = match (&from, caller_id) {
            (_, Some(number)) => Some(number),
            (Target::User(_), None) => Some(setup.to.clone()),
            (_, None) => None,
        };
        let origin = Origin {
            target: from,
            timeout,
            shown,
            supervises: None,
            returns_to: None,
        };
        Ok((setup, origin))
    }

    /// What is known of a call that a user makes to a number, with their own rights.
    pub(super) fn setup_in_name_of(
        &self,
        tenant: &TenantId,
        user: &str,
        to: &str,
    ) -> Result<Setup, Obstacle> {
        let from = Target::User(user.to_owned());
        let mut setup = self.setup_for(tenant, &from, None)?;
        setup.to = self.dialled_for(tenant, &setup.context, to.to_owned())?;
        self.check_room(&setup)?;
        Ok(setup)
    }

    /// How a user's dialplan dials a number that somebody else is to be put through to.
    ///
    /// # Errors
    /// As for a call that they make, where it has none for it.
    pub(super) fn route_for(
        &self,
        tenant: &TenantId,
        user: &str,
        to: &str,
    ) -> Result<String, Refused> {
        let account = self.accounts.user(tenant, user);
        let account = account.ok_or_else(|| Refused::no_such_user(user))?;
        // Help is called by no dialplan.
        if calls_for_help(Some(user), to) {
            return Ok(to.to_owned());
        }
        self.dialled_for(tenant, &account.context, to.to_owned())
            .map_err(|why| why.refused(user, to))
    }

    /// What is known of a call that somebody is rung for.
    pub(super) fn setup_for(
        &self,
        tenant: &TenantId,
        from: &Target,
        context: Option<String>,
    ) -> Result<Setup, Obstacle> {
        let (user, number, name, own) = match from {
            Target::User(user) => {
                let account = self.accounts.user(tenant, user);
                let account = account.ok_or_else(|| Obstacle::NoUser(user.clone()))?;
                let may = self.may_dial(tenant, user);
                may.map_err(Obstacle::Floor)?;
                if self.bindings_of(tenant, user).is_empty() {
                    return Err(Obstacle::NoPhone);
                }
                let own = account.context.clone();
                (Some(user), user.clone(), account.name.clone(), Some(own))
            }
            Target::Trunk { trunk, number } => {
                let settings = self.trunks.first_of(trunk);
                let area_code = settings
                    .filter(|settings| settings.tenant == *tenant.0)
                    .ok_or_else(|| Obstacle::NoTrunk(trunk.clone()))?
                    .area_code
                    .clone();
                let known = normalise(number, &self.accounts.plan(tenant, area_code));
                (
                    None,
                    known.canonical.unwrap_or_else(|| number.clone()),
                    None,
                    None,
                )
            }
            Target::Uri(uri) => (None, uri.clone(), None, None),
        };
        Ok(Setup {
            id: CallId::new(
                crate::clock::system_micros().unsigned_abs() / 1_000,
                rand::random(),
            ),
            tenant: tenant.clone(),
            context: context.or(own).ok_or(Obstacle::NoContext)?,
            from: Some(number.clone()),
            from_raw: number,
            from_name: name,
            to: String::new(),
            user: user.cloned().into(),
            trunk: None,
            headers: Vec::new(),
            transferred_by: None,
            language: self
                .tenants
                .get(&*tenant.0)
                .map(|settings| settings.language_of(user.map(String::as_str)).to_owned())
                .unwrap_or_default(),
            started_at: self.parts.clock.unix_micros(),
        })
    }

    /// The number as a handler stands behind it: as it is written, or as it is dialled within the
    /// country.
    fn dialled_for(
        &self,
        tenant: &TenantId,
        context: &str,
        to: String,
    ) -> Result<String, Obstacle> {
        let to = tidy(&to).unwrap_or(to);
        let is_there = |number: &str| self.parts.scripts.has_route(tenant, context, number);
        if is_there(&to) {
            return Ok(to);
        }
        let known = normalise(&to, &self.accounts.plan(tenant, None));
        let national = known.national().map(|national| match &known.post_dial {
            Some(keys) => format!("{national},{keys}"),
            None => national,
        });
        national
            .filter(|national| is_there(national))
            .ok_or(Obstacle::NoRoute)
    }

    pub(super) fn check_room(&self, setup: &Setup) -> Result<(), Obstacle> {
        let user = setup.calling_user();
        if calls_for_help(user, &setup.to) {
            return Ok(());
        }
        match self.is_full(&setup.tenant, user) {
            Some(why) => Err(Obstacle::Full(why)),
            None => Ok(()),
        }
    }

    /// As a script is told of it.
    fn worded(&self, tenant: &TenantId, obstacle: &Obstacle) -> NotMade {
        match obstacle {
            Obstacle::NoUser(user) => {
                let known = self.tenants.get(&*tenant.0);
                let known = known.into_iter().flat_map(|it| it.users.keys());
                NotMade::no_user(user, known.map(String::as_str))
            }
            Obstacle::NoTrunk(trunk) => {
                let known = self.trunks.by_name.iter();
                let theirs = known.filter(|(_, known)| known.settings.tenant == *tenant.0);
                NotMade::no_trunk(trunk, theirs.map(|(name, _)| name.as_str()))
            }
            Obstacle::NoContext => NotMade::no_context(),
            Obstacle::NoPhone | Obstacle::NoRoute => NotMade::Why(Why::Unavailable),
            Obstacle::Full(_) => NotMade::Why(Why::Congestion),
            Obstacle::Floor(_) => NotMade::Why(Why::Busy),
        }
    }

    /// Makes a call for a program, and answers when it is on disk, or a moment later: who is told of
    /// a call can find it.
    pub(super) fn originate_for_program(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        wanted: Originate,
        answer: oneshot::Sender<Result<CallBegin, NoCall>>,
    ) {
        let begin = match self.originate(now, tenant, wanted, None) {
            Ok(begin) => begin,
            Err((obstacle, _)) => {
                let _ = answer.send(Err(match obstacle {
                    Obstacle::NoPhone => NoCall::NoPhone,
                    Obstacle::NoRoute => NoCall::NoRoute,
                    Obstacle::Full(why) => NoCall::Full(why),
                    Obstacle::Floor(why) => NoCall::NotNow(why.word(), why.to_string()),
                    Obstacle::NoUser(_) | Obstacle::NoTrunk(_) | Obstacle::NoContext => {
                        NoCall::NoUser
                    }
                }));
                return;
            }
        };
        // Written again it stays as it is.
        let stored = self.parts.store.begin_call(begin.clone());
        tokio::spawn(async move {
            let _ = tokio::time::timeout(UNTIL_STORED, stored).await;
            let _ = answer.send(Ok(begin));
        });
    }
}

impl Live {
    /// Tells whoever asked for the call that the first has answered, or will not.
    pub(super) fn tell_asker(&mut self) {
        let Some(first) = self.call.legs().first().filter(|_| self.asker.is_some()) else {
            return;
        };
        let answer = if first.state() == call::LegState::Up {
            Ok(status_of(self))
        } else if let Some(record) = &self.ended {
            Err(NotMade::for_cause(record.cause))
        } else {
            return;
        };
        if let Some(asker) = self.asker.take() {
            let _ = asker.send(answer);
        }
    }
}

fn status_of(live: &Live) -> CallStatus {
    let shown = super::api::state_of(live);
    let setup = &live.setup;
    CallStatus {
        id: setup.id,
        from: setup.from.clone(),
        from_name: setup.from_name.clone(),
        to: setup.to.clone(),
        context: setup.context.clone(),
        user: setup.calling_user().map(str::to_owned),
        trunk: setup.trunk.clone(),
        state: shown.state,
        talks_with: shown.talks_with,
        started_at: setup.started_at,
    }
}

/// Calls that a script is shown at most.
const MOST_LISTED: usize = 1_000;

/// How long whoever made a call waits for its record.
const UNTIL_STORED: Duration = Duration::from_secs(1);
