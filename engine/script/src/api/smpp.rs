//! `smpp.line({ host = …, system_id = … }, fn)`, `smpp.submit { to = …, text = … }`: a plugin's
//! connection to a provider of text messages. Only plugins have it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Error, Function, Lua, MultiValue, Table, Value};

use super::arguments::{Arguments, Names, Options};
use super::{while_loading, while_running};
use crate::plugin::Owner;
use crate::smpp::{
    Address, Answer, Incoming, Joining, Line, Message, Outgoing, Place, Receipt, ReceiptIds,
    Secret, decode, status_name,
};
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// The connections that plugins of this VM have declared, one each at most.
#[derive(Clone, Default)]
pub(crate) struct Lines(pub(crate) Rc<RefCell<Vec<DeclaredLine>>>);

/// One `smpp.line`.
pub(crate) struct DeclaredLine {
    pub(crate) owner: Rc<Owner>,
    pub(crate) line: Rc<Line>,
    /// Nothing when its plugin is left out: what comes in is put off.
    pub(crate) handler: Option<Function>,
}

/// The options of `smpp.line`.
pub(crate) static LINE: Names = Names {
    class: "SmppLineOptions",
    names: &[
        "host",
        "port",
        "tls",
        "system_id",
        "password",
        "system_type",
        "from",
        "from_ton",
        "from_npi",
        "to_ton",
        "to_npi",
        "window",
        "per_second",
        "enquire_link",
        "timeout",
        "concatenation",
        "receipt_ids",
    ],
};

/// What `smpp.submit` takes.
pub(crate) static MESSAGE: Names = Names {
    class: "SmppMessageOptions",
    names: &["to", "text", "reference", "part"],
};

/// Makes the table for one plugin.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let smpp = lua.create_table()?;
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let declare = move |lua: &Lua, values: MultiValue| declare(lua, &around.0, &around.1, values);
    smpp.raw_set("line", lua.create_function(declare)?)?;

    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let submit = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let message = outgoing(&lua, &surroundings, &owner, values);
        async move {
            let answered = match message {
                Ok((line, message)) => sent(&surroundings, &owner, &line, message).await,
                Err(error) => Err(error),
            };
            if let Ok(answer) = &answered {
                let what = format!("smpp.submit: {}", status_name(answer.status));
                surroundings.tell(Some(&place), &what);
            }
            table_of_answer(&lua, &answered.map_err(|error| fault::at(&place, error))?)
        }
    })?;
    smpp.raw_set("submit", vm::waiting(lua, "smpp.submit", submit)?)?;

    let text = |_: &Lua, values: MultiValue| {
        let arguments = Arguments::new("smpp.text", values, 2)?;
        let Value::Integer(coding) = arguments.value(0) else {
            return Err(arguments.wrong("the coding of a message", arguments.value(0)));
        };
        let data = arguments.text(1, "the data of a message")?;
        let Some(data) = from_hex(&data) else {
            return Err(arguments.refuse("the data of a message are hexadecimal digits"));
        };
        let coding = u8::try_from(*coding).map_err(|_| arguments.refuse("no such coding"))?;
        Ok(decode(coding, &data))
    };
    smpp.raw_set("text", lua.create_function(text)?)?;
    Ok(smpp)
}

fn declare(
    lua: &Lua,
    surroundings: &Surroundings,
    owner: &Rc<Owner>,
    values: MultiValue,
) -> mlua::Result<()> {
    while_loading(surroundings, "smpp.line")?;
    let arguments = Arguments::new("smpp.line", values, 2)?;
    let line = line(owner, &arguments.options(0, &LINE)?)?;
    let handler = arguments.function(1)?;
    let lines = lines(lua);
    let mut lines = lines.0.borrow_mut();
    if lines.iter().any(|it| it.owner.name == owner.name) {
        return Err(arguments.refuse("there is a line already: a plugin has one"));
    }
    lines.push(DeclaredLine {
        owner: Rc::clone(owner),
        line: Rc::new(line),
        handler: Some(handler),
    });
    Ok(())
}

fn line(owner: &Owner, options: &Options) -> mlua::Result<Line> {
    let host = options.text("host")?.unwrap_or_default();
    let place = Place::parse(&host).map_err(|why| options.refuse("host", why))?;
    let port = i64::from(place.port.unwrap_or(USUAL_PORT));
    let port = options.whole("port", port, 1..=65_535)?;
    let port = u16::try_from(port).unwrap_or(USUAL_PORT);
    let may_be_private = owner.may_call(&place.host, port);
    let from = options.text("from")?.unwrap_or_default();
    let from = Address::new(
        &from,
        octet(options, "from_ton")?,
        octet(options, "from_npi")?,
    );
    Ok(Line {
        port,
        is_tls: options.boolean("tls", false)?,
        may_be_private: may_be_private.map_err(|why| options.refuse("host", why))?,
        if_private: owner.how_to_reach_private(&place.host),
        host: place.host,
        system_id: name(options, "system_id", 15)?,
        password: Secret(name(options, "password", 8)?),
        system_type: name(options, "system_type", 12)?,
        window: usize::try_from(options.whole("window", 10, 1..=100)?).unwrap_or(1),
        per_second: u32::try_from(options.whole("per_second", 10, 1..=1_000)?).unwrap_or(1),
        enquire_link: waiting(options, "enquire_link", Duration::from_secs(30))?,
        timeout: waiting(options, "timeout", Duration::from_secs(15))?,
        from: from.map_err(|why| options.refuse("from", why))?,
        to_ton: octet(options, "to_ton")?,
        to_npi: octet(options, "to_npi")?,
        joining: options
            .word(
                "concatenation",
                &[("udh", Joining::Udh), ("sar", Joining::Sar)],
            )?
            .unwrap_or(Joining::Udh),
        receipt_ids: options
            .word(
                "receipt_ids",
                &[
                    ("same", ReceiptIds::Same),
                    ("hex", ReceiptIds::Hex),
                    ("decimal", ReceiptIds::Decimal),
                ],
            )?
            .unwrap_or(ReceiptIds::Same),
    })
}

/// Text that has a field of its own in a PDU (SMPP 3.4 §4.1.1).
fn name(options: &Options, name: &str, most: usize) -> mlua::Result<String> {
    let text = options.text(name)?.unwrap_or_default();
    match text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && text.len() <= most {
        true => Ok(text),
        // It may be a password: not shown.
        false => {
            let why = format!(
                "SMPP has room for {most} letters of ASCII, this are {}",
                text.len()
            );
            Err(options.refuse(name, why))
        }
    }
}

fn octet(options: &Options, name: &str) -> mlua::Result<Option<u8>> {
    match options.value(name)? {
        Value::Nil => Ok(None),
        _ => Ok(u8::try_from(options.whole(name, 0, 0..=255)?).ok()),
    }
}

fn waiting(options: &Options, name: &str, usual: Duration) -> mlua::Result<Duration> {
    let time = options.duration(name, usual)?;
    match time >= SHORTEST && time <= LONGEST {
        true => Ok(time),
        false => Err(options.refuse(name, "expected a time from 1 s to 10 minutes")),
    }
}

/// Reads what is to be sent, and finds the connection for it.
fn outgoing(
    lua: &Lua,
    surroundings: &Surroundings,
    owner: &Owner,
    values: MultiValue,
) -> mlua::Result<(Rc<Line>, Outgoing)> {
    while_running(surroundings, "smpp.submit")?;
    let arguments = Arguments::new("smpp.submit", values, 1)?;
    let options = arguments.options(0, &MESSAGE)?;
    let lines = lines(lua);
    let lines = lines.0.borrow();
    let declared = lines.iter().find(|it| it.owner.name == owner.name);
    let Some(line) = declared.map(|it| Rc::clone(&it.line)) else {
        return Err(arguments.refuse("there is no line: write smpp.line { … } while files load"));
    };
    let to = options.text("to")?.unwrap_or_default();
    let to = Address::new(&to, line.to_ton, line.to_npi);
    let to = to.map_err(|why| options.refuse("to", why))?;
    if to.text.is_empty() {
        return Err(options.refuse("to", "to whom it goes is missing"));
    }
    let text = options.text("text")?.unwrap_or_default();
    let reference = options.whole("reference", 0, 0..=i64::MAX)?;
    // Its low octets: the next text with the same ones is 65,536 texts away.
    let reference = u16::try_from(reference & 0xffff).unwrap_or_default();
    let number = u8::try_from(options.whole("part", 1, 1..=255)?).unwrap_or(1);
    let message = Outgoing::part(&line, to, &text, reference, number);
    let message = message.map_err(|why| arguments.refuse(why))?;
    Ok((line, message))
}

async fn sent(
    surroundings: &Surroundings,
    owner: &Owner,
    line: &Line,
    message: Outgoing,
) -> mlua::Result<Answer> {
    let refuse = |why: String| Error::runtime(format!("smpp.submit: {why}"));
    let _turn = owner.request().map_err(refuse)?;
    let whose = (surroundings.tenant.clone(), owner.name.to_string());
    let answer = {
        let _waited = surroundings.outside.wait();
        surroundings.lines.submit(&whose, line, message).await
    };
    let ended = "the line has ended: try again".to_owned();
    let answer = answer.map_err(|_| refuse(ended))?;
    answer.map_err(|error| refuse(error.to_string()))
}

fn table_of_answer(lua: &Lua, answer: &Answer) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("status", answer.status)?;
    table.raw_set("name", status_name(answer.status))?;
    table.raw_set("id", answer.id.as_str())?;
    table.raw_set("temporary", answer.is_temporary())?;
    table.raw_set("retry_after", answer.rest.map(|it| it.as_secs_f64()))?;
    Ok(table)
}

/// What came in, as a handler gets it.
pub(crate) fn table_of(lua: &Lua, incoming: &Incoming) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    match incoming {
        Incoming::Receipt(Receipt {
            id,
            fate,
            word,
            error,
        }) => {
            table.raw_set("kind", "receipt")?;
            table.raw_set("id", id.as_str())?;
            table.raw_set("state", fate.word())?;
            table.raw_set("word", word.as_str())?;
            table.raw_set("error", error.as_deref())?;
        }
        Incoming::Message(message) => {
            table.raw_set("kind", "message")?;
            table.raw_set("from", message.from.as_str())?;
            table.raw_set("to", message.to.as_str())?;
            table.raw_set("text", message.text())?;
            table.raw_set("coding", message.coding)?;
            table.raw_set("data", to_hex(message))?;
            if let Some(piece) = message.piece {
                let of = lua.create_table()?;
                of.raw_set("reference", piece.reference)?;
                of.raw_set("total", piece.total)?;
                of.raw_set("number", piece.number)?;
                table.raw_set("piece", of)?;
            }
        }
    }
    Ok(table)
}

fn to_hex(message: &Message) -> String {
    message
        .data
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    let pairs = digits.as_chunks::<2>().0.iter();
    pairs
        .map(|[high, low]| u8::try_from(high * 16 + low).ok())
        .collect()
}

/// The connections of this VM.
pub(crate) fn lines(lua: &Lua) -> Lines {
    if let Some(lines) = lua.app_data_ref::<Lines>() {
        return lines.clone();
    }
    let lines = Lines::default();
    lua.set_app_data(lines.clone());
    lines
}

/// Registered for SMPP.
const USUAL_PORT: u16 = 2775;
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(600);
