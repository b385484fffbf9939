//! URIs read, compared and refused.

use super::*;

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|_| panic!("{text} is a URI"))
}

#[test]
fn the_parts_of_a_sip_uri_are_found() {
    let uri = uri("sips:al%69ce:secret@[2001:db8::1]:5071;transport=tcp;lr?subject=x&to=y");

    assert_eq!(uri.scheme(), Scheme::Sips);
    assert_eq!(uri.user().unwrap(), "al%69ce");
    assert_eq!(uri.user_unescaped().unwrap(), "alice");
    assert_eq!(uri.password().unwrap(), "secret");
    assert_eq!(uri.host().unwrap().to_string(), "[2001:db8::1]");
    assert_eq!(uri.port(), Some(5071));
    assert_eq!(uri.param("TRANSPORT").unwrap(), "tcp");
    assert!(uri.params().has("lr"));
    assert_eq!(uri.headers().unwrap(), "subject=x&to=y");
}

#[test]
fn a_user_may_hold_what_looks_like_parameters() {
    let uri = uri("sip:user;par=u%40example.net@example.com");

    assert_eq!(uri.user().unwrap(), "user;par=u%40example.net");
    assert_eq!(uri.host().unwrap().to_string(), "example.com");
    assert!(!uri.params().has("par"));
}

#[test]
fn a_telephone_number_is_the_user_of_its_uri() {
    let uri = uri("tel:+86-10-6553-1234;phone-context=+86");

    assert_eq!(uri.scheme(), Scheme::Tel);
    assert_eq!(uri.user().unwrap(), "+86-10-6553-1234");
    assert_eq!(uri.param("phone-context").unwrap(), "+86");
    assert_eq!(uri.host(), None);
}

#[test]
fn malformed_uris_are_refused() {
    for text in [
        "",
        "alice",
        "sip:",
        "sip:@example.com",
        "sip:a@",
        "sip:a@[2001:db8::1",
        "sip:a@[2001:db8::1]x",
        "sip:2001:db8::10",
        "sip:a@example.com:",
        "sip:a@example.com:99999",
        "sip:a b@example.com",
        "<sip:a@example.com>",
        "tel:",
        "tel:alice",
        "1ab:c",
        "sip:a@exam\tple.com",
    ] {
        assert_eq!(Uri::parse(text).err(), Some(Error::Uri), "{text}");
    }
}

/// The examples of RFC 3261 §19.1.4.
#[test]
fn equal_uris_of_the_rfc_are_equal() {
    for (a, b) in [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+86-10-65531234", "tel:+861065531234"),
    ] {
        assert_eq!(uri(a), uri(b));
        assert_eq!(uri(b), uri(a));
    }
}

#[test]
fn unequal_uris_of_the_rfc_are_unequal() {
    for (a, b) in [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:carol@chicago.com", "sips:carol@chicago.com"),
    ] {
        assert_ne!(uri(a), uri(b));
        assert_ne!(uri(b), uri(a));
    }
}

#[test]
fn a_uri_is_equal_to_itself_even_if_a_parameter_stands_twice() {
    let twice = uri("sip:a@b;x=1;x=2");

    assert_eq!(twice, twice.clone());
    assert_eq!(twice, uri("sip:a@b;x=1"));
    assert_ne!(twice, uri("sip:a@b;x=2"));
}

#[test]
fn a_user_with_odd_letters_is_escaped_when_built() {
    let uri = Uri::for_user(
        "a b@c",
        &Host::parse(&Text::from("x.com")).unwrap(),
        Some(5070),
    );

    assert_eq!(uri.to_string(), "sip:a%20b%40c@x.com:5070");
    assert_eq!(uri.user_unescaped().unwrap(), "a b@c");
}

#[test]
fn a_parameter_is_added_before_the_headers_and_once() {
    let uri = uri("sip:a@b?x=y").with_param("lr", None);

    assert_eq!(uri.to_string(), "sip:a@b;lr?x=y");
    assert_eq!(uri.with_param("lr", None).to_string(), "sip:a@b;lr?x=y");
    assert_eq!(uri.without_headers().to_string(), "sip:a@b;lr");
}
