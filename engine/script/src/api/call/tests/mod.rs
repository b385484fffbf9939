//! The call: each method's command, each reply's values, each mistake's sentence.

mod replies;

use std::time::Duration;

use call::{
    Bridge, Cause, Command, Gather, Greeting, Keys, Left, LegId, MessageId, Music, Parted, Record,
    Recorded, RecordingId, Reply, Say, Sound, StartRecording, Strategy, Target, Tone, Voicemail,
    Why,
};
use serde_json::json;

use crate::api::testbed::{Bed, NOON};
use crate::surroundings::Listen;

/// The command that one line of a handler asks for.
fn command(body: &str) -> Command {
    let bed = Bed::new();
    let result = bed.call(body);
    bed.asked()
        .pop()
        .unwrap_or_else(|| panic!("{body}: {result:?}"))
}

fn named(name: &str) -> Sound {
    Sound::Named(name.to_owned())
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn plain_methods_become_their_commands() {
    assert_eq!(command("call:ring()"), Command::Ring);
    assert_eq!(command("call:progress()"), Command::Progress);
    assert_eq!(command("call:answer()"), Command::Answer);
    assert_eq!(command("call:stop_recording()"), Command::StopRecording);
    assert_eq!(
        command("call:hangup()"),
        Command::Hangup {
            cause: Cause::Normal
        }
    );
    assert_eq!(
        command("call:hangup('congestion')"),
        Command::Hangup {
            cause: Cause::Congestion
        }
    );
    assert_eq!(
        command("call:reject('busy')"),
        Command::Reject { cause: Cause::Busy }
    );
    assert_eq!(
        command("call:reject()"),
        Command::Reject {
            cause: Cause::Rejected
        }
    );
    assert_eq!(command("call:echo()"), Command::Echo);
    assert_eq!(
        command("call:as_survey('1049')"),
        Command::AsSurvey {
            agent: Some("1049".into())
        }
    );
    assert_eq!(
        command("call:sleep('1m')"),
        Command::Sleep { duration: s(60) }
    );
    assert_eq!(
        command("call:send_dtmf('1,a#')"),
        Command::SendDtmf {
            digits: "1,A#".into()
        }
    );
    assert_eq!(command("call:music()"), Command::Music(Music::Default));
    assert_eq!(command("call:music(false)"), Command::Music(Music::Off));
    assert_eq!(
        command("call:music('default')"),
        Command::Music(Music::Named("default".into()))
    );
    assert_eq!(
        command("call:voicemail_menu()"),
        Command::VoicemailMenu { mailbox: None }
    );
    let box_8000 = Command::VoicemailMenu {
        mailbox: Some("8000".into()),
    };
    assert_eq!(command("call:voicemail_menu(8000)"), box_8000);
    let pin_of_1049 = Command::AskPin {
        mailbox: "1049".into(),
        choose: true,
        change: false,
    };
    assert_eq!(command("call:ask_pin('1049')"), pin_of_1049);
    let beep = Command::StartRecording(StartRecording { beep: true });
    assert_eq!(command("call:start_recording { beep = true }"), beep);
}

#[test]
fn a_sound_is_a_name_a_tone_silence_something_said_or_a_list_of_them() {
    let play = |body: &str| match command(body) {
        Command::Play { sounds, .. } => sounds,
        other => panic!("{other:?}"),
    };
    let id = RecordingId::new(5, [2; 10]);

    assert_eq!(play("call:play('menu/main')"), [named("menu/main")]);
    assert_eq!(play("call:play {}"), []);
    assert_eq!(
        play(
            "call:play { 'greet/welcome', 'tone:beep', 'silence:1.5', { number = 12 }, { digits = '+861' } }"
        ),
        [
            named("greet/welcome"),
            Sound::Tone(Tone::Beep),
            Sound::Silence(Duration::from_millis(1500)),
            Sound::Say(Say::Number(12)),
            Sound::Say(Say::Digits("+861".into())),
        ]
    );
    assert_eq!(
        play(&format!("call:play('recording:{id}')")),
        [Sound::Recording(id)]
    );
    assert_eq!(
        play(&format!("call:play {{ id = '{id}', duration = 2 }}")),
        [Sound::Recording(id)]
    );
    let message = MessageId::new(5, [2; 10]);
    let left = format!("call:play {{ id = '{message}', mailbox = '8000' }}");
    assert_eq!(play(&left), [Sound::Message(message)]);
    assert_eq!(
        play("call:say { date = 86400 }"),
        [Sound::Say(Say::Date(86_400))]
    );
}

#[test]
fn play_is_interrupted_and_repeated_as_asked() {
    let options = |body| match command(body) {
        Command::Play {
            interrupt_on,
            times,
            ..
        } => (interrupt_on, times),
        other => panic!("{other:?}"),
    };

    assert_eq!(options("call:play('menu/main')"), (Keys::None, 1));
    let both = "call:play('menu/main', { interrupt_on = '12#', loop = 3 })";
    assert_eq!(options(both), (Keys::Of("12#".into()), 3));
    let endless = "call:play('menu/main', { interrupt_on = 'any', loop = true })";
    assert_eq!(options(endless), (Keys::Any, 0));
}

#[test]
fn gather_has_its_defaults_and_takes_every_option() {
    let defaults = Gather {
        prompt: Vec::new(),
        min_digits: 1,
        max_digits: 1,
        timeout: s(5),
        digit_timeout: s(3),
        finish_on: Keys::Of("#".into()),
        pattern: None,
        barge_in: true,
    };
    assert_eq!(command("call:gather()"), Command::Gather(defaults));

    let all = command(
        "call:gather { play = 'menu/main', say = { digits = '12' }, min_digits = 2, max_digits = 4, \
         timeout = 2, digit_timeout = '500ms', finish_on = '', match = '_10XX', barge_in = false }",
    );
    let expected = Gather {
        prompt: vec![named("menu/main"), Sound::Say(Say::Digits("12".into()))],
        min_digits: 2,
        max_digits: 4,
        timeout: s(2),
        digit_timeout: Duration::from_millis(500),
        finish_on: Keys::None,
        pattern: Some("_10XX".into()),
        barge_in: false,
    };
    assert_eq!(all, Command::Gather(expected));
}

#[test]
fn record_bridge_voicemail_and_transfer_take_their_options() {
    let record = Record {
        max_duration: s(30),
        silence: s(0),
        beep: false,
        finish_on: Keys::Any,
    };
    let asked = "call:record { max_duration = 30, silence = 0, beep = false, finish_on = 'any' }";
    assert_eq!(command(asked), Command::Record(record));

    let bridge = Bridge {
        targets: vec![
            Target::User("1049".into()),
            Target::Trunk {
                trunk: "carrier".into(),
                number: "13800138000".into(),
            },
        ],
        timeout: s(15),
        caller_id: Some("4001234567".into()),
        strategy: Strategy::InOrder,
        ringback: Some(Sound::Tone(Tone::Ringback)),
        record: true,
    };
    let asked = "call:bridge({ 'user:1049', 'trunk:carrier/13800138000' }, { timeout = 15, \
                 caller_id = 4001234567, strategy = 'in_order', ringback = 'tone:ringback', record = true })";
    assert_eq!(command(asked), Command::Bridge(bridge));

    let voicemail = |greeting| {
        Command::Voicemail(Voicemail {
            mailbox: "8000".into(),
            greeting,
            max_duration: s(180),
            min_duration: s(2),
            silence: s(5),
            beep: true,
            review: true,
        })
    };
    assert_eq!(
        command("call:voicemail('8000')"),
        voicemail(Greeting::Unavailable)
    );
    let with = |greeting| {
        command(&format!(
            "call:voicemail(8000, {{ greeting = {greeting} }})"
        ))
    };
    assert_eq!(with("'busy'"), voicemail(Greeting::Busy));
    assert_eq!(with("false"), voicemail(Greeting::None));
    assert_eq!(
        with("'vm/leave'"),
        voicemail(Greeting::Sound(named("vm/leave")))
    );

    let bed = Bed::new();
    bed.load("context 'internal' {}").unwrap();
    bed.call("call:transfer(1001, { context = 'internal' })")
        .unwrap_err();
    let expected = Command::Transfer {
        to: "1001".into(),
        context: Some("internal".into()),
    };
    assert_eq!(bed.asked(), [expected]);
}

#[test]
fn a_mistake_is_an_error_at_the_scripts_line_and_pcall_reads_it() {
    let bed = Bed::new();
    bed.will_reply([Reply::Mistake("no mailbox '9'".into())]);
    let failed = bed.call("\n\n call:voicemail('9')");
    assert_eq!(
        failed,
        Err("test.lua:3: call:voicemail: no mailbox '9'".into())
    );

    bed.will_reply([Reply::Mistake("no mailbox '9'".into())]);
    let caught = bed.call("local ok, why = pcall(call.voicemail, call, '9') return ok, why");
    assert_eq!(
        caught,
        Ok(json!([false, "test.lua:1: call:voicemail: no mailbox '9'"]))
    );
}

#[test]
fn commands_carry_the_line_that_asked() {
    let bed = Bed::new();

    bed.call("local function deep()\n call:answer() end\n deep()")
        .unwrap();

    let asked = bed.answers.asked.lock().unwrap();
    let (place, _) = &asked[0];
    assert_eq!(
        (&*place.file, place.line, place.generation),
        ("test.lua", 2, 7)
    );
}

#[test]
fn the_fields_tell_about_the_call() {
    let bed = Bed::new();

    let fields = bed.call(
        "call.vars.order = 7 \
         return call.tenant, call.direction, call.context, call.from, call.from_name, call.to, call.user, call.trunk, \
         call.headers['X-ORDER'], call.headers.via, call.headers.none, call.vars.order, call.started_at, call.answered_at, \
         #call.id, tostring(call) == 'call ' .. call.id",
    );

    let expected = json!([
        "8001",
        "inbound",
        "inbound",
        "+8613800138000",
        "王女士",
        "4001234567",
        null,
        "carrier",
        "7",
        "a, b",
        null,
        7,
        NOON as f64 / 1e6,
        null,
        36,
        true
    ]);
    assert_eq!(fields, Ok(expected));
}

#[test]
fn a_language_is_set_for_the_prompts_and_read_back() {
    let bed = Bed::new();

    let languages =
        bed.call("local before = call.language call.language = 'en' return before, call.language");

    assert_eq!(languages, Ok(json!(["zh", "en"])));
    assert_eq!(*bed.answers.languages.lock().unwrap(), ["en"]);
}

#[test]
fn a_method_cannot_wait_inside_gsub() {
    let bed = Bed::new();

    let refusal = bed
        .call("string.gsub('abc', 'b', function() call:answer() end)")
        .unwrap_err();

    assert_eq!(
        refusal,
        "test.lua:1: call:answer cannot be used inside string.gsub: collect first, play after"
    );
}

#[test]
fn a_script_whose_caller_is_gone_does_not_go_on() {
    let bed = Bed::new();
    *bed.answers.is_gone.lock().unwrap() = true;

    let result = bed.call("pcall(call.answer, call) store = 1");

    assert_eq!(result, Err("still waiting".into()));
}

#[test]
fn a_transfer_does_not_return_unless_it_is_refused() {
    let bed = Bed::new();
    assert_eq!(
        bed.call("call:transfer('1001') return 1"),
        Err("still waiting".into())
    );

    bed.will_reply([Reply::Mistake("transferred 10 times".into())]);
    let refused = bed.call("call:transfer('1001')");
    assert_eq!(
        refused,
        Err("test.lua:1: call:transfer: transferred 10 times".into())
    );
}

#[test]
fn listeners_are_kept_with_their_call() {
    let bed = Bed::new();

    bed.call("call:on('hangup', print) call:on('dtmf', print)")
        .unwrap();

    let listeners = bed.live.listeners.borrow();
    let events: Vec<Listen> = listeners.iter().map(|(listen, _)| *listen).collect();
    assert_eq!(events, [Listen::Hangup, Listen::Dtmf]);
}
