//! Transfers, whoever has asked for them: how they go, and what scripts are told.

use std::time::Instant;

use call::desk::{Deed, Done, Order, Refused, allowed};
use call::{Call, CallId, Event, Leg, LegId, LegState, TenantId, TransferId, TransferNews};
use serde_json::json;
use sip::SubscriptionId;
use tokio::sync::oneshot;
use web::TransferWanted;

use super::Switch;
use super::live::Live;
use crate::log::Masked;

/// Who is told how a transfer goes.
#[derive(Debug)]
pub(super) struct Referral {
    /// The phone that has asked for it by REFER: to its end.
    pub(super) phone: Option<SubscriptionId>,
    /// Whoever carries the command out: whether it is tried.
    pub(super) tried: Option<oneshot::Sender<Result<(), Refused>>>,
}

impl Switch {
    /// A call that was made to ask first is not needed any more.
    pub(super) fn give_up_asking(&mut self, now: Instant, call: CallId, to: CallId) {
        let event = Event::Moved { leg: None, to };
        self.with_machine(now, call, |machine| machine.handle_event(now, event));
    }

    /// Whether one call is rather the contact's than another: somebody who is no user is in it, or
    /// else it is the older.
    pub(super) fn is_the_contact(&self, one: CallId, other: CallId) -> bool {
        let rank = |call: CallId| {
            let live = self.calls.get(&call)?;
            let is_customer = |leg: &Leg| leg.user().is_none() && leg.state() == LegState::Up;
            let has_customer = live.call.legs().iter().any(is_customer);
            Some((!has_customer, live.setup.started_at))
        };
        rank(one) < rank(other)
    }

    /// Puts through whom a user talks with in this call, as that user's phone would: the command `transfer` about a call
    /// that is named.
    pub(super) fn transfer_named(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        call: CallId,
        wanted: TransferWanted,
    ) -> Result<(), Refused> {
        let TransferWanted { who, by, to } = wanted;
        let order = Order {
            by: who,
            user: by,
            deed: Deed::Transfer { to: to.clone() },
        };
        let done = allowed(&order, |user| self.person(tenant, user))
            .and_then(|()| self.leg_in(tenant, call, &order.user))
            .and_then(|leg| self.transfer_by_route(now, (call, leg), &order.user, &to))
            .map(|()| Done {
                agent: None,
                call: Some(call),
            });
        self.note_order(tenant, &order, &done);
        done.map(|_| ())
    }

    /// A user's leg in a call that goes on.
    fn leg_in(&self, tenant: &TenantId, call: CallId, user: &str) -> Result<LegId, Refused> {
        let live = self.calls.get(&call);
        let live = live.filter(|it| it.setup.tenant == *tenant && it.ended.is_none());
        let mut legs = live.ok_or_else(is_over)?.call.legs().iter();
        let leg = legs.find(|leg| leg.user() == Some(user) && leg.state() == LegState::Up);
        leg.map(Leg::id).ok_or_else(|| {
            let sentence = format!("{user} does not talk in this call: name who does");
            Refused::new("not_in_call", sentence)
        })
    }

    /// Tells whoever has asked how a transfer goes.
    pub(super) fn tell_transfer(&mut self, now: Instant, transfer: TransferId, news: TransferNews) {
        let Some(referral) = self.referrals.get_mut(&transfer) else {
            return;
        };
        if let Some(answer) = referral.tried.take() {
            let tried = match news {
                TransferNews::Refused(_) => Err(nobody_to_transfer()),
                _ => Ok(()),
            };
            // Who has asked may be gone.
            let _ = answer.send(tried);
        }
        let Some(refer) = referral.phone else {
            return;
        };
        match news {
            TransferNews::Accepted => self.endpoint.accept_refer(now, refer),
            TransferNews::Ringing => self.endpoint.report_refer(now, refer, 180),
            TransferNews::Refused(cause) => {
                self.endpoint
                    .refuse_refer(now, refer, cause.sip_status(), &[]);
            }
            TransferNews::Done => self.endpoint.report_refer(now, refer, 200),
            TransferNews::Failed(cause) => {
                self.endpoint.report_refer(now, refer, cause.sip_status());
            }
        }
        if !matches!(news, TransferNews::Accepted | TransferNews::Ringing) {
            self.referrals.remove(&transfer);
        }
    }

    /// Nobody wants to hear of a transfer any more; it goes on.
    pub(super) fn forget_referral(&mut self, refer: SubscriptionId) {
        self.referrals.retain(|_, known| known.phone != Some(refer));
    }

    /// Tells scripts that a transfer has come about.
    pub(super) fn tell_transferred(
        &self,
        live: &Live,
        by: String,
        to: String,
        attended: bool,
        queue: Option<String>,
    ) {
        tracing::info!(by, to = %Masked(to.as_str()), attended, "transferred");
        let about = json!({
            "id": live.setup.id.to_string(),
            "from": live.setup.from,
            "by": by,
            "to": to,
            "attended": attended,
            "queue": queue,
        });
        (self.parts.scripts).event(&live.setup.tenant, "call.transferred", about);
    }
}

/// The user on a leg, if one is.
pub(super) fn user_of(call: &Call, leg: LegId) -> Option<&str> {
    call.legs().iter().find(|known| known.id() == leg)?.user()
}

/// The call that is named does not go on.
pub(super) fn is_over() -> Refused {
    Refused::new("call_is_over", "this call is over")
}

/// There is nobody who could be put through.
pub(super) fn nobody_to_transfer() -> Refused {
    let sentence = "they talk with nobody in this call who could be put through now";
    Refused::new("nobody_to_transfer", sentence)
}
