//! What all workers share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crosspoint_model::Secret;

use crate::login::Logins;
use crate::nonce::Nonces;
use crate::peers::Peers;
use crate::quota::{Limits, Quota};

/// How the relay is run.
#[derive(Debug)]
pub struct Settings {
    /// Where credentials are valid.
    pub realm: String,
    /// Users and their passwords.
    pub users: BTreeMap<String, Secret>,
    /// Who has one of these makes credentials that end.
    pub secrets: Vec<Secret>,
    /// Random bytes, which nonces are signed with.
    pub nonce_key: [u8; 32],
    /// A moment, and how many seconds since 1970 it was.
    pub clock: (Instant, u64),
    /// Bounds.
    pub limits: Limits,
    /// Where relays may send to.
    pub peers: Peers,
}

/// What all workers share.
#[derive(Debug)]
pub struct Shared {
    pub(crate) realm: String,
    pub(crate) logins: Logins,
    pub(crate) nonces: Nonces,
    pub(crate) quota: Arc<Quota>,
    pub(crate) peers: Peers,
    clock: (Instant, u64),
}

impl Shared {
    /// Of these settings.
    pub fn new(settings: Settings) -> Arc<Self> {
        let Settings { realm, users, secrets, nonce_key, clock, limits, peers } = settings;
        Arc::new(Self {
            logins: Logins::new(&realm, users, secrets),
            nonces: Nonces::new(&nonce_key),
            quota: Quota::new(limits),
            realm,
            peers,
            clock,
        })
    }

    /// Where relays may send to.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Seconds since 1970.
    pub(crate) fn second(&self, now: Instant) -> u64 {
        self.clock.1 + now.saturating_duration_since(self.clock.0).as_secs()
    }

    /// Nanoseconds since the clock's moment.
    pub(crate) fn nanos(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.clock.0).as_nanos()).unwrap_or(u64::MAX)
    }
}
