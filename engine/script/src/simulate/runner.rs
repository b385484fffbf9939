//! Runs test files: each test has an exchange of its own, with fresh scripts and empty records.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mlua::chunk::ChunkMode;
use serde::Serialize;

use super::Project;
use super::clock::VirtualClock;
use super::files::{self, Files};
use super::lua::{self, Declared, Desk};
use super::scratch::Scratch;
use super::stage::Stage;
use super::story::StoryLine;
use super::when;
use super::wire::Wire;
use crate::budget::{Budget, Pause};
use crate::http::Client;
use crate::pulse::Pulse;
use crate::snapshot::Snapshot;
use crate::surroundings::Surroundings;
use crate::vm::Vm;
use crate::{Fault, fault};

/// What a run of tests came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tested {
    /// Each test, in the order of the files and of their lines.
    pub tests: Vec<TestResult>,
    /// What kept tests from being run: files that do not load, scripts that do not.
    pub errors: Vec<Fault>,
    /// How long all of it took.
    pub milliseconds: f64,
}

/// What one test came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestResult {
    /// Whose scripts were tried.
    pub tenant: String,
    /// From the project's root.
    pub file: String,
    /// Where it begins.
    pub line: u32,
    /// What is to hold.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// Why not.
    pub error: Option<Fault>,
    /// What happened in its calls, when it failed.
    pub calls: Vec<Vec<StoryLine>>,
    /// How long it took.
    pub milliseconds: f64,
}

impl Tested {
    /// Whether everything holds.
    pub fn passed(&self) -> bool {
        self.errors.is_empty() && self.tests.iter().all(|test| test.passed)
    }

    /// How many tests hold.
    pub fn count_passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed).count()
    }

    /// All that is wrong, each with its file and line.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let failed = self.tests.iter().filter_map(|test| test.error.clone());
        self.errors.iter().cloned().chain(failed).collect()
    }
}

/// Runs the tests of these files that `wanted` names.
pub(super) fn run(
    project: &Project,
    files: &Files,
    pulse: &Arc<Pulse>,
    wanted: impl Fn(&str) -> bool,
) -> Tested {
    let mut tested = Tested::default();
    let began = Instant::now();
    let snapshot = Arc::new(project.snapshot.with(files));
    let scratch = match Scratch::new() {
        Ok(scratch) => scratch,
        Err(why) => {
            tested.errors.push(fault::plain(why, None, &snapshot));
            return tested;
        }
    };
    let tests = files
        .iter()
        .filter(|(path, _)| files::is_test(path) && wanted(path));
    let tests: Vec<_> = tests.collect();
    // Scripts that do not load fail each test in the same way: once is enough.
    if !tests.is_empty()
        && let Err(wrong) = Stage::new(project, VirtualClock::new(0))
    {
        tested.errors.extend(wrong);
        return tested;
    }
    for (path, source) in tests {
        let file = File::load(project, &snapshot, &scratch, pulse, path, source);
        match file {
            Ok(file) => {
                for declared in file.desk.declared.take() {
                    tested.tests.push(file.run(project, &declared));
                }
            }
            Err(error) => tested.errors.push(error),
        }
        if pulse.given_up() {
            break;
        }
    }
    tested.milliseconds = milliseconds(began);
    tested
}

/// A test file that is loaded.
struct File {
    path: String,
    snapshot: Arc<Snapshot>,
    clock: VirtualClock,
    /// When each test begins.
    from: i64,
    desk: Rc<Desk>,
    vm: Vm,
}

impl File {
    fn load(
        project: &Project,
        snapshot: &Arc<Snapshot>,
        scratch: &Scratch,
        pulse: &Arc<Pulse>,
        path: &str,
        source: &[u8],
    ) -> Result<Self, Fault> {
        let from = when::read(FIRST_DAY, &project.settings.timezone, 0)
            .map_err(|why| fault::plain(why, None, snapshot))?;
        let clock = VirtualClock::new(from);
        let surroundings = Rc::new(Surroundings {
            tenant: project.tenant.clone(),
            settings: Arc::clone(&project.settings),
            // Tests ask nothing of calls by themselves.
            exchange: Arc::new(Wire::default()),
            clock: Arc::new(clock.clone()),
            store: Arc::clone(&scratch.store) as Arc<dyn store::Store>,
            sounds: Arc::clone(&project.sounds),
            client: Arc::new(Client::offline()),
            lines: Arc::default(),
            bell: Arc::default(),
            databases: Arc::default(),
            recordings: None,
            failures: Arc::default(),
            generation: project.generation,
            declared: RefCell::default(),
            current: RefCell::default(),
            taken: RefCell::default(),
            files: RefCell::default(),
            spawner: RefCell::default(),
            outside: Default::default(),
        });
        let budget = Rc::new(Budget::new(MOST_CPU, Arc::clone(pulse)));
        let desk = Rc::new(Desk::default());
        let (around, registering) = (Rc::clone(&surroundings), Rc::clone(&desk));
        let vm = Vm::with(
            surroundings,
            budget,
            Arc::clone(snapshot),
            project.limits.script_memory,
            |lua| lua::register(lua, &around, &registering),
        );
        let wrong = |error: &mlua::Error| fault::fault(error, snapshot, project.generation, "");
        let vm = vm.map_err(|error| wrong(&error))?;
        vm.budget.begin_loading(MOST_CPU);
        let loaded = vm
            .lua
            .load(source)
            .set_name(format!("@{path}"))
            .set_mode(ChunkMode::Text)
            .into_function()
            .and_then(|chunk| chunk.call::<()>(()));
        if let (Pause::Stopped(stopped), ..) = vm.budget.end() {
            return Err(wrong(&mlua::Error::external(stopped)));
        }
        loaded.map_err(|error| wrong(&error))?;
        Ok(Self {
            path: path.to_owned(),
            snapshot: Arc::clone(snapshot),
            clock,
            from,
            desk,
            vm,
        })
    }

    fn run(&self, project: &Project, test: &Declared) -> TestResult {
        let began = Instant::now();
        let mut result = TestResult {
            tenant: project.tenant.to_string(),
            file: self.path.clone(),
            line: test.place.line,
            name: test.name.clone(),
            passed: false,
            error: None,
            calls: Vec::new(),
            milliseconds: 0.0,
        };
        self.clock.set_wall(self.from);
        self.desk.number.set(self.desk.number.get() + 1);
        match Stage::new(project, self.clock.clone()) {
            Ok(stage) => {
                self.desk.stage.replace(Some(stage));
                result.error = self.body(project, test).err();
            }
            Err(errors) => result.error = errors.into_iter().next(),
        }
        let stage = self.desk.stage.take();
        result.passed = result.error.is_none();
        if let (Some(stage), Some(error)) = (&stage, &mut result.error) {
            let stories = stage
                .scenes
                .iter()
                .map(|scene| scene.story.lines().to_vec());
            result.calls = stories.collect();
            error.message = named(&error.message, &test.name);
        }
        drop(stage);
        result.milliseconds = milliseconds(began);
        result
    }

    fn body(&self, project: &Project, test: &Declared) -> Result<(), Fault> {
        let budget = &self.vm.budget;
        budget.begin(Duration::ZERO, true, false);
        let done = test.body.call::<()>(());
        let (pause, ..) = budget.end();
        let error = match (pause, done) {
            (Pause::Stopped(stopped), _) => mlua::Error::external(stopped),
            (_, Err(error)) => error,
            (_, Ok(())) => return Ok(()),
        };
        let origin = format!("from test \"{}\"", test.name);
        let mut fault = fault::fault(&error, &self.snapshot, project.generation, &origin);
        fault.message = fault.message.replace("limits.script_cpu", "a test's time");
        fault.report = fault.report.replace("limits.script_cpu", "a test's time");
        Err(fault)
    }
}

/// Puts the test's name behind the file and line.
fn named(message: &str, name: &str) -> String {
    let split = message.find(".lua:").and_then(|at| {
        let rest = &message[at..];
        let end = rest.find(": ")?;
        Some(at + end + 2)
    });
    match split {
        Some(at) => format!("{}'{name}': {}", &message[..at], &message[at..]),
        None => format!("'{name}': {message}"),
    }
}

fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e4).round() / 10.0
}

/// Each test begins on a Monday of an ordinary week.
const FIRST_DAY: &str = "2026-03-02 00:00";
/// A test that computes for longer has lost its way.
const MOST_CPU: Duration = Duration::from_secs(30);
