//! SIP: messages, transactions, dialogs, sessions, registrar and digest. No sockets, no clock,
//! no tasks.

pub mod auth;
mod ban;
mod error;
mod framing;
pub mod header;
pub mod limits;
pub mod message;
mod text;
pub mod uri;

pub use ban::{BanPolicy, Bans};
pub use error::Error;
pub use framing::{Frame, Framer, PONG};
pub use header::{
    CSeq, Challenge, Credentials, Name, NameAddr, Params, RAck, Refresher, SessionExpires, Via,
};
pub use message::{
    Field, Head, Message, Method, ParseError, Request, RequestBuilder, Response, ResponseBuilder,
    reason_phrase,
};
pub use text::{Encode, Text};
pub use uri::{Host, Scheme, Uri};
