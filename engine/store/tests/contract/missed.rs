//! Customers' calls that nobody took.

use serde_json::Value;
use store::{
    CallBegin, CallEnd, CalledBack, Direction, FinishedCall, MissedFilter, MissedRow, MissedState,
    SegmentRow, Store,
};
use uuid::Uuid;

use super::tenant;

/// The contract of missed calls.
pub(crate) fn run(store: &dyn Store) {
    what_nobody_took_is_listed_until_it_is_called_back(store);
    a_customer_who_comes_again_and_is_answered_was_not_missed(store);
    somebody_may_say_that_one_is_settled(store);
    a_list_is_read_page_by_page_and_by_its_queue(store);
    a_customer_who_calls_again_within_two_days_repeats_themselves(store);
}

fn what_nobody_took_is_listed_until_it_is_called_back(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let missed = call(&ours, 1_000, "abandoned_in_queue");
    store.finish_call(missed.clone()).wait().unwrap();
    // Told twice, listed once; and what is not missed, not at all.
    store.finish_call(missed.clone()).wait().unwrap();
    for result in ["ended_in_menu", "transferred", "blacklisted"] {
        store
            .finish_call(call(&ours, 1_100, result))
            .wait()
            .unwrap();
    }
    store
        .finish_call(call(&theirs, 1_000, "rang_out"))
        .wait()
        .unwrap();

    let listed = list(store, &ours, MissedFilter::default());
    let [row] = &listed[..] else {
        panic!("one is missed, not {listed:#?}");
    };
    assert_eq!((row.call, row.at, row.waited), (missed.begin.id, 1_000, 40));
    assert_eq!((row.state, row.tries), (MissedState::Open, 0));
    assert_eq!(row.queue.as_deref(), Some("it"));
    // A call that began before it was missed, to another number, of another tenant.
    for (of, number, at) in [
        (&ours, NUMBER, 900),
        (&ours, "+8613900139000", 2_000),
        (&theirs, NUMBER, 500),
    ] {
        let back = back(number, at, true);
        assert_eq!(store.called_back(of, back).wait(), Ok(0));
    }

    assert_eq!(
        store.called_back(&ours, back(NUMBER, 2_000, false)).wait(),
        Ok(1)
    );
    let row = &list(store, &ours, unsettled(true))[0];
    assert_eq!((row.state, row.tries), (MissedState::Tried, 1));
    let answered = back(NUMBER, 3_000, true);
    assert_eq!(store.called_back(&ours, answered.clone()).wait(), Ok(1));

    assert!(list(store, &ours, unsettled(true)).is_empty());
    let row = &list(store, &ours, unsettled(false))[0];
    assert_eq!((row.state, row.tries), (MissedState::CalledBack, 2));
    assert_eq!(row.last_by.as_deref(), Some("1049"));
    assert_eq!(
        (row.last_at, row.last_call),
        (Some(3_000), Some(answered.call))
    );
    assert_eq!(list(store, &theirs, unsettled(true)).len(), 1);
}

fn a_customer_who_comes_again_and_is_answered_was_not_missed(store: &dyn Store) {
    let ours = tenant("again");
    store
        .finish_call(call(&ours, 1_000, "rang_out"))
        .wait()
        .unwrap();
    store
        .finish_call(call(&ours, 2_000, "queue_timeout"))
        .wait()
        .unwrap();
    let again = call(&ours, 3_000, "answered");
    store.finish_call(again.clone()).wait().unwrap();
    store
        .finish_call(call(&ours, 4_000, "rang_out"))
        .wait()
        .unwrap();

    let states: Vec<_> = list(store, &ours, MissedFilter::default())
        .iter()
        .map(|row| (row.at, row.state, row.last_call))
        .collect();

    let came = |at| (at, MissedState::CameAgain, Some(again.begin.id));
    assert_eq!(
        states,
        [(4_000, MissedState::Open, None), came(2_000), came(1_000)]
    );
}

fn somebody_may_say_that_one_is_settled(store: &dyn Store) {
    let ours = tenant("done");
    let missed = call(&ours, 1_000, "rang_out");
    store.finish_call(missed.clone()).wait().unwrap();
    let settle = |state| {
        let settled = store.settle_missed(&ours, missed.begin.id, state, ("api:desk", 5_000));
        settled.wait().unwrap()
    };

    let row = settle(MissedState::Done).unwrap();
    assert_eq!(
        (row.state, row.last_by.as_deref()),
        (MissedState::Done, Some("api:desk"))
    );
    assert_eq!(
        store.called_back(&ours, back(NUMBER, 6_000, true)).wait(),
        Ok(0)
    );
    assert_eq!(settle(MissedState::Open).unwrap().state, MissedState::Open);
    let nobodys = store.settle_missed(&ours, Uuid::now_v7(), MissedState::Done, ("api:desk", 1));
    assert_eq!(nobodys.wait(), Ok(None));
}

fn a_list_is_read_page_by_page_and_by_its_queue(store: &dyn Store) {
    let ours = tenant("pages");
    for at in 1..=7 {
        let mut missed = call(&ours, at, "rang_out");
        if at % 2 == 0 {
            missed.segments.clear();
        }
        store.finish_call(missed).wait().unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let filter = MissedFilter {
            before,
            limit: 3,
            since: Some(2),
            until: Some(7),
            ..MissedFilter::default()
        };
        let page = list(store, &ours, filter);
        let Some(last) = page.last() else { break };
        before = Some((last.at, last.call));
        seen.extend(page.iter().map(|row| row.at));
    }
    assert_eq!(seen, [6, 5, 4, 3, 2]);
    let of_queue = MissedFilter {
        queue: Some("it".to_owned()),
        ..MissedFilter::default()
    };
    let of_queue: Vec<_> = list(store, &ours, of_queue)
        .iter()
        .map(|it| it.at)
        .collect();
    assert_eq!(of_queue, [7, 5, 3, 1]);
}

fn a_customer_who_calls_again_within_two_days_repeats_themselves(store: &dyn Store) {
    let ours = tenant("repeated");
    let hour = 3_600_000_000;
    let times = [hour, 3 * hour, 51 * hour, 100 * hour];
    let calls = times.map(|at| call(&ours, at, "answered").begin);
    for begin in &calls {
        store.begin_call(begin.clone()).wait().unwrap();
    }

    let told = calls.map(|begin| {
        let call = store.call(&ours, begin.id).wait().unwrap().unwrap();
        call.call.repeated_after.map(|after| after / hour)
    });

    assert_eq!(told, [None, Some(2), Some(48), None]);
}

fn list(store: &dyn Store, tenant: &str, filter: MissedFilter) -> Vec<MissedRow> {
    store.missed_calls(tenant, filter).wait().unwrap()
}

fn unsettled(unsettled: bool) -> MissedFilter {
    MissedFilter {
        unsettled: Some(unsettled),
        ..MissedFilter::default()
    }
}

fn back(number: &str, at: i64, answered: bool) -> CalledBack {
    CalledBack {
        number: number.to_owned(),
        call: Uuid::now_v7(),
        by: "1049".to_owned(),
        at,
        answered,
    }
}

fn call(tenant: &str, started_at: i64, result: &str) -> FinishedCall {
    FinishedCall {
        begin: CallBegin {
            id: Uuid::now_v7(),
            tenant: tenant.to_owned(),
            node: "local".to_owned(),
            direction: Direction::Inbound,
            from_raw: "013800138000".to_owned(),
            from_number: Some(NUMBER.to_owned()),
            from_name: None,
            to: "4001".to_owned(),
            context: "inbound".to_owned(),
            user: None,
            trunk_in: Some("carrier".to_owned()),
            generation: None,
            started_at,
        },
        end: CallEnd {
            answered_at: None,
            ended_at: started_at + 50,
            ended_by: "customer".to_owned(),
            result: result.to_owned(),
            cause: "normal".to_owned(),
            sip_status: 487,
            q850: 16,
            trunk_out: None,
            mos_min: None,
            vars: Value::Null,
            script_error: None,
        },
        legs: Vec::new(),
        segments: vec![SegmentRow {
            kind: if result == "answered" {
                "talk"
            } else {
                "queue"
            }
            .to_owned(),
            from: started_at + 5,
            to: started_at + 45,
            agent: None,
            queue: Some("it".to_owned()),
            recording: None,
            note: None,
        }],
    }
}

const NUMBER: &str = "+8613800138000";
