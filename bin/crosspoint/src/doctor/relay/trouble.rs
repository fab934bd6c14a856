//! Why something at a relay did not work.

use std::io;

use thiserror::Error;

/// Why not.
#[derive(Debug, Error)]
pub enum Trouble {
    #[error("its name leads to no address")]
    NoSuchHost,
    #[error("nothing answers")]
    Silent,
    #[error("nobody listens there")]
    Refused,
    #[error("this machine has no way there")]
    NoWay,
    #[error("TLS cannot be spoken: {0}")]
    Tls(io::Error),
    #[error("what answers is no STUN server")]
    Nonsense,
    #[error("the credential is refused")]
    WrongCredential,
    #[error("{step} is refused: {code} {reason}")]
    Denied { step: &'static str, code: u16, reason: String },
    #[error("a datagram through it did not come back")]
    Lost,
    #[error("the connection broke: {0}")]
    Broken(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut, WouldBlock};
        match error.kind() {
            ConnectionRefused => Self::Refused,
            TimedOut | WouldBlock => Self::Silent,
            NetworkUnreachable | HostUnreachable => Self::NoWay,
            _ => Self::Broken(error),
        }
    }
}
