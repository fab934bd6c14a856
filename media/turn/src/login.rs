//! Who asks: the long-term credential mechanism (RFC 8489 §9.2), with passwords that are kept here and with credentials that
//! end by themselves.

use std::collections::BTreeMap;

use crosspoint_model::Secret;
use crosspoint_stun::Key;
use crosspoint_stun::credential::{ending, ending_password};

/// Whose credentials are right.
#[derive(Debug)]
pub(crate) struct Logins {
    realm: String,
    users: BTreeMap<String, Key>,
    secrets: Vec<Secret>,
}

/// A user name that could be right, with the keys that its messages may be signed with.
pub(crate) struct Login {
    /// Whom quotas count; credentials that end are of the user whom they name.
    pub user: String,
    pub keys: Vec<Key>,
}

impl Logins {
    pub fn new(realm: &str, users: BTreeMap<String, Secret>, secrets: Vec<Secret>) -> Self {
        let key = |(name, password): (String, Secret)| {
            let key = Key::long_term(&name, realm, password.expose());
            (name, key)
        };
        Self { realm: realm.to_owned(), users: users.into_iter().map(key).collect(), secrets }
    }

    /// The keys of this user name. `second`: now, since 1970.
    pub fn find(&self, username: &str, second: u64) -> Option<Login> {
        if let Some(key) = self.users.get(username) {
            return Some(Login { user: username.to_owned(), keys: vec![key.clone()] });
        }
        let (ends, user) = ending(username)?;
        if ends <= second {
            return None;
        }
        let key = |secret: &Secret| {
            let password = ending_password(secret.expose(), username);
            Key::long_term(username, &self.realm, &password)
        };
        Some(Login { user: user.to_owned(), keys: self.secrets.iter().map(key).collect() })
    }
}
