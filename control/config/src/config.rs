//! The configuration as the rest of the house reads it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use crosspoint_model::{Limits, Secret};
use url::Url;

use crate::network::Network;
use crate::settings::Settings;
use crate::turn::{self, Turn};

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// `--dev`: a key that everybody knows, tokens for whoever asks.
    pub dev: bool,
    /// `[http]`
    pub http: Http,
    /// `[acme]`, if so.
    pub acme: Option<Acme>,
    /// `[media]`
    pub media: MediaSection,
    /// `[turn]`
    pub turn: Turn,
    /// `[auth]`
    pub auth: Auth,
    /// `[rooms]` and `[bandwidth]`
    pub rooms: RoomsSection,
    /// `[sessions]`
    pub sessions: SessionsSection,
    /// `[admin]`
    pub admin: Admin,
    /// `[player]`
    pub player: PlayerSection,
    /// `[store]`
    pub store: StoreSection,
    /// `[phone]`
    pub phone: Phone,
    /// `[webhooks]`
    pub webhooks: WebhooksSection,
    /// `[log]`
    pub log: Log,
    /// `[drain]`
    pub drain: Drain,
}

/// Where browsers and other clients come in.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it listens.
    pub bind: SocketAddr,
    /// How people reach this server.
    pub public_url: Option<String>,
    /// Whose pages may use it; `*`: all.
    pub allowed_origins: Vec<String>,
    /// Whose `X-Forwarded-…` is believed.
    pub trusted_proxies: Vec<Network>,
    /// HTTPS, if so.
    pub tls: Option<TlsFiles>,
    /// Where plain HTTP is redirected from.
    pub redirect: Option<SocketAddr>,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain (PEM). May be empty when only the key was given; [`crate::Layers::config`] refuses that.
    pub cert: PathBuf,
    /// The private key (PEM).
    pub key: PathBuf,
}

/// Whom to get a certificate from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// For these names.
    pub domains: Vec<String>,
    /// Where the authority may write to.
    pub contact: Option<String>,
    /// Where things are kept.
    pub cache: PathBuf,
    /// The authority.
    pub directory: String,
    /// What to trust it by, in place of the system's certificates.
    pub directory_root: Option<PathBuf>,
}

/// Where sound and picture come in.
#[derive(Clone, Debug)]
pub struct MediaSection {
    /// Media threads.
    pub workers: usize,
    /// The UDP addresses of the first worker.
    pub udp: Vec<SocketAddr>,
    /// The TCP addresses.
    pub tcp: Vec<SocketAddr>,
    /// The UDP addresses of the first worker as clients are told.
    pub advertised_udp: Vec<SocketAddr>,
    /// The TCP addresses as clients are told.
    pub advertised_tcp: Vec<SocketAddr>,
    /// STUN servers that browsers are told to use.
    pub ice_servers: Vec<String>,
}

/// Who may mint tokens.
#[derive(Clone, Debug)]
pub struct Auth {
    /// API keys and their secrets.
    pub keys: BTreeMap<String, Secret>,
    /// How long tokens live that the server mints.
    pub token_lifetime: Duration,
}

/// What rooms and participants may.
#[derive(Clone, Debug)]
pub struct RoomsSection {
    /// Does the first join make a room?
    pub auto_create: bool,
    /// Bounds.
    pub limits: Limits,
}

/// Two programs that meet here and connect to each other.
#[derive(Clone, Copy, Debug)]
pub struct SessionsSection {
    /// Is no token needed?
    pub open: bool,
    /// Sessions at once.
    pub count: usize,
    /// Candidates of one side for one offer.
    pub candidates: usize,
    /// Requests that may wait at one session.
    pub waiting: usize,
    /// Offers that one address may post per minute.
    pub per_minute: u32,
    /// An offer without an answer ends its session after so long.
    pub unanswered: Duration,
    /// A session of which nothing is heard ends after so long.
    pub idle: Duration,
    /// How long a session may last.
    pub lifetime: Duration,
    /// Bytes that a session description may have: `rooms.sdp_size`.
    pub sdp_bytes: usize,
}

/// Who reaches `/api` and `/metrics` without a token.
#[derive(Clone, Debug)]
pub struct Admin {
    /// With this key.
    pub key: Option<Secret>,
    /// From these addresses.
    pub addresses: Vec<Network>,
}

/// Files that are played into rooms.
#[derive(Clone, Debug)]
pub struct PlayerSection {
    /// Where they are; none: nothing is played.
    pub directory: Option<PathBuf>,
}

/// What outlasts a restart.
#[derive(Clone, Debug)]
pub struct StoreSection {
    /// The database; none: in memory.
    pub path: Option<PathBuf>,
}

/// Telephone lines.
#[derive(Clone, Debug)]
pub struct Phone {
    /// The account at Twilio, if any.
    pub twilio: Option<PhoneAccount>,
    /// The account at SignalWire, if any.
    pub signalwire: Option<PhoneAccount>,
    /// The account at Telnyx, if any.
    pub telnyx: Option<PhoneAccount>,
    /// What places calls there.
    pub telnyx_application: Option<String>,
    /// Our number, for those whom the server calls.
    pub number: Option<String>,
    /// Calls whose sound is here at once.
    pub calls: usize,
    /// For those who wait in a company's conference.
    pub hold_url: Option<String>,
    /// Serve a simulated telephone company?
    pub simulator: bool,
}

/// An account at a telephone company.
#[derive(Clone, Debug)]
pub struct PhoneAccount {
    /// Account SID, project or account id.
    pub account: String,
    /// Auth token or API key.
    pub token: Secret,
    /// Verifies what the company sends, where the token does not.
    pub verifier: Option<Secret>,
    /// Its REST interface.
    pub url: String,
}

/// Who is told what happens in rooms.
#[derive(Clone, Debug)]
pub struct WebhooksSection {
    /// Where to.
    pub urls: Vec<String>,
    /// Which API key signs.
    pub key: Option<String>,
}

/// What is written to standard error.
#[derive(Clone, Debug)]
pub struct Log {
    /// Directives.
    pub level: String,
    /// For whom.
    pub format: LogFormat,
    /// The collector that gets it too.
    pub otlp: Option<String>,
}

/// For whom the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// People.
    Text,
    /// Machines.
    Json,
}

/// How the server goes down.
#[derive(Clone, Debug)]
pub struct Drain {
    /// Who is still there after this time is cut off.
    pub deadline: Duration,
    /// Where clients are told to go.
    pub url: Option<String>,
}

impl Http {
    /// The public address, read.
    pub fn public(&self) -> Option<Url> {
        Url::parse(self.public_url.as_deref()?).ok()
    }

    /// Its host.
    pub fn public_host(&self) -> Option<String> {
        self.public()?.host_str().map(str::to_owned)
    }
}

impl Config {
    /// Gives the settings their types.
    pub(crate) fn read(settings: &Settings, dev: bool) -> Self {
        Self {
            dev,
            http: http(settings),
            acme: acme(settings),
            media: media(settings),
            turn: turn::turn(settings),
            auth: Auth {
                keys: settings.secrets("auth.keys"),
                token_lifetime: settings.duration("auth.token_lifetime"),
            },
            rooms: RoomsSection { auto_create: settings.flag("rooms.auto_create"), limits: limits(settings) },
            sessions: sessions(settings),
            admin: Admin { key: settings.secret("admin.key"), addresses: networks(settings.list("admin.addresses")) },
            player: PlayerSection { directory: settings.text("player.directory").map(PathBuf::from) },
            store: StoreSection { path: settings.text("store.path").map(PathBuf::from) },
            phone: phone(settings),
            webhooks: WebhooksSection {
                urls: settings.list("webhooks.urls").to_vec(),
                key: settings.text("webhooks.key"),
            },
            log: Log {
                level: settings.text("log.level").unwrap_or_else(|| "info".into()),
                format: match settings.text("log.format").as_deref() {
                    Some("json") => LogFormat::Json,
                    _ => LogFormat::Text,
                },
                otlp: settings.text("log.otlp"),
            },
            drain: Drain { deadline: settings.duration("drain.deadline"), url: settings.text("drain.url") },
        }
    }

    /// Does the listener speak HTTPS?
    pub fn is_https(&self) -> bool {
        self.http.tls.is_some() || self.acme.is_some()
    }

    /// Does ICE over TCP come in by the listener of HTTP, having the same port?
    pub fn shares_http(&self, tcp: &[SocketAddr]) -> bool {
        tcp.iter().any(|address| address.port() == self.http.bind.port())
    }

    /// Is HTTP only reachable from this machine?
    pub fn is_on_loopback(&self) -> bool {
        self.http.bind.ip().to_canonical().is_loopback()
    }
}

fn http(settings: &Settings) -> Http {
    let (cert, key) = (settings.text("http.tls_cert"), settings.text("http.tls_key"));
    let tls = (cert.is_some() || key.is_some())
        .then(|| TlsFiles { cert: cert.unwrap_or_default().into(), key: key.unwrap_or_default().into() });
    Http {
        bind: address(settings, "http.bind").expect("the key's kind is an address"),
        public_url: settings.text("http.public_url"),
        allowed_origins: settings.list("http.allowed_origins").to_vec(),
        trusted_proxies: networks(settings.list("http.trusted_proxies")),
        tls,
        redirect: address(settings, "http.redirect"),
    }
}

fn acme(settings: &Settings) -> Option<Acme> {
    let wanted = Acme {
        domains: settings.list("acme.domains").to_vec(),
        contact: settings.text("acme.contact"),
        cache: settings.text("acme.cache").unwrap_or_default().into(),
        directory: settings.text("acme.directory").unwrap_or_default(),
        directory_root: settings.text("acme.directory_root").map(PathBuf::from),
    };
    Some(wanted).filter(|wanted| !wanted.domains.is_empty())
}

fn media(settings: &Settings) -> MediaSection {
    let workers = match settings.number("media.workers") {
        0 => available_parallelism().map_or(1, usize::from),
        number => number,
    };
    let udp_port: u16 = settings.number("media.udp_port");
    let tcp_port: u16 = settings.number("media.tcp_port");
    let told_udp = or(settings.number("media.advertised_udp_port"), udp_port);
    let told_tcp = or(settings.number("media.advertised_tcp_port"), tcp_port);
    let bind = addresses(settings.list("media.bind"));
    let mut advertised = addresses(settings.list("media.advertised"));
    if advertised.is_empty() && bind.iter().all(IpAddr::is_loopback) {
        advertised.clone_from(&bind);
    }
    let with = |addresses: &[IpAddr], port: u16| -> Vec<SocketAddr> {
        addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect()
    };
    let has_tcp = tcp_port != 0;
    MediaSection {
        workers,
        udp: with(&bind, udp_port),
        tcp: if has_tcp { with(&bind, tcp_port) } else { Vec::new() },
        advertised_udp: with(&advertised, told_udp),
        advertised_tcp: if has_tcp { with(&advertised, told_tcp) } else { Vec::new() },
        ice_servers: settings.list("media.ice_servers").to_vec(),
    }
}

fn sessions(settings: &Settings) -> SessionsSection {
    SessionsSection {
        open: settings.flag("sessions.open"),
        count: settings.number("sessions.count"),
        candidates: settings.number("sessions.candidates"),
        waiting: settings.number("sessions.waiting"),
        per_minute: settings.number("sessions.per_minute"),
        unanswered: settings.duration("sessions.unanswered"),
        idle: settings.duration("sessions.idle"),
        lifetime: settings.duration("sessions.lifetime"),
        sdp_bytes: settings.number("rooms.sdp_size"),
    }
}

fn phone(settings: &Settings) -> Phone {
    let account = |id: Option<String>, token: Option<Secret>, verifier, url: Option<String>| {
        // What is missing of one that was begun is found by the check.
        id.map(|account| PhoneAccount {
            account,
            token: token.unwrap_or_default(),
            verifier,
            url: url.unwrap_or_default(),
        })
    };
    Phone {
        twilio: account(
            settings.text("phone.twilio_account"),
            settings.secret("phone.twilio_token"),
            None,
            settings.text("phone.twilio_url"),
        ),
        signalwire: account(
            settings.text("phone.signalwire_project"),
            settings.secret("phone.signalwire_token"),
            settings.secret("phone.signalwire_key"),
            settings.text("phone.signalwire_url"),
        ),
        telnyx: account(
            settings.text("phone.telnyx_account"),
            settings.secret("phone.telnyx_key"),
            settings.text("phone.telnyx_public_key").map(Secret::new),
            settings.text("phone.telnyx_url"),
        ),
        telnyx_application: settings.text("phone.telnyx_application"),
        number: settings.text("phone.number"),
        calls: settings.number("phone.calls"),
        hold_url: settings.text("phone.hold_url"),
        simulator: settings.flag("phone.simulator"),
    }
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        participants_per_room: settings.number("rooms.participants"),
        viewers_per_room: settings.number("rooms.viewers"),
        rooms: settings.number("rooms.count"),
        tracks_per_participant: settings.number("rooms.tracks"),
        video_slots: settings.number("rooms.video_slots"),
        audio_slots: settings.number("rooms.audio_slots"),
        message_bytes: settings.number("rooms.message_size"),
        messages_per_second: settings.number("rooms.messages_per_second"),
        failures_per_minute: settings.number("rooms.failures_per_minute"),
        sdp_bytes: settings.number("rooms.sdp_size"),
        data_bytes: settings.number("rooms.data_size"),
        data_bytes_per_second: settings.number("rooms.data_per_second"),
        metadata_bytes: settings.number("rooms.metadata_size"),
        publish_bitrate: settings.maybe_number("bandwidth.publish"),
        receive_bitrate: settings.maybe_number("bandwidth.receive"),
        resume: settings.duration("rooms.resume"),
        empty_room: settings.duration("rooms.empty"),
        room_lifetime: settings.maybe_duration("rooms.lifetime"),
        silence: settings.duration("rooms.silence"),
    }
}

fn or(port: u16, otherwise: u16) -> u16 {
    if port == 0 { otherwise } else { port }
}

fn address(settings: &Settings, path: &'static str) -> Option<SocketAddr> {
    settings.text(path)?.parse().ok()
}

pub(crate) fn addresses(items: &[String]) -> Vec<IpAddr> {
    items.iter().filter_map(|item| item.parse().ok()).collect()
}

pub(crate) fn networks(items: &[String]) -> Vec<Network> {
    items.iter().filter_map(|item| Network::parse(item)).collect()
}

#[cfg(test)]
mod tests {
    use crate::layers::Layers;

    use super::*;

    #[test]
    fn every_key_of_the_table_is_read() {
        let settings = Layers::default().settings().expect("settings");
        let _ = Config::read(&settings, false);
        assert_eq!(settings.unread(), Vec::<&str>::new());
    }

    #[test]
    fn the_defaults_are_the_models_limits() {
        let config = Config::read(&Layers::default().settings().expect("settings"), false);
        assert_eq!(config.rooms.limits, Limits::default());
    }

    #[test]
    fn clients_are_told_the_advertised_addresses_and_ports() {
        let flags = [
            ("media.bind", "0.0.0.0, ::"),
            ("media.advertised", "192.0.2.1, 2001:db8::1"),
            ("media.advertised_udp_port", "1000"),
            ("media.tcp_port", "0"),
        ];
        let flags = flags.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec();
        let settings = Layers { flags, ..Layers::default() }.settings().expect("settings");
        let media = Config::read(&settings, false).media;
        let show = |addresses: &[SocketAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(show(&media.udp), ["0.0.0.0:7882", "[::]:7882"]);
        assert_eq!(show(&media.advertised_udp), ["192.0.2.1:1000", "[2001:db8::1]:1000"]);
        assert!(media.tcp.is_empty() && media.advertised_tcp.is_empty());
    }
}
