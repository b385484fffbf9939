//! Deeds about the lists of callers.

use call::TenantId;
use call::desk::{By, Deed, Done, Order, Refused, allowed};
use call::screen::{Change, Listed};

use crate::switch::Switch;

impl Switch {
    /// Changes a list for a program or somebody at a desk: the command `list_add` or `list_remove`, of which the entry
    /// is wanted, too.
    pub(in crate::switch) fn change_list_for(
        &mut self,
        tenant: &TenantId,
        change: Change,
        by: By,
    ) -> Result<Listed, Refused> {
        let order = Order::about_list(by, &change);
        let done = allowed(&order, |user| self.person(tenant, user))
            .and_then(|()| self.change_list(tenant, change, &order.by.to_string()));
        let noted = done.as_ref().map(|_| Done::default());
        self.note_order(tenant, &order, &noted.map_err(Clone::clone));
        done
    }

    pub(super) fn list_at_desk(
        &mut self,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let change = match &order.deed {
            Deed::ListAdd {
                list,
                number,
                prefix,
                reason,
                days,
            } => Change::Add(Listed {
                list: *list,
                number: number.clone(),
                is_prefix: *prefix,
                reason: reason.clone(),
                expires_at: days
                    .map(|days| self.parts.clock.unix_micros() + i64::from(days) * A_DAY),
                added_at: 0,
                added_by: order.by.to_string(),
            }),
            Deed::ListRemove {
                list,
                number,
                prefix,
            } => Change::Remove {
                list: *list,
                number: number.clone(),
                is_prefix: *prefix,
            },
            _ => return Err(Refused::new("not_here", "this is no list")),
        };
        self.change_list(tenant, change, &order.by.to_string())?;
        Ok(Done::default())
    }
}

/// Microseconds.
const A_DAY: i64 = 24 * 3_600 * 1_000_000;
