//! The log at a collector: a listener that takes one request stands in for it.
#![cfg(feature = "otlp")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use crosspoint_telemetry::{LogFormat, end_log, start_log};

#[test]
fn a_line_of_the_log_reaches_the_collector_with_its_fields() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}/v1/logs", listener.local_addr().expect("an address"));
    let collector = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let (mut request, mut piece) = (Vec::new(), [0; 4096]);
        let has = |request: &[u8], text: &[u8]| request.windows(text.len()).any(|window| window == text);
        while !has(&request, b"studio-7") {
            let length = stream.read(&mut piece).expect("the request goes on");
            assert!(length > 0, "the request ended without the record");
            request.extend_from_slice(&piece[..length]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("an answer");
        assert!(request.starts_with(b"POST /v1/logs "));
        assert!(has(&request, b"participant joined") && has(&request, b"crosspoint"));
    });
    // The process's TLS provider, as the server installs it: the client looks for it, whether the address is `https` or not.
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("the first one");
    start_log("info", LogFormat::Text, Some(&address)).expect("a log");
    tracing::info!(room = "studio-7", "participant joined");
    end_log();
    collector.join().expect("the record came");
}
