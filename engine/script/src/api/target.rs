//! Who can be rung: `"user:1049"`, `"trunk:carrier/13800138000"`, `"sip:a@b"`, or a list of these.

use call::Target;
use mlua::Value;

use super::arguments::shown;
use crate::suggest::did_you_mean;

/// Reads one target or a list.
///
/// # Errors
/// The sentence that says what is wrong with it.
pub(crate) fn targets(value: &Value) -> Result<Vec<Target>, String> {
    let Value::Table(list) = value else {
        return target(value).map(|target| vec![target]);
    };
    let items = list.sequence_values::<Value>();
    let targets: Result<Vec<Target>, String> = items
        .map(|item| target(&item.map_err(|error| error.to_string())?))
        .collect();
    match targets {
        Ok(targets) if targets.is_empty() => Err("the list of targets is empty".to_owned()),
        Ok(targets) if targets.len() > MOST => Err(format!(
            "{} targets are too many to ring: at most {MOST}",
            targets.len()
        )),
        other => other,
    }
}

fn target(value: &Value) -> Result<Target, String> {
    let Value::String(text) = value else {
        return Err(format!(
            "expected a target such as \"user:1049\", got {}",
            shown(value)
        ));
    };
    target_of(&text.to_string_lossy())
}

/// Reads one target.
///
/// # Errors
/// The sentence that says what is wrong with it.
pub(crate) fn target_of(text: &str) -> Result<Target, String> {
    let wrong = |form: &str| format!("'{text}' is no target: expected \"{form}\"");
    match text.split_once(':') {
        Some(("user", extension)) if is_name(extension) => Ok(Target::User(extension.to_owned())),
        Some(("user", _)) => Err(wrong("user:1049")),
        Some(("trunk", rest)) => match rest.split_once('/') {
            Some((trunk, number)) if is_name(trunk) && is_number(number) => Ok(Target::Trunk {
                trunk: trunk.to_owned(),
                number: number.to_owned(),
            }),
            _ => Err(wrong("trunk:carrier/13800138000")),
        },
        Some(("sip", address)) if is_address(address) => Ok(Target::Uri(text.to_owned())),
        Some(("sip", _)) => Err(wrong("sip:name@host")),
        Some((kind, _)) => {
            let hint = did_you_mean(kind, ["user", "trunk", "sip"]);
            Err(format!(
                "'{text}' is no target: there are user:, trunk: and sip:{hint}"
            ))
        }
        None => Err(format!(
            "'{text}' is no target: write \"user:{text}\" for a user"
        )),
    }
}

pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

fn is_number(text: &str) -> bool {
    // Keys to press after the answer: 075526881234,802.
    let (text, keys) = text.split_once(',').unwrap_or((text, "0"));
    if keys.len() > 8 || keys.is_empty() || !keys.bytes().all(|key| key.is_ascii_digit()) {
        return false;
    }
    let dialled = |byte: u8| byte.is_ascii_alphanumeric() || b"+*#".contains(&byte);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(dialled)
}

fn is_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"".contains(&byte);
    text.len() <= 256
        && text.bytes().all(plain)
        && text
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}

/// More phones at once are a mistake, or an attack on the trunk's bill.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use mlua::Lua;

    use super::*;

    fn read(source: &str) -> Result<Vec<Target>, String> {
        let lua = Lua::new();
        targets(&lua.load(source).eval().unwrap())
    }

    #[test]
    fn every_form_of_target_is_read() {
        let trunk = Target::Trunk {
            trunk: "carrier".into(),
            number: "+8613800138000".into(),
        };

        let targets = read("{ 'user:1049', 'trunk:carrier/+8613800138000', 'sip:a@b:5070' }");

        let expected = vec![
            Target::User("1049".into()),
            trunk,
            Target::Uri("sip:a@b:5070".into()),
        ];
        assert_eq!(targets, Ok(expected));
        let with_keys = Target::Trunk {
            trunk: "carrier".into(),
            number: "075526881234,802".into(),
        };
        assert_eq!(
            read("'trunk:carrier/075526881234,802'"),
            Ok(vec![with_keys])
        );
        assert!(read("'trunk:carrier/075526881234,8x'").is_err());
        assert_eq!(read("'user:1049'"), Ok(vec![Target::User("1049".into())]));
    }

    #[test]
    fn what_is_no_target_is_refused_with_what_to_write() {
        for (source, sentence) in [
            (
                "'1049'",
                "'1049' is no target: write \"user:1049\" for a user",
            ),
            (
                "'usr:1049'",
                "'usr:1049' is no target: there are user:, trunk: and sip: (did you mean 'user'?)",
            ),
            ("'user:'", "'user:' is no target: expected \"user:1049\""),
            (
                "'trunk:carrier'",
                "'trunk:carrier' is no target: expected \"trunk:carrier/13800138000\"",
            ),
            (
                "'trunk:carrier/1;3'",
                "'trunk:carrier/1;3' is no target: expected \"trunk:carrier/13800138000\"",
            ),
            (
                "'sip:nobody'",
                "'sip:nobody' is no target: expected \"sip:name@host\"",
            ),
            (
                "'sip:a@b\\r\\nX: y'",
                "'sip:a@b\r\nX: y' is no target: expected \"sip:name@host\"",
            ),
            ("{}", "the list of targets is empty"),
            (
                "{ true }",
                "expected a target such as \"user:1049\", got true",
            ),
        ] {
            assert_eq!(read(source), Err(sentence.to_owned()));
        }
    }
}
