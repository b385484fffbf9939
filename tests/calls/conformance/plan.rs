//! All that a floor does by phone, row by row: no row may be without its keys, and no keys without their row.

use std::collections::BTreeSet;

use super::table::written;

/// Rows that are done by a code: what it is for, and all the ways of dialling it.
const PLAN: &[(&str, &[&str])] = &[
    (
        "logging in, here or at any phone",
        &["*22", "*22<XX.>", "*45"],
    ),
    ("logging out", &["*20"]),
    ("置闲", &["*23"]),
    (
        "置忙, with a reason, and to and fro",
        &["*24", "*24<X>", "*46"],
    ),
    (
        "the end of 事后, and more of it",
        &["*25", "*25<Z>", "*25<ZX>"],
    ),
    ("one's state and figures", &["*47"]),
    ("one's call to this phone", &["*26"]),
    ("resynchronising", &["*29"]),
    (
        "redial, who called last, the last five",
        &["*870", "*69", "*690"],
    ),
    ("a text to whom one talked with", &["*76<X>"]),
    ("automatic answer", &["*481", "*480"]),
    ("do not disturb", &["*78", "*79"]),
    ("in a call: asking somebody", &["*2<number>#"]),
    ("in a call: completing the transfer", &["*4"]),
    ("in a call: all three", &["*5"]),
    ("in a call: to and fro, and back", &["*6", "*3"]),
    ("in a call: transferring unasked", &["##<number>#"]),
    ("in a call and by transfer: the survey", &["*9"]),
    ("in a call: recording", &["*1"]),
    ("in a call: masking", &["*7"]),
    ("in a call: marking; idle: what rings in the team", &["*8"]),
    (
        "parking and fetching",
        &["*5900", "70", "*59<0Z>", "*59<ZX>", "7<Z>"],
    ),
    ("what rings at a colleague", &["**<10XX>"]),
    ("who waits in the queue", &["*27", "*27<Z>"]),
    (
        "closing the record of the last contact",
        &["*41", "*41<X>", "*41<XX>"],
    ),
    ("a ticket for the last call", &["*42", "*42<X>"]),
    ("how many tickets", &["*44"]),
    ("urging a ticket", &["*440", "*440<XXXXX>"]),
    ("the last recording", &["*732"]),
    (
        "mailboxes: one's own, any, the hotline's",
        &["*97", "*98", "*980"],
    ),
    ("recording a prompt", &["*77<X>", "*77<XX>"]),
    ("leaders: listening", &["*33<10XX>"]),
    (
        "leaders: barging in and whispering at once",
        &["*34<10XX>", "*35<10XX>"],
    ),
    (
        "leaders: release, 置忙, log-out",
        &["*36<10XX>", "*37<10XX>", "*38<10XX>"],
    ),
    ("leaders: the hotline's switch", &["*28", "*28<[012]>"]),
    ("leaders: the blacklist", &["*30", "*31", "*32"]),
    ("changing one's PIN", &["*11"]),
    ("new chats or none", &["*431", "*430"]),
    ("a headset before the shift", &["*43", "*65", "*9664"]),
    ("the menu for whoever remembers nothing", &["*2"]),
    ("a room", &["*88<XX>"]),
];

#[test]
fn each_row_of_the_plan_has_its_codes_and_each_code_its_row() {
    let rows = PLAN.iter().flat_map(|(_, codes)| *codes);
    let mut planned = BTreeSet::new();
    for code in rows {
        assert!(planned.insert((*code).to_owned()), "{code} has two rows");
    }
    let there: BTreeSet<String> = written().into_iter().flatten().collect();

    for (row, codes) in PLAN {
        for code in *codes {
            assert!(there.contains(*code), "{row}: the table has no {code}");
        }
    }
    assert_eq!(there, planned);
}
