//! A tenant's exchange without a network: the real script host and the real call machines, on one
//! thread, in time that passes only when it is let.

mod steps;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use call::{CallId, Cause, Ended, Event, Fallback, LegId, Options, Origin, Setup, Sound, Target};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::Project;
use super::clock::VirtualClock;
use super::floor::Floor;
use super::http::Machines;
use super::jobs::JobDesk;
use super::mailboxes::Mailboxes;
use super::others::{Asker, Standing};
use super::phones::Phones;
use super::post::Post;
use super::records::Records;
use super::scene::{Fate, Scene};
use super::scratch::Scratch;
use super::several::Several;
use super::smsc::Smscs;
use super::story::Who;
use super::wire::{Shelf, Wire};
use super::world::World;
use crate::host::{Host, Parts};
use crate::http::Client;
use crate::inbox::Message;
use crate::jobs::Bell;
use crate::plugin::database::Databases;
use crate::serve::Serving;
use crate::smpp::Lines;
use crate::surroundings::Outside;
use crate::{CallNews, Clock, Exchange, Fault, Sounds, fault, serve, told};
use steps::Alarm;

/// A tenant's exchange without a network.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) scenes: Vec<Scene>,
    /// Calls that are not over, by place in `scenes`.
    live: Vec<usize>,
    wire: Arc<Wire>,
    serving: Rc<Serving>,
    outside: Outside,
    pub(super) jobs: JobDesk,
    pub(super) machines: Machines,
    pub(super) post: Post,
    pub(super) smscs: Smscs,
    scripts: LocalSet,
    runtime: Runtime,
    alarm: Arc<Alarm>,
    /// What happened since time passed last.
    in_this_moment: u32,
    _scratch: Scratch,
}

/// Why what a test waits for does not come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Halt {
    /// The call is over.
    Over,
    /// The caller would have to do something.
    CallersTurn,
    /// Nothing happens by itself any more, or not within any time that people wait.
    Nothing,
    /// The scripts go round and round without time passing; where.
    Runaway(String),
    /// The simulation itself fails.
    Broken(String),
}

impl Stage {
    /// Loads a tenant's scripts on this thread.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(super) fn new(project: &Project, clock: VirtualClock) -> Result<Self, Vec<Fault>> {
        let at = clock.unix_micros();
        let host = Host::new(
            project.tenant.clone(),
            project.generation,
            at,
            Arc::clone(&project.snapshot),
            Arc::clone(&project.settings),
            None,
            Arc::default(),
        );
        let trouble = |message: String| vec![fault::plain(message, None, &project.snapshot)];
        let scratch = Scratch::new().map_err(trouble)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| trouble(format!("no event loop for the tests: {error}")))?;
        let (wire, shelf) = (
            Arc::new(Wire::default()),
            Arc::new(Shelf::new(Arc::clone(&project.sounds))),
        );
        let (machines, bell) = (Machines::default(), Arc::<Bell>::default());
        let (post, smscs) = (Post::default(), Smscs::default());
        let records = Arc::clone(&scratch.store) as Arc<dyn store::Store>;
        let jobs = JobDesk::new(
            Arc::clone(&records),
            clock.clone(),
            Arc::clone(&bell),
            project.tenant.clone(),
        );
        let parts = Parts {
            exchange: Arc::clone(&wire) as Arc<dyn Exchange>,
            clock: Arc::new(clock.clone()),
            store: records,
            sounds: Arc::clone(&shelf) as Arc<dyn Sounds>,
            limits: project.limits.clone(),
            client: Arc::new(Client::answered_by(machines.stand_in(&post))),
            lines: Arc::new(Lines::answered_by(smscs.stand_in())),
            bell,
            recordings: Some(scratch.recordings()),
            databases: Arc::new(Databases::new(Some(scratch.path().join("plugins")))),
            pins: Arc::default(),
            history: None,
        };
        let (serving, routing) = serve::begin(&host, Arc::clone(&parts.exchange), &parts)?;
        let outside = serving.outside();
        for (plugin, migrations) in &routing.tables {
            let databases = &parts.databases;
            let made = databases.migrate(&project.tenant, plugin, migrations);
            made.map_err(trouble)?;
        }
        host.serves(routing);
        let told = parts
            .store
            .set_subscribers(&project.tenant.0, host.subscribers());
        told.forget();
        let scripts = LocalSet::new();
        {
            let _entered = runtime.enter();
            scripts.spawn_local(Rc::clone(&serving).serve());
        }
        host.inbox.push(Message::Published(at));
        let floor = Floor::new(clock.now(), at, &host);
        let world = World {
            clock,
            floor,
            tenant: Arc::clone(&project.settings),
            host,
            pins: parts.pins,
            shelf,
            phones: Phones::default(),
            several: Several::default(),
            standing: Standing::default(),
            mailboxes: Mailboxes::new(&project.settings),
            records: Records::new(
                parts.store,
                parts.bell,
                project.tenant.to_string(),
                scratch.recordings(),
            ),
        };
        Ok(Self {
            world,
            scenes: Vec::new(),
            live: Vec::new(),
            wire,
            serving,
            outside,
            jobs,
            machines,
            post,
            smscs,
            scripts,
            runtime,
            alarm: Arc::new(Alarm::here()),
            in_this_moment: 0,
            _scratch: scratch,
        })
    }

    /// The monotonic time.
    pub(super) fn now(&self) -> Instant {
        self.world.clock.now()
    }

    /// The numbers of a context that are no patterns.
    pub(super) fn numbers(&self, context: &str) -> Vec<String> {
        self.serving.numbers(context)
    }

    /// A call comes in; its place among the scenes.
    pub(super) fn dial(&mut self, mut setup: Setup) -> usize {
        let now = self.now();
        setup.id = self.next_id(&setup);
        let started = self.start(&mut setup);
        let mut scene = Scene::new(now, setup, self.options(None));
        let setup = &scene.setup;
        let from = match setup.from_raw.as_str() {
            "" => "somebody",
            from => from,
        };
        let what = format!("{from} dials {}, in context {}", setup.to, setup.context);
        let place = self.world.route(&setup.context, &setup.to);
        let place = place.map(|place| format!("{}:{}", place.file, place.line));
        scene
            .story
            .tell(std::time::Duration::ZERO, Who::Caller, place, what);
        if let Err(ended) = started {
            let hint = self.world.no_route(&scene.setup.context, &scene.setup.to);
            scene.tell(now, Who::Exchange, hint);
            scene.call.handle_script_ended(now, ended);
        }
        self.begin(scene)
    }

    /// A script makes a call: somebody is rung first.
    pub(super) fn make(&mut self, mut setup: Setup, origin: Origin, asker: Asker) -> usize {
        let now = self.now();
        setup.id = self.next_id(&setup);
        let what = format!(
            "makes a call: rings {} first, then dials {} in context {}",
            origin.target, setup.to, setup.context
        );
        let mut scene = Scene::new(now, setup, self.options(Some(origin)));
        scene.asker = Some(asker);
        scene.is_made = true;
        scene.tell(now, Who::Script, what);
        self.begin(scene)
    }

    fn begin(&mut self, mut scene: Scene) -> usize {
        let (now, place) = (self.now(), self.scenes.len());
        // Before its script says anything.
        self.world.floor.see(now, &scene.call, &mut scene.seen);
        self.live.push(place);
        self.scenes.push(scene);
        place
    }

    fn next_id(&self, setup: &Setup) -> CallId {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&(self.scenes.len() as u64).to_be_bytes());
        CallId::new(setup.started_at.unsigned_abs() / 1_000, random)
    }

    fn options(&self, origin: Option<Origin>) -> Options {
        let fallback = &self.world.tenant.fallback;
        let user = fallback
            .transfer
            .as_deref()
            .and_then(|to| to.strip_prefix("user:"));
        Options {
            seed: self.scenes.len() as u64,
            fallback: Fallback {
                at_once: false,
                sound: fallback.play.clone().map(Sound::Named),
                target: user.map(|user| Target::User(user.to_owned())),
            },
            origin,
            ..Options::default()
        }
    }

    fn start(&self, setup: &mut Setup) -> Result<(), Ended> {
        let screened = self.world.floor.listed.screen(setup);
        let started = screened.and_then(|()| self.find_handler(setup));
        self.world.event("call.started", told::started(setup));
        started
    }

    /// As the exchange does: a number that has no handler as it is written may have one as it is
    /// dialled within the country.
    fn find_handler(&self, setup: &mut Setup) -> Result<(), Ended> {
        if let Some(tidy) = call::number::tidy(&setup.to) {
            setup.to = tidy;
        }
        let started = self.world.start_script(setup.clone());
        let Err(Ended::NoRoute { .. }) = &started else {
            return started;
        };
        let known = call::number::normalise(&setup.to, &call::number::Plan::default());
        let Some(to) = known.national() else {
            return started;
        };
        let written = Setup {
            to,
            ..setup.clone()
        };
        if self.world.start_script(written.clone()).is_err() {
            return started;
        }
        *setup = written;
        Ok(())
    }

    /// The caller presses a key.
    pub(super) fn press(&mut self, scene: usize, digit: char) -> Result<(), Halt> {
        let now = self.now();
        let leg = LegId::CALLER;
        let one = &mut self.scenes[scene];
        one.tell(now, Who::Caller, format!("presses {digit}"));
        one.call.handle_event(now, Event::Digit { leg, digit });
        let news = Message::News(one.setup.id, CallNews::Digit(digit));
        self.world.host.inbox.push(news);
        self.settle()
    }

    /// The caller hangs up.
    pub(super) fn hang_up(&mut self, scene: usize) -> Result<(), Halt> {
        let now = self.now();
        let one = &mut self.scenes[scene];
        one.tell(now, Who::Caller, "hangs up");
        let cause = if one.is_answered() {
            Cause::Normal
        } else {
            Cause::Cancelled
        };
        let leg = LegId::CALLER;
        one.fate = Some(Fate::Left);
        one.call.handle_event(now, Event::HungUp { leg, cause });
        self.settle()
    }

    /// Somebody who was called hangs up; false when nobody of that name talks.
    pub(super) fn part(&mut self, target: &str) -> Result<bool, Halt> {
        let now = self.now();
        let mut found = false;
        for &place in &self.live {
            let scene = &mut self.scenes[place];
            let Some(leg) = scene.talks_at(target) else {
                continue;
            };
            let Some(line) = scene.line(leg).filter(|line| !line.over) else {
                continue;
            };
            line.over = true;
            let (leg, name) = (line.id, line.name());
            scene.tell(now, Who::Called, format!("{name} hangs up"));
            let cause = Cause::Normal;
            scene.call.handle_event(now, Event::HungUp { leg, cause });
            found = true;
        }
        self.settle()?;
        Ok(found)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Scripts that still run end here, and nobody hears of it.
        let _entered = self.runtime.enter();
        self.world.host.give_up();
        self.scripts = LocalSet::new();
    }
}
