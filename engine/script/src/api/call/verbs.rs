//! What a script may ask of its call: from arguments to a [`Command`].

use std::time::Duration;

use call::route::Pattern;
use call::{
    Bridge, Cause, Command, Gather, Greeting, Keys, Music, Record, StartRecording, Strategy,
    Target, Voicemail,
};
use mlua::{Lua, Value};

use super::menu;
use super::queue::queue;
use super::several::{conference, park, pickup, retrieve, supervise};
use crate::api::arguments::{Arguments, Names, Options, shown, unknown_word};
use crate::api::context::Contexts;
use crate::api::sound::{self, Ear};
use crate::api::target::targets;
use crate::suggest::did_you_mean;
use crate::surroundings::{LiveCall, Surroundings};

/// A method that becomes a command.
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    /// In sentences: `call:play`.
    pub(crate) function: &'static str,
    /// How many arguments it takes at most.
    pub(super) most: usize,
    /// The script ends with it.
    pub(super) is_last: bool,
    pub(super) command: fn(&Asking<'_>) -> mlua::Result<Command>,
}

/// One call of a method.
pub(super) struct Asking<'a> {
    pub(super) lua: &'a Lua,
    pub(super) surroundings: &'a Surroundings,
    pub(super) live: &'a LiveCall,
    pub(super) arguments: Arguments,
}

macro_rules! verbs {
    ($( $name:ident $most:literal $is_last:literal ),+ $(,)?) => {
        /// All of them.
        pub(crate) const ALL: &[Verb] = &[$( Verb {
            name: stringify!($name),
            function: concat!("call:", stringify!($name)),
            most: $most,
            is_last: $is_last,
            command: $name,
        } ),+];
    };
}

verbs! {
    ring 0 false,
    progress 0 false,
    answer 0 false,
    reject 1 true,
    hangup 1 true,
    play 2 false,
    say 1 false,
    gather 1 false,
    record 1 false,
    start_recording 1 false,
    stop_recording 0 false,
    bridge 2 false,
    queue 2 false,
    park 2 false,
    retrieve 1 false,
    pickup 1 false,
    conference 2 false,
    supervise 2 false,
    voicemail 2 false,
    voicemail_menu 1 false,
    ask_pin 2 false,
    transfer 2 true,
    send_dtmf 1 false,
    music 1 false,
    as_survey 1 false,
    echo 0 false,
    sleep 1 false,
}

/// The tables of options, for the stubs and for what stands in the text.
pub(crate) const OPTIONS: &[&Names] = &[
    &PLAY,
    &GATHER,
    &RECORD,
    &START_RECORDING,
    &BRIDGE,
    &super::queue::QUEUE,
    &super::several::PARK,
    &super::several::CONFERENCE,
    &super::several::SUPERVISE,
    &VOICEMAIL,
    &TRANSFER,
    &ASK_PIN,
    &menu::MENU,
];

static PLAY: Names = Names {
    class: "PlayOptions",
    names: &["interrupt_on", "loop"],
};
static GATHER: Names = Names {
    class: "GatherOptions",
    names: &[
        "play",
        "say",
        "min_digits",
        "max_digits",
        "timeout",
        "digit_timeout",
        "finish_on",
        "match",
        "barge_in",
    ],
};
static RECORD: Names = Names {
    class: "RecordOptions",
    names: &["max_duration", "silence", "beep", "finish_on"],
};
static START_RECORDING: Names = Names {
    class: "StartRecordingOptions",
    names: &["beep"],
};
static BRIDGE: Names = Names {
    class: "BridgeOptions",
    names: &["timeout", "caller_id", "strategy", "ringback", "record"],
};
static VOICEMAIL: Names = Names {
    class: "VoicemailOptions",
    names: &[
        "greeting",
        "max_duration",
        "min_duration",
        "silence",
        "beep",
        "review",
    ],
};
static ASK_PIN: Names = Names {
    class: "AskPinOptions",
    names: &["choose", "change"],
};
static TRANSFER: Names = Names {
    class: "TransferOptions",
    names: &["context"],
};

impl Asking<'_> {
    pub(super) fn ear(&self) -> Ear<'_> {
        Ear {
            surroundings: self.surroundings,
            live: self.live,
        }
    }
}

fn ring(_: &Asking<'_>) -> mlua::Result<Command> {
    Ok(Command::Ring)
}

fn progress(_: &Asking<'_>) -> mlua::Result<Command> {
    Ok(Command::Progress)
}

fn answer(_: &Asking<'_>) -> mlua::Result<Command> {
    Ok(Command::Answer)
}

fn reject(asking: &Asking<'_>) -> mlua::Result<Command> {
    cause(asking, Cause::Rejected).map(|cause| Command::Reject { cause })
}

fn hangup(asking: &Asking<'_>) -> mlua::Result<Command> {
    cause(asking, Cause::Normal).map(|cause| Command::Hangup { cause })
}

fn cause(asking: &Asking<'_>, default: Cause) -> mlua::Result<Cause> {
    let Some(word) = asking.arguments.maybe_text(0, "a cause such as \"busy\"")? else {
        return Ok(default);
    };
    let words = Cause::ALL.iter().map(|cause| cause.word());
    Cause::from_word(&word).ok_or_else(|| asking.arguments.refuse(unknown_word(&word, words)))
}

fn play(asking: &Asking<'_>) -> mlua::Result<Command> {
    let sounds = asking.ear().sounds(asking.arguments.value(0));
    let sounds = sounds.map_err(|message| asking.arguments.refuse(message))?;
    let options = asking.arguments.options(1, &PLAY)?;
    let times = match options.value("loop")? {
        Value::Boolean(true) => 0,
        Value::Boolean(false) | Value::Nil => 1,
        _ => options.whole("loop", 1, 1..=1000)?,
    };
    let interrupt_on = keys(&options, "interrupt_on", Keys::None)?;
    Ok(Command::Play {
        sounds,
        interrupt_on,
        times: u32::try_from(times).unwrap_or(1),
    })
}

fn say(asking: &Asking<'_>) -> mlua::Result<Command> {
    let said = saying(asking.arguments.value(0));
    let said = said.map_err(|message| asking.arguments.refuse(message))?;
    Ok(Command::Play {
        sounds: vec![said],
        interrupt_on: Keys::None,
        times: 1,
    })
}

fn saying(value: &Value) -> Result<call::Sound, String> {
    match value {
        Value::Table(table) => sound::say(table).map(call::Sound::Say),
        other => {
            let got = shown(other);
            Err(format!(
                "expected a table such as {{ number = 12 }}, got {got}; sounds are for play"
            ))
        }
    }
}

fn gather(asking: &Asking<'_>) -> mlua::Result<Command> {
    let options = asking.arguments.options(0, &GATHER)?;
    let prompt = prompt(asking, &options)?;
    let max_digits = options.whole("max_digits", 1, 1..=MOST_DIGITS)?;
    let min_digits = options.whole("min_digits", 1, 0..=max_digits)?;
    let pattern = options.text("match")?;
    if let Some(pattern) = &pattern {
        Pattern::parse(pattern).map_err(|error| options.refuse("match", error))?;
    }
    Ok(Command::Gather(Gather {
        prompt,
        min_digits: usize::try_from(min_digits).unwrap_or_default(),
        max_digits: usize::try_from(max_digits).unwrap_or(1),
        timeout: options.duration("timeout", Duration::from_secs(5))?,
        digit_timeout: options.duration("digit_timeout", Duration::from_secs(3))?,
        finish_on: keys(&options, "finish_on", Keys::Of("#".to_owned()))?,
        pattern,
        barge_in: options.boolean("barge_in", true)?,
    }))
}

/// `play` and `say` of one table, in this order.
pub(super) fn prompt(asking: &Asking<'_>, options: &Options) -> mlua::Result<Vec<call::Sound>> {
    let mut prompt = sounds(asking, options, "play")?;
    match options.value("say")? {
        Value::Nil => {}
        value => {
            let said = saying(&value).map_err(|message| options.refuse("say", message))?;
            prompt.push(said);
        }
    }
    Ok(prompt)
}

pub(super) fn sounds(
    asking: &Asking<'_>,
    options: &Options,
    name: &str,
) -> mlua::Result<Vec<call::Sound>> {
    match options.value(name)? {
        Value::Nil => Ok(Vec::new()),
        value => asking
            .ear()
            .sounds(&value)
            .map_err(|message| options.refuse(name, message)),
    }
}

fn record(asking: &Asking<'_>) -> mlua::Result<Command> {
    let options = asking.arguments.options(0, &RECORD)?;
    Ok(Command::Record(Record {
        max_duration: options.duration("max_duration", Duration::from_secs(120))?,
        silence: options.duration("silence", Duration::from_secs(5))?,
        beep: options.boolean("beep", true)?,
        finish_on: keys(&options, "finish_on", Keys::Of("#".to_owned()))?,
    }))
}

fn start_recording(asking: &Asking<'_>) -> mlua::Result<Command> {
    let options = asking.arguments.options(0, &START_RECORDING)?;
    Ok(Command::StartRecording(StartRecording {
        beep: options.boolean("beep", false)?,
    }))
}

fn stop_recording(_: &Asking<'_>) -> mlua::Result<Command> {
    Ok(Command::StopRecording)
}

fn bridge(asking: &Asking<'_>) -> mlua::Result<Command> {
    let targets = targets(asking.arguments.value(0));
    let targets = targets.map_err(|message| asking.arguments.refuse(message))?;
    let settings = &asking.surroundings.settings;
    for target in &targets {
        let Target::Trunk { trunk, .. } = target else {
            continue;
        };
        if !settings.has_way_out(trunk) {
            let hint = did_you_mean(trunk, settings.ways_out());
            return Err(asking.arguments.refuse(format!("no trunk '{trunk}'{hint}")));
        }
    }
    let options = asking.arguments.options(1, &BRIDGE)?;
    let strategy = [("all", Strategy::All), ("in_order", Strategy::InOrder)];
    let ringback = match options.value("ringback")? {
        Value::Nil => None,
        value => {
            let sound = asking.ear().sound(&value);
            Some(sound.map_err(|message| options.refuse("ringback", message))?)
        }
    };
    Ok(Command::Bridge(Bridge {
        targets,
        timeout: options.duration("timeout", Duration::from_secs(30))?,
        caller_id: options.text("caller_id")?,
        strategy: options.word("strategy", &strategy)?.unwrap_or_default(),
        ringback,
        record: options.boolean("record", false)?,
    }))
}

fn voicemail(asking: &Asking<'_>) -> mlua::Result<Command> {
    let mailbox = asking.arguments.text(0, "a mailbox such as \"8000\"")?;
    let options = asking.arguments.options(1, &VOICEMAIL)?;
    Ok(Command::Voicemail(Voicemail {
        mailbox,
        greeting: greeting(asking, &options)?,
        max_duration: options.duration("max_duration", Duration::from_secs(180))?,
        min_duration: options.duration("min_duration", Duration::from_secs(2))?,
        silence: options.duration("silence", Duration::from_secs(5))?,
        beep: options.boolean("beep", true)?,
        review: options.boolean("review", true)?,
    }))
}

fn greeting(asking: &Asking<'_>, options: &Options) -> mlua::Result<Greeting> {
    let value = options.value("greeting")?;
    let word = value.as_string().map(|text| text.to_string_lossy());
    match (word.as_deref(), &value) {
        (Some("unavailable"), _) | (_, Value::Nil) => Ok(Greeting::Unavailable),
        (Some("busy"), _) => Ok(Greeting::Busy),
        (_, Value::Boolean(false)) => Ok(Greeting::None),
        _ => {
            let sound = asking.ear().sound(&value);
            let sound = sound.map_err(|message| options.refuse("greeting", message))?;
            Ok(Greeting::Sound(sound))
        }
    }
}

fn voicemail_menu(asking: &Asking<'_>) -> mlua::Result<Command> {
    let mailbox = asking
        .arguments
        .maybe_text(0, "a mailbox such as \"1049\"")?;
    Ok(Command::VoicemailMenu { mailbox })
}

fn ask_pin(asking: &Asking<'_>) -> mlua::Result<Command> {
    let mailbox = asking.arguments.text(0, "a mailbox such as \"1049\"")?;
    let options = asking.arguments.options(1, &ASK_PIN)?;
    let choose = options.boolean("choose", true)?;
    let change = options.boolean("change", false)?;
    Ok(Command::AskPin {
        mailbox,
        choose,
        change,
    })
}

fn transfer(asking: &Asking<'_>) -> mlua::Result<Command> {
    let to = asking.arguments.text(0, "a number such as \"1001\"")?;
    let options = asking.arguments.options(1, &TRANSFER)?;
    let context = options.text("context")?;
    if let (Some(context), Some(known)) = (&context, asking.lua.app_data_ref::<Contexts>()) {
        known
            .check(context)
            .map_err(|message| options.refuse("context", message))?;
    }
    Ok(Command::Transfer { to, context })
}

fn send_dtmf(asking: &Asking<'_>) -> mlua::Result<Command> {
    let digits = asking.arguments.text(0, "keys such as \"1#\"")?;
    match digits
        .chars()
        .find(|key| !"0123456789*#ABCDabcd,".contains(*key))
    {
        Some(strange) => Err(asking.arguments.refuse(format!("'{strange}' is no key"))),
        None => Ok(Command::SendDtmf {
            digits: digits.to_ascii_uppercase(),
        }),
    }
}

fn music(asking: &Asking<'_>) -> mlua::Result<Command> {
    let music = match asking.arguments.value(0) {
        Value::Nil | Value::Boolean(true) => Music::Default,
        Value::Boolean(false) => Music::Off,
        Value::String(name) => {
            let name = name.to_string_lossy();
            let language = &asking.live.setup.language;
            let found = asking.surroundings.sounds.check(
                &asking.surroundings.tenant,
                &format!("music/{name}"),
                language,
            );
            found.map_err(|message| asking.arguments.refuse(message))?;
            Music::Named(name)
        }
        other => {
            let wanted = "a name under sounds/music, or false for silence";
            return Err(asking.arguments.wrong(wanted, other));
        }
    };
    Ok(Command::Music(music))
}

fn as_survey(asking: &Asking<'_>) -> mlua::Result<Command> {
    let agent = match asking.arguments.value(0) {
        Value::Nil => None,
        Value::String(agent) => Some(agent.to_string_lossy()),
        other => return Err(asking.arguments.wrong("a user, or nothing", other)),
    };
    Ok(Command::AsSurvey { agent })
}

fn echo(_: &Asking<'_>) -> mlua::Result<Command> {
    Ok(Command::Echo)
}

fn sleep(asking: &Asking<'_>) -> mlua::Result<Command> {
    asking
        .arguments
        .duration(0)
        .map(|duration| Command::Sleep { duration })
}

/// `"any"`, `"12#"`, or `""` and `false` for none.
pub(super) fn keys(options: &Options, name: &str, default: Keys) -> mlua::Result<Keys> {
    let text = match options.value(name)? {
        Value::Nil => return Ok(default),
        Value::Boolean(false) => String::new(),
        _ => options.text(name)?.unwrap_or_default(),
    };
    match text.as_str() {
        "" => Ok(Keys::None),
        "any" => Ok(Keys::Any),
        keys if keys.chars().all(is_key) => Ok(Keys::Of(text)),
        _ => Err(options.refuse(
            name,
            format!("expected keys such as \"12#\" or \"any\", got \"{text}\""),
        )),
    }
}

pub(super) fn is_key(key: char) -> bool {
    "0123456789*#ABCD".contains(key)
}

const MOST_DIGITS: i64 = 64;
