//! The story of a simulated call, in words, on one time axis.

use std::fmt;
use std::time::Duration;

use call::acd::Pick;
use call::{Bridge, Command, Fetch, Reply, Say, Sound, Tone};
use serde::Serialize;

/// One line of a call's story.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoryLine {
    /// Since the call began.
    pub seconds: f64,
    /// Who did it.
    pub who: Who,
    /// The script's file and line, where it is a script's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What happened.
    pub what: String,
}

/// Who did something in a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The one who called.
    Caller,
    /// The dialplan.
    Script,
    /// The exchange itself.
    Exchange,
    /// Somebody who was rung.
    Called,
}

impl fmt::Display for StoryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.who {
            Who::Caller => "caller",
            Who::Script => "script",
            Who::Exchange => "exchange",
            Who::Called => "called",
        };
        write!(f, "{:>8.1} s  {who:<8}  {}", self.seconds, self.what)?;
        match &self.place {
            Some(place) => write!(f, "  ({place})"),
            None => Ok(()),
        }
    }
}

/// What happened in a call so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Story(Vec<StoryLine>);

impl Story {
    pub(super) fn tell(
        &mut self,
        since: Duration,
        who: Who,
        place: Option<String>,
        what: impl Into<String>,
    ) {
        // A script that goes round and round is stopped long after this.
        if self.0.len() < MOST_LINES {
            self.0.push(StoryLine {
                seconds: since.as_secs_f64(),
                who,
                place,
                what: what.into(),
            });
        }
    }

    /// Tells why something is done, in front of what has been told of the doing.
    pub(super) fn decided(&mut self, since: Duration, what: &str, because: &str) {
        let done = what.strip_prefix("ring ");
        let is_told = |line: &StoryLine| {
            let rest = done.and_then(|target| line.what.strip_prefix(target));
            line.who == Who::Called && rest.is_some_and(|rest| rest.starts_with(' '))
        };
        let last = self.0.pop_if(|line| is_told(line));
        self.tell(
            since,
            Who::Exchange,
            None,
            format!("{what}, because {because}"),
        );
        self.0.extend(last);
    }

    pub(super) fn lines(&self) -> &[StoryLine] {
        &self.0
    }
}

/// A method as a script wrote it, more or less.
pub(super) fn command(command: &Command) -> String {
    let method = command.method();
    let details = match command {
        Command::Play { sounds, .. } => list(sounds),
        Command::Gather(gather) => {
            let digits = match (gather.min_digits, gather.max_digits) {
                (_, 1) => "one digit".to_owned(),
                (least, most) => format!("{least} to {most} digits"),
            };
            let prompt = list(&gather.prompt);
            let comma = if prompt.is_empty() { "" } else { ", " };
            format!(
                "{prompt}{comma}{digits}, {} s",
                gather.timeout.as_secs_f64()
            )
        }
        Command::Bridge(Bridge {
            targets, timeout, ..
        }) => {
            let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
            format!("{}, {} s", targets.join(" "), timeout.as_secs_f64())
        }
        Command::Queue(queue) => queue.name.to_string(),
        Command::Voicemail(voicemail) => voicemail.mailbox.clone(),
        Command::VoicemailMenu { mailbox } => mailbox.clone().unwrap_or_default(),
        Command::AskPin { mailbox, .. } => mailbox.clone(),
        Command::Transfer { to, context } => match context {
            Some(context) => format!("{to} in {context}"),
            None => to.clone(),
        },
        Command::Reject { cause } | Command::Hangup { cause } => cause.word().to_owned(),
        Command::Park(park) => park.slot.clone().unwrap_or_default(),
        Command::Fetch(Fetch::Slot(slot)) => slot.clone(),
        Command::Fetch(Fetch::Ringing(targets)) => {
            let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
            targets.join(" ")
        }
        Command::Fetch(Fetch::Waiting(pick)) => match pick {
            Pick::Call(call) => call.to_string(),
            Pick::NextOf(queue) => format!("queue:{queue}"),
        },
        Command::Conference(conference) => conference.room.clone(),
        Command::Supervise(wanted) => format!("{} {}", wanted.agent, wanted.mode.word()),
        Command::SendDtmf { digits } => digits.clone(),
        Command::Sleep { duration } => format!("{} s", duration.as_secs_f64()),
        _ => String::new(),
    };
    format!("call:{method} {details}").trim_end().to_owned()
}

/// What a method returned; `None` for nothing.
pub(super) fn reply(reply: &Reply) -> Option<String> {
    Some(match reply {
        Reply::Done | Reply::Key(None) => return None,
        Reply::Key(Some(key)) => format!("\"{key}\""),
        Reply::Digits(Ok(digits)) => format!("\"{digits}\""),
        Reply::Recording(Ok(recorded)) => {
            format!("a recording of {:.1} s", recorded.duration.as_secs_f64())
        }
        Reply::Leg(Ok(parted)) => {
            let talked = parted.talked.as_secs_f64();
            format!("talked {talked:.1} s with {}", parted.target)
        }
        Reply::Message(Some(left)) => {
            format!("a message of {:.1} s", left.duration.as_secs_f64())
        }
        Reply::Message(None) => "no message".to_owned(),
        Reply::TakenOut(key) => match key {
            Some(key) => format!("nil, \"left\", \"{key}\""),
            None => "nil, \"left\"".to_owned(),
        },
        Reply::Right(Ok(())) => "true".to_owned(),
        Reply::Room(Ok(time)) => format!("in the room for {:.1} s", time.as_secs_f64()),
        Reply::Supervised(Ok(time)) => {
            format!("has supervised for {:.1} s", time.as_secs_f64())
        }
        Reply::Supervised(Err(why)) => format!("nil, \"{why}\""),
        Reply::Digits(Err(why))
        | Reply::Room(Err(why))
        | Reply::Recording(Err(why))
        | Reply::Leg(Err(why))
        | Reply::Right(Err(why)) => {
            format!("nil, \"{}\"", why.word())
        }
        Reply::Mistake(sentence) => format!("error: {sentence}"),
    })
}

/// A sound as scripts and tests write it.
pub(super) fn sound(sound: &Sound) -> String {
    match sound {
        Sound::Named(name) => name.clone(),
        Sound::Tone(tone) => format!("tone:{}", tone_word(*tone)),
        Sound::Silence(length) => format!("silence:{}", length.as_secs_f64()),
        Sound::Recording(_) => "recording".to_owned(),
        Sound::Message(_) => "message".to_owned(),
        Sound::Say(Say::Number(number)) => format!("number:{number}"),
        Sound::Say(Say::Digits(digits)) => format!("digits:{digits}"),
        Sound::Say(Say::Date(at)) => format!("date:{at}"),
        Sound::Say(Say::Time(at)) => format!("time:{at}"),
    }
}

fn list(sounds: &[Sound]) -> String {
    let names: Vec<String> = sounds.iter().map(sound).collect();
    names.join(" ")
}

fn tone_word(tone: Tone) -> &'static str {
    match tone {
        Tone::Beep => "beep",
        Tone::Busy => "busy",
        Tone::Congestion => "congestion",
        Tone::Ringback => "ringback",
        Tone::Confirm => "confirm",
        Tone::Apology => "apology",
    }
}

const MOST_LINES: usize = 2_000;
