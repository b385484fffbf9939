//! Journal lines as sentences for a person.

use serde_json::{Map, Value};

/// One journal line for a person.
pub(super) fn sentence(what: &Value) -> String {
    if let Some(script) = what.get("script") {
        let method = script["method"].as_str().unwrap_or("?");
        return match script["file"].as_str().unwrap_or_default() {
            // No line is known of what a library function called.
            "" => format!("call:{method}"),
            file => format!("{file}:{}  call:{method}", script["line"]),
        };
    }
    if let Some(reply) = what.get("reply") {
        return format!(
            "    = {}  (call:{})",
            reply["result"].as_str().unwrap_or("nothing"),
            reply["method"].as_str().unwrap_or("?"),
        );
    }
    if let Some(sip) = what.get("sip") {
        return message(sip);
    }
    if let Some(sound) = what.get("sound") {
        return heard(sound);
    }
    if let Some(recording) = what.get("recording") {
        let text = |name: &str| recording[name].as_str().unwrap_or("?");
        return format!("   recording begins: {}, {}", text("begins"), text("id"));
    }
    if let Some(fault) = what["fault"].as_str() {
        return format!("script failed: {fault}");
    }
    let Some((kind, inside)) = what["what"].as_object().and_then(|map| map.iter().next()) else {
        return match what["what"].as_str() {
            Some(word) => format!("   {}", snake(word)),
            None => written(what),
        };
    };
    match kind.as_str() {
        "Decision" => format!(
            "-> {}, because {}",
            inside["what"].as_str().unwrap_or("?"),
            inside["because"].as_str().unwrap_or("?"),
        ),
        "Event" => format!("<- {}", brief(inside)),
        "Command" => format!("   {}", brief(&inside["command"])),
        "Timer" => format!("   timer: {}", inside["of"].as_str().unwrap_or("?")),
        "Began" => "   began".to_owned(),
        _ => format!("   {} {}", snake(kind), brief(inside)),
    }
}

/// `sip leg 0 <- INVITE from 192.0.2.7:5060/udp, with sound`.
fn message(sip: &Value) -> String {
    if let Some(skipped) = sip["skipped"].as_u64() {
        return format!("sip {skipped} more messages, which were not kept");
    }
    let (leg, peer) = (&sip["leg"], sip["peer"].as_str().unwrap_or("?"));
    let (way, from, what) = match sip["in"].as_str() {
        Some(what) => ("<-", "from", what),
        None => ("->", "to", sip["out"].as_str().unwrap_or("?")),
    };
    let mut line = format!("sip leg {leg} {way} {what} {from} {peer}");
    for (flag, words) in [("sdp", ", with sound"), ("again", ", again")] {
        if sip[flag] == true {
            line.push_str(words);
        }
    }
    line
}

/// How a leg's sound is, or was.
fn heard(sound: &Value) -> String {
    let leg = &sound["leg"];
    if sound["first_packet"] == true {
        return format!("   leg {leg}: its first packet of sound");
    }
    if let Some(codec) = sound["codec"].as_str() {
        let text = |name: &str| sound[name].as_str().unwrap_or("?");
        let (far, direction, keys) = (text("far"), text("direction"), text("keys"));
        return format!("   leg {leg}: {codec} with {far}, {direction}, keys by {keys}");
    }
    let ms = |name: &str| sound[name].as_f64().unwrap_or_default();
    let mut line = format!(
        "   leg {leg}: {} packets came and {} did not, {} left; jitter {} ms, at most {} ms",
        sound["received"],
        sound["lost"],
        sound["sent"],
        ms("jitter_ms"),
        ms("max_jitter_ms"),
    );
    if let Some(trip) = sound["round_trip_ms"].as_f64() {
        line.push_str(&format!(", round trip {trip} ms"));
    }
    if let Some(mos) = sound["mos"].as_f64() {
        line.push_str(&format!(", MOS {mos}"));
    }
    match sound["refused"].as_u64() {
        Some(strangers) if strangers > 0 => format!("{line}; {strangers} of strangers refused"),
        _ => line,
    }
}

/// `digit digit=1 leg=0`: what happened, and its particulars.
fn brief(value: &Value) -> String {
    match variant(value) {
        Some((name, inside @ Value::Object(fields)))
            if length(fields).is_none() && variant(inside).is_none() =>
        {
            format!("{} {}", snake(name), particulars(fields))
        }
        Some((name, inside)) => format!("{} {}", snake(name), written(inside)),
        None => written(value),
    }
}

/// `leg=0 timeout=25s`; what is not there is left out.
fn particulars(fields: &Map<String, Value>) -> String {
    let given = fields.iter().filter(|(_, value)| !value.is_null());
    let written = given.map(|(name, value)| match value {
        // People may be called anything.
        Value::String(text) if name.ends_with("name") => format!("{name}={}", quoted(text)),
        _ => format!("{name}={}", written(value)),
    });
    written.collect::<Vec<_>>().join(" ")
}

/// A value as scripts and people write it: `25s`, `in_order`, `user:1050`, `[1, 2]`.
fn written(value: &Value) -> String {
    if let Some((name, inside)) = variant(value) {
        return format!("{}:{}", snake(name), written(inside));
    }
    match value {
        Value::String(text) => quoted(&snake(text)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => match length(fields) {
            Some(seconds) => format!("{}s", (seconds * 1000.0).round() / 1000.0),
            None => format!("{{{}}}", particulars(fields)),
        },
        other => other.to_string(),
    }
}

/// One of several possible things, as serde writes it: `{"User":"1050"}`.
fn variant(value: &Value) -> Option<(&str, &Value)> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    let (name, inside) = fields.iter().next()?;
    is_camel(name).then_some((name, inside))
}

/// The seconds of a length of time: `{"secs":25,"nanos":0}`.
fn length(fields: &Map<String, Value>) -> Option<f64> {
    let (secs, nanos) = (
        fields.get("secs")?.as_f64()?,
        fields.get("nanos")?.as_f64()?,
    );
    (fields.len() == 2).then_some(secs + nanos / 1e9)
}

/// `InOrder` is `in_order`; what is no name of ours stays as it is.
fn snake(word: &str) -> String {
    if !is_camel(word) {
        return word.to_owned();
    }
    let mut snake = String::new();
    for (index, c) in word.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

fn is_camel(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|c| c.is_ascii_uppercase())
        && letters.next().is_some_and(|c| c.is_ascii_lowercase())
        && letters.all(|c| c.is_ascii_alphanumeric())
}

/// A text, in quotes where one could not see where it ends.
fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains(char::is_whitespace) {
        format!("\"{text}\"")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use call::{Bridge, Command, Keys, Music, Say, Sound, Strategy, Target};
    use serde_json::json;

    use super::*;

    fn of(command: &Command) -> String {
        let command = serde_json::to_value(command).unwrap();
        sentence(&json!({ "what": { "Command": { "request": 1, "command": command } } }))
    }

    #[test]
    fn commands_read_as_scripts_write_them_and_not_as_rust_keeps_them() {
        let said = of(&Command::Play {
            sounds: vec![
                Sound::Say(Say::Digits("8001".to_owned())),
                Sound::Silence(Duration::from_millis(1500)),
                Sound::Named("menu/main".to_owned()),
            ],
            interrupt_on: Keys::None,
            times: 1,
        });
        assert_eq!(
            said,
            "   play interrupt_on=none sounds=[say:digits:8001, silence:1.5s, named:menu/main] times=1"
        );
        let slept = of(&Command::Sleep {
            duration: Duration::from_secs(25),
        });
        assert_eq!(slept, "   sleep duration=25s");
        let rung = of(&Command::Bridge(Bridge {
            targets: vec![Target::User("1050".to_owned())],
            timeout: Duration::from_secs(25),
            caller_id: None,
            strategy: Strategy::InOrder,
            ringback: None,
            record: false,
        }));
        assert_eq!(
            rung,
            "   bridge record=false strategy=in_order targets=[user:1050] timeout=25s"
        );
        let music = of(&Command::Music(Music::Named("piano".to_owned())));
        assert_eq!(music, "   music named:piano");
        assert_eq!(of(&Command::Answer), "   answer");
    }

    #[test]
    fn names_of_ours_are_words_and_names_of_people_stay() {
        let line = json!({ "what": { "Event": { "Bridged": {
            "strategy": "InOrder", "caller_name": "Anna", "timeout": { "secs": 25, "nanos": 0 },
            "targets": [{ "User": "1050" }], "music": "", "from": null,
        } } } });

        assert_eq!(
            sentence(&line),
            "<- bridged caller_name=Anna music=\"\" strategy=in_order targets=[user:1050] timeout=25s"
        );
    }

    #[test]
    fn each_kind_of_line_reads_as_a_sentence() {
        for (line, expected) in [
            (
                json!({ "script": { "file": "scripts/a.lua", "line": 7, "method": "play" } }),
                "scripts/a.lua:7  call:play",
            ),
            (
                json!({ "reply": { "request": 3, "method": "gather", "result": "\"2\"" } }),
                "    = \"2\"  (call:gather)",
            ),
            (json!({ "fault": "oops" }), "script failed: oops"),
            (
                json!({ "sip": { "leg": 0, "in": "INVITE", "peer": "192.0.2.7:5060/udp", "sdp": true } }),
                "sip leg 0 <- INVITE from 192.0.2.7:5060/udp, with sound",
            ),
            (
                json!({ "sip": { "leg": 1, "out": "200 BYE", "peer": "192.0.2.8:5060/tcp", "again": true } }),
                "sip leg 1 -> 200 BYE to 192.0.2.8:5060/tcp, again",
            ),
            (
                json!({ "sip": { "skipped": 7 } }),
                "sip 7 more messages, which were not kept",
            ),
            (
                json!({ "sound": { "leg": 1, "codec": "pcma", "far": "192.0.2.8:4000",
                                   "direction": "both ways", "keys": "telephone-event" } }),
                "   leg 1: pcma with 192.0.2.8:4000, both ways, keys by telephone-event",
            ),
            (
                json!({ "sound": { "leg": 1, "first_packet": true } }),
                "   leg 1: its first packet of sound",
            ),
            (
                json!({ "sound": { "leg": 1, "received": 98, "lost": 2, "sent": 100, "refused": 3,
                                   "jitter_ms": 0.4, "max_jitter_ms": 1.5, "round_trip_ms": null,
                                   "mos": 4.3 } }),
                "   leg 1: 98 packets came and 2 did not, 100 left; jitter 0.4 ms, at most 1.5 ms, \
                 MOS 4.3; 3 of strangers refused",
            ),
            (
                json!({ "recording": { "id": "7", "begins": "call" } }),
                "   recording begins: call, 7",
            ),
            (
                json!({ "what": { "Decision": { "what": "ring 1050", "because": "1049 is busy" } } }),
                "-> ring 1050, because 1049 is busy",
            ),
            (
                json!({ "what": { "Event": { "Digit": { "leg": 0, "digit": "1" } } } }),
                "<- digit digit=1 leg=0",
            ),
            (
                json!({ "what": { "Timer": { "of": "gather" } } }),
                "   timer: gather",
            ),
        ] {
            assert_eq!(sentence(&line), expected);
        }
    }
}
