//! Call records and journals.

use store::{
    CallBegin, CallEnd, CallFilter, CallRow, Direction, FinishedCall, JournalLine, LegRow, Quality,
    SegmentRow, Store,
};
use uuid::Uuid;

use super::tenant;

/// The contract of calls.
pub(crate) fn run(store: &dyn Store) {
    a_call_is_there_from_its_beginning_and_whole_at_its_end(store);
    what_the_beginning_did_not_know_is_stored_at_the_end(store);
    a_record_whose_beginning_was_lost_is_stored_whole(store);
    a_record_that_is_stored_twice_is_there_once(store);
    tenants_do_not_see_each_others_calls(store);
    the_newest_call_is_the_one_that_was_made_last_whatever_its_clock_said(store);
    calls_are_listed_newest_first_and_page_by_page(store);
    calls_are_found_by_time_and_by_number(store);
    calls_are_found_by_each_party_and_by_what_became_of_them(store);
    whatever_is_asked_pages_hold_what_looking_at_each_call_would_find(store);
    a_cut_call_gets_a_record_that_says_so(store);
    a_journal_keeps_its_order_and_its_first_words(store);
}

fn the_newest_call_is_the_one_that_was_made_last_whatever_its_clock_said(store: &dyn Store) {
    let tenant = tenant("newest");
    assert_eq!(store.newest_call(&tenant).wait().unwrap(), None);
    let id = |ms: u128| Uuid::from_u128(ms << 80);
    for (ms, started_at) in [(1, 900), (3, 100), (2, 500)] {
        let call = CallBegin {
            id: id(ms),
            ..begin(&tenant, started_at)
        };
        store.begin_call(call).wait().unwrap();
    }

    let newest = store.newest_call(&tenant).wait().unwrap().unwrap();

    assert_eq!((newest.id, newest.started_at), (id(3), 100));
}

pub(super) fn begin(tenant: &str, started_at: i64) -> CallBegin {
    CallBegin {
        id: Uuid::now_v7(),
        tenant: tenant.into(),
        node: tenant.into(),
        direction: Direction::Inbound,
        from_raw: "013800138000".into(),
        from_number: Some("+8613800138000".into()),
        from_name: Some("李四".into()),
        to: "4001234567".into(),
        context: "inbound".into(),
        user: None,
        trunk_in: Some("carrier".into()),
        generation: Some(43),
        started_at,
    }
}

pub(super) fn finished(begin: CallBegin) -> FinishedCall {
    let from = begin.started_at;
    let leg = LegRow {
        leg: 0,
        kind: "trunk".into(),
        peer: "+8613800138000".into(),
        user_agent: None,
        invited_at: from,
        ringing_at: Some(from),
        early_at: None,
        up_at: Some(from + 1),
        ended_at: from + 9,
        cause: "normal".into(),
        codec: Some("pcma".into()),
        quality: Some(Quality {
            received: 450,
            lost: 3,
            jitter: 1_250,
            round_trip: Some(41_000),
            mos: Some(4.3),
        }),
    };
    let agent = LegRow {
        leg: 1,
        kind: "user".into(),
        peer: "1049".into(),
        early_at: Some(from + 1),
        quality: None,
        ..leg.clone()
    };
    let ivr = SegmentRow {
        kind: "ivr".into(),
        from,
        to: from + 4,
        agent: None,
        queue: None,
        recording: None,
        note: Some("按 1".into()),
    };
    let talk = SegmentRow {
        kind: "talk".into(),
        agent: Some("1049".into()),
        recording: Some(Uuid::now_v7()),
        ..ivr.clone()
    };
    let end = CallEnd {
        answered_at: Some(from + 1),
        ended_at: from + 9,
        ended_by: "customer".into(),
        result: "answered".into(),
        cause: "normal".into(),
        sip_status: 480,
        q850: 16,
        trunk_out: None,
        mos_min: Some(4.3),
        vars: serde_json::json!({ "工单": "T-1" }),
        script_error: None,
    };
    FinishedCall {
        begin,
        end,
        legs: vec![leg, agent],
        segments: vec![ivr, talk],
    }
}

fn assert_stored(store: &dyn Store, wanted: &FinishedCall) {
    let found = store
        .call(&wanted.begin.tenant, wanted.begin.id)
        .wait()
        .unwrap()
        .unwrap();
    assert_eq!(found.call.begin, wanted.begin);
    assert_eq!(found.call.end.as_ref(), Some(&wanted.end));
    assert_eq!(found.legs, wanted.legs);
    assert_eq!(found.segments, wanted.segments);
}

fn a_call_is_there_from_its_beginning_and_whole_at_its_end(store: &dyn Store) {
    let call = finished(begin(&tenant("whole"), 1_000));
    store.begin_call(call.begin.clone()).wait().unwrap();

    let going_on = store
        .call(&call.begin.tenant, call.begin.id)
        .wait()
        .unwrap()
        .unwrap();
    assert_eq!(
        going_on.call,
        CallRow {
            begin: call.begin.clone(),
            end: None,
            repeated_after: None,
        }
    );

    store.finish_call(call.clone()).wait().unwrap();
    assert_stored(store, &call);
}

fn what_the_beginning_did_not_know_is_stored_at_the_end(store: &dyn Store) {
    let mut call = finished(begin(&tenant("learnt"), 1_000));
    store.begin_call(call.begin.clone()).wait().unwrap();

    // Where it goes is the script's business, so a call out of the house begins as any other.
    call.begin.direction = Direction::Outbound;
    call.begin.from_number = None;
    call.begin.generation = Some(44);
    store.finish_call(call.clone()).wait().unwrap();

    assert_stored(store, &call);
}

fn a_record_whose_beginning_was_lost_is_stored_whole(store: &dyn Store) {
    let call = finished(begin(&tenant("late"), 1_000));

    store.finish_call(call.clone()).wait().unwrap();

    assert_stored(store, &call);
}

fn a_record_that_is_stored_twice_is_there_once(store: &dyn Store) {
    let mut call = finished(begin(&tenant("twice"), 1_000));
    store.finish_call(call.clone()).wait().unwrap();

    call.legs.pop();
    call.segments.pop();
    call.end.vars = serde_json::Value::Null;
    store.finish_call(call.clone()).wait().unwrap();

    assert_stored(store, &call);
}

fn tenants_do_not_see_each_others_calls(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let call = finished(begin(&ours, 1_000));
    store.finish_call(call.clone()).wait().unwrap();
    let line = JournalLine {
        seq: 0,
        at: 0,
        json: "{}".into(),
    };
    store
        .append_journal(&ours, call.begin.id, vec![line])
        .wait()
        .unwrap();

    let mut forged = call.clone();
    forged.begin.tenant = theirs.clone();
    forged.end.result = "failed".into();
    store.finish_call(forged).wait().unwrap();

    assert_stored(store, &call);
    assert_eq!(store.journal(&theirs, call.begin.id).wait().unwrap(), []);
    let other = finished(begin(&ours, 1_000));
    store.finish_call(other.clone()).wait().unwrap();
    assert_eq!(store.call(&theirs, other.begin.id).wait().unwrap(), None);
    assert_eq!(
        store
            .calls(&theirs, CallFilter::default())
            .wait()
            .unwrap()
            .len(),
        1
    );
}

fn calls_are_listed_newest_first_and_page_by_page(store: &dyn Store) {
    let tenant = tenant("pages");
    let mut ids = Vec::new();
    for n in 0..7 {
        // Two of each time.
        let call = begin(&tenant, 1_000 + n / 2);
        ids.push((call.started_at, call.id));
        store.begin_call(call).wait().unwrap();
    }
    ids.sort_unstable();
    ids.reverse();

    let mut seen = Vec::new();
    let mut filter = CallFilter {
        limit: 3,
        ..CallFilter::default()
    };
    loop {
        let page = store.calls(&tenant, filter.clone()).wait().unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        filter.before = Some(last.begin.id);
        seen.extend(
            page.iter()
                .map(|call| (call.begin.started_at, call.begin.id)),
        );
    }

    assert_eq!(seen, ids);
}

fn calls_are_found_by_time_and_by_number(store: &dyn Store) {
    let tenant = tenant("filter");
    let early = finished(begin(&tenant, 1_000));
    let mut late = begin(&tenant, 2_000);
    late.from_raw = "1050".into();
    late.from_number = None;
    late.user = Some("1050".into());
    store.finish_call(early.clone()).wait().unwrap();
    store.begin_call(late.clone()).wait().unwrap();
    let found = |filter: CallFilter| -> Vec<Uuid> {
        let calls = store.calls(&tenant, filter).wait().unwrap();
        calls.into_iter().map(|call| call.begin.id).collect()
    };
    let by = |number: &str| {
        found(CallFilter {
            number: Some(number.into()),
            ..CallFilter::default()
        })
    };

    assert_eq!(
        found(CallFilter {
            since: Some(2_000),
            ..CallFilter::default()
        }),
        [late.id]
    );
    assert_eq!(
        found(CallFilter {
            until: Some(2_000),
            ..CallFilter::default()
        }),
        [early.begin.id]
    );
    assert_eq!(by("+8613800138000"), [early.begin.id]);
    assert_eq!(by("013800138000"), [early.begin.id]);
    assert_eq!(by("1049"), [early.begin.id], "the agent who talked");
    assert_eq!(by("1050"), [late.id]);
    assert_eq!(by("4001234567"), [late.id, early.begin.id]);
    assert_eq!(by("9"), Vec::<Uuid>::new());
}

fn calls_are_found_by_each_party_and_by_what_became_of_them(store: &dyn Store) {
    let tenant = tenant("parties");
    let over = finished(begin(&tenant, 1_000));
    let mut live = begin(&tenant, 2_000);
    live.from_raw = "1049".into();
    live.from_number = None;
    live.user = Some("1049".into());
    live.to = "1050".into();
    store.finish_call(over.clone()).wait().unwrap();
    store.begin_call(live.clone()).wait().unwrap();
    let found = |change: &dyn Fn(&mut CallFilter)| -> Vec<Uuid> {
        let mut filter = CallFilter::default();
        change(&mut filter);
        let calls = store.calls(&tenant, filter).wait().unwrap();
        calls.into_iter().map(|call| call.begin.id).collect()
    };
    let word = |word: &str| Some(word.to_owned());

    let (over, live) = (over.begin.id, live.id);
    assert_eq!(found(&|filter| filter.from = word("013800138000")), [over]);
    assert_eq!(found(&|filter| filter.from = word("1049")), [live]);
    assert_eq!(found(&|filter| filter.to = word("1050")), [live]);
    assert_eq!(
        found(&|filter| filter.to = word("1049")),
        Vec::<Uuid>::new()
    );
    assert_eq!(found(&|filter| filter.user = word("1049")), [live, over]);
    assert_eq!(
        found(&|filter| filter.user = word("1050")),
        Vec::<Uuid>::new()
    );
    assert_eq!(found(&|filter| filter.result = word("answered")), [over]);
    assert_eq!(
        found(&|filter| filter.result = word("refused")),
        Vec::<Uuid>::new()
    );
    assert_eq!(found(&|filter| filter.is_over = Some(true)), [over]);
    assert_eq!(found(&|filter| filter.is_over = Some(false)), [live]);
}

fn whatever_is_asked_pages_hold_what_looking_at_each_call_would_find(store: &dyn Store) {
    let tenant = tenant("asked");
    let calls: Vec<FinishedCall> = (0..48).map(|n| mixed(&tenant, n)).collect();
    for (n, call) in calls.iter().enumerate() {
        match n % 5 {
            0 => store.begin_call(call.begin.clone()).wait().unwrap(),
            _ => store.finish_call(call.clone()).wait().unwrap(),
        }
    }
    let word = |is_asked: bool, word: &str| is_asked.then(|| word.to_owned());
    for asked in 0..512_u32 {
        let bit = |n: u32| asked & 1 << n != 0;
        let mut filter = CallFilter {
            from: word(bit(0), "1049"),
            to: word(bit(1), "1051"),
            user: word(bit(2), "1050"),
            number: word(bit(3), "1049"),
            among: word(bit(8), "1050").into_iter().collect(),
            result: word(bit(4), "answered"),
            is_over: bit(5).then_some(bit(6)),
            since: bit(7).then_some(1_005),
            until: bit(7).then_some(1_015),
            before: None,
            limit: 3,
        };
        let mut wanted: Vec<(i64, Uuid)> = calls
            .iter()
            .enumerate()
            .filter(|(n, call)| fits(&filter, call, n % 5 != 0))
            .map(|(_, call)| (call.begin.started_at, call.begin.id))
            .collect();
        wanted.sort_unstable();
        wanted.reverse();

        let mut found = Vec::new();
        loop {
            let page = store.calls(&tenant, filter.clone()).wait().unwrap();
            let Some(last) = page.last() else { break };
            filter.before = Some(last.begin.id);
            found.extend(page.iter().map(|it| (it.begin.started_at, it.begin.id)));
        }

        assert_eq!(found, wanted, "{filter:?}");
    }
}

/// A call between three users, as its number has it.
fn mixed(tenant: &str, n: usize) -> FinishedCall {
    const USERS: [&str; 3] = ["1049", "1050", "1051"];
    let mut call = finished(begin(tenant, 1_000 + n as i64 / 2));
    call.begin.from_raw = USERS[n % 3].into();
    call.begin.from_number = n.is_multiple_of(2).then(|| USERS[n / 2 % 3].into());
    call.begin.user = (n % 4 < 2).then(|| USERS[n / 3 % 3].into());
    call.begin.to = USERS[n / 5 % 3].into();
    call.end.result = if n % 7 < 4 { "answered" } else { "refused" }.into();
    call.segments[0].agent = n.is_multiple_of(6).then(|| USERS[n / 7 % 3].into());
    call.segments[1].agent = n.is_multiple_of(3).then(|| USERS[n / 11 % 3].into());
    call
}

/// Whether a call is asked for; one that goes on has no segments and no result yet.
fn fits(filter: &CallFilter, call: &FinishedCall, is_over: bool) -> bool {
    let begin = &call.begin;
    let took_part = |user: &String| {
        let agents = call.segments.iter().filter_map(|it| it.agent.as_ref());
        begin.user.as_ref() == Some(user) || is_over && agents.into_iter().any(|it| it == user)
    };
    let is_from =
        |number: &String| begin.from_raw == *number || begin.from_number.as_ref() == Some(number);
    filter.from.as_ref().is_none_or(is_from)
        && filter.to.as_ref().is_none_or(|to| begin.to == *to)
        && filter.user.as_ref().is_none_or(took_part)
        && (filter.among.is_empty() || filter.among.iter().any(took_part))
        && (filter.number.as_ref())
            .is_none_or(|number| is_from(number) || begin.to == *number || took_part(number))
        && (filter.result.as_ref()).is_none_or(|it| is_over && call.end.result == *it)
        && filter.is_over.is_none_or(|over| over == is_over)
        && filter.since.is_none_or(|since| begin.started_at >= since)
        && filter.until.is_none_or(|until| begin.started_at < until)
}

fn a_cut_call_gets_a_record_that_says_so(store: &dyn Store) {
    let tenant = tenant("cut");
    let (cut, silent) = (begin(&tenant, 1_000), begin(&tenant, 2_000));
    let done = finished(begin(&tenant, 1_500));
    let mut elsewhere = begin(&tenant, 1_000);
    elsewhere.node = format!("{tenant}-other");
    let young = begin(&tenant, 9_000);
    for call in [&cut, &silent, &elsewhere, &young] {
        store.begin_call(call.clone()).wait().unwrap();
    }
    store.finish_call(done).wait().unwrap();
    let line = JournalLine {
        seq: 0,
        at: 250,
        json: "{}".into(),
    };
    store
        .append_journal(&tenant, cut.id, vec![line])
        .wait()
        .unwrap();
    assert_eq!(
        store.unfinished_calls(&tenant).wait().unwrap(),
        [cut.clone(), silent.clone(), young.clone()]
    );

    let closed = store.close_cut_calls(&tenant, 9_000).wait().unwrap();

    assert_eq!(closed, [cut.clone(), silent.clone()]);
    let end_of = |id| store.call(&tenant, id).wait().unwrap().unwrap().call.end;
    let end = end_of(cut.id).unwrap();
    assert_eq!((end.ended_at, end.ended_by.as_str()), (1_250, "system:cut"));
    assert_eq!(
        (end.result.as_str(), end.cause.as_str()),
        ("failed", "failure")
    );
    assert_eq!(end_of(silent.id).unwrap().ended_at, 2_000);
    assert_eq!(end_of(young.id), None);
    assert_eq!(store.unfinished_calls(&tenant).wait().unwrap(), [young]);
    assert_eq!(
        store.unfinished_calls(&elsewhere.node).wait().unwrap(),
        [elsewhere.clone()]
    );
}

fn a_journal_keeps_its_order_and_its_first_words(store: &dyn Store) {
    let (tenant, call) = (tenant("journal"), Uuid::now_v7());
    let line = |seq: u32, json: &str| JournalLine {
        seq,
        at: i64::from(seq) * 10,
        json: json.into(),
    };

    store
        .append_journal(&tenant, call, vec![line(1, "b"), line(2, "c")])
        .wait()
        .unwrap();
    store
        .append_journal(&tenant, call, vec![line(0, "a"), line(1, "x")])
        .wait()
        .unwrap();

    let journal = store.journal(&tenant, call).wait().unwrap();
    assert_eq!(journal, [line(0, "a"), line(1, "b"), line(2, "c")]);
}
