//! `crosspoint serve`: configuration -> media -> rooms -> doors -> run -> drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum_server::Handle;
use crosspoint_auth::{DEV_KEY, Keys, unix_now};
use crosspoint_config::{Config, LogFormat};
use crosspoint_model::Secret;
use crosspoint_model::grant::Bearer;
use crosspoint_rooms::{FreshToken, Options, Rooms, TokenIssuer, fact_channel};
use crosspoint_sessions::Sessions;
use crosspoint_show::outbox::Outbox;
use crosspoint_telemetry::Metrics;
use crosspoint_webhooks::{Pace, Settings, Webhooks};
use crosspoint_worker::{Media, MediaConfig};
use tokio::net::TcpListener;

use crate::front::{self, Front};
use crate::signals::EndSignals;
use crate::turn_figures::TurnFigures;
use crate::{doors, listen, sessions, shows, store, tls, token, turn};

/// Requests that are being answered when everybody has left may take so long.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// The last events may take so long to be told.
const LAST_WEBHOOKS: Duration = Duration::from_secs(5);

/// Runs the server until it is told to end.
pub fn run(config: Config) -> anyhow::Result<()> {
    let format = match config.log.format {
        LogFormat::Text => crosspoint_telemetry::LogFormat::Text,
        LogFormat::Json => crosspoint_telemetry::LogFormat::Json,
    };
    // Before the log, whose way to a collector needs it.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow!("the TLS library was set up twice"))?;
    crosspoint_telemetry::start_log(&config.log.level, format, config.log.otlp.as_deref())?;
    raise_file_limit();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads cannot be started")?;
    let ended = runtime.block_on(run_on(config));
    crosspoint_telemetry::end_log();
    ended
}

async fn run_on(config: Config) -> anyhow::Result<()> {
    let mut signals = EndSignals::listen().context("signals cannot be listened for")?;
    let keys = token::keys(&config);
    let listener = listen::open("http.bind", config.http.bind, false)?;
    let tls = tls::start(&config).await?;
    let secret = turn::secret(&config)?;
    let (media, rooms) = start_rooms(&config, &keys, &secret)?;
    let front = Front::new(&config, media.clone());
    front::start(&config, &front, tls.clone())?;
    let metrics = Metrics::new();
    metrics.collect(Arc::new(TurnFigures(media.clone())));
    let here = here(&config, &listener)?;
    let store = store::open(&config)?;
    let direction = shows::start(&config, store.clone(), &rooms, &keys, &metrics, &here).await?;
    let sessions = sessions::start(&config, store, &metrics).await?;
    let behind = doors::Behind {
        rooms: &rooms,
        keys: &keys,
        metrics: &metrics,
        direction: &direction,
        sessions: &sessions,
        here: &here,
    };
    let router = doors::router(&config, &behind)?;
    let webhooks = start_webhooks(&config, &rooms, &keys, &metrics)?;
    let told = Told { webhooks, outbox: direction.outbox };
    redirect(&config)?;
    announce(&config, &listener, &here)?;

    let handle = Handle::new();
    let serving = tokio::spawn(listen::serve(listener, router, tls, Some(front), handle.clone()));
    let signal = signals.next().await;
    tracing::info!(signal, deadline = ?config.drain.deadline, "draining; a second signal ends at once");
    tokio::select! {
        () = drain(&rooms, &sessions, &handle, told, config.drain.deadline) => {}
        second = signals.next() => tracing::warn!(signal = second, "ending at once"),
    }
    handle.shutdown();
    media.stop();
    tracing::info!("ended");
    serving.await.context("the HTTP listener broke")?.context("HTTP cannot be served")
}

/// Those who tell others of what happens here.
struct Told {
    webhooks: Option<Webhooks>,
    outbox: Option<Outbox>,
}

async fn drain(rooms: &Rooms, sessions: &Sessions, handle: &Handle<SocketAddr>, told: Told, deadline: Duration) {
    rooms.drain(deadline).await;
    if let Some(webhooks) = told.webhooks {
        webhooks.finish(LAST_WEBHOOKS).await;
    }
    if let Some(outbox) = told.outbox {
        outbox.finish(LAST_WEBHOOKS).await;
    }
    sessions.close();
    handle.graceful_shutdown(Some(LAST_REQUESTS));
    let has_ended = async {
        while handle.connection_count() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // What is left is told apart from nothing by the caller, who ends it.
    let _ = tokio::time::timeout(LAST_REQUESTS, has_ended).await;
}

fn start_rooms(config: &Config, keys: &Keys, secret: &Secret) -> anyhow::Result<(Arc<Media>, Rooms)> {
    let media = &config.media;
    let (sink, facts) = fact_channel();
    // Who listens there tells ICE from HTTP.
    let shares_http = config.shares_http(&media.tcp);
    let mut ports = MediaConfig {
        workers: media.workers,
        udp: media.udp.clone(),
        advertised_udp: media.advertised_udp.clone(),
        tcp: if shares_http { Vec::new() } else { media.tcp.clone() },
        advertised_tcp: media.advertised_tcp.clone(),
        shared_tcp: if shares_http { media.advertised_tcp.clone() } else { Vec::new() },
        turn: None,
    };
    ports.turn = turn::workers(config, &ports, secret)?;
    let started = Media::start(&ports, sink).map_err(|failure| {
        anyhow!("{failure}; is another server running? Set other ports with --media.udp_port, --media.tcp_port and --turn.port")
    })?;
    let media = Arc::new(started);
    let options = Options {
        limits: config.rooms.limits.clone(),
        auto_create: config.rooms.auto_create,
        ice_servers: Arc::new(turn::Told(turn::servers(config, secret))),
        tokens: Some(Arc::new(Issuer { keys: keys.clone(), lifetime: config.auth.token_lifetime })),
        recorder: None,
        drain_url: config.drain.url.clone(),
    };
    Ok((media.clone(), Rooms::new(media, facts, options)))
}

/// Mints the tokens that replace those about to expire.
struct Issuer {
    keys: Keys,
    lifetime: Duration,
}

impl TokenIssuer for Issuer {
    fn refresh(&self, bearer: &Bearer) -> Option<FreshToken> {
        let now = unix_now();
        let expires = now + self.lifetime.as_secs();
        let token = self.keys.mint(&Bearer { expires, ..bearer.clone() }, now).ok()?;
        Some(FreshToken { token, expires })
    }
}

fn start_webhooks(config: &Config, rooms: &Rooms, keys: &Keys, metrics: &Metrics) -> anyhow::Result<Option<Webhooks>> {
    let urls = config.webhooks.urls.clone();
    let Some(key) = config.webhooks.key.as_deref().or(keys.first()).filter(|_| !urls.is_empty()) else {
        return Ok(None);
    };
    let settings = Settings { urls, keys: keys.clone(), key: key.to_owned(), pace: Pace::default() };
    Webhooks::start(rooms, settings, metrics).map(Some).context("webhooks cannot be sent")
}

fn redirect(config: &Config) -> anyhow::Result<()> {
    if let (Some(address), Some(url)) = (config.http.redirect, &config.http.public_url) {
        let listener = listen::open("http.redirect", address, false)?;
        tokio::spawn(listen::serve(listener, listen::redirects(url), None, None, Handle::new()));
    }
    Ok(())
}

/// Where this machine's own programs find the server.
fn here(config: &Config, listener: &TcpListener) -> anyhow::Result<String> {
    let bound = listener.local_addr().context("the listener has no address")?;
    let scheme = if config.is_https() { "https" } else { "http" };
    Ok(format!("{scheme}://{}", reachable(bound)))
}

/// The only thing on standard output: where the console is.
fn announce(config: &Config, listener: &TcpListener, here: &str) -> anyhow::Result<()> {
    let bound = listener.local_addr().context("the listener has no address")?;
    let url = config.http.public_url.as_deref().filter(|_| !config.dev).unwrap_or(here);
    if config.dev {
        tracing::warn!("--dev: everybody knows the key {DEV_KEY:?} of this server; never use it for anything real");
        if !config.is_on_loopback() {
            tracing::warn!(
                "--dev on {bound}: whoever reaches this address may do everything; tokens are not handed out"
            );
        }
    }
    if config.sessions.open && !config.is_on_loopback() {
        tracing::warn!(
            "sessions.open on {bound}: whoever reaches this address takes part in every session whose id they know, and gets credentials for the relay"
        );
    }
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        http = %bound,
        udp = %udp_ports(&config.media.udp, config.media.workers),
        tcp = ?config.media.tcp,
        turn = ?config.turn.port,
        advertised = ?config.media.advertised_udp,
        workers = config.media.workers,
        "started"
    );
    println!("Crosspoint runs at {url}/");
    Ok(())
}

/// Each worker has a port of its own, from the first one on: `0.0.0.0:7882-7885`.
fn udp_ports(first: &[SocketAddr], workers: usize) -> String {
    let range = |address: &SocketAddr| match u16::try_from(workers.saturating_sub(1)) {
        Ok(more) if more > 0 => format!("{address}-{}", address.port().saturating_add(more)),
        _ => address.to_string(),
    };
    first.iter().map(range).collect::<Vec<_>>().join(", ")
}

/// A wildcard is no address to open in a browser.
pub fn reachable(bound: SocketAddr) -> SocketAddr {
    match bound {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], v4.port())),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], v6.port())),
        other => other,
    }
}

/// Every signalling socket and every TCP leg is an open file; the usual soft limit of 1024 is soon reached.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}
