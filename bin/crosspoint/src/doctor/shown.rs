//! What a TLS server shows: its certificate, and what this system thinks of it. The connection is made in any case, since what
//! is behind it is to be looked at, too.

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};
use rustls_platform_verifier::Verifier;

/// What a server showed.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The first certificate of the chain (DER).
    pub certificate: Vec<u8>,
    /// What this system thinks of the chain.
    pub verdict: Verdict,
}

/// Is a chain trusted?
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Browsers take it, too.
    Trusted,
    /// They do not.
    Refused(Error),
    /// This system has no roots to tell by.
    Unknown,
}

/// Why a chain is not trusted.
pub fn in_words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "it does not know who signed it, or the chain is not whole".into()
        }
        Error::InvalidCertificate(CertificateError::Revoked) => "it was revoked".into(),
        // webpki's word for what `openssl req -x509` makes comes as text only.
        Error::InvalidCertificate(CertificateError::Other(other))
            if format!("{other:?}").contains("CaUsedAsEndEntity") =>
        {
            "it is signed by itself, as an authority's own is".into()
        }
        other => other.to_string(),
    }
}

/// A connection with TLS.
pub type Encrypted = StreamOwned<ClientConnection, TcpStream>;

/// Does the handshake. The stream has its time limits already. `host`: a name or an address.
pub fn connect(mut stream: TcpStream, host: &str) -> io::Result<(Encrypted, Shown)> {
    let witness = Arc::new(Witness::new());
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(witness.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(witness.clone())
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    let shown = witness.shown.lock().ok().and_then(|mut shown| shown.take());
    let shown = shown.ok_or_else(|| io::Error::other("no certificate was shown"))?;
    Ok((StreamOwned::new(connection, stream), shown))
}

/// Lets every certificate in, and remembers it.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    /// None: this system has no roots.
    system: Option<Verifier>,
    shown: Mutex<Option<Shown>>,
}

impl Witness {
    fn new() -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let system = Verifier::new(provider.clone()).ok();
        Self { provider, system, shown: Mutex::new(None) }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        first: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = match &self.system {
            None => Verdict::Unknown,
            Some(system) => match system.verify_server_cert(first, others, name, ocsp, now) {
                Ok(_) => Verdict::Trusted,
                Err(error) => Verdict::Refused(error),
            },
        };
        if let Ok(mut shown) = self.shown.lock() {
            *shown = Some(Shown { certificate: first.to_vec(), verdict });
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
