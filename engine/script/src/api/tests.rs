//! The globals: declarations, data, time, and where each may stand.

use serde_json::json;

use super::testbed::{Bed, NOON};
use crate::surroundings::Phase;

fn refusal(source: &str) -> String {
    Bed::new().load(source).unwrap_err()
}

#[test]
fn a_context_declares_its_routes_with_their_place() {
    let bed = Bed::new();

    bed.load("\ncontext 'internal' { ['_10XX'] = print, [110] = print }")
        .unwrap();
    bed.load("context 'internal' { ['*97'] = print }").unwrap();

    let declared = bed.vm.surroundings.declared.borrow();
    let routes = &declared.contexts["internal"];
    let patterns: Vec<&str> = routes.iter().map(|route| route.pattern.as_str()).collect();
    assert_eq!(patterns, ["110", "_10XX", "*97"]);
    assert_eq!(
        (&*routes[0].place.file, routes[0].place.line),
        ("test.lua", 2)
    );
}

#[test]
fn a_wrong_declaration_is_an_error_with_its_line() {
    for (source, sentence) in [
        (
            "context()",
            "test.lua:1: context expects a name such as \"internal\", got nothing",
        ),
        (
            "context 'a' 'b'",
            "test.lua:1: context expects a table of routes: context \"internal\" { [\"_2XX\"] = extension }, got \"b\"",
        ),
        (
            "context 'a' { [true] = print }",
            "test.lua:1: context expects numbers or patterns as names, got true",
        ),
        (
            "\ncontext 'a' { ['1'] = 5 }",
            "test.lua:2: context: '1' needs a function(call), got 5",
        ),
        (
            "on('call.end', print)",
            "test.lua:1: on: unknown event 'call.end' (did you mean 'call.ended'?)",
        ),
        (
            "on('call.ended')",
            "test.lua:1: on expects a function, got nothing",
        ),
        (
            "every('often', print)",
            "test.lua:1: every: expected a rhythm such as \"5m\", \"day 03:00\" or \"mon 08:30\", got \"often\"",
        ),
        (
            "every('10ms', print)",
            "test.lua:1: every: every \"10ms\" is too often: once a second at most",
        ),
        (
            "schedule 'always'",
            "test.lua:1: schedule expects a table such as { [\"mon-fri\"] = \"09:00-18:00\" }, got \"always\"",
        ),
        (
            "store('a b')",
            "test.lua:1: store: 'a b' is no name: letters, digits, - and _ only",
        ),
        (
            "store('a', { expire = 5 })",
            "test.lua:1: store: unknown option 'expire' (did you mean 'expires'?)",
        ),
        (
            "store('a', { expires = 'soon' })",
            "test.lua:1: store: expires: expected seconds or a time such as \"20s\", got \"soon\"",
        ),
        (
            "context('a', 'b')",
            "test.lua:1: context takes one argument, got 2",
        ),
    ] {
        assert_eq!(refusal(source), sentence);
    }
    assert!(refusal("context 'a' { ['2XX'] = print }").contains("_2XX"));
    assert!(refusal("schedule { mno = '9:00-18:00' }").contains("did you mean 'mon'?"));
}

#[test]
fn what_only_runs_in_a_call_is_refused_while_files_load() {
    for (source, function) in [
        ("emit('order.paid')", "emit"),
        ("spawn(print)", "spawn"),
        ("clock.sleep(1)", "clock.sleep"),
        ("store('a'):get('b')", "store:get"),
    ] {
        let refusal = refusal(source);
        let start = format!("test.lua:1: {function} cannot be used while files load");
        assert!(refusal.starts_with(&start), "{refusal}");
    }
}

#[test]
fn declarations_are_refused_in_a_call() {
    let bed = Bed::new();
    for (source, function) in [
        ("context 'a' {}", "context"),
        ("on('call.ended', print)", "on"),
        ("every(5, print)", "every"),
    ] {
        let sentence =
            format!("test.lua:1: {function} cannot be used in a call (only while files load)");
        assert_eq!(bed.call(source), Err(sentence));
    }
}

#[test]
fn what_comes_with_later_versions_is_unknown_now() {
    for name in ["plugin", "io"] {
        assert!(refusal(&format!("local x = {name}")).contains(&format!("unknown name '{name}'")));
    }
    assert_eq!(
        refusal("schedul {}"),
        "test.lua:1: unknown name 'schedul' (did you mean 'schedule'?)"
    );
}

#[test]
fn a_schedule_knows_the_tenants_hours_and_the_holidays() {
    let bed = Bed::new();
    // 17 February 2026 is the first day of the Chinese year; 14 February is worked, a Saturday.
    let hours = "local hours = schedule { ['mon-fri'] = '09:00-18:00', calendar = 'cn' } ";

    let answers = bed.load(&format!(
        "{hours} return {{ hours:is_open(), hours:is_open({}), hours:is_open(1771034400), hours:holiday(1771293600), hours:explain({}) }}",
        NOON / 1_000_000 + 6 * 3600,
        NOON / 1_000_000 + 6 * 3600,
    ));

    assert_eq!(
        answers,
        Ok(json!([true, false, true, "春节", "outside 09:00-18:00"]))
    );
    let wrong = bed.load(&format!("{hours} return hours:is_opne()"));
    assert_eq!(
        wrong,
        Err("test.lua:1: a schedule has no 'is_opne' (did you mean 'is_open'?)".into())
    );
    let wrong = bed.load(&format!("{hours} return hours.is_open()"));
    assert_eq!(
        wrong,
        Err("test.lua:1: write hours:is_open(...) with a colon; in front of it is nothing".into())
    );
    assert!(
        bed.load(&format!("{hours} return hours:is_open('now')"))
            .unwrap_err()
            .contains("seconds since 1970")
    );
}

#[test]
fn the_clock_tells_the_tenants_time() {
    let bed = Bed::new();

    let answers = bed.load(
        "local d = clock.date() return { clock.now(), d.hour, d.weekday, clock.date(0).year, clock.text('%Y-%m-%d %H:%M') }",
    );

    assert_eq!(
        answers,
        Ok(json!([
            1_772_424_000.0,
            12,
            "mon",
            1970,
            "2026-03-02 12:00"
        ]))
    );
    assert_eq!(bed.call("clock.sleep('10ms') return 1"), Ok(json!([1])));
    assert!(
        bed.call("clock.sleep('soon')")
            .unwrap_err()
            .starts_with("test.lua:1: clock.sleep expects seconds")
    );
    assert!(refusal("clock.text('%!')").starts_with("test.lua:1: clock.text: "));
}

#[test]
fn json_goes_both_ways_and_bad_text_is_no_error() {
    let bed = Bed::new();

    let answers = bed.load(
        "local v, why = json.decode('{\"a\":[1,null],\"b\":[]}') local bad, reason = json.decode('{') \
         return { json.encode(v), v.a[2] == json.null, bad == nil, type(reason), json.encode(json.list()), json.encode {} }",
    );

    let text = "{\"a\":[1,null],\"b\":[]}";
    assert_eq!(answers, Ok(json!([text, true, true, "string", "[]", "{}"])));
    assert!(
        refusal("json.encode(print)")
            .contains("only plain data can be kept, and this is a function")
    );
}

#[test]
fn a_store_keeps_values_between_calls() {
    let bed = Bed::new();

    let answers = bed.call(
        "local seen = store('seen') \
         seen:set('a/1', { x = 1 }) seen:set('a/2', 'two') seen:set('gone', 1) seen:set('gone', nil) \
         local added, again = seen:add('once'), seen:add('once') \
         local all = seen:each('a/') \
         return seen:get('a/1').x, seen:get('gone'), added, again, seen:incr('n'), seen:incr('n', 5), #all, all[2].key, seen:delete('a/1'), seen:delete('a/1')",
    );

    assert_eq!(
        answers,
        Ok(json!([1, null, true, false, 1, 6, 2, "a/2", true, false]))
    );
    assert_eq!(
        bed.call("return store('other'):get('a/2')"),
        Ok(json!([null]))
    );
    assert_eq!(
        bed.call("return store('seen'):get('a/2')"),
        Ok(json!(["two"]))
    );
}

#[test]
fn a_value_goes_when_it_has_expired() {
    let bed = Bed::new();

    // The clock of the test stands still, so what lasts no time is gone at once.
    let answers = bed.call(
        "local short = store('short', { expires = 0 }) short:set('a', 1) \
         local long = store('long', { expires = '1d' }) long:set('a', 1) return short:get('a'), long:get('a')",
    );

    assert_eq!(answers, Ok(json!([null, 1])));
}

#[test]
fn a_store_refuses_what_it_cannot_keep() {
    let bed = Bed::new();
    for (body, part) in [
        (
            "store('a'):set('k', print)",
            "store:set: only plain data can be kept, and this is a function",
        ),
        ("store('a'):set()", "store:set expects a key, got nothing"),
        (
            "store('a'):incr('k', 1.5)",
            "store:incr expects a whole number, got 1.5",
        ),
        (
            "store('a'):set('k', 'text') store('a'):incr('k')",
            "holds no whole number",
        ),
        ("store('a'):set('k', ('x'):rep(70000))", "bytes"),
        (
            "store('a').get('k')",
            "write store:get(...) with a colon; in front of it is \"k\"",
        ),
        (
            "store('a').k = 5",
            "store.k cannot be set: write seen:set(key, value)",
        ),
        (
            "store('a'):gte('k')",
            "a store has no 'gte' (did you mean 'get'?)",
        ),
    ] {
        let refusal = bed.call(body).unwrap_err();
        assert!(
            refusal.starts_with("test.lua:1: ") && refusal.contains(part),
            "{refusal}"
        );
    }
}

#[test]
fn an_emitted_event_reaches_the_handlers_as_a_copy_outside_of_the_call() {
    let bed = Bed::new();
    bed.load("on('order.paid', print) on('order.paid', print) on('order.sent', print)")
        .unwrap();

    bed.call("emit('order.paid', { id = 7 })").unwrap();

    let spawned = bed.spawned.borrow();
    assert_eq!(spawned.len(), 2);
    let (run, _, arguments) = &spawned[0];
    assert_eq!((run.phase, run.call.is_none()), (Phase::Task, true));
    let about = arguments.front().unwrap().as_table().unwrap();
    assert_eq!(about.get::<i64>("id").unwrap(), 7);
}

#[test]
fn nobody_may_pretend_to_be_the_exchange() {
    let bed = Bed::new();
    for name in ["call.ended", "queue.mine", "paid", "Order.paid", ""] {
        let refusal = bed.call(&format!("emit('{name}')")).unwrap_err();
        assert!(refusal.contains("cannot be emitted"), "{refusal}");
    }
    assert!(
        bed.call("emit('order.paid', print)")
            .unwrap_err()
            .contains("only plain data")
    );
}

#[test]
fn spawn_hands_its_arguments_on() {
    let bed = Bed::new();

    bed.call("spawn(print, 1, 'two')").unwrap();

    let spawned = bed.spawned.borrow();
    assert_eq!((spawned[0].0.phase, spawned[0].2.len()), (Phase::Call, 2));
    drop(spawned);
    assert_eq!(
        bed.call("spawn('print')"),
        Err("test.lua:1: spawn expects a function, got \"print\"".into())
    );
}

#[test]
fn the_configuration_is_there_without_its_secrets() {
    let bed = Bed::new();

    let answers = bed.load(
        "return { config.tenant, config.users['1049'].name, config.users['9999'] == nil, config.users['1049'].password == nil, config.mailboxes['8000'].name }",
    );

    assert_eq!(answers, Ok(json!(["8001", "温平", true, true, "热线留言"])));
}

#[test]
fn libraries_cannot_be_changed_and_name_what_they_have() {
    assert_eq!(
        refusal("log.infos('x')"),
        "test.lua:1: log has no 'infos' (did you mean 'info'?)"
    );
    assert_eq!(
        refusal("log.info = print"),
        "test.lua:1: log.info cannot be set: log is the exchange's"
    );
    assert!(refusal("setmetatable(clock, {})").contains("protected metatable"));
    let kept = "for _, f in pairs(log) do log.info('line', { a = 1 }, nil, 2.5) end \
                local _, copy = pairs(log) copy.info = nil log.info('still') return true";
    assert_eq!(Bed::new().load(kept), Ok(json!(true)));
}
