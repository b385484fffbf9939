//! Text and events within a call's dialog: MESSAGE both ways (RFC 3428), and NOTIFY that nobody
//! subscribed to, with which some phones are told to answer or to hold.

use std::time::Instant;

use bytes::Bytes;

use super::Session;
use crate::endpoint::errand::unasked;
use crate::endpoint::event::{Event, RequestHandle};
use crate::endpoint::wire::Wire;
use crate::transaction::key::Key;
use crate::{Method, Name, Request, Response};

/// A MESSAGE of ours under way.
#[derive(Debug)]
pub(crate) struct SentText {
    /// What the application knows it by: the key of its first try.
    handle: RequestHandle,
    key: Key,
}

impl Session {
    /// Sends a MESSAGE.
    pub(crate) fn message(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        content_type: &str,
        body: Bytes,
    ) -> Option<RequestHandle> {
        if self.is_over {
            return None;
        }
        let request = self.request(Method::Message)?.body(content_type, body);
        let key = self.send(now, wire, request)?;
        let handle = RequestHandle(key);
        self.texts.push(SentText { handle, key });
        Some(handle)
    }

    /// Sends a NOTIFY that nobody subscribed to; also while it rings at a phone that we call.
    pub(crate) fn notify_unasked(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        event: &str,
        content: Option<(&str, Bytes)>,
    ) {
        if self.is_over {
            return;
        }
        let Some(mut request) = self.request(Method::Notify) else {
            return;
        };
        if let Some(dialog) = self.dialog() {
            request = request.header(Name::Contact, dialog.contact());
        }
        self.send(now, wire, unasked(request, event, content));
    }

    /// A MESSAGE came.
    pub(super) fn handle_message(
        &self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
    ) {
        if !wire.serves(&Method::Message) {
            return wire.refuse(now, key, request, 405);
        }
        wire.refuse(now, key, request, 200);
        let content_type = request.header(Name::ContentType).unwrap_or_default();
        let message = Event::Message {
            session: self.identity.id,
            content_type: content_type.to_string(),
            body: request.body().clone(),
        };
        self.event(wire, message);
    }

    /// A response came; says whether it was for a MESSAGE.
    pub(super) fn handle_text_response(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        response: &Response,
    ) -> bool {
        let Some(at) = self.texts.iter().position(|text| text.key == key) else {
            return false;
        };
        if response.is_provisional() {
            return true;
        }
        if matches!(response.status(), 401 | 407)
            && let Some(again) = self.send_again(now, wire, key, response)
        {
            if let Some(text) = self.texts.get_mut(at) {
                text.key = again;
            }
            return true;
        }
        if response.is_success() {
            self.login.succeeded();
        }
        self.handle_text_failure(wire, key, response.status())
    }

    /// A request was not answered (408), or could not be sent (503); says whether it was a MESSAGE.
    pub(super) fn handle_text_failure(&mut self, wire: &mut Wire, key: Key, status: u16) -> bool {
        let Some(at) = self.texts.iter().position(|text| text.key == key) else {
            return false;
        };
        let SentText { handle, .. } = self.texts.swap_remove(at);
        let session = self.identity.id;
        let answered = Event::MessageAnswered {
            session,
            handle,
            status,
        };
        self.event(wire, answered);
        true
    }
}
