//! People, queues and what is done at desks.

use call::desk::{Deed, Order, Role};
use call::screen::{Change, Listed, Question};
use uuid::Uuid;

use super::super::problem::Problem;
use super::{Own, answer};
use crate::exchange::{NoRole, RoleWanted, User};
use crate::figures::{Wallboard, Yardstick};
use crate::floor::{
    Agent, CallbackTaken, CallbackWanted, ItemWanted, Performed, Queue, QueueDetails, QueueSwitch,
};

impl Own {
    pub(in crate::api) async fn agents(&self) -> Result<Vec<Agent>, Problem> {
        answer(self.parts.exchange.agents(self.tenant())).await
    }

    pub(in crate::api) async fn order(
        &self,
        user: String,
        deed: Deed,
    ) -> Result<Performed, Problem> {
        let by = self.who.by();
        self.log("command", &format_args!("{} {user}", deed.word()), "asked");
        let order = Order { by, user, deed };
        let done = answer(self.parts.exchange.order(self.tenant(), order)).await?;
        done.map_err(Problem::refused)
    }

    /// One of the tenant's users.
    pub(in crate::api) async fn user(&self, extension: &str) -> Result<User, Problem> {
        let mut users = self.users().await?.into_iter();
        let found = users.find(|user| user.extension == extension);
        let found = found.ok_or_else(|| Problem::not_found("user"))?;
        self.about(extension)?;
        Ok(found)
    }

    pub(in crate::api) async fn users(&self) -> Result<Vec<User>, Problem> {
        answer(self.parts.exchange.users(self.tenant())).await
    }

    pub(in crate::api) async fn give_role(
        &self,
        user: String,
        role: Role,
        team: Option<String>,
    ) -> Result<(), Problem> {
        let by = self.who.by();
        let wanted = RoleWanted {
            by,
            user,
            role,
            team,
        };
        let given = answer(self.parts.exchange.give_role(self.tenant(), wanted)).await?;
        given.map_err(|why| match why {
            NoRole::NoUser => Problem::not_found("user"),
            NoRole::Configured => {
                let why = "the role of this user stands in config.lua: change it there";
                Problem::conflict("configured", why)
            }
            NoRole::Above => {
                let why = "nobody gives a role above their own: an administrator does";
                Problem::forbidden("not_allowed", why)
            }
            NoRole::Records(error) => error.into(),
        })
    }

    pub(in crate::api) async fn listed(&self, question: Question) -> Result<Vec<Listed>, Problem> {
        answer(self.parts.exchange.listed(self.tenant(), question)).await
    }

    pub(in crate::api) async fn change_list(&self, change: Change) -> Result<Listed, Problem> {
        let (act, list) = match &change {
            Change::Add(listed) => ("list_add", listed.list),
            Change::Remove { list, .. } => ("list_remove", *list),
        };
        self.log(act, &list.word(), "asked");
        let exchange = &self.parts.exchange;
        let done = answer(exchange.change_list(self.tenant(), change, self.who.by())).await?;
        done.map_err(|refused| match refused.word {
            "not_listed" => Problem::not_found("entry of this list"),
            _ => Problem::refused(refused),
        })
    }

    pub(in crate::api) async fn offer_item(&self, wanted: ItemWanted) -> Result<Uuid, Problem> {
        let offered = self.parts.exchange.offer_item(self.tenant(), wanted);
        let offered = answer(offered).await?;
        offered.map_err(|_| Problem::not_found("queue"))
    }

    pub(in crate::api) async fn end_item(&self, item: Uuid) -> Result<(), Problem> {
        let over = answer(self.parts.exchange.end_item(self.tenant(), item)).await?;
        match over {
            true => Ok(()),
            false => Err(Problem::not_found("item")),
        }
    }

    pub(in crate::api) async fn queues(&self) -> Result<Vec<Queue>, Problem> {
        answer(self.parts.exchange.queues(self.tenant())).await
    }

    pub(in crate::api) async fn queue(&self, name: String) -> Result<QueueDetails, Problem> {
        let found = answer(self.parts.exchange.queue(self.tenant(), name)).await?;
        found.ok_or_else(|| Problem::not_found("queue"))
    }

    pub(in crate::api) async fn switches(&self) -> Result<Vec<QueueSwitch>, Problem> {
        answer(self.parts.exchange.switches(self.tenant())).await
    }

    pub(in crate::api) async fn wallboard(&self) -> Result<Wallboard, Problem> {
        answer(self.parts.exchange.wallboard(self.tenant())).await
    }

    pub(in crate::api) async fn yardstick(&self) -> Result<Yardstick, Problem> {
        let found = answer(self.parts.exchange.yardstick(self.tenant())).await?;
        found.ok_or_else(|| Problem::not_found("tenant"))
    }

    pub(in crate::api) async fn call_back(
        &self,
        wanted: CallbackWanted,
    ) -> Result<CallbackTaken, Problem> {
        let taken = answer(self.parts.exchange.call_back(self.tenant(), wanted)).await?;
        taken.map_err(|refused| match refused.word {
            "no_queue" => Problem::not_found("queue"),
            "no_number" | "not_allowed" => Problem::unprocessable(refused.word, refused.sentence),
            word => Problem::conflict(word, refused.sentence),
        })
    }

    pub(in crate::api) async fn cancel_callback(&self, id: Uuid) -> Result<(), Problem> {
        let was_known = answer(self.parts.exchange.cancel_callback(self.tenant(), id)).await?;
        match was_known {
            true => Ok(()),
            false => Err(Problem::not_found("call back")),
        }
    }

    /// Refuses somebody who is no user, or whom whoever asks does not reach.
    pub(in crate::api) async fn is_user(&self, extension: &str) -> Result<(), Problem> {
        let users = self.users().await?;
        match self.reaches(extension) && users.iter().any(|it| it.extension == extension) {
            true => Ok(()),
            false => Err(Problem::not_found("user")),
        }
    }
}
