//! What a TLS client is shown: the newest certificate, or the proof that the authority asks for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::PROOF;

/// Certificates on show.
#[derive(Debug, Default)]
pub(crate) struct Window {
    certificate: ArcSwapOption<CertifiedKey>,
    proofs: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl Window {
    /// Shows this from now on. Connections that stand keep what they were shown.
    pub fn show(&self, certificate: Arc<CertifiedKey>) {
        self.certificate.store(Some(certificate));
    }

    /// Shows this to who asks for the proof of a name.
    pub fn prove(&self, name: &str, proof: Arc<CertifiedKey>) {
        self.proofs().insert(name.to_ascii_lowercase(), proof);
    }

    /// The proofs are given.
    pub fn forget_proofs(&self) {
        self.proofs().clear();
    }

    fn proofs(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<CertifiedKey>>> {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Window {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // RFC 8737 §3: who wants the proof offers its protocol and no other.
        let wants_proof =
            hello.alpn().is_some_and(|mut offered| offered.next() == Some(PROOF) && offered.next().is_none());
        if wants_proof {
            return self.proofs().get(&hello.server_name()?.to_ascii_lowercase()).cloned();
        }
        self.certificate.load_full()
    }
}
