//! The console: pages that are built from `web/` and embedded in the release binary. (A debug binary reads them from the
//! folder, so that a rebuilt page needs no rebuilt server.)

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use crosspoint_model::problem::{self, Problem};
use crosspoint_model::{Code, Refusal};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Assets;

/// The page of which all views are made.
const PAGE: &str = "index.html";
/// The bundler names these after their content.
const HASHED: &str = "assets/";
/// Below these stand names of rooms, which may have dots; elsewhere a dot is the end of a file's name.
const VIEWS: &[&str] = &["room/", "dashboard/", "shows/"];
/// Paths below which there are no pages.
const NOT_PAGES: &[&str] = &["/api", "/ws", "/whip", "/whep", "/assets/"];

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Crosspoint</title>
<h1>Crosspoint runs</h1><p>The console is not built. Run <code>make web</code> and reload this page (a release binary: build
it again). The server itself works without it.</p></html>";

/// Answers every path that no door has.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if !is_a_page_or_file(path) {
        return not_found(path);
    }
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Assets::get(name) {
        return send(name, file, &headers);
    }
    // The pages are views of one document, told apart by its script: /room/…, /dashboard, …
    let is_file = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let is_view = !is_file || VIEWS.iter().any(|prefix| name.starts_with(prefix));
    match Assets::get(PAGE) {
        Some(page) if is_view => send(PAGE, page, &headers),
        Some(_) => not_found(path),
        None => (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response(),
    }
}

fn is_a_page_or_file(path: &str) -> bool {
    let below = |prefix: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
    !NOT_PAGES.iter().any(|prefix| below(prefix)) || Assets::get(path.trim_start_matches('/')).is_some()
}

fn send(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = format!("\"{}\"", hash[..12].iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let cache = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = HeaderValue::from_str(file.metadata.mimetype());
        let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        ([(header::CONTENT_TYPE, kind)], file.data).into_response()
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn not_found(path: &str) -> Response {
    let problem = Problem::from(Refusal::new(Code::NotFound, format!("there is nothing at {path}")));
    let mut response = (StatusCode::NOT_FOUND, axum::Json(problem)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
    response
}
