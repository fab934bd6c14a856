//! The certificate: its dates, its names, its key, and whether browsers trust it. It is read from the files of the settings and
//! from what the listener shows.

use std::net::{IpAddr, TcpStream};

use crosspoint_auth::unix_now;
use crosspoint_config::{Config, TlsFiles};
use rustls::{CertificateError, Error as TlsError};
use url::Url;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::Site;
use super::relay::{PATIENCE, resolve};
use super::report::Finding;
use super::shown::{self, Shown, Verdict};

const CHECK: &str = "certificate";
/// Who renews does so before this is left.
const SOON_DAYS: i64 = 14;
const DAY: i64 = 24 * 60 * 60;

/// Looks at the files, and at what is shown.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    let config = site.config;
    if !config.is_https() && config.http.public().is_none_or(|url| url.scheme() != "https") {
        return vec![without_tls(config)];
    }
    let files = config.http.tls.as_ref().filter(|_| !site.outside);
    let from_file = files.map(|files| crate::tls::fit(files).map_err(|error| format!("{error:#}")));
    let shown = if site.outside || !config.is_https() { shown_outside(config) } else { shown_here(site) };
    match (from_file, shown) {
        (Some(Err(_)), _) if files.is_some_and(|files| !can_read(files)) => {
            // Which one, and why, the settings' own check has said.
            let why = "this user cannot read the files of the certificate";
            vec![Finding::not_checked(
                CHECK,
                why,
                "Are they there? Then run this as the server's user (sudo -u crosspoint …).",
            )]
        }
        (Some(Err(problem)), _) => {
            vec![Finding::failed(CHECK, problem, "Set http.tls_cert and http.tls_key to a chain (PEM) and its key.")]
        }
        (Some(Ok(file)), Ok(shown)) if *file != *shown.certificate => {
            let seen = format!(
                "the server shows another certificate than that of http.tls_cert: {}",
                X509Certificate::from_der(&shown.certificate)
                    .map_or_else(|_| "it cannot be read".into(), |(_, shown)| described(&shown))
            );
            let cure = "It reads the file within ten seconds of a change, and on SIGHUP; its log says what keeps it from that.";
            let mut found = judged(config, &file, &Trust::Untold);
            found.push(Finding::warning(CHECK, seen, cure));
            found
        }
        (_, Ok(shown)) => judged(config, &shown.certificate, &Trust::Told(&shown.verdict)),
        (Some(Ok(file)), Err(_)) => judged(config, &file, &Trust::NotShown),
        (None, Err(why)) => {
            vec![Finding::not_checked(
                CHECK,
                why,
                "Start the server (and the proxy, if there is one), and run this again.",
            )]
        }
    }
}

fn without_tls(config: &Config) -> Finding {
    let cure = "Browsers give microphones to https:// and localhost only: set http.tls_cert and http.tls_key, or acme.domains. Behind a \
                proxy that speaks TLS, set http.public_url to https://.";
    match config.http.public_url.as_deref() {
        Some(url) if config.http.public().is_none_or(|url| !is_loopback(&url)) => {
            Finding::warning(CHECK, format!("people come in by {url}, without TLS"), cure)
        }
        None if !config.is_on_loopback() => Finding::not_checked(CHECK, "no TLS, and no http.public_url", cure),
        _ => Finding::not_checked(CHECK, "no TLS, which this machine's own browsers do not need", ""),
    }
}

/// The listener on this machine, asked for the name that people ask for.
fn shown_here(site: &Site<'_>) -> Result<Shown, String> {
    let address = crate::serve::reachable(site.config.http.bind);
    let name = hosts(site.config).into_iter().next().unwrap_or_else(|| address.ip().to_string());
    let stream = TcpStream::connect_timeout(&address, PATIENCE);
    let stream = stream.map_err(|_| format!("nobody listens at {address}"))?;
    handshake(stream, &name)
}

fn shown_outside(config: &Config) -> Result<Shown, String> {
    let url = config.http.public().ok_or("http.public_url is not set")?;
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
    let reached = resolve(host.trim_matches(['[', ']']), port)
        .into_iter()
        .find_map(|address| TcpStream::connect_timeout(&address, PATIENCE).ok());
    handshake(reached.ok_or_else(|| format!("{url} cannot be reached from here"))?, host)
}

fn handshake(stream: TcpStream, name: &str) -> Result<Shown, String> {
    let limits = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    let shown = limits.and_then(|()| shown::connect(stream, name));
    shown.map(|(_, shown)| shown).map_err(|error| format!("no certificate is shown: {error}"))
}

fn can_read(files: &TlsFiles) -> bool {
    [&files.cert, &files.key].into_iter().all(|file| std::fs::File::open(file).is_ok())
}

/// Whose it is, and until when.
fn described(certificate: &X509Certificate<'_>) -> String {
    format!("for {}, valid until {}", names(certificate).join(", "), certificate.validity().not_after)
}

/// Is this host one of its names?
pub fn is_for(der: &[u8], host: &str) -> bool {
    X509Certificate::from_der(der)
        .is_ok_and(|(_, certificate)| names(&certificate).iter().any(|name| covers(name, host)))
}

/// What this system thinks of a chain.
enum Trust<'a> {
    Told(&'a Verdict),
    /// No server shows it.
    NotShown,
    /// Another finding says why not.
    Untold,
}

/// What is wrong with a certificate; if nothing is, that.
fn judged(config: &Config, der: &[u8], trust: &Trust<'_>) -> Vec<Finding> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return vec![Finding::failed(CHECK, "it cannot be read", "Get a new one.")];
    };
    let names = names(&certificate);
    let mut found: Vec<Finding> = dates(&certificate, now()).into_iter().collect();
    for host in hosts(config).into_iter().filter(|host| !names.iter().any(|name| covers(name, host))) {
        let seen = format!("it does not name {host}, but {}", names.join(", "));
        let cure = format!("Get one that names {host}, or set http.public_url and turn.host to a name that it has.");
        found.push(Finding::failed(CHECK, seen, cure));
    }
    let cure = "Browsers refuse it: get one of a public authority (acme.domains, certbot), with the whole chain in http.tls_cert \
                (fullchain.pem).";
    if certificate.subject() == certificate.issuer() {
        found.push(Finding::warning(CHECK, "it is signed by itself", cure));
    } else if let Trust::Told(Verdict::Refused(TlsError::InvalidCertificate(CertificateError::UnknownIssuer))) = trust {
        found.push(Finding::warning(CHECK, "this system does not know who signed it, or the chain is not whole", cure));
    }
    if found.is_empty() {
        let days = (certificate.validity().not_after.timestamp() - now()) / DAY;
        found.push(Finding::ok(CHECK, format!("{} ({days} days)", described(&certificate))));
    }
    let untold = match trust {
        Trust::NotShown => Some(("no server shows it", "Start the server, and run this again beside it.")),
        Trust::Told(Verdict::Unknown) => {
            Some(("this system has no roots", "Install ca-certificates, and run this again."))
        }
        Trust::Told(Verdict::Trusted | Verdict::Refused(_)) | Trust::Untold => None,
    };
    found.extend(untold.map(|(why, cure)| Finding::not_checked(CHECK, format!("whether it is trusted: {why}"), cure)));
    found
}

/// What is wrong with its dates, if anything.
pub fn untimely(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    dates(&certificate, now()).map(|finding| finding.seen)
}

fn dates(certificate: &X509Certificate<'_>, now: i64) -> Option<Finding> {
    let validity = certificate.validity();
    let (from, until) = (validity.not_before, validity.not_after);
    let days = (until.timestamp() - now) / DAY;
    let renew = "Renew it. With acme.domains the server does so itself; its log says what keeps it from that.";
    if now < from.timestamp() {
        return Some(Finding::failed(
            CHECK,
            format!("it is not valid before {from}"),
            "Wait for that, or get another one. Is this machine's clock right?",
        ));
    }
    if now > until.timestamp() {
        return Some(Finding::failed(CHECK, format!("it expired on {until}"), renew));
    }
    (days < SOON_DAYS).then(|| Finding::warning(CHECK, format!("it expires in {days} days, on {until}"), renew))
}

/// The names and addresses in it (RFC 5280 §4.2.1.6); browsers look at no other place.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.iter().flat_map(|extension| &extension.value.general_names);
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(name.to_lowercase()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        _ => None,
    };
    names.filter_map(text).collect()
}

/// Is this host meant by this name? A star stands for one label (RFC 9525 §6.3).
fn covers(name: &str, host: &str) -> bool {
    let host = host.to_lowercase();
    name == host || name.strip_prefix("*.").is_some_and(|rest| host.split_once('.').is_some_and(|(_, own)| own == rest))
}

/// By which names clients come.
fn hosts(config: &Config) -> Vec<String> {
    let public = config.http.public().and_then(|url| url.host_str().map(str::to_owned));
    let relay = config.turn.host.clone().filter(|_| config.turn.port.is_some() && config.turn.urls.is_empty());
    let hosts = [public, relay.filter(|_| config.is_https())].into_iter().flatten();
    let mut hosts: Vec<String> = hosts.map(|host| host.trim_matches(['[', ']']).to_owned()).collect();
    hosts.dedup();
    hosts
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Seconds since 1970.
fn now() -> i64 {
    i64::try_from(unix_now()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label() {
        for (name, host, expected) in [
            ("meet.example.org", "Meet.example.org", true),
            ("*.example.org", "meet.example.org", true),
            ("*.example.org", "example.org", false),
            ("*.example.org", "a.meet.example.org", false),
            ("203.0.113.7", "203.0.113.7", true),
        ] {
            assert_eq!(covers(name, host), expected, "{name} {host}");
        }
    }
}
