//! The signature of an outgoing webhook: Standard Webhooks, symmetric (`v1`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What a webhook is signed with.
#[derive(Clone)]
pub(crate) struct Signer {
    id: String,
    keys: Vec<Vec<u8>>,
}

impl Signer {
    /// Takes the message's id, which is the same for every attempt, and the secrets: more than one
    /// while they are changed. A secret is `whsec_` and base64, or any other text as it is.
    ///
    /// # Errors
    /// A sentence that does not show the secret.
    pub(crate) fn new(id: String, secrets: &[String]) -> Result<Self, String> {
        if id.is_empty()
            || !id
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'.')
        {
            return Err("the id is text without spaces and dots".to_owned());
        }
        let keys: Result<Vec<Vec<u8>>, String> = secrets.iter().map(|it| key(it)).collect();
        let keys = keys?;
        match keys.is_empty() {
            true => Err("a secret is missing".to_owned()),
            false => Ok(Self { id, keys }),
        }
    }

    /// The headers of an attempt at `at`, seconds since 1970.
    pub(crate) fn headers(&self, at: i64, body: &[u8]) -> [(&'static str, String); 3] {
        let signed = format!("{}.{at}.", self.id);
        let signatures: Vec<String> = self
            .keys
            .iter()
            .filter_map(|key| {
                // HMAC takes keys of any length.
                let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
                mac.update(signed.as_bytes());
                mac.update(body);
                Some(format!(
                    "v1,{}",
                    STANDARD.encode(mac.finalize().into_bytes())
                ))
            })
            .collect();
        [
            ("webhook-id", self.id.clone()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ]
    }
}

fn key(secret: &str) -> Result<Vec<u8>, String> {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map_err(|_| "the secret is not base64 after whsec_".to_owned())?,
        None => secret.as_bytes().to_vec(),
    };
    match key.len() {
        0..SHORTEST_KEY => Err(format!("the secret is shorter than {SHORTEST_KEY} octets")),
        _ => Ok(key),
    }
}

/// Octets; the standard asks for 24, and some receivers give out fewer.
const SHORTEST_KEY: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_example_is_signed_as_it_says() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
        let signer = Signer::new("msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(), &[secret]).unwrap();

        let headers = signer.headers(1_614_265_330, br#"{"test": 2432232314}"#);

        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(headers[2], ("webhook-signature", expected.to_owned()));
        assert_eq!(headers[1].1, "1614265330");
    }

    #[test]
    fn two_secrets_give_two_signatures_while_they_are_changed() {
        let secrets = [
            "an old secret of ours".to_owned(),
            "a new secret of ours".to_owned(),
        ];
        let signer = Signer::new("m1".to_owned(), &secrets).unwrap();

        let signatures = &signer.headers(1, b"{}")[2].1;

        assert_eq!(signatures.split(' ').count(), 2);
        assert!(signatures.split(' ').all(|one| one.starts_with("v1,")));
    }

    #[test]
    fn what_cannot_sign_is_refused_without_being_shown() {
        let refused = |id: &str, secrets: &[&str]| {
            let secrets: Vec<String> = secrets.iter().map(|&it| it.to_owned()).collect();
            Signer::new(id.to_owned(), &secrets).err().unwrap()
        };

        assert_eq!(refused("m1", &[]), "a secret is missing");
        assert_eq!(
            refused("m1", &["whsec_!"]),
            "the secret is not base64 after whsec_"
        );
        assert_eq!(
            refused("m1", &["short"]),
            "the secret is shorter than 16 octets"
        );
        assert!(refused("a.b", &["a long enough secret"]).contains("without spaces and dots"));
    }
}
