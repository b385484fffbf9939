//! `simulate.smpp("smsc.example:2775", { false, 0 })`: a provider of text messages in a test's hand.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mlua::{
    Error, IntoLua, Lua, LuaString, MetaMethod, MultiValue, Table, UserData, UserDataMethods, Value,
};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::Desk;
use crate::api::arguments::{Arguments, Names, Options, shown, whole};
use crate::api::class::{Class, receive, refuse_set};
use crate::inbox::Message as ForHost;
use crate::simulate::smsc::{Answering, Smsc, Smscs};
use crate::simulate::stage::Stage;
use crate::smpp::{
    Answer, Delivery, Fate, Incoming, Message, Outgoing, Piece, Place, Receipt, parts,
    status_number,
};

/// A provider in the hand of a test.
pub(super) struct Stub {
    smscs: Smscs,
    index: usize,
    desk: Rc<Desk>,
    number: u64,
}

/// A message that somebody sends to it.
pub(super) static MESSAGE: Names = Names {
    class: "SimulatedText",
    names: &["from", "to", "text", "lacks"],
};

/// What it tells of a message.
pub(super) static RECEIPT: Names = Names {
    class: "SimulatedReceipt",
    names: &["id", "word", "error"],
};

struct SmscClass(Rc<Class>);

/// The fields of a provider.
const FIELDS: &[&str] = &["messages"];

impl UserData for Stub {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, stub, name: LuaString| match &*name
            .to_str()?
        {
            "messages" => stub.messages(lua),
            name => class(lua)?.method(name),
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, _, (name, _): (Value, Value)| {
            Err::<(), _>(refuse_set(&class(lua)?, &name, ""))
        });
    }
}

impl Stub {
    fn messages(&self, lua: &Lua) -> mlua::Result<Value> {
        let list = lua.create_table()?;
        for (message, answer) in self.smscs.messages(self.index) {
            list.raw_push(table_of(lua, &message, answer.as_ref())?)?;
        }
        list.into_lua(lua)
    }

    /// Hands something over; whether all of it was taken.
    fn hands_over(&self, function: &str, all: Vec<Incoming>) -> mlua::Result<bool> {
        if self.desk.number.get() != self.number {
            let why = format!("{function}: this provider is another test's");
            return Err(Error::runtime(why));
        }
        let place = self.smscs.place(self.index);
        self.desk.with(function, |stage| {
            for incoming in all {
                let taken = handed_over(stage, place.as_ref(), incoming);
                if !taken.map_err(|why| Error::runtime(format!("{function}: {why}")))? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }
}

fn class(lua: &Lua) -> mlua::Result<Rc<Class>> {
    match lua.app_data_ref::<SmscClass>() {
        Some(class) => Ok(Rc::clone(&class.0)),
        None => Err(Error::runtime(
            "simulated providers are not known in this VM",
        )),
    }
}

pub(super) fn register(lua: &Lua) -> mlua::Result<()> {
    let mut class = Class::new("a simulated provider", "smsc", FIELDS);
    class.add("delivers", lua.create_function(delivers)?);
    class.add("receipt", lua.create_function(receipt)?);
    lua.set_app_data(SmscClass(Rc::new(class)));
    Ok(())
}

#[cfg(test)]
pub(super) fn members(lua: &Lua) -> Vec<&'static str> {
    class(lua).map_or_else(|_| Vec::new(), |class| class.members().collect())
}

/// `simulate.smpp(place, answers)`.
pub(super) fn simulated(lua: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let place = arguments.text(0, "a provider such as \"smsc.example:2775\"")?;
    let smsc = Smsc {
        place: Place::parse(&place).map_err(|why| arguments.refuse(why))?,
        answers: answers(arguments)?,
        messages: Vec::new(),
    };
    let smscs = desk.with("simulate.smpp", |stage| Ok(stage.smscs.clone()))?;
    let index = smscs.add(smsc);
    let stub = Stub {
        smscs,
        index,
        desk: Rc::clone(desk),
        number: desk.number.get(),
    };
    lua.create_userdata(stub).map(Value::UserData)
}

fn answers(arguments: &Arguments) -> mlua::Result<Vec<Answering>> {
    let answering = |value: &Value| {
        let named = match value {
            Value::String(name) => status_number(&name.to_string_lossy()),
            value => whole(value).and_then(|number| u32::try_from(number).ok()),
        };
        match (value, named) {
            (Value::Boolean(false), _) => Ok(Answering::NotAtAll),
            (_, Some(status)) => Ok(Answering::With(status)),
            _ => {
                let got = shown(value);
                Err(arguments.refuse(format!(
                    "expected a status such as 0 or \"ESME_RTHROTTLED\", false for a provider that is not reached, or a list of these, got {got}"
                )))
            }
        }
    };
    match arguments.value(1) {
        Value::Nil => Ok(vec![Answering::With(0)]),
        Value::Table(list) if list.raw_len() > 0 => list
            .sequence_values::<Value>()
            .map(|status| answering(&status?))
            .collect(),
        one => Ok(vec![answering(one)?]),
    }
}

/// `smsc:delivers { from = "13900139000", text = "您好" }`: somebody writes; long texts come in
/// pieces. Whether the plugin has taken it.
fn delivers(_: &Lua, values: MultiValue) -> mlua::Result<bool> {
    let (stub, arguments) = receive::<Stub>("smsc:delivers", values, 1)?;
    let options = arguments.options(0, &MESSAGE)?;
    let from = needed(&options, "from")?;
    let to = options.text("to")?.unwrap_or_default();
    let (coding, parts) = parts(&needed(&options, "text")?);
    let total = u8::try_from(parts.len())
        .map_err(|_| options.refuse("text", "is longer than 255 messages"))?;
    let message = |(data, number): (Vec<u8>, u8)| {
        let piece = Piece {
            reference: REFERENCE,
            total,
            number,
        };
        Incoming::Message(Message {
            from: from.clone(),
            to: to.clone(),
            coding,
            data,
            piece: (total > 1).then_some(piece),
        })
    };
    let lacks = options.whole("lacks", 0, 1..=255)?;
    let parts = parts.into_iter().zip(1..);
    let parts = parts.filter(|(_, number)| i64::from(*number) != lacks);
    let all = parts.map(message).collect();
    stub.hands_over("smsc:delivers", all)
}

/// `smsc:receipt { id = "1", word = "DELIVRD" }`: what has become of a message. Whether the plugin
/// has taken it.
fn receipt(_: &Lua, values: MultiValue) -> mlua::Result<bool> {
    let (stub, arguments) = receive::<Stub>("smsc:receipt", values, 1)?;
    let options = arguments.options(0, &RECEIPT)?;
    let word = needed(&options, "word")?;
    let told = Receipt {
        id: needed(&options, "id")?,
        fate: Fate::of_word(&word),
        word,
        error: options.text("error")?,
    };
    stub.hands_over("smsc:receipt", vec![Incoming::Receipt(told)])
}

fn needed(options: &Options, name: &str) -> mlua::Result<String> {
    let text = options.text(name)?;
    text.ok_or_else(|| options.refuse(name, "is missing"))
}

/// Time passes as long as the handler waits for it.
fn handed_over(
    stage: &mut Stage,
    place: Option<&Place>,
    incoming: Incoming,
) -> Result<bool, String> {
    let routing = stage.world.host.routing().map(Arc::clone);
    let routing = routing.ok_or("the scripts do not load")?;
    let mut lines = routing.lines.iter();
    let leads = |line: &crate::smpp::Line| place.is_some_and(|it| it.covers(&line.host, line.port));
    let (plugin, _) = lines
        .find(|(_, line)| leads(line))
        .ok_or("no plugin has a line to it")?;
    let (reply, mut taken) = oneshot::channel();
    let delivery = Box::new(Delivery {
        plugin: plugin.clone(),
        incoming,
        reply,
    });
    stage.world.host.inbox.push(ForHost::Delivered(delivery));
    for _ in 0..LONGEST {
        match taken.try_recv() {
            Ok(is_taken) => return Ok(is_taken),
            Err(TryRecvError::Closed) => return Ok(false),
            Err(TryRecvError::Empty) => {}
        }
        let passed = stage.pass(Duration::from_secs(1));
        passed.map_err(|halt| super::halted(&halt))?;
    }
    Err("the handler does not answer".to_owned())
}

fn table_of(lua: &Lua, message: &Outgoing, answer: Option<&Answer>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("from", message.from.written())?;
    table.raw_set("to", message.to.written())?;
    table.raw_set("text", message.text())?;
    table.raw_set("reference", message.reference)?;
    table.raw_set("part", message.number)?;
    table.raw_set("parts", message.total)?;
    table.raw_set("id", answer.map(|it| it.id.as_str()))?;
    Ok(table)
}

/// Of the pieces of a long text: one at a time is under way.
const REFERENCE: u16 = 42;

/// Seconds.
const LONGEST: usize = 25;
