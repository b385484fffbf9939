//! Asking for credentials and judging them: RFC 3261 §22.4, RFC 8760 §2.

use std::net::IpAddr;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::digest::{Algorithm, Counted, Ha1, Ingredients, to_hex};
use super::nonce::Nonces;
use crate::header::{Credentials, Name};
use crate::{Request, ResponseBuilder, Text, Uri};

/// Challenges strangers and judges what they answer.
///
/// Whether a user exists makes no difference to what is answered, nor to how long it takes: an
/// unknown user's credentials go the same way with a password that nobody has. Nothing is kept of
/// those who fail; counting them is [`Bans`](crate::Bans)' work.
#[derive(Debug)]
pub struct Authenticator {
    nonces: Nonces,
    opaque_key: [u8; 32],
    nobody: Ha1,
}

/// Credentials that came with a request, before anybody has judged them.
#[derive(Clone, Debug)]
pub struct Claim {
    user: Text,
    credentials: Credentials,
}

/// What the credentials are worth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The sender knows the password.
    Accepted,
    /// The sender knows the password, but the nonce is too old or was used before: ask again.
    Stale,
    /// The sender does not know the password, or made the nonce up, or answered another question.
    Wrong,
}

impl Claim {
    /// Finds the Digest credentials for this realm among a request's Authorization and
    /// Proxy-Authorization; `None` if the sender is yet to be asked.
    pub fn of(request: &Request, realm: &str) -> Option<Self> {
        [Name::Authorization, Name::ProxyAuthorization]
            .into_iter()
            .flat_map(|name| request.credentials(name))
            .filter(Credentials::is_digest)
            .filter(|credentials| credentials.param("realm").is_some_and(|own| own == realm))
            .find_map(|credentials| {
                let user = credentials.param("username")?;
                Some(Self { user, credentials })
            })
    }

    /// Returns the user that the sender claims to be.
    pub fn user(&self) -> &Text {
        &self.user
    }
}

impl Authenticator {
    /// Begins with no memory; `seed` is secret and random, and makes every nonce unforgeable.
    pub fn new(now: Instant, seed: [u8; 32]) -> Self {
        let derive = |purpose: &[u8]| -> [u8; 32] {
            Sha256::new()
                .chain_update(seed)
                .chain_update(purpose)
                .finalize()
                .into()
        };
        let nobody = to_hex(&derive(b"nobody's password"));
        Self {
            nonces: Nonces::new(now, derive(b"nonces")),
            opaque_key: derive(b"opaque"),
            nobody: Ha1::compute("", "", nobody.as_str()),
        }
    }

    /// Adds the challenges to a 401 or 407: SHA-256 first, MD5 beside it.
    pub fn challenge(
        &mut self,
        now: Instant,
        mut reply: ResponseBuilder,
        realm: &str,
        source: IpAddr,
        is_stale: bool,
    ) -> ResponseBuilder {
        let name = match reply.status() {
            407 => Name::ProxyAuthenticate,
            _ => Name::WwwAuthenticate,
        };
        let opaque = self.opaque(realm);
        let stale = if is_stale { ", stale=true" } else { "" };
        for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
            let nonce = self.nonces.issue(now, source, realm);
            let algorithm = algorithm.as_str();
            let realm = quoted(realm);
            reply = reply.header(
                name,
                format_args!(
                    "Digest realm={realm}, nonce=\"{nonce}\", opaque=\"{opaque}\", \
                     algorithm={algorithm}, qop=\"auth\"{stale}"
                ),
            );
        }
        reply
    }

    /// Judges credentials. `ha1` is `None` for a user that does not exist.
    pub fn verify(
        &mut self,
        now: Instant,
        request: &Request,
        claim: &Claim,
        source: IpAddr,
        ha1: Option<&Ha1>,
    ) -> Verdict {
        let is_known = ha1.is_some();
        let ha1 = ha1.unwrap_or(&self.nobody);
        let proof = Proof::of(request, claim);
        let nonce = claim.param("nonce");
        let is_right = proof
            .as_ref()
            .is_some_and(|proof| proof.is_right(request, nonce.as_bytes(), ha1));
        let realm = claim.param("realm");
        let stamp = self
            .nonces
            .recognise(nonce.as_bytes(), source, realm.as_bytes());
        match (stamp, proof) {
            // Made before a restart, or for another address of a phone that moved; or somebody
            // writes another's address on its datagrams. Right or wrong, it may try again, and
            // nothing is counted against that address.
            (None, _) => Verdict::Stale,
            (Some(stamp), Some(proof)) if is_right && is_known => {
                match self.nonces.spend(now, stamp, proof.count) {
                    true => Verdict::Accepted,
                    false => Verdict::Stale,
                }
            }
            _ => Verdict::Wrong,
        }
    }

    fn opaque(&self, realm: &str) -> String {
        let hash = Sha256::new()
            .chain_update(self.opaque_key)
            .chain_update(realm)
            .finalize();
        to_hex(&hash)
            .as_str()
            .get(..16)
            .unwrap_or_default()
            .to_owned()
    }
}

impl Claim {
    fn param(&self, name: &str) -> Text {
        self.credentials.param(name).unwrap_or_default()
    }
}

/// The parts of credentials that can be checked without knowing anybody.
struct Proof {
    algorithm: Algorithm,
    nc: Text,
    count: u32,
    cnonce: Text,
    uri: Text,
    response: Text,
}

impl Proof {
    /// Reads them; `None` if one is missing, qop among them, or if they are for another request.
    fn of(request: &Request, claim: &Claim) -> Option<Self> {
        let algorithm = claim.credentials.param("algorithm");
        let algorithm = Algorithm::of(algorithm.as_ref().map(Text::as_bytes))?;
        if !claim.credentials.param("qop")?.eq_ignore_case("auth") {
            return None;
        }
        let nc = claim.credentials.param("nc")?;
        let hex = str::from_utf8(nc.as_bytes()).ok()?;
        let is_count = hex.len() == 8 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        let count = u32::from_str_radix(hex, 16).ok().filter(|_| is_count)?;
        let uri = claim.credentials.param("uri")?;
        is_for(request, &uri).then_some(())?;
        Some(Self {
            algorithm,
            count,
            nc,
            cnonce: claim.credentials.param("cnonce")?,
            uri,
            response: claim.credentials.param("response")?,
        })
    }

    fn is_right(&self, request: &Request, nonce: &[u8], ha1: &Ha1) -> bool {
        let ingredients = Ingredients {
            algorithm: self.algorithm,
            nonce,
            counted: Some(Counted {
                nc: self.nc.as_bytes(),
                cnonce: self.cnonce.as_bytes(),
            }),
            method: request.method().as_bytes(),
            uri: self.uri.as_bytes(),
        };
        ingredients.response(ha1).is_same(self.response.as_bytes())
    }
}

/// Tells whether credentials for `uri` are for this request. Parameters may differ: phones add and
/// drop them between the two (RFC 7616 §3.4.6 asks for equivalence only).
fn is_for(request: &Request, uri: &Text) -> bool {
    if request.uri_text() == *uri {
        return true;
    }
    let (Ok(asked), Ok(signed)) = (request.uri(), Uri::parse(uri.clone())) else {
        return false;
    };
    asked.user_unescaped() == signed.user_unescaped() && asked.host() == signed.host()
}

/// Quotes a realm, which comes from our own configuration.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests;
