//! What cannot work together, found before the server starts. Every problem says what to do.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use crate::config::{Acme, Config, TlsFiles};
use crate::file::Problem;
use crate::turn;

/// Shorter secrets can be guessed (RFC 7518 §3.2 asks for a key as long as the hash: 32 bytes).
const SECRET_CHARACTERS: usize = 32;
const ADMIN_KEY_CHARACTERS: usize = 16;

/// Everything that is wrong.
pub(crate) fn problems(config: &Config) -> Vec<Problem> {
    let mut found = Vec::new();
    keys(config, &mut found);
    http(config, &mut found);
    media(config, &mut found);
    sessions(config, &mut found);
    turn::problems(config, &mut found);
    player(config, &mut found);
    phone(config, &mut found);
    found
}

fn phone(config: &Config, found: &mut Vec<Problem>) {
    let phone = &config.phone;
    for (account, token, url) in [
        (&phone.twilio, "phone.twilio_token", "phone.twilio_url"),
        (&phone.signalwire, "phone.signalwire_token", "phone.signalwire_url"),
        (&phone.telnyx, "phone.telnyx_key", "phone.telnyx_url"),
    ] {
        let Some(account) = account else { continue };
        if account.token.is_empty() {
            found.push(format!("{token} is missing: without it neither side can trust the other"));
        }
        if account.url.is_empty() {
            found.push(format!("{url} is missing: where the company is asked to hang up and to redirect"));
        }
        if config.http.public_url.is_none() && !config.dev {
            found.push("telephone calls need http.public_url: the company connects to it, and signs it".into());
        }
    }
    if phone.telnyx.as_ref().is_some_and(|account| account.verifier.is_none()) {
        found.push("phone.telnyx_public_key is missing: it verifies what Telnyx sends".into());
    }
    if phone.simulator && phone.twilio.is_some() {
        found.push(
            "phone.simulator takes the place of Twilio: set phone.simulator = false, or no phone.twilio_account".into(),
        );
    }
    if phone.simulator && !config.dev {
        found.push("phone.simulator is for --dev: whoever reaches it places calls, and hears them".into());
    }
    if phone.number.as_ref().is_some_and(|number| !is_e164(number)) {
        found.push("phone.number is written in E.164: a plus, the country, the number, without spaces".into());
    }
}

/// A plus and up to fifteen digits (ITU-T E.164 §6).
fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn sessions(config: &Config, found: &mut Vec<Problem>) {
    let sessions = &config.sessions;
    for (name, time) in [
        ("sessions.unanswered", sessions.unanswered),
        ("sessions.idle", sessions.idle),
        ("sessions.lifetime", sessions.lifetime),
    ] {
        if time.is_zero() {
            found.push(format!("{name} is 0: every session would end when it begins"));
        }
    }
}

fn player(config: &Config, found: &mut Vec<Problem>) {
    if let Some(folder) = config.player.directory.as_ref().filter(|folder| !folder.is_dir()) {
        found.push(format!("player.directory: {} is no folder", folder.display()));
    }
}

fn keys(config: &Config, found: &mut Vec<Problem>) {
    let keys = &config.auth.keys;
    if keys.is_empty() && !config.dev {
        found.push(
            "no API keys: set auth.keys (in the file: [auth.keys] and then name = \"secret of 32 characters or more\"), \
             or start with --dev to try things out"
                .into(),
        );
    }
    for (name, secret) in keys {
        if name.is_empty() {
            found.push("auth.keys: a key without a name".into());
        }
        if secret.expose().chars().count() < SECRET_CHARACTERS {
            found.push(format!(
                "auth.keys: the secret of {name} is shorter than {SECRET_CHARACTERS} characters; make one with: openssl rand -hex 32"
            ));
        }
    }
    if let Some(key) = &config.admin.key
        && key.expose().chars().count() < ADMIN_KEY_CHARACTERS
    {
        found.push(format!(
            "admin.key is shorter than {ADMIN_KEY_CHARACTERS} characters; make one with: openssl rand -hex 32"
        ));
    }
    if let Some(key) = &config.webhooks.key
        && !keys.contains_key(key)
    {
        found.push(format!("webhooks.key: auth.keys has no key {key}"));
    }
}

fn http(config: &Config, found: &mut Vec<Problem>) {
    if let Some(tls) = &config.http.tls {
        certificate(tls, found);
    }
    if let Some(acme) = &config.acme {
        self::acme(acme, config.http.tls.is_some(), found);
    }
    if config.http.redirect.is_some() {
        if !config.is_https() {
            found.push(
                "http.redirect sends browsers to HTTPS, but there is none: set http.tls_cert and http.tls_key, or \
                 acme.domains"
                    .into(),
            );
        }
        if config.http.public_url.is_none() {
            found
                .push("http.redirect needs http.public_url: where to redirect to is never taken from a request".into());
        }
    }
}

fn acme(acme: &Acme, has_files: bool, found: &mut Vec<Problem>) {
    if has_files {
        found.push("acme.domains and http.tls_cert cannot both be set: a listener has one certificate".into());
    }
    if acme.cache.as_os_str().is_empty() {
        found.push("acme.cache is missing: authorities refuse who asks for the same certificate at every start".into());
    }
    if !acme.directory.starts_with("https://") {
        found.push("acme.directory must be an https:// address (RFC 8555 §6.1)".into());
    }
    if let Some(root) = &acme.directory_root
        && let Some(why) = unreadable(root)
    {
        found.push(format!("acme.directory_root: {} cannot be read: {why}", root.display()));
    }
}

fn certificate(tls: &TlsFiles, found: &mut Vec<Problem>) {
    for (name, path) in [("http.tls_cert", &tls.cert), ("http.tls_key", &tls.key)] {
        if path.as_os_str().is_empty() {
            found.push(format!("{name} is missing: TLS needs both, the certificate and its key"));
        } else if let Some(why) = unreadable(path) {
            found.push(format!("{name}: {} cannot be read: {why}", path.display()));
        }
    }
}

fn unreadable(path: &Path) -> Option<String> {
    match std::fs::read(path) {
        Ok(content) if content.is_empty() => Some("it is empty".into()),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

fn media(config: &Config, found: &mut Vec<Problem>) {
    let media = &config.media;
    if media.udp.is_empty() {
        found.push("media.bind is empty: name at least one address, 0.0.0.0 for all".into());
    }
    if media.udp.len() > 1 && media.udp.iter().filter(|address| address.is_ipv4()).count() != 1 || media.udp.len() > 2 {
        found.push("media.bind takes one IPv4 address, one IPv6 address, or one of each".into());
    }
    if media.advertised_udp.is_empty() && !media.udp.is_empty() {
        found.push(format!(
            "media.advertised is missing: media listens on {}, so say with which addresses clients reach it (the public \
             addresses of this machine)",
            list(&media.udp)
        ));
    }
    for address in media.advertised_udp.iter().filter(|address| is_no_destination(address.ip())) {
        found.push(format!("media.advertised: nobody can send to {}", address.ip()));
    }
    let last = usize::from(media.udp.first().map_or(0, SocketAddr::port)) + media.workers - 1;
    let last_told = usize::from(media.advertised_udp.first().map_or(0, SocketAddr::port)) + media.workers - 1;
    if last > usize::from(u16::MAX) || last_told > usize::from(u16::MAX) {
        found.push(format!("media.udp_port: {} workers count up beyond port 65535", media.workers));
    }
}

/// Nobody sends there.
pub(crate) fn is_no_destination(ip: IpAddr) -> bool {
    ip.is_unspecified() || ip.is_multicast()
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::layers::Layers;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn dev_needs_nothing() {
        let config = Layers { dev: true, ..Layers::default() }.config().expect("a configuration");
        assert!(config.is_on_loopback());
        assert_eq!(config.media.advertised_udp[0].to_string(), "127.0.0.1:7882");
    }

    #[test]
    fn without_keys_it_is_refused() {
        assert!(problems(&[("media.bind", "127.0.0.1")])[0].starts_with("no API keys"));
    }

    #[test]
    fn a_secret_that_is_too_short_is_refused_and_not_repeated() {
        let found = problems(&[("media.bind", "127.0.0.1"), ("auth.keys", "a: hunter2"), ("admin.key", "hunter2")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|problem| !problem.contains("hunter2")));
    }

    #[test]
    fn media_that_others_can_reach_needs_an_advertised_address() {
        let keys = format!("a: {SECRET}");
        for bind in ["0.0.0.0", "::", "192.0.2.1"] {
            let found = problems(&[("auth.keys", &keys), ("media.bind", bind)]);
            assert!(found[0].starts_with("media.advertised is missing"), "{found:?}");
        }
        assert!(layers(&[("auth.keys", &keys), ("media.advertised", "192.0.2.1")]).config().is_ok());
        let found = problems(&[("auth.keys", &keys), ("media.advertised", "0.0.0.0")]);
        assert_eq!(found, ["media.advertised: nobody can send to 0.0.0.0"]);
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_refused() {
        let keys = format!("a: {SECRET}");
        let base = [("auth.keys", keys.as_str()), ("media.advertised", "192.0.2.1")];
        let found = problems(&[&base[..], &[("http.tls_cert", "/nowhere.pem")]].concat());
        assert!(found[0].starts_with("http.tls_cert: /nowhere.pem cannot be read: "), "{found:?}");
        assert!(found[1].starts_with("http.tls_key is missing"), "{found:?}");
        let found = problems(&[&base[..], &[("http.redirect", "0.0.0.0:80")]].concat());
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn acme_needs_names_of_hosts_and_stands_alone() {
        let keys = format!("a: {SECRET}");
        let base = [("auth.keys", keys.as_str()), ("media.advertised", "192.0.2.1")];
        let acme = [&base[..], &[("acme.domains", "meet.example.org, www.example.org")]].concat();
        let config = layers(&acme).config().expect("a configuration");
        assert_eq!(config.acme.as_ref().map(|acme| acme.domains.len()), Some(2));
        assert!(config.is_https());
        for name in ["192.0.2.1", "*.example.org", "localhost", "a..org", "-a.org", "a b.org"] {
            assert!(layers(&[&base[..], &[("acme.domains", name)]].concat()).config().is_err(), "{name}");
        }
        for (key, value, complaint) in [
            ("http.tls_cert", "/nowhere.pem", "acme.domains and http.tls_cert"),
            ("acme.directory", "http://127.0.0.1:1/dir", "acme.directory must be"),
            ("acme.cache", "", "acme.cache is missing"),
            ("acme.directory_root", "/nowhere.pem", "acme.directory_root: /nowhere.pem cannot be read"),
        ] {
            let found = problems(&[&acme[..], &[(key, value)]].concat());
            assert!(found.iter().any(|problem| problem.starts_with(complaint)), "{key}: {found:?}");
        }
    }

    #[test]
    fn a_folder_of_sounds_that_is_not_there_is_told() {
        let keys = format!("a: {SECRET}");
        let flags = [("auth.keys", keys.as_str()), ("media.advertised", "192.0.2.1"), ("player.directory", "/nowhere")];
        assert_eq!(problems(&flags), ["player.directory: /nowhere is no folder"]);
    }

    #[test]
    fn half_an_account_at_a_telephone_company_is_refused() {
        let keys = format!("a: {SECRET}");
        let base = [("auth.keys", keys.as_str()), ("media.advertised", "192.0.2.1")];
        let found = problems(&[&base[..], &[("phone.twilio_account", "AC1"), ("phone.number", "0815")]].concat());
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("phone.twilio_token is missing") && found[2].starts_with("phone.number"));
        let whole = [
            ("phone.twilio_account", "AC1"),
            ("phone.twilio_token", "t"),
            ("http.public_url", "https://show.example.org"),
        ];
        assert!(layers(&[&base[..], &whole].concat()).config().is_ok());
        let simulated = [&base[..], &whole, &[("phone.simulator", "true")]].concat();
        let found = problems(&simulated);
        assert!(
            found[0].starts_with("phone.simulator takes the place") && found[1].starts_with("phone.simulator is for")
        );
    }

    #[test]
    fn sessions_that_would_end_when_they_begin_are_refused() {
        let keys = format!("a: {SECRET}");
        let flags = [("auth.keys", keys.as_str()), ("media.advertised", "192.0.2.1"), ("sessions.idle", "0s")];
        assert_eq!(problems(&flags), ["sessions.idle is 0: every session would end when it begins"]);
    }

    #[test]
    fn workers_beyond_the_last_port_are_refused() {
        let keys = format!("a: {SECRET}");
        let flags = [
            ("auth.keys", keys.as_str()),
            ("media.bind", "127.0.0.1"),
            ("media.workers", "10"),
            ("media.udp_port", "65530"),
        ];
        assert!(problems(&flags)[0].contains("beyond port 65535"));
    }

    fn layers(flags: &[(&str, &str)]) -> Layers {
        let flags = flags.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Layers { flags, ..Layers::default() }
    }

    fn problems(flags: &[(&str, &str)]) -> Vec<String> {
        layers(flags).config().expect_err("problems").0
    }
}
