//! The cryptography of the clients: one certificate and one checked DTLS configuration for all of them, and a note of which
//! SRTP profile each handshake agreed on.
//!
//! A stock provider tests every curve for each new connection (1 ms of CPU): two hundred joins at once would then measure the
//! generator.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m_proto::crypto::CryptoError;
use str0m_proto::crypto::dtls::{DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion};

static AGREED: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

/// How many handshakes agreed on which SRTP profile so far.
pub fn agreed_profiles() -> BTreeMap<String, u32> {
    AGREED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The provider and the certificate of all clients.
pub fn shared() -> &'static (Arc<CryptoProvider>, DtlsCert) {
    static SHARED: OnceLock<(Arc<CryptoProvider>, DtlsCert)> = OnceLock::new();
    static DTLS: OnceLock<ClientDtls> = OnceLock::new();
    SHARED.get_or_init(|| {
        let stock = str0m::crypto::from_feature_flags();
        let config = dimpl::Config::builder().use_server_cookie(false).build().expect("the stock DTLS configuration");
        let dtls = DTLS.get_or_init(|| ClientDtls { stock: stock.dtls_provider, config: Arc::new(config) });
        let certificate = dtls.generate_certificate().expect("this provider makes certificates");
        (Arc::new(CryptoProvider { dtls_provider: dtls, ..stock }), certificate)
    })
}

#[derive(Debug)]
struct ClientDtls {
    stock: &'static dyn DtlsProvider,
    config: Arc<dimpl::Config>,
}

impl DtlsProvider for ClientDtls {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        self.stock.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        _version: DtlsVersion,
        _mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let cert =
            dimpl::DtlsCertificate { certificate: cert.certificate.clone(), private_key: cert.private_key.clone() };
        Ok(Box::new(Handshake(dimpl::Dtls::new_12(self.config.clone(), cert, now))))
    }
}

/// One connection's DTLS, which notes the profile when the keys come out.
#[derive(Debug)]
struct Handshake(dimpl::Dtls);

impl DtlsInstance for Handshake {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.0.poll_output(buffer);
        if let DtlsOutput::KeyingMaterial(_, profile) = &output {
            let mut agreed = AGREED.lock().unwrap_or_else(PoisonError::into_inner);
            *agreed.entry(format!("{profile:?}")).or_default() += 1;
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}
