//! What goes out of a line's socket. It has a task's half of its own, so that a provider which does not read cannot keep us from
//! hearing its caller; and sound that could not go in time does not go at all, so that nothing piles up.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use crosspoint_rooms::socket::WRITE;
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::figures::{Figures, count};

/// Sound that waited for longer is not sent.
const FRESH: Duration = Duration::from_millis(200);
/// So many messages can wait.
const ROOM: usize = 64;
/// So many of them sound: as much as is fresh. The rest of the room is for marks and clears, which are never given up.
const SOUND: usize = 10;

/// A message on its way out.
#[derive(Debug)]
struct Parcel {
    text: String,
    since: Instant,
    is_sound: bool,
}

/// Where a line puts its messages.
#[derive(Debug)]
pub struct Post(mpsc::Sender<Parcel>);

/// Where they are taken from.
#[derive(Debug)]
pub struct Bag(mpsc::Receiver<Parcel>);

/// Both ends.
pub fn post() -> (Post, Bag) {
    let (sender, receiver) = mpsc::channel(ROOM);
    (Post(sender), Bag(receiver))
}

impl Post {
    /// Sends sound. False: too much waits already, and it is lost.
    pub fn sound(&self, text: String) -> bool {
        self.0.capacity() > ROOM - SOUND && self.put(text, true)
    }

    /// Sends anything else.
    pub fn word(&self, text: String) -> bool {
        self.put(text, false)
    }

    fn put(&self, text: String, is_sound: bool) -> bool {
        self.0.try_send(Parcel { text, since: Instant::now(), is_sound }).is_ok()
    }
}

impl Bag {
    /// Carries everything out until the other side is gone, or takes nothing for too long.
    pub async fn carry(mut self, sink: &mut SplitSink<&mut WebSocket, Message>, figures: &Figures) {
        while let Some(parcel) = self.0.recv().await {
            if parcel.is_sound && parcel.since.elapsed() > FRESH {
                count(&figures.lost);
                continue;
            }
            if !matches!(timeout(WRITE, sink.send(Message::Text(parcel.text.into()))).await, Ok(Ok(()))) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_that_finds_no_room_is_lost_and_words_are_not() {
        let (post, bag) = post();
        let taken = (0..100).filter(|_| post.sound("sound".into())).count();
        assert_eq!(taken, SOUND);
        assert!(post.word("clear".into()));
        drop(bag);
        assert!(!post.word("clear".into()), "nobody is there");
    }
}
