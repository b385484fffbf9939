//! Dialogs: RFC 3261 §12. What two ends remember of each other: tags, numbers, targets, routes.

pub(crate) mod peer;
pub(crate) mod saved;
#[cfg(test)]
mod tests;

use crate::message::Addresses;
use crate::transport::Source;
use crate::{
    CSeq, Error, Head, Method, Name, NameAddr, Request, RequestBuilder, Response, Text, Uri,
};

use peer::Peer;

/// One dialog, early or confirmed, seen from our end.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    call_id: Text,
    /// We, with our tag: From in our requests, To in our responses.
    local: NameAddr,
    /// They, with their tag.
    remote: NameAddr,
    /// Our Contact.
    contact: NameAddr,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    /// Their Contact.
    target: Uri,
    /// The proxies in between, nearest first.
    routes: Vec<NameAddr>,
    pub(crate) peer: Peer,
}

impl Dialog {
    /// The callee's view, from the INVITE that it got (§12.1.1).
    pub(crate) fn of_callee(
        invite: &Request,
        tag: &str,
        contact: NameAddr,
        source: Source,
    ) -> Result<Self, Error> {
        let target = match target_of(invite.contacts()?)? {
            // RFC 2543 did without Contact: requests then go to who calls.
            None if !invite.via()?.has_unique_branch() => Some(invite.from()?.uri()?.detach()),
            target => target,
        };
        let mut dialog = Self {
            call_id: invite.call_id().detach(),
            local: invite.to()?.with_tag(tag),
            remote: invite.from()?.detach(),
            contact,
            local_cseq: 0,
            remote_cseq: Some(invite.cseq()?.number),
            target: target.ok_or(Error::Missing(Name::Contact))?,
            routes: invite
                .record_routes()?
                .iter()
                .map(NameAddr::detach)
                .collect(),
            peer: Peer::new(source, false),
        };
        dialog.name_peer();
        Ok(dialog)
    }

    /// The caller's view, from its INVITE and a response that carries a To tag (§12.1.2).
    pub(crate) fn of_caller(
        invite: &Request,
        response: &Response,
        contact: NameAddr,
        peer: Peer,
    ) -> Result<Self, Error> {
        let mut dialog = Self {
            call_id: invite.call_id().detach(),
            local: invite.from()?.detach(),
            remote: response.to()?.detach(),
            contact,
            local_cseq: invite.cseq()?.number,
            remote_cseq: None,
            target: invite.uri()?.detach(),
            routes: Vec::new(),
            peer,
        };
        dialog.learn(response)?;
        Ok(dialog)
    }

    /// Takes target and route set from a response to our INVITE: the 2xx has the last word (§13.2.2.4).
    pub(crate) fn learn(&mut self, response: &Response) -> Result<(), Error> {
        let routes = response.record_routes()?;
        self.routes = routes.iter().rev().map(NameAddr::detach).collect();
        if let Some(target) = target_of(response.contacts()?)? {
            self.target = target;
        }
        self.name_peer();
        Ok(())
    }

    /// Takes a new target from a request or response that refreshes it (§12.2).
    pub(crate) fn refresh_target(&mut self, message: &Head) {
        if let Ok(Some(target)) = message.contacts().and_then(target_of) {
            self.target = target;
            self.name_peer();
        }
    }

    /// The next request of ours (§12.2.1.1), without Via.
    pub(crate) fn request(&mut self, method: Method) -> RequestBuilder {
        let number = self.next_cseq();
        self.build(method, number)
    }

    /// The number of our next request.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.local_cseq
    }

    /// The ACK of a 2xx to the INVITE of that number (§13.2.2.4).
    pub(crate) fn ack(&self, cseq: u32) -> RequestBuilder {
        self.build(Method::Ack, cseq)
    }

    /// Counts a request of theirs: `false` when it comes late or twice (§12.2.2).
    pub(crate) fn accept_cseq(&mut self, number: u32) -> bool {
        let in_order = self.remote_cseq.is_none_or(|last| number > last);
        if in_order {
            self.remote_cseq = Some(number);
        }
        in_order
    }

    /// Whether the tag is theirs; no tag is one too, from RFC 2543.
    pub(crate) fn is_remote_tag(&self, tag: Option<&Text>) -> bool {
        self.remote.tag().as_ref() == tag
    }

    /// Their tag.
    pub(crate) fn remote_tag(&self) -> Option<Text> {
        self.remote.tag()
    }

    /// Our tag.
    pub(crate) fn local_tag(&self) -> Option<Text> {
        self.local.tag()
    }

    /// Our Contact.
    pub(crate) fn contact(&self) -> &NameAddr {
        &self.contact
    }

    /// The Call-ID.
    pub(crate) fn call_id(&self) -> &Text {
        &self.call_id
    }

    /// The number of our last request.
    pub(crate) fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    fn build(&self, method: Method, cseq: u32) -> RequestBuilder {
        let (uri, routes) = self.way();
        let mut request = Request::build(method.clone(), &uri);
        for route in routes {
            request = request.header(Name::Route, route);
        }
        request
            .header(Name::From, &self.local)
            .header(Name::To, &self.remote)
            .header(Name::CallId, &self.call_id)
            .header(
                Name::CSeq,
                CSeq {
                    number: cseq,
                    method,
                },
            )
    }

    /// Request-URI and Route: the target behind the route set, or, where the nearest proxy is one
    /// of RFC 2543, that proxy with the target last (§12.2.1.1).
    fn way(&self) -> (Uri, Vec<NameAddr>) {
        let first = self.routes.first().and_then(|route| route.uri().ok());
        match first {
            Some(strict) if !strict.params().has("lr") => {
                let rest = self.routes.iter().skip(1).cloned();
                let last = NameAddr::of(&self.target);
                (strict.without_headers(), rest.chain([last]).collect())
            }
            _ => (self.target.clone(), self.routes.clone()),
        }
    }

    fn name_peer(&mut self) {
        let nearest = self.routes.first().and_then(|route| route.uri().ok());
        self.peer
            .named(Some(nearest.as_ref().unwrap_or(&self.target)));
    }
}

/// The URI of the first Contact, if there is one.
fn target_of(contacts: Addresses) -> Result<Option<Uri>, Error> {
    let first = contacts.first().map(NameAddr::uri).transpose()?;
    Ok(first.map(|uri| uri.detach()))
}
