//! Phones that answer by themselves (自动应答), and those that are not to be rung (免打扰).

use call::acd::{AgentId, Refusal};
use call::{LegId, PlayId, Sound, Tone};

use super::Switch;
use super::live::Live;

/// What phones are told so that they answer at once: common ones know one or the other of these.
pub(super) fn headers(domain: &str) -> Vec<(String, String)> {
    let header = |name: &str, value: String| (name.to_owned(), value);
    vec![
        // Snom, Yealink, Grandstream, Fanvil, baresip, Linphone.
        header("Call-Info", format!("<sip:{domain}>;answer-after=0")),
        // Yealink, Grandstream, Fanvil, baresip.
        header(
            "Alert-Info",
            format!("<http://{domain}>;info=alert-autoanswer;delay=0"),
        ),
        // Polycom, and Cisco's.
        header("Alert-Info", "Auto Answer".to_owned()),
        // RFC 5373.
        header("Answer-Mode", "Auto".to_owned()),
    ]
}

impl Switch {
    /// Whether the user's phone is to answer this leg by itself: where they want that, and for
    /// colleagues' direct calls only where they want that, too.
    pub(super) fn answers_itself(&self, live: &Live, id: LegId, user: &str) -> bool {
        let habits = self.habits_of(&live.setup.tenant, &AgentId::from(user));
        if !habits.auto_answer {
            return false;
        }
        let mut legs = live.call.legs().iter();
        let leg = legs.find(|leg| leg.id() == id);
        let is_offer = leg.is_some_and(call::Leg::is_offer);
        let is_own = id == LegId::CALLER;
        is_offer || is_own || live.setup.calling_user().is_none() || habits.auto_answer_internal
    }

    /// Whether the user's phone is not to be rung for this leg; whoever dials for themselves wants
    /// it all the same.
    pub(super) fn is_not_to_be_disturbed(&self, live: &Live, id: LegId, user: &str) -> bool {
        let habits = self.habits_of(&live.setup.tenant, &AgentId::from(user));
        habits.do_not_disturb && id != LegId::CALLER
    }

    /// Whether an agent calls out who has to be 置忙 for that; never for help.
    pub(super) fn must_be_busy(&self, live: &Live, number: &str) -> bool {
        let caller = live.call.legs().first().and_then(call::Leg::user);
        let may = caller.map(|user| self.may_dial(&live.setup.tenant, user));
        matches!(may, Some(Err(Refusal::NotBusy))) && !EMERGENCY.contains(&number)
    }

    /// Whose phone has answered by itself hears so before anything else.
    pub(super) fn beep(&mut self, live: &mut Live, legs: [LegId; 2]) {
        for id in legs {
            let leg = live.leg(id);
            if leg.is_some_and(|leg| std::mem::take(&mut leg.beeps)) {
                self.play(live, id, BEEP, vec![Sound::Tone(Tone::Confirm)], 1);
            }
        }
    }
}

/// What is told to whoever answers, after the beep of a phone that has answered by itself: what is told would cut off a beep of
/// its own.
pub(super) fn beep_first(live: &mut Live, id: LegId, sounds: Vec<Sound>) -> Vec<Sound> {
    let beeps = live.leg(id).is_some_and(|leg| {
        let under_way = leg.playing.as_ref().is_some_and(|it| it.play == BEEP);
        std::mem::take(&mut leg.beeps) || under_way
    });
    let beep = beeps.then_some(Sound::Tone(Tone::Confirm));
    beep.into_iter().chain(sounds).collect()
}

/// No playing that the call's machine knows of.
const BEEP: PlayId = PlayId(u32::MAX);
/// Police, fire, ambulance, traffic accidents.
const EMERGENCY: [&str; 4] = ["110", "119", "120", "122"];
