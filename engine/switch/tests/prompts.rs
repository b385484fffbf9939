//! What may become a prompt.

use call::desk::{By as Who, Deed, Order, Refused};
use store::{RecordingEnd, UserRecord};

use super::*;

#[tokio::test]
async fn a_prompt_is_made_of_what_a_script_has_recorded_in_a_call_of_whom_one_reaches() {
    let (mut switch, mut inputs, store, folder) = switch("prompts").await;
    let now = Instant::now();
    let sounds = folder.join("sounds/zh/menu");
    std::fs::create_dir_all(&sounds).unwrap();
    std::fs::write(sounds.join("main.wav"), "the old one").unwrap();
    let people = [
        ("1001", "leader", "it"),
        ("1002", "leader", "hr"),
        ("1049", "agent", "it"),
    ];
    let people = people.map(|(extension, role, team)| person(extension, role, team));
    switch.people = People::new(&switch.parts.config, &people);
    // The call is 1049's.
    let call = switch.insert_call(now, 1);
    let mut recordings = Vec::new();
    for (random, purpose, end) in [
        (1, "script", Some(false)),
        (2, "call", Some(false)),
        (3, "script", Some(true)),
    ] {
        let id = RecordingId::new(1_700_000_000_000, [random; 10]);
        let end = end.map(|lost| RecordingEnd {
            duration: 1,
            bytes: 5,
            sha256: None,
            lost,
        });
        let path = format!("{random}.wav");
        std::fs::create_dir_all(folder.join("recordings")).unwrap();
        std::fs::write(folder.join("recordings").join(&path), "sound").unwrap();
        let row = RecordingRow {
            id: id.0,
            tenant: "8001".to_owned(),
            node: "local".to_owned(),
            call_id: call.0,
            path,
            channels: 1,
            rate: 8_000,
            started_at: 1,
            purpose: purpose.to_owned(),
            end: None,
        };
        store.begin_recording(row).await.unwrap();
        if let Some(end) = end {
            let finished = store.finish_recording("8001", id.0, end);
            finished.await.unwrap();
        }
        recordings.push(id);
    }
    let [spoken, conversation, lost] = recordings[..] else {
        panic!("three were made");
    };
    let nothing = RecordingId::new(1_700_000_000_000, [9; 10]);
    let program = || Who::Program("api:tour".to_owned());
    let user = |user: &str| Who::User(user.to_owned());

    for (by, recording, verdict) in [
        (user("1002"), spoken, Err("not_allowed")),
        (user("1049"), spoken, Err("not_allowed")),
        (user("1001"), conversation, Err("no_such_recording")),
        (program(), conversation, Err("no_such_recording")),
        (program(), lost, Err("no_such_recording")),
        (program(), nothing, Err("no_such_recording")),
        (program(), spoken, Ok(())),
        (user("1001"), spoken, Ok(())),
    ] {
        let saved = save(&switch, &mut inputs, by.clone(), recording).await;

        let word = saved.map_err(|refused| refused.word);
        assert_eq!(word, verdict, "{by} {recording}");
    }
    drop(switch);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Asks as the API does, and takes in what the records say.
async fn save(
    switch: &Switch,
    inputs: &mut mpsc::Receiver<Input>,
    by: Who,
    recording: RecordingId,
) -> Result<(), Refused> {
    let user = match &by {
        Who::User(user) => user.clone(),
        _ => "1001".to_owned(),
    };
    let deed = Deed::SavePrompt {
        prompt: "menu/main".to_owned(),
        recording,
        language: None,
    };
    let order = Order { by, user, deed };
    let (answer, mut asked) = oneshot::channel();
    switch.save_prompt(&"8001".into(), order, answer);
    loop {
        if let Ok(done) = asked.try_recv() {
            return done.map(|_| ());
        }
        match inputs.recv().await {
            Some(Input::Prompt(found)) => switch.save_found_prompt(*found),
            Some(_) => {}
            None => panic!("nothing is answered"),
        }
    }
}

fn person(extension: &str, role: &str, team: &str) -> UserRecord {
    UserRecord {
        tenant: "8001".to_owned(),
        extension: extension.to_owned(),
        name: None,
        realm: "8001.example".to_owned(),
        ha1_md5: Secret::new(""),
        ha1_sha256: Secret::new(""),
        context: "internal".to_owned(),
        role: role.to_owned(),
        team: Some(team.to_owned()),
        created_at: 0,
    }
}
