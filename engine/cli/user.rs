//! `moonswitch user add|passwd|role|list|delete`

use std::error::Error;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use call::desk::Role;
use clap::{Args, Subcommand};
use moonswitch::control::Question;
use moonswitch::{load_config, open_store};
use script::config::{Config, SHORTEST_PASSWORD};
use script::suggest::did_you_mean;
use sip::auth::{Algorithm, Ha1};
use store::{Desks as _, Secret, Store, UserRecord};

use super::Places;

#[derive(Args, Debug)]
pub(crate) struct User {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Add a user; the password is read from standard input
    Add {
        /// The extension: 1052
        extension: String,
        /// The name that others see
        #[arg(long)]
        name: Option<String>,
        /// What may be dialled
        #[arg(long, default_value = "internal")]
        context: String,
        /// What they may do: agent, leader, quality, tickets, admin, integrator
        #[arg(long, default_value = "agent")]
        role: String,
        /// Whose leaders reach them
        #[arg(long)]
        team: Option<String>,
        #[command(flatten)]
        whose: Whose,
    },
    /// Give a user another role and team; without --team they have none
    Role {
        /// The extension
        extension: String,
        /// What they may do: agent, leader, quality, tickets, admin, integrator
        role: String,
        /// Whose leaders reach them
        #[arg(long)]
        team: Option<String>,
        #[command(flatten)]
        whose: Whose,
    },
    /// Change a user's password; it is read from standard input
    Passwd {
        /// The extension
        extension: String,
        #[command(flatten)]
        whose: Whose,
    },
    /// Give a user another password for the desk; it is read from standard input, and ends their sessions
    DeskPassword {
        /// The extension
        extension: String,
        #[command(flatten)]
        whose: Whose,
    },
    /// Give a mailbox a new PIN, with which its owner logs in too; it is read from standard input
    Pin {
        /// The extension, or another mailbox's number
        mailbox: String,
        /// Take the PIN away: whoever is asked for it next chooses it
        #[arg(long)]
        reset: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// List a tenant's users
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// Remove a user
    Delete {
        /// The extension
        extension: String,
        #[command(flatten)]
        whose: Whose,
    },
}

#[derive(Args, Clone, Debug)]
pub(super) struct Whose {
    #[command(flatten)]
    pub(super) places: Places,
    /// The tenant; the only one where there is one
    #[arg(long)]
    tenant: Option<String>,
}

impl User {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        match self.verb {
            Verb::Add {
                extension,
                name,
                context,
                role,
                team,
                whose,
            } => add(&whose, &extension, name, context, (role, team))?,
            Verb::Passwd { extension, whose } => change_password(&whose, &extension)?,
            Verb::Role {
                extension,
                role,
                team,
                whose,
            } => give_role(&whose, &extension, &role, team.as_deref())?,
            Verb::DeskPassword { extension, whose } => change_desk_password(&whose, &extension)?,
            Verb::Pin {
                mailbox,
                reset,
                whose,
            } => super::pin::change(&whose, &mailbox, reset)?,
            Verb::List { json, whose } => list(&whose, json)?,
            Verb::Delete { extension, whose } => delete(&whose, &extension)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Whose {
    /// The tenant that is meant, with the configuration that it stands in.
    pub(super) fn tenant(&self) -> Result<(Config, String), Box<dyn Error>> {
        let config = load_config(&self.places.config, &self.places.data)?;
        let names: Vec<&String> = config.tenants.keys().collect();
        let tenant = match (&self.tenant, names.as_slice()) {
            (Some(name), _) if config.tenants.contains_key(name) => name.clone(),
            (Some(name), _) => {
                let hint = did_you_mean(name, names.iter().map(|name| name.as_str()));
                return Err(format!("no tenant '{name}' in config.lua{hint}").into());
            }
            (None, [only]) => (*only).clone(),
            (None, _) => return Err("there are several tenants: say --tenant NAME".into()),
        };
        Ok((config, tenant))
    }
}

fn add(
    whose: &Whose,
    extension: &str,
    name: Option<String>,
    context: String,
    (role, team): (String, Option<String>),
) -> Result<(), Box<dyn Error>> {
    let (config, tenant) = whose.tenant()?;
    role_is_known(&role)?;
    let configured = config.tenants[&tenant].users.get(extension);
    if configured.is_some_and(|user| user.password.is_some()) {
        return Err(format!("{extension} has its password in config.lua: change it there").into());
    }
    let plain = extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if extension.is_empty() || !plain {
        return Err(
            format!("'{extension}' is no extension: it has only letters and digits").into(),
        );
    }
    context_is_there(&whose.places, &tenant, &context)?;
    let store = open_store(&whose.places.data)?;
    if store.user(&tenant, extension).wait()?.is_some() {
        return Err(format!(
            "{extension} exists: `moonswitch user passwd {extension}` changes the password"
        )
        .into());
    }
    let password = read_password(extension)?;
    let user = UserRecord {
        role,
        team,
        ..record(&config, &tenant, extension, name, context, &password)
    };
    store.put_user(user).wait()?;
    super::say(format_args!("{extension} can register now"))?;
    tell(&whose.places);
    Ok(())
}

fn change_password(whose: &Whose, extension: &str) -> Result<(), Box<dyn Error>> {
    let (config, tenant) = whose.tenant()?;
    let store = super::records(&whose.places)?;
    let old = match &store {
        Some(store) => store.user(&tenant, extension).wait()?,
        None => None,
    };
    let (Some(store), Some(old)) = (store, old) else {
        return Err(format!(
            "no user {extension} in the records: `moonswitch user add {extension}` adds one; \
             users of config.lua have their password there"
        )
        .into());
    };
    let password = read_password(extension)?;
    let user = UserRecord {
        role: old.role,
        team: old.team,
        ..record(
            &config,
            &tenant,
            extension,
            old.name,
            old.context,
            &password,
        )
    };
    store.put_user(user).wait()?;
    super::say(format_args!("the password of {extension} is changed"))?;
    tell(&whose.places);
    Ok(())
}

fn change_desk_password(whose: &Whose, extension: &str) -> Result<(), Box<dyn Error>> {
    let (config, tenant) = whose.tenant()?;
    let store = open_store(&whose.places.data)?;
    let configured = config.tenants[&tenant].users.contains_key(extension);
    if !configured && store.user(&tenant, extension).wait()?.is_none() {
        let why = "neither config.lua nor the records have them";
        return Err(format!("no user {extension}: {why}").into());
    }
    let password = read_secret("password for the desk")?;
    if let Some(why) = web::weakness_of_desk_password(&password, extension) {
        return Err(format!("this password is none: {why}").into());
    }
    let hash = web::hash_desk_password(&password).ok_or("it cannot be hashed")?;
    let now = jiff::Timestamp::now().as_microsecond();
    let who = (tenant.as_str(), extension);
    store.put_desk_password(who, hash, now, None).wait()?;
    super::say(format_args!(
        "the password for the desk of {extension} is changed, and their sessions are over"
    ))?;
    Ok(())
}

fn delete(whose: &Whose, extension: &str) -> Result<(), Box<dyn Error>> {
    let (_, tenant) = whose.tenant()?;
    let removed = match super::records(&whose.places)? {
        Some(store) => store.delete_user(&tenant, extension).wait()?,
        None => false,
    };
    if !removed {
        let how = "`moonswitch user list` lists all; those of config.lua are taken out there";
        return Err(format!("no user {extension} in the records: {how}").into());
    }
    super::say(format_args!("{extension} is removed"))?;
    tell(&whose.places);
    Ok(())
}

/// A user with a context that the scripts do not declare could dial nothing.
fn context_is_there(places: &Places, tenant: &str, context: &str) -> Result<(), Box<dyn Error>> {
    let checked = moonswitch::check(&places.config, &places.data)?;
    let known = checked.contexts.get(tenant).map_or(&[][..], Vec::as_slice);
    if known.is_empty() {
        eprintln!(
            "moonswitch: the scripts of {tenant} do not load, so nobody knows whether they have a context '{context}'"
        );
    } else if !known.iter().any(|name| name == context) {
        let hint = did_you_mean(context, known.iter().map(String::as_str));
        let known = known.join(", ");
        return Err(format!(
            "the scripts of {tenant} declare no context '{context}'{hint}: they have {known}"
        )
        .into());
    }
    Ok(())
}

fn role_is_known(word: &str) -> Result<(), Box<dyn Error>> {
    if word.parse::<Role>().is_ok() {
        return Ok(());
    }
    let words = || Role::ALL.into_iter().map(Role::word);
    let hint = did_you_mean(word, words());
    let known: Vec<_> = words().collect();
    Err(format!("no role '{word}'{hint}: there are {}", known.join(", ")).into())
}

/// Where `config.lua` describes the user, their role stands there.
fn give_role(
    whose: &Whose,
    extension: &str,
    role: &str,
    team: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    role_is_known(role)?;
    let (config, tenant) = whose.tenant()?;
    if config.tenants[&tenant].users.contains_key(extension) {
        return Err(format!("{extension} has their role in config.lua: change it there").into());
    }
    let given = match super::records(&whose.places)? {
        Some(store) => store.give_role((&tenant, extension), role, team).wait()?,
        None => false,
    };
    if !given {
        let how = "`moonswitch user list` lists all";
        return Err(format!("no user {extension} in the records: {how}").into());
    }
    super::say(format_args!("{extension} is {role} now"))?;
    tell(&whose.places);
    Ok(())
}

fn list(whose: &Whose, json: bool) -> Result<(), Box<dyn Error>> {
    let (config, tenant) = whose.tenant()?;
    let stored = match super::records(&whose.places)? {
        Some(store) => store.users(&tenant).wait()?,
        None => Vec::new(),
    };
    let mut rows: Vec<Listed> = config.tenants[&tenant]
        .users
        .iter()
        .map(|(extension, user)| {
            let home = match user.password {
                Some(_) => "config.lua",
                None => "config.lua, password in the records",
            };
            Listed {
                extension: extension.clone(),
                name: user.name.clone().unwrap_or_default(),
                context: user.context.clone(),
                role: user.person.role.word().to_owned(),
                team: user.person.team.clone(),
                from: home,
            }
        })
        .collect();
    for user in stored {
        if !rows.iter().any(|row| row.extension == user.extension) {
            rows.push(Listed {
                extension: user.extension,
                name: user.name.unwrap_or_default(),
                context: user.context,
                role: user.role,
                team: user.team,
                from: "the records",
            });
        }
    }
    rows.sort_by(|one, other| one.extension.cmp(&other.extension));
    if json {
        super::say(format_args!("{:#}", serde_json::to_value(&rows)?))?;
        return Ok(());
    }
    for row in rows {
        let Listed {
            extension,
            name,
            context,
            role,
            team,
            from,
        } = row;
        let role = team.map_or_else(|| role.clone(), |team| format!("{role} of {team}"));
        super::say(format_args!(
            "{extension}\t{name}\t{context}\t{from}\t{role}"
        ))?;
    }
    Ok(())
}

/// A user as the list has them.
#[derive(serde::Serialize)]
struct Listed {
    extension: String,
    name: String,
    context: String,
    role: String,
    team: Option<String>,
    from: &'static str,
}

fn record(
    config: &Config,
    tenant: &str,
    extension: &str,
    name: Option<String>,
    context: String,
    password: &str,
) -> UserRecord {
    let realm = config.tenants[tenant].domain.clone();
    let ha1 = Ha1::compute(extension, &realm, password);
    UserRecord {
        tenant: tenant.to_owned(),
        extension: extension.to_owned(),
        name,
        realm,
        ha1_md5: Secret::new(ha1.to_hex(Algorithm::Md5)),
        ha1_sha256: Secret::new(ha1.to_hex(Algorithm::Sha256)),
        context,
        role: Role::default().word().to_owned(),
        team: None,
        created_at: moonswitch::clock::WallClock::default().unix_micros(),
    }
}

/// Reads a line; a password on the command line would be seen by everybody on the machine.
fn read_password(extension: &str) -> Result<String, Box<dyn Error>> {
    let password = read_secret("password")?;
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(format!(
            "a password of fewer than {SHORTEST_PASSWORD} letters is guessed in an hour: take a longer one"
        )
        .into());
    }
    if password == extension {
        return Err("everybody tries the extension first: take another password".into());
    }
    if password.eq_ignore_ascii_case(&format!("demo-{extension}")) {
        return Err(
            format!("everybody knows the demo password of {extension}: take another").into(),
        );
    }
    Ok(password)
}

/// Reads a line from whoever types, or from a pipe.
pub(super) fn read_secret(what: &str) -> Result<String, Box<dyn Error>> {
    if std::io::stdin().is_terminal() {
        eprint!("{what} (it is shown while you type): ");
        std::io::stderr().flush()?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Tells an exchange that runs; without one there is nobody to tell.
fn tell(places: &Places) {
    let _ = moonswitch::control::ask(&places.data, &Question::Users);
}
