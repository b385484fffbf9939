//! What must not be read from a stolen disk or a log: HA1s and PINs, and the key that seals them.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};

use crate::Error;

/// A text that is encrypted at rest and never printed.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; for comparing, not for showing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Reads the key from `secret.key` in the data folder, or makes one (readable by its owner only) on
/// the first start.
///
/// Without this file the sealed records cannot be read again: it belongs into the backup, apart
/// from the database.
///
/// # Errors
/// [`Error::Key`] with a sentence when the file cannot be read or made, or is damaged.
pub fn load_or_create_key(folder: &Path) -> Result<[u8; 32], Error> {
    let path = folder.join("secret.key");
    let complaint = |what: &str, error: std::io::Error| {
        Error::Key(format!("{} cannot be {what}: {error}", path.display()))
    };

    match fs::read_to_string(&path) {
        Ok(text) => {
            let mode = fs::metadata(&path)
                .map_err(|e| complaint("read", e))?
                .permissions()
                .mode();
            if mode & 0o077 != 0 {
                tracing::warn!(path = %path.display(), "others can read the key; chmod 600 it");
            }
            from_hex(text.trim()).ok_or_else(|| {
                Error::Key(format!(
                    "{} is damaged: it should hold 64 hex digits; restore it from the backup",
                    path.display()
                ))
            })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key: [u8; 32] = rand::random();
            create_key(folder, &path, &key).map_err(|e| complaint("made", e))?;
            Ok(key)
        }
        Err(error) => Err(complaint("read", error)),
    }
}

/// Seals and opens texts with AES-256-GCM. Each is bound to its place in the database, so that a
/// sealed text that is copied to another row does not open there.
pub(crate) struct Seal(Aes256Gcm);

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// A random nonce, then the ciphertext with its tag.
    pub(crate) fn close(&self, place: &str, secret: &Secret) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: secret.0.as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = self
            .0
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| Error::Key("a secret is too long to be sealed".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Secret, Error> {
        let cannot = || {
            Error::Key(format!(
                "a sealed record ({}) does not open with this secret.key; \
                 restore the key that belongs to this database",
                place.replace('\0', " ")
            ))
        };
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE).ok_or_else(cannot)?;
        let payload = Payload {
            msg: ciphertext,
            aad: place.as_bytes(),
        };
        let text = self
            .0
            .decrypt(Nonce::from_slice(nonce), payload)
            .map_err(|_| cannot())?;
        String::from_utf8(text).map(Secret).map_err(|_| cannot())
    }
}

/// Bytes of an AES-GCM nonce (NIST SP 800-38D §8.2).
const NONCE: usize = 12;

/// Written beside and then linked, so that a crash never leaves half a key and two starts at once
/// agree on one.
fn create_key(folder: &Path, path: &Path, key: &[u8; 32]) -> std::io::Result<()> {
    let beside = folder.join(format!("secret.key.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    file.write_all(hex.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    linked?;
    File::open(folder)?.sync_all()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 32];
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_only_at_its_own_place_and_with_its_own_key() {
        let seal = Seal::new(&[7; 32]);
        let secret = Secret::new("5f4dcc3b5aa765d61d8327deb882cf99");

        let sealed = seal.close("8001/1049/md5", &secret).unwrap();

        assert_eq!(seal.open("8001/1049/md5", &sealed).unwrap(), secret);
        assert!(seal.open("8001/1050/md5", &sealed).is_err());
        assert!(Seal::new(&[8; 32]).open("8001/1049/md5", &sealed).is_err());
        assert!(seal.open("8001/1049/md5", &sealed[..5]).is_err());
        assert!(!sealed.windows(5).any(|w| w == b"5f4dc"));
    }

    #[test]
    fn sealing_twice_gives_two_different_texts() {
        let seal = Seal::new(&[7; 32]);
        let secret = Secret::new("1234");

        assert_ne!(
            seal.close("a", &secret).unwrap(),
            seal.close("a", &secret).unwrap()
        );
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new("1234")), "Secret(…)");
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_can_read_it() {
        let folder = crate::sqlite::scratch("key");

        let first = load_or_create_key(&folder).unwrap();
        let second = load_or_create_key(&folder).unwrap();

        assert_eq!(first, second);
        let mode = fs::metadata(folder.join("secret.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_key_is_refused_with_a_sentence() {
        let folder = crate::sqlite::scratch("damaged-key");
        fs::write(folder.join("secret.key"), "12").unwrap();

        let error = load_or_create_key(&folder).unwrap_err();

        assert!(error.to_string().contains("64 hex digits"), "{error}");
    }
}
