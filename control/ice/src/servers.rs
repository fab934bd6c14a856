//! The servers, and credentials that end.

use std::time::Duration;

use crosspoint_model::Secret;
use crosspoint_model::signal::IceServer;
use crosspoint_stun::credential::{ending_password, ending_username};

use crate::twilio::Relays;

/// What a user name may have (RFC 8489 §14.3: fewer than 509 bytes), but for the time in front of it.
const MAX_USER: usize = 480;

/// A relay whose secret we share: it knows the credentials that are made here.
#[derive(Clone, Debug)]
pub struct Relay {
    /// `turn:` and `turns:` addresses.
    pub urls: Vec<String>,
    /// What credentials are made with.
    pub secret: Secret,
    /// How long they live.
    pub lifetime: Duration,
}

/// All servers that clients are told.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    /// Those that need no credential: STUN.
    pub open: Vec<String>,
    /// Relays that know our credentials.
    pub relays: Vec<Relay>,
    /// Twilio's.
    pub twilio: Option<Relays>,
}

impl Servers {
    /// The servers for one client. `user`: whom quotas of relays count; `now`: seconds since 1970.
    pub fn fresh(&self, user: &str, now: u64) -> Vec<IceServer> {
        let open =
            (!self.open.is_empty()).then(|| IceServer { urls: self.open.clone(), username: None, credential: None });
        let relays = self.relays.iter().map(|relay| relay.fresh(user, now));
        let twilio = self.twilio.iter().flat_map(|relays| relays.now(now));
        open.into_iter().chain(relays).chain(twilio).collect()
    }
}

impl Relay {
    fn fresh(&self, user: &str, now: u64) -> IceServer {
        let username = ending_username(now + self.lifetime.as_secs(), shortened(user));
        let credential = ending_password(self.secret.expose(), &username);
        IceServer { urls: self.urls.clone(), username: Some(username), credential: Some(credential) }
    }
}

fn shortened(user: &str) -> &str {
    let end = (0..=MAX_USER.min(user.len())).rev().find(|end| user.is_char_boundary(*end));
    &user[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_gets_credentials_of_its_own_that_end() {
        let relay = Relay {
            urls: vec!["turn:relay.example.org:3478?transport=udp".into()],
            secret: Secret::new("north"),
            lifetime: Duration::from_secs(3600),
        };
        let servers = Servers { open: vec!["stun:relay.example.org:3478".into()], relays: vec![relay], twilio: None };
        let told = servers.fresh("ann", 1_699_996_400);
        assert_eq!(told.len(), 2);
        assert_eq!((told[0].urls[0].as_str(), &told[0].username), ("stun:relay.example.org:3478", &None));
        assert_eq!(told[1].username.as_deref(), Some("1700000000:ann"));
        assert_eq!(told[1].credential.as_deref(), Some("jeamH6dA5l2I9g3jmieza7CzEDo="));
        assert_ne!(servers.fresh("bob", 1_699_996_400)[1].credential, told[1].credential);
    }

    #[test]
    fn a_long_name_is_cut_between_letters() {
        let name = "ü".repeat(300);
        assert_eq!(shortened(&name).len(), MAX_USER);
        assert_eq!(shortened(&format!("x{name}")).len(), MAX_USER - 1);
    }
}
