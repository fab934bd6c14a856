//! A listener as the server has one, and waiting with a deadline.

pub mod authority;
pub mod client;

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use axum_server::tls_rustls::RustlsConfig;
use crosspoint_acme::Settings;

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Serves HTTPS with a certificate that is kept fresh.
pub async fn listen(settings: Settings) -> SocketAddr {
    let domains = settings.domains.clone();
    let directory = settings.directory.clone();
    let config = crosspoint_acme::start(settings).expect("it starts");
    let address = serve(Router::new().route("/", get(async || "hello")), RustlsConfig::from_config(config));
    authority::finds(&directory, &domains, address);
    address
}

/// Serves HTTPS on a free port.
pub fn serve(router: Router, config: RustlsConfig) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let address = listener.local_addr().expect("an address");
    let server = axum_server::from_tcp_rustls(listener, config).expect("a server");
    tokio::spawn(server.serve(router.into_make_service()));
    address
}

/// Waits for something. What looks may block: the tests have threads.
pub async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
