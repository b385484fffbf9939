//! The sources of the generations that were published, on disk: what can be gone back to, also after
//! a restart.
//!
//! One folder a tenant: `000042.json` names the files of generation 42 by their sums, `sources/` has
//! each text once under its sum, `gone_back.json` is there while saved files are held.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use call::TenantId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::snapshot::Snapshot;

/// A generation whose sources are kept.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Its number.
    pub generation: u64,
    /// When it was published first, microseconds since 1970, UTC.
    pub at: i64,
    /// The sum of each of its files, by path from the project's root.
    pub files: BTreeMap<String, String>,
    /// The plugins that there were.
    plugins: Vec<String>,
}

/// Somebody has gone back to an earlier generation, and saved files wait.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct GoneBack {
    /// The generation that runs.
    pub to: u64,
    /// The one that ran before.
    pub from: u64,
    /// When, microseconds since 1970, UTC.
    pub at: i64,
}

/// The kept generations of one tenant.
#[derive(Debug)]
pub(crate) struct History {
    folder: PathBuf,
}

impl Kept {
    /// The files that differ between this generation and another one.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let both = self.files.keys().chain(other.files.keys());
        let names: BTreeSet<&String> = both.collect();
        let differs = |name: &&String| self.files.get(*name) != other.files.get(*name);
        names.into_iter().filter(differs).cloned().collect()
    }

    /// Whether these are the very sources of a snapshot.
    pub(crate) fn is(&self, snapshot: &Snapshot) -> bool {
        let sums = snapshot.files().map(|(path, source)| (path, sum(source)));
        let own = self.files.iter();
        own.map(|(path, sum)| (path.as_str(), sum.clone())).eq(sums)
    }
}

impl History {
    /// That of a tenant, below the folder of all.
    pub(crate) fn new(all: &Path, tenant: &TenantId) -> Self {
        // A name may hold what leads elsewhere in a path.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name = tenant.to_string();
        let folder = match !name.is_empty() && name.chars().all(plain) {
            true => name,
            false => format!("={}", hex(name.as_bytes())),
        };
        Self {
            folder: all.join(folder),
        }
    }

    /// All that are kept, oldest first. What cannot be read is left out.
    pub(crate) fn all(&self) -> Vec<Kept> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let kept = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number: u64 = name.strip_suffix(".json")?.parse().ok()?;
            let kept: Kept = read(&entry.path())?;
            (kept.generation == number).then_some(kept)
        });
        let mut all: Vec<Kept> = kept.collect();
        all.sort_by_key(|kept| kept.generation);
        all
    }

    /// Keeps a generation, and forgets what is too old.
    ///
    /// # Errors
    /// When the disk does.
    pub(crate) fn keep(&self, generation: u64, at: i64, snapshot: &Snapshot) -> io::Result<()> {
        let sources = self.folder.join(SOURCES);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&sources)?;
        let mut files = BTreeMap::new();
        for (path, source) in snapshot.files() {
            let sum = sum(source);
            let file = sources.join(&sum);
            if !file.exists() {
                write(&file, source)?;
            }
            files.insert(path.to_owned(), sum);
        }
        let kept = Kept {
            generation,
            at,
            files,
            plugins: snapshot.plugins.clone(),
        };
        let file = self.folder.join(format!("{generation:06}.json"));
        write(&file, &serde_json::to_vec(&kept)?)?;
        self.forget_old()
    }

    /// The sources of a generation.
    ///
    /// # Errors
    /// The sentence that says which there are, or what has become of this one.
    pub(crate) fn load(&self, generation: u64) -> Result<Snapshot, String> {
        let all = self.all();
        let Some(kept) = all.iter().find(|kept| kept.generation == generation) else {
            let numbers = all.iter().map(|kept| kept.generation.to_string());
            let numbers: Vec<String> = numbers.collect();
            return Err(match numbers.as_slice() {
                [] => "no generation is kept".to_owned(),
                numbers => format!(
                    "generation {generation} is not kept: there are {}",
                    numbers.join(", ")
                ),
            });
        };
        let mut files = BTreeMap::new();
        for (path, wanted) in &kept.files {
            let file = self.folder.join(SOURCES).join(wanted);
            let damaged = || format!("{path} of generation {generation} is damaged on disk");
            let source = fs::read(&file).map_err(|error| format!("{}: {error}", damaged()))?;
            if sum(&source) != *wanted {
                return Err(damaged());
            }
            files.insert(path.clone(), source.into());
        }
        Ok(Snapshot::of(files, kept.plugins.clone()))
    }

    /// Whether somebody has gone back, and saved files wait.
    pub(crate) fn gone_back(&self) -> Option<GoneBack> {
        read(&self.folder.join(GONE_BACK))
    }

    /// Notes that somebody has gone back, or that this is over.
    ///
    /// # Errors
    /// When the disk does.
    pub(crate) fn note(&self, gone_back: Option<&GoneBack>) -> io::Result<()> {
        let file = self.folder.join(GONE_BACK);
        match gone_back {
            Some(gone_back) => write(&file, &serde_json::to_vec(gone_back)?),
            None => match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }

    fn forget_old(&self) -> io::Result<()> {
        let all = self.all();
        let wanted = wanted(&all, self.gone_back().map(|gone_back| gone_back.to));
        let (kept, old): (Vec<&Kept>, Vec<&Kept>) = all
            .iter()
            .partition(|kept| wanted.contains(&kept.generation));
        for one in old {
            fs::remove_file(self.folder.join(format!("{:06}.json", one.generation)))?;
        }
        let used: BTreeSet<&String> = kept.iter().flat_map(|kept| kept.files.values()).collect();
        for entry in fs::read_dir(self.folder.join(SOURCES))?.flatten() {
            if let Ok(name) = entry.file_name().into_string()
                && !used.contains(&name)
            {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Which of these are worth keeping: the newest, of each day before the last one, and the one that
/// somebody has gone back to.
fn wanted(all: &[Kept], gone_back_to: Option<u64>) -> BTreeSet<u64> {
    let mut wanted: BTreeSet<u64> = gone_back_to.into_iter().collect();
    let mut days = BTreeSet::new();
    for (age, kept) in all.iter().rev().enumerate() {
        let is_last_of_its_day = days.insert(kept.at.div_euclid(DAY)) && days.len() <= MOST_DAYS;
        if age < MOST_NEWEST || is_last_of_its_day {
            wanted.insert(kept.generation);
        }
    }
    wanted
}

/// Whole or not at all: a crash leaves the file before.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn sum(source: &[u8]) -> String {
    hex(&Sha256::digest(source))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const SOURCES: &str = "sources";
const GONE_BACK: &str = "gone_back.json";
/// Whoever works on a dialplan saves it dozens of times a day.
const MOST_NEWEST: usize = 30;
const MOST_DAYS: usize = 30;
/// Microseconds.
const DAY: i64 = 24 * 3_600 * 1_000_000;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> (Self, History) {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Relaxed);
            let name = format!("moonswitch-history-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            let history = History::new(&folder, &TenantId::from("8001"));
            (Self(folder), history)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn snapshot(files: &[(&str, &str)]) -> Snapshot {
        let files = files
            .iter()
            .map(|(path, source)| ((*path).to_owned(), source.as_bytes().into()));
        Snapshot::of(files.collect(), Vec::new())
    }

    fn numbers(history: &History) -> Vec<u64> {
        history.all().iter().map(|kept| kept.generation).collect()
    }

    #[test]
    fn a_generation_comes_back_as_it_was_and_what_changed_since_is_told() {
        let (_folder, history) = Folder::new();
        let first = snapshot(&[("scripts/a.lua", "1"), ("scripts/b.lua", "same")]);
        let second = snapshot(&[("scripts/a.lua", "2"), ("scripts/b.lua", "same")]);

        history.keep(1, 10, &first).unwrap();
        history.keep(2, 20, &second).unwrap();

        let all = history.all();
        assert_eq!((all[0].generation, all[0].at), (1, 10));
        assert!(all[0].is(&first) && !all[0].is(&second));
        assert_eq!(all[1].differences(&all[0]), ["scripts/a.lua"]);
        assert_eq!(history.load(1).unwrap().hash(), first.hash());
        let sources = fs::read_dir(history.folder.join(SOURCES)).unwrap().count();
        assert_eq!(sources, 3, "each text once");
        assert_eq!(
            history.load(7).unwrap_err(),
            "generation 7 is not kept: there are 1, 2"
        );
    }

    #[test]
    fn what_is_damaged_on_disk_is_not_run() {
        let (_folder, history) = Folder::new();
        history
            .keep(1, 10, &snapshot(&[("scripts/a.lua", "one")]))
            .unwrap();
        let source = fs::read_dir(history.folder.join(SOURCES)).unwrap().next();

        fs::write(source.unwrap().unwrap().path(), "two").unwrap();

        assert_eq!(
            history.load(1).unwrap_err(),
            "scripts/a.lua of generation 1 is damaged on disk"
        );
        fs::write(history.folder.join("000001.json"), "{").unwrap();
        assert_eq!(history.load(1).unwrap_err(), "no generation is kept");
    }

    #[test]
    fn so_many_are_kept_the_last_of_each_day_and_the_one_that_was_gone_back_to() {
        let (_folder, history) = Folder::new();
        let gone_back = GoneBack {
            to: 2,
            from: 9,
            at: 0,
        };
        history
            .keep(1, 0, &snapshot(&[("scripts/a.lua", "1")]))
            .unwrap();
        history.note(Some(&gone_back)).unwrap();
        for generation in 2..=50u64 {
            // Five on the first day, all others on the second.
            let at = if generation <= 5 { 0 } else { DAY };
            let text = generation.to_string();
            let sources = snapshot(&[("scripts/a.lua", &text)]);
            history.keep(generation, at, &sources).unwrap();
        }

        let expected: Vec<u64> = [2, 5].into_iter().chain(21..=50).collect();
        assert_eq!(numbers(&history), expected);
        let sources = fs::read_dir(history.folder.join(SOURCES)).unwrap().count();
        assert_eq!(sources, expected.len(), "unused texts go");
        assert_eq!(history.gone_back(), Some(gone_back));
        history.note(None).unwrap();
        history.note(None).unwrap();
        assert_eq!(history.gone_back(), None);
    }

    #[test]
    fn a_tenants_name_leads_nowhere_else() {
        let history = History::new(Path::new("/data"), &TenantId::from("../x"));

        assert_eq!(history.folder, Path::new("/data/=2e2e2f78"));
    }
}
