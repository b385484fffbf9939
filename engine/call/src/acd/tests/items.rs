//! Chats beside calls: the same lines, the same agents, the same reservations.

use super::{Floor, QueuePlan, plan, s};
use crate::CallId;
use crate::acd::{
    Act, Capacity, Habit, ItemError, ItemNews, ItemStep, Medium, OfferEnd, Output, Plan, Wants,
};

fn chat() -> Wants {
    Wants {
        medium: Medium::Chat,
        ..Wants::default()
    }
}

fn chat_of(customer: &str) -> Wants {
    Wants {
        customer: Some(customer.into()),
        ..chat()
    }
}

fn accepts(floor: &mut Floor, agent: &str, new: bool) {
    let habit = Habit::AcceptItems(new);
    let done = floor.acd.handle_habit(floor.now, &agent.into(), habit);
    floor.drain();
    assert_eq!(done, Ok(()));
}

fn over(floor: &mut Floor, item: CallId) {
    floor.acd.handle_item_over(floor.now, item).unwrap();
    floor.drain();
}

/// To whom an item is offered now, of what has been told since the last time.
fn offered(floor: &mut Floor, item: CallId) -> Option<String> {
    let offered = |(id, agent, what): (CallId, String, ItemStep)| {
        (id == item && matches!(what, ItemStep::Offered(_))).then_some(agent)
    };
    told(floor).into_iter().find_map(offered)
}

/// Why this agent may be offered what was decided last, or not.
fn because(floor: &Floor, agent: &str) -> String {
    let decision = floor.decisions.last().unwrap();
    let mut all = decision.candidates.iter();
    let verdict = all.find(|it| *it.agent.0 == *agent).unwrap();
    verdict.because.to_string()
}

/// 1049 and 1050 serve calls and chats, so many at once.
fn floor(capacity: Capacity, with: impl FnOnce(&mut Plan)) -> Floor {
    let mut queue = QueuePlan::new("it", &["1049", "1050"]);
    queue.offering.wrap_up = Some(s(0));
    let mut plan = plan(vec![queue]);
    plan.rules.capacity = capacity;
    with(&mut plan);
    let mut floor = Floor::new(plan);
    for agent in ["1049", "1050"] {
        floor.ready(agent);
        floor.wait(s(1));
    }
    floor.take();
    floor
}

fn blended(chat: u32) -> Capacity {
    Capacity {
        chat,
        ..Capacity::default()
    }
}

fn told(floor: &mut Floor) -> Vec<(CallId, String, ItemStep)> {
    let out = floor.take().into_iter();
    out.filter_map(|output| match output {
        Output::Item(ItemNews {
            item, agent, what, ..
        }) => Some((item, agent.to_string(), what)),
        _ => None,
    })
    .collect()
}

fn takes(floor: &mut Floor, agent: &str, item: CallId) -> Result<(), ItemError> {
    let done = floor.acd.handle_item(floor.now, &agent.into(), item, true);
    floor.drain();
    done
}

#[test]
fn a_chat_is_offered_taken_and_done_with_and_a_second_beside_it() {
    let mut floor = floor(blended(2), |_| {});

    let first = floor.wants("it", chat());
    let offered = ItemStep::Offered(s(15));
    assert_eq!(told(&mut floor), [(first, "1049".to_owned(), offered)]);
    takes(&mut floor, "1049", first).unwrap();
    let (second, third) = (floor.wants("it", chat()), floor.wants("it", chat()));
    let news = told(&mut floor);
    assert!(news.contains(&(first, "1049".to_owned(), ItemStep::Taken)));
    assert!(
        news.contains(&(second, "1049".to_owned(), offered)),
        "{news:?}"
    );
    assert!(news.contains(&(third, "1050".to_owned(), offered)));
    takes(&mut floor, "1049", second).unwrap();
    takes(&mut floor, "1050", third).unwrap();
    floor.act("1050", Act::Busy(1)).unwrap();

    let waits = floor.wants("it", chat());
    let why = floor.acd.explain(waits).unwrap().candidates;
    assert_eq!(why[0].because.to_string(), "no room beside 2 chats");
    floor.acd.handle_item_over(floor.now, first).unwrap();
    floor.drain();

    let finished = (first, "1049".to_owned(), ItemStep::Finished);
    assert_eq!(
        told(&mut floor)[2..],
        [finished, (waits, "1049".to_owned(), offered)]
    );
    assert_eq!(floor.acd.items_of(&"1049".into()), [second]);
    let over = floor.acd.handle_item_over(floor.now, first);
    assert_eq!(over, Err(ItemError::NoItem));
}

#[test]
fn an_agent_has_one_reservation_for_calls_and_chats_together() {
    let mut floor = floor(blended(3), |_| {});
    floor.act("1050", Act::Busy(1)).unwrap();

    let call = floor.calls();
    let item = floor.wants("it", chat());
    assert_eq!(floor.ringing(), ["1049"]);
    assert_eq!(
        told(&mut floor),
        [],
        "the phone rings: no chat is offered now"
    );
    floor.answers("1049");
    assert_eq!(told(&mut floor), [], "and none during a call");
    assert_eq!(takes(&mut floor, "1049", item), Err(ItemError::NotOffered));
    floor.parts("1049", call);
    let next = floor.calls();

    assert_eq!(told(&mut floor).len(), 1, "the chat came first");
    assert_eq!(floor.ringing(), [""; 0]);
    takes(&mut floor, "1049", item).unwrap();
    assert_eq!(floor.rings[&"1049".into()].1, next, "a call interrupts");
}

#[test]
fn calls_do_not_interrupt_chats_where_that_is_so() {
    let capacity = Capacity {
        voice_interrupts: false,
        ..blended(2)
    };
    let mut floor = floor(capacity, |plan| {
        let only_calls = Capacity::default();
        plan.rules.capacities.insert("1050".into(), only_calls);
    });
    let item = floor.wants("it", chat());
    takes(&mut floor, "1049", item).unwrap();

    floor.calls();
    let waits = floor.calls();
    assert_eq!(floor.ringing(), ["1050"], "who serves calls only");
    floor.acd.handle_item_over(floor.now, item).unwrap();
    floor.drain();

    assert_eq!(floor.rings[&"1049".into()].1, waits);
    let second = floor.wants("it", chat());
    let why = floor.acd.explain(second).unwrap().candidates;
    assert_eq!(why[1].because.to_string(), "offered a call");
}

#[test]
fn a_chat_that_nobody_takes_goes_to_the_next_and_who_declines_rests() {
    let mut floor = floor(blended(1), |_| {});
    let item = floor.wants("it", chat());
    floor.take();

    floor.wait(s(15));
    let news = told(&mut floor);
    assert_eq!(news[1].1, "1050", "{news:?}");
    let done = floor
        .acd
        .handle_item(floor.now, &"1050".into(), item, false);
    floor.drain();
    assert_eq!(done, Ok(()));
    assert_eq!(told(&mut floor), [], "both rest");
    floor.wait(s(10));

    assert_eq!(told(&mut floor)[0].1, "1049");
    takes(&mut floor, "1049", item).unwrap();
    let episodes = floor.take_episodes();
    let ends: Vec<OfferEnd> = episodes[0].offers.iter().map(|offer| offer.why).collect();
    let expected = [OfferEnd::NoAnswer, OfferEnd::Rejected, OfferEnd::Connected];
    assert_eq!(ends, expected);
}

#[test]
fn chats_of_who_logs_out_wait_again_with_the_time_that_they_waited() {
    let mut floor = floor(blended(1), |_| {});
    floor.act("1050", Act::Busy(1)).unwrap();
    let item = floor.wants("it", chat());
    takes(&mut floor, "1049", item).unwrap();
    floor.wait(s(60));
    let later = floor.wants("it", chat());
    floor.take();

    floor.act("1049", Act::LogOut).unwrap();

    let returned = (item, "1049".to_owned(), ItemStep::Returned);
    assert_eq!(told(&mut floor), [returned]);
    assert_eq!(floor.acd.position(item), Some(1));
    assert_eq!(floor.acd.position(later), Some(2));
    floor.act("1050", Act::Idle).unwrap();
    assert_eq!(told(&mut floor)[0].0, item);
}

#[test]
fn a_chat_needs_no_phone_and_is_not_lost_by_a_look_at_what_calls_live() {
    let mut floor = floor(blended(1), |_| {});
    floor.act("1050", Act::LogOut).unwrap();
    floor.reach("1049", false);

    let item = floor.wants("it", chat());
    floor
        .acd
        .handle_audit(floor.now, &Default::default(), &Default::default());
    floor.drain();

    assert_eq!(takes(&mut floor, "1049", item), Ok(()));
    let other = floor.wants("it", chat());
    floor.acd.handle_item_over(floor.now, other).unwrap();
    floor.drain();
    assert_eq!(floor.acd.position(other), None, "the customer has gone");
}

#[test]
fn who_accepts_no_new_customers_is_offered_no_chat_and_calls_all_the_same() {
    let mut floor = floor(blended(2), |_| {});
    for agent in ["1049", "1050"] {
        let habit = Habit::AcceptItems(false);
        floor
            .acd
            .handle_habit(floor.now, &agent.into(), habit)
            .unwrap();
    }
    floor.drain();
    let item = floor.wants("it", chat());
    assert_eq!(told(&mut floor), []);
    let why = floor.acd.explain(item).unwrap().to_string();
    assert!(why.contains("takes no new customers by chat"), "{why}");

    floor.calls();
    assert_eq!(floor.ringing(), ["1049"], "calls come all the same");
    let habit = Habit::AcceptItems(true);
    floor
        .acd
        .handle_habit(floor.now, &"1050".into(), habit)
        .unwrap();
    floor.drain();

    let offered = told(&mut floor);
    assert!(
        matches!(&offered[..], [(id, agent, ItemStep::Offered(_))] if *id == item && agent == "1050"),
        "{offered:?}"
    );
}

#[test]
fn who_comes_back_within_a_day_and_vips_reach_an_agent_who_accepts_no_new_customers() {
    let mut floor = floor(blended(2), |_| {});
    floor.act("1050", Act::LogOut).unwrap();
    let first = floor.wants("it", chat_of("wx:anna"));
    takes(&mut floor, "1049", first).unwrap();
    over(&mut floor, first);
    accepts(&mut floor, "1049", false);
    floor.take();

    let new = floor.wants("it", chat_of("wx:bo"));
    assert_eq!(offered(&mut floor, new), None);
    assert_eq!(because(&floor, "1049"), "takes no new customers by chat");
    let back = floor.wants("it", chat_of("wx:anna"));
    assert_eq!(offered(&mut floor, back), Some("1049".to_owned()));
    let why = because(&floor, "1049");
    assert!(
        why.ends_with("takes no new customers, and this one comes back"),
        "{why}"
    );
    takes(&mut floor, "1049", back).unwrap();
    let vip = Wants {
        vip: true,
        ..chat_of("wx:carl")
    };
    let vip = floor.wants("it", vip);
    assert_eq!(offered(&mut floor, vip), Some("1049".to_owned()));
    let why = because(&floor, "1049");
    assert!(why.ends_with("takes no new customers but VIPs"), "{why}");
    takes(&mut floor, "1049", vip).unwrap();
    for item in [back, vip] {
        over(&mut floor, item);
    }
    assert_eq!(floor.acd.position(new), Some(1), "waits on");
    over(&mut floor, new);

    floor.wait(s(86_399));
    let still = floor.wants("it", chat_of("wx:anna"));
    assert_eq!(offered(&mut floor, still), Some("1049".to_owned()));
    over(&mut floor, still);
    floor.wait(s(1));
    let late = floor.wants("it", chat_of("wx:anna"));
    assert_eq!(offered(&mut floor, late), None, "they are new by now");
}

#[test]
fn who_comes_back_to_one_agent_is_new_to_another() {
    let mut floor = floor(blended(1), |_| {});
    let first = floor.wants("it", chat_of("wx:anna"));
    takes(&mut floor, "1049", first).unwrap();
    accepts(&mut floor, "1050", false);
    floor.take();

    let back = floor.wants("it", chat_of("wx:anna"));
    assert_eq!(offered(&mut floor, back), None, "1049 has no room");
    assert_eq!(because(&floor, "1050"), "takes no new customers by chat");
    accepts(&mut floor, "1049", false);
    over(&mut floor, first);

    assert_eq!(offered(&mut floor, back), Some("1049".to_owned()));
}

#[test]
fn nobody_waits_for_an_agent_who_does_not_take_them_but_who_comes_back_does() {
    let mut floor = floor(blended(2), |_| {});
    let first = floor.wants("it", chat_of("wx:anna"));
    takes(&mut floor, "1049", first).unwrap();
    accepts(&mut floor, "1049", false);
    let call = floor.calls();
    floor.answers("1049");
    floor.take();
    let meant = |customer: &str| Wants {
        agent: Some("1049".into()),
        agent_for: Some(s(60)),
        ..chat_of(customer)
    };

    let new = floor.wants("it", meant("wx:bo"));
    assert_eq!(offered(&mut floor, new), Some("1050".to_owned()), "at once");
    takes(&mut floor, "1050", new).unwrap();
    let back = floor.wants("it", meant("wx:anna"));
    assert_eq!(offered(&mut floor, back), None, "1049 is in a call");
    floor.parts("1049", call);

    assert_eq!(offered(&mut floor, back), Some("1049".to_owned()));
}

#[test]
fn who_waits_for_an_agent_goes_to_another_when_that_one_takes_no_new_customers_any_more() {
    let mut floor = floor(blended(2), |_| {});
    floor.calls();
    floor.answers("1049");
    floor.take();
    let new = floor.wants(
        "it",
        Wants {
            agent: Some("1049".into()),
            agent_for: Some(s(60)),
            ..chat_of("wx:bo")
        },
    );
    assert_eq!(offered(&mut floor, new), None, "1049 is in a call");

    accepts(&mut floor, "1049", false);

    assert_eq!(offered(&mut floor, new), Some("1050".to_owned()));
}
