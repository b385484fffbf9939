//! Runs `config.lua` in a VM of its own that can do nothing but compute data.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use mlua::{HookTriggers, Lua, LuaOptions, StdLib, Value as LuaValue};

use crate::convert::to_large_json;
use crate::sandbox::bound_library;
use crate::suggest::did_you_mean;

use super::lines::Lines;
use super::{Config, Tenant, build, form, meaning};

/// Something that keeps a configuration from being used.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// From 1; `None` where no line is to blame.
    pub line: Option<u32>,
    /// What to change.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// Reads, runs and checks `config.lua`. `secret "name"` is read from `secrets_dir/name`, or from
/// the environment's `MOONSWITCH_SECRET_NAME`.
///
/// # Errors
/// Everything that is wrong with it, not only the first.
pub fn load(path: &Path, secrets_dir: &Path) -> Result<Config, Vec<Problem>> {
    let file = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    let source = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot be read from {}: {error}", path.display());
        vec![Problem {
            file: file.clone(),
            line: None,
            message,
        }]
    })?;
    check(&file, &source, secrets_dir)
}

pub(super) fn check(file: &str, source: &str, secrets_dir: &Path) -> Result<Config, Vec<Problem>> {
    let problems = Problems {
        file: file.to_owned(),
        found: Rc::default(),
    };
    // Editors of Windows put it there.
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    match run(&problems, source, secrets_dir) {
        Some(value) => judge(&problems, &Lines::of(source), value, &[]),
        None => Err(problems.all()),
    }
}

/// Reads the settings of one tenant from a file of their own, written as below `tenants` in
/// `config.lua`; `fill` puts in what is left out. Secrets are what the environment says.
///
/// # Errors
/// Everything that is wrong with them.
pub(crate) fn tenant(
    file: &str,
    source: &str,
    number: &str,
    fill: impl FnOnce(&mut serde_json::Value),
) -> Result<Tenant, Vec<Problem>> {
    let problems = Problems {
        file: file.to_owned(),
        found: Rc::default(),
    };
    let Some(mut value) = run(&problems, source, Path::new("/nonexistent")) else {
        return Err(problems.all());
    };
    fill(&mut value);
    let whole = serde_json::json!({ "tenants": { number: value } });
    let config = judge(&problems, &Lines::of(source), whole, &["tenants", number])?;
    let tenant = config.tenants.into_values().next();
    tenant.ok_or_else(|| problems.all())
}

/// Makes a configuration of what a file has returned. The file is what stands at the path `around`
/// of it.
fn judge(
    problems: &Problems,
    lines: &Lines,
    mut value: serde_json::Value,
    around: &[&str],
) -> Result<Config, Vec<Problem>> {
    form::write_out(&mut value);
    for twice in lines.written_twice() {
        let (path, first) = (twice.path.join("."), twice.first);
        let message = format!(
            "{path} is written twice, first in line {first}: this one would replace it; remove one"
        );
        problems.add(Some(twice.line), message);
    }
    let complain = |complaints: Vec<crate::schema::Complaint>| {
        for complaint in complaints {
            // It has been told where it was asked for.
            if is_missing(&value, &complaint.path) {
                continue;
            }
            let begins = complaint.path.iter().zip(around).all(|(a, b)| a == b);
            let inside = match begins {
                true => complaint.path.get(around.len()..).unwrap_or_default(),
                false => &complaint.path,
            };
            let message = match inside.join(".").as_str() {
                "" => complaint.message,
                path => format!("{path}: {}", complaint.message),
            };
            problems.add(lines.line(inside), message);
        }
    };
    let config = match form::schema().check(&value) {
        Ok(checked) => {
            let config = build::config(&checked);
            complain(meaning::complaints(&config));
            Some(config)
        }
        Err(complaints) => {
            complain(complaints);
            None
        }
    };
    match config {
        Some(config) if problems.found.borrow().is_empty() => Ok(config),
        _ => Err(problems.all()),
    }
}

/// Runs the source; `None` when that has failed, and the problem is noted.
fn run(problems: &Problems, source: &str, secrets_dir: &Path) -> Option<serde_json::Value> {
    let evaluate = || {
        let lua = sandbox(problems, secrets_dir)?;
        let chunk = lua.load(source).set_name(format!("@{}", problems.file));
        let value: LuaValue = chunk.set_mode(mlua::chunk::ChunkMode::Text).eval()?;
        if !value.is_table() {
            let message = "config.lua must end with return { ... }";
            return Err(mlua::Error::runtime(message));
        }
        to_large_json(&lua, &value).map_err(mlua::Error::runtime)
    };
    match evaluate() {
        Ok(value) => Some(value),
        Err(error) => {
            problems.add_error(&error);
            None
        }
    }
}

fn sandbox(problems: &Problems, secrets_dir: &Path) -> mlua::Result<Lua> {
    let libraries = StdLib::STRING | StdLib::TABLE | StdLib::MATH;
    let lua = Lua::new_with(libraries, LuaOptions::default())?;
    lua.set_memory_limit(MEMORY)?;
    let triggers = HookTriggers::new().every_nth_instruction(INSTRUCTIONS);
    let file = problems.file.clone();
    lua.set_hook(triggers, move |_, frame| {
        let line = frame.current_line().unwrap_or(0);
        let message = format!("{file}:{line}: computes for too long: config.lua is data");
        Err(mlua::Error::runtime(message))
    })?;

    let (file, asked) = (problems.file.clone(), Cell::new(0));
    bound_library(&lua, move |lua| {
        asked.set(asked.get() + 1);
        if asked.get() < MOST_ASKED {
            return Ok(());
        }
        let line = script_line(lua).unwrap_or(0);
        let message = format!("{file}:{line}: computes for too long: config.lua is data");
        Err(mlua::Error::runtime(message))
    })?;

    let globals = lua.globals();
    let known = [
        "ipairs", "math", "next", "pairs", "string", "table", "tonumber", "tostring", "type",
    ];
    for pair in globals.pairs::<String, LuaValue>() {
        let (name, _) = pair?;
        if !known.contains(&name.as_str()) {
            globals.raw_set(name, LuaValue::Nil)?;
        }
    }

    let noted = problems.clone();
    let env = move |lua: &Lua, (name, default): (String, Option<String>)| {
        let value = std::env::var(&name).ok().or(default);
        Ok(value.unwrap_or_else(|| {
            noted.add(here(lua), format!("the environment has no '{name}': set it, or write env(\"{name}\", \"a default\")"));
            MISSING.to_owned()
        }))
    };
    globals.raw_set("env", lua.create_function(env)?)?;

    let (noted, directory) = (problems.clone(), secrets_dir.to_owned());
    let secret = move |lua: &Lua, name: String| {
        Ok(read_secret(&directory, &name).unwrap_or_else(|message| {
            noted.add(here(lua), message);
            MISSING.to_owned()
        }))
    };
    globals.raw_set("secret", lua.create_function(secret)?)?;

    let unknown = |_: &Lua, (_, name): (LuaValue, String)| -> mlua::Result<()> {
        let hint = did_you_mean(&name, ["env", "secret"]);
        Err(mlua::Error::runtime(format!(
            "unknown name '{name}'{hint}: config.lua is data; perhaps quotes are missing around it"
        )))
    };
    let closed = lua.create_table()?;
    closed.raw_set("__index", lua.create_function(unknown)?)?;
    let set = |_: &Lua, (_, name): (LuaValue, String)| -> mlua::Result<()> {
        Err(mlua::Error::runtime(format!(
            "'{name}' would be global: write local {name}"
        )))
    };
    closed.raw_set("__newindex", lua.create_function(set)?)?;
    globals.set_metatable(Some(closed))?;
    Ok(lua)
}

/// Stands where a secret is missing, so that it is not complained of twice; nobody writes it.
const MISSING: &str = "\0missing";

/// Whether a setting, or the list that it is in, is one that is missing.
fn is_missing(value: &serde_json::Value, path: &[String]) -> bool {
    let mut value = value;
    for part in path {
        let inside = match part.parse::<usize>() {
            Ok(number) if value.is_array() => value.get(number.saturating_sub(1)),
            _ => value.get(part),
        };
        match inside {
            Some(inside) => value = inside,
            None => break,
        }
    }
    value == MISSING
}

/// Enough for a hundred thousand users, and nothing for a loop that never ends.
const INSTRUCTIONS: u32 = 20_000_000;

/// So often may functions of the library ask whether to go on; each is ten thousand steps.
const MOST_ASKED: u32 = 2_000;
const MEMORY: usize = 256 << 20;

/// The innermost line of the file itself: below it may be functions of the library.
fn script_line(lua: &Lua) -> Option<u32> {
    (0..8).find_map(|level| {
        lua.inspect_stack(level, |frame| {
            let line = frame.current_line()?;
            let is_ours = frame.source().source.is_some_and(|name| name == "=sandbox");
            (!is_ours).then(|| u32::try_from(line).ok())?
        })
        .flatten()
    })
}

fn here(lua: &Lua) -> Option<u32> {
    lua.inspect_stack(1, |frame| frame.current_line())
        .flatten()
        .and_then(|line| u32::try_from(line).ok())
}

fn read_secret(directory: &Path, name: &str) -> Result<String, String> {
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_));
    let path = PathBuf::from(name);
    if name.is_empty() || !path.components().all(inside) {
        return Err(format!(
            "'{name}' is no name of a secret: expected one such as \"carrier/password\""
        ));
    }
    let file = directory.join(path);
    if let Ok(text) = std::fs::read_to_string(&file) {
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    let variable = format!(
        "MOONSWITCH_SECRET_{}",
        name.chars().map(plain).collect::<String>()
    );
    std::env::var(&variable).map_err(|_| {
        format!(
            "no secret '{name}': write it into {} or set {variable}",
            file.display()
        )
    })
}

/// Collects problems, also from within Lua.
#[derive(Clone)]
struct Problems {
    file: String,
    found: Rc<RefCell<Vec<Problem>>>,
}

impl Problems {
    fn add(&self, line: Option<u32>, message: impl Into<String>) {
        let problem = Problem {
            file: self.file.clone(),
            line,
            message: message.into(),
        };
        self.found.borrow_mut().push(problem);
    }

    /// Notes a Lua error, whose message begins with `config.lua:19: `.
    fn add_error(&self, error: &mlua::Error) {
        let text = innermost(error);
        let placed = text.strip_prefix(&self.file).and_then(|rest| {
            let (line, message) = rest.strip_prefix(':')?.split_once(':')?;
            Some((line.parse().ok()?, message.trim()))
        });
        match placed {
            Some((line, message)) => self.add(Some(line), message),
            None => self.add(traceback_line(error, &self.file), text),
        }
    }

    /// What was found, in the order of the lines.
    fn all(&self) -> Vec<Problem> {
        let mut all = self.found.borrow().clone();
        all.sort_by_key(|problem| problem.line);
        all
    }
}

/// The sentence without Lua's traceback around it.
fn innermost(error: &mlua::Error) -> String {
    match error {
        mlua::Error::SyntaxError { message, .. } | mlua::Error::RuntimeError(message) => {
            message.lines().next().unwrap_or_default().to_owned()
        }
        mlua::Error::CallbackError { cause, .. } => innermost(cause),
        other => other
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// The line of the file's innermost frame.
fn traceback_line(error: &mlua::Error, file: &str) -> Option<u32> {
    let mlua::Error::CallbackError { traceback, .. } = error else {
        return None;
    };
    traceback.lines().find_map(|frame| {
        let rest = frame.trim().strip_prefix(file)?.strip_prefix(':')?;
        rest.split(':').next()?.parse().ok()
    })
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
