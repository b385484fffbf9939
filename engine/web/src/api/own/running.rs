//! What only the running exchange knows and does: calls, phones, trunks, scripts.

use std::collections::HashMap;

use store::CallBegin;
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::super::problem::Problem;
use super::{Own, answer};
use crate::exchange::{
    Allowed, CallWanted, LiveCall, NoCall, Plugin, Registration, Reloaded, Scripts, TransferWanted,
    Trunk,
};

impl Own {
    pub(in crate::api) async fn live_calls(
        &self,
        calls: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, LiveCall>, Problem> {
        if calls.is_empty() {
            return Ok(HashMap::new());
        }
        answer(self.parts.exchange.live_calls(self.tenant(), calls)).await
    }

    pub(in crate::api) async fn hang_up(&self, call: Uuid) -> Result<(), Problem> {
        let by = self.who.by();
        let done = answer(self.parts.exchange.hang_up(self.tenant(), call, by)).await?;
        done.map_err(Problem::refused)
    }

    pub(in crate::api) async fn originate(&self, wanted: CallWanted) -> Result<CallBegin, Problem> {
        self.about(&wanted.user)?;
        let made = answer(self.parts.exchange.originate(self.tenant(), wanted)).await?;
        made.map_err(|why| match why {
            NoCall::NoUser => Problem::unprocessable("no_such_user", "from is one of the users"),
            NoCall::NoRoute => {
                let why = "the dialplan has no handler for this number in the user's context";
                Problem::unprocessable("no_route", why)
            }
            NoCall::NoPhone => Problem::conflict("no_phone", "no phone of this user is registered"),
            NoCall::Full(why) => Problem::busy(why),
            NoCall::NotNow(code, why) => Problem::conflict(code, format!("the user {why}")),
        })
    }

    pub(in crate::api) async fn transfer(
        &self,
        call: Uuid,
        (by, to): (String, String),
    ) -> Result<(), Problem> {
        let who = self.who.by();
        let wanted = TransferWanted { who, by, to };
        let exchange = &self.parts.exchange;
        let tried = answer(exchange.transfer(self.tenant(), call, wanted)).await?;
        tried.map_err(Problem::refused)
    }

    pub(in crate::api) async fn plugins(&self) -> Result<Vec<Plugin>, Problem> {
        Ok(answer(self.parts.exchange.plugins(self.tenant())).await??)
    }

    /// Allows a plugin; one reload at a time, as for [`reload`](Self::reload).
    pub(in crate::api) async fn allow_plugin(&self, name: &str) -> Result<Allowed, Problem> {
        let _alone = self.alone()?;
        let exchange = &self.parts.exchange;
        let allowed = answer(exchange.allow_plugin(self.tenant(), name.to_owned())).await??;
        allowed.ok_or_else(|| Problem::not_found("plugin"))
    }

    pub(in crate::api) async fn registrations(&self) -> Result<Vec<Registration>, Problem> {
        answer(self.parts.exchange.registrations(self.tenant())).await
    }

    pub(in crate::api) async fn trunks(&self) -> Result<Vec<Trunk>, Problem> {
        answer(self.parts.exchange.trunks(self.tenant())).await
    }

    pub(in crate::api) async fn scripts(&self) -> Result<Scripts, Problem> {
        let found = answer(self.parts.exchange.scripts(self.tenant())).await?;
        found.ok_or_else(|| Problem::not_found("tenant"))
    }

    /// Loads changed files; one reload at a time, for they need threads that calls need too.
    pub(in crate::api) async fn reload(&self) -> Result<Reloaded, Problem> {
        let _alone = self.alone()?;
        answer(self.parts.exchange.reload(self.tenant())).await
    }

    /// Goes back to an earlier generation; one at a time, as for [`reload`](Self::reload).
    pub(in crate::api) async fn roll_back(
        &self,
        generation: Option<u64>,
    ) -> Result<Reloaded, Problem> {
        let _alone = self.alone()?;
        let gone = answer(self.parts.exchange.roll_back(self.tenant(), generation)).await?;
        gone.map_err(|why| Problem::conflict("cannot_roll_back", why))
    }

    fn alone(&self) -> Result<MutexGuard<'_, ()>, Problem> {
        self.parts.reloading.try_lock().map_err(|_| {
            Problem::conflict(
                "reload_runs",
                "a reload is under way; ask again when it is done",
            )
        })
    }
}
