//! What the switch keeps of mailboxes: wrong PINs, chosen ones, messages and greetings.

use super::*;

#[tokio::test]
async fn wrong_pins_lock_a_mailbox_over_all_calls_and_the_right_one_forgets_them() {
    let (mut switch, mut inputs, store, folder) = switch("pins").await;
    let now = Instant::now();
    let calls = [switch.insert_call(now, 1), switch.insert_call(now, 2)];
    store
        .put_mailbox("8001", "1049", Some(Secret::new("2580")))
        .await
        .unwrap();
    let mut tries = 0;
    let mut judge = async |mailbox: &str, pin: &str| {
        tries += 1;
        let (mailbox, pin) = (mailbox.to_owned(), Pin::new(pin));
        switch.with_call(now, calls[tries % 2], |switch, live| {
            switch.check_pin(live, mailbox, pin);
        });
        told(&mut inputs).await
    };
    let verdict = |mailbox: &str, verdict| Event::Pin {
        mailbox: mailbox.to_owned(),
        verdict,
    };

    for _ in 1..MOST_WRONG_PINS {
        let wrong = judge("1049", "1111").await;
        assert_eq!(wrong, verdict("1049", PinVerdict::Wrong));
    }
    let right = judge("1049", "2580").await;
    assert_eq!(right, verdict("1049", PinVerdict::Right));
    for mailbox in ["1049", "9999"] {
        for _ in 0..MOST_WRONG_PINS {
            let wrong = judge(mailbox, "1111").await;
            assert_eq!(wrong, verdict(mailbox, PinVerdict::Wrong));
        }
        let locked = judge(mailbox, "2580").await;
        assert_eq!(locked, verdict(mailbox, PinVerdict::Locked));
    }
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_colleagues_wrong_pins_lock_the_colleague_and_not_the_owners_phone() {
    let (mut switch, mut inputs, store, folder) = switch("colleague").await;
    let now = Instant::now();
    let owner = switch.insert_call(now, 1);
    let mut colleagues = Vec::new();
    for random in 2..7 {
        let call = switch.insert_call(now, random);
        let live = switch.calls.get_mut(&call).unwrap();
        live.setup.user = Some(format!("105{random}")).into();
        colleagues.push(call);
    }
    let put = store.put_mailbox("8001", "1049", Some(Secret::new("2580")));
    put.await.unwrap();
    let mut judge = async |call, pin: &str| {
        let pin = Pin::new(pin);
        switch.with_call(now, call, |switch, live| {
            switch.check_pin(live, "1049".to_owned(), pin);
        });
        match told(&mut inputs).await {
            Event::Pin { verdict, .. } => verdict,
            other => panic!("a verdict, not {other:?}"),
        }
    };

    for _ in 0..MOST_WRONG_PINS {
        assert_eq!(judge(colleagues[0], "1111").await, PinVerdict::Wrong);
    }
    assert_eq!(judge(colleagues[0], "2580").await, PinVerdict::Locked);
    assert_eq!(judge(colleagues[1], "2580").await, PinVerdict::Right);
    assert_eq!(judge(owner, "2580").await, PinVerdict::Right);

    let mut wrong = MOST_WRONG_PINS;
    for colleague in &colleagues[1..] {
        for _ in 0..MOST_WRONG_PINS {
            wrong += u32::from(judge(*colleague, "1111").await == PinVerdict::Wrong);
        }
    }
    assert_eq!(wrong, MOST_WRONG_PINS_OF_ALL, "all colleagues together");
    assert_eq!(judge(owner, "2580").await, PinVerdict::Right);

    let forget = move || crate::pins::forget_tries(&*store, "8001", "1049", 1);
    tokio::task::spawn_blocking(forget).await.unwrap().unwrap();
    assert_eq!(judge(colleagues[0], "2580").await, PinVerdict::Right);
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_chosen_pin_opens_the_mailbox_and_a_poor_one_changes_nothing() {
    let (mut switch, mut inputs, store, folder) = switch("chosen").await;
    let now = Instant::now();
    let call = switch.insert_call(now, 1);
    store.put_mailbox("8001", "1049", None).await.unwrap();
    let mut choose = async |pin: &str, again: &str| {
        let (pin, again) = (Pin::new(pin), Pin::new(again));
        switch.with_call(now, call, |switch, live| {
            switch.choose_pin(live, "1049".to_owned(), pin, &again);
        });
        match told(&mut inputs).await {
            Event::Pin { verdict, .. } => verdict,
            other => panic!("a verdict, not {other:?}"),
        }
    };

    assert_eq!(choose("1111", "1111").await, PinVerdict::Guessable);
    assert_eq!(choose("2580", "2581").await, PinVerdict::Different);
    let before = store.mailbox("8001", "1049").await.unwrap().unwrap();
    assert_eq!(choose("2580", "2580").await, PinVerdict::Right);
    let after = store.mailbox("8001", "1049").await.unwrap().unwrap();

    assert_eq!(before.pin, None);
    assert_eq!(after.pin, Some(Secret::new("2580")));
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_message_is_called_kept_when_it_is_on_disk() {
    let (mut switch, mut inputs, store, folder) = switch("kept").await;
    let now = Instant::now();
    let call = switch.insert_call(now, 1);
    let message = MessageId::new(1_700_000_000_000, [3; 10]);
    let recording = RecordingId::new(1_700_000_000_000, [4; 10]);

    switch.with_call(now, call, |switch, live| {
        let change = MailboxChange::Leave {
            message,
            mailbox: "1049".to_owned(),
            recording,
            from: None,
            duration: Duration::from_secs(9),
            urgent: true,
        };
        switch.change_mailbox(live, change);
    });

    let kept = Event::MessageKept {
        message,
        kept: true,
    };
    assert_eq!(told(&mut inputs).await, kept);
    let row = store.message("8001", message.0).await.unwrap().unwrap();
    assert_eq!((row.recording, row.urgent), (recording.0, true));

    // What is then done with it is told when that is on disk; what cannot be done is told too.
    let mut change = async |change: MailboxChange| {
        switch.with_call(now, call, |switch, live| {
            switch.change_mailbox(live, change.clone());
        });
        match told(&mut inputs).await {
            Event::MailboxChanged { change: of, kept } if of == change => kept,
            other => panic!("{change:?} is to be told of, not {other:?}"),
        }
    };
    assert!(change(MailboxChange::Heard { message }).await);
    let heard = store.message("8001", message.0).await.unwrap().unwrap();
    assert!(heard.heard_at.is_some());
    assert!(change(MailboxChange::Delete { message }).await);
    let deleted = store.message("8001", message.0).await.unwrap().unwrap();
    assert!(deleted.deleted_at.is_some());
    let message = MessageId::new(1_700_000_000_000, [5; 10]);
    assert!(!change(MailboxChange::Heard { message }).await);
    assert!(!change(MailboxChange::Delete { message }).await);
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_greeting_takes_the_place_of_the_one_before_whose_sound_goes() {
    let (mut switch, mut inputs, store, folder) = switch("greetings").await;
    let now = Instant::now();
    let call = switch.insert_call(now, 1);
    let mut files = Vec::new();
    let recordings = [4, 5].map(|random| RecordingId::new(1_700_000_000_000, [random; 10]));
    for recording in recordings {
        let path = switch.recording_path(&"8001".into(), recording);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "sound").unwrap();
        let relative = path.strip_prefix(folder.join("recordings")).unwrap();
        let row = RecordingRow {
            id: recording.0,
            tenant: "8001".to_owned(),
            node: "local".to_owned(),
            call_id: call.0,
            path: relative.to_str().unwrap().to_owned(),
            channels: 1,
            rate: 8_000,
            started_at: 1,
            purpose: "greeting".to_owned(),
            end: None,
        };
        store.begin_recording(row).await.unwrap();
        files.push(path);
    }
    let mut change = async |recording: Option<RecordingId>| {
        let change = MailboxChange::Greeting {
            mailbox: "1049".to_owned(),
            kind: GreetingKind::Temporary,
            recording,
        };
        switch.with_call(now, call, |switch, live| {
            switch.change_mailbox(live, change.clone());
        });
        let kept = Event::MailboxChanged { change, kept: true };
        assert_eq!(told(&mut inputs).await, kept);
        let mailbox = store.mailbox("8001", "1049").await.unwrap().unwrap();
        mailbox.greetings.get("temporary").copied().map(RecordingId)
    };

    let [first, second] = recordings;
    assert_eq!(change(Some(first)).await, Some(first));
    assert!(files[0].exists());
    assert_eq!(change(Some(second)).await, Some(second));
    assert!(!files[0].exists() && files[1].exists());
    assert_eq!(change(None).await, None);
    assert!(!files[1].exists());
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}
