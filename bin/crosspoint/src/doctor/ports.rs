//! Are the ports free that the server is going to take?

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, UdpSocket};

use crosspoint_config::Config;

use super::Site;
use super::holder::{self, Protocol};
use super::report::Finding;
use super::server::Server;

const CHECK: &str = "ports";

/// A port that the server takes.
struct Port {
    /// The setting that names it.
    setting: &'static str,
    protocol: Protocol,
    address: SocketAddr,
}

/// Tries to take each of them, where no server of ours has them.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    if let Server::Runs(running) = &site.server {
        return vec![Finding::ok(CHECK, format!("those of the server that runs at {}", running.url))];
    }
    let ports = ports(site.config);
    let taken: Vec<Finding> = ports.iter().filter_map(|port| Some(refused(port, &port.take().err()?))).collect();
    if taken.is_empty() { vec![Finding::ok(CHECK, format!("all {} are free", ports.len()))] } else { taken }
}

impl Port {
    /// Takes it, and gives it back at once.
    fn take(&self) -> io::Result<()> {
        match self.protocol {
            Protocol::Tcp => TcpListener::bind(self.address).map(drop),
            Protocol::Udp => UdpSocket::bind(self.address).map(drop),
        }
    }

    fn name(&self) -> String {
        let protocol = match self.protocol {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
        };
        format!("{protocol} port {} ({}) on {}", self.address.port(), self.setting, self.address.ip())
    }
}

fn refused(port: &Port, error: &io::Error) -> Finding {
    let (name, setting) = (port.name(), port.setting);
    match error.kind() {
        ErrorKind::AddrInUse => {
            let (whom, end) = match holder::of(port.protocol, port.address) {
                Some(holder) => {
                    let whom = format!("by {} (process {})", holder.name, holder.process);
                    (whom, format!("End {}", holder.name))
                }
                None => ("by somebody; root is told whom".into(), "End that program".into()),
            };
            Finding::failed(CHECK, format!("{name} is taken {whom}"), format!("{end}, or set another --{setting}."))
        }
        ErrorKind::PermissionDenied => Finding::not_checked(
            CHECK,
            format!("{name}: this user may not take it"),
            "Run this as the server's user. The server needs CAP_NET_BIND_SERVICE for ports below 1024, as in packaging/crosspoint.service.",
        ),
        ErrorKind::AddrNotAvailable => {
            let bind = if setting.starts_with("http.") { setting } else { "media.bind" };
            let cure = format!("Set {bind} to an address of this machine, or to 0.0.0.0 for all.");
            Finding::failed(CHECK, format!("{name}: this machine has no such address"), cure)
        }
        _ => Finding::failed(CHECK, format!("{name} cannot be taken: {error}"), format!("Set another --{setting}.")),
    }
}

/// Every port, as `serve` takes them.
fn ports(config: &Config) -> Vec<Port> {
    let (http, media, turn) = (&config.http, &config.media, &config.turn);
    let tcp = |setting, address| Port { setting, protocol: Protocol::Tcp, address };
    let udp = |setting, address| Port { setting, protocol: Protocol::Udp, address };
    let mut ports = vec![tcp("http.bind", http.bind)];
    ports.extend(http.redirect.map(|address| tcp("http.redirect", address)));
    for first in &media.udp {
        let last = first.port().saturating_add(u16::try_from(media.workers.saturating_sub(1)).unwrap_or(u16::MAX));
        ports.extend((first.port()..=last).map(|port| udp("media.udp_port", SocketAddr::new(first.ip(), port))));
    }
    if !config.shares_http(&media.tcp) {
        ports.extend(media.tcp.iter().map(|address| tcp("media.tcp_port", *address)));
    }
    let Some(port) = turn.port else { return ports };
    let tls = turn.tls_port.filter(|_| config.is_https()).map(|port| ("turn.tls_port", port));
    for address in &media.udp {
        ports.push(udp("turn.port", SocketAddr::new(address.ip(), port)));
        let listened = [Some(("turn.port", port)), tls].into_iter().flatten();
        let own = listened.filter(|(_, port)| *port != http.bind.port());
        ports.extend(own.map(|(setting, port)| tcp(setting, SocketAddr::new(address.ip(), port))));
    }
    ports
}
