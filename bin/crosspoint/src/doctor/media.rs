//! Do the ports of media answer at the advertised addresses? UDP ports of media answer nobody who is not in a room, so that
//! silence says nothing of them; that nobody listens there is said by the system behind it, and the relay's port answers anybody.

use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crosspoint_stun::{Builder, Class, Method};

use super::Site;
use super::relay::{PATIENCE, Trouble, mapped};
use super::report::Finding;

const CHECK: &str = "media";
/// The word that nobody listens has come after this time.
const REFUSAL: Duration = Duration::from_millis(800);

/// Tries TCP, UDP, and the relay's UDP port beside it.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    if !site.outside && site.server.running().is_none() {
        return vec![Finding::not_checked(CHECK, "no server runs", "Start it, and run this again beside it.")];
    }
    let media = &site.config.media;
    let udp = media.advertised_udp.iter().map(|address| udp(site, *address));
    let tcp = media.advertised_tcp.iter().map(|address| tcp(site, *address));
    udp.chain(tcp).collect()
}

fn tcp(site: &Site<'_>, address: SocketAddr) -> Finding {
    match TcpStream::connect_timeout(&address, PATIENCE) {
        Ok(_) => Finding::ok(CHECK, format!("TCP {address} takes connections")),
        Err(error) => unreachable(site, ("TCP", address), "media.tcp_port", &error.into()),
    }
}

fn udp(site: &Site<'_>, address: SocketAddr) -> Finding {
    let name = format!("UDP {address}");
    if let Err(trouble @ (Trouble::Refused | Trouble::NoWay)) = knock(address) {
        return unreachable(site, ("UDP", address), "media.udp_port", &trouble);
    }
    // Where clients are told other ports than those here, a NAT may not let this one through.
    let Some(port) = site.config.turn.port.filter(|_| site.config.turn.urls.is_empty()) else {
        let cure = "Join a room from there: the room's statistics show what the connection goes over.";
        return Finding::not_checked(CHECK, format!("{name} answers only those who are in a room"), cure);
    };
    let beside = SocketAddr::new(address.ip(), port);
    match mapped(beside) {
        Ok(_) => Finding::not_checked(
            CHECK,
            format!(
                "UDP {beside}, the relay's port beside it, answers; {name} itself answers only those who are in a room"
            ),
            format!("Join a room from there, or see that the firewall opens UDP {} as it does {port}.", address.port()),
        ),
        Err(trouble) => unreachable(site, ("UDP", beside), "turn.port", &trouble),
    }
}

/// Sends what a client would, and waits whether the system behind says that nobody listens.
fn knock(address: SocketAddr) -> Result<(), Trouble> {
    let any: IpAddr = if address.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(REFUSAL))?;
    socket.send(&Builder::new(Class::Request, Method::Binding, [0; 12]).finish())?;
    socket.recv(&mut [0; 64])?;
    Ok(())
}

fn unreachable(site: &Site<'_>, (transport, address): (&str, SocketAddr), setting: &str, trouble: &Trouble) -> Finding {
    let (seen, port) = (format!("{transport} {address} ({setting}): {trouble}"), address.port());
    match trouble {
        Trouble::NoWay => Finding::not_checked(CHECK, seen, "Run this where there is one."),
        // Many NATs do not let their inside reach itself by its address outside.
        Trouble::Silent if !site.outside => {
            Finding::not_checked(CHECK, seen, "Run this with --from-outside, from a client's machine.")
        }
        Trouble::Silent => Finding::failed(
            CHECK,
            seen,
            format!(
                "{transport} port {port} is blocked between here and the server: open it in the firewall. Or media.advertised is wrong."
            ),
        ),
        _ => Finding::failed(
            CHECK,
            seen,
            format!(
                "Nobody listens on {transport} port {port} there, or a firewall refuses it: is {setting} the server's, is \
                 media.advertised its address, and does a NAT forward the port?"
            ),
        ),
    }
}
