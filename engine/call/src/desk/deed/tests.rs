//! One word for a deed everywhere.

use super::*;

#[test]
fn a_deed_has_the_same_word_in_json_and_in_records() {
    let deeds = [
        Deed::LogIn {},
        Deed::LogOut {},
        Deed::Idle {},
        Deed::Busy { reason: None },
        Deed::EndWrapUp {},
        Deed::ExtendWrapUp { minutes: 5 },
        Deed::Reset {},
        Deed::BusyAfterCall {},
        Deed::Approve {},
        Deed::Deny {},
        Deed::Heartbeat {},
        Deed::AutoAnswer {
            on: true,
            internal: None,
        },
        Deed::DoNotDisturb { on: true },
        Deed::AcceptItems { on: false },
        Deed::SavePrompt {
            prompt: "greet/welcome".into(),
            recording: RecordingId(uuid::Uuid::from_u128(7)),
            language: None,
        },
        Deed::AutoIdle {
            on: true,
            seconds: Some(15),
        },
        Deed::AutoBusy {
            on: true,
            seconds: None,
        },
        Deed::Sit {
            device: Some("1050".into()),
            take_over: false,
        },
        Deed::Pull {},
        Deed::Pick {
            call: None,
            queue: Some("it".into()),
        },
        Deed::HangUp {},
        Deed::Listen(Terms::default()),
        Deed::Whisper(Terms::default()),
        Deed::Barge(Terms {
            leader: Some("1001".into()),
            follow: crate::Follow::Customer,
            notice: true,
        }),
        Deed::TakeOver { leader: None },
        Deed::Release {
            parting: Parting::Requeue,
            reason: None,
        },
        Deed::ForceBusy { reason: None },
        Deed::ForceIdle {},
        Deed::ForceLogOut {},
        Deed::Message { text: "来".into() },
        Deed::Stop { leader: None },
        Deed::TakeItem { item: item() },
        Deed::DeclineItem { item: item() },
        Deed::FinishItem { item: item() },
        Deed::Hold {},
        Deed::Retrieve {},
        Deed::Consult {
            to: "1050".to_owned(),
            only_idle: true,
        },
        Deed::Swap {},
        Deed::CancelConsult {},
        Deed::Complete {},
        Deed::Conference {},
        Deed::Transfer {
            to: "1050".to_owned(),
        },
        Deed::Park {},
        Deed::Survey {},
        Deed::Dtmf {
            digits: "802".to_owned(),
        },
        Deed::Answer {},
        Deed::Record { on: None },
        Deed::Mask { on: Some(true) },
        Deed::Tag { tag: None },
        Deed::ListAdd {
            list: List::Blacklist,
            number: "13800138000".to_owned(),
            prefix: false,
            reason: Some("nuisance".to_owned()),
            days: Some(7),
        },
        Deed::ListRemove {
            list: List::Vip,
            number: "+86170".to_owned(),
            prefix: true,
        },
        Deed::QueueSwitch {
            switch: "hotline".to_owned(),
            state: SwitchState::Emergency,
        },
    ];
    let words: Vec<_> = deeds.iter().map(Deed::word).collect();
    let untried = Deed::WORDS.iter().find(|word| !words.contains(word));
    assert_eq!(untried, None, "every deed is tried here");
    for deed in deeds {
        let json = serde_json::to_value(&deed).unwrap();
        assert_eq!(json["command"], deed.word());
        assert_eq!(serde_json::from_value::<Deed>(json).unwrap(), deed);
    }
}

fn item() -> CallId {
    CallId::new(1_700_000_000_000, [1; 10])
}

#[test]
fn a_code_stands_for_a_deed_with_a_number_or_for_one_without() {
    let typed = |word, number: Option<&str>| Deed::typed(word, number.map(str::to_owned));
    for word in Deed::TYPED {
        let deeds = [typed(word, None), typed(word, Some("1050"))];
        let made: Vec<_> = deeds.iter().flatten().map(Deed::word).collect();
        assert_eq!(made, [*word], "by one of the two ways");
    }
    assert_eq!(typed("log_in", None), None);
    assert_eq!(typed("dance", None), None);
}

#[test]
fn what_a_deed_does_not_know_is_refused() {
    let slip = serde_json::json!({ "command": "idle", "reason": "meeting" });
    assert!(serde_json::from_value::<Deed>(slip).is_err());
    let slip = serde_json::json!({ "command": "listen", "mode": "barge" });
    assert!(serde_json::from_value::<Deed>(slip).is_err());
}
