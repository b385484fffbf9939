//! Who asks, and how far they reach: a program with a token, or somebody at a desk with a session.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use call::desk::{By, Role};
use sha2::{Digest, Sha256};
use store::{SessionRow, TokenRow};

use crate::exchange::DeskUser;
use crate::token::Scope;

/// Who was let in.
#[derive(Debug)]
pub(super) enum Who {
    /// A program.
    Program(TokenRow),
    /// Somebody at a desk.
    Person {
        /// Their session.
        session: SessionRow,
        /// What the exchange knows of them.
        user: DeskUser,
    },
}

impl Who {
    /// Whether a token's scopes or a person's role open this.
    pub(super) fn opens(&self, scope: Scope) -> bool {
        match self {
            Self::Program(token) => token.scopes.iter().any(|word| word == scope.word()),
            Self::Person { user, .. } => opens(user.role, scope),
        }
    }

    /// The enterprise whose records are open to them.
    pub(super) fn tenant(&self) -> &str {
        match self {
            Self::Program(token) => &token.tenant,
            Self::Person { session, .. } => &session.tenant,
        }
    }

    /// In whose name commands are given.
    pub(super) fn by(&self) -> By {
        match self {
            Self::Program(token) => By::Program(format!("api:{}", token.name)),
            Self::Person { session, .. } => By::User(session.extension.clone()),
        }
    }

    /// How plugins' routes call them: the token's name, or the extension.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Program(token) => &token.name,
            Self::Person { session, .. } => &session.extension,
        }
    }

    /// Tells their requests from others'.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Program(token) => token.id.clone(),
            Self::Person { session, .. } => format!("user:{}", session.extension),
        }
    }

    /// The users whose calls, recordings and messages they see; `None` is everybody's.
    pub(super) fn reach(&self) -> Option<&[String]> {
        match self {
            Self::Program(_) => None,
            Self::Person { user, .. } => match user.role {
                Role::Quality | Role::Admin | Role::Integrator => None,
                Role::Agent | Role::Leader | Role::Tickets => Some(&user.reach),
            },
        }
    }

    /// Whether a user's calls and the like are theirs to see.
    pub(super) fn reaches(&self, extension: &str) -> bool {
        let is_one = |all: &[String]| all.binary_search_by(|one| one.as_str().cmp(extension));
        self.reach().is_none_or(|all| is_one(all).is_ok())
    }

    /// Whether a mailbox is theirs to listen to: of somebody whom they reach, or of nobody in particular.
    pub(super) fn listens_to(&self, mailbox: &str) -> bool {
        match self {
            Self::Person { user, .. } if self.reach().is_some() => {
                user.mailboxes.iter().any(|one| one == mailbox)
            }
            Self::Program(_) | Self::Person { .. } => true,
        }
    }
}

/// What people of a role may do over the API; with [`Role::may`], the one table of it.
pub(super) const fn opens(role: Role, scope: Scope) -> bool {
    let (agent, leader) = (
        matches!(role, Role::Agent | Role::Leader | Role::Tickets),
        matches!(role, Role::Leader),
    );
    let (quality, integrator) = (
        matches!(role, Role::Quality),
        matches!(role, Role::Integrator),
    );
    if matches!(role, Role::Admin) {
        return true;
    }
    match scope {
        Scope::DeskCommand | Scope::UsersRead | Scope::PluginsUse => true,
        Scope::AgentsRead | Scope::QueuesRead => agent || quality || integrator,
        Scope::EventsRead => agent || quality || integrator,
        Scope::StatisticsRead => agent || quality,
        Scope::CallsRead | Scope::RecordingsRead => agent || quality,
        Scope::CallsOriginate | Scope::VoicemailsRead | Scope::VoicemailsWrite => agent,
        Scope::AgentsWrite | Scope::CallsWrite | Scope::ListsRead | Scope::ListsWrite => leader,
        Scope::RegistrationsRead | Scope::TrunksRead | Scope::QueuesWrite => leader || integrator,
        Scope::ScriptsRead
        | Scope::ScriptsWrite
        | Scope::JobsRead
        | Scope::JobsWrite
        | Scope::PluginsRead => integrator,
        Scope::PluginsAllow | Scope::RecordingsWrite | Scope::AuditRead | Scope::UsersWrite => {
            false
        }
    }
}

/// What a browser holds of a session, if it has sent one.
pub(super) fn cookie(headers: &HeaderMap) -> Option<[u8; 32]> {
    let lines = headers.get_all(COOKIE).into_iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut ours = pairs.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE_NAME).then_some(value)
    });
    ours.next().map(digest)
}

/// What the records keep of a session's secret.
pub(super) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Whether a session still works.
pub(super) fn is_good(session: &SessionRow, now: i64) -> bool {
    session.ended_at.is_none()
        && now < session.began_at.saturating_add(LONGEST)
        && now < session.seen_at.saturating_add(IDLE)
}

/// The cookie's name.
pub(super) const COOKIE_NAME: &str = "moonswitch_session";
/// A session ends a shift and a half after it began, in microseconds.
pub(super) const LONGEST: i64 = 16 * 3_600 * 1_000_000;
/// And when nobody has used it for so long; a desk that is open uses it all the time.
pub(super) const IDLE: i64 = 2 * 3_600 * 1_000_000;
