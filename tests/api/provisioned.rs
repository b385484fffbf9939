//! Desk phones fetch their settings by the shipped plugin `provision`, and register with what they say.

use std::fs;
use std::net::SocketAddr;

use crate::support::http::ask;
use crate::support::{Exchange, Setup, hear_each_other, pilot};

const SECRETS: [(&str, &str, &str); 3] = [
    ("001565aabb01", "1049", "yealink-0123456789"),
    ("c074adaabb02", "1050", "grandstream-0123456789"),
    ("0c383eaabb03", "1051", "fanvil-0123456789"),
];

#[test]
fn phones_of_three_makers_register_with_what_their_files_say() {
    let exchange = exchange();
    let files = [
        (
            "yealink-0123456789/001565aabb01.cfg",
            [
                "account.1.user_name = ",
                "account.1.password = ",
                "account.1.sip_server.1.address = ",
            ],
            "\n",
        ),
        (
            "grandstream-0123456789/cfgc074adaabb02.xml",
            ["<P35>", "<P34>", "<P47>"],
            "<",
        ),
        (
            "fanvil-0123456789/0c383eaabb03.cfg",
            ["<RegisterUser>", "<RegisterPswd>", "<RegisterAddr>"],
            "<",
        ),
    ];
    let phones = files.map(|(path, names, end)| {
        let (status, file) = ask(
            address(&exchange),
            &format!("GET /t/8001/provision/{path}"),
            &[],
            "",
        );
        assert_eq!(status, 200, "{path}");
        let [user, password, server] = names.map(|name| value(&file, name, end));
        let phone = exchange.phone_with(&user, |manner| manner.password = Some(password));
        assert!(
            server.starts_with(&exchange.address().ip().to_string()),
            "{server}"
        );
        phone.registers();
        phone
    });

    let call = phones[0].dials("1050");
    let other = phones[1].rings();
    other.answers();

    hear_each_other(&call, pilot::A1, &other, pilot::A2);
}

#[test]
fn a_phones_lamps_watch_who_its_file_names_and_take_their_calls() {
    let exchange = exchange();
    for (path, lines) in [
        (
            "yealink-0123456789/001565aabb01.cfg",
            &[
                "linekey.2.type = 16\n",
                "linekey.2.value = 1050\n",
                "linekey.2.extension = **1050\n",
                "features.intercom.allow = 1\n",
            ][..],
        ),
        (
            "grandstream-0123456789/cfgc074adaabb02.xml",
            &[
                "<P1365>11</P1365>",
                "<P1468>1050</P1468>",
                "<P1347>**</P1347>",
                "<P298>1</P298>",
            ][..],
        ),
        (
            "fanvil-0123456789/0c383eaabb03.cfg",
            &[
                "<Value>1050@1/ba**1050</Value>",
                "<Value>*23@1/ba***23</Value>",
                "<EnableIntercom>1</EnableIntercom>",
            ][..],
        ),
    ] {
        let (_, file) = ask(
            address(&exchange),
            &format!("GET /t/8001/provision/{path}"),
            &[],
            "",
        );
        for line in lines {
            assert!(file.contains(line), "{line} in {file}");
        }
    }
}

#[test]
fn a_phones_secret_opens_its_own_file_only() {
    let exchange = exchange();
    for (mac, user, secret) in SECRETS {
        for path in [
            format!("{mac}/{mac}.cfg"),
            format!("{}/{mac}.cfg", &secret[1..]),
            format!("{secret}/{}.cfg", "001565aabb09"),
            format!("{secret}/../{mac}.cfg"),
        ] {
            let (status, body) = ask(
                address(&exchange),
                &format!("GET /t/8001/provision/{path}"),
                &[],
                "",
            );
            assert!(status == 404 || status == 400, "{path}: {status}");
            assert!(
                !body.contains("demo-") && !body.contains(user),
                "{path}: {body}"
            );
        }
    }
}

/// An exchange whose phones find their settings there.
fn exchange() -> Exchange {
    let list = |of: fn(&(&'static str, &'static str, &'static str)) -> String| {
        SECRETS.iter().map(of).collect::<Vec<_>>().join(", ")
    };
    let phones = list(|(mac, user, _)| format!("[\"{mac}\"] = \"{user}\""));
    let secrets = list(|(mac, _, secret)| format!("[\"{mac}\"] = \"{secret}\""));
    let passwords = list(|(_, user, _)| format!("[\"{user}\"] = \"demo-{user}\""));
    let ringing = Setup::ringing();
    let tenant = format!(
        "{} plugins = {{ provision = {{ server = \"SERVER\", phones = {{ {phones} }}, secrets = {{ {secrets} }}, \
         passwords = {{ {passwords} }}, all_keys = \"1050 *23\" }} }},",
        ringing.tenant
    );
    let setup = Setup { tenant, ..ringing };
    let mut exchange = Exchange::start(setup.with_http());
    exchange.stop();
    let file = exchange.folder.join("config.lua");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("SERVER", &exchange.address().to_string()),
    )
    .unwrap();
    exchange.resume();
    exchange
}

fn address(exchange: &Exchange) -> SocketAddr {
    exchange.house(1, 8_080)
}

/// What stands between a name and an end.
fn value(file: &str, name: &str, end: &str) -> String {
    let (_, rest) = file
        .split_once(name)
        .unwrap_or_else(|| panic!("{name} in {file}"));
    rest.split(end).next().unwrap().to_owned()
}
