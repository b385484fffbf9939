//! Routes that others add below `/t/TENANT`: this crate lets requests in and knows nothing of who
//! answers them.

use std::net::IpAddr;

use bytes::Bytes;
use call::desk::Role;

use crate::exchange::Asked;

/// What stands below `/t/`. Called from HTTP tasks; must not block.
pub trait Doors: Send + Sync + 'static {
    /// What a tenant has at a method and a path, which begins with a slash and is as it was sent.
    fn door(&self, tenant: &str, method: &str, path: &str) -> Door;
}

/// What stands at a method and a path.
pub enum Door {
    /// Nothing.
    Nothing,
    /// The path, for these other methods.
    OtherMethods(Vec<&'static str>),
    /// Nobody knows at the moment.
    Closed,
    /// Somebody who answers.
    Open(OpenDoor),
}

/// Somebody who answers requests.
pub struct OpenDoor {
    /// Who may ask.
    pub guard: Guard,
    /// Asks, once. A sender that was dropped says that nobody has time.
    pub ask: Box<dyn FnOnce(Visit) -> Asked<Result<Welcome, Unwelcome>> + Send>,
}

/// Who may ask.
#[derive(Clone, Eq, PartialEq)]
pub enum Guard {
    /// Everybody.
    Anybody,
    /// Who sends one of these as a bearer token.
    Bearer(Vec<String>),
    /// Who sends a token of the tenant's with the scope `plugins:use`.
    Token,
}

/// A request that was let in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Visit {
    /// `POST`.
    pub method: String,
    /// Below the tenant's own prefix, as it was sent.
    pub path: String,
    /// Behind the question mark, as it was sent.
    pub query: Option<String>,
    /// By lower-case name, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
    /// Where it comes from.
    pub source: IpAddr,
    /// The name of the token that it came with, or the extension of whoever sits at a desk.
    pub by: Option<String>,
    /// Who sits at the desk; `None` for programs and strangers.
    pub guest: Option<Guest>,
}

/// Somebody at a desk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Guest {
    /// Their extension.
    pub user: String,
    /// What they may do.
    pub role: Role,
    /// Whose calls and the like they see; `None` is everybody's.
    pub reach: Option<Vec<String>>,
}

/// An answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Welcome {
    /// 200 to 599.
    pub status: u16,
    /// None that says how the answer is framed.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
}

/// Why there is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unwelcome {
    /// The request is not what it says that it is.
    BadRequest(String),
    /// Nobody has time.
    Busy,
    /// It is out of order for a while.
    OutOfOrder,
    /// Who was to answer has failed.
    Failed,
}
