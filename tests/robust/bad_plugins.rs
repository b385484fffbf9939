//! Plugins gone wrong, and senders that send what nobody asked for: what is broken loses its own
//! feature, the calls that go on sound on, and `moonswitch status` says what happened.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Exchange, Line, PATIENCE, Phone, Setup, eventually, pilot, prompt};

/// One that never ends: where a caller asks for it, and after each call.
const LOOPER: &str = "-- Never ends.
on(\"call.ended\", function() while true do end end)
return { serve = function(call) call:answer() while true do end end }
";

/// One that keeps what it gets, and more of it after each call.
const HOARDER: &str = "-- Keeps everything.
local kept = {}
on(\"call.ended\", function(call)
  for _ = 1, 200 do kept[#kept + 1] = (\"x\"):rep(100000) .. #kept .. call.id end
end)
";

/// One that works.
const GREETER: &str = "-- Greets.
local seen = plugin.store(\"seen\")
on(\"call.ended\", function() seen:incr(\"calls\") end)
return { serve = function(call)
  call:answer()
  call:play(\"tones/1240\")
  call:play(seen:get(\"calls\") and \"tones/1520\" or \"tones/2200\")
end }
";

#[test]
fn a_plugin_with_an_endless_loop_loses_its_own_feature_only() {
    let exchange = exchange_with(&[("looper", LOOPER), ("greeter", GREETER)]);
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let talk = talk(&a1, &a2);

    // Each call of the loop gets the fallback, and so does its feature in the end; the others work.
    for _ in 0..3 {
        let caller = a3.dials("looper");
        caller.has_heard(prompt::FIRST);
        caller.is_over();
    }
    let left_out = eventually("the loop that is left out", || {
        let plugin = plugin(&exchange, "looper");
        (!plugin["left_out"].is_null()).then_some(plugin)
    });
    assert!(left_out["faults"].as_u64() >= Some(5), "{left_out}");
    let why = left_out["left_out"]["why"].as_str().unwrap();
    assert!(why.contains("plugins/looper/init.lua:"), "{why}");
    assert!(why.contains("without a wait"), "{why}");

    greets(&exchange, &a3);
    sounds_on(&talk);
}

#[test]
fn a_plugin_that_hoards_memory_is_left_out_and_the_others_have_it_back() {
    let exchange = exchange_with(&[("hoarder", HOARDER), ("greeter", GREETER)]);
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let talk = talk(&a1, &a2);

    let left_out = eventually("the hoarder that is left out", || {
        let caller = a3.dials("greeter");
        caller.has_heard(prompt::SECOND);
        caller.hangs_up();
        let plugin = plugin(&exchange, "hoarder");
        (!plugin["left_out"].is_null()).then_some(plugin)
    });

    let why = left_out["left_out"]["why"].as_str().unwrap();
    assert!(why.contains("out of memory"), "{why}");
    eventually("the memory that comes back", || {
        let used = exchange.status()["scripts"]["tenants"][0]["memory"]
            .as_u64()
            .unwrap();
        (used < 24_000_000).then_some(())
    });
    greets(&exchange, &a3);
    sounds_on(&talk);
}

#[test]
fn a_megabyte_for_a_name_harms_neither_its_sender_nor_anybody_else() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let talk = talk(&a1, &a2);
    let at = exchange.address();
    let invite = |name: &str| {
        format!(
            "INVITE sip:1050@{at} SIP/2.0\r\nVia: SIP/2.0/TCP {at};branch=z9hG4bKlong\r\n\
             From: \"{name}\" <sip:x@{at}>;tag=1\r\nTo: <sip:1050@{at}>\r\nCall-ID: long\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:x@{at}>\r\nMax-Forwards: 70\r\n\
             Content-Length: 0\r\n\r\n"
        )
    };

    // A mebibyte is more than a message may have: the sender learns so, and is cut off.
    let text = invite(&"n".repeat(1 << 20));
    let (head, name) = text.split_once("From: ").unwrap();
    let (name, rest) = name.split_once("\r\n").unwrap();
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let last = format!(
        "{head}{}From: {name}\r\n\r\n",
        rest.trim_end_matches("\r\n").to_owned() + "\r\n"
    );
    stream.write_all(last.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("SIP/2.0 513 "), "{answer}");
    assert!(answer.contains("Call-ID: long\r\n"), "{answer}");

    // A field has 8 KiB, by TCP as by UDP; the sender learns what was wrong.
    let udp = UdpSocket::bind(exchange.house(200, 0)).unwrap();
    udp.set_read_timeout(Some(PATIENCE)).unwrap();
    for length in [9_000, 60_000] {
        let text = invite(&"n".repeat(length));
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = [0; 64];
        stream.read_exact(&mut answer).unwrap();
        assert!(answer.starts_with(b"SIP/2.0 400 "), "{length}");
        let text = text
            .replace("/TCP ", "/UDP ")
            .replace(";branch", ";rport;branch");
        udp.send_to(text.as_bytes(), at).unwrap();
        let mut answer = [0; 65_536];
        let _ = udp.recv(&mut answer).unwrap();
        assert!(answer.starts_with(b"SIP/2.0 400 "), "{length}");
    }
    // So do fields too many.
    let many = format!("Max-Forwards: 70\r\n{}", "X-Many: 1\r\n".repeat(300));
    let text = invite("n")
        .replace("/TCP ", "/UDP ")
        .replace(";branch", ";rport;branch");
    udp.send_to(text.replace("Max-Forwards: 70\r\n", &many).as_bytes(), at)
        .unwrap();
    let mut answer = [0; 65_536];
    let _ = udp.recv(&mut answer).unwrap();
    assert!(answer.starts_with(b"SIP/2.0 400 "));

    sounds_on(&talk);
    assert_eq!(exchange.status()["calls"], 1);
}

/// An exchange with these plugins and 64 MB for its scripts, which each of them may be dialled at.
fn exchange_with(plugins: &[(&'static str, &'static str)]) -> Exchange {
    let mut script = String::from("-- Talks and plugins.\n");
    let mut routes = String::new();
    let mut named = String::new();
    for (name, source) in plugins {
        named += &format!("{name} = {{}}, ");
        if source.contains("return {") {
            script += &format!("local {name} = require \"plugins.{name}\"\n");
            routes += &format!("  {name} = {name}.serve,\n");
        }
    }
    script += &format!(
        "context \"internal\" {{\n  [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end,\n{routes}}}\n"
    );
    let manifest = |name: &str| {
        format!(
            "-- For a test.\nreturn {{ name = \"{name}\", version = \"1.0.0\", api = 1, description = \"For a test.\",\n\
             permissions = {{ events = {{ \"call.ended\" }}, store = true }} }}\n"
        )
    };
    Exchange::start(Setup {
        tenant: format!("fallback = {{ play = \"tones/840\" }}, plugins = {{ {named} }},"),
        more: "limits = { script_memory = \"64MB\" },".to_owned(),
        plugins: plugins
            .iter()
            .map(|(name, source)| (*name, manifest(name), (*source).to_owned()))
            .collect(),
        ..Setup::with(&script)
    })
}

/// Two who talk while others make trouble.
fn talk(one: &Phone, other: &Phone) -> [Line; 2] {
    let call = one.dials("1050");
    let rung = other.rings();
    rung.answers();
    call.hears(pilot::A2);
    rung.hears(pilot::A1);
    call.watch();
    rung.watch();
    [call, rung]
}

/// They have heard each other all the time.
fn sounds_on(talk: &[Line; 2]) {
    for line in talk {
        let watch = line.watch();
        assert!(watch.longest_gap < Duration::from_millis(200), "{watch:?}");
        assert!(line.is_up());
    }
    talk[0].hears(pilot::A2);
    talk[1].hears(pilot::A1);
}

/// The plugin that works does, and hears of calls.
fn greets(exchange: &Exchange, phone: &Phone) {
    let caller = phone.dials("greeter");
    caller.has_heard(prompt::SECOND);
    caller.has_heard(prompt::THIRD);
    caller.is_over();
    let greeter = plugin(exchange, "greeter");
    assert_eq!(greeter["faults"], 0, "{greeter}");
    assert!(greeter["left_out"].is_null(), "{greeter}");
}

fn plugin(exchange: &Exchange, name: &str) -> Value {
    let status = exchange.status();
    let plugins = status["scripts"]["tenants"][0]["plugins"]
        .as_array()
        .unwrap();
    let found = plugins.iter().find(|plugin| plugin["name"] == name);
    found.unwrap_or_else(|| panic!("{status:#}")).clone()
}
