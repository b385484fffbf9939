//! A project's scripts without an exchange: its tests, and the story of one call.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use call::acd::{Act, By};
use call::{Purpose, TenantId};
use jiff::Timestamp;
use serde::Serialize;

use super::clock::VirtualClock;
use super::lua::Dial;
use super::runner::{self, Tested};
use super::scene::Scene;
use super::stage::{Halt, Stage};
use super::story::{StoryLine, Who};
use super::{Project, files, plugins};
use crate::snapshot::{Scope, Snapshot};
use crate::suggest::did_you_mean;
use crate::{Fault, Sounds, config, fault};

/// A project's scripts without an exchange.
pub struct Offline {
    /// The project's root: `require`, `scripts/` and `tests/` start here.
    pub root: PathBuf,
    /// Each tenant with its part of `config.lua`.
    pub tenants: Vec<(TenantId, config::Tenant)>,
    /// Users that only the records know, each with whose they are.
    pub recorded: Vec<(TenantId, String)>,
    /// Budgets.
    pub limits: config::Limits,
    /// Which sounds exist.
    pub sounds: Arc<dyn Sounds>,
}

/// A call whose story is to be told.
#[derive(Clone, Debug, Default)]
pub struct CallPlan {
    /// Whose exchange; the only one's when `None`.
    pub tenant: Option<String>,
    /// A user, or a number outside.
    pub from: String,
    /// The number dialled.
    pub to: String,
    /// As tests write it: `mon 22:00`; now when `None`.
    pub at: Option<String>,
    /// What the caller presses, each time that it is its turn; nothing for an empty one.
    pub keys: Vec<String>,
    /// Who is in another call.
    pub busy: Vec<String>,
    /// Whose phone rings and nobody comes.
    pub no_answer: Vec<String>,
    /// Who has no phone registered.
    pub unavailable: Vec<String>,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallStory {
    /// Whose exchange.
    pub tenant: String,
    /// When it was, where the tenant is: `Mon 2026-03-02 22:00 Asia/Shanghai`.
    pub at: String,
    /// Line by line.
    pub lines: Vec<StoryLine>,
    /// As the record names it: `answered`, `left_message`.
    pub outcome: Option<String>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// What the script failed with.
    pub error: Option<String>,
}

impl Offline {
    /// Runs the tests of `tests/dialplan`, or those of one file.
    pub fn test(&self, file: Option<&Path>) -> Tested {
        let began = Instant::now();
        let mut all = Tested::default();
        let mut found = false;
        let plain = |message: String| fault::plain(message, None, &Snapshot::default());
        let only = file.map(|file| self.path_of(file));
        // A file, or all below a folder.
        let wanted = |path: &str| {
            only.as_deref().is_none_or(|only| {
                let below = path.strip_prefix(only.trim_end_matches('/'));
                below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
            })
        };
        for (tenant, settings) in &self.tenants {
            let files = files::read(&self.root, tenant, self.tenants.len() == 1);
            let project = self.project(tenant, settings);
            found |= files
                .keys()
                .any(|path| files::is_test(path) && wanted(path));
            let tested = runner::run(&project, &files, &Arc::default(), wanted);
            all.tests.extend(tested.tests);
            all.errors.extend(tested.errors);
        }
        for name in files::tried_plugins(&self.root) {
            let files = files::of_plugin(&self.root, &name);
            for party in plugins::parties(&name, &files) {
                let mine = |path: &String| files::is_test(path) && wanted(path);
                if !party.files.keys().any(mine) {
                    continue;
                }
                found = true;
                match plugins::project(&self.root, &party, &self.limits, &self.sounds) {
                    Ok(project) => {
                        let tried = &party.files;
                        let mut tested = runner::run(&project, tried, &Arc::default(), wanted);
                        plugins::name_settings(&mut tested, &party);
                        all.tests.extend(tested.tests);
                        all.errors.extend(tested.errors);
                    }
                    Err(wrong) => all.errors.extend(wrong),
                }
            }
        }
        let tenants: Vec<TenantId> = self.tenants.iter().map(|(id, _)| id.clone()).collect();
        for path in files::of_nobody(&self.root, &tenants) {
            let (first, folder) = (&tenants[0], files::FOLDER);
            all.errors.push(plain(format!(
                "{path}: whose is it? Put it into the folder of a tenant, such as {folder}/{first}/"
            )));
        }
        if !found {
            let what = only.map_or_else(String::new, |only| format!(" in {only}"));
            let folder = files::FOLDER;
            all.errors.push(plain(format!(
                "no tests{what}: they are in files named {folder}/…_test.lua and plugins/…/tests/…_test.lua"
            )));
        }
        all.milliseconds = (began.elapsed().as_secs_f64() * 1e4).round() / 10.0;
        all
    }

    /// Lets one call happen and tells it.
    ///
    /// # Errors
    /// What is wrong with the scripts, or with what is asked.
    pub fn call(&self, plan: &CallPlan) -> Result<CallStory, Vec<Fault>> {
        let plain = |message: String| vec![fault::plain(message, None, &Snapshot::default())];
        let (tenant, settings) = self.tenant(plan).map_err(plain)?;
        for (option, names) in [
            ("--busy", &plan.busy),
            ("--no-answer", &plan.no_answer),
            ("--unavailable", &plan.unavailable),
        ] {
            let known = names
                .iter()
                .try_for_each(|name| self.is_somebody(tenant, settings, name));
            known.map_err(|why| plain(format!("{option}: {why}")))?;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.unwrap_or_default().as_micros()).unwrap_or(0);
        let project = self.project(tenant, settings);
        let mut stage = Stage::new(&project, VirtualClock::new(now))?;
        let phones = &mut stage.world.phones;
        phones.others.hangs_up_after = Some(TALK);
        let named = |names: &[String]| -> Vec<String> {
            let target = |name: &String| match name.contains(':') {
                true => name.clone(),
                false => format!("user:{name}"),
            };
            names.iter().map(target).collect()
        };
        for name in named(&plan.busy) {
            phones.phone(&name).refuses = Some(call::Cause::Busy);
        }
        for name in named(&plan.no_answer) {
            phones.phone(&name).answers_after = None;
        }
        for name in named(&plan.unavailable) {
            phones.phone(&name).registered = false;
        }
        // Everybody is there: who is not stands in the plan.
        let now = stage.now();
        for agent in stage.world.floor.agents() {
            for act in [Act::LogIn, Act::Idle] {
                let done = stage.world.floor.act(now, &agent, act, By::Agent);
                done.map_err(|refused| plain(format!("agent {agent} {refused}")))?;
            }
        }
        let is_user = settings.users.contains_key(&plan.from);
        let dial = Dial {
            from: (!is_user).then(|| plan.from.clone()),
            user: is_user.then(|| plan.from.clone()),
            to: Some(plan.to.clone()),
            at: plan.at.clone(),
            ..Dial::default()
        };
        let scene = dial.begin(&mut stage).map_err(plain)?;
        live(&mut stage, scene, plan.keys.iter().cloned().collect());
        Ok(told(&stage.scenes[scene], settings))
    }

    /// Whether somebody of this name can be rung: a user, `trunk:NAME`, or an address.
    fn is_somebody(
        &self,
        tenant: &TenantId,
        settings: &config::Tenant,
        name: &str,
    ) -> Result<(), String> {
        let (kind, rest) = name.split_once(':').unwrap_or(("user", name));
        let theirs = self.recorded.iter().filter(|(of, _)| of == tenant);
        let users = settings.users.keys().chain(theirs.map(|(_, user)| user));
        let users: Vec<&str> = users.map(String::as_str).collect();
        let trunks: Vec<&str> = settings.ways_out().collect();
        match kind {
            "user" if !users.contains(&rest) => {
                Err(format!("no user '{rest}'{}", did_you_mean(rest, users)))
            }
            "trunk" if !trunks.contains(&rest) => {
                Err(format!("no trunk '{rest}'{}", did_you_mean(rest, trunks)))
            }
            "user" | "trunk" | "sip" => Ok(()),
            _ => Err(format!("'{name}' is nobody: write 1049, or trunk:NAME")),
        }
    }

    fn tenant(&self, plan: &CallPlan) -> Result<(&TenantId, &config::Tenant), String> {
        let names = || self.tenants.iter().map(|(id, _)| &*id.0);
        let found = match (&plan.tenant, self.tenants.as_slice()) {
            (Some(wanted), all) => {
                let found = all.iter().find(|(id, _)| *id.0 == **wanted);
                found.ok_or_else(|| {
                    format!("no tenant '{wanted}'{}", did_you_mean(wanted, names()))
                })?
            }
            (None, [only]) => only,
            (None, _) => {
                let names: Vec<&str> = names().collect();
                return Err(format!("say whose: --tenant {}", names.join(", ")));
            }
        };
        Ok((&found.0, &found.1))
    }

    pub(super) fn project(&self, tenant: &TenantId, settings: &config::Tenant) -> Project {
        let others: Vec<String> = self
            .tenants
            .iter()
            .map(|(_, tenant)| tenant.dialplan.clone())
            .collect();
        let scope = Scope {
            dialplan: &settings.dialplan,
            others: &others,
            plugins: settings.plugins.keys().map(String::as_str).collect(),
        };
        Project {
            tenant: tenant.clone(),
            generation: 0,
            settings: Arc::new(settings.clone()),
            snapshot: Arc::new(Snapshot::take(&self.root, &scope)),
            limits: self.limits.clone(),
            sounds: Arc::clone(&self.sounds),
        }
    }

    /// A file as the results name it, however it was written.
    fn path_of(&self, file: &Path) -> String {
        let root = self.root.canonicalize().unwrap_or_default();
        let whole = file
            .canonicalize()
            .or_else(|_| root.join(file).canonicalize());
        let path = whole.ok().and_then(|whole| {
            let inside = whole.strip_prefix(&root).ok()?;
            Some(inside.to_string_lossy().into_owned())
        });
        path.unwrap_or_else(|| file.to_string_lossy().into_owned())
    }
}

/// Lets a call happen to its end: the caller presses its keys in turn, speaks where that is
/// asked for, and is silent else.
pub(super) fn live(stage: &mut Stage, scene: usize, mut keys: VecDeque<String>) {
    let mut spoke_on = 0;
    for _ in 0..MOST_TURNS {
        let waits = |one: &mut Scene| (one.is_callers_turn() || one.is_over()).then_some(());
        let turn = stage.run(scene, Duration::ZERO, waits);
        let now = stage.now();
        let one = &mut stage.scenes[scene];
        match turn {
            Ok(()) if one.is_over() => break,
            Ok(()) => {}
            Err(Halt::Over) => break,
            Err(Halt::Nothing | Halt::CallersTurn) => {
                let _ = stage.hang_up(scene);
                break;
            }
            Err(Halt::Runaway(asked)) => {
                let what = format!("goes round and round without time passing: {asked}");
                one.tell(now, Who::Script, what);
                return;
            }
            Err(Halt::Broken(why)) => {
                one.tell(now, Who::Exchange, why);
                return;
            }
        }
        let speaks = [Purpose::Message, Purpose::Script]
            .iter()
            .any(|purpose| one.is_recording(*purpose).is_some());
        let recordings = one.recordings;
        let done = if speaks && spoke_on < recordings {
            spoke_on = recordings;
            one.speak(now, SPEECH);
            stage.pass(SPEECH)
        } else {
            match keys.pop_front().filter(|group| !group.is_empty()) {
                Some(group) => group.chars().try_for_each(|key| {
                    if stage.scenes[scene].is_over() {
                        return Ok(());
                    }
                    stage.press(scene, key)
                }),
                None => silence(stage, scene),
            }
        };
        if done.is_err() {
            break;
        }
    }
    let _ = stage.pass(GRACE);
}

/// The caller says nothing until the call goes on.
fn silence(stage: &mut Stage, scene: usize) -> Result<(), Halt> {
    let heard = stage.scenes[scene].heard.len();
    stage.run(scene, LONGEST_SILENCE, |one| {
        (one.heard.len() > heard || !one.is_callers_turn() || one.is_over()).then_some(())
    })
}

fn told(scene: &Scene, settings: &config::Tenant) -> CallStory {
    let at = Timestamp::from_microsecond(scene.setup.started_at);
    let at = at.ok().and_then(|at| at.in_tz(&settings.timezone).ok());
    let at = at.map(|at| at.strftime("%a %Y-%m-%d %H:%M %Q").to_string());
    let record = scene.record.as_ref();
    let outcome = record.and_then(|record| serde_json::to_value(record.result).ok());
    CallStory {
        tenant: scene.setup.tenant.to_string(),
        at: at.unwrap_or_default(),
        lines: scene.story.lines().to_vec(),
        outcome: outcome.and_then(|outcome| outcome.as_str().map(str::to_owned)),
        ended_by: record.map(|record| record.ended_by.clone()),
        error: scene.error.clone(),
    }
}

/// Turns of a caller's; a dialplan that asks more often asks for ever.
const MOST_TURNS: usize = 1_000;
/// How long somebody who answers stays.
const TALK: Duration = Duration::from_secs(10);
/// How long a caller speaks after a beep.
const SPEECH: Duration = Duration::from_secs(10);
const LONGEST_SILENCE: Duration = Duration::from_secs(600);
/// For the record, after the end.
const GRACE: Duration = Duration::from_secs(6);
