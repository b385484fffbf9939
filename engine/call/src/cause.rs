//! Why a call or leg ended: the word that scripts see, the SIP status, the Q.850 number.

use serde::{Deserialize, Serialize};

macro_rules! causes {
    ($( $(#[$doc:meta])* $variant:ident $word:literal $sip:literal $q850:literal ),+ $(,)?) => {
        /// Why a call or a leg ended.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Cause { $( $(#[$doc])* $variant ),+ }

        impl Cause {
            /// All causes.
            pub const ALL: &[Self] = &[$( Self::$variant ),+];

            /// The word that scripts, records and reports use.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }

            /// The SIP status that refuses a call for this cause.
            pub fn sip_status(self) -> u16 {
                match self { $( Self::$variant => $sip ),+ }
            }

            /// The Q.850 cause value for the Reason header (RFC 3326).
            pub fn q850(self) -> u8 {
                match self { $( Self::$variant => $q850 ),+ }
            }

            /// Finds a cause by its word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|cause| cause.word() == word)
            }
        }
    };
}

causes! {
    /// Somebody hung up.
    Normal "normal" 480 16,
    /// The far end is in another call.
    Busy "busy" 486 17,
    /// Rang, and nobody answered.
    NoAnswer "no_answer" 480 19,
    /// Answered elsewhere, or the caller gave up while it rang.
    Cancelled "cancelled" 487 26,
    /// The far end declined.
    Rejected "rejected" 603 21,
    /// There is no such number or user.
    Unallocated "unallocated" 404 1,
    /// The user exists and no phone of theirs is registered, or the trunk is down.
    Unavailable "unavailable" 480 20,
    /// A number outside exists, and its phone is switched off or out of reach.
    SwitchedOff "switched_off" 480 20,
    /// No line, no port, or no capacity.
    Congestion "congestion" 503 34,
    /// The far end says that the caller may not call this.
    Forbidden "forbidden" 403 57,
    /// Our own toll fence: whoever has chosen the number has no right to it.
    NotAllowed "not_allowed" 403 57,
    /// Our own toll fence: today's calls or minutes are used up.
    LimitReached "limit_reached" 403 57,
    /// No codec in common.
    Incompatible "incompatible" 488 88,
    /// The script or the exchange failed.
    Failure "failure" 500 41,
    /// The far end fell silent: no RTP, no session refresh, or its connection broke.
    Lost "lost" 408 27,
}

impl Cause {
    /// What an outside number's network says with the final SIP status of a refused INVITE and, where it
    /// comes with one, the Q.850 cause of its Reason header (RFC 3326): that is the nearer to the number.
    pub fn from_network(status: u16, q850: Option<u16>) -> Self {
        match q850 {
            // Unallocated, no route, number changed, invalid format.
            Some(1 | 2 | 3 | 22 | 28) => Self::Unallocated,
            Some(17) => Self::Busy,
            Some(18 | 19) => Self::NoAnswer,
            // Subscriber absent; destination out of order.
            Some(20 | 27) => Self::SwitchedOff,
            Some(21) => Self::Rejected,
            Some(34 | 38 | 41 | 42 | 44 | 47) => Self::Congestion,
            _ if status == 480 => Self::SwitchedOff,
            _ => Self::from_sip_status(status),
        }
    }

    /// As it is shown to Chinese agents: 空号, 关机, 忙.
    pub fn in_chinese(self) -> &'static str {
        match self {
            Self::Normal => "正常挂机",
            Self::Busy => "忙",
            Self::NoAnswer => "无应答",
            Self::Cancelled => "已取消",
            Self::Rejected => "拒接",
            Self::Unallocated => "空号",
            Self::SwitchedOff => "关机",
            Self::Unavailable | Self::Incompatible | Self::Lost => "无法接通",
            Self::Congestion => "线路忙",
            Self::Forbidden => "被拒绝",
            Self::NotAllowed => "无权限",
            Self::LimitReached => "超出限额",
            Self::Failure => "系统故障",
        }
    }

    /// Maps the final SIP status of a refused INVITE.
    pub fn from_sip_status(status: u16) -> Self {
        match status {
            486 | 600 => Self::Busy,
            408 | 480 => Self::NoAnswer,
            487 => Self::Cancelled,
            603 | 607 | 608 => Self::Rejected,
            404 | 410 | 484 | 604 => Self::Unallocated,
            401 | 403 | 407 => Self::Forbidden,
            415 | 488 | 606 => Self::Incompatible,
            430 => Self::Unavailable,
            500..=599 => Self::Congestion,
            _ => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_network_says_by_q850_counts_more_than_its_status() {
        for (status, q850, cause, shown) in [
            (404, None, Cause::Unallocated, "空号"),
            (480, None, Cause::SwitchedOff, "关机"),
            (480, Some(20), Cause::SwitchedOff, "关机"),
            (480, Some(19), Cause::NoAnswer, "无应答"),
            (503, Some(1), Cause::Unallocated, "空号"),
            (486, None, Cause::Busy, "忙"),
            (500, Some(17), Cause::Busy, "忙"),
            (603, None, Cause::Rejected, "拒接"),
            (408, None, Cause::NoAnswer, "无应答"),
            (503, None, Cause::Congestion, "线路忙"),
            (503, Some(34), Cause::Congestion, "线路忙"),
            (403, None, Cause::Forbidden, "被拒绝"),
        ] {
            let found = Cause::from_network(status, q850);
            assert_eq!(
                (found, found.in_chinese()),
                (cause, shown),
                "{status} {q850:?}"
            );
        }
    }

    #[test]
    fn every_cause_is_found_by_its_word() {
        for &cause in Cause::ALL {
            assert_eq!(Cause::from_word(cause.word()), Some(cause));
            assert!((400..700).contains(&cause.sip_status()));
            assert!((1..=127).contains(&cause.q850()));
        }
    }
}
