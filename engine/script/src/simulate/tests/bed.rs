//! Projects for the tests of tests: the shipped one, and small ones in folders of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use call::TenantId;

use crate::simulate::{Offline, Tested};
use crate::{Sounds, config, suggest};

/// Sounds in folders of languages.
struct Folder(PathBuf);

impl Sounds for Folder {
    fn check(&self, _: &TenantId, name: &str, language: &str) -> Result<(), String> {
        let there = |folder: &Path| folder.join(format!("{name}.wav")).is_file();
        let folders = [language, "zh", "en", "."];
        if folders.iter().any(|folder| there(&self.0.join(folder))) {
            return Ok(());
        }
        let hint = suggest::did_you_mean(name, ["menu/main", "greet/welcome"]);
        Err(format!("sound '{name}' not found{hint}"))
    }
}

/// The repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The shipped dialplan, with these settings changed.
pub(super) fn shipped() -> Offline {
    let config = config::load(&root().join("config.lua"), Path::new("/nonexistent")).unwrap();
    offline(root(), config.tenants, config.limits)
}

fn offline(
    root: PathBuf,
    tenants: BTreeMap<String, config::Tenant>,
    limits: config::Limits,
) -> Offline {
    Offline {
        tenants: tenants
            .into_iter()
            .map(|(name, tenant)| (TenantId::from(name.as_str()), tenant))
            .collect(),
        recorded: Vec::new(),
        limits,
        sounds: sounds(),
        root,
    }
}

/// The repository's own sounds.
pub(super) fn sounds() -> Arc<dyn Sounds> {
    Arc::new(Folder(root().join("sounds")))
}

/// A project in a folder that goes with the test.
pub(super) struct Small(pub(super) PathBuf);

impl Small {
    /// One with the shipped configuration and these files.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("moonswitch-small-{}-{number}", std::process::id());
        let small = Self(std::env::temp_dir().join(name));
        for (path, text) in files {
            small.write(path, text);
        }
        small
    }

    /// One whose number 100 has this handler, and whose tests are these.
    pub(super) fn tried(handler: &str, tests: &str) -> Self {
        let plan = format!(
            "context \"inbound\" {{ [\"100\"] = function(call)\n{handler}\nend }}\ncontext \"internal\" {{}}\n"
        );
        let tests = format!("local MONDAY = \"mon 10:00\"\n{tests}");
        Self::of(&[
            ("scripts/8001/init.lua", &plan),
            ("tests/dialplan/one_test.lua", &tests),
        ])
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn offline(&self) -> Offline {
        let config = config::load(&root().join("config.lua"), Path::new("/nonexistent")).unwrap();
        let mut tenants = config.tenants;
        // The shipped ones are not here.
        for tenant in tenants.values_mut() {
            tenant.plugins.clear();
        }
        offline(self.0.clone(), tenants, config.limits)
    }

    pub(super) fn test(&self) -> Tested {
        self.offline().test(None)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a test of this handler fails with, in one line.
pub(super) fn failure(handler: &str, body: &str) -> String {
    let first = match body.contains("dial(MONDAY)") {
        true => "",
        false => "local caller = dial(MONDAY)",
    };
    let test = format!("test(\"it\", function() {first}\n{body}\nend)");
    let small = Small::tried(handler, &test);
    let tested = small.test();
    assert!(tested.errors.is_empty(), "{tested:?}");
    let error = tested.tests[0].error.clone();
    error.map(|error| error.message).unwrap_or_default()
}

/// A test of this handler holds.
pub(super) fn holds(handler: &str, body: &str) {
    let message = failure(handler, body);
    assert!(message.is_empty(), "{message}");
}
