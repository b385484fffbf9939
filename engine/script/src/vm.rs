//! One Lua VM: its libraries, its globals, its limits.

use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, VmState};

use crate::budget::Budget;
use crate::snapshot::Snapshot;
use crate::surroundings::Surroundings;
use crate::{api, sandbox};

/// One Lua VM, closed and with its budget running.
pub(crate) struct Vm {
    /// The VM.
    pub(crate) lua: Lua,
    /// What its globals stand on.
    pub(crate) surroundings: Rc<Surroundings>,
    /// How much longer what runs may run.
    pub(crate) budget: Rc<Budget>,
    /// Runs a function with what it is called with; see [`sandbox::ground`].
    pub(crate) ground: Function,
}

impl Vm {
    /// Makes a VM that has loaded nothing yet. `memory` is in bytes.
    pub(crate) fn new(
        surroundings: Rc<Surroundings>,
        budget: Rc<Budget>,
        snapshot: Arc<Snapshot>,
        memory: usize,
    ) -> mlua::Result<Self> {
        Self::with(surroundings, budget, snapshot, memory, |_| Ok(()))
    }

    /// One that has more globals than scripts have; `register` puts them in.
    pub(crate) fn with(
        surroundings: Rc<Surroundings>,
        budget: Rc<Budget>,
        snapshot: Arc<Snapshot>,
        memory: usize,
        register: impl FnOnce(&Lua) -> mlua::Result<()>,
    ) -> mlua::Result<Self> {
        let libraries = StdLib::MATH
            | StdLib::STRING
            | StdLib::TABLE
            | StdLib::UTF8
            | StdLib::COROUTINE
            | StdLib::OS;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        // First of all, because a coroutine inherits the hook of the one that makes it.
        let hooked = Rc::clone(&budget);
        let triggers = HookTriggers::new().every_nth_instruction(INSTRUCTIONS_PER_SLICE);
        lua.set_global_hook(triggers, move |lua, _| -> mlua::Result<VmState> {
            hooked.tick(lua)
        })?;
        lua.set_memory_limit(memory)?;
        lua.set_app_data(Rc::clone(&surroundings));
        api::register(&lua, &surroundings)?;
        register(&lua)?;
        let ground = sandbox::ground(&lua)?;
        sandbox::close(&lua, &surroundings, &budget, &snapshot)?;
        Ok(Self {
            lua,
            surroundings,
            budget,
            ground,
        })
    }
}

/// Makes of a function that waits one that says so in a sentence where Lua cannot wait:
/// "call:play cannot be used inside string.gsub: collect first, play after". `name` is how the
/// script writes it.
pub(crate) fn waiting(lua: &Lua, name: &str, function: Function) -> mlua::Result<Function> {
    sandbox::waiting(lua, name, function)
}

/// A hook every so many instructions: small, so that one that runs long starves nobody.
const INSTRUCTIONS_PER_SLICE: u32 = 1_000;
