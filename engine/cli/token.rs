//! `moonswitch token add|list|revoke`

use std::error::Error;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use moonswitch::open_store;
use serde_json::json;
use store::{Store, TokenRow};
use web::{RANDOM, Scope};

use super::user::Whose;

#[derive(Args, Debug)]
pub(crate) struct Token {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token and print it, this once
    Add {
        /// What it is for; call records name it
        name: String,
        /// What it may do: calls:read …, read for all that changes nothing (but not audit:read), all. Repeat it for more
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<String>,
        /// Let it stop working after so many days
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: Option<u32>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// List a tenant's tokens, without the tokens themselves
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// Take a token back for ever; what it is doing ends within seconds
    Revoke {
        /// Its id, as `list` shows it, or the token itself
        id: String,
        #[command(flatten)]
        whose: Whose,
    },
}

impl Token {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        match self.verb {
            Verb::Add {
                name,
                scopes,
                days,
                json,
                whose,
            } => add(name, &scopes, days, json, &whose),
            Verb::List { json, whose } => list(json, &whose),
            Verb::Revoke { id, whose } => revoke(&id, &whose),
        }
    }
}

fn add(
    name: String,
    scopes: &[String],
    days: Option<u32>,
    json: bool,
    whose: &Whose,
) -> Result<ExitCode, Box<dyn Error>> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(is_plain) {
        let rule = "letters, digits, '-', '_' and '.'";
        return Err(format!("'{name}' is no name: up to {LONGEST_NAME} {rule}").into());
    }
    let scopes = chosen(scopes)?;
    let (_, tenant) = whose.tenant()?;
    let store = open_store(&whose.places.data)?;
    let mut random = [0; RANDOM];
    rand::fill(&mut random);
    let token = web::Token::from_random(random);
    let now = Timestamp::now();
    let expires_at = days.map(|days| {
        let end = now.saturating_add(SignedDuration::from_hours(24 * i64::from(days)));
        end.map_or(i64::MAX, Timestamp::as_microsecond)
    });
    let row = TokenRow {
        id: token.id().to_owned(),
        tenant,
        name,
        hash: token.hash(),
        scopes: scopes.iter().map(|scope| scope.word().to_owned()).collect(),
        created_at: now.as_microsecond(),
        expires_at,
        revoked_at: None,
    };
    store.put_token(row.clone()).wait()?;
    if json {
        let mut shown = shown(&row);
        shown["token"] = token.reveal().into();
        println!("{shown:#}");
    } else {
        // Alone on its line, so that a shell can take it.
        println!("{}", token.reveal());
        eprintln!(
            "Keep it: it is not shown again. It may {}.",
            row.scopes.join(", ")
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The scopes that words stand for, each once.
fn chosen(words: &[String]) -> Result<Vec<Scope>, Box<dyn Error>> {
    let mut scopes = Vec::new();
    for word in words.iter().flat_map(|list| list.split(',')) {
        let named = Scope::named(word);
        if named.is_empty() {
            let all = Scope::ALL.iter().map(|scope| scope.word());
            let all: Vec<&str> = all.chain(["read", "all"]).collect();
            let hint = script::suggest::did_you_mean(word, all.iter().copied());
            return Err(format!("no scope '{word}'{hint}; there are {}", all.join(", ")).into());
        }
        scopes.extend(named);
    }
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

fn list(json: bool, whose: &Whose) -> Result<ExitCode, Box<dyn Error>> {
    let (_, tenant) = whose.tenant()?;
    let rows = open_store(&whose.places.data)?.tokens(&tenant).wait()?;
    if json {
        let rows: Vec<serde_json::Value> = rows.iter().map(shown).collect();
        println!("{:#}", serde_json::Value::from(rows));
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now().as_microsecond();
    for row in &rows {
        let state = match (row.revoked_at, row.expires_at) {
            (Some(at), _) => format!("revoked {}", time(at)),
            (None, Some(end)) if !row.is_good(now) => format!("expired {}", time(end)),
            (None, Some(end)) => format!("until {}", time(end)),
            (None, None) => "works".to_owned(),
        };
        println!(
            "{}  {}  {state}  {}",
            row.id,
            row.name,
            row.scopes.join(" ")
        );
    }
    if rows.is_empty() {
        println!("no tokens: `moonswitch token add NAME --scope read` makes one");
    }
    Ok(ExitCode::SUCCESS)
}

fn revoke(id: &str, whose: &Whose) -> Result<ExitCode, Box<dyn Error>> {
    let (_, tenant) = whose.tenant()?;
    let store = open_store(&whose.places.data)?;
    let token = web::Token::parse(id);
    let id = token.as_ref().map_or(id, web::Token::id);
    let now = Timestamp::now().as_microsecond();
    if !store.revoke_token(&tenant, id, now).wait()? {
        return Err(format!("no token {id} that works: `moonswitch token list` shows them").into());
    }
    println!("{id} no longer works");
    Ok(ExitCode::SUCCESS)
}

fn shown(row: &TokenRow) -> serde_json::Value {
    json!({
        "id": row.id, "tenant": row.tenant, "name": row.name, "scopes": row.scopes,
        "created_at": time(row.created_at), "expires_at": row.expires_at.map(time),
        "revoked_at": row.revoked_at.map(time),
    })
}

fn time(micros: i64) -> String {
    let time = Timestamp::from_microsecond(micros).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

const LONGEST_NAME: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_named_one_by_one_or_together() {
        let words =
            |list: &[&str]| chosen(&list.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());

        let two = words(&["events:read,calls:read", "calls:read"]).unwrap();
        assert_eq!(two, [Scope::CallsRead, Scope::EventsRead]);
        assert_eq!(words(&["all"]).unwrap(), Scope::ALL);
        let wrong = words(&["calls:raed"]).unwrap_err().to_string();
        assert!(wrong.contains("calls:read"), "{wrong}");
    }
}
