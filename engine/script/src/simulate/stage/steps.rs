//! One thing after the other: scripts run until they wait, calls do what they want, sounds begin,
//! time passes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use call::{Ended, RequestId};
use serde_json::json;

use super::{Halt, Stage};
use crate::simulate::scene::{Asked, Scene};
use crate::simulate::story::{self, Who};
use crate::simulate::wire::FromScript;
use crate::simulate::world::World;
use crate::{Clock, ScriptEnd};

impl Stage {
    /// Does everything that happens without time passing and without a sound beginning.
    pub(in crate::simulate) fn settle(&mut self) -> Result<(), Halt> {
        loop {
            self.run_scripts()?;
            let mut moved = false;
            while let Some(wish) = self.wire.next() {
                self.hear_script(wish);
                moved = true;
            }
            let now = self.now();
            for &place in &self.live {
                let scene = &mut self.scenes[place];
                loop {
                    while let Some(output) = scene.call.poll_output() {
                        scene.perform(now, &mut self.world, output);
                        moved = true;
                    }
                    let Some(event) = scene.echoes.pop_front() else {
                        break;
                    };
                    scene.call.handle_event(now, event);
                    moved = true;
                }
                scene.tell_asker();
                self.world.floor.see(now, &scene.call, &mut scene.seen);
            }
            let World {
                floor,
                phones,
                tenant,
                ..
            } = &mut self.world;
            floor.look_at_phones(now, phones, tenant);
            moved |= self.deliver();
            moved |= self.run_errand();
            if moved {
                self.one_more()?;
                continue;
            }
            let mut concluded = false;
            for &place in &self.live {
                concluded |= self.scenes[place].conclude(&self.world);
            }
            let scenes = &self.scenes;
            self.live.retain(|place| !scenes[*place].is_done());
            if !concluded && !self.hand_out_jobs()? {
                return Ok(());
            }
        }
    }

    /// Tells calls what the floor has for them; false when that is nothing.
    fn deliver(&mut self) -> bool {
        let now = self.now();
        let mut delivered = false;
        while let Some((call, delivery)) = self.world.floor.next_delivery() {
            let mut scenes = self.scenes.iter_mut();
            if let Some(scene) = scenes.rfind(|scene| scene.setup.id == call) {
                scene.hear_floor(now, delivery);
                delivered = true;
            }
        }
        delivered
    }

    /// Gives scripts the jobs that are due; false when none is.
    fn hand_out_jobs(&mut self) -> Result<bool, Halt> {
        let handed_out = self.jobs.turn(&self.world.host);
        let handed_out = handed_out.map_err(|error| Halt::Broken(format!("jobs: {error}")))?;
        if handed_out {
            self.one_more()?;
        }
        Ok(handed_out)
    }

    /// Lets things happen until `goal` is reached. A caller whose turn it is stays silent for
    /// `patience` in all, and nobody waits for longer than ten minutes.
    pub(in crate::simulate) fn run<T>(
        &mut self,
        scene: usize,
        patience: Duration,
        mut goal: impl FnMut(&mut Scene) -> Option<T>,
    ) -> Result<T, Halt> {
        let give_up = self.now() + LONGEST;
        let mut silent = Duration::ZERO;
        loop {
            self.settle()?;
            let one = &mut self.scenes[scene];
            if let Some(reached) = goal(one) {
                return Ok(reached);
            }
            if one.is_over() {
                return Err(Halt::Over);
            }
            if self.next_sound()? {
                continue;
            }
            let now = self.now();
            let due = self.next_due().filter(|due| *due <= give_up);
            let Some(due) = due else {
                return Err(match self.scenes[scene].is_callers_turn() {
                    true => Halt::CallersTurn,
                    false => Halt::Nothing,
                });
            };
            if self.scenes[scene].is_callers_turn() {
                silent += due.saturating_duration_since(now);
                if silent > patience {
                    return Err(Halt::CallersTurn);
                }
            }
            self.one_more()?;
            self.pass_to(due);
        }
    }

    /// Lets exactly so much time pass, with everything that happens in it and at its end.
    pub(in crate::simulate) fn pass(&mut self, time: Duration) -> Result<(), Halt> {
        let end = self.now() + time;
        loop {
            self.settle()?;
            if self.next_sound()? {
                continue;
            }
            match self.next_due().filter(|due| *due <= end) {
                Some(due) => {
                    self.one_more()?;
                    self.pass_to(due);
                }
                None => {
                    self.pass_to(end);
                    return self.settle();
                }
            }
        }
    }

    /// One sound begins or ends, in any call; false when none does by now.
    pub(in crate::simulate) fn next_sound(&mut self) -> Result<bool, Halt> {
        let now = self.now();
        for &place in &self.live {
            if self.scenes[place].next_sound(now) {
                self.one_more()?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn next_due(&self) -> Option<Instant> {
        let now = self.now();
        let calls = self
            .live
            .iter()
            .filter_map(|place| self.scenes[*place].next_due(now));
        let jobs = self.jobs.next_due().map(|due| {
            let left = due.saturating_sub(self.world.clock.unix_micros());
            now + Duration::from_micros(u64::try_from(left).unwrap_or(0))
        });
        calls
            .chain(self.world.clock.next_due())
            .chain(jobs)
            .chain(self.world.floor.next_due())
            .min()
    }

    fn pass_to(&mut self, at: Instant) {
        if at > self.now() {
            self.in_this_moment = 0;
        }
        self.world.clock.move_to(at);
        let now = self.now();
        self.world.floor.be_on_time(now);
        for &place in &self.live {
            self.scenes[place].be_on_time(now);
        }
    }

    fn one_more(&mut self) -> Result<(), Halt> {
        self.in_this_moment += 1;
        if self.in_this_moment < MOST_IN_A_MOMENT {
            return Ok(());
        }
        let asked = self
            .live
            .iter()
            .find_map(|place| self.scenes[*place].last_asked.clone());
        Err(Halt::Runaway(asked.unwrap_or_default()))
    }

    /// Runs scripts until all of them wait.
    fn run_scripts(&mut self) -> Result<(), Halt> {
        let _entered = self.runtime.enter();
        let waker = Waker::from(Arc::clone(&self.alarm));
        let mut context = Context::from_waker(&waker);
        let mut patience = TURNS;
        loop {
            self.alarm.rang.store(false, Relaxed);
            let polled: Poll<()> = Pin::new(&mut self.scripts).poll(&mut context);
            if polled.is_ready() {
                return Ok(());
            }
            if !self.alarm.rang.load(Relaxed) {
                if !self.outside.is_waited_for() {
                    return Ok(());
                }
                // The store works on threads of its own, and rings when it is done.
                thread::park_timeout(LOOK_AGAIN);
            }
            patience -= 1;
            if patience == 0 {
                return Err(Halt::Runaway(String::new()));
            }
        }
    }

    fn hear_script(&mut self, wish: FromScript) {
        let now = self.now();
        let wish = match wish {
            FromScript::Floor(question) => return self.world.floor.answer(now, question),
            FromScript::Message { id, change, answer } => {
                let _ = answer.send(self.world.change_message(id, &change));
                return;
            }
            FromScript::Calls(question) => return self.answer_calls(question),
            wish => wish,
        };
        let (FromScript::Asks { call, .. }
        | FromScript::Speaks { call, .. }
        | FromScript::Ended { call, .. }
        | FromScript::Leaves { call, .. }
        | FromScript::Tells { call, .. }) = &wish
        else {
            return;
        };
        let place = self
            .scenes
            .iter()
            .rposition(|scene| scene.setup.id == *call);
        let Some(scene) = place.map(|place| &mut self.scenes[place]) else {
            return;
        };
        match wish {
            FromScript::Asks {
                place,
                command,
                answer,
                ..
            } => {
                let request = RequestId(scene.next_request);
                scene.next_request += 1;
                let words = story::command(&command);
                scene.tell_at(now, &place, words.as_str());
                scene.last_asked = Some(format!("{words} at {}:{}", place.file, place.line));
                let asked = Asked {
                    words,
                    place,
                    answer,
                };
                scene.asked.insert(request, asked);
                scene.call.handle_command(now, request, command);
            }
            FromScript::Floor(_) | FromScript::Message { .. } | FromScript::Calls(_) => {}
            FromScript::Speaks { language, .. } => scene.language = Some(language),
            FromScript::Leaves { vars, .. } => scene.vars = vars,
            FromScript::Tells { place, what, .. } => scene.tell_at(now, &place, what),
            FromScript::Ended { end, .. } => match end {
                ScriptEnd::Returned { vars } => {
                    scene.vars = vars;
                    scene.call.handle_script_ended(now, Ended::Returned);
                }
                ScriptEnd::Failed(fault) => {
                    let message = fault.message;
                    scene.tell(now, Who::Script, format!("fails: {message}"));
                    scene.error = Some(message.clone());
                    let about = json!({ "call": scene.setup.id.to_string(), "error": message });
                    self.world.event("script.failed", about);
                    scene
                        .call
                        .handle_script_ended(now, Ended::Failed { message });
                }
            },
        }
    }
}

/// Rings when a script can go on.
pub(super) struct Alarm {
    rang: AtomicBool,
    thread: Thread,
}

impl Alarm {
    /// One that rings on this thread.
    pub(super) fn here() -> Self {
        Self {
            rang: AtomicBool::new(false),
            thread: thread::current(),
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Relaxed);
        self.thread.unpark();
    }
}

/// More things than any dialplan does in one moment: this one goes round and round.
const MOST_IN_A_MOMENT: u32 = 20_000;
/// Turns of the scripts' scheduler for one thing.
const TURNS: u32 = 1_000_000;
/// Nobody waits for longer in one go.
const LONGEST: Duration = Duration::from_secs(600);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
