//! The files of a plugin: one folder for each plugin of each tenant, without folders in it. All of
//! this blocks.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

/// The folder of one plugin of a tenant; made with its first file.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    /// Two who write at one time would both believe that there is room.
    writing: Arc<Mutex<()>>,
}

/// A file, without what is in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct About {
    pub(crate) name: String,
    /// Octets.
    pub(crate) bytes: u64,
    /// Microseconds since 1970, UTC.
    pub(crate) changed_at: i64,
}

impl Files {
    /// Those in a folder. All that write into folders of plugins share `writing`.
    pub(super) fn new(folder: PathBuf, writing: Arc<Mutex<()>>) -> Self {
        Self { folder, writing }
    }

    /// What is in a file; nothing when it is not there.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, String> {
        let file = match plain_file(&self.folder.join(&name.0)) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut octets = Vec::new();
        // Whoever has put it there besides the plugin may have put more there.
        let read = file.take(LARGEST + 1).read_to_end(&mut octets);
        read.map_err(|error| error.to_string())?;
        match octets.len() as u64 > LARGEST {
            true => Err(format!("'{name}' has more than {} MB", LARGEST >> 20)),
            false => Ok(Some(octets)),
        }
    }

    /// Puts a file there, in place of one with this name: whoever reads has the one or the other,
    /// also after a power cut.
    ///
    /// # Errors
    /// When there is no room, or what the system says; the file is as it was then.
    pub(crate) fn write(&self, name: &Name, content: &[u8]) -> Result<(), String> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error: std::io::Error| error.to_string();
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder);
        made.map_err(failed)?;
        self.check_room(name, content.len() as u64)?;
        let unfinished = self.folder.join(UNFINISHED);
        let written = put(&unfinished, content)
            .and_then(|()| fs::rename(&unfinished, self.folder.join(&name.0)))
            .and_then(|()| File::open(&self.folder)?.sync_all());
        written.map_err(|error| {
            let _ = fs::remove_file(&unfinished);
            failed(error)
        })
    }

    /// Takes a file away; false when it was not there.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn delete(&self, name: &Name) -> Result<bool, String> {
        match fs::remove_file(self.folder.join(&name.0)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    /// All files, by name.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn list(&self) -> Result<Vec<About>, String> {
        let failed = |error: std::io::Error| error.to_string();
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().into_string().ok();
            let Some(name) = name.and_then(|name| Name::parse(&name).ok()) else {
                continue;
            };
            // What was deleted meanwhile is not there; a link is nobody's file.
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if !about.is_file() {
                continue;
            }
            let changed = about.modified().ok();
            let changed = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            let micros = changed.and_then(|since| i64::try_from(since.as_micros()).ok());
            found.push(About {
                name: name.0,
                bytes: about.len(),
                changed_at: micros.unwrap_or_default(),
            });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn check_room(&self, name: &Name, octets: u64) -> Result<(), String> {
        if octets > LARGEST {
            return Err(format!("a file has {} MB at most", LARGEST >> 20));
        }
        let others = self.list()?.into_iter().filter(|it| it.name != name.0);
        let (count, sum) = others.fold((0, 0), |(count, sum), it| (count + 1, sum + it.bytes));
        if count >= MOST_FILES {
            return Err(format!("there are {MOST_FILES} files already: delete some"));
        }
        match sum + octets > MOST_OCTETS {
            true => Err(format!(
                "all files together have {} MB at most: delete some",
                MOST_OCTETS >> 20
            )),
            false => Ok(()),
        }
    }
}

/// Opens a file for reading, unless it is a link, which could lead anywhere.
fn plain_file(path: &Path) -> Result<Option<File>, String> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_file() => File::open(path)
            .map(Some)
            .map_err(|error| error.to_string()),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn put(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// The name of a file, which leads nowhere else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Name(String);

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// A sentence that says how names are.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        let right = text.chars().next().is_some_and(char::is_alphanumeric)
            && text.chars().all(plain)
            && text.len() <= LONGEST_NAME;
        match right {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "'{text}' is no name of a file: letters, digits, ., - and _, beginning with a letter or digit, {LONGEST_NAME} octets at most"
            )),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is being written; no [`Name`], so that nobody sees it.
const UNFINISHED: &str = ".unfinished";

/// Octets of a file: a recording fits.
const LARGEST: u64 = 32 << 20;

/// Octets of all files of a plugin.
const MOST_OCTETS: u64 = 1 << 30;

const MOST_FILES: usize = 10_000;

const LONGEST_NAME: usize = 120;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("moonswitch-files-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }

        fn files(&self) -> Files {
            Files::new(self.0.join("8001/a"), Arc::default())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn a_file_is_there_until_it_is_deleted_and_only_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("owner");
        let files = folder.files();
        assert_eq!(
            (files.read(&name("a.txt")), files.list()),
            (Ok(None), Ok(vec![]))
        );

        files.write(&name("报告.csv"), b"1").unwrap();
        files.write(&name("a.txt"), b"one").unwrap();
        files.write(&name("a.txt"), b"\xff\0").unwrap();

        assert_eq!(files.read(&name("a.txt")), Ok(Some(b"\xff\0".to_vec())));
        let listed = files.list().unwrap();
        let listed: Vec<_> = listed.iter().map(|it| (&*it.name, it.bytes)).collect();
        assert_eq!(listed, [("a.txt", 2), ("报告.csv", 1)]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&files.folder), 0o700);
        assert_eq!(mode(&files.folder.join("a.txt")), 0o600);
        assert_eq!(files.delete(&name("a.txt")), Ok(true));
        assert_eq!(files.delete(&name("a.txt")), Ok(false));
        assert_eq!(files.read(&name("a.txt")), Ok(None));
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for text in [
            "",
            ".",
            "..",
            "../records.db",
            "a/b",
            "/etc/passwd",
            "a\\b",
            ".unfinished",
            "a\0b",
            "-rf",
            "a b",
            "a\n",
        ] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
        assert!(Name::parse(&"a".repeat(LONGEST_NAME)).is_ok());
        assert!(Name::parse(&"a".repeat(LONGEST_NAME + 1)).is_err());
    }

    #[test]
    fn a_link_that_somebody_has_put_there_is_followed_by_nobody() {
        let folder = Folder::new("link");
        let files = folder.files();
        files.write(&name("mine"), b"1").unwrap();
        let secret = folder.0.join("secret");
        fs::write(&secret, "s").unwrap();
        symlink(&secret, files.folder.join("link")).unwrap();

        assert_eq!(files.read(&name("link")), Ok(None));
        assert_eq!(files.list().unwrap().len(), 1);
        // Written over, the link is gone, and what it has led to is as it was.
        files.write(&name("link"), b"2").unwrap();
        assert_eq!(fs::read(&secret).unwrap(), b"s");
        assert_eq!(files.read(&name("link")), Ok(Some(b"2".to_vec())));
    }

    #[test]
    fn what_is_too_much_is_refused_and_the_file_stays_as_it_was() {
        let folder = Folder::new("room");
        let files = folder.files();
        files.write(&name("a"), b"before").unwrap();
        let large = vec![0; (LARGEST + 1) as usize];
        let refused = files.write(&name("a"), &large).unwrap_err();
        assert_eq!(refused, "a file has 32 MB at most");
        // Files with nothing in them take no room here, and are as long as they say.
        for number in 0..33 {
            let hole = File::create(files.folder.join(format!("hole{number}"))).unwrap();
            hole.set_len(LARGEST - 1_000_000).unwrap();
        }

        let refused = files.write(&name("a"), b"after").unwrap_err();

        assert_eq!(
            refused,
            "all files together have 1024 MB at most: delete some"
        );
        assert_eq!(files.read(&name("a")), Ok(Some(b"before".to_vec())));
        assert!(!files.folder.join(UNFINISHED).exists());
    }

    #[test]
    fn a_disk_that_takes_nothing_leaves_the_file_as_it_was() {
        let folder = Folder::new("disk");
        let files = folder.files();
        files.write(&name("a"), b"before").unwrap();
        // Nothing can be written where a folder stands in the way, whoever one is.
        fs::create_dir(files.folder.join(UNFINISHED)).unwrap();

        assert!(files.write(&name("a"), b"after").is_err());

        assert_eq!(files.read(&name("a")), Ok(Some(b"before".to_vec())));
    }
}
