//! Who works for the tenants, with what rights are looked at by; made anew when `config.lua` or the records
//! change, so that a request asks one map.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use call::desk::{Person, Role};
use script::config::{Config, Tenant};
use store::UserRecord;

/// All tenants' people.
#[derive(Debug, Default)]
pub(super) struct People(HashMap<String, Staff>);

/// One tenant's.
#[derive(Debug, Default)]
struct Staff {
    /// By extension.
    known: HashMap<String, Known>,
    /// Whom leaders reach, by their team.
    led: HashMap<Option<String>, Reach>,
}

/// Somebody.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// What rights are looked at by.
    pub(super) person: Person,
    /// Shown to others.
    pub(super) name: Option<String>,
    /// Their mailbox.
    pub(super) mailbox: String,
}

/// Whom somebody reaches.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// Their extensions, in order.
    pub(super) users: Arc<[String]>,
    /// Their mailboxes, and those that are nobody's own.
    pub(super) mailboxes: Arc<[String]>,
}

impl People {
    /// Those of `config.lua` and of the records; who stands in both has role and team in `config.lua`.
    pub(super) fn new(config: &Config, stored: &[UserRecord]) -> Self {
        let mut all: HashMap<String, Staff> = HashMap::new();
        for (tenant, settings) in &config.tenants {
            let configured = settings.users.iter().map(|(extension, user)| {
                let known = Known {
                    person: user.person.clone(),
                    name: user.name.clone(),
                    mailbox: user.mailbox.clone().unwrap_or_else(|| extension.clone()),
                };
                (extension.clone(), known)
            });
            let known = configured.collect();
            let led = HashMap::new();
            all.insert(tenant.clone(), Staff { known, led });
        }
        for user in stored {
            let Some(staff) = all.get_mut(&user.tenant) else {
                continue;
            };
            let known = || Known {
                person: person(user),
                name: user.name.clone(),
                mailbox: user.extension.clone(),
            };
            staff
                .known
                .entry(user.extension.clone())
                .or_insert_with(known);
        }
        for (tenant, staff) in &mut all {
            if let Some(settings) = config.tenants.get(tenant) {
                staff.lead(settings);
            }
        }
        Self(all)
    }

    /// Somebody; `None` when nobody has this extension.
    pub(super) fn one(&self, tenant: &str, extension: &str) -> Option<&Known> {
        self.0.get(tenant)?.known.get(extension)
    }

    /// Who leads somebody, by extension: the leaders of their team, all of them where there is no team, and the
    /// administrators.
    pub(super) fn leaders_of(&self, tenant: &str, user: Option<&str>) -> Vec<&str> {
        let Some(staff) = self.0.get(tenant) else {
            return Vec::new();
        };
        let led = user.and_then(|user| staff.known.get(user));
        let team = led.and_then(|led| led.person.team.as_ref());
        let leads = |person: &Person| match person.role {
            Role::Admin => true,
            Role::Leader => team.is_none() || person.team.as_ref() == team,
            _ => false,
        };
        let all = staff.known.iter();
        let leaders = all.filter(|(_, known)| leads(&known.person));
        let mut leaders: Vec<&str> = leaders.map(|(extension, _)| &**extension).collect();
        leaders.sort_unstable();
        leaders
    }

    /// Themselves and, of a leader, those whom they lead.
    pub(super) fn reach(&self, settings: &Tenant, tenant: &str, extension: &str) -> Option<Reach> {
        let staff = self.0.get(tenant)?;
        let known = staff.known.get(extension)?;
        let led = || staff.led.get(&known.person.team).cloned();
        let led = (known.person.role == Role::Leader).then(led).flatten();
        Some(led.unwrap_or_else(|| {
            let shared = settings.mailboxes.keys().cloned();
            Reach {
                users: [extension.to_owned()].into(),
                mailboxes: shared.chain([known.mailbox.clone()]).collect(),
            }
        }))
    }
}

impl Staff {
    /// Puts together whom the leaders of each team reach: their own people, and whoever has no team. Administrators are
    /// led by nobody.
    fn lead(&mut self, settings: &Tenant) {
        let mut teams: BTreeMap<Option<&str>, Vec<(&String, &Known)>> = BTreeMap::new();
        let led = self.known.iter();
        for (extension, known) in led.filter(|(_, known)| known.person.role != Role::Admin) {
            let team = known.person.team.as_deref();
            teams.entry(team).or_default().push((extension, known));
        }
        let of_none = teams.get(&None).cloned().unwrap_or_default();
        let led = teams.iter().map(|(team, own)| {
            let others = of_none.iter().filter(|_| team.is_some());
            let mut members: Vec<_> = own.iter().chain(others).copied().collect();
            members.sort_by_key(|(extension, _)| *extension);
            let mailboxes = members.iter().map(|(_, known)| known.mailbox.clone());
            let reach = Reach {
                users: members.iter().map(|(user, _)| (*user).clone()).collect(),
                mailboxes: mailboxes
                    .chain(settings.mailboxes.keys().cloned())
                    .collect(),
            };
            (team.map(str::to_owned), reach)
        });
        self.led = led.collect();
    }
}

/// What the records say of somebody's rights; a role that this version does not know gives the fewest.
fn person(user: &UserRecord) -> Person {
    let role = user.role.parse().unwrap_or_else(|()| {
        tracing::warn!(
            tenant = user.tenant,
            user = user.extension,
            role = user.role,
            "no such role: they are an agent"
        );
        Role::default()
    });
    Person {
        role,
        team: user.team.clone(),
    }
}

#[cfg(test)]
mod tests {
    use store::Secret;

    use super::*;

    fn stored(extension: &str, role: &str, team: Option<&str>) -> UserRecord {
        UserRecord {
            tenant: "8001".into(),
            extension: extension.into(),
            name: Some("新人".into()),
            realm: "8001.example".into(),
            ha1_md5: Secret::new(""),
            ha1_sha256: Secret::new(""),
            context: "internal".into(),
            role: role.into(),
            team: team.map(str::to_owned),
            created_at: 0,
        }
    }

    fn people(stored: &[UserRecord]) -> (Config, People) {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let config = script::config::load(
            &root.join("config.lua"),
            std::path::Path::new("/nonexistent"),
        )
        .unwrap();
        let people = People::new(&config, stored);
        (config, people)
    }

    #[test]
    fn users_of_the_records_have_the_role_and_the_reach_that_they_were_given() {
        let (config, people) = people(&[
            stored("1801", "leader", Some("night")),
            stored("1802", "agent", Some("night")),
            stored("1803", "agent", Some("day")),
            stored("1804", "captain", None),
            stored("1805", "admin", None),
        ]);
        let reach = |user: &str| people.reach(&config.tenants["8001"], "8001", user).unwrap();
        let reached = reach("1801").users;
        let reaches = |user: &str| reached.iter().any(|one| one == user);

        assert_eq!(
            people.one("8001", "1801").unwrap().person.role,
            Role::Leader
        );
        assert!(reaches("1801") && reaches("1802"), "{reached:?}");
        assert!(reaches("1804"), "who has no team is everybody's");
        assert!(!reaches("1803") && !reaches("1805"), "{reached:?}");
        assert!(reached.is_sorted());
        assert_eq!(*reach("1802").users, ["1802".to_owned()]);
        assert!(reach("1801").mailboxes.iter().any(|one| one == "1802"));
        assert!(!reach("1802").mailboxes.iter().any(|one| one == "1801"));
        let unknown = people.one("8001", "1804").unwrap();
        assert_eq!(unknown.person.role, Role::Agent, "a word of tomorrow");
        assert!(people.one("8001", "1899").is_none());
    }

    #[test]
    fn config_lua_says_what_a_user_of_both_may_do() {
        let (_, people) = people(&[stored("1049", "admin", None)]);

        let known = people.one("8001", "1049").unwrap();
        assert_ne!(known.person.role, Role::Admin);
    }

    #[test]
    fn leaders_of_the_records_lead_their_team_as_those_of_config_lua_do() {
        let (_, people) = people(&[
            stored("1801", "leader", Some("night")),
            stored("1802", "agent", Some("night")),
            stored("1803", "leader", Some("day")),
            stored("1804", "agent", None),
            stored("1805", "admin", None),
        ]);
        let lead = |user| people.leaders_of("8001", user);

        let night = lead(Some("1802"));
        assert!(night.contains(&"1801") && night.contains(&"1805"));
        assert!(!night.contains(&"1803") && !night.contains(&"1802"));
        let of_all = lead(Some("1804"));
        assert!(of_all.contains(&"1801") && of_all.contains(&"1803"));
        assert_eq!(lead(None), of_all, "a program calls for help");
        assert!(of_all.is_sorted());
        assert_eq!(people.leaders_of("8999", None), [""; 0]);
    }

    #[test]
    fn a_thousand_leaders_of_one_team_share_one_reach() {
        let all: Vec<_> = (0..1_000)
            .map(|n| stored(&format!("2{n:03}"), "leader", Some("big")))
            .collect();
        let (config, people) = people(&all);
        let reach = |user: &str| people.reach(&config.tenants["8001"], "8001", user).unwrap();

        assert!(Arc::ptr_eq(&reach("2000").users, &reach("2999").users));
        assert!(reach("2000").users.len() >= 1_000);
    }
}
