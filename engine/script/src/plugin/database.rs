//! The tables of plugins: one database for each plugin of each tenant, made by the plugin's migrations;
//! its files are in a folder beside it.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use call::TenantId;
use store::{Database, Migration};

use super::files::Files;
use crate::snapshot::Snapshot;

/// The databases that are open, whatever generation uses them.
#[derive(Default)]
pub(crate) struct Databases {
    /// Where they are; nowhere when scripts are only checked.
    folder: Option<PathBuf>,
    open: Mutex<BTreeMap<(TenantId, String), Open>>,
    writing_files: Arc<Mutex<()>>,
}

struct Open {
    database: Arc<Database>,
    migrations: Vec<Migration>,
}

impl Databases {
    /// Those in a folder, which is made when there is a first one.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            ..Self::default()
        }
    }

    /// The database of a plugin, once its migrations were done.
    pub(crate) fn of(&self, tenant: &TenantId, plugin: &str) -> Option<Arc<Database>> {
        let open = self.open();
        let found = open.get(&(tenant.clone(), plugin.to_owned()));
        found.map(|open| Arc::clone(&open.database))
    }

    /// The files of a plugin; `None` when there is no place for any.
    pub(crate) fn files(&self, tenant: &TenantId, plugin: &str) -> Option<Files> {
        let folder = self.folder.as_ref()?;
        let folder = folder.join(file_name(&tenant.to_string()));
        let folder = folder.join(file_name(plugin));
        Some(Files::new(folder, Arc::clone(&self.writing_files)))
    }

    /// Does what is new of a plugin's migrations. Blocks.
    ///
    /// # Errors
    /// A sentence that says what is wrong; nothing has changed then.
    pub(crate) fn migrate(
        &self,
        tenant: &TenantId,
        plugin: &str,
        migrations: &[Migration],
    ) -> Result<(), String> {
        let key = (tenant.clone(), plugin.to_owned());
        if self
            .open()
            .get(&key)
            .is_some_and(|it| it.migrations == migrations)
        {
            return Ok(());
        }
        let Some(folder) = &self.folder else {
            return Err("there is no place for the tables of plugins here".to_owned());
        };
        let folder = folder.join(file_name(&tenant.to_string()));
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder);
        made.map_err(|error| format!("{}: {error}", folder.display()))?;
        let path = folder.join(format!("{}.db", file_name(plugin)));
        // A second connection to the same file, while generations before go on with the first.
        let database = Database::open(&path, migrations)
            .map_err(|error| format!("the tables of plugin '{plugin}': {error}"))?;
        let migrations = migrations.to_vec();
        self.open().insert(
            key,
            Open {
                database,
                migrations,
            },
        );
        Ok(())
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<(TenantId, String), Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name that leads nowhere else in a path.
fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_owned(),
        false => {
            let hex: String = name.bytes().map(|octet| format!("{octet:02x}")).collect();
            format!("={hex}")
        }
    }
}

/// The migrations of a plugin: `plugins/survey/migrations/0001_answers.sql` and those after it.
///
/// # Errors
/// All that is wrong with their names, or what SQLite says of their text.
pub(crate) fn migrations(snapshot: &Snapshot, plugin: &str) -> Result<Vec<Migration>, Vec<String>> {
    let folder = format!("plugins/{plugin}/migrations/");
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for (path, text) in snapshot.files() {
        let Some(name) = path.strip_prefix(&folder) else {
            continue;
        };
        let number = name.split('_').next().filter(|it| it.len() == 4);
        let number = number.and_then(|it| it.parse::<u32>().ok());
        let (Some(number), Ok(sql)) = (number, std::str::from_utf8(text)) else {
            wrong.push(format!(
                "{path}: a migration is called 0001_words.sql, and is text in UTF-8"
            ));
            continue;
        };
        found.push(Migration {
            number,
            file: path.to_owned(),
            sql: sql.to_owned(),
        });
    }
    for (migration, number) in found.iter().zip(1..) {
        if migration.number != number {
            wrong.push(format!(
                "{}: the next migration has the number {number:04}",
                migration.file
            ));
            break;
        }
    }
    if wrong.is_empty()
        && let Err(error) = Database::try_migrations(&found)
    {
        wrong.push(error.to_string());
    }
    match wrong.is_empty() {
        true => Ok(found),
        false => Err(wrong),
    }
}
