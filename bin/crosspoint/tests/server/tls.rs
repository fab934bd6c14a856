//! HTTPS, and a certificate that changes while connections stand.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::Signal;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::house::{PATIENCE, Server, complaint, run};

#[test]
fn a_new_certificate_is_taken_up_without_dropping_connections() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let old = write_certificate(&cert, &key);
    let server = Server::start(&["--http.tls_cert", path(&cert), "--http.tls_key", path(&key)]);
    assert!(server.announcement.contains("https://"), "{}", server.announcement);

    let mut standing = connect(&server, &old).expect("a connection");
    let answer = ask(&mut standing).expect("an answer");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");

    let new = write_certificate(&cert, &key);
    assert!(connect(&server, &new).is_none(), "the new certificate is shown already");
    server.signal(Signal::HUP);
    let deadline = Instant::now() + PATIENCE;
    while connect(&server, &new).is_none() {
        assert!(Instant::now() < deadline, "the new certificate is not shown");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(connect(&server, &old).is_none(), "the old certificate is still shown");
    assert!(ask(&mut standing).is_some_and(|answer| answer.starts_with("HTTP/1.1 200")));
}

#[test]
fn clients_of_the_relay_may_say_that_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let trusted = write_certificate(&cert, &key);
    let server = Server::start(&["--http.tls_cert", path(&cert), "--http.tls_key", path(&key)]);
    for (word, taken) in [("stun.turn", true), ("h2", true), ("http/1.1", true), ("smtp", false)] {
        let connection = connect_as(&server, &trusted, Some(word));
        let agreed = connection.as_ref().and_then(|connection| connection.conn.alpn_protocol());
        assert_eq!(agreed, taken.then_some(word.as_bytes()), "{word}");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, "nonsense").expect("written");
    std::fs::write(&key, "nonsense").expect("written");
    let output = serve_with(&cert, &key);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("cert.pem contains no PEM certificate"), "{}", complaint(&output));
    write_certificate(&cert, &key);
    write_certificate(&cert, &folder.path().join("another.pem"));
    let output = serve_with(&cert, &key);
    assert!(complaint(&output).contains("the key does not belong to the certificate"), "{}", complaint(&output));
    let output = serve_with(Path::new("/nowhere.pem"), &key);
    assert!(complaint(&output).contains("http.tls_cert: /nowhere.pem cannot be read"), "{}", complaint(&output));
}

#[cfg(not(feature = "acme"))]
#[test]
fn a_binary_without_acme_says_so() {
    let output = run(&["serve", "--dev", "--http.bind", "127.0.0.1:0", "--acme.domains", "meet.example.org"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("--features acme"), "{}", complaint(&output));
}

#[cfg(feature = "acme")]
#[test]
fn with_acme_a_server_listens_before_it_has_a_certificate_and_says_where_it_cannot_keep_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("acme");
    // Nobody answers there: no certificate can be had, which is no reason not to run.
    let nobody = ["--acme.domains", "meet.example.org", "--acme.directory", "https://127.0.0.1:1/directory"];
    let server = Server::start(&[&nobody[..], &["--acme.cache", path(&cache)]].concat());
    assert!(server.announcement.contains("https://"), "{}", server.announcement);
    assert!(connect(&server, &RootCertStore::empty()).is_none(), "there is nothing to show yet");

    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let base = ["serve", "--dev", "--http.bind", "127.0.0.1:0"];
    let output = run(&[&base[..], &nobody, &["--acme.cache", path(&file.join("acme"))]].concat());
    assert!(complaint(&output).contains("acme.cache"), "{}", complaint(&output));
}

/// What a server that gets these says as it ends.
fn serve_with(cert: &Path, key: &Path) -> Output {
    run(&["serve", "--dev", "--http.bind", "127.0.0.1:0", "--http.tls_cert", path(cert), "--http.tls_key", path(key)])
}

fn write_certificate(cert: &Path, key: &Path) -> RootCertStore {
    let CertifiedKey { cert: made, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(cert, made.pem()).expect("written");
    std::fs::write(key, signing_key.serialize_pem()).expect("written");
    let mut roots = RootCertStore::empty();
    roots.add(made.der().clone()).expect("a root");
    roots
}

type Connection = StreamOwned<ClientConnection, TcpStream>;

/// A connection, if the server shows the certificate that is trusted.
fn connect(server: &Server, trusted: &RootCertStore) -> Option<Connection> {
    connect_as(server, trusted, None)
}

/// The same; `word`: the protocol that is to be spoken (RFC 7301).
fn connect_as(server: &Server, trusted: &RootCertStore, word: Option<&str>) -> Option<Connection> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let mut config = versions.with_root_certificates(trusted.clone()).with_no_client_auth();
    config.alpn_protocols = word.map(|word| word.as_bytes().to_vec()).into_iter().collect();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let stream = TcpStream::connect(server.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    let mut connection = StreamOwned::new(client, stream);
    while connection.conn.is_handshaking() {
        connection.conn.complete_io(&mut connection.sock).ok()?;
    }
    Some(connection)
}

/// Asks for the health on a connection that stays open.
fn ask(connection: &mut Connection) -> Option<String> {
    connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).ok()?;
        answer.push(byte[0]);
    }
    String::from_utf8(answer).ok()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}
