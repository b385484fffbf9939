//! `config.lua` from text to settings: defaults, lines, suggestions, secrets.

use std::time::Duration;

use super::*;
use crate::config::{Listen, NumberFormat, SmtpTls, Transport};

fn load_text(source: &str) -> Result<Config, Vec<Problem>> {
    check("config.lua", source, Path::new("/nonexistent"))
}

fn problems(source: &str) -> Vec<String> {
    let problems = load_text(source).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_smallest_configuration_has_every_default() {
    let config = load_text("return { tenants = { ['8001'] = {} } }").unwrap();

    let loopback = "127.0.0.1:5060".parse().unwrap();
    let listen = |transport| Listen {
        transport,
        address: loopback,
    };
    assert_eq!(
        config.sip.listen,
        [listen(Transport::Udp), listen(Transport::Tcp)]
    );
    assert_eq!(config.sip.ban_after, 10);
    assert_eq!(config.rtp.ports, (16_384, 32_767));
    assert_eq!(config.rtp.timeout, Duration::from_secs(60));
    assert_eq!(config.http.listen, None);
    assert_eq!(config.limits.script_cpu, Duration::from_millis(100));
    assert_eq!(config.limits.script_memory, 256 << 20);
    assert!(!config.reload_manually);
    let tenant = &config.tenants["8001"];
    assert_eq!(
        (tenant.domain.as_str(), tenant.dialplan.as_str()),
        ("8001", "scripts.8001")
    );
    assert_eq!(
        (tenant.timezone.as_str(), tenant.language.as_str()),
        ("Asia/Shanghai", "zh")
    );
}

#[test]
fn everything_that_is_written_arrives() {
    let config = load_text(
        r#"local function user(name) return { name = name, password = "p", max_calls = 2 } end
        return {
          sip = {
            listen = "udp:[::1]:5070", external = "198.51.100.7", min_expires = "2m",
            trunks = { carrier = {
              tenant = "acme", context = "inbound", host = { "a.example", "b.example:5070" },
              transport = "tcp", trusted = { "10.0.0.0/8", "::1" }, username = "u", password = "s",
              realm = "r", register = true, area_code = "10", caller_id = "+861087654321",
              number_format = "e164", codecs = { "pcma" }, max_calls = 30,
            } },
          },
          rtp = { ports = { 20000, 20100 }, codecs = { "pcma", "g729" }, timeout = 0, threads = 2, backend = "epoll" },
          http = { listen = "127.0.0.1:8080" },
          tenants = { acme = {
            domain = "acme.example", timezone = "Europe/Berlin", language = "en", dialplan = "scripts.x",
            music = "piano", users = { [200] = user "Anna" }, mailboxes = { support = { pin = "1234", name = "S" } },
            fallback = { play = "sorry", transfer = "user:200" }, plugins = { sms = { url = "u", n = { 1, 2 } } },
          } },
          limits = { script_cpu = 0.05, script_memory = "64MB", load_time = 2, max_calls = 10 },
          reload = "manual",
        }"#,
    )
    .unwrap();

    let trunk = &config.sip.trunks["carrier"];
    assert_eq!(trunk.hosts, ["a.example", "b.example:5070"]);
    assert_eq!(trunk.trusted, ["10.0.0.0/8", "::1"]);
    assert_eq!(trunk.number_format, NumberFormat::E164);
    assert_eq!(trunk.transport, Transport::Tcp);
    assert_eq!(
        (trunk.tenant.as_str(), trunk.context.as_str()),
        ("acme", "inbound")
    );
    let texts = [
        &trunk.username,
        &trunk.password,
        &trunk.realm,
        &trunk.area_code,
        &trunk.shown.default,
    ];
    assert_eq!(
        texts.map(Option::as_deref),
        ["u", "s", "r", "10", "+861087654321"].map(Some)
    );
    assert_eq!(
        (trunk.register, trunk.carried.max_calls, &trunk.codecs[..]),
        (true, 30, &["pcma".into()][..])
    );
    assert_eq!(config.sip.listen[0].address.to_string(), "[::1]:5070");
    assert_eq!(config.sip.external.unwrap().to_string(), "198.51.100.7");
    assert_eq!(config.sip.min_expires, Duration::from_secs(120));
    assert_eq!(
        (config.rtp.ports, config.rtp.threads),
        ((20_000, 20_100), 2)
    );
    assert_eq!(
        (config.rtp.backend.as_str(), config.rtp.timeout),
        ("epoll", Duration::ZERO)
    );
    assert_eq!(config.http.listen.unwrap().port(), 8080);
    let tenant = &config.tenants["acme"];
    assert_eq!(tenant.trunks["carrier"], "inbound");
    assert_eq!(tenant.music.as_deref(), Some("piano"));
    assert_eq!(tenant.users["200"].name.as_deref(), Some("Anna"));
    assert_eq!(tenant.users["200"].password.as_deref(), Some("p"));
    assert_eq!(
        (
            tenant.users["200"].context.as_str(),
            tenant.users["200"].max_calls
        ),
        ("internal", 2)
    );
    assert_eq!(tenant.mailboxes["support"].pin.as_deref(), Some("1234"));
    assert_eq!(tenant.fallback.transfer.as_deref(), Some("user:200"));
    assert_eq!(
        tenant.plugins["sms"],
        serde_json::json!({ "url": "u", "n": [1, 2] })
    );
    assert_eq!(
        (config.limits.max_calls, config.limits.script_memory),
        (10, 64 << 20)
    );
    assert_eq!(config.limits.load_time, Duration::from_secs(2));
    assert!(config.reload_manually);
}

#[test]
fn every_problem_is_told_with_the_line_that_wrote_it() {
    let problems = problems(
        "return {\n  sip = {\n    lissten = 'udp:1.2.3.4:5060',\n    listen = {\n      'udp:nowhere',\n    },\n    \
         trunks = {\n      carrier = { tenant = '8001', context = 'in' },\n    },\n  },\n  \
         tenants = { ['8001'] = {\n    timezone = 'Asia/Shangai',\n  } },\n}",
    );

    assert_eq!(
        problems,
        [
            "config.lua:3: sip.lissten: unknown setting 'lissten' (did you mean 'listen'?)",
            "config.lua:5: sip.listen.1: expected a transport, an address and a port such as \"udp:0.0.0.0:5060\", got \"udp:nowhere\"",
            "config.lua:8: sip.trunks.carrier: 'host' is missing: Where calls go, in fail-over order.",
            "config.lua:12: tenants.8001.timezone: expected a time zone such as \"Asia/Shanghai\", got \"Asia/Shangai\"",
        ]
    );
}

#[test]
fn settings_that_do_not_fit_each_other_are_found() {
    let problems = problems(
        "return {\n  sip = { trunks = {\n    carrier = {\n      tenant = '8010', context = 'in', host = 'h', register = true,\n    },\n  } },\n  \
         rtp = { ports = { 9000, 8000 } },\n  tenants = { ['8001'] = {\n    users = { ['1049'] = { mailbox = 'sales' } },\n    \
         mailboxes = { sale = {} },\n    fallback = { transfer = 'user:1094' },\n    dialplan = '../etc',\n  } },\n}",
    );

    assert_eq!(
        problems,
        [
            "config.lua:3: sip.trunks.carrier: a trunk that registers needs username and password",
            "config.lua:4: sip.trunks.carrier.tenant: no tenant '8010' (did you mean '8001'?)",
            "config.lua:7: rtp.ports: expected { first, last } from 1024 to 65535, got { 9000, 8000 }",
            "config.lua:9: tenants.8001.users.1049: no mailbox 'sales' (did you mean 'sale'?)",
            "config.lua:11: tenants.8001.fallback.transfer: no user '1094' (did you mean '1049'?)",
            "config.lua:12: tenants.8001.dialplan: expected a module such as \"scripts.8001\", got \"../etc\"",
        ]
    );
}

#[test]
fn a_trunk_that_trusts_everybody_and_a_tenant_with_a_strange_number_are_refused() {
    let problems = problems(
        "return {\n  sip = { trunks = {\n    a = { tenant = '8001', context = 'in', host = 'h',\n      \
         trusted = { '10.0.0.0/8', '0.0.0.0/0' },\n    },\n    b = { tenant = '8001', context = 'in', host = 'h', trusted = '::/0' },\n  } },\n  \
         tenants = {\n    ['8001'] = {},\n    ['../etc'] = { dialplan = 'scripts.x' },\n  },\n}",
    );

    assert_eq!(
        problems,
        [
            "config.lua:4: sip.trunks.a.trusted: \"0.0.0.0/0\" trusts everybody, and whoever calls from there needs no password: name the addresses of the trunk",
            "config.lua:6: sip.trunks.b.trusted: \"::/0\" trusts everybody, and whoever calls from there needs no password: name the addresses of the trunk",
            "config.lua:10: tenants.../etc: '../etc' is no tenant's number: letters, digits, - and _, at most 64",
        ]
    );
}

#[test]
fn a_syntax_error_has_its_line() {
    assert_eq!(
        problems("return {\n  sip = {\n    listen = 1\n"),
        ["config.lua:4: '}' expected (to close '{' at line 2) near <eof>"]
    );
}

#[test]
fn a_forgotten_quote_is_explained() {
    assert_eq!(
        problems("return {\n  tenants = acme,\n}"),
        [
            "config.lua:2: unknown name 'acme': config.lua is data; perhaps quotes are missing around it"
        ]
    );
    assert_eq!(
        problems("x = 1\nreturn {}"),
        ["config.lua:1: 'x' would be global: write local x"]
    );
}

#[test]
fn a_missing_secret_or_variable_is_told_with_its_line_and_where_to_put_it() {
    let problems = problems(
        "return {\n  tenants = { a = { users = { ['10'] = {\n    password = secret 'a/10',\n    name = env 'NO_SUCH_VARIABLE',\n  } } } },\n}",
    );

    assert_eq!(
        problems[0],
        "config.lua:3: no secret 'a/10': write it into /nonexistent/a/10 or set MOONSWITCH_SECRET_A_10"
    );
    assert!(problems[1].starts_with("config.lua:4: the environment has no 'NO_SUCH_VARIABLE'"));
}

#[test]
fn a_secret_is_read_without_its_line_end_and_only_from_its_folder() {
    let directory = std::env::temp_dir().join(format!("moonswitch-secret-{}", std::process::id()));
    std::fs::create_dir_all(directory.join("a")).unwrap();
    std::fs::write(directory.join("a/pin"), "s3cret\n").unwrap();

    assert_eq!(read_secret(&directory, "a/pin").as_deref(), Ok("s3cret"));
    assert!(read_secret(&directory.join("a"), "../a/pin").is_err());
    assert!(read_secret(&directory, directory.join("a/pin").to_str().unwrap()).is_err());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn configuration_is_data_and_cannot_do_anything() {
    for name in [
        "io",
        "os",
        "require",
        "load",
        "print",
        "debug",
        "dofile",
        "setmetatable",
        "_G",
    ] {
        let problems = problems(&format!("local x = {name}\nreturn {{}}"));

        assert!(
            problems[0].contains(&format!("unknown name '{name}'")),
            "{problems:?}"
        );
    }
    assert_eq!(
        problems("while true do end"),
        ["config.lua:1: computes for too long: config.lua is data"]
    );
    for endless in [
        "local x = ((\"a\"):rep(400)):find((\"a*\"):rep(8) .. \"b\")",
        "local x = ((\"a\"):rep(50000)):gsub((\".-\"):rep(30) .. \"b\", {})",
    ] {
        let problems = problems(&format!("\n{endless}"));

        assert!(
            problems[0].contains("config.lua:2: computes for too long"),
            "{problems:?}"
        );
    }
    for endless in ["table.move({}, 1, 1e15, 2)", "local x = (\"\"):rep(1e15)"] {
        assert!(!problems(endless).is_empty());
    }
    assert_eq!(
        problems("return 5"),
        ["config.lua: config.lua must end with return { ... }"]
    );
}

#[test]
fn a_demo_password_is_refused_where_others_can_reach_it() {
    let with = |sip: &str, http: &str, password: &str| {
        let source = format!(
            "return {{ sip = {{ listen = '{sip}' }}, http = {{ listen = '{http}' }}, \
             tenants = {{ ['8001'] = {{ users = {{ ['1049'] = {{ password = '{password}' }} }} }} }} }}"
        );
        load_text(&source).unwrap().demo_passwords_off_loopback()
    };

    assert_eq!(with("udp:127.0.0.1:5060", "[::1]:80", "demo-1049"), None);
    assert_eq!(with("udp:0.0.0.0:5060", "127.0.0.1:80", "4fQ!rr2z"), None);
    for (sip, http) in [
        ("udp:0.0.0.0:5060", "127.0.0.1:80"),
        ("udp:127.0.0.1:5060", "10.0.0.1:80"),
    ] {
        let refusal = with(sip, http, "Demo-1049").unwrap();
        assert!(
            refusal.starts_with("user 1049 of tenant 8001 has the demo password"),
            "{refusal}"
        );
    }
}

#[test]
fn what_strangers_guess_is_refused_where_they_can_reach_it() {
    let with = |listen: &str| {
        let source = format!(
            "return {{ sip = {{ listen = '{listen}' }}, tenants = {{ ['8001'] = {{ users = {{ \
             ['1049'] = {{ password = '1049' }}, ['1050'] = {{ password = 'secret7' }}, ['1051'] = {{ password = 'secret 8' }}, \
             ['10521053'] = {{ password = '10521053' }}, ['1054'] = {{}} }}, \
             mailboxes = {{ ['8000'] = {{ pin = '8000' }}, ['8002'] = {{ pin = '2580' }}, ['8003'] = {{}} }} }} }} }}"
        );
        load_text(&source).unwrap().demo_passwords_off_loopback()
    };

    assert_eq!(with("udp:127.0.0.1:5060"), None);
    assert_eq!(
        with("tcp:0.0.0.0:5060").as_deref(),
        Some(
            "user 1049 of tenant 8001 has its extension for a password, \
             user 1050 of tenant 8001 has a password of fewer than 8 letters, \
             user 10521053 of tenant 8001 has its extension for a password, \
             mailbox 8000 of tenant 8001 has its own number for a PIN, \
             and 0.0.0.0:5060 can be reached from other machines: give everybody a password and a PIN of their own, \
             or listen on 127.0.0.1 only"
        )
    );
}

#[test]
fn many_weak_passwords_are_counted_and_not_all_named() {
    let source = "local users = {} for i = 100, 149 do users[tostring(i)] = { password = 'x' } end
        return { sip = { listen = 'udp:10.0.0.1:5060' }, tenants = { a = { users = users } } }";

    let refusal = load_text(source).unwrap().demo_passwords_off_loopback();

    let refusal = refusal.unwrap();
    assert_eq!(refusal.matches(" of tenant a has ").count(), 5);
    assert!(refusal.contains(", 45 more are as weak, and 10.0.0.1:5060 can"));
}

#[test]
fn no_two_tenants_share_a_domain_or_take_the_others_number_for_one() {
    assert_eq!(
        problems(
            "return { tenants = {\n  ['8001'] = { domain = 'a.example' },\n  ['8002'] = {\n    domain = 'A.example',\n  },\n} }"
        ),
        [
            "config.lua:4: tenants.8002.domain: 'A.example' is also the domain of tenant 8001, and phones say by it \
             whose they are: give tenant 8002 another domain"
        ]
    );
    for (one, other) in [
        ("", "domain = '8001'"),
        ("domain = 'x.example'", "domain = '8001'"),
    ] {
        let source = format!(
            "return {{ tenants = {{ ['8001'] = {{ {one} }}, ['8002'] = {{ {other} }} }} }}"
        );
        assert_eq!(
            problems(&source),
            [
                "config.lua:1: tenants.8002.domain: '8001' is also the number of tenant 8001, and phones say by it \
                 whose they are: give tenant 8002 another domain"
            ]
        );
    }
    // The later one's number, told once.
    let told = problems("return { tenants = { ['8001'] = { domain = '8002' }, ['8002'] = {} } }");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("'8002' is also the number of tenant 8002"));
    assert!(
        problems("return { tenants = { ['8001'] = { domain = '8001' }, ['8002'] = {} } }")
            .is_empty()
    );
}

#[test]
fn a_language_without_prompts_and_a_pin_that_no_phone_can_type_are_refused() {
    assert_eq!(
        problems(
            "return { tenants = { a = {\n  language = 'zn',\n  mailboxes = {\n    b = { pin = 'abcd' },\n    \
             c = { pin = '123' },\n    d = { pin = 1234 },\n    e = { pin = '12345678901' },\n    \
             f = { pin = '1234567890' },\n  },\n} } }"
        ),
        [
            "config.lua:2: tenants.a.language: 'zn' is none of zh, en (did you mean 'zh'?)",
            "config.lua:4: tenants.a.mailboxes.b.pin: expected a PIN of four to ten digits, as text, got other text",
            "config.lua:5: tenants.a.mailboxes.c.pin: expected a PIN of four to ten digits, as text, got other text",
            "config.lua:6: tenants.a.mailboxes.d.pin: expected a PIN of four to ten digits, as text, got a number",
            "config.lua:7: tenants.a.mailboxes.e.pin: expected a PIN of four to ten digits, as text, got other text",
        ]
    );
}

#[test]
fn an_extension_that_is_written_twice_is_refused_with_both_lines() {
    assert_eq!(
        problems(
            "return { tenants = { ['8001'] = { users = {\n  ['1049'] = { name = 'a' },\n  ['1050'] = {},\n  \
             ['1049'] = { name = 'b' },\n} } } }"
        ),
        [
            "config.lua:4: tenants.8001.users.1049 is written twice, first in line 2: this one would replace it; remove one"
        ]
    );
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let source = "\u{feff}return {\n  tenants = { a = {} },\n  lmits = {},\n}";

    assert_eq!(
        problems(source),
        ["config.lua:3: lmits: unknown setting 'lmits' (did you mean 'limits'?)"]
    );
}

#[test]
fn what_is_missing_is_complained_of_once() {
    let told = problems(
        "return {\n  sip = { listen = { env 'NO_SUCH_A' }, trunks = { t = { tenant = env 'NO_SUCH_B', context = 'in', \
         host = env 'NO_SUCH_C' } } },\n  tenants = { a = { mailboxes = { b = { pin = secret 'no/such' } } } },\n}",
    );

    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(told.iter().all(|told| told.contains(" no ")), "{told:#?}");
}

#[test]
fn a_relay_needs_a_host_and_a_sender_and_keeps_its_password_covered() {
    let wrong = |smtp: &str| {
        let text = format!("return {{ tenants = {{ [\"8001\"] = {{ smtp = {{ {smtp} }} }} }} }}");
        let problems = load_text(&text).unwrap_err();
        problems[0].message.clone()
    };

    assert!(wrong("host = \"smtp.example.com\"").contains("wants host and from, both"));
    let relay = "host = \"smtp.example.com\", from = \"a@b.cn\"";
    assert!(wrong(&format!("{relay}, username = \"a\"")).contains("username and password, both"));
    let clear = format!("{relay}, username = \"a\", password = \"b\", tls = \"none\"");
    assert!(wrong(&clear).contains("would be sent in the clear"));
    assert!(wrong("from = \"nobody\"").contains("expected a mail address"));
    assert!(wrong("host = \"a b\"").contains("expected a host such as"));

    let text = "return { tenants = { [\"8001\"] = { smtp = { host = \"smtp.example.com\", from = \"客服 <a@b.cn>\" } } } }";
    let smtp = load_text(text).unwrap().tenants["8001"]
        .smtp
        .clone()
        .unwrap();
    assert_eq!((smtp.port, smtp.tls), (587, SmtpTls::Starttls));
}
