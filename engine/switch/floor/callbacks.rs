//! Callers who are called back when it is their turn.

use std::time::Instant;

use call::acd::{Callback, CallbackChange, CallbackError, Callbacks, QueueName, Wants};
use call::number::normalise;
use call::toll::Barred;
use call::{CallId, FromFloor, Options, Origin, Queue, Target, TenantId};

use crate::switch::Switch;
use crate::switch::live::Live;

impl Switch {
    /// A caller who waits wants to be called back, at the number that they call from.
    pub(super) fn call_back_instead(&mut self, now: Instant, live: &Live) {
        let (tenant, id) = (&live.setup.tenant, live.id());
        let plan = self.accounts.plan(tenant, None);
        let shown = live.setup.from.clone();
        let customer = shown.filter(|number| normalise(number, &plan).can_be_called_back());
        let none = QueueName::from("");
        let customer = customer.filter(|number| {
            let could = self.could_call_back(tenant, (id, &none), number);
            could
                .inspect_err(
                    |why| tracing::info!(%tenant, call = %id, "cannot be called back: {why}"),
                )
                .is_ok()
        });
        let taken = customer.map(|number| {
            let wanted = Callback {
                call: id,
                queue: none,
                number,
                priority: 0,
                wants: Wants::default(),
            };
            self.on_floor(now, tenant, |floor| floor.acd.handle_callback(now, wanted))
        });
        if !matches!(taken, Some(Some(Ok(_)))) {
            self.tell_call(id, FromFloor::NotCalledBack);
        }
    }

    /// Somebody is to be called back who need not wait on the line: by which id, and their place, 1 is the
    /// next.
    ///
    /// # Errors
    /// When the queue does not call back, there is no such queue, it is no customer's number, or none that may be called.
    pub(in crate::switch) fn call_back(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        mut wanted: Callback,
    ) -> Result<(CallId, usize), CallbackError> {
        let known = normalise(&wanted.number, &self.accounts.plan(tenant, None));
        if !known.can_be_called_back() {
            return Err(CallbackError::NoNumber);
        }
        self.could_call_back(tenant, (wanted.call, &wanted.queue), &wanted.number)?;
        wanted.number = known.canonical.unwrap_or(wanted.number);
        let queue = wanted.queue.clone();
        let taken = self.on_floor(now, tenant, |floor| floor.acd.handle_callback(now, wanted));
        self.drain_floor(now, tenant);
        taken.unwrap_or(Err(CallbackError::NotOffered(queue)))
    }

    /// Whether the toll fence could ever let the call back out: who would wait for it in vain is told at once.
    fn could_call_back(
        &self,
        tenant: &TenantId,
        (call, queue): (CallId, &QueueName),
        number: &str,
    ) -> Result<(), Barred> {
        let floor = self.floors.by_tenant.get(tenant);
        let Some(trunk) = floor.and_then(|floor| floor.acd.calls_back_by(call, queue)) else {
            return Ok(());
        };
        self.could_let_out(tenant, trunk, &self.dialled_back(tenant, number))
    }

    /// A customer's number as it is dialled.
    fn dialled_back(&self, tenant: &TenantId, number: &str) -> String {
        let known = normalise(number, &self.accounts.plan(tenant, None));
        known.national().unwrap_or_else(|| number.to_owned())
    }

    /// Nobody is called back for this any more; false when nobody was to be.
    pub(in crate::switch) fn cancel_callback(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        id: CallId,
    ) -> bool {
        let done = self.on_floor(now, tenant, |floor| {
            floor.acd.handle_callback_cancelled(now, id)
        });
        self.drain_floor(now, tenant);
        done.unwrap_or(false)
    }

    /// How it stands with somebody who is to be called back.
    pub(in crate::switch) fn callback(
        &self,
        tenant: &TenantId,
        id: CallId,
    ) -> Option<&CallbackChange> {
        self.floors.by_tenant.get(tenant)?.callbacks.get(&id)
    }

    /// It is somebody's turn who is not on the line.
    pub(super) fn call_somebody_back(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        id: CallId,
        queue: QueueName,
        number: &str,
        by: Callbacks,
    ) {
        let number = self.dialled_back(tenant, number);
        let target = Target::Trunk {
            trunk: by.trunk.unwrap_or_default(),
            number,
        };
        let made = self.setup_for(tenant, &target, Some(CONTEXT.to_owned()));
        let made = made.and_then(|mut setup| {
            setup.to = queue.to_string();
            self.check_room(&setup)?;
            let wanted = Queue {
                callback: Some(id),
                ..Queue::new(queue)
            };
            let origin = Origin {
                supervises: None,
                target,
                timeout: by.ring,
                shown: by.caller_id,
                returns_to: Some(Box::new(wanted)),
            };
            Ok((setup, origin))
        });
        let made = made.map(|(setup, origin)| {
            let options = Options {
                origin: Some(origin),
                ..self.options_for(tenant)
            };
            self.make_call(now, setup, options, None).is_ok()
        });
        if made != Ok(true) {
            tracing::warn!(%tenant, call = %id, "a customer cannot be called back now: {made:?}");
            self.on_floor(now, tenant, |floor| floor.acd.handle_not_back(now, id));
        }
    }

    /// The call to somebody is over: unless they wait in the line by it, they are called again later, and the agent
    /// who was held for them is free.
    pub(in crate::switch) fn callback_is_over(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        id: CallId,
    ) {
        self.on_floor(now, tenant, |floor| floor.acd.handle_not_back(now, id));
        self.drain_floor(now, tenant);
    }

    /// Keeps what is known of somebody who is to be called back.
    pub(super) fn note_callback(&mut self, tenant: &TenantId, change: CallbackChange) {
        tracing::info!(
            %tenant, call = %change.id, queue = %change.queue, state = change.state.word(),
            tried = change.tried, "call back"
        );
        if let Some(floor) = self.floors.get_mut(tenant) {
            match change.state.is_over() {
                true => floor.callbacks.remove(&change.id),
                false => floor.callbacks.insert(change.id, change),
            };
        }
    }

    /// Gives a new machine those who are to be called back.
    pub(super) fn take_back_callbacks(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        kept: impl IntoIterator<Item = CallbackChange>,
    ) {
        if let Some(floor) = self.floors.get_mut(tenant) {
            floor.acd.restore_callbacks(now, kept);
        }
    }
}

/// Nothing is looked up in it: no handler runs for who is called back.
const CONTEXT: &str = "callback";
