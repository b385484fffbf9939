//! Roles, what each may do, and whom with.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{By, Deed, NOBODY, Order, Refused};
use crate::screen::List;
use crate::toll::{Class, Rights};

/// What somebody is in the call centre.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 坐席.
    #[default]
    Agent,
    /// 班长: of their own team.
    Leader,
    /// 质检: listens, and changes nothing.
    Quality,
    /// 工单处理.
    Tickets,
    /// 管理员: everything.
    Admin,
    /// 集成: writes programs; has no say over people.
    Integrator,
}

impl Role {
    /// All there are.
    pub const ALL: [Self; 6] = [
        Self::Agent,
        Self::Leader,
        Self::Quality,
        Self::Tickets,
        Self::Admin,
        Self::Integrator,
    ];

    /// The word in `config.lua`, records and the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Leader => "leader",
            Self::Quality => "quality",
            Self::Tickets => "tickets",
            Self::Admin => "admin",
            Self::Integrator => "integrator",
        }
    }

    /// Whether whoever has this role may do what wants that right. The one table of it.
    pub const fn may(self, right: Right) -> bool {
        match right {
            Right::OwnState | Right::OwnCalls => true,
            Right::Listen => matches!(self, Self::Leader | Self::Quality | Self::Admin),
            Right::StateOfOthers
            | Right::CallsOfOthers
            | Right::Supervise
            | Right::Release
            | Right::Pick
            | Right::Lists
            | Right::Prompts
            | Right::QueueSwitch => matches!(self, Self::Leader | Self::Admin),
        }
    }

    /// What whoever has this role may call outside, where `config.lua` says nothing of it.
    pub fn toll(self) -> Rights {
        Rights::up_to(match self {
            Self::Agent | Self::Leader | Self::Tickets => Class::Domestic,
            Self::Quality => Class::Local,
            Self::Admin => Class::International,
            Self::Integrator => Class::Internal,
        })
    }

    /// Whether that is so in all teams, not in one's own only.
    const fn reaches_all_teams(self) -> bool {
        matches!(self, Self::Quality | Self::Admin)
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|role| role.word() == word);
        found.ok_or(())
    }
}

/// What a role may allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Right {
    /// One's own state as an agent.
    OwnState,
    /// One's own phone and calls.
    OwnCalls,
    /// States of other agents: 强制置闲, 置忙, 签出.
    StateOfOthers,
    /// Calls of others: to make and transfer them in their names.
    CallsOfOthers,
    /// 监听: to hear others' calls.
    Listen,
    /// 耳语, 强插, 强取: to speak in others' calls.
    Supervise,
    /// 强拆: to end others' calls.
    Release,
    /// To take a caller who waits in a queue that one does not serve.
    Pick,
    /// Blacklist, VIPs, whitelist.
    Lists,
    /// To record prompts.
    Prompts,
    /// To close and open the hotline.
    QueueSwitch,
}

impl Right {
    /// All there are.
    pub const ALL: &[Self] = &[
        Self::OwnState,
        Self::OwnCalls,
        Self::StateOfOthers,
        Self::CallsOfOthers,
        Self::Listen,
        Self::Supervise,
        Self::Release,
        Self::Pick,
        Self::Lists,
        Self::Prompts,
        Self::QueueSwitch,
    ];

    /// The word in the API: `state_of_others`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OwnState => "own_state",
            Self::OwnCalls => "own_calls",
            Self::StateOfOthers => "state_of_others",
            Self::CallsOfOthers => "calls_of_others",
            Self::Listen => "listen",
            Self::Supervise => "supervise",
            Self::Release => "release",
            Self::Pick => "pick",
            Self::Lists => "lists",
            Self::Prompts => "prompts",
            Self::QueueSwitch => "queue_switch",
        }
    }
}

/// The rights that a deed wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Needs {
    /// Of whoever does it about themselves.
    pub own: Right,
    /// Of whoever does it about somebody else.
    pub others: Right,
}

/// What is known of a user where rights are looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Person {
    /// What they are.
    pub role: Role,
    /// Whose leader reaches them; leaders reach whoever has no team, too.
    pub team: Option<String>,
}

/// Whether an order may be carried out. `who` knows the tenant's users.
///
/// Programs and scripts are looked at where they come in, by scope and permission.
///
/// # Errors
/// With what to tell whoever gave it.
pub fn allowed(order: &Order, who: impl Fn(&str) -> Option<Person>) -> Result<(), Refused> {
    let is_nobodys = order.user == NOBODY && order.deed.is_nobodys();
    if is_nobodys && !matches!(order.by, By::User(_)) {
        return Ok(());
    }
    let target = who(&order.user).ok_or_else(|| Refused::no_such_user(&order.user))?;
    let By::User(by) = &order.by else {
        return Ok(());
    };
    let person = who(by).ok_or_else(|| Refused::no_such_user(by))?;
    let needs = order.deed.needs();
    let is_own = *by == order.user;
    let right = if is_own { needs.own } else { needs.others };
    if !person.role.may(right) {
        let sentence = format!(
            "{by} is {} and may not do this (it wants the right {})",
            person.role.word(),
            right.word()
        );
        return Err(Refused::new("not_allowed", sentence));
    }
    if !is_own && target.role == Role::Admin && person.role != Role::Admin {
        let sentence = format!(
            "{} is an administrator: only administrators may",
            order.user
        );
        return Err(Refused::new("not_allowed", sentence));
    }
    let reaches = is_own
        || person.role.reaches_all_teams()
        || target.team.is_none()
        || target.team == person.team;
    if !reaches {
        let sentence = format!("{} is not in the team of {by}", order.user);
        return Err(Refused::new("not_allowed", sentence));
    }
    shuts_out_few(person.role, &order.deed)
}

/// Whole countries and cities are shut out by administrators only.
fn shuts_out_few(role: Role, deed: &Deed) -> Result<(), Refused> {
    let Deed::ListAdd {
        list: List::Blacklist,
        number,
        prefix: true,
        ..
    } = deed
    else {
        return Ok(());
    };
    let digits = number.chars().filter(char::is_ascii_digit).count();
    // What has none is no number at all, which is told where it is put.
    if role == Role::Admin || digits == 0 || digits >= SHORTEST_PREFIX {
        return Ok(());
    }
    let sentence = format!(
        "number: callers who begin with {number} are too many: a prefix on the blacklist has {SHORTEST_PREFIX} digits \
         or more, or an administrator puts it there"
    );
    Err(Refused::new("wrong_prefix", sentence))
}

/// Digits of what leaders shut out at least.
const SHORTEST_PREFIX: usize = 7;

#[cfg(test)]
mod tests {
    use super::super::{SwitchState, Terms};
    use super::*;
    use crate::Mode;
    use crate::screen::Change;

    fn who(user: &str) -> Option<Person> {
        let (role, team) = match user {
            "1001" => (Role::Leader, Some("it")),
            "1002" => (Role::Leader, Some("hr")),
            "1049" => (Role::Agent, Some("it")),
            "1050" => (Role::Agent, None),
            "1900" => (Role::Quality, None),
            "1999" => (Role::Admin, None),
            _ => return None,
        };
        Some(Person {
            role,
            team: team.map(str::to_owned),
        })
    }

    fn judged(by: By, user: &str, deed: Deed) -> Result<(), &'static str> {
        let user = user.to_owned();
        allowed(&Order { by, user, deed }, who).map_err(|refused| refused.word)
    }

    fn user(extension: &str) -> By {
        By::User(extension.into())
    }

    #[test]
    fn everybody_has_a_say_over_their_own_state_and_calls() {
        for role in ["1001", "1049", "1900", "1999"] {
            assert_eq!(judged(user(role), role, Deed::Idle {}), Ok(()));
            assert_eq!(judged(user(role), role, Deed::HangUp {}), Ok(()));
        }
    }

    #[test]
    fn leaders_reach_their_own_team_and_whoever_has_none() {
        let busy = || Deed::Busy { reason: None };
        assert_eq!(judged(user("1001"), "1049", busy()), Ok(()));
        assert_eq!(judged(user("1001"), "1050", busy()), Ok(()));
        assert_eq!(judged(user("1002"), "1049", busy()), Err("not_allowed"));
        assert_eq!(judged(user("1999"), "1049", busy()), Ok(()));
    }

    #[test]
    fn nobody_has_a_say_over_administrators_but_administrators() {
        assert_eq!(
            judged(user("1001"), "1999", Deed::ForceLogOut {}),
            Err("not_allowed")
        );
        let listen = || Deed::supervise(Mode::Listen, Terms::default());
        assert_eq!(judged(user("1900"), "1999", listen()), Err("not_allowed"));
        assert_eq!(judged(user("1999"), "1999", Deed::Idle {}), Ok(()));
    }

    #[test]
    fn agents_and_quality_have_no_say_over_others() {
        for by in ["1049", "1900"] {
            assert_eq!(
                judged(user(by), "1050", Deed::LogOut {}),
                Err("not_allowed")
            );
            assert_eq!(
                judged(user(by), "1050", Deed::HangUp {}),
                Err("not_allowed")
            );
        }
    }

    #[test]
    fn the_hotlines_switch_is_for_leaders_and_administrators() {
        for (by, verdict) in [
            ("1001", Ok(())),
            ("1999", Ok(())),
            ("1049", Err("not_allowed")),
            ("1900", Err("not_allowed")),
        ] {
            let closed = Deed::QueueSwitch {
                switch: "hotline".into(),
                state: SwitchState::Closed,
            };
            assert_eq!(judged(user(by), by, closed), verdict, "{by}");
        }
    }

    #[test]
    fn a_program_changes_lists_about_nobody_and_does_nothing_else_so() {
        let listed = |by: By| {
            let change = Change::Remove {
                list: List::Blacklist,
                number: "+8613800138000".into(),
                is_prefix: false,
            };
            Order::about_list(by, &change)
        };
        let program = || By::Program("api:tour".into());

        let order = listed(program());
        assert_eq!((&*order.user, order.about()), (NOBODY, "blacklist"));
        assert_eq!(allowed(&order, who), Ok(()));
        for (by, verdict) in [("1001", Ok(())), ("1049", Err("not_allowed"))] {
            let order = listed(user(by));
            assert_eq!((&*order.user, order.about()), (by, by));
            let judged = allowed(&order, who).map_err(|refused| refused.word);
            assert_eq!(judged, verdict, "{by}");
        }
        let hang_up = Deed::HangUp {};
        assert_eq!(judged(program(), NOBODY, hang_up), Err("no_such_user"));
        let add = Deed::change(&Change::Remove {
            list: List::Vip,
            number: "1".into(),
            is_prefix: false,
        });
        assert_eq!(judged(user("1001"), NOBODY, add), Err("no_such_user"));
    }

    #[test]
    fn leaders_shut_out_no_whole_country() {
        let blacklisted = |by: By, number: &str, list, prefix| {
            let deed = Deed::ListAdd {
                list,
                number: number.into(),
                prefix,
                reason: None,
                days: None,
            };
            judged(by, "1001", deed)
        };
        let leader = || user("1001");
        let black = List::Blacklist;
        for number in ["+86", "+86 170", "95", "+8 6 1 7 0 9"] {
            let refused = Err("wrong_prefix");
            assert_eq!(blacklisted(leader(), number, black, true), refused);
            assert_eq!(blacklisted(user("1999"), number, black, true), Ok(()));
            let program = By::Program("api:tour".into());
            assert_eq!(blacklisted(program, number, black, true), Ok(()));
            assert_eq!(blacklisted(leader(), number, List::Whitelist, true), Ok(()));
            assert_eq!(blacklisted(leader(), number, black, false), Ok(()));
        }
        assert_eq!(blacklisted(leader(), "+8617099", black, true), Ok(()));
    }

    #[test]
    fn who_is_nobody_is_told_so() {
        let idle = || Deed::Idle {};
        assert_eq!(judged(user("1001"), "1777", idle()), Err("no_such_user"));
        assert_eq!(judged(user("1777"), "1049", idle()), Err("no_such_user"));
        let program = By::Program("api:tour".into());
        assert_eq!(judged(program, "1049", idle()), Ok(()));
    }
}
