//! What every request passes through: counted, and answered with headers that keep browsers safe.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::http::Refused;
use crosspoint_telemetry::Requests;

/// Scripts, styles and connections come from this server alone; nobody frames its pages. Media elements play what the page
/// itself makes. Styles may stand in elements, since plots and video tiles are placed by script.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      media-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

/// On every response.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // A link that leads away must not carry a room's name.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(self), microphone=(self), display-capture=(self), geolocation=()"),
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// A year (RFC 6797).
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Middleware: headers that keep browsers safe. `is_tls`: the listener speaks HTTPS.
pub async fn safe_headers(State(is_tls): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    response
}

/// Middleware: says in problem details that this cannot be done here. The router puts `Allow` beside it afterwards.
pub async fn told_methods(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED || response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    let detail = format!("{method} is not possible here; the header Allow says what is");
    let refusal = Refusal::new(Code::MethodNotAllowed, detail);
    let mut told = Refused::from(refusal).into_response();
    *told.extensions_mut() = response.extensions().clone();
    for (name, value) in response.headers().iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
        told.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    told
}

/// Middleware: counts and times requests by their route.
pub async fn counted(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("console", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    requests.observe(method.as_str(), &route, response.status().as_u16(), started.elapsed());
    response
}
