//! What an endpoint is told at its birth, and what the application asks it to call.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::auth::Account;
use crate::session::Timing;
use crate::transport::Route;
use crate::{Method, NameAddr, Uri};

/// Settings of an [`Endpoint`](super::Endpoint).
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// What User-Agent and Server say.
    pub user_agent: String,
    /// Secret randomness for tags, branches, Call-IDs and back-offs; never use one twice.
    pub seed: u64,
    /// The host, with a port if need be, that Via and Contact name when the socket's own address
    /// says nothing or cannot be reached from outside.
    pub host: Option<String>,
    /// Our address as it is seen beyond a NAT; Via and Contact name it, with the socket's port, to
    /// all but this machine.
    pub external: Option<IpAddr>,
    /// The session interval that we propose (RFC 4028); `None` leaves it to the far end.
    pub session_expires: Option<Duration>,
    /// Methods that the application serves, beside those of every call and OPTIONS. Others are
    /// refused: REFER with 603, others with 405, unknown ones with 501.
    pub allow: Vec<Method>,
    /// Event packages that the application serves; others are refused with 489. SUBSCRIBE is served
    /// where there are some.
    pub events: Vec<String>,
    /// Whether the application is asked before a request outside of dialogs is refused because it is
    /// not served: it is reported as [`Event::Request`](super::Event::Request) then, and once its
    /// sender has said who it is, [`turn_down`](super::Endpoint::turn_down) refuses it. So strangers
    /// get the same answer whatever they want.
    pub asks_first: bool,
    /// Whether calls may take the place of others (RFC 3891).
    pub replaces: bool,
    /// How long a call may ring, in and out.
    pub max_ringing: Duration,
    /// More transactions than this, and new calls and requests get 503.
    pub max_transactions: usize,
    /// More sessions than this, and new calls get 503.
    pub max_sessions: usize,
    /// Subscriptions for shorter are refused with 423.
    pub min_expires: Duration,
    /// Subscriptions for longer are granted this long, and so are those that name no time.
    pub max_expires: Duration,
    /// More subscriptions than this outside of calls, and new ones get 503.
    pub max_subscriptions: usize,
    /// More subscriptions than this of one account, and new ones get 403.
    pub max_subscriptions_per_account: usize,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            user_agent: "moonswitch".to_owned(),
            seed: 0,
            host: None,
            external: None,
            session_expires: Some(Duration::from_secs(1800)),
            allow: vec![Method::Register],
            events: Vec::new(),
            asks_first: false,
            replaces: false,
            max_ringing: Duration::from_secs(180),
            max_transactions: 400_000,
            max_sessions: 50_000,
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            max_subscriptions: 50_000,
            max_subscriptions_per_account: 250,
        }
    }
}

/// A call to be made.
#[derive(Debug)]
pub struct Outgoing {
    /// The Request-URI.
    pub uri: Uri,
    /// Who calls; a tag is added.
    pub from: NameAddr,
    /// Who is called.
    pub to: NameAddr,
    /// Proxies to pass, nearest first (Route headers).
    pub route: Vec<Uri>,
    /// Where the INVITE is sent.
    pub destination: Route,
    /// Whether requests over 1,300 bytes may go by TCP where `destination` says UDP.
    pub allows_tcp: bool,
    /// The user part of our Contact, where the far end cares.
    pub contact_user: Option<String>,
    /// The host, with a port if need be, of our Contact; `None` names the address we send from.
    pub contact_host: Option<String>,
    /// The offer; `None` leaves it to the far end to offer.
    pub sdp: Option<Bytes>,
    /// Further header fields, name and value.
    pub headers: Vec<(String, String)>,
    /// Hops that the INVITE may take: 70 for a new call, one less than it came with for a call that
    /// is passed on.
    pub max_forwards: u8,
    /// What answers a 401 or 407.
    pub account: Option<Account>,
    /// What we want of session timers there; `None` is what everybody gets.
    pub timing: Option<Timing>,
}

/// A request to be sent outside of calls.
#[derive(Debug)]
pub struct Outside {
    /// The Request-URI.
    pub uri: Uri,
    /// Who sends it; a tag is added. Its user part stands in Contact, where there is one.
    pub from: NameAddr,
    /// To whom.
    pub to: NameAddr,
    /// Proxies to pass, nearest first (Route headers).
    pub route: Vec<Uri>,
    /// Where it is sent.
    pub destination: Route,
    /// Whether more than 1,300 bytes may go by TCP where `destination` says UDP.
    pub allows_tcp: bool,
    /// Further header fields, name and value.
    pub headers: Vec<(String, String)>,
    /// What answers a 401 or 407.
    pub account: Option<Account>,
}
