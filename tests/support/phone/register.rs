//! The phone's registration: one REGISTER, and a second one with the answer to the challenge.

use std::sync::mpsc;
use std::time::Instant;

use sip::auth::{Account, Algorithm};
use sip::{Method, Name, Request, RequestHandle, Response};

use super::Manner;
use super::desk::Desk;

/// A phone's registration.
pub(super) struct Registering {
    call_id: String,
    cseq: u32,
    under_way: Option<UnderWay>,
}

struct UnderWay {
    handle: RequestHandle,
    request: Request,
    account: Option<Account>,
    tell: mpsc::Sender<u16>,
}

impl Registering {
    pub(super) fn new(manner: &Manner) -> Self {
        Self {
            call_id: format!("register-{}", manner.address),
            cseq: 0,
            under_way: None,
        }
    }
}

impl Desk {
    /// Registers for so many seconds; the final status is told.
    pub(super) fn register(&mut self, now: Instant, expires: u32, tell: mpsc::Sender<u16>) {
        let address = self.uri(&self.manner.user);
        let registrar = self.uri(&self.manner.user).to_string();
        let registrar = registrar.replace(&format!("{}@", self.manner.user), "");
        let transport = match self.manner.transport.uri_parameter() {
            Some(name) => format!(";transport={name}"),
            None => String::new(),
        };
        let contact = format!(
            "<sip:{}@{}{transport}>",
            self.manner.user, self.manner.address
        );
        self.registering.cseq += 1;
        let request = Request::build(Method::Register, &sip::Uri::parse(registrar).unwrap())
            .header(
                Name::From,
                format!("<{address}>;tag={}", self.endpoint.token()),
            )
            .header(Name::To, format!("<{address}>"))
            .header(Name::CallId, &self.registering.call_id)
            .header(Name::CSeq, format!("{} REGISTER", self.registering.cseq))
            .header(Name::Contact, contact)
            .header(Name::Expires, expires.to_string())
            .finish();
        let route = self.route();
        let handle = self.endpoint.request(now, &request, route);
        self.registering.under_way = Some(UnderWay {
            handle,
            request,
            account: self.account(),
            tell,
        });
    }

    pub(super) fn handle_response(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        response: &Response,
    ) {
        if self.is_answered_a_lamp(now, handle, response)
            || self.is_answered_a_text(handle, response.status())
        {
            return;
        }
        let Some(mut register) = self.registering.under_way.take() else {
            return;
        };
        if register.handle != handle || response.is_provisional() {
            self.registering.under_way = Some(register);
            return;
        }
        let answer = match (&mut register.account, response.status()) {
            (Some(account), 401 | 407) => {
                let known = self.only_known_digests(response);
                account.answer(&register.request, &known).ok()
            }
            _ => None,
        };
        let Some((name, value)) = answer else {
            let _ = register.tell.send(response.status());
            return;
        };
        self.registering.cseq += 1;
        register.request = register
            .request
            .edit()
            .replace(Name::CSeq, format!("{} REGISTER", self.registering.cseq))
            .replace(name, value)
            .finish();
        let route = self.route();
        register.handle = self.endpoint.request(now, &register.request, route);
        self.registering.under_way = Some(register);
    }

    /// The response as a phone sees it that knows one digest only.
    fn only_known_digests(&self, response: &Response) -> Response {
        let Some(only) = self.manner.digest else {
            return response.clone();
        };
        let word = match only {
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Md5 => "MD5",
        };
        let known: Vec<String> = response
            .headers_named("WWW-Authenticate")
            .map(|challenge| challenge.to_string())
            .filter(|challenge| challenge.contains(&format!("algorithm={word}")))
            .collect();
        assert!(!known.is_empty(), "{word} is offered");
        let mut response = response.edit().remove(Name::WwwAuthenticate);
        for challenge in known {
            response = response.header(Name::WwwAuthenticate, challenge);
        }
        response.finish()
    }
}
