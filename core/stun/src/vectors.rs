//! The test vectors of RFC 5769.

use crate::attribute::{NONCE, REALM, USERNAME, XOR_MAPPED_ADDRESS};
use crate::{Class, Key, Message, Method};

const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

/// §2.1
const REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff\
    80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2\
    80280004e57a3bcf";

/// §2.2
const IPV4_RESPONSE: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643\
    000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";

/// §2.3
const IPV6_RESPONSE: &str = "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9fa\
    a5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";

/// §2.4
const LONG_TERM: &str = "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b90000\
    0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700\
    00080014f67024656dd64a3e02b8e0712e85c9a28ca89666";

#[test]
fn the_sample_request_is_read_and_its_signature_is_right() {
    let bytes = bytes(REQUEST);
    let message = Message::read(&bytes).expect("a message");
    assert_eq!((message.class, message.method), (Class::Request, Some(Method::Binding)));
    assert_eq!(message.text(USERNAME), Some("evtj:h6vY"));
    assert!(message.is_signed_by(&Key::short_term(PASSWORD)));
}

#[test]
fn the_sample_responses_are_read_and_tell_the_address() {
    for (text, address) in
        [(IPV4_RESPONSE, "192.0.2.1:32853"), (IPV6_RESPONSE, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    {
        let bytes = bytes(text);
        let message = Message::read(&bytes).expect("a message");
        assert_eq!((message.class, message.method), (Class::Success, Some(Method::Binding)));
        assert_eq!(message.address(XOR_MAPPED_ADDRESS).map(|address| address.to_string()), Some(address.into()));
        assert!(message.is_signed_by(&Key::short_term(PASSWORD)));
    }
}

#[test]
fn the_sample_of_the_long_term_credential_is_read_and_its_signature_is_right() {
    let bytes = bytes(LONG_TERM);
    let message = Message::read(&bytes).expect("a message");
    let user = message.text(USERNAME).expect("a user");
    assert_eq!(user, "マトリックス");
    assert_eq!((message.text(REALM), message.text(NONCE)), (Some("example.org"), Some("f//499k954d6OL34oL9FSTvy64sA")));
    // As SASLprep (RFC 4013) leaves it.
    assert!(message.is_signed_by(&Key::long_term(user, "example.org", "TheMatrIX")));
    assert!(!message.is_signed_by(&Key::long_term(user, "example.org", "TheMatrix")));
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("a byte");
    digits.chunks(2).map(pair).collect()
}
