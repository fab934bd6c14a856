//! The way to a client: the one that ICE has nominated, or the one by which the client's own media come.
//!
//! A lite agent waits for the client's nomination (RFC 8445 §8.1.1). After a change of networks browsers send by their new way
//! for up to some seconds before they nominate it, and the old one leads nowhere: so media follow the client's there, if the
//! old way is silent, and if a check with our password's signature came by the new one, as RFC 8445 §12.1 asks for before
//! anything is sent.

use std::time::{Duration, Instant};

use crate::event::Path;

/// So long a way must be silent before another is followed. Voices come every 20 ms, reports every second.
const SILENCE: Duration = Duration::from_millis(300);
/// Ways that are remembered as checked.
const MAX_CHECKED: usize = 16;

/// The way to a client.
#[derive(Debug, Default)]
pub(crate) struct Way {
    nominated: Option<Path>,
    /// What is taken in its place, until ICE nominates another.
    followed: Option<Path>,
    checked: Vec<Path>,
    restarts: u32,
    /// When something that only the client can have sent came by the present way.
    heard: Option<Instant>,
}

impl Way {
    /// The present one.
    pub fn now(&self) -> Option<Path> {
        self.followed.or(self.nominated)
    }

    /// The one that is taken in place of what ICE has nominated.
    pub fn followed(&self) -> Option<Path> {
        self.followed
    }

    /// ICE restarts: what was checked with the password before proves nothing any more.
    pub fn restart(&mut self) {
        self.checked.clear();
        self.restarts += 1;
    }

    /// How often ICE was restarted.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// ICE has nominated this one.
    pub fn nominate(&mut self, path: Path) {
        if self.nominated != Some(path) {
            self.followed = None;
        }
        self.nominated = Some(path);
    }

    /// Did a check come by this one already?
    pub fn is_checked(&self, path: Path) -> bool {
        self.checked.contains(&path)
    }

    /// A check with our password's signature came by this one.
    pub fn check(&mut self, path: Path) {
        if self.checked.len() >= MAX_CHECKED {
            self.checked.remove(0);
        }
        self.checked.push(path);
    }

    /// Something that only the client can have sent came by this one.
    pub fn hear(&mut self, path: Path, now: Instant) {
        if self.now() == Some(path) {
            self.heard = Some(now);
            return;
        }
        let is_silent = self.heard.is_none_or(|heard| now.saturating_duration_since(heard) >= SILENCE);
        if self.nominated.is_some() && is_silent && self.is_checked(path) {
            self.followed = Some(path).filter(|path| self.nominated != Some(*path));
            self.heard = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(port: u16) -> Path {
        let [source, destination] = [7882, port].map(|port| std::net::SocketAddr::from(([127, 0, 0, 1], port)));
        Path { tcp: false, source, destination }
    }

    #[test]
    fn media_follow_the_client_when_the_old_way_is_silent_and_the_new_one_is_checked() {
        let (mut way, start) = (Way::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        way.nominate(path(1));
        way.hear(path(1), at(0));
        way.hear(path(2), at(1000));
        assert_eq!(way.now(), Some(path(1)), "nothing proves that the client is there");
        way.check(path(2));
        way.hear(path(1), at(1000));
        way.hear(path(2), at(1200));
        assert_eq!(way.now(), Some(path(1)), "the old way is alive");
        way.hear(path(2), at(1300));
        assert_eq!(way.now(), Some(path(2)));
        way.nominate(path(1));
        assert_eq!(way.now(), Some(path(2)), "as it was nominated before");
        way.nominate(path(3));
        assert_eq!(way.now(), Some(path(3)));
    }

    #[test]
    fn before_anything_is_nominated_nothing_is_followed() {
        let mut way = Way::default();
        way.check(path(1));
        way.hear(path(1), Instant::now());
        assert_eq!(way.now(), None);
    }
}
