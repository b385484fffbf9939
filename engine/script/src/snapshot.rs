//! All of a tenant's sources at one moment. A generation sees these and nothing newer, also when
//! it requires a file late.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

/// All of a tenant's sources at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// By path from the project's root: `scripts/8001/init.lua`.
    files: BTreeMap<String, Arc<[u8]>>,
    /// The plugins that there are, whether the tenant uses them or not.
    pub(crate) plugins: Vec<String>,
    /// What could not be read, with the reason.
    pub(crate) unreadable: Vec<String>,
    hash: u64,
}

/// What belongs to a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a> {
    /// The dialplan's module: `scripts.8001`.
    pub(crate) dialplan: &'a str,
    /// Modules of the other tenants, whose mistakes are theirs.
    pub(crate) others: &'a [String],
    /// The plugins that the tenant uses.
    pub(crate) plugins: Vec<&'a str>,
}

impl Snapshot {
    /// Reads `scripts/` and `plugins/` below the project's root as far as they are the tenant's.
    pub(crate) fn take(root: &Path, scope: &Scope<'_>) -> Self {
        let mut snapshot = Self::default();
        let own = folder(scope.dialplan);
        let others: Vec<String> = scope
            .others
            .iter()
            .map(|module| folder(module))
            .filter(|other| *other != own)
            .collect();
        let wanted = |path: &str| {
            let inside = |folder: &str| {
                path.strip_prefix(folder)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".lua")
            };
            if inside(&own) {
                return true;
            }
            match path
                .strip_prefix("plugins/")
                .and_then(|rest| rest.split('/').next())
            {
                Some(plugin) => scope.plugins.contains(&plugin),
                None => !others.iter().any(|other| inside(other)),
            }
        };
        let mut left = LARGEST;
        for top in ["scripts", "plugins"] {
            snapshot.read_folder(root, top, 0, &wanted, &mut left);
        }
        // A dialplan may live outside of scripts/.
        if !own.starts_with("scripts/") && !own.starts_with("plugins/") {
            snapshot.read_folder(root, &own, 0, &wanted, &mut left);
            snapshot.read_file(root, &format!("{own}.lua"), &mut left);
        }
        snapshot.plugins = folders(&root.join("plugins"));
        snapshot.count_up();
        snapshot
    }

    /// One of these files, by path.
    pub(crate) fn of(files: BTreeMap<String, Arc<[u8]>>, plugins: Vec<String>) -> Self {
        let mut snapshot = Self {
            files,
            plugins,
            ..Self::default()
        };
        snapshot.count_up();
        snapshot
    }

    fn count_up(&mut self) {
        let mut hasher = DefaultHasher::new();
        self.files.hash(&mut hasher);
        self.unreadable.hash(&mut hasher);
        self.hash = hasher.finish();
    }

    /// Reads one plugin alone, without its tests.
    pub(crate) fn of_plugin(root: &Path, name: &str) -> Self {
        let mut snapshot = Self::default();
        let mut left = LARGEST;
        snapshot.read_folder(root, &format!("plugins/{name}"), 1, &|_| true, &mut left);
        snapshot.plugins = folders(&root.join("plugins"));
        snapshot
    }

    /// These sources and those of another snapshot.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.files.extend(other.files);
        self.unreadable.extend(other.unreadable);
        self.plugins = other.plugins;
        self
    }

    /// The same sources and some more.
    pub(crate) fn with(&self, more: &BTreeMap<String, Arc<[u8]>>) -> Self {
        let mut both = self.clone();
        let more = more
            .iter()
            .map(|(path, source)| (path.clone(), Arc::clone(source)));
        both.files.extend(more);
        both
    }

    /// Changes when any source does.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// All files, by path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, source)| (path.as_str(), &**source))
    }

    /// The files of Lua, by path.
    pub(crate) fn scripts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files().filter(|(path, _)| path.ends_with(".lua"))
    }

    /// One file.
    pub(crate) fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(|source| &**source)
    }

    /// The path of a module, as `require` finds it: `x/y.lua`, then `x/y/init.lua`.
    pub(crate) fn module(&self, module: &str) -> Option<String> {
        let base = folder(module);
        [format!("{base}.lua"), format!("{base}/init.lua")]
            .into_iter()
            .find(|path| self.files.contains_key(path))
    }

    /// The names of all modules, for suggestions.
    pub(crate) fn modules(&self) -> impl Iterator<Item = String> {
        self.files.keys().filter_map(|path| {
            let base = path.strip_suffix(".lua")?;
            Some(base.strip_suffix("/init").unwrap_or(base).replace('/', "."))
        })
    }

    fn read_folder(
        &mut self,
        root: &Path,
        folder: &str,
        depth: usize,
        wanted: &dyn Fn(&str) -> bool,
        left: &mut usize,
    ) {
        let entries = match fs::read_dir(root.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.unreadable.push(format!("{folder}: {error}")),
        };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = format!("{folder}/{name}");
            // A link could lead out of the project.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir()
                && depth < DEEPEST
                && !name.starts_with('.')
                && !SKIPPED.contains(&name.as_str())
            {
                self.read_folder(root, &path, depth + 1, wanted, left);
            } else if kind.is_file()
                && (name.ends_with(".lua") || is_migration(&path))
                && !name.starts_with('.')
                && wanted(&path)
            {
                self.read_file(root, &path, left);
            }
        }
    }

    fn read_file(&mut self, root: &Path, path: &str, left: &mut usize) {
        match fs::read(root.join(path)) {
            Ok(source) if source.len() <= *left => {
                *left -= source.len();
                // Editors of Windows put a byte order mark there.
                let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&source);
                self.files.insert(path.to_owned(), source.into());
            }
            Ok(_) => self
                .unreadable
                .push(format!("{path}: the sources are larger than 64 MB")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.unreadable.push(format!("{path}: {error}")),
        }
    }
}

/// `plugins/survey/migrations/0001_answers.sql`.
fn is_migration(path: &str) -> bool {
    let mut parts = path.split('/');
    let place = (parts.next(), parts.nth(1), parts.next(), parts.next());
    matches!(place, (Some("plugins"), Some("migrations"), Some(name), None) if name.ends_with(".sql"))
}

/// The names of the folders in a folder.
fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn folder(module: &str) -> String {
    module.replace('.', "/")
}

/// Folders that hold no code of the exchange.
const SKIPPED: &[&str] = &["tests", "web", "node_modules"];

/// Bytes of all sources.
const LARGEST: usize = 64 * 1024 * 1024;

const DEEPEST: usize = 16;
