//! Plugins: what they say of themselves, what they may do, and what becomes of those that fail.

pub(crate) mod database;
pub(crate) mod files;
pub(crate) mod form;
pub(crate) mod install;
pub(crate) mod manifest;
pub(crate) mod permissions;
pub(crate) mod quarantine;
pub(crate) mod settings;

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;

use crate::door::Path;
use crate::http::{Pattern, Url};
use crate::smpp::Place;
use crate::suggest::did_you_mean;

pub use manifest::{Manifest, read};
pub use permissions::Permissions;

/// Whose a global is: the tenant's own scripts', or one plugin's. What a function may do is decided
/// by the owner of the global that was called, not by who called it: `sms.send` of a dialplan runs
/// with what the plugin `sms` may do.
#[derive(Debug)]
pub(crate) struct Owner {
    /// The plugin's name, or [`SCRIPT`].
    pub(crate) name: Arc<str>,
    /// What a plugin may do, once its manifest was read.
    rights: OnceCell<Rights>,
    /// Requests that are on their way.
    requests: Cell<usize>,
    /// Requests from outside that it is answering.
    visits: Rc<Cell<usize>>,
}

/// What a plugin may do in this generation.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    pub(crate) permissions: Permissions,
    /// `permissions.http_client`, with the settings that it names filled in.
    pub(crate) reaches: Vec<Pattern>,
    /// `permissions.smpp`, likewise.
    pub(crate) lines: Vec<Place>,
    /// Hosts of `permissions.private_hosts` that the administrator has allowed.
    pub(crate) private: Vec<String>,
    /// Those that wait for it.
    pub(crate) private_asked: Vec<String>,
}

/// The owner of what dialplans do.
pub(crate) const SCRIPT: &str = "script";

impl Owner {
    /// The tenant's own scripts.
    pub(crate) fn script() -> Rc<Self> {
        Self::plugin(SCRIPT)
    }

    /// A plugin whose manifest is not read yet: it may do nothing.
    pub(crate) fn plugin(name: &str) -> Rc<Self> {
        Rc::new(Self {
            name: name.into(),
            rights: OnceCell::new(),
            requests: Cell::new(0),
            visits: Rc::default(),
        })
    }

    /// Whether it is a plugin.
    pub(crate) fn is_plugin(&self) -> bool {
        &*self.name != SCRIPT
    }

    /// The plugin's name.
    pub(crate) fn plugin_name(&self) -> Option<Arc<str>> {
        self.is_plugin().then(|| Arc::clone(&self.name))
    }

    /// Says what a plugin may do.
    pub(crate) fn entitle(&self, rights: Rights) {
        // Loading does it once, before any of the plugin's files runs.
        let _ = self.rights.set(rights);
    }

    /// Whether it may use something that is allowed as a whole.
    ///
    /// # Errors
    /// A sentence that says how it would be allowed.
    pub(crate) fn may_use(&self, what: Right) -> Result<(), String> {
        let allowed = match what {
            Right::Jobs => |permissions: &Permissions| permissions.jobs,
            Right::Mail => |permissions: &Permissions| permissions.mail,
            Right::Recordings => |permissions: &Permissions| permissions.recordings,
            Right::Db => |permissions: &Permissions| permissions.db,
            Right::Store => |permissions: &Permissions| permissions.store,
            Right::Agents => |permissions: &Permissions| permissions.agents,
            Right::Messages => |permissions: &Permissions| permissions.messages,
            Right::Calls => |permissions: &Permissions| permissions.calls,
            Right::Voicemail => |permissions: &Permissions| permissions.voicemail,
            Right::Files => |permissions: &Permissions| permissions.files,
            Right::Sms => |permissions: &Permissions| permissions.sms,
        };
        if !self.is_plugin() || self.rights.get().is_some_and(|it| allowed(&it.permissions)) {
            return Ok(());
        }
        let (name, word) = (&self.name, what.word());
        Err(format!(
            "plugin '{name}' may not use {word}: add {word} = true to permissions in plugins/{name}/plugin.lua"
        ))
    }

    /// Whether it may ask a URL; whether the address may then be a private one.
    ///
    /// # Errors
    /// A sentence that says how it would be allowed.
    pub(crate) fn may_reach(&self, url: &Url) -> Result<bool, String> {
        if !self.is_plugin() {
            return Ok(false);
        }
        let rights = self.rights.get();
        if !rights.is_some_and(|it| it.reaches.iter().any(|one| one.covers(url))) {
            let name = &self.name;
            return Err(format!(
                "plugin '{name}' may not reach {}: add it to permissions.http_client in plugins/{name}/plugin.lua",
                url.host
            ));
        }
        Ok(rights.is_some_and(|it| it.private.contains(&url.host)))
    }

    /// Whether it may have a line to a provider of text messages; whether the address may then be
    /// a private one.
    ///
    /// # Errors
    /// A sentence that says how it would be allowed.
    pub(crate) fn may_call(&self, host: &str, port: u16) -> Result<bool, String> {
        let rights = self.rights.get();
        if !rights.is_some_and(|it| it.lines.iter().any(|one| one.covers(host, port))) {
            let name = &self.name;
            return Err(format!(
                "plugin '{name}' may have no line to {host}:{port}: add it to permissions.smpp in plugins/{name}/plugin.lua"
            ));
        }
        Ok(rights.is_some_and(|it| it.private.iter().any(|it| it == host)))
    }

    /// How a private host would be allowed.
    pub(crate) fn how_to_reach_private(&self, host: &str) -> String {
        let name = &self.name;
        if !self.is_plugin() {
            return "a plugin can, when its manifest lists it and an administrator allows it"
                .to_owned();
        }
        match self.rights.get() {
            Some(rights) if rights.private_asked.iter().any(|it| it == host) => {
                format!("`moonswitch allow {name}` lets plugin '{name}' reach it")
            }
            _ => format!(
                "list it in permissions.private_hosts in plugins/{name}/plugin.lua, then run `moonswitch allow {name}`"
            ),
        }
    }

    /// Takes one of its turns at asking other machines, so that none of a tenant's plugins takes
    /// all of the exchange's; given back when it is dropped.
    ///
    /// # Errors
    /// When it has none left.
    pub(crate) fn request(&self) -> Result<Turn<'_>, String> {
        let under_way = self.requests.get();
        let most = if self.is_plugin() {
            MOST_OF_A_PLUGIN
        } else {
            MOST_OF_SCRIPTS
        };
        if under_way >= most {
            let whose = match self.plugin_name() {
                Some(name) => format!("plugin '{name}'"),
                None => "the dialplan".to_owned(),
            };
            return Err(format!(
                "{most} requests of {whose} are on their way already"
            ));
        }
        self.requests.set(under_way + 1);
        Ok(Turn(self))
    }

    /// Whether it may serve a path.
    ///
    /// # Errors
    /// A sentence that says how it would be allowed.
    pub(crate) fn may_serve(&self, path: &Path) -> Result<(), String> {
        let served = self.rights.get().map(|it| &it.permissions.http_routes);
        let covers = |prefix: &String| Path::parse(prefix).is_ok_and(|it| path.is_below(&it));
        if !self.is_plugin() || served.is_some_and(|it| it.iter().any(covers)) {
            return Ok(());
        }
        let name = &self.name;
        Err(format!(
            "plugin '{name}' may not serve {path}: add its beginning to permissions.http_routes in plugins/{name}/plugin.lua"
        ))
    }

    /// Takes one of its turns at answering requests from outside, so that a slow route takes no
    /// more than its share; given back when it is dropped. `None` when it has none left.
    pub(crate) fn visit(&self) -> Option<Visiting> {
        let under_way = self.visits.get();
        (under_way < MOST_VISITS).then(|| {
            self.visits.set(under_way + 1);
            Visiting(Rc::clone(&self.visits))
        })
    }

    /// Whether it may listen to an event.
    ///
    /// # Errors
    /// A sentence that says how it would be allowed.
    pub(crate) fn may_hear(&self, event: &str) -> Result<(), String> {
        let name = &self.name;
        let own = event.split('.').next() == Some(name);
        let events = self.rights.get().map(|it| &it.permissions.events);
        if !self.is_plugin() || own || events.is_some_and(|it| it.iter().any(|one| one == event)) {
            return Ok(());
        }
        let hint = events.map_or_else(String::new, |events| {
            did_you_mean(event, events.iter().map(String::as_str))
        });
        Err(format!(
            "plugin '{name}' may not hear '{event}'{hint}: add it to permissions.events in plugins/{name}/plugin.lua"
        ))
    }
}

/// One of an owner's turns at asking other machines.
pub(crate) struct Turn<'a>(&'a Owner);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let requests = &self.0.requests;
        requests.set(requests.get().saturating_sub(1));
    }
}

/// One of an owner's turns at answering requests.
#[derive(Debug)]
pub(crate) struct Visiting(Rc<Cell<usize>>);

impl Drop for Visiting {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// Requests from outside that one plugin answers at one time.
const MOST_VISITS: usize = 32;

/// Requests of one plugin at one time.
const MOST_OF_A_PLUGIN: usize = 16;

/// Requests of a tenant's dialplan at one time.
const MOST_OF_SCRIPTS: usize = 64;

/// Something that is allowed as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Right {
    Jobs,
    Store,
    Db,
    Mail,
    Recordings,
    Agents,
    Messages,
    Calls,
    Voicemail,
    Files,
    Sms,
}

impl Right {
    fn word(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Store => "store",
            Self::Db => "db",
            Self::Mail => "mail",
            Self::Recordings => "recordings",
            Self::Agents => "agents",
            Self::Messages => "messages",
            Self::Calls => "calls",
            Self::Voicemail => "voicemail",
            Self::Files => "files",
            Self::Sms => "sms",
        }
    }
}

/// The plugin that a source belongs to: `plugins/sms/init.lua` is `sms`. What tries a plugin is not
/// of it.
pub(crate) fn of_path(path: &str) -> Option<&str> {
    let (name, rest) = path.strip_prefix("plugins/")?.split_once('/')?;
    (!rest.starts_with("tests/")).then_some(name)
}
