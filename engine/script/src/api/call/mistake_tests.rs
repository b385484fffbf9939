//! What a script asks wrongly, and the sentence that it gets at its line.

use crate::api::testbed::Bed;
use crate::surroundings::Phase;

fn refusal(body: &str) -> String {
    let bed = Bed::new();
    let refusal = bed.call(body).unwrap_err();
    assert_eq!(bed.asked(), [], "{body}");
    let sentence = refusal.strip_prefix("test.lua:1: ");
    sentence
        .unwrap_or_else(|| panic!("no line in: {refusal}"))
        .to_owned()
}

#[test]
fn a_wrong_argument_is_refused_before_anything_is_asked() {
    for (body, sentence) in [
        ("call:ring(1)", "call:ring takes no arguments, got 1"),
        ("call:answer(true)", "call:answer takes no arguments, got 1"),
        (
            "call:progress('x')",
            "call:progress takes no arguments, got 1",
        ),
        (
            "call:stop_recording {}",
            "call:stop_recording takes no arguments, got 1",
        ),
        (
            "call:hangup('bussy')",
            "call:hangup: 'bussy' is none of normal, busy, no_answer, cancelled, rejected, unallocated, unavailable, switched_off, congestion, forbidden, not_allowed, limit_reached, incompatible, failure, lost (did you mean 'busy'?)",
        ),
        (
            "call:reject(true)",
            "call:reject expects a cause such as \"busy\", got true",
        ),
        (
            "call:play()",
            "call:play: expected a sound such as \"menu/main\", got nothing",
        ),
        (
            "call:play('menu/mian')",
            "call:play: sound 'menu/mian' not found (did you mean 'menu/main'?)",
        ),
        (
            "call:play { 'menu/main', 5 }",
            "call:play: expected a sound such as \"menu/main\", got 5",
        ),
        (
            "call:play('tone:bep')",
            "call:play: tone 'bep' is none of beep, busy, congestion, ringback, confirm, apology (did you mean 'beep'?)",
        ),
        (
            "call:play('silence:long')",
            "call:play: expected \"silence:2\" or \"silence:500ms\", got \"silence:long\"",
        ),
        (
            "call:play('http://x')",
            "call:play: unknown kind of sound: 'http' is none of tone, silence, recording",
        ),
        (
            "call:play('recording:1')",
            "call:play: '1' is no recording's id",
        ),
        (
            "call:play('menu/main', 5)",
            "call:play expects a table of options, got 5",
        ),
        (
            "call:play('menu/main', { loops = 2 })",
            "call:play: unknown option 'loops' (did you mean 'loop'?)",
        ),
        (
            "call:play('menu/main', { loop = 0 })",
            "call:play: loop: expected a whole number from 1 to 1000, got 0",
        ),
        (
            "call:play('menu/main', { interrupt_on = 'x' })",
            "call:play: interrupt_on: expected keys such as \"12#\" or \"any\", got \"x\"",
        ),
        (
            "call:play('menu/main', {}, 1)",
            "call:play takes 2 arguments at most, got 3",
        ),
        (
            "call:say('menu/main')",
            "call:say: expected a table such as { number = 12 }, got \"menu/main\"; sounds are for play",
        ),
        (
            "call:say { number = 1.5 }",
            "call:say: number: expected a whole number, got 1.5",
        ),
        (
            "call:say { numbr = 1 }",
            "call:say: 'numbr' is none of number, digits, date, time (did you mean 'number'?)",
        ),
        (
            "call:say { number = 1, digits = '1' }",
            "call:say: expected one of number, digits, date, time: { number = 12 }",
        ),
        (
            "call:say { digits = 'one' }",
            "call:say: digits: expected digits, got \"one\"",
        ),
        (
            "call:gather { max_digit = 1 }",
            "call:gather: unknown option 'max_digit' (did you mean 'max_digits'?)",
        ),
        (
            "call:gather { max_digits = 0 }",
            "call:gather: max_digits: expected a whole number from 1 to 64, got 0",
        ),
        (
            "call:gather { min_digits = 3, max_digits = 2 }",
            "call:gather: min_digits: expected a whole number from 0 to 2, got 3",
        ),
        (
            "call:gather { timeout = true }",
            "call:gather: timeout: expected seconds or a time such as \"20s\", got true",
        ),
        (
            "call:gather { timeout = -1 }",
            "call:gather: timeout: expected seconds or a time such as \"20s\", got -1",
        ),
        (
            "call:gather { barge_in = 'no' }",
            "call:gather: barge_in: expected true or false, got \"no\"",
        ),
        (
            "call:gather { 'menu/main' }",
            "call:gather expects named options, got the name 1",
        ),
        (
            "call:gather { play = 'menu/mian' }",
            "call:gather: play: sound 'menu/mian' not found (did you mean 'menu/main'?)",
        ),
        (
            "call:gather { say = 5 }",
            "call:gather: say: expected a table such as { number = 12 }, got 5; sounds are for play",
        ),
        (
            "call:record { silences = 2 }",
            "call:record: unknown option 'silences' (did you mean 'silence'?)",
        ),
        (
            "call:start_recording(true)",
            "call:start_recording expects a table of options, got true",
        ),
        (
            "call:bridge('1049')",
            "call:bridge: '1049' is no target: write \"user:1049\" for a user",
        ),
        (
            "call:bridge('trunk:carier/138')",
            "call:bridge: no trunk 'carier' (did you mean 'carrier'?)",
        ),
        (
            "call:bridge('user:1049', { strategy = 'one' })",
            "call:bridge: strategy: 'one' is none of all, in_order",
        ),
        (
            "call:bridge('user:1049', { ringback = 7 })",
            "call:bridge: ringback: expected a sound such as \"menu/main\", got 7",
        ),
        (
            "call:bridge('user:1049', { timout = 7 })",
            "call:bridge: unknown option 'timout' (did you mean 'timeout'?)",
        ),
        (
            "call:voicemail()",
            "call:voicemail expects a mailbox such as \"8000\", got nothing",
        ),
        (
            "call:voicemail('8000', { greeting = 'vm/leav' })",
            "call:voicemail: greeting: sound 'vm/leav' not found",
        ),
        (
            "call:voicemail_menu {}",
            "call:voicemail_menu expects a mailbox such as \"1049\", got a table",
        ),
        (
            "call:ask_pin()",
            "call:ask_pin expects a mailbox such as \"1049\", got nothing",
        ),
        (
            "call:transfer()",
            "call:transfer expects a number such as \"1001\", got nothing",
        ),
        (
            "call:transfer('1', { context = 'internl' })",
            "call:transfer: context: no context 'internl'",
        ),
        ("call:send_dtmf('1x')", "call:send_dtmf: 'x' is no key"),
        (
            "call:music('paino')",
            "call:music: sound 'music/paino' not found",
        ),
        (
            "call:music(5)",
            "call:music expects a name under sounds/music, or false for silence, got 5",
        ),
        (
            "call:sleep()",
            "call:sleep expects seconds or a time such as \"20s\", got nothing",
        ),
        (
            "call:on('hungup', print)",
            "call:on: 'hungup' is none of hangup, dtmf, bridged (did you mean 'hangup'?)",
        ),
        (
            "call:on('hangup')",
            "call:on expects a function, got nothing",
        ),
        (
            "call.answer()",
            "write call:answer(...) with a colon; in front of it is nothing",
        ),
        (
            "call:ansewr()",
            "a call has no 'ansewr' (did you mean 'answer'?)",
        ),
        ("call:queue('it')", "call:queue: no queue 'it'"),
        (
            "call:queue('it', { priority = -1 })",
            "call:queue: priority: expected a whole number from 0 to 3600, got -1",
        ),
        ("call:juggle()", "a call has no 'juggle'"),
        (
            "call.frm = 1",
            "call.frm cannot be set: keep your own values in call.vars",
        ),
        (
            "call.language = 7",
            "call.language expects a language such as \"zh\" or \"en\"",
        ),
    ] {
        assert_eq!(refusal(body), sentence, "{body}");
    }
    assert!(refusal("call:gather { match = '_10[' }").starts_with("call:gather: match: '_10['"));
}

#[test]
fn a_method_knows_where_it_may_not_stand() {
    let bed = Bed::new();
    let refused = |phase| bed.run(phase, "call:answer()").unwrap_err();

    let loading = refused(Phase::Loading);
    assert_eq!(
        loading,
        "test.lua:1: call:answer cannot be used while files load (only in: a call)"
    );
    let hook = refused(Phase::Hook);
    assert_eq!(
        hook,
        "test.lua:1: call:answer cannot be used after the call has ended"
    );
    let task = refused(Phase::Task);
    assert_eq!(
        task,
        "test.lua:1: call:answer cannot be used outside of its call (only in: a call)"
    );
    bed.live.over.set(true);
    let over = refused(Phase::Call);
    assert_eq!(
        over,
        "test.lua:1: call:answer cannot be used after the call has ended"
    );
}
