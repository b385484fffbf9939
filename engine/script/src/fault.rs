//! A Lua error as people need it: the script's file and line, the sentence, the lines around.

use std::fmt::Write as _;

use mlua::Error;

use crate::budget::Stopped;
use crate::lines::line;
use crate::snapshot::Snapshot;
use crate::{Fault, Place};

/// An error as one line, `scripts/8001/reception.lua:19: sound 'menu/mian' not found`.
pub(crate) fn sentence(error: &Error) -> String {
    Reading::of(error).sentence()
}

/// Puts a script's line in front of an error of ours, for there may be no frame that tells it.
pub(crate) fn at(place: &Place, error: Error) -> Error {
    match error {
        Error::RuntimeError(text) if place.line > 0 && split_place(&text).0.is_none() => {
            Error::runtime(format!("{}:{}: {text}", place.file, place.line))
        }
        other => other,
    }
}

/// An error with everything that can be shown. `origin` says how the script came to run.
pub(crate) fn fault(error: &Error, snapshot: &Snapshot, generation: u64, origin: &str) -> Fault {
    let mut reading = Reading::of(error);
    reading.lengthen(snapshot);
    let place = reading.place.clone().map(|(file, line)| Place {
        file: file.into(),
        line,
        generation,
    });
    let message = line(&reading.sentence());
    let mut report = message.clone();
    if let Some((file, line)) = &reading.place {
        report.push_str(&excerpt(snapshot, file, *line));
    }
    let last = reading.frames.len().saturating_sub(1);
    for (number, frame) in reading.frames.iter().enumerate() {
        let origin = if number == last && !origin.is_empty() {
            format!(", {origin}")
        } else {
            String::new()
        };
        let _ = write!(
            report,
            "\n    in {} ({}:{}){origin}",
            frame.name, frame.file, frame.line
        );
    }
    if reading.frames.is_empty() && !origin.is_empty() {
        let _ = write!(report, "\n    {origin}");
    }
    Fault {
        message,
        place,
        report,
    }
}

/// A fault that has no Lua error behind it.
pub(crate) fn plain(message: String, place: Option<Place>, snapshot: &Snapshot) -> Fault {
    let place = place.filter(|place| place.line > 0);
    let message = match &place {
        Some(place) => format!("{}:{}: {message}", place.file, place.line),
        None => message,
    };
    let lines = place
        .as_ref()
        .map(|place| excerpt(snapshot, &place.file, place.line))
        .unwrap_or_default();
    Fault {
        report: format!("{message}{lines}"),
        message,
        place,
    }
}

/// What is left of mlua's error when its own frames are gone.
#[derive(Debug, Default)]
struct Reading {
    message: String,
    place: Option<(String, u32)>,
    frames: Vec<Frame>,
}

#[derive(Debug)]
struct Frame {
    file: String,
    line: u32,
    name: String,
}

impl Reading {
    fn of(error: &Error) -> Self {
        let mut frames = Vec::new();
        let mut inner = error;
        // Each border between Rust and Lua wraps once more; the innermost stack is the whole one.
        loop {
            match inner {
                Error::CallbackError { traceback, cause } => {
                    let found = frames_of(traceback);
                    if !found.is_empty() {
                        frames = found;
                    }
                    inner = cause;
                }
                Error::WithContext { cause, .. } | Error::BadArgument { cause, .. }
                    if matches!(**cause, Error::CallbackError { .. }) =>
                {
                    inner = cause;
                }
                _ => break,
            }
        }
        let (text, place) = match inner {
            Error::RuntimeError(text) => (text.clone(), None),
            Error::SyntaxError { message, .. } => (message.clone(), None),
            Error::MemoryError(_) => (
                "out of memory: the tenant's scripts use more than limits.script_memory".to_owned(),
                None,
            ),
            Error::ExternalError(external) => match external.downcast_ref::<Stopped>() {
                Some(stopped @ Stopped::OverBudget { place, .. }) if place.line > 0 => (
                    stopped.to_string(),
                    Some((place.file.to_string(), place.line)),
                ),
                _ => (external.to_string(), None),
            },
            other => (other.to_string(), None),
        };
        let (text, stack) = match text.split_once("\nstack traceback:") {
            Some((text, stack)) => (text.to_owned(), frames_of(stack)),
            None => (text, Vec::new()),
        };
        if frames.is_empty() {
            frames = stack;
        }
        let (written, message) = split_place(&text);
        let place = place
            .or(written)
            .or_else(|| frames.first().map(|frame| (frame.file.clone(), frame.line)));
        Self {
            message,
            place,
            frames,
        }
    }

    fn sentence(&self) -> String {
        match &self.place {
            Some((file, line)) => format!("{file}:{line}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// Lua shortens long paths to `...their/end.lua`; the snapshot knows the whole.
    fn lengthen(&mut self, snapshot: &Snapshot) {
        let whole = |file: &mut String| {
            if let Some(end) = file.strip_prefix("...")
                && let Some((path, _)) = snapshot.files().find(|(path, _)| path.ends_with(end))
            {
                path.clone_into(file);
            }
        };
        if let Some((file, _)) = &mut self.place {
            whole(file);
        }
        for frame in &mut self.frames {
            whole(&mut frame.file);
        }
    }
}

/// Splits `scripts/a.lua:3: text`; a text without a script's line in front stays as it is.
fn split_place(text: &str) -> (Option<(String, u32)>, String) {
    let found = text.match_indices(".lua:").find_map(|(at, _)| {
        let (file, rest) = text.split_at_checked(at + 4)?;
        let (line, message) = rest.strip_prefix(':')?.split_once(": ")?;
        let line = line.parse().ok()?;
        (!file.contains(['\n', ' '])).then(|| (file.to_owned(), line, message.to_owned()))
    });
    match found {
        Some((file, line, message)) => (Some((file, line)), message),
        None => (None, text.to_owned()),
    }
}

/// The script's own frames of a traceback, innermost first.
fn frames_of(traceback: &str) -> Vec<Frame> {
    traceback
        .lines()
        .filter_map(|line| {
            let (place, name) = line.trim().split_once(": in ")?;
            let (file, number) = place.rsplit_once(':')?;
            if !file.ends_with(".lua") {
                return None;
            }
            Some(Frame {
                file: file.to_owned(),
                line: number.parse().ok()?,
                name: frame_name(name),
            })
        })
        .collect()
}

/// `function 'reception'` → `reception`; a function without a name says where it begins.
fn frame_name(name: &str) -> String {
    match name.split('\'').nth(1) {
        Some(quoted) => quoted.to_owned(),
        None => name
            .trim_end_matches(">")
            .replace("function <", "the function at "),
    }
}

fn excerpt(snapshot: &Snapshot, file: &str, line: u32) -> String {
    let Some(source) = snapshot.file(file) else {
        return String::new();
    };
    let source = String::from_utf8_lossy(source);
    let mut out = String::new();
    for (number, text) in (1u32..).zip(source.lines()) {
        if number + 1 < line || number > line + 1 {
            continue;
        }
        let mark = if number == line { '>' } else { ' ' };
        let text: String = text.chars().take(LONGEST_LINE).collect();
        let _ = write!(out, "\n    {mark} {number:>3} | {text}");
    }
    out
}

const LONGEST_LINE: usize = 120;
