//! MESSAGE: users' phones and scripts send text.

use std::time::Duration;

use crate::support::{Exchange, Hold, PATIENCE, Said, Setup, eventually, pilot};

fn said(from: &str, name: &str, text: &str) -> Said {
    Said {
        from: from.to_owned(),
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn text_reaches_every_phone_of_a_colleague_in_the_senders_own_name() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2, other] = exchange.phones(["1049", "1050", "1051"]);
    let second = exchange.phone("1050");
    second.registers();

    assert_eq!(a1.texts("1050", "客户在线,请回 👍"), Some(200));

    for phone in [&a2, &second] {
        assert_eq!(
            phone.is_texted(1),
            [said("1049", "温平", "客户在线,请回 👍")]
        );
    }
    assert!(other.texts_until_now().is_empty());
}

#[test]
fn the_sender_learns_what_became_of_it() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();

    assert_eq!(
        a1.texts("1999", "hello"),
        Some(404),
        "nobody has that number"
    );
    assert_eq!(
        a1.texts("1051", "hello"),
        Some(480),
        "no phone is registered"
    );
    assert_eq!(carrier.texts("1050", "hello"), Some(403), "a trunk");
    for (answer, status) in [(415, 415), (486, 486), (405, 480), (500, 480), (603, 603)] {
        a2.answers_texts(answer);
        assert_eq!(a1.texts("1050", "hello"), Some(status), "{answer}");
    }
    // One of two phones is enough.
    let second = exchange.phone("1050");
    second.registers();
    assert_eq!(a1.texts("1050", "hello"), Some(200));
}

#[test]
fn a_silent_phone_is_given_up_before_the_sender_gives_up() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    a2.answers_texts(0);

    let within = Duration::from_secs(24);
    assert_eq!(a1.sends("1050", "text/plain", b"hello", within), Some(480));
}

#[test]
fn what_phones_cannot_show_or_is_too_much_is_refused() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    for (content_type, body, status) in [
        ("text/html", &b"<p>"[..], 415),
        ("message/cpim", b"From: x", 415),
        ("text/plain;charset=gb2312", b"x", 415),
        ("text/plain", b"\xff\xfe", 400),
        ("text/plain", &[b'x'; 1_001], 413),
        ("text/plain", &[b'x'; 1_000], 200),
    ] {
        let length = body.len();
        let answer = a1.sends("1050", content_type, body, PATIENCE);
        assert_eq!(answer, Some(status), "{content_type} of {length}");
    }
    assert_eq!(a2.is_texted(1).len(), 1);
}

#[test]
fn who_texts_without_end_is_slowed_down_and_nobody_else_is() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);

    let answers: Vec<_> = (0..30).map(|_| a1.texts("1050", "spam")).collect();

    let delivered = answers
        .iter()
        .filter(|answer| **answer == Some(200))
        .count();
    assert!((10..20).contains(&delivered), "{answers:?}");
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == Some(480))
            .count(),
        30 - delivered
    );
    assert_eq!(a3.texts("1050", "hello"), Some(200));
    assert_eq!(a2.is_texted(1).len(), delivered + 1);
}

#[test]
fn scripts_hear_of_texts_and_send_some() {
    let exchange = Exchange::start(Setup::with(
        "-- What is texted is answered by the exchange.
on(\"message.received\", function(about)
  store(\"texts\"):set(about.to, about)
  local sent, why = messages.send { to = \"user:\" .. about.from, text = \"已读: \" .. about.text, name = \"秘书\" }
  store(\"answers\"):set(about.from, { sent = sent, why = why })
end)
context \"internal\" {}
",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    assert_eq!(a1.texts("1050", "你好"), Some(200));

    assert_eq!(a2.is_texted(1), [said("1049", "温平", "你好")]);
    assert_eq!(a1.is_texted(1), [said("8001", "秘书", "已读: 你好")]);
    let kept = |scope: &str, key: &str| {
        eventually("what the script has kept", || {
            let key = store::KvKey {
                tenant: "8001".to_owned(),
                scope: format!("script/{scope}"),
                key: key.to_owned(),
            };
            exchange.store().kv_get(key, 0).wait().unwrap()
        })
    };
    let about = kept("texts", "1050");
    assert_eq!(
        (
            &about["from"],
            &about["from_name"],
            &about["text"],
            &about["delivered"]
        ),
        (&"1049".into(), &"温平".into(), &"你好".into(), &true.into())
    );
    assert_eq!(kept("answers", "1049")["sent"], true);
    // Nobody is there to get this one, and its sender gets the script's answer all the same.
    assert_eq!(a1.texts("1051", "?"), Some(480));
    assert_eq!(kept("texts", "1051")["delivered"], false);
    assert_eq!(a1.is_texted(2)[1].text, "已读: ?");
}

#[test]
fn text_within_a_call_reaches_the_other_party() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let answered = a2.rings();
    answered.answers();
    call.hears(pilot::A2);

    call.texts("订单 17");
    assert_eq!(a2.is_texted(1)[0].text, "订单 17");
    answered.texts("好");
    assert_eq!(a1.is_texted(1)[0].text, "好");

    // Who is on hold hears nobody, but can read.
    call.holds(Hold::SendOnly);
    call.texts("一分钟");
    assert_eq!(a2.is_texted(2)[1].text, "一分钟");
}
