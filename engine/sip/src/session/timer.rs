//! The session timer, RFC 4028: who refreshes, how often, and when a session is dead.

use std::time::{Duration, Instant};

use super::timing::Timing;
use crate::Refresher;

/// The shortest interval that we accept, RFC 4028 §5.
pub(crate) const MIN_SE: Duration = Duration::from_secs(90);

/// What two sides agreed on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Terms {
    pub(crate) interval: Duration,
    pub(crate) refresher: Refresher,
}

/// What a request says about session timers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Proposal {
    /// Session-Expires.
    pub(crate) interval: Option<Duration>,
    /// The refresher parameter.
    pub(crate) refresher: Option<Refresher>,
    /// Min-SE.
    pub(crate) min_se: Option<Duration>,
    /// Whether `timer` is in Supported or Require.
    pub(crate) supported: bool,
}

impl Proposal {
    /// Whether it must be refused with 422 and our Min-SE (§9).
    pub(crate) fn is_too_small(&self, ours: &Timing) -> bool {
        let is_short = |interval| interval < ours.least();
        ours.is_on && self.supported && self.interval.is_some_and(is_short)
    }

    /// Answers as the UAS: never longer than proposed, never below the Min-SE of either side. Who
    /// refreshed so far goes on; a new session we refresh ourselves, unless we wish otherwise.
    pub(crate) fn answer(&self, ours: &Timing, so_far: Option<Refresher>) -> Option<Terms> {
        if !ours.is_on {
            return None;
        }
        let wanted = match (self.interval, ours.interval) {
            (Some(theirs), Some(ours)) => theirs.min(ours),
            (Some(theirs), None) => theirs,
            (None, Some(ours)) if self.supported => ours,
            (None, _) => return None,
        };
        let refresher = match self.refresher {
            Some(refresher) if self.supported => refresher,
            _ if !self.supported => Refresher::Uas,
            _ => so_far
                .or_else(|| ours.wish(false))
                .unwrap_or(Refresher::Uas),
        };
        let least = self.min_se.unwrap_or(MIN_SE).max(ours.least());
        Some(Terms {
            interval: wanted.max(least),
            refresher,
        })
    }
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Due {
    /// Send a refresh.
    Refresh,
    /// Nobody refreshed in time: send BYE.
    Expire,
}

/// Counts down to the next refresh, or to the end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum SessionTimer {
    /// The sides agreed on none.
    #[default]
    Off,
    /// We refresh at `refresh_at`; unset while a refresh is on its way.
    Refreshing {
        interval: Duration,
        refresh_at: Option<Instant>,
        expire_at: Instant,
    },
    /// The far end refreshes, or the session ends at `expire_at`.
    Watching {
        interval: Duration,
        expire_at: Instant,
    },
}

impl SessionTimer {
    /// Begins anew, after the 2xx that `terms` come from. `we_asked`: we sent the request.
    pub(crate) fn start(&mut self, now: Instant, terms: Option<Terms>, we_asked: bool) {
        let Some(Terms {
            interval,
            refresher,
        }) = terms
        else {
            *self = Self::Off;
            return;
        };
        let expire_at = now + interval - Duration::from_secs(32).min(interval / 3);
        let we_refresh = (refresher == Refresher::Uac) == we_asked;
        *self = if we_refresh {
            Self::Refreshing {
                interval,
                refresh_at: Some(now + interval / 2),
                expire_at,
            }
        } else {
            Self::Watching {
                interval,
                expire_at,
            }
        };
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        match self {
            Self::Refreshing { expire_at, .. } | Self::Watching { expire_at, .. }
                if *expire_at <= now =>
            {
                *self = Self::Off;
                Some(Due::Expire)
            }
            Self::Refreshing { refresh_at, .. } if refresh_at.is_some_and(|at| at <= now) => {
                *refresh_at = None;
                Some(Due::Refresh)
            }
            _ => None,
        }
    }

    /// The refresh could not be made now, or was refused: try once more in a while.
    pub(crate) fn postpone(&mut self, now: Instant, wait: Duration) {
        if let Self::Refreshing { refresh_at, .. } = self {
            *refresh_at = Some(now + wait);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match *self {
            Self::Off => None,
            Self::Refreshing {
                refresh_at,
                expire_at,
                ..
            } => Some(refresh_at.map_or(expire_at, |at| at.min(expire_at))),
            Self::Watching { expire_at, .. } => Some(expire_at),
        }
    }

    /// The interval that was agreed on.
    pub(crate) fn interval(&self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::Refreshing { interval, .. } | Self::Watching { interval, .. } => Some(*interval),
        }
    }

    /// Who refreshes, seen from a request that goes out now (`we_ask`) or came in.
    pub(crate) fn refresher(&self, we_ask: bool) -> Option<Refresher> {
        let we_refresh = match self {
            Self::Off => return None,
            Self::Refreshing { .. } => true,
            Self::Watching { .. } => false,
        };
        Some(if we_refresh == we_ask {
            Refresher::Uac
        } else {
            Refresher::Uas
        })
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use super::super::timing::Keeper;
    use super::*;

    const HALF_HOUR: Duration = Duration::from_secs(1800);

    #[test]
    fn the_refresher_refreshes_at_half_time_and_expires_when_it_cannot() {
        let start = Instant::now();
        let mut timer = SessionTimer::default();
        timer.start(start, terms(Refresher::Uac), true);

        assert_eq!(timer.poll_timeout(), Some(start + HALF_HOUR / 2));
        assert_eq!(
            timer.handle_timeout(start + HALF_HOUR / 2),
            Some(Due::Refresh)
        );
        let end = start + HALF_HOUR - Duration::from_secs(32);
        assert_eq!(timer.poll_timeout(), Some(end));
        assert_eq!(timer.handle_timeout(end), Some(Due::Expire));
        assert_eq!(timer.poll_timeout(), None);
    }

    #[test]
    fn the_other_side_waits_until_half_a_minute_before_the_end() {
        let start = Instant::now();
        let mut timer = SessionTimer::default();

        timer.start(start, terms(Refresher::Uas), true);

        let end = start + HALF_HOUR - Duration::from_secs(32);
        assert_eq!(timer.handle_timeout(end - Duration::from_secs(1)), None);
        assert_eq!(timer.handle_timeout(end), Some(Due::Expire));
    }

    #[test]
    fn roles_follow_the_direction_of_the_request() {
        let start = Instant::now();
        let mut timer = SessionTimer::default();

        timer.start(start, terms(Refresher::Uac), false);

        assert_eq!(timer.refresher(true), Some(Refresher::Uas));
        assert_eq!(timer.refresher(false), Some(Refresher::Uac));
    }

    #[test]
    fn an_interval_below_ninety_seconds_is_too_small_only_for_those_who_know_timers() {
        let mut proposal = Proposal {
            interval: Some(Duration::from_secs(60)),
            supported: true,
            ..Proposal::default()
        };

        let ours = Timing::every(None);
        assert!(proposal.is_too_small(&ours));
        assert!(!proposal.is_too_small(&Timing {
            is_on: false,
            ..ours
        }));
        proposal.supported = false;
        assert!(!proposal.is_too_small(&ours));
    }

    #[test]
    fn the_shorter_interval_wins_but_not_below_the_minimum() {
        let proposal = Proposal {
            interval: Some(HALF_HOUR),
            min_se: Some(Duration::from_secs(600)),
            supported: true,
            ..Proposal::default()
        };

        let terms = |ours| {
            let ours = Timing::every(Some(ours));
            proposal.answer(&ours, None).unwrap().interval
        };

        assert_eq!(terms(Duration::from_secs(900)), Duration::from_secs(900));
        assert_eq!(terms(Duration::from_secs(300)), Duration::from_secs(600));
        assert_eq!(terms(HALF_HOUR * 2), HALF_HOUR);
    }

    #[test]
    fn who_knows_no_timers_is_not_asked_to_refresh() {
        let from_proxy = Proposal {
            interval: Some(HALF_HOUR),
            refresher: Some(Refresher::Uac),
            ..Proposal::default()
        };

        assert_eq!(
            from_proxy.answer(&Timing::every(None), None),
            Some(Terms {
                interval: HALF_HOUR,
                refresher: Refresher::Uas
            })
        );
        let ours = Timing::every(Some(HALF_HOUR));
        assert_eq!(Proposal::default().answer(&ours, None), None);
    }

    #[test]
    fn who_is_to_refresh_is_ours_to_say_where_the_far_end_leaves_it_open() {
        let mut proposal = Proposal {
            interval: Some(HALF_HOUR),
            supported: true,
            ..Proposal::default()
        };
        let them = Timing {
            keeper: Some(Keeper::Them),
            ..Timing::every(None)
        };
        let refresher = |it: &Proposal, ours| it.answer(ours, None).unwrap().refresher;

        assert_eq!(refresher(&proposal, &them), Refresher::Uac);
        let open = Timing::every(None);
        assert_eq!(refresher(&proposal, &open), Refresher::Uas);
        proposal.refresher = Some(Refresher::Uas);
        assert_eq!(refresher(&proposal, &them), Refresher::Uas);
        let off = Timing {
            is_on: false,
            ..them
        };
        assert_eq!(proposal.answer(&off, None), None);
    }

    fn terms(refresher: Refresher) -> Option<Terms> {
        Some(Terms {
            interval: HALF_HOUR,
            refresher,
        })
    }
}
