//! Ends of calls: CANCEL, BYE, or refusal, as the state demands. RFC 3261 §9 and §15, RFC 3326.

use std::time::Instant;

use super::follow_up::request_of;
use super::{Identity, Party, Phase, Session, early_id};
use crate::dialog::Dialog;
use crate::dialog::saved::SavedDialog;
use crate::endpoint::event::{EndedWhy, SessionId};
use crate::endpoint::wire::{Hop, Wire, reason_value};
use crate::message::Reason;
use crate::transaction::key::Key;
use crate::transaction::table::Owner;
use crate::{CSeq, Method, Name, Request, Response};

impl Session {
    /// The application wants no more of it. It is told at once that the session has ended; what is
    /// left to signal goes on without it.
    pub(crate) fn hang_up(&mut self, now: Instant, wire: &mut Wire, reason: Option<Reason>) {
        if self.is_over {
            return;
        }
        match &self.phase {
            Phase::Calling(_) => self.stop_calling(now, wire, reason),
            Phase::Ringing(_) => self.decline(now, wire, reason.as_ref()),
            _ => self.leave(now, wire, reason),
        }
        self.end(wire, EndedWhy::HungUp);
    }

    /// A call of an earlier run that was cut: all that is left of it is to say so to the far end.
    /// `None` when what was recorded cannot be read.
    pub(crate) fn left_over(
        now: Instant,
        wire: &mut Wire,
        id: SessionId,
        saved: &SavedDialog,
        reason: &Reason,
    ) -> Option<Self> {
        let dialog = Dialog::restore(saved)?;
        let tag = dialog.local_tag()?.to_string();
        let identity = Identity {
            id,
            dialog: wire.dialog_key(dialog.call_id(), tag.as_bytes()),
            call: wire.call_key(dialog.call_id().as_bytes()),
            is_caller: false,
            tag,
        };
        let mut session = Self::new(identity, Phase::Established, None);
        session.parties.push(Party {
            early: early_id(wire, dialog.remote_tag().as_ref()),
            dialog,
            rseq: None,
            owed_prack: None,
            is_settled: true,
        });
        session.is_over = true;
        session.say_bye(now, wire, Some(reason));
        Some(session)
    }

    /// The dialog of a call that stands, for the record; `None` before, and over connections, which
    /// end with us.
    pub(crate) fn save(&self) -> Option<SavedDialog> {
        match self.phase {
            Phase::Established if !self.is_over => self.dialog()?.save(),
            _ => None,
        }
    }

    /// Ends an answered call with BYE, as soon as BYE is allowed.
    pub(super) fn leave(&mut self, now: Instant, wire: &mut Wire, reason: Option<Reason>) {
        if let Phase::Answering { invite, cseq, .. } = self.phase {
            // The answer is owed and will not come; the ACK is owed all the same.
            self.acknowledge(wire, invite, cseq, None);
        }
        self.withdraw_theirs(now, wire);
        if let Some(ours) = self.offers.ours.take() {
            wire.table.abandon(now, ours.key);
        }
        self.offers.waiting = None;
        self.offers.retry_at = None;
        self.timer = super::SessionTimer::Off;
        if self
            .unacknowledged
            .as_ref()
            .is_some_and(|answer| answer.is_first)
        {
            self.phase = Phase::Parting { reason };
            return;
        }
        self.unacknowledged = None;
        self.say_bye(now, wire, reason.as_ref());
    }

    /// The ACK came that a BYE waited for.
    pub(super) fn part(&mut self, now: Instant, wire: &mut Wire) {
        if let Phase::Parting { reason } = &mut self.phase {
            let reason = reason.take();
            self.say_bye(now, wire, reason.as_ref());
        }
    }

    fn say_bye(&mut self, now: Instant, wire: &mut Wire, reason: Option<&Reason>) {
        let Some(mut bye) = self.request(Method::Bye) else {
            self.phase = Phase::Gone;
            return;
        };
        if let Some(reason) = reason {
            bye = bye.header(Name::Reason, reason_value(reason));
        }
        self.phase = match self.send(now, wire, bye) {
            Some(bye) => Phase::Leaving { bye },
            None => Phase::Gone,
        };
    }

    pub(super) fn handle_bye_response(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        response: &Response,
    ) {
        if response.is_provisional() {
            return;
        }
        let Phase::Leaving { bye } = self.phase else {
            return;
        };
        self.phase = match self.send_again(now, wire, bye, response) {
            Some(bye) => Phase::Leaving { bye },
            None => Phase::Gone,
        };
    }

    /// A response came to an INFO or a PRACK of ours.
    pub(super) fn handle_other_response(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        response: &Response,
    ) {
        match response.status() {
            200..=299 => self.login.succeeded(),
            401 | 407 => {
                self.send_again(now, wire, key, response);
            }
            481 if response
                .cseq()
                .is_ok_and(|cseq| cseq.method == Method::Info) =>
            {
                self.peer_is_gone(now, wire);
            }
            _ => {}
        }
    }

    /// The far end no longer knows the session, or no longer answers (§12.2.1.2).
    pub(super) fn peer_is_gone(&mut self, now: Instant, wire: &mut Wire) {
        if let Phase::Established | Phase::Answering { .. } = self.phase {
            self.end(wire, EndedWhy::Gone);
            self.leave(now, wire, None);
        }
    }

    /// The far end hung up.
    pub(super) fn handle_bye(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
    ) {
        wire.refuse(now, key, request, 200);
        match &self.phase {
            // A callee may not hang up before it has answered; its CANCEL or refusal will come.
            Phase::Calling(_) => return,
            Phase::Ringing(_) => self.refuse_call(now, wire, 487, &[]),
            _ => self.withdraw_theirs(now, wire),
        }
        self.end(wire, EndedWhy::Bye(request.reasons().next()));
        self.phase = Phase::Gone;
    }

    /// Sends a request of ours again, if the response is a challenge that can be answered.
    pub(super) fn send_again(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        response: &Response,
    ) -> Option<Key> {
        let sent = request_of(wire.table.request(key)?.0)?;
        let (key, _) = self.send_with_login(now, wire, &sent, response)?;
        Some(key)
    }

    /// Sends a request within the dialog once more, as the refusal says how.
    pub(super) fn send_with_login(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        sent: &Request,
        response: &Response,
    ) -> Option<(Key, Request)> {
        let again = self.login.retry(sent, response)?;
        let method = sent.method().clone();
        let number = self.parties.get_mut(self.active)?.dialog.next_cseq();
        let again = again
            .remove(Name::Via)
            .remove(Name::UserAgent)
            .replace(Name::CSeq, CSeq { number, method });
        let hop = Hop::from(&self.dialog()?.peer);
        let owner = Owner::Session(self.identity.id);
        Some(wire.send(now, owner, again, hop))
    }
}
