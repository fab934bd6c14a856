//! TLS clients: one that trusts the authority, as browsers do, and the authority's own, which looks for a proof.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, StreamOwned,
};

use super::PATIENCE;
use super::authority::Authority;

/// A connection that stands.
pub struct Client(StreamOwned<ClientConnection, TcpStream>);

impl Client {
    /// Connects, if a certificate for this name is shown that the authority signed.
    pub fn connect(address: SocketAddr, name: &str, authority: &Authority) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.root()).expect("a root");
        let config = builder().with_root_certificates(roots).with_no_client_auth();
        connect(address, name, config).map(Self)
    }

    /// The certificate that was shown.
    pub fn shown(&self) -> CertificateDer<'static> {
        self.0.conn.peer_certificates().expect("certificates")[0].clone().into_owned()
    }

    /// Sends a request.
    pub fn ask(&mut self) -> String {
        self.0.write_all(b"GET / HTTP/1.1\r\nHost: meet.example\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"hello") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("an answer");
            answer.push(byte[0]);
        }
        String::from_utf8(answer).expect("text")
    }
}

/// What is shown to who asks for the proof of a name (RFC 8737 §3).
pub fn proof(address: SocketAddr, name: &str) -> Option<CertificateDer<'static>> {
    let mut config = builder().dangerous().with_custom_certificate_verifier(Arc::new(Anything)).with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let connection = connect(address, name, config)?;
    (connection.conn.alpn_protocol() == Some(b"acme-tls/1")).then_some(())?;
    Some(connection.conn.peer_certificates()?.first()?.clone().into_owned())
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    let provider = Arc::new(default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions")
}

fn connect(address: SocketAddr, name: &str, config: ClientConfig) -> Option<StreamOwned<ClientConnection, TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    let mut connection = StreamOwned::new(client, stream);
    while connection.conn.is_handshaking() {
        connection.conn.complete_io(&mut connection.sock).ok()?;
    }
    Some(connection)
}

/// A proof is signed by itself: what matters is what stands in it.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
