//! A call as the switch holds it: the machine, its legs' sessions and sound, its waiting script.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use call::{Call, CallId, LegId, Reply, RequestId, Setup};
use media::sdp::{Agreed, Description, Negotiator};
use media::{LegKey, PlayKey, Quality};
use sip::SessionId;
use smallvec::SmallVec;
use store::JournalLine;
use tokio::sync::oneshot;

use super::recording::Recording;

/// One call.
pub(crate) struct Live {
    pub(crate) call: Call,
    pub(crate) setup: Setup,
    /// Every log line of the call is written in it.
    pub(crate) span: tracing::Span,
    /// The tenant's part of the configuration when the call began.
    pub(crate) tenant: Arc<script::config::Tenant>,
    /// The generation that its script runs on.
    pub(crate) generation: u64,
    /// What its script has said of the language of prompts.
    pub(crate) language: Option<String>,
    /// The media thread of all its legs.
    pub(crate) thread: usize,
    pub(crate) legs: Vec<Leg>,
    /// What carrying out the machine's wishes has brought about, for the machine.
    pub(crate) echoes: VecDeque<call::Event>,
    /// What the script waits for: the method, and where its answer goes.
    pub(crate) replies: HashMap<RequestId, (&'static str, oneshot::Sender<Reply>)>,
    pub(crate) next_request: u64,
    pub(crate) journal: Vec<JournalLine>,
    pub(crate) journal_lines: u32,
    pub(crate) born: Instant,
    /// Max-Forwards of the INVITE: what leaves has one less, so that loops end.
    pub(crate) hops: u8,
    /// When the machine or its journal wants to be looked at.
    pub(crate) due: Option<Instant>,
    pub(crate) recordings: SmallVec<[Recording; 1]>,
    /// Audio of the mailbox that the call has open: message or greeting to recording.
    pub(crate) mailbox: super::mailbox::Opened,
    /// The room of the three who talk in it.
    pub(crate) trio: Option<media::RoomKey>,
    /// The room that it is in.
    pub(crate) room: Option<super::rooms::Name>,
    /// Who is rung first is to supervise somebody: their phone need not be picked up.
    pub(crate) supervises: bool,
    /// The fax that two of its legs send each other.
    pub(crate) fax: Option<super::fax::Fax>,
    /// The trunk that it left by.
    pub(crate) trunk_out: Option<String>,
    pub(crate) vars: serde_json::Value,
    pub(crate) script_error: Option<String>,
    /// What was last told of it: its state, and the leg that the caller talks with.
    pub(crate) told: Option<(&'static str, Option<LegId>)>,
    /// What the floor was told of the users in it.
    pub(crate) seen: call::acd::Seen,
    /// Set when the machine has ended; what it waits for is [`Leg::leaving`].
    pub(crate) ended: Option<Box<call::record::CallRecord>>,
    pub(crate) end_by: Option<Instant>,
    /// Whom a user in it asks beside it.
    pub(crate) consult: Option<super::desk::consult::Consult>,
    /// What users have marked it with.
    pub(crate) tags: Vec<String>,
    /// Who waits for whoever is rung first, in a call of our own.
    /// Whom it calls back.
    pub(crate) calls_back: Option<CallId>,
    pub(crate) asker: Option<super::originating::Asker>,
}

/// One leg of a call.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) role: Role,
    /// Sessions that are alive: one of the caller's; several phones of a user until one answers.
    pub(crate) sessions: SmallVec<[SessionId; 1]>,
    /// Where the INVITE of each session of a called leg went.
    pub(crate) rung: SmallVec<[(SessionId, SocketAddr); 1]>,
    /// The session that is up.
    pub(crate) up: Option<SessionId>,
    pub(crate) sound: Option<Sound>,
    pub(crate) playing: Option<Playing>,
    /// Counts the music that was asked for, so that a late clip does not replace a later one.
    pub(crate) music: u64,
    /// The music that is being loaded begins anew for this leg.
    pub(crate) music_restarts: bool,
    /// It talks to us: from now on its silence means that it is gone.
    pub(crate) answered: bool,
    /// The machine has released it, or the far end has left.
    pub(crate) over: bool,
    /// It goes on in another call: the end of this one does not concern it.
    pub(crate) is_moving: bool,
    pub(crate) quality: Option<Quality>,
    /// What the journal knows of its sound.
    pub(crate) told: super::journal::Told,
    /// It was told to answer by itself, and hears a tone first.
    pub(crate) beeps: bool,
    pub(crate) user_agent: Option<String>,
    /// Our address and theirs, as signalling has them.
    pub(crate) addresses: Option<(SocketAddr, SocketAddr)>,
    /// Who is shown as calling, for a trunk's next host.
    pub(crate) caller: super::dialing::Caller,
    /// The line of a trunk that it holds.
    pub(crate) line: Option<super::trunks::Line>,
    /// Whom that trunk shows.
    pub(crate) identity: Option<super::trunks::Identity>,
    /// Help is called.
    pub(crate) is_urgent: bool,
    /// Its ear is that of a leg of another call.
    pub(crate) twin: Option<super::desk::consult::Twin>,
    /// Who pays for it, where it has left by a trunk.
    pub(crate) paid: Option<super::outbound::Paid>,
}

/// Who a leg is.
#[derive(Debug)]
pub(crate) enum Role {
    /// The one who called; its offer waits for an answer.
    Caller {
        /// `None` when the INVITE came without one, or it has been answered.
        offer: Option<Box<Description>>,
    },
    /// Somebody who was called.
    Called {
        /// Where to try next: the other hosts of a trunk, and those of its group's other trunks.
        next: Vec<super::dialing::Attempt>,
        /// Which user each session rings.
        users: SmallVec<[(SessionId, String); 1]>,
        /// Looked up, and not yet rung.
        resolving: bool,
    },
}

/// A leg's sound.
#[derive(Debug)]
pub(crate) struct Sound {
    pub(crate) key: LegKey,
    pub(crate) port: u16,
    /// How keys travel to and from it.
    pub(crate) dtmf: script::config::Dtmf,
    pub(crate) negotiator: Negotiator,
    /// The last answer that we wrote: 183 and 200 say the same.
    pub(crate) answer: Option<Bytes>,
    pub(crate) agreed: Option<Agreed>,
    /// Who signals for it: the other address that its sound may come from.
    pub(crate) signalled_by: IpAddr,
    /// The board has it.
    pub(crate) added: bool,
    /// Its removal was asked for and its quality not yet told.
    pub(crate) leaving: bool,
    pub(crate) held: bool,
}

/// A playing that has begun or is being loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Playing {
    pub(crate) play: call::PlayId,
    /// `None` while it is loaded.
    pub(crate) key: Option<PlayKey>,
    /// What the leg hears goes on beneath.
    pub(crate) is_over: bool,
}

impl Live {
    /// A call that begins: no legs yet.
    pub(crate) fn new(
        now: Instant,
        setup: Setup,
        tenant: Arc<script::config::Tenant>,
        options: call::Options,
    ) -> Self {
        let origin = options.origin.as_ref();
        let supervises = origin.is_some_and(|origin| origin.supervises.is_some());
        let returns_to = origin.and_then(|origin| origin.returns_to.as_deref());
        let calls_back = returns_to.and_then(|queue| queue.callback);
        Self {
            call: Call::new(now, setup.clone(), options),
            supervises,
            language: None,
            setup,
            span: tracing::Span::none(),
            tenant,
            generation: 0,
            thread: 0,
            legs: Vec::new(),
            echoes: VecDeque::new(),
            replies: HashMap::new(),
            next_request: 1,
            journal: Vec::new(),
            journal_lines: 0,
            born: now,
            hops: 70,
            due: None,
            recordings: SmallVec::new(),
            mailbox: super::mailbox::Opened::default(),
            trio: None,
            room: None,
            fax: None,
            trunk_out: None,
            vars: serde_json::Value::Null,
            script_error: None,
            told: None,
            seen: call::acd::Seen::default(),
            ended: None,
            end_by: None,
            consult: None,
            tags: Vec::new(),
            calls_back,
            asker: None,
        }
    }

    pub(crate) fn id(&self) -> CallId {
        self.setup.id
    }

    pub(crate) fn leg(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id == id)
    }

    /// These hear something else now: music for them that is still being loaded comes too late.
    pub(crate) fn forget_music<const N: usize>(&mut self, legs: [LegId; N]) {
        for id in legs {
            if let Some(leg) = self.leg(id) {
                leg.music += 1;
            }
        }
    }

    /// The codec that the one who is served speaks, so that a called leg is offered the same first.
    pub(crate) fn caller_codec(&self) -> Option<media::CodecKind> {
        let front = self.call.front();
        let mut legs = self.legs.iter();
        legs.find(|leg| leg.id == front)?.codec()
    }

    /// In what language a leg is spoken to.
    pub(crate) fn language_of(&self, leg: LegId) -> &str {
        let mut legs = self.call.legs().iter();
        let user = legs
            .find(|known| known.id() == leg)
            .and_then(call::Leg::user);
        let is_served = leg == self.call.front();
        self.tenant
            .language_for(user, is_served, self.language.as_deref())
    }

    /// In what language the one who is served is spoken to: `call.language`.
    pub(crate) fn language(&self) -> &str {
        self.language_of(self.call.front())
    }

    /// Whether every leg's sound has left.
    pub(crate) fn is_quiet(&self) -> bool {
        self.legs
            .iter()
            .all(|leg| leg.sound.as_ref().is_none_or(|sound| !sound.leaving))
            && self.recordings.iter().all(Recording::is_closed)
    }
}

impl Leg {
    pub(crate) fn new(id: LegId, role: Role) -> Self {
        Self {
            id,
            role,
            sessions: SmallVec::new(),
            up: None,
            sound: None,
            playing: None,
            music: 0,
            music_restarts: false,
            rung: SmallVec::new(),
            answered: false,
            over: false,
            is_moving: false,
            quality: None,
            told: super::journal::Told::default(),
            beeps: false,
            user_agent: None,
            addresses: None,
            caller: super::dialing::Caller::default(),
            line: None,
            identity: None,
            is_urgent: false,
            twin: None,
            paid: None,
        }
    }

    /// The rate of clips for this leg.
    pub(crate) fn clip_rate(&self) -> u32 {
        self.codec().map_or(8_000, media::CodecKind::clip_rate)
    }

    /// The codec that it speaks.
    pub(crate) fn codec(&self) -> Option<media::CodecKind> {
        if let Some(twin) = &self.twin {
            return twin.codec;
        }
        let agreed = self.sound.as_ref()?.agreed.as_ref()?;
        Some(agreed.codec.kind)
    }

    /// The caller's INVITE came without an offer, and ours has not been answered.
    pub(crate) fn asks_for_our_offer(&self) -> bool {
        let sound = self.sound.as_ref();
        matches!(self.role, Role::Caller { offer: None })
            && sound.is_none_or(|sound| sound.agreed.is_none())
    }

    /// Of the phones that were rung this one speaks: its sound may come from where it signals.
    pub(crate) fn is_spoken_for_by(&mut self, session: SessionId) {
        let rung = self.rung.iter().find(|(rung, _)| *rung == session);
        if let (Some((_, far)), Some(sound)) = (rung, &mut self.sound) {
            sound.signalled_by = far.ip();
        }
    }

    pub(crate) fn key(&self) -> Option<LegKey> {
        if let Some(twin) = &self.twin {
            return Some(twin.key);
        }
        self.sound
            .as_ref()
            .filter(|sound| sound.added)
            .map(|sound| sound.key)
    }
}
