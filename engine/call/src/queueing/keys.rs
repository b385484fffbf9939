//! Keys while waiting: nobody loses their place by one until they have pressed it again.

use std::time::{Duration, Instant};

use super::spoken::named;
use super::waiting::Waiting;
use crate::call::board::Board;
use crate::{Choice, Output, Queue, ToFloor};

/// What a caller has pressed.
#[derive(Debug, Default)]
pub(super) struct Pressed {
    /// The key that takes the caller out.
    pub(super) out: Option<char>,
    /// Where it leads, where that is not back to the script.
    pub(super) onward: Option<String>,
    /// Keys by which scripts were told something, no more often than once: by their places among [`KEYS`].
    told: u16,
    /// A key that is to be pressed again, until then.
    again: Option<(char, Instant)>,
}

impl Waiting {
    /// The caller has pressed a key.
    pub(super) fn pressed(&mut self, board: &mut Board, key: char, wanted: &Queue) {
        if self.keys.out.is_some() {
            return;
        }
        if wanted.exit_keys.contains(key) {
            return self.leave(board, key, None);
        }
        let Some(known) = wanted.keys.iter().find(|known| known.key == key) else {
            return;
        };
        let again = self.keys.again.take();
        let is_second = again.is_some_and(|(before, until)| before == key && board.now < until);
        if let Some(prompt) = known.confirm.as_ref().filter(|_| !is_second) {
            self.keys.again = Some((key, board.after(TO_CONFIRM)));
            return self.say_at_once(board, vec![prompt.clone()]);
        }
        match &known.choice {
            Choice::Leave => self.leave(board, key, None),
            Choice::Go(target) => self.leave(board, key, Some(target.clone())),
            Choice::Queue(queue) => {
                let queue = queue.clone();
                board.decide(format!("go to queue {queue}"), format!("key {key}"));
                board.push(Output::Floor(ToFloor::Move { queue }));
            }
            Choice::Tell { event, say } => {
                let bit = KEYS.find(key).map_or(0, |place| 1 << place);
                if self.keys.told & bit != 0 {
                    return;
                }
                self.keys.told |= bit;
                board.decide(format!("tell of {event}"), format!("key {key}"));
                let event = event.clone();
                board.push(Output::Floor(ToFloor::Aside { event }));
                if let Some(say) = say.clone() {
                    self.say_at_once(board, vec![say]);
                }
            }
            Choice::Callback => {
                board.decide("call the caller back", format!("key {key}"));
                board.push(Output::Floor(ToFloor::Callback));
            }
        }
    }

    fn leave(&mut self, board: &mut Board, key: char, onward: Option<String>) {
        self.keys.out = Some(key);
        self.keys.onward = onward;
        board.push(Output::Floor(ToFloor::Leave));
    }
}

/// The prompt that asks for a key once more, where the script names none.
pub(crate) fn confirmation(choice: &Choice) -> Option<crate::Sound> {
    match choice {
        Choice::Leave | Choice::Tell { .. } => None,
        Choice::Callback => Some(named("queue/confirm-callback")),
        Choice::Queue(_) | Choice::Go(_) => Some(named("queue/confirm")),
    }
}

/// The keys of a phone.
const KEYS: &str = "0123456789*#";
/// From a key until it is pressed again: the prompt, and time to think.
const TO_CONFIRM: Duration = Duration::from_secs(15);
