//! One truth about an agent, whoever is asked: the API, Lua, a lamp, the events and the log.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use store::{QueueLogFilter, Sqlite, Store};

use super::{Api, Exchange, Lamp, PATIENCE, Phone, Setup};

impl Setup {
    /// The same exchange, where everybody can be asked: by [`Exchange::agree`], and by [`step`] after each step
    /// of the test.
    pub(crate) fn witnessed(mut self) -> Self {
        let manifest = "return { name = \"witness\", version = \"1.0.0\", api = 1, description = \"Says how agents stand.\",
  permissions = { http_routes = { \"/witness\" } }, config = {} }
";
        let init = "http.route(\"GET /witness/:agent\", { auth = \"agent\" }, function(request)
  return 200, agents.get(request.params.agent) or { state = \"logged_out\" }
end)
";
        let script = (manifest.to_owned(), init.to_owned());
        self.plugins.push(("witness", script.0, script.1));
        if self.more.contains("http =") {
            return self;
        }
        self.with_http()
    }
}

/// Who is asked.
pub(crate) struct Witnesses {
    api: Api,
    http: SocketAddr,
    store: Arc<Sqlite>,
    /// A phone that is registered nowhere and has a lamp for each agent.
    phone: Phone,
    lamps: HashMap<String, Lamp>,
    /// What the last event of each agent said.
    told: Arc<Mutex<HashMap<String, String>>>,
}

impl Witnesses {
    fn of(exchange: &Exchange) -> Self {
        let api = Api::of(exchange, "8001");
        let told: Arc<Mutex<HashMap<String, String>>> = Arc::default();
        let (mut stream, notes) = (api.listens(None), Arc::clone(&told));
        // It ends with the exchange, which closes the stream.
        thread::spawn(move || {
            while let Some(event) = stream.next_if_any() {
                if event["type"] == "agent.changed" {
                    let agent = event["data"]["agent"].as_str().unwrap_or_default();
                    let state = event["data"]["state"].as_str().unwrap_or_default();
                    let mut notes = notes.lock().unwrap();
                    notes.insert(agent.to_owned(), state.to_owned());
                }
            }
        });
        Self {
            api,
            http: exchange.house(1, 8_080),
            store: exchange.shared_store(),
            phone: exchange.phone("1001"),
            lamps: HashMap::new(),
            told,
        }
    }

    /// What each says: who, and the state's word. `None` from those who have heard nothing yet.
    fn say(&mut self, agent: &str) -> Vec<(&'static str, Option<String>)> {
        let status = self.api.get(&format!("/agents/{agent}"));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let told = self.told.lock().unwrap().get(agent).cloned();
        let by_lua = self.by_lua(agent);
        let lamp = self.lamps.entry(agent.to_owned());
        let lamp = lamp.or_insert_with(|| self.phone.watches("dialog", &format!("agent-{agent}")));
        let filter = QueueLogFilter {
            kind: Some("state".into()),
            agent: Some(agent.into()),
            ..QueueLogFilter::default()
        };
        let log = self.store.queue_log("8001", filter).wait().unwrap();
        vec![
            ("the API", text(&status["state"])),
            ("Lua", text(&by_lua["state"])),
            (
                "the lamp",
                lamp.told().last().and_then(|it| word_in(&it.body)),
            ),
            ("the events", told),
            ("the log", log.first().and_then(|line| line.state.clone())),
        ]
    }

    fn by_lua(&self, agent: &str) -> Value {
        let mut stream = TcpStream::connect(self.http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "GET /t/8001/witness/{agent} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\n\r\n",
            self.api.token()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
        let found = body.and_then(|body| serde_json::from_str(body).ok());
        found.unwrap_or_else(|| panic!("JSON, not {answer}"))
    }

    /// All say the same, half a second after whatever has happened at the latest; the state's word.
    fn agree(&mut self, agent: &str) -> String {
        let began = Instant::now();
        loop {
            let asked = Instant::now();
            let said = self.say(agent);
            // Who has heard of no change knows of none.
            let mut words = said.iter().filter_map(|(_, word)| word.as_deref());
            let first = words.next().expect("the API says something").to_owned();
            let unheard = |who: &str| matches!(who, "the events" | "the log");
            let agrees = said.iter().all(|(who, word)| match word {
                Some(word) => *word == first,
                None => unheard(who),
            });
            if agrees {
                return first;
            }
            // A busy machine takes longer to be asked, too.
            let late = began.elapsed() > AGREED_WITHIN + 2 * asked.elapsed();
            assert!(!late, "{agent}: {said:?}");
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Who has changed their state since the exchange runs.
    fn agents(&self) -> Vec<String> {
        self.told.lock().unwrap().keys().cloned().collect()
    }
}

/// A step of a test is done: all who can be asked of an agent agree. Phones call it whenever something that a test
/// waits for has come; it asks nobody where the exchange of this test is not [`witnessed`](Setup::witnessed).
pub(super) fn step() {
    let here = HERE.with_borrow(|here| here.iter().filter_map(Weak::upgrade).collect::<Vec<_>>());
    for witnesses in here {
        let mut witnesses = witnesses.lock().unwrap();
        for agent in witnesses.agents() {
            witnesses.agree(&agent);
        }
    }
}

thread_local! {
    /// The witnesses of the exchanges that this test has started.
    static HERE: RefCell<Vec<Weak<Mutex<Witnesses>>>> = const { RefCell::new(Vec::new()) };
}

impl Exchange {
    /// Calls the witnesses, where there are some, from now on.
    pub(super) fn is_watched(&self) {
        if self.is_witnessed {
            let witnesses = Arc::new(Mutex::new(Witnesses::of(self)));
            HERE.with_borrow_mut(|here| here.push(Arc::downgrade(&witnesses)));
            *self.witnesses.lock().unwrap() = Some(witnesses);
        }
    }

    /// All who can be asked of an agent's state say the same, half a second after whatever has
    /// happened at the latest; that state's word. In an exchange that is [`witnessed`](Setup::witnessed).
    pub(crate) fn agree(&self, agent: &str) -> String {
        let witnesses = self.witnesses.lock().unwrap().clone();
        let witnesses = witnesses.expect("the exchange is witnessed");
        let mut witnesses = witnesses.lock().unwrap();
        witnesses.agree(agent)
    }

    /// The same, and this is the state.
    pub(crate) fn agree_on(&self, agent: &str, state: &str) {
        let until = Instant::now() + PATIENCE;
        let mut agreed = self.agree(agent);
        while agreed != state && Instant::now() < until {
            thread::park_timeout(Duration::from_millis(20));
            agreed = self.agree(agent);
        }
        assert_eq!(agreed, state, "how {agent} stands");
    }
}

/// The state that a lamp's text tells.
fn word_in(notice: &str) -> Option<String> {
    let (_, text) = notice.split_once("display=\"")?;
    let (text, _) = text.split_once('"')?;
    let state = text.strip_prefix("掉线(").unwrap_or(text);
    let state = state.strip_suffix(')').unwrap_or(state);
    let mut all = call::acd::State::ALL.into_iter();
    let known = all.find(|known| known.chinese() == state)?;
    Some(known.word().to_owned())
}

/// So much later nobody says anything else.
const AGREED_WITHIN: Duration = Duration::from_millis(500);
