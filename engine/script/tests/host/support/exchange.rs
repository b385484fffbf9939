//! An exchange that answers as the test says.

use super::*;

/// Answers commands: `call:play("park")` never, `call:play("tick")` after a millisecond on
/// another thread, everything else at once; `call:play("panic")` breaks the exchange.
pub(crate) struct FakeExchange {
    asked: Sender<Asked>,
    asks: Mutex<Receiver<Asked>>,
    ended: Sender<(CallId, ScriptEnd)>,
    ends: Mutex<Receiver<(CallId, ScriptEnd)>>,
    early: Mutex<Vec<(CallId, ScriptEnd)>>,
    parked: Mutex<HashMap<CallId, oneshot::Sender<Reply>>>,
    kept: Sender<(CallId, serde_json::Value)>,
    vars: Mutex<Receiver<(CallId, serde_json::Value)>>,
    ticks: Sender<(Instant, oneshot::Sender<Reply>)>,
    pub(crate) ticked: AtomicU64,
    /// Where messages are that scripts change.
    pub(super) store: OnceLock<Arc<store::Sqlite>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) call: CallId,
    pub(crate) place: Place,
    pub(crate) command: Command,
}

impl Asked {
    /// The sound's name, if it was `call:play(name)`.
    pub(crate) fn sound(&self) -> Option<&str> {
        match &self.command {
            Command::Play { sounds, .. } => match sounds.first() {
                Some(Sound::Named(name)) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

impl FakeExchange {
    pub(super) fn new() -> Self {
        let (asked, asks) = channel();
        let (ended, ends) = channel();
        let (kept, vars) = channel();
        let (ticks, ticking) = channel::<(Instant, oneshot::Sender<Reply>)>();
        std::thread::spawn(move || {
            for (due, reply) in ticking {
                while let left = due.saturating_duration_since(Instant::now())
                    && !left.is_zero()
                {
                    std::thread::park_timeout(left);
                }
                let _ = reply.send(Reply::Key(None));
            }
        });
        Self {
            asked,
            asks: Mutex::new(asks),
            ended,
            ends: Mutex::new(ends),
            early: Mutex::default(),
            parked: Mutex::default(),
            kept,
            vars: Mutex::new(vars),
            ticks,
            ticked: AtomicU64::new(0),
            store: OnceLock::new(),
        }
    }

    /// Waits until a call plays this sound; what else is asked meanwhile is thrown away.
    pub(crate) fn plays(&self, call: CallId, sound: &str) -> Asked {
        self.asks(call, |asked| asked.sound() == Some(sound))
    }

    /// Waits until a call asks this; what else is asked meanwhile is thrown away.
    pub(crate) fn asks(&self, call: CallId, this: impl Fn(&Asked) -> bool) -> Asked {
        let asks = self.asks.lock().unwrap();
        loop {
            let asked = asks
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("{call} never asked it"));
            if asked.call == call && this(&asked) {
                return asked;
            }
        }
    }

    /// Whether a call has asked this, among what nobody has waited for.
    pub(crate) fn has_asked(&self, call: CallId, this: impl Fn(&Asked) -> bool) -> bool {
        let asks = self.asks.lock().unwrap();
        asks.try_iter()
            .any(|asked| asked.call == call && this(&asked))
    }

    /// Waits until a call's script has ended.
    pub(crate) fn end_of(&self, call: CallId) -> ScriptEnd {
        let mut early = self.early.lock().unwrap();
        if let Some(at) = early.iter().position(|(other, _)| *other == call) {
            return early.swap_remove(at).1;
        }
        let ends = self.ends.lock().unwrap();
        loop {
            let (ended, end) = ends
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("{call} never ended"));
            if ended == call {
                return end;
            }
            early.push((ended, end));
        }
    }

    /// All ends that came and nobody has asked for.
    pub(crate) fn ends_so_far(&self) -> Vec<(CallId, ScriptEnd)> {
        let mut early = self.early.lock().unwrap();
        early.extend(self.ends.lock().unwrap().try_iter());
        early.clone()
    }

    /// Lets a parked call go on.
    pub(crate) fn unpark(&self, call: CallId) {
        let parked = self.parked.lock().unwrap().remove(&call).unwrap();
        parked.send(Reply::Key(None)).unwrap();
    }

    /// Whether the future that waited for a parked call's reply still lives.
    pub(crate) fn is_awaited(&self, call: CallId) -> bool {
        let parked = self.parked.lock().unwrap();
        parked.get(&call).is_some_and(|reply| !reply.is_closed())
    }

    /// What the call left in `call.vars` without returning.
    pub(crate) fn vars_of(&self, call: CallId) -> serde_json::Value {
        let vars = self.vars.lock().unwrap();
        loop {
            let (of, vars) = vars
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no vars of {call}"));
            if of == call {
                return vars;
            }
        }
    }
}

impl Exchange for FakeExchange {
    fn ask(&self, call: CallId, place: Place, command: Command) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        let asked = Asked {
            call,
            place,
            command,
        };
        match asked.sound() {
            Some("park") => {
                self.parked.lock().unwrap().insert(call, sender);
            }
            Some("panic") => panic!("boom"),
            Some("tick") => {
                self.ticked.fetch_add(1, Relaxed);
                let _ = self
                    .ticks
                    .send((Instant::now() + Duration::from_millis(1), sender));
            }
            Some(_) => {
                let _ = sender.send(Reply::Key(None));
            }
            None => {
                let _ = sender.send(Reply::Done);
            }
        }
        let _ = self.asked.send(asked);
        receiver
    }

    fn set_language(&self, _: CallId, _: String) {}

    fn script_ended(&self, call: CallId, end: ScriptEnd) {
        let _ = self.ended.send((call, end));
    }

    fn keep_vars(&self, call: CallId, vars: serde_json::Value) {
        let _ = self.kept.send((call, vars));
    }

    fn change_message(
        &self,
        tenant: &TenantId,
        id: uuid::Uuid,
        change: MessageChange,
    ) -> oneshot::Receiver<Result<Option<store::MessageRow>, store::Error>> {
        let (answer, coming) = oneshot::channel();
        if let Some(records) = self.store.get().cloned() {
            let tenant = tenant.to_string();
            // A script's thread must not wait.
            std::thread::spawn(move || {
                let _ = answer.send(messages::changed(&records, &tenant, id, change));
            });
        }
        coming
    }
}
