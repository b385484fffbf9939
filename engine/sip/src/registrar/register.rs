//! What a REGISTER does to the bindings: RFC 3261 §10.3.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::header::Name;
use crate::registrar::binding::spread;
use crate::registrar::{Binding, Gone, Registrar, RegistrarPolicy};
use crate::transport::Source;
use crate::{Error, NameAddr, Request, Response, ResponseBuilder, Scheme, Text, Uri};

/// The answer to a REGISTER.
#[derive(Clone, Debug)]
pub struct Registration {
    /// To be finished with a To tag and sent: 200 with all bindings, or a refusal.
    pub reply: ResponseBuilder,
    /// Whether it succeeded; if so, and not only asked, outputs follow for the record.
    pub is_success: bool,
}

impl Registrar {
    /// Takes a REGISTER that has been authenticated for `account`.
    ///
    /// All of its contacts are taken, or none. Without contacts it only asks.
    pub fn handle_register(
        &mut self,
        now: Instant,
        account: &str,
        request: &Request,
        source: &Source,
    ) -> Registration {
        let known = self.accounts.get_key_value(account);
        let account = known.map_or_else(|| Arc::from(account), |(account, _)| account.clone());
        let outcome = Wish::of(request, &self.policy)
            .and_then(|wish| self.apply(now, &account, request, source, wish));
        match outcome {
            Ok(()) => Registration {
                reply: self.accepted(now, &account, request),
                is_success: true,
            },
            Err(refusal) => Registration {
                reply: self.refused(request, refusal),
                is_success: false,
            },
        }
    }

    fn apply(
        &mut self,
        now: Instant,
        account: &Arc<str>,
        request: &Request,
        source: &Source,
        wish: Wish,
    ) -> Result<(), Refusal> {
        let old = self.accounts.get(account).cloned().unwrap_or_default();
        let mut bindings: Vec<_> = old
            .into_iter()
            .filter(|binding| binding.expires_at > now)
            .collect();
        let mut gone = Vec::new();
        let mut made = Vec::new();
        match wish {
            Wish::Ask => return Ok(()),
            Wish::RemoveAll => {
                let letter = Letter::of(request)?;
                if bindings.iter().any(|binding| letter.is_older_than(binding)) {
                    return Err(Refusal::OutOfOrder);
                }
                gone.extend(
                    bindings
                        .drain(..)
                        .map(|binding| (binding, Gone::Unregistered)),
                );
            }
            Wish::Contacts(contacts) => {
                let letter = Letter::of(request)?;
                for contact in contacts {
                    let same = |binding: &Binding| contact.is(binding);
                    let found = bindings.iter().position(same);
                    let replaced = found.map(|at| bindings.remove(at));
                    if replaced
                        .as_ref()
                        .is_some_and(|old| letter.is_older_than(old))
                    {
                        return Err(Refusal::OutOfOrder);
                    }
                    if contact.expires.is_zero() {
                        gone.extend(replaced.map(|old| (old, Gone::Unregistered)));
                        continue;
                    }
                    if bindings.len() >= self.policy.max_contacts {
                        let at = dispensable(&bindings, source).ok_or(Refusal::TooMany)?;
                        gone.push((bindings.remove(at), Gone::Replaced));
                    }
                    let binding = self.bind(now, contact, &letter, source, replaced.as_ref());
                    // The record knows bindings by their URI: a phone that moved leaves one behind.
                    let moved = replaced.filter(|old| old.contact.text() != binding.contact.text());
                    gone.extend(moved.map(|old| (old, Gone::Replaced)));
                    made.push(binding.clone());
                    bindings.push(binding);
                }
            }
        }
        self.store(account, bindings);
        for (binding, why) in gone {
            self.gone(account, binding, why);
        }
        for binding in &made {
            self.changed(account, binding);
        }
        Ok(())
    }

    fn bind(
        &mut self,
        now: Instant,
        contact: Wanted,
        letter: &Letter,
        source: &Source,
        replaced: Option<&Binding>,
    ) -> Binding {
        let interval = self.policy.probe_interval;
        let id = replaced.map_or_else(|| self.new_id(), |old| old.id);
        let first_probe = (!interval.is_zero()).then(|| now + interval.mul_f64(spread(id)));
        let next_probe = replaced.and_then(|old| old.next_probe).or(first_probe);
        Binding {
            id,
            contact: contact.uri,
            instance: contact.instance,
            q: contact.q,
            registered_at: now,
            expires_at: now + contact.expires,
            route: source.reply_route(),
            path: letter.path.clone(),
            call_id: letter.call_id.clone(),
            cseq: letter.cseq,
            user_agent: letter.user_agent.clone(),
            // Who registers is there.
            is_reachable: true,
            round_trip: replaced.and_then(|old| old.round_trip),
            reg_id: contact.reg_id,
            failures: 0,
            next_probe,
        }
    }

    /// Lists the bindings, as RFC 3261 §10.3 step 8 wants it.
    fn accepted(&self, now: Instant, account: &str, request: &Request) -> ResponseBuilder {
        let mut reply = Response::reply_to(request, 200);
        for binding in self.bindings(now, account) {
            // Rounded up: a binding that is there has at least a second.
            let left = binding.expires_at.saturating_duration_since(now);
            let seconds = left.as_millis().div_ceil(1000).to_string();
            let mut contact = NameAddr::of(&binding.contact).with_param("expires", Some(&seconds));
            if let Some(instance) = &binding.instance {
                contact = contact.with_param("+sip.instance", Some(&instance.to_str()));
            }
            if let Some(reg_id) = &binding.reg_id {
                contact = contact.with_param("reg-id", Some(&reg_id.to_str()));
            }
            if binding.q != 1000 {
                contact = contact.with_param("q", Some(&format!("0.{:03}", binding.q)));
            }
            reply = reply.header(Name::Contact, contact);
        }
        for hop in request.header_all(Name::Path) {
            reply = reply.header(Name::Path, hop);
        }
        reply.header(Name::Supported, "path")
    }

    fn refused(&self, request: &Request, refusal: Refusal) -> ResponseBuilder {
        match refusal {
            Refusal::Malformed(fault) => {
                let reason = format!("Bad Request: {fault}");
                Response::reply_to(request, fault.status()).reason(&reason)
            }
            Refusal::TooBrief => {
                let seconds = self.policy.min_expires.as_secs();
                Response::reply_to(request, 423).header(Name::MinExpires, seconds)
            }
            Refusal::OutOfOrder => Response::reply_to(request, 500).reason("CSeq Out Of Order"),
            Refusal::TooMany => Response::reply_to(request, 403).reason("Too Many Contacts"),
        }
    }
}

/// What a REGISTER asks for.
enum Wish {
    Ask,
    RemoveAll,
    Contacts(Vec<Wanted>),
}

/// A contact that a phone wants, or with zero time wants no more.
struct Wanted {
    uri: Uri,
    instance: Option<Text>,
    reg_id: Option<Text>,
    q: u16,
    expires: Duration,
}

/// Why a REGISTER is refused.
enum Refusal {
    Malformed(Error),
    TooBrief,
    OutOfOrder,
    TooMany,
}

impl Wish {
    fn of(request: &Request, policy: &RegistrarPolicy) -> Result<Self, Refusal> {
        let malformed = || Refusal::Malformed(Error::Malformed(Name::Contact));
        let expires = request.expires();
        if request.is_contact_star() {
            let is_alone = request.header_all(Name::Contact).count() == 1;
            return match is_alone && expires == Some(0) {
                true => Ok(Self::RemoveAll),
                false => Err(malformed()),
            };
        }
        let contacts = request.contacts().map_err(Refusal::Malformed)?;
        if contacts.is_empty() {
            return Ok(Self::Ask);
        }
        let wanted = contacts
            .iter()
            .map(|contact| Wanted::of(contact, expires, policy));
        wanted.collect::<Result<_, _>>().map(Self::Contacts)
    }
}

impl Wanted {
    fn of(
        contact: &NameAddr,
        expires: Option<u32>,
        policy: &RegistrarPolicy,
    ) -> Result<Self, Refusal> {
        let uri = contact.uri().map_err(Refusal::Malformed)?;
        if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) {
            return Err(Refusal::Malformed(Error::Malformed(Name::Contact)));
        }
        let seconds = contact
            .expires()
            .or(expires)
            .map(|seconds| Duration::from_secs(seconds.into()));
        let expires = seconds
            .unwrap_or(policy.default_expires)
            .min(policy.max_expires);
        if !expires.is_zero() && expires < policy.min_expires {
            return Err(Refusal::TooBrief);
        }
        Ok(Self {
            uri: uri.detach(),
            instance: contact
                .param("+sip.instance")
                .map(|instance| instance.detach()),
            reg_id: contact.param("reg-id").map(|reg_id| reg_id.detach()),
            q: contact.q().unwrap_or(1000),
            expires,
        })
    }

    fn is(&self, binding: &Binding) -> bool {
        binding.is_same(&self.uri, self.instance.as_ref(), self.reg_id.as_ref())
    }
}

/// What of a REGISTER goes into all of its bindings, in buffers of its own.
struct Letter {
    call_id: Text,
    cseq: u32,
    path: Vec<NameAddr>,
    user_agent: Option<Text>,
}

impl Letter {
    fn of(request: &Request) -> Result<Self, Refusal> {
        let path = request.path().map_err(Refusal::Malformed)?;
        Ok(Self {
            call_id: request.call_id().detach(),
            cseq: request.cseq().map_err(Refusal::Malformed)?.number,
            path: path.iter().map(NameAddr::detach).collect(),
            user_agent: request.header(Name::UserAgent).map(|agent| agent.detach()),
        })
    }

    /// Tells whether the binding's REGISTER was sent later than this one, or is this one.
    fn is_older_than(&self, binding: &Binding) -> bool {
        self.call_id == binding.call_id && self.cseq <= binding.cseq
    }
}

/// Returns which binding can make room: one that does not answer, or the oldest of the same host,
/// which a phone that restarted has left behind.
fn dispensable(bindings: &[Binding], source: &Source) -> Option<usize> {
    let silent = bindings.iter().position(|binding| !binding.is_reachable);
    let is_of_host = |binding: &Binding| binding.route.remote.ip().to_canonical() == source.ip();
    let mut of_host: Vec<_> = bindings
        .iter()
        .enumerate()
        .filter(|(_, own)| is_of_host(own))
        .collect();
    of_host.sort_by_key(|(_, binding)| (binding.registered_at, binding.id));
    silent.or_else(|| of_host.first().map(|(at, _)| *at))
}
