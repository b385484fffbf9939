//! What an agent can do at once: one call, and so many chats.

use serde::{Deserialize, Serialize};

/// By what a customer comes.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// A call: whom it is offered to, rings.
    #[default]
    Voice,
    /// A chat, or whatever else is no call: whom it is offered to, is told, and takes it at their desk.
    Chat,
}

/// How much an agent is given at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capacity {
    /// Calls; 0 is none, more than one is not possible.
    pub voice: u32,
    /// Chats.
    pub chat: u32,
    /// Calls are offered also to who is in chats.
    pub voice_interrupts: bool,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            voice: 1,
            chat: 0,
            voice_interrupts: true,
        }
    }
}

impl Capacity {
    /// Whether one more fits in beside so many chats.
    pub(super) fn has_room(&self, medium: Medium, chats: usize) -> bool {
        match medium {
            Medium::Voice => self.voice > 0 && (chats == 0 || self.voice_interrupts),
            Medium::Chat => u32::try_from(chats).is_ok_and(|chats| chats < self.chat),
        }
    }
}
