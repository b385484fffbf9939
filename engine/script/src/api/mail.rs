//! `mail.send { to = …, subject = …, text = … }`: mail by the relay of `config.lua`.

use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use mlua::{Error, IntoLuaMulti, Lua, MultiValue, Table, Value};
use uuid::Uuid;

use super::arguments::{Arguments, Names, Options, shown};
use super::while_running;
use crate::mail::{self, Attachment, Content, LARGEST, Letter};
use crate::plugin::{Owner, Right};
use crate::surroundings::Surroundings;
use crate::{fault, vm};

/// The options of `mail.send`.
pub(crate) static OPTIONS: Names = Names {
    class: "MailOptions",
    names: &[
        "to",
        "cc",
        "reply_to",
        "subject",
        "text",
        "html",
        "attachments",
        "id",
    ],
};

/// Makes the table for one owner.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let around = (Rc::clone(surroundings), Rc::clone(owner));
    let send = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let (surroundings, owner) = around.clone();
        let place = surroundings.place(&lua);
        let wanted = Wanted::read(&surroundings, &owner, values);
        async move {
            let _waited = surroundings.outside.wait();
            let sent = match wanted {
                Ok(wanted) => wanted.sent(&surroundings, &owner).await,
                Err(error) => Err(error),
            };
            match sent.map_err(|error| fault::at(&place, error))? {
                None => true.into_lua_multi(&lua),
                Some(why) => (Value::Nil, why).into_lua_multi(&lua),
            }
        }
    })?;
    table.raw_set("send", vm::waiting(lua, FUNCTION, send)?)?;
    Ok(table)
}

/// A letter whose recordings are not looked up yet.
struct Wanted {
    letter: Letter,
    /// Which of the attachments are recordings.
    recordings: Vec<(usize, Uuid)>,
}

impl Wanted {
    fn read(surroundings: &Surroundings, owner: &Owner, values: MultiValue) -> mlua::Result<Self> {
        while_running(surroundings, FUNCTION)?;
        let arguments = Arguments::new(FUNCTION, values, 1)?;
        let allowed = owner.may_use(Right::Mail);
        allowed.map_err(|message| arguments.refuse(message))?;
        let options = arguments.options(0, &OPTIONS)?;
        let Some(relay) = surroundings.settings.smtp.clone() else {
            return Err(arguments.refuse(
                "there is no relay: write smtp = { host = \"…\", from = \"…\" } in config.lua",
            ));
        };
        let to = addresses(&options, "to")?;
        if to.is_empty() {
            return Err(options.refuse("to", "nobody would get it"));
        }
        let subject = options.text("subject")?.unwrap_or_default();
        if subject.contains(['\r', '\n']) {
            return Err(options.refuse("subject", "has one line"));
        }
        let id = match options.text("id")? {
            Some(id) if is_id(&id) => id,
            Some(_) => return Err(options.refuse("id", "is letters, digits, ., - and _")),
            None => Uuid::now_v7().to_string(),
        };
        let (attachments, recordings) = attachments(&options)?;
        let at = u64::try_from(surroundings.clock.unix_micros()).unwrap_or_default();
        Ok(Self {
            letter: Letter {
                relay,
                to,
                cc: addresses(&options, "cc")?,
                reply_to: addresses(&options, "reply_to")?.into_iter().next(),
                subject,
                text: options.text("text")?.unwrap_or_default(),
                html: options.text("html")?,
                attachments,
                id,
                at: UNIX_EPOCH + Duration::from_micros(at),
            },
            recordings,
        })
    }

    /// Nothing when it was sent; why it never will be, where the relay says so.
    async fn sent(
        mut self,
        surroundings: &Surroundings,
        owner: &Owner,
    ) -> mlua::Result<Option<String>> {
        let refuse = |message: String| Error::runtime(format!("{FUNCTION}: {message}"));
        let _turn = owner.request().map_err(refuse)?;
        for (place, id) in std::mem::take(&mut self.recordings) {
            let file = super::recordings::file(surroundings, id).await;
            let file = file.map_err(|why| refuse(format!("attachments: {why}")))?;
            self.letter.attachments[place].content = Content::File(file);
        }
        let sent = surroundings.client.send(self.letter).await;
        let gone = || mail::Error::NoClient("the thread for requests has ended".to_owned());
        match sent.unwrap_or_else(|_| Err(gone())) {
            Ok(()) => Ok(None),
            Err(mail::Error::Rejected(why)) => Ok(Some(why)),
            Err(error) => Err(refuse(error.to_string())),
        }
    }
}

fn addresses(options: &Options, name: &str) -> mlua::Result<Vec<Mailbox>> {
    let texts = match options.value(name)? {
        Value::Table(list) => list
            .sequence_values::<String>()
            .collect::<mlua::Result<_>>()?,
        _ => options.text(name)?.into_iter().collect::<Vec<_>>(),
    };
    if texts.len() > MOST_ADDRESSES {
        return Err(options.refuse(name, format!("{MOST_ADDRESSES} addresses at most")));
    }
    let read = texts.iter().map(|text| {
        let wrong = |_| options.refuse(name, format!("'{text}' is no mail address"));
        text.parse().map_err(wrong)
    });
    read.collect()
}

type Attachments = (Vec<Attachment>, Vec<(usize, Uuid)>);

fn attachments(options: &Options) -> mlua::Result<Attachments> {
    let list = match options.value("attachments")? {
        Value::Nil => return Ok(Attachments::default()),
        Value::Table(list) => list,
        other => {
            let message = format!(
                "expected {{ {{ name = \"a.txt\", body = \"…\" }} }}, got {}",
                shown(&other)
            );
            return Err(options.refuse("attachments", message));
        }
    };
    let refuse = |message: String| options.refuse("attachments", message);
    let (mut attachments, mut recordings, mut octets) = (Vec::new(), Vec::new(), 0);
    for item in list.sequence_values::<Table>() {
        let item = item?;
        let text = |name: &str| -> mlua::Result<Option<String>> {
            match item.raw_get::<Value>(name)? {
                Value::Nil => Ok(None),
                Value::String(text) => Ok(Some(text.to_string_lossy())),
                other => Err(refuse(format!(
                    "{name}: expected text, got {}",
                    shown(&other)
                ))),
            }
        };
        let content = match (item.raw_get::<Value>("body")?, text("recording")?) {
            (Value::String(body), None) => {
                octets += body.as_bytes().len();
                Content::Here(Bytes::copy_from_slice(&body.as_bytes()))
            }
            (Value::Nil, Some(recording)) => {
                let id = recording.parse::<Uuid>();
                let id = id.map_err(|_| refuse(format!("'{recording}' is no recording's id")))?;
                recordings.push((attachments.len(), id));
                Content::File(Path::new("").to_owned())
            }
            _ => return Err(refuse("each has a body or a recording".to_owned())),
        };
        let (kind, usual) = match &content {
            Content::Here(_) => ("application/octet-stream", "attachment"),
            Content::File(_) => ("audio/wav", "recording.wav"),
        };
        let kind = text("type")?.unwrap_or_else(|| kind.to_owned());
        let kind = ContentType::parse(&kind);
        attachments.push(Attachment {
            name: text("name")?.unwrap_or_else(|| usual.to_owned()),
            kind: kind
                .map_err(|_| refuse("type: expected one such as \"text/plain\"".to_owned()))?,
            content,
        });
    }
    match octets {
        0..=LARGEST => Ok((attachments, recordings)),
        _ => Err(refuse(format!("more than {} MB", LARGEST >> 20))),
    }
}

fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !id.is_empty() && id.len() <= 128 && id.bytes().all(plain)
}

const FUNCTION: &str = "mail.send";
const MOST_ADDRESSES: usize = 50;
