//! Keys: by RFC 4733, by INFO, as tones in the sound; each arrives once.

use crate::support::{Exchange, Keys, Setup, pilot, prompt};

const MENU: &str = "
  call:answer()
  local digits, why = call:gather { play = \"tones/840\", max_digits = 8, finish_on = \"#\", timeout = 5 }
  call.vars.digits, call.vars.why = digits, why
  call:play(\"tones/1240\")
";

#[test]
fn a_menu_takes_keys_by_rfc_4733_by_info_and_as_tones_in_the_sound() {
    let exchange = Exchange::start(Setup::answering(MENU));
    let a1 = exchange.phone("1049");
    let deaf_and_dumb = exchange.phone_with("1050", |manner| manner.telephone_event = false);

    for (calls, (phone, how)) in [
        (&a1, Keys::Rfc4733),
        (&a1, Keys::Info),
        (&deaf_and_dumb, Keys::InBand),
    ]
    .into_iter()
    .enumerate()
    {
        let call = phone.dials("9000");
        call.hears(prompt::FIRST);
        call.presses("1155*0#", how);

        call.hears(prompt::SECOND);
        call.is_hung_up();
        let record = &exchange.ended_calls(calls + 1)[0];
        let end = record.end.as_ref().unwrap();
        assert_eq!(end.vars["digits"], "1155*0", "{how:?}");
    }
}

#[test]
fn the_first_key_cuts_the_question() {
    let exchange = Exchange::start(Setup::answering(
        "call:answer()
         local key = call:gather { play = \"music/default\", timeout = 5 }
         call:play(key == \"7\" and \"tones/1240\" or \"tones/840\")",
    ));
    let a1 = exchange.phone("1049");

    let call = a1.dials("9000");
    call.hears(pilot::MUSIC);
    call.presses("7", Keys::Rfc4733);

    call.hears(prompt::SECOND);
    call.is_hung_up();
}

#[test]
fn a_wrong_key_and_silence_are_told_and_then_somebody_else_decides() {
    let exchange = Exchange::start(Setup::answering(
        "call:answer()
         call:menu {
           play = \"tones/840\", timeout = 0.5, tries = 2,
           keys = { [\"1\"] = function() end },
           invalid = \"tones/1240\", silence = \"tones/1520\",
           otherwise = function(call) call:play(\"tones/2200\") end,
         }",
    ));
    let a1 = exchange.phone("1049");

    let call = a1.dials("9000");
    call.hears(prompt::FIRST);
    call.presses("9", Keys::Rfc4733);

    call.hears(prompt::SECOND);
    call.hears(prompt::FIRST);
    call.hears(prompt::THIRD);
    call.hears(prompt::FOURTH);
    call.is_hung_up();
}

#[test]
fn keys_pass_through_a_bridge_once_also_to_a_phone_that_knows_tones_only() {
    let exchange = Exchange::start(Setup::ringing());
    let [a2] = exchange.phones(["1050"]);
    let plain = exchange.phone_with("1051", |manner| manner.telephone_event = false);
    plain.registers();
    let a1 = exchange.phone("1049");

    for (phone, number, how) in [
        (&a2, "1050", Keys::Rfc4733),
        (&a2, "1050", Keys::Info),
        (&plain, "1051", Keys::Rfc4733),
        (&plain, "1051", Keys::Info),
    ] {
        let call = a1.dials(number);
        let rung = phone.rings();
        rung.speaks(0.0);
        rung.answers();
        rung.hears(pilot::A1);

        call.presses("15#", how);

        rung.receives_keys("15#");
        call.hangs_up();
        rung.is_hung_up();
    }
}
