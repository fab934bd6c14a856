//! The cryptography of all connections of this process: AWS-LC, one certificate, one checked DTLS configuration.
//!
//! The stock provider of str0m builds a `dimpl::Config` for each connection, and each build runs a self-test of every
//! curve: 1 ms of CPU per join. `SharedDtls` builds it once.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m_proto::crypto::CryptoError;
use str0m_proto::crypto::dtls::{DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion};

use crate::srtp::Agreed;

thread_local! {
    /// What the last handshake on this thread agreed on. [`Transport`](crate::Transport) takes it right after the poll in
    /// which the handshake ended; str0m itself does not tell.
    static NEGOTIATED: Cell<Option<Agreed>> = const { Cell::new(None) };
}

/// Takes what the handshake that ended in the last poll agreed on, if one did.
pub(crate) fn take_negotiated() -> Option<Agreed> {
    NEGOTIATED.take()
}

/// The provider that every connection uses.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| {
            let stock = str0m::crypto::from_feature_flags();
            Arc::new(CryptoProvider { dtls_provider: shared(), ..stock })
        })
        .clone()
}

fn shared() -> &'static SharedDtls {
    static SHARED: OnceLock<SharedDtls> = OnceLock::new();
    SHARED.get_or_init(|| SharedDtls {
        stock: str0m::crypto::from_feature_flags().dtls_provider,
        config: OnceLock::new(),
    })
}

/// A `DtlsProvider` whose configuration was checked once.
#[derive(Debug)]
struct SharedDtls {
    stock: &'static dyn DtlsProvider,
    config: OnceLock<Arc<dimpl::Config>>,
}

impl SharedDtls {
    fn config(&self, mtu: Option<usize>) -> Result<Arc<dimpl::Config>, CryptoError> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        // The ICE check proved the return path, a server cookie (RFC 6347 §4.2.1) would cost one more round trip.
        let mut builder = dimpl::Config::builder().use_server_cookie(false);
        if let Some(mtu) = mtu {
            builder = builder.mtu(mtu);
        }
        let config = builder.build().map_err(|error| CryptoError::Other(format!("DTLS configuration: {error}")))?;
        Ok(self.config.get_or_init(|| Arc::new(config)).clone())
    }
}

impl DtlsProvider for SharedDtls {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        self.stock.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        _version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let certificate =
            dimpl::DtlsCertificate { certificate: cert.certificate.clone(), private_key: cert.private_key.clone() };
        // DTLS 1.2: there the server chooses the SRTP profile (GCM), in 1.3 the client's first (often the slow CM) wins.
        let dtls = dimpl::Dtls::new_12(self.config(mtu)?, certificate, now);
        Ok(Box::new(Instance(dtls)))
    }
}

#[derive(Debug)]
struct Instance(dimpl::Dtls);

impl DtlsInstance for Instance {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.0.poll_output(buffer);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            NEGOTIATED.set(Some(Agreed { profile: *profile, material: material.as_ref().to_vec() }));
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
