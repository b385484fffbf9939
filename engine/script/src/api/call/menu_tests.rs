//! `call:menu`: tries, prompts, choices.

use call::{Command, Keys, Reply, Sound, Why};
use serde_json::json;

use crate::api::testbed::Bed;

const MENU: &str = "return call:menu { play = 'menu/main', invalid = 'menu/invalid', silence = 'menu/timeout', \
                    tries = 2, keys = { ['1'] = function(c) return 'one', c.to end, ['2'] = 'two' }";

fn played(bed: &Bed) -> Vec<String> {
    let asked = bed.asked().into_iter();
    let names = asked.map(|command| match command {
        Command::Gather(gather) => format!("gather {:?}", gather.prompt),
        Command::Play { sounds, .. } => match &sounds[..] {
            [Sound::Named(name)] => name.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    });
    names.collect()
}

#[test]
fn a_key_runs_its_choice_and_the_menu_returns_what_it_returns() {
    let bed = Bed::new();
    bed.will_reply([Reply::Digits(Ok("1".into()))]);
    assert_eq!(
        bed.call(&format!("{MENU} }}")),
        Ok(json!(["one", "4001234567"]))
    );

    bed.will_reply([Reply::Digits(Ok("2".into()))]);
    assert_eq!(bed.call(&format!("{MENU} }}")), Ok(json!(["two"])));
}

#[test]
fn wrong_keys_and_silence_have_their_own_prompts_and_the_tries_are_counted() {
    let bed = Bed::new();
    bed.will_reply([
        Reply::Digits(Ok("7".into())),
        Reply::Done,
        Reply::Digits(Err(Why::Timeout)),
    ]);

    assert_eq!(
        bed.call(&format!("{MENU} }}")),
        Ok(json!([null, "timeout"]))
    );

    let gather = "gather [Named(\"menu/main\")]";
    assert_eq!(
        played(&bed),
        [gather, "menu/invalid", gather, "menu/timeout"]
    );
}

#[test]
fn after_the_last_try_the_other_choice_runs() {
    let bed = Bed::new();
    bed.will_reply([
        Reply::Digits(Err(Why::Timeout)),
        Reply::Done,
        Reply::Digits(Ok("9".into())),
    ]);

    let body = format!("{MENU}, otherwise = function() return 'nobody' end }}");

    assert_eq!(bed.call(&body), Ok(json!(["nobody"])));
}

#[test]
fn longer_choices_are_gathered_whole_and_end_with_hash_unless_hash_is_one() {
    let gather = |keys: &str| {
        let bed = Bed::new();
        bed.will_reply([Reply::Digits(Ok("1".into()))]);
        bed.call(&format!("return call:menu {{ keys = {keys} }}"))
            .unwrap();
        match bed.asked().remove(0) {
            Command::Gather(gather) => (gather.max_digits, gather.finish_on),
            other => panic!("{other:?}"),
        }
    };

    assert_eq!(gather("{ ['1'] = 1 }"), (1, Keys::None));
    assert_eq!(
        gather("{ ['1'] = 1, ['1049'] = 2 }"),
        (4, Keys::Of("#".into()))
    );
    assert_eq!(
        gather("{ ['1'] = 1, ['#'] = 2, ['12'] = 3 }"),
        (2, Keys::None)
    );
}

#[test]
fn a_menu_that_cannot_work_is_refused_at_its_line() {
    let bed = Bed::new();
    for (body, sentence) in [
        (
            "call:menu {}",
            "call:menu: keys: expected what each key does: { [\"1\"] = function(call) ... end }",
        ),
        ("call:menu { keys = {} }", "call:menu: keys: there are none"),
        (
            "call:menu { keys = { print } }",
            "call:menu: keys: write the key 1 as text: [\"1\"]",
        ),
        (
            "call:menu { keys = { x = 1 } }",
            "call:menu: keys: 'x' is no key",
        ),
        (
            "call:menu { keys = { ['1'] = 1 }, trys = 2 }",
            "call:menu: unknown option 'trys' (did you mean 'tries'?)",
        ),
        (
            "call:menu { keys = { ['1'] = 1 }, invalid = 'menu/invald' }",
            "call:menu: invalid: sound 'menu/invald' not found",
        ),
    ] {
        assert_eq!(bed.call(body), Err(format!("test.lua:1: {sentence}")));
    }
    assert_eq!(bed.asked(), []);
}
