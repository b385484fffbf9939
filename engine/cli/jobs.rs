//! `moonswitch jobs list|retry`

use std::error::Error;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use moonswitch::clock::WallClock;
use moonswitch::open_store;
use serde_json::{Value, json};
use store::{JobRow, JobState, Store};

use super::status::time;
use super::user::Whose;

#[derive(Args, Debug)]
pub(crate) struct Jobs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List what waits, what runs, and what was given up
    List {
        /// Only those in this state
        #[arg(long, value_parser = ["waiting", "running", "failed", "done"])]
        state: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// Run a job that was given up again, with all its attempts
    Retry {
        /// Its id; without one, all that were given up
        #[arg(value_parser = job_id)]
        id: Option<uuid::Uuid>,
        #[command(flatten)]
        whose: Whose,
    },
}

impl Jobs {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        match self.verb {
            Verb::List { state, json, whose } => {
                let (_, tenant) = whose.tenant()?;
                let store = open_store(&whose.places.data)?;
                let state = state.as_deref().and_then(JobState::of);
                let rows = store.jobs(&tenant, state).wait()?;
                if json {
                    let rows: Vec<Value> = rows.iter().map(as_json).collect();
                    println!("{:#}", Value::from(rows));
                } else if rows.is_empty() {
                    let state = state.map_or_else(String::new, |it| format!("{} ", it.word()));
                    println!("no {state}jobs");
                } else {
                    rows.iter().for_each(|row| println!("{}", line(row)));
                }
            }
            Verb::Retry { id, whose } => {
                let (_, tenant) = whose.tenant()?;
                let store = open_store(&whose.places.data)?;
                let ids = match id {
                    Some(id) => vec![id],
                    None => {
                        let failed = store.jobs(&tenant, Some(JobState::Failed)).wait()?;
                        failed.iter().map(|row| row.job.id).collect()
                    }
                };
                let now = WallClock::default().unix_micros();
                for id in &ids {
                    if !store.retry_job(&tenant, *id, now).wait()? {
                        return Err(format!(
                            "there is no job {id} that was given up: `moonswitch jobs list --state failed` lists them"
                        )
                        .into());
                    }
                }
                println!("{} jobs run again", ids.len());
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn job_id(text: &str) -> Result<uuid::Uuid, &'static str> {
    let parsed = text.parse();
    parsed.map_err(|_| "no job has such an id: `moonswitch jobs list` shows them")
}

fn line(row: &JobRow) -> String {
    let JobRow {
        job,
        state,
        attempts,
        ..
    } = row;
    let when = match state {
        JobState::Waiting => format!(", due {}", time(&Value::from(job.due_at))),
        JobState::Failed | JobState::Done => {
            format!(", since {}", time(&Value::from(row.ended_at)))
        }
        JobState::Running => String::new(),
    };
    let why = row.last_error.as_deref().unwrap_or_default();
    let why = match why.lines().next() {
        Some(why) => format!(": {why}"),
        None => String::new(),
    };
    format!(
        "{} {} of {}, {}, {attempts} attempts{when}{why}",
        job.id,
        job.name,
        job.owner,
        state.word()
    )
}

fn as_json(row: &JobRow) -> Value {
    let job = &row.job;
    json!({
        "id": job.id.to_string(),
        "owner": job.owner,
        "name": job.name,
        "key": job.key,
        "data": job.data,
        "state": row.state.word(),
        "attempts": row.attempts,
        "added_at": job.added_at,
        "due_at": job.due_at,
        "ended_at": row.ended_at,
        "last_error": row.last_error,
    })
}

#[cfg(test)]
mod tests {
    use store::NewJob;

    use super::*;

    #[test]
    fn an_id_that_is_none_says_where_ids_are() {
        assert!(job_id("123").unwrap_err().contains("jobs list"));
        assert!(job_id("0197d5a0-0000-7000-8000-000000000007").is_ok());
    }

    #[test]
    fn a_jobs_line_says_whose_it_is_how_it_stands_and_why() {
        let mut row = JobRow {
            job: NewJob {
                tenant: "8001".into(),
                id: uuid::Uuid::from_u128(7),
                owner: "tickets".into(),
                name: "deliver".into(),
                key: None,
                data: json!({}),
                added_at: 0,
                due_at: 0,
            },
            state: JobState::Failed,
            attempts: 10,
            ended_at: Some(0),
            last_error: Some("answered 500\nand more".into()),
        };

        let failed = line(&row);
        assert!(failed.starts_with(
            "00000000-0000-0000-0000-000000000007 deliver of tickets, failed, 10 attempts, since "
        ));
        assert!(failed.ends_with(": answered 500"), "{failed}");
        row.state = JobState::Running;
        row.last_error = None;
        assert!(
            line(&row).ends_with(", running, 10 attempts"),
            "{}",
            line(&row)
        );
        assert_eq!(as_json(&row)["state"], "running");
    }
}
