//! What time brings an agent: the end of 事后, of a break that is limited, of a lost phone's grace.

use std::time::{Duration, Instant};

use super::Reason;
use super::agent::{Agent, Duty, Reach, Rest};
use super::plan::AgentRules;

impl Agent {
    /// Since when the phone does not answer, or the desk is not heard.
    pub(super) fn lost_since(&self, now: Instant) -> Option<Instant> {
        let phone = match self.reach {
            // Chats need no phone.
            _ if self.capacity.voice == 0 => None,
            Reach::Reachable => None,
            Reach::Lost { since } => Some(since),
        };
        let desk = self.beat.filter(|beat| now >= *beat + BEAT_WITHIN);
        [phone, desk].into_iter().flatten().min()
    }

    /// The break that has lasted too long, if it has: its reason's code, and for how long.
    pub(super) fn overrun(&self, now: Instant, rules: &AgentRules) -> Option<(u8, Duration)> {
        let (code, max) = self.limited_break(rules)?;
        let lasted = now.saturating_duration_since(self.record.busy_since);
        (lasted >= max && !self.record.told_overrun).then_some((code, lasted))
    }

    fn limited_break(&self, rules: &AgentRules) -> Option<(u8, Duration)> {
        let Duty::Busy(Reason::Code(code)) = self.duty else {
            return None;
        };
        Some((code, rules.reason(code)?.max?))
    }

    /// Applies what time, a wish or the plan has brought, unless a call or an offer is going on.
    pub(super) fn pass_time(&mut self, now: Instant, rules: &AgentRules) {
        if self.is_engaged() || self.duty == Duty::LoggedOut {
            return;
        }
        if self.queues.is_empty() {
            return self.log_out();
        }
        if let Some(since) = self.lost_since(now) {
            let lost = now.saturating_duration_since(since);
            if lost >= rules.lost_logout {
                return self.log_out();
            }
            if lost >= rules.lost_grace {
                self.wish = None;
                return self.rest(now, Rest::Busy(Reason::Lost));
            }
        }
        if let Some(wish) = self.wish.take() {
            match &mut self.duty {
                Duty::WrapUp { then, .. } => *then = wish,
                _ => self.rest(now, wish),
            }
        }
        if let Duty::WrapUp {
            until: Some(until),
            then,
        } = self.duty
            && until <= now
        {
            self.rest(now, then);
        }
    }

    /// When time will bring something next.
    pub(super) fn deadline(&self, now: Instant, rules: &AgentRules) -> Option<Instant> {
        let silent = self.beat.map(|beat| beat + BEAT_WITHIN);
        let silent = silent.filter(|at| *at > now);
        if self.is_engaged() || self.duty == Duty::LoggedOut {
            // Whether a desk is heard shows in a call, too.
            return silent;
        }
        let ahead = |since: Instant| {
            let both = [since + rules.lost_grace, since + rules.lost_logout];
            both.into_iter().filter(|at| *at > now).min()
        };
        let lost = self.lost_since(now).and_then(ahead);
        let overrun = self.limited_break(rules);
        let overrun = overrun.map(|(_, max)| self.record.busy_since + max);
        let overrun = overrun.filter(|_| !self.record.told_overrun);
        let wrap_up = match self.duty {
            Duty::WrapUp { until, .. } => until,
            _ => None,
        };
        let delay = self.record.not_before.filter(|at| *at > now);
        let all = [lost, silent, overrun, wrap_up, delay];
        all.into_iter().flatten().min()
    }
}

/// A desk that is not heard for longer is taken for gone since it was last heard.
const BEAT_WITHIN: Duration = Duration::from_secs(20);
