//! Prompts and music: names to files to clips, decoded once and kept while there is room.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use call::{TenantId, Tone};
use media::{Clip, tone};

/// The sounds of the exchange. Shared: scripts ask whether a name exists, loaders decode.
#[derive(Debug)]
pub(crate) struct Library {
    root: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    clips: HashMap<(PathBuf, u32), Entry>,
    tones: HashMap<(Tone, u32), Arc<Clip>>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    clip: Arc<Clip>,
    bytes: usize,
    used: u64,
    modified: Option<SystemTime>,
}

impl Library {
    /// `root` is the folder `sounds/`.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root,
            kept: Mutex::default(),
        }
    }

    /// The file of a sound: the tenant's own, then the language's, then another language's, then
    /// music.
    ///
    /// # Errors
    /// The sentence for the script when there is none.
    pub(crate) fn find(&self, tenant: &str, language: &str, name: &str) -> Result<PathBuf, String> {
        if name.is_empty()
            || name
                .split('/')
                .any(|part| part.is_empty() || part.starts_with('.'))
        {
            return Err(format!(
                "'{name}' is not a sound's name: write it without language and extension, like 'menu/main'"
            ));
        }
        let mut folders = vec![
            self.root.join(tenant).join(language),
            self.root.join(language),
        ];
        folders.extend(
            LANGUAGES
                .iter()
                .filter(|other| **other != language)
                .map(|other| self.root.join(other)),
        );
        // Music and whatever else has no language; not what another tenant has there.
        let (first, _) = name.split_once('/').unwrap_or((name, ""));
        if !LANGUAGES
            .iter()
            .any(|language| self.root.join(first).join(language).is_dir())
        {
            folders.push(self.root.clone());
        }
        if let Some(path) = folders.iter().find_map(|folder| file(folder, name)) {
            return Ok(path);
        }
        let names = self.names(language);
        let hint = script::suggest::did_you_mean(name, names.iter().map(String::as_str));
        Err(format!("sound '{name}' not found{hint}"))
    }

    /// Where a tenant's own one of this name belongs; `name` was found. `None` in a language that has no prompts.
    pub(crate) fn own(&self, tenant: &str, language: &str, name: &str) -> Option<PathBuf> {
        let is_known = LANGUAGES.contains(&language);
        let folder = self.root.join(tenant).join(language);
        is_known.then(|| folder.join(format!("{name}.wav")))
    }

    /// The file of a piece of numbers, dates and times, in the language that these are read in: a
    /// call that is not in Chinese hears them in English, and no mixture.
    pub(crate) fn spoken(&self, tenant: &str, language: &str, piece: &str) -> Option<PathBuf> {
        let read = if language.starts_with("zh") {
            "zh"
        } else {
            "en"
        };
        [language, read].iter().find_map(|language| {
            let own = self.root.join(tenant).join(language);
            file(&own, piece).or_else(|| file(&self.root.join(language), piece))
        })
    }

    /// A clip that is in memory already, and whose file has not been changed since.
    fn kept(&self, path: &Path, rate: u32) -> Option<Arc<Clip>> {
        let modified = modified(path);
        let mut kept = self.lock();
        kept.uses += 1;
        let uses = kept.uses;
        let entry = kept.clips.get_mut(&(path.to_owned(), rate))?;
        if entry.modified != modified {
            return None;
        }
        entry.used = uses;
        Some(entry.clip.clone())
    }

    /// Reads, decodes and keeps a file. Blocks: for loader threads. `keep` is false for what is
    /// heard once, such as messages.
    pub(crate) fn load(&self, path: &Path, rate: u32, keep: bool) -> Result<Arc<Clip>, String> {
        if let Some(clip) = self.kept(path, rate) {
            return Ok(clip);
        }
        let say = |why: &dyn std::fmt::Display| format!("cannot play {}: {why}", path.display());
        let modified = modified(path);
        fs::metadata(path)
            .map_err(|error| say(&error))
            .and_then(|file| Clip::check_file(&file).map_err(|error| say(&error)))?;
        let octets = fs::read(path).map_err(|error| say(&error))?;
        let extension = path
            .extension()
            .and_then(|kind| kind.to_str())
            .unwrap_or("wav");
        let clip = Clip::decode(octets, extension, rate).map_err(|error| say(&error))?;
        let clip = Arc::new(clip);
        if keep {
            self.lock().insert(path, rate, &clip, modified);
        }
        Ok(clip)
    }

    /// A built-in tone; needs no file.
    pub(crate) fn tone(&self, tone: Tone, rate: u32) -> Arc<Clip> {
        self.lock()
            .tones
            .entry((tone, rate))
            .or_insert_with(|| Arc::new(compose(tone, rate)))
            .clone()
    }

    /// Music by its name, within `music/` or anywhere; the default where there is none of this name.
    ///
    /// # Errors
    /// When there is no default either.
    pub(crate) fn music(
        &self,
        tenant: &str,
        language: &str,
        name: Option<&str>,
    ) -> Result<PathBuf, String> {
        if let Some(name) = name {
            let found = self
                .find(tenant, language, &format!("music/{name}"))
                .or_else(|_| self.find(tenant, language, name));
            match found {
                Ok(path) => return Ok(path),
                Err(why) => tracing::warn!(why, "the default music stands in"),
            }
        }
        self.find(tenant, language, "music/default")
    }

    fn names(&self, language: &str) -> Vec<String> {
        let mut names = Vec::new();
        for folder in [self.root.join(language), self.root.clone()] {
            collect(&folder, &folder, &mut names);
        }
        names.retain(|name| {
            !LANGUAGES
                .iter()
                .any(|language| name.starts_with(&format!("{language}/")))
        });
        names.sort();
        names.dedup();
        names
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A panic while inserting leaves a clip more or less, nothing worse.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl script::Sounds for Library {
    fn check(&self, tenant: &TenantId, name: &str, language: &str) -> Result<(), String> {
        self.find(&tenant.0, language, name).map(drop)
    }

    fn is_in(&self, tenant: &TenantId, name: &str, language: &str) -> bool {
        let Ok(found) = self.find(&tenant.0, language, name) else {
            return false;
        };
        let others = LANGUAGES.iter().filter(|other| **other != language);
        !others
            .map(|other| self.root.join(other))
            .any(|folder| found.starts_with(folder))
    }
}

impl Kept {
    fn insert(&mut self, path: &Path, rate: u32, clip: &Arc<Clip>, modified: Option<SystemTime>) {
        let bytes = clip.samples.len() * if clip.g711.is_some() { 4 } else { 2 };
        self.uses += 1;
        let entry = Entry {
            clip: clip.clone(),
            bytes,
            used: self.uses,
            modified,
        };
        self.bytes += bytes;
        if let Some(old) = self.clips.insert((path.to_owned(), rate), entry) {
            self.bytes -= old.bytes;
        }
        while self.bytes > KEPT && self.clips.len() > 1 {
            let Some(oldest) = self
                .clips
                .iter()
                .min_by_key(|(_, entry)| entry.used)
                .map(|(key, _)| key.clone())
            else {
                return;
            };
            if let Some(gone) = self.clips.remove(&oldest) {
                self.bytes -= gone.bytes;
            }
        }
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// The file of this name, whatever its kind.
fn file(folder: &Path, name: &str) -> Option<PathBuf> {
    EXTENSIONS
        .iter()
        .map(|extension| folder.join(format!("{name}.{extension}")))
        .find(|path| path.is_file())
}

fn compose(tone: Tone, rate: u32) -> Clip {
    match tone {
        Tone::Ringback => tone::ringback(rate),
        Tone::Busy => tone::busy(rate),
        Tone::Congestion => tone::congestion(rate),
        Tone::Beep => tone::beep(rate),
        Tone::Apology => tone::apology(rate),
        Tone::Confirm => tone::confirm(rate),
    }
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(root, &path, names);
            continue;
        }
        let known = path
            .extension()
            .and_then(|kind| kind.to_str())
            .is_some_and(|kind| EXTENSIONS.contains(&kind));
        if let Some(name) = path
            .with_extension("")
            .strip_prefix(root)
            .ok()
            .and_then(|name| name.to_str())
            .filter(|_| known)
        {
            names.push(name.to_owned());
        }
    }
}

/// In the order in which they stand in for each other.
const LANGUAGES: [&str; 2] = ["zh", "en"];
const EXTENSIONS: [&str; 5] = ["wav", "flac", "mp3", "ogg", "oga"];
/// Decoded sound that is kept: some 35 minutes at 8 kHz with both G.711 forms.
const KEPT: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_is_missing_in_a_language_is_played_in_another() {
        let library = desk("another", &["zh/menu/main.wav", "en/greet/welcome.wav"]);

        assert!(
            library
                .find("8001", "zh", "menu/main")
                .unwrap()
                .ends_with("zh/menu/main.wav")
        );
        assert!(
            library
                .find("8001", "en", "menu/main")
                .unwrap()
                .ends_with("zh/menu/main.wav")
        );
        assert!(library.find("8001", "zh", "greet/welcome").is_ok());
    }

    #[test]
    fn a_tenants_own_prompt_comes_first() {
        let library = desk("own", &["zh/menu/main.wav", "8001/zh/menu/main.wav"]);

        let found = library.find("8001", "zh", "menu/main").unwrap();

        assert!(found.ends_with("8001/zh/menu/main.wav"));
    }

    #[test]
    fn a_piece_of_numbers_is_taken_from_no_other_language() {
        let library = desk(
            "spoken",
            &[
                "zh/digits/0.wav",
                "en/digits/0.wav",
                "en/digits/24.wav",
                "8001/en/digits/24.flac",
            ],
        );
        let spoken = |tenant, language, piece| {
            let path = library.spoken(tenant, language, piece)?;
            let name = path.strip_prefix(&library.root).unwrap().to_str().unwrap();
            Some(name.to_owned())
        };
        let found = |name: &str| Some(name.to_owned());

        assert_eq!(spoken("8001", "zh", "digits/24"), None);
        assert_eq!(
            spoken("8001", "zh-CN", "digits/0"),
            found("zh/digits/0.wav")
        );
        assert_eq!(spoken("8002", "de", "digits/0"), found("en/digits/0.wav"));
        assert_eq!(spoken("8002", "en", "digits/24"), found("en/digits/24.wav"));
        let own = "8001/en/digits/24.flac";
        assert_eq!(spoken("8001", "en", "digits/24"), found(own));
    }

    #[test]
    fn a_prompt_that_one_tenant_has_is_known_to_its_scripts_alone() {
        let library = desk("alone", &["8001/zh/menu/own.wav"]);
        let known = |tenant: &str| {
            let tenant = TenantId::from(tenant);
            script::Sounds::check(&library, &tenant, "menu/own", "zh").is_ok()
        };

        assert!(known("8001"));
        assert!(!known("8002"));
    }

    #[test]
    fn another_tenants_prompt_is_found_by_no_name() {
        let library = desk("foreign", &["8002/zh/menu/own.wav", "music/default.wav"]);

        assert!(library.find("8001", "zh", "8002/zh/menu/own").is_err());
        assert!(library.find("8001", "zh", "music/default").is_ok());
    }

    #[test]
    fn music_that_is_not_there_gives_way_to_the_default() {
        let library = desk("music", &["music/default.wav", "music/piano.wav"]);
        let found = |name| library.music("8001", "zh", name).unwrap();

        assert!(found(Some("piano")).ends_with("music/piano.wav"));
        assert!(found(Some("gone")).ends_with("music/default.wav"));
        assert!(found(None).ends_with("music/default.wav"));
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest_right_one() {
        let library = desk("near", &["zh/menu/main.wav"]);

        assert_eq!(
            library.find("8001", "zh", "menu/mian").unwrap_err(),
            "sound 'menu/mian' not found (did you mean 'menu/main'?)"
        );
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let library = desk("out", &["zh/menu/main.wav"]);

        for name in ["../zh/menu/main", "/etc/passwd", "menu/../menu/main", ""] {
            assert!(library.find("8001", "zh", name).is_err(), "{name}");
        }
    }

    fn desk(name: &str, files: &[&str]) -> Library {
        let root =
            std::env::temp_dir().join(format!("moonswitch-sounds-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        Library::new(root)
    }
}
