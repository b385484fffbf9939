//! Requests that follow from an INVITE of ours: ACK and CANCEL, which go its way, and the BYE for an
//! answer that nobody wants. RFC 3261 §9.1, §13.2.2.4, §17.1.1.3.

use std::time::Instant;

use bytes::Bytes;

use crate::dialog::Dialog;
use crate::dialog::peer::Peer;
use crate::endpoint::wire::{Hop, Wire, reason_value};
use crate::message::Reason;
use crate::transaction::key::Key;
use crate::transaction::table::{Owner, Sending};
use crate::transport::Source;
use crate::{CSeq, Message, Method, Name, Request, RequestBuilder, Response};

/// Acknowledges and ends what a fork answered after another one had been taken, or after the call was
/// given up (§13.2.2.4).
pub(crate) fn turn_away(
    now: Instant,
    wire: &mut Wire,
    invite: Key,
    response: &Response,
    source: Source,
) {
    let Some(request) = (wire.table.request(invite)).and_then(|(bytes, _)| request_of(bytes))
    else {
        return;
    };
    let contacts = request.contacts().ok();
    let Some(contact) = contacts.and_then(|contacts| contacts.first().cloned()) else {
        return;
    };
    let peer = Peer::new(source, false);
    let Ok(mut dialog) = Dialog::of_caller(&request, response, contact, peer) else {
        return;
    };
    let party = wire.party_key(dialog.remote_tag().as_ref());
    let ack = dialog.ack(dialog.local_cseq());
    let ack = wire.ack(ack, dialog.peer.route());
    wire.table.acknowledge(invite, party, ack);
    let is_reinvite = request.to().is_ok_and(|to| to.tag().is_some());
    if is_reinvite {
        // Its dialog has been ended already.
        return;
    }
    let bye = dialog.request(Method::Bye).header(Name::MaxForwards, "70");
    wire.send(now, Owner::Nobody, bye, Hop::from(&dialog.peer));
}

/// Makes the ACK of a refusal out of the INVITE as it was sent (§17.1.1.3).
pub(crate) fn ack_of_refusal(invite: &Bytes, response: &Response) -> Option<Bytes> {
    let invite = request_of(invite)?;
    let number = invite.cseq().ok()?.number;
    let ack =
        follow_up(&invite, Method::Ack, number)?.replace(Name::To, response.header(Name::To)?);
    Some(ack.finish().to_bytes())
}

/// A request that goes the way of an INVITE and shares its branch: CANCEL or the ACK of a refusal.
fn follow_up(invite: &Request, method: Method, number: u32) -> Option<RequestBuilder> {
    let mut request =
        Request::build(method.clone(), &invite.uri().ok()?).header(Name::Via, invite.via().ok()?);
    for route in invite.header_all(Name::Route) {
        request = request.header(Name::Route, route);
    }
    request = request
        .header(Name::MaxForwards, "70")
        .header(Name::From, invite.header(Name::From)?)
        .header(Name::To, invite.header(Name::To)?)
        .header(Name::CallId, invite.call_id())
        .header(Name::CSeq, CSeq { number, method });
    Some(request)
}

/// Sends the CANCEL of an INVITE.
pub(super) fn send_cancel(
    now: Instant,
    wire: &mut Wire,
    invite: Key,
    request: &Request,
    reason: Option<&Reason>,
) {
    let Some((sent, route)) = wire.table.request(invite) else {
        return;
    };
    let route = *route;
    let request = request_of(sent).unwrap_or_else(|| request.clone());
    let number = request.cseq().map_or(1, |cseq| cseq.number);
    let Some(mut cancel) = follow_up(&request, Method::Cancel, number) else {
        return;
    };
    if let Some(reason) = reason {
        cancel = cancel.header(Name::Reason, reason_value(reason));
    }
    let branch = request
        .via()
        .ok()
        .and_then(|via| via.branch())
        .unwrap_or_default();
    let key = wire.client_key(branch.as_bytes(), &Method::Cancel);
    let sending = Sending {
        owner: Owner::Nobody,
        is_invite: false,
        payload: cancel.finish().to_bytes(),
        route,
        fallback: None,
    };
    wire.table.start(now, key, sending);
}

/// Reads back a request of ours.
pub(crate) fn request_of(bytes: &Bytes) -> Option<Request> {
    match Message::parse(bytes.clone()) {
        Ok(Message::Request(request)) => Some(request),
        _ => None,
    }
}
