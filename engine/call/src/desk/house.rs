//! What is done about the house and no user: lists of callers, switches.

use super::Deed;

impl Deed {
    /// Whether it changes what is no one's, so that a program or script may do it about [`NOBODY`](super::NOBODY): a
    /// list of callers, a switch as by a plan of the week.
    pub fn is_nobodys(&self) -> bool {
        matches!(
            self,
            Self::ListAdd { .. } | Self::ListRemove { .. } | Self::QueueSwitch { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::{By, NOBODY, Order, SwitchState, allowed};
    use super::*;

    fn closed() -> Deed {
        Deed::QueueSwitch {
            switch: "hotline".into(),
            state: SwitchState::Closed,
        }
    }

    fn order(by: By, user: &str, deed: Deed) -> Order {
        let user = user.to_owned();
        Order { by, user, deed }
    }

    #[test]
    fn a_script_sets_a_switch_in_nobodys_name_and_nothing_else_is_about_nobody() {
        let script = || By::Script("script".into());
        let refused = |order: &Order| allowed(order, |_| None).map_err(|why| why.word);

        assert_eq!(refused(&order(script(), NOBODY, closed())), Ok(()));
        for order in [
            order(script(), NOBODY, Deed::Idle {}),
            order(By::User("1001".into()), NOBODY, closed()),
        ] {
            assert_eq!(refused(&order), Err("no_such_user"), "{order:?}");
        }
    }

    #[test]
    fn records_name_the_user_and_the_switch_where_there_is_none() {
        let plan = order(By::Script("script".into()), NOBODY, closed());
        let leader = order(By::User("1001".into()), "1001", closed());

        assert_eq!((plan.about(), leader.about()), ("hotline", "1001"));
    }
}
