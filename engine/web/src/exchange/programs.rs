//! What a tenant has written: the generations of its dialplan, and its plugins.

use serde::Serialize;
use serde_json::Value;

/// A tenant's dialplan.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Scripts {
    /// The generation that gets new calls; `None` when none was ever right.
    pub generation: Option<u64>,
    /// Of its sources.
    pub hash: Option<String>,
    /// Since when it runs.
    #[serde(serialize_with = "crate::time::serialise_option")]
    pub since: Option<i64>,
    /// Handlers that run in it.
    pub calls: usize,
    /// Bytes that its VM uses.
    pub memory: usize,
    /// Older generations that still have calls.
    pub old: Vec<OldGeneration>,
    /// What is amiss in its sources and refused it not.
    pub warnings: Vec<String>,
    /// The sources that were refused last, if nothing was published since.
    pub refused: Option<RefusedGeneration>,
    /// The `config.lua` that was refused last, if none was accepted since.
    pub config_refused: Option<Wrong>,
    /// Somebody has gone back to an earlier generation, and saved files wait.
    pub gone_back: Option<WentBack>,
    /// The saved files that wait for that.
    pub held: Option<Wrong>,
    /// The generations that can be gone back to, newest first.
    pub kept: Vec<KeptGeneration>,
    /// Handlers and timers that failed since the exchange began.
    pub failures: u64,
    /// The newest of them, newest last.
    pub last_failures: Vec<ScriptFailure>,
}

/// An older generation that still has calls.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct OldGeneration {
    /// Its number.
    pub generation: u64,
    /// Calls that are still on it.
    pub calls: usize,
}

/// Sources that were refused.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RefusedGeneration {
    /// The number that they would have got.
    pub generation: u64,
    /// When.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// All that is wrong.
    pub errors: Vec<String>,
}

/// Files that are not in force, and what is wrong with them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Wrong {
    /// Since when.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// With file and line, where known; of a `config.lua` that several tenants share only what
    /// names this one.
    pub errors: Vec<String>,
}

/// A going back that holds saved files.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct WentBack {
    /// The generation that runs again.
    pub to: u64,
    /// The one that ran before.
    pub from: u64,
    /// When.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
}

/// A generation that can be gone back to.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct KeptGeneration {
    /// Its number.
    pub generation: u64,
    /// When it was published first.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// The files that differ in the one after it.
    pub changed_after: Vec<String>,
}

/// A handler or timer that failed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ScriptFailure {
    /// When.
    #[serde(serialize_with = "crate::time::serialise")]
    pub at: i64,
    /// The generation that it ran on.
    pub generation: u64,
    /// The call, if it was one's.
    pub call: Option<String>,
    /// With file and line, where known.
    pub message: String,
}

/// What came of a reload.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Reloaded {
    /// `published`, `refused`, `unchanged`; `config_refused` when `config.lua` itself is wrong,
    /// whose mistakes are its admin's to see (`moonswitch reload`).
    pub outcome: String,
    /// The generation that was published or refused.
    pub generation: Option<u64>,
    /// What refused it.
    pub errors: Vec<String>,
    /// What is amiss all the same.
    pub warnings: Vec<String>,
}

/// A plugin of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plugin {
    /// Its folder in `plugins/`.
    pub name: String,
    /// What it does, in a sentence.
    pub description: Option<String>,
    /// The version of its files.
    pub version: Option<String>,
    /// The version that runs.
    pub running: Option<String>,
    /// Faults since the exchange began.
    pub faults: u64,
    /// Why it is left out, if it is.
    pub left_out: Option<LeftOut>,
    /// What its manifest asks to be allowed.
    pub asked: Option<Value>,
    /// What it was allowed; `None` when it never ran.
    pub allowed: Option<Value>,
    /// What it asks for and was not allowed, a line each.
    pub waiting: Vec<String>,
    /// What is wrong with its manifest.
    pub errors: Vec<String>,
}

/// Why a plugin is left out.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LeftOut {
    /// Since when.
    #[serde(serialize_with = "crate::time::serialise")]
    pub since: i64,
    /// The fault that was one too many.
    pub why: String,
}

/// What came of allowing a plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Allowed {
    /// What it may do from now on; `None` when its manifest is wrong.
    pub allowed: Option<Value>,
    /// What is wrong with its manifest.
    pub errors: Vec<String>,
    /// What came of loading it.
    pub reload: Option<Reloaded>,
}
