//! What must always hold. Cheap enough for every step of a simulation.

use crate::feed::Feed;
use crate::leg::Leg;
use crate::room::Room;
use crate::track::Track;

impl Room {
    /// Checks that slots, feeds and subscriptions agree. The error says what does not.
    pub fn check_invariants(&self) -> Result<(), String> {
        for leg in self.legs.values() {
            self.check_leg(leg)?;
        }
        for track in self.tracks.values() {
            self.check_track(track)?;
        }
        let audio = self.tracks.values().filter(|track| track.is_audio() && Some(track.key()) != self.mix).count();
        require(self.speakers.order().len() == audio, || "the order of voices does not list every audio track".into())
    }

    fn check_leg(&self, leg: &Leg) -> Result<(), String> {
        for (at, slot) in leg.slots.iter().enumerate() {
            let Some(key) = slot.track() else { continue };
            let name = || format!("slot {} of leg {}", slot.spec.mid, leg.index.0);
            let Some(track) = self.tracks.get(&key) else {
                return Err(format!("{} holds a track that is gone", name()));
            };
            require(track.spec.kind == slot.spec.kind, || format!("{} holds a track of the other kind", name()))?;
            require(track.spec.owner != leg.index, || format!("{} holds the leg's own track", name()))?;
            require(leg.spec.subscribes, || format!("{} is used though its leg may not subscribe", name()))?;
            let feed = track.feeds.of(leg.index).filter(|feed| feed.slot == slot.spec.index);
            require(feed.is_some(), || format!("{} is in use and has no feed", name()))?;
            let twice = leg.slots[..at].iter().any(|other| other.track() == Some(key));
            require(!twice, || format!("{} holds a track that another slot has", name()))?;
            let unasked =
                leg.spec.follows.is_some() || (track.is_audio() && (leg.spec.auto_audio || leg.spec.hears_mix));
            let asked = leg.subscriptions.contains_key(&key);
            require(asked || unasked, || format!("{} holds a track that nobody asked for", name()))?;
        }
        let gone = leg.subscriptions.keys().find(|key| !self.tracks.contains_key(key));
        require(gone.is_none(), || format!("leg {} subscribes to a track that is gone", leg.index.0))
    }

    fn check_track(&self, track: &Track) -> Result<(), String> {
        let name = || format!("track {}", track.key().0);
        let is_mix = Some(track.key()) == self.mix;
        require(is_mix || self.legs.contains_key(&track.spec.owner), || format!("{} has no owner", name()))?;
        for feed in track.feeds.iter() {
            let slot = self.legs.get(&feed.leg).and_then(|leg| {
                leg.slots.iter().find(|slot| slot.spec.index == feed.slot && slot.track() == Some(track.key()))
            });
            require(slot.is_some(), || format!("{} has a feed without a slot", name()))?;
            let found = track.feeds.of(feed.leg).is_some_and(|found| std::ptr::eq(found, feed));
            require(found, || format!("{} has lost the place of a feed", name()))?;
        }
        let awaited = track.feeds.iter().filter_map(Feed::awaits).fold(0, |bits, layer| bits | 1 << layer);
        require(track.is_audio() || track.awaited == awaited, || {
            format!("{} awaits other layers than its feeds", name())
        })
    }
}

fn require(holds: bool, complaint: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(complaint()) }
}
