//! A phone's texts: MESSAGEs that it sends and gets.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::{NameAddr, Outside, Request, RequestHandle, Response};

use super::super::PATIENCE;
use super::desk::Desk;
use super::{Line, Phone};

/// A text that has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Said {
    /// The sender's number; none within a call.
    pub(crate) from: String,
    /// The sender's name.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The phone's side of its texts.
#[derive(Default)]
pub(super) struct Texts {
    sent: HashMap<RequestHandle, mpsc::Sender<u16>>,
    inbox: Arc<(Mutex<Vec<Said>>, Condvar)>,
    /// How texts are answered, 200 without; no answer at all for 0.
    answer: Option<u16>,
}

impl Phone {
    /// Sends text to somebody; the final status, or `None` when there is none in time.
    pub(crate) fn texts(&self, to: &str, text: &str) -> Option<u16> {
        self.sends(to, "text/plain;charset=UTF-8", text.as_bytes(), PATIENCE)
    }

    /// Sends a MESSAGE of any kind.
    pub(crate) fn sends(
        &self,
        to: &str,
        content_type: &str,
        body: &[u8],
        within: Duration,
    ) -> Option<u16> {
        let (tell, told) = mpsc::channel();
        let (to, content_type) = (to.to_owned(), content_type.to_owned());
        let body = Bytes::copy_from_slice(body);
        self.ask(move |desk, now| desk.send_text(now, &to, &content_type, body, tell));
        told.recv_timeout(within).ok()
    }

    /// Waits for this many texts.
    pub(crate) fn is_texted(&self, times: usize) -> Vec<Said> {
        let inbox = self.inbox();
        let until = Instant::now() + PATIENCE;
        let mut said = inbox.0.lock().unwrap();
        while said.len() < times {
            let left = until.saturating_duration_since(Instant::now());
            let who = &self.manner.user;
            assert!(!left.is_zero(), "{who} in vain waited for text: {said:?}");
            said = inbox.1.wait_timeout(said, left).unwrap().0;
        }
        said.clone()
    }

    /// The texts that have come until now.
    pub(crate) fn texts_until_now(&self) -> Vec<Said> {
        self.inbox().0.lock().unwrap().clone()
    }

    /// Answers texts with this status from now on; with nothing at all for 0.
    pub(crate) fn answers_texts(&self, status: u16) {
        self.ask(move |desk, _| desk.texts.answer = Some(status));
    }

    fn inbox(&self) -> Arc<(Mutex<Vec<Said>>, Condvar)> {
        let (tell, told) = mpsc::channel();
        self.ask(move |desk, _| {
            let _ = tell.send(desk.texts.inbox.clone());
        });
        told.recv().unwrap()
    }
}

impl Line {
    /// Sends text within the call.
    pub(crate) fn texts(&self, text: &str) {
        let body = Bytes::copy_from_slice(text.as_bytes());
        self.act(move |desk, now, session| {
            let _ = (desk.endpoint).message_within(now, session, "text/plain", body);
        });
    }
}

impl Desk {
    fn send_text(
        &mut self,
        now: Instant,
        to: &str,
        content_type: &str,
        body: Bytes,
        tell: mpsc::Sender<u16>,
    ) {
        let whom = Outside {
            uri: self.uri(to),
            from: NameAddr::of(&self.uri(&self.manner.user)),
            to: NameAddr::of(&self.uri(to)),
            route: Vec::new(),
            destination: self.route(),
            allows_tcp: false,
            headers: Vec::new(),
            account: self.account(),
        };
        let handle = self.endpoint.message(now, whom, content_type, body);
        self.texts.sent.insert(handle, tell);
    }

    /// The final answer to a text; whether it was one.
    pub(super) fn is_answered_a_text(&mut self, handle: RequestHandle, status: u16) -> bool {
        let tell = self.texts.sent.remove(&handle);
        tell.is_some_and(|tell| tell.send(status).is_ok())
    }

    /// A text came outside of calls.
    pub(super) fn takes_text(&mut self, now: Instant, handle: RequestHandle, request: &Request) {
        let from = request.from().unwrap();
        let number = from.uri().ok().and_then(|uri| uri.user_unescaped());
        let status = self.texts.answer.unwrap_or(200);
        if status == 0 {
            return;
        }
        if status == 200 {
            let number = number.map(|number| number.to_string());
            self.note_text(
                number.unwrap_or_default(),
                &from.display().to_string(),
                request.body(),
            );
        }
        let response = Response::reply_to(request, status).finish();
        self.endpoint.respond(now, handle, response);
    }

    /// Keeps a text that came.
    pub(super) fn note_text(&self, from: String, name: &str, body: &[u8]) {
        let said = Said {
            from,
            name: name.to_owned(),
            text: String::from_utf8_lossy(body).into_owned(),
        };
        self.texts.inbox.0.lock().unwrap().push(said);
        self.texts.inbox.1.notify_all();
    }
}
