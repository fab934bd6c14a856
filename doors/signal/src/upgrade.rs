//! Before a word is said: the token and the origin.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::{Extensions, HeaderMap};
use axum::response::Response;
use crosspoint_rooms::socket;
use serde::Deserialize;

use crate::Signal;
use crate::connection::Connection;

/// A message that is larger than allowed is still read up to here, so that the client can be told why it is cut off.
const READ_BEYOND: usize = 1024 * 1024;

/// What a connection reads into: most messages fit, and idle ones are many. (tungstenite's own choice is 128 KiB.)
const READ_BUFFER: usize = 4 * 1024;

/// `?token=…`
#[derive(Default, Deserialize)]
pub struct Parameters {
    token: Option<String>,
}

/// `GET /ws/webrtc`
pub async fn upgrade(
    State(signal): State<Signal>,
    query: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    extensions: Extensions,
    socket: WebSocketUpgrade,
) -> Response {
    let address = socket::address(&extensions);
    let query = query.map(|Query(parameters)| parameters).unwrap_or_default();
    let limit = signal.rooms.options().limits.message_bytes + READ_BEYOND;
    let socket = socket.max_message_size(limit).max_frame_size(limit).read_buffer_size(READ_BUFFER);
    match signal.gate.bearer(query.token.as_deref(), &headers, address) {
        Ok(bearer) => socket.on_upgrade(move |socket| Connection::new(signal, bearer, address).run(socket)),
        Err(end) => socket.on_upgrade(move |mut socket| async move { socket::close(&mut socket, &end).await }),
    }
}
