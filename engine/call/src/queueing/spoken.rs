//! What callers and agents are told: which sounds that is, and what phones show.

use std::time::Duration;

use crate::acd::{Announcement, Greet, QueueName};
use crate::{Say, Sound};

pub(super) fn named(name: &str) -> Sound {
    Sound::Named(name.to_owned())
}

fn number(number: u64) -> Sound {
    Sound::Say(Say::Number(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// 您前面还有两位客户在等待。 预计等待时间三分钟。
pub(super) fn announcements(what: &[Announcement]) -> Vec<Sound> {
    what.iter().flat_map(announcement).collect()
}

fn announcement(what: &Announcement) -> Vec<Sound> {
    match what {
        Announcement::Position { ahead: 0, .. } => vec![named("queue/next")],
        Announcement::Position {
            ahead: 1,
            more: false,
        } => vec![named("queue/ahead-one")],
        Announcement::Position { ahead, more } => {
            let first = if *more {
                "queue/ahead-more"
            } else {
                "queue/ahead-1"
            };
            vec![named(first), number(*ahead as u64), named("queue/ahead-2")]
        }
        Announcement::Wait { minutes } => vec![
            named("queue/eta-1"),
            number(u64::from(*minutes)),
            named("queue/minutes"),
        ],
        Announcement::Sound(name) => vec![named(name)],
    }
}

/// 工号 1049 为您服务。
pub(super) fn served_by(agent: &str) -> Vec<Sound> {
    let digits = Sound::Say(Say::Digits(agent.to_owned()));
    vec![named("agent/no-1"), digits, named("agent/no-2")]
}

/// What the agent alone hears of a caller who has waited for so long.
pub(super) fn whispered(greet: &Greet, own: &[Sound], waited: Duration) -> Vec<Sound> {
    let mut sounds: Vec<Sound> = match own {
        [] => greet.whisper.iter().map(|name| named(name)).collect(),
        own => own.to_vec(),
    };
    if greet.whisper_wait {
        sounds.push(named("queue/waited"));
        sounds.extend(match waited.as_secs() {
            seconds @ 0..60 => [number(seconds), named("queue/seconds")],
            seconds => [number((seconds + 30) / 60), named("queue/minutes")],
        });
    }
    sounds
}

/// What the agent's phone shows while it rings: the queue, how long the caller has waited, and who it is.
pub(super) fn display(queue: &QueueName, waited: Duration, name: Option<&str>) -> String {
    let waited = match waited.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    };
    match name {
        Some(name) => format!("[{queue} {waited}] {name}"),
        None => format!("[{queue} {waited}]"),
    }
}
