//! `moonswitch user`: those who are in the records.

use store::Store;

use crate::project::Project;

#[test]
fn users_are_added_listed_given_another_password_and_removed() {
    let project = Project::new();

    let added = project.hears(
        &["user", "add", "1052", "--name", "新人"],
        "correct horse\n",
    );
    assert_eq!(added.code, Some(0), "{added:?}");
    let twice = project.hears(&["user", "add", "1052"], "correct horse\n");
    assert_eq!(twice.code, Some(1));
    assert!(twice.err.contains("user passwd 1052"), "{twice:?}");
    let changed = project.hears(&["user", "passwd", "1052"], "battery staple\n");
    assert_eq!(changed.code, Some(0), "{changed:?}");

    let listed = project.says(&["user", "list", "--json"]).json();
    let new = serde_json::json!({
        "extension": "1052", "name": "新人", "context": "internal", "role": "agent", "team": null,
        "from": "the records",
    });
    assert!(listed.as_array().unwrap().contains(&new), "{listed}");
    assert!(!listed.to_string().contains("horse"), "{listed}");

    assert_eq!(project.says(&["user", "delete", "1052"]).code, Some(0));
    assert_eq!(project.says(&["user", "delete", "1052"]).code, Some(1));
    let listed = project.says(&["user", "list"]);
    assert!(!listed.out.contains("1052"), "{listed:?}");
}

#[test]
fn users_of_the_records_are_given_a_role_that_a_new_password_does_not_take() {
    let project = Project::new();
    let add = [
        "user", "add", "1052", "--role", "quality", "--team", "night",
    ];
    assert_eq!(project.hears(&add, "correct horse\n").code, Some(0));
    let role = || {
        let listed = project.says(&["user", "list", "--json"]).json();
        let all = listed.as_array().unwrap().iter();
        let one = all.clone().find(|one| one["extension"] == "1052").unwrap();
        (one["role"].clone(), one["team"].clone())
    };
    assert_eq!(role(), ("quality".into(), "night".into()));

    let given = project.says(&["user", "role", "1052", "leader", "--team", "it"]);
    assert_eq!(given.code, Some(0), "{given:?}");
    assert_eq!(role(), ("leader".into(), "it".into()));
    let passwd = project.hears(&["user", "passwd", "1052"], "battery staple\n");
    assert_eq!(passwd.code, Some(0));
    assert_eq!(role(), ("leader".into(), "it".into()));

    for (words, sentence) in [
        (["user", "role", "1052", "leadr"], "did you mean 'leader'?"),
        (["user", "role", "1049", "admin"], "in config.lua"),
        (["user", "role", "1060", "admin"], "no user 1060"),
    ] {
        let said = project.says(&words);
        assert_eq!(said.code, Some(1), "{words:?}");
        assert!(said.err.contains(sentence), "{words:?}: {}", said.err);
    }
}

#[test]
fn what_cannot_be_a_user_is_refused_with_what_to_do() {
    let project = Project::new();

    for (words, input, sentence) in [
        (&["user", "add", "1052"][..], "short\n", "take a longer one"),
        (
            &["user", "add", "1049"],
            "correct horse\n",
            "in config.lua: change it there",
        ),
        (
            &["user", "add", "10 52"],
            "correct horse\n",
            "only letters and digits",
        ),
        (
            &["user", "passwd", "1060"],
            "correct horse\n",
            "`moonswitch user add 1060`",
        ),
        (
            &["user", "add", "1052", "--tenant", "8010"],
            "correct horse\n",
            "no tenant '8010' in config.lua (did you mean '8001'?)",
        ),
        (
            &["user", "add", "1052", "--context", "interal"],
            "correct horse\n",
            "the scripts of 8001 declare no context 'interal' (did you mean 'internal'?): they have internal",
        ),
        (
            &["user", "add", "10521053"],
            "10521053\n",
            "everybody tries the extension first",
        ),
    ] {
        let said = project.hears(words, input);

        assert_eq!(said.code, Some(1), "{words:?}");
        assert!(said.err.contains(sentence), "{words:?}: {}", said.err);
    }
}

#[test]
fn a_context_that_nobody_can_know_is_taken_with_a_warning() {
    let project = Project::new();
    project.write("scripts/8001/init.lua", "oops oops\n");

    let added = project.hears(
        &["user", "add", "1052", "--context", "sales"],
        "correct horse\n",
    );

    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(
        added
            .err
            .contains("nobody knows whether they have a context 'sales'")
    );
}

#[test]
fn a_forgotten_pin_is_changed_or_chosen_anew() {
    let project = Project::new();
    let pin = || {
        let store = moonswitch::open_store(&project.0.join("data")).unwrap();
        let row = store.mailbox("8001", "1049").wait().unwrap();
        row.and_then(|row| row.pin)
    };

    let changed = project.hears(&["user", "pin", "1049"], "2580\n");
    assert_eq!(changed.code, Some(0), "{changed:?}");
    assert_eq!(pin(), Some(store::Secret::new("2580")));
    let poor = project.hears(&["user", "pin", "1049"], "1234\n");
    assert_eq!(poor.code, Some(1));
    assert!(poor.err.contains("anybody would guess that"), "{poor:?}");
    let nobody = project.hears(&["user", "pin", "1094"], "2580\n");
    assert!(nobody.err.contains("no user and no mailbox"), "{nobody:?}");
    let reset = project.says(&["user", "pin", "1049", "--reset"]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
    assert_eq!(pin(), None);
}
