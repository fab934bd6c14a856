//! `crosspoint doctor`, beside servers that run and without: what works, what does not, and whether the cure is named.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::Value;

use crate::house::{Server, complaint, free_port, free_udp_port, run};

const SECRET: &str = "north";

/// What depends on the machine that runs the tests, and not on the deployment.
const OF_THE_MACHINE: &[&str] = &["clock", "socket buffers", "open files", "workers"];

#[test]
fn of_a_good_deployment_everything_is_right_or_said_not_to_be_checked() {
    let ports = Ports::free();
    let flags = [&ports.flags()[..], &["--turn.secret", SECRET]].concat();
    let server = Server::start(&flags);
    let report = beside(&server, &flags);
    assert_eq!(report.code, 0, "{report:?}");
    let others = report.findings.iter().filter(|finding| !OF_THE_MACHINE.contains(&text(finding, "check")));
    for finding in others {
        assert!(is(finding, "ok") || is(finding, "not checked"), "{finding}");
    }
    let through = report.of("relay").filter(|finding| text(finding, "seen").contains("a datagram went through it in"));
    assert_eq!(through.count(), 2, "UDP and TCP: {report:?}");
    for check in ["settings", "server", "ports", "public address"] {
        assert!(report.of(check).all(|finding| is(finding, "ok")) && report.of(check).count() > 0, "{report:?}");
    }
}

#[test]
fn over_tls_the_relay_is_reached_on_its_own_port_and_on_that_of_https() {
    let (ports, folder) = (Ports::free(), tempfile::tempdir().expect("a folder"));
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    write_certificate(&cert, &key, "localhost", 2100);
    let tls_port = free_port().to_string();
    let tls = ["--http.tls_cert", path(&cert), "--http.tls_key", path(&key), "--turn.tls_port", &tls_port];
    let flags = [&ports.flags()[..], &tls, &["--turn.host", "localhost", "--turn.secret", SECRET]].concat();
    let server = Server::start(&flags);
    let report = beside(&server, &flags);
    let through = report.of("relay").filter(|finding| text(finding, "seen").contains("a datagram went through it in"));
    let through: Vec<&str> = through.map(|finding| text(finding, "seen")).collect();
    for port in [tls_port, server.address.port().to_string()] {
        let url = format!("turns:localhost:{port}?transport=tcp");
        assert!(through.iter().any(|seen| seen.starts_with(&url)), "{url}: {report:?}");
    }
}

#[test]
fn a_secret_that_is_not_the_relays_is_told() {
    let ports = Ports::free();
    // It makes a secret of its own.
    let server = Server::start(&ports.flags());
    let report = beside(&server, &[&ports.flags()[..], &["--turn.secret", SECRET]].concat());
    assert_eq!(report.code, 1, "{report:?}");
    let failed = report.of("relay").filter(|finding| is(finding, "failed"));
    assert_eq!(failed.filter(|finding| text(finding, "cure").starts_with("turn.secret")).count(), 2, "{report:?}");
}

#[test]
fn a_port_that_is_taken_is_named_with_who_has_it() {
    let (ports, taken) = (Ports::free(), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let port = taken.local_addr().expect("an address").port().to_string();
    let http = format!("127.0.0.1:{}", free_port());
    let report = doctor(&[&ports.flags()[..], &["--http.bind", &http, "--media.tcp_port", &port]].concat());
    assert_eq!(report.code, 1, "{report:?}");
    let seen = report.failed("ports");
    let expected = format!("TCP port {port} (media.tcp_port) on 127.0.0.1 is taken by ");
    assert!(text(seen, "seen").starts_with(&expected), "{seen}");
    assert!(text(seen, "seen").ends_with(&format!("(process {})", std::process::id())), "{seen}");
    assert!(text(seen, "cure").contains("or set another --media.tcp_port"), "{seen}");
}

#[test]
fn a_public_address_that_is_not_ours_is_told_with_the_right_one() {
    let ports = Ports::free();
    let _elsewhere = Server::start(&ports.flags());
    let http = format!("127.0.0.1:{}", free_port());
    let (ours, stun) = (Ports::free(), format!("127.0.0.1:{}", ports.turn));
    let wrong = ["--http.bind", &http, "--media.advertised", "10.99.99.99", "--stun", &stun];
    let report = doctor(&[&ours.flags()[..], &wrong].concat());
    assert_eq!(report.code, 1, "{report:?}");
    let seen = report.failed("public address");
    assert!(text(seen, "seen").ends_with("sees this machine as 127.0.0.1"), "{seen}");
    assert!(text(seen, "cure").starts_with("Set media.advertised = [\"127.0.0.1\"]"), "{seen}");

    let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let stun = silent.local_addr().expect("an address").to_string();
    let report = doctor(&["--http.bind", &http, "--media.advertised", "10.99.99.99", "--stun", &stun]);
    let seen = report.of("public address").next().expect("a finding");
    assert!(is(seen, "not checked") && text(seen, "cure").contains("--stun HOST:PORT"), "{seen}");
}

#[test]
fn a_certificate_that_has_expired_is_told_with_its_date() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    write_certificate(&cert, &key, "localhost", 2020);
    let tls = ["--http.tls_cert", path(&cert), "--http.tls_key", path(&key)];
    let tls = [&tls[..], &["--http.public_url", "https://localhost:9", "--turn.tls_port", "0"]].concat();
    let server = Server::start(&tls);
    let flags = [&tls[..], &["--media.tcp_port", "0", "--turn.port", "0"]].concat();
    let report = beside(&server, &flags);
    assert_eq!(report.code, 1, "{report:?}");
    let seen = report.failed("certificate");
    assert!(text(seen, "seen").starts_with("it expired on ") && text(seen, "seen").contains("2020"), "{seen}");
    assert!(text(seen, "cure").starts_with("Renew it"), "{seen}");

    write_certificate(&cert, &key, "elsewhere.example.org", 2100);
    let report = beside(&server, &flags);
    assert!(text(report.failed("certificate"), "seen").contains("does not name localhost, but elsewhere.example.org"));
    let is_own = |finding: &Value| is(finding, "warning") && text(finding, "seen") == "it is signed by itself";
    assert!(report.of("certificate").any(is_own), "{report:?}");
    write_certificate(&cert, &folder.path().join("another.pem"), "localhost", 2100);
    let report = beside(&server, &flags);
    assert!(text(report.failed("certificate"), "seen").contains("the key does not belong to the certificate"));
}

#[test]
fn udp_that_does_not_come_through_is_told_from_a_relay_that_is_down() {
    let (ports, silent) = (Ports::free(), UdpSocket::bind("127.0.0.1:0").expect("a socket"));
    let blocked = silent.local_addr().expect("an address").port();
    let urls = format!("turn:127.0.0.1:{blocked}?transport=udp, turn:127.0.0.1:{}?transport=tcp", ports.turn);
    let flags = [&ports.flags()[..], &["--turn.secret", SECRET, "--turn.urls", &urls]].concat();
    let server = Server::start(&flags);
    let report = beside(&server, &flags);
    assert_eq!(report.code, 1, "{report:?}");
    let seen = report.failed("relay");
    assert!(text(seen, "seen").ends_with("nothing answers on UDP, while TCP answers"), "{seen}");
    let cure = format!("UDP port {blocked} is blocked between here and the server: open it in the firewall.");
    assert_eq!(text(seen, "cure"), cure);

    let urls = format!("turn:127.0.0.1:{}?transport=tcp, turn:nowhere.invalid:3478", free_port());
    let flags = [&ports.flags()[..], &["--turn.secret", SECRET, "--turn.urls", &urls]].concat();
    let report = beside(&server, &flags);
    let failed: Vec<&Value> = report.of("relay").filter(|finding| is(finding, "failed")).collect();
    assert!(text(failed[0], "cure").starts_with("Nobody listens on TCP port"), "{report:?}");
    assert!(text(failed[1], "cure").starts_with("Make a DNS record for nowhere.invalid"), "{report:?}");
}

#[test]
fn without_a_secret_in_the_settings_the_server_that_runs_tells_a_credential() {
    let ports = Ports::free();
    let server = Server::start(&ports.flags());
    let report = beside(&server, &ports.flags());
    let through = report.of("relay").filter(|finding| text(finding, "seen").contains("a datagram went through it in"));
    assert_eq!(through.count(), 2, "{report:?}");
}

#[test]
fn a_key_that_the_server_refuses_is_told() {
    let ports = Ports::free();
    let [right, wrong] = ["right", "wrong"].map(|word| word.repeat(4));
    let elsewhere = [&ports.flags()[..], &["--admin.addresses", "192.0.2.1", "--admin.key"]].concat();
    let server = Server::start(&[&elsewhere[..], &[&right]].concat());
    let report = beside(&server, &[&elsewhere[..], &[&wrong]].concat());
    assert!(text(report.failed("settings"), "seen").starts_with("admin.key is not that of the server"), "{report:?}");
    assert_eq!(report.code, 1, "{report:?}");
    assert_eq!(beside(&server, &[&elsewhere[..], &[&right]].concat()).code, 0);
}

#[test]
fn where_clients_reach_the_relay_is_not_set_and_told() {
    let keys = format!("a: {}", "0123456789abcdef".repeat(2));
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("none").join("x.db");
    let report = Report::read(&run(&["doctor", "--json", "--auth.keys", &keys, "--store.path", path(&store)]));
    assert!(text(report.failed("relay"), "cure").starts_with("Set media.advertised"), "{report:?}");
    let store = report.of("store").next().expect("a finding");
    assert!(!is(store, "failed") && text(store, "seen").contains("none is not there; "), "{report:?}");
}

#[test]
fn what_cannot_be_looked_at_is_never_called_right() {
    let ports = Ports::free();
    let http = format!("127.0.0.1:{}", free_port());
    let report = doctor(&[&ports.flags()[..], &["--http.bind", &http]].concat());
    for check in ["server", "certificate", "relay", "media"] {
        assert!(report.of(check).all(|finding| is(finding, "not checked")), "{check}: {report:?}");
    }
}

#[test]
fn wrong_settings_fail_one_by_one_and_wrong_usage_ends_with_2() {
    let report = Report::read(&run(&["doctor", "--json", "--auth.keys", "a: short"]));
    assert_eq!(report.code, 1, "{report:?}");
    let failed: Vec<&Value> = report.of("settings").collect();
    assert!(failed.len() == 2 && failed.iter().all(|finding| is(finding, "failed")), "{report:?}");
    let report = Report::read(&run(&["doctor", "--json", "--media.udp_port", "many"]));
    assert_eq!((report.code, report.findings.len()), (1, 2), "{report:?}");
    assert!(is(&report.findings[1], "not checked"), "{report:?}");

    let output = run(&["doctor", "--dev", "--stun", "nowhere"]);
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    assert_eq!(run(&["doctor", "--config", "/nowhere.toml"]).status.code(), Some(2));
}

#[test]
fn people_get_a_table_and_a_summary() {
    let ports = Ports::free();
    let server = Server::start(&ports.flags());
    let address = server.address.to_string();
    let output =
        run(&[&["doctor", "--dev", "--media.tcp_port", "0", "--http.bind", &address], &ports.flags()[..]].concat());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.starts_with("ok           settings        no file; environment and flags (--dev), consistent\n"),
        "{said}"
    );
    assert!(said.contains(&format!("ok           server          runs at http://{address}\n")), "{said}");
    assert!(said.contains("\n0 failed, ") && !said.contains('\x1b'), "{said}");
}

#[test]
fn from_outside_what_only_the_machine_knows_is_left_out() {
    let (ports, folder) = (Ports::free(), tempfile::tempdir().expect("a folder"));
    let port = free_port();
    let (bind, url) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
    let flags = [&ports.flags()[..], &["--http.public_url", &url, "--turn.secret", SECRET]].concat();
    let _server = Server::start(&[&flags[..], &["--http.bind", &bind]].concat());
    let music = folder.path().join("music");
    let asked = [&flags[..], &["--from-outside", "--player.directory", path(&music)]].concat();
    let report = doctor(&asked);
    assert_eq!(report.code, 0, "{report:?}");
    for check in ["ports", "socket buffers", "open files", "store", "player"] {
        assert_eq!(report.of(check).count(), 0, "{check}: {report:?}");
    }
    assert!(report.of("clock").all(|finding| is(finding, "ok")), "{report:?}");
    assert!(report.of("media").any(|finding| text(finding, "seen").starts_with("UDP ")), "{report:?}");
}

/// Ports of one deployment.
struct Ports {
    turn: String,
    media: String,
}

impl Ports {
    fn free() -> Self {
        Self { turn: free_port().to_string(), media: free_udp_port().to_string() }
    }

    /// The same for the server and for the doctor.
    fn flags(&self) -> Vec<&str> {
        vec!["--turn.port", &self.turn, "--media.udp_port", &self.media, "--media.workers", "1"]
    }
}

/// What the doctor said.
#[derive(Debug)]
struct Report {
    code: i32,
    findings: Vec<Value>,
}

impl Report {
    fn read(output: &std::process::Output) -> Self {
        let findings = serde_json::from_slice(&output.stdout);
        let findings = findings.unwrap_or_else(|error| panic!("{error}: {}", complaint(output)));
        Self { code: output.status.code().expect("a code"), findings }
    }

    fn of<'a>(&'a self, check: &'a str) -> impl Iterator<Item = &'a Value> {
        self.findings.iter().filter(move |finding| text(finding, "check") == check)
    }

    /// The first thing of this check that failed.
    fn failed(&self, check: &str) -> &Value {
        let failed = self.findings.iter().find(|finding| text(finding, "check") == check && is(finding, "failed"));
        failed.unwrap_or_else(|| panic!("{check} did not fail: {self:?}"))
    }
}

/// Without a server at `http.bind`, unless the flags name one.
fn doctor(flags: &[&str]) -> Report {
    let base: Vec<&str> =
        ["--media.tcp_port", "0"].into_iter().filter(|_| !flags.contains(&"--media.tcp_port")).collect();
    Report::read(&run(&[&["doctor", "--dev", "--json"], &base[..], flags].concat()))
}

/// Beside this server.
fn beside(server: &Server, flags: &[&str]) -> Report {
    let address = server.address.to_string();
    doctor(&[&["--http.bind", &address], flags].concat())
}

fn is(finding: &Value, state: &str) -> bool {
    text(finding, "state") == state
}

fn text<'a>(finding: &'a Value, field: &str) -> &'a str {
    finding[field].as_str().unwrap_or_default()
}

/// Signed by itself, for this name, until the end of this year.
fn write_certificate(cert: &Path, key: &Path, name: &str, year: i32) {
    let mut wanted = CertificateParams::new([name.to_owned()]).expect("a name");
    wanted.not_before = date_time_ymd(2019, 1, 1);
    wanted.not_after = date_time_ymd(year, 12, 31);
    let signing = KeyPair::generate().expect("a key");
    std::fs::write(cert, wanted.self_signed(&signing).expect("a certificate").pem()).expect("written");
    std::fs::write(key, signing.serialize_pem()).expect("written");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}
