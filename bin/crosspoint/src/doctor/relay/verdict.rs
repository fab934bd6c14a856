//! What a visit means, and what to change. Ways are compared: what answers over TCP and not over UDP is behind a firewall.

use std::net::SocketAddr;
use std::time::Duration;

use rustls::{CertificateError, Error as TlsError};

use super::trouble::Trouble;
use super::url::{RelayUrl, Way};
use super::visit::{Relaying, Visit};
use crate::doctor::certificate;
use crate::doctor::report::Finding;
use crate::doctor::shown::{self, Shown, Verdict};

/// Whose relay is it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Ours,
    Others,
}

impl Whose {
    /// What it is called in the report.
    pub fn check(self) -> &'static str {
        match self {
            Self::Ours => "relay",
            Self::Others => "external relay",
        }
    }

    fn secret(self) -> &'static str {
        match self {
            Self::Ours => "turn.secret (or turn.static_users)",
            Self::Others => "turn.external_secret",
        }
    }
}

/// A relay and what became of the visits to it, one for each address of its name.
pub struct Visited {
    pub url: RelayUrl,
    pub outcomes: Vec<(SocketAddr, Result<Visit, Trouble>)>,
}

impl Visited {
    fn answers(&self) -> bool {
        self.outcomes.iter().any(|(_, outcome)| outcome.is_ok())
    }
}

/// What all of them mean.
pub fn findings(visited: &[Visited], whose: Whose, why_no_credential: &str) -> Vec<Finding> {
    let judge = Judge { visited, whose, why_no_credential };
    visited.iter().flat_map(|one| judge.one(one)).collect()
}

struct Judge<'a> {
    visited: &'a [Visited],
    whose: Whose,
    why_no_credential: &'a str,
}

impl Judge<'_> {
    fn one(&self, visited: &Visited) -> Vec<Finding> {
        let Visited { url, outcomes } = visited;
        if outcomes.is_empty() {
            return vec![self.failure(url, &url.text, &Trouble::NoSuchHost)];
        }
        let name = |address: &SocketAddr| {
            if outcomes.len() > 1 { format!("{} at {}", url.text, address.ip()) } else { url.text.clone() }
        };
        let found = outcomes.iter().flat_map(|(address, outcome)| match outcome {
            Ok(visit) => self.visit(url, &name(address), visit),
            // Clients try all addresses of a name, and take one that works.
            Err(trouble) if visited.answers() => vec![self.one_address(&name(address), *address, trouble)],
            Err(trouble) => vec![self.failure(url, &name(address), trouble)],
        });
        found.collect()
    }

    fn visit(&self, url: &RelayUrl, name: &str, visit: &Visit) -> Vec<Finding> {
        let check = self.whose.check();
        let answered = format!("{name} answers in {}", milliseconds(visit.latency));
        let relaying = match &visit.relaying {
            Relaying::NotOffered => Finding::ok(check, answered),
            Relaying::Works(took) => {
                Finding::ok(check, format!("{answered}; a datagram went through it in {}", milliseconds(*took)))
            }
            Relaying::NoCredential => Finding::not_checked(
                check,
                format!("{answered}; does it relay? {}", self.why_no_credential),
                match self.whose {
                    Whose::Ours => "Set turn.secret, or admin.key beside a server that runs.",
                    Whose::Others => "Set turn.external_secret, or admin.key beside a server that runs.",
                },
            ),
            Relaying::Halfway(trouble) => self.halfway(&answered, trouble),
        };
        let certificate = visit.shown.as_ref().and_then(|shown| self.certificate(url, name, shown));
        [Some(relaying), certificate].into_iter().flatten().collect()
    }

    fn halfway(&self, answered: &str, trouble: &Trouble) -> Finding {
        let (check, seen) = (self.whose.check(), format!("{answered} and makes relays, but {trouble}"));
        let is_full = matches!(trouble, Trouble::Denied { code: 486 | 508, .. });
        match self.whose {
            // Whether it lets its own relays reach each other is its operator's choice.
            Whose::Others => {
                Finding::not_checked(check, seen, "Relays of others may refuse this; try a call through it.")
            }
            Whose::Ours if is_full => Finding::not_checked(
                check,
                seen,
                "Raise turn.allocations and turn.allocations_per_user, or try again when fewer use it.",
            ),
            Whose::Ours => Finding::failed(
                check,
                seen,
                "Is turn.advertised (or media.advertised) right, and may this machine send to turn.relay_ports of its own?",
            ),
        }
    }

    fn certificate(&self, url: &RelayUrl, name: &str, shown: &Shown) -> Option<Finding> {
        let (check, host) = (self.whose.check(), &url.host);
        let seen = |what: &str| format!("{name}: {what}");
        let wrong_name = || {
            Finding::failed(
                check,
                seen(&format!("its certificate is not valid for {host}: browsers do not come in")),
                "Set turn.host to a name of the certificate, or get one that has this name, too.",
            )
        };
        // Of a chain that is not trusted, the library does not look at the names any more.
        if !certificate::is_for(&shown.certificate, host) {
            return Some(wrong_name());
        }
        let error = match &shown.verdict {
            Verdict::Trusted => return None,
            Verdict::Unknown => {
                let why = seen("whether its certificate is trusted: this system has no roots");
                return Some(Finding::not_checked(check, why, "Install ca-certificates, and run this again."));
            }
            Verdict::Refused(error) => error,
        };
        Some(match error {
            TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => wrong_name(),
            TlsError::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ) => Finding::failed(
                check,
                seen("its certificate has expired, or is not valid yet: browsers do not come in"),
                "Renew the certificate.",
            ),
            _ => Finding::warning(
                check,
                seen(&format!("its certificate is not trusted by this system: {}", shown::in_words(error))),
                "Browsers need a certificate of a public authority, with the whole chain in http.tls_cert (fullchain.pem).",
            ),
        })
    }

    /// One of the addresses of a name does not work while another does.
    fn one_address(&self, name: &str, address: SocketAddr, trouble: &Trouble) -> Finding {
        let check = self.whose.check();
        if matches!(trouble, Trouble::NoWay) {
            return Finding::not_checked(check, format!("{name}: {trouble}"), "Run this where there is one.");
        }
        let record = if address.is_ipv6() { "AAAA" } else { "A" };
        Finding::warning(
            check,
            format!("{name}: {trouble}, while another address of that name answers"),
            format!("Listen there (media.bind), or take the {record} record away: some clients try it first."),
        )
    }

    fn failure(&self, url: &RelayUrl, name: &str, trouble: &Trouble) -> Finding {
        let seen = format!("{name}: {trouble}");
        if matches!(trouble, Trouble::NoWay) {
            return Finding::not_checked(self.whose.check(), seen, "Run this where there is one.");
        }
        let another = self.other_way(url);
        let seen = match (trouble, another) {
            (Trouble::Silent, Some(way)) => format!("{seen} on {}, while {way} answers", url.way),
            _ => seen,
        };
        Finding::failed(self.whose.check(), seen, self.cure(url, trouble, another.is_some()))
    }

    fn cure(&self, url: &RelayUrl, trouble: &Trouble, another_answers: bool) -> String {
        let (transport, port, host) = (if url.way == Way::Udp { "UDP" } else { "TCP" }, url.port, &url.host);
        match trouble {
            Trouble::NoSuchHost => format!("Make a DNS record for {host}, or set turn.host to a name that has one."),
            Trouble::Silent if another_answers => {
                format!("{transport} port {port} is blocked between here and the server: open it in the firewall.")
            }
            Trouble::Silent => format!(
                "Does {host} lead to the server, does the server run, and does the firewall let {transport} port {port} through?"
            ),
            Trouble::Refused => format!(
                "Nobody listens on {transport} port {port} there, or a firewall refuses it: does the server run, is turn.port right, and \
                 does a NAT forward the port?"
            ),
            Trouble::Tls(_) => {
                format!("Port {port} must speak TLS: set http.tls_cert and http.tls_key, or acme.domains.")
            }
            Trouble::Nonsense => {
                format!("Another program answers on port {port}: set another port, or the right turn.host.")
            }
            Trouble::WrongCredential => format!(
                "{} of these settings is not the relay's: give both the same, and start the server again. If they are the same, the \
                 clocks are not.",
                self.whose.secret()
            ),
            Trouble::Denied { code: 486 | 508, .. } => {
                "Raise turn.allocations, turn.users and turn.allocations_per_user, or try again when fewer use it."
                    .into()
            }
            Trouble::Denied { .. } => "Look at the relay's settings and log.".into(),
            Trouble::Lost | Trouble::NoWay | Trouble::Broken(_) => {
                "Run this again; if it stays, look at the relay's log and at what is between here and there.".into()
            }
        }
    }

    /// Another way to the same host that answers.
    fn other_way(&self, url: &RelayUrl) -> Option<Way> {
        let is_other = |other: &&Visited| other.url.host == url.host && other.url.way != url.way && other.answers();
        self.visited.iter().find(is_other).map(|other| other.url.way)
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}
