//! Nonces that carry their own proof: when they were made, and a signature over that and the client's address. So nothing has
//! to be remembered of who was challenged.

use std::fmt::Write as _;
use std::net::SocketAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

/// So long a nonce may be used, in seconds: as long as an allocation lasts by default.
const LIFETIME: u64 = 600;
/// Bytes of the signature that are sent: 96 bits.
const PROOF: usize = 12;

/// Makes nonces and knows them again.
#[derive(Debug)]
pub(crate) struct Nonces(Key);

impl Nonces {
    /// `key`: random bytes that all workers share.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, key))
    }

    /// A nonce for this client. `second`: now.
    pub fn make(&self, client: SocketAddr, second: u64) -> String {
        let proof = sign(&self.0, subject(client, second).as_bytes());
        let mut nonce = format!("{second:x}-");
        for byte in &proof.as_ref()[..PROOF] {
            // Writing to a String cannot fail.
            let _ = write!(nonce, "{byte:02x}");
        }
        nonce
    }

    /// Was it made for this client, and not too long ago?
    pub fn holds(&self, nonce: &str, client: SocketAddr, now: u64) -> bool {
        let Some(made) = nonce.split_once('-').and_then(|(made, _)| u64::from_str_radix(made, 16).ok()) else {
            return false;
        };
        let is_ours = verify_slices_are_equal(nonce.as_bytes(), self.make(client, made).as_bytes()).is_ok();
        is_ours && made <= now && now - made <= LIFETIME
    }
}

fn subject(client: SocketAddr, second: u64) -> String {
    format!("{client} {second:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_holds_for_its_client_and_for_its_time() {
        let nonces = Nonces::new(&[1; 32]);
        let (ann, bob) = ("192.0.2.1:1000".parse().expect("an address"), "192.0.2.1:1001".parse().expect("an address"));
        let nonce = nonces.make(ann, 1000);
        assert!(nonces.holds(&nonce, ann, 1000) && nonces.holds(&nonce, ann, 1000 + LIFETIME));
        assert!(!nonces.holds(&nonce, ann, 1001 + LIFETIME), "too old");
        assert!(!nonces.holds(&nonce, ann, 999), "of the future");
        assert!(!nonces.holds(&nonce, bob, 1000), "somebody else's");
        assert!(!Nonces::new(&[2; 32]).holds(&nonce, ann, 1000), "another server's");
        for forged in ["", "-", "3e8-", "zz-00", "3e9-00", &nonce[..nonce.len() - 1]] {
            assert!(!nonces.holds(forged, ann, 1000), "{forged}");
        }
    }
}
