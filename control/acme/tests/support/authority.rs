//! A stand-in for an ACME authority, written for these tests: as much of RFC 8555 as one order takes. It looks for the proof
//! as RFC 8737 says, and issues what the request asks for; it does not verify the signatures on requests, nor nonces.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::extract::{Path as Segment, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_server::tls_rustls::RustlsConfig;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedKey, IsCa, Issuer, KeyPair,
    date_time_ymd, generate_simple_self_signed,
};
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{client, serve};

/// How long the certificates live that it issues.
#[derive(Clone, Copy, Default)]
pub enum Lifetime {
    /// Not due for decades.
    #[default]
    Long,
    /// Good, and due for renewal.
    AlmostOver,
}

/// The stand-in.
pub struct Authority {
    address: SocketAddr,
    root: CertificateDer<'static>,
    book: Arc<Mutex<Book>>,
}

/// Where each name is found, in place of DNS: every authority has a port of its own, and so has its listener.
static FOUND: OnceLock<Mutex<BTreeMap<(String, String), SocketAddr>>> = OnceLock::new();

/// From now on this authority finds these names there.
pub fn finds(directory: &str, names: &[String], address: SocketAddr) {
    let mut found = lock(FOUND.get_or_init(Mutex::default));
    for name in names {
        found.insert((directory.to_owned(), name.clone()), address);
    }
}

struct Book {
    base: String,
    issuer: Issuer<'static, KeyPair>,
    lifetime: Lifetime,
    refuse_next_proof: bool,
    accounts: usize,
    /// Of the account's key (RFC 7638).
    thumbprint: String,
    orders: usize,
    /// The names of the present order, and whether they were proven.
    names: Vec<(String, &'static str)>,
    chain: Option<String>,
}

type Shared = Arc<Mutex<Book>>;

impl Authority {
    /// Starts one. The certificate by which it is trusted goes into this file.
    pub async fn start(root_file: &Path) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
        std::fs::write(root_file, cert.pem()).expect("written");
        let pems = (cert.pem().into_bytes(), signing_key.serialize_pem().into_bytes());
        let config = RustlsConfig::from_pem(pems.0, pems.1).await.expect("a configuration");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let root = params.self_signed(&key).expect("a root").der().clone();
        let book = Arc::new(Mutex::new(Book {
            base: String::new(),
            issuer: Issuer::new(params, key),
            lifetime: Lifetime::Long,
            refuse_next_proof: false,
            accounts: 0,
            thumbprint: String::new(),
            orders: 0,
            names: Vec::new(),
            chain: None,
        }));
        let address = serve(router(book.clone()), config);
        lock(&book).base = format!("https://localhost:{}", address.port());
        Self { address, root, book }
    }

    /// Its directory.
    pub fn directory(&self) -> String {
        format!("https://localhost:{}/directory", self.address.port())
    }

    /// The certificate above those that it issues.
    pub fn root(&self) -> CertificateDer<'static> {
        self.root.clone()
    }

    /// From now on certificates live so long.
    pub fn issue(&self, lifetime: Lifetime) {
        lock(&self.book).lifetime = lifetime;
    }

    /// The next proof is not accepted, whatever is shown.
    pub fn refuse_next_proof(&self) {
        lock(&self.book).refuse_next_proof = true;
    }

    /// Accounts that were made.
    pub fn accounts(&self) -> usize {
        lock(&self.book).accounts
    }

    /// Orders that were made.
    pub fn orders(&self) -> usize {
        lock(&self.book).orders
    }
}

fn router(book: Shared) -> Router {
    Router::new()
        .route("/directory", get(directory))
        .route("/nonce", get(async || StatusCode::OK))
        .route("/account", post(new_account))
        .route("/order", post(new_order))
        .route("/order/1", post(async |State(book): State<Shared>| Json(lock(&book).order())))
        .route("/authorization/{index}", post(authorization))
        .route("/challenge/{index}", post(challenge))
        .route("/finalize", post(finalize))
        .route("/certificate", post(async |State(book): State<Shared>| lock(&book).chain.clone().unwrap_or_default()))
        .layer(from_fn(with_nonce))
        .with_state(book)
}

/// RFC 8555 §6.5: on every answer.
async fn with_nonce(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("replay-nonce", HeaderValue::from_static("bm9uY2U"));
    response
}

async fn directory(State(book): State<Shared>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", lock(&book).base);
    Json(json!({ "newNonce": at("nonce"), "newAccount": at("account"), "newOrder": at("order") }))
}

async fn new_account(State(book): State<Shared>, body: String) -> Response {
    let jwk = &part(&body, "protected")["jwk"];
    // RFC 7638 §3: the members that are required, sorted.
    let canonical = format!(r#"{{"crv":{},"kty":{},"x":{},"y":{}}}"#, jwk["crv"], jwk["kty"], jwk["x"], jwk["y"]);
    let mut book = lock(&book);
    book.accounts += 1;
    book.thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical));
    created(&format!("{}/account/1", book.base), json!({ "status": "valid" }))
}

async fn new_order(State(book): State<Shared>, body: String) -> Response {
    let wanted = part(&body, "payload");
    let names = wanted["identifiers"].as_array().expect("identifiers").iter();
    let mut book = lock(&book);
    book.orders += 1;
    book.names = names.map(|name| (name["value"].as_str().expect("a name").to_owned(), "pending")).collect();
    book.chain = None;
    created(&format!("{}/order/1", book.base), book.order())
}

async fn authorization(State(book): State<Shared>, Segment(index): Segment<usize>) -> Json<Value> {
    let book = lock(&book);
    let (name, status) = &book.names[index];
    Json(json!({
        "identifier": { "type": "dns", "value": name }, "status": status, "challenges": [book.challenge(index)],
    }))
}

async fn challenge(State(book): State<Shared>, Segment(index): Segment<usize>) -> Json<Value> {
    let shown = lock(&book).challenge(index);
    tokio::task::spawn_blocking(move || look(&book, index));
    Json(shown)
}

/// Looks for the proof, as RFC 8737 §3 says.
fn look(book: &Shared, index: usize) {
    let (name, digest, at) = {
        let mut book = lock(book);
        let name = book.names[index].0.clone();
        let digest = Sha256::digest(format!("{}.{}", token(index), book.thumbprint));
        let refused = std::mem::take(&mut book.refuse_next_proof);
        let directory = format!("{}/directory", book.base);
        let at = lock(FOUND.get_or_init(Mutex::default)).get(&(directory, name.clone())).copied();
        (name, digest, at.filter(|_| !refused))
    };
    let proof = at.and_then(|address| client::proof(address, &name));
    let proven = proof.is_some_and(|proof| {
        let (_, proof) = X509Certificate::from_der(&proof).expect("a certificate");
        let names = proof.subject_alternative_name().expect("one").expect("names").value.general_names.len();
        let extension = proof.extensions().iter().find(|one| one.oid.to_id_string() == "1.3.6.1.5.5.7.1.31");
        let extension = extension.expect("the extension of RFC 8737");
        // An OCTET STRING of 32 bytes.
        names == 1 && extension.critical && extension.value == [&[4, 32], digest.as_slice()].concat()
    });
    lock(book).names[index].1 = if proven { "valid" } else { "invalid" };
}

async fn finalize(State(book): State<Shared>, body: String) -> Json<Value> {
    let csr = part(&body, "payload")["csr"].as_str().expect("a request").to_owned();
    let csr = CertificateSigningRequestDer::from(URL_SAFE_NO_PAD.decode(csr).expect("base64"));
    let mut csr = CertificateSigningRequestParams::from_der(&csr).expect("a request");
    let mut book = lock(&book);
    let last = match book.lifetime {
        Lifetime::Long => 2130,
        Lifetime::AlmostOver => 2045,
    };
    (csr.params.not_before, csr.params.not_after) = (date_time_ymd(1975, 1, 1), date_time_ymd(last, 1, 1));
    book.chain = Some(csr.signed_by(&book.issuer).expect("a certificate").pem());
    Json(book.order())
}

impl Book {
    fn order(&self) -> Value {
        let all = |wanted: &str| self.names.iter().all(|(_, status)| *status == wanted);
        let status = if self.chain.is_some() {
            "valid"
        } else if self.names.iter().any(|(_, status)| *status == "invalid") {
            "invalid"
        } else if all("valid") {
            "ready"
        } else {
            "pending"
        };
        let base = &self.base;
        let authorizations: Vec<_> = (0..self.names.len()).map(|n| format!("{base}/authorization/{n}")).collect();
        let identifiers: Vec<_> = self.names.iter().map(|(name, _)| json!({ "type": "dns", "value": name })).collect();
        let certificate = self.chain.as_ref().map(|_| format!("{base}/certificate"));
        json!({
            "status": status, "identifiers": identifiers, "authorizations": authorizations,
            "finalize": format!("{base}/finalize"), "certificate": certificate,
        })
    }

    fn challenge(&self, index: usize) -> Value {
        let status = self.names[index].1;
        let url = format!("{}/challenge/{index}", self.base);
        json!({ "type": "tls-alpn-01", "url": url, "token": token(index), "status": status })
    }
}

fn token(index: usize) -> String {
    format!("token-{index}")
}

fn created(location: &str, body: Value) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, location.parse().expect("a header"));
    (StatusCode::CREATED, headers, Json(body)).into_response()
}

/// A part of a signed request (RFC 7515 §7.2.2).
fn part(body: &str, name: &str) -> Value {
    let signed: Value = serde_json::from_str(body).expect("json");
    let part = URL_SAFE_NO_PAD.decode(signed[name].as_str().expect("a part")).expect("base64");
    serde_json::from_slice(&part).expect("json")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
