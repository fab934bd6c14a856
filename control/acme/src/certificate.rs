//! A certificate with its key, its names and times.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::AcmeError;

/// As it stands on disk.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pems {
    /// The certificate and those above it.
    pub chain: String,
    /// The private key.
    pub key: String,
}

/// As it is used.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    /// For TLS.
    pub certified: Arc<CertifiedKey>,
    names: BTreeSet<String>,
    /// Seconds since 1970.
    begins: i64,
    ends: i64,
}

impl Certificate {
    /// Reads one.
    pub fn read(pems: &Pems) -> Result<Self, AcmeError> {
        let unusable = |why: &dyn std::fmt::Display| AcmeError::Certificate(why.to_string());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pems.chain.as_bytes()).collect();
        let chain = chain.map_err(|error| unusable(&error))?;
        let key = PrivateKeyDer::from_pem_slice(pems.key.as_bytes()).map_err(|error| unusable(&error))?;
        let first = chain.first().ok_or_else(|| unusable(&"there is none"))?.clone();
        let (_, parsed) = X509Certificate::from_der(&first).map_err(|error| unusable(&error))?;
        let alternative = parsed.subject_alternative_name().map_err(|error| unusable(&error))?;
        let names = alternative.iter().flat_map(|extension| &extension.value.general_names);
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        let signer = any_supported_type(&key).map_err(|error| unusable(&error))?;
        let certified = CertifiedKey::new(chain, signer);
        certified.keys_match().map_err(|error| unusable(&error))?;
        let times = parsed.validity();
        Ok(Self {
            certified: Arc::new(certified),
            names: names.collect(),
            begins: times.not_before.timestamp(),
            ends: times.not_after.timestamp(),
        })
    }

    /// Is it for all of these names?
    pub fn covers(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.names.contains(&name.to_ascii_lowercase()))
    }

    /// Has two thirds of its time passed? Authorities advise to renew then, whatever the lifetime.
    pub fn is_due(&self, now: i64) -> bool {
        now >= self.begins + (self.ends - self.begins) / 3 * 2
    }

    /// Is it over?
    pub fn has_ended(&self, now: i64) -> bool {
        now >= self.ends
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    /// 2020-01-01.
    const BEGIN: i64 = 1_577_836_800;
    const DAY: i64 = 86_400;

    #[test]
    fn it_is_due_after_two_thirds_of_its_time() {
        let certificate = Certificate::read(&ninety_days(&["a.example"])).expect("a certificate");
        assert!(!certificate.is_due(BEGIN + 59 * DAY) && certificate.is_due(BEGIN + 61 * DAY));
        assert!(!certificate.has_ended(BEGIN + 89 * DAY) && certificate.has_ended(BEGIN + 91 * DAY));
    }

    #[test]
    fn it_covers_the_names_that_stand_in_it() {
        let certificate = Certificate::read(&ninety_days(&["a.example", "b.example"])).expect("a certificate");
        assert!(certificate.covers(&["B.example".into(), "a.example".into()]));
        assert!(!certificate.covers(&["a.example".into(), "c.example".into()]));
    }

    #[test]
    fn one_without_its_own_key_cannot_be_used() {
        let (one, other) = (ninety_days(&["a.example"]), ninety_days(&["a.example"]));
        assert!(Certificate::read(&Pems { chain: one.chain, key: other.key }).is_err());
        assert!(Certificate::read(&Pems { chain: "nonsense".into(), key: "nonsense".into() }).is_err());
    }

    fn ninety_days(names: &[&str]) -> Pems {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("names");
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 3, 31));
        let key = KeyPair::generate().expect("a key");
        let made = params.self_signed(&key).expect("a certificate");
        Pems { chain: made.pem(), key: key.serialize_pem() }
    }
}
