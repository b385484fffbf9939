//! `moonswitch trace`: calls of the records, and words that leave none.

use store::Store;

use crate::project::Project;

#[test]
fn words_that_read_make_no_records() {
    let project = Project::new();

    let traced = project.says(&["trace", "last"]);
    assert_eq!(traced.code, Some(1));
    let data = project.0.join("data");
    let sentence = format!("there are no records in {}", data.display());
    assert!(traced.err.contains(&sentence), "{traced:?}");
    assert_eq!(project.says(&["user", "list"]).code, Some(0));
    assert_eq!(project.says(&["user", "delete", "1052"]).code, Some(1));
    let changed = project.hears(&["user", "passwd", "1052"], "correct horse\n");
    assert_eq!(changed.code, Some(1));

    assert!(!data.exists());
}

#[test]
fn a_call_that_is_not_there_cannot_be_traced() {
    let project = Project::new();
    let store = moonswitch::open_store(&project.0.join("data")).unwrap();

    let nothing = project.says(&["trace", "last"]);
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.err.contains("no calls yet"), "{nothing:?}");

    store.begin_call(call_from("1049", 1)).wait().unwrap();
    for (call, sentence) in [
        ("zzzz", "no call 'zzzz' among the newest 1000"),
        (
            "019aad7c-0000-7000-8000-000000000000",
            "no call '019aad7c-0000-7000-8000-000000000000' in the records",
        ),
    ] {
        let said = project.says(&["trace", call]);

        assert_eq!(said.code, Some(1));
        assert!(said.err.contains(sentence), "{said:?}");
    }
}

#[test]
fn a_part_of_an_id_that_fits_several_calls_shows_five_of_them() {
    let project = Project::new();
    let store = moonswitch::open_store(&project.0.join("data")).unwrap();
    for number in 1..=7 {
        store
            .begin_call(call_from(&format!("104{number}"), number))
            .wait()
            .unwrap();
    }

    for part in ["", "019aad7c"] {
        let said = project.says(&["trace", part]);

        assert_eq!(said.code, Some(1));
        assert!(
            said.err.contains(&format!("'{part}' fits several calls")),
            "{said:?}"
        );
        let newest = "019aad7c-0000-7000-8000-000000000007  1047 to 1050";
        assert!(said.err.contains(newest), "{said:?}");
        assert_eq!(said.err.matches(" to 1050").count(), 5, "{said:?}");
        assert!(said.err.contains("and 2 more"), "{said:?}");
    }
    for part in ["000000000003", "last"] {
        let said = project.says(&["trace", part]);

        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains(" to 1050, context internal"), "{said:?}");
    }
    assert!(project.says(&["trace", "last"]).out.contains("1047 to"));
}

/// A call that began, the so-manieth.
fn call_from(number: &str, place: i64) -> store::CallBegin {
    store::CallBegin {
        id: format!("019aad7c-0000-7000-8000-00000000000{place}")
            .parse()
            .unwrap(),
        tenant: "8001".to_owned(),
        node: "local".to_owned(),
        direction: store::Direction::Internal,
        from_raw: number.to_owned(),
        from_number: None,
        from_name: None,
        to: "1050".to_owned(),
        context: "internal".to_owned(),
        user: None,
        trunk_in: None,
        generation: None,
        started_at: place,
    }
}
