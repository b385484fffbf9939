//! Second tries: with credentials after 401 and 407, with a longer interval after 422.

use crate::auth::Account;
use crate::{Name, Request, RequestBuilder, Response, SessionExpires};

/// What answers challenges, and how many more it may answer.
#[derive(Debug)]
pub(crate) struct Login {
    account: Option<Box<Account>>,
    left: u8,
}

impl Login {
    pub(crate) fn new(account: Option<Account>) -> Self {
        Self {
            account: account.map(Box::new),
            left: MOST_TRIES,
        }
    }

    /// A request went through; the next one may be challenged anew.
    pub(super) fn succeeded(&mut self) {
        self.left = MOST_TRIES;
    }

    /// Makes the next try out of the request as it was sent, if the refusal says how. Via and CSeq
    /// are still those of the first.
    pub(crate) fn retry(&mut self, sent: &Request, refusal: &Response) -> Option<RequestBuilder> {
        self.left = self.left.checked_sub(1)?;
        match refusal.status() {
            401 | 407 => {
                let (name, value) = self.account.as_mut()?.answer(sent, refusal).ok()?;
                Some(sent.edit().replace(name, value))
            }
            422 => {
                let min_se = refusal.min_se().ok()??;
                let proposed = sent.session_expires().ok()??;
                let interval = proposed.interval.max(min_se);
                // What was not too short cannot be refused for that.
                if interval == proposed.interval {
                    return None;
                }
                let longer = SessionExpires {
                    interval,
                    ..proposed
                };
                let again = sent.edit().replace(Name::SessionExpires, longer);
                Some(again.replace(Name::MinSe, min_se.as_secs()))
            }
            _ => None,
        }
    }
}

/// Refused requests in a row that are tried again.
const MOST_TRIES: u8 = 4;
