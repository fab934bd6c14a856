//! Starting: what is refused, and how it is said.

use std::net::TcpListener;

use crate::house::{Server, complaint, crosspoint, run};

#[test]
fn without_keys_it_says_what_to_do_and_ends_with_2() {
    let output = run(&["serve"]);
    assert_eq!(output.status.code(), Some(2));
    let said = complaint(&output);
    assert!(said.starts_with("crosspoint: no API keys: set auth.keys"), "{said}");
    assert!(said.lines().any(|line| line.starts_with("crosspoint: media.advertised is missing")), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named_with_its_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = run(&["serve", "--dev", "--http.bind", &address]);
    assert_eq!(output.status.code(), Some(2));
    let said = complaint(&output);
    assert!(said.contains(&format!("http.bind: {address} cannot be listened on")), "{said}");
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("crosspoint.toml");
    std::fs::write(&file, "[http]\nbund = \"127.0.0.1:1\"\n").expect("written");
    let output = run(&["serve", "--config", file.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(2));
    let said = complaint(&output);
    assert!(said.contains("crosspoint.toml:2: unknown key http.bund; did you mean http.bind?"), "{said}");
}

#[test]
fn a_missing_file_and_an_unknown_variable_are_told() {
    let output = run(&["serve", "--config", "/nowhere.toml"]);
    assert!(complaint(&output).contains("the configuration /nowhere.toml cannot be read"), "{}", complaint(&output));
    let output = crosspoint(&["serve", "--dev"]).env("CROSSPOINT_HTTP_BUND", "x").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("did you mean CROSSPOINT_HTTP_BIND?"), "{}", complaint(&output));
}

#[test]
fn the_configuration_is_printed_with_origins_and_without_secrets() {
    let secret = "0123456789abcdef0123456789abcdef";
    let output = crosspoint(&["config", "--dev", "--rooms.participants", "7"])
        .env("CROSSPOINT_AUTH_KEYS", format!("mine: {secret}"))
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("participants = 7  # from --rooms.participants"), "{text}");
    assert!(text.contains("# from CROSSPOINT_AUTH_KEYS") && !text.contains(secret), "{text}");
}

#[test]
fn token_create_prints_the_token_alone() {
    let output = run(&["token", "create", "--dev", "--room", "standup", "--identity", "ann", "--can-publish=false"]);
    let text = String::from_utf8(output.stdout).expect("text");
    let token = text.strip_suffix('\n').expect("one line");
    let bearer = crosspoint_auth::Keys::dev().verify(token, crosspoint_auth::unix_now()).expect("a token");
    assert_eq!((bearer.identity.as_str(), bearer.grant.room.as_str()), ("ann", "standup"));
    assert!(bearer.grant.room_join && bearer.grant.can_publish == Some(false) && !bearer.grant.room_admin);

    let admin = run(&["token", "create", "--dev", "--admin", "--ttl", "1m"]);
    let text = String::from_utf8(admin.stdout).expect("text");
    let bearer = crosspoint_auth::Keys::dev().verify(text.trim(), crosspoint_auth::unix_now()).expect("a token");
    assert!(bearer.grant.room_admin && bearer.grant.room_create && bearer.grant.room_list && !bearer.grant.room_join);
    assert!(bearer.expires <= crosspoint_auth::unix_now() + 60);

    assert!(!run(&["token", "create", "--dev", "--room", "standup"]).status.success());
    assert!(complaint(&run(&["token", "create", "--admin"])).contains("no API keys"));
}

#[test]
fn it_says_where_the_console_is() {
    let server = Server::start(&[]);
    assert_eq!(server.announcement, format!("Crosspoint runs at http://{}/\n", server.address));
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
}
