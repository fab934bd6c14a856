//! The HTTP listener, and the one that redirects to HTTPS.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Redirect;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use tokio::net::{TcpListener, TcpSocket};

use crate::front::Front;
use crate::opening::Impatient;

/// A request's head must have come after this time, and so must the next one on a kept connection.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// Who comes in the same moment as many others waits here.
const BACKLOG: u32 = 4096;

/// Opens a listening socket. `key` is the setting that names it; `only_v6`: IPv4 has a socket of its own on the same port.
pub fn open(key: &str, address: SocketAddr, only_v6: bool) -> anyhow::Result<TcpListener> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if address.is_ipv6() && only_v6 {
            socket2::SockRef::from(&socket).set_only_v6(true)?;
        }
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().with_context(|| {
        format!("{key}: {address} cannot be listened on; is another server running? Set another address with --{key}")
    })
}

/// Serves until the handle is told to stop. `front` takes the connections on which no browser speaks.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<RustlsConfig>,
    front: Option<Front>,
    handle: Handle<SocketAddr>,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut server = Server::<SocketAddr>::from_listener(listener).handle(handle);
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    server.http_builder().http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_PATIENCE);
    let plain = NoDelayAcceptor::new();
    match (tls, front) {
        (Some(tls), Some(front)) => server.acceptor(Impatient(front.encrypted(tls))).serve(service).await,
        (Some(tls), None) => server.acceptor(Impatient(RustlsAcceptor::new(tls).acceptor(plain))).serve(service).await,
        (None, Some(front)) => server.acceptor(Impatient(front.plain())).serve(service).await,
        (None, None) => server.acceptor(Impatient(plain)).serve(service).await,
    }
}

/// Plain HTTP that sends browsers to the public address. Where that is, is configured, never read from a request.
pub fn redirects(public_url: &str) -> Router {
    let to = |State(base): State<String>, uri: Uri| async move {
        Redirect::permanent(&format!("{base}{}", uri.path_and_query().map_or("/", |path| path.as_str())))
    };
    Router::new().fallback(to).with_state(public_url.to_owned())
}
