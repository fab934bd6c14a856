//! What every answer carries, and who may ask from where.

use crate::house::Server;

const JSON: &str = "Content-Type: application/json";

#[test]
fn answers_carry_headers_that_keep_browsers_safe() {
    let server = Server::start(&[]);
    let answer = server.get("/").to_ascii_lowercase();
    for header in [
        "content-security-policy: default-src 'self'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "frame-ancestors 'none'",
    ] {
        assert!(answer.contains(header), "{header} is not in\n{answer}");
    }
    assert!(!answer.contains("strict-transport-security"));
}

#[test]
fn what_is_not_there_is_told_as_problem_details() {
    let server = Server::start(&[]);
    for path in ["/api/nothing", "/whip", "/assets/nothing.js"] {
        let answer = server.get(path);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("\"not-found\""), "{answer}");
    }
}

#[test]
fn what_cannot_be_done_somewhere_is_told_with_what_can() {
    let server = Server::start(&[]);
    for (path, allow) in [("/room/x", "allow: get, head"), ("/api/webrtc/session/vm7/offer", "allow: post,get,head")] {
        let answer = server.send("PUT", path, &[], "");
        assert!(answer.starts_with("HTTP/1.1 405") && answer.to_ascii_lowercase().contains(allow), "{path}: {answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("\"method-not-allowed\""), "{answer}");
    }
}

#[test]
fn a_room_may_have_dots_in_its_name_and_a_missing_file_is_missing() {
    let server = Server::start(&[]);
    let page = server.get("/room/standup");
    let status = page.lines().next().expect("a status");
    for path in ["/room/v1.2", "/room/logo.svg", "/dashboard/v1.2"] {
        let answer = server.get(path);
        assert!(answer.starts_with(status) && answer.contains("text/html"), "{path}: {answer}");
    }
    for path in ["/nothing.svg", "/assets/room/v1.2"] {
        assert!(server.get(path).starts_with("HTTP/1.1 404"), "{path}");
    }
}

#[test]
fn in_dev_the_console_gets_tokens_and_other_pages_do_not() {
    let server = Server::start(&[]);
    let wanted = r#"{"room":"standup","identity":"ann"}"#;
    assert!(server.send("POST", "/api/token", &[JSON], wanted).contains("\"token\":\""));
    // A form on another page cannot send JSON without being asked first, and is not allowed when it asks.
    assert!(server.send("POST", "/api/token", &["Content-Type: text/plain"], wanted).starts_with("HTTP/1.1 415"));
    let preflight = ["Origin: https://evil.example.net", "Access-Control-Request-Method: POST"];
    let answer = server.send("OPTIONS", "/api/token", &preflight, "").to_ascii_lowercase();
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
}

#[test]
fn pages_of_allowed_origins_may_publish_from_a_browser() {
    let server = Server::start(&["--http.allowed_origins", "https://studio.example.org"]);
    let preflight = ["Origin: https://studio.example.org", "Access-Control-Request-Method: POST"];
    let answer = server.send("OPTIONS", "/whip/standup", &preflight, "").to_ascii_lowercase();
    for header in [
        "http/1.1 204",
        "access-control-allow-origin: https://studio.example.org",
        "access-control-allow-methods: get, post, patch, delete, options",
        "access-control-allow-headers: authorization",
        "accept-post: application/sdp",
    ] {
        assert!(answer.contains(header), "{header} is not in\n{answer}");
    }
    // A door that knows no OPTIONS is answered for.
    assert!(server.send("OPTIONS", "/api/rooms", &preflight, "").starts_with("HTTP/1.1 204"));

    let answer = server.send("POST", "/whip/standup", &["Origin: https://studio.example.org"], "").to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 401"), "{answer}");
    assert!(answer.contains("access-control-expose-headers: location, link, etag"), "{answer}");
    let other = server.send("POST", "/whip/standup", &["Origin: https://evil.example.net"], "");
    assert!(!other.to_ascii_lowercase().contains("access-control-allow-origin"));
}

#[test]
fn pages_of_this_machine_may_use_a_server_for_trying_out() {
    let server = Server::start(&[]);
    for origin in ["http://127.0.0.1:5173", "http://localhost:3000"] {
        let named = format!("Origin: {origin}");
        let preflight = [named.as_str(), "Access-Control-Request-Method: POST"];
        let answer = server.send("OPTIONS", "/api/token", &preflight, "").to_ascii_lowercase();
        assert!(answer.contains(&format!("access-control-allow-origin: {origin}")), "{answer}");
    }
}

#[test]
fn requests_are_counted_by_route() {
    let server = Server::start(&[]);
    server.get("/api/rooms/one");
    server.get("/api/rooms/two");
    let metrics = server.get("/metrics");
    let line = r#"crosspoint_http_requests_total{method="GET",route="/api/rooms/{room}",status="404"} 2"#;
    assert!(metrics.contains(line), "{metrics}");
}
