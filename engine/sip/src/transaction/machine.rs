//! The two client machines as one, and the two server machines as one.

use std::time::Instant;

use super::client::{self, Client};
use super::client_invite::{self, ClientInvite};
use super::server::{self, Server};
use super::server_invite::{self, ServerInvite};

/// A client transaction of either kind.
#[derive(Debug)]
pub(super) enum ClientMachine {
    Invite(ClientInvite),
    Other(Client),
}

/// What either client machine wants.
pub(super) enum Step {
    Send,
    Acknowledge,
    Deliver,
    Fail(u16),
}

/// A server transaction of either kind.
#[derive(Debug)]
pub(super) enum ServerMachine {
    Invite(ServerInvite),
    Other(Server),
}

impl ClientMachine {
    pub(super) fn poll_step(&mut self) -> Option<Step> {
        Some(match self {
            Self::Invite(machine) => match machine.poll_output()? {
                client_invite::Output::Invite => Step::Send,
                client_invite::Output::Acknowledge => Step::Acknowledge,
                client_invite::Output::Deliver(_) => Step::Deliver,
                client_invite::Output::TimeOut => Step::Fail(408),
                client_invite::Output::TransportFailed => Step::Fail(503),
            },
            Self::Other(machine) => match machine.poll_output()? {
                client::Output::Request => Step::Send,
                client::Output::Deliver(_) => Step::Deliver,
                client::Output::TimeOut => Step::Fail(408),
                client::Output::TransportFailed => Step::Fail(503),
            },
        })
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Invite(machine) => machine.handle_timeout(now),
            Self::Other(machine) => machine.handle_timeout(now),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.poll_timeout(),
            Self::Other(machine) => machine.poll_timeout(),
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_terminated(),
            Self::Other(machine) => machine.is_terminated(),
        }
    }
}

impl ServerMachine {
    /// Whether the response is to be sent; nobody waits to hear of the time-outs.
    pub(super) fn poll_respond(&mut self) -> bool {
        loop {
            match self {
                Self::Invite(machine) => match machine.poll_output() {
                    Some(server_invite::Output::Respond) => return true,
                    Some(server_invite::Output::TimeOut) => {}
                    None => return false,
                },
                Self::Other(machine) => match machine.poll_output() {
                    Some(server::Output::Respond) => return true,
                    Some(server::Output::TimeOut) => {}
                    None => return false,
                },
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Invite(machine) => machine.handle_timeout(now),
            Self::Other(machine) => machine.handle_timeout(now),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.poll_timeout(),
            Self::Other(machine) => machine.poll_timeout(),
        }
    }

    pub(super) fn is_accepted(&self) -> bool {
        matches!(self, Self::Invite(machine) if machine.is_accepted())
    }

    pub(super) fn is_terminated(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_terminated(),
            Self::Other(machine) => machine.is_terminated(),
        }
    }
}
