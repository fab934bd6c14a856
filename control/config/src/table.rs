//! The one table of keys: name, kind, default, documentation.

use crate::kind::Kind;

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `section.name`, as flags have it.
    pub path: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is when nobody says otherwise, as text that its kind reads.
    pub default: &'static str,
    /// What it is with `--dev`, where that differs.
    pub dev: Option<&'static str>,
    /// What it is for. Whole sentences.
    pub doc: &'static str,
}

impl Key {
    /// The part before the dot.
    pub fn section(&self) -> &'static str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    /// The part behind the dot.
    pub fn name(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, name)| name)
    }

    /// `CROSSPOINT_SECTION_NAME`.
    pub fn variable(&self) -> String {
        format!("CROSSPOINT_{}", self.path.replace('.', "_").to_uppercase())
    }

    /// The key of this path.
    pub fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    const fn new(path: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Self {
        Self { path, kind, default, dev: None, doc }
    }

    const fn in_dev(self, dev: &'static str) -> Self {
        Self { dev: Some(dev), ..self }
    }
}

/// A section of the file.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub doc: &'static str,
}

/// The sections in the order in which they are shown.
pub const SECTIONS: &[Section] = &[
    Section { name: "http", doc: "Where browsers and other clients come in." },
    Section {
        name: "acme",
        doc: "A certificate from an ACME authority, for binaries that were built with `--features acme`.",
    },
    Section { name: "media", doc: "Where sound and picture come in." },
    Section {
        name: "turn",
        doc: "The relay (TURN) for clients whose network lets nothing else through, and relays of others in its place.",
    },
    Section { name: "auth", doc: "Who may mint tokens." },
    Section { name: "rooms", doc: "What rooms and participants may." },
    Section { name: "bandwidth", doc: "Bounds on what one participant sends and receives." },
    Section {
        name: "sessions",
        doc: "Two programs that meet here and connect to each other: desktop viewers and agents.",
    },
    Section { name: "admin", doc: "Who reaches `/api` and `/metrics` without a token." },
    Section { name: "player", doc: "Files that are played into rooms: music for those who wait, announcements." },
    Section { name: "store", doc: "What outlasts a restart: shows, calls, sessions, what is still to be told." },
    Section { name: "phone", doc: "Telephone lines: the accounts at the companies that bring them." },
    Section { name: "webhooks", doc: "Who is told what happens in rooms." },
    Section { name: "log", doc: "What is written to standard error." },
    Section { name: "drain", doc: "How the server goes down." },
];

/// Every key, section by section.
pub const KEYS: &[Key] = &[
    Key::new(
        "http.bind",
        Kind::Address,
        "0.0.0.0:8080",
        "Where HTTP (or HTTPS, with `tls_cert` or `acme.domains`) listens.",
    )
    .in_dev("127.0.0.1:8080"),
    Key::new(
        "http.public_url",
        Kind::WebAddress,
        "",
        "How people reach this server, for links. Never derived from a request.",
    ),
    Key::new(
        "http.allowed_origins",
        Kind::Origins,
        "",
        "Web pages of these origins may use the server from a browser. Its own pages always may. `http://localhost:*`: \
         every port. `*`: every page.",
    )
    .in_dev("http://127.0.0.1:*, http://localhost:*, http://[::1]:*"),
    Key::new(
        "http.trusted_proxies",
        Kind::Networks,
        "",
        "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Nobody else's are.",
    ),
    Key::new(
        "http.tls_cert",
        Kind::Path,
        "",
        "Certificate chain (PEM). With `tls_key` it makes `bind` speak HTTPS. Read again when it changes and on SIGHUP.",
    ),
    Key::new("http.tls_key", Kind::Path, "", "Private key of the certificate (PEM)."),
    Key::new(
        "http.redirect",
        Kind::MaybeAddress,
        "none",
        "With TLS: plain HTTP on this address sends browsers to `public_url`.",
    ),
    Key::new(
        "acme.domains",
        Kind::Names,
        "",
        "Names of this server to get a certificate for; with them `http.bind` speaks HTTPS. The authority must reach it on port 443 \
         of each name.",
    ),
    Key::new("acme.contact", Kind::Text, "", "A mail address that the authority may write to."),
    Key::new(
        "acme.cache",
        Kind::Path,
        "/var/lib/crosspoint/acme",
        "Folder in which account and certificate are kept over a restart. Authorities do not issue the same one often.",
    ),
    Key::new(
        "acme.directory",
        Kind::WebAddress,
        "https://acme-v02.api.letsencrypt.org/directory",
        "The authority's directory. By default Let's Encrypt, whose terms of service you accept by setting `domains`. To try things \
         out: `https://acme-staging-v02.api.letsencrypt.org/directory`.",
    ),
    Key::new(
        "acme.directory_root",
        Kind::Path,
        "",
        "Certificate (PEM) to trust the directory by, in place of the system's: for authorities of your own.",
    ),
    Key::new(
        "media.workers",
        Kind::Number(0, 256),
        "0",
        "Media threads, each with a UDP port of its own. 0: as many as the machine has cores.",
    ),
    Key::new(
        "media.bind",
        Kind::Addresses,
        "0.0.0.0",
        "Addresses that media listens on: one of IPv4, one of IPv6, or both.",
    )
    .in_dev("127.0.0.1"),
    Key::new(
        "media.udp_port",
        Kind::Number(1, 65_535),
        "7882",
        "UDP port of the first worker; the next ones count up.",
    ),
    Key::new(
        "media.tcp_port",
        Kind::Number(0, 65_535),
        "7881",
        "TCP port for clients whose network lets no UDP through. 0: none.",
    ),
    Key::new(
        "media.advertised",
        Kind::Addresses,
        "",
        "Addresses that clients are told to send media to: the public ones of this machine. Needed unless `bind` is loopback.",
    ),
    Key::new(
        "media.advertised_udp_port",
        Kind::Number(0, 65_535),
        "0",
        "UDP port of the first worker as clients see it, where a NAT or a container changes it. 0: `udp_port`.",
    ),
    Key::new("media.advertised_tcp_port", Kind::Number(0, 65_535), "0", "TCP port as clients see it. 0: `tcp_port`."),
    Key::new(
        "media.ice_servers",
        Kind::IceAddresses,
        "",
        "STUN servers that browsers are told to use. Seldom needed: this server is reachable itself.",
    ),
    Key::new(
        "turn.port",
        Kind::Number(0, 65_535),
        "3478",
        "UDP and TCP port of the relay, on the addresses of `media.bind`. 0: no relay here.",
    ),
    Key::new(
        "turn.tls_port",
        Kind::Number(0, 65_535),
        "5349",
        "Port of the relay over TLS, with the certificate of `http`. 0: none. With HTTPS, the port of `http.bind` takes TURN over TLS \
         too, in any case.",
    ),
    Key::new(
        "turn.host",
        Kind::Host,
        "",
        "By which name or address clients are told to reach the relay. Over TLS it must be a name of the certificate. Empty: the host \
         of `http.public_url`, or else the first of `media.advertised`.",
    ),
    Key::new(
        "turn.urls",
        Kind::IceAddresses,
        "",
        "What clients are told in place of addresses made of `turn.host` and the ports: where a NAT or a load balancer changes ports.",
    ),
    Key::new(
        "turn.advertised",
        Kind::Addresses,
        "",
        "Addresses that relays are reached at. Empty: those of `media.advertised`.",
    ),
    Key::new(
        "turn.relay_ports",
        Kind::Ports,
        "49152-65535",
        "UDP ports that relays take. The firewall must let them through for peers that are not this server; our own media needs none \
         of them open.",
    ),
    Key::new("turn.realm", Kind::Text, "crosspoint", "Where credentials are valid: a name, usually of a domain."),
    Key::new(
        "turn.static_users",
        Kind::Secrets,
        "",
        "Users whose passwords do not end. As text: `name: password, name: password`.",
    ),
    Key::new(
        "turn.secret",
        Kind::Secret,
        "",
        "Credentials that end are made with this (coturn's `static-auth-secret`). Set it where other programs make them too. Empty: a \
         new one at each start, which only this server knows.",
    ),
    Key::new(
        "turn.credential_lifetime",
        Kind::Duration,
        "12h",
        "How long credentials live that clients are told. What was begun with one goes on after that.",
    ),
    Key::new("turn.users", Kind::Number(1, 1_000_000), "100", "Users who may have relays at once."),
    Key::new("turn.allocations", Kind::Number(1, 1_000_000), "1000", "Relays (allocations) at once."),
    Key::new(
        "turn.allocations_per_user",
        Kind::Number(1, 1_000_000),
        "10",
        "Relays of one user. A browser takes one for each way to each server: three or four.",
    ),
    Key::new("turn.bitrate", Kind::Rate, "8M", "What one relay carries in each direction at most."),
    Key::new("turn.user_bitrate", Kind::Rate, "8M", "What all relays of one user carry in each direction at most."),
    Key::new(
        "turn.allowed_peers",
        Kind::Networks,
        "",
        "Private networks that clients may reach through the relay. All are refused otherwise, and so are loopback and whatever else is \
         not the open internet; our own media and relays are always reached.",
    ),
    Key::new("turn.external", Kind::IceAddresses, "", "Relays of others that clients are told: coturn's `turn:…` and `turns:…`."),
    Key::new("turn.external_secret", Kind::Secret, "", "What they make credentials with: coturn's `static-auth-secret`."),
    Key::new(
        "turn.twilio",
        Kind::Flag,
        "false",
        "Tell clients of Twilio's relays, with the account of `phone.twilio_account`. They are fetched again before they end.",
    ),
    Key::new(
        "auth.keys",
        Kind::Secrets,
        "",
        "API keys and their secrets (32 characters or more): who has one mints tokens. As text: `key: secret, key: secret`.",
    ),
    Key::new(
        "auth.token_lifetime",
        Kind::Duration,
        "6h",
        "How long the tokens live that the server mints: those of `crosspoint token create` and those that replace others.",
    ),
    Key::new(
        "rooms.auto_create",
        Kind::Flag,
        "true",
        "Does the first join make a room? Otherwise rooms are made with `POST /api/rooms`.",
    ),
    Key::new("rooms.participants", Kind::Number(1, 1_000_000), "50", "Participants in a room, WHEP viewers apart."),
    Key::new("rooms.viewers", Kind::Number(0, 1_000_000), "10000", "WHEP viewers of a room."),
    Key::new("rooms.count", Kind::Number(1, 10_000_000), "10000", "Rooms on this server."),
    Key::new("rooms.tracks", Kind::Number(1, 64), "8", "Tracks that one participant may publish."),
    Key::new("rooms.video_slots", Kind::Number(0, 64), "12", "Pictures that one connection receives at once."),
    Key::new("rooms.audio_slots", Kind::Number(0, 64), "12", "Voices that one connection receives at once."),
    Key::new("rooms.message_size", Kind::Size, "256KiB", "The largest signalling message."),
    Key::new(
        "rooms.messages_per_second",
        Kind::Number(1, 100_000),
        "50",
        "Signalling messages that one connection may send per second in the long run.",
    ),
    Key::new(
        "rooms.failures_per_minute",
        Kind::Number(1, 100_000),
        "30",
        "Failed attempts to come in that one address may make per minute. Who comes with a right token is not counted.",
    ),
    Key::new("rooms.sdp_size", Kind::Size, "128KiB", "The largest session description."),
    Key::new("rooms.data_size", Kind::Size, "64KiB", "The largest data message."),
    Key::new("rooms.data_per_second", Kind::Size, "512KiB", "Data that one participant may send per second."),
    Key::new("rooms.metadata_size", Kind::Size, "64KiB", "Metadata and attributes of one participant together."),
    Key::new("rooms.resume", Kind::Duration, "30s", "How long a participant whose socket dropped keeps the place."),
    Key::new("rooms.empty", Kind::Duration, "60s", "How long an empty room stays."),
    Key::new("rooms.lifetime", Kind::MaybeDuration, "none", "How long a room may live."),
    Key::new("rooms.silence", Kind::Duration, "45s", "A socket on which nothing was heard for so long is closed."),
    Key::new("bandwidth.publish", Kind::Rate, "none", "What one participant is told to stay under when sending."),
    Key::new("bandwidth.receive", Kind::Rate, "none", "What one participant is sent at most."),
    Key::new(
        "sessions.open",
        Kind::Flag,
        "false",
        "May whoever knows the id of a session take part in it without a token? Only where nobody else reaches the server.",
    )
    .in_dev("true"),
    Key::new("sessions.count", Kind::Number(1, 1_000_000), "10000", "Sessions at once."),
    Key::new("sessions.candidates", Kind::Number(1, 1_000), "100", "Candidates of one side for one offer."),
    Key::new(
        "sessions.waiting",
        Kind::Number(1, 1_000),
        "16",
        "Requests that may wait at one session: long polls and streams of events.",
    ),
    Key::new(
        "sessions.per_minute",
        Kind::Number(1, 100_000),
        "60",
        "Offers that one address may post per minute. Operators are not counted.",
    ),
    Key::new("sessions.unanswered", Kind::Duration, "2m", "An offer that nobody answered for so long ends its session."),
    Key::new("sessions.idle", Kind::Duration, "30m", "A session of which nothing was heard for so long ends."),
    Key::new("sessions.lifetime", Kind::Duration, "24h", "How long a session may last, whatever happens in it. A shorter one comes before the two above."),
    Key::new(
        "admin.key",
        Kind::Secret,
        "",
        "Who sends this as `Authorization: Bearer …` may do everything. 16 characters or more. Empty: nobody.",
    ),
    Key::new("admin.addresses", Kind::Networks, "", "Who comes from here may do everything without a key.")
        .in_dev("127.0.0.1, ::1"),
    Key::new(
        "player.directory",
        Kind::Path,
        "",
        "Folder with WAV files (one or two channels, 16, 24 or 32 bits, any usual rate) that `POST /api/rooms/{room}/play` may play. \
         Empty: none.",
    ),
    Key::new(
        "store.path",
        Kind::Path,
        "/var/lib/crosspoint/crosspoint.db",
        "The database (SQLite); it and its folder are made if they are not there. Empty: everything is forgotten when the server ends.",
    )
    .in_dev(""),
    Key::new(
        "phone.twilio_account",
        Kind::Text,
        "",
        "Twilio's Account SID (`AC…`). With it, `twilio_token` and `http.public_url` calls can come in.",
    ),
    Key::new(
        "phone.twilio_token",
        Kind::Secret,
        "",
        "Twilio's auth token: it signs what Twilio sends, and asks Twilio to hang up and to redirect.",
    ),
    Key::new(
        "phone.twilio_url",
        Kind::WebAddress,
        "https://api.twilio.com",
        "Twilio's REST interface. Another one for its regions, and for tests.",
    ),
    Key::new("phone.signalwire_project", Kind::Text, "", "SignalWire's project id."),
    Key::new("phone.signalwire_token", Kind::Secret, "", "SignalWire's API token."),
    Key::new("phone.signalwire_key", Kind::Secret, "", "SignalWire's signing key. Empty: the API token signs."),
    Key::new("phone.signalwire_url", Kind::WebAddress, "", "SignalWire's space: `https://example.signalwire.com`."),
    Key::new("phone.telnyx_account", Kind::Text, "", "Telnyx's account id, as its TeXML interface names it."),
    Key::new("phone.telnyx_key", Kind::Secret, "", "Telnyx's API key."),
    Key::new("phone.telnyx_public_key", Kind::Text, "", "Telnyx's public key (base64), which its webhooks are signed with."),
    Key::new("phone.telnyx_application", Kind::Text, "", "Telnyx's TeXML application, which places our calls to hosts."),
    Key::new("phone.telnyx_url", Kind::WebAddress, "https://api.telnyx.com", "Telnyx's REST interface."),
    Key::new(
        "phone.number",
        Kind::Text,
        "",
        "Our number in E.164 (`+14155550100`), shown to whom the server calls: hosts who want to be called.",
    ),
    Key::new(
        "phone.calls",
        Kind::Number(1, 100_000),
        "500",
        "Calls whose sound is here at once. More go into the telephone company's conference.",
    ),
    Key::new(
        "phone.hold_url",
        Kind::WebAddress,
        "",
        "Sound or TwiML for those who wait in the telephone company's conference. It must not be on this server, which may be down \
         then. Empty: the company's own music.",
    ),
    Key::new(
        "phone.simulator",
        Kind::Flag,
        "false",
        "Serve a simulated telephone company below `/api/phone/simulator`, for trying out; it takes the place of Twilio.",
    )
    .in_dev("true"),
    Key::new("webhooks.urls", Kind::WebAddresses, "", "Where events are posted to."),
    Key::new("webhooks.key", Kind::Text, "", "The API key that signs them. Empty: the first by name."),
    Key::new(
        "log.level",
        Kind::Text,
        "info",
        "`error`, `warn`, `info`, `debug` or `trace`, or directives like `info,crosspoint_rooms=debug`.",
    ),
    Key::new("log.format", Kind::Word(&["text", "json"]), "text", "For people, or for machines."),
    Key::new(
        "log.otlp",
        Kind::WebAddress,
        "",
        "An OpenTelemetry collector that gets every line of the log too, over OTLP/HTTP: `http://127.0.0.1:4318/v1/logs`. Only in \
         binaries built with the feature `otlp`.",
    ),
    Key::new(
        "drain.deadline",
        Kind::Duration,
        "60s",
        "After SIGTERM nobody new is let in; who is still there after this time is cut off.",
    )
    .in_dev("1s"),
    Key::new("drain.url", Kind::WebAddress, "", "Where clients are told to go meanwhile. Empty: here again."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::value::Raw;

    #[test]
    fn every_default_is_a_value_of_its_kind() {
        for key in KEYS {
            for text in [Some(key.default), key.dev].into_iter().flatten() {
                assert!(key.kind.read(Raw::Text(text.into())).is_ok(), "{}: {text}", key.path);
            }
        }
    }

    #[test]
    fn every_key_has_one_path_one_variable_and_a_section() {
        let paths: BTreeSet<_> = KEYS.iter().map(|key| key.path).collect();
        let variables: BTreeSet<_> = KEYS.iter().map(Key::variable).collect();
        assert_eq!((paths.len(), variables.len()), (KEYS.len(), KEYS.len()));
        for key in KEYS {
            assert!(SECTIONS.iter().any(|section| section.name == key.section()), "{}", key.path);
        }
    }
}
