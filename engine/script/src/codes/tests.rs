//! What a table of codes may hold, and what is said of one that cannot be.

use super::*;

fn idle(codes: &[(&str, &str)]) -> DeclaredCodes {
    let codes = codes.iter().map(|(code, name)| IdleCode {
        context: "internal".into(),
        keys: CodeKeys::read(code).unwrap(),
        name: (*name).into(),
        lamp: Some(format!("{name}-<me>-<number>")),
        place: Place::default(),
    });
    DeclaredCodes {
        idle: codes.collect(),
        in_call: None,
    }
}

fn in_call(codes: &[(&str, &str)]) -> DeclaredCodes {
    let codes = codes.iter().map(|(code, word)| InCallCode {
        code: (*code).into(),
        word: (*word).into(),
        name: format!("code/{word}"),
        lamp: None,
        place: Place::default(),
    });
    DeclaredCodes {
        idle: Vec::new(),
        in_call: Some(codes.collect()),
    }
}

fn wrong(declared: &DeclaredCodes) -> Vec<String> {
    let users = ["1049", "1050"].map(str::to_owned).into();
    let mut faults = Vec::new();
    table(declared, false, &users, &mut faults);
    faults.into_iter().map(|(_, why)| why).collect()
}

#[test]
fn a_code_may_begin_with_another_for_both_are_matched_whole() {
    let codes = [
        ("*2", "menu"),
        ("*22", "log in"),
        ("*22<XX.>", "sit"),
        ("*44", "mine"),
        ("*440<XXXXX>", "urge"),
        ("*69", "back"),
        ("*690", "five"),
        ("70", "park"),
    ];
    assert_eq!(wrong(&idle(&codes)), [""; 0]);
}

#[test]
fn two_codes_that_the_same_number_would_lead_to_are_refused_by_their_names() {
    let why = wrong(&idle(&[("*24<X>", "busy"), ("*241", "break")]));
    assert_eq!(
        why,
        [
            "codes: the same may be dialled for '*24<X>' (busy) and for '*241' (break): give one of them other keys"
        ]
    );
    for other in ["*24<Z>", "*24<X!>", "*2<XX>", "*<.>"] {
        let why = wrong(&idle(&[("*24<X>", "busy"), (other, "other")]));
        assert_eq!(why.len(), 1, "{other}: {why:?}");
    }
    assert_eq!(
        wrong(&idle(&[("*24<X>", "busy"), ("*24<XX>", "two")])),
        [""; 0]
    );
}

#[test]
fn a_code_swallows_no_extension_and_no_emergency_number() {
    let why = wrong(&idle(&[("10<XX>", "room")]));
    assert_eq!(
        why,
        [
            "codes: '10<XX>' (room) would swallow the extension 1049: give it other keys, such as ones that begin with *"
        ]
    );
    let why = wrong(&idle(&[("1<X!>", "anything")]));
    assert!(
        why[0].contains("would swallow 110, an emergency number"),
        "{why:?}"
    );
}

#[test]
fn what_is_no_code_says_what_to_write() {
    let read = |code: &str| CodeKeys::read(code).unwrap_err();
    assert!(read("24x").contains("'24x' is no code: write keys"));
    assert!(read("*24<>").contains("in <> what may follow"));
    assert!(read("*24<X").contains("in <> what may follow"));
    assert!(read("*21#").contains("cannot end with #"));
    assert!(read("*24<[5-1]>").contains("runs backwards"));
}

#[test]
fn codes_in_a_call_have_a_name_space_of_their_own_where_none_begins_with_another() {
    let mut declared = in_call(&[("*2<number>#", "consult"), ("*8", "tag")]);
    declared.idle = idle(&[("*22", "log in"), ("*8", "pick up")]).idle;
    assert_eq!(wrong(&declared), [""; 0]);

    let why = wrong(&in_call(&[("*2<number>#", "consult"), ("*22", "record")]));
    assert_eq!(
        why,
        [
            "codes: in a call, '*2<number>#' (code/consult) is the beginning of '*22' (code/record), which nobody could type \
          then: give one of them other keys"
        ]
    );
    let why = wrong(&in_call(&[("*1", "recrod"), ("*3", "transfer")]));
    assert!(why[0].contains(
        "'recrod' is no command that is complete without a number (did you mean 'record'?)"
    ));
    assert!(why[1].contains("'transfer' is no command"), "{why:?}");
}

#[test]
fn a_code_has_the_lamp_of_its_row_for_whoever_watches_it() {
    let mut declared = idle(&[("*78", "dnd"), ("*33<10XX>", "agent")]);
    declared.in_call = in_call(&[("*1", "record")]).in_call;
    if let Some(typed) = &mut declared.in_call {
        typed[0].lamp = Some("recording-<me>".into());
    }
    let table = table(&declared, false, &BTreeSet::new(), &mut Vec::new());
    let lamp = |dialled: &str, route: Option<&str>| {
        let route = route.map(|route| Pattern::parse(route).unwrap());
        table.lamp("internal", route.as_ref(), (dialled, "1049"))
    };

    assert_eq!(lamp("*78", Some("*78")).as_deref(), Some("dnd-1049-"));
    assert_eq!(
        lamp("*331050", Some("_*3310XX")).as_deref(),
        Some("agent-1049-1050")
    );
    assert_eq!(lamp("*1", None).as_deref(), Some("recording-1049"));
    assert_eq!(lamp("*2", None), None);
    assert!(table.is_typed("*1") && !table.is_typed("*78"));
}
