//! Which web pages may use the server from a browser (Fetch standard, CORS protocol). Pages of the server itself always may,
//! without any of this.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use crosspoint_auth::is_allowed_origin;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PATCH, DELETE, OPTIONS");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, if-match, if-none-match");
/// What a WHIP or WHEP client must be able to read (RFC 9725 §4.2, §4.6), and who asks for what to post.
const EXPOSED: HeaderValue = HeaderValue::from_static("location, link, etag, accept-post, accept-patch, retry-after");
/// Seconds; browsers cap it at two hours and less.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Origins whose pages may use the server; `*`: all.
#[derive(Clone, Debug)]
pub struct Origins(Arc<[String]>);

impl Origins {
    /// These.
    pub fn new(origins: &[String]) -> Self {
        Self(origins.into())
    }

    fn allow(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| is_allowed_origin(&self.0, origin))
    }
}

/// Middleware. Nothing here goes with cookies: rights come from tokens alone, so no credentials are allowed across origins.
pub async fn across_origins(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).filter(|origin| origins.allow(origin)).cloned();
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = next.run(request).await;
    response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin else { return response };
    if is_preflight {
        if !response.status().is_success() {
            response = StatusCode::NO_CONTENT.into_response();
        }
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    response
}
