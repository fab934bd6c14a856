//! What kind of value a key takes, and how it is read from TOML, the environment, or a flag.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use crosspoint_model::Secret;
use url::{Host, Url};

use crate::network::Network;
use crate::value::{Raw, Value};

/// What kind of value a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A number from … to ….
    Number(u64, u64),
    /// Bytes: `65536` or `64KiB`.
    Size,
    /// Bits per second: `2000000` or `2M`; `none`: unlimited.
    Rate,
    /// A time: `30s`, `1h30m`, `250ms`; a bare number is seconds.
    Duration,
    /// A time, or `none`.
    MaybeDuration,
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Text that is never shown.
    Secret,
    /// Names with secrets.
    Secrets,
    /// Ports from … to …: `49152-65535`.
    Ports,
    /// An IP address and port: `0.0.0.0:8080`, `[::]:8080`.
    Address,
    /// The same, or `none`.
    MaybeAddress,
    /// The path of a file.
    Path,
    /// `https://…`, or empty.
    WebAddress,
    /// The name or address of a host, or empty.
    Host,
    /// Names of hosts (RFC 1123 §2.1).
    Names,
    /// IP addresses.
    Addresses,
    /// IP addresses and ranges.
    Networks,
    /// Origins of web pages (RFC 6454 §6.2), `http://localhost:*` for every port of a host, or `*`.
    Origins,
    /// `https://…` addresses.
    WebAddresses,
    /// `stun:`, `turn:` and `turns:` addresses.
    IceAddresses,
}

impl Kind {
    /// For the documentation: what to write.
    pub fn describe(self) -> String {
        match self {
            Self::Flag => "`true` or `false`".into(),
            Self::Number(low, high) => format!("number, {low} to {high}"),
            Self::Size => "bytes (`65536`, `64KiB`)".into(),
            Self::Rate => "bits per second (`2000000`, `2M`, `500k`) or `none`".into(),
            Self::Duration => "time (`30s`, `1h30m`)".into(),
            Self::MaybeDuration => "time (`30s`, `1h30m`) or `none`".into(),
            Self::Text => "text".into(),
            Self::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
            Self::Secret => "secret text".into(),
            Self::Secrets => "names with secrets".into(),
            Self::Ports => "ports, from-to".into(),
            Self::Address => "address and port".into(),
            Self::MaybeAddress => "address and port, or `none`".into(),
            Self::Path => "path".into(),
            Self::WebAddress => "`https://…` or empty".into(),
            Self::Host => "name or IP address, or empty".into(),
            Self::Names => "list of names of hosts".into(),
            Self::Addresses => "list of IP addresses".into(),
            Self::Networks => "list of IP addresses and ranges".into(),
            Self::Origins => "list of origins (`https://example.org`) or `*`".into(),
            Self::WebAddresses => "list of `https://…`".into(),
            Self::IceAddresses => "list of `stun:…`, `turn:…`".into(),
        }
    }

    /// Reads a value, or says what it should be.
    pub fn read(self, raw: Raw) -> Result<Value, String> {
        let nothing = matches!(&raw, Raw::Text(text) if text == "none");
        match self {
            Self::Flag => read_flag(&raw).map(Value::Flag),
            Self::Number(low, high) => read_number(&raw, low, high).map(Value::Number),
            Self::Size => read_scaled(&raw, SIZES, "bytes, like 65536 or 64KiB").map(Value::Number),
            Self::Rate | Self::MaybeDuration | Self::MaybeAddress if nothing => Ok(Value::Nothing),
            Self::Rate => {
                read_scaled(&raw, RATES, "bits per second, like 2000000 or 2M, or \"none\"").map(Value::Number)
            }
            Self::Duration | Self::MaybeDuration => read_duration(&raw).map(Value::Duration),
            Self::Text | Self::Path => read_text(raw).map(Value::Text),
            Self::Secret => read_text(raw).map(|text| Value::Secret(Secret::new(text))),
            Self::Word(words) => read_word(raw, words).map(Value::Text),
            Self::Secrets => read_secrets(raw).map(Value::Secrets),
            Self::Ports => {
                let text = read_text(raw)?;
                let wanted = "ports from … to …, like 49152-65535";
                ports(&text).map(|_| Value::Text(text)).ok_or_else(|| wanted.into())
            }
            Self::Address | Self::MaybeAddress => {
                let text = read_text(raw)?;
                let address = text.parse::<SocketAddr>();
                address.map(|_| Value::Text(text)).map_err(|_| "an IP address and port, like 127.0.0.1:8080".into())
            }
            Self::WebAddress => {
                let text = read_text(raw)?;
                check_item(&text, |text| text.is_empty() || is_web(text), "an http:// or https:// address")?;
                Ok(Value::Text(text.trim_end_matches('/').to_owned()))
            }
            Self::Host => {
                let text = read_text(raw)?;
                let wanted =
                    || format!("a host name or an IP address, without https:// and port, which {text:?} is not");
                host(&text).map(Value::Text).ok_or_else(wanted)
            }
            Self::Names => read_list(raw, is_name, "a name like meet.example.org (no address, no wildcard)"),
            Self::Addresses => read_list(raw, |text| text.parse::<IpAddr>().is_ok(), "an IP address"),
            Self::Networks => {
                read_list(raw, |text| Network::parse(text).is_some(), "an IP address or a range like 10.0.0.0/8")
            }
            Self::Origins => read_list(raw, is_origin, "an origin like https://example.org (no path), or *"),
            Self::WebAddresses => read_list(raw, is_web, "an http:// or https:// address"),
            Self::IceAddresses => read_list(
                raw,
                is_ice,
                "an address like stun:stun.example.org:3478 or turn:turn.example.org:3478?transport=udp",
            ),
        }
    }
}

/// Reads a time as every key does: `30s`, `1h30m`; a bare number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    read_duration(&Raw::Text(text.to_owned()))
}

/// `49152-65535`; a single port stands for itself.
pub(crate) fn ports(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first > 0 && first <= last).then_some(first..=last)
}

/// A host as it stands in addresses: that of IPv6 in brackets. Nothing stays nothing.
fn host(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let bracketed = text.parse::<Ipv6Addr>().map(|ip| format!("[{ip}]"));
    match Host::parse(&bracketed.unwrap_or_else(|_| text.to_owned())).ok()? {
        // "3478" would be 0.0.13.150 to browsers.
        Host::Ipv4(ip) if ip.is_unspecified() || text.parse() != Ok(ip) => None,
        Host::Ipv6(ip) if ip.is_unspecified() => None,
        Host::Domain(name) if name.contains('*') => None,
        host => Some(host.to_string()),
    }
}

/// A name that can stand in a certificate: labels of letters, digits and hyphens, at least two of them.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let ends_well = !label.starts_with('-') && !label.ends_with('-');
        (1..=63).contains(&label.len()) && ends_well && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let labels = text.split('.');
    text.len() <= 253 && text.contains('.') && labels.clone().all(is_label) && text.parse::<IpAddr>().is_err()
}

const SIZES: &[(&str, u64)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("kB", 1_000), ("MB", 1_000_000)];
const RATES: &[(&str, u64)] = &[("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
const TIMES: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

fn read_text(raw: Raw) -> Result<String, String> {
    match raw {
        Raw::Text(text) => Ok(text),
        _ => Err("text in quotes".into()),
    }
}

fn read_flag(raw: &Raw) -> Result<bool, String> {
    match raw {
        Raw::Flag(flag) => Ok(*flag),
        Raw::Text(text) if text == "true" || text == "1" => Ok(true),
        Raw::Text(text) if text == "false" || text == "0" => Ok(false),
        _ => Err("true or false".into()),
    }
}

fn read_number(raw: &Raw, low: u64, high: u64) -> Result<u64, String> {
    let number = match raw {
        Raw::Number(number) => u64::try_from(*number).ok(),
        Raw::Text(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number| (low..=high).contains(number)).ok_or_else(|| format!("a number from {low} to {high}"))
}

fn read_scaled(raw: &Raw, units: &[(&str, u64)], wanted: &str) -> Result<u64, String> {
    let number = match raw {
        Raw::Number(number) => u64::try_from(*number).ok(),
        Raw::Text(text) => scaled(text, units),
        _ => None,
    };
    number.ok_or_else(|| wanted.to_owned())
}

/// `64KiB` with a list of units; a bare number stands for itself.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let factor = if unit.is_empty() { 1 } else { units.iter().find(|(name, _)| *name == unit)?.1 };
    digits.trim_end().parse::<u64>().ok()?.checked_mul(factor)
}

fn read_duration(raw: &Raw) -> Result<Duration, String> {
    let millis = match raw {
        Raw::Number(seconds) => u64::try_from(*seconds).ok().and_then(|seconds| seconds.checked_mul(1_000)),
        Raw::Text(text) => millis(text),
        _ => None,
    };
    millis.map(Duration::from_millis).ok_or_else(|| "a time, like 30s, 5m or 1h30m".into())
}

/// `1h30m`: amounts with their units, one after the other. A bare number is seconds.
fn millis(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse::<u64>() {
        return seconds.checked_mul(1_000);
    }
    let (mut rest, mut sum) = (text, 0u64);
    while !rest.is_empty() {
        let amount = &rest[..rest.find(|c: char| !c.is_ascii_digit())?];
        rest = &rest[amount.len()..];
        let unit = &rest[..rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len())];
        rest = &rest[unit.len()..];
        let factor = TIMES.iter().find(|(name, _)| *name == unit)?.1;
        sum = sum.checked_add(amount.parse::<u64>().ok()?.checked_mul(factor)?)?;
    }
    (!text.is_empty()).then_some(sum)
}

fn read_word(raw: Raw, words: &[&str]) -> Result<String, String> {
    let wanted = || format!("one of {}", words.join(", "));
    let text = read_text(raw).map_err(|_| wanted())?;
    if words.contains(&text.as_str()) { Ok(text) } else { Err(wanted()) }
}

/// A TOML table, or `key: secret, key: secret` as text.
fn read_secrets(raw: Raw) -> Result<BTreeMap<String, Secret>, String> {
    let wanted = || "names with secrets: a table in the file, or \"key: secret, key: secret\" elsewhere".to_owned();
    let pairs: Vec<(String, String)> = match raw {
        Raw::Map(map) => map.into_iter().collect(),
        Raw::Text(text) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            let pairs: Option<Vec<_>> = items
                .map(|item| item.split_once(':').map(|(name, secret)| (name.trim().into(), secret.trim().into())))
                .collect();
            pairs.ok_or_else(wanted)?
        }
        _ => return Err(wanted()),
    };
    Ok(pairs.into_iter().map(|(name, secret)| (name, Secret::new(secret))).collect())
}

/// A TOML array, or texts with commas between.
fn read_list(raw: Raw, fits: impl Fn(&str) -> bool, wanted: &str) -> Result<Value, String> {
    let items: Vec<String> = match raw {
        Raw::List(items) => items,
        Raw::Text(text) => text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect(),
        _ => return Err(format!("a list; each item {wanted}")),
    };
    for item in &items {
        check_item(item, &fits, wanted)?;
    }
    Ok(Value::List(items))
}

fn check_item(item: &str, fits: impl Fn(&str) -> bool, wanted: &str) -> Result<(), String> {
    if fits(item) { Ok(()) } else { Err(format!("{wanted}, which {item:?} is not")) }
}

fn is_web(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_origin(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let text = text.strip_suffix(":*").unwrap_or(text);
    Url::parse(text).is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text)
}

/// RFC 7064 §3.1, RFC 7065 §3.1. A browser that cannot read one of them makes no peer connection at all.
fn is_ice(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let fits = match (scheme, query) {
        ("stun" | "stuns" | "turn" | "turns", None) => true,
        ("turn" | "turns", Some(query)) => ["transport=udp", "transport=tcp"].contains(&query),
        _ => false,
    };
    // The same host and port as in any other address.
    let is_place = !place.contains(['/', '@', '#']) && Url::parse(&format!("http://{place}/")).is_ok();
    fits && is_place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sizes_and_rates_have_units() {
        for (text, expected) in [("30", 30_000), ("1h30m", 5_400_000), ("250ms", 250), ("1m", 60_000), ("0s", 0)] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
        for text in ["", "m", "1x", "-1", "1.5s", "1m2", "99999999999999999999s"] {
            assert_eq!(millis(text), None, "{text}");
        }
        assert_eq!(scaled("64KiB", SIZES), Some(65_536));
        assert_eq!(scaled("2M", RATES), Some(2_000_000));
        assert_eq!(scaled("2X", RATES), None);
        assert_eq!(scaled("ü", RATES), None);
    }

    #[test]
    fn ports_are_a_range_or_one() {
        assert_eq!(ports("49152-65535"), Some(49_152..=65_535));
        assert_eq!(ports("5000"), Some(5000..=5000));
        for text in ["", "-", "0-9", "9-8", "1-65536", "a-b"] {
            assert_eq!(ports(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_nothing_else() {
        for (text, expected) in [
            ("", ""),
            ("Turn.Example.org", "turn.example.org"),
            ("relay", "relay"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
        ] {
            assert_eq!(host(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "http://relay",
            "relay:3478",
            "192.0.2.1:3478",
            "a b",
            "a/b",
            "turn:relay",
            "0.0.0.0",
            "::",
            "3478",
            "*.example.org",
        ] {
            assert_eq!(host(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_of_relays_are_those_that_browsers_take() {
        for text in [
            "stun:stun.example.org",
            "stuns:stun.example.org:5349",
            "turn:192.0.2.1:3478?transport=udp",
            "turns:[2001:db8::1]:443?transport=tcp",
        ] {
            assert!(is_ice(text), "{text}");
        }
        for text in [
            "turn:",
            "turn.example.org:3478",
            "turn:a.example:99999",
            "turn:a.example:abc",
            "turn:a.example?transport=sctp",
            "stun:a.example?transport=udp",
            "turn:ann@a.example",
            "turn:a.example/path",
            "turn://a.example",
            "http:a.example",
        ] {
            assert!(!is_ice(text), "{text}");
        }
    }

    #[test]
    fn a_list_is_an_array_or_has_commas() {
        let text = Kind::Addresses.read(Raw::Text("127.0.0.1, ::1".into()));
        let array = Kind::Addresses.read(Raw::List(vec!["127.0.0.1".into(), "::1".into()]));
        assert_eq!(text, array);
        assert!(Kind::Addresses.read(Raw::Text("localhost".into())).expect_err("no").contains("\"localhost\""));
    }

    #[test]
    fn secrets_are_a_table_or_pairs() {
        let read = Kind::Secrets.read(Raw::Text("a: b, c:d".into())).expect("pairs");
        let Value::Secrets(secrets) = read else { panic!("not secrets") };
        assert_eq!(secrets["a"].expose(), "b");
        assert_eq!(secrets["c"].expose(), "d");
    }

    #[test]
    fn an_origin_has_no_path() {
        assert!(is_origin("https://a.org") && is_origin("http://localhost:5173") && is_origin("*"));
        assert!(is_origin("http://localhost:*") && is_origin("http://[::1]:*"));
        assert!(
            !is_origin("https://a.org/") && !is_origin("a.org") && !is_origin("a.org:*") && !is_origin("http://:*")
        );
    }
}
