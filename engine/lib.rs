//! moonswitch: a telephone exchange for call centres. SIP and media in Rust; Lua decides.
//!
//! [`Engine::start`] builds the parts and runs them; [`Engine::stop`] ends them in order.

mod check;
mod checksum;
pub mod clock;
pub mod control;
mod doors;
mod fallback;
mod http;
pub mod log;
pub mod pins;
mod restart;
mod simulate;
mod switch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use call::TenantId;
use net::{BackendChoice, MediaOptions, MediaPool, RecordingFiles, Signalling};
use script::config::{self, Config, Problem};
use script::{Scripts, ScriptsOptions};
use store::{Sqlite, Store};
use tokio::sync::{mpsc, oneshot};

pub use check::{Checked, check};
use clock::WallClock;
use http::Http;
pub use simulate::offline;
use switch::{Entrance, Input, Library, Parts, Switch, Vitals};

/// How an exchange is started.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// `config.lua`; its folder is the project's root.
    pub config: PathBuf,
    /// Where records, recordings and the control socket live.
    pub data: PathBuf,
    /// The wall clock; set off for trying out opening hours.
    pub clock: Arc<WallClock>,
}

/// A running exchange.
#[derive(Debug)]
pub struct Engine {
    listening: Vec<(sip::Transport, SocketAddr)>,
    http: Option<SocketAddr>,
    backend: &'static str,
    report: script::Report,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why an exchange did not start. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `config.lua` is wrong.
    #[error("{}", problems(.0))]
    Config(Vec<Problem>),
    /// A demo password is reachable from outside.
    #[error("{0}")]
    DemoPassword(String),
    /// A socket or thread could not be had.
    #[error(transparent)]
    Net(#[from] net::Error),
    /// The records cannot be opened.
    #[error("the records in {path} cannot be opened: {source}")]
    Store {
        /// Where.
        path: PathBuf,
        /// Why.
        source: store::Error,
    },
    /// Another exchange runs with the same data.
    #[error(
        "another exchange runs with {}: stop it, or give this one a folder of its own with --data", .0.display()
    )]
    Taken(PathBuf),
    /// The scripts could not be started at all.
    #[error(transparent)]
    Scripts(#[from] script::StartError),
    /// The system refused something.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Engine {
    /// Starts an exchange and returns when it takes calls.
    ///
    /// # Errors
    /// See [`StartError`]. Wrong scripts are no error: their tenants' callers get the fallback, and
    /// [`report`](Self::report) says what is wrong.
    pub fn start(options: EngineOptions) -> Result<Self, StartError> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("switch".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .max_blocking_threads(LOADERS)
                    .build();
                match runtime {
                    Ok(runtime) => runtime.block_on(run(options, stopped, &tell)),
                    Err(source) => {
                        let what = "no runtime for signalling".to_owned();
                        let _ = tell.send(Err(StartError::System { what, source }));
                    }
                }
            })
            .map_err(|source| StartError::System {
                what: "no thread for signalling".to_owned(),
                source,
            })?;
        match told.recv() {
            Ok(Ok(started)) => Ok(Self {
                listening: started.listening,
                http: started.http,
                backend: started.backend,
                report: started.report,
                stop: Some(stop),
                thread: Some(thread),
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::System {
                what: "the exchange broke while it started; the log says where".to_owned(),
                source: std::io::ErrorKind::Other.into(),
            }),
        }
    }

    /// What is listened on.
    pub fn listening(&self) -> &[(sip::Transport, SocketAddr)] {
        &self.listening
    }

    /// Where HTTP is served.
    pub fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    /// How media threads talk to the kernel: `io_uring` or `epoll`.
    pub fn media_backend(&self) -> &'static str {
        self.backend
    }

    /// How the scripts of each tenant loaded.
    pub fn report(&self) -> &script::Report {
        &self.report
    }

    /// Ends every call, writes what is to be written, and returns when all is quiet.
    pub fn stop(mut self) {
        self.end();
    }

    /// Waits until the exchange has ended by itself, which only a defect makes it do.
    pub fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads and checks `config.lua`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_config(path: &std::path::Path, data: &std::path::Path) -> Result<Config, StartError> {
    let config = config::load(path, &data.join("secrets")).map_err(StartError::Config)?;
    match config.demo_passwords_off_loopback() {
        Some(why) => Err(StartError::DemoPassword(why)),
        None => Ok(config),
    }
}

/// Opens the records of a data folder, making both where they are missing.
///
/// # Errors
/// When that fails.
pub fn open_store(data: &std::path::Path) -> Result<Arc<Sqlite>, StartError> {
    let path = data.join(RECORDS);
    make_folder(data)?;
    let open = || {
        let key = store::load_or_create_key(data)?;
        Sqlite::open(&path, key)
    };
    open().map_err(|source| StartError::Store {
        path: path.clone(),
        source,
    })
}

/// The file of the records in the data folder.
pub(crate) const RECORDS: &str = "moonswitch.db";

/// Makes the data folder; what is in it is nobody's business but the exchange's.
fn make_folder(data: &std::path::Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|source| StartError::System {
            what: format!("cannot make {}", data.display()),
            source,
        })
}

/// Takes the data folder for this exchange alone, before anything in it is touched: a second one
/// would take the calls of the first for cut ones.
fn lock(data: &std::path::Path) -> Result<std::fs::File, StartError> {
    use std::os::unix::fs::OpenOptionsExt;
    make_folder(data)?;
    let path = data.join("lock");
    let failed = |source| StartError::System {
        what: format!("cannot lock {}", path.display()),
        source,
    };
    let file = std::fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::Taken(data.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// What the starting thread is told.
struct Started {
    listening: Vec<(sip::Transport, SocketAddr)>,
    http: Option<SocketAddr>,
    backend: &'static str,
    report: script::Report,
}

async fn run(
    options: EngineOptions,
    stopped: oneshot::Receiver<()>,
    tell: &std::sync::mpsc::SyncSender<Result<Started, StartError>>,
) {
    match build(&options).await {
        Ok((started, switch, inputs, questions, http, lock)) => {
            let _ = tell.send(Ok(started));
            switch.run(inputs, questions, stopped).await;
            // Joins a thread; nothing else runs here any more.
            drop(http);
            drop(lock);
        }
        Err(error) => {
            let _ = tell.send(Err(error));
        }
    }
}

type Built = (
    Started,
    Switch,
    mpsc::Receiver<Input>,
    mpsc::Receiver<control::Asked>,
    Option<Http>,
    // Held as long as the exchange runs.
    std::fs::File,
);

/// Builds the parts, each on what stands already.
async fn build(options: &EngineOptions) -> Result<Built, StartError> {
    let config = Arc::new(load_config(&options.config, &options.data)?);
    let root = options
        .config
        .canonicalize()
        .ok()
        .and_then(|path| path.parent().map(std::path::Path::to_owned))
        .unwrap_or_default();
    let lock = lock(&options.data)?;
    let sqlite = open_store(&options.data)?;
    let store: Arc<dyn Store> = sqlite;
    let recordings = options.data.join("recordings");
    let node = "local".to_owned();
    let recovered = restart::recover(
        &store,
        &node,
        &options.data,
        &config,
        options.clock.unix_micros(),
    )
    .await;
    restart::keep_alive(&options.data, options.clock.clone());

    let listeners: Vec<(sip::Transport, SocketAddr)> = config
        .sip
        .listen
        .iter()
        .map(|listen| (switch::transport(listen.transport), listen.address))
        .collect();
    let signalling = Signalling::bind(&listeners).await?;
    let (entrance, inputs) = Entrance::new();
    let (media, files) = start_media(&config, &entrance)?;
    let library = Arc::new(Library::new(root.join("sounds")));
    let (scripts, report) = Scripts::start(ScriptsOptions {
        root,
        tenants: config
            .tenants
            .iter()
            .map(|(name, tenant)| (TenantId::from(name.as_str()), tenant.clone()))
            .collect(),
        limits: config.limits.clone(),
        exchange: Arc::new(entrance.clone()),
        clock: options.clock.clone(),
        store: store.clone(),
        sounds: library.clone(),
        recordings: Some(recordings.clone()),
        databases: Some(options.data.join("plugins")),
        history: Some(options.data.join("generations")),
        node: node.clone(),
        reload_manually: config.reload_manually,
        config_changed: Some({
            let entrance = entrance.clone();
            Box::new(move || entrance.put_blocking(Input::ConfigChanged))
        }),
    })?;
    let scripts = Arc::new(scripts);
    let (meters, handle) = switch::meters();
    let vitals = Arc::new(Vitals::new(handle, store.clone()));
    let (ask, questions) = mpsc::channel(64);
    control::listen(&options.data, ask).map_err(|source| StartError::System {
        what: "the control socket".to_owned(),
        source,
    })?;
    let events = Arc::new(web::Events::new(clock::system_micros()));
    let api = web::Api {
        store: store.clone(),
        exchange: Arc::new(entrance.clone()),
        events: events.clone(),
        recordings: recordings.clone(),
        doors: doors::Scripted::new(&scripts),
    };
    let proxies = web::Proxies::new(&config.http.trusted_proxies);
    let http = (config.http.listen)
        .map(|address| Http::start(address, vitals.clone(), api, proxies))
        .transpose()?;
    let started = Started {
        listening: signalling.listening().to_vec(),
        http: http.as_ref().map(|http| http.address),
        backend: media.backend(),
        report,
    };
    let parts = Parts {
        started_with: config.clone(),
        config,
        clock: options.clock.clone(),
        signalling,
        media,
        files,
        library,
        store,
        scripts,
        entrance,
        meters,
        vitals,
        events,
        node,
        recordings,
        places: (options.config.clone(), options.data.clone()),
        registrations: recovered.registrations,
        watchers: recovered.watchers,
        left_over: recovered.left_over,
        users: recovered.users,
        floors: recovered.floors,
        figures: recovered.figures,
        switches: recovered.switches,
    };
    let switch = Switch::new(parts, Instant::now());
    Ok((started, switch, inputs, questions, http, lock))
}

/// The threads that move sound, and the one that writes recordings; both tell the switch what happens.
fn start_media(
    config: &Config,
    entrance: &Entrance,
) -> Result<(MediaPool, RecordingFiles), StartError> {
    let options = MediaOptions {
        threads: config.rtp.threads,
        ports: config.rtp.ports,
        backend: match config.rtp.backend.as_str() {
            "io_uring" => BackendChoice::Uring,
            "epoll" => BackendChoice::Epoll,
            _ => BackendChoice::Auto,
        },
    };
    let door = entrance.clone();
    let media = MediaPool::start(&options, move |event| {
        match door.offer(Input::Media(event)) {
            Ok(()) => Ok(()),
            Err(Input::Media(event)) => Err(event),
            Err(_) => Ok(()),
        }
    })?;
    let door = entrance.clone();
    let files = RecordingFiles::start(move |event| door.put_blocking(Input::File(event)));
    Ok((media, files.map_err(net::Error::from)?))
}

fn problems(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Threads that decode prompts and read the disk.
const LOADERS: usize = 4;
