//! In what language somebody is spoken to.

use super::Tenant;

impl Tenant {
    /// A user's language; the tenant's for who has none of their own, or is no user.
    pub fn language_of(&self, user: Option<&str>) -> &str {
        let own = user.and_then(|user| self.users.get(user)?.language.as_deref());
        own.unwrap_or(&self.language)
    }

    /// In what language somebody in a call is spoken to. A script that has `said` one means whom it serves, and
    /// strangers beside them; whoever else is a user has their own, whatever the customer speaks.
    pub fn language_for<'a>(
        &'a self,
        user: Option<&str>,
        is_served: bool,
        said: Option<&'a str>,
    ) -> &'a str {
        match said {
            Some(said) if is_served || user.is_none() => said,
            _ => self.language_of(user),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::load::check;
    use super::*;

    /// 1049 has no language of their own, 1050 speaks English.
    fn tenant() -> Tenant {
        let text = "return { tenants = { [\"8001\"] = { users = { [\"1049\"] = {}, [\"1050\"] = { language = \"en\" } } } } }";
        let config = check("config.lua", text, Path::new("/nonexistent"));
        config.unwrap().tenants["8001"].clone()
    }

    #[test]
    fn a_user_has_their_own_language_and_everybody_else_the_tenants() {
        let tenant = tenant();

        for (user, language) in [
            (Some("1050"), "en"),
            (Some("1049"), "zh"),
            (Some("1999"), "zh"),
            (None, "zh"),
        ] {
            assert_eq!(tenant.language_of(user), language, "{user:?}");
        }
    }

    #[test]
    fn what_a_script_says_is_meant_for_the_customer_and_not_for_the_agents_beside_them() {
        let tenant = tenant();
        let (served, beside) = (true, false);

        for (user, is_served, said, language) in [
            (None, served, None, "zh"),
            (None, served, Some("en"), "en"),
            (Some("1049"), beside, Some("en"), "zh"),
            (Some("1050"), beside, None, "en"),
            (Some("1050"), beside, Some("zh"), "en"),
            // A user's own call, and whom they call.
            (Some("1050"), served, None, "en"),
            (Some("1050"), served, Some("zh"), "zh"),
            (None, beside, None, "zh"),
            (None, beside, Some("en"), "en"),
        ] {
            let case = format!("{user:?} {is_served} {said:?}");
            assert_eq!(
                tenant.language_for(user, is_served, said),
                language,
                "{case}"
            );
        }
    }
}
