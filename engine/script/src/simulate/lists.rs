//! The lists of callers, offline: what the test's own scripts put there.

use call::desk::{Deed, Done, Order, Refused};
use call::number::Plan;
use call::screen::{Listed, Lists, Question, as_listed, is_listable};
use call::{Ended, Screened, Setup};

use crate::config;

/// The lists of a simulated tenant. Time does not take anything off them.
#[derive(Debug, Default)]
pub(super) struct Shelved(Lists);

impl Shelved {
    pub(super) fn read(&self, question: &Question, tenant: &config::Tenant) -> Vec<Listed> {
        match question {
            Question::All(list) => self.0.of(*list, 0).into_iter().cloned().collect(),
            Question::Of(number) => {
                let number = as_listed(number, false, &plan(tenant));
                let standing = self.0.look(number.as_deref(), 0);
                let black = standing.black.filter(|_| standing.is_refused());
                let all = [black, standing.vip, standing.white];
                all.into_iter().flatten().cloned().collect()
            }
        }
    }

    /// Does it, if the order is about lists.
    pub(super) fn change(
        &mut self,
        order: &Order,
        tenant: &config::Tenant,
    ) -> Option<Result<Done, Refused>> {
        let no_number = || Refused::new("no_number", "number: a telephone number");
        let plan = plan(tenant);
        let done = match &order.deed {
            Deed::ListAdd {
                list,
                number,
                prefix,
                reason,
                ..
            } => match as_listed(number, *prefix, &plan).filter(|it| is_listable(number, it)) {
                Some(number) => {
                    self.0.put(Listed {
                        list: *list,
                        number,
                        is_prefix: *prefix,
                        reason: reason.clone(),
                        expires_at: None,
                        added_at: 0,
                        added_by: order.by.to_string(),
                    });
                    Ok(Done::default())
                }
                None => Err(no_number()),
            },
            Deed::ListRemove {
                list,
                number,
                prefix,
            } => {
                let number = as_listed(number, *prefix, &plan);
                let gone = number.and_then(|number| self.0.remove(*list, *prefix, &number));
                match gone {
                    Some(_) => Ok(Done::default()),
                    None => Err(Refused::new("not_listed", "it is not on that list")),
                }
            }
            _ => return None,
        };
        Some(done)
    }

    /// Whether a caller from outside is let in.
    pub(super) fn screen(&self, setup: &Setup) -> Result<(), Ended> {
        let refused = setup.trunk.is_some() && self.0.look(setup.from.as_deref(), 0).is_refused();
        match refused {
            true => Err(Ended::Screened {
                why: Screened::Blacklist,
                sound: None,
            }),
            false => Ok(()),
        }
    }
}

fn plan(tenant: &config::Tenant) -> Plan {
    Plan {
        area_code: tenant.outbound.area_code(),
        internal: std::sync::Arc::new(tenant.users.keys().cloned().collect()),
    }
}
