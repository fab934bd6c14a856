//! The addresses of this machine. They come and go: by DHCP, with a tunnel, as IPv6 changes them for privacy.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crosspoint_worker::turn_server::Shared;

/// How often the system is asked.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// All of them, loopback included.
pub fn all() -> io::Result<Vec<IpAddr>> {
    Ok(if_addrs::get_if_addrs()?.iter().map(if_addrs::Interface::ip).collect())
}

/// Refuses them as peers of relays, from now on and as they change.
///
/// # Errors
/// When the system does not say which there are.
pub fn refuse(shared: &Arc<Shared>) -> io::Result<()> {
    shared.peers().refuse_own(all()?);
    let shared = shared.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match all() {
                Ok(addresses) => shared.peers().refuse_own(addresses),
                Err(error) => {
                    tracing::warn!(%error, "this machine's addresses cannot be read; those from before stay refused")
                }
            }
        }
    });
    Ok(())
}
