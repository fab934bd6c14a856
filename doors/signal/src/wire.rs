//! Writing to a socket what a session has to say, many messages with one flush.

use axum::extract::ws::{Message, WebSocket};
use crosspoint_rooms::socket::WRITE;
pub use crosspoint_rooms::socket::{Gone, close, send};
use crosspoint_rooms::{Outgoing, Session};
use futures_util::SinkExt as _;
use tokio::time::timeout;

/// So many messages go out before what came in is looked at.
const BATCH: usize = 64;

/// Sends what a session has to say, as many messages as are there, with one flush.
pub async fn send_batch(socket: &mut WebSocket, first: Outgoing, session: &Session) -> Result<(), Gone> {
    let mut next = Some(first);
    for _ in 0..BATCH {
        match next {
            Some(Outgoing::Text(text)) => {
                let fed = timeout(WRITE, socket.feed(Message::Text(text.into()))).await;
                if !matches!(fed, Ok(Ok(()))) {
                    return Err(Gone);
                }
            }
            Some(end @ Outgoing::Close { .. }) => {
                close(socket, &end).await;
                return Err(Gone);
            }
            None => break,
        }
        next = session.try_next();
    }
    if let Some(end @ Outgoing::Close { .. }) = next {
        close(socket, &end).await;
        return Err(Gone);
    }
    if let Some(Outgoing::Text(text)) = next {
        send(socket, Message::Text(text.into())).await?;
    }
    match timeout(WRITE, socket.flush()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}
