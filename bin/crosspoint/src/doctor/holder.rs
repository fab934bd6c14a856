//! Who has a port? As far as `/proc` tells: of other users' processes only root learns it.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Tcp,
    Udp,
}

/// A process that has a port.
pub struct Holder {
    /// Its number.
    pub process: u32,
    /// Its name.
    pub name: String,
}

/// The process that has this port, if that can be told.
pub fn of(protocol: Protocol, address: SocketAddr) -> Option<Holder> {
    let tables = match protocol {
        Protocol::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
        Protocol::Udp => ["/proc/net/udp", "/proc/net/udp6"],
    };
    let texts = tables.iter().filter_map(|table| fs::read_to_string(table).ok());
    let inodes: Vec<String> = texts.flat_map(|text| inodes(&text, protocol, address.port())).collect();
    let links: Vec<PathBuf> = inodes.iter().map(|inode| format!("socket:[{inode}]").into()).collect();
    if links.is_empty() { None } else { process_with(&links) }
}

/// The sockets of a table that have this port: for TCP those that listen.
fn inodes(table: &str, protocol: Protocol, port: u16) -> Vec<String> {
    const LISTENS: &str = "0A";
    let of_line = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local) = fields.get(1)?.rsplit_once(':')?;
        let counts = protocol == Protocol::Udp || *fields.get(3)? == LISTENS;
        (counts && u16::from_str_radix(local, 16) == Ok(port))
            .then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    };
    table.lines().skip(1).filter_map(of_line).collect()
}

fn process_with(links: &[PathBuf]) -> Option<Holder> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find_map(|process: u32| {
        let files = fs::read_dir(format!("/proc/{process}/fd")).ok()?.flatten();
        let has_it = files.filter_map(|file| fs::read_link(file.path()).ok()).any(|target| links.contains(&target));
        let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        has_it.then(|| Holder { process, name: name.trim().to_owned() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
         0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0\n\
         1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0\n";

    #[test]
    fn a_port_is_found_in_the_kernels_table() {
        assert_eq!(inodes(TABLE, Protocol::Tcp, 8080), ["4242"]);
        assert_eq!(inodes(TABLE, Protocol::Udp, 8080), ["4242", "4243"]);
        assert_eq!(inodes(TABLE, Protocol::Tcp, 8081), Vec::<String>::new());
    }

    #[test]
    fn who_has_a_port_of_ours_is_this_process() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let holder = of(Protocol::Tcp, listener.local_addr().expect("an address")).expect("somebody");
        assert_eq!(holder.process, std::process::id());
    }
}
