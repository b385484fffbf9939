//! Passwords of people at their desks: Argon2id, on threads that may take their time.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::problem::Problem;

/// Hashes passwords, so many at once and no more: each takes a core for a while, and strangers can ask for it.
#[derive(Debug)]
pub(super) struct Hasher(Semaphore);

impl Default for Hasher {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Hasher {
    /// What is kept of a password (a PHC string).
    pub(super) async fn hash(&self, password: String) -> Result<String, Problem> {
        let hashed = self.slowly(move || hash(&password)).await?;
        hashed.ok_or_else(Problem::broken)
    }

    /// Whether a password is right: as `kept`, or else as `first` in `config.lua`. It takes as long when
    /// there is none to compare it with.
    pub(super) async fn is_right(
        &self,
        password: String,
        kept: Option<String>,
        first: Option<String>,
    ) -> Result<bool, Problem> {
        self.slowly(move || {
            let hash = kept.as_deref().unwrap_or(NOBODYS);
            let parsed = PasswordHash::new(hash).ok();
            let fits = parsed.is_some_and(|parsed| {
                argon2()
                    .verify_password(password.as_bytes(), &parsed)
                    .is_ok()
            });
            let is_first = first.is_some_and(|first| {
                let same: bool = first.as_bytes().ct_eq(password.as_bytes()).into();
                same && kept.is_none()
            });
            (kept.is_some() && fits) || is_first
        })
        .await
    }

    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let seat = self.0.acquire().await.map_err(|_| Problem::broken())?;
        let done = tokio::task::spawn_blocking(work).await;
        drop(seat);
        done.map_err(|_| Problem::broken())
    }
}

/// What is kept of a password (a PHC string). It takes a core for a while.
pub fn hash(password: &str) -> Option<String> {
    let salt: [u8; 16] = rand::random();
    let salt = SaltString::encode_b64(&salt).ok()?;
    let hash = argon2().hash_password(password.as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

/// Why a new password is none, if so (ASVS 5.0, 6.2: length and no common ones, no rules of composition).
pub fn weakness(password: &str, extension: &str) -> Option<&'static str> {
    let letters = password.chars().count();
    if letters < SHORTEST {
        return Some("it has fewer than 8 letters");
    }
    if letters > LONGEST {
        return Some("it has more than 128 letters");
    }
    let plain = password.to_lowercase();
    if plain.contains(extension) && letters < SHORTEST + extension.len() {
        return Some("it is hardly more than the extension");
    }
    let one = plain.chars().next();
    if plain.chars().all(|letter| Some(letter) == one) || COMMON.contains(&&*plain) {
        return Some("it is among the first that strangers try");
    }
    None
}

/// OWASP's parameters for Argon2id: 19 MiB, two passes.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// Of no password: what is compared with where nothing is kept.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCE$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// Passwords that are hashed at once.
const AT_ONCE: usize = 2;
/// Letters of a password at least.
const SHORTEST: usize = 8;
const LONGEST: usize = 128;
/// What attackers begin with, of those that are long enough.
const COMMON: &[&str] = &[
    "12345678",
    "123456789",
    "1234567890",
    "87654321",
    "11223344",
    "password",
    "password1",
    "passw0rd",
    "qwertyui",
    "qwerty123",
    "1q2w3e4r",
    "1qaz2wsx",
    "abc12345",
    "abcd1234",
    "asdfghjk",
    "iloveyou",
    "admin123",
    "a1234567",
    "aa123456",
    "woaini1314",
    "5201314520",
    "letmein1",
    "welcome1",
    "changeme",
    "zaq12wsx",
    "12341234",
    "00000000",
    "88888888",
    "66666666",
    "147258369",
    "qazwsxedc",
    "moonswitch",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_the_first_one_only_until_there_is_another() {
        let hasher = Hasher::default();
        let kept = hasher.hash("correct horse".into()).await.unwrap();
        let right = async |typed: &str, kept: Option<&str>, first: Option<&str>| {
            let (kept, first) = (kept.map(str::to_owned), first.map(str::to_owned));
            hasher
                .is_right(typed.to_owned(), kept, first)
                .await
                .unwrap()
        };

        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert!(right("correct horse", Some(&kept), None).await);
        assert!(!right("correct hors", Some(&kept), None).await);
        assert!(right("demo-1049", None, Some("demo-1049")).await);
        assert!(!right("demo-1049", Some(&kept), Some("demo-1049")).await);
        assert!(!right("", None, None).await);
    }

    #[test]
    fn the_hash_that_nobody_has_can_be_compared_with() {
        assert!(PasswordHash::new(NOBODYS).is_ok());
    }

    #[test]
    fn a_password_is_long_and_none_that_strangers_try_first() {
        for wrong in [
            "short",
            "88888888",
            "Password",
            "demo1049",
            &"x".repeat(129),
            "aaaaaaaaaaaa",
        ] {
            assert!(weakness(wrong, "1049").is_some(), "{wrong}");
        }
        for good in ["correct horse", "温平的密码有八个字", "demo-1049-and-more"] {
            assert_eq!(weakness(good, "1049"), None, "{good}");
        }
    }
}
