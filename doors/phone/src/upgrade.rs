//! The handshake of a media socket: did the provider open it, and is there room?

use axum::extract::{OriginalUri, State, WebSocketUpgrade};
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse as _, Response};
use crosspoint_rooms::http::Refused;
use crosspoint_rooms::{Outgoing, socket};

use crate::Door;
use crate::connection::Connection;
use crate::figures::Cause;
use crate::genuine;
use crate::intake::{FRAME_BYTES, READ_BEYOND};

/// What a connection reads into: several messages of 20 ms fit.
const READ_BUFFER: usize = 4 * 1024;
/// RFC 6455's registry: try again later.
pub const FULL: u16 = 1013;

/// `GET /api/twilio/media-stream`, `GET /api/phone/{provider}/media-stream`
pub async fn upgrade(
    State(door): State<Door>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    extensions: Extensions,
    socket: WebSocketUpgrade,
) -> Response {
    let address = genuine::address(&extensions);
    let carrier = match genuine::carrier(&door, &extensions) {
        Ok(carrier) => carrier,
        Err(refusal) => return Refused(refusal).into_response(),
    };
    let path_and_query = uri.path_and_query().map_or("/", |whole| whole.as_str());
    if let Err(unsigned) = carrier.verify_socket(&headers, path_and_query) {
        tracing::warn!(provider = %carrier.provider(), %address, %unsigned, "a media socket was not believed");
        return Refused(genuine::refuse(&door, address, unsigned.into())).into_response();
    }
    let limit = FRAME_BYTES + READ_BEYOND;
    let socket = socket.max_message_size(limit).max_frame_size(limit).read_buffer_size(READ_BUFFER);
    let waiting = door.waiting.clone().try_acquire_owned();
    socket.on_upgrade(move |mut socket| async move {
        match waiting {
            Ok(waiting) => Connection::new(door, carrier.provider(), address, waiting).run(socket).await,
            Err(_) => {
                door.phone.figures.refuse(Cause::Full);
                let reason = "too many sockets wait for their start".to_owned();
                socket::close(&mut socket, &Outgoing::Close { code: FULL, reason }).await;
            }
        }
    })
}
