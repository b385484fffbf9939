//! Rings of events, and who reads them from where.

use super::*;

fn gone(user: &str) -> News {
    News::RegistrationRemoved {
        user: user.to_owned(),
        contact: String::new(),
    }
}

fn users(listening: &mut Listening) -> Vec<String> {
    let events = listening.take().unwrap();
    let users = events.iter().map(|event| match &event.news {
        News::RegistrationRemoved { user, .. } => user.clone(),
        other => panic!("{other:?}"),
    });
    users.collect()
}

#[test]
fn a_reader_hears_its_own_tenant_in_order_from_where_it_was() {
    let events = Events::keeping(1, 8);
    events.publish("8001", 0, None, gone("before"));
    let mut reader = events.listen("8001", None).unwrap();
    events.publish("8001", 0, None, gone("a"));
    events.publish("8002", 0, None, gone("theirs"));
    events.publish("8001", 0, None, gone("b"));

    assert_eq!(users(&mut reader), ["a", "b"]);
    assert!(users(&mut reader).is_empty());
    let cursor = reader.cursor();
    drop(reader);
    events.publish("8001", 0, None, gone("c"));

    let mut again = events.listen("8001", Some(&cursor)).unwrap();
    assert_eq!(again.gone(), None);
    assert_eq!(users(&mut again), ["c"]);
}

#[test]
fn a_cursor_that_cannot_be_gone_on_from_begins_at_the_oldest_and_says_why() {
    let events = Events::keeping(0x20, 3);
    let start = events.listen("8001", None).unwrap().cursor();
    for user in ["a", "b", "c", "d"] {
        events.publish("8001", 0, None, gone(user));
    }
    for (cursor, why) in [
        (&*start, Gone::TooOld),
        ("1f.35", Gone::Restarted),
        ("1.4", Gone::Restarted),
        ("20.99", Gone::Unknown),
        ("20.3", Gone::Unknown),
        ("21.35", Gone::Unknown),
        ("20.x", Gone::Unknown),
        ("nonsense", Gone::Unknown),
        ("", Gone::Unknown),
    ] {
        let mut reader = events.listen("8001", Some(cursor)).unwrap();
        assert_eq!(reader.gone(), Some(why), "{cursor}");
        assert_eq!(users(&mut reader), ["b", "c", "d"], "{cursor}");
    }
    let mut whole = events.listen("8001", Some("20.33")).unwrap();
    assert_eq!(whole.gone(), None);
    assert_eq!(users(&mut whole), ["b", "c", "d"]);
}

#[test]
fn numbers_go_on_after_a_restart() {
    let number = |events: &Events| {
        events.publish("8001", 0, None, gone("a"));
        let cursor = events.listen("8001", None).unwrap().cursor();
        cursor.split_once('.').unwrap().1.parse::<u64>().unwrap()
    };
    let (first, second) = (Events::new(1_000_000), Events::new(2_000_000));
    for _ in 0..10_000 {
        number(&first);
    }

    assert!(number(&second) > number(&first));
}

#[test]
fn a_reader_that_falls_out_of_the_ring_is_told_how_much_it_missed() {
    let events = Events::keeping(1, 2);
    let mut reader = events.listen("8001", None).unwrap();
    for user in ["a", "b", "c", "d", "e"] {
        events.publish("8001", 0, None, gone(user));
    }

    assert_eq!(reader.take(), Err(3));
}

#[test]
fn so_many_may_listen_and_one_who_goes_makes_room() {
    let events = Events::new(1);
    let mut readers: Vec<_> = (0..SEATS)
        .map(|_| events.listen("8001", None).unwrap())
        .collect();

    assert!(events.listen("8001", None).is_none());
    assert!(events.listen("8002", None).is_some());
    readers.pop();
    assert!(events.listen("8001", None).is_some());
}

#[tokio::test]
async fn a_reader_that_waits_is_woken() {
    let events = Arc::new(Events::new(1));
    let mut reader = events.listen("8001", None).unwrap();
    let publisher = events.clone();
    let task = tokio::spawn(async move { publisher.publish("8001", 7, None, gone("a")) });

    reader.changed().await;

    assert_eq!(users(&mut reader), ["a"]);
    task.await.unwrap();
}
