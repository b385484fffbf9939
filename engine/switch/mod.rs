//! Where SIP, media, calls and scripts meet. It only forwards, by kind of message: one loop, one
//! thread, no lock.

mod accounts;
mod answering;
mod api;
mod caller;
mod cleaning;
mod desk;
mod dialing;
mod doubting;
mod emergency;
mod fax;
mod figures;
mod floor;
mod heard;
mod holding;
mod incoming;
mod input;
mod joining;
mod journal;
mod keys;
mod lamps;
mod lists;
mod live;
mod mailbox;
mod metrics;
mod originating;
mod outbound;
mod parking;
mod parts;
mod people;
mod perform;
mod playing;
mod printable;
mod progress_tones;
mod reconciling;
mod reconfigure;
mod recording;
mod records;
mod referring;
mod registering;
mod replacing;
mod rooms;
mod sip_events;
mod sound;
mod sounds;
mod spending;
mod status;
mod stopping;
mod supervising;
mod texts;
mod transfers;
mod trunks;
mod turn;
mod wires;
mod written_dialog;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::{CallId, LegId, TenantId};
use media::{LegKey, RecordingKey};
use net::Received;
use script::config::Tenant;
use sip::{Endpoint, SessionId};
use tokio::sync::{mpsc, oneshot};

use crate::control::Asked;

pub(crate) use desk::switches::key_of as switch_key;
pub(crate) use figures::today;
pub(crate) use input::{Entrance, Input};
pub(crate) use journal::left_over;
pub(crate) use metrics::{Meters, Vitals, meters};
pub(crate) use parts::Parts;
pub(crate) use sounds::Library;
pub(crate) use trunks::transport;

use accounts::Accounts;
use floor::Floors;
use live::Live;
use people::People;
use status::stored_users;
use trunks::Trunks;

/// The switch.
pub(crate) struct Switch {
    parts: Parts,
    tenants: HashMap<String, Arc<Tenant>>,
    endpoint: Endpoint,
    accounts: Accounts,
    people: People,
    registrar: sip::registrar::Registrar,
    /// What was last told of each phone: whether it answers.
    phones_told: HashMap<sip::registrar::BindingId, bool>,
    bans: sip::Bans,
    lamps: lamps::Lamps,
    texts: texts::Texts,
    sip_log: journal::SipLog,
    trunks: Trunks,
    outbound: outbound::Outbound,
    screens: lists::Screens,
    floors: Floors,
    boards: figures::Boards,
    switches: desk::switches::Switches,
    /// What the last look at recordings has found.
    reconciled: reconciling::Reconciled,
    calls: HashMap<CallId, Box<Live>>,
    sessions: HashMap<SessionId, (CallId, LegId)>,
    legs: HashMap<LegKey, (CallId, LegId)>,
    wires: wires::Wires,
    recordings: HashMap<RecordingKey, CallId>,
    /// Transfers that are tried, and who is told of them.
    referrals: HashMap<call::TransferId, transfers::Referral>,
    lot: parking::Lot,
    rooms: rooms::Rooms,
    supervisions: supervising::Supervisions,
    /// What concerns several calls, and is done when none of them is in hand. There is no more of it
    /// than the calls have wanted in one turn.
    errands: VecDeque<Errand>,
    /// When calls want to be looked at.
    timers: BTreeSet<(Instant, CallId)>,
    /// Codecs in the exchange's order.
    codecs: Arc<[media::CodecKind]>,
    /// The name that RTCP carries: says nothing of the machine.
    cname: Arc<str>,
    next_sweep: Instant,
    next_cleaning: Instant,
    next_key: u64,
    /// Calls go round the media threads.
    next_thread: usize,
    started: Instant,
}

/// Something that concerns several calls.
#[derive(Debug)]
enum Errand {
    /// A call wants another.
    Fetch(CallId, call::Fetch),
    /// Who is in a room has changed.
    TellRoom(rooms::Name),
    /// The leader of a call that supervises wants something.
    Supervision(CallId, call::Wanted),
    /// A call has changed that somebody supervises, or waits to.
    Attend(CallId),
    /// A user has typed a code.
    Typed(desk::control::Typed),
    /// A user has held or taken back by their phone's own key.
    Held(holding::ByPhone),
    /// Beside this call nobody is asked any more: that call is over.
    ConsultOver(CallId, CallId),
    /// The call to somebody who wanted to be called back is over.
    CallbackOver(TenantId, CallId),
}

impl Switch {
    /// Puts the parts together.
    pub(crate) fn new(mut parts: Parts, now: Instant) -> Self {
        let config = parts.config.clone();
        let tenants = config
            .tenants
            .iter()
            .map(|(name, tenant)| (name.clone(), Arc::new(tenant.clone())))
            .collect();
        let endpoint = Endpoint::new(sip::EndpointConfig {
            user_agent: format!("moonswitch/{}", env!("CARGO_PKG_VERSION")),
            seed: rand::random(),
            external: config.sip.external,
            session_expires: (!config.sip.session_expires.is_zero())
                .then_some(config.sip.session_expires),
            allow: [
                sip::Method::Register,
                sip::Method::Refer,
                sip::Method::Message,
            ]
            .to_vec(),
            replaces: true,
            events: lamps::PACKAGES.map(str::to_owned).to_vec(),
            max_expires: lamps::LONGEST,
            // Strangers are asked who they are, whatever they want.
            asks_first: true,
            ..sip::EndpointConfig::default()
        });
        let accounts = Accounts::new(&config, &parts.users, now);
        let people = People::new(&config, &parts.users);
        let mut switch = Self {
            tenants,
            endpoint,
            accounts,
            people,
            registrar: registering::registrar(&config),
            phones_told: HashMap::new(),
            bans: sip::Bans::new(sip::BanPolicy {
                failures: config.sip.ban_after,
                duration: config.sip.ban_for,
                ..sip::BanPolicy::default()
            }),
            lamps: lamps::Lamps::new(),
            texts: texts::Texts::new(),
            sip_log: journal::SipLog::default(),
            trunks: Trunks::new(&config, now),
            outbound: outbound::Outbound::default(),
            screens: lists::Screens::default(),
            floors: Floors::new(std::mem::take(&mut parts.floors)),
            boards: figures::Boards::new(std::mem::take(&mut parts.figures)),
            switches: desk::switches::Switches::new(std::mem::take(&mut parts.switches)),
            reconciled: reconciling::Reconciled::default(),
            calls: HashMap::new(),
            sessions: HashMap::new(),
            legs: HashMap::new(),
            wires: wires::Wires::default(),
            recordings: HashMap::new(),
            referrals: HashMap::new(),
            lot: parking::Lot::default(),
            rooms: rooms::Rooms::default(),
            supervisions: supervising::Supervisions::default(),
            errands: VecDeque::new(),
            timers: BTreeSet::new(),
            codecs: sound::codecs(&config.rtp.codecs).into(),
            cname: format!("{:016x}@moonswitch", rand::random::<u64>()).into(),
            next_sweep: now + SWEEP,
            next_cleaning: now,
            next_key: 1,
            next_thread: 0,
            started: now,
            parts,
        };
        switch.restore_registrations(now);
        switch.restore_watchers(now);
        switch.end_left_over(now);
        switch.light_after_restart(now);
        switch.begin_trunks();
        switch.look_up_spent();
        switch.look_up_lists();
        switch.take_plans(now);
        switch
    }

    /// Runs until `stop` is sent or dropped, then ends every call and writes its record.
    pub(crate) async fn run(
        mut self,
        mut inputs: mpsc::Receiver<Input>,
        mut questions: mpsc::Receiver<Asked>,
        mut stop: oneshot::Receiver<()>,
    ) {
        let mut batch = Vec::with_capacity(64);
        loop {
            let due = tokio::time::Instant::from_std(self.next_due());
            let mut first = None;
            tokio::select! {
                biased;
                _ = &mut stop => break,
                () = self.parts.signalling.receive(&mut batch) => {}
                input = inputs.recv() => first = input,
                Some((question, answer)) = questions.recv() => self.answer(question, answer),
                () = tokio::time::sleep_until(due) => {}
            }
            let now = Instant::now();
            for received in batch.drain(..) {
                self.handle_received(now, received);
            }
            for _ in 0..INPUTS_A_TURN {
                let Some(input) = first.take().or_else(|| inputs.try_recv().ok()) else {
                    break;
                };
                self.handle_input(now, input);
            }
            self.handle_due(now);
            self.pump(now);
            self.parts.vitals.turn();
        }
        self.stop(&mut inputs).await;
    }

    fn handle_received(&mut self, now: Instant, received: Received) {
        match received {
            Received::Message { source, octets } => {
                self.parts.meters.sip_received.increment(1);
                self.log_received(now, source, &octets);
                match self.is_banned(now, source) {
                    false => self.endpoint.handle_message(now, source, octets),
                    true => self.endpoint.handle_banned_message(now, source, octets),
                }
            }
            Received::TooLong { source, octets } => {
                if !self.is_banned(now, source) {
                    self.endpoint.handle_too_long_message(source, octets);
                }
            }
            Received::Broken { route } => self.endpoint.handle_transport_failed(now, &route),
        }
        self.pump(now);
    }

    fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Ask {
                call,
                place,
                command,
                answer,
            } => self.handle_ask(now, call, &place, command, answer),
            Input::Language { call, language } => {
                if let Some(live) = self.calls.get_mut(&call) {
                    live.language = Some(language);
                }
            }
            Input::ScriptEnded { call, end } => self.handle_script_ended(now, call, end),
            Input::Vars { call, vars } => self.keep_vars(call, vars),
            Input::Media(event) => self.handle_media(now, event),
            Input::File(event) => self.handle_file(now, event),
            Input::Loaded {
                call,
                leg,
                play,
                times,
                result,
            } => self.handle_loaded(now, call, leg, play, times, result),
            Input::MusicLoaded {
                call,
                leg,
                serial,
                clip,
            } => self.handle_music_loaded(call, leg, serial, clip),
            Input::Mailbox {
                call,
                mailbox,
                found,
            } => self.handle_mailbox(now, call, mailbox, found),
            Input::Key { call, leg, digit } => self.handle_key_due(now, call, leg, digit),
            Input::Told { call, event } => {
                self.with_machine(now, call, |machine| machine.handle_event(now, event));
            }
            Input::Resolved(resolved) => self.handle_resolved(now, resolved),
            Input::TrunkResolved { trunk, hosts } => {
                self.handle_trunk_resolved(now, &trunk, &hosts)
            }
            Input::Registered(registered) => self.finish_registering(now, registered),
            Input::Text {
                tenant,
                text,
                answer,
            } => self.handle_scripts_text(now, tenant, text, answer),
            Input::Mailboxes(news) => self.handle_mailbox_news(now, news),
            Input::Api(question) => self.answer_api(now, question),
            Input::Lamp(tenant, name, light) => self.set_lamp(now, &tenant, &name, light),
            Input::Scripts(tenant, news) => self.tell_of_scripts(&tenant, news),
            Input::Calls(question) => self.answer_calls(now, question),
            Input::Floor(question) => self.answer_floor(now, question),
            Input::Desk(asked) => self.answer_desk(now, *asked),
            Input::Prompt(found) => self.save_found_prompt(*found),
            Input::Reconciled(tenant, found) => self.handle_reconciled(&tenant, found),
            Input::Lists(asked) => self.answer_lists(asked),
            Input::Listed(tenant, entries) => self.restore_listed(tenant, &entries),
            Input::Spent(tenant, entries) => self.restore_spent(tenant, &entries),
            Input::ConfigChanged => self.reload(false, |_| ()),
            Input::Configured(config) => self.handle_configured(now, *config),
            Input::Users(users) => {
                self.accounts.replace_stored(&self.parts.config, &users);
                self.people = People::new(&self.parts.config, &users);
                self.parts.users = users;
                self.forget_unknown_phones(now);
                self.forget_unknown_watchers(now);
            }
        }
        self.pump(now);
    }

    /// Runs errands, sends what the endpoint wants sent and handles what it reports, until nothing is
    /// left.
    fn pump(&mut self, now: Instant) {
        loop {
            self.send_and_handle(now);
            match self.errands.pop_front() {
                Some(Errand::Fetch(call, what)) => self.fetch(now, call, &what),
                Some(Errand::TellRoom(room)) => self.tell_room(now, &room),
                Some(Errand::Supervision(call, wanted)) => {
                    self.handle_wanted(now, call, wanted);
                }
                Some(Errand::Attend(call)) => self.attend(now, call),
                Some(Errand::Typed(typed)) => self.typed(now, typed),
                Some(Errand::Held(held)) => self.tell_of_hold(held),
                Some(Errand::ConsultOver(main, over)) => self.consult_is_over(now, main, over),
                Some(Errand::CallbackOver(tenant, id)) => self.callback_is_over(now, &tenant, id),
                None => return,
            }
        }
    }

    fn send_and_handle(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                sip::Output::Transmit(transmit) => {
                    self.parts.meters.sip_sent.increment(1);
                    self.log_sent(now, &transmit.route, &transmit.payload);
                    self.parts
                        .signalling
                        .send(&transmit.route, transmit.payload);
                }
                sip::Output::Event(event) => self.handle_sip(now, event),
            }
        }
    }

    fn next_due(&self) -> Instant {
        let call = self.timers.first().map(|(due, _)| *due);
        [
            self.endpoint.poll_timeout(),
            call,
            self.trunks.poll_timeout(),
            self.floors.poll_timeout(),
            self.lamps.poll_timeout(self.started),
            self.texts.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .fold(self.next_sweep, Instant::min)
    }

    fn handle_due(&mut self, now: Instant) {
        if self.endpoint.poll_timeout().is_some_and(|due| due <= now) {
            self.endpoint.handle_timeout(now);
            self.pump(now);
        }
        while let Some(&(due, call)) = self.timers.first() {
            if due > now {
                break;
            }
            self.timers.remove(&(due, call));
            self.with_call(now, call, |_, live| {
                live.due = None;
                live.call.handle_timeout(now);
            });
        }
        self.handle_trunk_timeouts(now);
        self.handle_floor_timeouts(now);
        self.light_lamps(now);
        self.give_up_texts(now);
        if self.next_sweep <= now {
            self.next_sweep = now + SWEEP;
            self.sweep(now);
        }
    }

    /// What is looked at once a second: journals, expired registrations, meters.
    fn sweep(&mut self, now: Instant) {
        self.handle_registrar_timeouts(now);
        self.sweep_floors(now);
        self.cut_costly_calls(now);
        let ids: Vec<CallId> = self
            .calls
            .values()
            .filter(|live| !live.journal.is_empty() || live.end_by.is_some_and(|by| by <= now))
            .map(|live| live.id())
            .collect();
        for id in ids {
            self.with_call(now, id, |switch, live| switch.write_journal(live));
        }
        self.write_late_messages(now);
        self.look_at_boards(now);
        self.clean_when_due(now);
        self.measure();
    }

    fn next_key(&mut self) -> u64 {
        self.next_key += 1;
        self.next_key
    }
}

/// Inputs handled before signalling is looked at again.
const INPUTS_A_TURN: usize = 256;
const SWEEP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
