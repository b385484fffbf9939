//! What agents do at their desks with what is no call.

use std::time::Instant;

use super::Deed;
use crate::CallId;
use crate::acd::{Acd, AgentId, ItemError};

/// What is done with an item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ItemDeed {
    /// It is taken.
    Take,
    /// It is declined.
    Decline,
    /// It is over.
    Finish,
}

impl Deed {
    /// The item that it is about, and what is done with it; `None` when it is about something else.
    pub fn item(&self) -> Option<(CallId, ItemDeed)> {
        match self {
            Self::TakeItem { item } => Some((*item, ItemDeed::Take)),
            Self::DeclineItem { item } => Some((*item, ItemDeed::Decline)),
            Self::FinishItem { item } => Some((*item, ItemDeed::Finish)),
            _ => None,
        }
    }
}

impl ItemDeed {
    /// Lets the machine of queues do it, for this agent.
    ///
    /// # Errors
    /// When the agent has it not, or it is not offered to them.
    pub fn on(
        self,
        acd: &mut Acd,
        now: Instant,
        agent: &AgentId,
        item: CallId,
    ) -> Result<(), ItemError> {
        match self {
            Self::Take => acd.handle_item(now, agent, item, true),
            Self::Decline => acd.handle_item(now, agent, item, false),
            Self::Finish if acd.items_of(agent).contains(&item) => acd.handle_item_over(now, item),
            Self::Finish => Err(ItemError::NoItem),
        }
    }
}
