//! Which test files there are, and whose they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use call::TenantId;

/// Files of tests, by path from the project's root.
pub(super) type Files = BTreeMap<String, Arc<[u8]>>;

/// Reads a tenant's files: those in the folder of its number, and, where it is the only tenant,
/// those that are in no tenant's folder.
pub(super) fn read(root: &Path, tenant: &TenantId, is_only: bool) -> Files {
    if is_only {
        return all(root);
    }
    inside(root, &format!("{FOLDER}/{tenant}"))
}

/// All files of dialplans' tests, whosever.
pub(super) fn all(root: &Path) -> Files {
    inside(root, FOLDER)
}

/// What tries a plugin.
pub(super) fn of_plugin(root: &Path, name: &str) -> Files {
    inside(root, &format!("plugins/{name}/tests"))
}

/// The plugins that have tests.
pub(super) fn tried_plugins(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join("plugins")).into_iter().flatten();
    let names = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let tried = of_plugin(root, &name).keys().any(|path| is_test(path));
        tried.then_some(name)
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Test files that are nobody's: outside of a tenant's folder, where there are several tenants.
pub(super) fn of_nobody(root: &Path, tenants: &[TenantId]) -> Vec<String> {
    if tenants.len() < 2 {
        return Vec::new();
    }
    let own = |path: &str| {
        let rest = path
            .strip_prefix(FOLDER)
            .and_then(|rest| rest.strip_prefix('/'));
        let folder = rest
            .and_then(|rest| rest.split_once('/'))
            .map(|(folder, _)| folder);
        folder.is_some_and(|folder| tenants.iter().any(|tenant| *tenant.0 == *folder))
    };
    let nobodys = all(root)
        .into_keys()
        .filter(|path| is_test(path) && !own(path));
    nobodys.collect()
}

/// Whether a file has tests; others are there to be required.
pub(super) fn is_test(path: &str) -> bool {
    path.ends_with("_test.lua")
}

fn inside(root: &Path, folder: &str) -> Files {
    let mut files = Files::new();
    read_folder(root, folder, &mut files, 0);
    files
}

fn read_folder(root: &Path, folder: &str, files: &mut Files, depth: usize) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // A link could lead out of the project.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let path = format!("{folder}/{name}");
        if kind.is_dir() && depth < DEEPEST && !name.starts_with('.') {
            read_folder(root, &path, files, depth + 1);
        } else if kind.is_file()
            && name.ends_with(".lua")
            && !name.starts_with('.')
            && let Ok(source) = fs::read(entry.path())
        {
            files.insert(path, source.into());
        }
    }
}

/// Where tests of dialplans are.
pub(super) const FOLDER: &str = "tests/dialplan";
const DEEPEST: usize = 8;
