//! Answering a challenge: RFC 3261 §22.2, RFC 8760 §2.

use std::fmt;

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::digest::{Algorithm, Counted, Ha1, Ingredients, to_hex};
use crate::header::{Challenge, Credentials, Name};
use crate::{Request, Response, Text};

/// Our name and password somewhere else, and the challenge that was answered last.
pub struct Account {
    user: String,
    password: String,
    realm: Realm,
    seed: [u8; 32],
    count: u64,
    session: Option<Session>,
}

/// Who may ask for the password.
#[derive(Clone, Debug)]
enum Realm {
    /// This one, as the admin wrote it.
    Configured(String),
    /// The far end's own domain, for want of a configured one.
    Domain(String),
}

/// A nonce in use.
struct Session {
    name: Name,
    realm: Text,
    nonce: Text,
    opaque: Option<Text>,
    algorithm: Algorithm,
    has_algorithm: bool,
    has_qop: bool,
    nc: u32,
    ha1: Ha1,
}

/// Why a challenge is not answered.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Refusal {
    /// The password has been tried: it is wrong.
    #[error("the far end does not accept the password of '{user}' in realm '{realm}'")]
    Rejected {
        /// Ours.
        user: String,
        /// Theirs.
        realm: String,
    },
    /// A stranger asks for the password.
    #[error(
        "the challenge is for realm '{asked}', but the password is for '{expected}'; set the trunk's realm if that is right"
    )]
    ForeignRealm {
        /// The realm that was asked for.
        asked: String,
        /// The realm that may ask.
        expected: String,
    },
    /// Nothing that we can answer: no Digest, or only unknown algorithms or kinds of qop.
    #[error("the far end asks for no kind of authentication that is known here")]
    Unsupported,
}

impl Account {
    /// Makes an account. Without `realm`, only `domain` itself, the far end's host, may ask.
    /// `seed` is random and makes the client's nonces.
    pub fn new(
        user: &str,
        password: &str,
        realm: Option<&str>,
        domain: &str,
        seed: [u8; 32],
    ) -> Self {
        let realm = match realm {
            Some(realm) => Realm::Configured(realm.to_owned()),
            None => Realm::Domain(domain.to_owned()),
        };
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            realm,
            seed,
            count: 0,
            session: None,
        }
    }

    /// Returns the header field to send `request` again with, in answer to a 401 or 407.
    ///
    /// The repeated request needs a new CSeq and branch. A request that had credentials already
    /// is answered once more only if the far end calls their nonce stale, and not for ever: give
    /// up after the second answer in a row.
    pub fn answer(
        &mut self,
        request: &Request,
        challenged: &Response,
    ) -> Result<(Name, String), Refusal> {
        let (asks, answers) = match challenged.status() {
            407 => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
            _ => (Name::WwwAuthenticate, Name::Authorization),
        };
        let challenges: Vec<Challenge> = challenged.challenges(asks).collect();
        let (offer, algorithm) = self.choose(&challenges)?;
        let realm = offer.param("realm").unwrap_or_default();
        let nonce = offer.param("nonce").ok_or(Refusal::Unsupported)?;
        let tried = request
            .credentials(answers)
            .find(|tried| tried.param("realm").is_some_and(|tried| tried == realm));
        if let Some(tried) = tried
            && !may_try_again(&tried, offer, &nonce)
        {
            self.session = None;
            return Err(Refusal::Rejected {
                user: self.user.clone(),
                realm: realm.to_string(),
            });
        }
        self.session = Some(Session {
            name: answers,
            ha1: Ha1::compute(&self.user, &realm.to_str(), &self.password),
            realm: realm.detach(),
            nonce: nonce.detach(),
            opaque: offer.param("opaque").map(|opaque| opaque.detach()),
            algorithm,
            has_algorithm: offer.param("algorithm").is_some(),
            has_qop: offer.param("qop").is_some(),
            nc: 0,
        });
        self.authorize(request).ok_or(Refusal::Unsupported)
    }

    /// Returns the header field for a further request under the challenge that was answered last;
    /// `None` if there was none, or if its nonce can be used only once.
    pub fn authorize(&mut self, request: &Request) -> Option<(Name, String)> {
        let cnonce = self.client_nonce();
        let session = self.session.as_mut()?;
        if session.nc > 0 && !session.has_qop {
            return None;
        }
        session.nc = session.nc.checked_add(1)?;
        let uri = request.uri_text();
        let nc = format!("{:08x}", session.nc);
        let counted = session.has_qop.then_some(Counted {
            nc: nc.as_bytes(),
            cnonce: cnonce.as_bytes(),
        });
        let response = Ingredients {
            algorithm: session.algorithm,
            nonce: session.nonce.as_bytes(),
            counted,
            method: request.method().as_bytes(),
            uri: uri.as_bytes(),
        }
        .response(&session.ha1);
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\"",
            quoted(&self.user),
            quoted(&session.realm.to_str()),
            quoted(&session.nonce.to_str()),
            quoted(&uri.to_str()),
            response.as_str(),
        );
        if session.has_algorithm {
            value += &format!(", algorithm={}", session.algorithm.as_str());
        }
        if let Some(opaque) = &session.opaque {
            value += &format!(", opaque={}", quoted(&opaque.to_str()));
        }
        if session.has_qop {
            value += &format!(", qop=auth, nc={nc}, cnonce=\"{cnonce}\"");
        }
        Some((session.name, value))
    }

    /// Picks the strongest challenge of those from the realm that may ask (RFC 8760 §2.4).
    fn choose<'a>(
        &self,
        challenges: &'a [Challenge],
    ) -> Result<(&'a Challenge, Algorithm), Refusal> {
        let realm_of = |challenge: &Challenge| challenge.param("realm").unwrap_or_default();
        let ours = || {
            let digests = challenges.iter().filter(|challenge| challenge.is_digest());
            digests.filter(|challenge| self.realm.may_ask(&realm_of(challenge)))
        };
        let Some(first) = challenges.first() else {
            return Err(Refusal::Unsupported);
        };
        if !challenges
            .iter()
            .any(|challenge| self.realm.may_ask(&realm_of(challenge)))
        {
            return Err(Refusal::ForeignRealm {
                asked: realm_of(first).to_string(),
                expected: self.realm.name().to_owned(),
            });
        }
        [Algorithm::Sha256, Algorithm::Md5]
            .into_iter()
            .find_map(|wanted| {
                let found = ours()
                    .find(|offer| algorithm_of(offer) == Some(wanted) && knows_auth(offer))?;
                Some((found, wanted))
            })
            .ok_or(Refusal::Unsupported)
    }

    fn client_nonce(&mut self) -> String {
        self.count += 1;
        let hash = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.count.to_be_bytes());
        to_hex(&hash.finalize())
            .as_str()
            .get(..32)
            .unwrap_or_default()
            .to_owned()
    }
}

impl Realm {
    fn name(&self) -> &str {
        match self {
            Self::Configured(name) | Self::Domain(name) => name,
        }
    }

    /// A configured realm is compared as it stands, a domain without regard to case.
    fn may_ask(&self, realm: &Text) -> bool {
        match self {
            Self::Configured(name) => *realm == *name.as_str(),
            Self::Domain(name) => realm.eq_ignore_case(name),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} in {})", self.user, self.realm.name())
    }
}

/// Only a nonce that the far end itself calls stale is worth another try, and only a new one.
fn may_try_again(tried: &Credentials, offer: &Challenge, nonce: &Text) -> bool {
    let is_stale = offer
        .param("stale")
        .is_some_and(|stale| stale.eq_ignore_case("true"));
    is_stale && tried.param("nonce").is_some_and(|tried| tried != *nonce)
}

fn algorithm_of(challenge: &Challenge) -> Option<Algorithm> {
    Algorithm::of(challenge.param("algorithm").as_ref().map(Text::as_bytes))
}

/// Without qop it is the old way of RFC 2069, which some carriers still want.
fn knows_auth(challenge: &Challenge) -> bool {
    challenge.param("qop").is_none_or(|qop| {
        let mut kinds = qop.as_bytes().split(|&octet| octet == b',');
        kinds.any(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"auth"))
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
