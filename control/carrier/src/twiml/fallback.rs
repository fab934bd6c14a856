//! The document that the operator leaves with the provider (Twilio: a TwiML Bin, as "primary handler fails"): with it a show goes on
//! while this server does not answer at all.

use super::{Room, conference};
use crate::account::Provider;

/// Static: nothing in it points at this server. Callers come in muted and wait until a host begins; with `host` it is the document
/// for a number that only hosts know.
pub fn fallback_twiml(provider: Provider, show: &str, host: bool) -> String {
    let name = format!("show-{show}");
    let room =
        Room { name: &name, label: "", starts: host, muted: !host, reserved: host, callback: "", wait_url: None };
    conference(provider, &room)
}
