//! What a manifest asks to be allowed, and what has grown since it was.

use serde::{Deserialize, Serialize};

/// What a manifest asks to be allowed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// Beginnings of URLs that it may ask: `https://api.example.com/v1`, or `config.url`.
    pub http_client: Vec<String>,
    /// Providers of text messages that it may have an SMPP line to: `smsc.example:2775`, or
    /// `config.host`.
    pub smpp: Vec<String>,
    /// Hosts among those that may be on this machine or a private network: `desk.local`, or
    /// `config.url`. Only `moonswitch allow` allows them.
    pub private_hosts: Vec<String>,
    /// Beginnings of paths that it may serve: `/sms`.
    pub http_routes: Vec<String>,
    /// Events of the exchange and of other plugins that it may hear.
    pub events: Vec<String>,
    /// Work that survives a restart.
    pub jobs: bool,
    /// Values that survive a restart.
    pub store: bool,
    /// Tables of its own.
    pub db: bool,
    /// Sending mail.
    pub mail: bool,
    /// The sound of calls and messages.
    pub recordings: bool,
    /// Logging agents in and out, and changing their states.
    pub agents: bool,
    /// Sending text to users' phones.
    pub messages: bool,
    /// Making calls and ending those of others.
    pub calls: bool,
    /// Messages in mailboxes: seeing, deleting and assigning them.
    pub voicemail: bool,
    /// A folder of its own.
    pub files: bool,
    /// Sending through the plugin `sms`.
    pub sms: bool,
}

impl Permissions {
    /// What an administrator allows by naming the plugin in `config.lua`: everything but private
    /// hosts.
    #[must_use]
    pub fn granted_at_first(&self) -> Self {
        Self {
            private_hosts: Vec::new(),
            ..self.clone()
        }
    }

    /// What is asked here and was not in what has been granted, one line each. Private hosts are
    /// not among it: who lacks them is refused when it tries, and works otherwise.
    pub fn grown_since(&self, granted: &Self) -> Vec<String> {
        let mut grown = Vec::new();
        let lists = [
            ("http_client", &self.http_client, &granted.http_client),
            ("smpp", &self.smpp, &granted.smpp),
            ("http_routes", &self.http_routes, &granted.http_routes),
            ("events", &self.events, &granted.events),
        ];
        for (name, asked, granted) in lists {
            let new = asked.iter().filter(|one| !granted.contains(one));
            grown.extend(new.map(|one| format!("{name} \"{one}\"")));
        }
        for (name, asked, granted) in [
            ("jobs", self.jobs, granted.jobs),
            ("store", self.store, granted.store),
            ("db", self.db, granted.db),
            ("mail", self.mail, granted.mail),
            ("recordings", self.recordings, granted.recordings),
            ("agents", self.agents, granted.agents),
            ("messages", self.messages, granted.messages),
            ("calls", self.calls, granted.calls),
            ("voicemail", self.voicemail, granted.voicemail),
            ("files", self.files, granted.files),
            ("sms", self.sms, granted.sms),
        ] {
            if asked && !granted {
                grown.push(name.to_owned());
            }
        }
        grown
    }
}
