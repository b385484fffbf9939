//! SIP: messages, transactions, dialogs, sessions, registrar and digest. No sockets, no clock,
//! no tasks.

pub mod auth;
mod ban;
pub mod body;
mod dialog;
mod endpoint;
mod error;
mod framing;
pub mod header;
pub mod limits;
pub mod message;
mod random;
pub mod registrar;
mod session;
mod subscription;
mod text;
mod transaction;
mod transport;
mod trunk_registration;
pub mod uri;

pub use ban::{BanPolicy, Bans};
pub use dialog::saved::SavedDialog;
pub use endpoint::{
    Counters, Dialogue, Doubt, EarlyId, EndedWhy, Endpoint, EndpointConfig, Event, Outgoing,
    Output, Outside, RequestHandle, SessionId,
};
pub use error::Error;
pub use framing::{Frame, Framer, PONG};
pub use header::{
    CSeq, Challenge, Credentials, EventPackage, Name, NameAddr, Params, RAck, ReferTo, Refresher,
    Replaces, SessionExpires, SubscriptionState, Substate, Via,
};
pub use message::{
    Field, Glance, Head, Message, Method, ParseError, Reason, Request, RequestBuilder, Response,
    ResponseBuilder, reason_phrase,
};
pub use session::body::session_description;
pub use session::{Keeper, Timing};
pub use subscription::saved::SavedSubscription;
pub use subscription::{Notice, ReferOutcome, SubscriptionEnd, SubscriptionId, Termination};
pub use text::{Encode, Text};
pub use transport::{FlowId, Route, Source, Transmit, Transport};
pub use trunk_registration::{TrunkContact, TrunkFailure, TrunkOutput, TrunkRegistration};
pub use uri::{Host, Scheme, Uri};
