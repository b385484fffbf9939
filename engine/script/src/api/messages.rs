//! `messages.send { to = "user:1050", text = "..." }`: text on the phones of users.

use std::rc::Rc;

use call::Target;
use mlua::{Function, IntoLua, Lua, MultiValue, Table, Value};

use super::agents::too_busy;
use super::arguments::{Arguments, Names, Options};
use super::target::target_of;
use super::while_running;
use crate::plugin::{Owner, Right};
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;
use crate::{SentText, Undelivered, fault, vm};

/// What `messages.send` is told.
pub(crate) static OPTIONS: Names = Names {
    class: "TextMessage",
    names: &["to", "text", "from", "name"],
};

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let messages = lua.create_table()?;
    messages.raw_set("send", send(lua, surroundings, owner)?)?;
    Ok(messages)
}

fn send(lua: &Lua, surroundings: &Rc<Surroundings>, owner: &Rc<Owner>) -> mlua::Result<Function> {
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let function = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let text = text(&surroundings, &owner, values);
        async move {
            let text = text.map_err(|error| fault::at(&place, error))?;
            let to = text.to.clone();
            surroundings.tell(Some(&place), &format!("sends text to user:{to}"));
            let answer = surroundings.exchange.send_text(&surroundings.tenant, text);
            match answer.await {
                Ok(Ok(())) => Ok(MultiValue::from_iter([Value::Boolean(true)])),
                Ok(Err(Undelivered::NoSuchUser)) => {
                    let known = surroundings.settings.users.keys().map(String::as_str);
                    let hint = did_you_mean(&to, known);
                    let sentence = format!("{FUNCTION}: to: no user '{to}'{hint}");
                    Err(fault::at(&place, mlua::Error::runtime(sentence)))
                }
                Ok(Err(why)) => {
                    let why = why.word().into_lua(&lua)?;
                    Ok(MultiValue::from_iter([Value::Nil, why]))
                }
                Err(_) => Err(fault::at(&place, too_busy(FUNCTION))),
            }
        }
    })?;
    vm::waiting(lua, FUNCTION, function)
}

fn text(surroundings: &Surroundings, owner: &Owner, values: MultiValue) -> mlua::Result<SentText> {
    while_running(surroundings, FUNCTION)?;
    let arguments = Arguments::new(FUNCTION, values, 1)?;
    owner
        .may_use(Right::Messages)
        .map_err(|message| arguments.refuse(message))?;
    let options = arguments.options(0, &OPTIONS)?;
    let Some(to) = user(&options, "to")? else {
        return Err(options.refuse("to", "a user is missing, such as \"user:1050\""));
    };
    let Some(text) = options.text("text")? else {
        return Err(options.refuse("text", "what it says is missing"));
    };
    if text.is_empty() || text.len() > LONGEST {
        let length = text.len();
        let sentence = format!("1 to {LONGEST} octets fit into a message, not {length}");
        return Err(options.refuse("text", sentence));
    }
    Ok(SentText {
        from: user(&options, "from")?,
        name: options.text("name")?,
        to,
        text,
    })
}

fn user(options: &Options, name: &str) -> mlua::Result<Option<String>> {
    let Some(text) = options.text(name)? else {
        return Ok(None);
    };
    match target_of(&text).map_err(|message| options.refuse(name, message))? {
        Target::User(user) => Ok(Some(user)),
        _ => Err(options.refuse(
            name,
            format!("expected a user such as \"user:1050\", got '{text}'"),
        )),
    }
}

const FUNCTION: &str = "messages.send";
/// What phones can be sent in one piece.
const LONGEST: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testbed::Bed;
    use crate::{SentText, Undelivered};

    #[test]
    fn text_goes_to_the_exchange_and_its_fate_comes_back() {
        let bed = Bed::new();
        let sent = "return messages.send { to = 'user:1050', text = '请回电', from = 'user:1001', \
                    name = '班长' }";

        assert_eq!(bed.call(sent).unwrap(), json!([true]));

        let text = SentText {
            from: Some("1001".into()),
            name: Some("班长".into()),
            to: "1050".into(),
            text: "请回电".into(),
        };
        assert_eq!(*bed.answers.texts.lock().unwrap(), [text]);
        for (why, word) in [
            (Undelivered::Unavailable, "unavailable"),
            (Undelivered::Rejected(415), "rejected"),
            (Undelivered::Congestion, "congestion"),
        ] {
            *bed.answers.undelivered.lock().unwrap() = Some(why);
            assert_eq!(bed.call(sent).unwrap(), json!([null, word]));
        }
    }

    #[test]
    fn mistakes_are_told_with_what_would_be_right() {
        let bed = Bed::new();
        for (options, sentence) in [
            (
                "{ text = 'x' }",
                "messages.send: to: a user is missing, such as \"user:1050\"",
            ),
            (
                "{ to = 'user:1050' }",
                "messages.send: text: what it says is missing",
            ),
            (
                "{ to = '1050', text = 'x' }",
                "messages.send: to: '1050' is no target: write \"user:1050\" for a user",
            ),
            (
                "{ to = 'trunk:carrier/1', text = 'x' }",
                "messages.send: to: expected a user such as \"user:1050\", got 'trunk:carrier/1'",
            ),
            (
                "{ to = 'user:1050', text = ('x'):rep(1001) }",
                "messages.send: text: 1 to 1000 octets fit into a message, not 1001",
            ),
            (
                "{ to = 'user:1050', txt = 'x' }",
                "messages.send: unknown option 'txt' (did you mean 'text'?)",
            ),
        ] {
            let error = bed.call(&format!("messages.send {options}")).unwrap_err();
            assert!(error.contains(sentence), "{error}");
        }
        *bed.answers.undelivered.lock().unwrap() = Some(Undelivered::NoSuchUser);
        let error = bed
            .call("messages.send { to = 'user:1055', text = 'x' }")
            .unwrap_err();
        assert!(
            error.contains("messages.send: to: no user '1055'"),
            "{error}"
        );
        let error = bed
            .load("messages.send { to = 'user:1050', text = 'x' }")
            .unwrap_err();
        assert!(
            error.contains("messages.send cannot be used while files load"),
            "{error}"
        );
    }
}
