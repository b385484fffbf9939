//! Text between the users of a tenant, and from scripts to them: MESSAGE, RFC 3428.

mod allowance;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use call::{LegState, TenantId};
use script::{SentText, Undelivered};
use serde_json::json;
use sip::{Name, Request, RequestHandle, Response, SessionId, Source};
use tokio::sync::oneshot;

use super::Switch;
use allowance::Allowances;

/// The texts that are on their way to phones.
#[derive(Debug)]
pub(super) struct Texts {
    under_way: HashMap<u64, Text>,
    /// Which text each of our MESSAGEs carries.
    sent: HashMap<RequestHandle, u64>,
    /// When a text is given up.
    due: BTreeSet<(Instant, u64)>,
    allowances: Allowances<(TenantId, String)>,
    next: u64,
}

/// One text, sent to every phone of a user.
#[derive(Debug)]
struct Text {
    tenant: TenantId,
    what: SentText,
    /// Who waits for what becomes of it.
    sender: Sender,
    until: Instant,
    /// Our MESSAGEs that are not answered.
    waiting: Vec<RequestHandle>,
    /// A phone has refused it, with this.
    refused: Option<u16>,
}

#[derive(Debug)]
enum Sender {
    Phone(RequestHandle, Box<Request>),
    Script(oneshot::Sender<Result<(), Undelivered>>),
}

impl Texts {
    pub(super) fn new() -> Self {
        Self {
            under_way: HashMap::new(),
            sent: HashMap::new(),
            due: BTreeSet::new(),
            allowances: Allowances::new(AT_ONCE, EACH),
            next: 0,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    fn take(&mut self, id: u64) -> Option<Text> {
        let text = self.under_way.remove(&id)?;
        self.due.remove(&(text.until, id));
        for handle in &text.waiting {
            self.sent.remove(handle);
        }
        Some(text)
    }
}

impl Switch {
    /// A phone sends text outside of calls. It is answered when the first of the other's phones has
    /// it, or all have refused it.
    pub(super) fn handle_text(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        request: &Request,
        source: Source,
    ) {
        let (status, headers) = match self.identify(now, request, source) {
            Err(refused) => refused,
            Ok(caller) => match caller.user {
                Some(user) => {
                    let sender = Sender::Phone(handle, Box::new(request.clone()));
                    match self.pass_on(now, caller.tenant, &user, request, sender) {
                        Ok(()) => return,
                        Err(refusal) => refusal,
                    }
                }
                // A trunk sends no text.
                None => (403, Vec::new()),
            },
        };
        self.answer_text(now, handle, request, status, &headers);
    }

    /// A script sends text.
    pub(super) fn handle_scripts_text(
        &mut self,
        now: Instant,
        tenant: TenantId,
        what: SentText,
        answer: oneshot::Sender<Result<(), Undelivered>>,
    ) {
        if !self.accounts.is_user(&tenant, &what.to) {
            let _ = answer.send(Err(Undelivered::NoSuchUser));
            return;
        }
        self.send_text(now, tenant, what, Sender::Script(answer));
    }

    /// A final response to a MESSAGE of ours, or none; whether it was one.
    pub(super) fn handle_text_answer(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        response: Option<&Response>,
    ) -> bool {
        let Some(id) = self.texts.sent.remove(&handle) else {
            return false;
        };
        let Some(text) = self.texts.under_way.get_mut(&id) else {
            return true;
        };
        text.waiting.retain(|other| *other != handle);
        match response.map(Response::status) {
            Some(200..=299) => return self.end_text(now, id, Ok(())),
            // Neither says anything about the text.
            None | Some(401 | 407 | 408 | 500..=599) => {}
            Some(status) => text.refused = Some(status),
        }
        if text.waiting.is_empty() {
            let refused = text
                .refused
                .map_or(Undelivered::Unavailable, Undelivered::Rejected);
            return self.end_text(now, id, Err(refused));
        }
        true
    }

    /// Gives up on phones that do not answer.
    pub(super) fn give_up_texts(&mut self, now: Instant) {
        while let Some(&(due, id)) = self.texts.due.first() {
            if due > now {
                return;
            }
            let refused = self.texts.under_way.get(&id).and_then(|text| text.refused);
            let refused = refused.map_or(Undelivered::Unavailable, Undelivered::Rejected);
            self.end_text(now, id, Err(refused));
        }
    }

    /// A phone sends text within a call: whom it talks with gets it.
    pub(super) fn pass_text_within(
        &mut self,
        now: Instant,
        session: SessionId,
        content_type: &str,
        body: Bytes,
    ) {
        let Some((call, leg)) = self.sessions.get(&session).copied() else {
            return;
        };
        let Some(live) = self.calls.get(&call) else {
            return;
        };
        let legs = live.call.legs();
        let own = legs.iter().find(|one| one.id() == leg);
        let talks_with = own.and_then(call::Leg::talks_with);
        // On hold they hear each other no more, and still belong together.
        let others = || {
            legs.iter()
                .filter(|one| one.id() != leg && one.state() == LegState::Up)
        };
        let only = others()
            .map(call::Leg::id)
            .next()
            .filter(|_| others().count() == 1);
        let with = talks_with.or(only);
        let other = live.legs.iter().find(|one| Some(one.id) == with);
        let is_fit = is_plain(content_type) && body.len() <= LONGEST;
        if let Some(session) = other.and_then(|other| other.up).filter(|_| is_fit) {
            let _ = (self.endpoint).message_within(now, session, PLAIN, body);
        }
    }

    /// Lets a user's text go on its way, or says why not.
    fn pass_on(
        &mut self,
        now: Instant,
        tenant: TenantId,
        user: &str,
        request: &Request,
        sender: Sender,
    ) -> Result<(), Refusal> {
        let refused = |status| Err((status, Vec::new()));
        let content_type = request.header(Name::ContentType).unwrap_or_default();
        if !is_plain(&content_type.to_str()) || request.header_named("Content-Encoding").is_some() {
            return Err((415, vec![("Accept".to_owned(), "text/plain".to_owned())]));
        }
        if request.body().len() > LONGEST {
            return refused(413);
        }
        let Ok(text) = std::str::from_utf8(request.body()) else {
            return refused(400);
        };
        let named = request.uri().ok().and_then(|uri| uri.user_unescaped());
        let to = named.map(|named| named.to_string()).unwrap_or_default();
        if !self.accounts.is_user(&tenant, &to) {
            return refused(404);
        }
        if !self
            .texts
            .allowances
            .take(now, (tenant.clone(), user.to_owned()))
        {
            tracing::info!(%tenant, user, "sends too many texts");
            return Err((
                480,
                vec![("Retry-After".to_owned(), EACH.as_secs().to_string())],
            ));
        }
        let name = self.accounts.user(&tenant, user);
        let what = SentText {
            from: Some(user.to_owned()),
            name: name.and_then(|account| account.name.clone()),
            to,
            text: text.to_owned(),
        };
        self.send_text(now, tenant, what, sender);
        Ok(())
    }

    fn send_text(&mut self, now: Instant, tenant: TenantId, what: SentText, sender: Sender) {
        let id = self.texts.next;
        self.texts.next += 1;
        let is_full = self.texts.under_way.len() >= MOST_UNDER_WAY;
        let phones = match is_full {
            true => Vec::new(),
            false => self.bindings_of(&tenant, &what.to),
        };
        let mut text = Text {
            waiting: Vec::new(),
            until: now + PATIENCE,
            refused: None,
            tenant,
            what,
            sender,
        };
        let outside = phones.into_iter().map(|phone| {
            let own = text.what.from.as_deref().unwrap_or(&text.tenant.0);
            let from = (own, text.what.name.as_deref().unwrap_or_default());
            self.outside(&text.tenant, from, &text.what.to, phone)
        });
        let outside: Vec<sip::Outside> = outside.collect();
        let body = Bytes::from(text.what.text.clone());
        for whom in outside {
            let handle = self.endpoint.message(now, whom, PLAIN, body.clone());
            self.texts.sent.insert(handle, id);
            text.waiting.push(handle);
        }
        let is_lost = text.waiting.is_empty();
        self.texts.due.insert((text.until, id));
        self.texts.under_way.insert(id, text);
        if is_lost {
            let why = match is_full {
                true => Undelivered::Congestion,
                false => Undelivered::Unavailable,
            };
            self.end_text(now, id, Err(why));
        }
    }

    /// Tells the sender, and scripts.
    fn end_text(&mut self, now: Instant, id: u64, outcome: Result<(), Undelivered>) -> bool {
        let Some(text) = self.texts.take(id) else {
            return true;
        };
        match text.sender {
            Sender::Phone(handle, request) => {
                let SentText {
                    from,
                    name,
                    to,
                    text: said,
                } = text.what;
                let payload = json!({
                    "from": from, "from_name": name, "to": to, "text": said,
                    "delivered": outcome.is_ok(),
                });
                (self.parts.scripts).event(&text.tenant, "message.received", payload);
                let status = match outcome {
                    Ok(()) => 200,
                    // What the phone cannot show, or its user does not want.
                    Err(Undelivered::Rejected(status @ (413 | 415 | 486 | 600..=699))) => status,
                    Err(_) => 480,
                };
                self.answer_text(now, handle, &request, status, &[]);
            }
            // The script may be gone.
            Sender::Script(answer) => drop(answer.send(outcome)),
        }
        true
    }

    fn answer_text(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        request: &Request,
        status: u16,
        headers: &[(String, String)],
    ) {
        let mut reply = Response::reply_to(request, status);
        for (name, value) in headers {
            reply = reply.header_named(name, value);
        }
        self.endpoint.respond(now, handle, reply.finish());
    }
}

type Refusal = (u16, Vec<(String, String)>);

/// Text that every phone can show: `text/plain`, in UTF-8 or ASCII.
fn is_plain(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_text = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("text/plain"));
    is_text
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim_matches('"');
            !name.eq_ignore_ascii_case("charset")
                || ["utf-8", "us-ascii"]
                    .iter()
                    .any(|known| value.eq_ignore_ascii_case(known))
        })
}

const PLAIN: &str = "text/plain;charset=UTF-8";
/// Octets of a text: with its header fields it has to fit into a datagram (RFC 3428 §8).
const LONGEST: usize = 1_000;
/// Texts that a user may send at once,
const AT_ONCE: u32 = 10;
/// and one more after each of these.
const EACH: Duration = Duration::from_secs(1);
/// How long phones may take: the sender waits for 32 s.
const PATIENCE: Duration = Duration::from_secs(16);
/// Texts on their way; more are refused.
const MOST_UNDER_WAY: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_told_from_what_phones_cannot_show() {
        for (content_type, plain) in [
            ("text/plain", true),
            ("Text/Plain; charset=UTF-8", true),
            ("text/plain;charset=\"utf-8\";format=flowed", true),
            ("text/plain;charset=us-ascii", true),
            ("text/plain;charset=gb2312", false),
            ("text/html", false),
            ("message/cpim", false),
            ("", false),
        ] {
            assert_eq!(is_plain(content_type), plain, "{content_type}");
        }
    }
}
