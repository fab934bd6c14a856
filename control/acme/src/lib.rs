//! A certificate from an ACME authority (RFC 8555), such as Let's Encrypt, and a new one before it ends. In: names, and a
//! folder to keep things in. Out: a TLS configuration that always shows the newest certificate, so that a renewal touches no
//! connection.
//!
//! The authority asks for a proof over TLS on port 443 of each name (TLS-ALPN-01, RFC 8737): the same listener gives it, so
//! nothing else has to be reachable.
//!
//! ```text
//!   Cabinet (disk) ──> Keeper ── orders ──> authority
//!                        │ ╲                    │
//!              certificate  proofs              │ "acme-tls/1"
//!                        ▼   ▼                  ▼
//!                       Window  <────── the TLS listener
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `keeper.rs` | when a certificate is ordered |
//! | `order.rs` | one order, from account to certificate |
//! | `window.rs` | what a TLS client is shown |
//! | `cabinet.rs` | account and certificate on disk |
//! | `certificate.rs` | a certificate with its key, its names and times |

#![forbid(unsafe_code)]

mod cabinet;
mod certificate;
mod keeper;
mod order;
mod window;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;

use crate::cabinet::Cabinet;
use crate::keeper::Keeper;
use crate::window::Window;

/// By this protocol name a TLS client asks for a proof (RFC 8737 §3).
pub(crate) const PROOF: &[u8] = b"acme-tls/1";

/// What is wanted of whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The names that the certificate is for.
    pub domains: Vec<String>,
    /// Where the authority may write to.
    pub contact: Option<String>,
    /// Where account and certificate are kept. Made if it is missing.
    pub cache: PathBuf,
    /// The address of the authority's directory (RFC 8555 §7.1.1).
    pub directory: String,
    /// A certificate (PEM) to trust the directory by, in place of the system's: test authorities have their own.
    pub directory_root: Option<PathBuf>,
    /// How often things are tried.
    pub pace: Pace,
}

/// How often things are tried.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// So often it is looked whether a new certificate is due.
    pub look: Duration,
    /// So long after an order failed it is tried again; twice as long after each further failure, up to six hours.
    pub retry: Duration,
}

impl Default for Pace {
    /// Authorities refuse who fails more than a few times an hour.
    fn default() -> Self {
        Self { look: Duration::from_secs(3600), retry: Duration::from_secs(300) }
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The folder or a file in it.
    #[error("{path} cannot be used: {error}")]
    Cabinet {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The authority refused, or could not be reached.
    #[error("the authority: {0}")]
    Authority(#[from] instant_acme::Error),
    /// The authority does not offer the one proof that can be given here.
    #[error("the authority offers no TLS-ALPN-01 challenge for {0}; wildcards cannot be had this way")]
    NoChallenge(String),
    /// The authority looked for the proof and did not find it.
    #[error("the authority did not accept the proof; it must reach this server on port 443 of every name")]
    NotProven,
    /// A key or certificate could not be made.
    #[error("a key or certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
    /// What came is no certificate, or not for its key.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
}

/// Takes the certificate from the folder, keeps it fresh from now on, and gives the configuration for the listener, which
/// must run: that is where the authority looks. Call it within a tokio runtime.
///
/// # Errors
/// When the folder cannot be written.
pub fn start(settings: Settings) -> Result<Arc<ServerConfig>, AcmeError> {
    let cabinet = Cabinet::open(&settings.cache)?;
    let window = Arc::new(Window::default());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| AcmeError::Certificate(error.to_string()))?;
    let mut config = versions.with_no_client_auth().with_cert_resolver(window.clone());
    // The last but one: clients of a relay on the same port (RFC 7443).
    config.alpn_protocols = [b"h2".as_slice(), b"http/1.1", b"stun.turn", PROOF].map(<[u8]>::to_vec).into();
    let mut keeper = Keeper::new(settings, cabinet, window);
    keeper.take_from_cabinet();
    tokio::spawn(keeper.run());
    Ok(Arc::new(config))
}
