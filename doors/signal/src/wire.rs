//! Writing to a socket that may be slow, and closing it so that the other side hears why.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use crosspoint_rooms::{Outgoing, Session};
use futures_util::SinkExt as _;
use tokio::time::timeout;

/// A client that takes nothing for so long does not read.
const WRITE: Duration = Duration::from_secs(10);
/// So long a closed socket is read on, so that the close arrives and is not overtaken by a reset.
const LINGER: Duration = Duration::from_secs(2);
/// So many messages go out before what came in is looked at.
const BATCH: usize = 64;
/// RFC 6455 §5.5: a control frame carries 125 bytes, two of which are the code.
const REASON: usize = 123;

/// The socket can no longer be written to, or was closed.
#[derive(Debug)]
pub struct Gone;

/// Sends one message.
pub async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    match timeout(WRITE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

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

/// Closes the socket with a code and a reason.
pub async fn close(socket: &mut WebSocket, end: &Outgoing) {
    let Outgoing::Close { code, reason } = end else { return };
    let frame = CloseFrame { code: *code, reason: shortened(reason).into() };
    if !matches!(timeout(LINGER, socket.send(Message::Close(Some(frame)))).await, Ok(Ok(()))) {
        return;
    }
    let read_on = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Close(_))) => return,
                Some(Ok(_)) => {}
                // Nothing more can be read of it (a message beyond all bounds): the close needs its time all the same.
                Some(Err(_)) | None => std::future::pending().await,
            }
        }
    };
    // The client's own close, or the end of patience: either way it is over.
    let _ = timeout(LINGER, read_on).await;
}

fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"ä".repeat(100)).len(), 122);
    }
}
